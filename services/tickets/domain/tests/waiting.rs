//! T14, T16, T17: assists, suspensions and extensions of a ticket.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

mod support;

use gongdan_tickets_domain::{
    Action, Actor, Change, Changed, Note, Outcome, Phase, PrincipalId, Refusal, RootCause, Rules, Ticket,
    UnitId,
    groups::{assist::AssistState, extension::ExtensionState, suspension::SuspensionState},
};
use jiff::{SignedDuration, Timestamp};
use support::{administrator, at, member, reason, reply, solution, submitted, unit};
use uuid::Uuid;

const ONE: Uuid = Uuid::from_u128(1);
const TWO: Uuid = Uuid::from_u128(2);

fn in_progress() -> Ticket {
    let by = administrator();
    let ticket = submitted().dispatch(unit("tianhe-env"), None, Note::default(), &by, at(1)).unwrap().ticket;
    ticket.accept(&member("tianhe-env"), at(2)).unwrap().ticket
}

fn leader() -> Actor {
    Actor { id: PrincipalId::parse("zhang.hua").unwrap(), name: "张华".to_owned(), ..member("tianhe-env") }
}

fn handler() -> Actor {
    member("tianhe-env")
}

fn day(days: i64) -> Timestamp {
    at(0) + SignedDuration::from_hours(24 * days)
}

fn suspended() -> Ticket {
    let asked = in_progress()
        .request_suspension(ONE, Some(day(5)), reason("等待鉴定"), &Rules::default(), &handler(), at(10))
        .unwrap();
    asked.ticket.approve_suspension(ONE, Note::default(), &leader(), at(20)).unwrap().ticket
}

/// Folding the events over the ticket they began with gives the ticket.
fn folds(from: &Ticket, changed: &Changed) {
    let mut ticket = from.clone();
    changed.events().for_each(|event| ticket.evolve(event));
    assert_eq!(ticket, changed.ticket);
}

#[test]
fn a_suspension_is_asked_for_approved_by_somebody_else_and_ended() {
    let (rules, before) = (Rules::default(), in_progress());
    let asked = before
        .clone()
        .request_suspension(ONE, Some(day(5)), reason("等待鉴定"), &rules, &handler(), at(10))
        .unwrap();
    folds(&before, &asked);
    assert_eq!(asked.ticket.phase, Phase::InProgress, "work goes on until it is approved");
    assert_eq!(asked.ticket.groups.suspensions.list[0].state, SuspensionState::Requested);
    assert_eq!(asked.texts.records[0].text, "等待鉴定");
    let twice =
        asked.ticket.clone().request_suspension(TWO, None, reason("再等"), &rules, &handler(), at(11));
    assert_eq!(twice.unwrap_err(), Refusal::RequestPending);
    let own = asked.ticket.clone().approve_suspension(ONE, Note::default(), &handler(), at(12));
    assert_eq!(own.unwrap_err(), Refusal::OwnRequest);
    let none = asked.ticket.clone().approve_suspension(TWO, Note::default(), &leader(), at(12));
    assert_eq!(none.unwrap_err(), Refusal::NoRecord { what: "suspension" });

    let approved = asked.ticket.clone().approve_suspension(ONE, Note::default(), &leader(), at(20)).unwrap();
    folds(&asked.ticket, &approved);
    let suspension = &approved.ticket.groups.suspensions.list[0];
    assert_eq!((approved.ticket.phase, suspension.state), (Phase::Suspended, SuspensionState::Active));
    assert_eq!(suspension.decided_by.as_ref().unwrap().id, leader().id);
    let again = approved.ticket.clone().approve_suspension(ONE, Note::default(), &leader(), at(21));
    assert_eq!(
        again.unwrap_err(),
        Refusal::Phase { phase: Phase::Suspended, action: Action::DecideSuspension }
    );

    let stranger = approved.ticket.clone().resume(Note::default(), &member("yuexiu-env"), at(30));
    assert_eq!(stranger.unwrap_err(), Refusal::NotRecipient);
    let resumed = approved.ticket.clone().resume(Note::default(), &handler(), at(30)).unwrap();
    folds(&approved.ticket, &resumed);
    let suspension = &resumed.ticket.groups.suspensions.list[0];
    assert_eq!((resumed.ticket.phase, suspension.state), (Phase::InProgress, SuspensionState::Ended));
    assert_eq!(suspension.ended_at, Some(at(30)));
}

#[test]
fn a_house_without_approval_suspends_at_once() {
    let rules = Rules { suspension_approval: false, ..Rules::default() };
    let changed =
        in_progress().request_suspension(ONE, None, reason("等待鉴定"), &rules, &handler(), at(10)).unwrap();
    let suspension = &changed.ticket.groups.suspensions.list[0];
    assert_eq!((changed.ticket.phase, suspension.state), (Phase::Suspended, SuspensionState::Active));
    assert_eq!(suspension.decided_by, None);
    assert_eq!(changed.events().map(|e| e.change.name()).collect::<Vec<_>>(), ["suspended"]);
}

#[test]
fn a_suspension_is_ahead_and_not_too_long() {
    let rules = Rules { longest_suspension: SignedDuration::from_hours(48), ..Rules::default() };
    for (until, good) in [(at(10), false), (at(11), true), (day(2), true), (day(3), false)] {
        let asked =
            in_progress().request_suspension(ONE, Some(until), reason("等"), &rules, &handler(), at(10));
        assert_eq!(asked.is_ok(), good, "{until}");
    }
    let asked = in_progress()
        .request_suspension(ONE, Some(at(20)), reason("等"), &rules, &handler(), at(10))
        .unwrap()
        .ticket;
    let late = asked.approve_suspension(ONE, Note::default(), &leader(), at(20));
    assert_eq!(late.unwrap_err(), Refusal::SuspensionOver);
}

#[test]
fn a_suspended_ticket_goes_on_by_itself_as_of_its_time() {
    let early = suspended().resume_by_itself(&administrator(), day(5) - SignedDuration::from_secs(1));
    assert!(early.is_err());
    let resumed = suspended().resume_by_itself(&administrator(), day(9)).unwrap();
    assert_eq!(resumed.events().next().unwrap().occurred_at, day(5), "also when nobody looked for days");
    assert_eq!(resumed.ticket.phase, Phase::InProgress);
}

#[test]
fn what_was_asked_for_is_over_when_the_ticket_moves_on() {
    let asked = in_progress()
        .request_suspension(ONE, None, reason("等"), &Rules::default(), &handler(), at(10))
        .unwrap()
        .ticket;
    let moved =
        asked.transfer(unit("yuexiu-env"), None, reason("属地管理"), &handler(), at(11)).unwrap().ticket;
    assert_eq!(moved.groups.suspensions.list[0].state, SuspensionState::Lapsed);

    let cancelled = suspended().cancel(reason("误报"), &administrator(), at(30)).unwrap().ticket;
    let suspension = &cancelled.groups.suspensions.list[0];
    assert_eq!((suspension.state, suspension.ended_at), (SuspensionState::Ended, Some(at(30))));

    let asked = extension(in_progress(), ONE, day(20), at(10)).unwrap().ticket;
    let helped = asked
        .request_assist(TWO, unit("yuexiu-env"), None, reason("查许可证"), &handler(), at(11))
        .unwrap()
        .ticket;
    let cancelled = helped.cancel(reason("误报"), &administrator(), at(30)).unwrap().ticket;
    assert_eq!(cancelled.groups.extensions.list[0].state, ExtensionState::Lapsed);
    assert_eq!(cancelled.groups.assists.list[0].state, AssistState::Waived);
}

fn extension(ticket: Ticket, id: Uuid, until: Timestamp, now: Timestamp) -> Result<Changed, Refusal> {
    ticket.request_extension(id, until, reason("案情复杂"), Some(day(15)), &Rules::default(), &handler(), now)
}

#[test]
fn an_extension_is_asked_for_before_the_deadline_and_decided_by_somebody_else() {
    let late = extension(in_progress(), ONE, day(20), day(15) + SignedDuration::from_secs(1));
    assert_eq!(late.unwrap_err(), Refusal::DeadlinePassed { due: day(15) });
    let unknown = in_progress().request_extension(
        ONE,
        day(20),
        reason("案情复杂"),
        None,
        &Rules::default(),
        &handler(),
        at(9),
    );
    assert_eq!(unknown.unwrap_err(), Refusal::DeadlineUnknown);
    let earlier = extension(in_progress(), ONE, day(15), at(9));
    assert_eq!(earlier.unwrap_err(), Refusal::NotLater { field: "until", due: day(15) });

    let before = in_progress();
    let asked = extension(before.clone(), ONE, day(20), day(15)).unwrap();
    folds(&before, &asked);
    let ticket = asked.ticket;
    assert_eq!(extension(ticket.clone(), TWO, day(21), day(15)).unwrap_err(), Refusal::RequestPending);
    let approve =
        |until, by: &Actor, now| ticket.clone().approve_extension(ONE, until, Note::default(), by, now);
    assert_eq!(approve(None, &handler(), day(16)).unwrap_err(), Refusal::OwnRequest);
    assert_eq!(
        approve(Some(day(21)), &leader(), day(16)).unwrap_err(),
        Refusal::LaterThanAsked { asked: day(20) }
    );
    assert!(approve(Some(day(15)), &leader(), day(14)).is_err(), "no extension at all");
    assert!(approve(None, &leader(), day(20)).is_err(), "the time that was asked for has passed");
    let granted = approve(Some(day(18)), &leader(), day(16)).unwrap();
    folds(&ticket, &granted);
    assert_eq!(granted.ticket.groups.extensions.list[0].approved_until, Some(day(18)));
    let twice = granted.ticket.reject_extension(ONE, reason("不同意"), &leader(), day(17));
    assert_eq!(twice.unwrap_err(), Refusal::RecordState { what: "extension", state: "approved" });
}

#[test]
fn so_many_extensions_are_approved_in_a_round_and_rejected_ones_do_not_count() {
    let mut ticket = in_progress();
    for (number, good) in [(1_u128, true), (2, false), (3, true)] {
        let id = Uuid::from_u128(number);
        ticket = extension(ticket, id, day(20), at(10)).unwrap().ticket;
        let decided = if good {
            ticket.approve_extension(id, None, Note::default(), &leader(), at(11))
        } else {
            ticket.reject_extension(id, reason("不同意"), &leader(), at(11))
        };
        ticket = decided.unwrap().ticket;
    }
    let more = extension(ticket.clone(), Uuid::from_u128(4), day(30), at(12));
    assert_eq!(more.unwrap_err(), Refusal::ExtensionsUsedUp { most: 2 });
    ticket.round = 2;
    assert!(extension(ticket, Uuid::from_u128(4), day(30), at(12)).is_ok(), "the next round begins anew");
}

fn asked(units: &[&str]) -> Ticket {
    let mut ticket = in_progress();
    for (number, name) in (1_u128..).zip(units) {
        let id = Uuid::from_u128(number);
        ticket = ticket
            .request_assist(id, unit(name), None, reason("查许可证"), &handler(), at(10))
            .unwrap()
            .ticket;
    }
    ticket
}

fn resolve(ticket: Ticket) -> Result<Changed, Refusal> {
    ticket.resolve(Outcome::Solved, solution(), RootCause::default(), None, reply(), &handler(), at(50))
}

#[test]
fn the_lead_does_not_resolve_while_help_is_owed() {
    let ticket = asked(&["yuexiu-env", "haizhu-env"]);
    assert_eq!(ticket.participants, ["tianhe-env", "yuexiu-env", "haizhu-env"].map(unit));
    let owed = |units: &[&str]| Refusal::AssistOwed {
        units: units.iter().map(|u| unit(u)).collect::<Vec<UnitId>>(),
    };
    assert_eq!(resolve(ticket.clone()).unwrap_err(), owed(&["yuexiu-env", "haizhu-env"]));
    let stranger = ticket.clone().reply_assist(ONE, reply(), &member("haizhu-env"), at(20));
    assert_eq!(stranger.unwrap_err(), Refusal::NotAsked(unit("yuexiu-env")));
    let replied = ticket.clone().reply_assist(ONE, reply(), &member("yuexiu-env"), at(20)).unwrap();
    folds(&ticket, &replied);
    assert_eq!(resolve(replied.ticket.clone()).unwrap_err(), owed(&["haizhu-env"]));
    let theirs = replied.ticket.clone().waive_assist(TWO, reason("不需要"), &member("haizhu-env"), at(21));
    assert_eq!(theirs.unwrap_err(), Refusal::NotRecipient);
    let waived = replied.ticket.clone().waive_assist(TWO, reason("不需要"), &handler(), at(21)).unwrap();
    folds(&replied.ticket, &waived);
    assert!(resolve(waived.ticket.clone()).is_ok());
    let late = waived.ticket.decline_assist(TWO, reason("无权限"), &member("haizhu-env"), at(22));
    assert_eq!(late.unwrap_err(), Refusal::RecordState { what: "assist", state: "waived" });
}

#[test]
fn a_unit_that_declines_owes_nothing_and_may_be_asked_again() {
    let ticket = asked(&["yuexiu-env"]);
    let twice =
        ticket.clone().request_assist(TWO, unit("yuexiu-env"), None, reason("查"), &handler(), at(11));
    assert_eq!(twice.unwrap_err(), Refusal::AssistOwed { units: vec![unit("yuexiu-env")] });
    let own = ticket.clone().request_assist(TWO, unit("tianhe-env"), None, reason("查"), &handler(), at(11));
    assert_eq!(own.unwrap_err(), Refusal::SameUnit(unit("tianhe-env")));
    let past = ticket.clone().request_assist(TWO, unit("a"), Some(at(11)), reason("查"), &handler(), at(11));
    assert_eq!(past.unwrap_err(), Refusal::NotLater { field: "due_at", due: at(11) });
    let declined = ticket.decline_assist(ONE, reason("不属于"), &member("yuexiu-env"), at(20)).unwrap();
    assert_eq!(declined.ticket.groups.assists.list[0].state, AssistState::Declined);
    let again = declined
        .ticket
        .request_assist(TWO, unit("yuexiu-env"), None, reason("请核实"), &handler(), at(21))
        .unwrap();
    assert!(matches!(again.events().next().unwrap().change, Change::Assist(_)));
    assert_eq!(again.ticket.participants.len(), 2, "it takes part once");
}
