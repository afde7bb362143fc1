//! What a caller may do with responsibilities. Source: X4.

use crate::error;
use gongdan_access::{Caller, Item, Scope};
use gongdan_auth::Actor;
use gongdan_errors::Error;
use gongdan_routing_domain::{Unit, responsible::Responsibility};
use std::collections::HashMap;

const READS: &str = "responsibilities.read";
const WRITES: &str = "responsibilities.write";

/// A caller, and what the policies permit it. A responsibility stands to it as its unit does. What counts everywhere moves
/// tickets of every region: only who may write those of every unit may write it, or take it away.
#[derive(Debug, Clone)]
pub struct ResponsibilityRights {
    actor: Actor,
    reads: Scope,
    writes: Scope,
}

impl ResponsibilityRights {
    /// Those of a caller.
    pub fn of(caller: &Caller) -> Self {
        let (reads, writes) = (caller.scope_of(READS), caller.scope_of(WRITES));
        Self { actor: Actor::clone(caller), reads, writes }
    }

    /// Who it is.
    pub fn id(&self) -> &str {
        &self.actor.principal_id
    }

    /// Whether it writes for every unit: what it says counts everywhere.
    pub fn everywhere(&self) -> bool {
        self.writes.is_everything()
    }

    /// Whether it may be told of one.
    pub fn may_see(&self, one: &Responsibility, units: &HashMap<String, Unit>) -> bool {
        within(&self.reads, &one.unit_id, units)
    }

    /// Whether it may change one that is there, or take it away.
    pub fn may_change(&self, one: &Responsibility, units: &HashMap<String, Unit>) -> bool {
        self.everywhere() || (!one.everywhere && within(&self.writes, &one.unit_id, units))
    }

    /// Whether it may say who answers in a unit.
    ///
    /// # Errors
    /// PERMISSION_DENIED.
    pub fn check_unit(&self, unit_id: &str, units: &HashMap<String, Unit>) -> Result<(), Error> {
        if within(&self.writes, unit_id, units) { Ok(()) } else { Err(error::unit_out_of_scope(unit_id)) }
    }

    /// Whether it may change one that is there, or take it away.
    ///
    /// # Errors
    /// NOT_FOUND when it may not be told of it; PERMISSION_DENIED.
    pub fn check_change(&self, one: &Responsibility, units: &HashMap<String, Unit>) -> Result<(), Error> {
        if self.may_change(one, units) {
            Ok(())
        } else if self.may_see(one, units) {
            Err(error::responsibility_out_of_scope(one.id))
        } else {
            Err(error::responsibility_not_found())
        }
    }
}

fn within(scope: &Scope, unit_id: &str, units: &HashMap<String, Unit>) -> bool {
    let region = units.get(unit_id).map(|unit| unit.region);
    scope.allows(&Item { region, lead_unit: unit_id, ..Item::default() })
}
