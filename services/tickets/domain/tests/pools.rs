//! 抢单: what is claimed from a pool, and put back into it.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

mod support;

use gongdan_tickets_domain::{Actor, Note, Phase, Pool, PrincipalId, PrincipalKind, Refusal, Rules, Ticket};
use support::{administrator, at, member, reason, submitted, unit};

fn pool_of(name: &str, claim_limit: u32) -> Pool {
    Pool { unit: Some(unit(name)), reason: "按规则".to_owned(), claim_limit }
}

#[test]
fn what_was_claimed_is_put_back_without_being_a_return_of_the_unit() {
    let waiting = Ticket { pool: Some(pool_of("a", 3)), ..submitted() };
    let claimed = waiting.clone().claim(&member("a"), at(1)).unwrap().ticket;
    assert_eq!((&claimed.pool, &claimed.claimed_from), (&None, &waiting.pool));
    let stranger = claimed.clone().put_back(reason("请病假"), &member("b"), at(2));
    assert_eq!(stranger.err(), Some(Refusal::NotRecipient));
    let back = claimed.clone().put_back(reason("请病假"), &member("a"), at(2)).unwrap();
    let names: Vec<_> = back.events().map(|event| event.change.name()).collect();
    assert_eq!(names, ["returned", "pooled"]);
    let back = back.ticket;
    assert_eq!((back.phase, &back.pool, &back.claimed_from), (Phase::PendingDispatch, &waiting.pool, &None));
    assert_eq!((back.return_count, back.returned_by.len(), back.is_returned()), (0, 0, false));
    assert_eq!((&back.lead_unit, &back.handler), (&None, &None));
    assert_eq!(back.put_back_by, [member("a").id]);

    let returned = claimed.return_to_pool(reason("不属于"), &Rules::default(), &member("a"), at(2)).unwrap();
    assert_eq!(
        (returned.ticket.return_count, returned.ticket.pool),
        (1, None),
        "the unit says it is not its"
    );
}

#[test]
fn what_came_otherwise_is_not_put_back() {
    let dispatched = submitted().dispatch(unit("a"), None, Note::default(), &administrator(), at(1));
    let dispatched = dispatched.unwrap().ticket;
    let accepted = dispatched.clone().accept(&member("a"), at(2)).unwrap().ticket;
    let waiting = Ticket { pool: Some(pool_of("a", 0)), ..submitted() };
    let claimed = waiting.claim(&member("a"), at(1)).unwrap().ticket;
    let mate = PrincipalId::parse("wang.fang").unwrap();
    let handed_on = claimed.transfer(unit("a"), Some(mate), reason("轮班"), &member("a"), at(2));
    for ticket in [dispatched, accepted, handed_on.unwrap().ticket] {
        let refused = ticket.put_back(reason("请病假"), &member("a"), at(3));
        assert_eq!(refused.err(), Some(Refusal::NotClaimed));
    }
}

#[test]
fn a_pool_limits_what_people_may_claim_and_not_programs() {
    let ticket = Ticket { pool: Some(pool_of("a", 2)), ..submitted() };
    assert_eq!(ticket.claim_limit(&member("a")), Some(2));
    assert_eq!(ticket.claim_limit(&Actor { kind: PrincipalKind::Service, ..member("a") }), None);
    assert_eq!(Ticket { pool: Some(pool_of("a", 0)), ..submitted() }.claim_limit(&member("a")), None);
    assert_eq!(submitted().claim_limit(&member("a")), None);
}

#[test]
fn a_pool_is_claimed_from_by_its_members_and_by_who_acts_for_any_unit() {
    let mut ticket = submitted();
    let waiting = ticket.clone().claim(&member("a"), at(1)).unwrap().ticket;
    assert_eq!(
        waiting.lead_unit,
        Some(unit("a")),
        "what waits for dispatchers is claimed for one's own unit"
    );
    let nowhere = Actor { unit_ids: Vec::new(), ..administrator() };
    assert_eq!(ticket.clone().claim(&nowhere, at(1)).err(), Some(Refusal::NoUnitToClaimFor));
    ticket.pool = Some(pool_of("a", 0));
    assert_eq!(ticket.clone().claim(&member("b"), at(1)).err(), Some(Refusal::NotRecipient));
    for by in [member("a"), administrator()] {
        let claimed = ticket.clone().claim(&by, at(1)).unwrap().ticket;
        assert_eq!(
            (claimed.phase, claimed.lead_unit, claimed.pool),
            (Phase::InProgress, Some(unit("a")), None)
        );
    }
}
