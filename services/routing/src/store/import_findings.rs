//! What an import makes that is to be looked after: findings about what it changes, each with the field that does it.

use super::{findings, import::Found};
use gongdan_errors::Error;
use gongdan_routing_domain::{
    finding::{Finding, FindingKind},
    import::{Known, Plan, Upload},
};
use jiff::Timestamp;
use sqlx::PgConnection;
use std::collections::{HashMap, HashSet};

/// Findings that are told.
const MOST: usize = 100;

/// Units and people whom an import changes, each with the field that does it.
#[derive(Debug, Default)]
pub(super) struct Touched {
    units: HashMap<String, String>,
    people: HashMap<String, String>,
}

impl Touched {
    /// Of an upload and what is to be written of it.
    pub fn of(upload: &Upload, plan: &Plan, known: &Known) -> Self {
        let mut touched = Self::default();
        let people: HashSet<&str> = plan
            .principals_created
            .iter()
            .chain(&plan.principals_changed)
            .map(|principal| principal.id.as_str())
            .collect();
        for (n, row) in
            upload.principals.iter().enumerate().filter(|(_, row)| people.contains(row.id.as_str()))
        {
            let gone = row.active == Some(false);
            let field = format!("principals[{n}].{}", if gone { "active" } else { "unit_ids" });
            let before =
                known.principals.get(&row.id).map(|known| known.unit_ids.as_slice()).unwrap_or_default();
            for unit in before {
                touched.units.entry(unit.clone()).or_insert_with(|| field.clone());
            }
            touched.people.insert(row.id.clone(), field);
        }
        let areas: HashSet<&str> = plan.areas_begun.iter().map(|area| area.unit_id.as_str()).collect();
        for (n, row) in
            upload.areas.iter().enumerate().filter(|(_, row)| areas.contains(row.unit_id.as_str()))
        {
            touched.units.insert(row.unit_id.clone(), format!("areas[{n}].unit_id"));
        }
        let units: HashSet<&str> = plan
            .units_created
            .iter()
            .chain(&plan.units_changed)
            .chain(plan.units_planned.iter().map(|(_, unit)| unit))
            .map(|unit| unit.id.as_str())
            .collect();
        for (n, row) in upload.units.iter().enumerate().filter(|(_, row)| units.contains(row.id.as_str())) {
            let ends = row.valid_to.is_some();
            let field = format!("units[{n}].{}", if ends { "valid_to" } else { "parent_id" });
            touched.units.insert(row.id.clone(), field.clone());
            // Whoever comes below one that ends is told of at that one.
            if !ends && !row.parent_id.is_empty() {
                touched.units.entry(row.parent_id.clone()).or_insert(field);
            }
        }
        touched
    }

    /// What there is to be looked after about them now that all is written.
    pub async fn found(&self, connection: &mut PgConnection, now: Timestamp) -> Result<Found, Error> {
        let people: Vec<String> = self.people.keys().cloned().collect();
        let all = findings::all(connection, Some(&people), now).await?;
        let mut findings: Vec<Finding> =
            all.into_iter().filter_map(|finding| self.brought(finding)).collect();
        let more = i32::try_from(findings.len().saturating_sub(MOST)).unwrap_or(i32::MAX);
        findings.truncate(MOST);
        Ok(Found { findings, more })
    }

    /// The finding with its field, if the import brought it about.
    fn brought(&self, finding: Finding) -> Option<Finding> {
        // People often come with a later import than their unit.
        if finding.kind == FindingKind::UnitWithoutPeople && finding.tickets == 0 {
            return None;
        }
        let field = match finding.person_id.as_str() {
            "" => self.units.get(&finding.unit_id),
            person => self.people.get(person),
        };
        field.cloned().map(|field| Finding { field, ..finding })
    }
}
