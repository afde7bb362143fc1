//! What a batch of tickets' events means for routing.

use crate::store::{Answer, AnswerKind};
use gongdan_bus::Event;
use gongdan_proto::tickets::v1::{Phase, Ticket, TicketEvent, ticket_event::Change};
use std::collections::HashMap;
use uuid::Uuid;

/// The types that mean something here; all others are passed over without a look inside.
pub(super) const KINDS: [&str; 14] = [
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
    "transferred",
    "cancelled",
    "decision_refused",
];

/// Why a ticket is to be decided about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trigger {
    /// It came to `pending_dispatch`.
    Came,
    /// Tickets refused these decisions, and it still waits.
    Refused(Vec<Uuid>),
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
            // What is put back waits where it waited.
            Change::Returned(returned) if !returned.to_pool => (Trigger::Came, None),
            Change::Reopened(_) => (Trigger::Came, None),
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
            // It came in this batch and nothing was decided since: what is refused is an older decision, and the question
            // stays as it was, but for the ticket as it is now.
            Change::DecisionRefused(_) if !ticket.arbitration && self.came(event.aggregate_id) => {
                if let Some(waiting) = self.waiting.get_mut(&event.aggregate_id) {
                    (waiting.event, waiting.ticket) = (event.clone(), ticket);
                }
                return Ok(());
            }
            // Not all of them have to be decisions about where it is dispatched to.
            Change::DecisionRefused(refused) if !ticket.arbitration => {
                let mut decisions =
                    match self.waiting.get(&event.aggregate_id).map(|waiting| &waiting.trigger) {
                        Some(Trigger::Refused(before)) => before.clone(),
                        _ => Vec::new(),
                    };
                decisions.push(decision_id(&refused.decision_id)?.ok_or("a refusal of no decision")?);
                (Trigger::Refused(decisions), None)
            }
            // In a pool, or in arbitration: people decide from here on.
            _ => {
                self.waiting.remove(&event.aggregate_id);
                return Ok(());
            }
        };
        self.waiting.insert(event.aggregate_id, Waiting { event: event.clone(), trigger, ticket, text });
        Ok(())
    }

    fn came(&self, ticket: Uuid) -> bool {
        self.waiting.get(&ticket).is_some_and(|waiting| waiting.trigger == Trigger::Came)
    }

    fn answer(&mut self, event: &Event, change: &Change) -> Result<(), &'static str> {
        let (decision, kind, reason) = match change {
            Change::Dispatched(dispatched) => (&dispatched.decision_id, AnswerKind::Dispatched, ""),
            Change::Pooled(pooled) => (&pooled.decision_id, AnswerKind::Pooled, ""),
            Change::Transferred(transferred) => (&transferred.decision_id, AnswerKind::Transferred, ""),
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

/// The decision that an event of a ticket answers.
pub fn answered_decision(event: &Event) -> Option<Uuid> {
    let mut batch = Batch::default();
    batch.take(event).ok()?;
    batch.answers.into_keys().next()
}

fn decision_id(text: &str) -> Result<Option<Uuid>, &'static str> {
    if text.is_empty() {
        return Ok(None);
    }
    Uuid::try_parse(text).map(Some).map_err(|_| "decision_id is no UUID")
}

#[cfg(test)]
mod tests {
    use super::*;
    use gongdan_bus::Origin;
    use gongdan_proto::tickets::v1 as pb;
    use jiff::Timestamp;
    use prost::Message as _;

    fn event(version: i64, kind: &str, phase: Phase, change: Change) -> Event {
        let state = Ticket { phase: phase.into(), version, ..Ticket::default() };
        let payload = TicketEvent { state: Some(state), change: Some(change), ..TicketEvent::default() };
        Event {
            id: Uuid::from_u128(version.unsigned_abs().into()),
            source: "tickets".to_owned(),
            kind: kind.to_owned(),
            aggregate_id: Uuid::from_u128(7),
            version,
            occurred_at: Timestamp::UNIX_EPOCH,
            recorded_at: Timestamp::UNIX_EPOCH,
            origin: Origin::Live,
            subject: String::new(),
            traceparent: None,
            payload: payload.encode_to_vec().into(),
        }
    }

    fn refused(version: i64) -> Event {
        let refused =
            pb::DecisionRefused { decision_id: Uuid::from_u128(1).to_string(), reason: "late".to_owned() };
        event(version, "decision_refused", Phase::PendingDispatch, Change::DecisionRefused(refused))
    }

    #[test]
    fn an_older_decision_that_is_refused_does_not_take_the_place_of_a_question() {
        let came: [(&str, Change); 3] = [
            ("merge_undone", Change::MergeUndone(pb::MergeUndone::default())),
            ("returned", Change::Returned(pb::Returned::default())),
            ("reopened", Change::Reopened(pb::Reopened::default())),
        ];
        for (kind, change) in came {
            let mut batch = Batch::default();
            batch.take(&event(5, kind, Phase::PendingDispatch, change)).unwrap();
            batch.take(&refused(6)).unwrap();
            let waiting = &batch.waiting[&Uuid::from_u128(7)];
            assert_eq!((&waiting.trigger, waiting.event.version), (&Trigger::Came, 6), "{kind}");
            assert_eq!(batch.answers.len(), 1, "{kind}: the answer is noted");
        }
    }

    #[test]
    fn a_refusal_alone_asks_again_for_its_decision() {
        let mut batch = Batch::default();
        batch.take(&refused(6)).unwrap();
        assert_eq!(batch.waiting[&Uuid::from_u128(7)].trigger, Trigger::Refused(vec![Uuid::from_u128(1)]));
        // Of two none takes the other's place: one of them may be of another kind.
        batch.take(&refused(7)).unwrap();
        let both = Trigger::Refused(vec![Uuid::from_u128(1); 2]);
        assert_eq!(batch.waiting[&Uuid::from_u128(7)].trigger, both);
    }
}
