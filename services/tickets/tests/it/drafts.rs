//! T2: drafts are edited, submitted and discarded, and are nobody else's business. T3: direct answers.

use crate::suite::{Suite, complaint, id, reopen};
use gongdan_proto::tickets::v1::{self as pb, Queue, answer_ticket_request::Request};
use tonic::Code;

fn amend(ticket: &pb::Ticket, draft: pb::DraftFields, paths: &[&str]) -> pb::UpdateDraftRequest {
    let paths = paths.iter().map(ToString::to_string).collect();
    pb::UpdateDraftRequest {
        request_id: id(),
        ticket: ticket.id.clone(),
        etag: String::new(),
        draft: Some(draft),
        update_mask: Some(prost_types::FieldMask { paths }),
    }
}

impl Suite {
    async fn draft(&self) -> pb::Ticket {
        self.created(pb::CreateTicketRequest { draft: true, ..complaint() }).await
    }
}

#[tokio::test]
async fn t02_a_draft_is_edited_field_by_field_and_submitted() {
    let suite = Suite::start().await;
    let draft = suite.draft().await;
    let say =
        pb::DraftFields { subject: "夜间施工".into(), region: "430100".into(), ..Default::default() };
    let request = amend(&draft, say, &["subject", "region"]);
    let amended = suite.drafts("zhao.min").update_draft(request.clone()).await.unwrap().into_inner();
    assert_eq!((amended.subject.as_str(), amended.region.as_str()), ("夜间施工", "430100000000"));
    assert_eq!((amended.body.as_str(), amended.r#type), (draft.body.as_str(), draft.r#type));
    let again = suite.drafts("zhao.min").update_draft(request).await.unwrap().into_inner();
    assert_eq!(again, amended, "the same request has the same answer");
    assert_eq!(suite.get(&draft.id).await.region, "430100000000");
    assert_eq!(suite.timeline(&draft.id).await.len(), 2);
    let submit = pb::SubmitTicketRequest { request_id: id(), ticket: draft.id.clone(), etag: amended.etag };
    let submitted = suite.tickets("zhao.min").submit_ticket(submit).await.unwrap().into_inner();
    assert_eq!((submitted.phase(), submitted.subject.as_str()), (pb::Phase::PendingDispatch, "夜间施工"));
    let late = amend(&draft, pb::DraftFields { subject: "迟".into(), ..Default::default() }, &["subject"]);
    let refused = suite.drafts("zhao.min").update_draft(late).await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
}

#[tokio::test]
async fn t02_bad_fields_of_a_draft_are_named() {
    let suite = Suite::start().await;
    let draft = suite.draft().await;
    for (fields, paths) in [
        (pb::DraftFields::default(), [].as_slice()),
        (pb::DraftFields::default(), &["phase"]),
        (pb::DraftFields::default(), &["subject"]),
        (pb::DraftFields { region: "999999".into(), ..Default::default() }, &["region"]),
        (pb::DraftFields { item: "none".into(), ..Default::default() }, &["item"]),
        (pb::DraftFields { urgency: 77, ..Default::default() }, &["urgency"]),
    ] {
        let refused = suite.drafts("zhao.min").update_draft(amend(&draft, fields, paths)).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{paths:?}");
    }
    assert_eq!(suite.get(&draft.id).await.version, 1);
}

#[tokio::test]
async fn t02_a_draft_is_seen_by_the_desk_and_nobody_else() {
    let suite = Suite::start().await;
    let inspector =
        gongdan_testkit::PrincipalSpec::new("lu.hua").role("supervisor").unit("centre").region("44");
    suite.env.principal(inspector).await;
    let draft = suite.draft().await;
    let get = || pb::GetTicketRequest { ticket: draft.id.clone(), in_clear: false };
    assert_eq!(suite.tickets("lu.hua").get_ticket(get()).await.unwrap_err().code(), Code::NotFound);
    let all = pb::ListTicketsRequest::default();
    let seen = suite.tickets("lu.hua").list_tickets(all.clone()).await.unwrap().into_inner().tickets;
    assert!(seen.is_empty());
    suite.tickets("zhao.min").get_ticket(get()).await.unwrap();
    let seen = suite.tickets("chen.jing").list_tickets(all).await.unwrap().into_inner().tickets;
    assert_eq!(seen.len(), 1, "who may submit it sees it");
}

#[tokio::test]
async fn t02_a_discarded_draft_is_cancelled() {
    let suite = Suite::start().await;
    let draft = suite.draft().await;
    let request = pb::DiscardDraftRequest { request_id: id(), ticket: draft.id.clone(), etag: String::new() };
    let gone = suite.drafts("zhao.min").discard_draft(request.clone()).await.unwrap().into_inner();
    assert_eq!(gone.phase(), pb::Phase::Cancelled);
    let other = pb::DiscardDraftRequest { request_id: id(), ..request };
    let refused = suite.drafts("zhao.min").discard_draft(other).await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
    let page = pb::ListQueueRequest { queue: Queue::Drafts.into(), ..Default::default() };
    assert!(suite.queues("zhao.min").list_queue(page).await.unwrap().into_inner().tickets.is_empty());
}

#[tokio::test]
async fn t03_a_direct_answer_closes_in_one_call_and_is_never_routed() {
    let suite = Suite::start().await;
    let request = pb::AnswerTicketRequest {
        request_id: id(),
        request: Some(Request::Create(pb::CreateTicketRequest { request_id: String::new(), ..complaint() })),
        etag: String::new(),
        outcome: pb::Outcome::Explained.into(),
        reply: "按规定二十二点后不得施工。".into(),
    };
    let closed = suite.drafts("zhao.min").answer_ticket(request.clone()).await.unwrap().into_inner();
    assert_eq!((closed.phase(), closed.first_contact), (pb::Phase::Closed, true));
    assert_eq!(closed.close_reason(), pb::CloseReason::Answered);
    assert_eq!(closed.resolution.as_ref().unwrap().reply, request.reply);
    let kinds: Vec<String> = sqlx::query_scalar("SELECT type FROM events WHERE aggregate_id = $1::uuid")
        .bind(&closed.id)
        .fetch_all(suite.env.pool())
        .await
        .unwrap();
    assert_eq!(kinds, ["answered"], "there is nothing for routing in it");
    let again = suite.drafts("zhao.min").answer_ticket(request).await.unwrap().into_inner();
    assert_eq!(again.id, closed.id);
    let reopened =
        suite.tickets("zhao.min").reopen_ticket(reopen(&closed, false)).await.unwrap().into_inner();
    assert_eq!(reopened.phase(), pb::Phase::PendingDispatch);
}

#[tokio::test]
async fn t03_a_draft_is_answered_too_and_nothing_else_is() {
    let suite = Suite::start().await;
    let answer = |ticket: &pb::Ticket| pb::AnswerTicketRequest {
        request_id: id(),
        request: Some(Request::Ticket(ticket.number.clone())),
        etag: String::new(),
        outcome: pb::Outcome::Solved.into(),
        reply: "已处理".into(),
    };
    let draft = suite.draft().await;
    let closed = suite.drafts("zhao.min").answer_ticket(answer(&draft)).await.unwrap().into_inner();
    assert_eq!((closed.phase(), closed.subject.as_str()), (pb::Phase::Closed, draft.subject.as_str()));
    let waiting = suite.submitted().await;
    let refused = suite.drafts("zhao.min").answer_ticket(answer(&waiting)).await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
    let empty = pb::AnswerTicketRequest { request: None, reply: String::new(), outcome: 0, ..answer(&draft) };
    let refused = suite.drafts("zhao.min").answer_ticket(empty).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    let refused = suite.drafts("li.wei").answer_ticket(answer(&draft)).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied, "answering at intake is the desk's");
}
