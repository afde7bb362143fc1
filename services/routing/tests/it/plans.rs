//! The plans of lists that grow with tickets: an index gives the order, nothing is sorted or scanned whole.

use gongdan_testkit::Env;

async fn plan(env: &Env, query: &str) -> String {
    let mut connection = env.pool().acquire().await.unwrap();
    let explain = format!("EXPLAIN {query}");
    let rows: Vec<String> =
        sqlx::query_scalar(sqlx::AssertSqlSafe(explain)).fetch_all(&mut *connection).await.unwrap();
    rows.join("\n")
}

#[tokio::test]
async fn lists_of_decisions_follow_an_index() {
    let env = Env::start(gongdan_routing::schema()).await;
    let fill = "INSERT INTO decisions (id, ticket_id, ticket_number, ticket_version, round, region, item, decided_at,
            pooled, unit_id, pool_reason, assisting_unit_ids, mark_sensitive, set_priority, summary, explanation,
            attempt, state, resend_at)
         SELECT gen_random_uuid(), gen_random_uuid(), 'GD' || n, 1, 1, 440106000000, 'x', now(), false, 'u', '', '{}',
            false, 0, '', '{}', 1, CASE WHEN n % 100 = 0 THEN 1 WHEN n % 5 = 0 THEN 4 ELSE 2 END, now() + n * interval '1 s'
         FROM generate_series(1, 20000) AS n";
    sqlx::query(fill).execute(env.pool()).await.unwrap();
    sqlx::query("ANALYZE decisions").execute(env.pool()).await.unwrap();
    let nil = "'00000000-0000-0000-0000-000000000000'::uuid";
    for (query, index) in [
        (
            "SELECT * FROM decisions d WHERE true AND d.id < gen_random_uuid() ORDER BY d.id DESC LIMIT 51",
            "decisions_pkey",
        ),
        (
            "SELECT * FROM decisions d WHERE true AND d.state = 2 ORDER BY d.id DESC LIMIT 51",
            "decisions_pkey",
        ),
        (
            "SELECT * FROM decisions d WHERE true AND d.state = 4 ORDER BY d.id DESC LIMIT 51",
            "decisions_by_state",
        ),
        (
            "SELECT * FROM decisions d WHERE d.ticket_number = 'GD7' ORDER BY d.ticket_version DESC, d.id DESC LIMIT 1",
            "decisions_by_number",
        ),
        (
            "SELECT resend_at FROM decisions WHERE state = 1 ORDER BY resend_at LIMIT 1",
            "decisions_to_send_again",
        ),
        (
            "SELECT * FROM decisions d WHERE d.state = 1 AND d.resend_at <= now() ORDER BY d.resend_at LIMIT 200",
            "decisions_to_send_again",
        ),
        (
            &format!(
                "SELECT * FROM decisions d WHERE d.ticket_id = {nil} ORDER BY d.ticket_version DESC, d.id DESC LIMIT 1"
            ),
            "decisions_by_ticket",
        ),
    ] {
        let plan = plan(&env, query).await;
        assert!(plan.contains(index), "{query}\n{plan}");
        assert!(!plan.contains("Seq Scan") && !plan.contains("Sort"), "{query}\n{plan}");
    }
}

#[tokio::test]
async fn swaps_follow_an_index() {
    let env = Env::start(gongdan_routing::schema()).await;
    let fill = "INSERT INTO swaps (roster_id, shift, day, person_id, stand_in_id, recorded_at, recorded_by)
                SELECT 'r' || n % 50, 's', '2026-01-01'::date + n / 50, 'p' || n, 'q', now(), 'a'
                FROM generate_series(1, 20000) AS n";
    for fill in [fill, "ANALYZE swaps"] {
        sqlx::query(fill).execute(env.pool()).await.unwrap();
    }
    let rows = "SELECT roster_id, shift, day, person_id, stand_in_id FROM swaps";
    let order = "ORDER BY day, roster_id, person_id, shift LIMIT 101";
    for condition in [
        "day >= '2026-06-01'",
        "day >= '2026-06-01' AND (day, roster_id, person_id, shift) > ('2026-06-03', 'r7', 'p', 's')",
    ] {
        let plan = plan(&env, &format!("{rows} WHERE {condition} {order}")).await;
        assert!(plan.contains("swaps_in_order"), "{condition}\n{plan}");
        assert!(!plan.contains("Seq Scan") && !plan.contains("Sort"), "{condition}\n{plan}");
    }
}

#[tokio::test]
async fn sets_follow_an_index() {
    let env = Env::start(gongdan_routing::schema()).await;
    let sets = "INSERT INTO rule_sets (number, kind, published_at, published_by, note, revisions)
                SELECT n, 2, now(), 'a', '', '{1,2,3}' FROM generate_series(2, 5000) AS n";
    for fill in [sets, "ANALYZE rule_sets"] {
        sqlx::query(fill).execute(env.pool()).await.unwrap();
    }
    let sets = "SELECT number, note, cardinality(revisions) FROM rule_sets WHERE number < 4000 ORDER BY number DESC LIMIT 51";
    for (query, index) in [(sets, "rule_sets_pkey"), ("SELECT max(number) FROM rule_sets", "rule_sets_pkey")]
    {
        let plan = plan(&env, query).await;
        assert!(plan.contains(index), "{query}\n{plan}");
        assert!(!plan.contains("Seq Scan") && !plan.contains("Sort"), "{query}\n{plan}");
    }
}

#[tokio::test]
async fn lists_of_reassignments_follow_an_index() {
    let env = Env::start(gongdan_routing::schema()).await;
    let nil = "'00000000-0000-0000-0000-000000000000'::uuid";
    // Twenty thousand reassignments, of which two go on, one of them with 20,000 tickets among 40,000.
    for fill in [
        "INSERT INTO reassignments (id, person_id, unit_ids, wish, plan, reason, total, state, due_at, started_at, started_by)
         SELECT CASE n WHEN 1 THEN '00000000-0000-0000-0000-000000000000'::uuid ELSE gen_random_uuid() END,
                'p' || n % 3, ARRAY['u' || n % 50], '', '', '', 1, CASE WHEN n <= 2 THEN 1 ELSE 3 END,
                now() + n * interval '1 s', now(), 'a'
         FROM generate_series(1, 20000) AS n",
        "INSERT INTO reassignment_tickets (reassignment_id, ticket_id, unit_id, state, decision_id)
         SELECT CASE WHEN n % 2 = 0 THEN '00000000-0000-0000-0000-000000000000'::uuid ELSE r.id END, gen_random_uuid(), 'u',
                CASE WHEN n % 100 = 0 THEN 1 ELSE 3 END, gen_random_uuid()
         FROM generate_series(1, 40000) AS n, (SELECT id FROM reassignments WHERE person_id = 'p0' LIMIT 1) AS r",
        "INSERT INTO holdings (ticket_id, version, round, person_id, unit_id, returned_by, ticket_number)
         SELECT gen_random_uuid(), 1, 1, CASE WHEN n % 3 = 0 THEN NULL ELSE 'p' || n % 1000 END, 'u', '{}',
                CASE WHEN n % 50 = 0 THEN NULL ELSE 'GD' END
         FROM generate_series(1, 40000) AS n",
        "ANALYZE reassignments, reassignment_tickets, holdings",
    ] {
        sqlx::raw_sql(fill).execute(env.pool()).await.unwrap();
    }
    for (query, index) in [
        (
            "SELECT r.* FROM reassignments r WHERE r.id < 'ffffffff-ffff-ffff-ffff-ffffffffffff' ORDER BY r.id DESC LIMIT 51",
            "reassignments_pkey",
        ),
        (
            "SELECT r.* FROM reassignments r WHERE r.id < '7fffffff-ffff-ffff-ffff-ffffffffffff' AND r.person_id = 'p1'
             ORDER BY r.id DESC LIMIT 51",
            "reassignments_by_person",
        ),
        (
            "SELECT r.* FROM reassignments r WHERE r.state IN (1, 2) AND r.due_at <= now()
             ORDER BY r.due_at LIMIT 1 FOR UPDATE SKIP LOCKED",
            "reassignments_due",
        ),
        (
            &format!(
                "SELECT * FROM reassignment_tickets WHERE reassignment_id = {nil} AND ticket_id > {nil}
                 ORDER BY ticket_id LIMIT 101"
            ),
            "reassignment_tickets_pkey",
        ),
        (
            &format!(
                "SELECT * FROM reassignment_tickets WHERE reassignment_id = {nil} AND ticket_id > {nil} AND state = 1
                 ORDER BY ticket_id LIMIT 101"
            ),
            "reassignment_tickets_by_state",
        ),
        (
            &format!("SELECT * FROM reassignment_tickets WHERE decision_id = {nil}"),
            "reassignment_tickets_by_decision",
        ),
    ] {
        let plan = plan(&env, query).await;
        assert!(plan.contains(index), "{query}\n{plan}");
        assert!(!plan.contains("Seq Scan") && !plan.contains("Sort"), "{query}\n{plan}");
    }
    // What one person has in hand, of thousands: their own rows and no others.
    for query in [
        "SELECT * FROM holdings WHERE person_id = 'p7' AND unit_id = ANY ('{u}') ORDER BY ticket_id",
        "SELECT DISTINCT unit_id FROM holdings WHERE person_id = 'p7' AND unit_id IS NOT NULL ORDER BY unit_id",
        "SELECT ticket_id FROM holdings WHERE person_id = 'p7' AND ticket_number IS NULL ORDER BY ticket_id LIMIT 200",
    ] {
        let plan = plan(&env, query).await;
        assert!(plan.contains("holdings_by_person") && !plan.contains("Seq Scan"), "{query}\n{plan}");
    }
}

#[tokio::test]
async fn lists_of_duty_and_units_follow_an_index() {
    let env = Env::start(gongdan_routing::schema()).await;
    let fill = "
        INSERT INTO units (id, name, kind, region, version)
            SELECT 'u' || n, 'u', 1, 440106000000, 1 FROM generate_series(1, 5000) AS n;
        INSERT INTO unit_states (unit_id, begins_at, name, kind, region, version, recorded_at, recorded_by)
            SELECT 'u' || n, CASE s WHEN 1 THEN '0001-01-01Z' ELSE now() + s * interval '1 day' END, 'u', 1, 440106000000,
                   CASE s WHEN 1 THEN 1 END, now(), ''
            FROM generate_series(1, 5000) AS n, generate_series(1, 4) AS s WHERE s = 1 OR n < 100;
        INSERT INTO roster_revisions (roster_id, unit_id, document, written_at, written_by)
            SELECT 'r' || n % 5000, 'u' || n % 500 + 1, '{}', now(), '' FROM generate_series(1, 100000) AS n;
        INSERT INTO rosters SELECT roster_id, max(revision), unit_id FROM roster_revisions GROUP BY roster_id, unit_id;
        INSERT INTO leaves SELECT gen_random_uuid(), 'p' || n % 1000, now() - n * interval '1 h',
                now() - (n - 20) * interval '1 h', NULL, '', now(), '', NULL
            FROM generate_series(1, 20000) AS n;
        INSERT INTO swaps SELECT 'r1', 's', current_date - n, 'p' || n, 'q', now(), '' FROM generate_series(1, 20000) AS n;
        INSERT INTO holdings SELECT gen_random_uuid(), 1, 1, 'p' || n % 1000, CASE WHEN n % 10 = 0 THEN 'u' || n % 500 END, '{}'
            FROM generate_series(1, 20000) AS n;
        ANALYZE units, unit_states, rosters, roster_revisions, leaves, swaps, holdings;";
    sqlx::raw_sql(fill).execute(env.pool()).await.unwrap();
    let rosters =
        "SELECT v.revision, v.document FROM rosters r JOIN roster_revisions v ON v.revision = r.revision";
    for (query, index) in [
        (format!("{rosters} WHERE r.id > 'r2' ORDER BY r.id LIMIT 51"), "rosters_pkey"),
        (format!("{rosters} WHERE r.id > 'r2' AND r.unit_id = 'u7' ORDER BY r.id LIMIT 51"), "rosters_by_unit"),
        (format!("{rosters} WHERE r.unit_id = ANY ('{{u7,u8}}')"), "rosters_by_unit"),
        ("SELECT * FROM leaves WHERE id < gen_random_uuid() ORDER BY id DESC LIMIT 51".to_owned(), "leaves_pkey"),
        (
            "SELECT * FROM leaves WHERE person_id = 'p7' AND id < gen_random_uuid() ORDER BY id DESC LIMIT 51".to_owned(),
            "leaves_by_person",
        ),
        ("SELECT * FROM leaves WHERE cancelled_at IS NULL AND ends_at > now()".to_owned(), "leaves_by_end"),
        ("SELECT * FROM swaps WHERE day >= current_date - 2".to_owned(), "swaps_in_order"),
        (
            "SELECT begins_at FROM unit_states WHERE version IS NULL ORDER BY begins_at, unit_id LIMIT 1".to_owned(),
            "unit_states_planned",
        ),
        (
            "SELECT unit_id, count(*) FROM holdings WHERE unit_id = ANY ('{u10,u20}') GROUP BY unit_id".to_owned(),
            "holdings_by_unit",
        ),
        (
            "SELECT u.id, s.name FROM units u CROSS JOIN LATERAL (SELECT * FROM unit_states c WHERE c.unit_id = u.id
                 AND c.begins_at <= now() ORDER BY c.begins_at DESC LIMIT 1) s WHERE u.id > 'u2' ORDER BY u.id LIMIT 51"
                .to_owned(),
            "unit_states_pkey",
        ),
    ] {
        let plan = plan(&env, &query).await;
        assert!(plan.contains(index), "{query}\n{plan}");
        assert!(!plan.contains("Seq Scan"), "{query}\n{plan}");
        // What one unit or person has may be sorted.
        let few = ["rosters_by_unit", "leaves_by_person"].contains(&index);
        let pages = query.contains("LIMIT 51");
        assert!(!pages || !plan.contains("Sort") || few, "{query}\n{plan}");
    }
}
