//! Random orders, repetitions and losses through the real inbox, with poison and replicas in between.

use crate::env::{Env, Recorder, consumer, event, id};
use gongdan_bus::Event;
use gongdan_outbox::RelayHandle;
use rand::{Rng as _, SeedableRng as _, rngs::StdRng, seq::SliceRandom as _};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_arrives_in_whatever_order_each_version_is_applied_once_and_in_order() {
    let seed: u64 = rand::random();
    println!("seed {seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let env = Env::start().await;
    for _ in 0..12 {
        let handler = Recorder::new();
        let tickets: Vec<_> = (0..random.random_range(1..8_usize)).map(|_| id()).collect();
        let lengths: Vec<i64> = tickets.iter().map(|_| random.random_range(1..25)).collect();
        let all: Vec<Event> = tickets
            .iter()
            .zip(&lengths)
            .flat_map(|(ticket, n)| (1..=*n).map(|version| event(*ticket, version)))
            .collect();
        let mut arrivals: Vec<Event> = all.iter().filter(|_| random.random_bool(0.8)).cloned().collect();
        arrivals.extend(all.iter().filter(|_| random.random_bool(0.3)).cloned());
        arrivals.shuffle(&mut random);

        // Two replicas take batches of their own at the same time.
        let inboxes = [0, 1].map(|_| {
            consumer().inbox(env.pool.clone(), env.bus.clone(), handler.clone(), RelayHandle::none())
        });
        let mut halves = [Vec::new(), Vec::new()];
        while !arrivals.is_empty() {
            let size = random.random_range(1..=arrivals.len().min(9));
            halves[random.random_range(0..2_usize)].push(arrivals.drain(..size).collect::<Vec<_>>());
        }
        let replicas = halves.into_iter().zip(inboxes.clone()).map(|(batches, inbox)| {
            tokio::spawn(async move {
                for batch in batches {
                    inbox.ingest(batch).await.unwrap();
                }
            })
        });
        for replica in replicas.collect::<Vec<_>>() {
            replica.await.unwrap();
        }
        // The owner's log brings what was lost.
        inboxes[0].ingest(all).await.unwrap();
        for (ticket, n) in tickets.iter().zip(&lengths) {
            assert_eq!(env.applied(*ticket).await, (1..=*n).collect::<Vec<_>>());
        }
        assert_eq!(env.count("inbox_parked").await, 0);
    }
}
