//! What people have in hand, as one who decides sees it, and as it grows by what is decided.

use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Tickets of a person.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Load {
    /// Tickets they hold: dispatched to them or taken on, not resolved yet.
    pub held: u32,
    /// Decisions in their favour that tickets has not answered yet.
    pub reserved: u32,
}

impl Load {
    /// Both.
    #[must_use]
    pub const fn total(self) -> u32 {
        self.held.saturating_add(self.reserved)
    }
}

/// What was decided in favour of a person by strategies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slack {
    /// Tickets.
    pub taken: u32,
    /// By how much their load may be higher than it was seen, so that each of these decisions is within its capacity.
    pub spare: u32,
}

/// Loads and turns for one round of decisions.
#[derive(Debug, Clone, Default)]
pub struct Staff {
    /// What a person may have when neither rule nor roster says it.
    default_capacity: u32,
    /// Nothing has to be asked for: everybody who is not known has nothing.
    idle: bool,
    units: BTreeSet<String>,
    loads: HashMap<String, Load>,
    turns: HashMap<String, String>,
    wanted: BTreeSet<String>,
    slack: BTreeMap<String, Slack>,
    /// The turn of a rule as it was seen, and as it is after the decisions.
    turned: BTreeMap<String, (Option<String>, String)>,
}

impl Staff {
    /// Nothing is known yet: what a decision needs is [`Staff::wanted`].
    #[must_use]
    pub fn unknown(default_capacity: u32) -> Self {
        Self { default_capacity, ..Self::default() }
    }

    /// Nobody has anything.
    #[must_use]
    pub fn idle(default_capacity: u32) -> Self {
        Self { default_capacity, idle: true, ..Self::default() }
    }

    /// Adds what is known of the people of units; who is not named has nothing.
    pub fn learn(&mut self, units: impl IntoIterator<Item = String>, loads: HashMap<String, Load>) {
        self.units.extend(units);
        self.loads.extend(loads);
    }

    /// Adds whom rules chose last.
    pub fn learn_turns(&mut self, turns: HashMap<String, String>) {
        self.turns.extend(turns);
    }

    /// Units whose people have to be known before everything can be decided.
    #[must_use]
    pub const fn wanted(&self) -> &BTreeSet<String> {
        &self.wanted
    }

    /// Whom decisions were in favour of by a strategy.
    #[must_use]
    pub const fn slack(&self) -> &BTreeMap<String, Slack> {
        &self.slack
    }

    /// Rules that chose by turn: whom each had chosen last before, and after.
    #[must_use]
    pub const fn turned(&self) -> &BTreeMap<String, (Option<String>, String)> {
        &self.turned
    }

    /// What a person has in hand.
    #[must_use]
    pub fn load(&self, person: &str) -> Load {
        self.loads.get(person).copied().unwrap_or_default()
    }

    /// The highest load, with all that was decided in favour of a person, that these decisions allow.
    #[must_use]
    pub fn most(&self, person: &str) -> Option<u32> {
        self.slack.get(person).map(|slack| self.load(person).total().saturating_add(slack.spare))
    }

    /// A person has one ticket less.
    pub fn put_down(&mut self, person: &str) {
        if let Some(load) = self.loads.get_mut(person) {
            load.held = load.held.saturating_sub(1);
        }
    }

    /// A ticket that was reserved for a person is theirs now.
    pub fn confirm(&mut self, person: &str) {
        if let Some(load) = self.loads.get_mut(person)
            && load.reserved > 0
        {
            load.reserved -= 1;
            load.held += 1;
        }
    }

    pub(crate) const fn default_capacity(&self) -> u32 {
        self.default_capacity
    }

    /// Whether the people of a unit are known; if not, they are wanted from now on.
    pub(crate) fn knows(&mut self, unit: &str) -> bool {
        if self.idle || self.units.contains(unit) {
            return true;
        }
        self.wanted.insert(unit.to_owned());
        false
    }

    pub(crate) fn turn(&self, rule: &str) -> Option<&str> {
        self.turns.get(rule).map(String::as_str)
    }

    /// Notes that a rule chose a person who may have `capacity` tickets.
    pub(crate) fn take(&mut self, person: &str, capacity: u32) {
        let load = self.loads.entry(person.to_owned()).or_default();
        load.reserved += 1;
        let spare = capacity.saturating_sub(load.total());
        let slack = self.slack.entry(person.to_owned()).or_insert(Slack { taken: 0, spare });
        slack.taken += 1;
        slack.spare = slack.spare.min(spare);
    }

    /// Notes that a ticket goes to a person by name, whatever they may have: it counts for those who are chosen after it.
    pub(crate) fn name(&mut self, person: &str) {
        self.loads.entry(person.to_owned()).or_default().reserved += 1;
    }

    /// Notes that it was a person's turn.
    pub(crate) fn turn_to(&mut self, rule: &str, person: &str) {
        let before = self.turns.insert(rule.to_owned(), person.to_owned());
        self.turned
            .entry(rule.to_owned())
            .and_modify(|(_, now)| person.clone_into(now))
            .or_insert_with(|| (before, person.to_owned()));
    }
}
