//! Every measure of P2, over a few lives that can be counted by hand.

use crate::{
    story::{Story, at, unit},
    suite::{Suite, by},
};
use gongdan_proto::{
    common::v1::Origin,
    reporting::v1::{Dimension, GetReportRequest, Measures, RegionLevel},
    tickets::v1::TicketType,
};
use gongdan_testkit::eventually;

const FAR: &str = "2099-01-01T00:00:00Z";
const PAST: &str = "2026-11-05T10:00:00Z";

/// Four tickets in November: resolved on time and praised; returned, then resolved late, reopened and open again, urged
/// twice; open and overdue; cancelled. And a draft.
fn november() -> Vec<Story> {
    let good = Story::about("440106", at("2026-11-02T01:00:00Z"))
        .submitted(at("2026-11-02T01:00:00Z"), at(PAST))
        .dispatched(at("2026-11-02T02:00:00Z"), "tianhe-env")
        .accepted(at("2026-11-02T03:00:00Z"))
        .resolved(at("2026-11-03T02:00:00Z"), 3600)
        .called_back(at("2026-11-04T02:00:00Z"), true, true, true)
        .closed(at("2026-11-04T02:00:01Z"));
    let late = Story::about("440305", at("2026-11-02T05:00:00Z"))
        .submitted(at("2026-11-02T05:00:00Z"), at(PAST))
        .dispatched(at("2026-11-02T06:00:00Z"), "tianhe-env")
        .returned(at("2026-11-02T07:00:00Z"))
        .dispatched(at("2026-11-02T08:00:00Z"), "nanshan-env")
        .urged(at("2026-11-03T01:00:00Z"))
        .urged(at("2026-11-03T02:00:00Z"))
        .accepted(at("2026-11-03T03:00:00Z"))
        .resolved(at("2026-11-06T06:00:00Z"), 7200)
        .called_back(at("2026-11-07T02:00:00Z"), true, false, false)
        .reopened(at("2026-11-07T02:00:01Z"), at(FAR));
    let overdue = Story::about("441900", at("2026-11-03T01:00:00Z"))
        .item("城乡建设/噪音")
        .submitted(at("2026-11-03T01:00:00Z"), at(PAST))
        .dispatched(at("2026-11-03T02:00:00Z"), "dongguan-env");
    let cancelled = Story::about("440106", at("2026-11-04T01:00:00Z"))
        .submitted(at("2026-11-04T01:00:00Z"), at(FAR))
        .dispatched(at("2026-11-04T02:00:00Z"), "tianhe-env")
        .urged(at("2026-11-04T03:00:00Z"))
        .cancelled(at("2026-11-04T04:00:00Z"));
    let draft = Story::about("440106", at("2026-11-04T01:00:00Z")).saved(at("2026-11-04T01:00:00Z"));
    vec![good, late, overdue, cancelled, draft]
}

async fn told() -> Suite {
    let suite = Suite::start().await;
    suite.tell(&[unit("tianhe-env", "天河区生态环境局", 1)]).await;
    for story in november() {
        suite.tell(&story.all()).await;
    }
    suite
        .settled("everything is counted", |m| {
            (m.received, m.cancelled, m.resolved, m.timed, m.reopened, m.callbacks) == (4, 1, 2, 2, 1, 2)
                && m.overdue == 1
        })
        .await;
    suite
}

#[tokio::test]
async fn a_month_counts_what_happened_in_it() {
    let suite = told().await;
    let rows = suite.rows(by(Dimension::Month)).await;
    assert_eq!(rows.keys().collect::<Vec<_>>(), ["2026-11"]);
    let expected = Measures {
        received: 4,
        cancelled: 1,
        resolved: 2,
        on_time: 1,
        timed: 2,
        on_time_rate: Some(0.5),
        in_flight: 2,
        overdue: 1,
        handling_mean_seconds: Some(5400.0),
        handling_p50_seconds: Some(5400.0),
        handling_p90_seconds: Some(6840.0),
        // 24 hours from the first dispatch, and 4 days.
        elapsed_mean_seconds: Some(216_000.0),
        elapsed_p50_seconds: Some(216_000.0),
        elapsed_p90_seconds: Some(319_680.0),
        dispatched: 4,
        returned: 1,
        return_rate: Some(0.25),
        reopened: 1,
        reopen_rate: Some(0.5),
        urges: 2,
        urged: 1,
        // Three tickets that were not cancelled, and a second round.
        urge_rate: Some(0.25),
        callbacks: 2,
        contacted: 2,
        response_rate: Some(1.0),
        solved: 1,
        resolution_rate: Some(0.5),
        satisfied: 1,
        satisfaction_rate: Some(0.5),
        merged: 0,
        first_contact: 0,
        first_contact_rate: Some(0.0),
        repeats: 0,
        repeat_rate: Some(0.0),
        quality_errors: 0,
    };
    let month = rows["2026-11"];
    let near = |a: Option<f64>, b: Option<f64>| (a.unwrap() - b.unwrap()).abs() < 1e-6;
    assert!(near(month.handling_p90_seconds, expected.handling_p90_seconds), "{month:?}");
    assert!(near(month.elapsed_p90_seconds, expected.elapsed_p90_seconds), "{month:?}");
    let rounded = Measures {
        handling_p90_seconds: expected.handling_p90_seconds,
        elapsed_p90_seconds: expected.elapsed_p90_seconds,
        ..month
    };
    assert_eq!(rounded, expected);
    assert_eq!(suite.total().await, month, "the whole of one row is that row");
}

#[tokio::test]
async fn units_answer_for_what_they_held_and_are_called_by_their_names() {
    let suite = told().await;
    let rows = suite.rows(by(Dimension::Unit)).await;
    assert_eq!((rows["tianhe-env"].dispatched, rows["tianhe-env"].returned), (2, 1));
    assert_eq!(rows["tianhe-env"].resolved, 1);
    assert_eq!((rows["nanshan-env"].resolved, rows["nanshan-env"].reopened), (1, 1));
    assert_eq!(rows["dongguan-env"].overdue, 1);
    assert_eq!(rows[""].in_flight, 1, "the second round waits for a dispatcher");
    let report = suite.report(by(Dimension::Unit)).await;
    let label = |key: &str| report.rows.iter().find(|row| row.key == key).unwrap().label.clone();
    assert_eq!(label("tianhe-env"), "天河区生态环境局");
    assert_eq!(label("nanshan-env"), "nanshan-env", "its name was never heard");
}

#[tokio::test]
async fn what_is_handed_over_within_a_unit_or_put_back_into_its_pool_was_not_given_to_a_unit() {
    let suite = Suite::start().await;
    let story = Story::about("440106", at("2026-11-02T01:00:00Z"))
        .submitted(at("2026-11-02T01:00:00Z"), at(PAST))
        .claimed(at("2026-11-02T02:00:00Z"), "tianhe-env")
        .put_back(at("2026-11-02T03:00:00Z"))
        .claimed(at("2026-11-02T04:00:00Z"), "nanshan-env")
        .put_back(at("2026-11-02T05:00:00Z"))
        .claimed(at("2026-11-02T06:00:00Z"), "tianhe-env")
        .handed_over(at("2026-11-02T07:00:00Z"), "li.wei")
        .transferred(at("2026-11-02T08:00:00Z"), "dongguan-env")
        .returned(at("2026-11-02T09:00:00Z"));
    suite.tell(&story.all()).await;
    suite.settled("the return is counted", |measures| measures.returned == 1).await;
    let counted = |row: Option<&Measures>| row.map_or((0, 0), |row| (row.dispatched, row.returned));
    let rows = suite.rows(by(Dimension::Unit)).await;
    assert_eq!(counted(rows.get("tianhe-env")), (1, 0));
    assert_eq!(counted(rows.get("nanshan-env")), (0, 0));
    assert_eq!(counted(rows.get("dongguan-env")), (1, 1));
}

#[tokio::test]
async fn areas_roll_up_and_items_hold_what_is_below_them() {
    let suite = told().await;
    let level = |level: RegionLevel| GetReportRequest { region_level: level.into(), ..by(Dimension::Region) };
    let cities = suite.rows(level(RegionLevel::City)).await;
    let received: Vec<_> = cities.iter().map(|(key, m)| (key.as_str(), m.received)).collect();
    assert_eq!(received, [("440100000000", 2), ("440300000000", 1), ("441900000000", 1)]);
    let counties = suite.rows(level(RegionLevel::County)).await;
    assert_eq!(counties["441900000000"].received, 1, "a city without counties stands for itself");
    let provinces = suite.report(level(RegionLevel::Province)).await;
    assert_eq!((provinces.rows.len(), provinces.rows[0].label.as_str()), (1, "广东省"));

    let shenzhen = suite.rows(GetReportRequest { region: "4403".into(), ..by(Dimension::Region) }).await;
    assert_eq!(shenzhen.keys().collect::<Vec<_>>(), ["440305000000"]);
    let items = suite.rows(by(Dimension::Item)).await;
    assert_eq!((items["城乡建设/安全生产"].received, items["城乡建设/噪音"].received), (3, 1));
    let below = suite.rows(GetReportRequest { item: "城乡建设".into(), ..by(Dimension::Item) }).await;
    assert_eq!(below, items);
    let noise = suite.rows(GetReportRequest { item: "城乡建设/噪音".into(), ..by(Dimension::Month) }).await;
    assert_eq!(noise["2026-11"].received, 1);
}

#[tokio::test]
async fn filters_by_unit_type_and_origin_leave_the_rest_out() {
    let suite = told().await;
    let past = Story::about("440106", at("2026-11-10T01:00:00Z"))
        .imported()
        .submitted(at("2026-11-10T01:00:00Z"), at(FAR))
        .closed(at("2026-11-10T01:00:00Z"));
    suite.tell(&past.all()).await;
    suite.settled("the import is counted", |m| m.received == 5).await;
    let month = |request: GetReportRequest| async { suite.rows(request).await.get("2026-11").copied() };
    let live = month(GetReportRequest { origin: Origin::Live.into(), ..by(Dimension::Month) }).await;
    let imported = month(GetReportRequest { origin: Origin::Import.into(), ..by(Dimension::Month) }).await;
    assert_eq!((live.unwrap().received, imported.unwrap().received), (4, 1));
    assert_eq!(imported.unwrap().in_flight, 0, "history that was closed without resolution waits for nobody");
    let help = GetReportRequest { r#type: TicketType::Help.into(), ..by(Dimension::Month) };
    assert_eq!(month(help).await, None);
    let unit = GetReportRequest { unit_id: "nanshan-env".into(), ..by(Dimension::Month) };
    assert_eq!(month(unit).await.unwrap().resolved, 1);
}

#[tokio::test]
async fn an_earlier_name_of_a_unit_does_not_come_back() {
    let suite = Suite::start().await;
    let story = Story::about("440106", at("2026-11-02T01:00:00Z"))
        .submitted(at("2026-11-02T01:00:00Z"), at(FAR))
        .dispatched(at("2026-11-02T02:00:00Z"), "tianhe-env");
    suite.tell(&story.all()).await;
    suite
        .tell(&[unit("tianhe-env", "新名", 2), unit("tianhe-env", "旧名", 1), unit("other", "别的", 1)])
        .await;
    eventually("the name is known", async || {
        let report = suite.report(by(Dimension::Unit)).await;
        report.rows.iter().any(|row| row.label == "新名")
    })
    .await;
}
