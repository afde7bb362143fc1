//! DESIGN rule 16: tables `tickets` and `participants`, filtered by [`COLUMNS`], against Cedar's decision about each row;
//! and so is a state, put to a scope alone.

use super::{COLUMNS, item};
use gongdan_access::{DEFAULT_POLICIES, Policies};
use gongdan_proto::tickets::v1 as pb;
use gongdan_testkit::{
    Env,
    access::{Cedar, Dice, Row, STRANGE},
};
use prost::Message as _;
use sqlx::{PgPool, QueryBuilder};
use uuid::Uuid;

const ACTIONS: [&str; 5] =
    ["tickets.read", "tickets.accept", "tickets.dispatch", "personal.read", "reporter.read"];

/// The state of a ticket of which the row tells; who has it takes part.
fn state(row: &Row) -> pb::Ticket {
    let mut units = row.units.clone();
    if !row.lead.is_empty() && !units.contains(&row.lead) {
        units.push(row.lead.clone());
    }
    pb::Ticket {
        id: row.id.to_string(),
        region: row.region.to_owned(),
        participant_unit_ids: units,
        lead_unit_id: row.lead.clone(),
        pool_unit_id: row.pool.clone(),
        customer_id: row.customer.map(|id| id.to_string()).unwrap_or_default(),
        sensitive: row.sensitive,
        confidential: row.confidential,
        ..Default::default()
    }
}

async fn fill(pool: &PgPool, row: &Row) {
    let state = state(row);
    let given = |unit: &str| Some(unit.to_owned()).filter(|unit| !unit.is_empty());
    sqlx::query(
        "INSERT INTO tickets (id, number, version, phase, round, kind, item, region, channel, priority, origin,
                              customer_id, lead_unit, pool_unit, received_at, subject, body, state, sensitive,
                              confidential)
         VALUES ($1, $1::text, 1, 3, 1, 1, '', $2, 1, 3, 1, $3, $4, $5, 'epoch', '', '', $6, $7, $8)",
    )
    .bind(row.id)
    .bind(row.code())
    .bind(row.customer)
    .bind(given(&row.lead))
    .bind(given(&row.pool))
    .bind(state.encode_to_vec())
    .bind(row.sensitive)
    .bind(row.confidential)
    .execute(pool)
    .await
    .unwrap();
    sqlx::query("INSERT INTO participants (ticket_id, unit_id) SELECT $1, unnest($2::text[])")
        .bind(row.id)
        .bind(&state.participant_unit_ids)
        .execute(pool)
        .await
        .unwrap();
}

#[tokio::test]
async fn tickets_are_listed_as_cedar_decides_about_each() {
    let env = Env::start(crate::schema()).await;
    let mut dice = Dice::thrown();
    let rows = dice.rows(100);
    for row in &rows {
        fill(env.pool(), row).await;
    }
    let mut files = vec![DEFAULT_POLICIES.to_owned(), STRANGE.to_owned()];
    files.extend((0..2).map(|_| dice.policies()));
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
                    assert_eq!(scope.allows(&item(&state(row))), permitted, "alone: {row:?}, {}", context());
                    permitted
                };
                let expected: Vec<Uuid> = rows.iter().filter(permitted).map(|row| row.id).collect();
                within += usize::from(!expected.is_empty() && expected.len() < rows.len());
                let mut sql = QueryBuilder::new("SELECT id FROM ticket_views WHERE ");
                scope.push(&mut sql, &COLUMNS);
                sql.push(" ORDER BY id");
                let listed: Vec<Uuid> = sql.build_query_scalar().fetch_all(env.pool()).await.unwrap();
                assert_eq!(listed, expected, "{}", context());
            }
        }
    }
    assert!(within > 10, "only {within} scopes were neither all nor nothing; {}", dice.again());
}
