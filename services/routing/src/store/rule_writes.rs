//! One rule is written, taken out or moved: at once, or in the draft.

use super::{
    RuleRevision, Store, generation, principals, rule_draft,
    rule_publishing::{find, read},
    rule_revisions,
    rule_sets::{self, NewSet, SetKind},
    rules, units, unreadable,
};
use crate::error;
use gongdan_errors::{Error, Violation};
use gongdan_pg::{
    RequestKey,
    requests::{self, Answered},
};
use gongdan_routing_domain::{
    Anchor, PersonEntry, Rule, RuleAction, RuleTarget, Unit, check_rule, moved, place,
};
use jiff::Timestamp;
use sqlx::{PgConnection, Postgres, Transaction};
use std::collections::{HashMap, HashSet};

/// Which rules are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shelf {
    /// Those in force.
    InForce,
    /// Those of the draft.
    Draft,
}

impl Shelf {
    /// As requests say it.
    pub const fn of(draft: bool) -> Self {
        if draft { Self::Draft } else { Self::InForce }
    }
}

/// A write of one rule: where, whose, and as the caller had read it.
#[derive(Debug, Clone)]
pub struct RuleWrite {
    /// Where.
    pub shelf: Shelf,
    /// The caller's guard.
    pub etag: Option<i64>,
    /// Who.
    pub by: String,
    /// When.
    pub now: Timestamp,
}

/// What rules are checked against.
#[derive(Debug)]
pub struct Surroundings {
    /// Every unit.
    pub units: HashMap<String, Unit>,
    /// The people they name.
    pub people: HashMap<String, PersonEntry>,
}

impl Store {
    /// Rules as they are there, in the order in which they are tried.
    pub async fn rules_on(&self, shelf: Shelf) -> Result<Vec<RuleRevision>, Error> {
        let mut snapshot = self.snapshot().await?;
        view(&mut snapshot, shelf).await
    }

    /// What this request answered before, if it did.
    pub async fn answered_rule(&self, key: &RequestKey) -> Result<Option<RuleRevision>, Error> {
        let mut connection = self.pool.acquire().await.map_err(gongdan_pg::error)?;
        answered(&mut connection, key).await
    }

    /// Checks a rule and writes it. The same content again makes no new revision.
    ///
    /// # Errors
    /// INVALID_ARGUMENT with what is wrong with it, or when its place is taken; ABORTED for a stale etag.
    pub async fn put_rule(
        &self,
        mut rule: Rule,
        write: &RuleWrite,
        key: &RequestKey,
    ) -> Result<RuleRevision, Error> {
        let mut open = match self.open(write, key).await? {
            Opened::Answered(revision) => return Ok(revision),
            Opened::Fresh(open) => open,
        };
        rule = check(&mut open.transaction, rule, write.now).await?;
        let before = find(&open.rules, &rule.id).cloned();
        guard(write.etag, before.as_ref())?;
        let others: Vec<&Rule> = open.rules.iter().map(|one| &one.rule).collect();
        let last = rule_draft::last_place(&mut open.transaction).await?;
        rule.position = place(&rule, &others, last).map_err(|violation| error::invalid(vec![violation]))?;
        let id = rule.id.clone();
        if let Some(before) = before.filter(|before| before.rule == rule) {
            // Put anew as it is, a rule that was changed in force meanwhile has been looked at.
            let seen = open.behind.contains(&id).then(|| (id, Some(before.clone())));
            return open.close(before, seen.as_slice(), write, key).await;
        }
        // What comes to what is in force is no change of the draft.
        if let Some(in_force) = find(&open.in_force, &id).filter(|one| one.rule == rule).cloned() {
            return open.close(in_force.clone(), &[(id, Some(in_force))], write, key).await;
        }
        let revision = rule_revisions::insert(&mut open.transaction, rule, &write.by, write.now).await?;
        open.close(revision.clone(), &[(id, Some(revision))], write, key).await
    }

    /// Takes a rule out; its revisions stay.
    ///
    /// # Errors
    /// NOT_FOUND; ABORTED for a stale etag.
    pub async fn delete_rule(
        &self,
        id: &str,
        write: &RuleWrite,
        key: &RequestKey,
    ) -> Result<RuleRevision, Error> {
        let open = match self.open(write, key).await? {
            Opened::Answered(revision) => return Ok(revision),
            Opened::Fresh(open) => open,
        };
        // Taken out again, a rule that was changed in force meanwhile has been looked at.
        let behind = open.behind.contains(id).then(|| find(&open.in_force, id)).flatten();
        let before = find(&open.rules, id).or(behind).cloned().ok_or_else(error::rule_not_found)?;
        guard(write.etag, Some(&before))?;
        open.close(before, &[(id.to_owned(), None)], write, key).await
    }

    /// Gives a rule another place.
    ///
    /// # Errors
    /// NOT_FOUND; INVALID_ARGUMENT for a rule that is not there to stand beside; ABORTED for a stale etag.
    pub async fn move_rule(
        &self,
        id: &str,
        anchor: &Anchor,
        write: &RuleWrite,
        key: &RequestKey,
    ) -> Result<RuleRevision, Error> {
        let mut open = match self.open(write, key).await? {
            Opened::Answered(revision) => return Ok(revision),
            Opened::Fresh(open) => open,
        };
        open.moves = true;
        let mut answer = find(&open.rules, id).cloned().ok_or_else(error::rule_not_found)?;
        guard(write.etag, Some(&answer))?;
        let in_order: Vec<&Rule> = open.rules.iter().map(|one| &one.rule).collect();
        let places = moved(&in_order, id, anchor).map_err(|rule| {
            let field = if matches!(anchor, Anchor::Before(_)) { "before_id" } else { "after_id" };
            Error::invalid(vec![Violation { field: field.into(), rule }])
        })?;
        let mut changes = Vec::with_capacity(places.len());
        for (other, position) in places {
            let Some(before) = find(&open.rules, &other) else { continue };
            let rule = Rule { position, ..before.rule.clone() };
            let revision = rule_revisions::insert(&mut open.transaction, rule, &write.by, write.now).await?;
            if other == id {
                answer = revision.clone();
            }
            changes.push((other, Some(revision)));
        }
        open.close(answer, &changes, write, key).await
    }

    /// One writer at a time, and an earlier answer again.
    async fn open(&self, write: &RuleWrite, key: &RequestKey) -> Result<Opened, Error> {
        let mut transaction = self.pool.begin().await.map_err(gongdan_pg::error)?;
        generation::lock_writers(&mut transaction).await.map_err(gongdan_pg::error)?;
        if let Some(revision) = answered(&mut transaction, key).await? {
            return Ok(Opened::Answered(revision));
        }
        let open = match write.shelf {
            Shelf::InForce => Open { rules: rules::all(&mut transaction).await?, ..Open::new(transaction) },
            Shelf::Draft => {
                let drafted = read(&mut transaction).await?;
                let behind = drafted.draft.changes.iter().filter(|change| drafted.is_behind(change));
                let behind = behind.map(|change| change.rule_id.clone()).collect();
                Open { rules: drafted.after, in_force: drafted.before, behind, ..Open::new(transaction) }
            }
        };
        Ok(Opened::Fresh(open))
    }
}

/// What a write finds.
enum Opened {
    Answered(RuleRevision),
    Fresh(Open),
}

/// A write that is going on.
struct Open {
    transaction: Transaction<'static, Postgres>,
    /// The rules where it is written.
    rules: Vec<RuleRevision>,
    /// Of the draft: those in force.
    in_force: Vec<RuleRevision>,
    /// Of the draft: what it changes and was changed in force since.
    behind: HashSet<String>,
    /// Rules only change their places.
    moves: bool,
}

impl Open {
    fn new(transaction: Transaction<'static, Postgres>) -> Self {
        let (rules, in_force) = (Vec::new(), Vec::new());
        Self { transaction, rules, in_force, behind: HashSet::new(), moves: false }
    }

    /// Puts the changes where they belong, and keeps the answer for a retry.
    async fn close(
        mut self,
        answer: RuleRevision,
        changes: &[(String, Option<RuleRevision>)],
        write: &RuleWrite,
        key: &RequestKey,
    ) -> Result<RuleRevision, Error> {
        let connection = &mut *self.transaction;
        match write.shelf {
            _ if changes.is_empty() => {}
            Shelf::Draft => {
                rule_draft::change(connection, changes, self.moves, &write.by, write.now).await?;
            }
            Shelf::InForce => {
                let gone: Vec<String> =
                    changes.iter().filter(|(_, now)| now.is_none()).map(|(id, _)| id.clone()).collect();
                let put: Vec<i64> =
                    changes.iter().filter_map(|(_, now)| now.as_ref().map(|one| one.revision)).collect();
                rules::delete_many(connection, &gone).await?;
                rules::put_many(connection, &put).await?;
                let (kind, by, now) = (SetKind::AtOnce, write.by.as_str(), write.now);
                let set = NewSet { kind, by, note: "", rolled_back_to: None, now };
                rule_sets::record(connection, set).await?;
                generation::advance(connection).await.map_err(gongdan_pg::error)?;
            }
        }
        let resource_id = gongdan_clock::stable_id("rule", &answer.rule.id);
        let answered = Answered { resource_id, version: answer.revision };
        requests::insert(connection, key, answered, write.now).await?;
        self.transaction.commit().await.map_err(gongdan_pg::error)?;
        Ok(answer)
    }
}

async fn view(connection: &mut PgConnection, shelf: Shelf) -> Result<Vec<RuleRevision>, Error> {
    match shelf {
        Shelf::InForce => rules::all(connection).await,
        Shelf::Draft => Ok(read(connection).await?.after),
    }
}

/// Against what there is, which stays so while writers are locked out. Compiling needs a deep stack and may take a while:
/// not on this thread.
async fn check(connection: &mut PgConnection, rule: Rule, now: Timestamp) -> Result<Rule, Error> {
    let around = surroundings(connection, [&rule.action]).await?;
    tokio::task::spawn_blocking(move || check_rule(&rule, &around.units, &around.people, now).map(|_| rule))
        .await
        .map_err(Error::internal)?
        .map_err(error::invalid)
}

/// Units, and the people that rules name.
pub(super) async fn surroundings<'a>(
    connection: &mut PgConnection,
    actions: impl IntoIterator<Item = &'a RuleAction>,
) -> Result<Surroundings, Error> {
    let units = units::all(connection).await?.into_iter().map(|(unit, _)| (unit.id.clone(), unit)).collect();
    let (mut named, mut staffed) = (Vec::new(), Vec::new());
    for action in actions {
        match &action.target {
            Some(RuleTarget::Person { person_id, .. }) => named.push(person_id.clone()),
            Some(RuleTarget::Strategy(strategy)) => staffed.push(strategy.unit_id.clone()),
            _ => {}
        }
    }
    let mut people =
        if named.is_empty() { HashMap::new() } else { principals::persons(connection, &named).await? };
    if !staffed.is_empty() {
        people.extend(principals::of_units(connection, &staffed).await?);
    }
    Ok(Surroundings { units, people })
}

async fn answered(connection: &mut PgConnection, key: &RequestKey) -> Result<Option<RuleRevision>, Error> {
    let Some(answered) = requests::lookup(connection, key).await? else { return Ok(None) };
    let found = rule_revisions::by_number(connection, &[answered.version]).await?;
    found
        .into_iter()
        .next()
        .map(Some)
        .ok_or_else(|| unreadable(format!("request names revision {}, which is not there", answered.version)))
}

fn guard(etag: Option<i64>, before: Option<&RuleRevision>) -> Result<(), Error> {
    match etag {
        Some(etag) if before.map(|before| before.revision) != Some(etag) => Err(error::etag_mismatch()),
        _ => Ok(()),
    }
}
