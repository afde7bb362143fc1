//! T28: search in tickets.

use crate::suite::{Suite, cancel, complaint, fields, id, reason, with_phone};
use gongdan_proto::tickets::v1::{self as pb, EraseCustomerRequest, erase_customer_request::Subject};
use gongdan_testkit::{PrincipalSpec, eventually, eventually_within};
use std::time::Duration;
use tonic::{Code, Status};

fn about(subject: &str, body: &str) -> pb::CreateTicketRequest {
    pb::CreateTicketRequest { subject: subject.to_owned(), body: body.to_owned(), ..complaint() }
}

fn text(text: &str) -> pb::SearchTicketsRequest {
    pb::SearchTicketsRequest { text: text.to_owned(), ..Default::default() }
}

fn ids(answer: &pb::SearchTicketsResponse) -> Vec<String> {
    answer.hits.iter().map(|hit| hit.ticket.as_ref().unwrap().id.clone()).collect()
}

impl Suite {
    async fn wrote(&self, request: pb::CreateTicketRequest) -> String {
        self.tickets("zhao.min").create_ticket(request).await.unwrap().into_inner().id
    }

    async fn search_as(
        &self,
        who: &str,
        request: pb::SearchTicketsRequest,
    ) -> Result<pb::SearchTicketsResponse, Status> {
        self.search(who).search_tickets(request).await.map(tonic::Response::into_inner)
    }

    async fn found(&self, words: &str) -> Vec<String> {
        ids(&self.search_as("zhao.min", text(words)).await.unwrap())
    }

    /// All that was written is in the index.
    async fn indexed(&self) {
        eventually("the texts are indexed", async || {
            let missing: i64 = sqlx::query_scalar(
                "SELECT count(*) FROM tickets t WHERE NOT EXISTS (SELECT FROM ticket_grams g WHERE g.ticket_id = t.id)",
            )
            .fetch_one(self.env.pool())
            .await
            .unwrap();
            missing == 0
        })
        .await;
    }
}

#[tokio::test]
async fn t28_two_words_are_found_in_any_order_and_not_one_of_them() {
    let suite = Suite::start().await;
    let both = suite.wrote(about("噪音投诉", "楼下天天这样，没人管。")).await;
    let apart = suite.wrote(about("夜间施工", "噪音很大，多次投诉无果。")).await;
    let _complaint = suite.wrote(about("投诉物业", "物业乱收费。")).await;
    let _noise = suite.wrote(about("半夜噪音", "楼上半夜装修。")).await;
    suite.indexed().await;
    let answer = suite.search_as("zhao.min", text("投诉噪音")).await.unwrap();
    assert_eq!(answer.words, ["投诉", "噪音"]);
    let mut found = ids(&answer);
    found.sort();
    let mut expected = vec![both.clone(), apart];
    expected.sort();
    assert_eq!(found, expected);
    // As it was written it is better than with the words apart.
    assert_eq!(ids(&suite.search_as("zhao.min", text("噪音投诉")).await.unwrap())[0], both);
    assert_eq!((answer.found, answer.more, answer.next_page_token.as_str()), (2, false, ""));
    // Why it was found.
    let hit = answer.hits.iter().find(|hit| hit.ticket.as_ref().unwrap().id == both).unwrap();
    assert_eq!(hit.snippet, "噪音投诉");
    assert_eq!(hit.matches, [pb::Match { start: 0, length: 4 }]);
    assert!(suite.found("停水").await.is_empty());
}

#[tokio::test]
async fn t28_what_is_written_is_found_within_a_second_with_its_resolution() {
    let suite = Suite::start().await;
    suite.submitted().await;
    suite.indexed().await;
    let late = suite.wrote(about("井盖缺失", "人民路口井盖不见了。")).await;
    eventually_within(Duration::from_secs(1), "it is found", async || {
        suite.found("井盖").await == [late.clone()]
    })
    .await;
    let resolved = suite.resolved().await;
    eventually("the solution is found", async || suite.found("责令停工").await == [resolved.id.clone()])
        .await;
}

#[tokio::test]
async fn t28_personal_numbers_are_never_in_the_index() {
    let suite = Suite::start().await;
    let ticket = suite.wrote(about("请回电13800138000", "身份证440106199001011234，房号1202。")).await;
    suite.indexed().await;
    assert_eq!(suite.found("1202").await, std::slice::from_ref(&ticket), "a room is no person's number");
    for number in ["8000", "138", "1234", "440106"] {
        assert!(suite.found(number).await.is_empty(), "{number}");
    }
    let hit = &suite.search_as("zhao.min", text("请回电")).await.unwrap().hits[0];
    assert_eq!(hit.snippet, "请回电138****8000");
    assert_eq!(hit.ticket.as_ref().unwrap().id, ticket);
}

#[tokio::test]
async fn t28_by_number_by_phone_and_by_filter() {
    let suite = Suite::start().await;
    let mine = suite.tickets("zhao.min").create_ticket(with_phone("13800001234")).await.unwrap().into_inner();
    let other =
        suite.tickets("zhao.min").create_ticket(with_phone("13900005678")).await.unwrap().into_inner();
    suite.indexed().await;
    let asked = |request: pb::SearchTicketsRequest| async {
        ids(&suite.search_as("zhao.min", request).await.unwrap())
    };
    let none = pb::SearchTicketsRequest::default;
    let number = |number: &str| pb::SearchTicketsRequest { number: number.to_owned(), ..none() };
    let only = vec![mine.id.clone()];
    assert_eq!(asked(number(&mine.number)).await, only);
    assert_eq!(asked(number(&mine.number[mine.number.len() - 6..])).await, only);
    assert_eq!(asked(text(&mine.number)).await, only, "in the one field there is");
    assert_eq!(
        asked(pb::SearchTicketsRequest { phone: "+86 138 0000 1234".to_owned(), ..none() }).await,
        only
    );
    assert_eq!(asked(pb::SearchTicketsRequest { phone_last_four: "1234".to_owned(), ..none() }).await, only);
    assert!(asked(pb::SearchTicketsRequest { phone: "13700000000".to_owned(), ..none() }).await.is_empty());
    // Everything that is given must match.
    let both = pb::SearchTicketsRequest { phone_last_four: "1234".to_owned(), ..text("施工噪音") };
    assert_eq!(asked(both.clone()).await, only);
    assert!(asked(pb::SearchTicketsRequest { text: "停水".to_owned(), ..both }).await.is_empty());
    let filter = |filter| pb::SearchTicketsRequest { filter: Some(filter), ..text("施工噪音") };
    assert_eq!(
        asked(filter(pb::TicketFilter { customer_id: other.customer_id.clone(), ..Default::default() }))
            .await,
        std::slice::from_ref(&other.id)
    );
    assert!(
        asked(filter(pb::TicketFilter { regions: vec!["43".to_owned()], ..Default::default() }))
            .await
            .is_empty()
    );
    assert_eq!(asked(filter(pb::TicketFilter::default())).await, [other.id, mine.id], "the newest first");
}

#[tokio::test]
async fn t28_only_what_one_may_see_is_found() {
    let suite = Suite::start().await;
    suite.env.principal(PrincipalSpec::new("agent.nosense").unit("centre").role("agent").region("44")).await;
    let secret =
        suite.wrote(pb::CreateTicketRequest { sensitive: true, ..about("举报贪腐", "某局长收钱。") }).await;
    let confidential = pb::CreateTicketRequest { reporter_confidential: true, ..with_phone("13800001234") };
    let confidential = suite.wrote(confidential).await;
    let ticket = suite.get(&confidential).await;
    suite.tickets("chen.jing").dispatch_ticket(crate::suite::dispatch(&ticket, "tianhe-env")).await.unwrap();
    suite.indexed().await;
    assert_eq!(suite.found("贪腐").await, [secret]);
    assert!(suite.search_as("agent.nosense", text("贪腐")).await.unwrap().hits.is_empty());
    // The unit finds its ticket, and not by the number of who asked for confidence.
    let found = suite.search_as("li.wei", text("施工噪音")).await.unwrap();
    assert_eq!(ids(&found), [confidential]);
    assert!(found.hits[0].ticket.as_ref().unwrap().contact.is_none());
    let phone = pb::SearchTicketsRequest { phone: "13800001234".to_owned(), ..Default::default() };
    let refused = suite.search_as("li.wei", phone.clone()).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::PermissionDenied, "PERMISSION_DENIED"));
    assert_eq!(suite.search_as("zhao.min", phone).await.unwrap().hits.len(), 1);
    assert!(suite.search_as("wang.fang", text("施工噪音")).await.unwrap().hits.is_empty(), "another unit's");
}

#[tokio::test]
async fn t28_pages_follow_each_other_by_rank() {
    let suite = Suite::start().await;
    let mut expected = Vec::new();
    for n in 0..7 {
        // The better ones are older.
        let subject = if n < 3 { "路灯不亮" } else { "路灯，天黑不亮" };
        expected.push(suite.wrote(about(subject, "一直没人修。")).await);
    }
    suite.indexed().await;
    expected[..3].reverse();
    expected[3..].reverse();
    let mut found = Vec::new();
    let mut request = pb::SearchTicketsRequest { page_size: 2, ..text("路灯不亮") };
    loop {
        let page = suite.search_as("zhao.min", request.clone()).await.unwrap();
        found.extend(ids(&page));
        assert_eq!(page.found, 7);
        if page.next_page_token.is_empty() {
            break;
        }
        // What comes meanwhile does not move the pages.
        suite.wrote(about("路灯不亮", "新的。")).await;
        suite.indexed().await;
        request.page_token = page.next_page_token;
    }
    assert_eq!(found, expected);
    let first =
        suite.search_as("zhao.min", pb::SearchTicketsRequest { page_size: 2, ..text("路灯") }).await.unwrap();
    let mixed = pb::SearchTicketsRequest { page_token: first.next_page_token, ..text("不亮") };
    assert_eq!(fields(&suite.search_as("zhao.min", mixed).await.unwrap_err()), ["page_token"]);
}

#[tokio::test]
async fn t28_bad_questions_are_told_what_is_wrong() {
    let suite = Suite::start().await;
    let none = pb::SearchTicketsRequest::default;
    for (request, field) in [
        (none(), "text"),
        (text("水"), "text"),
        (text("13800138000"), "text"),
        (text(&"噪音".repeat(101)), "text"),
        (pb::SearchTicketsRequest { number: "12".to_owned(), ..none() }, "number"),
        (pb::SearchTicketsRequest { phone: "12".to_owned(), ..none() }, "phone"),
        (pb::SearchTicketsRequest { phone_last_four: "12".to_owned(), ..none() }, "phone_last_four"),
        (pb::SearchTicketsRequest { page_size: 101, ..text("噪音") }, "page_size"),
        (pb::SearchTicketsRequest { page_token: "x".to_owned(), ..text("噪音") }, "page_token"),
        (
            pb::SearchTicketsRequest {
                filter: Some(pb::TicketFilter { regions: vec!["99".to_owned()], ..Default::default() }),
                ..text("噪音")
            },
            "filter.regions[0]",
        ),
    ] {
        let refused = suite.search_as("zhao.min", request).await.unwrap_err();
        assert_eq!((refused.code(), fields(&refused)), (Code::InvalidArgument, vec![field.to_owned()]));
    }
}

#[tokio::test]
async fn t28_what_was_erased_is_found_no_more() {
    let suite = Suite::start().await;
    let ticket = suite
        .tickets("zhao.min")
        .create_ticket(pb::CreateTicketRequest {
            subject: "欧阳锋扰民".to_owned(),
            ..with_phone("13800001234")
        })
        .await
        .unwrap()
        .into_inner();
    suite.indexed().await;
    assert_eq!(suite.found("欧阳锋").await, std::slice::from_ref(&ticket.id));
    suite.tickets("zhao.min").cancel_ticket(cancel(&ticket)).await.unwrap();
    let request = EraseCustomerRequest {
        request_id: id(),
        subject: Some(Subject::CustomerId(ticket.customer_id.clone())),
        reason: "本人要求".to_owned(),
        force: false,
    };
    suite.privacy("admin").erase_customer(request).await.unwrap();
    eventually("nothing is left", async || {
        suite.found("欧阳锋").await.is_empty() && suite.count("ticket_grams").await == 0
    })
    .await;
}

#[tokio::test]
async fn t28_the_index_is_made_anew_when_texts_are_cut_in_another_way() {
    let suite = Suite::start().await;
    let ticket = suite.wrote(about("井盖缺失", "人民路口井盖不见了。")).await;
    suite.indexed().await;
    // As an earlier release left it.
    sqlx::query("DELETE FROM ticket_grams").execute(suite.env.pool()).await.unwrap();
    assert!(suite.found("井盖").await.is_empty());
    sqlx::query("UPDATE text_index SET version = 0").execute(suite.env.pool()).await.unwrap();
    eventually("it is found again", async || suite.found("井盖").await == [ticket.clone()]).await;
    let version: i32 =
        sqlx::query_scalar("SELECT version FROM text_index").fetch_one(suite.env.pool()).await.unwrap();
    assert!(version > 0, "the index is that of the version in use");
}

/// Rare words are found by the index of grams; common ones along the newest, without looking at all there are.
#[tokio::test]
async fn t28_neither_rare_nor_common_words_scan_the_table() {
    let suite = Suite::start().await;
    sqlx::query(
        "INSERT INTO ticket_grams (ticket_id, at, request_grams, grams, bands)
         SELECT gen_random_uuid(), now() - n * interval '1 minute', 2,
                ARRAY[1, 1000 + n % 5000], '{}' FROM generate_series(1, 30000) n",
    )
    .execute(suite.env.pool())
    .await
    .unwrap();
    sqlx::query("ANALYZE ticket_grams").execute(suite.env.pool()).await.unwrap();
    let plan = async |sql: &'static str| -> String {
        let rows: Vec<String> = sqlx::query_scalar(sql).fetch_all(suite.env.pool()).await.unwrap();
        rows.join("\n")
    };
    let rare = plan(
        "EXPLAIN WITH g AS MATERIALIZED (SELECT ticket_id, at, grams FROM ticket_grams WHERE grams @> ARRAY[1, 1234]
         ORDER BY at DESC, ticket_id DESC) SELECT * FROM g",
    )
    .await;
    assert!(rare.contains("ticket_grams_grams"), "{rare}");
    let common = plan(
        "EXPLAIN SELECT * FROM (SELECT ticket_id, at, grams FROM ticket_grams WHERE true
         ORDER BY at DESC, ticket_id DESC LIMIT 5000) AS g WHERE g.grams @> ARRAY[1]",
    )
    .await;
    assert!(common.contains("ticket_grams_at") && !common.contains("Sort"), "{common}");
    // Both are answered.
    for _ in 0..2 {
        assert!(suite.found("噪音").await.is_empty());
    }
}
