//! Who is asked to sign at a step, and who did (会签).

use crate::{
    actor::Actor,
    names::{PrincipalId, UnitId},
    numbered::numbered,
    workflow::{InUnit, Signer, Standing, Step, Who},
};
use jiff::Timestamp;
use std::fmt;

numbered! {
    /// How many of those asked have to sign (会签).
    SigningMode {
        /// Each.
        AllOf = 1 "all_of",
        /// One.
        AnyOf = 2 "any_of",
    }
}

/// A step of a review and who signs there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signing {
    /// The step of the workflow.
    pub step: String,
    /// All of them have to be satisfied.
    pub groups: Vec<SigningGroup>,
    /// Who signed so far.
    pub signatures: Vec<Signature>,
}

/// Signers of whom all have to sign, or one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningGroup {
    /// How many of them.
    pub mode: SigningMode,
    /// Who.
    pub signers: Vec<AskedSigner>,
}

/// Somebody who is asked to sign.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AskedSigner {
    /// One person; none: whoever has the role.
    pub person: Option<PrincipalId>,
    /// The role; empty for a person.
    pub role: String,
    /// Members of this unit; none: of any.
    pub unit: Option<UnitId>,
    /// Members of a hotline centre.
    pub in_centre: bool,
}

/// Somebody signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// Who.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
    /// For which group, from 0.
    pub group: usize,
    /// For which of its signers, from 0.
    pub signer: usize,
}

impl fmt::Display for AskedSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.person, &self.unit) {
            (Some(person), _) => write!(f, "{person}"),
            (None, Some(unit)) => write!(f, "{} of {unit}", self.role),
            (None, None) if self.in_centre => write!(f, "{} of the centre", self.role),
            (None, None) => f.write_str(&self.role),
        }
    }
}

impl AskedSigner {
    /// As a definition names them, for a ticket that a unit holds.
    fn asked(signer: &Signer, lead: Option<&UnitId>) -> Self {
        match &signer.who {
            Who::Person(person) => Self { person: Some(person.clone()), ..Self::default() },
            Who::Role { role, unit } => Self {
                role: role.clone(),
                unit: match unit {
                    InUnit::Lead => lead.cloned(),
                    InUnit::Unit(unit) => Some(unit.clone()),
                    InUnit::Any | InUnit::Centre => None,
                },
                in_centre: *unit == InUnit::Centre,
                person: None,
            },
        }
    }

    fn is(&self, standing: Standing<'_>) -> bool {
        match &self.person {
            Some(person) => standing.by.id == *person,
            None => {
                standing.roles.contains(&self.role.as_str())
                    && self.unit.as_ref().is_none_or(|unit| standing.by.unit_ids.contains(unit))
                    && (!self.in_centre || standing.in_centre)
            }
        }
    }
}

impl Signing {
    pub(super) fn at(step: &Step, lead: Option<&UnitId>) -> Self {
        let group = step.review.as_ref().map(|review| SigningGroup {
            mode: if review.all { SigningMode::AllOf } else { SigningMode::AnyOf },
            signers: review.signers.iter().map(|signer| AskedSigner::asked(signer, lead)).collect(),
        });
        Self { step: step.key.clone(), groups: group.into_iter().collect(), signatures: Vec::new() }
    }

    fn signed(&self, group: usize, signer: usize) -> bool {
        self.signatures.iter().any(|s| (s.group, s.signer) == (group, signer))
    }

    fn satisfied(&self, group: usize) -> bool {
        self.groups.get(group).is_none_or(|asked| {
            let signed = (0..asked.signers.len()).filter(|signer| self.signed(group, *signer)).count();
            match asked.mode {
                SigningMode::AllOf => signed == asked.signers.len(),
                SigningMode::AnyOf => signed > 0,
            }
        })
    }

    /// Whether nobody's signature is missing.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        (0..self.groups.len()).all(|group| self.satisfied(group))
    }

    /// Those of whom a signature is still waited for.
    pub fn missing(&self) -> impl Iterator<Item = &AskedSigner> {
        self.groups.iter().enumerate().filter(|(group, _)| !self.satisfied(*group)).flat_map(
            move |(at, group)| {
                group
                    .signers
                    .iter()
                    .enumerate()
                    .filter(move |(signer, _)| !self.signed(at, *signer))
                    .map(|(_, s)| s)
            },
        )
    }

    /// The place for which somebody could sign: a person's own before one of a role.
    pub(super) fn place_for(&self, standing: Standing<'_>) -> Option<(usize, usize)> {
        let places = self.groups.iter().enumerate().filter(|(group, _)| !self.satisfied(*group)).flat_map(
            |(at, group)| group.signers.iter().enumerate().map(move |(signer, asked)| (at, signer, asked)),
        );
        places
            .filter(|(group, signer, asked)| !self.signed(*group, *signer) && asked.is(standing))
            .min_by_key(|(_, _, asked)| asked.person.is_none())
            .map(|(group, signer, _)| (group, signer))
    }

    pub(super) fn asks(&self, standing: Standing<'_>) -> bool {
        self.groups.iter().flat_map(|group| &group.signers).any(|asked| asked.is(standing))
    }
}
