//! `ReplayEvents` through a real gRPC server and the client that consumers use.

use crate::env::{Env, SOURCE, append, id, new_event, settled};
use futures::TryStreamExt as _;
use gongdan_errors::{Code, Error, Reason};
use gongdan_outbox::{AT_ONCE, EventServer, Guard, OwnerLog as _, OwnerLogClient};
use gongdan_proto::common::v1::{ReplayEventsRequest, event_service_client::EventServiceClient};
use sqlx::PgPool;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::{Channel, Server};

/// Serves the log of a database.
pub async fn serve(pool: PgPool, root: &str, guard: Guard) -> Channel {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = EventServer::new(pool, SOURCE, root, guard);
    tokio::spawn(Server::builder().add_service(server).serve_with_incoming(TcpListenerStream::new(listener)));
    Channel::from_shared(format!("http://{address}")).unwrap().connect_lazy()
}

pub fn anyone() -> Guard {
    Guard::new(|_| Ok("service.test".into()))
}

#[tokio::test]
async fn the_whole_log_comes_in_order_and_can_be_gone_on_with_from_any_position() {
    let env = Env::start().await;
    let tickets: Vec<_> = (0..13).map(|_| id()).collect();
    for version in 1..=100 {
        append(&env.pool, &tickets.iter().map(|ticket| new_event(*ticket, version)).collect::<Vec<_>>())
            .await;
    }
    let log = OwnerLogClient::new(SOURCE, serve(env.pool.clone(), env.bus.root(), anyone()).await);
    settled(&env.pool).await;
    let all: Vec<_> = log.replay(None).await.unwrap().try_collect().await.unwrap();
    assert_eq!(all.len(), 1_300);
    for ticket in &tickets {
        let versions: Vec<_> = all
            .iter()
            .filter(|(event, _)| event.aggregate_id == *ticket)
            .map(|(event, _)| event.version)
            .collect();
        assert_eq!(versions, (1..=100).collect::<Vec<_>>());
    }
    let (_, position) = all[777].clone();
    let rest: Vec<_> = log.replay(Some(position)).await.unwrap().try_collect().await.unwrap();
    assert_eq!(rest, all[778..]);
}

#[tokio::test]
async fn one_aggregate_is_fetched_from_a_version_on() {
    let env = Env::start().await;
    let (mine, other) = (id(), id());
    append(&env.pool, &(1..=6).flat_map(|v| [new_event(mine, v), new_event(other, v)]).collect::<Vec<_>>())
        .await;
    let log = OwnerLogClient::new(SOURCE, serve(env.pool.clone(), env.bus.root(), anyone()).await);
    settled(&env.pool).await;
    let found = log.fetch(mine, 4).await.unwrap();
    assert!(found.iter().all(|event| event.aggregate_id == mine && event.source == SOURCE));
    assert_eq!(found.iter().map(|event| event.version).collect::<Vec<_>>(), [4, 5, 6]);
}

#[tokio::test]
async fn events_of_one_type_are_picked_of_many_aggregates_at_once() {
    let env = Env::start().await;
    let tickets: Vec<_> = (0..AT_ONCE + 1).map(|_| id()).collect();
    for version in 1..=2 {
        append(&env.pool, &tickets.iter().map(|ticket| new_event(*ticket, version)).collect::<Vec<_>>())
            .await;
    }
    let log = OwnerLogClient::new(SOURCE, serve(env.pool.clone(), env.bus.root(), anyone()).await);
    settled(&env.pool).await;
    let kind = new_event(id(), 1).kind.to_string();
    let found = log.pick(&tickets[1..], &kind).await.unwrap();
    assert_eq!(found.len(), 2 * AT_ONCE);
    assert!(found.iter().all(|event| event.kind == kind && event.aggregate_id != tickets[0]));
    assert!(log.pick(&tickets[..3], "no_such_kind").await.unwrap().is_empty());
}

#[tokio::test]
async fn an_event_of_a_transaction_still_running_is_not_shown_and_not_skipped() {
    let env = Env::start().await;
    let (slow, fast) = (id(), id());
    let mut transaction = env.pool.begin().await.unwrap();
    gongdan_outbox::append(&mut transaction, &[new_event(slow, 1)]).await.unwrap();
    append(&env.pool, &[new_event(fast, 1)]).await;
    let log = OwnerLogClient::new(SOURCE, serve(env.pool.clone(), env.bus.root(), anyone()).await);
    let now: Vec<_> = log.replay(None).await.unwrap().try_collect().await.unwrap();
    assert!(now.is_empty(), "the later one would move a reader past the earlier one");
    transaction.commit().await.unwrap();
    settled(&env.pool).await;
    let then: Vec<_> = log.replay(None).await.unwrap().try_collect().await.unwrap();
    assert_eq!(then.iter().map(|(event, _)| event.aggregate_id).collect::<Vec<_>>(), [slow, fast]);
}

#[tokio::test]
async fn bad_filters_are_listed_and_strangers_refused() {
    let env = Env::start().await;
    let mut client = EventServiceClient::new(serve(env.pool.clone(), env.bus.root(), anyone()).await);
    let refused = client
        .replay_events(ReplayEventsRequest {
            aggregate_ids: vec!["x".into()],
            types: vec!["submitted".into()],
            from_version: -1,
            from: "?".into(),
        })
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    use tonic_types::StatusExt as _;
    let fields: Vec<_> = refused.get_error_details().bad_request().unwrap().field_violations.clone();
    let fields: Vec<_> = fields.into_iter().map(|v| v.field).collect();
    assert_eq!(fields, ["aggregate_ids[0]", "types[0]", "from_version", "from"]);

    let closed = Guard::new(|_| Err(Error::permission_denied(Reason::PermissionDenied, "services only")));
    let mut client = EventServiceClient::new(serve(env.pool.clone(), env.bus.root(), closed).await);
    let refused = client.replay_events(ReplayEventsRequest::default()).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
}
