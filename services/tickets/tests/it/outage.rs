//! The database goes away and comes back: calls are UNAVAILABLE meanwhile, and all recovers by itself.

use crate::suite::{Suite, complaint, serve, urge};
use gongdan_clock::SystemClock;
use gongdan_proto::tickets::v1::ticket_service_client::TicketServiceClient;
use gongdan_testkit::{Served, eventually};
use std::{net::SocketAddr, sync::Arc};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
};
use tonic::Code;

/// A wire to the database that can be cut.
struct Wire {
    address: SocketAddr,
    up: watch::Sender<bool>,
}

impl Wire {
    async fn to(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (up, state) = watch::channel(true);
        tokio::spawn(async move {
            let mut open = JoinSet::new();
            while let Ok((mut near, _)) = listener.accept().await {
                let mut state = state.clone();
                open.spawn(async move {
                    if !*state.borrow() {
                        return;
                    }
                    let Ok(mut far) = TcpStream::connect(target).await else { return };
                    tokio::select! {
                        _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
                        _ = state.wait_for(|up| !up) => {}
                    }
                });
            }
        });
        Self { address, up }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_fail_while_the_database_is_away_and_recover_by_themselves() {
    let suite = Suite::start().await;
    let url = suite.env.database_url();
    let authority = url.split('@').nth(1).unwrap().split('/').next().unwrap().to_owned();
    let wire = Wire::to(authority.parse().unwrap()).await;
    let through = url.replace(&authority, &wire.address.to_string());
    let overrides = format!("[postgres]\nurl = {through:?}\nacquire_timeout_seconds = 1\n");
    let service: Served = serve(&suite.env, &overrides, Arc::new(SystemClock)).await;
    let mut client = TicketServiceClient::new(suite.env.channel(&service, "zhao.min"));
    let before = client.create_ticket(complaint()).await.unwrap().into_inner();

    wire.up.send_replace(false);
    let request = complaint();
    eventually("writes are refused", async || {
        let status = client.clone().create_ticket(complaint()).await;
        status.is_err_and(|status| status.code() == Code::Unavailable)
    })
    .await;
    let refused = client.create_ticket(request.clone()).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unavailable);
    let refused = client.urge_ticket(urge(&before)).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unavailable);

    wire.up.send_replace(true);
    let written = gongdan_testkit::eventually_some("writes succeed again", async || {
        client.clone().create_ticket(request.clone()).await.ok()
    })
    .await
    .into_inner();
    eventually("acts succeed again", async || client.clone().urge_ticket(urge(&before)).await.is_ok()).await;
    eventually("its event is on the bus", async || {
        suite.env.events("tickets").await.iter().any(|event| event.aggregate_id.to_string() == written.id)
    })
    .await;
}
