//! Who sees which counts, and what is refused.

use crate::{
    story::{Story, at},
    suite::{Suite, by},
};
use gongdan_proto::reporting::v1::{Dimension, GetReportRequest, RegionLevel};
use gongdan_testkit::PrincipalSpec;
use tonic::Code;
use tonic_types::StatusExt;

#[tokio::test]
async fn a_caller_sees_its_areas_and_units() {
    let suite = Suite::start().await;
    let mut whole = Vec::new();
    for (region, unit) in [("440106", "tianhe-env"), ("440305", "nanshan-env"), ("110101", "dongcheng-env")] {
        let story = Story::about(region, at("2026-11-02T01:00:00Z"))
            .submitted(at("2026-11-02T01:00:00Z"), at("2099-01-01T00:00:00Z"))
            .dispatched(at("2026-11-02T02:00:00Z"), unit);
        whole.extend(story.all());
    }
    suite.tell(&whole).await;
    suite.settled("all are dispatched", |m| m.dispatched == 3).await;

    let units = async |spec: PrincipalSpec| -> Vec<String> {
        let report = suite.report_as(spec, by(Dimension::Unit)).await.unwrap();
        report.rows.into_iter().map(|row| row.key).collect()
    };
    let province = PrincipalSpec::new("province").role("analyst").region("44");
    assert_eq!(units(province).await, ["nanshan-env", "tianhe-env"]);
    let leader = PrincipalSpec::new("leader").role("unit_leader").unit("dongcheng-env");
    assert_eq!(units(leader).await, ["dongcheng-env"]);
    let nobody = PrincipalSpec::new("nobody").role("analyst");
    assert_eq!(units(nobody).await, Vec::<String>::new());

    let agent = PrincipalSpec::new("agent").role("agent").region("44");
    let refused = suite.report_as(agent, by(Dimension::Unit)).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
}

#[tokio::test]
async fn each_standing_counts_or_does_not() {
    let suite = Suite::start().await;
    let when = at("2026-11-02T01:00:00Z");
    let stories = [
        Story::about("440106", when).item("own county"),
        Story::about("440104", when).item("own unit takes part").with_part("tianhe-desk"),
        Story::about("440104", when).item("sibling county"),
        Story::about("4401", when).item("parent city"),
        Story::about("430102", when).item("other province"),
        Story::about("440106", when).item("sensitive").sensitive(),
    ];
    let told: Vec<_> = stories
        .into_iter()
        .flat_map(|story| story.submitted(when, at("2099-01-01T00:00:00Z")).all())
        .collect();
    suite.tell(&told).await;
    suite.settled("all are received", |m| m.received == 6).await;

    let items = async |spec: PrincipalSpec| -> Vec<String> {
        let report = suite.report_as(spec, by(Dimension::Item)).await.unwrap();
        assert_eq!(usize::try_from(report.total.unwrap().received), Ok(report.rows.len()));
        report.rows.into_iter().map(|row| row.key).collect()
    };
    let staff = |id: &str| PrincipalSpec::new(id).role("supervisor").unit("tianhe-desk").region("440106");
    assert_eq!(items(staff("wu")).await, ["own county", "own unit takes part"]);
    let cleared = items(staff("xu").right("sensitive")).await;
    assert_eq!(cleared, ["own county", "own unit takes part", "sensitive"]);
}

#[tokio::test]
async fn every_violation_is_listed() {
    let suite = Suite::start().await;
    let bad = GetReportRequest {
        dimension: 99,
        from: "yesterday".into(),
        to: "2026-13".into(),
        region: "999999".into(),
        region_level: RegionLevel::City.into(),
        r#type: 99,
        origin: -1,
        item: "x".repeat(513),
        ..GetReportRequest::default()
    };
    let refused = suite.reports().get_report(bad).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    let details = refused.get_error_details();
    let fields: Vec<_> =
        details.bad_request().unwrap().field_violations.iter().map(|v| v.field.as_str()).collect();
    assert_eq!(fields, ["dimension", "from", "to", "region", "item", "type", "origin", "region_level"]);

    let reversed = GetReportRequest { from: "2026-11".into(), to: "2026-10".into(), ..by(Dimension::Month) };
    let refused = suite.reports().get_report(reversed).await.unwrap_err();
    assert_eq!(refused.get_error_details().bad_request().unwrap().field_violations[0].field, "to");
    let unknown = GetReportRequest { region_level: 99, ..by(Dimension::Region) };
    let refused = suite.reports().get_report(unknown).await.unwrap_err();
    assert_eq!(refused.get_error_details().bad_request().unwrap().field_violations[0].field, "region_level");
}
