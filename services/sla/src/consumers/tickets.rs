//! Ticket events start, stop and cancel clocks. A batch costs the same few statements whatever its size.

use crate::{
    config::{PoliciesConfig, TimersConfig},
    events,
    jobs::Alarm,
    store::{Heads, TermsCache, clocks},
    telemetry::Metrics,
};
use gongdan_bus::Event;
use gongdan_clock::{SharedClock, new_id};
use gongdan_errors::{Error, Reason};
use gongdan_outbox::{ApplyError, Handler, append};
use gongdan_sla_domain::{
    calendar::Calendar,
    clock::{Change, Clock, Fact},
    lifecycle::{Act, Setting, Terms, TicketClocks, TicketFact},
    policy::PolicySet,
};
use jiff::Timestamp;
use sqlx::PgConnection;
use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
};
use uuid::Uuid;

/// Applies ticket events to clocks.
pub struct TicketClocksHandler {
    clock: SharedClock,
    terms: TermsCache,
    policies: PoliciesConfig,
    timers: TimersConfig,
    metrics: Metrics,
    alarm: Alarm,
    /// The earliest timer of what was applied and has not committed yet.
    earliest: Mutex<Option<Timestamp>>,
}

/// An event read, with the policy set it asks for.
struct Read<'a> {
    event: &'a Event,
    fact: TicketFact,
    policy: String,
}

/// What the events of a batch need besides themselves.
struct Needs {
    terms: HashMap<String, Terms>,
    calendars: HashMap<String, Arc<Calendar>>,
    /// By id; of clocks that are to be laid on other terms.
    policies: HashMap<String, Arc<PolicySet>>,
}

impl Needs {
    /// The version of a policy set that a clock runs under: from before, or begun by these events.
    fn policy(&self, id: &str) -> Option<Arc<PolicySet>> {
        let begun = || self.terms.values().map(|terms| &terms.policy).find(|policy| policy.id() == id);
        self.policies.get(id).or_else(begun).cloned()
    }
}

fn by_ticket(clocks: &[Clock]) -> HashMap<Uuid, Vec<&Clock>> {
    let mut by_ticket: HashMap<Uuid, Vec<&Clock>> = HashMap::new();
    for clock in clocks {
        by_ticket.entry(clock.ticket_id).or_default().push(clock);
    }
    by_ticket
}

impl TicketClocksHandler {
    /// Works with these.
    #[must_use]
    pub fn new(
        clock: SharedClock,
        terms: TermsCache,
        policies: PoliciesConfig,
        timers: TimersConfig,
        metrics: Metrics,
        alarm: Alarm,
    ) -> Self {
        Self { clock, terms, policies, timers, metrics, alarm, earliest: Mutex::new(None) }
    }

    async fn needs(
        &self,
        connection: &mut PgConnection,
        events: &mut [Read<'_>],
        running: &[Clock],
    ) -> Result<Needs, ApplyError> {
        let heads = self.terms.heads(&mut *connection).await?;
        let mut needs = Needs { terms: HashMap::new(), calendars: HashMap::new(), policies: HashMap::new() };
        for event in events.iter_mut() {
            if event.policy.is_empty() {
                event.policy.clone_from(&self.policies.default_set);
            }
            if !needs.terms.contains_key(&event.policy) {
                let terms = self.terms_or_default(&mut *connection, &heads, &event.policy).await?;
                needs.calendars.insert(terms.calendar.id(), Arc::clone(&terms.calendar));
                needs.terms.insert(event.policy.clone(), terms);
            }
        }
        let mut moving: HashSet<&str> = HashSet::new();
        let by_ticket = by_ticket(running);
        for ticket in events.iter().map(|read| &read.fact.ticket) {
            let clocks = by_ticket.get(&ticket.id).into_iter().flatten();
            moving.extend(clocks.filter(|clock| ticket.moves(clock)).map(|clock| clock.policy.as_str()));
        }
        for clock in running {
            let moves = moving.contains(clock.policy.as_str());
            if moves && !needs.policies.contains_key(&clock.policy) {
                let policy = self.terms.policy_set(&mut *connection, &heads, &clock.policy).await?;
                needs.policies.insert(clock.policy.clone(), policy);
            }
            if !needs.calendars.contains_key(&clock.calendar) {
                let calendar = self.terms.calendar(&mut *connection, &heads, &clock.calendar).await?;
                needs.calendars.insert(clock.calendar.clone(), calendar);
            }
        }
        Ok(needs)
    }

    /// A catalogue may name a policy set that is not there: the default counts until it is.
    async fn terms_or_default(
        &self,
        connection: &mut PgConnection,
        heads: &Heads,
        key: &str,
    ) -> Result<Terms, Error> {
        match self.terms.terms(&mut *connection, heads, key).await {
            Err(error) if error.reason() == Reason::PolicySetNotFound => {
                tracing::warn!(policy_set = key, "no such policy set; the default one counts");
                self.terms.terms(connection, heads, &self.policies.default_set).await
            }
            other => other,
        }
    }

    /// Applies the events in their order; every fact that follows.
    fn advance(
        &self,
        events: &[Read<'_>],
        tickets: &mut HashMap<Uuid, TicketClocks>,
        needs: &Needs,
        now: Timestamp,
    ) -> Result<Vec<Fact>, ApplyError> {
        let mut facts = Vec::new();
        for Read { event, fact, policy } in events {
            let Some(terms) = needs.terms.get(policy) else { continue };
            let setting = Setting {
                terms,
                calendar: &|id| needs.calendars.get(id).cloned(),
                policy: &|id| needs.policy(id),
                now,
                late_after: self.timers.late_after,
                settle_after: self.timers.settle_after,
                new_id: &|| new_id(now),
            };
            let clocks = tickets.entry(fact.ticket.id).or_default();
            facts.extend(clocks.apply(fact, &setting).map_err(|unfit| ApplyError::poison(event, unfit))?);
        }
        Ok(facts)
    }

    fn watch_years(&self, facts: &[Fact], needs: &Needs) {
        for clock in facts.iter().filter(|fact| fact.change == Change::Started).map(|fact| &fact.after) {
            if let Some(calendar) =
                needs.calendars.get(&clock.calendar).filter(|_| clock.amount.needs_calendar())
            {
                self.metrics
                    .years_missing(&clock.calendar, &calendar.missing_years(clock.started_at, clock.due_at));
            }
        }
    }
}

#[async_trait::async_trait]
impl Handler for TicketClocksHandler {
    async fn apply(&self, connection: &mut PgConnection, events: &[Event]) -> Result<(), ApplyError> {
        let mut read = Vec::with_capacity(events.len());
        for event in events {
            let (fact, policy) =
                events::ticket_fact(event).map_err(|reason| ApplyError::poison(event, reason))?;
            read.push(Read { event, fact, policy });
        }
        let ids: HashSet<Uuid> = read.iter().map(|read| read.fact.ticket.id).collect();
        let ids: Vec<Uuid> = ids.into_iter().collect();
        let running = clocks::lock_open(&mut *connection, &ids).await.map_err(Error::from)?;
        let idle: HashSet<Uuid> = {
            let busy: HashSet<Uuid> = running.iter().map(|clock| clock.ticket_id).collect();
            let starting = read.iter().filter(|read| read.fact.act != Act::Other);
            let busy: HashSet<Uuid> = starting.map(|read| read.fact.ticket.id).chain(busy).collect();
            ids.into_iter().filter(|id| !busy.contains(id)).collect()
        };
        read.retain(|read| !idle.contains(&read.fact.ticket.id));
        if read.is_empty() {
            return Ok(());
        }
        let needs = self.needs(&mut *connection, &mut read, &running).await?;
        let before: HashMap<Uuid, Clock> = running.iter().map(|clock| (clock.id, clock.clone())).collect();
        let mut tickets: HashMap<Uuid, TicketClocks> = HashMap::new();
        for clock in running {
            tickets.entry(clock.ticket_id).or_default().clocks.push(clock);
        }

        let now = self.clock.now();
        let facts = self.advance(&read, &mut tickets, &needs, now)?;

        let after: Vec<&Clock> = tickets.values().flat_map(|ticket| &ticket.clocks).collect();
        let (old, new): (Vec<&Clock>, Vec<&Clock>) =
            after.into_iter().partition(|clock| before.contains_key(&clock.id));
        let changed: Vec<&Clock> =
            old.into_iter().filter(|clock| before.get(&clock.id) != Some(clock)).collect();
        // what ended makes way first: one clock of a kind runs at a time
        clocks::update_many(&mut *connection, &changed).await?;
        clocks::insert_many(&mut *connection, &new).await?;
        let published: Vec<_> = facts.iter().map(|fact| events::new_event(fact, now)).collect();
        append(&mut *connection, &published).await?;

        facts.iter().for_each(|fact| self.metrics.changed(fact));
        self.watch_years(&facts, &needs);
        let earliest = new.iter().chain(&changed).filter_map(|clock| clock.next_fire_at()).min();
        let mut waiting = self.earliest.lock().unwrap_or_else(PoisonError::into_inner);
        *waiting = [*waiting, earliest].into_iter().flatten().min();
        Ok(())
    }

    async fn committed(&self, _events: &[Event]) {
        let earliest = self.earliest.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(at) = earliest {
            self.alarm.ring_if_before(at);
        }
    }
}
