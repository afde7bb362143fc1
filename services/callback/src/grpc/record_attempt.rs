//! `CallbackService.RecordAttempt`

use super::{
    act::Act,
    decode::{request_id, request_key, task_name, text},
};
use crate::{Rooms, events, store::NewAttempt};
use gongdan_access::Caller;
use gongdan_callback_domain::{CallbackResult, Outcome, Report, mask_numbers};
use gongdan_errors::{Error, Violations};
use gongdan_proto::{
    callback::v1::{AttemptOutcome, CallbackTask, RecordAttemptRequest},
    from_timestamp,
};

const NOTE_MAX: usize = 2_000;

pub(super) async fn record_attempt(
    rooms: &Rooms,
    caller: &Caller,
    request: RecordAttemptRequest,
) -> Result<CallbackTask, Error> {
    let mut violations = Violations::new();
    let id = violations.field("request_id", request_id(&request.request_id));
    let name = violations.field("task", task_name(&request.task));
    let note = violations.field("note", text(&request.note, NOTE_MAX));
    let report = report(&request, &mut violations);
    let (Some(id), Some(name), Some(note), Some(report)) = (id, name, note, report) else {
        return Err(violations.into_error());
    };
    let note = mask_numbers(&note);
    let agent = caller.principal_id.as_str();
    let etag = request.etag.clone();
    let canonical = RecordAttemptRequest { request_id: String::new(), etag: String::new(), ..request };
    let key = request_key(agent, "RecordAttempt", id, &canonical);
    let attempt = NewAttempt { outcome: report.outcome(), agent_id: agent, note: &note };
    Act { name, etag, key, attempt: Some(attempt) }
        .run(rooms, caller, |task, now| task.record(agent, report, &rooms.policy, now))
        .await
}

/// The call as reported: a result with a success and with nothing else, a next time with a failure and nothing else.
fn report(request: &RecordAttemptRequest, violations: &mut Violations) -> Option<Report> {
    let outcome = AttemptOutcome::try_from(request.outcome).ok().and_then(events::from_outcome);
    let outcome = violations.field(
        "outcome",
        outcome.ok_or("required: success, no answer, refused, wrong number or call later"),
    )?;
    let next = match &request.next_attempt_at {
        None => None,
        Some(at) => Some(violations.field("next_attempt_at", from_timestamp(at))?),
    };
    match outcome {
        Outcome::Success => {
            if next.is_some() {
                violations.add("next_attempt_at", "only with an outcome other than success");
            }
            let result = violations.field("result", request.result.ok_or("required with success"))?;
            let result = CallbackResult {
                contacted: result.contacted,
                solved: result.solved,
                satisfied: result.satisfied,
            };
            next.is_none().then_some(Report::Success(result))
        }
        Outcome::Failed(outcome) => {
            if request.result.is_some() {
                violations.add("result", "only with success");
                return None;
            }
            Some(Report::Failed { outcome, next: next.map(gongdan_clock::to_micros) })
        }
    }
}
