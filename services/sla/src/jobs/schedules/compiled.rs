//! A stored schedule, ready to say when it is planned.

use crate::store::{Heads, TermsCache, schedules::ScheduleRow};
use gongdan_errors::Error;
use gongdan_sla_domain::{
    calendar::Calendar,
    schedule::{CatchUp, Plan, Recurrence},
};
use jiff::{Timestamp, tz::TimeZone};
use sqlx::PgConnection;
use std::sync::Arc;

/// A recurrence in its zone with its calendar.
#[derive(Debug, Clone)]
pub struct Compiled {
    recurrence: Recurrence,
    zone: TimeZone,
    calendar: Option<Arc<Calendar>>,
}

impl Compiled {
    /// With the newest version of its calendar; an empty zone is the calendar's.
    ///
    /// # Errors
    /// NOT_FOUND when there is no such calendar; INTERNAL for a zone that is not known.
    pub async fn of(
        connection: &mut PgConnection,
        terms: &TermsCache,
        heads: &Heads,
        (recurrence, zone): (Recurrence, &str),
    ) -> Result<Self, Error> {
        let calendar = match recurrence.calendar() {
            Some(key) => Some(terms.calendar(connection, heads, key).await?),
            None => None,
        };
        let zone = match &calendar {
            Some(calendar) if zone.is_empty() => calendar.document().time_zone.clone(),
            _ => zone.to_owned(),
        };
        let zone = TimeZone::get(&zone).map_err(Error::internal)?;
        Ok(Self { recurrence, zone, calendar })
    }

    /// Of a row.
    ///
    /// # Errors
    /// As `of`; INTERNAL when the row cannot be read.
    pub async fn of_row(
        connection: &mut PgConnection,
        terms: &TermsCache,
        row: &ScheduleRow,
    ) -> Result<Self, Error> {
        let recurrence = serde_json::from_value(row.recurrence.clone())
            .map_err(|error| Error::internal(format!("stored schedule {}: {error}", row.key)))?;
        let heads = terms.heads(&mut *connection).await.map_err(gongdan_pg::error)?;
        Self::of(connection, terms, &heads, (recurrence, &row.time_zone)).await
    }

    /// When it is planned.
    #[must_use]
    pub fn plan(&self) -> Plan<'_> {
        let region = match &self.recurrence {
            Recurrence::Working(working) => working.region,
            Recurrence::Cron(_) => None,
        };
        let table = self.calendar.as_ref().map(|calendar| calendar.table(region));
        Plan::new(&self.recurrence, &self.zone, table)
    }

    /// The first planned time after an instant, when there is one.
    #[must_use]
    pub fn next(&self, after: Timestamp) -> Option<Timestamp> {
        self.plan().next(after).map(|planned| planned.at)
    }

    /// How it recurs.
    #[must_use]
    pub const fn recurrence(&self) -> &Recurrence {
        &self.recurrence
    }

    /// Its zone.
    #[must_use]
    pub const fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// Its zone's name.
    #[must_use]
    pub fn zone_name(&self) -> &str {
        self.zone.iana_name().unwrap_or("UTC")
    }

    /// Its calendar.
    #[must_use]
    pub const fn calendar(&self) -> Option<&Arc<Calendar>> {
        self.calendar.as_ref()
    }
}

/// The policy of a row.
///
/// # Errors
/// INTERNAL when the number stands for none.
pub fn catch_up(row: &ScheduleRow) -> Result<CatchUp, Error> {
    match row.catch_up {
        1 => Ok(CatchUp::Once),
        2 => Ok(CatchUp::All),
        3 => Ok(CatchUp::Skip),
        other => Err(Error::internal(format!("stored schedule {}: catch_up {other}", row.key))),
    }
}
