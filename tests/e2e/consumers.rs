//! A gap and a poisoned event, through two services.

use futures::StreamExt;
use gongdan_clock::{Clock, SystemClock, new_id};
use gongdan_e2e::{
    desk::{Desk, complaint},
    eventually::eventually,
    suite::Suite,
};
use gongdan_proto::{
    common::v1::{
        DeadLetter, DiscardDeadLetterRequest, ListDeadLettersRequest,
        dead_letter_service_client::DeadLetterServiceClient,
    },
    sla::v1::ClockKind,
};

/// JetStream of a suite.
async fn jetstream(suite: &Suite) -> async_nats::jetstream::Context {
    let client = async_nats::connect(&suite.file().nats_url).await.expect("the bus is there");
    async_nats::jetstream::new(client)
}

#[tokio::test]
async fn an_event_that_the_bus_lost_is_fetched_from_its_owner() {
    let suite = Suite::start_with(&[("GONGDAN_SLA__CONSUMERS__GAP_AFTER", "1s")]).await;
    let mut desk = Desk::open(&suite).await;

    // While sla stands still, the bus loses the ticket's first event.
    suite.signal_service("sla", rustix::process::Signal::STOP);
    let ticket = desk.create(complaint("垃圾无人清运")).await;
    desk.until(&ticket, "pooled", |ticket| ticket.version >= 2).await;
    let jetstream = jetstream(&suite).await;
    let stream = jetstream.get_stream("GONGDAN_TICKETS").await.expect("the stream is there");
    let lost = eventually("the first event is on the bus", || {
        let (stream, ticket) = (stream.clone(), ticket.id.clone());
        async move {
            let last = stream.get_info().await.ok()?.state.last_sequence;
            for sequence in 1..=last {
                let message = stream.get_raw_message(sequence).await.ok()?;
                let header = |name: &str| message.headers.get(name).map(|value| value.as_str().to_owned());
                if header("ce-type").is_some_and(|kind| kind.ends_with(".submitted"))
                    && message
                        .headers
                        .iter()
                        .any(|(_, values)| values.iter().any(|value| value.as_str() == ticket))
                {
                    return Some(sequence);
                }
            }
            None
        }
    })
    .await;
    assert!(stream.delete_message(lost).await.expect("the event is deleted"));
    suite.signal_service("sla", rustix::process::Signal::CONT);

    eventually("the handling clock runs all the same", || {
        let (mut desk, ticket) = (desk.clone(), ticket.clone());
        async move { desk.clocks(&ticket).await.into_iter().find(|clock| clock.kind() == ClockKind::Handling) }
    })
    .await;
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
