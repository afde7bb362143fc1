//! X11: what is personal goes, and what people write afterwards is there again.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

mod support;

use gongdan_tickets_domain::{
    Action, Actor, ERASED, Note, Personal, Phase, PrincipalKind, Refusal, Rules, Ticket, UnitId,
};
use support::{administrator, at, citizen, intake, new, reason, submitted};
use uuid::Uuid;

const CONTACT: Personal = Personal { contact: true, texts: false };
const TEXTS: Personal = Personal { contact: false, texts: true };

fn cancelled() -> Ticket {
    let mut intake = intake();
    intake.customer_id = Some(Uuid::from_u128(5));
    intake.priority_reason = "孕妇，急".to_owned();
    let ticket = Ticket::submitted(new(), intake, &administrator(), at(0)).ticket;
    ticket.cancel(reason("市民张三撤回"), &administrator(), at(1)).unwrap().ticket
}

#[test]
fn each_class_goes_once_with_an_event_of_its_own() {
    let ticket = cancelled();
    let changed = ticket.erase(CONTACT, false, &administrator(), at(2)).unwrap().unwrap();
    assert_eq!(changed.events().map(|e| (e.version, e.change.name())).collect::<Vec<_>>(), [(3, "erased")]);
    let ticket = changed.ticket;
    assert_eq!((ticket.customer_id, ticket.cancel_reason.as_str()), (None, "市民张三撤回"));
    assert_eq!(ticket.clone().erase(CONTACT, false, &administrator(), at(3)).unwrap(), None);

    let ticket = ticket.erase(Personal::ALL, false, &administrator(), at(3)).unwrap().unwrap().ticket;
    assert_eq!((ticket.cancel_reason.as_str(), ticket.priority_reason.as_str()), (ERASED, ERASED));
    assert_eq!((ticket.erased, ticket.version, ticket.phase), (Personal::ALL, 4, Phase::Cancelled));
    assert_eq!(ticket.erase(Personal::ALL, true, &administrator(), at(4)).unwrap(), None);
}

#[test]
fn a_ticket_that_is_not_over_loses_nothing_but_by_force() {
    let ticket = submitted();
    let refused = ticket.clone().erase(Personal::ALL, false, &administrator(), at(1)).unwrap_err();
    assert_eq!(refused, Refusal::Phase { phase: Phase::PendingDispatch, action: Action::Erase });
    let erased = ticket.erase(Personal::ALL, true, &administrator(), at(1)).unwrap().unwrap().ticket;
    assert_eq!((erased.phase, erased.erased), (Phase::PendingDispatch, Personal::ALL));
}

#[test]
fn what_is_written_after_an_erasure_by_force_is_erased_in_its_turn() {
    let ticket = submitted().erase(Personal::ALL, true, &administrator(), at(1)).unwrap().unwrap().ticket;
    let unit = UnitId::parse("tianhe-env").unwrap();
    let ticket = ticket
        .dispatch(unit, None, Note::parse("市民张三在等").unwrap(), &administrator(), at(2))
        .unwrap()
        .ticket;
    assert_eq!(ticket.erased, CONTACT, "texts may be left again");
    let ticket = ticket.cancel(reason("市民张三撤回"), &administrator(), at(3)).unwrap().ticket;
    let ticket = ticket.erase(TEXTS, false, &administrator(), at(4)).unwrap().unwrap().ticket;
    assert_eq!((ticket.erased, ticket.cancel_reason.as_str()), (Personal::ALL, ERASED));
}

#[test]
fn a_reopened_ticket_has_texts_again() {
    let mut ticket = submitted();
    ticket.phase = Phase::Closed;
    ticket.closed_at = Some(at(0));
    let ticket = ticket.erase(Personal::ALL, false, &administrator(), at(1)).unwrap().unwrap().ticket;
    let ticket = ticket
        .reopen(reason("没解决"), false, None, &Rules::default(), &administrator(), at(2))
        .unwrap()
        .ticket;
    assert_eq!(ticket.erased, CONTACT);
    assert_eq!(TEXTS.without(ticket.erased), TEXTS);
}

#[test]
fn a_citizen_who_asked_goes_with_the_contact_and_staff_stay() {
    for (by, kept) in
        [(citizen(), Actor::somebody(PrincipalKind::Citizen)), (administrator(), administrator())]
    {
        let ticket = Ticket::submitted(new(), intake(), &by, at(0)).ticket;
        let ticket = ticket.erase(TEXTS, true, &administrator(), at(1)).unwrap().unwrap().ticket;
        assert_eq!(ticket.created_by, by);
        let ticket = ticket.erase(CONTACT, true, &administrator(), at(2)).unwrap().unwrap().ticket;
        assert_eq!(ticket.created_by, kept);
    }
}
