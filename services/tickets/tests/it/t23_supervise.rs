//! T23: a supervisor's directive with a deadline and a required reply; lateness climbs.

use crate::{
    suite::{Suite, fields, reason, resolve, serve_again},
    supervised::{accept_directive, direct, reject_directive, reply_directive, withdraw_directive},
};
use gongdan_clock::{Clock as _, ManualClock, SystemClock};
use gongdan_proto::tickets::v1::{self as pb, DirectiveState, DirectiveView, ticket_event::Change};
use gongdan_testkit::{PrincipalSpec, eventually};
use jiff::SignedDuration;
use std::sync::Arc;
use tonic::Code;

impl Suite {
    async fn directives(&self, principal: &str, view: DirectiveView) -> Vec<pb::DirectiveEntry> {
        let mut request = pb::ListDirectivesRequest { view: view.into(), page_size: 1, ..Default::default() };
        let mut entries = Vec::new();
        loop {
            let page =
                self.supervision(principal).list_directives(request.clone()).await.unwrap().into_inner();
            entries.extend(page.entries);
            if page.next_page_token.is_empty() {
                return entries;
            }
            request.page_token = page.next_page_token;
        }
    }

    async fn late_levels(&self, ticket: &str) -> Vec<i32> {
        let sql = "SELECT type, payload FROM events WHERE aggregate_id = $1::uuid ORDER BY version";
        let rows: Vec<(String, Vec<u8>)> =
            sqlx::query_as(sql).bind(ticket).fetch_all(self.env.pool()).await.unwrap();
        rows.into_iter()
            .filter(|(kind, _)| kind == "directive_late")
            .map(|(_, payload)| {
                let event: pb::TicketEvent = prost::Message::decode(payload.as_slice()).unwrap();
                let Some(Change::DirectiveLate(late)) = event.change else { panic!("not late") };
                late.level
            })
            .collect()
    }
}

#[tokio::test]
async fn t23_a_directive_needs_a_reply_that_will_do_before_the_ticket_is_resolved() {
    let suite = Suite::start().await;
    suite.supervisors().await;
    let ticket = suite.accepted().await;
    let (mut sun, mut li) = (suite.supervision("sun.hao"), suite.supervision("li.wei"));

    let past = sun.issue_directive(direct(&ticket, "", -5)).await.unwrap_err();
    assert_eq!((past.code(), fields(&past)), (Code::InvalidArgument, vec!["due_at".to_owned()]));
    let never = pb::IssueDirectiveRequest { due_at: None, ..direct(&ticket, "", 0) };
    assert_eq!(fields(&sun.issue_directive(never).await.unwrap_err()), ["due_at"]);
    let nowhere = sun.issue_directive(direct(&ticket, "no-such-unit", 60)).await.unwrap_err();
    assert_eq!(fields(&nowhere), ["unit_id"]);
    let handler = li.issue_directive(direct(&ticket, "", 60)).await.unwrap_err();
    assert_eq!(handler.code(), Code::PermissionDenied, "who is supervised does not supervise");

    let given = sun.issue_directive(direct(&ticket, "", 3600)).await.unwrap().into_inner();
    let directive = &given.directives[0];
    assert_eq!((directive.state(), directive.unit_id.as_str()), (DirectiveState::Open, "tianhe-env"));
    assert_eq!(directive.directive, "三日内办结并书面反馈，联系138****1234");
    assert_eq!(directive.issued_by.as_ref().unwrap().id, "sun.hao");
    let owed = suite.tickets("li.wei").resolve_ticket(resolve(&ticket)).await.unwrap_err();
    assert_eq!((owed.code(), reason(&owed)), (Code::FailedPrecondition, "DIRECTIVE_OWED".to_owned()));

    let early = sun.accept_directive(accept_directive(&ticket, &directive.id)).await.unwrap_err();
    assert_eq!((early.code(), reason(&early)), (Code::FailedPrecondition, "RECORD_STATE_REFUSES".to_owned()));
    let unknown = li.reply_directive(reply_directive(&ticket, &ticket.id)).await.unwrap_err();
    assert_eq!((unknown.code(), reason(&unknown)), (Code::NotFound, "RECORD_NOT_FOUND".to_owned()));
    li.reply_directive(reply_directive(&ticket, &directive.id)).await.unwrap();
    let again =
        sun.reject_directive(reject_directive(&ticket, &directive.id, 7200)).await.unwrap().into_inner();
    assert_eq!((again.directives[0].state(), again.directives[0].rejected_count), (DirectiveState::Open, 1));
    let replied = li.reply_directive(reply_directive(&ticket, &directive.id)).await.unwrap().into_inner();
    assert_eq!(
        (replied.directives[0].state(), replied.directives[0].reply.as_str()),
        (DirectiveState::Replied, "已责令停工")
    );
    let done = sun.accept_directive(accept_directive(&ticket, &directive.id)).await.unwrap().into_inner();
    assert_eq!(done.directives[0].state(), DirectiveState::Accepted);
    assert!(done.directives[0].ended_at.is_some());
    let over = sun.withdraw_directive(withdraw_directive(&ticket, &directive.id)).await.unwrap_err();
    assert_eq!(reason(&over), "RECORD_STATE_REFUSES");
    suite.tickets("li.wei").resolve_ticket(resolve(&ticket)).await.unwrap();
    let changes = suite.changes(&ticket.id).await;
    let directives: Vec<_> = changes.into_iter().filter(|change| change.starts_with("directive")).collect();
    assert_eq!(
        directives,
        [
            "directive_issued",
            "directive_replied",
            "directive_rejected",
            "directive_replied",
            "directive_accepted"
        ]
    );
}

#[tokio::test]
async fn t23_each_sees_the_directives_that_are_their_business() {
    let suite = Suite::start().await;
    suite.supervisors().await;
    let elsewhere = PrincipalSpec::new("he.jun").unit("no-unit").role("supervisor").region("11");
    suite.env.principal(elsewhere).await;
    let tickets = [suite.accepted().await, suite.accepted().await];
    let mut sun = suite.supervision("sun.hao");
    sun.issue_directive(direct(&tickets[0], "", 7200)).await.unwrap();
    sun.issue_directive(direct(&tickets[1], "", 3600)).await.unwrap();
    // Another unit is directed too, and takes part from then on.
    sun.issue_directive(direct(&tickets[1], "yuexiu-env", 1800)).await.unwrap();

    let numbers = |entries: &[pb::DirectiveEntry]| -> Vec<String> {
        entries.iter().map(|entry| entry.ticket_number.clone()).collect()
    };
    let issued = suite.directives("sun.hao", DirectiveView::Issued).await;
    assert_eq!(
        numbers(&issued),
        [&tickets[1], &tickets[1], &tickets[0]].map(|ticket| ticket.number.clone()),
        "the earliest deadline first"
    );
    assert_eq!(issued[0].directive.as_ref().unwrap().unit_id, "yuexiu-env");
    assert_eq!(issued[0].subject, tickets[1].subject);
    let owed = suite.directives("li.wei", DirectiveView::Owed).await;
    assert_eq!(numbers(&owed), [tickets[1].number.clone(), tickets[0].number.clone()]);
    assert_eq!(suite.directives("wang.fang", DirectiveView::Owed).await.len(), 1);
    assert!(suite.directives("sun.hao", DirectiveView::Late).await.is_empty());
    assert!(suite.directives("he.jun", DirectiveView::Owed).await.is_empty());

    let strange = pb::ListDirectivesRequest {
        view: DirectiveView::Owed.into(),
        page_token: "x".to_owned(),
        page_size: 0,
    };
    assert_eq!(
        fields(&suite.supervision("li.wei").list_directives(strange).await.unwrap_err()),
        ["page_token"]
    );
    let none =
        suite.supervision("li.wei").list_directives(pb::ListDirectivesRequest::default()).await.unwrap_err();
    assert_eq!(fields(&none), ["view"]);
}

#[tokio::test]
async fn t23_lateness_climbs_each_level_once_also_after_downtime_and_with_several_replicas() {
    let clock = ManualClock::new(SystemClock.now());
    let suite = Suite::start_at(&clock).await;
    suite.supervisors().await;
    let ticket = suite.accepted().await;
    suite.supervision("sun.hao").issue_directive(direct(&ticket, "", 3600)).await.unwrap();
    let replica = serve_again(&suite.env, Arc::new(clock.clone())).await;

    clock.advance(SignedDuration::from_secs(3600 + 60));
    eventually("the leader's level is reached", async || suite.late_levels(&ticket.id).await == [1]).await;
    // Nobody looks for four days.
    clock.advance(SignedDuration::from_hours(96));
    eventually("the others are said", async || suite.late_levels(&ticket.id).await.len() >= 3).await;
    for _ in 0..5 {
        clock.advance(SignedDuration::from_secs(60));
        tokio::task::yield_now().await;
    }
    assert_eq!(suite.late_levels(&ticket.id).await, [1, 2, 3]);
    let late: (i16, i16) =
        sqlx::query_as("SELECT state, late_level FROM directives WHERE ticket_id = $1::uuid")
            .bind(&ticket.id)
            .fetch_one(suite.env.pool())
            .await
            .unwrap();
    assert_eq!(late, (1, 3));
    drop(replica);
}

#[tokio::test]
async fn t23_lists_and_the_job_read_no_more_than_a_page() {
    let suite = Suite::start().await;
    sqlx::query(
        "INSERT INTO directives (id, ticket_id, unit_id, issued_by, state, due_at, late_level)
         SELECT gen_random_uuid(), gen_random_uuid(), 'u' || n % 50, 'p' || n % 50, 1 + (n % 4)::smallint,
                now() + n * interval '1 minute', (n % 2)::smallint FROM generate_series(1, 20000) n",
    )
    .execute(suite.env.pool())
    .await
    .unwrap();
    sqlx::query("ANALYZE directives").execute(suite.env.pool()).await.unwrap();
    for (condition, index) in [
        ("issued_by = 'p1'", "directives_issued"),
        ("unit_id = 'u1' AND state = 1", "directives_owed"),
        ("state = 1 AND late_level > 0", "directives_late"),
        ("state = 1 AND late_level < 3 AND due_at <= now()", "directives_climbing"),
    ] {
        let sql = format!(
            "EXPLAIN SELECT id FROM directives WHERE {condition} AND (due_at, id) > (now() - interval '1 day', \
             '00000000-0000-0000-0000-000000000000'::uuid) ORDER BY due_at, id LIMIT 50"
        );
        let plan: Vec<String> =
            sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_all(suite.env.pool()).await.unwrap();
        let plan = plan.join("\n");
        assert!(
            plan.contains(index) && !plan.contains("Sort") && !plan.contains("Seq Scan"),
            "{condition}:\n{plan}"
        );
    }
}
