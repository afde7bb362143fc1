//! DESIGN rule 16: lists are filtered in SQL by the very same decisions that Cedar makes about each row.

use gongdan_access::{Columns, DEFAULT_POLICIES, Policies, Scope};
use gongdan_pg::Schema;
use gongdan_testkit::{
    Env,
    access::{Cedar, Dice, Row, STRANGE},
};
use sqlx::{PgPool, QueryBuilder};
use uuid::Uuid;

const ACTIONS: [&str; 6] =
    ["tickets.read", "tickets.accept", "tickets.dispatch", "reports.read", "callbacks.read", "personal.read"];

async fn fill(pool: &PgPool, rows: &[Row]) {
    for row in rows {
        sqlx::query(
            "INSERT INTO ticket_scopes (ticket_id, version, region, unit_ids, lead_unit, pool_unit, customer_id,
                                        sensitive, confidential) VALUES ($1, 1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(row.id)
        .bind(row.code())
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

/// By the condition that lists are filtered with, on a table of columns, through `ticket_scopes` and by the function.
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
    let mut dice = Dice::thrown();
    let rows = dice.rows(100);
    fill(env.pool(), &rows).await;
    let mut files = vec![DEFAULT_POLICIES.to_owned(), STRANGE.to_owned()];
    files.extend((0..3).map(|_| dice.policies()));
    let mut within = 0;
    for file in files {
        let (policies, cedar) = (Policies::parse(&file).unwrap(), Cedar::of(&file));
        for _ in 0..5 {
            let somebody = dice.somebody();
            for action in ACTIONS {
                let scope = somebody.scope(&policies, action);
                let context = || format!("{action} for {somebody:?} by {file}; {}", dice.again());
                let permitted = |row: &&Row| {
                    let permitted = cedar.permits(&somebody, action, row);
                    assert_eq!(scope.allows(&row.item()), permitted, "alone: {row:?}, {}", context());
                    permitted
                };
                let expected: Vec<Uuid> = rows.iter().filter(permitted).map(|row| row.id).collect();
                within += usize::from(!expected.is_empty() && expected.len() < rows.len());
                for (how, found) in listed(env.pool(), &scope).await.into_iter().enumerate() {
                    assert_eq!(found, expected, "way {how}: {}", context());
                }
            }
        }
    }
    assert!(within > 15, "only {within} scopes were neither all nor nothing; {}", dice.again());
}
