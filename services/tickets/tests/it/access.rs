//! X4, DESIGN rule 16: who sees which tickets, and who may do what with them.

use crate::suite::{Suite, accept, claim, complaint, dispatch, id, reason, transfer, urge, with_phone};
use crate::t31_workflow::put;
use gongdan_clock::SystemClock;
use gongdan_proto::tickets::v1::{self as pb, lookup_customer_request::Key, watch_tickets_response::Kind};
use gongdan_testkit::{PATIENCE, PrincipalSpec, eventually};
use gongdan_tickets_domain::workflow::SHIPPED;
use std::sync::Arc;
use tonic::Code;

/// Staff of a county, its sibling, the city, another province, and one nobody gave anything.
async fn staff(suite: &Suite) {
    for (name, region) in [("tianhe", "440106"), ("yuexiu", "440103"), ("guangzhou", "4401"), ("hunan", "43")]
    {
        suite.env.principal(PrincipalSpec::new(name).role("agent").region(region)).await;
    }
    suite.env.principal(PrincipalSpec::new("nobody").role("agent")).await;
}

async fn in_region(suite: &Suite, region: &str) -> pb::Ticket {
    let request = pb::CreateTicketRequest { region: region.to_owned(), ..complaint() };
    suite.tickets("admin").create_ticket(request).await.unwrap().into_inner()
}

async fn sees(suite: &Suite, principal: &str, ticket: &pb::Ticket) -> bool {
    let get = pb::GetTicketRequest { ticket: ticket.id.clone(), in_clear: false };
    let by_get = match suite.tickets(principal).get_ticket(get).await {
        Ok(_) => true,
        Err(status) => {
            assert_eq!((status.code(), reason(&status).as_str()), (Code::NotFound, "TICKET_NOT_FOUND"));
            false
        }
    };
    let list = pb::ListTicketsRequest::default();
    let listed = suite.tickets(principal).list_tickets(list).await.unwrap().into_inner().tickets;
    assert_eq!(listed.iter().any(|t| t.id == ticket.id), by_get, "list and get agree for {principal}");
    let timeline = pb::ListTimelineRequest { ticket: ticket.id.clone(), ..Default::default() };
    assert_eq!(suite.tickets(principal).list_timeline(timeline).await.is_ok(), by_get);
    by_get
}

#[tokio::test]
async fn a_county_sees_itself_and_a_city_its_counties() {
    let suite = Suite::start().await;
    staff(&suite).await;
    for (region, seen_by) in [
        ("440106", &["tianhe", "guangzhou"][..]),
        ("440103", &["yuexiu", "guangzhou"]),
        ("440100", &["guangzhou"]),
        ("430100", &["hunan"]),
    ] {
        let ticket = in_region(&suite, region).await;
        for principal in ["tianhe", "yuexiu", "guangzhou", "hunan", "nobody"] {
            assert_eq!(
                sees(&suite, principal, &ticket).await,
                seen_by.contains(&principal),
                "{principal} {region}"
            );
        }
    }
}

#[tokio::test]
async fn a_unit_sees_what_it_takes_part_in_wherever_that_is() {
    let suite = Suite::start().await;
    let ticket = suite.dispatched("tianhe-env").await;
    assert!(sees(&suite, "li.wei", &ticket).await);
    assert!(!sees(&suite, "wang.fang", &ticket).await);
    suite.tickets("li.wei").transfer_ticket(transfer(&ticket, "yuexiu-env")).await.unwrap();
    assert!(sees(&suite, "wang.fang", &ticket).await);
    assert!(sees(&suite, "li.wei", &ticket).await, "a past holder");
    let refused = suite.tickets("li.wei").accept_ticket(accept(&ticket)).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied, "but it no longer has it");
    suite.tickets("wang.fang").accept_ticket(accept(&ticket)).await.unwrap();
}

#[tokio::test]
async fn sensitive_tickets_need_a_right_of_their_own() {
    let suite = Suite::start().await;
    staff(&suite).await;
    suite.env.principal(PrincipalSpec::new("trusted").role("agent").region("4401").right("sensitive")).await;
    let request = pb::CreateTicketRequest { sensitive: true, ..complaint() };
    let ticket = suite.tickets("admin").create_ticket(request).await.unwrap().into_inner();
    assert!(!sees(&suite, "tianhe", &ticket).await);
    assert!(!sees(&suite, "guangzhou", &ticket).await);
    assert!(sees(&suite, "trusted", &ticket).await);
    // Also for the unit that has it.
    suite.tickets("chen.jing").dispatch_ticket(dispatch(&ticket, "tianhe-env")).await.unwrap();
    assert!(!sees(&suite, "li.wei", &ticket).await);
    let hidden = suite.tickets("li.wei").accept_ticket(accept(&ticket)).await.unwrap_err();
    assert_eq!(hidden.code(), Code::NotFound);
}

#[tokio::test]
async fn what_one_may_see_one_may_not_therefore_do() {
    let suite = Suite::start().await;
    staff(&suite).await;
    suite.env.principal(PrincipalSpec::new("analyst").role("analyst").region("44")).await;
    let ticket = in_region(&suite, "440106").await;
    let refused = suite.tickets("tianhe").dispatch_ticket(dispatch(&ticket, "tianhe-env")).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied, "agents do not dispatch");
    let unseen = suite.tickets("yuexiu").urge_ticket(urge(&ticket)).await.unwrap_err();
    assert_eq!(unseen.code(), Code::NotFound, "what is not seen is not there");
    suite.tickets("tianhe").urge_ticket(urge(&ticket)).await.unwrap();
    let elsewhere = pb::CreateTicketRequest { region: "430100".to_owned(), ..complaint() };
    let refused = suite.tickets("tianhe").create_ticket(elsewhere).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied, "nor for another province");
    let get = pb::GetTicketRequest { ticket: ticket.id, in_clear: false };
    let refused = suite.tickets("analyst").get_ticket(get).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::PermissionDenied, "PERMISSION_DENIED"));
}

#[tokio::test]
async fn a_lookup_counts_and_shows_what_the_caller_may_see() {
    let suite = Suite::start().await;
    staff(&suite).await;
    for region in ["440106", "440103", "430100"] {
        let request = pb::CreateTicketRequest { region: region.to_owned(), ..with_phone("13800001234") };
        suite.tickets("admin").create_ticket(request).await.unwrap();
    }
    for (principal, count) in [("tianhe", 1), ("guangzhou", 2), ("hunan", 1), ("admin", 3), ("nobody", 0)] {
        let key = Some(Key::Phone("13800001234".to_owned()));
        let found = suite
            .customers(principal)
            .lookup_customer(pb::LookupCustomerRequest { key, in_clear: false })
            .await;
        let profile = found.unwrap().into_inner().customers.remove(0);
        assert_eq!((profile.total, profile.in_flight.len()), (count, count as usize), "{principal}");
    }
}

#[tokio::test]
async fn a_watcher_hears_of_what_it_may_see_and_that_it_left() {
    let suite = Suite::start().await;
    let mut stream = suite
        .tickets("wang.fang")
        .watch_tickets(pb::WatchTicketsRequest::default())
        .await
        .unwrap()
        .into_inner();
    suite.dispatched("tianhe-env").await;
    let mine = suite.dispatched("yuexiu-env").await;
    let heard = tokio::time::timeout(PATIENCE, async {
        loop {
            let message = stream.message().await.unwrap().expect("the stream goes on");
            if message.kind() != Kind::Heartbeat {
                return message;
            }
        }
    });
    assert_eq!(heard.await.expect("a message comes").ticket.unwrap().id, mine.id);
}

#[tokio::test]
async fn a_citizen_asks_and_sees_for_themselves() {
    let suite = Suite::start().await;
    let (mine, other) = (id(), id());
    suite.env.principal(PrincipalSpec::new("citizen.liu").citizen(&mine)).await;
    suite.env.principal(PrincipalSpec::new("citizen.wu").citizen(&other)).await;
    let ticket = suite.tickets("citizen.liu").create_ticket(with_phone("13800001234")).await.unwrap();
    let ticket = ticket.into_inner();
    assert_eq!(ticket.customer_id, mine);
    assert!(sees(&suite, "citizen.liu", &ticket).await);
    assert!(!sees(&suite, "citizen.wu", &ticket).await);
    assert!(!sees(&suite, "citizen.liu", &suite.submitted().await).await);
    suite.tickets("citizen.liu").urge_ticket(urge(&ticket)).await.unwrap();
    let refused = suite.tickets("citizen.liu").accept_ticket(accept(&ticket)).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
}

#[tokio::test]
async fn what_a_role_may_do_is_what_the_policies_say_and_the_workflow_asks_for() {
    let more = r#"permit (principal in Gongdan::Role::"supervisor",
        action in [Gongdan::Action::"tickets.dispatch", Gongdan::Action::"tickets.claim", Gongdan::Action::"handle"],
        resource) when { resource.in_region };"#;
    let suite = Suite::start_for(
        |env| {
            let path = env.dir().join("policies.cedar");
            std::fs::write(&path, format!("{}\n{more}", gongdan_access::DEFAULT_POLICIES)).unwrap();
            format!("[access]\npolicy_file = {:?}\n", path.display().to_string())
        },
        Arc::new(SystemClock),
    )
    .await;
    let supervisor = PrincipalSpec::new("supervisor").role("supervisor").unit("centre").region("4401");
    suite.env.principal(supervisor).await;
    let mut tickets = suite.tickets("supervisor");
    let ticket = in_region(&suite, "440106").await;
    let refused = tickets.dispatch_ticket(dispatch(&ticket, "tianhe-env")).await.unwrap_err();
    assert_eq!(
        reason(&refused),
        "STEP_NEEDS_ROLE",
        "what policies permit, a workflow may still give to others"
    );
    assert!(refused.message().contains("dispatcher"), "{}", refused.message());
    let open =
        SHIPPED[0].1.lines().filter(|line| !line.starts_with("roles = ")).collect::<Vec<_>>().join("\n");
    put(&suite, open).await;
    let ticket = in_region(&suite, "440106").await;
    tickets.dispatch_ticket(dispatch(&ticket, "tianhe-env")).await.unwrap();
    let accepted = tickets.accept_ticket(accept(&ticket)).await.unwrap().into_inner();
    assert_eq!(accepted.lead_unit_id, "tianhe-env", "for a unit that is not its own");
    let claimed = tickets.claim_ticket(claim(&in_region(&suite, "440106").await)).await.unwrap().into_inner();
    assert_eq!(claimed.lead_unit_id, "centre");
    let elsewhere = in_region(&suite, "430100").await;
    let unseen = tickets.dispatch_ticket(dispatch(&elsewhere, "tianhe-env")).await.unwrap_err();
    assert_eq!(unseen.code(), Code::NotFound);
}

#[tokio::test]
async fn policies_are_replaced_while_running_and_bad_ones_are_not_taken_in() {
    let shipped = gongdan_access::DEFAULT_POLICIES;
    let mut file = None;
    let suite = Suite::start_for(
        |env| {
            let path = env.dir().join("policies.cedar");
            std::fs::write(&path, shipped).unwrap();
            let overrides = format!(
                "[access]\npolicy_file = {:?}\ncheck_interval = \"20ms\"\n",
                path.display().to_string()
            );
            file = Some(path);
            overrides
        },
        Arc::new(SystemClock),
    )
    .await;
    let path = file.unwrap();
    staff(&suite).await;
    let ticket = in_region(&suite, "440106").await;
    let get = || pb::GetTicketRequest { ticket: ticket.id.clone(), in_clear: false };
    assert!(sees(&suite, "tianhe", &ticket).await);
    let closed = r#"permit (principal in Gongdan::Role::"administrator", action, resource);"#;
    std::fs::write(&path, closed).unwrap();
    eventually("the new policies count", async || suite.tickets("tianhe").get_ticket(get()).await.is_err())
        .await;
    std::fs::write(&path, "permit (principal, action, resource) when { resource.moon };").unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    let refused = suite.tickets("tianhe").get_ticket(get()).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied, "the last good ones are kept");
    suite.tickets("admin").get_ticket(get()).await.unwrap();
    std::fs::write(&path, shipped).unwrap();
    eventually("the old ones are back", async || suite.tickets("tianhe").get_ticket(get()).await.is_ok())
        .await;
}
