//! Statements on `clocks`, which grows with tickets, find their rows by an index. Source: DESIGN rule 12.

use gongdan_testkit::Env;
use serde_json::Value;
use sqlx::{AssertSqlSafe, Executor as _, PgConnection, Row as _};
use std::path::Path;

const ROWS: &str = "INSERT INTO clocks (id, ticket_id, ticket_number, round, kind, state, policy, calendar, amount,
        started_at, due_at, stopped_at, breached, thresholds, warned, unit_id, handler_id, region, version, origin,
        settle_at, next_fire_at)
    SELECT uuidv7_like(n), uuidv7_like(n / 3), 'GD' || n / 3, 1, n % 3 + 1, CASE WHEN n % 50 = 0 THEN 1 ELSE 2 END,
        'hotline@1', 'cn@1', '15wd', now(), now(), CASE WHEN n % 50 = 0 THEN NULL ELSE now() END, false, '[]', 0, '', '',
        440106000000, 1, 1, NULL, CASE WHEN n % 50 = 0 THEN now() + n * interval '1 second' END
    FROM generate_series(1, 30000) AS n";

/// The queries the compiler checked, as they are kept beside the crate.
fn queries() -> Vec<(String, usize)> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join(".sqlx");
    let files = std::fs::read_dir(dir).unwrap().map(|file| file.unwrap().path());
    let read = files.map(|file| -> Value { serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap() });
    read.filter_map(|query| {
        let sql = query["query"].as_str()?.to_owned();
        let parameters = query["describe"]["parameters"]["Left"].as_array().map_or(0, Vec::len);
        (sql.contains("clocks") && !sql.starts_with("INSERT")).then_some((sql, parameters))
    })
    .collect()
}

async fn plan(connection: &mut PgConnection, sql: &str, parameters: usize) -> String {
    plan_with(connection, sql, &vec!["NULL"; parameters]).await
}

async fn plan_with(connection: &mut PgConnection, sql: &str, parameters: &[&str]) -> String {
    let given = parameters.join(", ");
    let execute = if parameters.is_empty() { "EXECUTE p".to_owned() } else { format!("EXECUTE p ({given})") };
    connection.execute(AssertSqlSafe(format!("PREPARE p AS {sql}"))).await.unwrap();
    let rows = connection.fetch_all(AssertSqlSafe(format!("EXPLAIN {execute}"))).await.unwrap();
    connection.execute("DEALLOCATE p").await.unwrap();
    rows.iter().map(|row| row.get::<String, _>(0)).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn statements_on_clocks_use_an_index() {
    let env = Env::start(gongdan_sla::schema()).await;
    let mut connection = env.pool().acquire().await.unwrap();
    connection
        .execute(
            "CREATE FUNCTION uuidv7_like(n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS
             $$ SELECT lpad(to_hex(n), 32, '0')::uuid $$",
        )
        .await
        .unwrap();
    connection.execute(ROWS).await.unwrap();
    connection.execute("ANALYZE clocks").await.unwrap();
    connection.execute("SET plan_cache_mode = force_generic_plan").await.unwrap();
    let queries = queries();
    assert!(queries.len() >= 7, "only {} statements were found", queries.len());
    for (sql, parameters) in queries {
        let plan = plan(&mut connection, &sql, parameters).await;
        assert!(!plan.contains("Seq Scan on clocks"), "{sql}\n{plan}");
    }
}

/// A number of the policies' answers: what is in one's area and not sensitive.
const IN_REGION: &str = "43690";

#[tokio::test]
async fn the_clocks_of_a_ticket_are_found_by_index_within_a_county_too() {
    let env = Env::start(gongdan_sla::schema()).await;
    let mut connection = env.pool().acquire().await.unwrap();
    connection
        .execute(
            "CREATE FUNCTION uuidv7_like(n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS
             $$ SELECT lpad(to_hex(n), 32, '0')::uuid $$",
        )
        .await
        .unwrap();
    connection.execute(ROWS).await.unwrap();
    connection
        .execute(
            "INSERT INTO ticket_scopes (ticket_id, version, region, unit_ids, lead_unit, pool_unit, customer_id,
                                        sensitive, confidential)
             SELECT DISTINCT ticket_id, 1, region, '{}'::text[], '', '', NULL::uuid, false, false FROM clocks",
        )
        .await
        .unwrap();
    connection.execute("ANALYZE").await.unwrap();
    let mut asked = 0;
    for (sql, _) in queries().into_iter().filter(|(sql, _)| sql.contains("ticket_in_scope")) {
        let county = [IN_REGION, "'{440105000000}'", "'{440105999999}'", "'{haizhu-desk}'", "NULL"];
        let first: &[&str] =
            if sql.contains("LIMIT") { &["uuidv7_like(77)", "NULL", "NULL"] } else { &["uuidv7_like(77)"] };
        let last: &[&str] = if sql.contains("LIMIT") { &["51"] } else { &[] };
        let plan = plan_with(&mut connection, &sql, &[first, &county[..], last].concat()).await;
        assert!(!plan.contains("Seq Scan"), "{sql}\n{plan}");
        asked += 1;
    }
    assert_eq!(asked, 2, "GetClock and ListClocks");
}
