//! What ships with the product: the national calendar and the built-in policy sets, put at every start. A newer one of
//! the product follows its own older one; a version that somebody imported stays the newest.

use super::{SHIPPED_BY, calendars, policy_sets};
use crate::error;
use gongdan_errors::Error;
use gongdan_sla_domain::{calendar::Document, policy::PolicySet};
use jiff::Timestamp;
use sqlx::PgPool;

const CALENDARS: [&str; 1] = [gongdan_sla_domain::calendar::NATIONAL];
const POLICY_SETS: [&str; 4] = [
    include_str!("../../data/policies/hotline.json"),
    include_str!("../../data/policies/three-seven.json"),
    include_str!("../../data/policies/urgency.json"),
    include_str!("../../data/policies/priority.json"),
];

/// Puts what is not there yet; answers whether the set that counts by default is there then. Replicas that start at once
/// may lose the race for a version; another look finds it.
///
/// # Errors
/// UNAVAILABLE, INTERNAL; ABORTED when another replica was quicker.
pub async fn put_shipped(pool: &PgPool, now: Timestamp, default_set: &str) -> Result<bool, Error> {
    let mut tx = pool.begin().await.map_err(gongdan_pg::error)?;
    for json in CALENDARS {
        let document = Document::read(json).map_err(|faults| Error::internal(format!("{faults:?}")))?;
        let newest = calendars::get(&mut tx, &document.key, 0).await.map_err(gongdan_pg::error)?;
        if newest.is_none_or(|newest| newest.imported_by == SHIPPED_BY) {
            let value = serde_json::from_str(json).map_err(Error::internal)?;
            let names = (document.name.as_str(), document.time_zone.as_str());
            calendars::put(&mut tx, &document.key, names, &value, (SHIPPED_BY, now))
                .await
                .map_err(error::put)?;
        }
    }
    for json in POLICY_SETS {
        let set = PolicySet::read(json, 0).map_err(|faults| Error::internal(format!("{faults:?}")))?;
        let newest = policy_sets::get(&mut tx, &set.key, 0).await.map_err(gongdan_pg::error)?;
        if newest.is_none_or(|newest| newest.imported_by == SHIPPED_BY) {
            let value = serde_json::to_value(&set).map_err(Error::internal)?;
            policy_sets::put(&mut tx, &set.key, &value, (SHIPPED_BY, now)).await.map_err(error::put)?;
        }
    }
    let default = policy_sets::get(&mut tx, default_set, 0).await.map_err(gongdan_pg::error)?;
    tx.commit().await.map_err(gongdan_pg::error)?;
    Ok(default.is_some())
}
