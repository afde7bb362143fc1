//! Who gets through the door of a service, over its socket.

use super::mirror::{House, RELAY, SPAWN, ask, seen};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use gongdan_auth::{AuthChannel, CALLER_HEADER, IssuerConfig, LocalIssuer, TokenSource};
use gongdan_clock::{Clock, SystemClock};
use gongdan_proto::tickets::v1::priority_service_client::PriorityServiceClient;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use tonic::{Code, Request, Status, transport::Channel};

async fn channel(address: SocketAddr) -> Channel {
    Channel::from_shared(format!("http://{address}")).unwrap().connect().await.unwrap()
}

/// Calls with these credentials; answers who was seen.
async fn call(
    channel: &Channel,
    mood: i32,
    credentials: &[(&'static str, String)],
) -> Result<String, Status> {
    let mut request = Request::new(ask(mood));
    for (name, value) in credentials {
        request.metadata_mut().append(*name, value.parse().unwrap());
    }
    let answer = PriorityServiceClient::new(channel.clone()).get_priority_matrix(request).await?;
    let (caller, served) = seen(&answer);
    Ok(served.map_or_else(|| caller.to_owned(), |served| format!("{caller} for {served}")))
}

fn bearer(token: impl std::fmt::Display) -> (&'static str, String) {
    ("authorization", format!("Bearer {token}"))
}

fn encoded(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

/// The same token with other claims.
fn with_claims(token: &str, claims: &Value) -> String {
    let parts: Vec<&str> = token.split('.').collect();
    format!("{}.{}.{}", parts[0], encoded(claims), parts[2])
}

#[tokio::test]
async fn a_token_that_is_not_good_gets_nobody_in() {
    let mut house = House::new();
    let other = House::new();
    // A second issuer that is trusted too, under a name of its own.
    house.auth.issuers.push(IssuerConfig { issuer: "second".to_owned(), ..other.auth.issuers[0].clone() });
    let serving = house.plain().await;
    let channel = channel(serving.address).await;

    let token = house.token("li.wei");
    assert_eq!(call(&channel, 0, &[bearer(&token)]).await.unwrap(), "li.wei");
    let second = {
        let mut claims = house.claims();
        claims["iss"] = json!("second");
        other.issuer.sign(&claims).unwrap()
    };
    assert_eq!(call(&channel, 0, &[bearer(&second)]).await.unwrap(), "li.wei@second");

    let now = SystemClock.now().as_second();
    let claimed = |key: &str, value: Value| {
        let mut claims = house.claims();
        match value {
            Value::Null => drop(claims.as_object_mut().unwrap().remove(key)),
            value => claims[key] = value,
        }
        claims
    };
    let signed = |key: &str, value: Value| house.issuer.sign(&claimed(key, value)).unwrap();
    let parts: Vec<&str> = token.split('.').collect();
    let mut signature = URL_SAFE_NO_PAD.decode(parts[2]).unwrap();
    signature[10] ^= 1;
    let signature = URL_SAFE_NO_PAD.encode(signature);
    let unsigned = encoded(&json!({"alg": "none", "typ": "JWT"}));
    let foreign_kid: Value =
        serde_json::from_slice(&std::fs::read(other.issuer.jwks_file()).unwrap()).unwrap();

    let cases = [
        ("tampered claims", with_claims(&token, &claimed("sub", json!("admin")))),
        ("tampered signature", format!("{}.{}.{signature}", parts[0], parts[1])),
        ("no signature", format!("{}.{}.", parts[0], parts[1])),
        ("another issuer's key", other.token("li.wei")),
        ("the other trusted issuer's key", other.issuer.sign(&house.claims()).unwrap()),
        ("an unknown issuer", signed("iss", json!("https://elsewhere.example"))),
        ("no issuer", signed("iss", Value::Null)),
        ("expired", signed("exp", json!(now - 3600))),
        ("no expiry", signed("exp", Value::Null)),
        ("expiry that is no number", signed("exp", json!("tomorrow"))),
        ("not yet valid", signed("nbf", json!(now + 3600))),
        ("issued in the future", signed("iat", json!(now + 3600))),
        ("another audience", signed("aud", json!("billing"))),
        ("other audiences", signed("aud", json!(["billing", "mail"]))),
        ("no audience", signed("aud", Value::Null)),
        ("no subject", signed("sub", Value::Null)),
        ("an empty subject", signed("sub", json!(""))),
        ("alg none", format!("{unsigned}.{}.", encoded(&house.claims()))),
        ("alg none with a signature", format!("{unsigned}.{}.{}", parts[1], parts[2])),
        ("signed with the public key", signed_with_public_key(&house)),
        ("a key id of the other issuer", with_key_id(&house, foreign_kid["keys"][0]["kid"].as_str())),
        ("a key id nobody has", with_key_id(&house, Some("nobody's"))),
        ("too long", signed("padding", json!("x".repeat(17 * 1024)))),
        ("garbage", "garbage".to_owned()),
        ("dots", "..".to_owned()),
        ("dots and garbage", "a.b.c".to_owned()),
        ("nothing", String::new()),
    ];
    for (what, bad) in cases {
        let refused = call(&channel, 0, &[bearer(bad)]).await.expect_err(what);
        assert_eq!(refused.code(), Code::Unauthenticated, "{what}: {refused}");
        assert!(!format!("{refused:?}").contains("li.wei"), "{what}: nothing of the token is repeated");
    }
    let cases = [
        ("no header", vec![]),
        ("another scheme", vec![("authorization", format!("Basic {token}"))]),
        ("no scheme", vec![("authorization", token.clone())]),
        ("two headers", vec![bearer(&token), bearer(&token)]),
        ("a carried token alone", vec![(CALLER_HEADER, format!("Bearer {token}"))]),
    ];
    for (what, credentials) in cases {
        let refused = call(&channel, 0, &credentials).await.expect_err(what);
        assert_eq!(refused.code(), Code::Unauthenticated, "{what}: {refused}");
    }
    // What is longer than all headers may be never gets as far as the door, and the connection lives.
    call(&channel, 0, &[bearer("x".repeat(100 * 1024))]).await.unwrap_err();
    // Without a key id the only key of the issuer is meant; whoever is good is still let in.
    assert_eq!(call(&channel, 0, &[bearer(with_key_id(&house, None))]).await.unwrap(), "li.wei");
}

fn signing_key(house: &House) -> Vec<u8> {
    std::fs::read(house.directory.path().join("signing-key.p8")).unwrap()
}

fn with_key_id(house: &House, id: Option<&str>) -> String {
    let mut header = Header::new(Algorithm::ES256);
    header.kid = id.map(str::to_owned);
    jsonwebtoken::encode(&header, &house.claims(), &EncodingKey::from_ec_der(&signing_key(house))).unwrap()
}

fn signed_with_public_key(house: &House) -> String {
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &signing_key(house)).unwrap();
    let document: Value = serde_json::from_slice(&std::fs::read(house.issuer.jwks_file()).unwrap()).unwrap();
    let mut header = Header::new(Algorithm::HS256);
    header.kid = document["keys"][0]["kid"].as_str().map(str::to_owned);
    let secret = EncodingKey::from_secret(pair.public_key().as_ref());
    jsonwebtoken::encode(&header, &house.claims(), &secret).unwrap()
}

#[tokio::test]
async fn a_call_that_serves_a_caller_carries_that_caller_and_background_work_none() {
    let house = House::new();
    let own = |service: &str| TokenSource::fixed(house.token(service).into());
    let last = house.plain().await;
    let to = |serving: SocketAddr, service: &str| {
        AuthChannel::lazy(&format!("http://{serving}"), Duration::from_secs(10), own(service)).unwrap()
    };
    let second = house.serve(super::config(), Some(to(last.address, "service.sla"))).await;
    let first = house.serve(super::config(), Some(to(second.address, "service.tickets"))).await;

    let second = channel(second.address).await;
    let person = bearer(house.token("li.wei"));
    let seen = call(&second, RELAY, std::slice::from_ref(&person)).await.unwrap();
    assert_eq!(seen, "service.sla for li.wei");
    let seen = call(&second, SPAWN, std::slice::from_ref(&person)).await.unwrap();
    assert_eq!(seen, "service.sla", "what a call leaves behind runs for nobody");

    // Through two services the caller is still the one who began; and the services on the way are each themselves.
    let seen = call(&channel(first.address).await, RELAY, &[person]).await.unwrap();
    assert_eq!(seen, "service.tickets for li.wei");
    let carried = [
        bearer(house.token("service.tickets")),
        (CALLER_HEADER, format!("Bearer {}", house.token("li.wei"))),
    ];
    assert_eq!(call(&second, RELAY, &carried).await.unwrap(), "service.sla for li.wei");
    // A service that calls for itself is the one who began.
    let seen = call(&second, RELAY, &carried[..1]).await.unwrap();
    assert_eq!(seen, "service.sla for service.tickets");
}

/// An issuer over HTTP, found by discovery.
struct Publisher {
    url: String,
    keys: Arc<Mutex<String>>,
    away: Arc<AtomicBool>,
    asked: Arc<AtomicUsize>,
}

impl Publisher {
    async fn start(house: &mut House) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let publisher =
            Self { url: url.clone(), keys: Arc::default(), away: Arc::default(), asked: Arc::default() };
        publisher.publish(&house.issuer);
        let (keys, away, asked) =
            (Arc::clone(&publisher.keys), Arc::clone(&publisher.away), Arc::clone(&publisher.asked));
        let discovery = json!({"issuer": url, "jwks_uri": format!("{url}/keys")}).to_string();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut head = [0; 2048];
                let read = stream.read(&mut head).await.unwrap_or(0);
                if away.load(Ordering::SeqCst) {
                    continue;
                }
                let body = if head[..read].starts_with(b"GET /keys ") {
                    asked.fetch_add(1, Ordering::SeqCst);
                    keys.lock().unwrap().clone()
                } else {
                    discovery.clone()
                };
                let answer = format!(
                    "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
                    body.len()
                );
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        house.auth.issuers =
            vec![IssuerConfig { issuer: url, jwks_url: None, jwks_file: None, ca_file: None }];
        publisher
    }

    fn publish(&self, issuer: &LocalIssuer) {
        *self.keys.lock().unwrap() = std::fs::read_to_string(issuer.jwks_file()).unwrap();
    }

    /// A token of its own, another each time.
    fn token(&self, house: &House, id: usize) -> String {
        let mut claims = house.claims();
        claims["iss"] = json!(self.url);
        claims["jti"] = json!(id);
        house.issuer.sign(&claims).unwrap()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_that_rotate_under_load_fail_no_call() {
    let mut house = House::new();
    let publisher = Publisher::start(&mut house).await;
    house.auth.jwks_max_age = Duration::from_millis(400);
    // What is asked for here is keys, not shares.
    let mut config = super::config();
    config.limits.person.rate = 0;
    config.limits.person.calls = 0;
    let serving = house.serve(config, None).await;
    let token = Arc::new(Mutex::new(publisher.token(&house, 0)));
    let (stop, calls) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let mut load = Vec::new();
    for _ in 0..32 {
        let (token, stop, calls) = (Arc::clone(&token), Arc::clone(&stop), Arc::clone(&calls));
        let channel = channel(serving.address).await;
        load.push(tokio::spawn(async move {
            while !stop.load(Ordering::SeqCst) {
                let credential = bearer(token.lock().unwrap().clone());
                call(&channel, 0, &[credential]).await?;
                calls.fetch_add(1, Ordering::SeqCst);
            }
            Ok::<_, Status>(())
        }));
    }
    let made = async |more: usize| {
        let until = calls.load(Ordering::SeqCst) + more;
        while calls.load(Ordering::SeqCst) < until && load.iter().all(|task| !task.is_finished()) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    for round in 0..8_usize {
        made(100).await;
        house.issuer.rotate().unwrap();
        publisher.publish(&house.issuer);
        // A new token of the new key at once, and another of it in the midst, which is verified anew.
        *token.lock().unwrap() = publisher.token(&house, 2 * round + 1);
        made(100).await;
        *token.lock().unwrap() = publisher.token(&house, 2 * round + 2);
        if round % 2 == 1 {
            // The issuer is away for a while: what is known goes on.
            publisher.away.store(true, Ordering::SeqCst);
            made(200).await;
            publisher.away.store(false, Ordering::SeqCst);
        }
    }
    stop.store(true, Ordering::SeqCst);
    for task in load {
        task.await.unwrap().expect("no call fails");
    }
    let (calls, asked) = (calls.load(Ordering::SeqCst), publisher.asked.load(Ordering::SeqCst));
    assert!(calls > 1500 && asked * 10 < calls, "{calls} calls made {asked} fetches");
}
