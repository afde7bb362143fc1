//! `tickets.v1.>`: a decision for each ticket that comes to `pending_dispatch`, tickets' answers to decisions, and who
//! holds what.
//!
//! Contiguous per ticket: a return must not be seen before the dispatch it undoes. A batch takes a handful of statements
//! and an append, however many events it has. A decision in favour of a person reserves capacity in its transaction;
//! tickets' answer makes a holding of it or releases it. Subject and body are not kept: a decision that needs them for a ticket submitted
//! earlier reads them from tickets' event log.

use super::{
    batch::{Batch, KINDS, Trigger, Waiting},
    counted::{self, Uncommitted},
    escalations::escalated_from,
    facts::facts,
    holdings::{self, Holders},
    receivers::first_receivers,
    staffing::Desk,
};
use crate::{
    config::DecisionsConfig,
    events,
    store::{
        Answer, Answered, DecisionRow, DirectoryCache, InsertError, LoadChanges, Matter as LastMatter,
        answer_many,
        answerable::{self, Matter},
        insert_many, last_handlers, loads, reassignment_tickets, reservations, supersede_many,
    },
    telemetry::{Counts, Metrics},
};
use async_trait::async_trait;
use gongdan_bus::Event;
use gongdan_clock::{SharedClock, new_id};
use gongdan_errors::Error;
use gongdan_outbox::{AT_ONCE, ApplyError, Handler, OwnerLog};
use gongdan_proto::tickets::v1::{TicketEvent, ticket_event::Change};
use gongdan_routing_domain::{
    Directory, History, Question, REFUSALS_BEFORE_POOL, Refusals, RuleInForce, RuleTarget, TicketFacts,
    strategy::Strategy,
};
use jiff::Timestamp;
use sqlx::PgConnection;
use std::{collections::HashMap, sync::Arc};
use uuid::Uuid;

/// Decides about tickets.
pub struct Tickets {
    /// Organisation and rules.
    directory: Arc<DirectoryCache>,
    /// Tickets' event log.
    log: Arc<dyn OwnerLog>,
    /// The time.
    clock: SharedClock,
    /// When decisions are sent again.
    resend: DecisionsConfig,
    /// What people may have when neither rule nor roster says it.
    capacity: u32,
    /// What is counted.
    metrics: Metrics,
    /// What is to be counted once it is committed.
    uncommitted: Uncommitted,
}

impl Tickets {
    /// By what it decides.
    pub fn new(
        directory: Arc<DirectoryCache>,
        log: Arc<dyn OwnerLog>,
        clock: SharedClock,
        resend: DecisionsConfig,
        capacity: u32,
        metrics: Metrics,
    ) -> Self {
        Self { directory, log, clock, resend, capacity, metrics, uncommitted: Uncommitted::default() }
    }

    /// Types of events it asks for.
    pub fn kinds() -> Vec<&'static str> {
        let mut kinds = [&KINDS[..], &holdings::KINDS].concat();
        kinds.sort_unstable();
        kinds.dedup();
        kinds
    }
}

/// A ticket ready to be decided about.
struct Ask {
    waiting: Waiting,
    facts: TicketFacts,
    refusals: Refusals,
}

impl Ask {
    /// The customer's tickets about the item, if it is known whose it is.
    fn matter(&self) -> Option<LastMatter> {
        let customer = Uuid::try_parse(&self.waiting.ticket.customer_id).ok()?;
        Some((customer, self.facts.item.clone()))
    }
}

/// What of tickets' past decisions are made by.
#[derive(Debug, Default)]
struct Past {
    returned: HashMap<Uuid, Vec<String>>,
    last: HashMap<LastMatter, String>,
    first: HashMap<Uuid, String>,
    escalated: HashMap<Uuid, Vec<String>>,
}

#[async_trait]
impl Handler for Tickets {
    async fn apply(&self, connection: &mut PgConnection, events: &[Event]) -> Result<(), ApplyError> {
        self.uncommitted.begin(events);
        let (mut batch, mut holders) = (Batch::default(), Holders::default());
        for event in events {
            batch.take(event).map_err(|reason| ApplyError::poison(event, reason))?;
            holders.take(event).map_err(|reason| ApplyError::poison(event, reason))?;
        }
        let answers: Vec<Answer> = batch.answers.into_values().collect();
        let answered = answer_many(connection, &answers).await?;
        let handed_over = |answer: &&Answer| {
            answered.iter().any(|answered| answered.id == answer.decision_id && answered.handover)
        };
        reassignment_tickets::answered(connection, answers.iter().filter(handed_over)).await?;
        let gone: Vec<_> = batch.gone.into_iter().collect();
        let superseded = supersede_many(connection, &gone).await?;
        let noted = answers.iter().filter(|answer| answered.iter().any(|done| done.id == answer.decision_id));
        self.uncommitted.add(events, counted::answers(noted.map(|answer| answer.kind)));
        let over: Vec<Uuid> = answered.iter().map(|answered| answered.id).chain(superseded).collect();
        let mut settled = holders.write(connection).await?;
        for person in reservations::release(connection, &over).await? {
            settled.entry(person).or_default().reserved -= 1;
        }
        if batch.waiting.is_empty() {
            loads::change(connection, &settled).await?;
            return Ok(());
        }
        let counts = self.decide(connection, batch.waiting, &answers, &answered, settled).await?;
        self.uncommitted.add(events, counts);
        Ok(())
    }

    async fn committed(&self, events: &[Event]) {
        self.metrics.count(&self.uncommitted.committed(events));
    }
}

impl Tickets {
    async fn decide(
        &self,
        connection: &mut PgConnection,
        waiting: HashMap<Uuid, Waiting>,
        answers: &[Answer],
        answered: &[Answered],
        settled: LoadChanges,
    ) -> Result<Counts, ApplyError> {
        let now = self.clock.now();
        let directory = self.directory.get(connection, now).await.map_err(unreadable)?;
        let mut asked = Vec::with_capacity(waiting.len());
        for waiting in waiting.into_values() {
            if let Some(refusals) = refusals(&waiting.trigger, answers, answered) {
                asked.push((waiting, refusals));
            }
        }
        let untold = asked.iter().filter(|(waiting, _)| waiting.text.is_none());
        let mut texts = match directory.reads_text() {
            true => self.texts(untold.map(|(waiting, _)| waiting.event.aggregate_id).collect()).await?,
            false => HashMap::new(),
        };
        let mut asks = Vec::with_capacity(asked.len());
        for (waiting, refusals) in asked {
            let text = waiting.text.clone().or_else(|| texts.remove(&waiting.event.aggregate_id));
            let (subject, body) = text.unwrap_or_default();
            let facts = facts(&waiting.ticket, subject, body)
                .map_err(|reason| ApplyError::poison(&waiting.event, reason))?;
            asks.push(Ask { waiting, facts, refusals });
        }
        // In the order of ids, so that two batches cannot wait for each other.
        asks.sort_by_key(|ask| ask.waiting.event.aggregate_id);
        let questions = self.questions(connection, &directory, &asks, now).await?;
        let desk = Desk { directory, capacity: self.capacity, now, metrics: &self.metrics };
        let decided = desk.decide(connection, questions, settled).await?;
        let rows: Vec<_> = asks
            .iter()
            .zip(decided)
            .map(|(ask, decided)| DecisionRow {
                id: new_id(now),
                ticket_id: ask.waiting.event.aggregate_id,
                ticket_number: ask.waiting.ticket.number.clone(),
                ticket_version: ask.waiting.event.version,
                round: ask.waiting.ticket.round,
                region: ask.facts.region,
                item: ask.facts.item.clone(),
                decided_at: now,
                decided,
                attempt: i32::try_from(ask.refusals.count).unwrap_or(i32::MAX).saturating_add(1),
                resend_at: now.saturating_add(self.resend.wait(1)).unwrap_or(now),
                handover: None,
            })
            .collect();
        let written = insert_many(connection, &rows).await.map_err(|error| match error {
            InsertError::Sql(error) => ApplyError::from(error),
            InsertError::Json(error) => ApplyError::Failed(error.into()),
        })?;
        let told: Vec<_> = rows.iter().filter(|row| written.contains(&row.id)).collect();
        self.reserve(connection, &rows, &told).await?;
        let new_events: Vec<_> = told.iter().map(|row| events::decided(*row, 1, now)).collect();
        gongdan_outbox::append(connection, &new_events).await?;
        Ok(counted::decisions(told.iter().map(|row| &row.decided)))
    }

    /// Writes reservations of the decisions that were written; a version of a ticket that had its decision already keeps
    /// that one, and what was reserved for another is free again.
    async fn reserve(
        &self,
        connection: &mut PgConnection,
        rows: &[DecisionRow],
        told: &[&DecisionRow],
    ) -> Result<(), ApplyError> {
        let person = |row: &DecisionRow| row.decided.target.person_id().map(ToOwned::to_owned);
        let named: Vec<(Uuid, String)> =
            told.iter().filter_map(|row| person(row).map(|person| (row.id, person))).collect();
        reservations::insert(connection, &named, self.clock.now()).await?;
        let mut unwritten = LoadChanges::new();
        for person in rows.iter().filter(|row| !told.iter().any(|told| told.id == row.id)).filter_map(person)
        {
            let change = unwritten.entry(person).or_default();
            change.reserved -= 1;
        }
        loads::change(connection, &unwritten).await?;
        Ok(())
    }

    /// What is asked, with who had to do with the tickets where rules choose by that, and who answers for their assets and
    /// customers.
    async fn questions(
        &self,
        connection: &mut PgConnection,
        directory: &Directory,
        asks: &[Ask],
        now: Timestamp,
    ) -> Result<Vec<Question>, ApplyError> {
        let matters: Vec<Matter> = asks.iter().map(|ask| Matter::of(&ask.waiting.ticket)).collect();
        let mut answerable =
            answerable::read(connection, &matters, &self.directory.policies(), now).await?.into_iter();
        let past = self.past(connection, directory, asks).await?;
        Ok(asks
            .iter()
            .map(|ask| {
                let id = ask.waiting.event.aggregate_id;
                let put_back_by = ask.waiting.ticket.put_back_by_ids.clone();
                let returned = past.returned.get(&id).into_iter().flatten();
                Question {
                    ticket: ask.facts.clone(),
                    refusals: ask.refusals.clone(),
                    history: History {
                        last_handler: ask.matter().and_then(|matter| past.last.get(&matter).cloned()),
                        returned_by: returned.chain(&put_back_by).cloned().collect(),
                        put_back_by,
                        first_receiver: past.first.get(&id).cloned(),
                        escalated_from: past.escalated.get(&id).cloned().unwrap_or_default(),
                        answerable: answerable.next().unwrap_or_default(),
                        lot: id.as_u64_pair().1,
                    },
                }
            })
            .collect())
    }

    /// Of tickets' past what rules in force ask for; who returned it also counts for who answers for it, and so does from
    /// where it was escalated.
    async fn past(
        &self,
        connection: &mut PgConnection,
        directory: &Directory,
        asks: &[Ask],
    ) -> Result<Past, ApplyError> {
        let rounds: Vec<(Uuid, i32)> = asks
            .iter()
            .filter(|ask| !ask.facts.returned_by.is_empty())
            .map(|ask| (ask.waiting.event.aggregate_id, ask.waiting.ticket.round))
            .collect();
        let mut past = Past::default();
        if !rounds.is_empty() {
            past.returned = holdings::returned_by(connection, &rounds).await?;
        }
        if directory.asks_first_receiver() && !rounds.is_empty() {
            past.first = first_receivers(self.log.as_ref(), &rounds).await?;
        }
        let climbed: Vec<(Uuid, i32)> = asks
            .iter()
            .filter(|ask| ask.facts.tier > 1)
            .map(|ask| (ask.waiting.event.aggregate_id, ask.waiting.ticket.round))
            .collect();
        if !climbed.is_empty() {
            past.escalated = escalated_from(self.log.as_ref(), &climbed).await?;
        }
        let by_last_handler = |rule: &RuleInForce| match &rule.action.target {
            Some(RuleTarget::Strategy(to)) => to.strategy == Strategy::LastHandler,
            _ => false,
        };
        if directory.rules().iter().any(by_last_handler) {
            let matters: Vec<_> = asks.iter().filter_map(Ask::matter).collect();
            past.last = last_handlers::read(connection, &matters).await?;
        }
        Ok(past)
    }

    /// Subjects and bodies, as the tickets were submitted, or as they were taken out of quarantine.
    async fn texts(&self, mut tickets: Vec<Uuid>) -> Result<HashMap<Uuid, (String, String)>, ApplyError> {
        let mut texts = HashMap::with_capacity(tickets.len());
        for kind in ["submitted", "quarantined"] {
            for some in tickets.chunks(AT_ONCE) {
                for event in self.log.pick(some, kind).await? {
                    let text = match event.decode::<TicketEvent>()?.change {
                        Some(Change::Submitted(submitted)) => (submitted.subject, submitted.body),
                        Some(Change::Quarantined(quarantined)) => (quarantined.subject, quarantined.body),
                        _ => continue,
                    };
                    texts.entry(event.aggregate_id).or_insert(text);
                }
            }
            tickets.retain(|ticket| !texts.contains_key(ticket));
        }
        Ok(texts)
    }
}

/// Rules, units or duty cannot be read, whatever is asked: another release wrote them, or they are damaged. That is nothing
/// that is wrong with these tickets: they wait until it is mended, or another replica can.
fn unreadable(error: Error) -> ApplyError {
    ApplyError::Transient(anyhow::Error::from(error).context("what tickets are decided by cannot be read"))
}

/// Refusals behind a question; none when it is not to be asked: the refusal was of an older decision, was answered
/// before, was of one by which somebody would have handed the ticket over, or even the manual pool was refused.
fn refusals(trigger: &Trigger, answers: &[Answer], answered: &[Answered]) -> Option<Refusals> {
    let Trigger::Refused(decisions) = trigger else { return Some(Refusals::default()) };
    let refused = answered
        .iter()
        .find(|answered| decisions.contains(&answered.id) && answered.newest && !answered.handover)?;
    let count = usize::try_from(refused.attempt).ok().filter(|count| *count <= REFUSALS_BEFORE_POOL)?;
    let last_reason = answers.iter().find(|answer| answer.decision_id == refused.id)?.reason.clone();
    Some(Refusals { count, last_reason })
}

#[cfg(test)]
mod tests;
