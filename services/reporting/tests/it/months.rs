//! Months are those of Asia/Shanghai, and each event counts in its own.

use crate::{
    story::{Story, at},
    suite::{Suite, by},
};
use gongdan_proto::reporting::v1::{Dimension, GetReportRequest};

const FAR: &str = "2099-01-01T00:00:00Z";

#[tokio::test]
async fn midnight_in_shanghai_parts_the_months() {
    let suite = Suite::start().await;
    let before = Story::about("440106", at("2026-10-31T15:59:59.999999Z"))
        .submitted(at("2026-10-31T16:00:01Z"), at(FAR))
        .dispatched(at("2026-10-31T16:00:02Z"), "tianhe-env")
        .resolved(at("2026-11-30T16:00:00Z"), 60);
    let after = Story::about("440106", at("2026-10-31T16:00:00Z"))
        .submitted(at("2026-10-31T16:00:00Z"), at(FAR))
        .dispatched(at("2026-11-01T00:00:00Z"), "tianhe-env")
        .resolved(at("2026-11-30T15:59:59.999999Z"), 60);
    for story in [&before, &after] {
        suite.tell(&story.all()).await;
    }
    suite.settled("both are resolved on time", |m| m.on_time == 2).await;

    let months = suite.rows(by(Dimension::Month)).await;
    let counts: Vec<_> = months.iter().map(|(month, m)| (month.as_str(), m.received, m.resolved)).collect();
    assert_eq!(counts, [("2026-10", 1, 0), ("2026-11", 1, 1), ("2026-12", 0, 1)]);
    assert_eq!(months["2026-12"].on_time, 1, "on time counts where the resolving does");

    let days = suite.rows(by(Dimension::Day)).await;
    assert_eq!((days["2026-10-31"].received, days["2026-11-01"].received), (1, 1));
    assert_eq!((days["2026-11-30"].resolved, days["2026-12-01"].resolved), (1, 1));

    let november = GetReportRequest { from: "2026-11".into(), to: "2026-11".into(), ..by(Dimension::Month) };
    let rows = suite.rows(november).await;
    assert_eq!(rows.keys().collect::<Vec<_>>(), ["2026-11"]);
    let until = GetReportRequest { to: "2026-10-31".into(), ..by(Dimension::Day) };
    assert_eq!(suite.rows(until).await.keys().collect::<Vec<_>>(), ["2026-10-31"]);
}
