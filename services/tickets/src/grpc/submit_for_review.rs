//! `ReviewService.SubmitForReview` (送审). Source: T18.

use super::decode::{acting, call, given, if_given, unit_if_given};
use crate::{
    Rooms,
    error::refused,
    store::{tickets::Opened, workflows::Who},
};
use gongdan_access::{Caller, sees_sensitive};
use gongdan_clock::new_id;
use gongdan_errors::{Error, Violations};
use gongdan_proto::tickets::v1 as pb;
use gongdan_tickets_domain::{
    Outcome, PrincipalId, ReplyText, RootCause, Solution,
    groups::review::{Proposal, SigningMode},
};
use uuid::Uuid;

/// Most persons who are asked beside those of the workflow.
const MAX_COUNTERSIGNERS: usize = 20;

fn decode(request: &pb::SubmitForReviewRequest, id: Uuid, violations: &mut Violations) -> Option<Proposal> {
    let outcome = given("outcome", Outcome::from_number(request.outcome), violations);
    let solution = violations.field("solution", Solution::parse(&request.solution));
    let root_cause = violations.field("root_cause", RootCause::parse(&request.root_cause));
    let responsible_unit = unit_if_given("responsible_unit_id", &request.responsible_unit_id, violations);
    let reply = violations.field("reply", ReplyText::parse(&request.reply));
    let countersigning =
        if_given("countersigning", request.countersigning, SigningMode::from_number, violations);
    if request.countersigner_ids.len() > MAX_COUNTERSIGNERS {
        violations.add("countersigner_ids", format!("at most {MAX_COUNTERSIGNERS}"));
    }
    if request.countersigner_ids.is_empty() && countersigning.is_some() {
        violations.add("countersigning", "only with countersigner_ids");
    }
    let mut countersigners: Vec<PrincipalId> = Vec::new();
    for (at, id) in request.countersigner_ids.iter().enumerate() {
        let field = format!("countersigner_ids[{at}]");
        let Some(id) = violations.field(field.clone(), PrincipalId::parse(id)) else { continue };
        if countersigners.contains(&id) {
            violations.add(field, "named twice");
        }
        countersigners.push(id);
    }
    Some(Proposal {
        id,
        outcome: outcome?,
        solution: solution?,
        root_cause: root_cause?,
        responsible_unit,
        reply: reply?,
        countersigners,
        countersigning: countersigning.unwrap_or(SigningMode::AllOf),
    })
}

/// Who signs has to be there, and to be allowed to see what they sign.
async fn check_countersigners(
    rooms: &Rooms,
    countersigners: &[PrincipalId],
    sensitive: bool,
) -> Result<(), Error> {
    if countersigners.is_empty() {
        return Ok(());
    }
    let known = rooms.units.known_people(countersigners).await?;
    let policies = rooms.access.policies();
    let mut violations = Violations::new();
    for (at, id) in countersigners.iter().enumerate() {
        let rule = match known.iter().find(|known| known.id == id.as_str()) {
            None => "is no active person whom routing knows",
            Some(who) if sensitive && !sees_sensitive(&policies, &who.roles, &who.rights) => {
                "may not see sensitive tickets"
            }
            Some(_) => continue,
        };
        violations.add(format!("countersigner_ids[{at}]"), format!("{id} {rule}"));
    }
    violations.finish()
}

pub(super) async fn submit_for_review(
    rooms: &Rooms,
    caller: &Caller,
    mut request: pb::SubmitForReviewRequest,
) -> Result<pb::Ticket, Error> {
    let mut violations = Violations::new();
    let call = call(&mut request, caller, &mut violations);
    let now = rooms.clock.now();
    let proposal = decode(&request, new_id(now), &mut violations);
    let (Some(call), Some(proposal), true) = (call, proposal, violations.is_empty()) else {
        return Err(violations.into_error());
    };
    let opened = match rooms.tickets.open(&call).await? {
        Opened::Answered(answer) => return Ok(*answer),
        Opened::Fresh(opened) => opened,
    };
    let by = acting(caller, &opened)?;
    check_countersigners(rooms, &proposal.countersigners, opened.ticket.sensitive).await?;
    let workflow = rooms.tickets.workflows.of(&opened.ticket).await?;
    let roles = Who::Caller(caller).roles();
    let acting = Who::acting(roles.as_deref());
    let changed = opened.ticket.submit_for_review(proposal, &workflow, acting, &by, now).map_err(refused)?;
    rooms.tickets.save(opened.view, &changed, &call).await
}
