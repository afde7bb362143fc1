//! T2: drafts are edited, submitted and discarded, and are nobody else's business. T3: direct answers.

use crate::{
    forms::{ITEM, filled, text},
    suite::{Suite, complaint, fields, id, reopen, with_phone},
};
use gongdan_proto::tickets::v1::{self as pb, Queue, answer_ticket_request::Request};
use serde_json::json;
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
async fn t02_a_draft_is_saved_with_as_little_as_is_known_and_submitted_when_it_says_all() {
    let suite = Suite::start().await;
    let request = pb::CreateTicketRequest {
        request_id: id(),
        channel: pb::Channel::Phone.into(),
        draft: true,
        ..Default::default()
    };
    let draft = suite.created(request).await;
    assert_eq!(draft.missing_fields, ["subject", "body", "region", "type"]);
    assert_eq!((draft.r#type(), draft.region.as_str()), (pb::TicketType::Other, "440000000000"));
    let submit =
        || pb::SubmitTicketRequest { request_id: id(), ticket: draft.id.clone(), etag: String::new() };
    let mut agent = suite.tickets("zhao.min");
    let refused = agent.submit_ticket(submit()).await.unwrap_err();
    assert_eq!((refused.code(), fields(&refused).len()), (Code::InvalidArgument, 4));
    assert_eq!(fields(&refused), ["subject", "body", "region", "type"]);
    let answer = pb::AnswerTicketRequest {
        request_id: id(),
        request: Some(Request::Ticket(draft.id.clone())),
        etag: String::new(),
        outcome: pb::Outcome::Solved.into(),
        reply: "已处理".into(),
    };
    let refused = suite.drafts("zhao.min").answer_ticket(answer).await.unwrap_err();
    assert_eq!(fields(&refused), ["subject", "body", "region", "type"]);
    // It is the author's, and in no queue but drafts.
    let page = pb::ListQueueRequest { queue: Queue::Drafts.into(), ..Default::default() };
    let mine = suite.queues("zhao.min").list_queue(page).await.unwrap().into_inner().tickets;
    assert_eq!(mine.iter().map(|t| t.id.as_str()).collect::<Vec<_>>(), [draft.id.as_str()]);
    assert_eq!(mine[0].missing_fields.len(), 4);
    let page = pb::ListQueueRequest { queue: Queue::RegionOpen.into(), ..Default::default() };
    assert!(suite.queues("zhao.min").list_queue(page).await.unwrap().into_inner().tickets.is_empty());
    let update = async |say, paths: &[&str]| {
        suite.drafts("zhao.min").update_draft(amend(&draft, say, paths)).await.unwrap().into_inner()
    };
    let say = pb::DraftFields {
        subject: "路灯不亮".into(),
        body: "整条街都黑".into(),
        r#type: pb::TicketType::Report.into(),
        ..Default::default()
    };
    let said = update(say.clone(), &["subject", "body", "type"]).await;
    assert_eq!((said.missing_fields, said.r#type), (vec!["region".to_owned()], say.r#type));
    // Taken out again.
    let less = update(pb::DraftFields::default(), &["type", "body"]).await;
    assert_eq!(less.missing_fields, ["body", "region", "type"]);
    update(say, &["body", "type"]).await;
    let whole = update(pb::DraftFields { region: "440106".into(), ..Default::default() }, &["region"]).await;
    assert!(whole.missing_fields.is_empty());
    let submitted = agent.submit_ticket(submit()).await.unwrap().into_inner();
    assert_eq!((submitted.phase(), submitted.region.as_str()), (pb::Phase::PendingDispatch, "440106000000"));
    assert_eq!(submitted.r#type(), pb::TicketType::Report);
    // What is not saved only has to say everything.
    let request = pb::CreateTicketRequest { request_id: id(), draft: false, ..Default::default() };
    let refused = agent.create_ticket(request).await.unwrap_err();
    assert_eq!(fields(&refused), ["subject", "body", "region", "channel", "type"]);
}

#[tokio::test]
async fn t02_the_contact_of_a_draft_is_changed_and_another_number_is_another_customer() {
    let suite = Suite::start().await;
    let ana = suite.created(with_phone("13800001234")).await.customer_id;
    let draft = suite.created(pb::CreateTicketRequest { draft: true, ..complaint() }).await;
    assert!(draft.customer_id.is_empty());
    let contact = |phone: &str, name: &str| pb::DraftFields {
        contact: Some(pb::ContactInput { phone: phone.into(), name: name.into(), ..Default::default() }),
        ..Default::default()
    };
    let update = async |say, paths: &[&str]| {
        suite.drafts("zhao.min").update_draft(amend(&draft, say, paths)).await.unwrap().into_inner()
    };
    let shown = |ticket: &pb::Ticket| ticket.contact.clone().map(|c| (c.phone, c.name)).unwrap_or_default();
    let bad = amend(&draft, contact("12", ""), &["contact.phone"]);
    let refused = suite.drafts("zhao.min").update_draft(bad).await.unwrap_err();
    assert_eq!(fields(&refused), ["draft.contact.phone"]);
    let known = update(contact("138 0000 1234", "王芳"), &["contact"]).await;
    assert_eq!(known.customer_id, ana, "the customer of this number");
    assert_eq!(shown(&known), ("138****1234".to_owned(), "王*".to_owned()));
    assert_eq!(known.customer_tier, "standard");
    let named = update(contact("", "李四"), &["contact.name"]).await;
    assert_eq!((named.customer_id.as_str(), shown(&named).0.as_str()), (ana.as_str(), "138****1234"));
    let request = amend(&draft, contact("13900005678", ""), &["contact.phone"]);
    let other = suite.drafts("zhao.min").update_draft(request.clone()).await.unwrap().into_inner();
    assert!(!other.customer_id.is_empty() && other.customer_id != ana);
    assert_eq!(shown(&other), ("139****5678".to_owned(), "李*".to_owned()), "the name stays");
    assert_eq!(suite.drafts("zhao.min").update_draft(request).await.unwrap().into_inner(), other);
    assert_eq!(suite.get(&draft.id).await.customer_id, other.customer_id);
    // The number leads to the draft's customer, and back.
    let again = suite.created(with_phone("13900005678")).await;
    assert_eq!(again.customer_id, other.customer_id);
    let nobody = update(pb::DraftFields::default(), &["contact"]).await;
    assert_eq!((nobody.customer_id.as_str(), nobody.contact), ("", None));
    let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM contacts WHERE ticket_id = $1::uuid")
        .bind(&draft.id)
        .fetch_one(suite.env.pool())
        .await
        .unwrap();
    assert_eq!(rows, 0);
}

#[tokio::test]
async fn t02_the_item_of_a_draft_is_changed_with_what_is_filled_into_its_form() {
    let suite = Suite::with_water().await;
    let draft = suite.draft().await;
    let say = pb::DraftFields {
        item: ITEM.into(),
        custom_fields: filled(&json!({ "meter": "12345678", "account": "a-1" })),
        ..Default::default()
    };
    let update = |say: &pb::DraftFields, paths: &[&str]| amend(&draft, say.clone(), paths);
    let mut drafts = suite.drafts("zhao.min");
    let chosen = drafts.update_draft(update(&say, &["item", "custom_fields"])).await.unwrap().into_inner();
    assert_eq!((chosen.item.as_str(), chosen.form.as_str(), chosen.form_version), (ITEM, "water", 1));
    assert_eq!(text(chosen.custom_fields.as_ref(), "meter"), "12345678");
    assert_eq!(text(chosen.custom_fields.as_ref(), "account"), "****");
    assert_eq!(chosen.r#type, draft.r#type, "the type that was said stays");
    let back = pb::DraftFields::default();
    let refused = drafts.update_draft(update(&back, &["item"])).await.unwrap_err();
    assert_eq!(fields(&refused), ["draft.item"], "what was filled in would be lost");
    let wrong = pb::DraftFields { custom_fields: filled(&json!({ "meter": "1" })), ..say };
    let refused = drafts.update_draft(update(&wrong, &["custom_fields"])).await.unwrap_err();
    assert_eq!(fields(&refused), ["draft.custom_fields.meter"]);
    let left = drafts.update_draft(update(&back, &["item", "custom_fields"])).await.unwrap().into_inner();
    assert_eq!((left.item.as_str(), left.form.as_str()), ("unclassified", ""));
    assert_eq!((left.custom_fields, left.contact), (None, None));
}

#[tokio::test]
async fn t02_bad_fields_of_a_draft_are_named() {
    let suite = Suite::start().await;
    let draft = suite.draft().await;
    for (fields, paths) in [
        (pb::DraftFields::default(), [].as_slice()),
        (pb::DraftFields::default(), &["phase"]),
        (pb::DraftFields { subject: "a\nb".into(), ..Default::default() }, &["subject"]),
        (pb::DraftFields::default(), &["channel"]),
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
async fn t02_whoever_has_no_region_says_where_a_draft_stands() {
    let suite = Suite::start().await;
    suite.env.principal(gongdan_testkit::PrincipalSpec::new("lone").role("agent")).await;
    let request = pb::CreateTicketRequest {
        request_id: id(),
        channel: pb::Channel::Phone.into(),
        draft: true,
        ..Default::default()
    };
    let refused = suite.tickets("lone").create_ticket(request).await.unwrap_err();
    assert_eq!((refused.code(), fields(&refused)), (Code::InvalidArgument, vec!["region".to_owned()]));
    assert!(refused.message().contains("where it happened"), "{}", refused.message());
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
