//! `WorkflowService.SetWorkflowRule`. Source: T31.

use super::{decode::if_given, workflow::rule_to_pb};
use crate::{Rooms, store::workflows::WorkflowRule};
use gongdan_access::Caller;
use gongdan_errors::{Error, Violations};
use gongdan_proto::tickets::v1 as pb;
use gongdan_tickets_domain::TicketType;

const LONGEST_ITEM: usize = 300;

pub(super) async fn set_workflow_rule(
    rooms: &Rooms,
    caller: &Caller,
    request: pb::SetWorkflowRuleRequest,
) -> Result<pb::WorkflowRule, Error> {
    let mut violations = Violations::new();
    let Some(rule) = request.rule else {
        return Err(Error::invalid_field("rule", "what it is for, and the workflow"));
    };
    let kind = if_given("rule.type", rule.r#type, TicketType::from_number, &mut violations);
    if rule.item.chars().count() > LONGEST_ITEM || rule.item.chars().any(char::is_control) {
        violations.add("rule.item", "a branch or an item of the catalogue");
    }
    violations.finish()?;
    if !rule.workflow.is_empty() {
        rooms.tickets.workflows.get(&rule.workflow, 0).await?;
    }
    let rule = WorkflowRule { kind, item: rule.item, workflow: rule.workflow };
    rooms.tickets.workflows.set_rule(&rule, caller).await?;
    Ok(rule_to_pb(rule))
}
