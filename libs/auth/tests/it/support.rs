//! An issuer, a principal and an authenticator that knows both.

use std::{sync::Arc, time::Duration};

use gongdan_auth::{Actor, AuthConfig, Authenticator, LocalIssuer};
use gongdan_clock::{Clock, ManualClock};
use gongdan_errors::{Error, Reason};
use gongdan_proto::{common::v1::PrincipalKind, routing::v1::Principal};
use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
use serde_json::{Value, json};
use sqlx::PgPool;
use tempfile::TempDir;

pub struct House {
    pub directory: TempDir,
    pub clock: ManualClock,
    pub issuer: LocalIssuer,
    pub authenticator: Authenticator,
}

impl House {
    /// `li.wei` is known; the database is never asked, since what `changed` says is in memory.
    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub async fn with(adjust: impl FnOnce(&mut AuthConfig)) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let clock = ManualClock::new("2026-11-22T09:00:00Z".parse().unwrap());
        let issuer = LocalIssuer::create_or_load(directory.path(), Arc::new(clock.clone())).unwrap();
        let mut config = issuer.auth_config();
        adjust(&mut config);
        let pool = PgPool::connect_lazy("postgres://nobody@127.0.0.1:1/none").unwrap();
        let authenticator = Authenticator::new(&config, pool, Arc::new(clock.clone())).await.unwrap();
        authenticator.changed(&[li_wei()]);
        Self { directory, clock, issuer, authenticator }
    }

    pub async fn caller(&self, token: &str) -> Result<Actor, Error> {
        self.authenticator.authenticate(&headers(token)).await
    }

    pub fn claims(&self) -> Value {
        let now = self.clock.now().as_second();
        json!({"iss": LocalIssuer::ISSUER, "sub": "li.wei", "aud": LocalIssuer::AUDIENCE, "exp": now + 600})
    }

    pub fn token(&self) -> String {
        self.issuer.mint("li.wei", Duration::from_secs(600)).unwrap()
    }
}

pub fn headers(token: &str) -> HeaderMap {
    HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_str(&format!("Bearer {token}")).unwrap())])
}

pub fn li_wei() -> Principal {
    Principal {
        id: "li.wei".to_owned(),
        issuer: LocalIssuer::ISSUER.to_owned(),
        subject: "li.wei".to_owned(),
        name: "李伟".to_owned(),
        kind: PrincipalKind::Person.into(),
        roles: vec!["handler".to_owned()],
        unit_ids: vec!["tianhe-env".to_owned()],
        regions: vec!["440106".to_owned()],
        tier: 1,
        active: true,
        version: 1,
        ..Principal::default()
    }
}

#[track_caller]
pub fn assert_unauthenticated(answer: Result<Actor, Error>) {
    let refused = answer.expect_err("the token must be refused");
    assert_eq!(
        (refused.code(), refused.reason()),
        (tonic::Code::Unauthenticated, Reason::CredentialsRefused),
        "{refused}"
    );
}
