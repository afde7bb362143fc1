//! 预约上门: what may be done with a visit, and that late reports come to one end. Source: T15.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

mod support;

use gongdan_tickets_domain::{
    Actor, Changed, Note, PrincipalId, Reason, Refusal, Ticket,
    groups::visit::{Manner, Report, ReportText, Stamp, Visit, VisitResult, VisitState, What, Window},
};
use jiff::Timestamp;
use proptest::prelude::*;
use std::collections::HashMap;
use support::{administrator, at, citizen, member, reason, submitted, unit};
use uuid::Uuid;

const VISIT: Uuid = Uuid::from_u128(70);

fn window(start: i64, end: i64) -> Window {
    Window { start: at(start), end: at(end) }
}

fn dispatched() -> Ticket {
    let by = administrator();
    submitted().dispatch(unit("env"), None, Note::default(), &by, at(1)).unwrap().ticket
}

fn booked() -> Ticket {
    dispatched()
        .book_visit(VISIT, window(3_600, 7_200), None, Note::default(), &member("env"), at(2))
        .unwrap()
        .ticket
}

fn report(id: u128, device: i64, what: What) -> Report {
    let stamp = Stamp { at: at(device), sequence: 0, report: Uuid::from_u128(id) };
    Report { visit: VISIT, stamp, what, text: ReportText::default() }
}

fn done() -> What {
    What::Reported { result: VisitResult::Done, photos: vec![] }
}

fn moved(start: i64) -> What {
    What::Moved { window: window(start, start + 60), person: None }
}

fn live(ticket: Ticket, what: What, id: u128) -> Result<Option<Changed>, Refusal> {
    ticket.report_visit(report(id, 10, what), Manner::Live, &member("env"), at(10))
}

fn visit(ticket: &Ticket) -> &Visit {
    ticket.groups.visits.get(VISIT).unwrap()
}

#[test]
fn only_who_holds_the_ticket_books_and_only_for_the_future() {
    let book =
        |ticket: Ticket, by: &Actor, w| ticket.book_visit(VISIT, w, None, Note::default(), by, at(100));
    let w = window(200, 300);
    assert_eq!(book(dispatched(), &member("water"), w), Err(Refusal::NotRecipient));
    assert_eq!(book(dispatched(), &citizen(), w), Err(Refusal::NotRecipient));
    assert_eq!(book(dispatched(), &member("env"), window(50, 100)), Err(Refusal::WindowOver));
    assert!(matches!(book(submitted(), &administrator(), w), Err(Refusal::Phase { .. })));
    let changed = book(dispatched(), &member("env"), w).unwrap();
    assert_eq!(changed.events().last().unwrap().change.name(), "visit_booked");
    assert_eq!(visit(&changed.ticket).state(), VisitState::Booked);
}

#[test]
fn live_every_step_is_judged_by_where_the_visit_is() {
    use VisitState::{Booked, Cancelled, CheckedIn, Reported};
    let to = |state| {
        let mut ticket = booked();
        for (id, what) in match state {
            Booked => vec![],
            CheckedIn => vec![(1, What::CheckedIn)],
            Reported => vec![(1, What::CheckedIn), (2, done())],
            Cancelled => vec![(1, What::Cancelled)],
        } {
            ticket = live(ticket, what, id).unwrap().unwrap().ticket;
        }
        assert_eq!(visit(&ticket).state(), state);
        ticket
    };
    for (state, [moves, checks_in, reports, cancels]) in [
        (Booked, [true, true, true, true]),
        (CheckedIn, [false, true, true, true]),
        (Reported, [false, false, true, false]),
        (Cancelled, [false, false, false, false]),
    ] {
        let acts = [(moved(9_000), moves), (What::CheckedIn, checks_in), (done(), reports)];
        for (what, allowed) in acts.into_iter().chain([(What::Cancelled, cancels)]) {
            let outcome = live(to(state), what.clone(), 9);
            assert_eq!(outcome.is_ok(), allowed, "{what:?} while {state}");
            if let Err(refusal) = outcome {
                assert_eq!(refusal, Refusal::Visit { state });
            }
        }
    }
}

#[test]
fn a_report_sent_again_is_known_and_another_one_under_its_id_is_refused() {
    let ticket = live(booked(), What::CheckedIn, 1).unwrap().unwrap().ticket;
    assert_eq!(live(ticket.clone(), What::CheckedIn, 1), Ok(None));
    assert_eq!(live(ticket.clone(), done(), 1), Err(Refusal::ReportReused));
    let elsewhere = Report { visit: Uuid::from_u128(71), ..report(2, 10, done()) };
    assert_eq!(
        ticket.report_visit(elsewhere, Manner::Replayed, &member("env"), at(10)),
        Err(Refusal::NoVisit)
    );
}

#[test]
fn who_goes_may_report_also_after_the_ticket_went_elsewhere() {
    let by = administrator();
    let ticket = booked().transfer(unit("water"), None, reason("转派"), &by, at(3)).unwrap().ticket;
    let replay = |by: &Actor| {
        ticket.clone().report_visit(report(1, 10, What::CheckedIn), Manner::Replayed, by, at(900))
    };
    assert!(replay(&member("env")).is_ok(), "its unit booked the visit");
    assert!(replay(&member("water")).is_ok(), "its unit holds the ticket");
    assert_eq!(replay(&member("fire")).unwrap_err(), Refusal::NotRecipient);
    let person = PrincipalId::parse("li.wei").unwrap();
    let away =
        What::Moved { window: window(9_000, 9_999), person: Some(PrincipalId::parse("wang.wu").unwrap()) };
    let ticket = dispatched()
        .book_visit(VISIT, window(3_600, 7_200), Some(person), Note::default(), &member("env"), at(2))
        .unwrap()
        .ticket;
    let ticket = live(ticket, away, 5).unwrap().unwrap().ticket;
    for id in ["li.wei", "wang.wu"] {
        let by = Actor { id: PrincipalId::parse(id).unwrap(), ..member("elsewhere") };
        let outcome =
            ticket.clone().report_visit(report(1, 10, What::CheckedIn), Manner::Replayed, &by, at(900));
        assert!(outcome.is_ok(), "{id} goes or was to go");
    }
}

#[test]
fn who_was_there_was_there_whatever_had_been_cancelled() {
    let ticket = live(booked(), What::Cancelled, 1).unwrap().unwrap().ticket;
    let late = report(2, 5, done());
    let ticket =
        ticket.report_visit(late, Manner::Replayed, &member("env"), at(900)).unwrap().unwrap().ticket;
    assert_eq!(visit(&ticket).state(), VisitState::Reported);
}

#[test]
fn reasons_fit_into_what_is_reported() {
    let reason = Reason::parse(&"长".repeat(2_000)).unwrap();
    assert_eq!(ReportText::from(reason.clone()).as_str(), reason.as_str());
}

/// What ends up in the table of texts.
type Kept = HashMap<(Uuid, &'static str), String>;

fn replay(batch: &[Report]) -> (Ticket, Kept, usize) {
    let (mut ticket, mut texts, mut known) = (booked(), Kept::new(), 0);
    for (second, report) in (20..).zip(batch) {
        // Whoever sends it, whenever it comes.
        let outcome = ticket
            .clone()
            .report_visit(report.clone(), Manner::Replayed, &member("env"), at(second))
            .unwrap();
        let Some(changed) = outcome else {
            known += 1;
            continue;
        };
        for text in changed.texts.records {
            texts.insert((text.record, text.part), text.text);
        }
        ticket = changed.ticket;
    }
    (ticket, texts, known)
}

fn reports() -> impl Strategy<Value = Vec<Report>> {
    let what = prop_oneof![
        (1_000_i64..9_000).prop_map(moved),
        Just(What::CheckedIn),
        (0_usize..4, proptest::collection::vec(any::<u128>().prop_map(Uuid::from_u128), 0..3))
            .prop_map(|(result, photos)| What::Reported { result: VisitResult::ALL[result], photos }),
        Just(What::Cancelled),
    ];
    let one = (0_i64..5, 0_i64..3, what, "[办结完成]{0,3}");
    proptest::collection::vec(one, 0..12).prop_map(|rows| {
        (100..)
            .zip(rows)
            .map(|(id, (device, sequence, what, text))| Report {
                visit: VISIT,
                stamp: Stamp { at: at(device), sequence, report: Uuid::from_u128(id) },
                what,
                text: ReportText::parse(&text).unwrap(),
            })
            .collect()
    })
}

proptest! {
    /// Any order and any repetition of a batch ends in one state: the visit, its version, and its texts.
    #[test]
    fn a_batch_in_any_order_and_repeated_ends_in_one_state(
        batch in reports(), picks in proptest::collection::vec(any::<prop::sample::Index>(), 0..30), seed in any::<u64>(),
    ) {
        let (expected, texts, known) = replay(&batch);
        prop_assert_eq!(known, 0);
        let mut shuffled = batch.clone();
        if !batch.is_empty() {
            shuffled.extend(picks.iter().map(|pick| pick.get(&batch).clone()));
        }
        let repeated = shuffled.len() - batch.len();
        shuffled.sort_by_key(|report| {
            // Repetitions apart, so that they are strewn as well.
            let id = report.stamp.report.as_u128().wrapping_mul(u128::from(seed) | 1);
            (id ^ (id >> 64)) & 0xFFFF
        });
        let turn = usize::try_from(seed % 7).unwrap().min(shuffled.len());
        shuffled.rotate_left(turn);
        let (ticket, other_texts, known) = replay(&shuffled);
        prop_assert_eq!(known, repeated);
        prop_assert_eq!(&ticket, &expected);
        prop_assert_eq!(other_texts, texts);
        let (again, _, known) = replay(&[shuffled.clone(), shuffled.clone()].concat());
        prop_assert_eq!(known, repeated + shuffled.len());
        prop_assert_eq!(again, expected);
    }
}

#[test]
fn what_is_read_off_a_visit() {
    let (ticket, _, _) = replay(&[
        report(1, 30, done()),
        report(2, 20, What::CheckedIn),
        report(3, 25, What::CheckedIn),
        report(4, 10, moved(5_000)),
        report(5, 5, moved(4_000)),
        report(6, 40, What::Reported { result: VisitResult::Partly, photos: vec![Uuid::nil()] }),
    ]);
    let visit = visit(&ticket);
    assert_eq!(visit.agreed().0, window(5_000, 5_060));
    assert_eq!(visit.moved_count(), 2);
    assert_eq!(visit.checked_in().map(|stamp| stamp.at), Some::<Timestamp>(at(20)));
    let (stamp, result, photos) = visit.outcome().unwrap();
    assert_eq!((stamp.at, result, photos.len()), (at(40), VisitResult::Partly, 1));
}
