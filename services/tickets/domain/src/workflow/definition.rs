//! A definition as people write it: TOML. Source: T31.

use serde::{Deserialize, Serialize};

/// Where a ticket begins: what stands in `from` for acts on a ticket that is not there yet.
pub const START: &str = "start";

/// The unit of a signer: the one that holds the ticket.
pub const LEAD: &str = "@lead";

/// The unit of a signer: any hotline centre.
pub const CENTRE: &str = "@centre";

/// A name in the two languages that people read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// 中文
    pub zh: String,
    /// English.
    pub en: String,
}

/// A workflow as people write it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Definition {
    /// Chosen by people, kept for good.
    pub key: String,
    /// What people read.
    pub name: Words,
    /// Its steps, in the order in which they are drawn; the first of a phase is where tickets land that come there
    /// otherwise.
    #[serde(rename = "step", default)]
    pub steps: Vec<StepDefinition>,
    /// What leads from step to step; the first that fits is taken.
    #[serde(rename = "transition", default)]
    pub transitions: Vec<TransitionDefinition>,
}

/// A step, inside one of the fixed phases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepDefinition {
    /// Chosen by people.
    pub key: String,
    /// A phase of the GLOSSARY, for example `in_progress`.
    pub phase: String,
    /// What people read.
    pub name: Words,
    /// Who signs here; steps in review have it, and only they.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review: Option<ReviewDefinition>,
}

/// Who signs at a review step. Source: T18.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReviewDefinition {
    /// `all_of` or `any_of` the signers.
    pub mode: String,
    /// Who.
    #[serde(default)]
    pub signers: Vec<SignerDefinition>,
}

/// Somebody who signs: a person, or whoever has a role, in a unit or in any.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignerDefinition {
    /// A principal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// A role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// The role counts for members of this unit: `@lead`, `@centre`, or a unit's id; none: of any unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// What people read, for example 中心领导; none: made from the others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Words>,
}

/// What leads from steps to a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TransitionDefinition {
    /// An act, for example `accept`.
    pub action: String,
    /// Steps, or `start`.
    pub from: Vec<String>,
    /// A step.
    pub to: String,
    /// Whoever has one of these roles; empty: whoever the policies permit the act to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// CEL over `ticket` and `actor`; none: always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guard: Option<String>,
    /// What the guard asks for, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<Words>,
}

impl Definition {
    /// Reads a definition.
    ///
    /// # Errors
    /// Where the text is no TOML, or not of this shape.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        toml::from_str(text).map_err(|error| {
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
            Malformed {
                line: before.matches('\n').count() + 1,
                column: before.get(line_start..).unwrap_or_default().chars().count() + 1,
                message: error.message().lines().next().unwrap_or_default().to_owned(),
            }
        })
    }

    /// The definition as a file.
    #[must_use]
    pub fn to_toml(&self) -> String {
        toml::to_string(self).unwrap_or_default()
    }
}

/// The text is no definition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub struct Malformed {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
}
