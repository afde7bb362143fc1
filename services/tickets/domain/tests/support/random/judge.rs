//! What has to be true after every act.

use gongdan_tickets_domain::{
    Change, Changed, Deltas, Event, Phase, Place, Ticket,
    groups::review::{Review, ReviewState},
    workflow::{Move, Workflow},
};
use std::collections::BTreeMap;

/// From where to where each change may take a ticket: the GLOSSARY's table. `None` is nothing; what is not named here
/// leaves the phase alone.
fn may(change: &Change, from: Option<Phase>, to: Phase) -> bool {
    use Phase::{
        Cancelled, Closed, Dispatched, Draft, InCallback, InProgress, InReview, PendingDispatch, Quarantined,
        Resolved, Suspended,
    };
    let Some(from) = from else {
        return matches!(
            (change.name(), to),
            ("saved", Draft)
                | ("submitted", PendingDispatch)
                | ("quarantined", Quarantined)
                | ("answered", Closed)
        );
    };
    if handed_over(change) {
        let in_hand = matches!(from, Dispatched | InProgress | Suspended | InReview);
        return in_hand && (to == from || from == InProgress && to == Dispatched);
    }
    match change.name() {
        "submitted" => from == Draft && to == PendingDispatch,
        "quarantined" => from == Draft && to == Quarantined,
        "answered" => from == Draft && to == Closed,
        "amended" => from == Draft && to == Draft,
        "verified" => from == Quarantined && to == PendingDispatch,
        "review_submitted" => from == InProgress && to == InReview,
        "review_approved" => from == InReview && to == InReview,
        "review_rejected" => from == InReview && matches!(to, InReview | InProgress),
        "dispatched" => from == PendingDispatch && to == Dispatched,
        "claimed" => from == PendingDispatch && to == InProgress,
        "accepted" => from == Dispatched && to == InProgress,
        "transferred" => matches!(from, Dispatched | InProgress) && to == Dispatched,
        "returned" => matches!(from, Dispatched | InProgress) && to == PendingDispatch,
        "resolved" => matches!(from, InProgress | InReview) && to == Resolved,
        "callback_opened" => from == Resolved && to == InCallback,
        "closed" => matches!(from, Resolved | InCallback) && to == Closed,
        "reopened" => {
            matches!(from, Resolved | InCallback | Closed) && matches!(to, PendingDispatch | InProgress)
        }
        "cancelled" => {
            from != Cancelled && !matches!(from, Resolved | InCallback | Closed) && to == Cancelled
        }
        "escalated" => {
            matches!(from, PendingDispatch | Dispatched | InProgress)
                && matches!(to, PendingDispatch | Dispatched)
        }
        "suspended" => from == InProgress && to == Suspended,
        "resumed" => from == Suspended && to == InProgress,
        "merged" => from.is_in_flight() && to == Closed,
        "merge_undone" => from == Closed && to.is_in_flight(),
        "pooled" => from == PendingDispatch && to == from,
        "urged" | "handed_off" => from.is_in_flight() && to == from,
        // All others leave the phase alone.
        name => leaves_the_phase(name) && to == from,
    }
}

/// Within its unit, by a decision of routing.
fn handed_over(change: &Change) -> bool {
    matches!(change, Change::Transferred { decision: Some(_), .. })
}

/// Facts that never move a ticket.
fn leaves_the_phase(name: &str) -> bool {
    [
        "workflow_migrated",
        "advanced",
        "decision_refused",
        "erased",
        "assist_",
        "visit_",
        "suspension_",
        "extension_",
        "directive_",
        "quality_error_",
        "tracked",
        "untracked",
        "reminded",
        "noted",
        "attached",
        "detached",
        "circulated",
        "linked",
        "unlinked",
        "split",
        "call_linked",
        "place_changed",
    ]
    .iter()
    .any(|known| name.starts_with(known))
}

/// Each event of an act goes where the table says, one version on, and is what made the ticket.
pub fn judge(before: &Ticket, changed: &Changed) {
    let mut folded = before.clone();
    assert!(!changed.steps.is_empty(), "an act is at least one event");
    assert_eq!(changed.before.as_deref(), Some(before), "an act knows what it began with");
    for (event, after) in &changed.steps {
        let name = event.change.name();
        assert_eq!(event.version, folded.version + 1, "{name}");
        assert_eq!(event.from_phase, Some(folded.phase), "{name}");
        assert!(
            may(&event.change, event.from_phase, after.phase),
            "{name} from {} to {}",
            folded.phase,
            after.phase
        );
        if let Some(action) = Move::of(event) {
            assert!(action.leads(event.from_phase, after.phase), "{name}: the table of moves");
        } else {
            // What workflows do not decide about.
            let free = matches!(event.change, Change::Links(_) | Change::Escalation(_))
                || handed_over(&event.change);
            assert!(free || event.from_phase == Some(after.phase), "{name} is no move");
        }
        folded.evolve(event);
        assert_eq!(&folded, after, "{name}: the fold of the events is the ticket");
    }
    assert_eq!(folded, changed.ticket);
}

/// Counts of queues as the deltas of acts make them.
#[derive(Debug, Default)]
pub struct Counts {
    always: BTreeMap<Place, i32>,
    if_overdue: BTreeMap<Place, i32>,
}

impl Counts {
    /// One act more: they are exactly where the ticket stands.
    pub fn add(&mut self, changed: &Changed) {
        let deltas = Deltas::between(changed.before.as_deref(), &changed.ticket);
        let ticket = &changed.ticket;
        for (counts, deltas, places) in [
            (&mut self.always, deltas.always, ticket.places()),
            (&mut self.if_overdue, deltas.if_overdue, ticket.places_if_overdue()),
        ] {
            for (place, delta) in deltas {
                assert_ne!(delta, 0);
                *counts.entry(place).or_default() += delta;
            }
            counts.retain(|_, n| *n != 0);
            let stands: BTreeMap<Place, i32> = places.iter().map(|place| (place.clone(), 1)).collect();
            assert_eq!(stands.len(), places.len(), "each place once");
            assert_eq!(*counts, stands, "sums of deltas are what stands there");
        }
    }
}

fn count(events: &[Event], is: impl Fn(&Change) -> bool) -> i32 {
    i32::try_from(events.iter().filter(|e| is(&e.change)).count()).unwrap()
}

/// What a ticket says agrees with all that happened to it since `first`, its state after the first event.
pub fn check(ticket: &Ticket, first: &Ticket, events: &[Event], workflow: Option<&Workflow>) {
    assert!(may(&events[0].change, None, first.phase));
    let mut folded = first.clone();
    for event in &events[1..] {
        folded.evolve(event);
    }
    assert_eq!(&folded, ticket, "the fold of the events is the ticket");
    let versions: Vec<i64> = events.iter().map(|e| e.version).collect();
    assert_eq!(versions, (1..=ticket.version).collect::<Vec<_>>(), "versions have no gaps");

    assert_eq!(ticket.round, 1 + count(events, |c| matches!(c, Change::Reopened { .. })));
    assert_eq!(ticket.return_count, count(events, |c| matches!(c, Change::Returned { to_pool: false, .. })));
    assert_eq!(
        ticket.transfer_count,
        count(events, |c| matches!(c, Change::Transferred { decision: None, .. }))
    );
    assert_eq!(ticket.urge_count, count(events, |c| matches!(c, Change::Urged { .. })));

    let held = matches!(
        ticket.phase,
        Phase::Dispatched
            | Phase::InProgress
            | Phase::Suspended
            | Phase::InReview
            | Phase::Resolved
            | Phase::InCallback
    );
    assert!(!held || ticket.lead_unit.is_some(), "{} has a holder", ticket.phase);
    if ticket.phase == Phase::PendingDispatch {
        assert_eq!((&ticket.lead_unit, &ticket.handler), (&None, &None), "nobody holds a pending ticket");
        assert!(ticket.pending_version > 0 && ticket.pending_version <= ticket.version);
    }
    assert!(ticket.phase == Phase::PendingDispatch || (ticket.pool.is_none() && !ticket.arbitration));
    assert!(ticket.claimed_from.is_none() || (ticket.pool.is_none() && ticket.lead_unit.is_some()));
    assert!(ticket.lead_unit.iter().all(|unit| ticket.participants.contains(unit)));
    assert_eq!(ticket.resolution.is_some(), ticket.resolved_at.is_some());
    assert_eq!(ticket.closed_at.is_some(), ticket.phase.is_over());
    let submits = ["submitted", "answered", "verified"];
    assert_eq!(
        ticket.submitted_at.is_some(),
        events.iter().any(|e| submits.contains(&e.change.name())),
        "when it was submitted"
    );
    assert_eq!(ticket.groups.quarantine.until.is_some(), ticket.phase == Phase::Quarantined);
    assert_eq!(ticket.groups.answer.first_contact, count(events, |c| c.name() == "answered") == 1);
    check_review(ticket);
    if let Some(workflow) = workflow {
        check_place(ticket, events, workflow);
    }
}

/// A review is open exactly while the ticket is in review; whoever signed did so once, where they were asked.
fn check_review(ticket: &Ticket) {
    let review = ticket.groups.review.review.as_ref();
    let open = review.is_some_and(|review| review.state == ReviewState::Open);
    // A merge that is undone brings the review back.
    let merged = ticket.groups.links.merged_into().is_some();
    assert_eq!(open && !merged, ticket.phase == Phase::InReview);
    let Some(review) = review else { return };
    assert_eq!(review.waiting().is_some(), open);
    let mut signed: Vec<_> =
        review.steps.iter().flat_map(|s| &s.signatures).map(|s| s.by.id.clone()).collect();
    signed.sort();
    let signatures = signed.len();
    signed.dedup();
    assert!(signed.len() == signatures || ticket.erased.contact, "nobody signs twice");
    assert!(
        !signed.contains(&review.submitted_by.id) || ticket.erased.contact,
        "nobody signs what is theirs"
    );
    complete(review);
}

fn complete(review: &Review) {
    let (last, passed) = review.steps.split_last().unwrap();
    assert!(passed.iter().all(|signing| signing.is_complete()), "each step was signed before the next");
    match review.state {
        ReviewState::Approved => assert!(last.is_complete()),
        ReviewState::Open => assert!(!last.is_complete()),
        ReviewState::Rejected | ReviewState::Lapsed => {}
    }
}

/// It stands at a step of its phase, the one that its last event says, and where its review waits.
fn check_place(ticket: &Ticket, events: &[Event], workflow: &Workflow) {
    let place = ticket.groups.workflow.place.as_ref().unwrap();
    assert_eq!((place.workflow.as_str(), place.version), (workflow.key(), workflow.version()));
    let step = workflow.step(&place.step).unwrap();
    assert_eq!(step.phase, ticket.phase, "{}", place.step);
    assert_eq!(events.last().unwrap().place.as_ref(), Some(place));
    assert!(place.worked_at.is_empty() || workflow.step(&place.worked_at).is_some(), "{}", place.worked_at);
    if ticket.phase == Phase::InReview {
        let waiting = ticket.groups.review.review.as_ref().and_then(Review::waiting).unwrap();
        assert_eq!(waiting.step, place.step);
    }
}
