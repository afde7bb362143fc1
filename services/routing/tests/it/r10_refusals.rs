//! R10: what is refused, and who may do what.

use crate::support::{Suite, id, person, refusal, unit};
use gongdan_proto::{
    routing::v1::{self as pb, AssignmentStrategy, ReassignmentState, reassign_to::To},
    to_timestamp,
};
use gongdan_testkit::PrincipalSpec;
use tonic::Code;

fn preview(person: &str, to: Option<To>) -> pb::PreviewReassignmentRequest {
    pb::PreviewReassignmentRequest {
        person_id: person.to_owned(),
        to: to.map(|to| pb::ReassignTo { to: Some(to) }),
        ..Default::default()
    }
}

fn named(person: &str) -> Option<To> {
    Some(To::Person(pb::ReassignToPerson { person_id: person.to_owned() }))
}

fn by(strategy: AssignmentStrategy, skills: &[&str]) -> Option<To> {
    let skills = skills.iter().map(|skill| (*skill).to_owned()).collect();
    Some(To::Strategy(pb::ReassignByStrategy { strategy: strategy.into(), skills }))
}

impl Suite {
    async fn refuses(
        &self,
        by: &str,
        request: pb::PreviewReassignmentRequest,
    ) -> (Code, String, Vec<String>) {
        refusal(&self.reassignments(by).preview_reassignment(request).await.unwrap_err())
    }
}

#[tokio::test]
async fn r10_who_cannot_get_them_is_refused_by_name_and_rule() {
    let suite = Suite::start().await;
    suite.import_roads().await;
    let gone = pb::PrincipalRow { active: Some(false), ..person("gone", "roads") };
    let people = vec![gone, person("away", "roads")];
    suite
        .import(pb::ImportOrganisationRequest { request_id: id(), principals: people, ..Default::default() })
        .await;
    suite.in_hand("an", "roads", 1).await;
    let now = suite.env.clock().now();
    let hours = |hours: i64| Some(to_timestamp(now + jiff::SignedDuration::from_hours(hours)));
    let leave = |person: &str, from: i64, stand_in: &str| pb::RecordLeaveRequest {
        request_id: id(),
        person_id: person.into(),
        from: hours(from),
        until: hours(from + 48),
        stand_in_id: stand_in.into(),
        reason: String::new(),
    };
    suite.duty("admin").record_leave(leave("away", -1, "")).await.unwrap();
    let later = suite.duty("admin").record_leave(leave("an", 24, "bo")).await.unwrap().into_inner();
    let others = suite.duty("admin").record_leave(leave("bo", 100, "")).await.unwrap().into_inner();

    for (to, violation) in [
        (named(""), "to.person.person_id: required"),
        (named("nobody"), "to.person.person_id: no person `nobody`"),
        (named("an"), "to.person.person_id: somebody else than whose tickets they are"),
        (named("gone"), "to.person.person_id: `gone` is not active"),
        (named("ding"), "to.person.person_id: `ding` handles no tickets in `roads`"),
        (named("clerk"), "to.person.person_id: `clerk` handles no tickets in `roads`"),
        (by(AssignmentStrategy::Unspecified, &[]), "to.strategy.strategy: required"),
        (
            by(AssignmentStrategy::LastHandler, &[]),
            "to.strategy.strategy: round robin, least loaded or skill weighted: the last handler is who hands over",
        ),
        (by(AssignmentStrategy::SkillWeighted, &[]), "to.strategy.skills: at least one, to weigh people by"),
        (
            Some(To::StandIn(pb::ReassignToStandIn {})),
            "to.stand_in: no leave of the person runs: name one by `leave_id`",
        ),
    ] {
        let (code, _, violations) = suite.refuses("admin", preview("an", to)).await;
        assert_eq!((code, violations), (Code::InvalidArgument, vec![violation.to_owned()]));
    }
    let (_, _, violations) = suite.refuses("admin", preview("an", named("away"))).await;
    assert!(violations[0].starts_with("to.person.person_id: `away` is on leave until "), "{violations:?}");
    // A leave that is named counts before it runs; one of somebody else is refused.
    let stand_in = Some(To::StandIn(pb::ReassignToStandIn {}));
    let ahead = pb::PreviewReassignmentRequest { leave_id: later.id, ..preview("an", stand_in) };
    let mut parts = suite.reassignments("admin").preview_reassignment(ahead).await.unwrap().into_inner();
    let Some(pb::preview_reassignment_response::Part::Ticket(ticket)) =
        parts.message().await.unwrap().unwrap().part
    else {
        panic!("no ticket")
    };
    assert_eq!(ticket.to_person_id, "bo");
    let other = pb::PreviewReassignmentRequest { leave_id: others.id, ..preview("an", None) };
    assert_eq!(suite.refuses("admin", other).await.2, ["leave_id: a leave of `an`"]);
    for (request, code, reason) in [
        (preview("nobody", None), Code::NotFound, "PRINCIPAL_NOT_FOUND"),
        (preview("chen", None), Code::FailedPrecondition, "NO_TICKETS_IN_HAND"),
        (
            pb::PreviewReassignmentRequest { leave_id: id(), ..preview("an", None) },
            Code::NotFound,
            "LEAVE_NOT_FOUND",
        ),
        (
            pb::PreviewReassignmentRequest { unit_id: "moon".into(), ..preview("an", None) },
            Code::NotFound,
            "UNIT_NOT_FOUND",
        ),
        (
            pb::PreviewReassignmentRequest { unit_id: "env".into(), ..preview("an", None) },
            Code::FailedPrecondition,
            "NO_TICKETS_IN_HAND",
        ),
    ] {
        let (was, why, _) = suite.refuses("admin", request).await;
        assert_eq!((was, why.as_str()), (code, reason));
    }
    let bad = pb::StartReassignmentRequest {
        expected_count: -1,
        reason: "一\n二".into(),
        leave_id: "x".into(),
        ..Default::default()
    };
    let (_, _, mut violations) =
        refusal(&suite.reassignments("admin").start_reassignment(bad).await.unwrap_err());
    violations.sort();
    let expected = [
        "expected_count: 0 or more",
        "leave_id: a UUID",
        "person_id: required",
        "reason: up to 500 characters, one line",
        "request_id: required, a UUID",
    ];
    assert_eq!(violations, expected);
    let request = pb::GetReassignmentRequest { id: id() };
    let (code, reason, _) =
        refusal(&suite.reassignments("admin").get_reassignment(request).await.unwrap_err());
    assert_eq!((code, reason.as_str()), (Code::NotFound, "REASSIGNMENT_NOT_FOUND"));
}

#[tokio::test]
async fn r10_unit_leaders_reassign_what_is_with_their_own_units() {
    let suite = Suite::start().await;
    suite.import_roads().await;
    // `an` works for both; `wu` leads roads, `xu` leads the lake.
    let both = pb::PrincipalRow { unit_ids: vec!["roads".into(), "env".into()], ..person("an", "roads") };
    let units = vec![unit("lake", "", "440106")];
    let principals = vec![both];
    suite
        .import(pb::ImportOrganisationRequest { request_id: id(), units, principals, ..Default::default() })
        .await;
    suite.env.principal(PrincipalSpec::new("wu").role("unit_leader").unit("roads")).await;
    suite.env.principal(PrincipalSpec::new("xu").role("unit_leader").unit("lake")).await;
    suite.env.principal(PrincipalSpec::new("sun").role("handler").unit("roads")).await;
    suite.in_hand("an", "roads", 2).await;
    suite.in_hand("an", "env", 3).await;

    let start =
        || pb::StartReassignmentRequest { request_id: id(), person_id: "an".into(), ..Default::default() };
    for (who, unit) in [("xu", ""), ("wu", "env"), ("sun", "")] {
        let request = pb::StartReassignmentRequest { unit_id: unit.into(), ..start() };
        let (code, _, _) = refusal(&suite.reassignments(who).start_reassignment(request).await.unwrap_err());
        assert_eq!(code, Code::PermissionDenied, "{who}");
    }
    let begun = suite.reassignments("wu").start_reassignment(start()).await.unwrap().into_inner();
    assert_eq!((begun.progress.unwrap().total, &begun.unit_ids[..]), (2, &["roads".to_owned()][..]));
    // Seen by who leads one of its units, not by others.
    let list = async |who: &str| {
        let request = pb::ListReassignmentsRequest::default();
        suite.reassignments(who).list_reassignments(request).await.unwrap().into_inner().reassignments.len()
    };
    assert_eq!((list("wu").await, list("xu").await, list("admin").await), (1, 0, 1));
    let stop = pb::StopReassignmentRequest { request_id: id(), id: begun.id.clone() };
    let (code, _, _) = refusal(&suite.reassignments("xu").stop_reassignment(stop).await.unwrap_err());
    assert_eq!(code, Code::NotFound);
    let stop = pb::StopReassignmentRequest { request_id: id(), id: begun.id };
    let stopped = suite.reassignments("wu").stop_reassignment(stop).await.unwrap().into_inner();
    // What is decided by now waits for tickets, which answers nothing here.
    let open = stopped.progress.unwrap().open > 0;
    let state = if open { ReassignmentState::Stopping } else { ReassignmentState::Stopped };
    let over = gongdan_testkit::eventually_some("it ends", async || {
        Some(suite.get_reassignment(&stopped.id).await).filter(|one| one.state() == state)
    })
    .await;
    assert_eq!((over.stopped_by.as_str(), over.progress.unwrap().waiting), ("wu", 0));
}
