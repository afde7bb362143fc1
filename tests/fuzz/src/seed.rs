//! Something real for the requests to be about: tickets in several phases, with clocks, tasks and a rule.

use gongdan_e2e::{
    desk::{Desk, complaint},
    organisation::{self, ENVIRONMENT},
    suite::Suite,
};
use gongdan_proto::tickets::v1::Phase;

/// Lives of some tickets, and what they leave everywhere.
pub async fn sow(suite: &Suite) {
    organisation::rule(suite, "noise", "ticket.subject.contains('噪音')", ENVIRONMENT).await;
    let mut desk = Desk::open(suite).await;
    for round in 0..4 {
        let ticket = desk.create(complaint(&format!("噪音扰民 {round}"))).await;
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
