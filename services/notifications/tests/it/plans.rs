//! Lists that grow with tickets are read through an index, in its order.

use sqlx::Row as _;

use crate::suite::Suite;

#[tokio::test]
async fn lists_feed_and_queue_never_scan_or_sort_a_table() {
    let suite = Suite::with(|config| config.email.enabled = false).await;
    let pool = suite.env.pool();
    sqlx::raw_sql(
        "INSERT INTO inbox_items (id, recipient, event_id, kind, title, body, ticket_id, ticket_number, occurred_at,
                                  created_at, read_at)
         SELECT gen_random_uuid(), 'person-' || n % 20, gen_random_uuid(), 'dispatched', '', '', gen_random_uuid(),
                'GD' || n, now(), now(), CASE WHEN n % 3 <> 0 THEN now() END
         FROM generate_series(1, 20000) n;
         INSERT INTO deliveries (id, channel, recipient, kind, event_id, ticket_id, subject, body, state, give_up_after,
                                 next_attempt_at, created_at)
         SELECT gen_random_uuid(), 2, 'endpoint-' || n % 20, 'tickets.closed', gen_random_uuid(), gen_random_uuid(), '',
                '', CASE WHEN n % 100 = 0 THEN 3 ELSE 2 END, 12, now() + interval '1 hour', now()
         FROM generate_series(1, 20000) n;
         ANALYZE inbox_items; ANALYZE deliveries;",
    )
    .execute(pool)
    .await
    .unwrap();
    let last = "id < 'ffffffff-0000-7000-8000-000000000000'";
    let inbox = "SELECT id FROM inbox_items WHERE recipient = 'person-7'";
    let feed = "SELECT id FROM inbox_items WHERE (txid, position) > ('1'::xid8, 5) AND txid < '9000000000000000000'::xid8";
    let deliveries = "SELECT id FROM deliveries WHERE";
    for (what, sql, indexes) in [
        ("inbox", format!("{inbox} AND {last} ORDER BY id DESC LIMIT 51"), &["inbox_items_of"][..]),
        (
            "unread",
            format!("{inbox} AND {last} AND read_at IS NULL ORDER BY id DESC LIMIT 51"),
            &["inbox_items_unread"],
        ),
        (
            "watch",
            format!(
                "{inbox} AND (txid, position) > ('1'::xid8, 5) AND txid < '9000000000000000000'::xid8 ORDER BY txid, position LIMIT 100"
            ),
            &["inbox_items_of_by_cursor"],
        ),
        ("feed", format!("{feed} ORDER BY txid, position LIMIT 1000"), &["inbox_items_by_cursor"]),
        (
            "dead letters",
            format!("{deliveries} state = 3 AND {last} ORDER BY id DESC LIMIT 51"),
            &["deliveries_by_state"],
        ),
        (
            "of an endpoint",
            format!("{deliveries} recipient = 'endpoint-7' AND {last} ORDER BY id DESC LIMIT 51"),
            &["deliveries_by_recipient"],
        ),
        (
            "queue",
            format!(
                "{deliveries} state = 1 AND next_attempt_at <= now() ORDER BY next_attempt_at LIMIT 16 FOR UPDATE SKIP LOCKED"
            ),
            &["deliveries_due"],
        ),
    ] {
        let rows = sqlx::query(sqlx::AssertSqlSafe(format!("EXPLAIN {sql}"))).fetch_all(pool).await.unwrap();
        let plan: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        let plan = plan.join("\n");
        assert!(indexes.iter().any(|index| plan.contains(index)), "{what} does not use {indexes:?}:\n{plan}");
        assert!(!plan.contains("Seq Scan"), "{what} reads the whole table:\n{plan}");
        assert!(!plan.contains("Sort"), "{what} is sorted:\n{plan}");
    }
}
