//! callback's `opened`, `completed`, `skipped` and `given_up`: they open the callback phase, close the ticket, or begin its
//! next round.
//!
//! A callback on a ticket that has moved on leaves it alone: closed by the timer, reopened by a person, or asked about in
//! an earlier round.

use super::apply::{Acts, system};
use crate::Rooms;
use async_trait::async_trait;
use gongdan_outbox::{ApplyError, Event, Handler};
use gongdan_proto::callback::v1::{CallbackEvent, CallbackTask, callback_event::Change};
use gongdan_tickets_domain::{Action, Actor, Changed, CloseReason, Reason, Rules, Ticket};
use jiff::Timestamp;
use sqlx::PgConnection;
use std::sync::Arc;
use uuid::Uuid;

/// The consumer's name.
pub(crate) const NAME: &str = "tickets-callback";
/// What it is for.
pub(crate) const EVENTS: [&str; 4] = ["opened", "completed", "skipped", "given_up"];

/// Follows callback's tasks.
pub(crate) struct Callback {
    rooms: Arc<Rooms>,
}

impl Callback {
    pub(crate) fn new(rooms: Arc<Rooms>) -> Self {
        Self { rooms }
    }
}

#[async_trait]
impl Handler for Callback {
    async fn apply(&self, connection: &mut PgConnection, events: &[Event]) -> Result<(), ApplyError> {
        let (rules, now) = (self.rooms.rules, self.rooms.clock.now());
        let mut acts = Acts::new(&self.rooms);
        // Tasks of imports are history and touch no ticket.
        for event in events.iter().filter(|event| !event.is_import()) {
            let pb: CallbackEvent = event.decode().map_err(|error| ApplyError::undecodable(event, &error))?;
            let (Some(task), Some(change)) = (pb.state, pb.change) else {
                return Err(ApplyError::poison(event, "no task or no change in it"));
            };
            let ticket =
                Uuid::parse_str(&task.ticket_id).map_err(|error| ApplyError::poison(event, error))?;
            let id = Uuid::parse_str(&task.id).map_err(|error| ApplyError::poison(event, error))?;
            let reason = reopen_reason(&task).map_err(|error| ApplyError::poison(event, error))?;
            let by = system("callback").map_err(|error| ApplyError::Failed(error.into()))?;
            acts.add(event, ticket, None, move |ticket| {
                follow(ticket, id, task.round, &change, reason.as_ref(), &rules, &by, now)
            });
        }
        acts.apply(connection).await
    }

    async fn committed(&self, _events: &[Event]) {
        self.rooms.wake();
    }
}

/// Why a completed task reopens the ticket; none when it closes it.
fn reopen_reason(task: &CallbackTask) -> Result<Option<Reason>, gongdan_tickets_domain::InvalidText> {
    match (task.reopen, task.reason.as_str()) {
        (false, _) => Ok(None),
        (true, "") => Reason::parse("callback").map(Some),
        (true, reason) => Reason::parse(reason).map(Some),
    }
}

/// What the task's change does to the ticket; none when it does nothing.
fn follow(
    ticket: Ticket,
    task: Uuid,
    round: i32,
    change: &Change,
    reopen: Option<&Reason>,
    rules: &Rules,
    by: &Actor,
    now: Timestamp,
) -> Option<Changed> {
    if ticket.round != round {
        return None;
    }
    let close = |ticket: Ticket, reason| {
        Action::Close.is_allowed_in(ticket.phase).then(|| ticket.close(reason, Some(task), by, now).ok())?
    };
    match (change, reopen) {
        (Change::Opened(_), _) => ticket.open_callback(task, by, now).ok(),
        (Change::Completed(_), Some(reason)) => {
            ticket.reopen(reason.clone(), false, Some(task), rules, by, now).ok()
        }
        (Change::Completed(_), None) => close(ticket, CloseReason::CallbackCompleted),
        (Change::Skipped(_), _) => close(ticket, CloseReason::CallbackSkipped),
        (Change::GivenUp(_), _) => close(ticket, CloseReason::CallbackGivenUp),
        (Change::Attempted(_) | Change::Recorded(_), _) => None,
    }
}
