//! Migrations, requests and partitions on a real PostgreSQL, private to this run.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use gongdan_embedded::{Postgres, PostgresOptions};
use gongdan_errors::{Code, Reason};
use gongdan_pg::{
    PgConfig, RequestKey, Schema, ensure_partitions,
    requests::{self, Answered},
};
use jiff::Timestamp;
use sqlx::{AssertSqlSafe, PgPool};
use std::sync::{
    OnceLock,
    atomic::{AtomicU32, Ordering},
};
use uuid::Uuid;

static POSTGRES: OnceLock<Postgres> = OnceLock::new();
static NUMBER: AtomicU32 = AtomicU32::new(0);

fn postgres() -> &'static Postgres {
    POSTGRES.get_or_init(|| {
        let dir = tempfile::Builder::new().prefix("gongdan-pg-").tempdir().unwrap().keep();
        Postgres::start(&PostgresOptions { durable: false, ephemeral: true, ..PostgresOptions::new(dir) })
            .unwrap()
    })
}

async fn empty() -> PgPool {
    let name = format!("pg_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    let admin = tokio::task::spawn_blocking(|| postgres().url("postgres")).await.unwrap();
    let admin = PgPool::connect(&admin).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&admin).await.unwrap();
    admin.close().await;
    gongdan_pg::connect(&PgConfig::at(postgres().url(&name)), "test").await.unwrap()
}

fn schema() -> Schema {
    Schema::new(&[&gongdan_pg::MIGRATOR])
}

fn now() -> Timestamp {
    "2026-11-22T09:00:00Z".parse().unwrap()
}

#[tokio::test]
async fn a_schema_is_current_once_it_is_migrated_and_migrating_again_changes_nothing() {
    let pool = empty().await;
    assert!(!schema().is_current(&pool).await.unwrap());
    let (one, two) = (schema(), schema());
    let (first, second) = tokio::join!(one.migrate(&pool), two.migrate(&pool));
    first.unwrap();
    second.unwrap();
    assert!(schema().is_current(&pool).await.unwrap());
}

#[tokio::test]
async fn a_retry_gets_its_answer_and_another_body_is_refused() {
    let pool = empty().await;
    schema().migrate(&pool).await.unwrap();
    let mut connection = pool.acquire().await.unwrap();
    let request = |subject: &str| prost_types::Any { type_url: subject.into(), value: vec![] };
    let key = RequestKey {
        caller: "li.wei".into(),
        method: "CreateTicket",
        request_id: Uuid::from_u128(1),
        hash: requests::hash_of(&request("noise")),
    };
    assert_eq!(requests::lookup(&mut connection, &key).await.unwrap(), None);
    let answered = Answered { resource_id: Uuid::from_u128(2), version: 1 };
    requests::insert(&mut connection, &key, answered, now()).await.unwrap();
    assert_eq!(requests::lookup(&mut connection, &key).await.unwrap(), Some(answered));

    let race = requests::insert(&mut connection, &key, answered, now()).await.unwrap_err();
    assert_eq!((race.code(), race.reason()), (Code::Aborted, Reason::WriteConflict));
    let other = RequestKey { hash: requests::hash_of(&request("smell")), ..key.clone() };
    let refused = requests::lookup(&mut connection, &other).await.unwrap_err();
    assert_eq!((refused.code(), refused.reason()), (Code::AlreadyExists, Reason::RequestIdReused));
    // Another caller has request ids of their own.
    let stranger = RequestKey { caller: "wang.fang".into(), ..other };
    assert_eq!(requests::lookup(&mut connection, &stranger).await.unwrap(), None);

    let week = jiff::SignedDuration::from_hours(7 * 24);
    assert_eq!(requests::forget_old(&pool, now() + week).await.unwrap(), 0);
    assert_eq!(
        requests::forget_old(&pool, now() + week + jiff::SignedDuration::from_secs(1)).await.unwrap(),
        1
    );
}

#[tokio::test]
async fn a_month_that_was_missing_takes_its_rows_from_the_default_partition() {
    let pool = empty().await;
    sqlx::raw_sql(
        "CREATE TABLE facts (at timestamptz NOT NULL, n int DEFAULT 7) PARTITION BY RANGE (at);
         CREATE INDEX facts_at ON facts (at);
         CREATE TABLE facts_default PARTITION OF facts DEFAULT;
         INSERT INTO facts VALUES ('2026-11-05'), ('2026-12-31 23:59:59.999999+00'), ('2013-01-01'), ('2027-01-01');",
    )
    .execute(&pool)
    .await
    .unwrap();
    let (first, second) =
        tokio::join!(ensure_partitions(&pool, "facts", now()), ensure_partitions(&pool, "facts", now()));
    first.unwrap();
    second.unwrap();
    let rows: Vec<(String, i64)> =
        sqlx::query_as("SELECT tableoid::regclass::text, count(*) FROM facts GROUP BY 1 ORDER BY 1")
            .fetch_all(&pool)
            .await
            .unwrap();
    let expected = [("facts_2026_11", 1), ("facts_2026_12", 1), ("facts_2027_01", 1), ("facts_default", 1)];
    assert_eq!(rows, expected.map(|(name, count)| (name.to_owned(), count)));
    let refused = ensure_partitions(&pool, "facts_default; DROP TABLE facts", now()).await;
    assert!(refused.is_err());
}

#[tokio::test]
async fn a_wrong_password_is_said_at_once() {
    let url = tokio::task::spawn_blocking(|| postgres().url("postgres")).await.unwrap();
    let wrong = url.replacen("postgres:", "nobody:", 2).replacen("nobody://", "postgres://", 1);
    let refused = gongdan_pg::connect(&PgConfig::at(wrong), "test").await.unwrap_err();
    assert!(!gongdan_pg::is_transient(&refused), "{refused}");
}

#[tokio::test]
async fn what_the_server_says_is_away_a_lost_race_or_ours() {
    let pool = empty().await;
    for (state, code) in [
        ("08006", Code::Unavailable),
        ("53300", Code::Unavailable),
        ("57P01", Code::Unavailable),
        ("57P02", Code::Unavailable),
        ("57P03", Code::Unavailable),
        ("57014", Code::Unavailable),
        ("55P03", Code::Unavailable),
        ("25006", Code::Unavailable),
        ("40001", Code::Aborted),
        ("40P01", Code::Aborted),
        ("23505", Code::Internal),
        ("42P01", Code::Internal),
    ] {
        let raise = format!("DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '{state}'; END $$");
        let failed = sqlx::raw_sql(AssertSqlSafe(raise)).execute(&pool).await.unwrap_err();
        assert_eq!(gongdan_pg::error(failed).code(), code, "{state}");
    }
}
