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
