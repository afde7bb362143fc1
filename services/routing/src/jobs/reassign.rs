//! Reassignments: what a person has in hand is given to others, oldest first, some tickets in a transaction. Source: R10.
//!
//! Any replica may do it: a reassignment is claimed for one batch, and the batch's tickets wait no longer when it commits,
//! so each is decided once, whoever dies when. A reassignment is over when none waits and tickets has answered for all.

use crate::{
    Rooms,
    config::DecisionsConfig,
    events,
    store::{
        DecisionRow, Handover, LoadChanges, Reassignment, ReassignmentState, TicketOutcome, TicketState,
        holdings, in_hand, insert_many, loads, names_of, reassignment_tickets as tickets, reassignments,
        reservations, rotations, staffing,
    },
};
use gongdan_clock::new_id;
use gongdan_errors::Error;
use gongdan_routing_domain::{
    Directory,
    reassign::{Given, InHand, Plan, give, turn_of},
    strategy::Staff,
};
use jiff::{SignedDuration, Timestamp};
use sqlx::{Connection as _, PgConnection};
use std::{collections::BTreeSet, sync::Arc};
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;
use uuid::Uuid;

/// How often is tried before the batch is left for later.
const TRIES: usize = 8;
/// The longest sleep: another process may have begun one. As long when the database is in trouble.
const IDLE: SignedDuration = SignedDuration::from_secs(5);
/// The shortest: what is due and was not claimed is held by another replica.
const HELD: SignedDuration = SignedDuration::from_millis(50);

/// Runs until told to stop; trouble is logged and tried again after a while.
pub async fn run(rooms: Arc<Rooms>, decisions: DecisionsConfig, shutdown: CancellationToken) {
    while !shutdown.is_cancelled() {
        let failed = match go_on(&rooms, decisions).await {
            Ok(true) => continue,
            Ok(false) => false,
            Err(error) => {
                tracing::warn!(%error, "reassignments do not get further");
                true
            }
        };
        let now = rooms.clock.now();
        let after = |wait: SignedDuration| now.saturating_add(wait).unwrap_or(now);
        let next = match rooms.store.next_reassignment().await {
            Ok(Some(next)) if !failed => next.max(after(HELD)).min(after(IDLE)),
            _ => after(IDLE),
        };
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = rooms.reassigning.notified() => {}
            () = rooms.clock.sleep_until(next) => {}
        }
    }
}

/// Goes on with one that is due; false when none is.
async fn go_on(rooms: &Rooms, decisions: DecisionsConfig) -> Result<bool, Error> {
    let now = rooms.clock.now();
    let mut transaction = rooms.pool.begin().await.map_err(gongdan_pg::error)?;
    let Some(due) = reassignments::claim(&mut transaction, now).await? else { return Ok(false) };
    let id = due.id();
    let span = tracing::info_span!("reassign", reassignment = %id);
    let gone_on = async {
        let step = step(rooms, decisions, due.read()?, &mut transaction, now).await?;
        transaction.commit().await.map_err(gongdan_pg::error)?;
        Ok(step)
    };
    match gone_on.instrument(span).await {
        Ok(step) => step.tell(rooms, id),
        Err(error) => put_off(rooms, id, &error, now).await?,
    }
    Ok(true)
}

/// What is wrong with one keeps no other from getting on: it is put off, in a transaction of its own.
async fn put_off(rooms: &Rooms, id: Uuid, error: &Error, now: Timestamp) -> Result<(), Error> {
    let failures = rooms.store.reassignment_failed(id, now).await?;
    rooms.metrics.reassignment_failed();
    tracing::warn!(reassignment = %id, %error, failures, "a reassignment does not get further");
    Ok(())
}

/// What one batch came to.
struct Step {
    outcomes: Vec<TicketOutcome>,
    /// It is over.
    over: Option<(ReassignmentState, i32)>,
}

async fn step(
    rooms: &Rooms,
    decisions: DecisionsConfig,
    reassignment: Reassignment,
    connection: &mut PgConnection,
    now: Timestamp,
) -> Result<Step, Error> {
    let batch = Batch { rooms, decisions, reassignment: &reassignment, now };
    let outcomes = batch.run(connection).await?;
    let over = if outcomes.is_empty() { batch.finish(connection).await? } else { None };
    if over.is_none() {
        let config = &rooms.reassignments;
        let wait = if outcomes.is_empty() { config.look_every } else { config.pause };
        let until = now.saturating_add(wait).unwrap_or(now);
        reassignments::put_off(connection, reassignment.id, until).await?;
    }
    Ok(Step { outcomes, over: over.map(|state| (state, reassignment.total)) })
}

impl Step {
    /// After the commit.
    fn tell(&self, rooms: &Rooms, id: Uuid) {
        for state in [TicketState::Open, TicketState::NobodyAble, TicketState::MovedOn] {
            let many = self.outcomes.iter().filter(|outcome| outcome.state == state).count();
            rooms.metrics.reassigned(state, u64::try_from(many).unwrap_or(0));
        }
        let takers: BTreeSet<&String> =
            self.outcomes.iter().filter_map(|outcome| outcome.to_person_id.as_ref()).collect();
        rooms.metrics.reserved(u64::try_from(takers.len()).unwrap_or(0));
        if !self.outcomes.is_empty() {
            rooms.relay.wake();
            let decided = self.outcomes.iter().filter(|outcome| outcome.state == TicketState::Open).count();
            tracing::info!(reassignment = %id, tickets = self.outcomes.len(), decided, "tickets reassigned");
        }
        if let Some((state, tickets)) = self.over {
            rooms.metrics.reassignment_over(state == ReassignmentState::Stopped);
            tracing::info!(reassignment = %id, ?state, tickets, "a reassignment is over");
        }
    }
}

/// Some tickets of a reassignment.
struct Batch<'a> {
    rooms: &'a Rooms,
    decisions: DecisionsConfig,
    reassignment: &'a Reassignment,
    now: Timestamp,
}

/// A ticket whose turn it is, as it is in hand.
struct Turn {
    ticket_id: Uuid,
    holding: holdings::Holding,
    unit_id: String,
    sensitive: bool,
}

impl Batch<'_> {
    /// Decides about the next tickets that wait, and notes what came of it; none: none waits.
    async fn run(&self, connection: &mut PgConnection) -> Result<Vec<TicketOutcome>, Error> {
        if self.reassignment.state != ReassignmentState::Running {
            return Ok(Vec::new());
        }
        let at_once = i64::from(self.rooms.reassignments.at_once);
        let waiting = tickets::waiting(connection, self.reassignment.id, at_once).await?;
        if waiting.is_empty() {
            return Ok(Vec::new());
        }
        // Another release may have written what this one cannot read.
        let plan =
            self.reassignment.plan.as_ref().ok_or_else(|| Error::internal("its plan cannot be read"))?;
        let (turns, mut outcomes) = self.turns(connection, &waiting).await?;
        let given = self.give(connection, plan, &turns).await?;
        let handover = self.handover(connection).await?;
        let mut rows = Vec::new();
        for (turn, given) in turns.iter().zip(given) {
            match given {
                Given::Nobody { why, courses } => outcomes.push(TicketOutcome {
                    courses,
                    ..self.outcome(turn.ticket_id, TicketState::NobodyAble, why)
                }),
                Given::To(decided) => {
                    let Some(about) = &turn.holding.about else { continue };
                    rows.push(DecisionRow {
                        id: new_id(self.now),
                        ticket_id: turn.ticket_id,
                        ticket_number: about.number.clone(),
                        ticket_version: turn.holding.version,
                        round: turn.holding.round,
                        region: about.region,
                        item: about.item.clone(),
                        decided_at: self.now,
                        decided: *decided,
                        attempt: 1,
                        resend_at: self.now.saturating_add(self.decisions.wait(1)).unwrap_or(self.now),
                        handover: Some(handover.clone()),
                    });
                }
            }
        }
        outcomes.extend(self.write(connection, &rows).await?);
        tickets::note(connection, self.reassignment.id, &outcomes).await?;
        Ok(outcomes)
    }

    /// What each decision says of it.
    async fn handover(&self, connection: &mut PgConnection) -> Result<Handover, Error> {
        let Reassignment { id, person_id, reason, cause, started_by, .. } = self.reassignment;
        let names = names_of(connection, &[person_id.clone(), started_by.clone()]).await?;
        let name = |id: &String| names.get(id).cloned().unwrap_or_default();
        Ok(Handover {
            reassignment_id: *id,
            from_person_id: person_id.clone(),
            from_person_name: name(person_id),
            reason: reason.clone(),
            cause: *cause,
            started_by: started_by.clone(),
            started_by_name: name(started_by),
        })
    }

    /// The tickets as they are in hand, locked until the end of the transaction; what is not in hand any more is an outcome.
    async fn turns(
        &self,
        connection: &mut PgConnection,
        waiting: &[Uuid],
    ) -> Result<(Vec<Turn>, Vec<TicketOutcome>), Error> {
        let mut known = holdings::read(connection, waiting).await?;
        let sensitive = in_hand::sensitive(connection, waiting).await?;
        let (mut turns, mut gone) = (Vec::with_capacity(waiting.len()), Vec::new());
        for ticket_id in waiting {
            let holding = known.remove(ticket_id).unwrap_or_default();
            let with = holding.unit_id.clone().filter(|unit| self.reassignment.unit_ids.contains(unit));
            let why = match &holding.person_id {
                Some(person) if *person != self.reassignment.person_id => {
                    format!("{person} has the ticket in hand")
                }
                None => "nobody has the ticket in hand".to_owned(),
                Some(_) if holding.about.is_none() => "what it is about is not known here".to_owned(),
                Some(_) => match with {
                    Some(unit_id) => {
                        let sensitive = sensitive.contains(ticket_id);
                        turns.push(Turn { ticket_id: *ticket_id, holding, unit_id, sensitive });
                        continue;
                    }
                    None => "another unit holds the ticket".to_owned(),
                },
            };
            gone.push(self.outcome(*ticket_id, TicketState::MovedOn, why));
        }
        Ok((turns, gone))
    }

    /// Whom they go to, with loads and turns written: decided by what they are once they are locked, and again when
    /// somebody new had none to lock.
    async fn give(
        &self,
        connection: &mut PgConnection,
        plan: &Plan,
        turns: &[Turn],
    ) -> Result<Vec<Given>, Error> {
        if turns.is_empty() {
            return Ok(Vec::new());
        }
        let units: BTreeSet<String> = turns.iter().map(|turn| turn.unit_id.clone()).collect();
        let units: Vec<String> = units.into_iter().collect();
        let policies = self.rooms.access.policies();
        let directory = staffing::of_units(connection, &units, &policies, self.now).await?;
        for n in 0..TRIES {
            let mut savepoint = connection.begin().await.map_err(gongdan_pg::error)?;
            let mut staff = staff(&mut savepoint, &directory, &units, self.rooms.capacity, true).await?;
            let given: Vec<Given> = turns
                .iter()
                .map(|turn| {
                    let ticket = InHand {
                        person_id: &self.reassignment.person_id,
                        unit_id: &turn.unit_id,
                        returned_by: &turn.holding.returned_by,
                        put_back_by: &turn.holding.put_back_by,
                        sensitive: turn.sensitive,
                        lot: turn.ticket_id.as_u64_pair().1,
                    };
                    give(&directory, plan, &ticket, self.now, &mut staff)
                })
                .collect::<Option<_>>()
                .ok_or_else(|| Error::internal("the loads of a unit's people are not known"))?;
            let mut changes = LoadChanges::new();
            for (person, slack) in staff.slack() {
                let change = changes.entry(person.clone()).or_default();
                change.reserved = i32::try_from(slack.taken).unwrap_or(i32::MAX);
                change.most = staff.most(person).and_then(|most| i32::try_from(most).ok());
            }
            let kept = rotations::turn(&mut savepoint, staff.turned()).await.map_err(gongdan_pg::error)?
                && loads::change(&mut savepoint, &changes).await.map_err(gongdan_pg::error)?;
            if kept {
                savepoint.commit().await.map_err(gongdan_pg::error)?;
                return Ok(given);
            }
            savepoint.rollback().await.map_err(gongdan_pg::error)?;
            self.rooms.metrics.reservation_lost();
            tracing::debug!(try = n, "others reserved meanwhile: decided again");
        }
        Err(Error::internal(format!("others reserve all the time: tried {TRIES} times")))
    }

    /// Writes decisions, their reservations and the events that tell of them.
    async fn write(
        &self,
        connection: &mut PgConnection,
        rows: &[DecisionRow],
    ) -> Result<Vec<TicketOutcome>, Error> {
        let written = insert_many(connection, rows).await.map_err(Error::internal)?;
        let (told, untold): (Vec<_>, Vec<_>) = rows.iter().partition(|row| written.contains(&row.id));
        let person = |row: &DecisionRow| row.decided.target.person_id().map(ToOwned::to_owned);
        let named: Vec<(Uuid, String)> =
            told.iter().filter_map(|row| person(row).map(|person| (row.id, person))).collect();
        reservations::insert(connection, &named, self.now).await.map_err(gongdan_pg::error)?;
        let mut unwritten = LoadChanges::new();
        for person in untold.iter().filter_map(|row| person(row)) {
            unwritten.entry(person).or_default().reserved -= 1;
        }
        loads::change(connection, &unwritten).await.map_err(gongdan_pg::error)?;
        let new_events: Vec<_> = told.iter().map(|row| events::decided(*row, 1, self.now)).collect();
        gongdan_outbox::append(connection, &new_events).await?;
        let open = told.iter().map(|row| TicketOutcome {
            decision_id: Some(row.id),
            to_person_id: person(row),
            ..self.outcome(row.ticket_id, TicketState::Open, row.decided.summary.clone())
        });
        let other = untold.iter().map(|row| {
            let why = "another decision about the ticket is not answered yet".to_owned();
            self.outcome(row.ticket_id, TicketState::MovedOn, why)
        });
        Ok(open.chain(other).collect())
    }

    /// None of it waits: over once tickets has answered for all. What was stopped does not wait for ever.
    async fn finish(&self, connection: &mut PgConnection) -> Result<Option<ReassignmentState>, Error> {
        let id = self.reassignment.id;
        if self.reassignment.state == ReassignmentState::Stopping {
            self.give_up(connection).await?;
        }
        let far = tickets::progress(connection, &[id]).await?.remove(&id).unwrap_or_default();
        if far.of(TicketState::Open) > 0 {
            return Ok(None);
        }
        let state = match self.reassignment.state {
            ReassignmentState::Stopping => ReassignmentState::Stopped,
            _ => ReassignmentState::Finished,
        };
        reassignments::finish(connection, id, state, self.now).await?;
        Ok(Some(state))
    }

    /// Decisions that tickets has not answered for long are not sent again, and reserve nothing any more. An answer that comes
    /// after all is noted.
    async fn give_up(&self, connection: &mut PgConnection) -> Result<(), Error> {
        let (id, after) = (self.reassignment.id, self.rooms.reassignments.give_up_after);
        let Ok(before) = self.now.checked_sub(after) else { return Ok(()) };
        let given_up = tickets::give_up(connection, id, before, self.now).await?;
        if given_up.is_empty() {
            return Ok(());
        }
        let mut changes = LoadChanges::new();
        for person in reservations::release(connection, &given_up).await.map_err(gongdan_pg::error)? {
            changes.entry(person).or_default().reserved -= 1;
        }
        loads::change(connection, &changes).await.map_err(gongdan_pg::error)?;
        tracing::warn!(decisions = given_up.len(), "tickets did not answer: given up");
        Ok(())
    }

    fn outcome(&self, ticket_id: Uuid, state: TicketState, why: String) -> TicketOutcome {
        TicketOutcome { ticket_id, state, decision_id: None, to_person_id: None, why, courses: Vec::new() }
    }
}

/// What the people of units have in hand, and whose turn it is there; locked when something is to be decided by it.
pub async fn staff(
    connection: &mut PgConnection,
    directory: &Directory,
    units: &[String],
    capacity: u32,
    locked: bool,
) -> Result<Staff, Error> {
    let turns: Vec<String> = units.iter().map(|unit| turn_of(unit)).collect();
    let people: Vec<String> = units.iter().flat_map(|unit| directory.members(unit).iter().cloned()).collect();
    if locked {
        rotations::lock(connection, &turns).await.map_err(gongdan_pg::error)?;
        loads::lock(connection, &people).await.map_err(gongdan_pg::error)?;
    }
    let mut staff = Staff::unknown(capacity);
    staff.learn_turns(rotations::read(connection, &turns).await.map_err(gongdan_pg::error)?);
    let known = loads::read(connection, &people).await.map_err(gongdan_pg::error)?;
    staff.learn(units.iter().cloned(), known);
    Ok(staff)
}
