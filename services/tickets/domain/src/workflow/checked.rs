//! A workflow that was checked: what tickets follow.

use super::{
    definition::{Definition, Words},
    moves::Move,
};
use crate::{
    actor::Actor,
    names::{PrincipalId, UnitId},
    vocabulary::Phase,
};
use gongdan_cel::Expression;
use std::fmt;

/// A checked definition with its version.
#[derive(Debug, Clone)]
pub struct Workflow {
    pub(super) version: i32,
    pub(super) definition: Definition,
    pub(super) steps: Vec<Step>,
    pub(super) transitions: Vec<Transition>,
}

/// A step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Chosen by people.
    pub key: String,
    /// The phase it is inside.
    pub phase: Phase,
    /// What people read.
    pub name: Words,
    /// Who signs here; in review only.
    pub review: Option<ReviewStep>,
}

/// Who signs at a step. Source: T18.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewStep {
    /// All of the signers, or any one.
    pub all: bool,
    /// Who.
    pub signers: Vec<Signer>,
}

/// Somebody who signs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signer {
    /// Which people.
    pub who: Who,
    /// What people read; empty: made from the others.
    pub name: Words,
}

/// Which people sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// One person.
    Person(PrincipalId),
    /// Whoever has a role.
    Role {
        /// The role.
        role: String,
        /// In which unit.
        unit: InUnit,
    },
}

/// Members of which unit sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InUnit {
    /// Of any.
    Any,
    /// Of the one that holds the ticket.
    Lead,
    /// Of a hotline centre.
    Centre,
    /// Of this one.
    Unit(UnitId),
}

/// Who acts, with what a workflow asks of people.
#[derive(Debug, Clone, Copy)]
pub struct Standing<'a> {
    /// Who.
    pub by: &'a Actor,
    /// The roles.
    pub roles: &'a [&'a str],
    /// Whether one of the units is a hotline centre.
    pub in_centre: bool,
}

impl Signer {
    /// Whether somebody is this signer, for a ticket that a unit holds.
    #[must_use]
    pub fn is(&self, standing: Standing<'_>, lead: Option<&UnitId>) -> bool {
        let Standing { by, roles, in_centre } = standing;
        match &self.who {
            Who::Person(person) => by.id == *person,
            Who::Role { role, unit } => {
                roles.contains(&role.as_str())
                    && match unit {
                        InUnit::Any => true,
                        InUnit::Lead => lead.is_some_and(|lead| by.unit_ids.contains(lead)),
                        InUnit::Centre => in_centre,
                        InUnit::Unit(unit) => by.unit_ids.contains(unit),
                    }
            }
        }
    }
}

impl fmt::Display for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.who {
            Who::Person(person) => write!(f, "{person}"),
            Who::Role { role, unit: InUnit::Any } => f.write_str(role),
            Who::Role { role, unit: InUnit::Lead } => write!(f, "{role} of the lead unit"),
            Who::Role { role, unit: InUnit::Centre } => write!(f, "{role} of the centre"),
            Who::Role { role, unit: InUnit::Unit(unit) } => write!(f, "{role} of {unit}"),
        }
    }
}

/// What leads from steps to a step.
#[derive(Debug, Clone)]
pub(super) struct Transition {
    pub action: Move,
    /// Places of steps; none is the start.
    pub from: Vec<Option<usize>>,
    pub to: usize,
    pub roles: Vec<String>,
    pub guard: Option<Guard>,
}

#[derive(Debug, Clone)]
pub(super) struct Guard {
    pub source: String,
    pub expression: Expression,
    pub because: Option<Words>,
}

impl Workflow {
    /// Chosen by people.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.definition.key
    }

    /// 1, and +1 for each change.
    #[must_use]
    pub fn version(&self) -> i32 {
        self.version
    }

    /// The same with another version.
    #[must_use]
    pub fn at_version(mut self, version: i32) -> Self {
        self.version = version;
        self
    }

    /// As people wrote it.
    #[must_use]
    pub fn definition(&self) -> &Definition {
        &self.definition
    }

    /// Its steps, in order.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The step of a key.
    #[must_use]
    pub fn step(&self, key: &str) -> Option<&Step> {
        self.steps.iter().find(|step| step.key == key)
    }

    /// Where tickets land that come to a phase otherwise than by a transition.
    #[must_use]
    pub fn first_of(&self, phase: Phase) -> Option<&Step> {
        self.steps.iter().find(|step| step.phase == phase)
    }

    pub(super) fn place_of(&self, key: &str) -> Option<usize> {
        self.steps.iter().position(|step| step.key == key)
    }
}
