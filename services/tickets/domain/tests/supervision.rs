//! What is done about a ticket from above and beside: escalation, urging by levels, directives, marks, quality errors,
//! circulation, emergencies. Source: T13, T22, T23, T24, T30, T34, T38.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

mod support;

use gongdan_tickets_domain::{
    Action, Actor, Change, Changed, Note, Outcome, Phase, PrincipalId, Reason, Refusal, ReplyText, RootCause,
    Rules, Ticket, UrgeLevel,
    groups::{
        directive::{self, DirectiveState},
        handoff::{EmergencyService, Reference},
        quality::QualityErrorKind,
        track::{self, TrackNote},
    },
};
use jiff::SignedDuration;
use proptest::prelude::*;
use support::{administrator, at, member, reason, reply, solution, submitted, unit};
use uuid::Uuid;

const ID: Uuid = Uuid::from_u128(77);
const DAY: i64 = 86_400;

fn in_phase(phase: Phase) -> Ticket {
    let mut ticket = submitted();
    ticket.phase = phase;
    if !matches!(phase, Phase::Draft | Phase::Quarantined | Phase::PendingDispatch) {
        ticket.lead_unit = Some(unit("tianhe-env"));
    }
    ticket
}

/// With a directive to `tianhe-env` that is due in a day.
fn directed(phase: Phase) -> Ticket {
    let ticket = in_phase(Phase::InProgress);
    let ticket = ticket.issue_directive(ID, None, at(DAY), reason("三日内办结"), &administrator(), at(0));
    Ticket { phase, ..ticket.unwrap().ticket }
}

fn replied(phase: Phase) -> Ticket {
    let ticket = directed(Phase::InProgress).reply_directive(ID, reply(), &administrator(), at(1)).unwrap();
    Ticket { phase, ..ticket.ticket }
}

fn state(ticket: &Ticket) -> DirectiveState {
    ticket.groups.directives.get(ID).unwrap().state
}

fn names(changed: &Changed) -> Vec<&'static str> {
    changed.events().map(|event| event.change.name()).collect()
}

#[test]
fn the_table_of_phases_holds() {
    use Phase::{
        Closed, Dispatched, InCallback, InProgress, InReview, PendingDispatch, Quarantined, Resolved,
        Suspended,
    };
    type Do = fn(Phase) -> Result<Changed, Refusal>;
    let in_flight: Vec<Phase> = Phase::ALL.iter().copied().filter(|phase| phase.is_in_flight()).collect();
    let and = |more: &[Phase]| [in_flight.as_slice(), more].concat();
    let all_but = |not: &[Phase]| Phase::ALL.iter().copied().filter(|phase| !not.contains(phase)).collect();
    let table: Vec<(Action, Vec<Phase>, Do)> = vec![
        (Action::Escalate, vec![PendingDispatch, Dispatched, InProgress], |phase| {
            in_phase(phase).escalate(Some(unit("centre")), None, reason("超出权限"), &administrator(), at(1))
        }),
        (Action::IssueDirective, and(&[Resolved, InCallback]), |phase| {
            in_phase(phase).issue_directive(
                ID,
                Some(unit("yuexiu-env")),
                at(9),
                reason("x"),
                &administrator(),
                at(1),
            )
        }),
        (Action::ReplyDirective, and(&[Resolved, InCallback, Closed]), |phase| {
            directed(phase).reply_directive(ID, reply(), &administrator(), at(1))
        }),
        (Action::JudgeDirective, and(&[Resolved, InCallback, Closed]), |phase| {
            replied(phase).accept_directive(ID, Note::default(), &administrator(), at(2))
        }),
        (Action::JudgeDirective, and(&[Resolved, InCallback, Closed]), |phase| {
            replied(phase).reject_directive(ID, at(9), reason("x"), &administrator(), at(2))
        }),
        (Action::JudgeDirective, and(&[Resolved, InCallback, Closed]), |phase| {
            directed(phase).withdraw_directive(ID, reason("x"), &administrator(), at(2))
        }),
        (Action::Track, Phase::ALL.to_vec(), |phase| {
            in_phase(phase).track(ID, None, TrackNote::default(), &administrator(), at(1))
        }),
        (Action::MarkQualityError, all_but(&[Phase::Draft, Quarantined]), |phase| {
            let kind = QualityErrorKind::WrongDispatch;
            in_phase(phase).mark_quality_error(ID, kind, None, None, reason("x"), &administrator(), at(1))
        }),
        (
            Action::Circulate,
            vec![Dispatched, InProgress, Suspended, InReview, Resolved, InCallback, Closed],
            |phase| in_phase(phase).circulate(ID, Vec::new(), Note::default(), &administrator(), at(1)),
        ),
        (Action::HandOff, in_flight.clone(), |phase| {
            let service = EmergencyService::Fire;
            in_phase(phase).hand_off(ID, service, Reference::default(), reason("x"), &administrator(), at(1))
        }),
    ];
    for (action, allowed, act) in table {
        for &phase in Phase::ALL {
            let result = act(phase);
            if allowed.contains(&phase) {
                let stays = action != Action::Escalate;
                let changed = result.unwrap_or_else(|refusal| panic!("{action} in {phase}: {refusal}"));
                assert_eq!(
                    changed.ticket.phase == phase,
                    stays || phase == Dispatched,
                    "{action} in {phase}"
                );
            } else {
                assert_eq!(result.err(), Some(Refusal::Phase { phase, action }), "{action} in {phase}");
            }
        }
    }
}

#[test]
fn a_ticket_climbs_to_the_third_tier_and_no_further() {
    let by = member("tianhe-env");
    let ticket = in_phase(Phase::InProgress);
    let second =
        ticket.escalate(Some(unit("tianhe-env")), Some(by.id.clone()), reason("需二线"), &by, at(1)).unwrap();
    assert_eq!((second.ticket.tier, second.ticket.phase), (2, Phase::Dispatched));
    assert_eq!(second.ticket.handler, Some(by.id.clone()), "the same unit, another tier");
    let stranger = member("yuexiu-env");
    let refused = second.ticket.clone().escalate(None, None, reason("x"), &stranger, at(2));
    assert_eq!(refused.err(), Some(Refusal::NotRecipient));
    let third = second.ticket.escalate(None, None, reason("需专家"), &by, at(2)).unwrap().ticket;
    assert_eq!((third.tier, third.phase, third.lead_unit.clone()), (3, Phase::PendingDispatch, None));
    assert_eq!(
        third.pending_version, third.version,
        "routing decides again, and not by what it decided before"
    );
    assert_eq!(third.groups.escalations.count, 2);
    let beyond = third.escalate(None, None, reason("x"), &administrator(), at(3));
    assert_eq!(beyond.err(), Some(Refusal::HighestTier { tier: 3 }));
}

#[test]
fn a_pending_ticket_is_escalated_by_who_may_for_any_unit() {
    let pending = submitted();
    let refused = pending.clone().escalate(None, None, reason("x"), &member("tianhe-env"), at(1));
    assert_eq!(refused.err(), Some(Refusal::NotRecipient));
    assert_eq!(pending.escalate(None, None, reason("x"), &administrator(), at(1)).unwrap().ticket.tier, 2);
}

#[test]
fn escalating_does_not_end_an_arbitration_but_a_recipient_does() {
    let mut ticket = submitted();
    ticket.arbitration = true;
    let again = ticket.clone().escalate(None, None, reason("x"), &administrator(), at(1)).unwrap();
    assert_eq!(names(&again), ["escalated", "pooled"]);
    assert!(again.ticket.arbitration && again.ticket.pool.is_some());
    let given = ticket.escalate(Some(unit("centre")), None, reason("x"), &administrator(), at(1)).unwrap();
    assert_eq!((names(&given), given.ticket.arbitration), (vec!["escalated"], false));
}

#[test]
fn urges_go_to_the_handler_then_the_leader_then_the_supervisor_and_begin_again_with_another_holder() {
    let rules = Rules { urge_window: SignedDuration::from_secs(100), ..Rules::default() };
    let urge = |ticket: Ticket, second| {
        let changed = ticket.urge(Note::default(), &rules, &administrator(), at(second)).unwrap();
        let Change::Urged { told, .. } = changed.events().next().unwrap().change.clone() else { panic!() };
        (changed.ticket, told)
    };
    let mut ticket = in_phase(Phase::InProgress);
    let mut told = Vec::new();
    for second in [0, 50, 100, 150, 200, 300] {
        let (next, whom) = urge(ticket, second);
        told.push(whom);
        ticket = next;
    }
    use UrgeLevel::{Handler, Supervisor, UnitLeader};
    assert_eq!(told, [Some(Handler), None, Some(UnitLeader), None, Some(Supervisor), Some(Supervisor)]);
    let transferred = ticket
        .transfer(unit("yuexiu-env"), None, reason("x"), &member("tianhe-env"), at(301))
        .unwrap()
        .ticket;
    assert_eq!(transferred.urge_level, None);
    let (ticket, whom) = urge(transferred, 302);
    assert_eq!(whom, Some(Handler), "who has it now was told nothing yet, however short ago the other was");
    assert_eq!(ticket.urge_count, 7, "they are counted all the same");
}

#[test]
fn a_new_round_is_urged_from_the_handler_on() {
    let mut ticket = in_phase(Phase::Closed);
    ticket.urge_level = Some(UrgeLevel::Supervisor);
    ticket.urge_told_at = Some(at(0));
    let again =
        ticket.reopen(reason("x"), true, None, &Rules::default(), &administrator(), at(1)).unwrap().ticket;
    assert_eq!((again.urge_level, again.urge_told_at), (None, None));
}

#[test]
fn a_directive_goes_its_way() {
    let ticket = directed(Phase::InProgress);
    assert_eq!(state(&ticket), DirectiveState::Open);
    assert!(ticket.participants.contains(&unit("tianhe-env")), "the unit takes part");
    let stranger = ticket.clone().reply_directive(ID, reply(), &member("yuexiu-env"), at(1));
    assert_eq!(stranger.err(), Some(Refusal::NotRecipient));
    let early = ticket.clone().accept_directive(ID, Note::default(), &administrator(), at(1));
    assert_eq!(early.err(), Some(Refusal::RecordState { what: "directive", state: "open" }));
    let other = ticket.clone().reply_directive(Uuid::nil(), reply(), &administrator(), at(1));
    assert_eq!(other.err(), Some(Refusal::NoRecord { what: "directive" }));

    let replied = ticket.reply_directive(ID, reply(), &member("tianhe-env"), at(DAY + 1)).unwrap();
    let Change::Directive(directive::Change::Replied { late, .. }) = &replied.events().next().unwrap().change
    else {
        panic!()
    };
    assert!(late);
    let past = replied.ticket.clone().reject_directive(ID, at(1), reason("x"), &administrator(), at(DAY + 2));
    assert_eq!(past.err(), Some(Refusal::NotInFuture("due_at")));
    let again = replied
        .ticket
        .reject_directive(ID, at(3 * DAY), reason("未说明整改"), &administrator(), at(DAY + 2))
        .unwrap()
        .ticket;
    let directive = again.groups.directives.get(ID).unwrap();
    assert_eq!((directive.state, directive.rejected_count), (DirectiveState::Open, 1));
    assert_eq!((directive.due_at, directive.late_level), (at(3 * DAY), 0));
    let done = again
        .reply_directive(ID, reply(), &member("tianhe-env"), at(2 * DAY))
        .unwrap()
        .ticket
        .accept_directive(ID, Note::default(), &administrator(), at(2 * DAY + 1))
        .unwrap()
        .ticket;
    assert_eq!(state(&done), DirectiveState::Accepted);
    let over = done.withdraw_directive(ID, reason("x"), &administrator(), at(2 * DAY + 2));
    assert_eq!(over.err(), Some(Refusal::RecordState { what: "directive", state: "accepted" }));
}

#[test]
fn a_directive_needs_a_unit_and_a_deadline_to_come() {
    let issue =
        |ticket: Ticket, due| ticket.issue_directive(ID, None, at(due), reason("x"), &administrator(), at(1));
    assert_eq!(issue(submitted(), 9).err(), Some(Refusal::NoUnitToDirect));
    assert_eq!(issue(in_phase(Phase::InProgress), 1).err(), Some(Refusal::NotInFuture("due_at")));
}

#[test]
fn nothing_is_resolved_while_a_reply_is_owed_and_cancelling_ends_what_is_owed() {
    let resolve = |ticket: Ticket| {
        let by = member("tianhe-env");
        ticket.resolve(Outcome::Solved, solution(), RootCause::default(), None, reply(), &by, at(2))
    };
    assert_eq!(resolve(directed(Phase::InProgress)).err(), Some(Refusal::DirectiveOwed));
    assert!(resolve(replied(Phase::InProgress)).is_ok(), "the unit did its part");
    let cancelled =
        directed(Phase::InProgress).cancel(reason("误报"), &administrator(), at(2)).unwrap().ticket;
    assert_eq!(state(&cancelled), DirectiveState::Withdrawn);
    assert_eq!(cancelled.groups.directives.get(ID).unwrap().ended_at, Some(at(2)));
}

#[test]
fn lateness_climbs_each_level_once_also_when_nobody_looked_in_time() {
    let rules = Rules {
        directive_climb: [SignedDuration::from_hours(24), SignedDuration::from_hours(72)],
        ..Rules::default()
    };
    let climb = |ticket: Ticket, second| ticket.climb_directives(&rules, &administrator(), at(second));
    let levels = |changed: &Changed| -> Vec<i32> {
        changed
            .events()
            .map(|event| match event.change {
                Change::Directive(directive::Change::Late { level, .. }) => level,
                _ => panic!(),
            })
            .collect()
    };
    let ticket = directed(Phase::InProgress);
    assert!(climb(ticket.clone(), DAY - 1).is_none());
    let first = climb(ticket.clone(), DAY).unwrap();
    assert_eq!(levels(&first), [1]);
    assert!(climb(first.ticket.clone(), 2 * DAY - 1).is_none(), "each level is said once");
    assert_eq!(levels(&climb(first.ticket.clone(), 2 * DAY).unwrap()), [2]);
    let late = climb(first.ticket, 9 * DAY).unwrap();
    assert_eq!(levels(&late), [2, 3]);
    assert!(climb(late.ticket, 99 * DAY).is_none());
    assert_eq!(levels(&climb(ticket, 99 * DAY).unwrap()), [1, 2, 3]);
    assert!(climb(replied(Phase::InProgress), 99 * DAY).is_none(), "nothing is owed");
    assert!(climb(directed(Phase::Closed), 99 * DAY).is_some(), "what is owed outlives the ticket");
}

#[test]
fn a_mark_is_ones_own_and_reminds_once() {
    let somebody = |name: &str| Actor { id: PrincipalId::parse(name).unwrap(), ..member("centre") };
    let (anna, bo) = (somebody("anna"), somebody("bo"));
    let note = || TrackNote::parse("回访前再看").unwrap();
    let past = submitted().track(ID, Some(at(1)), note(), &anna, at(1));
    assert_eq!(past.err(), Some(Refusal::NotInFuture("remind_at")));
    let ticket = submitted().track(ID, Some(at(10)), note(), &anna, at(1)).unwrap().ticket;
    let ticket = ticket.track(ID, Some(at(20)), note(), &bo, at(2)).unwrap().ticket;
    let ticket = ticket.track(ID, Some(at(15)), note(), &anna, at(3)).unwrap().ticket;
    assert_eq!(ticket.groups.tracks.all.len(), 2, "a second mark takes the place of the first");
    assert!(ticket.clone().remind(&administrator(), at(14)).is_none());
    let reminded = ticket.remind(&administrator(), at(15)).unwrap();
    assert_eq!(names(&reminded), ["reminded"]);
    assert_eq!(reminded.ticket.groups.tracks.of(&anna.id).unwrap().remind_at, None);
    let reminded = reminded.ticket.remind(&administrator(), at(99)).unwrap();
    assert!(reminded.ticket.clone().remind(&administrator(), at(999)).is_none(), "each once");
    let ticket = reminded.ticket.untrack(ID, &bo, at(100)).unwrap().ticket;
    assert_eq!(ticket.clone().untrack(ID, &bo, at(101)).err(), Some(Refusal::NoRecord { what: "track" }));
    assert!(ticket.groups.tracks.of(&anna.id).is_some());
}

#[test]
fn not_more_people_than_a_ticket_carries_track_it() {
    let mut ticket = submitted();
    let person = |n: usize| Actor { id: PrincipalId::parse(&format!("p{n}")).unwrap(), ..member("centre") };
    for n in 0..track::MOST {
        ticket = ticket.track(ID, None, TrackNote::default(), &person(n), at(1)).unwrap().ticket;
    }
    let one_more = ticket.clone().track(ID, None, TrackNote::default(), &person(999), at(1));
    assert!(matches!(one_more.err(), Some(Refusal::TooMany { max: track::MOST, .. })));
    assert!(
        ticket.track(ID, None, TrackNote::default(), &person(0), at(1)).is_ok(),
        "who has one may change it"
    );
}

#[test]
fn what_an_inspector_marked_is_taken_back_once() {
    let kind = QualityErrorKind::WrongCategory;
    let marked = in_phase(Phase::Closed)
        .mark_quality_error(ID, kind, None, Some(unit("centre")), reason("应为市容"), &administrator(), at(1))
        .unwrap()
        .ticket;
    let back = marked.withdraw_quality_error(ID, reason("看错了"), &administrator(), at(2)).unwrap().ticket;
    assert_eq!(back.groups.quality_errors.all[0].withdrawn_at, Some(at(2)));
    let twice = back.clone().withdraw_quality_error(ID, reason("x"), &administrator(), at(3));
    assert_eq!(twice.err(), Some(Refusal::RecordState { what: "quality_error", state: "withdrawn" }));
    let none = back.withdraw_quality_error(Uuid::nil(), reason("x"), &administrator(), at(3));
    assert_eq!(none.err(), Some(Refusal::NoRecord { what: "quality_error" }));
}

#[test]
fn nothing_is_written_where_texts_are_erased() {
    let erased = |mut ticket: Ticket| {
        ticket.erased.texts = true;
        ticket
    };
    let closed = || erased(in_phase(Phase::Closed));
    let by = administrator();
    let kind = QualityErrorKind::WrongCategory;
    let note = TrackNote::parse("x").unwrap();
    assert_eq!(closed().track(ID, None, note, &by, at(1)).err(), Some(Refusal::Erased));
    assert!(closed().track(ID, None, TrackNote::default(), &by, at(1)).is_ok());
    assert_eq!(
        closed().mark_quality_error(ID, kind, None, None, reason("x"), &by, at(1)).err(),
        Some(Refusal::Erased)
    );
    let note = Note::parse("x").unwrap();
    assert_eq!(closed().circulate(ID, Vec::new(), note, &by, at(1)).err(), Some(Refusal::Erased));
    let directed = erased(directed(Phase::Closed));
    assert_eq!(directed.reply_directive(ID, reply(), &by, at(1)).err(), Some(Refusal::Erased));
}

/// What may happen to directives.
#[derive(Debug, Clone)]
enum Act {
    Issue(u8, i64),
    Reply(u8),
    Accept(u8),
    Reject(u8, i64),
    Withdraw(u8),
    Climb,
    Cancel,
}

fn acts() -> impl Strategy<Value = Act> {
    prop_oneof![
        2 => (0..4_u8, -1..5_i64).prop_map(|(id, days)| Act::Issue(id, days)),
        2 => (0..4_u8).prop_map(Act::Reply),
        2 => (0..4_u8).prop_map(Act::Accept),
        2 => (0..4_u8, -1..5_i64).prop_map(|(id, days)| Act::Reject(id, days)),
        2 => (0..4_u8).prop_map(Act::Withdraw),
        3 => Just(Act::Climb),
        1 => Just(Act::Cancel),
    ]
}

proptest! {
    /// Whatever happens, whenever: the state is the fold of the events, levels are said once and in order for each deadline,
    /// and what is over stays so.
    #[test]
    fn directives_agree_with_their_events(acts in prop::collection::vec((acts(), 0..2 * DAY), 0..40)) {
        let (by, rules) = (administrator(), Rules::default());
        let text = |text: &str| Reason::parse(text).unwrap();
        let id = |id: u8| Uuid::from_u128(u128::from(id) + 1);
        let first = in_phase(Phase::InProgress);
        let (mut ticket, mut folded, mut second) = (first.clone(), first, 0);
        let mut said: std::collections::HashMap<Uuid, i32> = std::collections::HashMap::new();
        for (act, passed) in acts {
            second += passed;
            let now = at(second);
            let due = |days: i64| at(second + days * DAY);
            let before = ticket.clone();
            let changed = match act {
                Act::Issue(n, _) if ticket.groups.directives.get(id(n)).is_some() => continue,
                Act::Issue(n, days) => ticket.clone().issue_directive(id(n), None, due(days), text("x"), &by, now).ok(),
                Act::Reply(n) => ticket.clone().reply_directive(id(n), ReplyText::parse("x").unwrap(), &by, now).ok(),
                Act::Accept(n) => ticket.clone().accept_directive(id(n), Note::default(), &by, now).ok(),
                Act::Reject(n, days) => ticket.clone().reject_directive(id(n), due(days), text("x"), &by, now).ok(),
                Act::Withdraw(n) => ticket.clone().withdraw_directive(id(n), text("x"), &by, now).ok(),
                Act::Climb => ticket.clone().climb_directives(&rules, &by, now),
                Act::Cancel => ticket.clone().cancel(text("x"), &by, now).ok(),
            };
            let Some(changed) = changed else { continue };
            for event in changed.events() {
                folded.evolve(event);
                match &event.change {
                    Change::Directive(directive::Change::Late { id, level }) => {
                        prop_assert_eq!(said.insert(*id, *level).unwrap_or(0) + 1, *level);
                    }
                    Change::Directive(directive::Change::Rejected { id, due_at, .. }) => {
                        prop_assert!(*due_at > now);
                        said.remove(id);
                    }
                    _ => {}
                }
            }
            prop_assert_eq!(&folded, &changed.ticket);
            for old in &before.groups.directives.all {
                let new = changed.ticket.groups.directives.get(old.id).unwrap();
                prop_assert!(old.ended_at.is_none() || old == new, "what is over stays so");
                prop_assert!((0..=3).contains(&new.late_level));
            }
            ticket = changed.ticket;
        }
    }
}
