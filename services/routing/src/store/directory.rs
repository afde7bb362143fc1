//! Units, people, areas, rules and duty in memory, as decisions need them: read again when `generation` has moved.

use super::{RuleRevision, areas, book, generation, principals, rules, units};
use gongdan_errors::Error;
use gongdan_routing_domain::{AreaIndex, Condition, Directory, RuleInForce, RuleTarget, duty::DutyBook};
use jiff::Timestamp;
use sqlx::PgConnection;
use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};
use tokio::sync::Mutex;

/// The directory as last read.
#[derive(Debug, Default)]
pub struct DirectoryCache {
    last: Mutex<Option<Loaded>>,
}

#[derive(Debug, Clone)]
struct Loaded {
    generation: i64,
    directory: Arc<Directory>,
}

impl DirectoryCache {
    /// The directory now. One small query when nothing has changed.
    ///
    /// # Errors
    /// UNAVAILABLE, INTERNAL.
    pub async fn get(&self, connection: &mut PgConnection, now: Timestamp) -> Result<Arc<Directory>, Error> {
        let generation = generation::current(connection).await.map_err(gongdan_pg::error)?;
        let mut last = self.last.lock().await;
        if let Some(loaded) = last.as_ref().filter(|loaded| loaded.generation == generation) {
            return Ok(loaded.directory.clone());
        }
        let compiled = last.as_ref().map(|loaded| conditions(&loaded.directory)).unwrap_or_default();
        let directory = Arc::new(load(connection, compiled, now).await?);
        tracing::info!(generation, rules = directory.rules().len(), "organisation and rules read");
        *last = Some(Loaded { generation, directory: directory.clone() });
        Ok(directory)
    }
}

/// Conditions by revision, which never change and need not be compiled again.
pub(super) fn conditions(directory: &Directory) -> HashMap<i64, Condition> {
    directory.rules().iter().map(|rule| (rule.revision, rule.condition.clone())).collect()
}

async fn load(
    connection: &mut PgConnection,
    compiled: HashMap<i64, Condition>,
    now: Timestamp,
) -> Result<Directory, Error> {
    let rules = rules::all(connection).await?;
    with_rules(connection, rules, compiled, now).await
}

/// Units, people, areas and duty as they are now, with these rules, disabled ones left out; conditions that are compiled
/// already need not be again.
pub(super) async fn with_rules(
    connection: &mut PgConnection,
    mut revisions: Vec<RuleRevision>,
    mut compiled: HashMap<i64, Condition>,
    now: Timestamp,
) -> Result<Directory, Error> {
    revisions.retain(|revision| !revision.rule.disabled);
    let units = units::all(connection).await?.into_iter().map(|(unit, _)| (unit.id.clone(), unit)).collect();
    let areas = areas::in_force(connection).await?;
    let named: Vec<String> = revisions
        .iter()
        .filter_map(|revision| match &revision.rule.action.target {
            Some(RuleTarget::Person { person_id, .. }) => Some(person_id.clone()),
            _ => None,
        })
        .collect();
    let mut people =
        if named.is_empty() { HashMap::new() } else { principals::persons(connection, &named).await? };
    let staffed: BTreeSet<String> = revisions
        .iter()
        .filter_map(|revision| match &revision.rule.action.target {
            Some(RuleTarget::Strategy(strategy)) => Some(strategy.unit_id.clone()),
            _ => None,
        })
        .collect();
    let mut duty = DutyBook::default();
    if !staffed.is_empty() {
        let staffed: Vec<String> = staffed.into_iter().collect();
        people.extend(principals::of_units(connection, &staffed).await?);
        // What is over by now is over for whatever is decided from here on.
        duty = book::since(connection, &staffed, now).await?;
    }
    let rules = tokio::task::spawn_blocking(move || {
        let mut rules = Vec::with_capacity(revisions.len());
        for revision in revisions {
            let condition = match compiled.remove(&revision.revision) {
                Some(condition) => condition,
                None => match Condition::compile_kept(&revision.rule.when) {
                    Ok(condition) => condition,
                    Err(error) => {
                        tracing::error!(rule = revision.rule.id, %error, "rule left out: it no longer compiles");
                        continue;
                    }
                },
            };
            let (id, name, action) = (revision.rule.id, revision.rule.name, revision.rule.action);
            rules.push(RuleInForce { revision: revision.revision, id, name, condition, action });
        }
        rules
    })
    .await
    .map_err(Error::internal)?;
    Ok(Directory::new(units, people, AreaIndex::new(areas), rules).with_duty(duty))
}
