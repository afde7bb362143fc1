//! `callback.v1.>`: what citizens said. Source: P2, C5.

use crate::{
    error::Unreadable,
    events::{required, uuid},
    store::answers,
};
use gongdan_bus::Event;
use gongdan_outbox::{ApplyError, Handler};
use gongdan_proto::callback::v1::{CallbackEvent, callback_event::Change};
use gongdan_reporting_domain::Answer;
use sqlx::PgConnection;
use std::collections::BTreeMap;

/// Keeps completed callbacks.
pub(crate) struct Callbacks;

#[async_trait::async_trait]
impl Handler for Callbacks {
    async fn apply(&self, connection: &mut PgConnection, events: &[Event]) -> Result<(), ApplyError> {
        let mut latest = BTreeMap::new();
        for event in events {
            if let Some(answer) = read(event).map_err(|why| why.poisons(event))? {
                latest.insert(answer.task, answer);
            }
        }
        answers::put(connection, &latest.values().collect::<Vec<_>>()).await?;
        Ok(())
    }
}

fn read(event: &Event) -> Result<Option<Answer>, Unreadable> {
    let message: CallbackEvent = event.decode()?;
    let Some(Change::Completed(_)) = message.change else { return Ok(None) };
    let task = required(message.state, "state")?;
    let result = required(task.result, "state.result")?;
    Ok(Some(Answer {
        task: uuid(&task.id, "state.id")?,
        version: event.version,
        ticket: uuid(&task.ticket_id, "state.ticket_id")?,
        round: task.round.max(1),
        completed_at: event.occurred_at,
        contacted: result.contacted,
        solved: result.solved,
        satisfied: result.satisfied,
    }))
}
