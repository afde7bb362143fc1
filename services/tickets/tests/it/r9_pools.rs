//! R9: claim pools. One winner under any concurrency, whichever replica somebody asks.

use crate::suite::{
    NO_SHARES, Suite, accept, claim, complaint, fields, give_back, id, reason, serve_again, transfer,
};
use futures::future::join_all;
use gongdan_auth::AuthChannel;
use gongdan_clock::{SystemClock, new_id};
use gongdan_proto::{
    routing::v1::{PoolTarget, decision_event::Target},
    tickets::v1::{self as pb, ticket_service_client::TicketServiceClient},
};
use gongdan_testkit::{PrincipalSpec, Served, eventually};
use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

const MANY: usize = 200;
const ENV: &str = "tianhe-env";

struct Pools {
    suite: Suite,
    replica: Served,
}

impl Pools {
    /// Two replicas, and so many handlers of the unit.
    async fn start(handlers: usize) -> Self {
        let suite = Suite::start_with(NO_SHARES, Arc::new(SystemClock)).await;
        let handlers: Vec<_> = (0..handlers)
            .map(|n| PrincipalSpec::new(&handler(n)).unit(ENV).role("handler").message())
            .collect();
        let mut connection = suite.env.pool().acquire().await.unwrap();
        gongdan_auth::upsert(&mut connection, &handlers).await.unwrap();
        drop(connection);
        let replica = serve_again(&suite.env, Arc::new(SystemClock)).await;
        Self { suite, replica }
    }

    /// Half of them ask one replica, half the other.
    fn client(&self, n: usize) -> TicketServiceClient<AuthChannel> {
        let served = if n.is_multiple_of(2) { &self.suite.service } else { &self.replica };
        TicketServiceClient::new(self.suite.env.channel(served, &handler(n)))
    }

    async fn waiting(&self, claim_limit: i32) -> pb::Ticket {
        self.waiting_as(complaint(), ENV, claim_limit).await
    }

    /// In the pool of a unit, by routing's decision.
    async fn waiting_as(&self, request: pb::CreateTicketRequest, unit: &str, claim_limit: i32) -> pb::Ticket {
        let ticket = self.suite.created(request).await;
        let reason = "按规则入池".to_owned();
        let pool = PoolTarget { unit_id: unit.to_owned(), reason, claim_limit };
        let id = new_id(self.suite.clock.now());
        self.suite.decided(id, 1, &ticket, Target::Pool(pool)).await;
        eventually("it waits in the pool", async || self.suite.get(&ticket.id).await.pool_unit_id == unit)
            .await;
        self.suite.get(&ticket.id).await
    }

    async fn waiting_many(&self, count: usize) -> Vec<pb::Ticket> {
        let mut waiting = Vec::with_capacity(count);
        // One desk takes them down, which has its share of the server too.
        while waiting.len() < count {
            waiting.extend(join_all((waiting.len()..count).take(10).map(|_| self.waiting(0))).await);
        }
        waiting
    }

    async fn claims(&self, ticket: &pb::Ticket) -> usize {
        self.suite.changes(&ticket.id).await.iter().filter(|change| **change == "claimed").count()
    }
}

fn handler(n: usize) -> String {
    format!("handler.{n:03}")
}

fn next() -> pb::ClaimNextRequest {
    pb::ClaimNextRequest { request_id: id(), ..Default::default() }
}

fn put_back(ticket: &pb::Ticket) -> pb::ReturnTicketRequest {
    pb::ReturnTicketRequest { to_pool: true, reason: "请病假".to_owned(), ..give_back(ticket) }
}

/// Code, reason and what an error says of the state.
fn said(status: &Status) -> (Code, String, BTreeMap<String, String>) {
    let details = status.get_error_details();
    let metadata = details.error_info().map(|info| info.metadata.clone()).unwrap_or_default();
    (status.code(), reason(status), metadata.into_iter().collect())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_hundred_who_claim_one_ticket_one_wins_and_all_others_are_told() {
    for claim_limit in [0, 1] {
        let pools = Pools::start(MANY).await;
        let ticket = pools.waiting(claim_limit).await;
        let answers = join_all((0..MANY).map(|n| {
            let (mut client, request) = (pools.client(n), claim(&ticket));
            async move { client.claim_ticket(request).await }
        }))
        .await;
        let winners: Vec<_> = answers.iter().flatten().map(|answer| answer.get_ref().clone()).collect();
        let [winner] = winners.as_slice() else { panic!("{} winners", winners.len()) };
        for status in answers.iter().filter_map(|answer| answer.as_ref().err()) {
            match said(status) {
                // Somebody was faster by a moment …
                (Code::Aborted, reason, metadata) => {
                    assert_eq!((reason.as_str(), metadata["etag"].as_str()), ("WRITE_CONFLICT", "3"));
                }
                // … or already had it, and it is nobody's to see but its unit's.
                (code, reason, metadata) => {
                    assert_eq!((code, reason.as_str()), (Code::FailedPrecondition, "PHASE_REFUSES"));
                    assert_eq!(
                        (metadata["phase"].as_str(), metadata["action"].as_str()),
                        ("in_progress", "claim")
                    );
                }
            }
        }
        let now = pools.suite.get(&ticket.id).await;
        assert_eq!((now.version, &now.handler_id), (3, &winner.handler_id));
        assert_eq!(pools.suite.changes(&ticket.id).await, ["submitted", "pooled", "claimed"]);
        assert_eq!(now.claimed_from.unwrap().unit_id, ENV);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_one_request_sent_twice_at_once_both_are_answered_with_what_it_took() {
    for claim_limit in [0, 1] {
        let pools = Pools::start(1).await;
        let ticket = pools.waiting(claim_limit).await;
        let request = next();
        let answers = join_all((0..6).map(|n| {
            let served = if n % 2 == 0 { &pools.suite.service } else { &pools.replica };
            let mut client = TicketServiceClient::new(pools.suite.env.channel(served, &handler(0)));
            let request = request.clone();
            async move { client.claim_next(request).await.map(tonic::Response::into_inner) }
        }))
        .await;
        for answer in answers {
            assert_eq!(answer.unwrap().id, ticket.id, "limit {claim_limit}");
        }
        assert_eq!(pools.claims(&ticket).await, 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ticket_that_cannot_be_read_does_not_close_its_pool() {
    let pools = Pools::start(1).await;
    let (broken, good) = (pools.waiting(0).await, pools.waiting(0).await);
    sqlx::query("UPDATE tickets SET state = '\\xff' WHERE id = $1::text::uuid")
        .bind(&broken.id)
        .execute(pools.suite.env.pool())
        .await
        .unwrap();
    assert_eq!(pools.client(0).claim_next(next()).await.unwrap().into_inner().id, good.id);
    let nothing_else = pools.client(0).claim_next(next()).await.unwrap_err();
    assert_eq!(nothing_else.code(), Code::Internal, "{nothing_else:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_who_claim_two_hundred_tickets_get_one_each() {
    let pools = Pools::start(MANY).await;
    let tickets = pools.waiting_many(MANY).await;
    let claimed = join_all(tickets.iter().enumerate().map(|(n, ticket)| {
        let (mut client, request) = (pools.client(n), claim(ticket));
        async move { client.claim_ticket(request).await.unwrap().into_inner() }
    }))
    .await;
    for (n, ticket) in claimed.iter().enumerate() {
        assert_eq!((ticket.phase(), &ticket.handler_id), (pb::Phase::InProgress, &handler(n)));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_who_ask_for_the_next_get_two_hundred_different_ones() {
    let pools = Pools::start(MANY).await;
    let tickets = pools.waiting_many(MANY).await;
    let claimed = join_all((0..MANY).map(|n| {
        let mut client = pools.client(n);
        async move { client.claim_next(next()).await.unwrap().into_inner() }
    }))
    .await;
    for (n, ticket) in claimed.iter().enumerate() {
        assert_eq!((ticket.phase(), &ticket.handler_id), (pb::Phase::InProgress, &handler(n)));
        assert_eq!((ticket.lead_unit_id.as_str(), ticket.subject.as_str()), (ENV, "夜间施工噪音"));
    }
    let got: HashSet<_> = claimed.iter().map(|ticket| &ticket.id).collect();
    assert_eq!(got, tickets.iter().map(|ticket| &ticket.id).collect());
    for ticket in tickets.iter().step_by(20) {
        assert_eq!(pools.claims(ticket).await, 1);
    }
    let empty = pools.client(0).claim_next(next()).await.unwrap_err();
    assert_eq!(said(&empty), (Code::NotFound, "POOL_EMPTY".to_owned(), BTreeMap::new()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_who_ask_for_the_next_than_there_are_leave_nothing_and_are_told_so() {
    let pools = Pools::start(60).await;
    pools.waiting_many(20).await;
    let answers = join_all((0..60).map(|n| {
        let mut client = pools.client(n);
        async move { client.claim_next(next()).await }
    }))
    .await;
    let got: HashSet<_> = answers.iter().flatten().map(|answer| answer.get_ref().id.clone()).collect();
    assert_eq!(got.len(), 20);
    for status in answers.iter().filter_map(|answer| answer.as_ref().err()) {
        assert_eq!((status.code(), reason(status).as_str()), (Code::NotFound, "POOL_EMPTY"));
    }
}

#[tokio::test]
async fn the_next_is_the_most_urgent_then_the_oldest_of_what_was_asked_for() {
    let pools = Pools::start(1).await;
    let urgent = |request| pb::CreateTicketRequest {
        priority: pb::Priority::P1.into(),
        priority_reason: "急".to_owned(),
        ..request
    };
    let help = pb::CreateTicketRequest { r#type: pb::TicketType::Help.into(), ..complaint() };
    let old = pools.waiting(0).await;
    let other_kind = pools.waiting_as(help, ENV, 0).await;
    let first = pools.waiting_as(urgent(complaint()), ENV, 0).await;
    pools.waiting_as(urgent(complaint()), "yuexiu-env", 0).await;
    let mut client = pools.client(0);
    let of_kind = pb::TicketFilter { types: vec![pb::TicketType::Help.into()], ..Default::default() };
    for (asked, expected) in [
        (pb::ClaimNextRequest { filter: Some(of_kind), ..next() }, &other_kind),
        (next(), &first),
        (pb::ClaimNextRequest { unit_id: ENV.to_owned(), ..next() }, &old),
    ] {
        let got = client.claim_next(asked.clone()).await.unwrap().into_inner();
        assert_eq!(got.id, expected.id);
        // Asked again, it is the same answer and not one more ticket.
        assert_eq!(client.claim_next(asked.clone()).await.unwrap().into_inner(), got);
        let other = pb::ClaimNextRequest { unit_id: "centre".to_owned(), ..asked };
        let refused = client.claim_next(other).await.unwrap_err();
        assert_eq!((refused.code(), reason(&refused).as_str()), (Code::AlreadyExists, "REQUEST_ID_REUSED"));
    }
    let elsewhere = pb::ClaimNextRequest { unit_id: "yuexiu-env".to_owned(), ..next() };
    for asked in [next(), elsewhere] {
        let refused = client.claim_next(asked).await.unwrap_err();
        assert_eq!((refused.code(), reason(&refused).as_str()), (Code::NotFound, "POOL_EMPTY"));
    }
    let bad = pb::ClaimNextRequest { request_id: "1".to_owned(), unit_id: "没有".to_owned(), ..next() };
    assert_eq!(fields(&client.claim_next(bad).await.unwrap_err()), ["request_id", "unit_id"]);
    let unknown = pb::ClaimNextRequest { unit_id: "no-such-unit".to_owned(), ..next() };
    assert_eq!(fields(&client.claim_next(unknown).await.unwrap_err()), ["unit_id"]);
}

#[tokio::test]
async fn who_handles_nothing_or_is_in_no_unit_claims_nothing() {
    let pools = Pools::start(0).await;
    let ticket = pools.waiting(0).await;
    let agent = PrincipalSpec::new("agent.only").unit(ENV).role("agent");
    let nowhere = PrincipalSpec::new("nowhere").role("handler").region("44");
    let gone = PrincipalSpec::new("gone").unit(ENV).role("handler").inactive();
    for spec in [agent, nowhere, gone] {
        pools.suite.env.principal(spec).await;
    }
    for (who, expected) in
        [("agent.only", "PERMISSION_DENIED"), ("nowhere", "NOT_RECIPIENT"), ("gone", "PRINCIPAL_UNKNOWN")]
    {
        let refused = pools.suite.tickets(who).claim_next(next()).await.unwrap_err();
        assert_eq!((refused.code(), reason(&refused).as_str()), (Code::PermissionDenied, expected), "{who}");
    }
    // Who may claim in a whole area names the unit.
    let of_env = pb::ClaimNextRequest { unit_id: ENV.to_owned(), ..next() };
    let got = pools.suite.tickets("chen.jing").claim_next(of_env).await.unwrap().into_inner();
    assert_eq!((got.id, got.lead_unit_id.as_str(), got.handler_id.as_str()), (ticket.id, ENV, "chen.jing"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_claims_more_than_the_pool_allows_however_many_they_try_at_once() {
    let pools = Pools::start(2).await;
    let mut tickets = Vec::new();
    for _ in 0..12 {
        tickets.push(pools.waiting(3).await);
    }
    // What came otherwise does not count.
    let given = pools.suite.accepted().await;
    let given = transfer_to(&pools, &given, &handler(0)).await;
    let (by_number, any) = tickets.split_at(6);
    let by_number = join_all(by_number.iter().map(|ticket| {
        let (mut client, request) = (pools.client(0), claim(ticket));
        async move { client.claim_ticket(request).await.map(|_| ()) }
    }));
    let next_ones = join_all(any.iter().map(|_| {
        let mut client = pools.client(0);
        async move { client.claim_next(next()).await.map(|_| ()) }
    }));
    let (by_number, next_ones) = futures::join!(by_number, next_ones);
    let answers: Vec<_> = by_number.into_iter().chain(next_ones).collect();
    assert_eq!(answers.iter().flatten().count(), 3);
    for status in answers.iter().filter_map(|answer| answer.as_ref().err()) {
        // By number, one may have been taken by one's own claim of the next.
        if reason(status) == "CLAIM_LIMIT" {
            let (code, _, metadata) = said(status);
            assert_eq!(code, Code::FailedPrecondition);
            assert_eq!((metadata["limit"].as_str(), metadata["in_hand"].as_str()), ("3", "3"));
            assert_eq!(status.message(), "3 tickets from pools in hand, and this pool allows 3");
        } else {
            assert!(matches!(reason(status).as_str(), "WRITE_CONFLICT" | "PHASE_REFUSES"), "{status:?}");
        }
    }
    // Another person has their own limit; a pool without one is open to both.
    pools.client(1).claim_next(next()).await.unwrap();
    let open = pools.waiting(0).await;
    assert_eq!(pools.client(0).claim_next(next()).await.unwrap().into_inner().id, open.id);
    // One of them out of hand makes room again.
    let mine = mine(&pools, &tickets).await;
    pools.client(0).return_ticket(give_back(&open)).await.unwrap();
    let refused = pools.client(0).claim_next(next()).await.unwrap_err();
    assert_eq!(reason(&refused), "CLAIM_LIMIT");
    pools.client(0).resolve_ticket(crate::suite::resolve(&mine)).await.unwrap();
    pools.client(0).claim_next(next()).await.unwrap();
    assert_eq!(pools.suite.get(&given.id).await.claimed_from, None);
}

async fn transfer_to(pools: &Pools, ticket: &pb::Ticket, person: &str) -> pb::Ticket {
    let to = pb::TransferTicketRequest { person_id: person.to_owned(), ..transfer(ticket, ENV) };
    let given = pools.suite.tickets("li.wei").transfer_ticket(to).await.unwrap().into_inner();
    pools.client(0).accept_ticket(accept(&given)).await.unwrap().into_inner()
}

async fn mine(pools: &Pools, tickets: &[pb::Ticket]) -> pb::Ticket {
    for ticket in tickets {
        let now = pools.suite.get(&ticket.id).await;
        if now.handler_id == handler(0) {
            return now;
        }
    }
    panic!("nothing is theirs")
}

#[tokio::test]
async fn what_was_claimed_is_put_back_for_others_and_is_no_return_of_the_unit() {
    let pools = Pools::start(2).await;
    let ticket = pools.waiting(4).await;
    pools.client(0).claim_next(next()).await.unwrap();
    let stranger = pools.suite.tickets("wang.fang").return_ticket(put_back(&ticket)).await.unwrap_err();
    assert_eq!(stranger.code(), Code::NotFound, "it is nobody's to see but the unit's");
    let request = put_back(&ticket);
    let back = pools.client(0).return_ticket(request.clone()).await.unwrap().into_inner();
    assert_eq!((back.phase(), back.pool_unit_id.as_str()), (pb::Phase::PendingDispatch, ENV));
    assert_eq!((back.pool_reason.as_str(), back.pool_claim_limit), ("按规则入池", 4));
    assert_eq!((back.return_count, back.returned_by_unit_ids.len(), back.arbitration), (0, 0, false));
    assert_eq!((back.handler_id.as_str(), back.put_back_by_ids.as_slice()), ("", &[handler(0)][..]));
    assert_eq!(pools.client(0).return_ticket(request).await.unwrap().into_inner(), back, "asked again");
    assert_eq!(
        pools.suite.changes(&ticket.id).await,
        ["submitted", "pooled", "claimed", "returned", "pooled"]
    );
    // It is not given to them again unless they name it.
    let refused = pools.client(0).claim_next(next()).await.unwrap_err();
    assert_eq!(reason(&refused), "POOL_EMPTY");
    let taken = pools.client(1).claim_next(next()).await.unwrap().into_inner();
    assert_eq!((taken.id.as_str(), taken.handler_id), (ticket.id.as_str(), handler(1)));
    // A return says that it is not the unit's.
    let returned = pools.client(1).return_ticket(give_back(&ticket)).await.unwrap().into_inner();
    assert_eq!((returned.return_count, returned.pool_unit_id.as_str()), (1, ""));
    assert_eq!(returned.returned_by_unit_ids, [ENV]);
    // What came otherwise has no pool to go back to.
    let given = pools.suite.accepted().await;
    let refused = pools.suite.tickets("li.wei").return_ticket(put_back(&given)).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::FailedPrecondition, "NOT_CLAIMED"));
}
