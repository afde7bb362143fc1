//! What is to be looked after in the organisation, from all tables that know of units and people. Source: R1.

use super::{
    Store, area_plans, areas, book, holdings, holdings_fill, principal_plans, principals,
    responsibility_findings, rosters, rules, unit_states, units,
};
use gongdan_errors::Error;
use gongdan_routing_domain::{
    PersonEntry, Rule, RuleTarget,
    duty::DutyBook,
    finding::{Finding, Inspected},
};
use jiff::Timestamp;
use sqlx::PgConnection;
use std::collections::{BTreeSet, HashMap, HashSet};

impl Store {
    /// Everything to be looked after now.
    pub async fn findings(&self, now: Timestamp) -> Result<Vec<Finding>, Error> {
        let mut snapshot = self.snapshot().await?;
        let found = all(&mut snapshot, None, now).await?;
        snapshot.rollback().await.map_err(gongdan_pg::error)?;
        Ok(found)
    }
}

/// What is looked at.
#[derive(Debug, Clone, Copy)]
pub(super) struct About<'a> {
    /// These units.
    pub units: &'a HashSet<String>,
    /// And these people.
    pub people: &'a [String],
}

/// Everything, or what is about some units and people: then nothing is read that is about others.
pub(super) async fn all(
    connection: &mut PgConnection,
    about: Option<About<'_>>,
    now: Timestamp,
) -> Result<Vec<Finding>, Error> {
    let some: Option<Vec<String>> = about.map(|about| about.units.iter().cloned().collect());
    let people = about.map(|about| about.people);
    let units: HashMap<_, _> =
        units::all(connection).await?.into_iter().map(|(unit, _)| (unit.id.clone(), unit)).collect();
    let planned = unit_states::planned(connection).await?;
    let (areas, rosters, handlers) = match &some {
        None => {
            let areas = areas::in_force(connection).await?;
            (areas, rosters::all(connection).await?, principals::handlers(connection).await?)
        }
        Some(some) => {
            let areas = areas::of_units(connection, some).await?;
            let rosters = rosters::of_units(connection, some).await?;
            (areas, rosters, principals::handlers_of(connection, some).await?)
        }
    };
    let planned_areas = area_plans::all(connection).await.map_err(gongdan_pg::error)?;
    let rules: Vec<Rule> = rules::all(connection).await?.into_iter().map(|revision| revision.rule).collect();
    let rules: Vec<Rule> = rules.into_iter().filter(|rule| !rule.disabled).collect();
    let rostered: BTreeSet<String> = rosters.iter().map(|roster| roster.unit_id.clone()).collect();
    let duty = match rostered.is_empty() {
        true => DutyBook::default(),
        false => book::since(connection, &rostered.into_iter().collect::<Vec<_>>(), now).await?,
    };
    let named: BTreeSet<String> = rosters
        .iter()
        .flat_map(|roster| roster.people().map(ToOwned::to_owned).collect::<Vec<_>>())
        .chain(rules.iter().filter_map(person_of))
        .chain(duty.stand_ins())
        .collect();
    let named: Vec<String> = named.into_iter().collect();
    let people_named: HashMap<String, PersonEntry> = principals::persons(connection, &named).await?;
    let held_by_gone = holdings::of_gone(connection, people).await.map_err(gongdan_pg::error)?;
    let responsible_and_gone =
        responsibility_findings::of_gone(connection, people, now).await.map_err(gongdan_pg::error)?;
    let failed_plans = principal_plans::failed(connection, people).await.map_err(gongdan_pg::error)?;
    let unknown = HashMap::new();
    let tickets_known = holdings_fill::is_done(connection).await.map_err(gongdan_pg::error)?;
    let mut inspected = Inspected {
        now,
        tickets_known,
        units: &units,
        planned: &planned,
        areas: &areas,
        planned_areas: &planned_areas,
        rules: &rules,
        rosters: &rosters,
        duty: &duty,
        people: &people_named,
        handlers: &handlers,
        held_by_unit: &unknown,
        held_by_gone: &held_by_gone,
        responsible_in_unit: &unknown,
        responsible_and_gone: &responsible_and_gone,
        failed_plans: &failed_plans,
        about: about.map(|about| about.units),
    };
    let held = holdings::of_units(connection, &inspected.doubtful()).await.map_err(gongdan_pg::error)?;
    let responsible = responsibility_findings::of_ending(connection, &inspected.ending(), now)
        .await
        .map_err(gongdan_pg::error)?;
    inspected.held_by_unit = &held;
    inspected.responsible_in_unit = &responsible;
    Ok(inspected.findings())
}

fn person_of(rule: &Rule) -> Option<String> {
    match &rule.action.target {
        Some(RuleTarget::Person { person_id, .. }) => Some(person_id.clone()),
        _ => None,
    }
}
