//! Who answers for an area changes at a date. Source: R1, R2.

use crate::support::{Suite, TestTicket, area, dispatched_to, id, refusal};
use gongdan_bus::Origin;
use gongdan_proto::{routing::v1 as pb, to_timestamp};
use gongdan_testkit::{eventually, eventually_some};
use jiff::{SignedDuration, Timestamp};

fn areas(rows: Vec<pb::AreaRow>) -> pb::ImportOrganisationRequest {
    pb::ImportOrganisationRequest { request_id: id(), areas: rows, ..Default::default() }
}

fn later(unit: &str, from: Timestamp) -> pb::AreaRow {
    pb::AreaRow { changes_from: Some(to_timestamp(from)), ..area("440106", "环境", unit) }
}

/// Who answers for 环境 in 440106; empty: nobody.
async fn answers(suite: &Suite, at: Option<Timestamp>) -> Vec<String> {
    let request = pb::ListAreasRequest {
        region: "440106".into(),
        at: at.map(to_timestamp),
        page_size: 1,
        ..pb::ListAreasRequest::default()
    };
    let (mut client, mut request, mut all) = (suite.organisation("admin"), request, Vec::new());
    loop {
        let page = client.list_areas(request.clone()).await.unwrap().into_inner();
        all.extend(page.areas.into_iter().filter(|area| area.item == "环境").map(|area| area.unit_id));
        if page.next_page_token.is_empty() {
            return all;
        }
        request.page_token = page.next_page_token;
    }
}

async fn goes(suite: &Suite) -> String {
    let ticket = TestTicket::new("环境");
    suite.submit(&ticket, "噪音", Origin::Live).await;
    dispatched_to(&suite.decision(&ticket).await).to_owned()
}

/// What is planned lies this much nearer, as if time had passed.
async fn pass(suite: &Suite, time: &str) {
    let moved = sqlx::query("UPDATE area_plans SET begins_at = begins_at - $1::interval").bind(time);
    moved.execute(suite.env.pool()).await.unwrap();
}

#[tokio::test]
async fn r1_an_area_goes_to_another_unit_when_its_time_has_come_and_what_was_can_be_asked_for() {
    let suite = Suite::in_guangzhou().await;
    assert_eq!((answers(&suite, None).await, goes(&suite).await), (vec!["env".to_owned()], "env".to_owned()));
    let now: Timestamp = suite.env.clock().now();
    let from = (now + SignedDuration::from_hours(1)).round(jiff::Unit::Second).unwrap();
    let reform = areas(vec![later("roads", from), later("", from + SignedDuration::from_hours(1))]);
    let planned = suite.import(reform.clone()).await;
    assert_eq!((planned.areas_planned, planned.areas_begun, planned.areas_ended), (2, 0, 0));
    assert_eq!(suite.import(reform.clone()).await, planned, "a retry gets the same answer");
    let again = pb::ImportOrganisationRequest { request_id: id(), ..reform };
    assert_eq!(suite.import(again).await.unchanged, 2);
    let then = async |hours| answers(&suite, Some(from + SignedDuration::from_hours(hours))).await;
    assert_eq!((then(0).await, then(1).await), (vec!["roads".to_owned()], vec![]));
    assert_eq!((answers(&suite, None).await, goes(&suite).await), (vec!["env".to_owned()], "env".to_owned()));

    pass(&suite, "1 hour").await;
    let before = suite.env.clock().now();
    eventually("it is another's", async || answers(&suite, None).await == ["roads"]).await;
    eventually("tickets go there", async || goes(&suite).await == "roads").await;
    let earlier = before - SignedDuration::from_mins(30);
    assert!(answers(&suite, Some(earlier)).await.is_empty(), "before there was any");
    // It began when it was to, not when it was noticed.
    let begun: jiff_sqlx::Timestamp = sqlx::query_scalar(
        "SELECT begun_at FROM areas WHERE unit_id = 'roads' AND ended_at IS NULL AND item = '环境'",
    )
    .fetch_one(suite.env.pool())
    .await
    .unwrap();
    assert_eq!(begun.to_jiff(), from - SignedDuration::from_hours(1));
    pass(&suite, "2 hours").await;
    eventually("it is nobody's", async || answers(&suite, None).await.is_empty()).await;
    let left: i64 =
        sqlx::query_scalar("SELECT count(*) FROM area_plans").fetch_one(suite.env.pool()).await.unwrap();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn r1_areas_that_came_due_meanwhile_are_made_up_for_in_their_order() {
    let mut suite = Suite::in_guangzhou().await;
    let soon = suite.env.clock().now() + SignedDuration::from_hours(24);
    let hour = SignedDuration::from_hours(1);
    suite
        .import(areas(vec![later("roads", soon), later("", soon + hour), later("env", soon + hour * 2)]))
        .await;
    suite.restart().await;
    pass(&suite, "30 hours").await;
    let held = eventually_some("all of it has become true", async || {
        let of = "SELECT unit_id FROM areas WHERE item = '环境' ORDER BY id";
        let held: Vec<String> = sqlx::query_scalar(of).fetch_all(suite.env.pool()).await.unwrap();
        (held.len() == 3).then_some(held)
    })
    .await;
    assert_eq!(held, ["env", "roads", "env"]);
    assert_eq!(answers(&suite, None).await, ["env"]);
}

#[tokio::test]
async fn r1_a_unit_that_ends_is_not_told_for_areas_that_go_to_another_by_then() {
    let suite = Suite::in_guangzhou().await;
    let end: Timestamp = "2097-01-01T00:00:00Z".parse().unwrap();
    let env =
        pb::UnitRow { valid_to: Some(to_timestamp(end)), ..crate::support::unit("env", "city", "440106") };
    let told = suite
        .import(pb::ImportOrganisationRequest {
            request_id: id(),
            units: vec![env.clone()],
            areas: vec![later("roads", end)],
            ..Default::default()
        })
        .await;
    let kinds: Vec<_> = told.findings.iter().map(|found| found.kind()).collect();
    assert!(!kinds.contains(&pb::OrganisationFindingKind::UnitEndsWithAreas), "{told:?}");
    let back = suite.import(areas(vec![later("env", end)])).await;
    assert_eq!(back.areas_planned, 1, "given up");
    let found =
        back.findings.iter().find(|found| found.kind() == pb::OrganisationFindingKind::UnitEndsWithAreas);
    assert_eq!(found.unwrap().field, "areas[0].unit_id");
    let past = later("roads", "2020-01-01T00:00:00Z".parse().unwrap());
    let status = suite.organisation("admin").import_organisation(areas(vec![past])).await.unwrap_err();
    assert_eq!(refusal(&status).2, ["areas[0].changes_from: not more than 24 hours ago: what was, stays"]);
}
