//! In which queues a ticket stands, act by act, and that counts follow.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

mod support;

use gongdan_tickets_domain::{
    Actor, Changed, CloseReason, Deltas, Outcome, Owner, Place, PrincipalId, Queue, Rules, Ticket,
};
use std::collections::BTreeMap;
use support::{administrator, at, citizen, intake, member, new, reason, reply, solution, submitted, unit};

fn stands(ticket: &Ticket) -> Vec<String> {
    let owner = |place: &Place| match &place.owner {
        Owner::Region => "region".to_owned(),
        Owner::Unit(unit) => unit.to_string(),
        Owner::Person(person) => person.to_string(),
    };
    ticket.places().iter().map(|place| format!("{} {}", place.queue, owner(place))).collect()
}

fn dispatched() -> Ticket {
    submitted().dispatch(unit("env"), None, Default::default(), &administrator(), at(1)).unwrap().ticket
}

fn accepted() -> Ticket {
    dispatched().accept(&member("env"), at(2)).unwrap().ticket
}

fn resolved() -> Ticket {
    accepted()
        .resolve(Outcome::Solved, solution(), Default::default(), None, reply(), &member("env"), at(3))
        .unwrap()
        .ticket
}

#[test]
fn a_draft_stands_in_its_creators_drafts_and_nowhere_else() {
    let draft = Ticket::saved(new(), intake(), &administrator(), at(0)).ticket;
    assert_eq!(stands(&draft), ["drafts admin"]);
    assert!(!draft.places()[0].own);
    let own = Ticket::saved(new(), intake(), &citizen(), at(0)).ticket;
    assert!(own.places()[0].own, "a citizen sees it because it is theirs");
}

#[test]
fn each_step_of_a_life_has_its_queues() {
    assert_eq!(stands(&submitted()), ["region_open region", "my_done admin"]);
    assert_eq!(stands(&dispatched()), ["region_open region", "group env", "my_done admin"]);
    assert_eq!(stands(&accepted()), ["region_open region", "group env", "my_todo li.wei", "my_done admin"]);
    assert_eq!(stands(&resolved()), ["my_done admin", "my_done li.wei"]);
    let closed = resolved().close(CloseReason::Timer, None, &administrator(), at(4)).unwrap().ticket;
    assert_eq!(stands(&closed), ["my_done admin", "my_done li.wei", "history region", "history env"]);
}

#[test]
fn who_has_it_again_has_not_done_with_it() {
    let rules = Rules::default();
    let again =
        resolved().reopen(reason("没有解决"), true, None, &rules, &administrator(), at(5)).unwrap().ticket;
    assert_eq!(stands(&again), ["region_open region", "group env", "my_todo li.wei", "my_done admin"]);
}

#[test]
fn what_came_back_waits_among_the_returned_until_it_is_dispatched() {
    let rules = Rules::default();
    let back =
        accepted().return_to_pool(reason("不属于本部门"), &rules, &member("env"), at(3)).unwrap().ticket;
    assert!(back.is_returned());
    assert_eq!(stands(&back), ["region_open region", "my_done admin", "my_done li.wei", "returned region"]);
    let out = back.dispatch(unit("roads"), None, Default::default(), &administrator(), at(4)).unwrap().ticket;
    assert!(!stands(&out).iter().any(|place| place.starts_with("returned")));
}

#[test]
fn a_doer_is_seen_through_the_unit_they_did_it_for() {
    let done = resolved();
    let place = |who: &str| {
        let who = Owner::Person(PrincipalId::parse(who).unwrap());
        done.places().into_iter().find(|p| p.owner == who && p.queue == Queue::MyDone).unwrap()
    };
    assert_eq!(place("li.wei").unit, Some(unit("env")));
    assert_eq!(place("admin").unit, None, "a dispatcher's own unit took no part");
}

#[test]
fn a_ticket_that_moves_takes_its_overdue_places_along() {
    let (before, after) = (dispatched(), submitted());
    let moved = Deltas::between(Some(&before), &after);
    let overdue: Vec<(Queue, &Owner, i32)> =
        moved.if_overdue.iter().map(|(place, delta)| (place.queue, &place.owner, *delta)).collect();
    assert_eq!(overdue, [(Queue::Overdue, &Owner::Unit(unit("env")), -1)]);
    assert_eq!(Deltas::between(Some(&before), &before), Deltas::default());
}

#[test]
fn becoming_sensitive_moves_a_ticket_to_other_places() {
    let open = accepted();
    let mut secret = open.clone();
    secret.sensitive = true;
    let deltas = Deltas::between(Some(&open), &secret).always;
    assert_eq!(deltas.len(), 2 * open.places().len());
    assert_eq!(deltas.iter().map(|(_, delta)| delta).sum::<i32>(), 0);
    assert!(deltas.iter().all(|(place, delta)| place.sensitive == (*delta == 1)));
}

type Act = fn(Ticket, &Rules, &Actor, i64) -> Option<Changed>;

/// Whatever is done in whatever order, sums of deltas are what stands there.
#[test]
fn sums_of_deltas_are_what_stands_there() {
    let rules = Rules::default();
    let acts: [Act; 8] = [
        |t, _, by, s| t.dispatch(unit("env"), None, Default::default(), by, at(s)).ok(),
        |t, _, by, s| t.accept(by, at(s)).ok(),
        |t, r, by, s| t.return_to_pool(reason("退"), r, by, at(s)).ok(),
        |t, _, by, s| t.transfer(unit("roads"), None, reason("转"), by, at(s)).ok(),
        |t, _, by, s| {
            t.resolve(Outcome::Solved, solution(), Default::default(), None, reply(), by, at(s)).ok()
        },
        |t, r, by, s| t.reopen(reason("重办"), s % 2 == 0, None, r, by, at(s)).ok(),
        |t, _, by, s| t.close(CloseReason::Timer, None, by, at(s)).ok(),
        |t, r, by, s| t.urge(Default::default(), r, by, at(s)).ok(),
    ];
    let people = [administrator(), member("env"), Actor { any_unit: true, ..member("roads") }];
    let mut random = 7_u64;
    let mut next = |below: usize| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(random >> 33).unwrap() % below
    };
    for _ in 0..200 {
        let begun = Ticket::submitted(new(), intake(), &administrator(), at(0));
        let mut counts: BTreeMap<Place, i32> = BTreeMap::new();
        let mut count = |before: Option<&Ticket>, after: &Ticket| {
            for (place, delta) in Deltas::between(before, after).always {
                *counts.entry(place).or_default() += delta;
            }
            counts.retain(|_, n| *n != 0);
            assert!(counts.values().all(|n| *n == 1), "{counts:?}");
            let mut places = after.places();
            places.sort();
            assert_eq!(counts.keys().cloned().collect::<Vec<_>>(), places);
        };
        let mut ticket = begun.ticket;
        count(None, &ticket);
        for second in 1..30 {
            if let Some(changed) = acts[next(8)](ticket.clone(), &rules, &people[next(3)], second) {
                count(Some(&ticket), &changed.ticket);
                ticket = changed.ticket;
            }
        }
    }
}
