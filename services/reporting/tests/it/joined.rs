//! P2: what is answered at intake, what repeats, what is merged, what inspectors find, and what waits or is reviewed.

use crate::{
    story::{Story, at},
    suite::{Suite, by},
};
use gongdan_clock::new_id;
use gongdan_proto::{
    CHANGES,
    reporting::v1::{Dimension, RebuildState, StartRebuildRequest, WatchRebuildRequest},
    tickets::v1::Phase,
};
use gongdan_testkit::filled_event;
use uuid::Uuid;

const DUE: &str = "2026-11-20T10:00:00Z";
const ERROR: Uuid = Uuid::from_u128(3);

fn begun(day: u8) -> Story {
    let when = at(&format!("2026-11-{day:02}T01:00:00Z"));
    Story::about("440106", when)
}

fn submitted(day: u8) -> Story {
    begun(day).submitted(at(&format!("2026-11-{day:02}T01:00:01Z")), at(DUE))
}

/// Counts everything again; succeeds.
async fn rebuild(suite: &Suite) {
    let mut client = suite.rebuilds();
    let request = StartRebuildRequest { request_id: new_id(at(DUE)).to_string() };
    let started = client.start_rebuild(request).await.unwrap().into_inner();
    let mut changes =
        client.watch_rebuild(WatchRebuildRequest { id: started.id }).await.unwrap().into_inner();
    let mut last = None;
    while let Some(rebuild) = changes.message().await.unwrap() {
        last = Some(rebuild);
    }
    let last = last.unwrap();
    assert_eq!(last.state(), RebuildState::Succeeded, "{}", last.error);
}

#[tokio::test]
async fn what_is_answered_repeated_and_found_is_counted_and_what_is_merged_in_no_rate() {
    let suite = Suite::start().await;
    let stories = [
        begun(2).answered(at("2026-11-02T01:00:10Z")),
        submitted(3).repeating(at("2026-11-03T02:00:00Z")),
        // Two rounds, the first resolved and urged: none of it counts any more.
        submitted(4)
            .dispatched(at("2026-11-04T02:00:00Z"), "tianhe-env")
            .urged(at("2026-11-04T03:00:00Z"))
            .resolved(at("2026-11-04T04:00:00Z"), 60)
            .reopened(at("2026-11-05T04:00:00Z"), at(DUE))
            .quality_error(at("2026-11-05T05:00:00Z"), ERROR, "")
            .merged(at("2026-11-05T06:00:00Z")),
        submitted(6)
            .dispatched(at("2026-11-06T02:00:00Z"), "tianhe-env")
            .quality_error(at("2026-11-06T03:00:00Z"), ERROR, "centre")
            .quality_error(at("2026-11-06T04:00:00Z"), Uuid::from_u128(4), "")
            .quality_error_withdrawn(at("2026-12-01T03:00:00Z"), ERROR),
        // Nothing of these was ever submitted.
        begun(7).saved(at("2026-11-07T01:00:00Z")).cancelled(at("2026-11-07T02:00:00Z")).erased(at(DUE)),
        begun(8)
            .quarantined(at("2026-11-08T01:00:00Z"))
            .cancelled(at("2026-11-09T02:00:00Z"))
            .erased(at(DUE)),
        begun(9).quarantined(at("2026-11-09T01:00:00Z")),
        // What waits for a review is not resolved.
        submitted(10)
            .dispatched(at("2026-11-10T02:00:00Z"), "tianhe-env")
            .reviewed(at("2026-11-10T03:00:00Z")),
    ];
    for story in &stories {
        suite.tell(&story.all()).await;
    }
    suite.settled("all is told", |m| (m.received, m.merged, m.overdue) == (5, 1, 3)).await;
    let told = suite.total().await;
    assert_eq!((told.resolved, told.on_time, told.timed), (1, 0, 0), "the answer at intake: {told:?}");
    assert_eq!((told.first_contact, told.first_contact_rate), (1, Some(0.25)));
    assert_eq!((told.repeats, told.repeat_rate), (1, Some(0.25)));
    assert_eq!((told.urges, told.urged, told.reopened, told.dispatched), (0, 0, 0, 2));
    assert_eq!(told.quality_errors, 1);
    let units = suite.rows(by(Dimension::Unit)).await;
    assert_eq!(units["tianhe-env"].quality_errors, 1, "the unit of the round, when nobody is named");
    assert!(!units.contains_key("centre"), "what was taken back");
    let before = suite.report(by(Dimension::Day)).await.rows;
    rebuild(&suite).await;
    assert_eq!(suite.report(by(Dimension::Day)).await.rows, before);
}

#[tokio::test]
async fn a_merge_that_is_undone_leaves_the_numbers_as_they_were() {
    let suite = Suite::start().await;
    let story = submitted(4)
        .dispatched(at("2026-11-04T02:00:00Z"), "tianhe-env")
        .urged(at("2026-11-04T03:00:00Z"))
        .resolved(at("2026-11-04T04:00:00Z"), 60)
        .reopened(at("2026-11-05T04:00:00Z"), at(DUE));
    suite.tell(&story.all()).await;
    suite.settled("it was reopened", |m| (m.reopened, m.timed, m.overdue) == (1, 1, 1)).await;
    let before = suite.report(by(Dimension::Day)).await.rows;

    let merged = story.clone().merged(at("2026-11-06T01:00:00Z"));
    suite.tell(&merged.tickets[story.tickets.len()..]).await;
    suite
        .settled("it is merged", |m| {
            (m.received, m.merged, m.resolved, m.reopened, m.urges) == (1, 1, 0, 0, 0)
        })
        .await;
    let rates = suite.total().await;
    assert_eq!(
        (rates.on_time_rate, rates.reopen_rate, rates.urge_rate, rates.repeat_rate),
        (None, None, None, None)
    );

    let undone = merged.clone().merge_undone(at("2026-11-06T02:00:00Z"), Phase::PendingDispatch);
    suite.tell(&undone.tickets[merged.tickets.len()..]).await;
    suite.settled("it is no more", |m| (m.merged, m.overdue) == (0, 1)).await;
    assert_eq!(suite.report(by(Dimension::Day)).await.rows, before);
    rebuild(&suite).await;
    assert_eq!(suite.report(by(Dimension::Day)).await.rows, before);
}

/// A fact that reports do not know must not hold back those they do.
#[tokio::test]
async fn every_kind_of_event_is_taken_in() {
    let suite = Suite::start().await;
    let id = |_: &str| Some(Uuid::from_u128(5).to_string());
    for (_, name) in CHANGES {
        let change = filled_event(name, &id).change.unwrap();
        let story = submitted(4).did(at("2026-11-04T02:00:00Z"), change);
        suite.tell(&story.all()).await;
    }
    let all = i64::try_from(CHANGES.len()).unwrap();
    suite.settled("each was taken in", |m| m.received == all).await;
    gongdan_testkit::eventually("each second event as well", async || {
        let done: i64 =
            sqlx::query_scalar("SELECT count(*) FROM inbox_versions WHERE version = 2 AND held IS NULL")
                .fetch_one(suite.env.pool())
                .await
                .unwrap();
        done >= all
    })
    .await;
    let dead: i64 =
        sqlx::query_scalar("SELECT count(*) FROM inbox_dead").fetch_one(suite.env.pool()).await.unwrap();
    assert_eq!(dead, 0);
}
