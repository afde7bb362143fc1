//! With many tickets no statement reads all of a table that grows with them.

use super::{claims, extensions, filter::Filter, list::After};
use gongdan_access::{Caller, Policies};
use gongdan_auth::Actor;
use gongdan_clock::stable_id;
use gongdan_proto::common::v1::PrincipalKind;
use gongdan_region::{RegionCode, Regions};
use gongdan_testkit::Env;
use gongdan_tickets_domain::groups::extension::ExtensionState;
use serde::Deserialize;
use sqlx::{AssertSqlSafe, Executor as _, PgConnection};
use std::{collections::BTreeSet, fs, path::Path, sync::Arc};

/// Tables whose rows do not become more with tickets.
const SMALL: &[&str] = &[
    "catalogue_items",
    "catalogues",
    "channel_standards",
    "forms",
    "key_holders",
    "key_rotations",
    "legal_holds",
    "outbox_cursor",
    "outbox_cursor_history",
    "priority_matrices",
    "queue_counts",
    "queue_deltas",
    "text_index",
    "ticket_types",
    "units",
    "workflow_rules",
    "workflows",
];

/// Statements that may read a whole table, by how they begin: no call of a citizen or of a member of staff waits for them.
const WHOLE: &[&str] = &[
    // How far a rotation of keys is, and what it still has to do.
    "SELECT count(*) AS \"rows!\" FROM customer_keys k",
    "SELECT version AS \"version!\", sum(rows)::bigint",
    "SELECT v AS \"version!\" FROM UNNEST($1::int[]) v",
    "INSERT INTO key_rotations",
    // What the job forgets that keeps to retention.
    "DELETE FROM answered_decisions WHERE answered_at < $1",
];

/// Most tickets are over; some of the others are marked, held, quarantined or drafts.
const TICKETS: &str = "
INSERT INTO tickets (id, number, version, phase, round, kind, item, region, channel, priority, origin, lead_unit, handler,
  received_at, resolved_at, subject, body, state, created_by, marks, due_at, customer_id)
SELECT gen_random_uuid(), 'GD' || n, 3, CASE WHEN n % 20 = 0 THEN 1 + n / 20 % 9 ELSE 10 END, 1, 2, 'item',
  440100000000 + (n % 90) * 1000000, 1, 1 + n % 5, 1, 'unit-' || n % 60, 'person-' || n % 300,
  now() - n * interval '1 minute', now() - n * interval '1 minute', 's', repeat('b', 300),
  convert_to(repeat('s', 600), 'utf8'), 'person-' || n % 200, CASE WHEN n % 100 = 0 THEN 8 ELSE 0 END,
  now() + n % 90 * interval '1 hour', gen_random_uuid()
FROM generate_series(1, 15000) n";

const UNCHECKED: &str = "
DO $$ DECLARE c record; BEGIN
  FOR c IN SELECT conrelid::regclass AS of, conname FROM pg_constraint
           WHERE contype = 'c' AND connamespace = 'public'::regnamespace AND conislocal LOOP
    EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', c.of, c.conname);
  END LOOP;
END $$";

#[derive(Deserialize)]
struct Prepared {
    query: String,
    describe: Described,
}

#[derive(Deserialize)]
struct Described {
    parameters: Parameters,
}

#[derive(Deserialize)]
struct Parameters {
    #[serde(rename = "Left")]
    types: Vec<serde_json::Value>,
}

/// Rows for a table, column by column as their types ask for.
async fn fill(connection: &mut PgConnection, table: &str) {
    let columns: Vec<(String, String)> = sqlx::query_as(
        "SELECT column_name::text, format_type(a.atttypid, a.atttypmod) FROM information_schema.columns c
         JOIN pg_attribute a ON a.attrelid = c.table_name::regclass AND a.attname = c.column_name
         WHERE table_schema = 'public' AND table_name = $1 AND is_generated = 'NEVER' AND is_identity = 'NO'",
    )
    .bind(table)
    .fetch_all(&mut *connection)
    .await
    .unwrap();
    let value = |kind: &str| match kind {
        "uuid" => "gen_random_uuid()",
        "smallint" => "(n % 7)::smallint",
        "integer" | "bigint" | "numeric" | "double precision" | "real" => "n",
        "boolean" => "n % 2 = 0",
        "bytea" => "convert_to('b' || n, 'utf8')",
        "timestamp with time zone" => "now() - n * interval '1 minute'",
        "date" => "current_date - n % 900",
        "text" => "'x' || n",
        "text[]" => "ARRAY['x' || n]",
        "uuid[]" => "ARRAY[gen_random_uuid()]",
        "integer[]" => "ARRAY[n, n + 1]",
        "bigint[]" => "ARRAY[n, n + 1]::bigint[]",
        "xid8" => "pg_current_xact_id()",
        "jsonb" => "'{}'::jsonb",
        other => panic!("{table} has a column of type {other}"),
    };
    let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
    let values: Vec<&str> = columns.iter().map(|(_, kind)| value(kind)).collect();
    let sql = format!(
        "INSERT INTO {table} ({}) SELECT {} FROM generate_series(1, 10000) n ON CONFLICT DO NOTHING",
        names.join(", "),
        values.join(", ")
    );
    connection.execute(AssertSqlSafe(sql)).await.unwrap_or_else(|error| panic!("{table}: {error}"));
}

/// Every table that grows, full.
async fn filled(connection: &mut PgConnection) -> Vec<String> {
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
           AND NOT relispartition AND relname NOT LIKE '\\_sqlx%' ORDER BY 1",
    )
    .fetch_all(&mut *connection)
    .await
    .unwrap();
    let small = SMALL.iter().filter(|small| !tables.iter().any(|table| table == *small));
    assert_eq!(small.collect::<Vec<_>>(), Vec::<&&str>::new(), "tables that are not there");
    let growing: Vec<String> = tables.into_iter().filter(|table| !SMALL.contains(&table.as_str())).collect();
    // What rows refer to need not be there, and they need not mean anything.
    connection.execute("SET session_replication_role = replica").await.unwrap();
    connection.execute(UNCHECKED).await.unwrap();
    for table in &growing {
        if table == "tickets" {
            connection.execute(TICKETS).await.unwrap();
        } else {
            fill(connection, table).await;
        }
    }
    connection.execute("ANALYZE").await.unwrap();
    growing
}

fn reads_whole(plan: &str, growing: &[String]) -> bool {
    plan.lines().filter_map(|line| line.split_once("Seq Scan on ")).any(|(_, of)| {
        let table = of.split_whitespace().next().unwrap_or_default();
        growing.iter().any(|known| known == table) || table.starts_with("events")
    })
}

/// As the database plans a statement that it has to plan for all values, the way it does for those that come often.
#[tokio::test]
async fn no_statement_reads_a_growing_table() {
    let env = Env::start(crate::schema()).await;
    let mut connection = env.pool().acquire().await.unwrap();
    let growing = filled(&mut connection).await;
    // As where tables are large: to read one from end to end is not cheaper than to look rows up.
    connection.execute("SET plan_cache_mode = force_generic_plan; SET seq_page_cost = 4").await.unwrap();
    let (mut seen, mut found, mut meant) = (0, Vec::new(), BTreeSet::new());
    for file in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".sqlx")).unwrap() {
        let text = fs::read_to_string(file.unwrap().path()).unwrap();
        let Prepared { query, describe } = serde_json::from_str(&text).unwrap();
        if !["SELECT", "INSERT", "UPDATE", "DELETE", "WITH"].iter().any(|verb| query.starts_with(verb)) {
            continue;
        }
        connection.execute(AssertSqlSafe(format!("PREPARE one AS {query}"))).await.unwrap();
        let values = vec!["NULL"; describe.parameters.types.len()].join(", ");
        let values = if values.is_empty() { values } else { format!("({values})") };
        let plan: Vec<String> = sqlx::query_scalar(AssertSqlSafe(format!("EXPLAIN EXECUTE one {values}")))
            .persistent(false)
            .fetch_all(&mut *connection)
            .await
            .unwrap_or_else(|error| panic!("{query}: {error}"));
        connection.execute("DEALLOCATE one").await.unwrap();
        seen += 1;
        let plan = plan.join("\n");
        if reads_whole(&plan, &growing) {
            match WHOLE.iter().find(|begins| query.starts_with(**begins)) {
                Some(begins) => drop(meant.insert(*begins)),
                None => found.push(format!("{query}\n{plan}\n")),
            }
        }
    }
    assert!(seen > 100, "only {seen} statements");
    assert!(found.is_empty(), "{}", found.join("\n"));
    let stale = WHOLE.iter().filter(|begins| !meant.contains(**begins));
    assert_eq!(stale.collect::<Vec<_>>(), Vec::<&&str>::new(), "they read no table any more");
}

/// A person in a unit and a region, who reads tickets.
pub(super) fn caller(role: &str, unit: &str, region: &str) -> Caller {
    let actor = Actor {
        principal_id: "person-7".into(),
        name: "Li".into(),
        kind: PrincipalKind::Person,
        roles: vec![role.into()],
        unit_ids: vec![unit.into()],
        regions: vec![Regions::national().range(RegionCode::parse(region).unwrap())],
        rights: Vec::new(),
        language: "en".into(),
        customer_id: None,
    };
    Caller::with(actor, Arc::new(Policies::shipped().unwrap()), "tickets.read")
}

#[tokio::test]
async fn no_page_of_extensions_reads_a_table() {
    let env = Env::start(crate::schema()).await;
    let mut connection = env.pool().acquire().await.unwrap();
    connection.execute(TICKETS).await.unwrap();
    // Of one ticket in three one was asked for; few of them wait.
    let extensions = "INSERT INTO extensions
        SELECT gen_random_uuid(), id, CASE WHEN hashtext(number) % 50 = 0 THEN 1 ELSE 2 END, received_at
        FROM tickets WHERE hashtext(number) % 3 = 0";
    connection.execute(extensions).await.unwrap();
    connection.execute("ANALYZE tickets; ANALYZE extensions").await.unwrap();
    let growing = ["tickets", "extensions", "record_texts", "contacts", "resolutions"].map(str::to_owned);
    for caller in [caller("handler", "unit-7", "440106"), caller("supervisor", "centre", "44")] {
        let after = After { received_at: "2026-11-20T00:00:00Z".parse().unwrap(), id: stable_id("x", "1") };
        for states in [&[ExtensionState::Requested][..], ExtensionState::ALL] {
            for after in [None, Some(after)] {
                let plan: Vec<String> =
                    extensions::statement("EXPLAIN ", &caller.scope(), states, &[], after, 51)
                        .build_query_scalar()
                        .fetch_all(&mut *connection)
                        .await
                        .unwrap();
                let plan = plan.join("\n");
                assert!(!reads_whole(&plan, &growing), "{plan}");
            }
        }
    }
}

#[tokio::test]
async fn the_next_of_a_pool_is_found_in_its_order() {
    let env = Env::start(crate::schema()).await;
    let mut connection = env.pool().acquire().await.unwrap();
    connection.execute(TICKETS).await.unwrap();
    let pooled = "UPDATE tickets SET pool_unit = lead_unit, lead_unit = NULL, handler = NULL WHERE phase = 3";
    connection.execute(pooled).await.unwrap();
    connection.execute("ANALYZE tickets").await.unwrap();
    let growing = ["tickets", "participants"].map(str::to_owned);
    let units = vec!["unit-7".to_owned(), "unit-8".to_owned()];
    let wanted = claims::Wanted { units, filter: Filter::default() };
    let after = (2, jiff_sqlx::Timestamp::from("2026-11-20T00:00:00Z".parse::<jiff::Timestamp>().unwrap()));
    for caller in [caller("handler", "unit-7", "440106"), caller("dispatcher", "centre", "44")] {
        let caller = caller.doing("tickets.claim");
        for after in [None, Some((after.0, after.1, stable_id("x", "1")))] {
            let plan: Vec<String> = claims::statement("EXPLAIN ", &caller, &wanted, after)
                .build_query_scalar()
                .fetch_all(&mut *connection)
                .await
                .unwrap();
            let plan = plan.join("\n");
            assert!(!reads_whole(&plan, &growing) && plan.contains("tickets_pools"), "{plan}");
        }
    }
}
