//! Where keys come from, and what happens when they change.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use gongdan_auth::{AuthConfig, InvalidAuthConfig, IssuerConfig, LocalIssuer, TokenSource};
use gongdan_clock::{Clock, ManualClock};
use gongdan_proto::routing::v1::Principal;
use gongdan_tls::{Incoming, ServerTls, ServerTlsConfig, testing::Authority};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use tokio_stream::StreamExt;

use crate::support::{House, assert_unauthenticated, li_wei};

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

/// Serves documents over HTTP and counts how often each is asked for; answers 503 while it is away.
struct Publisher {
    url: String,
    asked: Arc<Mutex<HashMap<String, usize>>>,
    documents: Arc<Mutex<HashMap<String, String>>>,
    away: Arc<AtomicBool>,
}

impl Publisher {
    async fn start(tls: Option<ServerTls>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let scheme = if tls.is_some() { "https" } else { "http" };
        let publisher = Self {
            url: format!("{scheme}://{}", listener.local_addr().unwrap()),
            asked: Arc::default(),
            documents: Arc::default(),
            away: Arc::default(),
        };
        let (asked, documents, away) =
            (Arc::clone(&publisher.asked), Arc::clone(&publisher.documents), Arc::clone(&publisher.away));
        tokio::spawn(async move {
            let mut incoming = Incoming::new(listener, tls);
            while let Some(Ok(mut stream)) = incoming.next().await {
                let mut buffer = [0; 4096];
                let read = stream.read(&mut buffer).await.unwrap_or(0);
                let head = String::from_utf8_lossy(&buffer[..read]).into_owned();
                let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
                *asked.lock().unwrap().entry(path.clone()).or_default() += 1;
                let body = documents.lock().unwrap().get(&path).cloned();
                let answer = match body.filter(|_| !away.load(Ordering::SeqCst)) {
                    Some(body) => format!(
                        "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
                        body.len()
                    ),
                    None => "HTTP/1.1 503 Away\r\nconnection: close\r\ncontent-length: 0\r\n\r\n".to_owned(),
                };
                let _ = stream.write_all(answer.as_bytes()).await;
                let _ = stream.shutdown().await;
            }
        });
        publisher
    }

    fn put(&self, path: &str, document: impl Into<String>) {
        self.documents.lock().unwrap().insert(path.to_owned(), document.into());
    }

    fn keys_of(&self, issuer: &LocalIssuer) {
        self.put("/jwks.json", std::fs::read_to_string(issuer.jwks_file()).unwrap());
    }

    fn asked(&self, path: &str) -> usize {
        self.asked.lock().unwrap().get(path).copied().unwrap_or(0)
    }

    fn discovery(&self, issuer: &str, jwks_uri: &str) {
        self.put(DISCOVERY, json!({"issuer": issuer, "jwks_uri": jwks_uri}).to_string());
    }
}

const DISCOVERY: &str = "/.well-known/openid-configuration";

/// An issuer whose name is the publisher's URL, with keys of its own.
struct Distant {
    publisher: Publisher,
    _directory: TempDir,
    issuer: LocalIssuer,
    name: String,
}

impl Distant {
    async fn new() -> Self {
        Self::over(None).await
    }

    async fn over(tls: Option<ServerTls>) -> Self {
        let publisher = Publisher::start(tls).await;
        let directory = tempfile::tempdir().unwrap();
        let clock = ManualClock::new("2026-11-22T09:00:00Z".parse().unwrap());
        let issuer = LocalIssuer::create_or_load(directory.path(), Arc::new(clock)).unwrap();
        let name = publisher.url.clone();
        publisher.keys_of(&issuer);
        publisher.discovery(&name, &format!("{name}/jwks.json"));
        Self { publisher, _directory: directory, issuer, name }
    }

    fn config(&self) -> IssuerConfig {
        IssuerConfig { issuer: self.name.clone(), jwks_url: None, jwks_file: None, ca_file: None }
    }

    fn by_url(&self) -> IssuerConfig {
        IssuerConfig { jwks_url: Some(format!("{}/jwks.json", self.name)), ..self.config() }
    }

    /// Somebody this issuer knows, and a house knows from it.
    fn somebody(&self) -> Principal {
        Principal {
            id: "wang.fang".to_owned(),
            issuer: self.name.clone(),
            subject: "wang.fang".to_owned(),
            ..li_wei()
        }
    }

    /// A token, another for each lifetime.
    fn token(&self, house: &House, ttl: i64) -> String {
        let mut claims = house.claims();
        claims["iss"] = json!(self.name);
        claims["sub"] = json!("wang.fang");
        claims["exp"] = json!(house.clock.now().as_second() + ttl);
        self.issuer.sign(&claims).unwrap()
    }

    async fn house(&self, adjust: impl FnOnce(&mut AuthConfig)) -> House {
        let house = House::with(|config| {
            config.issuers = vec![self.by_url()];
            adjust(config);
        })
        .await;
        house.authenticator.changed(&[self.somebody()]);
        house
    }
}

#[tokio::test]
async fn an_issuer_is_discovered() {
    let distant = Distant::new().await;
    let house = distant.house(|config| config.issuers = vec![distant.config()]).await;
    assert_eq!(house.caller(&distant.token(&house, 60)).await.unwrap().principal_id, "wang.fang");
    house.caller(&distant.token(&house, 61)).await.unwrap();
    assert_eq!(
        (distant.publisher.asked(DISCOVERY), distant.publisher.asked("/jwks.json")),
        (1, 1),
        "it is cached"
    );
}

#[tokio::test]
async fn an_issuer_of_an_authority_of_ones_own_is_trusted_by_its_file() {
    let directory = tempfile::tempdir().unwrap();
    let authority = Authority::new("the organisation's");
    let (cert_file, key_file) = authority.issue(&["127.0.0.1"]).write(directory.path(), "issuer");
    let tls = ServerTlsConfig { cert_file, key_file, ..ServerTlsConfig::default() };
    let distant = Distant::over(ServerTls::new(&tls).unwrap()).await;
    let trusting = |authority: &Authority, name: &str| {
        let ca_file = Some(authority.write(directory.path(), name).into());
        vec![IssuerConfig { ca_file, ..distant.config() }]
    };
    let house = distant.house(|config| config.issuers = trusting(&authority, "ours.pem")).await;
    house.caller(&distant.token(&house, 60)).await.unwrap();

    let another = Authority::new("another");
    for issuers in [trusting(&another, "another.pem"), vec![distant.config()]] {
        let house = distant.house(|config| config.issuers = issuers).await;
        let refused = house.caller(&distant.token(&house, 60)).await.unwrap_err();
        assert_eq!(refused.code(), tonic::Code::Unavailable);
    }
}

#[tokio::test]
async fn keys_that_moved_are_discovered_again_and_a_lost_discovery_document_leaves_the_last_place() {
    let mut distant = Distant::new().await;
    let house = distant
        .house(|config| {
            config.issuers = vec![distant.config()];
            config.jwks_min_interval = Duration::ZERO;
        })
        .await;
    house.caller(&distant.token(&house, 60)).await.unwrap();
    distant.issuer.rotate().unwrap();
    let keys = std::fs::read_to_string(distant.issuer.jwks_file()).unwrap();
    distant.publisher.put("/moved.json", keys);
    distant.publisher.discovery(&distant.name, &format!("{}/moved.json", distant.name));
    house.caller(&distant.token(&house, 60)).await.unwrap();

    distant.publisher.documents.lock().unwrap().remove(DISCOVERY);
    distant.issuer.rotate().unwrap();
    let keys = std::fs::read_to_string(distant.issuer.jwks_file()).unwrap();
    distant.publisher.put("/moved.json", keys);
    house.caller(&distant.token(&house, 60)).await.unwrap();
}

#[tokio::test]
async fn a_discovery_document_of_another_issuer_or_with_keys_from_anywhere_is_not_used() {
    for (issuer, jwks_uri) in [
        ("https://elsewhere.example", None),
        ("", Some("http://keys.example/jwks.json")),
        ("", Some("ftp://x")),
    ] {
        let distant = Distant::new().await;
        let issuer = if issuer.is_empty() { distant.name.clone() } else { issuer.to_owned() };
        let own = format!("{}/jwks.json", distant.name);
        distant.publisher.discovery(&issuer, jwks_uri.unwrap_or(&own));
        let house = distant.house(|config| config.issuers = vec![distant.config()]).await;
        let refused = house.caller(&distant.token(&house, 60)).await.unwrap_err();
        assert_eq!(refused.code(), tonic::Code::Unavailable, "{issuer} {jwks_uri:?}");
        assert_eq!(distant.publisher.asked("/jwks.json"), 0);
    }
}

#[tokio::test]
async fn several_issuers_stand_side_by_side_and_none_answers_for_another() {
    let (one, other) = (Distant::new().await, Distant::new().await);
    let house = one
        .house(|config| {
            let local = config.issuers.clone();
            config.issuers = vec![one.config(), other.by_url()];
            assert_eq!(local.len(), 1);
        })
        .await;
    let mut theirs = other.somebody();
    theirs.id = "zhao.min".to_owned();
    house.authenticator.changed(&[theirs]);
    assert_eq!(house.caller(&one.token(&house, 60)).await.unwrap().principal_id, "wang.fang");
    assert_eq!(house.caller(&other.token(&house, 60)).await.unwrap().principal_id, "zhao.min");
    // A good key of the other issuer, under the name of this one.
    let mut claims = house.claims();
    claims["iss"] = json!(one.name);
    claims["sub"] = json!("wang.fang");
    assert_unauthenticated(house.caller(&other.issuer.sign(&claims).unwrap()).await);
}

#[tokio::test]
async fn an_unknown_key_id_makes_the_document_be_fetched_again() {
    let mut distant = Distant::new().await;
    let house = distant.house(|_| {}).await;
    house.caller(&distant.token(&house, 60)).await.unwrap();
    house.caller(&distant.token(&house, 61)).await.unwrap();
    assert_eq!(distant.publisher.asked("/jwks.json"), 1, "a known key is not fetched again");
    // Twice within the least interval: a fetch that brought what was looked for holds none back.
    for fetches in [2, 3] {
        distant.issuer.rotate().unwrap();
        distant.publisher.keys_of(&distant.issuer);
        house.caller(&distant.token(&house, 60)).await.unwrap();
        assert_eq!(distant.publisher.asked("/jwks.json"), fetches);
    }
}

#[tokio::test]
async fn a_flood_of_unknown_key_ids_fetches_once_per_interval() {
    let distant = Distant::new().await;
    let house = distant.house(|config| config.jwks_min_interval = Duration::from_secs(3600)).await;
    house.caller(&distant.token(&house, 60)).await.unwrap();
    assert_eq!(distant.publisher.asked("/jwks.json"), 1);
    for _ in 0..20 {
        let mut stranger = Distant::new().await;
        stranger.name.clone_from(&distant.name);
        assert_unauthenticated(house.caller(&stranger.token(&house, 60)).await);
    }
    assert_eq!(distant.publisher.asked("/jwks.json"), 2);
}

#[tokio::test]
async fn keys_are_fetched_before_they_are_old_and_without_a_call() {
    let mut distant = Distant::new().await;
    let house = distant.house(|config| config.jwks_max_age = Duration::from_millis(200)).await;
    let (before, withdrawn) = (distant.token(&house, 60), distant.token(&house, 61));
    distant.issuer.rotate().unwrap();
    let document = std::fs::read_to_string(distant.issuer.jwks_file()).unwrap();
    let mut keys: Value = serde_json::from_str(&document).unwrap();
    keys["keys"].as_array_mut().unwrap().remove(0);
    house.caller(&before).await.unwrap();
    distant.publisher.put("/jwks.json", keys.to_string());
    let asked = distant.publisher.asked("/jwks.json");
    gongdan_testkit::eventually("it is fetched again", async || {
        distant.publisher.asked("/jwks.json") > asked + 1
    })
    .await;
    house.caller(&distant.token(&house, 60)).await.expect("of the new key");
    // Not the first token, which is remembered for a while.
    assert_unauthenticated(house.caller(&withdrawn).await);
}

#[tokio::test]
async fn an_issuer_that_is_away_fails_no_call_whose_key_is_known() {
    let mut distant = Distant::new().await;
    let house = distant
        .house(|config| {
            config.jwks_min_interval = Duration::ZERO;
            config.jwks_max_age = Duration::from_millis(100);
        })
        .await;
    house.caller(&distant.token(&house, 60)).await.unwrap();
    distant.publisher.away.store(true, Ordering::SeqCst);
    let asked = distant.publisher.asked("/jwks.json");
    gongdan_testkit::eventually("it was asked in vain", async || {
        distant.publisher.asked("/jwks.json") > asked + 1
    })
    .await;
    house.caller(&distant.token(&house, 61)).await.expect("the key is known");

    distant.issuer.rotate().unwrap();
    distant.publisher.keys_of(&distant.issuer);
    let refused = house.caller(&distant.token(&house, 60)).await.unwrap_err();
    assert_eq!(refused.code(), tonic::Code::Unavailable, "nobody can tell whether the key is good");
    distant.publisher.away.store(false, Ordering::SeqCst);
    house.caller(&distant.token(&house, 60)).await.unwrap();
}

#[tokio::test]
async fn keys_that_are_too_old_are_not_used() {
    let distant = Distant::new().await;
    let house = distant
        .house(|config| {
            config.jwks_min_interval = Duration::ZERO;
            config.jwks_max_age = Duration::from_millis(100);
            config.jwks_max_stale = Duration::from_millis(300);
        })
        .await;
    house.caller(&distant.token(&house, 60)).await.unwrap();
    distant.publisher.away.store(true, Ordering::SeqCst);
    let mut ttl = 60;
    gongdan_testkit::eventually("the keys are too old", async || {
        ttl += 1;
        let answer = house.caller(&distant.token(&house, ttl)).await;
        answer.is_err_and(|why| why.code() == tonic::Code::Unavailable)
    })
    .await;
    distant.publisher.away.store(false, Ordering::SeqCst);
    house.caller(&distant.token(&house, ttl + 1)).await.unwrap();
}

#[tokio::test]
async fn a_document_without_a_usable_key_is_an_accident_and_no_rotation() {
    let distant = Distant::new().await;
    let house = distant.house(|config| config.jwks_max_age = Duration::from_millis(100)).await;
    house.caller(&distant.token(&house, 60)).await.unwrap();
    distant.publisher.put("/jwks.json", json!({"keys": [{"kty": "oct", "k": "AAAA"}]}).to_string());
    let asked = distant.publisher.asked("/jwks.json");
    gongdan_testkit::eventually("it is fetched", async || distant.publisher.asked("/jwks.json") > asked + 1)
        .await;
    house.caller(&distant.token(&house, 61)).await.unwrap();
}

#[tokio::test]
async fn a_section_that_cannot_work_is_refused() {
    let clock = Arc::new(ManualClock::new("2026-11-22T09:00:00Z".parse().unwrap()));
    let directory = tempfile::tempdir().unwrap();
    let good = LocalIssuer::create_or_load(directory.path(), clock.clone()).unwrap().auth_config();
    let refusal = async |adjust: &dyn Fn(&mut AuthConfig)| {
        let pool = sqlx::PgPool::connect_lazy("postgres://nobody@127.0.0.1:1/none").unwrap();
        let mut config = good.clone();
        adjust(&mut config);
        let refused = gongdan_auth::Authenticator::new(&config, pool, clock.clone()).await;
        refused.err().expect("the section must be refused")
    };
    let url = |url: &str| Some(url.to_owned());
    let both = refusal(&|config| config.issuers[0].jwks_url = url("https://id.example/jwks.json")).await;
    assert!(matches!(both, InvalidAuthConfig::Keys(_)), "{both}");
    let none = refusal(&|config| config.issuers.clear()).await;
    assert!(matches!(none, InvalidAuthConfig::NoIssuer), "{none}");
    let twice = refusal(&|config| config.issuers.push(config.issuers[0].clone())).await;
    assert!(matches!(twice, InvalidAuthConfig::Twice(_)), "{twice}");
    let lenient = refusal(&|config| config.leeway = Duration::from_secs(3600)).await;
    assert!(matches!(lenient, InvalidAuthConfig::Leeway(_)), "{lenient}");
    let stale = refusal(&|config| config.jwks_max_stale = Duration::from_secs(1)).await;
    assert!(matches!(stale, InvalidAuthConfig::Stale), "{stale}");
    for (name, jwks_url) in [
        ("http://id.example", None),
        ("gongdan-local", None),
        ("https://id.example", url("http://id.example/jwks")),
    ] {
        let plain = refusal(&|config| {
            let (issuer, jwks_url) = (name.to_owned(), jwks_url.clone());
            config.issuers = vec![IssuerConfig { issuer, jwks_url, jwks_file: None, ca_file: None }];
        })
        .await;
        assert!(matches!(plain, InvalidAuthConfig::Address { .. }), "{plain}");
    }
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
