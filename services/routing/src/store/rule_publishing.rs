//! The draft is published or given up; an earlier set comes back.

use super::{
    Draft, DraftChange, RuleRevision, RuleSet, Store, Surroundings, generation, rule_draft, rule_revisions,
    rule_sets::{self, NewSet, SetKind},
    rule_writes::surroundings,
    rules,
};
use crate::error;
use gongdan_errors::{Error, Violation};
use gongdan_pg::{
    RequestKey,
    requests::{self, Answered},
};
use gongdan_routing_domain::{Rule, changed, check_rules};
use jiff::Timestamp;
use sqlx::PgConnection;
use std::collections::BTreeMap;
use uuid::Uuid;

/// The draft beside what is in force.
#[derive(Debug)]
pub struct Drafted {
    /// The draft.
    pub draft: Draft,
    /// The number of the set in force.
    pub in_force: i64,
    /// The rules in force.
    pub before: Vec<RuleRevision>,
    /// The rules of the draft.
    pub after: Vec<RuleRevision>,
}

/// An act on sets: whose, when, what is said about it.
#[derive(Debug, Clone)]
pub struct Publishing {
    /// Who.
    pub by: String,
    /// What is said about it.
    pub note: String,
    /// When.
    pub now: Timestamp,
}

impl Drafted {
    /// What the caller gives back to guard an act.
    pub fn etag(&self) -> String {
        format!("{}.{}", self.draft.version, self.in_force)
    }

    /// Whether a rule was changed in force after the draft changed it.
    pub fn is_behind(&self, change: &DraftChange) -> bool {
        find(&self.before, &change.rule_id).map(|one| one.revision) != change.over
    }

    /// What the draft does to a rule.
    pub fn change(&self, rule_id: &str) -> Option<&DraftChange> {
        self.draft.changes.iter().find(|change| change.rule_id == rule_id)
    }

    fn guard(&self, etag: &str) -> Result<(), Error> {
        if self.draft.changes.is_empty() {
            return Err(error::no_rule_draft());
        }
        if etag.is_empty() || etag == self.etag() { Ok(()) } else { Err(error::draft_etag_mismatch()) }
    }
}

impl Store {
    /// The draft beside what is in force.
    pub async fn draft(&self) -> Result<Drafted, Error> {
        let mut snapshot = self.snapshot().await?;
        read(&mut snapshot).await
    }

    /// The number of the set in force.
    pub async fn set_in_force(&self) -> Result<i64, Error> {
        let mut connection = self.pool.acquire().await.map_err(gongdan_pg::error)?;
        rule_sets::in_force(&mut connection).await
    }

    /// The rules of a set.
    ///
    /// # Errors
    /// NOT_FOUND.
    pub async fn rules_of_set(&self, number: i64) -> Result<Vec<RuleRevision>, Error> {
        let mut snapshot = self.snapshot().await?;
        let revisions = rule_sets::revisions(&mut snapshot, number).await?;
        rule_revisions::by_number(&mut snapshot, &revisions.ok_or_else(error::rule_set_not_found)?).await
    }

    /// Gives changes of the draft up, none named: all; answers how many.
    ///
    /// # Errors
    /// FAILED_PRECONDITION without a draft; INVALID_ARGUMENT for what it does not change; ABORTED for a stale etag.
    pub async fn discard_draft(
        &self,
        rule_ids: &[String],
        etag: &str,
        (by, now): (&str, Timestamp),
        key: &RequestKey,
    ) -> Result<i64, Error> {
        let mut transaction = self.pool.begin().await.map_err(gongdan_pg::error)?;
        let connection = &mut *transaction;
        generation::lock_writers(connection).await.map_err(gongdan_pg::error)?;
        if let Some(answered) = requests::lookup(connection, key).await? {
            return Ok(answered.version);
        }
        let drafted = read(connection).await?;
        drafted.guard(etag)?;
        let changed: Vec<String> = drafted.draft.changes.into_iter().map(|change| change.rule_id).collect();
        let unknown: Vec<Violation> = rule_ids
            .iter()
            .enumerate()
            .filter(|(_, id)| !changed.contains(id))
            .map(|(n, id)| Violation {
                field: format!("rule_ids[{n}]"),
                rule: format!("the draft does not change `{id}`"),
            })
            .collect();
        if !unknown.is_empty() {
            return Err(Error::invalid(unknown));
        }
        let all = rule_ids.is_empty();
        let given_up: Vec<String> = changed.into_iter().filter(|id| all || rule_ids.contains(id)).collect();
        rule_draft::discard(connection, Some(&given_up).filter(|_| !all), by, now).await?;
        let version = i64::try_from(given_up.len()).unwrap_or(i64::MAX);
        let answered = Answered { resource_id: draft_id(), version };
        requests::insert(connection, key, answered, now).await?;
        transaction.commit().await.map_err(gongdan_pg::error)?;
        Ok(version)
    }

    /// Puts the draft in force, all of it or nothing.
    ///
    /// # Errors
    /// FAILED_PRECONDITION without a draft, or when a rule was changed on both sides; INVALID_ARGUMENT with what is wrong
    /// with each rule; ABORTED for a stale etag.
    pub async fn publish_draft(
        &self,
        etag: &str,
        act: &Publishing,
        key: &RequestKey,
    ) -> Result<RuleSet, Error> {
        let mut transaction = self.pool.begin().await.map_err(gongdan_pg::error)?;
        let connection = &mut *transaction;
        generation::lock_writers(connection).await.map_err(gongdan_pg::error)?;
        if let Some(set) = answered(connection, key).await? {
            return Ok(set);
        }
        let drafted = read(connection).await?;
        drafted.guard(etag)?;
        let behind: Vec<&str> = drafted
            .draft
            .changes
            .iter()
            .filter(|change| drafted.is_behind(change))
            .map(|change| change.rule_id.as_str())
            .collect();
        if !behind.is_empty() {
            return Err(error::rule_draft_behind(&behind.join(",")));
        }
        let violations = check(connection, &drafted.after, act.now).await?;
        if !violations.is_empty() {
            return Err(error::invalid(violations));
        }
        replace(connection, &drafted.before, &drafted.after).await?;
        rule_draft::discard(connection, None, &act.by, act.now).await?;
        let set = record(connection, SetKind::Draft, None, act, key).await?;
        transaction.commit().await.map_err(gongdan_pg::error)?;
        Ok(set)
    }

    /// Puts the rules of an earlier set in force again; also answers which of them cannot decide, and why.
    ///
    /// # Errors
    /// NOT_FOUND; INVALID_ARGUMENT for the set in force; ABORTED when another one is in force than the caller read.
    pub async fn roll_back(
        &self,
        number: i64,
        seen: Option<i64>,
        act: &Publishing,
        key: &RequestKey,
    ) -> Result<(RuleSet, BTreeMap<String, String>), Error> {
        let mut transaction = self.pool.begin().await.map_err(gongdan_pg::error)?;
        let connection = &mut *transaction;
        generation::lock_writers(connection).await.map_err(gongdan_pg::error)?;
        let earlier =
            rule_sets::revisions(connection, number).await?.ok_or_else(error::rule_set_not_found)?;
        let after = rule_revisions::by_number(connection, &earlier).await?;
        let unfit = unfit(check(connection, &after, act.now).await?);
        if let Some(set) = answered(connection, key).await? {
            return Ok((set, unfit));
        }
        let in_force = rule_sets::in_force(connection).await?;
        if seen.is_some_and(|seen| seen != in_force) {
            return Err(error::rule_set_changed());
        }
        if number == in_force {
            return Err(Error::invalid_field("number", "an earlier set than the one in force"));
        }
        let before = rules::all(connection).await?;
        replace(connection, &before, &after).await?;
        let set = record(connection, SetKind::RollBack, Some(number), act, key).await?;
        transaction.commit().await.map_err(gongdan_pg::error)?;
        Ok((set, unfit))
    }
}

pub(super) async fn read(connection: &mut PgConnection) -> Result<Drafted, Error> {
    let draft = rule_draft::read(connection).await?;
    let in_force = rule_sets::in_force(connection).await?;
    let (before, after) = rule_draft::overlaid(connection, &draft).await?;
    let mut drafted = Drafted { draft, in_force, before, after };
    // What is in force may have caught up with a change meanwhile: then it is none any more.
    let rule = |rules: &[RuleRevision], id: &str| find(rules, id).map(|one| one.rule.clone());
    let (before, after) = (&drafted.before, &drafted.after);
    drafted.draft.changes.retain(|change| rule(before, &change.rule_id) != rule(after, &change.rule_id));
    if drafted.draft.changes.is_empty() {
        drafted.draft.opened_by.clear();
        drafted.draft.opened_at = None;
    }
    Ok(drafted)
}

pub(super) fn find<'a>(rules: &'a [RuleRevision], id: &str) -> Option<&'a RuleRevision> {
    rules.iter().find(|one| one.rule.id == id)
}

/// What is wrong with rules as things are now. Compiling may take a while: not on this thread.
async fn check(
    connection: &mut PgConnection,
    rules: &[RuleRevision],
    now: Timestamp,
) -> Result<Vec<gongdan_routing_domain::Violation>, Error> {
    let rules: Vec<Rule> = rules.iter().map(|one| one.rule.clone()).collect();
    let Surroundings { units, people } =
        surroundings(connection, rules.iter().map(|rule| &rule.action)).await?;
    tokio::task::spawn_blocking(move || check_rules(&rules, &units, &people, now))
        .await
        .map_err(Error::internal)
}

/// The first thing wrong with each rule, by its id.
fn unfit(violations: Vec<gongdan_routing_domain::Violation>) -> BTreeMap<String, String> {
    let mut unfit = BTreeMap::new();
    for violation in violations {
        let id = violation.field.strip_prefix("rules[").and_then(|rest| rest.split(']').next());
        if let Some(id) = id {
            unfit.entry(id.to_owned()).or_insert(violation.rule);
        }
    }
    unfit
}

/// Makes `rules` from what they were to what they are to be.
async fn replace(
    connection: &mut PgConnection,
    before: &[RuleRevision],
    after: &[RuleRevision],
) -> Result<(), Error> {
    let different = changed(before, after, |one| &one.rule);
    let gone: Vec<String> = different
        .iter()
        .filter(|(_, after)| after.is_none())
        .filter_map(|(before, _)| before.map(|one| one.rule.id.clone()))
        .collect();
    let put: Vec<i64> = different.iter().filter_map(|(_, after)| after.map(|one| one.revision)).collect();
    rules::delete_many(connection, &gone).await?;
    rules::put_many(connection, &put).await
}

async fn record(
    connection: &mut PgConnection,
    kind: SetKind,
    rolled_back_to: Option<i64>,
    act: &Publishing,
    key: &RequestKey,
) -> Result<RuleSet, Error> {
    let Publishing { by, note, now } = act;
    let set = NewSet { kind, by, note, rolled_back_to, now: *now };
    let number = rule_sets::record(connection, set).await?;
    generation::advance(connection).await.map_err(gongdan_pg::error)?;
    let resource_id = gongdan_clock::stable_id("rule-set", &number.to_string());
    requests::insert(connection, key, Answered { resource_id, version: number }, *now).await?;
    rule_sets::get(connection, number).await?.ok_or_else(error::rule_set_not_found)
}

async fn answered(connection: &mut PgConnection, key: &RequestKey) -> Result<Option<RuleSet>, Error> {
    match requests::lookup(connection, key).await? {
        Some(answered) => rule_sets::get(connection, answered.version).await,
        None => Ok(None),
    }
}

fn draft_id() -> Uuid {
    gongdan_clock::stable_id("rule-draft", "1")
}
