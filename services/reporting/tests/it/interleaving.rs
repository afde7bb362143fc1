//! Any interleaving of the streams of single tickets, clocks and tasks gives the same report. Source: P1.

use crate::{
    story::{Story, at},
    suite::{Suite, by},
};
use gongdan_bus::Event;
use gongdan_proto::reporting::v1::{Dimension, GetReportRequest, Measures};
use gongdan_testkit::eventually;
use proptest::{
    strategy::{Just, Strategy, ValueTree},
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use std::collections::{BTreeMap, VecDeque};
use uuid::Uuid;

const CASES: usize = 12;
const SEED: [u8; 32] = *b"gongdan reporting interleavings!";

/// Two tickets in their own area, so that the cases do not see each other.
fn lives(region: &str) -> Vec<Story> {
    let unit = "tianhe-env";
    let twice = Story::about(region, at("2026-10-31T15:00:00Z"))
        .saved(at("2026-10-31T15:00:00Z"))
        .submitted(at("2026-10-31T15:30:00Z"), at("2026-11-03T10:00:00Z"))
        .dispatched(at("2026-11-01T02:00:00Z"), unit)
        .returned(at("2026-11-01T03:00:00Z"))
        .dispatched(at("2026-11-01T04:00:00Z"), unit)
        .urged(at("2026-11-01T05:00:00Z"))
        .transferred(at("2026-11-01T06:00:00Z"), "other")
        .resolved(at("2026-11-03T02:00:00Z"), 3600)
        .called_back(at("2026-11-04T02:00:00Z"), true, false, false)
        .reopened(at("2026-11-04T02:00:01Z"), at("2026-11-06T10:00:00Z"))
        .dispatched(at("2026-11-04T03:00:00Z"), unit)
        .resolved(at("2026-11-30T17:00:00Z"), 90_000)
        .called_back(at("2026-12-01T02:00:00Z"), true, true, true)
        .closed(at("2026-12-01T02:00:01Z"));
    let cancelled = Story::about(region, at("2026-11-04T01:00:00Z"))
        .submitted(at("2026-11-04T01:00:00Z"), at("2026-11-06T10:00:00Z"))
        .resolved(at("2026-11-05T01:00:00Z"), 60)
        .reopened(at("2026-11-05T02:00:00Z"), at("2026-11-09T10:00:00Z"))
        .urged(at("2026-11-05T03:00:00Z"))
        .cancelled(at("2026-11-05T04:00:00Z"));
    vec![twice, cancelled]
}

/// The streams of the aggregates, merged by a random order of turns.
fn interleave(events: Vec<Event>, runner: &mut TestRunner) -> Vec<Event> {
    let turns: Vec<Uuid> = events.iter().map(|event| event.aggregate_id).collect();
    let turns = Just(turns).prop_shuffle().new_tree(runner).unwrap().current();
    let mut streams: BTreeMap<Uuid, VecDeque<Event>> = BTreeMap::new();
    for event in events {
        streams.entry(event.aggregate_id).or_default().push_back(event);
    }
    turns.into_iter().map(|id| streams.get_mut(&id).unwrap().pop_front().unwrap()).collect()
}

#[tokio::test]
async fn any_interleaving_gives_the_same_report() {
    println!("seed: {}", String::from_utf8_lossy(&SEED));
    let mut runner =
        TestRunner::new_with_rng(Config::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &SEED));
    let suite = Suite::start().await;
    let regions: Vec<String> = (1..=CASES).map(|case| format!("4401060{case:02}")).collect();
    let mut all = Vec::new();
    for (case, region) in regions.iter().enumerate() {
        let events: Vec<Event> = lives(region).iter().flat_map(Story::all).collect();
        // The first is told in order, for comparison.
        all.extend(if case == 0 { events } else { interleave(events, &mut runner) });
    }
    suite.tell(&all).await;

    let report = async |region: &str| -> BTreeMap<String, Measures> {
        suite.rows(GetReportRequest { region: region.into(), ..by(Dimension::Month) }).await
    };
    eventually("all is counted", async || {
        let total = suite.total().await;
        let cases = i64::try_from(CASES).unwrap();
        (total.resolved, total.timed, total.callbacks, total.cancelled)
            == (2 * cases, 2 * cases, 2 * cases, cases)
            && total.in_flight == 0
    })
    .await;
    let first = report(&regions[0]).await;
    assert_eq!(first["2026-11"].resolved, 1);
    assert_eq!((first["2026-10"].received, first["2026-11"].received, first["2026-12"].resolved), (1, 1, 1));
    for region in &regions[1..] {
        assert_eq!(report(region).await, first, "{region}");
    }
}
