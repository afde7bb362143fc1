//! T36: a citizen who asks by an account of their own and in confidence is not named by it.

use crate::suite::{Suite, accept, complaint, dispatch, give_back, id, resolve, urge};
use gongdan_proto::{
    common::v1::PrincipalKind,
    tickets::v1::{self as pb, watch_tickets_response::Kind},
};
use gongdan_testkit::{PATIENCE, PrincipalSpec};
use prost::Message;

const CITIZEN: &str = "citizen.liu";
const NAME: &str = "刘洋";

async fn asked_by_a_citizen(suite: &Suite, reporter_confidential: bool) -> pb::Ticket {
    suite.env.principal(PrincipalSpec::new(CITIZEN).citizen(&id()).name(NAME)).await;
    let request = pb::CreateTicketRequest { reporter_confidential, ..complaint() };
    let ticket = suite.tickets(CITIZEN).create_ticket(request).await.unwrap().into_inner();
    suite.tickets(CITIZEN).urge_ticket(urge(&ticket)).await.unwrap();
    ticket
}

async fn get(suite: &Suite, who: &str, ticket: &str) -> pb::Ticket {
    let request = pb::GetTicketRequest { ticket: ticket.to_owned(), in_clear: false };
    suite.tickets(who).get_ticket(request).await.unwrap().into_inner()
}

async fn timeline(suite: &Suite, who: &str, ticket: &str) -> pb::ListTimelineResponse {
    let request = pb::ListTimelineRequest { ticket: ticket.to_owned(), ..Default::default() };
    suite.tickets(who).list_timeline(request).await.unwrap().into_inner()
}

fn names_the_citizen(answer: &impl Message) -> bool {
    let bytes = answer.encode_to_vec();
    [CITIZEN, NAME].iter().any(|name| bytes.windows(name.len()).any(|window| window == name.as_bytes()))
}

#[tokio::test]
async fn a_handling_unit_does_not_learn_it_from_who_acted() {
    let suite = Suite::start().await;
    let ticket = asked_by_a_citizen(&suite, true).await;
    assert!(names_the_citizen(&ticket), "who asked sees themselves");
    suite.tickets("chen.jing").dispatch_ticket(dispatch(&ticket, "tianhe-env")).await.unwrap();

    let mut unit = suite.tickets("li.wei");
    let request = pb::WatchTicketsRequest {
        filter: Some(pb::TicketFilter { phases: vec![pb::Phase::Dispatched.into()], ..Default::default() }),
        include_current: true,
        ..Default::default()
    };
    let mut watched = unit.watch_tickets(request).await.unwrap().into_inner();
    let request = accept(&ticket);
    let accepted = unit.accept_ticket(request.clone()).await.unwrap().into_inner();
    let retried = unit.accept_ticket(request).await.unwrap().into_inner();
    let resolved = unit.resolve_ticket(resolve(&ticket)).await.unwrap().into_inner();
    let got = get(&suite, "li.wei", &ticket.id).await;
    let listed = unit.list_tickets(pb::ListTicketsRequest::default()).await.unwrap().into_inner();
    for shown in [&accepted, &retried, &resolved, &got, &listed.tickets[0]] {
        assert!(!names_the_citizen(shown), "{shown:?}");
        assert_eq!(
            shown.created_by.as_ref().unwrap().kind(),
            PrincipalKind::Citizen,
            "that it was one stays"
        );
    }
    let told = timeline(&suite, "li.wei", &ticket.id).await;
    assert!(!names_the_citizen(&told), "{told:?}");
    assert_eq!(told.entries[2].actor.as_ref().unwrap().id, "chen.jing", "staff are named");
    let left = tokio::time::timeout(PATIENCE, async {
        loop {
            let message = watched.message().await.unwrap().expect("the stream goes on");
            assert!(!names_the_citizen(&message), "{message:?}");
            if message.kind() == Kind::Left {
                return message;
            }
        }
    });
    assert_eq!(left.await.expect("it leaves").change, "accepted");

    // Those who may know do.
    assert!(names_the_citizen(&get(&suite, "chen.jing", &ticket.id).await));
    assert!(names_the_citizen(&timeline(&suite, "chen.jing", &ticket.id).await));
    assert!(names_the_citizen(&timeline(&suite, CITIZEN, &ticket.id).await));
}

#[tokio::test]
async fn who_asks_openly_is_named() {
    let suite = Suite::start().await;
    let ticket = asked_by_a_citizen(&suite, false).await;
    suite.tickets("chen.jing").dispatch_ticket(dispatch(&ticket, "tianhe-env")).await.unwrap();
    assert!(names_the_citizen(&get(&suite, "li.wei", &ticket.id).await));
    assert!(names_the_citizen(&timeline(&suite, "li.wei", &ticket.id).await));
}

#[tokio::test]
async fn a_citizen_is_not_told_what_staff_say_among_themselves() {
    let suite = Suite::start().await;
    let ticket = asked_by_a_citizen(&suite, false).await;
    suite.tickets("chen.jing").dispatch_ticket(dispatch(&ticket, "tianhe-env")).await.unwrap();
    suite.tickets("li.wei").accept_ticket(accept(&ticket)).await.unwrap();
    suite.tickets("li.wei").return_ticket(give_back(&ticket)).await.unwrap();
    suite.tickets("chen.jing").dispatch_ticket(dispatch(&ticket, "tianhe-env")).await.unwrap();
    suite.tickets("li.wei").accept_ticket(accept(&ticket)).await.unwrap();
    let request = resolve(&ticket);
    let (cause, reply) = ("内部说法乙", "已责令停工");
    let request =
        pb::ResolveTicketRequest { root_cause: cause.to_owned(), reply: reply.to_owned(), ..request };
    suite.tickets("li.wei").resolve_ticket(request).await.unwrap();
    let theirs = get(&suite, CITIZEN, &ticket.id).await;
    assert_eq!(theirs.resolution.as_ref().unwrap().reply, reply);
    let told = timeline(&suite, CITIZEN, &ticket.id).await;
    let changes: Vec<_> = told.entries.iter().filter_map(|entry| entry.change.as_ref()).collect();
    assert!(changes.iter().any(|change| matches!(change, pb::ticket_event::Change::Resolved(_))));
    for inside in ["不属于本部门职责", cause] {
        assert!(!format!("{theirs:?}{told:?}").contains(inside), "{inside}");
        let staff = (get(&suite, "li.wei", &ticket.id).await, timeline(&suite, "li.wei", &ticket.id).await);
        assert!(format!("{staff:?}").contains(inside), "{inside} is there for staff");
    }
    assert!(!changes.iter().any(|change| matches!(change, pb::ticket_event::Change::Returned(_))));
}
