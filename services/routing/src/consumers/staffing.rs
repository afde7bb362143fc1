//! Decisions that choose people, and the reservations that go with them.
//!
//! What people have in hand is read without a lock, the decision is made, and loads are changed by a guarded statement
//! that locks rows in the order of their ids and lets none exceed what the decision allows. If another replica was
//! faster, all of it is given up to the savepoint before it, and decided again by the loads as they are now, this time
//! with the rows locked first. Source: R6, DESIGN rule 14.

use crate::{
    store::{LoadChanges, loads, rotations},
    telemetry::Metrics,
};
use gongdan_outbox::ApplyError;
use gongdan_routing_domain::{Decided, Directory, Question, RuleTarget, decide_staffed, strategy::Staff};
use jiff::Timestamp;
use sqlx::{Connection as _, PgConnection};
use std::{collections::BTreeSet, sync::Arc};

/// How often is tried before everything is offered again later.
const TRIES: usize = 8;

/// What decisions are made by.
pub(super) struct Desk<'a> {
    /// Organisation, rules and duty.
    pub directory: Arc<Directory>,
    /// What people may have when neither rule nor roster says it.
    pub capacity: u32,
    /// The instant.
    pub now: Timestamp,
    /// What is counted.
    pub metrics: &'a Metrics,
}

impl Desk<'_> {
    /// Decides, and writes what that and `settled` make of loads.
    pub(super) async fn decide(
        &self,
        connection: &mut PgConnection,
        questions: Vec<Question>,
        settled: LoadChanges,
    ) -> Result<Vec<Decided>, ApplyError> {
        let (decided, staff) = self.run(questions.clone(), Staff::unknown(self.capacity)).await?;
        let open: Vec<usize> = (0..decided.len()).filter(|n| decided[*n].is_none()).collect();
        if open.is_empty() {
            let decided: Vec<Decided> = decided.into_iter().flatten().collect();
            loads::change(connection, &with_named(settled, &decided)).await?;
            return Ok(decided);
        }
        let asked: Vec<Question> = open.iter().map(|n| questions[*n].clone()).collect();
        let mut units = staff.wanted().clone();
        // Whom the others name has that too, for those who are chosen now.
        let named: Vec<Decided> = decided.iter().flatten().cloned().collect();
        let before = with_named(settled.clone(), &named);
        for n in 0..TRIES {
            let mut savepoint = connection.begin().await?;
            let (chosen, staff) = self.choose(&mut savepoint, &asked, &mut units, &before, n > 0).await?;
            let mut all = decided.clone();
            for (place, chosen) in open.iter().zip(chosen) {
                all[*place] = Some(chosen);
            }
            let all: Vec<Decided> = all.into_iter().flatten().collect();
            let mut changes = with_named(settled.clone(), &all);
            for person in staff.slack().keys() {
                let most = staff.most(person).and_then(|most| i32::try_from(most).ok()).unwrap_or(i32::MAX);
                changes.entry(person.clone()).or_default().most = Some(most);
            }
            if rotations::turn(&mut savepoint, staff.turned()).await?
                && loads::change(&mut savepoint, &changes).await?
            {
                savepoint.commit().await?;
                return Ok(all);
            }
            savepoint.rollback().await?;
            self.metrics.reservation_lost();
            tracing::debug!(try = n, "others reserved meanwhile: decided again");
        }
        Err(ApplyError::Transient(anyhow::anyhow!("others reserve all the time: tried {TRIES} times")))
    }

    /// Decides what asks for people, by what they have in hand now and what changes `before` that.
    async fn choose(
        &self,
        connection: &mut PgConnection,
        questions: &[Question],
        units: &mut BTreeSet<String>,
        before: &LoadChanges,
        locked: bool,
    ) -> Result<(Vec<Decided>, Staff), ApplyError> {
        loop {
            let mut staff = Staff::unknown(self.capacity);
            let rules: Vec<String> = self
                .directory
                .rules()
                .iter()
                .filter(|rule| {
                    matches!(&rule.action.target, Some(RuleTarget::Strategy(to)) if units.contains(&to.unit_id))
                })
                .map(|rule| rule.id.clone())
                .collect();
            let mut people: Vec<String> =
                units.iter().flat_map(|unit| self.directory.members(unit).iter().cloned()).collect();
            if locked {
                rotations::lock(connection, &rules).await?;
                people.extend(before.keys().cloned());
                loads::lock(connection, &people).await?;
            }
            staff.learn_turns(rotations::read(connection, &rules).await?);
            let mut known = loads::read(connection, &people).await?;
            for (person, change) in before {
                let load = known.entry(person.clone()).or_default();
                load.held = load.held.saturating_add_signed(change.held);
                load.reserved = load.reserved.saturating_add_signed(change.reserved);
            }
            staff.learn(units.iter().cloned(), known);
            let (decided, staff) = self.run(questions.to_vec(), staff).await?;
            if staff.wanted().is_empty() {
                return Ok((decided.into_iter().flatten().collect(), staff));
            }
            units.extend(staff.wanted().iter().cloned());
        }
    }

    /// Conditions need a deep stack and may take a while: not on this thread.
    async fn run(
        &self,
        questions: Vec<Question>,
        mut staff: Staff,
    ) -> Result<(Vec<Option<Decided>>, Staff), ApplyError> {
        let (directory, now) = (self.directory.clone(), self.now);
        if directory.rules().is_empty() {
            let decided = decide_staffed(&directory, &questions, now, &mut staff);
            return Ok((decided, staff));
        }
        tokio::task::spawn_blocking(move || {
            let decided = decide_staffed(&directory, &questions, now, &mut staff);
            (decided, staff)
        })
        .await
        .map_err(|error| ApplyError::Failed(error.into()))
    }
}

/// With a reservation for each person whom a decision names, by a strategy or not.
fn with_named(mut changes: LoadChanges, decided: &[Decided]) -> LoadChanges {
    for person in decided.iter().filter_map(|decided| decided.target.person_id()) {
        changes.entry(person.to_owned()).or_default().reserved += 1;
    }
    changes
}

#[cfg(test)]
mod tests;
