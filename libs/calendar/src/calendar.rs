//! A version of a calendar.

use crate::{Document, Fault, OutOfRange, Table, days::Days};
use gongdan_region::{RegionCode, RegionRange};
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use std::{
    collections::BTreeSet,
    sync::{Arc, OnceLock},
};

/// A version of a calendar, ready to count.
#[derive(Debug)]
pub struct Calendar {
    document: Document,
    version: i32,
    zone: TimeZone,
    days: Arc<Days>,
    national: Table,
    /// Narrowest first; made when first asked for.
    regional: Vec<(RegionRange, OnceLock<Table>)>,
}

impl Calendar {
    /// Reads a document and makes it ready.
    ///
    /// # Errors
    /// Every fault of the document with its path.
    pub fn read(json: &str, version: i32) -> Result<Self, Vec<Fault>> {
        Ok(Self::of(Document::read(json)?, version))
    }

    /// Makes a document ready, perhaps one of [`Document::kept`].
    #[must_use]
    pub fn of(document: Document, version: i32) -> Self {
        let zone = document.zone.clone();
        let days = Arc::new(Days::of(&zone));
        let national = Table::build(&days, &[&document.base]);
        let mut regional: Vec<_> =
            document.regions.iter().map(|region| (region.range, OnceLock::new())).collect();
        regional.sort_by_key(|(range, _)| range.width());
        Self { document, version, zone, days, national, regional }
    }

    /// Its key: `cn`.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.document.key
    }

    /// Its version.
    #[must_use]
    pub const fn version(&self) -> i32 {
        self.version
    }

    /// Key and version: `cn@1`.
    #[must_use]
    pub fn id(&self) -> String {
        format!("{}@{}", self.document.key, self.version)
    }

    /// What it was made from.
    #[must_use]
    pub const fn document(&self) -> &Document {
        &self.document
    }

    /// The instant of a civil time; one that a clock change skips moves forward by the gap.
    ///
    /// # Errors
    /// When it is outside the years calendars reach.
    pub fn instant(&self, local: DateTime) -> Result<Timestamp, OutOfRange> {
        self.zone.to_timestamp(local).map_err(|_| OutOfRange)
    }

    /// The days as they are in a region: with the overrides of the narrowest region around it, on top of those of
    /// wider ones.
    #[must_use]
    pub fn table(&self, region: Option<RegionCode>) -> &Table {
        let Some(region) = region else { return &self.national };
        let Some((range, table)) = self.regional.iter().find(|(range, _)| range.contains(region)) else {
            return &self.national;
        };
        table.get_or_init(|| Table::build(&self.days, &self.document.layers(*range)))
    }

    /// Years from start to due whose holidays are not known; there weekdays went by rule. Nothing for a calendar
    /// that lists no years at all.
    #[must_use]
    pub fn missing_years(&self, from: Timestamp, to: Timestamp) -> Vec<i16> {
        let Some(known) = &self.document.years else { return Vec::new() };
        let year = |at: Timestamp| self.zone.to_datetime(at).year();
        (year(from)..=year(to)).filter(|year| !known.contains(year)).collect()
    }

    /// Years whose holidays are known.
    #[must_use]
    pub fn years(&self) -> BTreeSet<i16> {
        self.document.years.clone().unwrap_or_default()
    }
}
