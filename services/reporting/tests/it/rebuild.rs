//! Counting everything again. Source: P1.

use crate::{
    story::{Story, at, unit},
    suite::{Suite, by},
};
use gongdan_clock::{Clock as _, SystemClock, new_id};
use gongdan_proto::reporting::v1::{
    Dimension, GetRebuildRequest, RebuildState, StartRebuildRequest, WatchRebuildRequest,
};
use gongdan_testkit::eventually;
use tonic::Code;
use tonic_types::StatusExt;

fn life(unit: &str, day: u8) -> Story {
    Story::about("440106", at(&format!("2026-11-{day:02}T01:00:00Z")))
        .submitted(at(&format!("2026-11-{day:02}T01:00:00Z")), at("2026-11-20T10:00:00Z"))
        .dispatched(at(&format!("2026-11-{day:02}T02:00:00Z")), unit)
        .urged(at(&format!("2026-11-{day:02}T03:00:00Z")))
        .resolved(at(&format!("2026-11-{day:02}T04:00:00Z")), 3600)
        .called_back(at("2026-11-25T02:00:00Z"), true, true, false)
        .closed(at("2026-11-25T02:00:01Z"))
}

fn request() -> StartRebuildRequest {
    StartRebuildRequest { request_id: new_id(SystemClock.now()).to_string() }
}

async fn told() -> Suite {
    let suite = Suite::start().await;
    suite.tell(&[unit("tianhe-env", "天河区生态环境局", 1)]).await;
    for day in 2..8 {
        suite.tell(&life("tianhe-env", day).all()).await;
    }
    suite.settled("all is counted", |m| (m.resolved, m.timed, m.callbacks) == (6, 6, 6)).await;
    suite
}

#[tokio::test]
async fn a_rebuild_gives_the_same_numbers_and_goes_on_with_the_stream() {
    let suite = told().await;
    let before = suite.report(by(Dimension::Day)).await;
    // Damage that only a rebuild repairs.
    sqlx::raw_sql("DELETE FROM rounds WHERE began_at > '2026-11-05'; UPDATE handlings SET on_time = false; DELETE FROM acts")
        .execute(suite.env.pool())
        .await
        .unwrap();
    assert_ne!(suite.report(by(Dimension::Day)).await.rows, before.rows);

    let mut client = suite.rebuilds();
    let asked = request();
    let started = client.start_rebuild(asked.clone()).await.unwrap().into_inner();
    let mut changes =
        client.watch_rebuild(WatchRebuildRequest { id: started.id.clone() }).await.unwrap().into_inner();
    let mut last = started.clone();
    while let Some(rebuild) = changes.message().await.unwrap() {
        last = rebuild;
    }
    assert_eq!(last.state(), RebuildState::Succeeded, "{}", last.error);
    for source in &last.sources {
        let events = i64::try_from(suite.owners[source.source.as_str()].len()).unwrap();
        assert_eq!((source.applied, source.done), (events, true), "{}", source.source);
        assert_eq!(source.expected, events, "{}", source.source);
    }
    let after = suite.report(by(Dimension::Day)).await;
    assert_eq!((after.rows, after.total), (before.rows, before.total));
    let again = client.start_rebuild(asked).await.unwrap().into_inner();
    assert_eq!((again.state(), again.id), (RebuildState::Succeeded, started.id), "a retry gets its answer");

    suite.tell(&life("tianhe-env", 9).all()).await;
    suite.settled("the stream goes on", |m| (m.resolved, m.timed, m.callbacks) == (7, 7, 7)).await;
}

#[tokio::test]
async fn reports_show_the_old_counts_until_the_new_ones_are_whole_and_nothing_between_is_lost() {
    let suite = told().await;
    let before = suite.report(by(Dimension::Day)).await.rows;
    let mut client = suite.rebuilds();
    suite.owners["callback"].shut();
    let started = client.start_rebuild(request()).await.unwrap().into_inner();
    eventually("tickets and clocks are read", async || {
        let id = started.id.clone();
        let rebuild = client.get_rebuild(GetRebuildRequest { id }).await.unwrap().into_inner();
        rebuild.sources.iter().filter(|source| source.done).count() == 2
    })
    .await;
    assert_eq!(suite.report(by(Dimension::Day)).await.rows, before);
    let refused = client.start_rebuild(request()).await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
    assert_eq!(refused.get_error_details().error_info().unwrap().reason, "REBUILD_RUNNING");

    // Heard by the consumers while the rebuild has read past it.
    suite.tell(&life("tianhe-env", 9).all()).await;
    suite.settled("the stream is heard meanwhile", |m| (m.resolved, m.timed, m.callbacks) == (7, 7, 7)).await;
    let meanwhile = suite.report(by(Dimension::Day)).await.rows;
    suite.owners["callback"].open();
    let latest = WatchRebuildRequest::default();
    let mut changes = client.watch_rebuild(latest).await.unwrap().into_inner();
    let mut last = started;
    while let Some(rebuild) = changes.message().await.unwrap() {
        last = rebuild;
    }
    assert_eq!(last.state(), RebuildState::Succeeded, "{}", last.error);
    assert_eq!(suite.report(by(Dimension::Day)).await.rows, meanwhile);
    suite.tell(&life("tianhe-env", 10).all()).await;
    suite.settled("and after it", |m| (m.resolved, m.timed, m.callbacks) == (8, 8, 8)).await;
}

#[tokio::test]
async fn a_rebuild_that_is_not_there_is_not_found() {
    let suite = Suite::start().await;
    let missing = suite.rebuilds().get_rebuild(GetRebuildRequest::default()).await.unwrap_err();
    assert_eq!(missing.code(), Code::NotFound);
    let bad = suite.rebuilds().get_rebuild(GetRebuildRequest { id: "seven".into() }).await.unwrap_err();
    assert_eq!(bad.code(), Code::InvalidArgument);
    let bad = suite.rebuilds().start_rebuild(StartRebuildRequest::default()).await.unwrap_err();
    assert_eq!(bad.code(), Code::InvalidArgument);
}
