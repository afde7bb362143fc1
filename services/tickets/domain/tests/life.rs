//! Random acts: whatever happens, phases, counts and versions agree, and the fold of the events is the ticket.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use gongdan_tickets_domain::{
    Change, Changed, CloseReason, Decision, Event, Marks, Note, Outcome, Past, Phase, Refusal, Reply,
    RootCause, Rules, Target, Ticket,
};
use proptest::prelude::*;
use support::{administrator, at, intake, member, new, reason, reply, solution, unit};
use uuid::Uuid;

#[derive(Debug, Clone, Copy)]
enum Act {
    Submit,
    Dispatch(u8),
    Decide { stale: bool, pool: bool },
    Claim(u8),
    Accept(u8),
    Transfer(u8),
    Return(u8),
    Resolve(u8),
    OpenCallback,
    Close,
    Reopen(bool),
    Cancel,
    Urge,
}

fn acts() -> impl Strategy<Value = Act> {
    let number = 0u8..3;
    prop_oneof![
        2 => Just(Act::Submit),
        3 => number.clone().prop_map(Act::Dispatch),
        3 => (any::<bool>(), any::<bool>()).prop_map(|(stale, pool)| Act::Decide { stale, pool }),
        1 => number.clone().prop_map(Act::Claim),
        4 => number.clone().prop_map(Act::Accept),
        1 => number.clone().prop_map(Act::Transfer),
        2 => number.clone().prop_map(Act::Return),
        3 => number.prop_map(Act::Resolve),
        2 => Just(Act::OpenCallback),
        2 => Just(Act::Close),
        2 => any::<bool>().prop_map(Act::Reopen),
        1 => Just(Act::Cancel),
        2 => Just(Act::Urge),
    ]
}

fn name(n: u8) -> &'static str {
    ["a", "b", "c"][usize::from(n % 3)]
}

fn perform(ticket: Ticket, act: Act, second: i64) -> Result<Changed, Refusal> {
    let (admin, rules, now) = (administrator(), Rules::default(), at(second));
    match act {
        Act::Submit => ticket.submit(intake().subject, intake().body, &admin, now),
        Act::Dispatch(to) => ticket.dispatch(unit(name(to)), None, Note::default(), &admin, now),
        Act::Decide { stale, pool } => {
            let ticket_version = if stale { ticket.pending_version - 1 } else { ticket.version };
            let target = if pool {
                Target::Pool { unit: Some(unit("a")), reason: "no match".to_owned() }
            } else {
                Target::Unit { unit: unit("b"), person: None }
            };
            let id = Uuid::from_u128(u128::from(second.unsigned_abs()) + 100);
            Ok(ticket
                .decide(Decision { id, ticket_version, target, marks: Marks::default() }, &admin, now)
                .into_changed())
        }
        Act::Claim(of) => ticket.claim(&member(name(of)), now),
        Act::Accept(of) => ticket.accept(&member(name(of)), now),
        Act::Transfer(to) => ticket.transfer(unit(name(to)), None, reason("转"), &admin, now),
        Act::Return(of) => ticket.return_to_pool(reason("退"), &rules, &member(name(of)), now),
        Act::Resolve(of) => ticket.resolve(
            Outcome::Solved,
            solution(),
            RootCause::default(),
            None,
            reply(),
            &member(name(of)),
            now,
        ),
        Act::OpenCallback => ticket.open_callback(Uuid::from_u128(9), &admin, now),
        Act::Close => ticket.close(CloseReason::Timer, None, &admin, now),
        Act::Reopen(same_unit) => ticket.reopen(reason("重"), same_unit, None, &rules, &admin, now),
        Act::Cancel => ticket.cancel(reason("撤"), &admin, now),
        Act::Urge => ticket.urge(Note::default(), &rules, &admin, now),
    }
}

fn count(events: &[Event], is: impl Fn(&Change) -> bool) -> i32 {
    i32::try_from(events.iter().filter(|e| is(&e.change)).count()).unwrap()
}

fn check(ticket: &Ticket, first: &Ticket, events: &[Event]) {
    let mut folded = first.clone();
    for event in &events[1..] {
        assert_eq!(event.from_phase, Some(folded.phase));
        folded.evolve(event);
    }
    assert_eq!(&folded, ticket, "the fold of the events is the ticket");
    let versions: Vec<i64> = events.iter().map(|e| e.version).collect();
    assert_eq!(versions, (1..=ticket.version).collect::<Vec<_>>(), "versions have no gaps");

    assert_eq!(ticket.round, 1 + count(events, |c| matches!(c, Change::Reopened { .. })));
    assert_eq!(ticket.return_count, count(events, |c| matches!(c, Change::Returned { .. })));
    assert_eq!(ticket.transfer_count, count(events, |c| matches!(c, Change::Transferred { .. })));
    assert_eq!(ticket.urge_count, count(events, |c| matches!(c, Change::Urged { .. })));

    let held =
        matches!(ticket.phase, Phase::Dispatched | Phase::InProgress | Phase::Resolved | Phase::InCallback);
    assert!(!held || ticket.lead_unit.is_some(), "{} has a holder", ticket.phase);
    if ticket.phase == Phase::PendingDispatch {
        assert_eq!((&ticket.lead_unit, &ticket.handler), (&None, &None), "nobody holds a pending ticket");
        assert!(ticket.pending_version > 0 && ticket.pending_version <= ticket.version);
    }
    assert!(ticket.phase == Phase::PendingDispatch || (ticket.pool.is_none() && !ticket.arbitration));
    assert!(ticket.lead_unit.iter().all(|unit| ticket.participants.contains(unit)));
    assert_eq!(ticket.resolution.is_some(), ticket.resolved_at.is_some());
    assert_eq!(ticket.closed_at.is_some(), ticket.phase.is_over());
    assert_eq!(ticket.submitted_at.is_some(), events.iter().any(|e| e.change == Change::Submitted));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn whatever_happens_the_ticket_agrees_with_its_events(draft in any::<bool>(), acts in prop::collection::vec(acts(), 0..60)) {
        let begin = if draft { Ticket::saved } else { Ticket::submitted };
        let begun = begin(new(), intake(), &administrator(), at(0));
        let first = begun.ticket.clone();
        let mut events: Vec<Event> = begun.events().cloned().collect();
        let mut ticket = begun.ticket;
        for (second, act) in acts.into_iter().enumerate() {
            let second = i64::try_from(second).unwrap() * 600;
            match perform(ticket.clone(), act, second) {
                Ok(changed) => {
                    prop_assert_eq!(changed.from_version, ticket.version);
                    prop_assert_eq!(&changed.steps.last().unwrap().1, &changed.ticket);
                    events.extend(changed.events().cloned());
                    ticket = changed.ticket;
                }
                Err(Refusal::Phase { phase, action }) => {
                    prop_assert_eq!(phase, ticket.phase);
                    prop_assert!(!action.is_allowed_in(phase));
                }
                Err(_) => {}
            }
            check(&ticket, &first, &events);
        }
    }
}

#[test]
fn a_past_ticket_is_written_down_with_what_became_of_it() {
    let replied = Reply { text: reply(), at: at(86_400), unit: unit("imported") };
    for (reply, live, names, phase) in [
        (
            Some(replied.clone()),
            false,
            ["submitted", "dispatched", "accepted", "resolved", "closed"].as_slice(),
            Phase::Closed,
        ),
        (Some(replied), true, &["submitted", "dispatched", "accepted", "resolved", "closed"], Phase::Closed),
        (None, true, &["submitted"], Phase::PendingDispatch),
        (None, false, &["submitted", "closed"], Phase::Closed),
    ] {
        let resolved = reply.is_some();
        let past = Ticket::past(new(), Past { intake: intake(), reply, live }, &administrator());
        assert_eq!(past.events().map(|e| e.change.name()).collect::<Vec<_>>(), names);
        assert_eq!((past.ticket.phase, past.ticket.resolution.is_some()), (phase, resolved));
        assert!(past.events().all(|e| e.origin == gongdan_tickets_domain::Origin::Import));
        let events: Vec<Event> = past.events().cloned().collect();
        let first = past.steps[0].1.clone();
        check(&past.ticket, &first, &events);
    }
}
