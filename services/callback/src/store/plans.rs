//! DESIGN rule 12: the plans of list and queue, as a caller of one county asks for them. The county is one of a thousand
//! and has no task; nothing is read that belongs to the others.

use super::{
    TaskFilter, TaskName,
    list::query,
    queue::{Look, next_one, next_time},
};
use gongdan_access::{Caller, Policies, Scope};
use gongdan_auth::Actor;
use gongdan_callback_domain::TaskState;
use gongdan_proto::common::v1::PrincipalKind;
use gongdan_region::{RegionCode, Regions};
use gongdan_testkit::Env;
use sqlx::{Execute as _, PgPool, Postgres, QueryBuilder};
use uuid::Uuid;

/// Half of the tasks are outstanding; those of Tianhe are over.
const TASKS: &str = "
    INSERT INTO tasks (id, ticket_id, ticket_number, round, state, origin, next_attempt_at, due_at, unit_id, region,
                       customer_id, version, opened_at, ended_at)
    SELECT lpad(to_hex(n), 32, '0')::uuid, lpad(to_hex(n), 32, '0')::uuid, 'GD' || n, 1,
           CASE WHEN n % 2 = 0 THEN 1 ELSE 5 END, 1, CASE WHEN n % 2 = 0 THEN now() - interval '1 hour' END,
           now() + n * interval '1 second', 'unit-' || n % 2000, 440000000000 + n % 1000 * 1000000, NULL, 1, now(),
           CASE WHEN n % 2 <> 0 THEN now() END
    FROM generate_series(1, 40000) n;
    INSERT INTO ticket_scopes (ticket_id, version, region, unit_ids, lead_unit, pool_unit, customer_id, sensitive,
                               confidential)
    SELECT ticket_id, 1, region, ARRAY[unit_id], unit_id, '', NULL, false, false FROM tasks;
    ANALYZE tasks, ticket_scopes;";

fn agent(region: &str, action: &'static str) -> Scope {
    let code = RegionCode::parse(region).unwrap();
    let actor = Actor {
        principal_id: "li.wei".to_owned(),
        name: String::new(),
        kind: PrincipalKind::Person,
        roles: vec!["agent".to_owned()],
        unit_ids: vec!["haizhu-desk".to_owned()],
        regions: vec![Regions::national().range(code)],
        rights: Vec::new(),
        language: String::new(),
        customer_id: None,
    };
    Caller::with(actor, Policies::shared().unwrap(), action).scope()
}

/// The plan of a statement as it is asked, with what was read.
async fn plan(pool: &PgPool, mut statement: QueryBuilder<Postgres>) -> String {
    let explain = format!("EXPLAIN (ANALYZE, TIMING OFF, SUMMARY OFF) {}", statement.sql().as_str());
    let arguments = statement.build().take_arguments().unwrap().unwrap();
    let rows: Vec<String> =
        sqlx::query_scalar_with(sqlx::AssertSqlSafe(explain), arguments).fetch_all(pool).await.unwrap();
    rows.join("\n")
}

#[tokio::test]
async fn what_a_county_asks_for_begins_with_its_own_tickets() {
    let env = Env::start(crate::schema()).await;
    sqlx::raw_sql(TASKS).execute(env.pool()).await.unwrap();
    let (read, take) = (agent("440105", "callbacks.read"), agent("440105", "callbacks.take"));
    let list = |filter: TaskFilter| query(&read, &filter, Some(Uuid::max()), 51);
    let unit_id = "unit-7".to_owned();
    for (what, statement, index) in [
        ("all", list(TaskFilter::default()), "ticket_scopes_region_idx"),
        (
            "by state",
            list(TaskFilter { state: Some(TaskState::Open), ..TaskFilter::default() }),
            "ticket_scopes_region_idx",
        ),
        ("by unit", list(TaskFilter { unit_id, ..TaskFilter::default() }), "tasks_unit_idx"),
        (
            "of a number",
            list(TaskFilter { ticket: Some(TaskName::Number("GD77".into())), ..TaskFilter::default() }),
            "tasks_number_idx",
        ),
        (
            "the next",
            next_one(Look::All, &take, "", "2099-01-01T00:00:00Z".parse().unwrap()),
            "ticket_scopes_region_idx",
        ),
        ("the next time", next_time(&take, ""), "ticket_scopes_region_idx"),
    ] {
        let plan = plan(env.pool(), statement).await;
        assert!(plan.contains(index), "{what} does not use {index}:\n{plan}");
        assert!(!plan.contains("Seq Scan"), "{what} reads a whole table:\n{plan}");
        assert!(!plan.contains("tasks_queue_idx"), "{what} walks the queue:\n{plan}");
    }
    let whole = agent("44", "callbacks.take");
    for (who, scope) in [("a county", &take), ("a province", &whole)] {
        let front = next_one(Look::Front, scope, "", "2099-01-01T00:00:00Z".parse().unwrap());
        let plan = plan(env.pool(), front).await;
        assert!(plan.contains("tasks_queue_idx") && plan.contains("rows=200 "), "{who} looks far:\n{plan}");
        assert!(!plan.contains("Seq Scan"), "{who} reads a whole table:\n{plan}");
    }
}
