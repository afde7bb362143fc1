//! `RuleSetService.SimulateRules`: rules on past tickets, which are read from tickets' log a few hundred at a time.

use super::decode;
use crate::{
    Rooms,
    consumers::facts,
    store::{Compared, RuleRevision, answerable::Matter},
    telemetry::SimulationEnd,
};
use gongdan_access::{Caller, Scope};
use gongdan_bus::Event;
use gongdan_errors::{Error, Reason, Violations};
use gongdan_outbox::AT_ONCE;
use gongdan_proto::{
    from_timestamp,
    routing::v1::{self as pb, SimulateRulesRequest, SimulateRulesResponse, simulate_rules_response::Step},
    tickets::v1::{TicketEvent, ticket_event::Change},
};
use gongdan_routing_domain::simulate::{Difference, Example, Pair, Past, Place, Simulation, Tally};
use jiff::Timestamp;
use std::{collections::HashMap, pin::Pin, sync::Arc, time::Duration};
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio_stream::{Stream, wrappers::ReceiverStream};
use tonic::Status;
use tracing::Instrument as _;
use uuid::Uuid;

/// What the RPC answers with.
pub(super) type Steps = Pin<Box<dyn Stream<Item = Result<SimulateRulesResponse, Status>> + Send>>;

const MOST_TICKETS: i32 = 100_000;
const MOST_EXAMPLES: i32 = 20;
const MOST_PAIRS: usize = 200;
/// Of all pairs, so that an answer is within the size of messages.
const MOST_EXAMPLES_IN_ALL: usize = 1_000;
/// What a caller may see of tickets here.
const READ: &str = "decisions.read";
/// Answers that wait for a reader.
const AHEAD: usize = 16;
const RETRY_AFTER: Duration = Duration::from_secs(30);

type Answers = mpsc::Sender<Result<SimulateRulesResponse, Status>>;

/// A ticket by id and number.
type Key = (Uuid, String);

struct Run {
    rooms: Arc<Rooms>,
    /// The tickets that the caller may see: what a condition finds in others is not to be learnt either.
    scope: Scope,
    compared: Arc<Compared>,
    number: i64,
    tickets: usize,
    examples: usize,
    at: Timestamp,
}

pub(super) async fn simulate_rules(
    rooms: &Arc<Rooms>,
    caller: &Caller,
    request: SimulateRulesRequest,
) -> Result<Steps, Error> {
    let now = rooms.clock.now();
    let mut violations = Violations::new();
    if request.number < 0 {
        violations.add("number", "from 1, or 0 for the draft");
    }
    let tickets = violations.field("tickets", decode::within(request.tickets, MOST_TICKETS, 1_000));
    let examples = violations.field("examples", decode::within(request.examples, MOST_EXAMPLES, 3));
    let at = request.at.as_ref().map_or(Ok(now), from_timestamp);
    let at = violations.field("at", at.map_err(|_| "an instant"));
    let (Some(tickets), Some(examples), Some(at)) = (tickets, examples, at) else {
        return Err(violations.into_error());
    };
    violations.finish()?;
    let permit =
        rooms.simulations.clone().try_acquire_owned().map_err(|_| {
            Error::exhausted(Reason::ServerBusy, "another simulation is running", RETRY_AFTER)
        })?;
    // People are as they are now; rosters, leave and swaps are known for the past too.
    let compared =
        Arc::new(rooms.store.compared(request.number, &rooms.access.policies(), at.min(now)).await?);
    let run = Run {
        rooms: rooms.clone(),
        scope: caller.scope_of(READ),
        compared,
        number: request.number,
        tickets,
        examples,
        at,
    };
    let (answers, reader) = mpsc::channel(AHEAD);
    let span = tracing::info_span!("simulate_rules", number = request.number, tickets);
    tokio::spawn(run.run(answers, permit).instrument(span));
    Ok(Box::pin(ReceiverStream::new(reader)))
}

impl Run {
    /// Until all tickets are tried, nobody reads any more, or the service ends.
    async fn run(self, answers: Answers, _permit: OwnedSemaphorePermit) {
        let outcome = tokio::select! {
            outcome = self.all(&answers) => Some(outcome),
            () = answers.closed() => None,
            () = self.rooms.shutdown.cancelled() => {
                Some(Err(Error::unavailable("the service is stopping", RETRY_AFTER)))
            }
        };
        let end = match &outcome {
            None => SimulationEnd::Cancelled,
            Some(Ok(_)) => SimulationEnd::Finished,
            Some(Err(_)) => SimulationEnd::Failed,
        };
        self.rooms.metrics.simulated(end);
        if let Some(outcome) = outcome {
            let last = outcome.map(|outcome| step(Step::Outcome(outcome))).map_err(Status::from);
            let _ = answers.send(last).await;
        }
    }

    async fn all(&self, answers: &Answers) -> Result<pb::SimulationOutcome, Error> {
        let store = &self.rooms.store;
        let most = i64::try_from(self.tickets).unwrap_or(i64::MAX);
        let of = i32::try_from(store.count_tickets(&self.scope, most).await?).unwrap_or(i32::MAX);
        let mut simulation = Simulation::new(&self.compared.after, self.examples);
        let (mut unreadable, mut before) = (0, None);
        loop {
            let (tried, elsewhere) = simulation.so_far();
            let progress = pb::SimulationProgress { tickets: count(tried), of, elsewhere: count(elsewhere) };
            // A reader that is slow sees fewer of them.
            let _ = answers.try_send(Ok(step(Step::Progress(progress))));
            let page = i64::try_from(AT_ONCE).unwrap_or(i64::MAX);
            let ids = store.past_tickets(&self.scope, before, page).await?;
            let Some(last) = ids.last() else { break };
            before = Some(*last);
            let mut past = self.past(&ids, &mut unreadable).await?;
            past.truncate(self.tickets - tried);
            self.rooms.metrics.simulated_tickets(past.len());
            let (compared, at) = (self.compared.clone(), self.at);
            simulation = tokio::task::spawn_blocking(move || {
                simulation.try_on(&compared.in_force, &compared.after, &past, at);
                simulation
            })
            .await
            .map_err(Error::internal)?;
            if simulation.so_far().0 >= self.tickets {
                break;
            }
        }
        Ok(self.outcome(simulation.finish(MOST_PAIRS), unreadable))
    }

    /// Tickets as they were submitted, newest first. Those that never were, drafts, are left out.
    async fn past(&self, ids: &[Uuid], unreadable: &mut usize) -> Result<Vec<Past<Key>>, Error> {
        let events = self.rooms.tickets_log.pick(ids, "submitted").await?;
        let mut by_id: HashMap<Uuid, Event> = HashMap::with_capacity(events.len());
        for event in events {
            by_id.entry(event.aggregate_id).or_insert(event);
        }
        let (mut past, mut matters) = (Vec::with_capacity(by_id.len()), Vec::with_capacity(by_id.len()));
        for id in ids {
            let Some(event) = by_id.remove(id) else { continue };
            match read(&event) {
                Some((ticket, matter)) => {
                    past.push(ticket);
                    matters.push(matter);
                }
                None => *unreadable += 1,
            }
        }
        let answerable =
            self.rooms.store.answerable(&matters, &self.rooms.access.policies(), self.at).await?;
        for (ticket, answerable) in past.iter_mut().zip(answerable) {
            ticket.answerable = answerable;
        }
        Ok(past)
    }

    fn outcome(&self, difference: Difference<Key>, unreadable: usize) -> pb::SimulationOutcome {
        let mut examples = MOST_EXAMPLES_IN_ALL;
        let pairs = difference.pairs.into_iter().map(|pair| shown(pair, &mut examples)).collect();
        let revisions: HashMap<i64, &RuleRevision> =
            self.compared.rules.iter().map(|one| (one.revision, one)).collect();
        let rules = difference.rules.into_iter();
        pb::SimulationOutcome {
            tickets: count(difference.tickets),
            elsewhere: count(difference.elsewhere),
            other_marks: count(difference.other_marks),
            unreadable: count(unreadable),
            pairs,
            in_other_pairs: count(difference.in_other_pairs),
            rules: rules.filter_map(|(id, tally)| Some(rule(revisions.get(&id)?, tally))).collect(),
            number: self.number,
            in_force: self.compared.number_in_force,
            draft_etag: self.compared.draft_etag.clone(),
        }
    }
}

/// A pair with as many of its examples as there is still room for.
fn shown(pair: Pair<Key>, room: &mut usize) -> pb::SimulationPair {
    let example = |Example { key: (_, ticket_number), before, after }| pb::SimulationExample {
        ticket_number,
        before,
        after,
    };
    let examples: Vec<_> = pair.examples.into_iter().take(*room).map(example).collect();
    *room -= examples.len();
    let (from, to) = (Some(place(pair.from)), Some(place(pair.to)));
    pb::SimulationPair { from, to, tickets: count(pair.tickets), examples }
}

fn read(event: &Event) -> Option<(Past<Key>, Matter)> {
    let payload: TicketEvent = event.decode().ok()?;
    let (Some(ticket), Some(Change::Submitted(submitted))) = (payload.state, payload.change) else {
        return None;
    };
    let facts = facts(&ticket, submitted.subject, submitted.body).ok()?;
    let matter = Matter::of(&ticket);
    let key = (event.aggregate_id, ticket.number);
    Some((Past { key, facts, submitted_at: event.occurred_at, answerable: Vec::new() }, matter))
}

fn place(place: Place) -> pb::SimulationPlace {
    pb::SimulationPlace {
        unit_id: place.unit_id.unwrap_or_default(),
        person_id: place.person_id.unwrap_or_default(),
        pool: place.pool,
    }
}

fn rule(revision: &RuleRevision, tally: Tally) -> pb::SimulatedRule {
    pb::SimulatedRule {
        rule_id: revision.rule.id.clone(),
        name: revision.rule.name.clone(),
        position: revision.rule.position,
        decided: count(tally.decided),
        marked: count(tally.marked),
        passed_over: count(tally.passed_over),
        failed: count(tally.failed),
        failure: tally.failure,
        tried: count(tally.tried),
    }
}

const fn step(step: Step) -> SimulateRulesResponse {
    SimulateRulesResponse { step: Some(step) }
}

fn count(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
