//! `PriorityService.SetPriorityMatrix`. Source: T8.

use super::{
    decode::{given, if_given, uuid},
    get_priority_matrix::present,
};
use crate::Rooms;
use gongdan_access::Caller;
use gongdan_errors::{Error, Violations};
use gongdan_pg::{RequestKey, requests::hash_of};
use gongdan_proto::tickets::v1 as pb;
use gongdan_tickets_domain::{Impact, Matrix, Priority, TicketType, Urgency};

pub(super) async fn set_priority_matrix(
    rooms: &Rooms,
    caller: &Caller,
    mut request: pb::SetPriorityMatrixRequest,
) -> Result<pb::PriorityMatrix, Error> {
    let mut violations = Violations::new();
    let request_id = violations.field("request_id", uuid(&std::mem::take(&mut request.request_id)));
    let hash = hash_of(&request);
    let kind = if_given("type", request.r#type, TicketType::from_number, &mut violations);
    let mut cells = Vec::with_capacity(request.cells.len());
    for (at, cell) in request.cells.iter().enumerate() {
        let field = |name: &str| format!("cells[{at}].{name}");
        let urgency = given(&field("urgency"), Urgency::from_number(cell.urgency), &mut violations);
        let impact = given(&field("impact"), Impact::from_number(cell.impact), &mut violations);
        let priority = given(&field("priority"), Priority::from_number(cell.priority), &mut violations);
        if let (Some(urgency), Some(impact), Some(priority)) = (urgency, impact, priority) {
            cells.push((urgency, impact, priority));
        }
    }
    let matrix = violations.field("cells", Matrix::new(cells));
    let (Some(request_id), Some(matrix), true) = (request_id, matrix, violations.is_empty()) else {
        return Err(violations.into_error());
    };
    let key =
        RequestKey { caller: caller.principal_id.clone(), method: "SetPriorityMatrix", request_id, hash };
    Ok(present(kind, rooms.priorities.set(kind, matrix, &key).await?))
}
