//! Looks ahead: how far the holidays of each calendar are known, and how many open clocks are due beyond. A missing year is
//! told of while there is time to import it, not when deadlines already go through it by weekday. Source: S1.

use crate::{
    config::CalendarsConfig,
    store::{
        calendars::{self, CalendarRow},
        clocks,
    },
    telemetry::Metrics,
};
use gongdan_clock::SharedClock;
use gongdan_errors::Error;
use gongdan_sla_domain::calendar::Document;
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use sqlx::PgPool;
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// Between two looks; an import has one at once in its own process.
const EVERY: Duration = Duration::from_secs(600);

/// Asks for a look.
#[derive(Debug, Clone, Default)]
pub struct Years(Arc<Notify>);

impl Years {
    /// Something was imported.
    pub fn look(&self) {
        self.0.notify_one();
    }
}

/// The job.
pub struct WatchYears {
    /// The database.
    pub pool: PgPool,
    /// The time.
    pub clock: SharedClock,
    /// When to warn.
    pub config: CalendarsConfig,
    /// What is counted.
    pub metrics: Metrics,
    /// Asked for when something was imported.
    pub years: Years,
}

/// A version of a calendar that keeps holidays.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Version {
    key: String,
    version: i32,
    days_known: u32,
    /// From when on it knows no holidays.
    until: Timestamp,
}

impl Version {
    fn of(row: &CalendarRow, now: Timestamp) -> Option<Self> {
        let document = match Document::kept(&row.document.to_string()) {
            Ok(document) => document,
            Err(faults) => {
                tracing::error!(key = %row.key, version = row.version, ?faults, "a stored calendar cannot be read");
                return None;
            }
        };
        let (days_known, until) = document.days_known(now).zip(document.known_until(now))?;
        Some(Self { key: row.key.clone(), version: row.version, days_known, until })
    }

    fn id(&self) -> String {
        format!("{}@{}", self.key, self.version)
    }
}

/// A calendar of which something is to be told.
#[derive(Debug)]
struct Watched {
    newest: Version,
    /// Open clocks that are due when their version knows no holidays.
    beyond: i64,
    /// Those of them that are due when the newest does.
    outdated: i64,
}

impl WatchYears {
    /// Looks until shut down.
    pub async fn run(self, shutdown: CancellationToken) {
        let mut told = HashMap::new();
        loop {
            match self.look().await {
                Ok(watched) => watched.iter().for_each(|calendar| self.tell(calendar, &mut told)),
                Err(error) => tracing::warn!(%error, "years known ahead could not be looked at"),
            }
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = self.years.0.notified() => {}
                () = tokio::time::sleep(EVERY) => {}
            }
        }
    }

    async fn look(&self) -> Result<Vec<Watched>, Error> {
        let now = self.clock.now();
        let rows = calendars::all(&self.pool).await.map_err(gongdan_pg::error)?;
        let versions = rows.iter().filter_map(|row| Version::of(row, now)).collect();
        let newest = newest(versions);
        let ends: Vec<_> = newest
            .values()
            .flat_map(|(newest, all)| all.iter().map(|version| (version.id(), version.until, newest.until)))
            .collect();
        let due = clocks::due_beyond(&self.pool, &ends).await.map_err(gongdan_pg::error)?;
        let sum = |all: &[Version], of: fn(&clocks::Beyond) -> i64| {
            due.iter().filter(|row| all.iter().any(|version| version.id() == row.calendar)).map(of).sum()
        };
        let watched = newest.into_values().map(|(newest, all)| Watched {
            beyond: sum(&all, |row| row.beyond),
            outdated: sum(&all, |row| row.outdated),
            newest,
        });
        Ok(watched.collect())
    }

    /// Sets the gauges; warns once a day, and at once when a version came.
    fn tell(&self, calendar: &Watched, told: &mut HashMap<String, (Date, i32)>) {
        let Watched { newest: Version { key, version, days_known, until }, beyond, outdated } = calendar;
        self.metrics.days_known(key, *days_known);
        self.metrics.clocks_beyond(key, u64::try_from(*beyond).unwrap_or(0));
        let today = TimeZone::UTC.to_datetime(self.clock.now()).date();
        if told.insert(key.clone(), (today, *version)) == Some((today, *version)) {
            return;
        }
        if *days_known < self.config.warn_ahead {
            tracing::warn!(
                calendar = %key, version, days_known, %until, clocks_beyond = beyond,
                "calendar_year_ahead_missing: from then on weekdays go by rule until the year's holidays are imported"
            );
        }
        if *outdated > 0 {
            tracing::warn!(
                calendar = %key, version, clocks = outdated,
                "calendar_clocks_outdated: open clocks keep an older version and are due in days that only the newest knows"
            );
        }
    }
}

/// Versions by key, with the newest of each.
fn newest(versions: Vec<Version>) -> BTreeMap<String, (Version, Vec<Version>)> {
    let mut newest: BTreeMap<String, (Version, Vec<Version>)> = BTreeMap::new();
    for version in versions {
        let (head, all) = newest.entry(version.key.clone()).or_insert_with(|| (version.clone(), Vec::new()));
        if head.version < version.version {
            *head = version.clone();
        }
        all.push(version);
    }
    newest
}
