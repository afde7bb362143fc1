//! Tasks and what happened to them, as the contract has them.

use crate::store::ERASED;
use gongdan_callback_domain::{Change, Changed, FailedOutcome, Origin, Outcome, Task, TaskState};
use gongdan_errors::Error;
use gongdan_outbox::{NewEvent, Origin as BusOrigin};
use gongdan_proto::{
    callback::v1::{
        AttemptOutcome, CallbackEvent, CallbackResult, CallbackTask, TaskAttempted, TaskCompleted,
        TaskGivenUp, TaskOpened, TaskRecorded, TaskSkipped, TaskState as PbState,
        callback_event::Change as PbChange,
    },
    common::v1::{ActorRef, Origin as PbOrigin, PrincipalKind},
    to_timestamp,
};
use jiff::Timestamp;
use prost::Message as _;

/// This service as the actor of what follows from a ticket's events.
pub fn service_actor() -> ActorRef {
    ActorRef {
        id: "service.callback".to_owned(),
        name: "callback".to_owned(),
        kind: PrincipalKind::Service.into(),
        unit_ids: Vec::new(),
    }
}

/// The event of an act, for the outbox.
pub fn new_event(changed: &Changed, actor: &ActorRef, recorded_at: Timestamp) -> NewEvent {
    let task = &changed.task;
    let name = event_name(changed.change);
    let payload = CallbackEvent {
        task_id: task.id.to_string(),
        version: task.stamp.version,
        occurred_at: Some(to_timestamp(changed.at)),
        recorded_at: Some(to_timestamp(recorded_at)),
        origin: origin(task.origin).into(),
        actor: Some(actor.clone()),
        state: Some(to_proto(task)),
        change: Some(change(changed)),
    };
    NewEvent {
        id: gongdan_clock::new_id(recorded_at),
        aggregate_id: task.id,
        version: task.stamp.version,
        kind: name.into(),
        subject: gongdan_bus::subject(crate::NAME, name, task.ticket.region, task.ticket.id),
        occurred_at: changed.at,
        recorded_at,
        origin: match task.origin {
            Origin::Live => BusOrigin::Live,
            Origin::Import => BusOrigin::Import,
        },
        payload: payload.encode_to_vec(),
    }
}

/// What stays of an event's payload when whom it asks or what agents wrote is erased; none when it has nothing of it.
///
/// # Errors
/// When the payload is no event of callback.
pub fn redacted(payload: &[u8], contact: bool, text: bool) -> Result<Option<Vec<u8>>, Error> {
    let mut event = CallbackEvent::decode(payload).map_err(Error::internal)?;
    let before = event.clone();
    if let Some(state) = &mut event.state {
        if contact {
            state.customer_id.clear();
        }
        if text && !state.reason.is_empty() {
            ERASED.clone_into(&mut state.reason);
        }
    }
    if text && let Some(PbChange::Skipped(skipped)) = &mut event.change {
        ERASED.clone_into(&mut skipped.reason);
    }
    Ok((event != before).then(|| event.encode_to_vec()))
}

/// The name of the set field of `change`.
pub const fn event_name(change: Change) -> &'static str {
    match change {
        Change::Opened => "opened",
        Change::Attempted(_) => "attempted",
        Change::Completed => "completed",
        Change::Skipped => "skipped",
        Change::GivenUp(_) => "given_up",
        Change::Recorded => "recorded",
    }
}

fn change(changed: &Changed) -> PbChange {
    match changed.change {
        Change::Opened => PbChange::Opened(TaskOpened {}),
        Change::Attempted(outcome) => PbChange::Attempted(TaskAttempted { outcome: failed(outcome).into() }),
        Change::Completed => PbChange::Completed(TaskCompleted {}),
        Change::Skipped => PbChange::Skipped(TaskSkipped { reason: changed.task.reason.clone() }),
        Change::GivenUp(outcome) => PbChange::GivenUp(TaskGivenUp { last_outcome: failed(outcome).into() }),
        Change::Recorded => PbChange::Recorded(TaskRecorded {}),
    }
}

const fn failed(outcome: FailedOutcome) -> AttemptOutcome {
    match outcome {
        FailedOutcome::NoAnswer => AttemptOutcome::NoAnswer,
        FailedOutcome::Refused => AttemptOutcome::Refused,
        FailedOutcome::WrongNumber => AttemptOutcome::WrongNumber,
        FailedOutcome::CallLater => AttemptOutcome::CallLater,
    }
}

/// The contract's word for an outcome.
pub const fn outcome(outcome: Outcome) -> AttemptOutcome {
    match outcome {
        Outcome::Success => AttemptOutcome::Success,
        Outcome::Failed(outcome) => failed(outcome),
    }
}

/// The domain's word for an outcome of the contract; `None` for unspecified.
pub const fn from_outcome(outcome: AttemptOutcome) -> Option<Outcome> {
    Some(match outcome {
        AttemptOutcome::Unspecified => return None,
        AttemptOutcome::Success => Outcome::Success,
        AttemptOutcome::NoAnswer => Outcome::Failed(FailedOutcome::NoAnswer),
        AttemptOutcome::Refused => Outcome::Failed(FailedOutcome::Refused),
        AttemptOutcome::WrongNumber => Outcome::Failed(FailedOutcome::WrongNumber),
        AttemptOutcome::CallLater => Outcome::Failed(FailedOutcome::CallLater),
    })
}

/// The contract's word for a state.
pub const fn state(state: TaskState) -> PbState {
    match state {
        TaskState::Open => PbState::Open,
        TaskState::PendingCallback => PbState::PendingCallback,
        TaskState::Completed => PbState::Completed,
        TaskState::GivenUp => PbState::GivenUp,
        TaskState::Skipped => PbState::Skipped,
        TaskState::Historical => PbState::Historical,
    }
}

/// The domain's word for a state of the contract; `None` for unspecified.
pub const fn from_state(state: PbState) -> Option<TaskState> {
    Some(match state {
        PbState::Unspecified => return None,
        PbState::Open => TaskState::Open,
        PbState::PendingCallback => TaskState::PendingCallback,
        PbState::Completed => TaskState::Completed,
        PbState::GivenUp => TaskState::GivenUp,
        PbState::Skipped => TaskState::Skipped,
        PbState::Historical => TaskState::Historical,
    })
}

/// The contract's word for an origin.
pub const fn origin(origin: Origin) -> PbOrigin {
    match origin {
        Origin::Live => PbOrigin::Live,
        Origin::Import => PbOrigin::Import,
    }
}

/// A task for callers and events.
pub fn to_proto(task: &Task) -> CallbackTask {
    CallbackTask {
        id: task.id.to_string(),
        ticket_id: task.ticket.id.to_string(),
        ticket_number: task.ticket.number.clone(),
        round: task.ticket.round,
        state: state(task.state).into(),
        attempts: task.tally.attempts,
        next_attempt_at: task.next_attempt_at.map(to_timestamp),
        due_at: task.due_at.map(to_timestamp),
        unit_id: task.ticket.unit_id.clone(),
        region: task.ticket.region.to_string(),
        customer_id: task.ticket.customer_id.map(|id| id.to_string()).unwrap_or_default(),
        result: task.result.map(|result| CallbackResult {
            contacted: result.contacted,
            solved: result.solved,
            satisfied: result.satisfied,
        }),
        reopen: task.reopen,
        reason: task.reason.clone(),
        etag: task.stamp.etag(),
        version: task.stamp.version,
        agent_id: task.hold.as_ref().map(|hold| hold.agent_id.clone()).unwrap_or_default(),
        origin: origin(task.origin).into(),
        opened_at: Some(to_timestamp(task.opened_at)),
        ended_at: task.ended_at.map(to_timestamp),
    }
}
