//! What an import makes that is to be looked after: findings about what it changes, each with the field that does it.

use super::{
    findings::{self, About},
    import::Found,
};
use gongdan_errors::Error;
use gongdan_routing_domain::{finding::Finding, import::Touched};
use jiff::Timestamp;
use sqlx::PgConnection;

/// Findings that are told.
const MOST: usize = 100;

/// What there is to be looked after about what an import touched, now that all is written.
pub(super) async fn found(
    connection: &mut PgConnection,
    touched: &Touched,
    now: Timestamp,
) -> Result<Found, Error> {
    let people: Vec<String> = touched.people().cloned().collect();
    let about = About { units: touched.units_about(), people: &people };
    let all = findings::all(connection, Some(about), now).await?;
    let mut findings: Vec<Finding> = all.into_iter().filter_map(|finding| touched.brought(finding)).collect();
    let more = i32::try_from(findings.len().saturating_sub(MOST)).unwrap_or(i32::MAX);
    findings.truncate(MOST);
    Ok(Found { findings, more })
}
