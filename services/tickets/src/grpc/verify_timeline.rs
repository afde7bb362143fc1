//! `TimelineService.VerifyTimeline`. Source: T26.

use super::decode::ticket_ref;
use crate::{
    Rooms,
    store::chain::{Broken, Known, Why},
};
use gongdan_access::Caller;
use gongdan_errors::{Error, Violations};
use gongdan_proto::tickets::v1::{self as pb, BrokenLinkReason};

/// Bytes of a link.
const LINK: usize = 32;

pub(super) async fn verify_timeline(
    rooms: &Rooms,
    caller: &Caller,
    request: pb::VerifyTimelineRequest,
) -> Result<pb::VerifyTimelineResponse, Error> {
    let mut violations = Violations::new();
    let ticket = ticket_ref(&request.ticket, &mut violations);
    let known = match (request.known_version, request.known_link) {
        (0, link) if link.is_empty() => None,
        (version, link) => {
            if version < 1 {
                violations.add("known_version", "from 1, with known_link");
            }
            if link.len() != LINK {
                violations.add("known_link", "32 bytes, with known_version");
            }
            Some(Known { version, link })
        }
    };
    let (Some(ticket), true) = (ticket, violations.is_empty()) else {
        return Err(violations.into_error());
    };
    let view = rooms.tickets.view(&ticket).await?;
    view.check_seen(caller)?;
    gongdan_audit::touched("ticket", view.id);
    let verified = rooms.tickets.verify(view.id, known).await?;
    if let Some(Broken { version, why }) = verified.broken {
        tracing::warn!(ticket = %view.id, version, %why, "a timeline is broken");
        rooms.metrics.broken_timeline();
    }
    Ok(pb::VerifyTimelineResponse {
        events: verified.events,
        chained_from: verified.since,
        version: verified.linked,
        link: verified.head,
        broken: verified
            .broken
            .map(|Broken { version, why }| pb::BrokenLink { version, reason: reason(why).into() }),
    })
}

const fn reason(why: Why) -> BrokenLinkReason {
    match why {
        Why::Gap => BrokenLinkReason::Gap,
        Why::Unreadable => BrokenLinkReason::Unreadable,
        Why::Columns => BrokenLinkReason::RowDiffers,
        Why::Unlinked => BrokenLinkReason::Unlinked,
        Why::Link => BrokenLinkReason::Changed,
        Why::Digest => BrokenLinkReason::PersonalChanged,
        Why::NotErased => BrokenLinkReason::NotErased,
        Why::Known => BrokenLinkReason::NotKnown,
        Why::Ticket => BrokenLinkReason::TicketDiffers,
    }
}
