//! A policy set as it is stored: JSON, every fault reported with its path.

use super::Attributes;
use crate::{Amount, Channel, ClockKind, Fault, Faults, Priority, TicketType, Urgency, is_key};
use gongdan_region::{RegionCode, Regions};
use serde::{Deserialize, Serialize};

const DEFAULT_WARN_PERCENT: [u8; 2] = [50, 80];
const MAX_RULES: usize = 200;
const MAX_WARNINGS: usize = 8;
const MAX_VALUES: usize = 200;

/// A version of a policy set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicySet {
    /// `hotline`
    pub key: String,
    /// Its version; not part of the document.
    #[serde(skip)]
    pub version: i32,
    /// What people call it.
    pub name: String,
    /// Key of the calendar.
    pub calendar: String,
    /// In order; the first that matches counts.
    pub rules: Vec<Rule>,
}

/// For which tickets a clock gets how much time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The clock it is for.
    pub clock: ClockKind,
    /// The tickets it is for; default all.
    #[serde(default, skip_serializing_if = "When::is_all")]
    pub when: When,
    /// How much time.
    pub amount: Amount,
    /// When to warn, in percent; default 50 and 80.
    #[serde(default = "default_warn_percent")]
    pub warn_percent: Vec<u8>,
    /// What suspension does to the clock; default: handling pauses, the others run on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_suspension: Option<OnSuspension>,
}

/// What the suspension of a ticket does to a clock. Source: T16.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnSuspension {
    /// It waits until the ticket is resumed.
    Pause,
    /// It runs on.
    Run,
}

impl Rule {
    /// Whether the clock waits while its ticket is suspended.
    #[must_use]
    pub fn pauses(&self) -> bool {
        match self.on_suspension {
            Some(effect) => effect == OnSuspension::Pause,
            None => self.clock == ClockKind::Handling,
        }
    }
}

/// Which tickets: every list that is not empty must contain the ticket's value.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct When {
    /// Ticket types.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub types: Vec<TicketType>,
    /// Catalogue items, or keys above them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<String>,
    /// Priorities.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub priorities: Vec<Priority>,
    /// Urgencies.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub urgencies: Vec<Urgency>,
    /// Channels.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<Channel>,
    /// Regions with all below them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub regions: Vec<RegionCode>,
    /// Customer tiers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub customer_tiers: Vec<String>,
}

/// When clocks warn that no rule says it for.
pub(crate) fn default_warn_percent() -> Vec<u8> {
    DEFAULT_WARN_PERCENT.to_vec()
}

impl When {
    fn is_all(&self) -> bool {
        *self == Self::default()
    }

    /// Whether the ticket is one of these.
    #[must_use]
    pub fn matches(&self, ticket: &Attributes) -> bool {
        fn one_of<T: PartialEq>(list: &[T], value: Option<&T>) -> bool {
            list.is_empty() || value.is_some_and(|value| list.contains(value))
        }
        let below = |key: &String| {
            ticket
                .item
                .strip_prefix(key.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let inside =
            |code: &RegionCode| ticket.region.is_some_and(|r| Regions::national().range(*code).contains(r));
        one_of(&self.types, ticket.kind.as_ref())
            && one_of(&self.priorities, ticket.priority.as_ref())
            && one_of(&self.urgencies, ticket.urgency.as_ref())
            && one_of(&self.channels, ticket.channel.as_ref())
            && one_of(&self.customer_tiers, Some(&ticket.customer_tier))
            && (self.items.is_empty() || self.items.iter().any(below))
            && (self.regions.is_empty() || self.regions.iter().any(inside))
    }
}

impl PolicySet {
    /// Reads and checks a stored document.
    ///
    /// # Errors
    /// Every fault; one at `$` when it is not JSON of this shape.
    pub fn read(json: &str, version: i32) -> Result<Self, Vec<Fault>> {
        let set: Self = serde_json::from_str(json)
            .map_err(|error| vec![Fault { field: "$".into(), rule: error.to_string() }])?;
        Self { version, ..set }.checked()
    }

    /// The set with defaults filled in, or everything that is wrong with it.
    ///
    /// # Errors
    /// Every fault with its path.
    pub fn checked(mut self) -> Result<Self, Vec<Fault>> {
        let mut faults = Faults::default();
        if !is_key(&self.key) {
            faults.add("key", "lower-case letters, digits and -, 1 to 40, beginning with a letter");
        }
        if !(1..=100).contains(&self.name.chars().count()) {
            faults.add("name", "1 to 100 characters");
        }
        if !is_key(&self.calendar) {
            faults.add("calendar", "the key of a calendar");
        }
        if !(1..=MAX_RULES).contains(&self.rules.len()) {
            faults.add("rules", format!("1 to {MAX_RULES}"));
        }
        for (index, rule) in self.rules.iter_mut().enumerate() {
            if rule.warn_percent.is_empty() {
                rule.warn_percent = default_warn_percent();
            }
            let ascending = rule.warn_percent.is_sorted_by(|a, b| a < b);
            let within = rule.warn_percent.iter().all(|percent| (1..=99).contains(percent));
            if !ascending || !within || rule.warn_percent.len() > MAX_WARNINGS {
                faults.add(
                    format!("rules[{index}].warn_percent"),
                    format!("1 to 99, ascending, at most {MAX_WARNINGS}"),
                );
            }
            let When { items, regions, customer_tiers, .. } = &rule.when;
            for (position, region) in regions.iter().enumerate() {
                if !Regions::national().knows(*region) {
                    faults.add(
                        format!("rules[{index}].regions[{position}]"),
                        "a region of the national table, or one below it",
                    );
                }
            }
            for (list, values) in [("items", items), ("customer_tiers", customer_tiers)] {
                if values.len() > MAX_VALUES {
                    faults.add(format!("rules[{index}].{list}"), format!("at most {MAX_VALUES}"));
                }
                for (position, _) in
                    values.iter().enumerate().filter(|(_, v)| !(1..=400).contains(&v.chars().count()))
                {
                    faults.add(format!("rules[{index}].{list}[{position}]"), "1 to 400 characters");
                }
            }
        }
        if faults.0.is_empty() { Ok(self) } else { Err(faults.0) }
    }

    /// The document as it is stored.
    ///
    /// # Errors
    /// Never for a set that was checked.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }
}
