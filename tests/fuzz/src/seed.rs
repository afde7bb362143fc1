//! Something real for the requests to be about: tickets in several phases, with clocks, tasks and a rule.

use gongdan_e2e::{
    desk::{Desk, complaint},
    organisation::{self, ENVIRONMENT},
    suite::Suite,
};
use gongdan_proto::tickets::v1::{CreateTicketRequest, Phase, Ticket};

/// Lives of some tickets, and what they leave everywhere.
pub async fn sow(suite: &Suite) {
    organisation::rule(suite, "noise", "ticket.subject.contains('噪音')", ENVIRONMENT).await;
    let mut desk = Desk::open(suite).await;
    for round in 0..4 {
        let ticket = create(&mut desk, complaint(&format!("噪音扰民 {round}"))).await;
        let dispatched = desk.in_phase(&ticket, Phase::Dispatched).await;
        if round > 0 {
            desk.accept(&dispatched).await;
        }
        if round > 1 {
            desk.resolve(&dispatched).await;
            desk.in_phase(&ticket, Phase::InCallback).await;
        }
        if round > 2 {
            desk.call_back(&ticket, true, true).await;
            desk.in_phase(&ticket, Phase::Closed).await;
        }
    }
}

/// The first of a service that has just started may take longer than its deadline where much else runs; a retry is the
/// same request.
async fn create(desk: &mut Desk, request: CreateTicketRequest) -> Ticket {
    let mut last = None;
    for _ in 0..5 {
        match desk.tickets.create_ticket(request.clone()).await {
            Ok(ticket) => return ticket.into_inner(),
            Err(refused) => last = Some(refused),
        }
    }
    panic!("no ticket is created: {last:?}");
}
