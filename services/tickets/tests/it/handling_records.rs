//! T14, T16, T17: assists, suspensions and extensions.

use crate::suite::{
    Suite, accept, cancel, dispatch, fields, id, instant, reason, resolve, transfer, with_phone,
};
use gongdan_auth::AuthChannel;
use gongdan_clock::{Clock as _, ManualClock, SystemClock, new_id, to_micros};
use gongdan_proto::{
    sla::v1::{self as sla, clock_event},
    tickets::v1::{self as pb, handling_service_client::HandlingServiceClient},
    to_timestamp,
};
use gongdan_testkit::{PrincipalSpec, eventually, eventually_some};
use jiff::{SignedDuration, Timestamp};
use prost::Message as _;
use std::sync::Arc;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

impl Suite {
    pub fn handling(&self, principal: &str) -> HandlingServiceClient<AuthChannel> {
        HandlingServiceClient::new(self.env.channel(&self.service, principal))
    }

    /// Leaders of both units, and a supervisor.
    async fn with_leaders(self) -> Self {
        for (name, unit) in [("zhang.hua", "tianhe-env"), ("sun.li", "yuexiu-env")] {
            self.env.principal(PrincipalSpec::new(name).unit(unit).role("unit_leader")).await;
        }
        self.env
            .principal(PrincipalSpec::new("guo.qiang").unit("centre").role("supervisor").region("44"))
            .await;
        self
    }

    /// sla says when the ticket's handling is due.
    async fn due(&self, ticket: &pb::Ticket, due: Timestamp) {
        self.clock_due(ticket, sla::ClockKind::Handling, "", due).await;
    }

    /// sla says when a clock of the ticket is due.
    async fn clock_due(&self, ticket: &pb::Ticket, kind: sla::ClockKind, record: &str, due: Timestamp) {
        let (clock, now) = (new_id(self.clock.now()), self.clock.now());
        let event = sla::ClockEvent {
            clock_id: clock.to_string(),
            version: 1,
            occurred_at: Some(to_timestamp(now)),
            recorded_at: Some(to_timestamp(now)),
            state: Some(sla::Clock {
                id: clock.to_string(),
                ticket_id: ticket.id.clone(),
                round: ticket.round,
                kind: kind.into(),
                record_id: record.to_owned(),
                state: sla::ClockState::Running.into(),
                version: 1,
                due_at: Some(to_timestamp(due)),
                ..Default::default()
            }),
            change: Some(clock_event::Change::Started(sla::ClockStarted {})),
            ..Default::default()
        };
        self.publish("sla", "started", clock, 1, event.encode_to_vec()).await;
        eventually("the deadline is known", async || {
            let sql = "SELECT count(*) FROM deadlines WHERE clock_id = $1";
            let known: i64 = sqlx::query_scalar(sql).bind(clock).fetch_one(self.env.pool()).await.unwrap();
            known == 1
        })
        .await;
    }
}

fn suspend(ticket: &pb::Ticket, until: Option<Timestamp>) -> pb::RequestSuspensionRequest {
    pb::RequestSuspensionRequest {
        request_id: id(),
        ticket: ticket.id.clone(),
        until: until.map(to_timestamp),
        reason: "等待鉴定，联系13800001234".to_owned(),
        ..Default::default()
    }
}

fn approve_suspension(ticket: &pb::Ticket) -> pb::ApproveSuspensionRequest {
    pb::ApproveSuspensionRequest { request_id: id(), ticket: ticket.id.clone(), ..Default::default() }
}

fn resume(ticket: &pb::Ticket) -> pb::ResumeTicketRequest {
    pb::ResumeTicketRequest { request_id: id(), ticket: ticket.id.clone(), ..Default::default() }
}

fn extend(ticket: &pb::Ticket, until: Timestamp) -> pb::RequestExtensionRequest {
    pb::RequestExtensionRequest {
        request_id: id(),
        ticket: ticket.id.clone(),
        until: Some(to_timestamp(until)),
        reason: "案情复杂".to_owned(),
        ..Default::default()
    }
}

fn approve_extension(ticket: &pb::Ticket) -> pb::ApproveExtensionRequest {
    pb::ApproveExtensionRequest { request_id: id(), ticket: ticket.id.clone(), ..Default::default() }
}

fn reject_extension(ticket: &pb::Ticket) -> pb::RejectExtensionRequest {
    pb::RejectExtensionRequest {
        request_id: id(),
        ticket: ticket.id.clone(),
        decision: "理由不充分".to_owned(),
        ..Default::default()
    }
}

pub fn ask_for_help(ticket: &pb::Ticket, unit: &str) -> pb::RequestAssistRequest {
    pb::RequestAssistRequest {
        request_id: id(),
        ticket: ticket.id.clone(),
        unit_id: unit.to_owned(),
        due_at: Some(to_timestamp(SystemClock.now() + SignedDuration::from_hours(48))),
        request: "请核查夜间施工许可".to_owned(),
        ..Default::default()
    }
}

pub fn help(ticket: &pb::Ticket) -> pb::ReplyAssistRequest {
    pb::ReplyAssistRequest {
        request_id: id(),
        ticket: ticket.id.clone(),
        reply: "未办理许可".to_owned(),
        ..Default::default()
    }
}

fn refused(status: &Status) -> (Code, String) {
    (status.code(), reason(status))
}

fn is(code: Code, reason: &str) -> (Code, String) {
    (code, reason.to_owned())
}

#[tokio::test]
async fn t14_the_lead_cannot_resolve_while_an_assisting_unit_owes_its_reply() {
    let suite = Suite::start().await;
    let ticket = suite.accepted().await;
    let mut assisting = suite.handling("wang.fang");
    let mut lead = suite.handling("li.wei");
    let unseen = assisting.reply_assist(help(&ticket)).await.unwrap_err();
    assert_eq!(refused(&unseen), is(Code::NotFound, "TICKET_NOT_FOUND"), "it takes no part yet");

    let asked = lead.request_assist(ask_for_help(&ticket, "yuexiu-env")).await.unwrap().into_inner();
    let assist = &asked.assists[0];
    assert_eq!((assist.state(), assist.unit_id.as_str()), (pb::AssistState::Owed, "yuexiu-env"));
    assert_eq!(assist.request, "请核查夜间施工许可");
    assert!(assist.due_at.is_some());
    assert_eq!(asked.participant_unit_ids, ["tianhe-env", "yuexiu-env"]);
    let request = pb::GetTicketRequest { ticket: ticket.id.clone(), in_clear: false };
    let seen = suite.tickets("wang.fang").get_ticket(request).await.unwrap().into_inner();
    assert_eq!(seen.assists[0].request, "请核查夜间施工许可", "the assisting unit reads it");

    let owed = suite.tickets("li.wei").resolve_ticket(resolve(&ticket)).await.unwrap_err();
    assert_eq!(refused(&owed), is(Code::FailedPrecondition, "ASSIST_OWED"));
    assert_eq!(owed.get_error_details().error_info().unwrap().metadata["units"], "yuexiu-env");
    let twice = lead.request_assist(ask_for_help(&ticket, "yuexiu-env")).await.unwrap_err();
    assert_eq!(refused(&twice), is(Code::FailedPrecondition, "ASSIST_OWED"));
    let not_lead = assisting.request_assist(ask_for_help(&ticket, "centre")).await.unwrap_err();
    assert_eq!(not_lead.code(), Code::PermissionDenied);
    let not_asked =
        lead.reply_assist(pb::ReplyAssistRequest { assist_id: assist.id.clone(), ..help(&ticket) });
    assert_eq!(refused(&not_asked.await.unwrap_err()), is(Code::PermissionDenied, "NOT_RECIPIENT"));

    let replied = assisting.reply_assist(help(&ticket)).await.unwrap().into_inner();
    assert_eq!(
        (replied.assists[0].state(), replied.assists[0].reply.as_str()),
        (pb::AssistState::Replied, "未办理许可")
    );
    assert_eq!(replied.assists[0].ended_by.as_ref().unwrap().id, "wang.fang");
    suite.tickets("li.wei").resolve_ticket(resolve(&ticket)).await.unwrap();
    assert_eq!(suite.changes(&ticket.id).await[3..], ["assist_requested", "assist_replied", "resolved"]);
}

#[tokio::test]
async fn an_assist_is_declined_or_waived_with_a_reason() {
    let suite = Suite::start().await;
    let ticket = suite.accepted().await;
    let mut lead = suite.handling("li.wei");
    for (request, field) in [
        (ask_for_help(&ticket, "no-such-unit"), "unit_id"),
        (ask_for_help(&ticket, "tianhe-env"), "unit_id"),
        (pb::RequestAssistRequest { request: String::new(), ..ask_for_help(&ticket, "centre") }, "request"),
        (
            pb::RequestAssistRequest {
                due_at: Some(instant("2020-01-01T00:00:00Z")),
                ..ask_for_help(&ticket, "centre")
            },
            "due_at",
        ),
    ] {
        let bad = lead.request_assist(request).await.unwrap_err();
        assert_eq!((bad.code(), fields(&bad)), (Code::InvalidArgument, vec![field.to_owned()]));
    }
    lead.request_assist(ask_for_help(&ticket, "yuexiu-env")).await.unwrap();
    let decline = pb::DeclineAssistRequest {
        request_id: id(),
        ticket: ticket.id.clone(),
        reason: "非本单位职责".to_owned(),
        ..Default::default()
    };
    let declined = suite.handling("wang.fang").decline_assist(decline).await.unwrap().into_inner();
    assert_eq!(declined.assists[0].state(), pb::AssistState::Declined);
    // without a deadline, as sla is not there to say one
    let open = pb::RequestAssistRequest { due_at: None, ..ask_for_help(&ticket, "centre") };
    let asked = lead.request_assist(open).await.unwrap().into_inner();
    assert_eq!((asked.assists.len(), asked.assists[1].due_at), (2, None));
    // its clock says one, once it runs
    let due = to_micros(SystemClock.now() + SignedDuration::from_hours(30));
    suite.clock_due(&ticket, sla::ClockKind::Assist, &asked.assists[1].id, due).await;
    let request = pb::GetTicketRequest { ticket: ticket.id.clone(), ..Default::default() };
    let seen = suite.tickets("li.wei").get_ticket(request).await.unwrap().into_inner();
    assert_eq!(seen.assists[1].due_at, Some(to_timestamp(due)));
    lead.request_assist(ask_for_help(&ticket, "yuexiu-env")).await.unwrap();
    let waive = |assist: &str| pb::WaiveAssistRequest {
        request_id: id(),
        ticket: ticket.id.clone(),
        assist_id: assist.to_owned(),
        reason: "已自行查明".to_owned(),
        ..Default::default()
    };
    let which = lead.waive_assist(waive("")).await.unwrap_err();
    assert_eq!((which.code(), fields(&which)), (Code::InvalidArgument, vec!["assist_id".to_owned()]));
    let waived = lead.waive_assist(waive(&asked.assists[1].id)).await.unwrap().into_inner();
    assert_eq!(
        (waived.assists[1].state(), waived.assists[1].reply.as_str()),
        (pb::AssistState::Waived, "已自行查明")
    );
    let again = lead.waive_assist(waive(&asked.assists[1].id)).await.unwrap_err();
    assert_eq!(refused(&again), is(Code::FailedPrecondition, "RECORD_STATE_REFUSES"));
    let none = lead.waive_assist(waive(&id())).await.unwrap_err();
    assert_eq!(refused(&none), is(Code::NotFound, "RECORD_NOT_FOUND"));
}

#[tokio::test]
async fn t16_a_suspension_is_approved_by_somebody_else_and_the_ticket_goes_on() {
    let suite = Suite::start().await.with_leaders().await;
    let ticket = suite.accepted().await;
    let mut handler = suite.handling("li.wei");
    let until = SystemClock.now() + SignedDuration::from_hours(48);
    let asked = handler.request_suspension(suspend(&ticket, Some(until))).await.unwrap().into_inner();
    assert_eq!(
        (asked.phase(), asked.suspensions[0].state()),
        (pb::Phase::InProgress, pb::SuspensionState::Requested)
    );
    assert_eq!(asked.suspensions[0].reason, "等待鉴定，联系138****1234");
    let twice = handler.request_suspension(suspend(&ticket, None)).await.unwrap_err();
    assert_eq!(refused(&twice), is(Code::FailedPrecondition, "REQUEST_PENDING"));
    let own = handler.approve_suspension(approve_suspension(&ticket)).await.unwrap_err();
    assert_eq!(own.code(), Code::PermissionDenied, "handlers do not decide");
    let other = suite.handling("sun.li").approve_suspension(approve_suspension(&ticket)).await.unwrap_err();
    assert_eq!(other.code(), Code::NotFound, "another unit's leader does not see it");

    let approved = suite
        .handling("zhang.hua")
        .approve_suspension(approve_suspension(&ticket))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        (approved.phase(), approved.suspensions[0].state()),
        (pb::Phase::Suspended, pb::SuspensionState::Active)
    );
    assert_eq!(approved.suspensions[0].decided_by.as_ref().unwrap().id, "zhang.hua");
    assert_eq!(suite.count("resumptions").await, 1);
    let resting = suite.tickets("li.wei").resolve_ticket(resolve(&ticket)).await.unwrap_err();
    assert_eq!(refused(&resting), is(Code::FailedPrecondition, "PHASE_REFUSES"));
    let resumed = handler.resume_ticket(resume(&ticket)).await.unwrap().into_inner();
    assert_eq!(
        (resumed.phase(), resumed.suspensions[0].state()),
        (pb::Phase::InProgress, pb::SuspensionState::Ended)
    );
    assert_eq!(suite.count("resumptions").await, 0);
    let again = handler.resume_ticket(resume(&ticket)).await.unwrap_err();
    assert_eq!(refused(&again), is(Code::FailedPrecondition, "PHASE_REFUSES"));
    assert_eq!(suite.changes(&ticket.id).await[3..], ["suspension_requested", "suspended", "resumed"]);
    for entry in suite.timeline(&ticket.id).await {
        if let Some(pb::ticket_event::Change::SuspensionRequested(asked)) = entry.change {
            assert_eq!(asked.reason, "等待鉴定，联系138****1234", "numbers are masked in the timeline");
        }
    }
}

#[tokio::test]
async fn who_asked_for_it_does_not_decide_even_as_a_leader() {
    let suite = Suite::start().await.with_leaders().await;
    let ticket = suite.accepted().await;
    let mut leader = suite.handling("zhang.hua");
    leader.request_suspension(suspend(&ticket, None)).await.unwrap();
    let own = leader.approve_suspension(approve_suspension(&ticket)).await.unwrap_err();
    assert_eq!(refused(&own), is(Code::PermissionDenied, "OWN_REQUEST"));
    let reject = pb::RejectSuspensionRequest {
        request_id: id(),
        ticket: ticket.id.clone(),
        decision: "请继续办理".to_owned(),
        ..Default::default()
    };
    let rejected = suite.handling("guo.qiang").reject_suspension(reject).await.unwrap().into_inner();
    assert_eq!(
        (rejected.phase(), rejected.suspensions[0].state(), rejected.suspensions[0].decision.as_str()),
        (pb::Phase::InProgress, pb::SuspensionState::Rejected, "请继续办理")
    );
}

#[tokio::test]
async fn a_suspended_ticket_goes_on_by_itself_when_its_time_is_over() {
    // tokens live for an hour
    let clock = ManualClock::new(gongdan_clock::to_micros(SystemClock.now()));
    let suite = Suite::start_with("[tickets]\nsuspension_approval = false\n", Arc::new(clock.clone())).await;
    let (ticket, other) = (suite.accepted().await, suite.accepted().await);
    let until = clock.now() + SignedDuration::from_mins(10);
    let suspended = suite
        .handling("li.wei")
        .request_suspension(suspend(&ticket, Some(until)))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(suspended.phase(), pb::Phase::Suspended, "no approval is asked for here");
    suite.handling("li.wei").request_suspension(suspend(&other, Some(until))).await.unwrap();
    suite.tickets("zhao.min").cancel_ticket(cancel(&other)).await.unwrap();
    let too_long = until + SignedDuration::from_hours(24 * 100);
    let far =
        suite.handling("li.wei").request_suspension(suspend(&suite.accepted().await, Some(too_long))).await;
    assert_eq!(fields(&far.unwrap_err()), ["until"]);

    clock.set(until + SignedDuration::from_mins(15));
    let resumed = eventually_some("it goes on", async || {
        let ticket = suite.get(&ticket.id).await;
        (ticket.phase() == pb::Phase::InProgress).then_some(ticket)
    })
    .await;
    assert_eq!(resumed.suspensions[0].ended_at, Some(to_timestamp(until)), "as of its time");
    let last = suite.timeline(&ticket.id).await.pop().unwrap();
    assert!(matches!(
        last.change,
        Some(pb::ticket_event::Change::Resumed(pb::Resumed { by_itself: true, .. }))
    ));
    assert_eq!(suite.get(&other.id).await.phase(), pb::Phase::Cancelled, "what is over stays so");
    assert_eq!(suite.count("resumptions").await, 0);
}

#[tokio::test]
async fn an_extension_needs_a_deadline_that_is_ahead_and_somebody_else_to_approve_it() {
    // tokens live for an hour
    let clock = ManualClock::new(gongdan_clock::to_micros(SystemClock.now()));
    let suite = Suite::start_at(&clock).await.with_leaders().await;
    let ticket = suite.accepted().await;
    let mut handler = suite.handling("li.wei");
    let due: Timestamp = clock.now() + SignedDuration::from_mins(10);
    let after = |minutes: i64| due + SignedDuration::from_mins(minutes);
    let unknown = handler.request_extension(extend(&ticket, after(5))).await.unwrap_err();
    assert_eq!(refused(&unknown), is(Code::FailedPrecondition, "DEADLINE_UNKNOWN"));
    suite.due(&ticket, due).await;
    let earlier = handler.request_extension(extend(&ticket, due)).await.unwrap_err();
    assert_eq!(fields(&earlier), ["until"]);
    let mut absent = extend(&ticket, due);
    absent.until = None;
    assert_eq!(fields(&handler.request_extension(absent).await.unwrap_err()), ["until"]);
    let asked = handler.request_extension(extend(&ticket, after(5))).await.unwrap().into_inner();
    assert_eq!(asked.extensions[0].state(), pb::ExtensionState::Requested);
    assert_eq!(asked.extensions[0].due_before, Some(to_timestamp(due)));
    let mut leader = suite.handling("zhang.hua");
    let more =
        pb::ApproveExtensionRequest { until: Some(to_timestamp(after(6))), ..approve_extension(&ticket) };
    assert_eq!(fields(&leader.approve_extension(more).await.unwrap_err()), ["until"]);
    // answered after the deadline, for a time that is still ahead
    clock.set(after(1));
    let less =
        pb::ApproveExtensionRequest { until: Some(to_timestamp(after(4))), ..approve_extension(&ticket) };
    let granted = leader.approve_extension(less).await.unwrap().into_inner();
    assert_eq!(granted.extensions[0].approved_until, Some(to_timestamp(after(4))));
    let again = leader.approve_extension(approve_extension(&ticket)).await.unwrap_err();
    assert_eq!(refused(&again), is(Code::NotFound, "RECORD_NOT_FOUND"), "none waits any more");

    let late = handler.request_extension(extend(&ticket, after(9))).await.unwrap_err();
    assert_eq!(refused(&late), is(Code::FailedPrecondition, "DEADLINE_PASSED"), "sla has not said more yet");
    suite.due(&ticket, after(4)).await;
    handler.request_extension(extend(&ticket, after(9))).await.unwrap();
    let rejected = leader.reject_extension(reject_extension(&ticket)).await.unwrap().into_inner();
    assert_eq!(
        (rejected.extensions[1].state(), rejected.extensions[1].decision.as_str()),
        (pb::ExtensionState::Rejected, "理由不充分")
    );
    handler.request_extension(extend(&ticket, after(9))).await.unwrap();
    leader.approve_extension(approve_extension(&ticket)).await.unwrap();
    let used_up = handler.request_extension(extend(&ticket, after(12))).await.unwrap_err();
    assert_eq!(refused(&used_up), is(Code::FailedPrecondition, "EXTENSIONS_USED_UP"));
}

#[tokio::test]
async fn extensions_are_listed_newest_first_within_the_scope() {
    let suite = Suite::start().await.with_leaders().await;
    let due = SystemClock.now() + SignedDuration::from_hours(240);
    let mut tickets = Vec::new();
    for _ in 0..3 {
        let ticket = suite.accepted().await;
        suite.due(&ticket, due).await;
        suite
            .handling("li.wei")
            .request_extension(extend(&ticket, due + SignedDuration::from_hours(24)))
            .await
            .unwrap();
        tickets.push(ticket);
    }
    suite.handling("zhang.hua").approve_extension(approve_extension(&tickets[0])).await.unwrap();
    suite.handling("zhang.hua").reject_extension(reject_extension(&tickets[1])).await.unwrap();
    let list = async |who: &str, request: pb::ListExtensionsRequest| {
        suite.handling(who).list_extensions(request).await.unwrap().into_inner()
    };
    let numbers = |listed: &pb::ListExtensionsResponse| -> Vec<String> {
        listed.extensions.iter().map(|extension| extension.ticket_number.clone()).collect()
    };
    let both = list("zhang.hua", pb::ListExtensionsRequest::default()).await;
    assert_eq!(numbers(&both), [tickets[2].number.clone(), tickets[0].number.clone()]);
    let first = both.extensions[0].extension.as_ref().unwrap();
    assert_eq!((first.state(), first.reason.as_str()), (pb::ExtensionState::Requested, "案情复杂"));
    let waiting = pb::ListExtensionsRequest {
        states: vec![pb::ExtensionState::Requested.into()],
        unit_ids: vec!["tianhe-env".to_owned()],
        ..Default::default()
    };
    assert_eq!(numbers(&list("guo.qiang", waiting.clone()).await), [tickets[2].number.clone()]);
    assert!(list("sun.li", waiting).await.extensions.is_empty(), "another unit sees none");

    let mut page = pb::ListExtensionsRequest { page_size: 1, ..Default::default() };
    let mut seen = Vec::new();
    loop {
        let listed = list("zhang.hua", page.clone()).await;
        seen.extend(numbers(&listed));
        if listed.next_page_token.is_empty() {
            break;
        }
        page.page_token = listed.next_page_token;
    }
    assert_eq!(seen, numbers(&both));
    let bad = pb::ListExtensionsRequest { states: vec![9], page_token: "?".to_owned(), ..Default::default() };
    let bad = suite.handling("zhang.hua").list_extensions(bad).await.unwrap_err();
    assert_eq!(fields(&bad), ["states[0]", "page_token"]);
    // a ticket that is over answers no request any more
    suite.tickets("zhao.min").cancel_ticket(cancel(&tickets[2])).await.unwrap();
    assert_eq!(
        numbers(&list("zhang.hua", pb::ListExtensionsRequest::default()).await),
        [tickets[0].number.clone()]
    );
}

#[tokio::test]
async fn a_confidential_reporter_is_taken_out_of_the_list_of_extensions() {
    let suite = Suite::start().await.with_leaders().await;
    let request = pb::CreateTicketRequest {
        subject: "张三反映夜间施工".to_owned(),
        reporter_confidential: true,
        ..with_phone("13800001234")
    };
    let ticket = suite.tickets("zhao.min").create_ticket(request).await.unwrap().into_inner();
    suite.tickets("chen.jing").dispatch_ticket(dispatch(&ticket, "tianhe-env")).await.unwrap();
    suite.tickets("li.wei").accept_ticket(accept(&ticket)).await.unwrap();
    let due = SystemClock.now() + SignedDuration::from_hours(240);
    suite.due(&ticket, due).await;
    let later = pb::RequestExtensionRequest {
        reason: "与张三约在下周".to_owned(),
        ..extend(&ticket, due + SignedDuration::from_hours(24))
    };
    suite.handling("li.wei").request_extension(later).await.unwrap();
    let request = pb::ListExtensionsRequest::default();
    let listed = suite.handling("zhang.hua").list_extensions(request).await.unwrap().into_inner();
    let only = &listed.extensions[0];
    assert_eq!(only.subject, "***反映夜间施工");
    assert_eq!(only.extension.as_ref().unwrap().reason, "与***约在下周");
}

#[tokio::test]
async fn a_repeated_request_is_answered_and_two_deciders_do_not_both_win() {
    let suite = Suite::start().await.with_leaders().await;
    let ticket = suite.accepted().await;
    let request = suspend(&ticket, None);
    let first = suite.handling("li.wei").request_suspension(request.clone()).await.unwrap().into_inner();
    let again = suite.handling("li.wei").request_suspension(request).await.unwrap().into_inner();
    assert_eq!(first, again);
    let stale = pb::ApproveSuspensionRequest { etag: ticket.etag.clone(), ..approve_suspension(&ticket) };
    let stale = suite.handling("zhang.hua").approve_suspension(stale).await.unwrap_err();
    assert_eq!(refused(&stale), is(Code::Aborted, "ETAG_MISMATCH"));
    let (mut leader, mut supervisor) = (suite.handling("zhang.hua"), suite.handling("guo.qiang"));
    let (one, two) = tokio::join!(
        leader.approve_suspension(approve_suspension(&ticket)),
        supervisor.approve_suspension(approve_suspension(&ticket))
    );
    assert_eq!([one.is_ok(), two.is_ok()].into_iter().filter(|won| *won).count(), 1);
    let lost = one.err().or(two.err()).unwrap();
    assert!(matches!(lost.code(), Code::Aborted | Code::NotFound | Code::FailedPrecondition), "{lost:?}");
}

#[tokio::test]
async fn help_that_was_asked_for_stays_owed_when_the_ticket_is_handed_on() {
    let suite = Suite::start().await;
    let ticket = suite.accepted().await;
    suite.handling("li.wei").request_assist(ask_for_help(&ticket, "centre")).await.unwrap();
    suite.tickets("li.wei").transfer_ticket(transfer(&ticket, "yuexiu-env")).await.unwrap();
    suite.tickets("wang.fang").accept_ticket(accept(&ticket)).await.unwrap();
    let owed = suite.tickets("wang.fang").resolve_ticket(resolve(&ticket)).await.unwrap_err();
    assert_eq!(refused(&owed), is(Code::FailedPrecondition, "ASSIST_OWED"));
    let returned = suite.dispatched("tianhe-env").await;
    assert_eq!(
        refused(
            &suite.handling("li.wei").request_assist(ask_for_help(&returned, "centre")).await.unwrap_err()
        ),
        is(Code::FailedPrecondition, "PHASE_REFUSES")
    );
}
