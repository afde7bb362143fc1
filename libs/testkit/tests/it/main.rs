//! The kit itself.

use gongdan_auth::Authenticator;
use gongdan_pg::Schema;
use gongdan_testkit::{Env, PrincipalSpec, eventually};

fn schema() -> Schema {
    Schema::new(&[&gongdan_pg::MIGRATOR, &gongdan_outbox::MIGRATOR, &gongdan_auth::MIGRATOR])
}

#[tokio::test]
async fn each_test_has_a_database_and_a_bus_of_its_own() {
    let (one, two) = (Env::start(schema()).await, Env::start(schema()).await);
    assert_ne!(one.database_url(), two.database_url());
    assert_ne!(one.bus().root(), two.bus().root());
    one.principal(PrincipalSpec::new("li.wei")).await;
    let count = |env: &Env| {
        let pool = env.pool().clone();
        async move {
            let sql = "SELECT count(*) FROM principals WHERE id = 'li.wei'";
            sqlx::query_scalar::<_, i64>(sql).fetch_one(&pool).await.unwrap()
        }
    };
    assert_eq!((count(&one).await, count(&two).await), (1, 0));
}

#[tokio::test]
async fn a_principal_is_who_its_token_says_and_can_change() {
    let env = Env::start(schema()).await;
    let token = env.principal(PrincipalSpec::new("li.wei").role("agent").unit("tianhe")).await;
    let auth =
        Authenticator::new(&env.issuer().auth_config(), env.pool().clone(), env.clock()).await.unwrap();
    let mut headers = tonic::codegen::http::HeaderMap::new();
    headers.insert("authorization", format!("Bearer {token}").parse().unwrap());
    let actor = auth.authenticate(&headers).await.unwrap();
    assert!(actor.has_role("agent") && actor.is_member("tianhe"));
}

#[tokio::test]
async fn streams_are_gone_when_the_test_is_over() {
    let env = Env::start(schema()).await;
    let (url, root) = (env.nats_url().to_owned(), env.bus().root().to_owned());
    env.bus().ensure_stream("tickets").await.unwrap();
    assert!(env.events("tickets").await.is_empty());
    drop(env);
    let config = gongdan_bus::BusConfig::at(url, root);
    let bus = gongdan_bus::Bus::connect(&config, "test").await.unwrap();
    eventually("the stream is gone", async || bus.stream_state("tickets").await.is_err()).await;
}
