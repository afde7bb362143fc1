//! The database or the bus is away: at start, and while the suite runs.

use gongdan_e2e::{
    desk::{Desk, complaint},
    eventually::eventually,
    organisation,
    suite::{Suite, processes},
};
use gongdan_proto::tickets::v1::{GetTicketRequest, Phase};
use rustix::process::Signal;
use tonic::Code;

/// The private server of a suite: the process of that name that uses the data directory and has no parent of it.
fn server(suite: &Suite, program: &str) -> u32 {
    let directory = suite.data_dir().to_string_lossy().into_owned();
    let mine = processes().into_iter().filter(|(_, command)| {
        command.first().is_some_and(|word| word.ends_with(program))
            && command.iter().any(|word| word.contains(&directory))
    });
    mine.map(|(pid, _)| pid).min().unwrap_or_else(|| panic!("no {program} runs for {directory}"))
}

fn send(pid: u32, signal: Signal) {
    let pid = rustix::process::Pid::from_raw(pid.cast_signed()).expect("a process id");
    rustix::process::kill_process(pid, signal).expect("the process takes signals");
}

#[tokio::test]
async fn events_wait_in_the_outbox_while_the_bus_is_away() {
    let suite = Suite::start().await;
    organisation::import(&suite).await;
    let mut desk = Desk::open(&suite).await;
    let bus = server(&suite, "nats-server");
    send(bus, Signal::STOP);
    let ticket = desk.create(complaint("路灯不亮")).await;
    let waits: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM events e CROSS JOIN outbox_cursor c
         WHERE e.aggregate_id = $1 AND (e.txid, e.position) > (c.txid, c.position)",
    )
    .bind(ticket.id.parse::<uuid::Uuid>().expect("an id"))
    .fetch_one(&suite.database("tickets").await)
    .await
    .expect("the outbox can be read");
    assert_eq!(waits, 1, "calls go on without the bus, and the event waits");
    send(bus, Signal::CONT);
    desk.in_phase(&ticket, Phase::Dispatched).await;
}

#[tokio::test]
async fn a_bus_that_was_killed_comes_back_and_nothing_is_lost() {
    let suite = Suite::start().await;
    organisation::import(&suite).await;
    let mut desk = Desk::open(&suite).await;
    send(server(&suite, "nats-server"), Signal::KILL);
    let ticket = desk.create(complaint("路灯不亮")).await;
    desk.in_phase(&ticket, Phase::Dispatched).await;
}

#[tokio::test]
async fn calls_are_unavailable_while_the_database_is_away_and_recover_by_themselves() {
    let suite = Suite::start().await;
    let mut desk = Desk::open(&suite).await;
    let ticket = desk.create(complaint("路灯不亮")).await;
    // Nobody starts the server again while the supervisor stands still.
    suite.signal(Signal::STOP);
    send(server(&suite, "postgres"), Signal::QUIT);
    let request = GetTicketRequest { ticket: ticket.id.clone(), in_clear: false };
    let refused = eventually("a call is refused", || {
        let (mut tickets, request) = (desk.tickets.clone(), request.clone());
        async move { tickets.get_ticket(request).await.err() }
    })
    .await;
    assert_eq!(refused.code(), Code::Unavailable, "{refused:?}");
    let refused = desk.tickets.create_ticket(complaint("井盖缺失")).await.expect_err("refused");
    assert_eq!(refused.code(), Code::Unavailable, "{refused:?}");
    suite.signal(Signal::CONT);
    eventually("it answers again", || {
        let (mut tickets, request) = (desk.tickets.clone(), request.clone());
        async move { tickets.get_ticket(request).await.ok() }
    })
    .await;
}
