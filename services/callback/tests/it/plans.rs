//! Lists that grow with tickets are read through an index, in its order.

use crate::suite::Suite;
use sqlx::Row as _;

const COLUMNS: &str = "SELECT id FROM tasks WHERE true";

#[tokio::test]
async fn lists_and_queue_never_scan_or_sort_the_table() {
    let suite = Suite::start().await;
    let pool = suite.env().pool();
    sqlx::raw_sql(
        "INSERT INTO tasks (id, ticket_id, ticket_number, round, state, origin, next_attempt_at, due_at, unit_id, region,
                            customer_id, version, opened_at, ended_at)
         SELECT gen_random_uuid(), gen_random_uuid(), 'GD' || n, 1, CASE WHEN n % 100 = 0 THEN 1 ELSE 5 END, 1,
                CASE WHEN n % 100 = 0 THEN now() END, now(), 'unit-' || n % 50, 440106000000, gen_random_uuid(), 1,
                now(), CASE WHEN n % 100 <> 0 THEN now() END
         FROM generate_series(1, 20000) n;
         ANALYZE tasks;",
    )
    .execute(pool)
    .await
    .unwrap();
    let last = "AND id < 'ffffffff-0000-7000-8000-000000000000'";
    let queue = "SELECT id FROM tasks WHERE state IN (1, 2) AND next_attempt_at <= now()
                 AND (held_until IS NULL OR held_until <= now()) ORDER BY due_at, id LIMIT 1 FOR UPDATE SKIP LOCKED";
    for (what, sql, index) in [
        ("all", format!("{COLUMNS} {last} ORDER BY id DESC LIMIT 51"), "tasks_pkey"),
        ("by state", format!("{COLUMNS} AND state = 5 {last} ORDER BY id DESC LIMIT 51"), "tasks_state_idx"),
        (
            "by unit",
            format!("{COLUMNS} AND unit_id = 'unit-7' {last} ORDER BY id DESC LIMIT 51"),
            "tasks_unit_idx",
        ),
        (
            "of a number",
            format!("{COLUMNS} AND ticket_number = 'GD77' ORDER BY id DESC LIMIT 51"),
            "tasks_number_idx",
        ),
        ("queue", queue.to_owned(), "tasks_queue_idx"),
    ] {
        let rows = sqlx::query(sqlx::AssertSqlSafe(format!("EXPLAIN {sql}"))).fetch_all(pool).await.unwrap();
        let plan: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        let plan = plan.join("\n");
        assert!(plan.contains(index), "{what} does not use {index}:\n{plan}");
        assert!(!plan.contains("Seq Scan"), "{what} reads the whole table:\n{plan}");
        assert!(what == "of a number" || !plan.contains("Sort"), "{what} is sorted:\n{plan}");
    }
}
