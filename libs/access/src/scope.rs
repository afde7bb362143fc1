//! What of all tickets a caller may do something with. Source: DESIGN rule 16.

use crate::facts::{Facts, Table};
use gongdan_auth::Actor;
use gongdan_region::RegionCode;
use std::sync::Arc;
use uuid::Uuid;

/// A ticket, or what belongs to one, as far as scope asks.
#[derive(Debug, Clone, Copy, Default)]
pub struct Item<'a> {
    /// Where it is; none when that is not known.
    pub region: Option<RegionCode>,
    /// Units that take or took part.
    pub units: &'a [String],
    /// The unit that has it now; empty: none.
    pub lead_unit: &'a str,
    /// The unit in whose pool it waits; empty: none.
    pub pool_unit: &'a str,
    /// Whose request it is.
    pub customer: Option<Uuid>,
    /// Marked as sensitive.
    pub sensitive: bool,
    /// Its reporter asked for confidence.
    pub confidential: bool,
}

/// For which tickets a caller may do what was asked about.
#[derive(Debug, Clone)]
pub struct Scope {
    actor: Arc<Actor>,
    table: Table,
}

impl Scope {
    /// Of a caller, where the policies answer with this table.
    #[must_use]
    pub fn new(actor: Arc<Actor>, table: Table) -> Self {
        Self { actor, table }
    }

    /// Whether this one is within.
    #[must_use]
    pub fn allows(&self, item: &Item<'_>) -> bool {
        self.table.allows(self.facts(item))
    }

    /// Whether nothing is within, whatever it is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.table.is_none()
    }

    /// Whether everything is.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        self.table == Table::ALL
    }

    /// Whether all that is within `other` is within this one, both being the same caller's.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        other.table.implies(self.table)
    }

    pub(crate) fn actor(&self) -> &Actor {
        &self.actor
    }

    pub(crate) fn table(&self) -> Table {
        self.table
    }

    fn facts(&self, item: &Item<'_>) -> Facts {
        let actor = &*self.actor;
        let mine = |unit: &str| !unit.is_empty() && actor.is_member(unit);
        let holds = mine(item.lead_unit) || mine(item.pool_unit);
        Facts {
            in_region: item.region.is_some_and(|region| actor.sees_region(region)),
            takes_part: holds || item.units.iter().any(|unit| mine(unit)),
            holds,
            own: item.customer.is_some() && item.customer == actor.customer_id,
            sensitive: item.sensitive,
            confidential: item.confidential,
        }
    }
}
