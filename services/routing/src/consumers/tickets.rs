//! `tickets.v1.>`: a decision for each ticket that comes to `pending_dispatch`, and tickets' answers to decisions.
//!
//! Contiguous per ticket: a return must not be seen before the dispatch it undoes. A batch takes four statements and an
//! append, however many events it has. Subject and body are not kept: a decision that needs them for a ticket submitted
//! earlier reads them from tickets' event log.

use super::{
    batch::{Batch, KINDS, Trigger, Waiting},
    facts::facts,
};
use crate::{
    config::DecisionsConfig,
    events,
    store::{
        Answer, Answered, DecisionRow, DirectoryCache, InsertError, answer_many, insert_many, supersede_many,
    },
    telemetry::Metrics,
};
use async_trait::async_trait;
use gongdan_bus::Event;
use gongdan_clock::{SharedClock, new_id};
use gongdan_outbox::{ApplyError, Handler, OwnerLog};
use gongdan_proto::tickets::v1::{TicketEvent, ticket_event::Change};
use gongdan_routing_domain::{Decided, Directory, REFUSALS_BEFORE_POOL, Refusals, TicketFacts, decide_all};
use sqlx::PgConnection;
use std::{collections::HashMap, sync::Arc};
use uuid::Uuid;

/// Decides about tickets.
pub struct Tickets {
    /// Organisation and rules.
    pub directory: Arc<DirectoryCache>,
    /// Tickets' event log.
    pub log: Arc<dyn OwnerLog>,
    /// The time.
    pub clock: SharedClock,
    /// When decisions are sent again.
    pub resend: DecisionsConfig,
    /// What is counted.
    pub metrics: Metrics,
}

impl Tickets {
    /// Types of events it asks for.
    pub const KINDS: [&'static str; 13] = KINDS;
}

/// A ticket ready to be decided about.
struct Ask {
    waiting: Waiting,
    facts: TicketFacts,
    refusals: Refusals,
}

#[async_trait]
impl Handler for Tickets {
    async fn apply(&self, connection: &mut PgConnection, events: &[Event]) -> Result<(), ApplyError> {
        let mut batch = Batch::default();
        for event in events {
            batch.take(event).map_err(|reason| ApplyError::poison(event, reason))?;
        }
        let answers: Vec<Answer> = batch.answers.into_values().collect();
        let answered = answer_many(connection, &answers).await?;
        let gone: Vec<_> = batch.gone.into_iter().collect();
        supersede_many(connection, &gone).await?;
        self.count(&answers, &answered);
        if !batch.waiting.is_empty() {
            self.decide(connection, batch.waiting, &answers, &answered).await?;
        }
        Ok(())
    }
}

impl Tickets {
    fn count(&self, answers: &[Answer], answered: &[Answered]) {
        for answer in
            answers.iter().filter(|answer| answered.iter().any(|done| done.id == answer.decision_id))
        {
            self.metrics.answered(answer.kind, 1);
        }
    }

    async fn decide(
        &self,
        connection: &mut PgConnection,
        waiting: HashMap<Uuid, Waiting>,
        answers: &[Answer],
        answered: &[Answered],
    ) -> Result<(), ApplyError> {
        let directory = self.directory.get(connection).await?;
        let mut asks = Vec::with_capacity(waiting.len());
        for waiting in waiting.into_values() {
            let Some(refusals) = refusals(waiting.trigger, answers, answered) else { continue };
            let (subject, body) = match waiting.text.clone() {
                Some(text) => text,
                None if directory.reads_text() => self.text(waiting.event.aggregate_id).await?,
                None => (String::new(), String::new()),
            };
            let facts = facts(&waiting.ticket, subject, body)
                .map_err(|reason| ApplyError::poison(&waiting.event, reason))?;
            asks.push(Ask { waiting, facts, refusals });
        }
        // In the order of ids, so that two batches cannot wait for each other.
        asks.sort_by_key(|ask| ask.waiting.event.aggregate_id);
        let now = self.clock.now();
        let questions = asks.iter_mut().map(|ask| (ask.facts.clone(), ask.refusals.clone())).collect();
        let decided = decide_apart(directory, questions, now).await?;
        let rows: Vec<_> = asks
            .iter()
            .zip(decided)
            .map(|(ask, decided)| DecisionRow {
                id: new_id(now),
                ticket_id: ask.waiting.event.aggregate_id,
                ticket_number: ask.waiting.ticket.number.clone(),
                ticket_version: ask.waiting.event.version,
                round: ask.waiting.ticket.round,
                region: ask.facts.region,
                item: ask.facts.item.clone(),
                decided_at: now,
                decided,
                attempt: i32::try_from(ask.refusals.count).unwrap_or(i32::MAX).saturating_add(1),
                resend_at: now.saturating_add(self.resend.wait(1)).unwrap_or(now),
            })
            .collect();
        let written = insert_many(connection, &rows).await.map_err(|error| match error {
            InsertError::Sql(error) => ApplyError::from(error),
            InsertError::Json(error) => ApplyError::Failed(error.into()),
        })?;
        let told: Vec<_> = rows.iter().filter(|row| written.contains(&row.id)).collect();
        let new_events: Vec<_> = told.iter().map(|row| events::decided(*row, 1, now)).collect();
        gongdan_outbox::append(connection, &new_events).await?;
        for row in told {
            self.metrics.decided(&row.decided);
        }
        Ok(())
    }

    /// Subject and body, as the ticket was submitted.
    async fn text(&self, ticket: Uuid) -> Result<(String, String), ApplyError> {
        let has_text = |event: &Event| matches!(event.kind.as_str(), "submitted" | "quarantined");
        let Some(event) = self.log.fetch(ticket, 1).await?.into_iter().find(has_text) else {
            return Ok((String::new(), String::new()));
        };
        match event.decode::<TicketEvent>()?.change {
            Some(Change::Submitted(submitted)) => Ok((submitted.subject, submitted.body)),
            Some(Change::Quarantined(quarantined)) => Ok((quarantined.subject, quarantined.body)),
            _ => Ok((String::new(), String::new())),
        }
    }
}

/// Refusals behind a question; none when it is not to be asked: the refusal was of an older decision, was answered
/// before, or even the manual pool was refused.
fn refusals(trigger: Trigger, answers: &[Answer], answered: &[Answered]) -> Option<Refusals> {
    let Trigger::Refused(decision) = trigger else { return Some(Refusals::default()) };
    let refused = answered.iter().find(|answered| answered.id == decision && answered.newest)?;
    let count = usize::try_from(refused.attempt).ok().filter(|count| *count <= REFUSALS_BEFORE_POOL)?;
    let last_reason = answers.iter().find(|answer| answer.decision_id == decision)?.reason.clone();
    Some(Refusals { count, last_reason })
}

/// Conditions need a deep stack and may take a while: not on this thread.
async fn decide_apart(
    directory: Arc<Directory>,
    questions: Vec<(TicketFacts, Refusals)>,
    now: jiff::Timestamp,
) -> Result<Vec<Decided>, ApplyError> {
    if directory.rules().is_empty() {
        return Ok(decide_all(&directory, &questions, now));
    }
    tokio::task::spawn_blocking(move || decide_all(&directory, &questions, now))
        .await
        .map_err(|error| ApplyError::Failed(error.into()))
}
