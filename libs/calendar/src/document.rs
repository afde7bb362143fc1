//! A calendar as it is imported: JSON, every fault reported with its path.

use crate::{DayKind, Fault, Faults, Window, check, is_key, window::read_day};
use gongdan_region::{RegionCode, RegionRange, Regions};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

pub(super) const WEEKDAYS: [&str; 7] =
    ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
/// Most regions with overrides of their own; each costs a table of a megabyte once it is used.
const MAX_REGIONS: usize = 64;
const MAX_WINDOWS: usize = 12;
const LAST_YEAR: i16 = 2149;

/// A calendar's content, checked.
#[derive(Debug, Clone)]
pub struct Document {
    /// `cn`
    pub key: String,
    /// What people call it.
    pub name: String,
    /// IANA name of the zone.
    pub time_zone: String,
    /// Years whose holidays are known; none when the calendar keeps no holidays at all.
    pub years: Option<BTreeSet<i16>>,
    /// Overrides.
    pub regions: Vec<Regional>,
    pub(super) zone: TimeZone,
    pub(super) base: Layer,
}

/// Overrides of a region and all below it.
#[derive(Debug, Clone)]
pub struct Regional {
    /// The region.
    pub region: RegionCode,
    /// What people call the override.
    pub name: String,
    /// Where it stands in the document.
    pub(super) index: usize,
    pub(super) range: RegionRange,
    pub(super) layer: Layer,
}

/// What a document, or the override of a region, says about days.
#[derive(Debug, Clone, Default)]
pub(super) struct Layer {
    /// Monday first; none: as below.
    pub(super) week: Option<[Vec<Window>; 7]>,
    /// Windows of make-up workdays; none: as below, or of the first working weekday.
    pub(super) make_up: Option<Vec<Window>>,
    pub(super) days: BTreeMap<Date, Special>,
    /// Where each stands in the document: `years.2026.half_days[0]`.
    pub(super) paths: BTreeMap<Date, String>,
}

/// A date that does not go by its weekday.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Special {
    Off { name: String },
    MakeUp { name: String },
    Half { name: String, windows: Vec<Window> },
}

impl Special {
    pub(super) fn mark(&self) -> (DayKind, String) {
        match self {
            Self::Off { name } => (DayKind::Holiday, name.clone()),
            Self::MakeUp { name } => (DayKind::MakeUp, name.clone()),
            Self::Half { name, .. } => (DayKind::HalfDay, name.clone()),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    key: String,
    name: String,
    time_zone: String,
    week: BTreeMap<String, Vec<String>>,
    make_up_windows: Option<Vec<String>>,
    years: Option<BTreeMap<String, RawYear>>,
    #[serde(default)]
    regions: Vec<RawRegion>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRegion {
    region: String,
    #[serde(default)]
    name: String,
    week: Option<BTreeMap<String, Vec<String>>>,
    make_up_windows: Option<Vec<String>>,
    #[serde(default)]
    years: BTreeMap<String, RawYear>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawYear {
    #[serde(default)]
    days_off: Vec<RawOff>,
    #[serde(default)]
    make_up_workdays: Vec<RawMakeUp>,
    #[serde(default)]
    half_days: Vec<RawHalf>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawOff {
    date: String,
    #[serde(default)]
    holiday: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawMakeUp {
    date: String,
    #[serde(default, rename = "for")]
    name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawHalf {
    date: String,
    #[serde(default)]
    name: String,
    windows: Vec<String>,
}

impl Document {
    /// Reads and checks a document.
    ///
    /// # Errors
    /// Every fault; one at `$` when it is not JSON of this shape.
    pub fn read(json: &str) -> Result<Self, Vec<Fault>> {
        let (document, mut faults) = Self::take_in(json)?;
        check::working_weeks(&document, &mut faults);
        check::overlaps(&document, &mut faults);
        if faults.0.is_empty() {
            check::working_time_ahead(&document, &mut faults);
        }
        if faults.0.is_empty() { Ok(document) } else { Err(faults.0) }
    }

    /// Reads a document that was imported before, perhaps when less was refused.
    ///
    /// # Errors
    /// Every fault of its shape.
    pub fn kept(json: &str) -> Result<Self, Vec<Fault>> {
        let (document, faults) = Self::take_in(json)?;
        if faults.0.is_empty() { Ok(document) } else { Err(faults.0) }
    }

    fn take_in(json: &str) -> Result<(Self, Faults), Vec<Fault>> {
        let raw: Raw = serde_json::from_str(json)
            .map_err(|error| vec![Fault { field: "$".into(), rule: error.to_string() }])?;
        let mut faults = Faults::default();
        if !is_key(&raw.key) {
            faults.add("key", "lower-case letters, digits and -, 1 to 40, beginning with a letter");
        }
        if !(1..=100).contains(&raw.name.chars().count()) {
            faults.add("name", "1 to 100 characters");
        }
        let zone = TimeZone::get(&raw.time_zone).map_err(|_| "an IANA time zone, for example Asia/Shanghai");
        let zone = faults.take("time_zone", zone);

        let week = read_week("week", &raw.week, &mut faults);
        let make_up = raw.make_up_windows.as_deref().map(|w| read_windows("make_up_windows", w, &mut faults));
        let mut base = Layer { week: Some(week), make_up, ..Layer::default() };
        let years = raw.years.as_ref().map(|years| read_years("years", years, &mut base, &mut faults));

        if raw.regions.len() > MAX_REGIONS {
            faults.add("regions", format!("at most {MAX_REGIONS}"));
        }
        let regions = read_regions(&raw.regions, &mut faults);
        let document = Self {
            key: raw.key,
            name: raw.name,
            time_zone: raw.time_zone,
            years,
            regions,
            zone: zone.unwrap_or(TimeZone::UTC),
            base,
        };
        Ok((document, faults))
    }

    /// The first instant of a year whose holidays are not known, from the year of `at` on; none for a calendar that keeps
    /// no holidays.
    #[must_use]
    pub fn known_until(&self, at: Timestamp) -> Option<Timestamp> {
        let known = self.years.as_ref()?;
        let this = self.zone.to_datetime(at).year();
        let year = (this..=LAST_YEAR).find(|year| !known.contains(year)).unwrap_or(LAST_YEAR);
        self.zone.to_timestamp(jiff::civil::date(year, 1, 1).at(0, 0, 0, 0)).ok()
    }

    /// How many days from that of `at` on belong to years whose holidays are known; none for a calendar that keeps no
    /// holidays.
    #[must_use]
    pub fn days_known(&self, at: Timestamp) -> Option<u32> {
        let date = |at: Timestamp| self.zone.to_datetime(at).date();
        let (today, until) = (date(at), date(self.known_until(at)?));
        let days = today.until(until).ok()?.get_days();
        Some(u32::try_from(days).unwrap_or(0))
    }

    /// What counts in a region: the national layer, then those of the regions around it, the narrowest last.
    pub(super) fn layers(&self, range: RegionRange) -> Vec<&Layer> {
        let around = |other: &&Regional| other.range.start <= range.start && range.end <= other.range.end;
        let mut around: Vec<_> = self.regions.iter().filter(around).collect();
        around.sort_by_key(|other| std::cmp::Reverse(other.range.width()));
        [&self.base].into_iter().chain(around.into_iter().map(|other| &other.layer)).collect()
    }
}

fn read_regions(raw: &[RawRegion], faults: &mut Faults) -> Vec<Regional> {
    let mut seen = BTreeSet::new();
    let mut regions = Vec::new();
    for (index, raw) in raw.iter().enumerate() {
        let path = format!("regions[{index}]");
        let mut layer = Layer {
            week: raw.week.as_ref().map(|week| read_week(&format!("{path}.week"), week, faults)),
            make_up: raw
                .make_up_windows
                .as_deref()
                .map(|w| read_windows(&format!("{path}.make_up_windows"), w, faults)),
            ..Layer::default()
        };
        read_years(&format!("{path}.years"), &raw.years, &mut layer, faults);
        let Some(region) = faults.take(&format!("{path}.region"), RegionCode::parse(&raw.region)) else {
            continue;
        };
        if !Regions::national().knows(region) {
            faults.add(format!("{path}.region"), "a region of the national table, or one below it");
        }
        if !seen.insert(region) {
            faults.add(format!("{path}.region"), "a region stands once");
        }
        let range = Regions::national().range(region);
        regions.push(Regional { region, name: raw.name.clone(), index, range, layer });
    }
    regions
}

fn read_week(path: &str, raw: &BTreeMap<String, Vec<String>>, faults: &mut Faults) -> [Vec<Window>; 7] {
    for day in raw.keys().filter(|day| !WEEKDAYS.contains(&day.as_str())) {
        faults.add(format!("{path}.{day}"), "a weekday is monday to sunday");
    }
    WEEKDAYS.map(|day| {
        raw.get(day).map_or_else(Vec::new, |texts| read_windows(&format!("{path}.{day}"), texts, faults))
    })
}

fn read_windows(path: &str, texts: &[String], faults: &mut Faults) -> Vec<Window> {
    if texts.len() > MAX_WINDOWS {
        faults.add(path, format!("at most {MAX_WINDOWS} windows a day"));
        return Vec::new();
    }
    match read_day(texts) {
        Ok(windows) => windows,
        Err((index, rule)) => {
            faults.add(format!("{path}[{index}]"), rule);
            Vec::new()
        }
    }
}

fn read_years(
    path: &str,
    raw: &BTreeMap<String, RawYear>,
    layer: &mut Layer,
    faults: &mut Faults,
) -> BTreeSet<i16> {
    let mut years = BTreeSet::new();
    for (text, raw) in raw {
        let path = format!("{path}.{text}");
        let Some(year) = text.parse::<i16>().ok().filter(|year| (1950..=LAST_YEAR).contains(year)) else {
            faults.add(path, "a year from 1950 to 2149");
            continue;
        };
        years.insert(year);
        let mut put = |list: &str, index: usize, date: &str, special: Special, faults: &mut Faults| {
            let entry = format!("{path}.{list}[{index}]");
            let field = format!("{entry}.date");
            match date.parse::<Date>() {
                Ok(date) if date.year() != year => faults.add(field, format!("a date in {year}")),
                Ok(date) if layer.days.contains_key(&date) => {
                    faults.add(field, "a date stands once in a year");
                }
                Ok(date) => {
                    layer.days.insert(date, special);
                    layer.paths.insert(date, entry);
                }
                Err(_) => faults.add(field, "a date: YYYY-MM-DD"),
            }
        };
        for (index, off) in raw.days_off.iter().enumerate() {
            put("days_off", index, &off.date, Special::Off { name: off.holiday.clone() }, faults);
        }
        for (index, day) in raw.make_up_workdays.iter().enumerate() {
            put("make_up_workdays", index, &day.date, Special::MakeUp { name: day.name.clone() }, faults);
        }
        for (index, half) in raw.half_days.iter().enumerate() {
            let windows = read_windows(&format!("{path}.half_days[{index}].windows"), &half.windows, faults);
            if half.windows.is_empty() {
                faults
                    .add(format!("{path}.half_days[{index}].windows"), "at least one window; else a day off");
            }
            put("half_days", index, &half.date, Special::Half { name: half.name.clone(), windows }, faults);
        }
    }
    years
}
