//! Reports of a period must not read all that ever happened.

use gongdan_reporting::schema;
use gongdan_testkit::Env;

#[tokio::test]
async fn a_period_is_found_by_index() {
    let env = Env::start(schema()).await;
    sqlx::raw_sql(
        "INSERT INTO rounds
         SELECT gen_random_uuid(), 1, 1, 1, 2, 'unclassified', 440106000000, 440000000000, 440100000000, 440106000000,
                'unit', t, t, t + interval '1 day', NULL, false, false
         FROM generate_series('2020-01-01'::timestamptz, '2026-01-01', interval '2 hours') AS t;
         INSERT INTO acts SELECT ticket_id, 1, 1, 1, began_at, 'unit' FROM rounds;
         INSERT INTO answers SELECT ticket_id, 1, ticket_id, 1, resolved_at, true, true, true FROM rounds;
         ANALYZE",
    )
    .execute(env.pool())
    .await
    .unwrap();
    let plan: Vec<String> = sqlx::query_scalar(
        "EXPLAIN SELECT unit_id, count(*) FROM facts WHERE at >= '2025-11-01' AND at < '2025-11-03' GROUP BY unit_id",
    )
    .fetch_all(env.pool())
    .await
    .unwrap();
    let plan = plan.join("\n");
    for index in ["rounds_by_beginning", "rounds_by_resolution", "acts_by_time", "answers_by_time"] {
        assert!(plan.contains(index), "{index} is not used:\n{plan}");
    }
    assert!(!plan.contains("Seq Scan on rounds"), "{plan}");
}

/// The statement of reports, as it is kept beside the crate.
fn sum() -> String {
    let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(".sqlx");
    let files = std::fs::read_dir(dir).unwrap().map(|file| std::fs::read(file.unwrap().path()).unwrap());
    let query = |file: Vec<u8>| serde_json::from_slice::<serde_json::Value>(&file).unwrap()["query"].clone();
    let queries = files.map(query).filter_map(|query| query.as_str().map(str::to_owned));
    queries.into_iter().find(|query| query.contains("GROUPING SETS")).unwrap()
}

#[tokio::test]
async fn a_county_s_report_of_a_day_looks_at_the_tickets_of_that_day_alone() {
    let env = Env::start(schema()).await;
    let mut connection = env.pool().acquire().await.unwrap();
    sqlx::raw_sql(
        "INSERT INTO rounds
         SELECT gen_random_uuid(), 1, 1, 1, 2, 'unclassified', 440106000000, 440000000000, 440100000000, 440106000000,
                'unit', t, t, t + interval '1 day', NULL, false, false
         FROM generate_series('2020-01-01'::timestamptz, '2026-01-01', interval '2 hours') AS t;
         INSERT INTO ticket_scopes (ticket_id, version, region, unit_ids, lead_unit, pool_unit, customer_id, sensitive,
                                    confidential)
         SELECT ticket_id, 1, region, '{}'::text[], '', '', NULL::uuid, false, false FROM rounds;
         ANALYZE",
    )
    .execute(&mut *connection)
    .await
    .unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!("PREPARE sum AS {}", sum())))
        .execute(&mut *connection)
        .await
        .unwrap();
    // Answers: what is in one's area and not sensitive.
    let plan: Vec<String> = sqlx::query_scalar(
        "EXPLAIN EXECUTE sum ('day', 'Asia/Shanghai', '2025-11-01', '2025-11-02', NULL, NULL, '{440105000000}',
                              '{440105999999}', NULL, NULL, NULL, NULL, '2026-01-01', 43690, '{haizhu-desk}', NULL)",
    )
    .fetch_all(&mut *connection)
    .await
    .unwrap();
    let plan = plan.join("\n");
    assert!(plan.contains("ticket_scopes_pkey"), "{plan}");
    assert!(!plan.contains("Seq Scan on ticket_scopes"), "{plan}");
}
