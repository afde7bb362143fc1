//! DESIGN rule 16: a report counts the tickets that Cedar, asked about each, lets its reader count.

use super::{Filter, Key, sum};
use gongdan_access::{DEFAULT_POLICIES, Policies};
use gongdan_reporting_domain::Period;
use gongdan_testkit::{
    Env,
    access::{Cedar, Dice, Row, STRANGE},
};
use jiff::Timestamp;
use sqlx::PgPool;

const ACTION: &str = "reports.read";

/// A ticket that began; its item is its id, by which it is found in a report.
async fn fill(pool: &PgPool, row: &Row) {
    sqlx::query(
        "INSERT INTO rounds (ticket_id, round, version, origin, type, item, region, province, city, county, unit_id,
                             began_at, open, cancelled)
         VALUES ($1, 1, 1, 1, 1, $1::text, $2, 0, 0, 0, $3, 'epoch', true, false)",
    )
    .bind(row.id)
    .bind(row.code())
    .bind(&row.lead)
    .execute(pool)
    .await
    .unwrap();
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

#[tokio::test]
async fn a_report_counts_what_cedar_allows_row_by_row() {
    let env = Env::start(crate::schema()).await;
    let mut dice = Dice::thrown();
    let rows = dice.rows(100);
    for row in &rows {
        fill(env.pool(), row).await;
    }
    let mut files = vec![DEFAULT_POLICIES.to_owned(), STRANGE.to_owned()];
    files.extend((0..3).map(|_| dice.policies()));
    let mut within = 0;
    for file in files {
        let (policies, cedar) = (Policies::parse(&file).unwrap(), Cedar::of(&file));
        for _ in 0..10 {
            let somebody = dice.somebody();
            let mut expected: Vec<String> = rows
                .iter()
                .filter(|row| cedar.permits(&somebody, ACTION, row))
                .map(|row| row.id.to_string())
                .collect();
            expected.sort();
            within += usize::from(!expected.is_empty() && expected.len() < rows.len());
            let filter = Filter {
                period: Period { from: Timestamp::UNIX_EPOCH, to: Timestamp::MAX },
                region: None,
                scope: somebody.scope(&policies, ACTION).parameters(),
                unit: None,
                item: None,
                kind: None,
                origin: None,
            };
            let (sums, whole) = sum(env.pool(), Key::Item, &filter, Timestamp::UNIX_EPOCH).await.unwrap();
            let counted: Vec<String> = sums.into_iter().filter_map(|sums| sums.key).collect();
            assert_eq!(counted, expected, "{somebody:?} by {file}; {}", dice.again());
            assert_eq!(usize::try_from(whole.counts.received), Ok(expected.len()));
        }
    }
    assert!(within > 10, "only {within} scopes were neither all nor nothing; {}", dice.again());
}
