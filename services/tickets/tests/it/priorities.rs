//! T8: the priority matrix.

use crate::suite::{Suite, complaint, fields, id, reason};
use gongdan_proto::tickets::v1 as pb;
use tonic::Code;

fn all(priority: pb::Priority) -> Vec<pb::PriorityCell> {
    (1..=4)
        .flat_map(|urgency| {
            (1..=4).map(move |impact| pb::PriorityCell { urgency, impact, priority: priority.into() })
        })
        .collect()
}

fn set(kind: pb::TicketType, cells: Vec<pb::PriorityCell>) -> pb::SetPriorityMatrixRequest {
    pb::SetPriorityMatrixRequest { request_id: id(), r#type: kind.into(), cells }
}

#[tokio::test]
async fn t08_a_types_own_matrix_decides_and_is_versioned() {
    let suite = Suite::start().await;
    let mut admin = suite.priorities("admin");
    let kind = pb::TicketType::Incident;
    let get = pb::GetPriorityMatrixRequest { r#type: kind.into() };
    let common = admin.get_priority_matrix(get).await.unwrap().into_inner();
    assert_eq!((common.r#type(), common.version, common.cells.len()), (pb::TicketType::Unspecified, 1, 16));
    let request = set(kind, all(pb::Priority::P2));
    let own = admin.set_priority_matrix(request.clone()).await.unwrap().into_inner();
    assert_eq!((own.r#type(), own.version), (kind, 1));
    let again = admin.set_priority_matrix(request).await.unwrap().into_inner();
    assert_eq!(again.version, 1, "a retry makes no version");
    let next = admin.set_priority_matrix(set(kind, all(pb::Priority::P1))).await.unwrap().into_inner();
    assert_eq!(next.version, 2);
    let incident = pb::CreateTicketRequest { r#type: kind.into(), ..complaint() };
    let ticket = suite.tickets("zhao.min").create_ticket(incident).await.unwrap().into_inner();
    assert_eq!((ticket.priority(), ticket.priority_matrix_version), (pb::Priority::P1, 2));
    assert_eq!(suite.submitted().await.priority(), pb::Priority::P4, "others keep the common one");
}

#[tokio::test]
async fn a_matrix_needs_each_cell_once_and_an_administrator() {
    let suite = Suite::start().await;
    let mut cells = all(pb::Priority::P3);
    cells.pop();
    let refused =
        suite.priorities("admin").set_priority_matrix(set(pb::TicketType::Help, cells)).await.unwrap_err();
    assert_eq!((refused.code(), fields(&refused)), (Code::InvalidArgument, vec!["cells".to_owned()]));
    let request = set(pb::TicketType::Help, all(pb::Priority::P3));
    let refused = suite.priorities("zhao.min").set_priority_matrix(request).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
}

#[tokio::test]
async fn a_request_id_is_good_for_one_matrix() {
    let suite = Suite::start().await;
    let mut admin = suite.priorities("admin");
    let request = set(pb::TicketType::Incident, all(pb::Priority::P2));
    admin.set_priority_matrix(request.clone()).await.unwrap();
    let other = pb::SetPriorityMatrixRequest { cells: all(pb::Priority::P1), ..request };
    let refused = admin.set_priority_matrix(other).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::AlreadyExists, "REQUEST_ID_REUSED"));
    let get = pb::GetPriorityMatrixRequest { r#type: pb::TicketType::Incident.into() };
    let kept = admin.get_priority_matrix(get).await.unwrap().into_inner();
    assert_eq!((kept.version, kept.cells[0].priority()), (1, pb::Priority::P2));
}
