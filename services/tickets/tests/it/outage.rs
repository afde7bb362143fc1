//! Database and bus are away: at start the service says what it waits for; later, calls that need the database are
//! UNAVAILABLE, events wait in the outbox, and all recovers by itself.

use crate::suite::{Suite, complaint, urge};
use gongdan_auth::AuthChannel;
use gongdan_clock::SystemClock;
use gongdan_proto::tickets::v1::ticket_service_client::TicketServiceClient;
use gongdan_testkit::{Env, PrincipalSpec, Served, eventually, eventually_some};
use std::{net::SocketAddr, sync::Arc};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
};
use tonic::Code;
use uuid::Uuid;

/// A wire that can be cut.
struct Wire(watch::Sender<bool>);

impl Wire {
    /// To the server a URL names, with the URL that leads through it.
    fn to(url: &str) -> (Self, String) {
        let (_, rest) = url.split_once("://").unwrap();
        let authority = rest.split('/').next().unwrap().rsplit('@').next().unwrap().to_owned();
        let target: SocketAddr = authority.parse().unwrap();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let listener = TcpListener::from_std(listener).unwrap();
        let through = url.replace(&authority, &listener.local_addr().unwrap().to_string());
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
        (Self(up), through)
    }

    fn cut(&self) {
        self.0.send_replace(false);
    }

    fn mend(&self) {
        self.0.send_replace(true);
    }
}

struct Wires {
    database: Wire,
    bus: Wire,
    overrides: String,
}

impl Wires {
    fn of(env: &Env) -> Self {
        let (database, database_url) = Wire::to(&env.database_url());
        let (bus, bus_url) = Wire::to(env.nats_url());
        let overrides = format!(
            "[postgres]\nurl = {database_url:?}\nacquire_timeout_seconds = 1\n[bus]\nurl = {bus_url:?}\n\
             [server.wait]\ncheck_interval = \"50ms\"\n"
        );
        Self { database, bus, overrides }
    }
}

/// The only instance there is hangs on the wires: no other one publishes for it.
async fn wired() -> (Suite, Wires) {
    let mut wires = None;
    let suite =
        Suite::start_for(|env| wires.insert(Wires::of(env)).overrides.clone(), Arc::new(SystemClock)).await;
    (suite, wires.unwrap())
}

async fn readyz(service: &Served) -> String {
    let mut stream = TcpStream::connect(service.metrics.trim_start_matches("http://")).await.unwrap();
    let request = b"GET /readyz HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n";
    stream.write_all(request).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

async fn published(env: &Env, ticket: &str) -> usize {
    let events = env.events("tickets").await;
    events.iter().filter(|event| event.aggregate_id.to_string() == ticket).count()
}

/// Events of a ticket behind the relay's cursor.
async fn waiting(suite: &Suite, ticket: &str) -> i64 {
    sqlx::query_scalar(
        "SELECT count(*) FROM events e CROSS JOIN outbox_cursor c
         WHERE e.aggregate_id = $1 AND (e.txid, e.position) > (c.txid, c.position)",
    )
    .bind(ticket.parse::<Uuid>().unwrap())
    .fetch_one(suite.env.pool())
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_fail_while_the_database_is_away_and_recover_by_themselves() {
    let (suite, wires) = wired().await;
    let mut client = suite.tickets("zhao.min");
    let before = suite.submitted().await;

    wires.database.cut();
    eventually("writes are refused", async || {
        let answer = client.clone().create_ticket(complaint()).await;
        answer.is_err_and(|status| status.code() == Code::Unavailable)
    })
    .await;
    eventually("it says what is away", async || {
        let said = readyz(&suite.service).await;
        said.contains("503") && said.contains("waiting for the database")
    })
    .await;
    let request = complaint();
    assert_eq!(client.create_ticket(request.clone()).await.unwrap_err().code(), Code::Unavailable);
    assert_eq!(client.urge_ticket(urge(&before)).await.unwrap_err().code(), Code::Unavailable);

    wires.database.mend();
    let written = eventually_some("writes succeed again", async || {
        client.clone().create_ticket(request.clone()).await.ok()
    })
    .await
    .into_inner();
    eventually("acts succeed again", async || client.clone().urge_ticket(urge(&before)).await.is_ok()).await;
    eventually("its own relay goes on", async || published(&suite.env, &written.id).await == 1).await;
    eventually("it is ready again", async || readyz(&suite.service).await.contains("200 OK")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_wait_in_the_outbox_while_the_bus_is_away_and_arrive_when_it_is_back() {
    let (suite, wires) = wired().await;
    wires.bus.cut();
    eventually("it says what is away", async || {
        let said = readyz(&suite.service).await;
        said.contains("503") && said.contains("waiting for the bus")
    })
    .await;
    let ticket = suite.submitted().await;
    assert_eq!(waiting(&suite, &ticket.id).await, 1, "calls go on and the event waits");
    assert_eq!(published(&suite.env, &ticket.id).await, 0);
    wires.bus.mend();
    eventually("nothing waits any more", async || waiting(&suite, &ticket.id).await == 0).await;
    assert_eq!(published(&suite.env, &ticket.id).await, 1);
    eventually("it is ready again", async || readyz(&suite.service).await.contains("200 OK")).await;
}

/// Calls are UNAVAILABLE because of `what`, and `/readyz` says the same.
async fn waits_for(client: &TicketServiceClient<AuthChannel>, service: &Served, what: &str) {
    eventually(what, async || {
        let refused = client.clone().create_ticket(complaint()).await.unwrap_err();
        assert_eq!(refused.code(), Code::Unavailable);
        refused.message().contains(what)
    })
    .await;
    let said = readyz(service).await;
    assert!(said.contains("503") && said.contains(what), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_start_it_says_what_it_waits_for_and_serves_once_all_is_there() {
    let env = Env::start(gongdan_tickets::schema()).await;
    env.principal(PrincipalSpec::new("zhao.min").unit("centre").role("agent").region("44")).await;
    let wires = Wires::of(&env);
    wires.database.cut();
    wires.bus.cut();
    let keys = env.dir().join("contacts.keys");
    gongdan_tickets::create_key_file(&keys).unwrap();
    let overrides = format!("[contacts]\nkey_file = {:?}\n{}", keys.display().to_string(), wires.overrides);
    let config = env.config_with(gongdan_tickets::DEFAULTS, &overrides);
    let service = env
        .launch(|listeners, stop| gongdan_tickets::run_at(config, listeners, Arc::new(SystemClock), stop))
        .await;
    let client = TicketServiceClient::new(env.channel(&service, "zhao.min"));

    waits_for(&client, &service, "waiting for the database").await;
    wires.database.mend();
    waits_for(&client, &service, "waiting for the bus").await;
    wires.bus.mend();
    let ticket = eventually_some("it serves", async || client.clone().create_ticket(complaint()).await.ok())
        .await
        .into_inner();
    eventually("its event is on the bus", async || published(&env, &ticket.id).await == 1).await;
    service.stop().await;
}
