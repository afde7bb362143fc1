//! Whom a sensitive ticket is given to by hand may see it: else it would vanish from everybody's sight.

use crate::{
    suite::{Suite, dispatch, fields, id, transfer},
    supervised::escalate,
    visits::{book, visits},
};
use gongdan_proto::tickets::v1::{self as pb, Phase, bulk_act_request::Act};
use gongdan_testkit::PrincipalSpec;
use tonic::{Code, Status};

impl Suite {
    /// `tianhe-env` with `li.wei`, who may not see sensitive tickets, and `zhou.qi` and `wu.gang`, who may.
    async fn with_trusted() -> Self {
        let suite = Self::start().await;
        for name in ["zhou.qi", "wu.gang"] {
            let trusted = PrincipalSpec::new(name).unit("tianhe-env").role("handler").right("sensitive");
            suite.env.principal(trusted).await;
        }
        suite
    }

    async fn shown_to(&self, person: &str, ticket: &pb::Ticket) -> Result<pb::Ticket, Status> {
        let request = pb::GetTicketRequest { ticket: ticket.id.clone(), in_clear: false };
        self.tickets(person).get_ticket(request).await.map(tonic::Response::into_inner)
    }

    /// What one act on one ticket comes to.
    async fn assigned(&self, by: &str, ticket: &pb::Ticket, person: &str) -> pb::BulkActResponse {
        let act = pb::BulkAssign { person_id: person.to_owned(), reason: "轮班".to_owned() };
        let request = pb::BulkActRequest {
            request_id: id(),
            tickets: vec![ticket.id.clone()],
            act: Some(Act::Assign(act)),
            ..Default::default()
        };
        let mut results = self.bulks(by).bulk_act(request).await.unwrap().into_inner();
        results.message().await.unwrap().unwrap()
    }
}

fn blind(refused: Status) {
    assert_eq!((refused.code(), fields(&refused)), (Code::InvalidArgument, vec!["person_id".to_owned()]));
    assert!(format!("{refused:?}").contains("li.wei may not see sensitive tickets"), "{refused:?}");
}

#[tokio::test]
async fn a_sensitive_ticket_is_given_only_to_who_may_see_it() {
    let suite = Suite::with_trusted().await;
    let ticket = suite.submitted().await;
    suite.marked_sensitive(&ticket).await;
    let (mut chen, mut zhou) = (suite.tickets("chen.jing"), suite.tickets("zhou.qi"));
    let to = |person: &str| pb::DispatchTicketRequest {
        person_id: person.to_owned(),
        ..dispatch(&ticket, "tianhe-env")
    };
    blind(chen.dispatch_ticket(to("li.wei")).await.unwrap_err());
    let given = chen.dispatch_ticket(to("zhou.qi")).await.unwrap().into_inner();
    assert_eq!((given.phase(), given.handler_id.as_str()), (Phase::Dispatched, "zhou.qi"));
    suite.shown_to("zhou.qi", &ticket).await.unwrap();

    let on = |person: &str| pb::TransferTicketRequest {
        person_id: person.to_owned(),
        ..transfer(&ticket, "tianhe-env")
    };
    blind(zhou.transfer_ticket(on("li.wei")).await.unwrap_err());
    assert_eq!(zhou.transfer_ticket(on("wu.gang")).await.unwrap().into_inner().handler_id, "wu.gang");

    let refused = suite.assigned("wu.gang", &ticket, "li.wei").await;
    assert!(format!("{refused:?}").contains("li.wei may not see sensitive tickets"), "{refused:?}");
    let done = suite.assigned("wu.gang", &ticket, "zhou.qi").await.done.unwrap();
    assert_eq!(done.handler_id, "zhou.qi");

    let up = |person: &str| pb::EscalateTicketRequest {
        person_id: person.to_owned(),
        ..escalate(&ticket, "tianhe-env")
    };
    blind(suite.supervision("zhou.qi").escalate_ticket(up("li.wei")).await.unwrap_err());
    let up = suite.supervision("zhou.qi").escalate_ticket(up("wu.gang")).await.unwrap().into_inner();
    assert_eq!((up.tier, up.handler_id.as_str()), (2, "wu.gang"));
}

#[tokio::test]
async fn what_is_not_sensitive_is_given_to_anybody_of_the_unit() {
    let suite = Suite::with_trusted().await;
    let ticket = suite.submitted().await;
    let to = |person: &str| pb::DispatchTicketRequest {
        person_id: person.to_owned(),
        ..dispatch(&ticket, "tianhe-env")
    };
    let stranger = suite.tickets("chen.jing").dispatch_ticket(to("wang.fang")).await.unwrap_err();
    assert_eq!(fields(&stranger), ["person_id"], "of another unit");
    suite.tickets("chen.jing").dispatch_ticket(to("li.wei")).await.unwrap();
    suite.shown_to("li.wei", &ticket).await.unwrap();
}

#[tokio::test]
async fn nobody_is_sent_to_a_visit_about_what_they_may_not_see() {
    let suite = Suite::with_trusted().await;
    let ticket = suite.submitted().await;
    suite.marked_sensitive(&ticket).await;
    let to = pb::DispatchTicketRequest { person_id: "zhou.qi".to_owned(), ..dispatch(&ticket, "tianhe-env") };
    suite.tickets("chen.jing").dispatch_ticket(to).await.unwrap();
    let accept =
        pb::AcceptTicketRequest { request_id: id(), ticket: ticket.id.clone(), ..Default::default() };
    suite.tickets("zhou.qi").accept_ticket(accept).await.unwrap();
    let by = |person: &str| pb::BookVisitRequest { person_id: person.to_owned(), ..book(&suite, &ticket) };
    let mut visits = visits(&suite, "zhou.qi");
    blind(visits.book_visit(by("li.wei")).await.unwrap_err());
    let booked = visits.book_visit(by("wu.gang")).await.unwrap().into_inner();
    let moved = pb::MoveVisitRequest {
        request_id: id(),
        ticket: ticket.id.clone(),
        visit_id: booked.visits[0].id.clone(),
        window_start: booked.visits[0].window_start,
        window_end: booked.visits[0].window_end,
        person_id: "li.wei".to_owned(),
        reason: "改期".to_owned(),
        ..Default::default()
    };
    blind(visits.move_visit(moved).await.unwrap_err());
}
