//! The JSON document of `gongdan org import`, whose rows CSV files give too. Described in routing's README.

use anyhow::Result;
use gongdan_proto::{
    common::v1::PrincipalKind,
    routing::v1::{AreaRow, PrincipalRow, UnitKind, UnitRow},
    to_timestamp,
};
use serde::Deserialize;

use crate::cli::Context;

/// All of an organisation, or a part of it.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Document {
    pub units: Vec<Unit>,
    pub people: Vec<Person>,
    pub areas: Vec<Area>,
    pub replace_areas: bool,
}

/// A row of units.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Unit {
    id: String,
    name: String,
    kind: String,
    parent_id: String,
    region: String,
    valid_from: String,
    valid_to: String,
    changes_from: String,
}

/// A row of people.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Person {
    id: String,
    issuer: String,
    subject: String,
    name: String,
    kind: String,
    roles: Vec<String>,
    unit_ids: Vec<String>,
    regions: Vec<String>,
    rights: Vec<String>,
    email: String,
    skills: Vec<String>,
    tier: i32,
    active: Option<bool>,
    language: String,
    customer_id: String,
    changes_from: String,
}

/// A row of areas.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Area {
    region: String,
    region_to: String,
    item: String,
    unit_id: String,
    changes_from: String,
}

/// What is wrong with a row before the service has seen it: field and rule.
pub type Wrong = (&'static str, String);

impl Unit {
    /// The row of the contract; notes what is wrong.
    pub fn row(self, context: &Context, wrong: &mut Vec<Wrong>) -> UnitRow {
        let kind = kind("UNIT_KIND_", &self.kind, UnitKind::from_str_name);
        let mut time = |field, text: &str| match time(context, text) {
            Ok(at) => at,
            Err(error) => {
                wrong.push((field, format!("{error:#}")));
                None
            }
        };
        let (valid_from, valid_to) = (time("valid_from", &self.valid_from), time("valid_to", &self.valid_to));
        let changes_from = time("changes_from", &self.changes_from);
        if kind.is_none() {
            wrong.push(("kind", "unit, desk, group or centre".to_owned()));
        }
        UnitRow {
            id: self.id,
            name: self.name,
            kind: kind.unwrap_or_default().into(),
            parent_id: self.parent_id,
            region: self.region,
            valid_from,
            valid_to,
            changes_from,
        }
    }
}

impl Person {
    /// The row of the contract; notes what is wrong.
    pub fn row(self, context: &Context, wrong: &mut Vec<Wrong>) -> PrincipalRow {
        let kind = kind("PRINCIPAL_KIND_", &self.kind, PrincipalKind::from_str_name);
        let changes_from = changes_from(context, &self.changes_from, wrong);
        if kind.is_none() {
            wrong.push(("kind", "person, service or citizen".to_owned()));
        }
        PrincipalRow {
            id: self.id,
            issuer: self.issuer,
            subject: self.subject,
            name: self.name,
            kind: kind.unwrap_or_default().into(),
            roles: self.roles,
            unit_ids: self.unit_ids,
            regions: self.regions,
            rights: self.rights,
            email: self.email,
            skills: self.skills,
            tier: self.tier,
            active: self.active,
            language: self.language,
            customer_id: self.customer_id,
            changes_from,
        }
    }
}

impl Area {
    /// The row of the contract; notes what is wrong.
    pub fn row(self, context: &Context, wrong: &mut Vec<Wrong>) -> AreaRow {
        let changes_from = changes_from(context, &self.changes_from, wrong);
        AreaRow {
            region: self.region,
            region_to: self.region_to,
            item: self.item,
            unit_id: self.unit_id,
            changes_from,
        }
    }
}

/// The value of an enum by its short name; empty: its default.
fn kind<T: Default>(prefix: &str, name: &str, by_name: impl Fn(&str) -> Option<T>) -> Option<T> {
    if name.is_empty() {
        return Some(T::default());
    }
    by_name(&format!("{prefix}{}", name.to_uppercase()))
}

fn changes_from(context: &Context, text: &str, wrong: &mut Vec<Wrong>) -> Option<prost_types::Timestamp> {
    time(context, text).unwrap_or_else(|error| {
        wrong.push(("changes_from", format!("{error:#}")));
        None
    })
}

fn time(context: &Context, text: &str) -> Result<Option<prost_types::Timestamp>> {
    if text.is_empty() { Ok(None) } else { context.parse_time(text).map(|at| Some(to_timestamp(at))) }
}
