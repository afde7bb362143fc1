//! What the door costs; by hand: `cargo test -p gongdan-auth --test it -- --ignored --nocapture cost`.

use std::time::{Duration, Instant};

use crate::support::{House, headers};

const CALLS: u32 = 10_000;
const TOKENS: u64 = 100;
/// The best of so many counts: what else the machine did is not the door's cost.
const ROUNDS: u64 = 20;

#[tokio::test]
#[ignore = "a measurement"]
async fn the_cost_of_the_door() {
    let house = House::new().await;
    let known = headers(&house.token());
    let (mut hit, mut miss) = (Duration::MAX, Duration::MAX);
    for round in 0..ROUNDS {
        let begun = Instant::now();
        for _ in 0..CALLS {
            std::hint::black_box(house.authenticator.authenticate(&known).await.unwrap());
        }
        hit = hit.min(begun.elapsed() / CALLS);
        let fresh: Vec<_> = (0..TOKENS)
            .map(|n| Duration::from_secs(100 + round * TOKENS + n))
            .map(|ttl| headers(&house.issuer.mint("li.wei", ttl).unwrap()))
            .collect();
        let begun = Instant::now();
        for headers in &fresh {
            std::hint::black_box(house.authenticator.authenticate(headers).await.unwrap());
        }
        miss = miss.min(begun.elapsed() / 100);
    }
    println!("a token that is remembered costs {hit:?}, one that is verified {miss:?}");
}
