//! Messages on the bus that cannot be read or applied, with personal values in them; and the wait until all is heard.

use super::{
    answers::Answers,
    values::{DISCARD, INAPPLICABLE, NO_EVENT, UNREADABLE},
};
use async_nats::jetstream::{Context, consumer::Info, message::StreamMessage};
use futures::TryStreamExt as _;
use gongdan_bus::{Bus, BusConfig};
use gongdan_clock::{Clock as _, SystemClock, new_id};
use gongdan_e2e::{eventually::eventually, organisation::request_id, suite::Suite};
use gongdan_proto::{
    common::v1::{
        DiscardDeadLetterRequest, ListDeadLettersRequest, ReplayDeadLetterRequest,
        dead_letter_service_client::DeadLetterServiceClient,
    },
    tickets::v1::{Submitted, TicketEvent, ticket_event::Change},
};
use prost::Message as _;
use std::collections::BTreeMap;

async fn jetstream(suite: &Suite) -> Context {
    Bus::connect(&BusConfig::at(&suite.file().nats_url, "gongdan"), "e2e")
        .await
        .expect("the bus")
        .context()
        .clone()
}

async fn streams(jetstream: &Context) -> Vec<String> {
    jetstream.stream_names().try_collect().await.expect("the streams are listed")
}

/// The first message of each type in the streams of services.
async fn samples(jetstream: &Context) -> BTreeMap<String, StreamMessage> {
    let mut found = BTreeMap::new();
    for name in streams(jetstream).await {
        let stream = jetstream.get_stream(&name).await.expect("the stream");
        let state = stream.get_info().await.expect("its state").state;
        for sequence in state.first_sequence..=state.last_sequence {
            let Ok(message) = stream.get_raw_message(sequence).await else { continue };
            if let (Some(kind), false) = (message.headers.get("ce-type"), name.ends_with("_DEAD")) {
                found.entry(kind.to_string()).or_insert(message);
            }
        }
    }
    found
}

/// Publishes a copy as an event of its own.
async fn publish(jetstream: &Context, sample: &StreamMessage, payload: Vec<u8>, more: &[(&str, &str)]) {
    let mut headers = sample.headers.clone();
    let (id, aggregate) = (request_id(), new_id(SystemClock.now()).to_string());
    let own = [
        ("Nats-Msg-Id", id.as_str()),
        ("ce-id", &id),
        ("ce-subject", &aggregate),
        ("ce-aggregateversion", "1"),
    ];
    own.iter().chain(more).for_each(|(name, value)| headers.insert(*name, *value));
    let published = jetstream.publish_with_headers(sample.subject.clone(), headers, payload.into()).await;
    published.expect("published").await.expect("stored");
}

/// An event of each type that has a payload nobody can read, some whose fields are wrong and that have no texts, and
/// messages without the attributes of an event.
pub(super) async fn bad(suite: &Suite) {
    let jetstream = jetstream(suite).await;
    let samples = samples(&jetstream).await;
    for sample in samples.values() {
        publish(&jetstream, sample, format!("\u{1}{UNREADABLE}").into_bytes(), &[]).await;
    }
    for kind in ["submitted", "resolved"] {
        let sample = &samples[&format!("gongdan.tickets.v1.{kind}")];
        for wrong in 0..2 {
            let mut event = TicketEvent::decode(sample.payload.clone()).expect("an event");
            if let Some(Change::Submitted(texts)) = &mut event.change {
                *texts = Submitted::default();
            }
            let state = event.state.as_mut().expect("its state");
            state.priority_reason.clear();
            let field = if wrong == 0 { &mut state.region } else { &mut state.customer_id };
            *field = format!("+86{INAPPLICABLE}");
            publish(&jetstream, sample, event.encode_to_vec(), &[]).await;
        }
        publish(&jetstream, sample, Vec::new(), &[("ce-id", NO_EVENT)]).await;
        publish(&jetstream, sample, Vec::new(), &[("ce-subject", NO_EVENT), ("ce-type", NO_EVENT)]).await;
    }
}

/// Dead letters are listed, tried again, and one of sla's given up.
pub(super) async fn dead_letters(suite: &Suite, answers: &mut Answers) {
    let expected = ["callback", "notifications", "reporting", "routing", "sla", "tickets"];
    for service in expected {
        let mut letters = DeadLetterServiceClient::new(suite.channel(service).await);
        let listed =
            letters.list_dead_letters(ListDeadLettersRequest::default()).await.expect("listed").into_inner();
        let letter =
            listed.dead_letters.first().unwrap_or_else(|| panic!("{service} has no dead letter")).clone();
        answers.keep("ListDeadLetters", &listed);
        let (event_id, consumer) = (letter.event_id, letter.consumer);
        let replay = ReplayDeadLetterRequest { event_id: event_id.clone(), consumer: consumer.clone() };
        answers.keep("ReplayDeadLetter", &letters.replay_dead_letter(replay).await.expect_err("still bad"));
        if service == "sla" {
            let discard = DiscardDeadLetterRequest { event_id, consumer, reason: DISCARD.text() };
            answers
                .keep("DiscardDeadLetter", &letters.discard_dead_letter(discard).await.expect("discarded"));
        }
    }
    answers.cli(suite, &["events", "dead"]).await;
}

/// Waits until everything that was written is published, heard, told, set aside or taken off the bus.
pub(super) async fn settled(suite: &Suite) {
    let jetstream = jetstream(suite).await;
    for service in suite.file().services.keys() {
        let pool = suite.database(service).await;
        let quiet = || async {
            sqlx::query_scalar::<_, bool>(
                "SELECT NOT EXISTS (SELECT FROM inbox_dead WHERE announced_at IS NULL AND discarded_at IS NULL)
                    AND NOT EXISTS (SELECT FROM outbox_scrubs)
                    AND NOT EXISTS (SELECT FROM events AS e, outbox_cursor AS c
                                    WHERE (e.txid, e.position) > (c.txid, c.position))",
            )
            .fetch_one(&pool)
            .await
            .ok()?
            .then_some(())
        };
        let heard = || async {
            for name in streams(&jetstream).await {
                let stream = jetstream.get_stream(&name).await.ok()?;
                let consumers: Vec<Info> = stream.consumers().try_collect().await.ok()?;
                if consumers.iter().any(|consumer| consumer.num_pending > 0 || consumer.num_ack_pending > 0) {
                    return None;
                }
            }
            Some(())
        };
        // Hearing makes things to say, and saying them things to hear.
        eventually(format!("{service} has nothing left to do"), || async {
            heard().await?;
            quiet().await?;
            heard().await
        })
        .await;
    }
    let notifications = suite.database("notifications").await;
    eventually("all is delivered", || async {
        let waiting = "SELECT NOT EXISTS (SELECT FROM deliveries WHERE state = 1)";
        sqlx::query_scalar::<_, bool>(waiting).fetch_one(&notifications).await.ok()?.then_some(())
    })
    .await;
}
