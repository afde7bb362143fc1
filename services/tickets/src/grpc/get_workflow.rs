//! `WorkflowService.GetWorkflow`. Source: T31.

use super::workflow::to_pb;
use crate::Rooms;
use gongdan_errors::{Error, Violations};
use gongdan_proto::tickets::v1 as pb;

pub(super) async fn get_workflow(
    rooms: &Rooms,
    request: pb::GetWorkflowRequest,
) -> Result<pb::Workflow, Error> {
    let mut violations = Violations::new();
    if request.key.is_empty() {
        violations.add("key", "the key of a workflow");
    }
    if request.version < 0 {
        violations.add("version", "from 1, or 0 for the newest");
    }
    violations.finish()?;
    Ok(to_pb(&rooms.tickets.workflows.described(&request.key, request.version).await?, true))
}
