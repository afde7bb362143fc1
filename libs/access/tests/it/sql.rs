//! DESIGN rule 16: lists are filtered in SQL by the very same decisions that Cedar makes about each row.

use gongdan_access::{Columns, Item, Policies, ROLES, Rights, Scope};
use gongdan_auth::Actor;
use gongdan_pg::Schema;
use gongdan_proto::common::v1::PrincipalKind;
use gongdan_region::{RegionCode, Regions};
use gongdan_testkit::Env;
use proptest::{prelude::*, sample::subsequence, strategy::ValueTree, test_runner::TestRunner};
use sqlx::{PgPool, QueryBuilder};
use std::sync::Arc;
use uuid::Uuid;

const REGIONS: [&str; 6] = ["440106", "440103", "440100", "440000", "430100", "110101"];
const AREAS: [&str; 6] = ["440106", "440100", "440000", "430000", "110101", "440103"];
const UNITS: [&str; 4] = ["tianhe-env", "yuexiu-env", "centre", "hunan-env"];
const ACTIONS: [&str; 6] =
    ["tickets.read", "tickets.accept", "tickets.dispatch", "reports.read", "callbacks.read", "personal.read"];

/// Policies that say strange things, to see that nothing is taken for granted.
const STRANGE: &str = r#"
permit (principal in Gongdan::Role::"handler", action, resource is Gongdan::Ticket)
when { resource.in_region != resource.takes_part };
permit (principal in Gongdan::Role::"agent", action, resource is Gongdan::Ticket)
when { resource.sensitive && !resource.confidential || resource.own && !resource.holds };
permit (principal in Gongdan::Role::"auditor", action, resource is Gongdan::Ticket)
when { if resource.confidential then resource.in_region else !resource.in_region };
forbid (principal, action == Gongdan::Action::"tickets.dispatch", resource)
when { resource.takes_part && !principal.personal };
"#;

#[derive(Debug, Clone)]
struct Row {
    id: Uuid,
    region: &'static str,
    units: Vec<String>,
    lead: String,
    pool: String,
    customer: Option<Uuid>,
    sensitive: bool,
    confidential: bool,
}

fn customers() -> impl Strategy<Value = Option<Uuid>> {
    prop::option::of((1..3_u128).prop_map(Uuid::from_u128))
}

fn row() -> impl Strategy<Value = Row> {
    let one = prop::sample::select(&["", "tianhe-env", "yuexiu-env", "centre"][..]);
    (
        any::<u128>(),
        prop::sample::select(&REGIONS[..]),
        subsequence(&UNITS[..], 0..=3),
        one.clone(),
        one,
        customers(),
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(|(id, region, units, lead, pool, customer, sensitive, confidential)| Row {
            id: Uuid::from_u128(id),
            region,
            units: units.into_iter().map(str::to_owned).collect(),
            lead: lead.to_owned(),
            pool: pool.to_owned(),
            customer,
            sensitive,
            confidential,
        })
}

fn actor() -> impl Strategy<Value = Actor> {
    (
        subsequence(&ROLES[..], 0..=3),
        subsequence(&AREAS[..], 0..=2),
        subsequence(&UNITS[..], 0..=2),
        subsequence(&["sensitive", "personal"][..], 0..=2),
        customers(),
    )
        .prop_map(|(roles, areas, units, rights, customer_id)| Actor {
            principal_id: "somebody".into(),
            name: String::new(),
            kind: PrincipalKind::Person,
            roles: roles.into_iter().map(str::to_owned).collect(),
            unit_ids: units.into_iter().map(str::to_owned).collect(),
            regions: areas
                .into_iter()
                .map(|code| Regions::national().range(RegionCode::parse(code).unwrap()))
                .collect(),
            rights: rights.into_iter().map(str::to_owned).collect(),
            language: "en".into(),
            customer_id,
        })
}

fn item(row: &Row) -> Item<'_> {
    Item {
        region: RegionCode::parse(row.region).ok(),
        units: &row.units,
        lead_unit: &row.lead,
        pool_unit: &row.pool,
        customer: row.customer,
        sensitive: row.sensitive,
        confidential: row.confidential,
    }
}

async fn fill(pool: &PgPool, rows: &[Row]) {
    for row in rows {
        sqlx::query(
            "INSERT INTO ticket_scopes (ticket_id, version, region, unit_ids, lead_unit, pool_unit, customer_id,
                                        sensitive, confidential) VALUES ($1, 1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(row.id)
        .bind(RegionCode::parse(row.region).unwrap().as_i64())
        .bind(&row.units)
        .bind(&row.lead)
        .bind(&row.pool)
        .bind(row.customer)
        .bind(row.sensitive)
        .bind(row.confidential)
        .execute(pool)
        .await
        .unwrap();
    }
}

/// By the condition that lists are filtered with, on a table of columns and through `ticket_scopes`.
async fn listed(pool: &PgPool, scope: &Scope) -> [Vec<Uuid>; 3] {
    let columns = Columns {
        region: "region",
        takes_part: "unit_ids && ? OR lead_unit = ANY (?) OR pool_unit = ANY (?)",
        holds: "lead_unit = ANY (?) OR pool_unit = ANY (?)",
        own: "(customer_id = ?) IS TRUE",
        sensitive: "sensitive",
        confidential: "confidential",
    };
    let mut own = QueryBuilder::new("SELECT ticket_id FROM ticket_scopes WHERE ");
    scope.push(&mut own, &columns);
    own.push(" ORDER BY ticket_id");
    let mut joined = QueryBuilder::new("SELECT t.ticket_id FROM ticket_scopes t WHERE ");
    scope.push_ticket(&mut joined, "t.ticket_id");
    joined.push(" ORDER BY t.ticket_id");
    let with = scope.parameters();
    let by_function = sqlx::query_scalar(
        "SELECT ticket_id FROM ticket_scopes WHERE ticket_in_scope(ticket_id, $1, $2, $3, $4, $5) ORDER BY ticket_id",
    )
    .bind(with.answers)
    .bind(with.low)
    .bind(with.high)
    .bind(with.units)
    .bind(with.customer);
    [
        own.build_query_scalar().fetch_all(pool).await.unwrap(),
        joined.build_query_scalar().fetch_all(pool).await.unwrap(),
        by_function.fetch_all(pool).await.unwrap(),
    ]
}

#[tokio::test]
async fn sql_lists_what_cedar_allows_row_by_row() {
    let env = Env::start(Schema::new(&[
        &gongdan_pg::MIGRATOR,
        &gongdan_outbox::MIGRATOR,
        &gongdan_auth::MIGRATOR,
        &gongdan_access::MIGRATOR,
    ]))
    .await;
    let mut runner = TestRunner::default();
    let mut rows: Vec<Row> = prop::collection::vec(row(), 300).new_tree(&mut runner).unwrap().current();
    rows.sort_by_key(|row| row.id);
    fill(env.pool(), &rows).await;
    let mut within = 0;
    for policies in [Policies::shipped().unwrap(), Policies::parse(STRANGE).unwrap()] {
        for _ in 0..15 {
            let actor = actor().new_tree(&mut runner).unwrap().current();
            for action in ACTIONS {
                let table = policies.table(Rights::of(&actor), action);
                let scope = Scope::new(Arc::new(actor.clone()), table);
                let expected: Vec<Uuid> =
                    rows.iter().filter(|row| scope.allows(&item(row))).map(|row| row.id).collect();
                within += usize::from(!expected.is_empty() && expected.len() < rows.len());
                for (how, found) in listed(env.pool(), &scope).await.into_iter().enumerate() {
                    assert_eq!(found, expected, "way {how}: {action} for {actor:?}");
                }
            }
        }
    }
    assert!(within > 15, "only {within} scopes were neither all nor nothing");
}
