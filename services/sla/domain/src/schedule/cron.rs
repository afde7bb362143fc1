//! Cron expressions of five fields. What a day is to them, croner says; what an instant is, `wall` does.

use super::LAST;
use croner::parser::{CronParser, Seconds, Year};
use jiff::civil::{Date, DateTime, Time};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

const MAX_CHARS: usize = 200;
const FIELDS: [(&str, &str); 5] = [
    ("minute", "0 to 59, with *, lists, ranges and steps"),
    ("hour", "0 to 23, with *, lists, ranges and steps"),
    ("day of month", "1 to 31, L or 15W, with *, lists, ranges and steps"),
    ("month", "1 to 12 or JAN to DEC, with *, lists, ranges and steps"),
    ("day of week", "0 to 7 or SUN to SAT, MON#2 or FRI#L, with *, lists, ranges and steps"),
];
const HOUR: usize = 1;
const DAY_OF_MONTH: usize = 2;

/// What is wrong with an expression, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CronFault {
    /// The character, from 1.
    pub position: usize,
    /// The rule, for people.
    pub rule: String,
}

/// An expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cron {
    text: String,
    /// Its hour begins with `*`: it counts the hours that pass.
    counts_hours: bool,
    pattern: Box<croner::Cron>,
}

impl Cron {
    /// Reads an expression that fires at some time on or after a day.
    ///
    /// # Errors
    /// Every faulty field with its position; or that it never fires.
    pub fn read(text: &str, from: Date) -> Result<Self, Vec<CronFault>> {
        let cron = Self::kept(text)?;
        if cron.next(from.to_datetime(Time::midnight()), true).is_none() {
            let position = fields(text).get(DAY_OF_MONTH).map_or(1, |(at, _)| *at);
            let rule = format!(
                "it never fires: no day up to {LAST} is of this day of month, month and day of week at once"
            );
            return Err(vec![CronFault { position, rule }]);
        }
        Ok(cron)
    }

    /// Reads an expression that was good once.
    ///
    /// # Errors
    /// Every faulty field with its position.
    pub fn kept(text: &str) -> Result<Self, Vec<CronFault>> {
        if text.chars().count() > MAX_CHARS {
            let rule = format!("at most {MAX_CHARS} characters");
            return Err(vec![CronFault { position: MAX_CHARS + 1, rule }]);
        }
        let given = fields(text);
        if given.len() != FIELDS.len() {
            let position = given.get(FIELDS.len()).map_or(text.chars().count() + 1, |(at, _)| *at);
            let rule = "five fields: minute, hour, day of month, month, day of week".to_owned();
            return Err(vec![CronFault { position, rule }]);
        }
        let faults: Vec<_> =
            given.iter().enumerate().filter_map(|(n, (at, field))| faulty(n, *at, field)).collect();
        if !faults.is_empty() {
            return Err(faults);
        }
        let pattern = parse(text).map_err(|rule| vec![CronFault { position: 1, rule }])?;
        let counts_hours = given.get(HOUR).is_some_and(|(_, hour)| hour.starts_with('*'));
        Ok(Self { text: text.to_owned(), counts_hours, pattern: Box::new(pattern) })
    }

    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it counts the hours that pass, instead of naming times of day.
    pub(super) const fn counts_hours(&self) -> bool {
        self.counts_hours
    }

    /// The first time on the wall after another, or at it; none up to the last day.
    pub(super) fn next(&self, after: DateTime, inclusive: bool) -> Option<DateTime> {
        self.pattern.find_next_occurrence(&after, inclusive).ok().filter(|at| at.date() <= LAST)
    }
}

/// The fields, with the position of each.
fn fields(text: &str) -> Vec<(usize, &str)> {
    let mut fields = Vec::new();
    let mut begun: Option<(usize, usize)> = None;
    for (n, (byte, c)) in text.char_indices().chain([(text.len(), ' ')]).enumerate() {
        match (c.is_whitespace(), begun) {
            (false, None) => begun = Some((n + 1, byte)),
            (true, Some((position, from))) => {
                fields.extend(text.get(from..byte).map(|field| (position, field)));
                begun = None;
            }
            _ => {}
        }
    }
    fields
}

/// What is wrong with a field: of a list, with its first member that is.
fn faulty(n: usize, at: usize, field: &str) -> Option<CronFault> {
    let alone = |member: &str| {
        let mut fields = ["*"; 5];
        if let Some(slot) = fields.get_mut(n) {
            *slot = member;
        }
        parse(&fields.join(" "))
    };
    alone(field).err()?;
    let mut position = at;
    for member in field.split(',') {
        if alone(member).is_err() {
            break;
        }
        position += member.chars().count() + 1;
    }
    let (name, rule) = FIELDS.get(n)?;
    Some(CronFault { position, rule: format!("{name}: {rule}") })
}

fn parse(text: &str) -> Result<croner::Cron, String> {
    let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
    parser.parse(text).map_err(|error| error.to_string())
}

impl Serialize for Cron {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Cron {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::kept(&text).map_err(|_| serde::de::Error::custom("no cron expression"))
    }
}
