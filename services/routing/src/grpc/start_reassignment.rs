//! `ReassignmentService.StartReassignment`

use super::{
    decode::{request_id, request_key},
    reassignments::{decode, learn_about, reason, resolve, shown_one},
};
use crate::{Rooms, store::NewReassignment};
use gongdan_access::Caller;
use gongdan_clock::new_id;
use gongdan_errors::{Error, Violations};
use gongdan_proto::routing::v1::{self as pb, StartReassignmentRequest};

/// Longest reason.
const REASON_MAX: usize = 500;

pub(super) async fn start_reassignment(
    rooms: &Rooms,
    caller: &Caller,
    mut request: StartReassignmentRequest,
) -> Result<pb::Reassignment, Error> {
    let mut violations = Violations::new();
    let id = violations.field("request_id", request_id(&std::mem::take(&mut request.request_id)));
    let key = id.map(|id| request_key(&caller.principal_id, "StartReassignment", id, &request));
    let StartReassignmentRequest { person_id, unit_id, to, leave_id, reason: why, expected_count, .. } =
        request;
    if why.chars().count() > REASON_MAX || why.chars().any(char::is_control) {
        violations.add("reason", format!("up to {REASON_MAX} characters, one line"));
    }
    let expected = match expected_count {
        0 => None,
        count if count > 0 => Some(i64::from(count)),
        _ => violations.field("expected_count", Err("0 or more")),
    };
    let asked = decode(person_id, unit_id, to, &leave_id, &mut violations);
    let (Some(key), Some(asked), true) = (key, asked, violations.is_empty()) else {
        return Err(violations.into_error());
    };
    // What it began may be over by now, and nothing in hand any more.
    if let Some(earlier) = rooms.store.reassignment_of(&key).await? {
        return shown_one(rooms, earlier).await;
    }
    let now = rooms.clock.now();
    let resolved = match resolve(rooms, caller, &asked, now).await {
        Ok(resolved) => resolved,
        // Its twin may have begun it meanwhile, and taken what was in hand.
        Err(refusal) => {
            let earlier = rooms.store.reassignment_of(&key).await?.ok_or(refusal)?;
            return shown_one(rooms, earlier).await;
        }
    };
    learn_about(rooms, &asked.person_id).await?;
    let (reason, cause) = reason(why.trim().to_owned(), &resolved, now);
    let new = NewReassignment {
        id: new_id(now),
        reason,
        cause,
        person_id: asked.person_id,
        unit_ids: resolved.unit_ids,
        scope: resolved.scope,
        left_out: resolved.left_out,
        wish: asked.wish,
        plan: resolved.plan,
        leave_id: resolved.leave.map(|leave| leave.id),
        expected,
        by: caller.principal_id.clone(),
    };
    let begun = rooms.store.start_reassignment(&new, &key, now).await?;
    gongdan_audit::touched("reassignment", begun.id);
    gongdan_audit::touched("principal", &begun.person_id);
    rooms.reassigning.notify_one();
    tracing::info!(
        reassignment = %begun.id,
        person = begun.person_id,
        tickets = begun.total,
        caller = caller.principal_id,
        "a reassignment began"
    );
    shown_one(rooms, begun).await
}
