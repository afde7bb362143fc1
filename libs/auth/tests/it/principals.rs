//! Callers from routing's events, through the real bus and database.

use std::sync::Arc;

use gongdan_auth::{Authenticator, LocalIssuer, MIGRATOR};
use gongdan_bus::{Event, Origin, subject};
use gongdan_clock::{Clock as _, SystemClock, new_id, stable_id};
use gongdan_errors::{Error, Reason};
use gongdan_outbox::{Consumer, Relay, RelayConfig};
use gongdan_pg::Schema;
use gongdan_proto::routing::v1::{Principal, PrincipalEvent};
use gongdan_region::RegionCode;
use gongdan_testkit::{Env, FakeOwnerLog, PrincipalSpec, eventually};
use prost::Message as _;
use tokio_util::sync::CancellationToken;

use crate::support::headers;

struct Door {
    env: Env,
    authenticator: Authenticator,
    stop: CancellationToken,
}

impl Drop for Door {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Door {
    /// A service's door that listens to routing.
    async fn open() -> Self {
        let env =
            Env::start(Schema::new(&[&gongdan_pg::MIGRATOR, &gongdan_outbox::MIGRATOR, &MIGRATOR])).await;
        let config = env.issuer().auth_config();
        let authenticator = Authenticator::new(&config, env.pool().clone(), env.clock()).await.unwrap();
        let stop = CancellationToken::new();
        let (pool, bus) = (env.pool().clone(), env.bus().clone());
        let relay = Relay::start(pool.clone(), bus.clone(), "door", RelayConfig::default(), stop.clone());
        let _running = Consumer::builder("door-principals", "routing")
            .events(&["principal_changed"])
            .latest_only(true)
            .start(
                pool,
                bus,
                Arc::new(FakeOwnerLog::default()),
                Arc::new(authenticator.projection()),
                relay,
                stop.clone(),
            );
        Self { env, authenticator, stop }
    }

    async fn caller(&self, principal: &str) -> Result<gongdan_auth::Actor, Error> {
        self.authenticator.authenticate(&headers(&self.env.token(principal))).await
    }

    async fn routing_says(&self, principal: Principal, version: i64) {
        let id = stable_id("principal", &principal.id);
        let at = SystemClock.now();
        let payload = PrincipalEvent { version, principal: Some(principal), ..PrincipalEvent::default() };
        let event = Event {
            id: new_id(at),
            source: "routing".to_owned(),
            kind: "principal_changed".to_owned(),
            aggregate_id: id,
            version,
            occurred_at: at,
            recorded_at: at,
            origin: Origin::Live,
            subject: subject("routing", "principal_changed", RegionCode::parse("44").unwrap(), id),
            traceparent: None,
            payload: payload.encode_to_vec().into(),
        };
        self.env.publish(&event).await;
    }
}

fn refusal(answer: Result<gongdan_auth::Actor, Error>) -> Reason {
    answer.expect_err("refused").reason()
}

#[tokio::test]
async fn a_good_token_of_nobody_known_is_refused_until_routing_makes_it_known() {
    let door = Door::open().await;
    assert_eq!(refusal(door.caller("li.wei").await), Reason::PrincipalUnknown);
    door.routing_says(PrincipalSpec::new("li.wei").role("handler").unit("env").region("440106").message(), 1)
        .await;
    eventually("li.wei is known", async || door.caller("li.wei").await.is_ok()).await;
    let actor = door.caller("li.wei").await.unwrap();
    assert!(actor.has_role("handler") && actor.is_member("env"));
    assert!(actor.sees_region(RegionCode::parse("440106001").unwrap()));
}

#[tokio::test]
async fn a_change_shows_and_a_jump_in_versions_is_no_gap() {
    let door = Door::open().await;
    door.routing_says(PrincipalSpec::new("li.wei").role("handler").message(), 1).await;
    eventually("li.wei is known", async || door.caller("li.wei").await.is_ok()).await;
    door.routing_says(PrincipalSpec::new("li.wei").role("dispatcher").message(), 7).await;
    eventually("the role changed", async || door.caller("li.wei").await.unwrap().has_role("dispatcher"))
        .await;
    let mut gone = PrincipalSpec::new("li.wei").message();
    gone.active = false;
    door.routing_says(gone, 8).await;
    eventually("li.wei is refused", async || door.caller("li.wei").await.is_err()).await;
    assert_eq!(refusal(door.caller("li.wei").await), Reason::PrincipalUnknown);
}

#[tokio::test]
async fn a_token_that_moved_to_another_principal_is_that_principal_s() {
    let door = Door::open().await;
    let shared = |id: &str| {
        let mut principal = PrincipalSpec::new(id).message();
        principal.subject = "desk-1".to_owned();
        principal
    };
    door.routing_says(shared("old.hand"), 1).await;
    eventually("the old hand has it", async || door.caller("desk-1").await.is_ok()).await;
    let mut moved = shared("old.hand");
    moved.subject = "desk-2".to_owned();
    door.routing_says(moved, 2).await;
    door.routing_says(shared("new.hand"), 1).await;
    eventually("the new hand has it", async || {
        door.caller("desk-1").await.is_ok_and(|actor| actor.principal_id == "new.hand")
    })
    .await;
    assert_eq!(door.caller("desk-2").await.unwrap().principal_id, "old.hand");
}

#[tokio::test]
async fn a_token_that_two_active_principals_claim_is_nobody_s() {
    let door = Door::open().await;
    for id in ["one", "two"] {
        let mut principal = PrincipalSpec::new(id).message();
        (principal.issuer, principal.subject) = (LocalIssuer::ISSUER.to_owned(), "shared".to_owned());
        let mut connection = door.env.pool().acquire().await.unwrap();
        gongdan_auth::upsert(&mut connection, &[principal]).await.unwrap();
    }
    assert_eq!(refusal(door.caller("shared").await), Reason::PrincipalUnknown);
}
