//! DESIGN rule 16: whose clocks a caller sees.

use crate::suite::{Suite, TicketLife, refused};
use gongdan_proto::sla::v1::{self as pb, ClockKind, ClockState};
use gongdan_testkit::PrincipalSpec;
use std::collections::BTreeSet;
use tonic::Code;

const PART: &str = "sibling county, own unit takes part";

/// What somebody of Tianhe whose unit is `tianhe-desk` sees, without the right.
const SEEN: [&str; 2] = ["own county", PART];

fn ticket(number: usize, region: &str) -> TicketLife {
    let mut ticket = TicketLife::complaint(&format!("GD26030200000000{number:02}"), "2026-03-02T09:00");
    ticket.state.region = format!("{region:0<12}");
    ticket
}

#[tokio::test]
async fn clocks_are_listed_and_shown_within_the_scope() {
    let suite = Suite::at("2026-03-02T09:00").await;
    let service = suite.serve().await;
    let mut tickets = [
        ("own county", ticket(1, "440106")),
        (PART, ticket(2, "440104")),
        ("sibling county", ticket(3, "440104")),
        ("parent city", ticket(4, "4401")),
        ("other province", ticket(5, "430102")),
        ("sensitive", ticket(6, "440106")),
    ];
    tickets[1].1.state.participant_unit_ids = vec!["tianhe-desk".into()];
    tickets[5].1.state.sensitive = true;
    let mut clocks = Vec::new();
    for (_, ticket) in &mut tickets {
        ticket.submitted(&suite, "2026-03-02T09:00").await;
        clocks
            .push(suite.clock_in(&service, &ticket.state.id, ClockKind::Handling, ClockState::Running).await);
    }
    let staff = |id: &str| PrincipalSpec::new(id).role("supervisor").unit("tianhe-desk").region("440106");
    for (spec, sensitive) in [(staff("wu"), false), (staff("xu").right("sensitive"), true)] {
        let who = spec.message().id;
        suite.env.principal(spec).await;
        let expected: BTreeSet<_> = SEEN.into_iter().chain(sensitive.then_some("sensitive")).collect();
        let mut client = suite.clocks(&service, &who);
        for ((standing, ticket), clock) in tickets.iter().zip(&clocks) {
            let seen = expected.contains(standing);
            for name in [&ticket.state.id, &ticket.state.number] {
                let request = pb::ListClocksRequest { ticket: name.clone(), ..Default::default() };
                let listed = client.list_clocks(request).await.unwrap().into_inner().clocks;
                assert_eq!(listed.is_empty(), !seen, "{who}: {standing}");
            }
            match client.get_clock(pb::GetClockRequest { id: clock.id.clone() }).await {
                Ok(got) => assert!(seen && got.into_inner() == *clock, "{who}: {standing}"),
                Err(status) => {
                    let is = refused(&status);
                    assert_eq!(
                        (seen, is),
                        (false, (Code::NotFound, "CLOCK_NOT_FOUND".to_owned())),
                        "{who}: {standing}"
                    );
                }
            }
        }
    }
    service.stop().await;
}
