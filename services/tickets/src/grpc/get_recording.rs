//! `CallService.GetRecording`: a right and an audit of its own. Source: T35, T36.

use super::{decode::ticket_ref, link_call::not_found, viewer::viewer_of};
use crate::{Rooms, store::calls};
use gongdan_access::Caller;
use gongdan_errors::{Error, Reason, Violations};
use gongdan_proto::tickets::v1 as pb;
use gongdan_tickets_domain::{Line, groups::call::CallId, mask_numbers};

pub(super) async fn get_recording(
    rooms: &Rooms,
    caller: &Caller,
    request: pb::GetRecordingRequest,
) -> Result<pb::Recording, Error> {
    let mut violations = Violations::new();
    let ticket = ticket_ref(&request.ticket, &mut violations);
    let call = violations.field("call_id", CallId::parse(&request.call_id));
    let purpose = violations.field("purpose", Line::<1, 200>::parse(&request.purpose));
    let (Some(ticket), Some(call), Some(purpose)) = (ticket, call, purpose) else {
        return Err(violations.into_error());
    };
    let view = rooms.tickets.view(&ticket).await?;
    view.check_acted_on(caller)?;
    gongdan_audit::touched("ticket", view.id);
    gongdan_audit::touched("call", &call);
    if !viewer_of(caller, &view)?.see_reporter {
        return Err(Error::permission_denied(
            Reason::ReporterConfidential,
            "it is the voice of a reporter who asked for confidence",
        ));
    }
    let kept = calls::of_ticket(&rooms.pool, view.id, call.as_str()).await?.ok_or_else(not_found)?;
    if kept.recording_url.is_empty() {
        return Err(not_found());
    }
    // Written before it is answered: who listens to what, and why.
    gongdan_audit::personal()?;
    let purpose = format!("recording: {}", mask_numbers(purpose.as_str()));
    rooms.customers.opened_in_clear(kept.customer_id, Some(view.id), &caller.principal_id, &purpose).await?;
    rooms.metrics.contact_read();
    Ok(pb::Recording { url: kept.recording_url })
}
