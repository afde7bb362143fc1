//! What an upload changes, each with the field that does it: so that what is to be looked after is told where it comes from.

use super::{Known, Plan, PrincipalRow, UnitRow, Upload};
use crate::{
    Principal, Unit,
    finding::{Finding, FindingKind},
};
use gongdan_region::RegionCode;
use std::collections::{HashMap, HashSet};

/// Units and people whom an upload changes, each with a field that differs from what there was.
#[derive(Debug, Default)]
pub struct Touched {
    /// Units by their own rows.
    units: HashMap<String, String>,
    /// Units by rows of areas that name them.
    areas: HashMap<String, String>,
    /// Units by rows of people who are theirs no more, or do other things there.
    staff: HashMap<String, String>,
    /// People by their own rows.
    people: HashMap<String, String>,
    /// Units that something may have to be looked after about.
    about: HashSet<String>,
    /// Somebody leaves, or a unit ends.
    leaves: bool,
}

impl Touched {
    /// By an upload and what is to be written of it.
    #[must_use]
    pub fn of(upload: &Upload, plan: &Plan, known: &Known) -> Self {
        let mut touched = Self::default();
        touched.principals(&upload.principals, plan, known);
        for n in &plan.areas_rows {
            if let Some(row) = upload.areas.get(*n) {
                let field = format!("areas[{n}].unit_id");
                touched.areas.entry(row.unit_id.clone()).or_insert(field);
            }
        }
        touched.units(&upload.units, plan, known);
        for unit in touched.units.keys().chain(touched.areas.keys()).chain(touched.staff.keys()) {
            touched.about.insert(unit.clone());
        }
        touched
    }

    fn principals(&mut self, rows: &[PrincipalRow], plan: &Plan, known: &Known) {
        let changed: HashMap<&str, &Principal> = plan
            .principals_created
            .iter()
            .chain(&plan.principals_changed)
            .map(|principal| (principal.id.as_str(), principal))
            .collect();
        let at_once = |row: &&PrincipalRow| row.changes_from.is_none_or(|from| from <= known.now);
        for (n, row) in rows.iter().enumerate().filter(|(_, row)| at_once(row)) {
            let Some(after) = changed.get(row.id.as_str()) else { continue };
            let before = known.principals.get(&row.id);
            let (field, work) = person_field(before, after);
            let field = format!("principals[{n}].{field}");
            // Rosters of a unit name its people.
            touched_units(&mut self.about, before, after);
            if let Some(before) = before.filter(|_| work) {
                self.leaves = true;
                for unit in &before.unit_ids {
                    self.staff.entry(unit.clone()).or_insert_with(|| field.clone());
                }
            }
            self.people.insert(row.id.clone(), field);
        }
    }

    fn units(&mut self, rows: &[UnitRow], plan: &Plan, known: &Known) {
        let changed: HashSet<&str> = plan
            .units_created
            .iter()
            .chain(&plan.units_changed)
            .chain(plan.units_planned.iter().map(|(_, unit)| unit))
            .map(|unit| unit.id.as_str())
            .chain(plan.units_unplanned.iter().map(|(id, _)| id.as_str()))
            .collect();
        for (n, row) in rows.iter().enumerate().filter(|(_, row)| changed.contains(row.id.as_str())) {
            let later = row.changes_from.filter(|from| *from > known.now).and_then(|from| {
                let planned = known.planned.get(&row.id)?;
                planned.range(..=from).next_back().map(|(_, unit)| unit)
            });
            let Some(field) = unit_field(row, later.or_else(|| known.units.get(&row.id))) else { continue };
            self.leaves |= row.valid_to.is_some();
            if !row.parent_id.is_empty() {
                self.about.insert(row.parent_id.clone());
            }
            let told = format!("units[{n}].{field}");
            match self.units.entry(row.id.clone()) {
                // Of several rows the one that ends it says most.
                std::collections::hash_map::Entry::Occupied(mut entry) if field == "valid_to" => {
                    entry.insert(told);
                }
                entry => {
                    entry.or_insert(told);
                }
            }
        }
    }

    /// Units of which something may have to be looked after now.
    #[must_use]
    pub const fn units_about(&self) -> &HashSet<String> {
        &self.about
    }

    /// People of whom something may have to be looked after now.
    pub fn people(&self) -> impl Iterator<Item = &String> {
        self.people.keys()
    }

    /// The finding with the field that brought it about; none: the upload did not.
    #[must_use]
    pub fn brought(&self, finding: Finding) -> Option<Finding> {
        let unit = &finding.unit_id;
        let field = match finding.kind {
            FindingKind::TicketsNotYetKnown => return self.leaves.then_some(finding),
            // People often come with a later import than their unit.
            FindingKind::UnitWithoutPeople if finding.tickets == 0 => None,
            FindingKind::PersonGoneWithTickets
            | FindingKind::PersonGoneInRules
            | FindingKind::PersonGoneInRosters
            | FindingKind::PersonGoneInResponsibilities
            | FindingKind::PersonPlanFailed => self.people.get(&finding.person_id),
            FindingKind::UnitWithoutPeople | FindingKind::NobodyOnDuty => {
                self.staff.get(unit).or_else(|| self.areas.get(unit)).or_else(|| self.units.get(unit))
            }
            FindingKind::UnitEndsAboveOthers => {
                self.units.get(unit).or_else(|| finding.below.iter().find_map(|child| self.units.get(child)))
            }
            FindingKind::UnitEndsWithAreas => self.units.get(unit).or_else(|| self.areas.get(unit)),
            FindingKind::UnitEndsWithTickets
            | FindingKind::UnitEndsWithRules
            | FindingKind::UnitEndsWithRosters
            | FindingKind::UnitEndsWithResponsibilities => self.units.get(unit),
        };
        field.cloned().map(|field| Finding { field, ..finding })
    }
}

fn touched_units(about: &mut HashSet<String>, before: Option<&Principal>, after: &Principal) {
    let before = before.map(|before| before.unit_ids.as_slice()).unwrap_or_default();
    about.extend(before.iter().chain(&after.unit_ids).cloned());
}

/// What differs most; and whether it matters to the units they were of.
fn person_field(before: Option<&Principal>, after: &Principal) -> (&'static str, bool) {
    let Some(before) = before else { return ("id", false) };
    if before.active != after.active {
        ("active", true)
    } else if before.unit_ids != after.unit_ids {
        ("unit_ids", true)
    } else if before.roles != after.roles {
        ("roles", true)
    } else if before.name != after.name {
        ("name", false)
    } else {
        ("id", false)
    }
}

/// What a row makes different, the gravest first.
fn unit_field(row: &UnitRow, before: Option<&Unit>) -> Option<&'static str> {
    let Some(before) = before else {
        return Some(match (row.valid_to, row.parent_id.is_empty()) {
            (Some(_), _) => "valid_to",
            (None, false) => "parent_id",
            (None, true) => "id",
        });
    };
    [
        ("valid_to", row.valid_to != before.valid_to),
        ("parent_id", row.parent_id != before.parent_id.as_deref().unwrap_or_default()),
        ("valid_from", row.valid_from != before.valid_from),
        ("region", RegionCode::parse(&row.region).ok() != Some(before.region)),
        ("kind", row.kind.unwrap_or(crate::UnitKind::Unit) != before.kind),
        ("name", row.name.trim() != before.name),
    ]
    .into_iter()
    .find_map(|(field, differs)| differs.then_some(field))
}

#[cfg(test)]
mod tests {
    use super::{super::*, *};
    use crate::PrincipalKind;
    use gongdan_region::Regions;
    use jiff::SignedDuration;

    fn year(n: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * 365 * n)
    }

    fn unit(id: &str, parent: &str, until: Option<i64>) -> UnitRow {
        UnitRow {
            id: id.into(),
            name: id.into(),
            parent_id: parent.into(),
            region: "440106".into(),
            valid_to: until.map(year),
            ..UnitRow::default()
        }
    }

    fn person(id: &str, unit: &str, roles: &[&str]) -> PrincipalRow {
        PrincipalRow {
            id: id.into(),
            name: id.into(),
            unit_ids: vec![unit.into()],
            roles: roles.iter().map(|role| (*role).to_owned()).collect(),
            ..PrincipalRow::default()
        }
    }

    /// Unit `a` that ends in year 7 with `x` below it, and `b`; `li` is the only one of `a`; it has an area.
    fn known() -> Known {
        let row = |row: UnitRow| Unit {
            id: row.id.clone(),
            name: row.name,
            kind: UnitKind::Unit,
            parent_id: Some(row.parent_id).filter(|parent| !parent.is_empty()),
            region: RegionCode::parse("440106").unwrap(),
            valid_from: None,
            valid_to: row.valid_to,
        };
        let units = [unit("a", "", Some(7)), unit("b", "", None), unit("x", "a", Some(5))].map(row);
        let li = Principal {
            id: "li".into(),
            issuer: "i".into(),
            subject: "li".into(),
            name: "li".into(),
            kind: PrincipalKind::Person,
            roles: vec!["handler".into()],
            unit_ids: vec!["a".into()],
            regions: Vec::new(),
            rights: Vec::new(),
            email: None,
            skills: Vec::new(),
            tier: 1,
            active: true,
            language: "zh-CN".into(),
            customer_id: None,
        };
        let range = Regions::national().range(RegionCode::parse("440106").unwrap());
        Known {
            units: units.map(|unit| (unit.id.clone(), unit)).into(),
            now: Timestamp::UNIX_EPOCH,
            principals: HashMap::from([("li".into(), li)]),
            areas: vec![Area { id: 1, range, item: String::new(), unit_id: "a".into() }],
            default_issuer: "i".into(),
            ..Known::default()
        }
    }

    fn finding(kind: FindingKind, unit: &str, person: &str) -> Finding {
        Finding {
            kind,
            field: String::new(),
            unit_id: unit.into(),
            person_id: person.into(),
            since: None,
            tickets: 1,
            what: String::new(),
            advice: String::new(),
            below: Vec::new(),
        }
    }

    /// Which field an upload is told to have brought a finding about with.
    fn field(upload: &Upload, finding: Finding) -> Option<String> {
        let known = known();
        let plan = plan(upload, &known).unwrap();
        Touched::of(upload, &plan, &known).brought(finding).map(|finding| finding.field)
    }

    fn units(rows: Vec<UnitRow>) -> Upload {
        Upload { units: rows, ..Upload::default() }
    }

    #[test]
    fn what_a_unit_ends_above_is_told_at_the_row_of_the_unit_below_whether_or_not_that_ends() {
        let told =
            Finding { below: vec!["new".into()], ..finding(FindingKind::UnitEndsAboveOthers, "a", "") };
        for (until, said) in [(Some(30), "units[0].valid_to"), (None, "units[0].parent_id")] {
            assert_eq!(field(&units(vec![unit("new", "a", until)]), told.clone()).as_deref(), Some(said));
        }
        // Nothing was brought about by who is below something else, or ends before.
        assert_eq!(field(&units(vec![unit("other", "a", Some(3))]), told), None);
        let tickets = finding(FindingKind::UnitEndsWithTickets, "a", "");
        assert_eq!(field(&units(vec![unit("new", "a", None)]), tickets), None);
    }

    #[test]
    fn a_unit_is_told_with_what_differs() {
        let ends = finding(FindingKind::UnitEndsWithTickets, "a", "");
        for (row, said) in [
            (unit("a", "", Some(6)), "units[0].valid_to"),
            (UnitRow { name: "新名".into(), ..unit("a", "", Some(7)) }, "units[0].name"),
            (unit("a", "b", Some(7)), "units[0].parent_id"),
            (UnitRow { region: "440105".into(), ..unit("a", "", Some(7)) }, "units[0].region"),
        ] {
            assert_eq!(field(&units(vec![row]), ends.clone()).as_deref(), Some(said));
        }
        let later = UnitRow { changes_from: Some(year(2)), ..unit("a", "", Some(3)) };
        let renamed = UnitRow { name: "新名".into(), ..unit("a", "", Some(7)) };
        assert_eq!(field(&units(vec![renamed, later]), ends).as_deref(), Some("units[1].valid_to"));
    }

    #[test]
    fn a_unit_that_loses_its_people_is_told_with_how_it_lost_them() {
        let nobody = finding(FindingKind::UnitWithoutPeople, "a", "");
        let gone = finding(FindingKind::PersonGoneWithTickets, "a", "li");
        for (row, said) in [
            (person("li", "a", &[]), "principals[0].roles"),
            (person("li", "b", &["handler"]), "principals[0].unit_ids"),
            (PrincipalRow { active: Some(false), ..person("li", "b", &[]) }, "principals[0].active"),
        ] {
            let upload = Upload { principals: vec![row], ..Upload::default() };
            assert_eq!(field(&upload, nobody.clone()).as_deref(), Some(said));
            assert_eq!(field(&upload, gone.clone()).as_deref(), Some(said));
        }
        let row = PrincipalRow { name: "李".into(), ..person("li", "a", &["handler"]) };
        let renamed = Upload { principals: vec![row], ..Upload::default() };
        assert_eq!(field(&renamed, nobody), None, "a name takes nobody away");
    }

    #[test]
    fn of_areas_the_first_that_is_new_is_told() {
        let area = |region: &str, unit: &str| AreaRow {
            region: region.into(),
            unit_id: unit.into(),
            ..AreaRow::default()
        };
        let ends = finding(FindingKind::UnitEndsWithAreas, "a", "");
        let rows = vec![area("440106", "a"), area("440105", "a"), area("440104", "a")];
        let upload = Upload { areas: rows, ..Upload::default() };
        assert_eq!(field(&upload, ends.clone()).as_deref(), Some("areas[1].unit_id"));
        let same = Upload { areas: vec![area("440106", "a")], ..Upload::default() };
        assert_eq!(field(&same, ends), None);
    }

    #[test]
    fn that_tickets_are_not_known_yet_matters_when_somebody_leaves() {
        let unknown = || finding(FindingKind::TicketsNotYetKnown, "", "");
        let leaves = Upload { principals: vec![person("li", "b", &["handler"])], ..Upload::default() };
        assert_eq!(field(&leaves, unknown()).as_deref(), Some(""));
        assert_eq!(field(&units(vec![unit("a", "", Some(6))]), unknown()).as_deref(), Some(""));
        let comes = Upload { principals: vec![person("wang", "a", &["handler"])], ..Upload::default() };
        assert_eq!(field(&comes, unknown()), None);
    }
}
