//! DESIGN rule 12: what statements read, as the database counts it while the statements themselves run. A copy of a statement could go
//! on being fast when it is not what runs any more.

use super::{
    areas, book, principals, responsibilities,
    responsibility_findings::{of_ending, of_gone},
    swaps,
};
use gongdan_routing_domain::duty::Standing;
use gongdan_testkit::Env;
use jiff::civil::date;
use sqlx::PgConnection;
use uuid::Uuid;

const HOUSE: &str = "
    INSERT INTO principals (id, issuer, subject, name, kind, unit_ids, roles, version)
    SELECT 'p' || n, 'i', 'p' || n, 'p', 1, ARRAY['unit-' || n % 1000], '{handler}', 1 FROM generate_series(1, 40000) AS n;
    INSERT INTO units (id, name, kind, region, version)
    SELECT 'unit-' || n, '', 1, 440106000000, 1 FROM generate_series(0, 999) AS n;
    INSERT INTO areas (region_from, region_to, item, unit_id, begun_at)
    SELECT n, n, '', 'unit-' || n % 1000, now() FROM generate_series(1, 40000) AS n;
    INSERT INTO responsibilities (id, version, customer_id, asset, item, person_id, unit_id, everywhere, updated_at,
                                  updated_by)
    SELECT gen_random_uuid(), n, CASE WHEN n % 2 = 0 THEN gen_random_uuid() END, CASE WHEN n % 2 = 1 THEN 'LAMP-' || n END, '',
           'p' || n % 5000, 'unit-' || n % 1000, true, now(), 'admin'
    FROM generate_series(1, 40000) AS n;
    INSERT INTO swaps (roster_id, shift, day, person_id, stand_in_id, recorded_at, recorded_by)
    SELECT 'r' || n % 500, 'day', date '2026-01-01' + n / 500, 'p' || n, 's' || n, now(), 'admin'
    FROM generate_series(1, 40000) AS n;
    INSERT INTO leaves (id, person_id, starts_at, ends_at, reason, recorded_at, recorded_by)
    SELECT gen_random_uuid(), 'p' || n, '2020-01-01Z', '2020-01-02Z', '', now(), 'admin' FROM generate_series(1, 40000) AS n;
    INSERT INTO responsibility_revisions (id, version, customer_id, asset, item, person_id, unit_id, everywhere,
                                          updated_at, updated_by, answered_at)
    SELECT id, version, customer_id, asset, item, person_id, unit_id, everywhere, updated_at, updated_by, now()
    FROM responsibilities;
    ANALYZE principals, units, areas, responsibilities, swaps, leaves, responsibility_revisions;";

/// Whether what runs goes along an index and reads no large table as a whole.
async fn goes_along(env: &Env, index: &str, run: impl AsyncFnOnce(&mut PgConnection)) {
    let mut transaction = env.pool().begin().await.unwrap();
    run(&mut transaction).await;
    let whole: Vec<String> = sqlx::query_scalar(
        "SELECT relname::text FROM pg_stat_xact_user_tables
         WHERE seq_scan > 0 AND relname IN ('principals', 'areas', 'responsibilities', 'swaps', 'leaves', 'responsibility_revisions')",
    )
    .fetch_all(&mut *transaction)
    .await
    .unwrap();
    let scans: i64 = sqlx::query_scalar("SELECT pg_stat_get_xact_numscans($1::text::regclass)")
        .bind(index)
        .fetch_one(&mut *transaction)
        .await
        .unwrap();
    assert!(whole.is_empty(), "beside {index} read as a whole: {whole:?}");
    assert!(scans > 0, "{index} is not used");
}

#[tokio::test]
async fn what_is_asked_of_some_units_and_people_reads_no_others() {
    let env = Env::start(crate::schema()).await;
    sqlx::raw_sql(HOUSE).execute(env.pool()).await.unwrap();
    let now = env.clock().now();
    let (units, people) = (["unit-7".to_owned(), "unit-9".to_owned()], ["p7".to_owned(), "p8".to_owned()]);
    goes_along(&env, "principals_by_unit", async |connection| {
        assert_eq!(principals::handlers_of(connection, &units).await.unwrap()["unit-7"], 40);
    })
    .await;
    goes_along(&env, "areas_by_unit", async |connection| {
        assert_eq!(areas::of_units(connection, &units).await.unwrap().len(), 80);
    })
    .await;
    goes_along(&env, "responsibilities_by_unit", async |connection| {
        let ends = [("unit-7".to_owned(), now), ("unit-9".to_owned(), now)];
        assert_eq!(of_ending(connection, &ends, now).await.unwrap()["unit-9"], 40);
    })
    .await;
    goes_along(&env, "responsibilities_by_person", async |connection| {
        assert!(of_gone(connection, Some(&people), now).await.unwrap().is_empty());
    })
    .await;
    goes_along(&env, "principals_pkey", async |connection| {
        let tokens = [("i".to_owned(), "p9".to_owned()), ("i".to_owned(), "nobody".to_owned())];
        assert_eq!(principals::known(connection, &people, &tokens).await.unwrap().len(), 3);
    })
    .await;
}

#[tokio::test]
async fn who_was_on_duty_long_ago_is_told_without_the_leave_of_everybody_since() {
    let env = Env::start(crate::schema()).await;
    sqlx::raw_sql(HOUSE).execute(env.pool()).await.unwrap();
    goes_along(&env, "leaves_by_person", async |connection| {
        let duty = |at: &str| (at.parse().unwrap(), "p7");
        for ((at, person), away) in [(duty("2020-01-01T12:00Z"), true), (duty("2020-01-02T12:00Z"), false)] {
            let book = book::of_unit(connection, "unit-7", at).await.unwrap();
            let standing = book.unit("unit-7", at).of(person);
            assert_eq!(matches!(standing, Standing::OnLeave { .. }), away, "{standing:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn what_a_batch_of_tickets_asks_of_responsibilities_is_read_by_keys() {
    let env = Env::start(crate::schema()).await;
    sqlx::raw_sql(HOUSE).execute(env.pool()).await.unwrap();
    goes_along(&env, "responsibilities_by_asset", async |connection| {
        let assets = ["LAMP-7".to_owned(), "LAMP-9".to_owned()];
        assert_eq!(responsibilities::of_assets(connection, &assets).await.unwrap().len(), 2);
    })
    .await;
    goes_along(&env, "responsibilities_by_customer", async |connection| {
        let customers = [Uuid::from_u128(7), Uuid::from_u128(8)];
        assert!(responsibilities::of_customers(connection, &customers).await.unwrap().is_empty());
    })
    .await;
    goes_along(&env, "swaps_pkey", async |connection| {
        let (rosters, day) = (["r7".to_owned(), "r9".to_owned()], date(2026, 3, 1));
        // From two days before, on two rosters, to the last of eighty days.
        assert_eq!(swaps::of_rosters(connection, &rosters, day).await.unwrap().len(), 2 * 23);
    })
    .await;
}

#[tokio::test]
async fn what_is_known_of_customers_who_are_gone_is_found_by_their_hashes() {
    let env = Env::start(crate::schema()).await;
    sqlx::raw_sql(HOUSE).execute(env.pool()).await.unwrap();
    let gone: Vec<(Uuid, Vec<u8>)> = sqlx::query_as(
        "SELECT id, sha256(uuid_send(customer_id)) FROM responsibilities WHERE customer_id IS NOT NULL LIMIT 2",
    )
    .fetch_all(env.pool())
    .await
    .unwrap();
    let (ids, hashes): (Vec<Uuid>, Vec<Vec<u8>>) = gone.into_iter().unzip();
    for index in ["responsibilities_by_hash", "responsibility_revisions_by_hash"] {
        goes_along(&env, index, async |connection| {
            responsibilities::forget(connection, &hashes).await.unwrap();
            let left: i64 = sqlx::query_scalar("SELECT count(*) FROM responsibilities WHERE id = ANY ($1)")
                .bind(&ids)
                .fetch_one(connection)
                .await
                .unwrap();
            assert_eq!(left, 0);
        })
        .await;
    }
}
