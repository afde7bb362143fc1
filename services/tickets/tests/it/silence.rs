//! Tickets of which nothing is heard are closed when sla says that seven working days are over.

use crate::suite::Suite;
use gongdan_clock::{Clock as _, ManualClock, SystemClock};
use gongdan_proto::{
    from_timestamp,
    sla::v1::{
        self as sla, PreviewDeadlineRequest, PreviewDeadlineResponse,
        clock_service_server::{ClockService, ClockServiceServer},
        preview_deadline_request::Amount,
    },
    tickets::v1::Phase,
    to_timestamp,
};
use gongdan_testkit::eventually;
use jiff::SignedDuration;
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status, transport::Server};

/// The peer, in whose calendar seven working days are eleven days.
#[derive(Clone, Default)]
struct Sla {
    asked: Arc<AtomicUsize>,
}

#[tonic::async_trait]
impl ClockService for Sla {
    async fn preview_deadline(
        &self,
        request: Request<PreviewDeadlineRequest>,
    ) -> Result<Response<PreviewDeadlineResponse>, Status> {
        let request = request.into_inner();
        assert_eq!(request.amount, Some(Amount::WorkingDays(7)));
        self.asked.fetch_add(1, Ordering::SeqCst);
        let start = from_timestamp(&request.start.unwrap()).unwrap();
        let due_at = Some(to_timestamp(start + SignedDuration::from_hours(11 * 24)));
        Ok(Response::new(PreviewDeadlineResponse { due_at, ..Default::default() }))
    }

    async fn list_clocks(
        &self,
        _: Request<sla::ListClocksRequest>,
    ) -> Result<Response<sla::ListClocksResponse>, Status> {
        Err(Status::unimplemented("not asked"))
    }

    async fn explain_clock(
        &self,
        _: Request<sla::ExplainClockRequest>,
    ) -> Result<Response<sla::ExplainClockResponse>, Status> {
        Err(Status::unimplemented("not asked"))
    }

    async fn get_clock(&self, _: Request<sla::GetClockRequest>) -> Result<Response<sla::Clock>, Status> {
        Err(Status::unimplemented("not asked"))
    }
}

impl Suite {
    /// Straight from the table: tokens do not live as long as this test's time.
    async fn phase(&self, id: &str) -> i32 {
        let phase: i16 = sqlx::query_scalar("SELECT phase FROM tickets WHERE id = $1::uuid")
            .bind(id)
            .fetch_one(self.env.pool())
            .await
            .unwrap();
        phase.into()
    }
}

#[tokio::test]
async fn silence_closes_a_ticket_after_seven_working_days() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let peer = Sla::default();
    let server = Server::builder().add_service(ClockServiceServer::new(peer.clone()));
    tokio::spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));

    let clock = ManualClock::new(SystemClock.now());
    let suite = Suite::start_for(
        |env| {
            let token = env.token_file("tickets");
            format!("[peers]\ntoken_file = {token:?}\n[peers.addresses]\nsla = \"http://{address}\"\n")
        },
        Arc::new(clock.clone()),
    )
    .await;
    let ticket = suite.resolved().await;
    clock.advance(SignedDuration::from_hours(8 * 24));
    eventually("sla is asked", async || peer.asked.load(Ordering::SeqCst) == 1).await;
    clock.advance(SignedDuration::from_hours(24));
    assert_eq!(suite.phase(&ticket.id).await, i32::from(Phase::Resolved));
    // The job looks every ten minutes of this clock, which stands still by itself.
    eventually("the ticket is closed", async || {
        clock.advance(SignedDuration::from_hours(1));
        suite.phase(&ticket.id).await == i32::from(Phase::Closed)
    })
    .await;
    let closed_at: jiff_sqlx::Timestamp =
        sqlx::query_scalar("SELECT occurred_at FROM events WHERE type = 'closed'")
            .fetch_one(suite.env.pool())
            .await
            .unwrap();
    let resolved_at = from_timestamp(&ticket.resolved_at.unwrap()).unwrap();
    assert!(closed_at.to_jiff() >= resolved_at + SignedDuration::from_hours(11 * 24));
    assert_eq!(peer.asked.load(Ordering::SeqCst), 1, "what sla said is remembered");
}
