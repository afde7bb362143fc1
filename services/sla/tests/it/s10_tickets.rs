//! Tickets, as far as schedules ask of it: it knows requests again, and can refuse, fail, or lose its answers.

use gongdan_clock::{Clock as _, SystemClock, new_id};
use gongdan_proto::tickets::v1::{CreateTicketRequest, Ticket};
use gongdan_testkit::Env;
use std::{
    collections::HashMap,
    convert::Infallible,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
};
use tokio::sync::Notify;
use tonic::{
    Code, Request, Response, Status,
    body::Body,
    codegen::{Service, http},
    server::{Grpc, NamedService, UnaryService},
};
use tonic_types::{ErrorDetails, StatusExt as _};

/// How it answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// With a ticket.
    Creates,
    /// With a ticket, but the answer never arrives.
    LosesAnswers,
    /// It is away.
    Away,
    /// It refuses the region.
    Refuses,
}

#[derive(Default)]
struct State {
    mood: Option<Mood>,
    calls: Vec<CreateTicketRequest>,
    tickets: HashMap<String, (CreateTicketRequest, Ticket)>,
}

#[derive(Clone, Default)]
pub struct FakeTickets {
    state: Arc<Mutex<State>>,
    never: Arc<Notify>,
}

impl FakeTickets {
    /// Serves; answers itself and its address.
    pub async fn start() -> (Self, String) {
        let fake = Self::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let service = fake.clone();
        tokio::spawn(async move {
            tonic::transport::Server::builder().add_service(service).serve(address).await.unwrap();
        });
        (fake, format!("http://{address}"))
    }

    pub fn mood(&self, mood: Mood) {
        self.state.lock().unwrap().mood = Some(mood);
    }

    /// The tickets there are, by their subjects.
    pub fn subjects(&self) -> Vec<String> {
        let state = self.state.lock().unwrap();
        let mut subjects: Vec<_> = state.tickets.values().map(|(call, _)| call.subject.clone()).collect();
        subjects.sort();
        subjects
    }

    /// How often it was asked to create a ticket.
    pub fn calls(&self) -> usize {
        self.state.lock().unwrap().calls.iter().filter(|call| !call.validate_only).count()
    }

    async fn answer(&self, call: CreateTicketRequest) -> Result<Ticket, Status> {
        let mood = {
            let mut state = self.state.lock().unwrap();
            state.calls.push(call.clone());
            state.mood.unwrap_or(Mood::Creates)
        };
        match mood {
            Mood::Away => return Err(Status::unavailable("away")),
            Mood::Refuses => {
                let details = ErrorDetails::with_bad_request_violation("region", "a region that is known");
                return Err(Status::with_error_details(Code::InvalidArgument, "refused", details));
            }
            Mood::Creates | Mood::LosesAnswers if call.validate_only => return Ok(Ticket::default()),
            Mood::Creates | Mood::LosesAnswers => {}
        }
        let ticket = {
            let mut state = self.state.lock().unwrap();
            let number = format!("GD26{:012}", state.tickets.len() + 1);
            let ticket = Ticket { id: new_id(SystemClock.now()).to_string(), number, ..Default::default() };
            let (known, ticket) =
                state.tickets.entry(call.request_id.clone()).or_insert((call.clone(), ticket)).clone();
            if known != call {
                return Err(Status::already_exists("REQUEST_ID_REUSED"));
            }
            ticket
        };
        if mood == Mood::LosesAnswers {
            self.never.notified().await;
        }
        Ok(ticket)
    }
}

struct Create(FakeTickets);

impl UnaryService<CreateTicketRequest> for Create {
    type Response = Ticket;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Ticket>, Status>> + Send>>;

    fn call(&mut self, request: Request<CreateTicketRequest>) -> Self::Future {
        let fake = self.0.clone();
        Box::pin(async move { fake.answer(request.into_inner()).await.map(Response::new) })
    }
}

impl NamedService for FakeTickets {
    const NAME: &'static str = "gongdan.tickets.v1.TicketService";
}

impl Service<http::Request<Body>> for FakeTickets {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        assert_eq!(request.uri().path(), "/gongdan.tickets.v1.TicketService/CreateTicket");
        let create = Create(self.clone());
        Box::pin(async move {
            let mut grpc = Grpc::new(tonic_prost::ProstCodec::<Ticket, CreateTicketRequest>::default());
            Ok(grpc.unary(create, request).await)
        })
    }
}

/// What a service is told: where tickets is, and to be quick about trying again.
pub fn overrides(env: &Env, address: &str) -> String {
    let token = env.token_file("sla");
    format!(
        "[peers]\ntoken_file = {token:?}\n[peers.addresses]\ntickets = \"{address}\"\nrouting = \"http://127.0.0.1:9\"\n\
         [timers]\nlook_every = \"1s\"\ncatch_up = \"1s\"\n[schedules]\nlook_every = \"1s\"\n"
    )
}

/// What became of runs, as it was published.
pub async fn published(env: &Env) -> Vec<String> {
    let events = env.events("sla").await;
    events.into_iter().filter(|event| event.kind.starts_with("schedule_")).map(|event| event.kind).collect()
}
