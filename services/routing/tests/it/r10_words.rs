//! R10, T26, X10: who ordered it and why, in codes that clients word.

use crate::{
    r10_reassign::{of, start},
    support::{Suite, id, person},
};
use gongdan_proto::{
    common::v1::HandoverCause,
    routing::v1::{self as pb, AssignmentStrategy, ReassignmentCourse},
    to_timestamp,
};
use gongdan_testkit::{PrincipalSpec, eventually};

#[tokio::test]
async fn r10_a_handover_says_who_ordered_it_and_why() {
    let suite = Suite::start().await;
    suite.import_roads().await;
    suite.env.principal(PrincipalSpec::new("wu").name("吴芳").role("unit_leader").unit("roads")).await;
    let now = suite.env.clock().now();
    let hours = |hours: i64| Some(to_timestamp(now + jiff::SignedDuration::from_hours(hours)));
    let leave = |from: i64| pb::RecordLeaveRequest {
        request_id: id(),
        person_id: "an".into(),
        from: hours(from),
        until: hours(from + 48),
        ..Default::default()
    };
    let later = suite.duty("admin").record_leave(leave(24 * 7)).await.unwrap().into_inner();
    let expected = async |request: pb::StartReassignmentRequest, cause: HandoverCause, reason: &str| {
        let mut held = suite.in_hand("an", "roads", 1).await;
        let begun = suite.begin("wu", request).await.unwrap();
        assert_eq!((begun.cause(), begun.reason.as_str()), (cause, reason));
        assert_eq!((begun.started_by.as_str(), begun.started_by_name.as_str()), ("wu", "吴芳"));
        let decision = suite.handed_over(&held[0]).await;
        let handover = decision.handover.clone().unwrap();
        let by = handover.started_by.clone().unwrap();
        assert_eq!((by.id.as_str(), by.name.as_str()), ("wu", "吴芳"));
        assert_eq!((handover.from_person_id.as_str(), handover.from_person_name.as_str()), ("an", "李伟"));
        assert_eq!((handover.cause(), handover.reason.as_str()), (cause, reason));
        suite.applies(&mut held[0], &decision).await;
        suite.watched(&begun.id).await;
    };
    expected(start("an"), HandoverCause::HandsOver, "李伟 hands over").await;
    let ahead = pb::StartReassignmentRequest { leave_id: later.id, ..start("an") };
    expected(ahead, HandoverCause::GoesOnLeave, "李伟 goes on leave").await;
    let written = pb::StartReassignmentRequest { reason: "轮岗".into(), ..start("an") };
    expected(written, HandoverCause::Unspecified, "轮岗").await;
    suite.duty("admin").record_leave(leave(-1)).await.unwrap();
    expected(start("an"), HandoverCause::OnLeave, "李伟 is on leave").await;
    // Who has left has left, whatever leave runs.
    let gone = vec![pb::PrincipalRow { active: Some(false), ..person("an", "roads") }];
    suite
        .import(pb::ImportOrganisationRequest { request_id: id(), principals: gone, ..Default::default() })
        .await;
    eventually("it is known", async || {
        let request = pb::GetPrincipalRequest { id: "an".into(), at: None };
        let got = suite.organisation("admin").get_principal(request).await.unwrap().into_inner();
        !got.active
    })
    .await;
    expected(start("an"), HandoverCause::Left, "李伟 has left").await;
}

#[tokio::test]
async fn r10_a_preview_says_in_codes_by_which_way_a_ticket_goes() {
    let suite = Suite::start().await;
    suite.import_roads().await;
    suite.room_for(1).await;
    suite.in_hand("an", "roads", 3).await;
    suite.goes_away("an", "chen").await;
    let tickets = suite.preview("admin", of("an")).await.unwrap().tickets;
    let ways: Vec<_> = tickets.iter().map(|one| (one.course(), one.strategy(), one.able)).collect();
    let expected = [
        (ReassignmentCourse::StandIn, AssignmentStrategy::Unspecified, 1),
        (ReassignmentCourse::Strategy, AssignmentStrategy::LeastLoaded, 1),
        // It stays; who was considered says why.
        (ReassignmentCourse::Unspecified, AssignmentStrategy::Unspecified, 0),
    ];
    assert_eq!(ways, expected);
    assert_eq!(tickets[2].courses.len(), 2);
}
