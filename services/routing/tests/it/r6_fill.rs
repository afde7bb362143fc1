//! What was held before routing kept it, read once from tickets' log. Source: R6.

use crate::support::{Suite, TestTicket};
use gongdan_bus::Origin;
use gongdan_proto::{
    routing::v1 as pb,
    tickets::v1::{self as tickets, Phase, ticket_event::Change},
};
use gongdan_testkit::eventually;

async fn held(suite: &Suite, person: &str) -> i32 {
    let request = pb::GetLoadRequest { person_id: person.to_owned() };
    suite.duty("admin").get_load(request).await.map_or(-1, |load| load.into_inner().held)
}

async fn done(suite: &Suite) -> bool {
    let done = sqlx::query_scalar("SELECT done_at IS NOT NULL FROM holdings_fill");
    done.fetch_one(suite.env.pool()).await.unwrap()
}

fn dispatched() -> Change {
    Change::Dispatched(tickets::Dispatched { unit_id: "env".into(), ..tickets::Dispatched::default() })
}

#[tokio::test]
async fn r6_tickets_held_before_are_counted_once_and_only_while_they_are_held() {
    let mut suite = Suite::start().await;
    suite.import_guangzhou().await;
    let people = vec![crate::support::person("li.wei", "env")];
    let request = pb::ImportOrganisationRequest {
        request_id: crate::support::id(),
        principals: people,
        ..pb::ImportOrganisationRequest::default()
    };
    suite.import(request).await;
    eventually("an empty log is read", async || done(&suite).await).await;
    // More than one transaction of them, of which every other one is resolved by now; routing heard of none.
    for n in 0..600 {
        let mut ticket = TestTicket::new("环境");
        ticket.state.phase = Phase::Dispatched.into();
        ticket.state.lead_unit_id = "env".into();
        ticket.state.handler_id = "li.wei".into();
        suite.log_only(&ticket, "dispatched", Origin::Live, dispatched()).await;
        if n % 2 == 0 {
            ticket.next(Phase::Resolved);
            let resolved = Change::Resolved(tickets::Resolved::default());
            suite.log_only(&ticket, "resolved", Origin::Live, resolved).await;
        }
    }
    assert_eq!(held(&suite, "li.wei").await, 0);
    for what in ["what was held is known", "and read again it is the same"] {
        sqlx::query("UPDATE holdings_fill SET position = NULL, done_at = NULL")
            .execute(suite.env.pool())
            .await
            .unwrap();
        suite.restart().await;
        eventually(what, async || done(&suite).await && held(&suite, "li.wei").await == 300).await;
    }
}

#[tokio::test]
async fn r6_it_comes_to_an_end_while_tickets_goes_on_and_until_then_nothing_is_said_to_be_held_by_nobody() {
    let mut suite = Suite::start().await;
    suite.import_guangzhou().await;
    eventually("an empty log is read", async || done(&suite).await).await;
    let check = async |suite: &Suite, unit: &str| {
        let request = pb::CheckOrganisationRequest { unit_id: unit.to_owned() };
        let found = suite.organisation("admin").check_organisation(request).await.unwrap().into_inner();
        let unknown = pb::OrganisationFindingKind::TicketsNotYetKnown;
        found.findings.iter().filter(|found| found.kind() == unknown).count()
    };
    assert_eq!((check(&suite, "").await, check(&suite, "env").await), (0, 0));
    // As an earlier release left it: nothing was read, and somebody leaves.
    sqlx::query("UPDATE holdings_fill SET position = NULL, done_at = NULL, until = now()")
        .execute(suite.env.pool())
        .await
        .unwrap();
    assert_eq!((check(&suite, "").await, check(&suite, "env").await), (1, 1));
    let row = |active| pb::PrincipalRow { active: Some(active), ..crate::support::person("li.wei", "env") };
    let people = |active| pb::ImportOrganisationRequest {
        request_id: crate::support::id(),
        principals: vec![row(active)],
        ..pb::ImportOrganisationRequest::default()
    };
    suite.import(people(true)).await;
    let told = suite.import(people(false)).await.findings;
    assert_eq!(told[0].kind(), pb::OrganisationFindingKind::TicketsNotYetKnown, "{told:?}");

    let write = async |suite: &Suite| {
        let mut ticket = TestTicket::new("环境");
        ticket.state.phase = Phase::Dispatched.into();
        ticket.state.lead_unit_id = "env".into();
        suite.log_only(&ticket, "dispatched", Origin::Live, dispatched()).await;
    };
    write(&suite).await;
    suite.restart().await;
    // One after the other, so that every round finds something new.
    let steady = async {
        loop {
            write(&suite).await;
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::select! {
        () = eventually("what was held is known", async || done(&suite).await) => {}
        () = steady => {}
    }
    assert_eq!(check(&suite, "env").await, 0);
}
