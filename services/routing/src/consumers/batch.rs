//! What a batch of tickets' events means for routing.

use crate::store::{Answer, AnswerKind};
use gongdan_bus::Event;
use gongdan_proto::tickets::v1::{Phase, Ticket, TicketEvent, ticket_event::Change};
use std::collections::HashMap;
use uuid::Uuid;

/// The types that mean something here; all others are passed over without a look inside.
pub(super) const KINDS: [&str; 13] = [
    "submitted",
    "answered",
    "verified",
    "returned",
    "reopened",
    "escalated",
    "merged",
    "merge_undone",
    "dispatched",
    "pooled",
    "claimed",
    "cancelled",
    "decision_refused",
];

/// Why a ticket is to be decided about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trigger {
    /// It came to `pending_dispatch`.
    Came,
    /// Tickets refused this decision, and it still waits.
    Refused(Uuid),
}

/// A ticket that waits at the end of the batch.
#[derive(Debug, Clone)]
pub(super) struct Waiting {
    /// The event that says so, for what is wrong with it.
    pub event: Event,
    /// Why.
    pub trigger: Trigger,
    /// The ticket then.
    pub ticket: Ticket,
    /// Subject and body, when the event has them.
    pub text: Option<(String, String)>,
}

/// What a batch comes to.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// Answers to decisions, by decision.
    pub answers: HashMap<Uuid, Answer>,
    /// Tickets that went on, each with the last version that says so.
    pub gone: HashMap<Uuid, i64>,
    /// Tickets to decide about.
    pub waiting: HashMap<Uuid, Waiting>,
}

impl Batch {
    /// Takes an event in; the reason says why it cannot be understood. The past is not routed.
    pub(super) fn take(&mut self, event: &Event) -> Result<(), &'static str> {
        if event.is_import() || !KINDS.contains(&event.kind.as_str()) {
            return Ok(());
        }
        let payload: TicketEvent = event.decode().map_err(|_| "the payload is no TicketEvent")?;
        let ticket = payload.state.ok_or("the event has no state")?;
        let change = payload.change.ok_or("the event has no change")?;
        let pending = ticket.phase() == Phase::PendingDispatch;
        self.answer(event, &change)?;
        if !pending {
            self.gone.insert(event.aggregate_id, event.version);
            self.waiting.remove(&event.aggregate_id);
            return Ok(());
        }
        let (trigger, text) = match change {
            Change::Submitted(submitted) => (Trigger::Came, Some((submitted.subject, submitted.body))),
            Change::Returned(_) | Change::Reopened(_) => (Trigger::Came, None),
            // Without a unit it is routed again, by rules that may ask for the tier.
            Change::Escalated(escalated) if escalated.to_unit_id.is_empty() && !ticket.arbitration => {
                (Trigger::Came, None)
            }
            // With a unit it goes there by itself.
            Change::Verified(verified) if verified.unit_id.is_empty() => (Trigger::Came, None),
            // It waits as it did before the merge; what was decided then was given up at the merge.
            Change::MergeUndone(_)
                if !ticket.arbitration && ticket.pool_reason.is_empty() && ticket.pool_unit_id.is_empty() =>
            {
                (Trigger::Came, None)
            }
            Change::DecisionRefused(refused) if !ticket.arbitration => (
                Trigger::Refused(decision_id(&refused.decision_id)?.ok_or("a refusal of no decision")?),
                None,
            ),
            // In a pool, or in arbitration: people decide from here on.
            _ => {
                self.waiting.remove(&event.aggregate_id);
                return Ok(());
            }
        };
        self.waiting.insert(event.aggregate_id, Waiting { event: event.clone(), trigger, ticket, text });
        Ok(())
    }

    fn answer(&mut self, event: &Event, change: &Change) -> Result<(), &'static str> {
        let (decision, kind, reason) = match change {
            Change::Dispatched(dispatched) => (&dispatched.decision_id, AnswerKind::Dispatched, ""),
            Change::Pooled(pooled) => (&pooled.decision_id, AnswerKind::Pooled, ""),
            Change::DecisionRefused(refused) => {
                (&refused.decision_id, AnswerKind::Refused, refused.reason.as_str())
            }
            _ => return Ok(()),
        };
        if let Some(decision_id) = decision_id(decision)? {
            let answer = Answer { decision_id, kind, reason: reason.to_owned(), at: event.occurred_at };
            self.answers.insert(decision_id, answer);
        }
        Ok(())
    }
}

fn decision_id(text: &str) -> Result<Option<Uuid>, &'static str> {
    if text.is_empty() {
        return Ok(None);
    }
    Uuid::try_parse(text).map(Some).map_err(|_| "decision_id is no UUID")
}
