//! T36: who reports in confidence is not in any answer of any RPC to those who handle it, and nobody of them finds the
//! request by its reporter. Every RPC of the contracts is asked, also those that come later.

use crate::{
    forms::{ITEM, about_water},
    suite::{Suite, accept, complaint, dispatch, id, urge},
};
use gongdan_auth::AuthChannel;
use gongdan_clock::SystemClock;
use gongdan_proto::{METHODS, Method, tickets::v1 as pb};
use gongdan_testkit::{PrincipalSpec, asked, call};
use serde_json::json;
use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

const PHONE: &str = "13988887777";
const NAME: &str = "欧阳明";
const IDENTITY: &str = "43010219900307123X";
const ADDRESS: &str = "黄埔大道西1号";
const ACCOUNT: &str = "PW-2026-0377";
const CITIZEN: &str = "citizen.ouyang";
const SETTINGS: &str = "[watch]\nheartbeat = \"20ms\"\npoll = \"20ms\"\n\
    [server.limits.person]\nrate = 0\nburst = 0\nstreams = 512\ncalls = 0\n";
/// How long a stream is listened to.
const LISTEN: Duration = Duration::from_millis(400);

/// Requests in confidence at `tianhe-env`: one taken down at the desk, one by the citizen's own account.
async fn planted(suite: &Suite) -> Vec<pb::Ticket> {
    suite.put_form("water", &crate::forms::water()).await;
    suite
        .import(vec![pb::CatalogueRow {
            path: ITEM.split('/').map(str::to_owned).collect(),
            form: "water".to_owned(),
            ..Default::default()
        }])
        .await;
    suite.env.principal(PrincipalSpec::new(CITIZEN).citizen(&id()).name(NAME)).await;
    let said = |text: &str| format!("{text}。我是{NAME}，住{ADDRESS}，电话{PHONE}，证件{IDENTITY}。");
    let contact = pb::ContactInput {
        phone: PHONE.to_owned(),
        name: NAME.to_owned(),
        identity_number: IDENTITY.to_owned(),
        address: ADDRESS.to_owned(),
    };
    let fields = json!({ "meter": "12345678", "remark": said("夜里"), "account": ACCOUNT });
    let at_the_desk = pb::CreateTicketRequest {
        reporter_confidential: true,
        contact: Some(contact.clone()),
        subject: format!("{NAME}举报"),
        body: said("偷排"),
        ..about_water(&fields)
    };
    let by_account = pb::CreateTicketRequest {
        reporter_confidential: true,
        contact: Some(contact),
        body: said("偷排"),
        custom_fields: None,
        ..complaint()
    };
    let mut tickets = Vec::new();
    for (who, request) in [("zhao.min", at_the_desk), (CITIZEN, by_account)] {
        let ticket = suite.tickets(who).create_ticket(request).await.unwrap().into_inner();
        suite.tickets("chen.jing").dispatch_ticket(dispatch(&ticket, "tianhe-env")).await.unwrap();
        suite.tickets("li.wei").accept_ticket(accept(&ticket)).await.unwrap();
        let again = pb::UrgeTicketRequest { note: said("又来催"), ..urge(&ticket) };
        suite.tickets(who).urge_ticket(again).await.unwrap();
        tickets.push(ticket);
    }
    tickets
}

/// What an RPC says, whatever it is; empty when it refuses.
async fn told(caller: &AuthChannel, method: &Method, request: Vec<u8>) -> Vec<u8> {
    let Ok(mut answer) = call(caller.clone(), method.path, request).await else { return Vec::new() };
    let mut told = Vec::new();
    if !method.streams {
        return answer.message().await.ok().flatten().unwrap_or_default();
    }
    // Signs of life come for ever.
    let until = tokio::time::Instant::now() + LISTEN;
    while let Ok(Ok(Some(message))) = tokio::time::timeout_at(until, answer.message()).await {
        told.extend(message);
    }
    told
}

fn has(answer: &[u8], needle: &str) -> bool {
    !needle.is_empty() && answer.windows(needle.len()).any(|window| window == needle.as_bytes())
}

fn about_tickets() -> impl Iterator<Item = &'static Method> {
    METHODS.iter().filter(|method| method.service.starts_with("gongdan.tickets."))
}

/// A request about a ticket. An act that would be let through carries an etag that is stale.
fn about(method: &Method, ticket: &pb::Ticket, flags: bool) -> Vec<u8> {
    // A flag of a filter would leave the ticket out.
    asked(method.request, &|path| flags && !path.starts_with("filter"), &|path| {
        Some(match path.rsplit('.').next().unwrap_or_default() {
            "ticket" | "tickets" | "ticket_id" | "ticket_ids" => ticket.id.clone(),
            "request_id" => id(),
            "etag" => "4711".to_owned(),
            _ => return None,
        })
    })
}

/// A request that looks for whose it is; none when the RPC does not ask for anything like that.
fn about_reporter(method: &Method, customer: &str) -> Option<Vec<u8>> {
    let looks = Cell::new(false);
    let request = asked(method.request, &|_| false, &|path| {
        let value = match path.rsplit('.').next().unwrap_or_default() {
            "request_id" => return Some(id()),
            "etag" => return Some("4711".to_owned()),
            "phone" => PHONE,
            "query" | "text" | "name" => NAME,
            "customer_id" => customer,
            _ => return None,
        };
        looks.set(true);
        Some(value.to_owned())
    });
    looks.get().then_some(request)
}

#[tokio::test]
async fn t36_no_answer_names_a_confidential_reporter_to_those_who_handle_it() {
    let suite = Suite::start_with(SETTINGS, Arc::new(SystemClock)).await;
    let tickets = planted(&suite).await;
    for (name, role) in [("leader", "unit_leader"), ("overseer", "supervisor")] {
        suite.env.principal(PrincipalSpec::new(name).role(role).unit("tianhe-env").region("44")).await;
    }
    let customers: Vec<&str> = tickets.iter().map(|ticket| ticket.customer_id.as_str()).collect();
    let mut secret = vec![
        PHONE,
        "139****7777",
        "+8613988887777",
        NAME,
        "欧*",
        "欧阳",
        IDENTITY,
        ADDRESS,
        ACCOUNT,
        CITIZEN,
    ];
    secret.extend(&customers);
    secret.extend(["4301", "123X", "139*", "*7777"]);
    let (mut wrong, mut answered) = (Vec::new(), BTreeMap::<&str, BTreeSet<&str>>::new());
    for who in ["li.wei", "leader", "overseer"] {
        let caller = suite.env.channel(&suite.service, who);
        for method in about_tickets() {
            for ticket in &tickets {
                for flags in [false, true] {
                    let answer = told(&caller, method, about(method, ticket, flags)).await;
                    if has(&answer, &ticket.id) {
                        answered.entry(who).or_default().insert(method.name());
                    }
                    let found: Vec<_> = secret.iter().filter(|needle| has(&answer, needle)).collect();
                    if !found.is_empty() {
                        wrong.push(format!("{} tells {who} of {found:?}", method.path));
                    }
                }
                // Who looks for the reporter finds nothing, and is told nothing that was not in the question.
                let Some(request) = about_reporter(method, &ticket.customer_id) else { continue };
                let answer = told(&caller, method, request).await;
                if has(&answer, &ticket.id) {
                    wrong.push(format!("{} finds it by its reporter for {who}", method.path));
                }
                let found: Vec<_> = [IDENTITY, ADDRESS, ACCOUNT, CITIZEN, "139****7777", "欧*"]
                    .into_iter()
                    .filter(|needle| has(&answer, needle))
                    .collect();
                if !found.is_empty() {
                    wrong.push(format!("{} by its reporter tells {who} of {found:?}", method.path));
                }
            }
        }
    }
    wrong.sort();
    wrong.dedup();
    assert!(wrong.is_empty(), "{} leaks:\n{}", wrong.len(), wrong.join("\n"));
    for who in ["li.wei", "leader", "overseer"] {
        for method in ["GetTicket", "ListTickets", "ListTimeline", "WatchTickets"] {
            assert!(answered[who].contains(method), "{who} is not answered by {method}: {answered:?}");
        }
    }

    // The desk knows.
    let desk = suite.env.channel(&suite.service, "zhao.min");
    let get = about_tickets().find(|method| method.name() == "GetTicket").unwrap();
    let answer = told(&desk, get, about(get, &tickets[0], false)).await;
    for known in ["139****7777", customers[0]] {
        assert!(has(&answer, known), "{known}");
    }
}
