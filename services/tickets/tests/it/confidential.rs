//! T36, DESIGN rule 15: who reports confidentially, and what is personal in clear.

use crate::suite::{
    REGION, Suite, accept, cancel, complaint, dispatch, id, past, resolve, transfer, with_phone,
};
use gongdan_proto::{
    common::v1::{Event, ReplayEventsRequest, event_service_client::EventServiceClient},
    tickets::v1::{
        self as pb, GetTicketRequest, ListTicketsRequest, LookupCustomerRequest, TicketFilter,
        WatchTicketsRequest, lookup_customer_request::Key, watch_tickets_response::Kind,
    },
};
use gongdan_testkit::PrincipalSpec;
use prost::Message as _;
use tonic::{Code, Status};

const PHONE: &str = "13800001234";

fn confidential() -> pb::CreateTicketRequest {
    pb::CreateTicketRequest { reporter_confidential: true, ..with_phone(PHONE) }
}

impl Suite {
    async fn seen_by(&self, who: &str, ticket: &str) -> pb::Ticket {
        let request = GetTicketRequest { ticket: ticket.to_owned(), in_clear: false };
        self.tickets(who).get_ticket(request).await.unwrap().into_inner()
    }

    async fn clear_to(&self, who: &str, ticket: &str) -> Result<pb::Ticket, Status> {
        let request = GetTicketRequest { ticket: ticket.to_owned(), in_clear: true };
        self.tickets(who).get_ticket(request).await.map(tonic::Response::into_inner)
    }

    async fn listed_by(&self, who: &str, filter: TicketFilter) -> Vec<pb::Ticket> {
        let request = ListTicketsRequest { filter: Some(filter), ..Default::default() };
        self.tickets(who).list_tickets(request).await.unwrap().into_inner().tickets
    }

    async fn looked_up_by(&self, who: &str, key: Key) -> Vec<pb::CustomerProfile> {
        let request = LookupCustomerRequest { key: Some(key), in_clear: false };
        self.customers(who).lookup_customer(request).await.unwrap().into_inner().customers
    }

    async fn clear_reads(&self) -> Vec<(Option<uuid::Uuid>, Option<uuid::Uuid>, String, String)> {
        sqlx::query_as("SELECT customer_id, ticket_id, reader, purpose FROM contact_reads ORDER BY read_at")
            .fetch_all(self.env.pool())
            .await
            .unwrap()
    }
}

fn hides_the_reporter(ticket: &pb::Ticket) {
    assert!(ticket.confidential);
    assert_eq!((ticket.customer_id.as_str(), &ticket.contact, &ticket.contact_in_clear), ("", &None, &None));
}

#[tokio::test]
async fn a_handling_unit_never_learns_who_reported_confidentially() {
    let suite = Suite::start().await;
    let request =
        pb::CreateTicketRequest { body: "楼下工地凌晨仍在施工。".to_owned(), ..confidential() };
    let ticket = suite.tickets("zhao.min").create_ticket(request).await.unwrap().into_inner();
    // Intake and dispatch know.
    assert!(ticket.confidential && !ticket.customer_id.is_empty());
    assert_eq!(ticket.contact.as_ref().unwrap().phone, "138****1234");
    let dispatched =
        suite.tickets("chen.jing").dispatch_ticket(dispatch(&ticket, "tianhe-env")).await.unwrap();
    assert_eq!(dispatched.into_inner().customer_id, ticket.customer_id);

    // The unit does not, whatever it reads or does.
    let watched = {
        let request = WatchTicketsRequest { include_current: true, ..Default::default() };
        suite.tickets("li.wei").watch_tickets(request).await.unwrap().into_inner()
    };
    hides_the_reporter(&suite.seen_by("li.wei", &ticket.id).await);
    hides_the_reporter(&suite.seen_by("li.wei", &ticket.number).await);
    hides_the_reporter(&suite.listed_by("li.wei", TicketFilter::default()).await[0]);
    let request = accept(&ticket);
    let mut unit = suite.tickets("li.wei");
    hides_the_reporter(&unit.accept_ticket(request.clone()).await.unwrap().into_inner());
    hides_the_reporter(&unit.accept_ticket(request).await.unwrap().into_inner());
    let resolved = unit.resolve_ticket(resolve(&ticket)).await.unwrap().into_inner();
    hides_the_reporter(&resolved);
    let mut seen = Vec::new();
    let mut watched = watched;
    while seen.last().is_none_or(|change| change != "resolved") {
        let message = watched.message().await.unwrap().unwrap();
        if message.kind() != Kind::Heartbeat {
            hides_the_reporter(message.ticket.as_ref().unwrap());
            seen.push(message.change);
        }
    }
    // A transaction of another test may hold the log back, so that the dispatch is told as well.
    seen.retain(|change| change != "dispatched");
    assert_eq!(seen, ["", "accepted", "resolved"]);
    let timeline = unit
        .list_timeline(pb::ListTimelineRequest { ticket: ticket.id.clone(), ..Default::default() })
        .await
        .unwrap()
        .into_inner();
    let bytes = timeline.encode_to_vec();
    for secret in [ticket.customer_id.as_str(), "138****1234", "张*", PHONE] {
        let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
        assert!(!found, "{secret} in the timeline");
    }
    // The dispatcher still does.
    assert_eq!(suite.seen_by("chen.jing", &ticket.id).await.customer_id, ticket.customer_id);
    // Callback needs the customer: the event has it.
    suite.env.log_settled().await;
    let events: Vec<Event> = {
        let mut log = EventServiceClient::new(suite.env.channel(&suite.service, "service.callback"));
        let request = ReplayEventsRequest { aggregate_ids: vec![ticket.id.clone()], ..Default::default() };
        let mut stream = log.replay_events(request).await.unwrap().into_inner();
        let mut events = Vec::new();
        while let Some(answer) = stream.message().await.unwrap() {
            events.push(answer.event.unwrap());
        }
        events
    };
    let last = pb::TicketEvent::decode(events.last().unwrap().payload.clone()).unwrap();
    assert_eq!(last.state.unwrap().customer_id, ticket.customer_id);
}

#[tokio::test]
async fn who_may_not_know_reporters_does_not_find_a_confidential_ticket_through_its_customer() {
    let suite = Suite::start().await;
    // A supervisor of the area sees its tickets, looks citizens up, and knows as little of reporters as a unit.
    suite.env.principal(PrincipalSpec::new("ma.chao").role("supervisor").region("44")).await;
    let mut agent = suite.tickets("zhao.min");
    let open = agent.create_ticket(with_phone(PHONE)).await.unwrap().into_inner();
    let secret = agent.create_ticket(confidential()).await.unwrap().into_inner();
    let only_secret = pb::CreateTicketRequest { reporter_confidential: true, ..with_phone("13900005678") };
    let lone = agent.create_ticket(only_secret).await.unwrap().into_inner();
    agent.cancel_ticket(cancel(&lone)).await.unwrap();
    assert_eq!(open.customer_id, secret.customer_id);
    let of = |customer: &str| TicketFilter { customer_id: customer.to_owned(), ..Default::default() };
    let ids = |tickets: Vec<pb::Ticket>| tickets.into_iter().map(|t| t.id).collect::<Vec<_>>();

    assert_eq!(ids(suite.listed_by("ma.chao", of(&open.customer_id)).await), std::slice::from_ref(&open.id));
    assert!(suite.listed_by("ma.chao", of(&lone.customer_id)).await.is_empty());
    assert_eq!(suite.listed_by("zhao.min", of(&open.customer_id)).await.len(), 2);

    for key in [Key::Phone(PHONE.to_owned()), Key::CustomerId(open.customer_id.clone())] {
        let profile = suite.looked_up_by("ma.chao", key.clone()).await.remove(0);
        assert_eq!((profile.total, &profile.first_seen_at), (1, &open.received_at));
        assert_eq!(ids(profile.in_flight), std::slice::from_ref(&open.id));
        assert_eq!(suite.looked_up_by("zhao.min", key).await[0].total, 2);
    }
    for key in [Key::PhoneLastFour("5678".to_owned()), Key::CustomerId(lone.customer_id.clone())] {
        assert!(suite.looked_up_by("ma.chao", key.clone()).await.is_empty(), "nothing else is known of them");
        assert_eq!(suite.looked_up_by("zhao.min", key).await.len(), 1);
    }
    // A watcher by customer hears of the open one only.
    let request = WatchTicketsRequest {
        filter: Some(of(&open.customer_id)),
        include_current: true,
        ..Default::default()
    };
    let mut watched = suite.tickets("ma.chao").watch_tickets(request).await.unwrap().into_inner();
    let current = watched.message().await.unwrap().unwrap();
    assert_eq!((current.kind(), current.ticket.unwrap().id), (Kind::Current, open.id.clone()));
    agent.cancel_ticket(cancel(&secret)).await.unwrap();
    agent.cancel_ticket(cancel(&open)).await.unwrap();
    let next = loop {
        let message = watched.message().await.unwrap().unwrap();
        if message.kind() != Kind::Heartbeat {
            break message;
        }
    };
    assert_eq!(next.ticket.unwrap().id, open.id);
}

#[tokio::test]
async fn transfers_do_not_tell_and_imports_may_be_confidential() {
    let suite = Suite::start().await;
    let ticket = suite.tickets("zhao.min").create_ticket(confidential()).await.unwrap().into_inner();
    suite.tickets("chen.jing").dispatch_ticket(dispatch(&ticket, "tianhe-env")).await.unwrap();
    let moved = suite.tickets("li.wei").transfer_ticket(transfer(&ticket, "yuexiu-env")).await.unwrap();
    hides_the_reporter(&moved.into_inner());
    hides_the_reporter(&suite.seen_by("wang.fang", &ticket.id).await);

    suite.env.principal(PrincipalSpec::new("he.ping").role("handler").unit("yuexiu-env").region("43")).await;
    let request = pb::RecordPastTicketRequest { reporter_confidential: true, live: true, ..past("1") };
    let recorded = suite.tickets("admin").record_past_ticket(request).await.unwrap().into_inner();
    let recorded = recorded.ticket.unwrap();
    assert!(recorded.confidential && !recorded.customer_id.is_empty());
    hides_the_reporter(&suite.seen_by("he.ping", &recorded.id).await);
}

#[tokio::test]
async fn what_is_personal_is_clear_for_who_has_the_right_and_each_reading_is_noted() {
    let suite = Suite::start().await;
    suite.env.principal(PrincipalSpec::new("sun.li").role("agent").region("44").right("personal")).await;
    suite
        .env
        .principal(
            PrincipalSpec::new("qian.hai").role("handler").unit("tianhe-env").region("44").right("personal"),
        )
        .await;
    let contact = pb::ContactInput {
        phone: PHONE.to_owned(),
        name: "张三".to_owned(),
        identity_number: "43010219900307123X".to_owned(),
        address: "天河路1号".to_owned(),
    };
    let request = pb::CreateTicketRequest { contact: Some(contact), ..complaint() };
    let ticket = suite.tickets("sun.li").create_ticket(request).await.unwrap().into_inner();
    assert_eq!(ticket.contact_in_clear, None, "an act's answer is masked for everybody");
    assert!(ticket.body.contains("138****1234"));

    let masked = suite.seen_by("sun.li", &ticket.id).await;
    assert_eq!(masked.contact_in_clear, None, "only when it is asked for");
    assert!(suite.clear_reads().await.is_empty());
    let clear = suite.clear_to("sun.li", &ticket.id).await.unwrap();
    let contact = clear.contact_in_clear.unwrap();
    assert_eq!((contact.phone.as_str(), contact.name.as_str()), ("+8613800001234", "张三"));
    assert_eq!(
        (contact.identity_number.as_str(), contact.address.as_str()),
        ("43010219900307123X", "天河路1号")
    );
    assert!(clear.body.contains(PHONE));
    let reads = suite.clear_reads().await;
    let noted = (Some(ticket.customer_id.parse().unwrap()), Some(ticket.id.parse().unwrap()));
    assert_eq!(reads, [(noted.0, noted.1, "sun.li".to_owned(), "ticket".to_owned())]);

    suite.env.principal(PrincipalSpec::new("he.ping").role("handler").region("44")).await;
    for who in ["zhao.min", "he.ping", "service.callback", "admin"] {
        let refused = suite.clear_to(who, &ticket.id).await.unwrap_err();
        assert_eq!(refused.code(), Code::PermissionDenied, "{who}");
        let seen = suite.seen_by(who, &ticket.id).await;
        assert_eq!(seen.contact_in_clear, None, "{who}");
        assert!(seen.body.contains("138****1234") && !seen.body.contains(PHONE), "{who}");
        assert_eq!(seen.contact.unwrap().phone, "138****1234", "{who}");
    }
    let listed = suite.listed_by("sun.li", TicketFilter::default()).await.remove(0);
    assert_eq!(listed.contact_in_clear, None);
    assert_eq!(suite.clear_reads().await.len(), 1);

    // The right does not uncover a confidential reporter to a handling unit.
    let secret = suite.tickets("zhao.min").create_ticket(confidential()).await.unwrap().into_inner();
    let refused = suite.clear_to("qian.hai", &secret.id).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    let seen = suite.seen_by("qian.hai", &secret.id).await;
    hides_the_reporter(&seen);
    assert!(!seen.body.contains(PHONE));
    assert!(suite.clear_to("sun.li", &secret.id).await.unwrap().body.contains(PHONE));
}

#[tokio::test]
async fn a_request_without_contact_is_read_in_clear_too() {
    let suite = Suite::start().await;
    suite.env.principal(PrincipalSpec::new("sun.li").role("agent").region("44").right("personal")).await;
    let request = pb::CreateTicketRequest { request_id: id(), region: REGION.to_owned(), ..complaint() };
    let ticket = suite.tickets("zhao.min").create_ticket(request).await.unwrap().into_inner();
    assert!(suite.clear_to("sun.li", &ticket.id).await.unwrap().body.contains(PHONE));
    let reads = suite.clear_reads().await;
    assert_eq!((reads.len(), reads[0].0), (1, None));
}
