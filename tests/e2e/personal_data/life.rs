//! Requests through their whole lives, with personal values wherever somebody may write one.

use super::{
    answers::Answers,
    values::{
        BODY, CALL, CANCEL, CAUSE, CONFIDENTIAL, Citizen, DISPATCH, DRAFT_BODY, DRAFT_SUBJECT, ERASED,
        ERASED_TEXT, ERASURE, HOLD, PAST_BODY, PAST_REPLY, PAST_SUBJECT, PRIORITY, PURPOSE, RELEASE, REOPEN,
        REPLY, REPORTER, RETURN, SKIP, SOLUTION, SOURCE_KEY, SUBJECT, TRANSFER, URGE,
    },
};
use gongdan_clock::{Clock as _, SystemClock};
use gongdan_e2e::{
    desk::{Desk, complaint},
    eventually::eventually,
    organisation::{COUNTY, ENVIRONMENT, STREET_OFFICE},
    suite::Suite,
};
use gongdan_proto::{
    callback::v1::TaskState,
    tickets::v1::{
        Channel, ContactInput, CreateTicketRequest, GetContactRequest, Phase, Priority,
        RecordPastTicketRequest, Ticket, customer_service_client::CustomerServiceClient,
    },
};
use std::fs;

/// Where no unit answers for anything: 广州市海珠区.
const ELSEWHERE: &str = "440105";

fn contact(citizen: &Citizen, phone: &str) -> Option<ContactInput> {
    Some(ContactInput {
        phone: phone.to_owned(),
        name: citizen.name.to_owned(),
        identity_number: citizen.identity.to_owned(),
        address: citizen.address.to_owned(),
    })
}

/// Two rounds with a return, a transfer, an urge, callbacks of every kind; reopened by hand and cancelled in the end.
pub(super) async fn long(suite: &Suite, answers: &mut Answers) -> Ticket {
    let mut desk = Desk::open(suite).await;
    let request = CreateTicketRequest {
        subject: format!("噪音 {}", SUBJECT.text()),
        body: BODY.text(),
        contact: contact(&REPORTER, "＋８６ １９９－７３１５－０８４６"),
        priority: Priority::P2.into(),
        priority_reason: PRIORITY.text(),
        ..complaint("")
    };
    let ticket = desk.create(request).await;
    let (id, number) = (ticket.id.as_str(), ticket.number.as_str());
    desk.in_phase(&ticket, Phase::Dispatched).await;
    desk.give_back(&ticket, &RETURN.text()).await;
    let at_the_office = |ticket: &Ticket| ticket.lead_unit_id == STREET_OFFICE;
    desk.until(&ticket, "at the street office", at_the_office).await;
    answers
        .cli(suite, &["ticket", "transfer", id, "--unit", ENVIRONMENT, "--reason", &TRANSFER.text()])
        .await;
    desk.accept(&ticket).await;
    answers.cli(suite, &["ticket", "urge", number, "--note", &URGE.text()]).await;
    let (solution, reply, cause) = (SOLUTION.text(), REPLY.text(), CAUSE.text());
    let resolve =
        ["ticket", "resolve", number, "--outcome", "solved", "--solution", &solution, "--reply", &reply];
    answers.cli(suite, &[&resolve[..], &["--root-cause", &cause]].concat()).await;
    desk.in_phase(&ticket, Phase::InCallback).await;

    // The agent sees whom to call; then nobody answers, then the citizen is not content.
    answers.cli(suite, &["callback", "next"]).await;
    let whom = suite.cli_json(&["callback", "contact", number, "-o", "json"]).await;
    assert_eq!(whom["phone"], format!("+86{}", REPORTER.phone));
    let tomorrow = SystemClock.now().to_zoned(jiff::tz::TimeZone::get("Asia/Shanghai").expect("a zone"));
    let ten = format!("{}T10:00:00+08:00", tomorrow.tomorrow().expect("a day").date());
    let missed =
        ["callback", "record", number, "--outcome", "no-answer", "--next", &ten, "--note", &CALL.text()];
    answers.cli(suite, &missed).await;
    let unhappy = ["callback", "record", number, "--outcome", "success", "--contacted", "--solved=false"];
    answers.cli(suite, &[&unhappy[..], &["--satisfied=false"]].concat()).await;

    let ticket = desk.until(&ticket, "round 2", |ticket| ticket.round == 2).await;
    desk.in_phase(&ticket, Phase::Dispatched).await;
    desk.accept(&ticket).await;
    desk.resolve(&ticket).await;
    desk.in_phase(&ticket, Phase::InCallback).await;
    let open = || async {
        let tasks = desk.clone().tasks(&ticket).await;
        tasks.into_iter().find(|task| task.round == 2 && task.state() == TaskState::Open)
    };
    eventually("a task of the second round", open).await;
    answers.cli(suite, &["callback", "skip", number, "--reason", &SKIP.text()]).await;
    desk.in_phase(&ticket, Phase::Closed).await;
    answers.cli(suite, &["ticket", "reopen", number, "--reason", &REOPEN.text()]).await;
    desk.in_phase(&ticket, Phase::Dispatched).await;
    answers.cli(suite, &["ticket", "cancel", number, "--reason", &CANCEL.text()]).await;
    ticket
}

/// A confidential reporter's, by the client, which no rule and no area finds and a dispatcher dispatches; held and
/// released.
pub(super) async fn confidential(suite: &Suite, answers: &mut Answers) -> Ticket {
    let Citizen { phone, name, identity, address } = CONFIDENTIAL;
    let create =
        ["ticket", "create", "--type", "report", "--subject", "路灯不亮", "--body", "整条路没有灯。"];
    let who = ["--phone", phone, "--name", name, "--identity-number", identity, "--address", address];
    let more = ["--region", ELSEWHERE, "--confidential", "-o", "json"];
    let made = answers.cli(suite, &[&create[..], &who, &more].concat()).await;
    let made: serde_json::Value = serde_json::from_str(&made).expect("JSON");
    let mut desk = Desk::open(suite).await;
    let ticket = Ticket { id: made["id"].as_str().expect("an id").to_owned(), ..Ticket::default() };
    let ticket = desk.until(&ticket, "pooled", |ticket| !ticket.pool_reason.is_empty()).await;
    let number = ticket.number.as_str();
    answers
        .cli(suite, &["ticket", "dispatch", number, "--unit", ENVIRONMENT, "--note", &DISPATCH.text()])
        .await;
    let hold = ["privacy", "hold", "--ticket", number, "--reason", &HOLD.text(), "-o", "json"];
    let hold: serde_json::Value = serde_json::from_str(&answers.cli(suite, &hold).await).expect("JSON");
    let hold = hold["id"].as_str().expect("an id");
    answers.cli(suite, &["privacy", "release", hold, "--reason", &RELEASE.text()]).await;
    ticket
}

/// A draft of the reporter, who is known again by another spelling of the number; and one of the past.
pub(super) async fn others(suite: &Suite, answers: &mut Answers) {
    let mut desk = Desk::open(suite).await;
    let draft = CreateTicketRequest {
        subject: DRAFT_SUBJECT.text(),
        body: DRAFT_BODY.text(),
        contact: contact(&REPORTER, "0086 199.7315 0846"),
        draft: true,
        ..complaint("")
    };
    let draft = desk.create(draft).await;
    answers.cli(suite, &["ticket", "submit", &draft.number]).await;

    let ago = |hours: i64| {
        let at = SystemClock.now() - jiff::SignedDuration::from_hours(hours);
        Some(gongdan_proto::to_timestamp(at))
    };
    let past = RecordPastTicketRequest {
        external_source: "messages".to_owned(),
        external_id: "1".to_owned(),
        subject: PAST_SUBJECT.text(),
        body: PAST_BODY.text(),
        region: COUNTY.to_owned(),
        channel: Channel::Web.into(),
        received_at: ago(48),
        reply: PAST_REPLY.text(),
        replied_at: ago(24),
        customer_key: SOURCE_KEY.to_owned(),
        ..RecordPastTicketRequest::default()
    };
    let past = desk.tickets.record_past_ticket(past).await.expect("recorded").into_inner();
    answers.keep("RecordPastTicket", &past);
}

/// One that is erased.
pub(super) async fn erased(suite: &Suite, answers: &mut Answers) {
    let mut desk = Desk::open(suite).await;
    let request = CreateTicketRequest {
        subject: ERASED_TEXT.text(),
        body: ERASED_TEXT.text(),
        contact: contact(&ERASED, ERASED.phone),
        ..complaint("")
    };
    let ticket = desk.create(request).await;
    desk.in_phase(&ticket, Phase::Dispatched).await;
    let number = ticket.number.as_str();
    answers.cli(suite, &["ticket", "cancel", number, "--reason", &ERASED_TEXT.text()]).await;
    answers.cli(suite, &["privacy", "erase", "--ticket", number, "--reason", &ERASURE.text()]).await;
}

/// Who looks at them, in every way there is: what is masked is masked in each; what is clear is noted.
pub(super) async fn looked_at(suite: &Suite, answers: &mut Answers, long: &Ticket, confidential: &Ticket) {
    for number in [long.number.as_str(), confidential.number.as_str()] {
        for format in ["table", "json"] {
            for what in [["ticket", "get"], ["ticket", "timeline"], ["route", "explain"], ["sla", "clocks"]] {
                answers.cli(suite, &[&what[..], &[number, "-o", format]].concat()).await;
            }
        }
    }
    answers.cli(suite, &["callback", "get", &long.number]).await;
    for phone in ["199-7315-0846", "(+86)19973150846", "１９９７３１５０８４６"] {
        let found = answers.cli(suite, &["ticket", "lookup", "--phone", phone, "-o", "json"]).await;
        assert!(found.contains(&long.number) && found.contains("199****0846"), "{phone}: {found}");
    }
    answers.cli(suite, &["ticket", "lookup", "--last-four", &REPORTER.phone[7..]]).await;
    answers.cli(suite, &["ticket", "watch", "--current", "--limit", "2", "-o", "json"]).await;
    for person in ["li.wei", "admin"] {
        for what in [&["ticket", "list"][..], &["callback", "list"], &["inbox"]] {
            answers.cli(suite, &[what, &["--as", person, "-o", "json"]].concat()).await;
        }
    }
    for what in [
        &["route", "list"][..],
        &["webhook", "deliveries"],
        &["audit", "list"],
        &["privacy", "holds", "--all"],
    ] {
        answers.cli(suite, &[what, &["-o", "json"]].concat()).await;
    }
    // These are kept, and shown in clear to who may see them.
    for (ticket, citizen) in [(long, REPORTER), (confidential, CONFIDENTIAL)] {
        let clear = suite.cli_json(&["ticket", "get", &ticket.number, "--in-clear", "-o", "json"]).await;
        for value in [citizen.name, citizen.identity, citizen.address, &format!("+86{}", citizen.phone)] {
            assert!(clear["contact_in_clear"].to_string().contains(value), "{clear}");
        }
    }
    let token = fs::read_to_string(suite.data_dir().join("tokens/callback")).expect("a service's token");
    let mut customers = CustomerServiceClient::new(suite.channel_as("tickets", Some(token.trim())).await);
    let whole = PURPOSE.text();
    let request = GetContactRequest {
        customer_id: long.customer_id.clone(),
        ticket_id: long.id.clone(),
        purpose: whole.chars().take(60).collect(),
    };
    let whom = customers.get_contact(request).await.expect("a contact").into_inner();
    assert_eq!((whom.name.as_str(), whom.address.as_str()), (REPORTER.name, REPORTER.address));
}
