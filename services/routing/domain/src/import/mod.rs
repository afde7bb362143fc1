//! Units, people and areas in one upload: all of it checked, then all of it written or nothing. Source: R1, R2.

mod areas;
mod due;
mod planned;
mod principal_row;
mod principals;
mod tokens;
mod touched;
mod tree;
mod units;

pub use due::{Due, Standing};
pub use touched::Touched;
pub use units::MAX_DATES;

use crate::{
    Area, AreaKey, AreaPlan, Planned, Principal, PrincipalKind, PrincipalPlan, Unit, UnitKind, Violation,
};
use jiff::Timestamp;
use std::collections::{BTreeSet, HashMap};

/// Most rows of one upload.
pub const MAX_ROWS: usize = 200_000;

/// A unit as uploaded.
#[derive(Debug, Clone, Default)]
pub struct UnitRow {
    /// Its id.
    pub id: String,
    /// What people read.
    pub name: String,
    /// None: unit.
    pub kind: Option<UnitKind>,
    /// Empty: a root.
    pub parent_id: String,
    /// A region code.
    pub region: String,
    /// Takes part from here on.
    pub valid_from: Option<Timestamp>,
    /// Takes part until here.
    pub valid_to: Option<Timestamp>,
    /// The row holds from here on; none: at once.
    pub changes_from: Option<Timestamp>,
}

/// A principal as uploaded.
#[derive(Debug, Clone, Default)]
pub struct PrincipalRow {
    /// Its id.
    pub id: String,
    /// Empty: the configured issuer.
    pub issuer: String,
    /// Empty: the id.
    pub subject: String,
    /// What people read.
    pub name: String,
    /// None: person.
    pub kind: Option<PrincipalKind>,
    /// Roles.
    pub roles: Vec<String>,
    /// Units.
    pub unit_ids: Vec<String>,
    /// Region codes.
    pub regions: Vec<String>,
    /// Rights.
    pub rights: Vec<String>,
    /// Empty: none.
    pub email: String,
    /// Skills.
    pub skills: Vec<String>,
    /// 0: 1.
    pub tier: i32,
    /// None: true.
    pub active: Option<bool>,
    /// Empty: zh-CN.
    pub language: String,
    /// Empty: none.
    pub customer_id: String,
    /// The row holds from here on; none: at once.
    pub changes_from: Option<Timestamp>,
}

impl PrincipalRow {
    /// Issuer and subject of its tokens.
    #[must_use]
    pub fn token(&self, default_issuer: &str) -> (String, String) {
        let or =
            |text: &str, default: &str| if text.is_empty() { default.to_owned() } else { text.to_owned() };
        (or(&self.issuer, default_issuer), or(&self.subject, &self.id))
    }
}

/// A responsibility as uploaded.
#[derive(Debug, Clone, Default)]
pub struct AreaRow {
    /// A region code.
    pub region: String,
    /// Empty: the subtree of `region`.
    pub region_to: String,
    /// Empty: the whole catalogue.
    pub item: String,
    /// The unit; empty, with `changes_from`: nobody.
    pub unit_id: String,
    /// The row holds from here on; none: at once.
    pub changes_from: Option<Timestamp>,
}

/// All of an upload.
#[derive(Debug, Clone, Default)]
pub struct Upload {
    /// Units, in any order.
    pub units: Vec<UnitRow>,
    /// People and programs.
    pub principals: Vec<PrincipalRow>,
    /// Responsibilities.
    pub areas: Vec<AreaRow>,
    /// The areas given are all there are.
    pub replace_areas: bool,
}

/// What there is.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// Units by id, as they are now.
    pub units: HashMap<String, Unit>,
    /// What units are to be, by unit; only of those that are to change.
    pub planned: HashMap<String, Planned>,
    /// Now.
    pub now: Timestamp,
    /// Principals by id.
    pub principals: HashMap<String, Principal>,
    /// What principals are to be, by id; only of those that are to change or to come.
    pub planned_principals: HashMap<String, PrincipalPlan>,
    /// When principals were to change and did not, because the plan did not hold any more.
    pub failed_principals: HashMap<String, BTreeSet<Timestamp>>,
    /// Areas in force.
    pub areas: Vec<Area>,
    /// Who is to answer for areas; only for those that are to change.
    pub planned_areas: HashMap<AreaKey, AreaPlan>,
    /// Issuer of principals that name none.
    pub default_issuer: String,
}

/// What is to be written. Whoever is in neither list of a kind stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// Units to make.
    pub units_created: Vec<Unit>,
    /// Units to change.
    pub units_changed: Vec<Unit>,
    /// States of units that begin later: new ones, and others in place of those planned for the same instant.
    pub units_planned: Vec<(Timestamp, Unit)>,
    /// Planned states that are given up, by unit and when they would have begun.
    pub units_unplanned: Vec<(String, Timestamp)>,
    /// Principals to make.
    pub principals_created: Vec<Principal>,
    /// Principals to change.
    pub principals_changed: Vec<Principal>,
    /// What principals are later on: new plans, and others in place of those for the same instant.
    pub principals_planned: Vec<(Timestamp, Principal)>,
    /// Plans of principals that are given up, also such as did not hold any more, by id and when.
    pub principals_unplanned: Vec<(String, Timestamp)>,
    /// Areas to begin; their ids are 0.
    pub areas_begun: Vec<Area>,
    /// Rows that give an area to a unit, now or later.
    pub areas_rows: Vec<usize>,
    /// Numbers of areas to end.
    pub areas_ended: Vec<i64>,
    /// Who answers for areas from later on, or nobody: new plans, and others in place of those for the same instant.
    pub areas_planned: Vec<(Timestamp, AreaKey, Option<String>)>,
    /// Plans for areas that are given up.
    pub areas_unplanned: Vec<(Timestamp, AreaKey)>,
    /// Rows that are there already, just so.
    pub unchanged: usize,
}

impl Plan {
    /// Whether nothing is to be written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.units_created.is_empty()
            && self.units_changed.is_empty()
            && self.units_planned.is_empty()
            && self.units_unplanned.is_empty()
            && self.principals_created.is_empty()
            && self.principals_changed.is_empty()
            && self.principals_planned.is_empty()
            && self.principals_unplanned.is_empty()
            && self.areas_begun.is_empty()
            && self.areas_ended.is_empty()
            && self.areas_planned.is_empty()
            && self.areas_unplanned.is_empty()
    }
}

/// Checks an upload against what there is.
///
/// # Errors
/// Every violation, each with row and field: `units[3].parent_id`.
pub fn plan(upload: &Upload, known: &Known) -> Result<Plan, Vec<Violation>> {
    let rows = upload.units.len() + upload.principals.len() + upload.areas.len();
    if rows > MAX_ROWS {
        return Err(vec![Violation::new("units", format!("at most {MAX_ROWS} rows in all, {rows} given"))]);
    }
    let mut found = Vec::new();
    let mut plan = Plan::default();
    let unit_exists = units::plan(&upload.units, known, &mut plan, &mut found);
    principals::plan(&upload.principals, known, &unit_exists, &mut plan, &mut found);
    areas::plan(upload, known, &unit_exists, &mut plan, &mut found);
    if found.is_empty() { Ok(plan) } else { Err(found) }
}

#[cfg(test)]
mod dated_area_tests;
#[cfg(test)]
mod dated_principal_tests;
#[cfg(test)]
mod dated_tests;
#[cfg(test)]
mod due_tests;
#[cfg(test)]
mod tests;
