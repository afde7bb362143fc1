//! T26: a timeline is a chain, and whoever changes it in the database is found.

use crate::suite::{Suite, accept, cancel, give_back, id, past, reason, urge, with_phone};
use gongdan_proto::tickets::v1::{self as pb, BrokenLinkReason as Why, ticket_event::Change};
use prost::Message as _;
use tonic::Code;
use uuid::Uuid;

impl Suite {
    async fn verify(&self, ticket: &str) -> pb::VerifyTimelineResponse {
        self.verify_knowing(ticket, 0, Vec::new()).await
    }

    async fn verify_knowing(&self, ticket: &str, version: i64, link: Vec<u8>) -> pb::VerifyTimelineResponse {
        let request =
            pb::VerifyTimelineRequest { ticket: ticket.to_owned(), known_version: version, known_link: link };
        self.timelines("admin").verify_timeline(request).await.unwrap().into_inner()
    }

    /// Six events with texts and a contact: submitted, dispatched, accepted, urged, returned, cancelled.
    async fn lived(&self) -> pb::Ticket {
        let ticket =
            self.tickets("zhao.min").create_ticket(with_phone("13800001234")).await.unwrap().into_inner();
        let given = crate::suite::dispatch(&ticket, "tianhe-env");
        self.tickets("chen.jing").dispatch_ticket(given).await.unwrap();
        self.tickets("li.wei").accept_ticket(accept(&ticket)).await.unwrap();
        self.tickets("zhao.min").urge_ticket(urge(&ticket)).await.unwrap();
        self.tickets("li.wei").return_ticket(give_back(&ticket)).await.unwrap();
        self.tickets("zhao.min").cancel_ticket(cancel(&ticket)).await.unwrap().into_inner()
    }

    /// Runs a statement as somebody with access to the database would.
    async fn sql(&self, statement: &'static str, ticket: &pb::Ticket) {
        let done = sqlx::query(statement)
            .bind(ticket.id.parse::<Uuid>().unwrap())
            .execute(self.env.pool())
            .await
            .unwrap();
        assert!(done.rows_affected() > 0, "{statement}");
    }

    async fn payload(&self, ticket: &pb::Ticket, version: i64) -> pb::TicketEvent {
        let payload: Vec<u8> =
            sqlx::query_scalar("SELECT payload FROM events WHERE aggregate_id = $1 AND version = $2")
                .bind(ticket.id.parse::<Uuid>().unwrap())
                .bind(version)
                .fetch_one(self.env.pool())
                .await
                .unwrap();
        pb::TicketEvent::decode(payload.as_slice()).unwrap()
    }

    async fn tamper(&self, ticket: &pb::Ticket, version: i64, change: impl FnOnce(&mut pb::TicketEvent)) {
        let mut event = self.payload(ticket, version).await;
        change(&mut event);
        sqlx::query("UPDATE events SET payload = $3 WHERE aggregate_id = $1 AND version = $2")
            .bind(ticket.id.parse::<Uuid>().unwrap())
            .bind(version)
            .bind(event.encode_to_vec())
            .execute(self.env.pool())
            .await
            .unwrap();
    }

    async fn set_row(&self, ticket: &pb::Ticket, change: impl FnOnce(&mut pb::Ticket)) {
        let id: Uuid = ticket.id.parse().unwrap();
        let state: Vec<u8> = sqlx::query_scalar("SELECT state FROM tickets WHERE id = $1")
            .bind(id)
            .fetch_one(self.env.pool())
            .await
            .unwrap();
        let mut row = pb::Ticket::decode(state.as_slice()).unwrap();
        change(&mut row);
        let update =
            sqlx::query("UPDATE tickets SET state = $2 WHERE id = $1").bind(id).bind(row.encode_to_vec());
        update.execute(self.env.pool()).await.unwrap();
    }

    async fn erase_ticket(&self, ticket: &pb::Ticket) {
        let request = pb::EraseCustomerRequest {
            request_id: id(),
            reason: "本人申请".to_owned(),
            force: false,
            subject: Some(pb::erase_customer_request::Subject::Ticket(ticket.id.clone())),
        };
        self.privacy("admin").erase_customer(request).await.unwrap();
    }
}

fn state(event: &mut pb::TicketEvent) -> &mut pb::Ticket {
    event.state.as_mut().unwrap()
}

#[tokio::test]
async fn t26_a_timeline_verifies_and_its_first_broken_link_is_named() {
    let suite = Suite::start().await;
    let ticket = suite.lived().await;
    let whole = suite.verify(&ticket.number).await;
    assert_eq!((whole.events, whole.chained_from, whole.version, &whole.broken), (6, 1, 6, &None));
    assert_eq!(whole.link, ticket.chain, "who has the ticket has its last link");
    let timeline = suite.timeline(&ticket.id).await;
    assert!(timeline.iter().all(|entry| entry.chain.len() == 32 && entry.sealed.is_empty()));

    type Break = (&'static str, i64, Why);
    let broken = async |(statement, version, why): Break| {
        let ticket = suite.lived().await;
        suite.sql(statement, &ticket).await;
        let found = suite.verify(&ticket.id).await;
        let expected = pb::BrokenLink { version, reason: why.into() };
        assert_eq!(found.broken, Some(expected), "{statement}");
        assert!(found.version <= version, "what holds comes before it");
    };
    for case in [
        ("DELETE FROM events WHERE aggregate_id = $1 AND version = 3", 3, Why::Gap),
        ("DELETE FROM events WHERE aggregate_id = $1 AND version = 6", 6, Why::Gap),
        ("INSERT INTO events SELECT * FROM events WHERE aggregate_id = $1 AND version = 2", 2, Why::Gap),
        ("UPDATE events SET type = 'accepted' WHERE aggregate_id = $1 AND version = 5", 5, Why::RowDiffers),
        (
            "UPDATE events SET occurred_at = occurred_at - interval '1 day' WHERE aggregate_id = $1 AND version = 4",
            4,
            Why::RowDiffers,
        ),
        (
            "UPDATE events SET version = 9 - version WHERE aggregate_id = $1 AND version IN (4, 5)",
            4,
            Why::RowDiffers,
        ),
        ("UPDATE events SET payload = 'x' WHERE aggregate_id = $1 AND version = 2", 2, Why::Unreadable),
        (
            "UPDATE events SET payload = payload || '\\xf87f01' WHERE aggregate_id = $1 AND version = 2",
            2,
            Why::Unreadable,
        ),
        ("UPDATE tickets SET version = 5 WHERE id = $1", 6, Why::TicketDiffers),
        ("UPDATE tickets SET state = '' WHERE id = $1", 6, Why::TicketDiffers),
    ] {
        broken(case).await;
    }
}

#[tokio::test]
async fn t26_what_an_event_says_cannot_be_changed() {
    let suite = Suite::start().await;
    type Change1 = fn(&mut pb::TicketEvent);
    let table: &[(&str, i64, Change1, Why)] = &[
        ("text", 4, |e| urged(e, "谢谢，已经来人了"), Why::PersonalChanged),
        ("actor", 5, |e| e.actor.as_mut().unwrap().id = "wang.fang".to_owned(), Why::Changed),
        ("unit", 3, |e| state(e).lead_unit_id = "yuexiu-env".to_owned(), Why::Changed),
        ("customer", 2, |e| state(e).customer_id = id(), Why::PersonalChanged),
        ("blanked", 4, |e| urged(e, "[已删除 erased]"), Why::NotErased),
        (
            "blanked with its salt",
            4,
            |e| {
                urged(e, "[已删除 erased]");
                e.sealed.iter_mut().for_each(|s| {
                    if s.data_class() == pb::DataClass::Texts {
                        s.salt.clear();
                    }
                });
            },
            Why::NotErased,
        ),
        ("link", 2, |e| e.chain[31] ^= 1, Why::Changed),
        ("no link", 4, |e| e.chain.clear(), Why::Unlinked),
    ];
    for (what, version, change, why) in table {
        let ticket = suite.lived().await;
        suite.tamper(&ticket, *version, change).await;
        let found = suite.verify(&ticket.id).await.broken;
        assert_eq!(found, Some(pb::BrokenLink { version: *version, reason: (*why).into() }), "{what}");
    }
    // The row's head.
    let ticket = suite.lived().await;
    suite.set_row(&ticket, |row| row.chain[0] ^= 1).await;
    let found = suite.verify(&ticket.id).await.broken;
    assert_eq!(found, Some(pb::BrokenLink { version: 6, reason: Why::TicketDiffers.into() }));
}

fn urged(event: &mut pb::TicketEvent, note: &str) {
    let Some(Change::Urged(urged)) = &mut event.change else { panic!("not urged: {event:?}") };
    urged.note = note.to_owned();
}

#[tokio::test]
async fn t26_an_erasure_leaves_the_chain_and_a_known_link_in_it() {
    let suite = Suite::start().await;
    let ticket = suite.lived().await;
    suite.erase_ticket(&ticket).await;
    let after = suite.verify_knowing(&ticket.id, ticket.version, ticket.chain.clone()).await;
    assert_eq!((after.events, after.version, &after.broken), (7, 7, &None));
    for version in 1..=7 {
        let event = suite.payload(&ticket, version).await;
        assert!(event.sealed.iter().all(|sealed| sealed.salt.is_empty() && sealed.digest.len() == 32));
    }
    assert!(suite.payload(&ticket, 4).await.sealed.len() == 2, "the digests are there");
    // Another link of the same version is not the one that is known.
    let other = suite.verify_knowing(&ticket.id, ticket.version, vec![7; 32]).await.broken;
    assert_eq!(other, Some(pb::BrokenLink { version: 6, reason: Why::NotKnown.into() }));
}

#[tokio::test]
async fn t26_a_ticket_from_before_begins_its_chain_with_its_next_event() {
    let suite = Suite::start().await;
    let ticket = suite.accepted().await;
    // As earlier releases wrote them.
    for version in 1..=ticket.version {
        suite
            .tamper(&ticket, version, |event| {
                event.chain.clear();
                event.sealed.clear();
                state(event).chain.clear();
            })
            .await;
    }
    suite.set_row(&ticket, |row| row.chain.clear()).await;
    let before = suite.verify(&ticket.id).await;
    assert_eq!((before.events, before.chained_from, before.version, before.broken), (3, 0, 0, None));
    let ticket = suite.tickets("zhao.min").urge_ticket(urge(&ticket)).await.unwrap().into_inner();
    let after = suite.verify(&ticket.id).await;
    assert_eq!((after.events, after.chained_from, after.version, after.broken), (4, 4, 4, None));
    assert_eq!(after.link, ticket.chain);
}

#[tokio::test]
async fn imports_are_chained_as_well() {
    let suite = Suite::start().await;
    let answer = suite.tickets("admin").record_past_ticket(past("1")).await.unwrap().into_inner();
    let verified = suite.verify(&answer.ticket.unwrap().id).await;
    assert_eq!((verified.events, verified.chained_from, verified.version, verified.broken), (5, 1, 5, None));
}

#[tokio::test]
async fn a_request_to_verify_is_checked() {
    let suite = Suite::start().await;
    let ticket = suite.submitted().await;
    let ask = async |request: pb::VerifyTimelineRequest| {
        suite.timelines("admin").verify_timeline(request).await.unwrap_err()
    };
    for (known_version, known_link, fields) in [
        (0, vec![1; 32], ["known_version"].as_slice()),
        (-1, vec![1; 32], &["known_version"]),
        (1, vec![1; 31], &["known_link"]),
        (1, vec![], &["known_link"]),
        (-1, vec![], &["known_version", "known_link"]),
    ] {
        let request = pb::VerifyTimelineRequest { ticket: ticket.id.clone(), known_version, known_link };
        let status = ask(request).await;
        assert_eq!((status.code(), crate::suite::fields(&status)), (Code::InvalidArgument, strings(fields)));
    }
    let status = ask(pb::VerifyTimelineRequest { ticket: id(), ..Default::default() }).await;
    assert_eq!((status.code(), reason(&status).as_str()), (Code::NotFound, "TICKET_NOT_FOUND"));
}

fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}
