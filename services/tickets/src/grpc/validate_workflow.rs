//! `WorkflowService.ValidateWorkflow`. Source: T31.

use super::workflow::{checked, number};
use gongdan_errors::Error;
use gongdan_proto::tickets::v1 as pb;
use tokio::task::spawn_blocking;

pub(super) async fn validate_workflow(
    request: pb::ValidateWorkflowRequest,
) -> Result<pb::ValidateWorkflowResponse, Error> {
    let checked = spawn_blocking(move || checked(&request.definition)).await.map_err(Error::internal)??;
    let faults = checked.err().unwrap_or_default();
    let fault = |fault: gongdan_tickets_domain::workflow::Fault| pb::WorkflowFault {
        at: fault.at,
        line: number(fault.line),
        column: number(fault.column),
        message: fault.message,
    };
    Ok(pb::ValidateWorkflowResponse { faults: faults.into_iter().map(fault).collect() })
}
