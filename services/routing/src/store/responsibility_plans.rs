//! DESIGN rule 12: the plans of what is asked of responsibilities. Source: R5.

use super::{ResponsibilityFilter, responsibilities};
use gongdan_access::{Caller, Policies, Scope};
use gongdan_auth::Actor;
use gongdan_proto::common::v1::PrincipalKind;
use gongdan_region::{RegionCode, Regions};
use gongdan_testkit::Env;
use sqlx::Execute as _;
use std::sync::Arc;
use uuid::Uuid;

const RESPONSIBILITIES: &str = "
    INSERT INTO responsibilities (id, version, customer_id, asset, item, person_id, unit_id, everywhere,
                                  updated_at, updated_by)
    SELECT gen_random_uuid(), n, CASE WHEN n % 2 = 0 THEN gen_random_uuid() END, CASE WHEN n % 2 = 1 THEN 'LAMP-' || n END, '',
           'p' || n % 1000, 'u' || n % 2000, true, now(), 'admin'
    FROM generate_series(1, 40000) AS n;
    INSERT INTO units (id, name, kind, region, version)
    SELECT 'u' || n, '', 1, 440106000000 + n, 1 FROM generate_series(1, 2000) AS n;
    INSERT INTO swaps (roster_id, shift, day, person_id, stand_in_id, recorded_at, recorded_by)
    SELECT 'r' || n % 500, 'day', date '2026-01-01' + n / 500, 'p' || n, 's' || n, now(), 'admin'
    FROM generate_series(1, 40000) AS n;
    ANALYZE responsibilities, units, swaps;";

/// What somebody of a county with this role may see.
fn scope(role: &str) -> Scope {
    let actor = Actor {
        principal_id: "li.wei".to_owned(),
        name: "李伟".to_owned(),
        kind: PrincipalKind::Person,
        roles: vec![role.to_owned()],
        unit_ids: vec!["u7".to_owned()],
        regions: vec![Regions::national().range(RegionCode::parse("440106").unwrap())],
        rights: Vec::new(),
        language: "zh-CN".to_owned(),
        customer_id: None,
    };
    Caller::with(actor, Arc::new(Policies::shipped().unwrap()), "responsibilities.read").scope()
}

/// What a batch of tickets and an erasure ask for is read by keys; a list follows the index of its filter.
#[tokio::test]
async fn responsibilities_are_read_by_keys() {
    let env = Env::start(crate::schema()).await;
    sqlx::raw_sql(RESPONSIBILITIES).execute(env.pool()).await.unwrap();
    let keys =
        "ARRAY['00000000-0000-7000-8000-00000000000a', '00000000-0000-7000-8000-00000000000b']::uuid[]";
    for (query, index) in [
        (
            "SELECT * FROM swaps WHERE roster_id = ANY (ARRAY['r7', 'r9']) AND day >= '2026-02-01'".to_owned(),
            "swaps_pkey",
        ),
        (
            "SELECT * FROM responsibilities WHERE asset = ANY (ARRAY['LAMP-7', 'LAMP-9'])".to_owned(),
            "responsibilities_by_asset",
        ),
        (
            format!("SELECT * FROM responsibilities WHERE customer_id = ANY ({keys})"),
            "responsibilities_by_customer",
        ),
        (
            "DELETE FROM responsibilities
             WHERE customer_id IS NOT NULL AND sha256(uuid_send(customer_id)) = ANY (ARRAY['\\x01', '\\x02']::bytea[])"
                .to_owned(),
            "responsibilities_by_hash",
        ),
    ] {
        let explain = sqlx::AssertSqlSafe(format!("EXPLAIN {query}"));
        let rows: Vec<String> = sqlx::query_scalar(explain).fetch_all(env.pool()).await.unwrap();
        let plan = rows.join("\n");
        assert!(plan.contains(index) && !plan.contains("Seq Scan"), "{query} does not use {index}:\n{plan}");
    }
    let now = env.clock().now();
    let person = Some("p7".to_owned());
    for (filter, index) in [
        (ResponsibilityFilter::default(), "responsibilities_pkey"),
        (ResponsibilityFilter { person_id: person, ..Default::default() }, "responsibilities_by_person"),
        (
            ResponsibilityFilter { asset: Some("LAMP-7".to_owned()), ..Default::default() },
            "responsibilities_by_asset",
        ),
        (
            ResponsibilityFilter { customer_id: Some(Uuid::nil()), ..Default::default() },
            "responsibilities_by_customer",
        ),
    ] {
        for role in ["administrator", "dispatcher"] {
            let mut statement = responsibilities::list(&scope(role), &filter, now, Some(Uuid::nil()), 101);
            let explain = format!("EXPLAIN {}", statement.sql().as_str());
            let arguments = statement.build().take_arguments().unwrap().unwrap();
            let rows: Vec<String> = sqlx::query_scalar_with(sqlx::AssertSqlSafe(explain), arguments)
                .fetch_all(env.pool())
                .await
                .unwrap();
            let plan = rows.join("\n");
            // What is all of a region is found by its units.
            let index = match filter == ResponsibilityFilter::default() && role == "dispatcher" {
                true => "responsibilities_by_unit",
                false => index,
            };
            assert!(
                plan.contains(index) && !plan.contains("Seq Scan on responsibilities"),
                "{filter:?} of {role} does not use {index}:\n{plan}"
            );
        }
    }
}
