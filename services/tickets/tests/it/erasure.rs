//! X11: erasing what is personal of a customer, and legal holds against it.

use crate::suite::{
    Suite, cancel, complaint, fields, id, instant, reason, reopen, resolve, urge, with_phone,
};
use gongdan_proto::{
    common::v1::{ActorRef, PrincipalKind, ReplayEventsRequest, event_service_client::EventServiceClient},
    tickets::v1::{
        self as pb, DataClass, EraseCustomerRequest, EraseCustomerResponse, LookupCustomerRequest, Phase,
        erase_customer_request::Subject, lookup_customer_request::Key, place_legal_hold_request,
    },
};
use gongdan_testkit::{PrincipalSpec, eventually};
use prost::Message as _;
use sha2::{Digest as _, Sha256};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

const PHONE: &str = "13800001234";
const ERASED: &str = "[已删除 erased]";
/// What the citizen and the people at the desks wrote of somebody.
const WORDS: [&str; 6] = ["欧阳锋", "白驼山", "蛤蟆功", "张三丰", "责令停工", "已责令"];

impl Suite {
    async fn erase(&self, subject: Subject, force: bool) -> Result<EraseCustomerResponse, Status> {
        self.erase_as(&id(), subject, force).await
    }

    async fn erase_as(
        &self,
        request_id: &str,
        subject: Subject,
        force: bool,
    ) -> Result<EraseCustomerResponse, Status> {
        let request = EraseCustomerRequest {
            request_id: request_id.to_owned(),
            subject: Some(subject),
            reason: "本人要求，电话13800001234".to_owned(),
            force,
        };
        self.privacy("admin").erase_customer(request).await.map(tonic::Response::into_inner)
    }

    async fn hold(&self, subject: place_legal_hold_request::Subject) -> pb::LegalHold {
        let request = pb::PlaceLegalHoldRequest {
            request_id: id(),
            subject: Some(subject),
            reason: "诉讼".to_owned(),
            until: None,
        };
        self.privacy("admin").place_legal_hold(request).await.unwrap().into_inner()
    }

    async fn release(&self, hold: &str) -> pb::LegalHold {
        let request = pb::ReleaseLegalHoldRequest { id: hold.to_owned(), reason: "结案".to_owned() };
        self.privacy("admin").release_legal_hold(request).await.unwrap().into_inner()
    }

    /// A ticket of somebody, with their words in every place that has some, over.
    async fn told_and_over(&self, phone: &str) -> pb::Ticket {
        let request = pb::CreateTicketRequest {
            subject: "欧阳锋扰民".to_owned(),
            body: "白驼山庄夜里练蛤蟆功".to_owned(),
            priority: pb::Priority::P1.into(),
            priority_reason: "张三丰是邻居".to_owned(),
            ..with_phone(phone)
        };
        let ticket = self.tickets("zhao.min").create_ticket(request).await.unwrap().into_inner();
        let urged = pb::UrgeTicketRequest { note: "欧阳锋又来了".to_owned(), ..urge(&ticket) };
        self.tickets("zhao.min").urge_ticket(urged).await.unwrap();
        let dispatched = pb::DispatchTicketRequest {
            note: "找欧阳锋谈".to_owned(),
            ..crate::suite::dispatch(&ticket, "tianhe-env")
        };
        self.tickets("chen.jing").dispatch_ticket(dispatched).await.unwrap();
        self.tickets("li.wei").accept_ticket(crate::suite::accept(&ticket)).await.unwrap();
        self.tickets("li.wei").resolve_ticket(resolve(&ticket)).await.unwrap();
        let reopened =
            pb::ReopenTicketRequest { reason: "欧阳锋没走".to_owned(), ..reopen(&ticket, true) };
        self.tickets("zhao.min").reopen_ticket(reopened).await.unwrap();
        let reason = "白驼山庄搬走了".to_owned();
        let cancelled = pb::CancelTicketRequest { reason, ..cancel(&ticket) };
        self.tickets("zhao.min").cancel_ticket(cancelled).await.unwrap().into_inner()
    }

    /// What the event log replays of a ticket.
    async fn replayed(&self, ticket: &str) -> Vec<gongdan_proto::common::v1::Event> {
        self.env.log_settled().await;
        let mut log = EventServiceClient::new(self.env.channel(&self.service, "service.routing"));
        let request = ReplayEventsRequest { aggregate_ids: vec![ticket.to_owned()], ..Default::default() };
        let mut stream = log.replay_events(request).await.unwrap().into_inner();
        let mut events = Vec::new();
        while let Some(answer) = stream.message().await.unwrap() {
            events.push(answer.event.unwrap());
        }
        events
    }

    /// In which tables a word stands.
    async fn tables_with(&self, word: &str) -> Vec<&'static str> {
        let hex: String = word.bytes().map(|byte| format!("{byte:02x}")).collect();
        let mut found = Vec::new();
        for table in [
            "tickets",
            "resolutions",
            "events",
            "requests",
            "customers",
            "contacts",
            "erasures",
            "legal_holds",
        ] {
            let sql = format!(
                "SELECT count(*) FROM {table} t WHERE strpos(t::text, $1) > 0 OR strpos(t::text, $2) > 0"
            );
            let rows: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
                .bind(word)
                .bind(&hex)
                .fetch_one(self.env.pool())
                .await
                .unwrap();
            if rows > 0 {
                found.push(table);
            }
        }
        found
    }

    async fn found_by_phone(&self, phone: &str) -> usize {
        let request = LookupCustomerRequest { key: Some(Key::Phone(phone.to_owned())), in_clear: false };
        self.customers("zhao.min").lookup_customer(request).await.unwrap().into_inner().customers.len()
    }
}

fn holds(bytes: &[u8], word: &str) -> bool {
    bytes.windows(word.len()).any(|window| window == word.as_bytes())
}

#[tokio::test]
async fn what_is_personal_of_a_customer_goes_from_rows_events_and_the_bus() {
    let suite = Suite::start().await;
    let ticket = suite.told_and_over(PHONE).await;
    let other = suite.told_and_over("13900005678").await;
    let before = suite.replayed(&ticket.id).await;
    eventually("the bus has everything", async || {
        suite.env.events("tickets").await.len() >= 2 * before.len()
    })
    .await;
    for word in WORDS {
        assert!(!suite.tables_with(word).await.is_empty(), "{word} is there to be erased");
    }

    let request_id = id();
    let subject = Subject::CustomerId(ticket.customer_id.clone());
    let answer = suite.erase_as(&request_id, subject.clone(), false).await.unwrap();
    assert_eq!((answer.tickets_erased, answer.customer_erased, answer.held_tickets.len()), (1, true, 0));
    assert_eq!(
        suite.erase_as(&request_id, subject.clone(), false).await.unwrap(),
        answer,
        "a retry is answered"
    );
    let reused = suite.erase_as(&request_id, subject, true).await.unwrap_err();
    assert_eq!(reason(&reused), "REQUEST_ID_REUSED");

    let erased = suite.get(&ticket.id).await;
    assert_eq!((erased.subject.as_str(), erased.body.as_str()), (ERASED, ERASED));
    assert_eq!((erased.cancel_reason.as_str(), erased.priority_reason.as_str()), (ERASED, ERASED));
    assert_eq!((erased.customer_id.as_str(), &erased.contact), ("", &None));
    assert_eq!(erased.erased, [i32::from(DataClass::Contact), i32::from(DataClass::Texts)]);
    assert_eq!((erased.phase(), erased.number), (Phase::Cancelled, ticket.number.clone()));
    assert_eq!(suite.found_by_phone(PHONE).await, 0);
    assert_eq!(suite.changes(&ticket.id).await.last(), Some(&"erased"));

    // The log keeps its order, ids and versions, and not a word.
    let after = suite.replayed(&ticket.id).await;
    let frame = |events: &[gongdan_proto::common::v1::Event]| {
        events.iter().map(|event| (event.id.clone(), event.version, event.r#type.clone())).collect::<Vec<_>>()
    };
    assert_eq!(frame(&after)[..before.len()], frame(&before));
    assert_eq!(after.len(), before.len() + 1);
    for word in WORDS.into_iter().chain([ticket.customer_id.as_str()]) {
        assert!(!after.iter().any(|event| holds(&event.payload, word)), "{word}");
    }
    // Neither does the bus, and what is left on it is the other customer's and the news that it was erased.
    eventually("the bus has forgotten it", async || {
        let events = suite.env.events("tickets").await;
        let of: Vec<_> = events.iter().filter(|event| event.aggregate_id.to_string() == ticket.id).collect();
        of.iter().any(|event| event.kind == "erased")
            && !of.iter().any(|event| WORDS.iter().any(|word| holds(&event.payload, word)))
            && !of.iter().any(|event| holds(&event.payload, &ticket.customer_id))
    })
    .await;
    let others = suite.env.events("tickets").await;
    let of_other = others.iter().filter(|event| event.aggregate_id.to_string() == other.id).count();
    assert_eq!(of_other, before.len(), "nothing of others went");
    let waiting = async || suite.count("outbox_scrubs").await == 0;
    eventually("nothing is left to take off the bus", waiting).await;

    suite.erase(Subject::Ticket(other.number.clone()), false).await.unwrap();
    for word in WORDS.into_iter().chain([PHONE]) {
        assert_eq!(suite.tables_with(word).await, Vec::<&str>::new(), "{word}");
    }
    for table in ["customers", "customer_keys", "contacts"] {
        assert_eq!(suite.count(table).await, 0, "{table}");
    }
}

#[tokio::test]
async fn a_citizen_who_asked_by_an_account_of_their_own_is_not_named_any_more() {
    let suite = Suite::start().await;
    let citizen = PrincipalSpec::new("citizen.liu").citizen(&id()).name("刘洋");
    suite.env.principal(citizen).await;
    let mut own = suite.tickets("citizen.liu");
    let ticket = own.create_ticket(complaint()).await.unwrap().into_inner();
    own.urge_ticket(urge(&ticket)).await.unwrap();
    own.cancel_ticket(cancel(&ticket)).await.unwrap();
    let names = ["citizen.liu", "刘洋"];
    assert_eq!(suite.tables_with(names[0]).await, ["tickets", "events", "requests"]);
    suite.erase(Subject::Ticket(ticket.id.clone()), false).await.unwrap();
    for name in names {
        assert_eq!(suite.tables_with(name).await, Vec::<&str>::new(), "{name}");
        assert!(!suite.replayed(&ticket.id).await.iter().any(|event| holds(&event.payload, name)), "{name}");
    }
    eventually("the bus has forgotten them", async || {
        let events = suite.env.events("tickets").await;
        events.iter().any(|event| event.kind == "erased")
            && !events.iter().any(|event| names.iter().any(|name| holds(&event.payload, name)))
    })
    .await;
    // The ticket lives on.
    let erased = suite.get(&ticket.id).await;
    assert_eq!(
        erased.created_by.unwrap(),
        ActorRef { kind: PrincipalKind::Citizen.into(), ..Default::default() }
    );
    assert_eq!(suite.changes(&ticket.id).await, ["submitted", "urged", "cancelled", "erased"]);
}

#[tokio::test]
async fn who_calls_again_after_the_erasure_is_somebody_new() {
    let suite = Suite::start().await;
    let first = suite.told_and_over(PHONE).await;
    suite.erase(Subject::CustomerId(first.customer_id.clone()), false).await.unwrap();
    let again = suite.tickets("zhao.min").create_ticket(with_phone(PHONE)).await.unwrap().into_inner();
    assert!(!again.customer_id.is_empty() && again.customer_id != first.customer_id);
    assert_eq!(suite.found_by_phone(PHONE).await, 1);
    let gone = suite.erase(Subject::CustomerId(first.customer_id), false).await.unwrap_err();
    assert_eq!((gone.code(), reason(&gone).as_str()), (Code::NotFound, "CUSTOMER_NOT_FOUND"));
}

#[tokio::test]
async fn a_ticket_that_is_not_over_stands_in_the_way_unless_forced() {
    let suite = Suite::start().await;
    let over = suite.told_and_over(PHONE).await;
    let open = suite.tickets("zhao.min").create_ticket(with_phone(PHONE)).await.unwrap().into_inner();
    for subject in [Subject::CustomerId(over.customer_id.clone()), Subject::Ticket(open.id.clone())] {
        let refused = suite.erase(subject, false).await.unwrap_err();
        assert_eq!((refused.code(), reason(&refused).as_str()), (Code::FailedPrecondition, "PHASE_REFUSES"));
        let details = refused.get_error_details();
        assert_eq!(details.error_info().unwrap().metadata["ticket"], open.number);
    }
    assert_eq!(suite.get(&over.id).await.subject, "欧阳锋扰民", "nothing was erased");
    let answer = suite.erase(Subject::CustomerId(over.customer_id), true).await.unwrap();
    assert_eq!((answer.tickets_erased, answer.customer_erased), (2, true));
    let erased = suite.get(&open.id).await;
    assert_eq!((erased.phase(), erased.body.as_str()), (Phase::PendingDispatch, ERASED));
}

#[tokio::test]
async fn an_anonymous_ticket_is_erased_alone() {
    let suite = Suite::start().await;
    let ticket = suite.submitted().await;
    suite.tickets("zhao.min").cancel_ticket(cancel(&ticket)).await.unwrap();
    let other = suite.submitted().await;
    let answer = suite.erase(Subject::Ticket(ticket.number), false).await.unwrap();
    assert_eq!((answer.tickets_erased, answer.customer_erased), (1, false));
    assert_eq!(suite.get(&ticket.id).await.subject, ERASED);
    assert_eq!(suite.get(&other.id).await.subject, complaint().subject);
}

#[tokio::test]
async fn only_the_last_ticket_says_that_the_customer_is_not_known_any_more_and_by_a_hash_alone() {
    use place_legal_hold_request::Subject as Held;
    let suite = Suite::start().await;
    let hash = async |ticket: &pb::Ticket| {
        let last = suite.replayed(&ticket.id).await.pop().unwrap();
        match pb::TicketEvent::decode(last.payload).unwrap().change {
            Some(pb::ticket_event::Change::Erased(erased)) => erased.gone_customer_sha256,
            other => panic!("{other:?}"),
        }
    };
    let held = suite.told_and_over(PHONE).await;
    let first = suite.told_and_over(PHONE).await;
    let customer = held.customer_id.clone();
    let hold = suite.hold(Held::Ticket(held.number.clone())).await;
    let answer = suite.erase(Subject::CustomerId(customer.clone()), false).await.unwrap();
    assert_eq!((answer.tickets_erased, answer.customer_erased), (1, false));
    assert_eq!(hash(&first).await, [0_u8; 0], "the held ticket is theirs still");

    suite.release(&hold.id).await;
    let last = suite.told_and_over(PHONE).await;
    let answer = suite.erase(Subject::CustomerId(customer.clone()), false).await.unwrap();
    assert_eq!((answer.tickets_erased, answer.customer_erased), (2, true));
    let said: Vec<Vec<u8>> =
        [hash(&held).await, hash(&last).await].into_iter().filter(|hash| !hash.is_empty()).collect();
    let id: uuid::Uuid = customer.parse().unwrap();
    assert_eq!(said, [Sha256::digest(id).to_vec()], "once, so that nothing ties the tickets together");
    assert!(!suite.tables_with(&customer).await.contains(&"events"));
}

#[tokio::test]
async fn a_legal_hold_keeps_its_ticket_and_with_it_the_customer() {
    use place_legal_hold_request::Subject as Held;
    let suite = Suite::start().await;
    let kept = suite.told_and_over(PHONE).await;
    let gone = suite.told_and_over(PHONE).await;
    let hold = suite.hold(Held::Ticket(kept.number.clone())).await;
    assert_eq!((hold.ticket_id.as_str(), hold.placed_by.as_str()), (kept.id.as_str(), "admin"));

    let refused = suite.erase(Subject::Ticket(kept.id.clone()), true).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::FailedPrecondition, "LEGAL_HOLD"));
    let customer = kept.customer_id.clone();
    let answer = suite.erase(Subject::CustomerId(customer.clone()), false).await.unwrap();
    assert_eq!((answer.tickets_erased, answer.customer_erased), (1, false));
    let named: Vec<_> = answer.held_tickets.iter().map(|held| (&held.number, &held.hold_id)).collect();
    assert_eq!(named, [(&kept.number, &hold.id)]);
    assert_eq!(suite.get(&gone.id).await.subject, ERASED);
    assert_eq!(suite.get(&kept.id).await.subject, "欧阳锋扰民");
    assert_eq!(suite.get(&kept.id).await.contact.unwrap().phone, "138****1234");
    assert_eq!(suite.found_by_phone(PHONE).await, 1, "the held ticket's customer is still found");

    let of_customer = suite.hold(Held::CustomerId(customer.clone())).await;
    suite.release(&hold.id).await;
    let refused = suite.erase(Subject::CustomerId(customer.clone()), true).await.unwrap_err();
    assert_eq!(reason(&refused), "LEGAL_HOLD");
    let released = suite.release(&of_customer.id).await;
    assert_eq!((released.released_by.as_str(), released.release_reason.as_str()), ("admin", "结案"));
    let again = suite.release(&of_customer.id).await;
    assert_eq!(again.released_at, released.released_at, "a second release changes nothing");
    let answer = suite.erase(Subject::CustomerId(customer), false).await.unwrap();
    assert_eq!((answer.tickets_erased, answer.customer_erased), (1, true));

    let list = async |include_ended| {
        let request = pb::ListLegalHoldsRequest { include_ended, page_size: 1, ..Default::default() };
        let page = suite.privacy("admin").list_legal_holds(request.clone()).await.unwrap().into_inner();
        let mut holds = page.holds;
        if !page.next_page_token.is_empty() {
            let request = pb::ListLegalHoldsRequest { page_token: page.next_page_token, ..request };
            holds.extend(suite.privacy("admin").list_legal_holds(request).await.unwrap().into_inner().holds);
        }
        holds.into_iter().map(|hold| hold.id).collect::<Vec<_>>()
    };
    assert_eq!(list(false).await, Vec::<String>::new());
    assert_eq!(list(true).await, [of_customer.id, hold.id], "the newest first");
}

#[tokio::test]
async fn bad_requests_are_named() {
    let suite = Suite::start().await;
    let mut privacy = suite.privacy("admin");
    let refused = privacy.erase_customer(EraseCustomerRequest::default()).await.unwrap_err();
    assert_eq!(
        (refused.code(), fields(&refused)),
        (Code::InvalidArgument, ["request_id", "reason", "subject"].map(str::to_owned).to_vec())
    );
    let request =
        pb::PlaceLegalHoldRequest { until: Some(instant("2020-01-01T00:00:00Z")), ..Default::default() };
    let refused = privacy.place_legal_hold(request).await.unwrap_err();
    assert_eq!(fields(&refused), ["request_id", "reason", "until", "subject"]);
    let request = pb::ReleaseLegalHoldRequest { id: id(), reason: "x".to_owned() };
    let refused = privacy.release_legal_hold(request).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::NotFound, "LEGAL_HOLD_NOT_FOUND"));
    for who in ["li.wei", "zhao.min"] {
        let refused = suite.privacy(who).erase_customer(EraseCustomerRequest::default()).await.unwrap_err();
        assert_eq!(refused.code(), Code::PermissionDenied, "{who}");
    }
}
