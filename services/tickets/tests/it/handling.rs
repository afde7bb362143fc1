//! T13: dispatch, accept, claim, return, transfer.

use crate::suite::{Suite, accept, claim, complaint, dispatch, fields, give_back, reason, resolve, transfer};
use gongdan_clock::SystemClock;
use gongdan_proto::tickets::v1 as pb;
use gongdan_testkit::PrincipalSpec;
use std::sync::Arc;
use tonic::Code;
use tonic_types::StatusExt as _;

#[tokio::test]
async fn a_ticket_goes_from_dispatcher_to_handler_to_another_unit() {
    let suite = Suite::start().await;
    let ticket = suite.dispatched("tianhe-env").await;
    assert_eq!((ticket.phase(), ticket.lead_unit_id.as_str()), (pb::Phase::Dispatched, "tianhe-env"));
    let accepted = suite.tickets("li.wei").accept_ticket(accept(&ticket)).await.unwrap().into_inner();
    assert_eq!((accepted.phase(), accepted.handler_id.as_str()), (pb::Phase::InProgress, "li.wei"));
    let moved =
        suite.tickets("li.wei").transfer_ticket(transfer(&ticket, "yuexiu-env")).await.unwrap().into_inner();
    assert_eq!((moved.phase(), moved.lead_unit_id.as_str()), (pb::Phase::Dispatched, "yuexiu-env"));
    assert_eq!((moved.transfer_count, moved.handler_id.as_str(), moved.accepted_at), (1, "", None));
    assert_eq!(moved.participant_unit_ids, ["tianhe-env", "yuexiu-env"]);
    assert_eq!(suite.count("participants").await, 2);
    suite.tickets("wang.fang").accept_ticket(accept(&ticket)).await.unwrap();
    assert_eq!(
        suite.changes(&ticket.id).await,
        ["submitted", "dispatched", "accepted", "transferred", "accepted"]
    );
}

#[tokio::test]
async fn only_members_of_the_unit_act_and_only_dispatchers_dispatch() {
    let suite = Suite::start().await;
    suite
        .env
        .principal(PrincipalSpec::new("wang.fang").unit("yuexiu-env").role("handler").region("44"))
        .await;
    let ticket = suite.dispatched("tianhe-env").await;
    let mut stranger = suite.tickets("wang.fang");
    for refused in [
        stranger.accept_ticket(accept(&ticket)).await.unwrap_err(),
        stranger.return_ticket(give_back(&ticket)).await.unwrap_err(),
        stranger.transfer_ticket(transfer(&ticket, "yuexiu-env")).await.unwrap_err(),
    ] {
        assert_eq!(
            (refused.code(), reason(&refused).as_str()),
            (Code::PermissionDenied, "PERMISSION_DENIED")
        );
    }
    let pending = suite.submitted().await;
    let refused = stranger.dispatch_ticket(dispatch(&pending, "yuexiu-env")).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::PermissionDenied, "PERMISSION_DENIED"));
    suite.tickets("admin").accept_ticket(accept(&ticket)).await.expect("an administrator may do all acts");
}

#[tokio::test]
async fn an_act_that_the_phase_forbids_names_phase_and_action() {
    let suite = Suite::start().await;
    let ticket = suite.submitted().await;
    let mut client = suite.tickets("admin");
    for (refused, action) in [
        (client.accept_ticket(accept(&ticket)).await.unwrap_err(), "accept"),
        (client.return_ticket(give_back(&ticket)).await.unwrap_err(), "return"),
        (client.resolve_ticket(resolve(&ticket)).await.unwrap_err(), "resolve"),
    ] {
        assert_eq!((refused.code(), reason(&refused).as_str()), (Code::FailedPrecondition, "PHASE_REFUSES"));
        let details = refused.get_error_details();
        let metadata = &details.error_info().unwrap().metadata;
        assert_eq!((metadata["phase"].as_str(), metadata["action"].as_str()), ("pending_dispatch", action));
    }
}

#[tokio::test]
async fn unit_and_person_must_be_known_to_routing() {
    let suite = Suite::start().await;
    let ticket = suite.submitted().await;
    let mut client = suite.tickets("chen.jing");
    let refused = client.dispatch_ticket(dispatch(&ticket, "no-such-unit")).await.unwrap_err();
    assert_eq!((refused.code(), fields(&refused)), (Code::InvalidArgument, vec!["unit_id".to_owned()]));
    let stranger =
        pb::DispatchTicketRequest { person_id: "wang.fang".to_owned(), ..dispatch(&ticket, "tianhe-env") };
    let refused = client.dispatch_ticket(stranger).await.unwrap_err();
    assert_eq!(fields(&refused), ["person_id"]);
    let member =
        pb::DispatchTicketRequest { person_id: "li.wei".to_owned(), ..dispatch(&ticket, "tianhe-env") };
    let given = client.dispatch_ticket(member).await.unwrap().into_inner();
    assert_eq!(given.handler_id, "li.wei");
    let same = suite.tickets("li.wei").transfer_ticket(transfer(&ticket, "tianhe-env")).await.unwrap_err();
    assert_eq!((same.code(), fields(&same)), (Code::InvalidArgument, vec!["unit_id".to_owned()]));
}

#[tokio::test]
async fn returns_are_counted_and_too_many_go_to_arbitration() {
    let suite = Suite::start_with("[tickets]\nmax_returns = 1\n", Arc::new(SystemClock)).await;
    let ticket = suite.dispatched("tianhe-env").await;
    let back = suite.tickets("li.wei").return_ticket(give_back(&ticket)).await.unwrap().into_inner();
    assert_eq!((back.phase(), back.return_count, back.arbitration), (pb::Phase::PendingDispatch, 1, false));
    assert_eq!(
        (back.lead_unit_id.as_str(), back.returned_by_unit_ids.as_slice()),
        ("", &["tianhe-env".to_owned()][..])
    );
    suite.tickets("chen.jing").dispatch_ticket(dispatch(&ticket, "yuexiu-env")).await.unwrap();
    let back = suite.tickets("wang.fang").return_ticket(give_back(&ticket)).await.unwrap().into_inner();
    assert_eq!((back.return_count, back.arbitration, back.version), (2, true, 6));
    let changes = suite.changes(&ticket.id).await;
    assert_eq!(changes[changes.len() - 2..], ["returned", "pooled"]);
}

#[tokio::test]
async fn a_dispatcher_claims_from_the_manual_pool() {
    let suite = Suite::start().await;
    suite.env.principal(PrincipalSpec::new("li.wei").unit("tianhe-env").role("handler").region("44")).await;
    let ticket = suite.submitted().await;
    let refused = suite.tickets("li.wei").claim_ticket(claim(&ticket)).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    let claimed = suite.tickets("chen.jing").claim_ticket(claim(&ticket)).await.unwrap().into_inner();
    assert_eq!((claimed.phase(), claimed.lead_unit_id.as_str()), (pb::Phase::InProgress, "centre"));
    assert_eq!(claimed.handler_id, "chen.jing");
}

#[tokio::test]
async fn a_citizen_has_no_door_yet() {
    let suite = Suite::start().await;
    let mut citizen = PrincipalSpec::new("citizen.liu").message();
    citizen.kind = gongdan_proto::common::v1::PrincipalKind::Citizen.into();
    let mut connection = suite.env.pool().acquire().await.unwrap();
    gongdan_auth::upsert(&mut connection, &[citizen]).await.unwrap();
    let refused = suite.tickets("citizen.liu").create_ticket(complaint()).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::PermissionDenied, "PERMISSION_DENIED"));
}
