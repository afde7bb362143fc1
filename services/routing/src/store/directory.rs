//! Units, people, areas, rules and duty in memory, as decisions need them: read again when `generation` has moved.

use super::{
    RuleRevision, areas, book,
    generation::{self, Generation},
    principals, rules, units,
};
use gongdan_access::{Access, Policies};
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
pub struct DirectoryCache {
    access: Access,
    last: Mutex<Option<Loaded>>,
}

#[derive(Clone)]
struct Loaded {
    generation: Generation,
    /// By which it is known who may see sensitive tickets.
    policies: Arc<Policies>,
    directory: Arc<Directory>,
}

impl DirectoryCache {
    /// Nothing was read yet.
    pub fn new(access: Access) -> Self {
        Self { access, last: Mutex::default() }
    }

    /// The policies in force.
    pub fn policies(&self) -> Arc<Policies> {
        self.access.policies()
    }

    /// The directory now. One small query when nothing has changed.
    ///
    /// # Errors
    /// UNAVAILABLE, INTERNAL.
    pub async fn get(&self, connection: &mut PgConnection, now: Timestamp) -> Result<Arc<Directory>, Error> {
        let generation = generation::current(connection).await.map_err(gongdan_pg::error)?;
        let policies = self.access.policies();
        let mut last = self.last.lock().await;
        let judged_else = last.take_if(|loaded| !Arc::ptr_eq(&loaded.policies, &policies));
        if let Some(loaded) = last.as_ref().filter(|loaded| loaded.generation == generation) {
            return Ok(loaded.directory.clone());
        }
        if let Some(loaded) = last.as_mut().filter(|loaded| loaded.generation.value == generation.value) {
            let directory = with_duty(connection, loaded.directory.as_ref().clone(), now).await?;
            *loaded = Loaded { generation, policies, directory: Arc::new(directory) };
            tracing::info!(generation = generation.duty, "rosters, leave and swaps read");
            return Ok(loaded.directory.clone());
        }
        let known = judged_else.as_ref().or(last.as_ref());
        let compiled = known.map(|loaded| conditions(&loaded.directory)).unwrap_or_default();
        let directory = Arc::new(load(connection, compiled, &policies, now).await?);
        tracing::info!(
            generation = generation.value,
            rules = directory.rules().len(),
            "organisation and rules read"
        );
        *last = Some(Loaded { generation, policies, directory: directory.clone() });
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
    policies: &Policies,
    now: Timestamp,
) -> Result<Directory, Error> {
    let rules = rules::all(connection).await?;
    with_rules(connection, rules, compiled, policies, now).await
}

/// Units, people, areas and duty as they are now, with these rules, disabled ones left out; conditions that are compiled
/// already need not be again.
pub(super) async fn with_rules(
    connection: &mut PgConnection,
    mut revisions: Vec<RuleRevision>,
    mut compiled: HashMap<i64, Condition>,
    policies: &Policies,
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
    let staffed = staffed(revisions.iter().filter_map(|revision| revision.rule.action.target.as_ref()));
    if !staffed.is_empty() {
        people.extend(principals::of_units(connection, &staffed).await?);
    }
    let ids: Vec<String> = people.keys().cloned().collect();
    let cleared = principals::cleared(connection, &ids, policies).await?;
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
    let directory = Directory::new(units, people, AreaIndex::new(areas), rules).with_cleared(cleared);
    with_duty(connection, directory, now).await
}

/// The same with rosters, leave and swaps as they are now, for the units whose people rules choose among. What is over by now
/// is over for whatever is decided from here on.
async fn with_duty(
    connection: &mut PgConnection,
    directory: Directory,
    now: Timestamp,
) -> Result<Directory, Error> {
    let staffed = staffed(directory.rules().iter().filter_map(|rule| rule.action.target.as_ref()));
    if staffed.is_empty() {
        return Ok(directory.with_duty(DutyBook::default()));
    }
    let people = directory.people().clone();
    Ok(directory.with_duty(book::since_with(connection, &staffed, people, now).await?))
}

/// Units whose people rules choose among, each once.
fn staffed<'r>(targets: impl Iterator<Item = &'r RuleTarget>) -> Vec<String> {
    let units: BTreeSet<String> = targets
        .filter_map(|target| match target {
            RuleTarget::Strategy(strategy) => Some(strategy.unit_id.clone()),
            _ => None,
        })
        .collect();
    units.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;
    use gongdan_clock::{Clock as _, SystemClock};
    use gongdan_routing_domain::import::{UnitRow, Upload};
    use gongdan_testkit::Env;

    /// A roster that changes makes nothing be read again but rosters: what was done to units behind the generation's back stays
    /// unseen until organisation or rules change.
    #[tokio::test]
    async fn a_change_of_duty_reads_duty_alone() {
        let env = Env::start(crate::schema()).await;
        let access = Access::new(Policies::shipped().unwrap());
        let (store, cache, now) =
            (Store::new(env.pool().clone()), DirectoryCache::new(access.clone()), SystemClock.now());
        let unit = |id: &str| UnitRow {
            id: id.to_owned(),
            name: id.to_owned(),
            region: "440106".to_owned(),
            ..UnitRow::default()
        };
        let upload = Arc::new(Upload { units: vec![unit("env"), unit("roads")], ..Upload::default() });
        store.import(&upload, "issuer", "admin", None, now).await.unwrap();
        let mut connection = env.pool().acquire().await.unwrap();
        let first = cache.get(&mut connection, now).await.unwrap();
        assert!(
            Arc::ptr_eq(&first, &cache.get(&mut connection, now).await.unwrap()),
            "nothing is read again"
        );
        sqlx::raw_sql(
            "DELETE FROM unit_states WHERE unit_id = 'roads'; DELETE FROM units WHERE id = 'roads'",
        )
        .execute(env.pool())
        .await
        .unwrap();
        generation::advance_duty(&mut connection).await.unwrap();
        let second = cache.get(&mut connection, now).await.unwrap();
        assert!(!Arc::ptr_eq(&first, &second) && second.unit("roads").is_some());
        generation::advance(&mut connection).await.unwrap();
        let third = cache.get(&mut connection, now).await.unwrap();
        assert!(third.unit("roads").is_none());
        // Other policies may let others see sensitive tickets.
        access.replace(Policies::shipped().unwrap());
        assert!(!Arc::ptr_eq(&third, &cache.get(&mut connection, now).await.unwrap()));
    }
}
