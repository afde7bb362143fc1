//! Every act in turn: a stale etag, a reused request id, and every phase that forbids it.

use crate::suite::{
    Suite, accept, cancel, claim, complaint, dispatch, give_back, id, past, reason, reopen, resolve, task,
    transfer, urge,
};
use gongdan_proto::{
    callback::v1::{TaskOpened, callback_event::Change},
    tickets::v1::{self as pb, Phase},
};
use gongdan_testkit::eventually;
use tonic::{Code, Response, Status};
use tonic_types::StatusExt as _;

/// Each act, a phase in which it is possible, and who may do it then.
const ACTS: [(&str, Phase, &str); 10] = [
    ("submit", Phase::Draft, "zhao.min"),
    ("dispatch", Phase::PendingDispatch, "chen.jing"),
    ("claim", Phase::PendingDispatch, "chen.jing"),
    ("accept", Phase::Dispatched, "li.wei"),
    ("transfer", Phase::Dispatched, "li.wei"),
    ("return", Phase::InProgress, "li.wei"),
    ("resolve", Phase::InProgress, "li.wei"),
    ("reopen", Phase::Resolved, "zhao.min"),
    ("cancel", Phase::PendingDispatch, "zhao.min"),
    ("urge", Phase::InProgress, "zhao.min"),
];

/// The phases an RPC or event leads to; of the others the domain's table speaks.
const PHASES: [(Phase, &str); 8] = [
    (Phase::Draft, "draft"),
    (Phase::PendingDispatch, "pending_dispatch"),
    (Phase::Dispatched, "dispatched"),
    (Phase::InProgress, "in_progress"),
    (Phase::Resolved, "resolved"),
    (Phase::InCallback, "in_callback"),
    (Phase::Closed, "closed"),
    (Phase::Cancelled, "cancelled"),
];

/// GLOSSARY, phases of a ticket.
fn possible(act: &str) -> &'static [Phase] {
    use Phase::{Closed, Dispatched, Draft, InCallback, InProgress, PendingDispatch, Resolved};
    match act {
        "submit" => &[Draft],
        "dispatch" | "claim" => &[PendingDispatch],
        "accept" => &[Dispatched],
        "transfer" | "return" => &[Dispatched, InProgress],
        "resolve" => &[InProgress],
        "reopen" => &[Resolved, InCallback, Closed],
        "cancel" => &[Draft, PendingDispatch, Dispatched, InProgress],
        "urge" => &[PendingDispatch, Dispatched, InProgress],
        _ => panic!("no act {act}"),
    }
}

async fn in_phase(suite: &Suite, phase: Phase) -> pb::Ticket {
    match phase {
        Phase::Draft => {
            let draft = pb::CreateTicketRequest { draft: true, ..complaint() };
            suite.tickets("zhao.min").create_ticket(draft).await.unwrap().into_inner()
        }
        Phase::PendingDispatch => suite.submitted().await,
        Phase::Dispatched => suite.dispatched("tianhe-env").await,
        Phase::InProgress => suite.accepted().await,
        Phase::Resolved => suite.resolved().await,
        Phase::InCallback => {
            let ticket = suite.resolved().await;
            suite.callback(&task(&ticket, 1), "opened", Change::Opened(TaskOpened {})).await;
            eventually("it is in callback", async || suite.get(&ticket.id).await.phase() == phase).await;
            suite.get(&ticket.id).await
        }
        Phase::Closed => {
            let recorded = suite.tickets("admin").record_past_ticket(past(&id())).await.unwrap();
            recorded.into_inner().ticket.unwrap()
        }
        Phase::Cancelled => {
            let ticket = suite.submitted().await;
            suite.tickets("zhao.min").cancel_ticket(cancel(&ticket)).await.unwrap().into_inner()
        }
        _ => panic!("nothing leads to {phase:?}"),
    }
}

async fn perform(
    suite: &Suite,
    who: &str,
    act: &str,
    on: &pb::Ticket,
    request_id: &str,
    etag: &str,
) -> Result<pb::Ticket, Status> {
    let mut client = suite.tickets(who);
    let (request_id, etag) = (request_id.to_owned(), etag.to_owned());
    let answer = match act {
        "submit" => {
            client.submit_ticket(pb::SubmitTicketRequest { request_id, ticket: on.id.clone(), etag }).await
        }
        "dispatch" => {
            let request = pb::DispatchTicketRequest { request_id, etag, ..dispatch(on, "yuexiu-env") };
            client.dispatch_ticket(request).await
        }
        "claim" => client.claim_ticket(pb::ClaimTicketRequest { request_id, etag, ..claim(on) }).await,
        "accept" => client.accept_ticket(pb::AcceptTicketRequest { request_id, etag, ..accept(on) }).await,
        "transfer" => {
            let request = pb::TransferTicketRequest { request_id, etag, ..transfer(on, "yuexiu-env") };
            client.transfer_ticket(request).await
        }
        "return" => client.return_ticket(pb::ReturnTicketRequest { request_id, etag, ..give_back(on) }).await,
        "resolve" => {
            client.resolve_ticket(pb::ResolveTicketRequest { request_id, etag, ..resolve(on) }).await
        }
        "reopen" => {
            client.reopen_ticket(pb::ReopenTicketRequest { request_id, etag, ..reopen(on, false) }).await
        }
        "cancel" => client.cancel_ticket(pb::CancelTicketRequest { request_id, etag, ..cancel(on) }).await,
        "urge" => client.urge_ticket(pb::UrgeTicketRequest { request_id, etag, ..urge(on) }).await,
        _ => panic!("no act {act}"),
    };
    answer.map(Response::into_inner)
}

/// Rows that an act writes.
async fn written(suite: &Suite) -> (i64, i64) {
    (suite.count("requests").await, suite.count("events").await)
}

#[tokio::test]
async fn a_stale_etag_aborts_every_act_and_the_present_one_lets_it_through() {
    let suite = Suite::start().await;
    for (act, phase, who) in ACTS {
        let ticket = Box::pin(in_phase(&suite, phase)).await;
        let (before, request_id) = (written(&suite).await, id());
        let stale = (ticket.version - 1).to_string();
        let refused = perform(&suite, who, act, &ticket, &request_id, &stale).await.unwrap_err();
        assert_eq!((refused.code(), reason(&refused).as_str()), (Code::Aborted, "ETAG_MISMATCH"), "{act}");
        assert_eq!(suite.get(&ticket.id).await, ticket, "{act}");
        assert_eq!(written(&suite).await, before, "{act}");
        let done = perform(&suite, who, act, &ticket, &request_id, &ticket.etag).await.unwrap();
        assert!(done.version > ticket.version, "{act}");
    }
}

#[tokio::test]
async fn a_request_id_is_good_for_one_act_on_one_ticket() {
    let suite = Suite::start().await;
    for (act, phase, who) in ACTS {
        let (ticket, other) =
            (Box::pin(in_phase(&suite, phase)).await, Box::pin(in_phase(&suite, phase)).await);
        let request_id = id();
        let done = perform(&suite, who, act, &ticket, &request_id, "").await.unwrap();
        let before = written(&suite).await;
        let again = perform(&suite, who, act, &ticket, &request_id, "").await.unwrap();
        assert_eq!(again, done, "{act}: a retry gets its answer");
        let refused = perform(&suite, who, act, &other, &request_id, "").await.unwrap_err();
        assert_eq!(
            (refused.code(), reason(&refused).as_str()),
            (Code::AlreadyExists, "REQUEST_ID_REUSED"),
            "{act}"
        );
        assert_eq!(suite.get(&other.id).await, other, "{act}");
        assert_eq!(written(&suite).await, before, "{act}");
    }
}

#[tokio::test]
async fn every_act_that_the_phase_forbids_is_refused_with_phase_and_action() {
    let suite = Suite::start().await;
    let mut refusals = 0;
    for (phase, name) in PHASES {
        let ticket = Box::pin(in_phase(&suite, phase)).await;
        for (act, ..) in ACTS.iter().filter(|(act, ..)| !possible(act).contains(&phase)) {
            let refused = perform(&suite, "admin", act, &ticket, &id(), "").await.unwrap_err();
            assert_eq!(
                (refused.code(), reason(&refused).as_str()),
                (Code::FailedPrecondition, "PHASE_REFUSES"),
                "{act} in {name}"
            );
            let details = refused.get_error_details();
            let metadata = &details.error_info().unwrap().metadata;
            assert_eq!((metadata["phase"].as_str(), metadata["action"].as_str()), (name, *act));
            assert_eq!(refused.message(), format!("{act} is not possible while the ticket is {name}"));
            refusals += 1;
        }
        assert_eq!(suite.get(&ticket.id).await, ticket, "{name}: nothing is written");
    }
    let all = PHASES.len() * ACTS.len();
    assert_eq!(refusals, all - ACTS.iter().map(|(act, ..)| possible(act).len()).sum::<usize>());
}
