//! T31: workflow as data.

use crate::suite::{Suite, accept, complaint, dispatch, id, reason, resolve};
use gongdan_auth::AuthChannel;
use gongdan_proto::tickets::v1::{self as pb, workflow_service_client::WorkflowServiceClient};
use gongdan_tickets_domain::workflow::SHIPPED;
use tonic::Code;
use tonic_types::StatusExt as _;

fn workflows(suite: &Suite, principal: &str) -> WorkflowServiceClient<AuthChannel> {
    WorkflowServiceClient::new(suite.env.channel(&suite.service, principal))
}

fn hotline() -> &'static str {
    SHIPPED[0].1
}

pub async fn put(suite: &Suite, definition: String) -> pb::Workflow {
    let request = pb::PutWorkflowRequest { request_id: id(), definition };
    workflows(suite, "admin").put_workflow(request).await.unwrap().into_inner()
}

async fn rule(suite: &Suite, kind: pb::TicketType, workflow: &str) {
    let rule = pb::WorkflowRule { r#type: kind.into(), item: String::new(), workflow: workflow.to_owned() };
    workflows(suite, "admin")
        .set_workflow_rule(pb::SetWorkflowRuleRequest { rule: Some(rule) })
        .await
        .unwrap();
}

/// The hotline with a second step of handling.
fn second() -> String {
    hotline()
        .replace("key = \"handling\"\nphase", "key = \"working\"\nphase")
        .replace("\"handling\"", "\"working\"")
}

#[tokio::test]
async fn t31_steps_are_stamped_and_guards_and_roles_are_held_to() {
    let suite = Suite::start().await;
    let ticket = suite.submitted().await;
    assert_eq!(
        (ticket.workflow.as_str(), ticket.workflow_version, ticket.step.as_str()),
        ("government-hotline", 1, "pending")
    );
    let ticket = suite.accepted().await;
    assert_eq!(ticket.step, "handling");
    let steps: Vec<String> = suite.timeline(&ticket.id).await.into_iter().map(|entry| entry.step).collect();
    assert_eq!(steps, ["pending", "dispatched", "handling"]);

    let strict = hotline()
        .replace("key = \"government-hotline\"", "key = \"strict\"")
        .replace("action = \"cancel\"\n", "action = \"cancel\"\nroles = [\"supervisor\"]\n");
    put(&suite, strict).await;
    rule(&suite, pb::TicketType::Complaint, "strict").await;
    let ticket = suite.submitted().await;
    assert_eq!(ticket.workflow, "strict");
    let cancel = pb::CancelTicketRequest {
        request_id: id(),
        ticket: ticket.id.clone(),
        etag: String::new(),
        reason: "误报".to_owned(),
    };
    let refused = suite.tickets("chen.jing").cancel_ticket(cancel).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::PermissionDenied, "STEP_NEEDS_ROLE"));
    assert!(refused.message().contains("one of the roles supervisor"), "{}", refused.message());
    let help = pb::CreateTicketRequest { r#type: pb::TicketType::Help.into(), ..complaint() };
    let help = suite.tickets("zhao.min").create_ticket(help).await.unwrap().into_inner();
    assert_eq!(help.workflow, "government-hotline", "the rule is for complaints");
}

#[tokio::test]
async fn t31_a_bad_definition_is_refused_with_every_fault_and_its_place() {
    let suite = Suite::start().await;
    let bad = hotline()
        .replace("to = \"callback\"", "to = \"nowhere\"")
        .replace("guard = \"ticket.sensitive\"", "guard = \"ticket.sensitive && tiket.round > 1\"");
    let request = pb::ValidateWorkflowRequest { definition: bad.clone() };
    let faults = workflows(&suite, "zhao.min").validate_workflow(request).await.unwrap().into_inner().faults;
    assert!(
        faults.iter().any(|f| f.at == "transition[26].to" || f.message == "no step `nowhere`"),
        "{faults:?}"
    );
    let guard = faults.iter().find(|fault| fault.at.ends_with(".guard")).unwrap();
    assert_eq!((guard.line, guard.column), (1, 21), "{guard:?}");
    assert!(guard.message.starts_with("unknown variable `tiket`"), "{guard:?}");
    let refused = workflows(&suite, "admin")
        .put_workflow(pb::PutWorkflowRequest { request_id: id(), definition: bad })
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    let fields: Vec<String> =
        refused.get_details_bad_request().unwrap().field_violations.into_iter().map(|v| v.field).collect();
    assert!(fields.iter().any(|field| field.starts_with("definition.transition[")), "{fields:?}");
    let toml = pb::ValidateWorkflowRequest { definition: "key = \"a\"\nsteps = 1\n".to_owned() };
    let faults = workflows(&suite, "zhao.min").validate_workflow(toml).await.unwrap().into_inner().faults;
    assert_eq!((faults[0].at.as_str(), faults[0].line), ("definition", 2));
    let good = pb::ValidateWorkflowRequest { definition: hotline().to_owned() };
    assert!(
        workflows(&suite, "zhao.min").validate_workflow(good).await.unwrap().into_inner().faults.is_empty()
    );
    let denied = workflows(&suite, "zhao.min")
        .put_workflow(pb::PutWorkflowRequest { request_id: id(), definition: hotline().to_owned() })
        .await
        .unwrap_err();
    assert_eq!(denied.code(), Code::PermissionDenied);
    assert_eq!(suite.count("workflows").await, 0, "nothing of it was kept");
}

#[tokio::test]
async fn t31_a_ticket_in_flight_finishes_on_its_version_and_a_previewed_migration_moves_it() {
    let suite = Suite::start().await;
    let old = suite.accepted().await;
    let request = pb::PutWorkflowRequest { request_id: id(), definition: second() };
    let made = workflows(&suite, "admin").put_workflow(request.clone()).await.unwrap().into_inner();
    assert_eq!((made.version, made.set_by.as_str()), (2, "admin"));
    let again = workflows(&suite, "admin").put_workflow(request).await.unwrap().into_inner();
    assert_eq!(again.version, 2, "a repeated request makes no third");
    let urge = pb::UrgeTicketRequest { request_id: id(), ticket: old.id.clone(), ..Default::default() };
    let urged = suite.tickets("zhao.min").urge_ticket(urge).await.unwrap().into_inner();
    assert_eq!((urged.workflow_version, urged.step.as_str()), (1, "handling"));
    let new = suite.accepted().await;
    assert_eq!((new.workflow_version, new.step.as_str()), (2, "working"));

    let mut migration = pb::MigrateTicketsRequest {
        workflow: "government-hotline".to_owned(),
        from_version: 1,
        to_version: 2,
        steps: [("handling".to_owned(), "working".to_owned())].into(),
        ..Default::default()
    };
    let blind = workflows(&suite, "admin").migrate_tickets(migration.clone()).await.unwrap_err();
    assert_eq!((blind.code(), reason(&blind).as_str()), (Code::FailedPrecondition, "NOT_PREVIEWED"));
    migration.preview = true;
    let preview = migrated(&suite, migration.clone()).await;
    let last = preview.last().unwrap();
    assert_eq!((last.looked_at, last.moved, last.refused), (2, 1, 0), "{preview:?}");
    assert_eq!((preview[0].number.as_str(), preview[0].to_step.as_str()), (old.number.as_str(), "working"));
    assert_eq!(suite.get(&old.id).await.workflow_version, 1, "a preview changes nothing");
    migration.preview = false;
    migration.preview_token.clone_from(&last.preview_token);
    let done = migrated(&suite, migration.clone()).await;
    assert_eq!(done.last().unwrap().moved, 1);
    let moved = suite.get(&old.id).await;
    assert_eq!(
        (moved.workflow_version, moved.step.as_str(), moved.phase()),
        (2, "working", pb::Phase::InProgress)
    );
    assert_eq!(suite.changes(&old.id).await.last(), Some(&"workflow_migrated"));
    let rest = migrated(&suite, migration.clone()).await;
    assert_eq!(rest.last().unwrap().moved, 0, "what was moved is not found again");
    let other = pb::MigrateTicketsRequest {
        steps: [("handling".to_owned(), "resolved".to_owned())].into(),
        ..migration
    };
    let wrong = workflows(&suite, "admin").migrate_tickets(other).await.unwrap_err();
    assert_eq!(wrong.code(), Code::InvalidArgument, "a step of another phase");
    let resolved = suite.tickets("li.wei").resolve_ticket(resolve(&moved)).await.unwrap().into_inner();
    assert_eq!(resolved.step, "resolved");
}

async fn migrated(suite: &Suite, request: pb::MigrateTicketsRequest) -> Vec<pb::MigrateTicketsResponse> {
    let mut answers = workflows(suite, "admin").migrate_tickets(request).await.unwrap().into_inner();
    let mut all = Vec::new();
    while let Some(answer) = answers.message().await.unwrap() {
        all.push(answer);
    }
    all
}

#[tokio::test]
async fn t31_steps_inside_a_phase_are_gone_through_in_the_order_of_the_workflow() {
    let suite = Suite::start().await;
    rule(&suite, pb::TicketType::Complaint, "field-service").await;
    let ticket = suite.accepted().await;
    assert_eq!((ticket.workflow.as_str(), ticket.step.as_str()), ("field-service", "diagnosis"));
    let to = |step: &str| pb::AdvanceTicketRequest {
        request_id: id(),
        ticket: ticket.id.clone(),
        step: step.to_owned(),
        note: "配件到货".to_owned(),
        ..Default::default()
    };
    let early = suite.tickets("li.wei").resolve_ticket(resolve(&ticket)).await.unwrap_err();
    assert_eq!((early.code(), reason(&early).as_str()), (Code::FailedPrecondition, "STEP_REFUSES"));
    assert!(early.message().contains("it is possible at check"), "{}", early.message());
    let stranger = workflows(&suite, "wang.fang").advance_ticket(to("check")).await.unwrap_err();
    assert_eq!(stranger.code(), Code::NotFound, "another unit's ticket");
    let phase = workflows(&suite, "li.wei").advance_ticket(to("resolved")).await.unwrap_err();
    assert_eq!(phase.code(), Code::InvalidArgument);
    for step in ["appointment", "on-site", "check"] {
        let advanced = workflows(&suite, "li.wei").advance_ticket(to(step)).await.unwrap().into_inner();
        assert_eq!((advanced.step.as_str(), advanced.phase()), (step, pb::Phase::InProgress));
    }
    let resolved = suite.tickets("li.wei").resolve_ticket(resolve(&ticket)).await.unwrap().into_inner();
    assert_eq!(resolved.phase(), pb::Phase::Resolved);
}

#[tokio::test]
async fn t31_workflows_are_listed_by_key_with_the_rules_and_read_as_they_were_written() {
    let suite = Suite::start().await;
    rule(&suite, pb::TicketType::Incident, "field-service").await;
    let first = pb::ListWorkflowsRequest { page_size: 2, ..Default::default() };
    let page = workflows(&suite, "li.wei").list_workflows(first).await.unwrap().into_inner();
    let keys: Vec<&str> = page.workflows.iter().map(|w| w.key.as_str()).collect();
    assert_eq!(keys, ["field-service", "government-hotline"]);
    assert_eq!(page.rules[0].workflow, "field-service");
    let rest = pb::ListWorkflowsRequest { page_token: page.next_page_token, ..Default::default() };
    let rest = workflows(&suite, "li.wei").list_workflows(rest).await.unwrap().into_inner();
    assert_eq!(rest.workflows.len(), 1);
    assert!(rest.next_page_token.is_empty());
    let get = |key: &str, version| pb::GetWorkflowRequest { key: key.to_owned(), version };
    let read =
        workflows(&suite, "li.wei").get_workflow(get("government-hotline", 0)).await.unwrap().into_inner();
    assert_eq!(read.definition, hotline());
    for (key, version) in [("none", 0), ("government-hotline", 7)] {
        let missing = workflows(&suite, "li.wei").get_workflow(get(key, version)).await.unwrap_err();
        assert_eq!((missing.code(), reason(&missing).as_str()), (Code::NotFound, "WORKFLOW_NOT_FOUND"));
    }
    let ticket = suite.submitted().await;
    suite.tickets("chen.jing").dispatch_ticket(dispatch(&ticket, "tianhe-env")).await.unwrap();
    suite.tickets("li.wei").accept_ticket(accept(&ticket)).await.unwrap();
}
