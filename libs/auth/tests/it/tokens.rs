//! What makes a token good, and each way in which it is not.

use std::time::Duration;

use aws_lc_rs::{
    encoding::AsDer,
    rsa::KeySize,
    signature::{KeyPair, RsaKeyPair},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use gongdan_auth::LocalIssuer;
use gongdan_clock::Clock;
use gongdan_region::RegionCode;
use jiff::SignedDuration;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use crate::support::{House, assert_unauthenticated};

#[tokio::test]
async fn a_good_token_names_its_principal() {
    let house = House::new().await;
    let actor = house.caller(&house.token()).await.unwrap();
    assert_eq!(actor.principal_id, "li.wei");
    assert!(actor.has_role("handler") && actor.is_member("tianhe-env") && !actor.is_service());
    assert!(actor.sees_region(RegionCode::parse("440106001").unwrap()));
    assert!(!actor.sees_region(RegionCode::parse("440103").unwrap()));
    assert_eq!(actor.to_ref().unit_ids, ["tianhe-env"]);
}

#[tokio::test]
async fn a_tampered_token_is_refused() {
    let house = House::new().await;
    let token = house.token();
    let parts: Vec<&str> = token.split('.').collect();
    let mut claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[1]).unwrap()).unwrap();
    claims["sub"] = json!("admin");
    let forged = URL_SAFE_NO_PAD.encode(claims.to_string());
    assert_unauthenticated(house.caller(&format!("{}.{forged}.{}", parts[0], parts[2])).await);
    assert_unauthenticated(house.caller(&format!("{}.{}.", parts[0], parts[1])).await);
    for nonsense in ["", "x", "a.b.c", "…"] {
        assert!(http::HeaderValue::from_str(nonsense).is_err() || house.caller(nonsense).await.is_err());
    }
}

#[tokio::test]
async fn an_expired_token_is_refused_also_when_it_was_good_before() {
    let house = House::new().await;
    let token = house.token();
    house.caller(&token).await.unwrap();
    house.clock.advance(SignedDuration::from_secs(615));
    house.caller(&token).await.expect("within the leeway");
    house.clock.advance(SignedDuration::from_secs(30));
    assert_unauthenticated(house.caller(&token).await);
    let brief = house.issuer.mint("li.wei", Duration::ZERO).unwrap();
    house.clock.advance(SignedDuration::from_secs(31));
    assert_unauthenticated(house.caller(&brief).await);
}

#[tokio::test]
async fn a_token_without_expiry_or_not_valid_yet_is_refused() {
    let house = House::new().await;
    let mut claims = house.claims();
    claims.as_object_mut().unwrap().remove("exp");
    assert_unauthenticated(house.caller(&house.issuer.sign(&claims).unwrap()).await);
    let mut claims = house.claims();
    claims["nbf"] = json!(claims["exp"].as_i64().unwrap() - 300);
    assert_unauthenticated(house.caller(&house.issuer.sign(&claims).unwrap()).await);
    let mut claims = house.claims();
    claims["iat"] = json!(claims["exp"].as_i64().unwrap() - 300);
    assert_unauthenticated(house.caller(&house.issuer.sign(&claims).unwrap()).await);
    claims["iat"] = json!(house.clock.now().as_second() + 20);
    house.caller(&house.issuer.sign(&claims).unwrap()).await.expect("within the leeway");
}

#[tokio::test]
async fn a_token_of_another_issuer_is_refused() {
    let house = House::new().await;
    let mut claims = house.claims();
    claims["iss"] = json!("https://elsewhere.example");
    assert_unauthenticated(house.caller(&house.issuer.sign(&claims).unwrap()).await);
    // The right name, but another's key.
    let other = House::new().await;
    assert_unauthenticated(house.caller(&other.token()).await);
}

#[tokio::test]
async fn a_token_for_another_audience_is_refused() {
    let house = House::new().await;
    let mut claims = house.claims();
    claims["aud"] = json!(["billing", "mail"]);
    assert_unauthenticated(house.caller(&house.issuer.sign(&claims).unwrap()).await);
    claims["aud"] = json!(["billing", LocalIssuer::AUDIENCE]);
    house.caller(&house.issuer.sign(&claims).unwrap()).await.unwrap();
}

#[tokio::test]
async fn an_unsigned_token_is_refused() {
    let house = House::new().await;
    for alg in ["none", "None", "NONE"] {
        let header = URL_SAFE_NO_PAD.encode(json!({"alg": alg, "typ": "JWT"}).to_string());
        let claims = URL_SAFE_NO_PAD.encode(house.claims().to_string());
        assert_unauthenticated(house.caller(&format!("{header}.{claims}.")).await);
    }
}

#[tokio::test]
async fn a_token_that_demands_what_is_not_understood_is_refused() {
    let house = House::new().await;
    let token = house.token();
    let mut parts = token.split('.');
    let head: Value =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts.next().unwrap()).unwrap()).unwrap();
    let pkcs8 = std::fs::read(house.directory.path().join("signing-key.p8")).unwrap();
    let mut header = Header::new(Algorithm::ES256);
    header.kid = head["kid"].as_str().map(str::to_owned);
    let sign = |header: &Header| {
        jsonwebtoken::encode(header, &house.claims(), &EncodingKey::from_ec_der(&pkcs8)).unwrap()
    };
    house.caller(&sign(&header)).await.unwrap();
    header.crit = Some(vec!["exp".to_owned()]);
    assert_unauthenticated(house.caller(&sign(&header)).await);
}

#[tokio::test]
async fn the_public_key_is_no_shared_secret() {
    let house = House::new().await;
    let document: Value = serde_json::from_slice(&std::fs::read(house.issuer.jwks_file()).unwrap()).unwrap();
    let jwk = &document["keys"][0];
    let point = [
        vec![4],
        URL_SAFE_NO_PAD.decode(jwk["x"].as_str().unwrap()).unwrap(),
        URL_SAFE_NO_PAD.decode(jwk["y"].as_str().unwrap()).unwrap(),
    ]
    .concat();
    let mut header = Header::new(Algorithm::HS256);
    header.kid = jwk["kid"].as_str().map(str::to_owned);
    for secret in [point.as_slice(), jwk.to_string().as_bytes(), document.to_string().as_bytes()] {
        let token =
            jsonwebtoken::encode(&header, &house.claims(), &EncodingKey::from_secret(secret)).unwrap();
        assert_unauthenticated(house.caller(&token).await);
    }
}

#[tokio::test]
async fn an_rsa_key_signs_rs256_or_what_it_names_and_nothing_else() {
    let house = House::new().await;
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let public = pair.public_key();
    let jwks = json!({"keys": [{
        "kty": "RSA", "kid": "rsa-1", "use": "sig",
        "n": URL_SAFE_NO_PAD.encode(public.modulus().big_endian_without_leading_zero()),
        "e": URL_SAFE_NO_PAD.encode(public.exponent().big_endian_without_leading_zero()),
    }]});
    std::fs::write(house.issuer.jwks_file(), jwks.to_string()).unwrap();
    let pkcs8 = AsDer::<aws_lc_rs::encoding::Pkcs8V1Der>::as_der(&pair).unwrap();
    let key = EncodingKey::from_rsa_der(&pkcs1(pkcs8.as_ref()));
    let sign = |algorithm| {
        let mut header = Header::new(algorithm);
        header.kid = Some("rsa-1".to_owned());
        jsonwebtoken::encode(&header, &house.claims(), &key).unwrap()
    };
    house.caller(&sign(Algorithm::RS256)).await.unwrap();
    assert_unauthenticated(house.caller(&sign(Algorithm::PS256)).await);
    assert_unauthenticated(house.caller(&sign(Algorithm::RS512)).await);
    // Unless the document says so.
    let mut jwks = jwks;
    jwks["keys"][0]["alg"] = json!("PS256");
    std::fs::write(house.issuer.jwks_file(), jwks.to_string()).unwrap();
    house.caller(&sign(Algorithm::PS256)).await.unwrap();
    house.clock.advance(SignedDuration::from_secs(1));
    assert_unauthenticated(house.caller(&sign(Algorithm::RS384)).await);
}

/// The RSAPrivateKey inside a PKCS#8 wrapper: the content of its last OCTET STRING with a two-byte length.
fn pkcs1(pkcs8: &[u8]) -> Vec<u8> {
    let at = pkcs8.windows(4).position(|w| w[0] == 0x04 && w[1] == 0x82).unwrap();
    pkcs8[at + 4..].to_vec()
}
