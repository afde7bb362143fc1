//! DESIGN rule 12: the plans of the list of reassignments, and of what a person has in hand, as callers ask for them.

use super::{Reach, ReassignmentFilter, in_hand, reassignments};
use gongdan_access::{Caller, Policies};
use gongdan_auth::Actor;
use gongdan_proto::common::v1::PrincipalKind;
use gongdan_region::{RegionCode, Regions};
use gongdan_testkit::Env;
use sqlx::{Execute as _, PgPool, Postgres, QueryBuilder};

/// Twenty thousand reassignments of two tickets each, of a thousand units and as many counties; what everybody has in hand.
const REASSIGNMENTS: &str = "
    INSERT INTO reassignments (id, person_id, unit_ids, wish, plan, reason, total, state, due_at, started_at, started_by)
    SELECT gen_random_uuid(), 'p' || n, ARRAY['unit-' || n % 1000], '', '', '', 2, 3, now(), now(), 'a'
    FROM generate_series(1, 20000) AS n;
    INSERT INTO reassignment_tickets (reassignment_id, ticket_id, unit_id, state)
    SELECT id, gen_random_uuid(), unit_ids[1], 3 FROM reassignments, generate_series(1, 2);
    INSERT INTO ticket_scopes (ticket_id, version, region, unit_ids, lead_unit, pool_unit, customer_id, sensitive,
                               confidential)
    SELECT ticket_id, 1, 440000000000 + right(unit_id, -5)::int * 1000000, ARRAY[unit_id], unit_id, '', NULL, false, false
    FROM reassignment_tickets;
    INSERT INTO holdings (ticket_id, version, round, person_id, unit_id, returned_by)
    SELECT ticket_id, 1, 1, 'p' || right(unit_id, -5), unit_id, '{}' FROM reassignment_tickets;
    ANALYZE reassignments, reassignment_tickets, ticket_scopes, holdings;";

fn caller(role: &str, unit: &str, county: Option<&str>, action: &'static str) -> Caller {
    let regions = county.map(|code| Regions::national().range(RegionCode::parse(code).unwrap()));
    let actor = Actor {
        principal_id: "li.wei".to_owned(),
        name: String::new(),
        kind: PrincipalKind::Person,
        roles: vec![role.to_owned()],
        unit_ids: vec![unit.to_owned()],
        regions: regions.into_iter().collect(),
        rights: Vec::new(),
        language: String::new(),
        customer_id: None,
    };
    Caller::with(actor, Policies::shared().unwrap(), action)
}

async fn plan(pool: &PgPool, mut statement: QueryBuilder<Postgres>) -> String {
    let explain = format!("EXPLAIN {}", statement.sql().as_str());
    let arguments = statement.build().take_arguments().unwrap().unwrap();
    let rows: Vec<String> =
        sqlx::query_scalar_with(sqlx::AssertSqlSafe(explain), arguments).fetch_all(pool).await.unwrap();
    rows.join("\n")
}

#[tokio::test]
async fn reassignments_are_listed_by_unit_and_by_place_along_an_index() {
    let env = Env::start(crate::schema()).await;
    sqlx::raw_sql(REASSIGNMENTS).execute(env.pool()).await.unwrap();
    let read = "reassignments.read";
    let leader = caller("unit_leader", "unit-77", Some("440105"), read);
    let county = caller("dispatcher", "", Some("440105"), read);
    let boss = caller("administrator", "", None, read);
    // A leader has twenty of twenty thousand; of a county, or everywhere, newest first until the page is full.
    for (who, caller, index) in [
        ("a leader", &leader, "reassignments_by_unit"),
        ("a county", &county, "reassignments_pkey"),
        ("an administrator", &boss, "reassignments_pkey"),
    ] {
        let reach = Reach::of(caller, &caller.scope());
        let filter = ReassignmentFilter { reach, ..ReassignmentFilter::default() };
        let plan = plan(env.pool(), reassignments::list(&filter, None, 51)).await;
        assert!(plan.contains(index), "{who} does not use {index}:\n{plan}");
        let whole = plan.contains("Seq Scan on reassignment") || plan.contains("Seq Scan on ticket_scopes");
        assert!(!whole, "{who} reads a whole table:\n{plan}");
    }
}

#[tokio::test]
async fn what_somebody_has_in_hand_is_read_by_who_they_are_whatever_the_caller_reaches() {
    let env = Env::start(crate::schema()).await;
    sqlx::raw_sql(REASSIGNMENTS).execute(env.pool()).await.unwrap();
    let write = "reassignments.write";
    for caller in [
        caller("unit_leader", "unit-77", None, write),
        caller("dispatcher", "", Some("440105"), write),
        caller("administrator", "", None, write),
    ] {
        let scope = caller.scope();
        for statement in
            [in_hand::within("p77", None, &scope), in_hand::list("p77", &["unit-77".to_owned()], &scope)]
        {
            let plan = plan(env.pool(), statement).await;
            assert!(plan.contains("holdings_by_person"), "{caller:?}:\n{plan}");
            assert!(!plan.contains("Seq Scan"), "{caller:?} reads a whole table:\n{plan}");
        }
    }
}
