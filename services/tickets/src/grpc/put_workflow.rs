//! `WorkflowService.PutWorkflow`. Source: T31.

use super::{
    decode::uuid,
    workflow::{checked, to_pb, violations},
};
use crate::Rooms;
use gongdan_access::Caller;
use gongdan_errors::{Error, Violations};
use gongdan_pg::{RequestKey, requests::hash_of};
use gongdan_proto::tickets::v1 as pb;
use tokio::task::spawn_blocking;

pub(super) async fn put_workflow(
    rooms: &Rooms,
    caller: &Caller,
    mut request: pb::PutWorkflowRequest,
) -> Result<pb::Workflow, Error> {
    let mut missing = Violations::new();
    let request_id = missing.field("request_id", uuid(&std::mem::take(&mut request.request_id)));
    let Some(request_id) = request_id else { return Err(missing.into_error()) };
    let hash = hash_of(&request);
    let text = request.definition;
    // Each guard is compiled on a deep stack of its own: not on this thread.
    let (text, checked) = spawn_blocking(move || (checked(&text), text))
        .await
        .map(|(checked, text)| (text, checked))
        .map_err(Error::internal)?;
    let workflow = checked?.map_err(violations)?;
    let key = RequestKey { caller: caller.principal_id.clone(), method: "PutWorkflow", request_id, hash };
    let version = rooms.tickets.workflows.put(workflow.key(), &text, caller, &key).await?;
    gongdan_audit::touched("workflow", workflow.key());
    Ok(to_pb(&rooms.tickets.workflows.described(workflow.key(), version).await?, true))
}
