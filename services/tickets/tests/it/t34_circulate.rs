//! T34: a ticket or an announcement is shown inside the holder's own unit, never outside; read receipts.

use crate::{
    suite::{Suite, fields, id, reason},
    supervised::{announce, circulate},
};
use gongdan_proto::tickets::v1::{self as pb};
use gongdan_testkit::PrincipalSpec;
use tonic::Code;
use tonic_types::StatusExt as _;

impl Suite {
    async fn circulations(&self, principal: &str, ticket: &str, unread_only: bool) -> Vec<pb::Circulation> {
        let mut request = pb::ListCirculationsRequest {
            ticket: ticket.to_owned(),
            unread_only,
            page_size: 1,
            ..Default::default()
        };
        let mut all = Vec::new();
        loop {
            let page =
                self.circulation(principal).list_circulations(request.clone()).await.unwrap().into_inner();
            all.extend(page.circulations);
            if page.next_page_token.is_empty() {
                return all;
            }
            request.page_token = page.next_page_token;
        }
    }

    async fn read(&self, principal: &str, circulation: &str) -> Result<pb::Circulation, tonic::Status> {
        let request = pb::MarkCirculationReadRequest { id: circulation.to_owned() };
        Ok(self.circulation(principal).mark_circulation_read(request).await?.into_inner())
    }
}

#[tokio::test]
async fn t34_a_ticket_is_shown_inside_the_holders_unit_and_never_outside_with_read_receipts() {
    let suite = Suite::start().await;
    suite.supervisors().await;
    suite.env.principal(PrincipalSpec::new("wu.tao").unit("tianhe-env").role("handler")).await;
    let ticket = suite.accepted().await;
    let mut li = suite.circulation("li.wei");

    let outside =
        li.circulate_ticket(circulate(&ticket, &["wu.tao", "wang.fang", "nobody"])).await.unwrap_err();
    assert_eq!(
        (outside.code(), fields(&outside)),
        (Code::InvalidArgument, vec!["person_ids[1]".to_owned(), "person_ids[2]".to_owned()])
    );
    let named = outside.get_error_details().bad_request().unwrap().field_violations.clone();
    let named: Vec<_> = named.into_iter().map(|violation| violation.description).collect();
    assert_eq!(
        named,
        ["wang.fang", "nobody"].map(|who| format!("{who} is no active member of tianhe-env")),
        "who is a member is not named"
    );
    let stranger =
        suite.circulation("wang.fang").circulate_ticket(circulate(&ticket, &[])).await.unwrap_err();
    assert_eq!(stranger.code(), Code::NotFound);

    li.circulate_ticket(circulate(&ticket, &["wu.tao"])).await.unwrap();
    li.circulate_ticket(circulate(&ticket, &[])).await.unwrap();
    let shown = suite.circulations("wu.tao", "", true).await;
    assert_eq!(shown.len(), 2);
    assert_eq!(
        (shown[0].ticket_number.as_str(), shown[0].text.as_str()),
        (ticket.number.as_str(), "请传阅，来电138****1234")
    );
    assert!(shown[0].person_ids.is_empty(), "newest first: the one to all of the unit");
    assert_eq!(shown[0].unread_person_ids, ["wu.tao", "zhou.jie"]);
    assert_eq!(shown[1].unread_person_ids, ["wu.tao"]);
    assert_eq!(suite.circulations("zhou.jie", "", true).await.len(), 1, "only what is shown to all");
    assert_eq!(suite.circulations("zhou.jie", "", false).await.len(), 2, "who leads the unit sees both");
    assert!(suite.circulations("li.wei", "", true).await.is_empty(), "who shows it has read it");
    for outsider in ["wang.fang", "chen.jing", "admin"] {
        assert!(suite.circulations(outsider, "", false).await.is_empty(), "{outsider} is outside");
        let hidden = suite.read(outsider, &shown[0].id).await.unwrap_err();
        assert_eq!((hidden.code(), reason(&hidden)), (Code::NotFound, "CIRCULATION_NOT_FOUND".to_owned()));
    }
    assert!(
        suite.circulations("chen.jing", &ticket.id, false).await.is_empty(),
        "who sees the ticket, not that"
    );

    let told = async |who: &str| {
        let request = pb::ListTimelineRequest { ticket: ticket.id.clone(), ..Default::default() };
        let entries = suite.tickets(who).list_timeline(request).await.unwrap().into_inner().entries;
        format!("{entries:?}")
    };
    assert!(told("li.wei").await.contains("请传阅"));
    let outside = told("chen.jing").await;
    assert!(outside.contains("Circulated"), "that there was one is no secret");
    assert!(!outside.contains("请传阅") && !outside.contains("wu.tao"), "{outside}");

    let read = suite.read("wu.tao", &shown[0].id).await.unwrap();
    assert_eq!(read.reads[0].person_id, "wu.tao");
    assert_eq!(
        (read.unread_person_ids.as_slice(), read.read_at.is_some()),
        (["zhou.jie".to_owned()].as_slice(), true)
    );
    let twice = suite.read("wu.tao", &shown[0].id).await.unwrap();
    assert_eq!(twice.read_at, read.read_at, "the first reading counts");
    assert_eq!(suite.circulations("wu.tao", "", true).await.len(), 1);
    let of_ticket = suite.circulations("li.wei", &ticket.id, false).await;
    assert_eq!((of_ticket.len(), of_ticket[0].reads.len()), (2, 1));

    // Who leaves the unit is outside from then on.
    suite.env.principal(PrincipalSpec::new("wu.tao").unit("yuexiu-env").role("handler")).await;
    gongdan_testkit::eventually("it is known", async || {
        suite.circulations("wu.tao", "", false).await.is_empty()
    })
    .await;
    assert_eq!(suite.changes(&ticket.id).await.iter().filter(|change| **change == "circulated").count(), 2);
}

#[tokio::test]
async fn t34_of_a_sensitive_ticket_nothing_is_shown_to_who_may_not_see_it() {
    let suite = Suite::start().await;
    suite
        .env
        .principal(PrincipalSpec::new("li.wei").unit("tianhe-env").role("handler").right("sensitive"))
        .await;
    suite.env.principal(PrincipalSpec::new("wu.tao").unit("tianhe-env").role("handler")).await;
    let ticket = suite.submitted().await;
    suite.marked_sensitive(&ticket).await;
    let dispatch = crate::suite::dispatch(&ticket, "tianhe-env");
    suite.tickets("chen.jing").dispatch_ticket(dispatch).await.unwrap();
    suite.circulation("li.wei").circulate_ticket(circulate(&ticket, &[])).await.unwrap();
    assert!(suite.circulations("wu.tao", "", false).await.is_empty());
    assert_eq!(suite.circulations("li.wei", "", false).await.len(), 1);
}

#[tokio::test]
async fn t34_an_announcement_is_shown_inside_a_unit_of_who_announces() {
    let suite = Suite::start().await;
    suite.supervisors().await;
    let mut leader = suite.circulation("zhou.jie");
    let request = announce("tianhe-env");
    let announced = leader.circulate_announcement(request.clone()).await.unwrap().into_inner();
    assert_eq!((announced.ticket_id.as_str(), announced.title.as_str()), ("", "周五值班调整"));
    assert_eq!(announced.text, "周五由二组值班，联系138****1234。", "numbers are masked before it is kept");
    let again = leader.circulate_announcement(request.clone()).await.unwrap().into_inner();
    assert_eq!(again.id, announced.id, "a retry gets its answer");
    let other = pb::CirculateAnnouncementRequest { title: "别的".to_owned(), ..request };
    let other = leader.circulate_announcement(other).await.unwrap_err();
    assert_eq!((other.code(), reason(&other)), (Code::AlreadyExists, "REQUEST_ID_REUSED".to_owned()));
    let outside = leader.circulate_announcement(announce("yuexiu-env")).await.unwrap_err();
    assert_eq!((outside.code(), reason(&outside)), (Code::PermissionDenied, "NOT_RECIPIENT".to_owned()));
    let empty = pb::CirculateAnnouncementRequest {
        title: String::new(),
        text: String::new(),
        ..announce("tianhe-env")
    };
    assert_eq!(fields(&leader.circulate_announcement(empty).await.unwrap_err()), ["title", "text"]);
    let handler =
        suite.circulation("li.wei").circulate_announcement(announce("tianhe-env")).await.unwrap_err();
    assert_eq!(handler.code(), Code::PermissionDenied, "a unit's leader announces");

    // The fact is told once, without a word of it, and no watcher of tickets stumbles over it.
    let facts = gongdan_testkit::eventually_some("the announcement is told", async || {
        let events = suite.env.events("tickets").await;
        let facts: Vec<_> = events.into_iter().filter(|event| event.kind == "announced").collect();
        (!facts.is_empty()).then_some(facts)
    })
    .await;
    let fact: pb::AnnouncementEvent = facts[0].decode().unwrap();
    assert_eq!(
        (facts.len(), facts[0].version, facts[0].aggregate_id.to_string()),
        (1, 1, announced.id.clone())
    );
    assert_eq!((fact.unit_id.as_str(), fact.circulated_by.unwrap().id.as_str()), ("tianhe-env", "zhou.jie"));
    assert!(!facts[0].payload.windows(6).any(|bytes| bytes == "值班".as_bytes()), "no words");

    assert_eq!(suite.circulations("li.wei", "", true).await.len(), 1);
    suite.read("li.wei", &announced.id).await.unwrap();
    assert!(suite.circulations("li.wei", "", true).await.is_empty());
    assert!(suite.circulations("wang.fang", "", false).await.is_empty());
    let missing = suite.read("li.wei", &id()).await.unwrap_err();
    assert_eq!(missing.code(), Code::NotFound);
}

#[tokio::test]
async fn t34_a_list_reads_no_more_of_a_unit_than_a_page() {
    let suite = Suite::start().await;
    sqlx::query(
        "INSERT INTO circulations (id, unit_id, person_ids, title, text, circulated_by, circulated_by_name, circulated_at)
         SELECT gen_random_uuid(), 'u' || n % 50, '{}', 't', 't', 'p', 'p', now() - n * interval '1 minute'
         FROM generate_series(1, 20000) n",
    )
    .execute(suite.env.pool())
    .await
    .unwrap();
    sqlx::query("ANALYZE circulations").execute(suite.env.pool()).await.unwrap();
    let plan: Vec<String> = sqlx::query_scalar(
        "EXPLAIN SELECT c.id FROM UNNEST(ARRAY['u1', 'u2']) AS u(unit) CROSS JOIN LATERAL (
           SELECT c.* FROM circulations c WHERE c.unit_id = u.unit AND c.circulated_by <> 'x'
             AND NOT EXISTS (SELECT FROM circulation_reads r WHERE r.circulation_id = c.id AND r.person_id = 'x')
           ORDER BY c.circulated_at DESC, c.id DESC LIMIT 50) c
         ORDER BY c.circulated_at DESC, c.id DESC LIMIT 50",
    )
    .fetch_all(suite.env.pool())
    .await
    .unwrap();
    let plan = plan.join("\n");
    assert!(plan.contains("circulations_of_unit") && !plan.contains("Seq Scan on circulations"), "{plan}");
}
