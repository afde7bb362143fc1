//! Where keys come from, and what happens when they change.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use gongdan_auth::{InvalidAuthConfig, IssuerConfig, LocalIssuer, TokenSource};
use gongdan_clock::ManualClock;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::support::{House, assert_unauthenticated};

#[tokio::test]
async fn after_a_rotation_old_and_new_tokens_are_good() {
    let mut house = House::new().await;
    let old = house.token();
    house.caller(&old).await.unwrap();
    house.issuer.rotate().unwrap();
    house.caller(&house.token()).await.unwrap();
    house.caller(&old).await.unwrap();
    // A restart goes on with the new key.
    let again = LocalIssuer::create_or_load(house.directory.path(), Arc::new(house.clock.clone())).unwrap();
    house.caller(&again.mint("li.wei", Duration::from_secs(60)).unwrap()).await.unwrap();
}

#[tokio::test]
async fn a_key_file_that_is_away_is_unavailable_and_not_unauthenticated() {
    let house = House::new().await;
    let token = house.token();
    let document = std::fs::read(house.issuer.jwks_file()).unwrap();
    std::fs::remove_file(house.issuer.jwks_file()).unwrap();
    assert_eq!(house.caller(&token).await.unwrap_err().code(), tonic::Code::Unavailable);
    std::fs::write(house.issuer.jwks_file(), document).unwrap();
    house.caller(&token).await.unwrap();
}

/// Serves a JWKS document over HTTP and counts how often it is asked.
struct Publisher {
    url: String,
    asked: Arc<AtomicUsize>,
    document: Arc<Mutex<Vec<u8>>>,
}

async fn publish(document: Vec<u8>) -> Publisher {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/jwks.json", listener.local_addr().unwrap());
    let asked = Arc::new(AtomicUsize::new(0));
    let document = Arc::new(Mutex::new(document));
    let (count, body) = (Arc::clone(&asked), Arc::clone(&document));
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::SeqCst);
            let mut buffer = [0; 4096];
            let _ = stream.read(&mut buffer).await;
            let body = body.lock().unwrap().clone();
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
                body.len()
            );
            let _ = stream.write_all(&[head.into_bytes(), body].concat()).await;
        }
    });
    Publisher { url, asked, document }
}

async fn by_url(min_interval: Duration) -> (House, Publisher) {
    let publisher = publish(b"{\"keys\": []}".to_vec()).await;
    let url = publisher.url.clone();
    let house = House::with(|config| {
        config.jwks_min_interval = min_interval;
        config.issuers = vec![IssuerConfig {
            issuer: LocalIssuer::ISSUER.to_owned(),
            jwks_url: Some(url),
            jwks_file: None,
        }];
    })
    .await;
    *publisher.document.lock().unwrap() = std::fs::read(house.issuer.jwks_file()).unwrap();
    (house, publisher)
}

#[tokio::test]
async fn an_unknown_key_id_makes_the_document_be_fetched_again() {
    let (mut house, publisher) = by_url(Duration::ZERO).await;
    house.caller(&house.token()).await.unwrap();
    house.caller(&house.issuer.mint("li.wei", Duration::from_secs(61)).unwrap()).await.unwrap();
    assert_eq!(publisher.asked.load(Ordering::SeqCst), 1, "a known key is not fetched again");
    house.issuer.rotate().unwrap();
    *publisher.document.lock().unwrap() = std::fs::read(house.issuer.jwks_file()).unwrap();
    house.caller(&house.token()).await.unwrap();
    assert_eq!(publisher.asked.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_flood_of_unknown_key_ids_fetches_once_per_interval() {
    let (house, publisher) = by_url(Duration::from_secs(3600)).await;
    house.caller(&house.token()).await.unwrap();
    for _ in 0..20 {
        let stranger = House::new().await;
        assert_unauthenticated(house.caller(&stranger.token()).await);
    }
    assert_eq!(publisher.asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn an_issuer_needs_exactly_one_place_for_its_keys() {
    let clock = Arc::new(ManualClock::new("2026-11-22T09:00:00Z".parse().unwrap()));
    let directory = tempfile::tempdir().unwrap();
    let good = LocalIssuer::create_or_load(directory.path(), clock.clone()).unwrap().auth_config();
    let pool = sqlx::PgPool::connect_lazy("postgres://nobody@127.0.0.1:1/none").unwrap();
    let mut both = good.clone();
    both.issuers[0].jwks_url = Some("https://id.example/jwks.json".to_owned());
    let refused = gongdan_auth::Authenticator::new(&both, pool.clone(), clock.clone()).await;
    assert!(matches!(refused.err(), Some(InvalidAuthConfig::Keys(_))));
    let mut none = good;
    none.issuers.clear();
    let refused = gongdan_auth::Authenticator::new(&none, pool, clock).await;
    assert!(matches!(refused.err(), Some(InvalidAuthConfig::NoIssuer)));
}

#[tokio::test(start_paused = true)]
async fn a_token_file_is_read_again() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("token");
    let source = TokenSource::file(file.clone());
    source.authorization().await.expect_err("there is no file yet");
    std::fs::write(&file, "one\n").unwrap();
    assert_eq!(source.authorization().await.unwrap(), "Bearer one");
    std::fs::write(&file, "two\n").unwrap();
    tokio::time::advance(Duration::from_secs(2)).await;
    assert_eq!(source.authorization().await.unwrap(), "Bearer two");
    std::fs::remove_file(&file).unwrap();
    tokio::time::advance(Duration::from_secs(2)).await;
    assert_eq!(
        source.authorization().await.unwrap(),
        "Bearer two",
        "a file being replaced does not stop calls"
    );
}
