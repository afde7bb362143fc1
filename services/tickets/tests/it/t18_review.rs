//! T18: review and countersigning.

use crate::suite::{REGION, Suite, accept, complaint, dispatch, id, reason, resolve};
use gongdan_auth::AuthChannel;
use gongdan_clock::{SystemClock, stable_id};
use gongdan_proto::{
    routing::v1 as routing,
    tickets::v1::{self as pb, review_service_client::ReviewServiceClient},
    to_timestamp,
};
use gongdan_testkit::{PrincipalSpec, eventually};
use prost::Message as _;
use std::sync::Arc;
use tonic::Code;

fn reviews(suite: &Suite, principal: &str) -> ReviewServiceClient<AuthChannel> {
    ReviewServiceClient::new(suite.env.channel(&suite.service, principal))
}

fn proposal(ticket: &pb::Ticket) -> pb::SubmitForReviewRequest {
    pb::SubmitForReviewRequest {
        request_id: id(),
        ticket: ticket.id.clone(),
        outcome: pb::Outcome::Solved.into(),
        solution: "责令停工，联系人13800001234".to_owned(),
        root_cause: "未办理夜间施工许可".to_owned(),
        reply: "您好，已责令停工。".to_owned(),
        ..Default::default()
    }
}

fn approval(ticket: &pb::Ticket) -> pb::ApproveReviewRequest {
    pb::ApproveReviewRequest {
        request_id: id(),
        ticket: ticket.id.clone(),
        note: "同意".to_owned(),
        ..Default::default()
    }
}

fn rejection(ticket: &pb::Ticket, step: &str) -> pb::RejectReviewRequest {
    pb::RejectReviewRequest {
        request_id: id(),
        ticket: ticket.id.clone(),
        step: step.to_owned(),
        reason: "请补充现场照片".to_owned(),
        ..Default::default()
    }
}

/// A suite with people who sign.
async fn start() -> Suite {
    let suite = Suite::start_with("", Arc::new(SystemClock)).await;
    for (name, unit, role) in [
        ("sun.lei", "tianhe-env", "unit_leader"),
        ("qian.mei", "tianhe-env", "unit_leader"),
        ("he.ping", "audit", "auditor"),
        ("fang.yu", "office", "supervisor"),
        ("lin.hai", "hotline", "unit_leader"),
        ("zhou.qi", "yuexiu-env", "unit_leader"),
    ] {
        let spec = PrincipalSpec::new(name).unit(unit).role(role).right("sensitive");
        suite.env.principal(if unit == "tianhe-env" { spec } else { spec.region("44") }).await;
    }
    suite
        .env
        .principal(PrincipalSpec::new("wu.gang").unit("tianhe-env").role("handler").right("sensitive"))
        .await;
    suite.env.principal(PrincipalSpec::new("xie.na").unit("yuexiu-env").role("handler").region("44")).await;
    let now = suite.clock.now();
    let centre = routing::UnitEvent {
        version: 1,
        occurred_at: Some(to_timestamp(now)),
        recorded_at: Some(to_timestamp(now)),
        unit: Some(routing::Unit {
            id: "hotline".to_owned(),
            name: "hotline".to_owned(),
            kind: routing::UnitKind::Centre.into(),
            region: REGION.to_owned(),
            version: 1,
            ..Default::default()
        }),
    };
    suite.publish("routing", "unit_changed", stable_id("unit", "hotline"), 1, centre.encode_to_vec()).await;
    eventually("the centre is known", async || suite.count("units WHERE id = 'hotline'").await == 1).await;
    suite
}

async fn handled(suite: &Suite, sensitive: bool) -> pb::Ticket {
    let request = pb::CreateTicketRequest { sensitive, ..complaint() };
    let ticket = suite.tickets("chen.jing").create_ticket(request).await.unwrap().into_inner();
    let ticket = suite
        .tickets("chen.jing")
        .dispatch_ticket(dispatch(&ticket, "tianhe-env"))
        .await
        .unwrap()
        .into_inner();
    suite.tickets("wu.gang").accept_ticket(accept(&ticket)).await.unwrap().into_inner()
}

async fn submitted(suite: &Suite, ticket: &pb::Ticket) -> pb::Ticket {
    reviews(suite, "wu.gang").submit_for_review(proposal(ticket)).await.unwrap().into_inner()
}

#[tokio::test]
async fn t18_unit_leader_then_audit_centre_resolve_with_what_was_proposed() {
    let suite = start().await;
    let ticket = submitted(&suite, &handled(&suite, false).await).await;
    assert_eq!((ticket.phase(), ticket.step.as_str()), (pb::Phase::InReview, "unit-review"));
    let review = ticket.review.clone().unwrap();
    assert_eq!(review.state(), pb::ReviewState::Open);
    assert_eq!(review.solution, "责令停工，联系人138****1234", "what is proposed is read, masked");
    assert_eq!(review.steps[0].groups[0].signers[0].unit_id, "tianhe-env");
    assert!(ticket.resolution.is_none());

    let bypass = suite.tickets("wu.gang").resolve_ticket(resolve(&ticket)).await.unwrap_err();
    assert_eq!((bypass.code(), reason(&bypass).as_str()), (Code::FailedPrecondition, "REVIEW_OPEN"));
    for (name, why) in [("wu.gang", "OWN_SUBMISSION"), ("zhou.qi", "NOT_SIGNER"), ("he.ping", "NOT_SIGNER")] {
        let refused = reviews(&suite, name).approve_review(approval(&ticket)).await.unwrap_err();
        assert_eq!((refused.code(), reason(&refused).as_str()), (Code::PermissionDenied, why), "{name}");
    }
    let again = approval(&ticket);
    let signed = reviews(&suite, "sun.lei").approve_review(again.clone()).await.unwrap().into_inner();
    assert_eq!((signed.phase(), signed.step.as_str()), (pb::Phase::InReview, "centre-review"));
    let repeated = reviews(&suite, "sun.lei").approve_review(again).await.unwrap().into_inner();
    assert_eq!(repeated.version, signed.version, "a repeated request changes nothing");
    let resolved = reviews(&suite, "he.ping").approve_review(approval(&ticket)).await.unwrap().into_inner();
    assert_eq!((resolved.phase(), resolved.step.as_str()), (pb::Phase::Resolved, "resolved"));
    let resolution = resolved.resolution.unwrap();
    assert_eq!(resolution.solution, "责令停工，联系人138****1234");
    assert_eq!(resolution.reply, "您好，已责令停工。");
    assert_eq!(resolution.resolved_by.unwrap().id, "wu.gang", "who proposed it resolved it");
    assert_eq!(resolution.responsible_unit_id, "tianhe-env");
    assert_eq!(resolved.review.unwrap().state(), pb::ReviewState::Approved);
    assert_eq!(
        suite.changes(&ticket.id).await[3..],
        ["review_submitted", "review_approved", "review_approved", "resolved"]
    );
}

#[tokio::test]
async fn t18_sensitive_tickets_add_office_and_centre_leader_who_all_sign() {
    let suite = start().await;
    let ticket = handled(&suite, true).await;
    let direct = suite.tickets("wu.gang").resolve_ticket(resolve(&ticket)).await.unwrap_err();
    assert_eq!((direct.code(), reason(&direct).as_str()), (Code::FailedPrecondition, "STEP_REFUSES"));
    assert!(direct.message().contains("sensitive tickets are resolved by review"), "{}", direct.message());
    let ticket = submitted(&suite, &ticket).await;
    for (name, step) in
        [("sun.lei", "centre-review"), ("he.ping", "leaders-review"), ("fang.yu", "leaders-review")]
    {
        let signed = reviews(&suite, name).approve_review(approval(&ticket)).await.unwrap().into_inner();
        assert_eq!((signed.phase(), signed.step.as_str()), (pb::Phase::InReview, step), "{name}");
    }
    let twice = reviews(&suite, "fang.yu").approve_review(approval(&ticket)).await.unwrap_err();
    assert_eq!((twice.code(), reason(&twice).as_str()), (Code::FailedPrecondition, "SIGNED_ALREADY"));
    let other = reviews(&suite, "zhou.qi").approve_review(approval(&ticket)).await.unwrap_err();
    assert_eq!(reason(&other), "NOT_SIGNER", "a leader, but not of the centre");
    let resolved = reviews(&suite, "lin.hai").approve_review(approval(&ticket)).await.unwrap().into_inner();
    assert_eq!(resolved.phase(), pb::Phase::Resolved);
}

#[tokio::test]
async fn t18_a_rejection_goes_back_to_a_chosen_step_and_what_was_signed_after_it_is_signed_anew() {
    let suite = start().await;
    let ticket = submitted(&suite, &handled(&suite, false).await).await;
    reviews(&suite, "sun.lei").approve_review(approval(&ticket)).await.unwrap();
    let ahead =
        reviews(&suite, "he.ping").reject_review(rejection(&ticket, "leaders-review")).await.unwrap_err();
    assert_eq!(ahead.code(), Code::InvalidArgument);
    assert!(ahead.message().contains("step"), "{}", ahead.message());
    let back = reviews(&suite, "he.ping")
        .reject_review(rejection(&ticket, "unit-review"))
        .await
        .unwrap()
        .into_inner();
    assert_eq!((back.phase(), back.step.as_str()), (pb::Phase::InReview, "unit-review"));
    assert_eq!(back.review.as_ref().unwrap().rejection, "请补充现场照片");
    // Signed anew, also by the same person, because the earlier signature is gone.
    let signed = reviews(&suite, "sun.lei").approve_review(approval(&ticket)).await.unwrap().into_inner();
    assert_eq!(signed.step, "centre-review");
    let home = reviews(&suite, "he.ping").reject_review(rejection(&ticket, "")).await.unwrap().into_inner();
    assert_eq!((home.phase(), home.step.as_str()), (pb::Phase::InProgress, "handling"));
    assert_eq!(home.review.unwrap().state(), pb::ReviewState::Rejected);
    let none = reviews(&suite, "he.ping").approve_review(approval(&ticket)).await.unwrap_err();
    assert_eq!(reason(&none), "PHASE_REFUSES");
    let better =
        pb::SubmitForReviewRequest { solution: "已停工并拍照".to_owned(), ..proposal(&ticket) };
    let second = reviews(&suite, "wu.gang").submit_for_review(better).await.unwrap().into_inner();
    assert_eq!(
        second.review.unwrap().solution,
        "已停工并拍照",
        "the later proposal takes the place of the first"
    );
}

#[tokio::test]
async fn t18_named_persons_countersign_all_of_them_or_one() {
    let suite = start().await;
    for (mode, signers, after) in [
        (pb::SigningMode::AllOf, ["xie.na", "zhou.qi"].as_slice(), "centre-review"),
        (pb::SigningMode::AnyOf, &["zhou.qi"], "centre-review"),
    ] {
        let ticket = handled(&suite, false).await;
        let own =
            pb::SubmitForReviewRequest { countersigner_ids: vec!["wu.gang".to_owned()], ..proposal(&ticket) };
        let own = reviews(&suite, "wu.gang").submit_for_review(own).await.unwrap_err();
        assert_eq!(reason(&own), "OWN_SUBMISSION");
        let nobody =
            pb::SubmitForReviewRequest { countersigner_ids: vec!["nobody".to_owned()], ..proposal(&ticket) };
        let nobody = reviews(&suite, "wu.gang").submit_for_review(nobody).await.unwrap_err();
        assert_eq!(nobody.code(), Code::InvalidArgument);
        let named = pb::SubmitForReviewRequest {
            countersigner_ids: vec!["xie.na".to_owned(), "zhou.qi".to_owned()],
            countersigning: mode.into(),
            ..proposal(&ticket)
        };
        reviews(&suite, "wu.gang").submit_for_review(named).await.unwrap();
        let leader = reviews(&suite, "sun.lei").approve_review(approval(&ticket)).await.unwrap().into_inner();
        assert_eq!(leader.step, "unit-review", "the countersigners are waited for");
        for (at, name) in signers.iter().enumerate() {
            let signed = reviews(&suite, name).approve_review(approval(&ticket)).await.unwrap().into_inner();
            let last = at + 1 == signers.len();
            assert_eq!(signed.step, if last { after } else { "unit-review" }, "{mode:?}: {name}");
        }
    }
}

#[tokio::test]
async fn t18_who_may_not_see_a_sensitive_ticket_is_not_asked_to_sign_it() {
    let suite = start().await;
    suite.env.principal(PrincipalSpec::new("tang.wei").unit("yuexiu-env").role("handler").region("44")).await;
    let named = |ticket: &pb::Ticket| pb::SubmitForReviewRequest {
        countersigner_ids: vec!["zhou.qi".to_owned(), "tang.wei".to_owned()],
        ..proposal(ticket)
    };
    let sensitive = handled(&suite, true).await;
    let refused = reviews(&suite, "wu.gang").submit_for_review(named(&sensitive)).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert_eq!(crate::suite::fields(&refused), ["countersigner_ids[1]"]);
    let open = handled(&suite, false).await;
    reviews(&suite, "wu.gang").submit_for_review(named(&open)).await.unwrap();
}

#[tokio::test]
async fn t18_a_cancelled_ticket_leaves_its_review_lapsed_and_two_signatures_at_once_have_one_winner() {
    let suite = start().await;
    let ticket = submitted(&suite, &handled(&suite, false).await).await;
    let stale = |etag: i64| pb::ApproveReviewRequest { etag: etag.to_string(), ..approval(&ticket) };
    let (mut one, mut two) = (reviews(&suite, "sun.lei"), reviews(&suite, "qian.mei"));
    let (a, b) =
        tokio::join!(one.approve_review(stale(ticket.version)), two.approve_review(stale(ticket.version)));
    let lost = [a.err(), b.err()].into_iter().flatten().collect::<Vec<_>>();
    assert_eq!(lost.len(), 1, "{lost:?}");
    assert_eq!(lost[0].code(), Code::Aborted);
    let cancel = pb::CancelTicketRequest {
        request_id: id(),
        ticket: ticket.id.clone(),
        etag: String::new(),
        reason: "误报".to_owned(),
    };
    let cancelled = suite.tickets("chen.jing").cancel_ticket(cancel).await.unwrap().into_inner();
    assert_eq!((cancelled.phase(), cancelled.step.as_str()), (pb::Phase::Cancelled, "cancelled"));
    assert_eq!(cancelled.review.unwrap().state(), pb::ReviewState::Lapsed);
}

#[tokio::test]
async fn t18_neither_a_proposal_nor_the_last_signature_passes_over_parts_that_are_worked_on() {
    let suite = start().await;
    let split = |ticket: &pb::Ticket| pb::SplitTicketRequest {
        request_id: id(),
        ticket: ticket.id.clone(),
        parts: vec![pb::SplitPart {
            subject: "渣土车乱停".to_owned(),
            body: "渣土车停在人行道上。".to_owned(),
            ..Default::default()
        }],
        reason: "两件事".to_owned(),
        ..Default::default()
    };
    let finish = async |part: &pb::Ticket| {
        suite.tickets("chen.jing").dispatch_ticket(dispatch(part, "tianhe-env")).await.unwrap();
        suite.tickets("wu.gang").accept_ticket(accept(part)).await.unwrap();
        suite.tickets("wu.gang").resolve_ticket(resolve(part)).await.unwrap();
    };
    let waits = |refused: tonic::Status, part: &pb::Ticket| {
        assert_eq!((refused.code(), reason(&refused).as_str()), (Code::FailedPrecondition, "PARTS_OPEN"));
        assert!(refused.message().contains(&part.number), "{}", refused.message());
    };

    let whole = handled(&suite, false).await;
    let part = suite.links("wu.gang").split_ticket(split(&whole)).await.unwrap().into_inner().parts.remove(0);
    waits(reviews(&suite, "wu.gang").submit_for_review(proposal(&whole)).await.unwrap_err(), &part);
    finish(&part).await;
    submitted(&suite, &whole).await;

    // Split while it is reviewed: whoever signs last is told.
    let later =
        suite.links("wu.gang").split_ticket(split(&whole)).await.unwrap().into_inner().parts.remove(0);
    reviews(&suite, "sun.lei").approve_review(approval(&whole)).await.unwrap();
    waits(reviews(&suite, "he.ping").approve_review(approval(&whole)).await.unwrap_err(), &later);
    let waiting = suite.get(&whole.id).await;
    assert_eq!((waiting.phase(), waiting.step.as_str()), (pb::Phase::InReview, "centre-review"));
    finish(&later).await;
    let resolved = reviews(&suite, "he.ping").approve_review(approval(&whole)).await.unwrap().into_inner();
    assert_eq!(resolved.phase(), pb::Phase::Resolved);
}
