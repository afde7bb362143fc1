//! `PriorityService.GetPriorityMatrix`. Source: T8.

use super::decode::if_given;
use crate::{Rooms, store::priorities::Versioned};
use gongdan_errors::{Error, Violations};
use gongdan_proto::tickets::v1 as pb;
use gongdan_tickets_domain::TicketType;

pub(super) async fn get_priority_matrix(
    rooms: &Rooms,
    request: pb::GetPriorityMatrixRequest,
) -> Result<pb::PriorityMatrix, Error> {
    let mut violations = Violations::new();
    let kind = if_given("type", request.r#type, TicketType::from_number, &mut violations);
    violations.finish()?;
    let (kind, versioned) = rooms.priorities.matrices().await?.of(kind);
    Ok(present(kind, versioned))
}

pub(super) fn present(kind: Option<TicketType>, versioned: Versioned) -> pb::PriorityMatrix {
    let cells = versioned
        .matrix
        .cells()
        .map(|(urgency, impact, priority)| pb::PriorityCell {
            urgency: urgency.number(),
            impact: impact.number(),
            priority: priority.number(),
        })
        .collect();
    pb::PriorityMatrix { r#type: kind.map_or(0, TicketType::number), version: versioned.version, cells }
}
