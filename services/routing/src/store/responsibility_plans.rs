//! DESIGN rule 12: the plans of lists of responsibilities. Source: R5.

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
    ANALYZE responsibilities, units;";

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

/// What a batch of tickets and an erasure ask for is looked at in `scans.rs`, while it runs.
#[tokio::test]
async fn a_list_of_responsibilities_follows_the_index_of_its_filter() {
    let env = Env::start(crate::schema()).await;
    sqlx::raw_sql(RESPONSIBILITIES).execute(env.pool()).await.unwrap();
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
