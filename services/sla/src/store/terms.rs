//! Calendars and policy sets ready to use. A version never changes, so what was compiled once stays; which version is
//! the newest is asked each time, so that an import counts from the next batch on in every replica.

use super::{calendars, policy_sets};
use gongdan_errors::{Error, Reason};
use gongdan_sla_domain::{
    calendar::{Calendar, Document},
    lifecycle::Terms,
    policy::PolicySet,
};
use gongdan_telemetry::sql_span;
use moka::sync::Cache;
use sqlx::PgConnection;
use std::{collections::HashMap, sync::Arc};
use tracing::Instrument as _;

/// Versions kept compiled; a calendar takes nearly two megabytes.
const KEPT: u64 = 32;

/// The newest version of every calendar and policy set.
#[derive(Debug, Default)]
pub struct Heads {
    calendars: HashMap<String, i32>,
    policy_sets: HashMap<String, i32>,
}

/// Compiled calendars and policy sets.
#[derive(Debug, Clone)]
pub struct TermsCache {
    calendars: Cache<(String, i32), Arc<Calendar>>,
    policy_sets: Cache<(String, i32), Arc<PolicySet>>,
}

impl Default for TermsCache {
    fn default() -> Self {
        Self { calendars: Cache::new(KEPT), policy_sets: Cache::new(KEPT) }
    }
}

/// `cn@1` as key and version; `cn` as the newest, 0.
#[must_use]
pub fn split_id(id: &str) -> Option<(&str, i32)> {
    match id.split_once('@') {
        None => Some((id, 0)),
        Some((key, version)) => version.parse().ok().filter(|v| *v > 0).map(|version| (key, version)),
    }
}

impl TermsCache {
    /// Which versions are the newest now.
    pub async fn heads(&self, connection: &mut PgConnection) -> Result<Heads, sqlx::Error> {
        let rows = sqlx::query!(
            r#"SELECT true AS "calendar!", key AS "key!", max(version) AS "version!" FROM calendars GROUP BY key
               UNION ALL
               SELECT false, key, max(version) FROM policy_sets GROUP BY key"#
        )
        .fetch_all(connection)
        .instrument(sql_span!("calendars.heads", "SELECT"))
        .await?;
        let mut heads = Heads::default();
        for row in rows {
            let into = if row.calendar { &mut heads.calendars } else { &mut heads.policy_sets };
            into.insert(row.key, row.version);
        }
        Ok(heads)
    }

    /// A calendar by `cn` or `cn@1`.
    pub async fn calendar(
        &self,
        connection: &mut PgConnection,
        heads: &Heads,
        id: &str,
    ) -> Result<Arc<Calendar>, Error> {
        let missing = || {
            Error::not_found(Reason::CalendarNotFound, "no such calendar, or no such version of it")
                .with("calendar", id)
        };
        let (key, version) = split_id(id).ok_or_else(missing)?;
        let version =
            if version == 0 { heads.calendars.get(key).copied().ok_or_else(missing)? } else { version };
        let at = (key.to_owned(), version);
        if let Some(calendar) = self.calendars.get(&at) {
            return Ok(calendar);
        }
        let row =
            calendars::get(connection, key, version).await.map_err(gongdan_pg::error)?.ok_or_else(missing)?;
        let document = Document::kept(&row.document.to_string())
            .map_err(|faults| Error::internal(format!("stored calendar {id}: {faults:?}")))?;
        let calendar = Arc::new(Calendar::of(document, version));
        self.calendars.insert(at, Arc::clone(&calendar));
        Ok(calendar)
    }

    /// A policy set by `hotline` or `hotline@1`.
    pub async fn policy_set(
        &self,
        connection: &mut PgConnection,
        heads: &Heads,
        id: &str,
    ) -> Result<Arc<PolicySet>, Error> {
        let missing = || {
            Error::not_found(Reason::PolicySetNotFound, "no such policy set, or no such version of it")
                .with("policy_set", id)
        };
        let (key, version) = split_id(id).ok_or_else(missing)?;
        let version =
            if version == 0 { heads.policy_sets.get(key).copied().ok_or_else(missing)? } else { version };
        let at = (key.to_owned(), version);
        if let Some(set) = self.policy_sets.get(&at) {
            return Ok(set);
        }
        let row = policy_sets::get(connection, key, version)
            .await
            .map_err(gongdan_pg::error)?
            .ok_or_else(missing)?;
        let set = PolicySet::read(&row.document.to_string(), version)
            .map_err(|faults| Error::internal(format!("stored policy set {id}: {faults:?}")))?;
        let set = Arc::new(set);
        self.policy_sets.insert(at, Arc::clone(&set));
        Ok(set)
    }

    /// A policy set with the newest version of its calendar.
    pub async fn terms(
        &self,
        connection: &mut PgConnection,
        heads: &Heads,
        policy_set: &str,
    ) -> Result<Terms, Error> {
        let policy = self.policy_set(&mut *connection, heads, policy_set).await?;
        let calendar = self.calendar(connection, heads, &policy.calendar).await?;
        Ok(Terms { policy, calendar })
    }
}
