//! RecordPastTicket: tickets of the past.

use crate::suite::{Suite, fields, instant, past, reason};
use gongdan_bus::Origin;
use gongdan_proto::tickets::v1 as pb;
use gongdan_testkit::eventually;
use tonic::Code;

async fn record(suite: &Suite, request: pb::RecordPastTicketRequest) -> pb::RecordPastTicketResponse {
    suite.tickets("admin").record_past_ticket(request).await.unwrap().into_inner()
}

#[tokio::test]
async fn a_replied_request_ends_closed_with_its_history_at_its_time() {
    let suite = Suite::start().await;
    let answer = record(&suite, past("2549")).await;
    assert!(answer.created);
    let ticket = answer.ticket.unwrap();
    assert_eq!((ticket.phase(), ticket.close_reason()), (pb::Phase::Closed, pb::CloseReason::Imported));
    assert_eq!((ticket.external_source.as_str(), ticket.external_id.as_str()), ("messages", "2549"));
    assert_eq!((ticket.lead_unit_id.as_str(), ticket.origin), ("imported", 2));
    assert!(ticket.number.starts_with("GD190425"), "{}", ticket.number);
    let resolution = ticket.resolution.as_ref().unwrap();
    assert_eq!(
        (resolution.reply.as_str(), resolution.outcome()),
        ("情况已收悉，现答复如下。", pb::Outcome::Explained)
    );
    assert_eq!(suite.get(&ticket.id).await, ticket);
    assert_eq!(
        suite.changes(&ticket.id).await,
        ["submitted", "dispatched", "accepted", "resolved", "closed"]
    );
    eventually("all events are on the bus", async || suite.env.events("tickets").await.len() == 5).await;
    let events = suite.env.events("tickets").await;
    assert!(events.iter().all(|event| event.origin == Origin::Import));
    let times: Vec<String> = events.iter().map(|event| event.occurred_at.to_string()).collect();
    assert_eq!(times[..3], ["2019-04-25T01:32:09Z"; 3]);
    assert_eq!(times[3..], ["2019-05-10T06:56:53Z"; 2]);
    assert!(events.iter().all(|event| event.recorded_at > event.occurred_at));
}

#[tokio::test]
async fn without_a_reply_it_is_history_or_waits() {
    let suite = Suite::start().await;
    let open = |id: &str, live| pb::RecordPastTicketRequest {
        reply: String::new(),
        replied_at: None,
        live,
        ..past(id)
    };
    let history = record(&suite, open("1", false)).await.ticket.unwrap();
    assert_eq!((history.phase(), &history.resolution), (pb::Phase::Closed, &None));
    assert_eq!(suite.changes(&history.id).await, ["submitted", "closed"]);
    let waiting = record(&suite, open("2", true)).await.ticket.unwrap();
    assert_eq!((waiting.phase(), waiting.version), (pb::Phase::PendingDispatch, 1));
}

#[tokio::test]
async fn the_caller_may_say_which_policy_set_counts() {
    let suite = Suite::start().await;
    let asked = pb::RecordPastTicketRequest { sla_policy: "own".to_owned(), ..past("1") };
    assert_eq!(record(&suite, asked).await.ticket.unwrap().sla_policy, "own");
    assert_eq!(record(&suite, past("2")).await.ticket.unwrap().sla_policy, "");
}

#[tokio::test]
async fn a_second_time_changes_nothing_and_other_content_is_refused() {
    let suite = Suite::start().await;
    let first = record(&suite, past("7")).await;
    let again = record(&suite, past("7")).await;
    assert_eq!((again.created, &again.ticket), (false, &first.ticket));
    let other = pb::RecordPastTicketRequest { body: "别的内容".to_owned(), ..past("7") };
    let refused = suite.tickets("admin").record_past_ticket(other).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::AlreadyExists, "EXTERNAL_ID_REUSED"));
    assert_eq!((suite.count("tickets").await, suite.count("events").await), (1, 5));
}

#[tokio::test]
async fn one_citizen_of_the_source_is_one_customer() {
    let suite = Suite::start().await;
    let one = record(&suite, past("1")).await.ticket.unwrap();
    let two = record(&suite, past("2")).await.ticket.unwrap();
    let other = pb::RecordPastTicketRequest { customer_key: "A00099999".to_owned(), ..past("3") };
    let other = record(&suite, other).await.ticket.unwrap();
    assert_eq!(one.customer_id, two.customer_id);
    assert_ne!(one.customer_id, other.customer_id);
    let kept: i64 =
        sqlx::query_scalar("SELECT count(*) FROM events WHERE position('A00045581'::bytea IN payload) > 0")
            .fetch_one(suite.env.pool())
            .await
            .unwrap();
    assert_eq!(kept, 0, "the source's key is not kept");
}

#[tokio::test]
async fn a_past_that_cannot_be_is_refused_with_each_violation() {
    let suite = Suite::start().await;
    let good = || past("9");
    for (request, field) in [
        (
            pb::RecordPastTicketRequest {
                received_at: Some(instant("2999-01-01T00:00:00Z")),
                replied_at: Some(instant("2999-01-02T00:00:00Z")),
                ..good()
            },
            "received_at",
        ),
        (
            pb::RecordPastTicketRequest { replied_at: Some(instant("2019-04-25T01:32:08Z")), ..good() },
            "replied_at",
        ),
        (pb::RecordPastTicketRequest { replied_at: None, ..good() }, "replied_at"),
        (pb::RecordPastTicketRequest { reply: String::new(), ..good() }, "reply"),
        (pb::RecordPastTicketRequest { region: "999999".to_owned(), ..good() }, "region"),
        (pb::RecordPastTicketRequest { item: "无此事项".to_owned(), ..good() }, "item"),
        (pb::RecordPastTicketRequest { sla_policy: "长".repeat(129), ..good() }, "sla_policy"),
        (pb::RecordPastTicketRequest { external_id: String::new(), ..good() }, "external_id"),
        (pb::RecordPastTicketRequest { subject: String::new(), ..good() }, "subject"),
        (pb::RecordPastTicketRequest { subject: "字".repeat(201), ..good() }, "subject"),
        (pb::RecordPastTicketRequest { reply: "字".repeat(10_001), ..good() }, "reply"),
        (pb::RecordPastTicketRequest { external_id: "9".repeat(129), ..good() }, "external_id"),
        (pb::RecordPastTicketRequest { customer_key: "9".repeat(129), ..good() }, "customer_key"),
        (pb::RecordPastTicketRequest { channel: 99, ..good() }, "channel"),
        (
            pb::RecordPastTicketRequest { received_at: Some(instant("1900-01-01T00:00:00Z")), ..good() },
            "received_at",
        ),
        (
            pb::RecordPastTicketRequest { external_source: "Not A Name".to_owned(), ..good() },
            "external_source",
        ),
        (pb::RecordPastTicketRequest { received_at: None, ..good() }, "received_at"),
        (pb::RecordPastTicketRequest { r#type: 77, ..good() }, "type"),
        (pb::RecordPastTicketRequest { body: "字".repeat(20_001), ..good() }, "body"),
    ] {
        let refused = suite.tickets("admin").record_past_ticket(request).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{field}");
        assert!(fields(&refused).contains(&field.to_owned()), "{field}: {:?}", fields(&refused));
    }
    assert_eq!(suite.count("tickets").await, 0);
}
