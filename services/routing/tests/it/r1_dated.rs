//! Units that change at a date. Source: R1, DESIGN rule 8.

use crate::support::{Suite, id, refusal, unit};
use gongdan_bus::Event;
use gongdan_proto::{routing::v1 as pb, to_timestamp};
use gongdan_testkit::{eventually, eventually_some};
use jiff::{SignedDuration, Timestamp};
use tonic::Code;

/// County `x` below city `a`; city `b` beside it.
async fn cities(suite: &Suite) {
    let units = vec![unit("a", "", "4401"), unit("b", "", "4406"), unit("x", "a", "440106")];
    suite.import(pb::ImportOrganisationRequest { request_id: id(), units, ..Default::default() }).await;
}

fn moved(parent: &str, region: &str, from: Timestamp) -> pb::ImportOrganisationRequest {
    let row = pb::UnitRow { changes_from: Some(to_timestamp(from)), ..unit("x", parent, region) };
    pb::ImportOrganisationRequest { request_id: id(), units: vec![row], ..Default::default() }
}

async fn x(suite: &Suite, at: Option<Timestamp>) -> pb::Unit {
    let request = pb::GetUnitRequest { id: "x".into(), at: at.map(to_timestamp) };
    suite.organisation("admin").get_unit(request).await.unwrap().into_inner()
}

async fn below(suite: &Suite, parent: &str, at: Timestamp) -> Vec<String> {
    let request =
        pb::ListUnitsRequest { parent_id: parent.into(), at: Some(to_timestamp(at)), ..Default::default() };
    let units = suite.organisation("admin").list_units(request).await.unwrap().into_inner().units;
    units.into_iter().map(|unit| unit.id).collect()
}

/// Changes of `x` told so far: version, unit above and when it happened.
async fn told(suite: &Suite) -> Vec<(i64, String, Timestamp)> {
    let events = suite.env.events("routing").await;
    let changes = events.iter().filter(|event| event.kind == "unit_changed");
    let told = |event: &Event| {
        let unit = event.decode::<pb::UnitEvent>().unwrap().unit.unwrap();
        (unit.id == "x").then_some((event.version, unit.parent_id, event.occurred_at))
    };
    changes.filter_map(told).collect()
}

#[tokio::test]
async fn r1_a_unit_moves_when_its_time_has_come_and_what_was_can_be_asked_for() {
    let suite = Suite::start().await;
    cities(&suite).await;
    let before: Timestamp = suite.env.clock().now();
    let from = (before + SignedDuration::from_hours(1)).round(jiff::Unit::Second).unwrap();
    let plan = moved("b", "440604", from);
    let answer = suite.import(plan.clone()).await;
    assert_eq!((answer.units_planned, answer.units_changed), (1, 0));
    assert_eq!(suite.import(plan).await, answer, "a retry gets the same answer");
    let planned = x(&suite, None).await;
    assert_eq!((planned.parent_id.as_str(), planned.version), ("a", 1));
    assert_eq!((planned.since, planned.changes_at), (None, Some(to_timestamp(from))));
    let then = x(&suite, Some(from)).await;
    assert_eq!((then.parent_id.as_str(), then.region.as_str(), then.version), ("b", "440604000000", 0));
    assert_eq!(
        (below(&suite, "a", before).await, below(&suite, "b", from).await),
        (vec!["x".into()], vec!["x".into()])
    );
    assert!(told(&suite).await.len() <= 1, "nobody is told before");

    // The hour is over.
    let from: jiff_sqlx::Timestamp = sqlx::query_scalar(
        "UPDATE unit_states SET begins_at = begins_at - interval '1 hour' WHERE version IS NULL RETURNING begins_at",
    )
    .fetch_one(suite.env.pool())
    .await
    .unwrap();
    let from = from.to_jiff();
    let now = eventually_some("it has moved", async || {
        let now = x(&suite, None).await;
        (now.parent_id == "b").then_some(now)
    })
    .await;
    assert_eq!((now.version, now.since, now.changes_at), (2, Some(to_timestamp(from)), None));
    eventually("others are told", async || told(&suite).await.len() == 2).await;
    let (version, parent, at) = told(&suite).await.remove(1);
    assert_eq!((version, parent.as_str()), (2, "b"));
    assert!(at.duration_since(from).abs() < SignedDuration::from_millis(1), "when it was to be: {at}");
    // What was stays to be seen.
    let earlier = from - SignedDuration::from_secs(1);
    assert_eq!(x(&suite, Some(earlier)).await.parent_id, "a");
    assert_eq!(below(&suite, "a", earlier).await, ["x"]);
    assert!(below(&suite, "a", suite.env.clock().now()).await.is_empty());
}

#[tokio::test]
async fn r1_what_came_due_meanwhile_is_made_up_for_once_however_many_replicas_run() {
    let mut suite = Suite::start().await;
    cities(&suite).await;
    let config = suite.env.config_with(gongdan_routing::DEFAULTS, suite.settings());
    let _second = suite.env.serve(|listeners, stop| gongdan_routing::run(config, listeners, stop)).await;
    let soon = suite.env.clock().now() + SignedDuration::from_hours(24);
    suite.import(moved("b", "440604", soon)).await;
    suite.import(moved("", "440604", soon + SignedDuration::from_hours(1))).await;
    // A day later.
    sqlx::query("UPDATE unit_states SET begins_at = begins_at - interval '26 hours' WHERE version IS NULL")
        .execute(suite.env.pool())
        .await
        .unwrap();
    suite.restart().await;
    eventually("both changes are told", async || told(&suite).await.len() == 3).await;
    let all = told(&suite).await;
    let told: Vec<_> = all.iter().map(|(version, parent, _)| (*version, parent.as_str())).collect();
    assert_eq!(told, [(1, "a"), (2, "b"), (3, "")], "each once, in their order");
    let now = x(&suite, None).await;
    assert_eq!((now.version, now.parent_id.as_str(), now.changes_at), (3, "", None));
}

#[tokio::test]
async fn r1_a_plan_that_would_make_a_circle_is_refused_with_when() {
    let suite = Suite::start().await;
    cities(&suite).await;
    let from: Timestamp = "2097-01-01T00:00:00Z".parse().unwrap();
    suite.import(moved("b", "440604", from)).await;
    let circle = pb::ImportOrganisationRequest {
        request_id: id(),
        units: vec![unit("b", "x", "4406")],
        ..Default::default()
    };
    let status = suite.organisation("admin").import_organisation(circle).await.unwrap_err();
    let (code, _, violations) = refusal(&status);
    assert_eq!(code, Code::InvalidArgument);
    assert_eq!(violations, ["units[0].parent_id: a circle: b → x → b, from 2097-01-01T00:00:00Z on"]);
    let past = moved("b", "440604", "2020-01-01T00:00:00Z".parse().unwrap());
    let status = suite.organisation("admin").import_organisation(past).await.unwrap_err();
    assert_eq!(refusal(&status).2, ["units[0].changes_from: not more than 24 hours ago: what was, stays"]);
    // Given up, the other way round is fine.
    assert_eq!(suite.import(moved("a", "440106", from)).await.units_planned, 1);
    assert_eq!(x(&suite, None).await.changes_at, None);
    let swap = pb::ImportOrganisationRequest {
        request_id: id(),
        units: vec![unit("b", "x", "4406")],
        ..Default::default()
    };
    assert_eq!(suite.import(swap).await.units_changed, 1);
    let nonsense = pb::GetUnitRequest {
        id: "x".into(),
        at: Some(prost_types::Timestamp { seconds: i64::MAX, nanos: 0 }),
    };
    let status = suite.organisation("admin").get_unit(nonsense).await.unwrap_err();
    assert!(refusal(&status).2[0].starts_with("at: "), "{status:?}");
}
