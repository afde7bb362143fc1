//! Some thousand requests over every RPC: as many each time, of another seed each time.

#![allow(clippy::expect_used, reason = "a test")]

use gongdan_fuzz::{Options, run};

const REQUESTS: u64 = 4_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_is_a_good_one_or_a_refusal_with_a_reason() {
    let seed = std::env::var("GONGDAN_FUZZ_SEED").ok().and_then(|text| text.parse().ok());
    let options =
        Options { requests: REQUESTS, seed: seed.unwrap_or_else(rand::random), workers: 8, progress: false };
    let report = run(options).await.expect("a run");
    let faults = report.faults();
    assert!(faults.is_empty(), "GONGDAN_FUZZ_SEED={} makes it again:\n{}", report.seed, faults.join("\n"));
    assert!(report.count("OK") > REQUESTS / 50, "too few came as far as a good answer:\n{report}");
}
