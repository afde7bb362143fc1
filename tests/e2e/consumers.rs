//! A gap, events out of order and repeated, and a poisoned one, through two services.

use async_nats::jetstream::{Context, message::StreamMessage, stream::Stream};
use futures::StreamExt;
use gongdan_bus::{Bus, BusConfig};
use gongdan_clock::{Clock, SystemClock, new_id};
use gongdan_e2e::{
    desk::{Desk, complaint},
    eventually::eventually,
    organisation::request_id,
    suite::Suite,
};
use gongdan_proto::{
    common::v1::{
        DeadLetter, DiscardDeadLetterRequest, ListDeadLettersRequest,
        dead_letter_service_client::DeadLetterServiceClient,
    },
    sla::v1::ClockKind,
    tickets::v1::Ticket,
};
use rustix::process::Signal;
use uuid::Uuid;

/// JetStream of a suite.
async fn jetstream(suite: &Suite) -> Context {
    let config = BusConfig::at(&suite.file().nats_url, "gongdan");
    Bus::connect(&config, "e2e").await.expect("the bus is there").context().clone()
}

async fn tickets_stream(jetstream: &Context) -> Stream {
    jetstream.get_stream("GONGDAN_TICKETS").await.expect("the stream is there")
}

async fn requests_of_sla(stream: &Stream) -> Option<usize> {
    Some(stream.consumer_info("gongdan-sla-tickets").await.ok()?.num_waiting)
}

/// Stops sla and waits until its requests to the bus have run out: what is published from now on lies in the stream
/// and not already in a socket.
async fn stop_sla(suite: &Suite, stream: &Stream) {
    eventually("sla listens", || async { requests_of_sla(stream).await.filter(|n| *n > 0) }).await;
    suite.signal_service("sla", Signal::STOP);
    eventually("its requests run out", || async { requests_of_sla(stream).await.filter(|n| *n == 0) }).await;
}

/// The messages of a ticket, in the stream's order, once there are so many.
async fn messages_of(stream: &Stream, ticket: &Ticket, wanted: usize) -> Vec<StreamMessage> {
    eventually(&format!("{wanted} events of {}", ticket.number), || async {
        let last = stream.get_info().await.ok()?.state.last_sequence;
        let mut mine = Vec::new();
        for sequence in 1..=last {
            // One that was deleted is not there.
            let Ok(message) = stream.get_raw_message(sequence).await else { continue };
            if message.headers.get("ce-subject").is_some_and(|id| id.as_str() == ticket.id) {
                mine.push(message);
            }
        }
        (mine.len() >= wanted).then_some(mine)
    })
    .await
}

/// Publishes a message again, past the bus's own check.
async fn publish_again(jetstream: &Context, message: &StreamMessage) {
    let mut headers = message.headers.clone();
    headers.insert("Nats-Msg-Id", request_id().as_str());
    jetstream
        .publish_with_headers(message.subject.clone(), headers, message.payload.clone())
        .await
        .expect("published")
        .await
        .expect("stored");
}

/// Waits until sla has applied the ticket up to a version, with nothing parked or held.
async fn applied(suite: &Suite, ticket: &Ticket, version: i64) {
    let sla = suite.database("sla").await;
    let id: Uuid = ticket.id.parse().expect("an id");
    eventually(&format!("sla has version {version}"), || async {
        sqlx::query_scalar::<_, bool>(
            "SELECT version = $2 AND NOT waiting AND held IS NULL FROM inbox_versions
             WHERE consumer = 'sla-tickets' AND aggregate_id = $1",
        )
        .bind(id)
        .bind(version)
        .fetch_optional(&sla)
        .await
        .ok()?
        .filter(|done| *done)
    })
    .await;
}

#[tokio::test]
async fn an_event_that_the_bus_lost_is_fetched_from_its_owner() {
    let suite = Suite::start_with(&[("GONGDAN_SLA__CONSUMERS__GAP_AFTER", "1s")]).await;
    let mut desk = Desk::open(&suite).await;
    let stream = tickets_stream(&jetstream(&suite).await).await;

    // While sla stands still, the bus loses the ticket's first event.
    stop_sla(&suite, &stream).await;
    let ticket = desk.create(complaint("垃圾无人清运")).await;
    let messages = messages_of(&stream, &ticket, 2).await;
    assert!(stream.delete_message(messages[0].sequence).await.expect("the event is deleted"));
    suite.signal_service("sla", Signal::CONT);

    eventually("the handling clock runs all the same", || {
        let (mut desk, ticket) = (desk.clone(), ticket.clone());
        async move { desk.clocks(&ticket).await.into_iter().find(|clock| clock.kind() == ClockKind::Handling) }
    })
    .await;
    applied(&suite, &ticket, 2).await;
    let asked: bool = sqlx::query_scalar(
        "SELECT asked_at IS NOT NULL FROM inbox_versions WHERE consumer = 'sla-tickets' AND aggregate_id = $1",
    )
    .bind(ticket.id.parse::<Uuid>().expect("an id"))
    .fetch_one(&suite.database("sla").await)
    .await
    .expect("sla knows the ticket");
    assert!(asked, "the owner was asked");
}

#[tokio::test]
async fn events_out_of_order_and_repeated_make_each_clock_once() {
    // No gap is repaired while this runs: order comes from the inbox alone.
    let suite = Suite::start_with(&[("GONGDAN_SLA__CONSUMERS__GAP_AFTER", "1h")]).await;
    let mut desk = Desk::open(&suite).await;
    let jetstream = jetstream(&suite).await;
    let stream = tickets_stream(&jetstream).await;
    stop_sla(&suite, &stream).await;
    let ticket = desk.create(complaint("占道经营")).await;
    messages_of(&stream, &ticket, 2).await;
    desk.urge(&ticket).await;
    desk.urge(&ticket).await;
    let messages = messages_of(&stream, &ticket, 4).await;
    for message in &messages {
        stream.delete_message(message.sequence).await.expect("deleted");
    }
    for message in messages.iter().rev().chain(&messages).chain(messages.iter().rev()) {
        publish_again(&jetstream, message).await;
    }
    // Surely heard after the repetitions.
    let later = desk.create(complaint("别的工单")).await;
    suite.signal_service("sla", Signal::CONT);
    eventually("the later ticket's clock runs", || {
        let (mut desk, later) = (desk.clone(), later.clone());
        async move { desk.clocks(&later).await.into_iter().next() }
    })
    .await;

    applied(&suite, &ticket, 4).await;
    let clocks = desk.clocks(&ticket).await;
    let mut kinds: Vec<_> = clocks.iter().map(|clock| clock.kind().as_str_name()).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["CLOCK_KIND_DISPATCH", "CLOCK_KIND_HANDLING"]);
    let ids: Vec<Uuid> = clocks.iter().map(|clock| clock.id.parse().expect("an id")).collect();
    let told: i64 = sqlx::query_scalar("SELECT count(*) FROM events WHERE aggregate_id = ANY ($1)")
        .bind(ids)
        .fetch_one(&suite.database("sla").await)
        .await
        .expect("counted");
    assert_eq!(told, 2, "each clock says once that it started");
}

#[tokio::test]
async fn what_follows_a_poisoned_event_waits_until_it_is_discarded() {
    let suite = Suite::start_with(&[
        ("GONGDAN_SLA__CONSUMERS__MAX_ATTEMPTS", "2"),
        ("GONGDAN_SLA__CONSUMERS__BACKOFF", "50ms"),
        ("GONGDAN_SLA__CONSUMERS__GAP_AFTER", "1h"),
    ])
    .await;
    let mut desk = Desk::open(&suite).await;
    let jetstream = jetstream(&suite).await;
    let stream = tickets_stream(&jetstream).await;
    stop_sla(&suite, &stream).await;
    let ticket = desk.create(complaint("井盖缺失")).await;
    let mut poisoned = messages_of(&stream, &ticket, 2).await.remove(0);
    stream.delete_message(poisoned.sequence).await.expect("deleted");
    poisoned.payload = "\u{1}not a ticket event".into();
    publish_again(&jetstream, &poisoned).await;
    suite.signal_service("sla", Signal::CONT);

    let letters = DeadLetterServiceClient::new(suite.channel("sla").await);
    let letter = eventually("it is set aside", || {
        let (mut letters, id) = (letters.clone(), ticket.id.clone());
        async move {
            let answer = letters.list_dead_letters(ListDeadLettersRequest::default()).await.ok()?;
            answer.into_inner().dead_letters.into_iter().find(|letter| letter.aggregate_id == id)
        }
    })
    .await;
    assert_eq!((letter.version, letter.attempts, letter.parked), (1, 2, 1));
    assert!(desk.clocks(&ticket).await.is_empty());
    let discard = DiscardDeadLetterRequest {
        event_id: letter.event_id,
        consumer: letter.consumer,
        reason: "不是工单事件".to_owned(),
    };
    letters.clone().discard_dead_letter(discard).await.expect("discarded");
    applied(&suite, &ticket, 2).await;
}

#[tokio::test]
async fn a_poisoned_event_holds_back_its_own_ticket_only_until_it_is_discarded() {
    let suite = Suite::start_with(&[("GONGDAN_SLA__CONSUMERS__MAX_ATTEMPTS", "2")]).await;
    let mut desk = Desk::open(&suite).await;

    // An event of nobody's ticket, with a payload that is no TicketEvent.
    let poisoned = new_id(SystemClock.now());
    let sample = desk.create(complaint("样本")).await;
    let jetstream = jetstream(&suite).await;
    let (subject, mut headers) = eventually("a real event to copy", || {
        let (jetstream, id) = (jetstream.clone(), sample.id.clone());
        async move {
            let stream = jetstream.get_stream("GONGDAN_TICKETS").await.ok()?;
            let message = stream.get_raw_message(1).await.ok()?;
            let mine =
                message.headers.iter().any(|(_, values)| values.iter().any(|value| value.as_str() == id));
            mine.then_some((message.subject.to_string(), message.headers))
        }
    })
    .await;
    let event_id = new_id(SystemClock.now()).to_string();
    let names: Vec<_> = headers.iter().map(|(name, values)| (name.clone(), values.clone())).collect();
    for (name, values) in names {
        if values.iter().any(|value| value.as_str() == sample.id) {
            headers.insert(name.clone(), poisoned.to_string().as_str());
        }
    }
    headers.insert("ce-id", event_id.as_str());
    headers.insert("Nats-Msg-Id", event_id.as_str());
    jetstream
        .publish_with_headers(subject, headers, "\u{1}not a ticket event".into())
        .await
        .expect("published")
        .await
        .expect("stored");

    // Others go on.
    let other = desk.create(complaint("别的工单")).await;
    eventually("the other ticket's clock runs", || {
        let (mut desk, other) = (desk.clone(), other.clone());
        async move { desk.clocks(&other).await.into_iter().next() }
    })
    .await;

    // The poisoned one can be listed, and given up.
    let letters = DeadLetterServiceClient::new(suite.channel("sla").await);
    let mine = |letters: Vec<DeadLetter>| letters.into_iter().find(|letter| letter.event_id == event_id);
    let letter = eventually("it is set aside", || {
        let (mut letters, mine) = (letters.clone(), &mine);
        async move {
            mine(
                letters
                    .list_dead_letters(ListDeadLettersRequest::default())
                    .await
                    .ok()?
                    .into_inner()
                    .dead_letters,
            )
        }
    })
    .await;
    assert_eq!((letter.aggregate_id.as_str(), letter.attempts), (poisoned.to_string().as_str(), 2));
    let discard = DiscardDeadLetterRequest {
        event_id: event_id.clone(),
        consumer: letter.consumer,
        reason: "不是工单事件".to_owned(),
    };
    letters.clone().discard_dead_letter(discard).await.expect("discarded");
    let left = letters
        .clone()
        .list_dead_letters(ListDeadLettersRequest::default())
        .await
        .expect("listed")
        .into_inner();
    assert!(mine(left.dead_letters).is_none());

    // It also lies in the dead-letter stream.
    let dead = jetstream.get_stream("GONGDAN_DEAD").await.expect("the stream of dead letters is there");
    let consumer = dead
        .create_consumer(async_nats::jetstream::consumer::pull::OrderedConfig::default())
        .await
        .expect("a consumer");
    let message = consumer.messages().await.expect("messages").next().await.expect("one").expect("readable");
    assert!(
        message
            .headers
            .as_ref()
            .is_some_and(|headers| headers.get("ce-id").is_some_and(|id| id.as_str() == event_id))
    );
}
