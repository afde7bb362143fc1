//! The service with everything around it, and tickets that only exist as their events.

use crate::{customers::Customers, desk::Desk};
use gongdan_bus::{Event, Origin, bucket, subject};
use gongdan_callback::{Config, DEFAULTS, NAME, run, schema};
use gongdan_callback_domain::PermittedHours;
use gongdan_clock::{Clock as _, SystemClock, new_id};
use gongdan_proto::{
    callback::v1::{
        CallbackEvent, CallbackTask, callback_event::Change as CallbackChange,
        callback_service_client::CallbackServiceClient,
    },
    common::v1::Origin as PbOrigin,
    tickets::v1::{
        CallbackOpened, CloseReason, Closed, Erased, Phase, Reopened, Resolution, Resolved, Submitted,
        Ticket, TicketEvent, ticket_event::Change,
    },
    to_timestamp,
};
use gongdan_region::RegionCode;
use gongdan_testkit::{Env, PrincipalSpec, Served, eventually, eventually_some};
use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;
use tonic::Status;
use tonic_types::StatusExt as _;
use uuid::Uuid;

pub type Channel = gongdan_auth::AuthChannel;

/// callback as it runs, the real bus and database, and the customers of tickets.
pub struct Suite {
    env: Env,
    served: Served,
    customers: Customers,
}

impl Suite {
    pub async fn start() -> Self {
        Self::with(|_| ()).await
    }

    pub async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let env = Env::start(schema()).await;
        let customers = Customers::start().await;
        let overrides = format!(
            "[peers]\ntoken_file = {:?}\n[peers.addresses]\ntickets = \"{1}\"\nrouting = \"{1}\"\n",
            env.token_file(NAME),
            customers.address()
        );
        let mut config: Config = env.config_with(DEFAULTS, &overrides);
        change(&mut config);
        let served = env.serve(|listeners, shutdown| run(config, listeners, shutdown)).await;
        Self { env, served, customers }
    }

    pub async fn desk(&self, agent: &str) -> Desk {
        self.desk_with(agent, &["agent"]).await
    }

    pub async fn desk_with(&self, id: &str, roles: &[&str]) -> Desk {
        let spec =
            roles.iter().fold(PrincipalSpec::new(id).region("44").region("43"), |spec, role| spec.role(role));
        self.env.principal(spec).await;
        Desk::new(self.env.channel(&self.served, id))
    }

    /// Somebody the desk is of.
    pub async fn desk_of(&self, spec: PrincipalSpec) -> Desk {
        let id = spec.message().id;
        self.env.principal(spec).await;
        Desk::new(self.env.channel(&self.served, &id))
    }

    /// The administrator's, who sees everything.
    pub fn admin(&self) -> Desk {
        Desk::new(self.env.channel(&self.served, "admin"))
    }

    pub async fn anonymous(&self) -> CallbackServiceClient<tonic::transport::Channel> {
        CallbackServiceClient::connect(self.served.grpc.clone()).await.unwrap()
    }

    pub fn customers(&self) -> &Customers {
        &self.customers
    }

    pub fn env(&self) -> &Env {
        &self.env
    }

    pub fn now(&self) -> Timestamp {
        SystemClock.now()
    }

    pub fn new_id(&self) -> String {
        new_id(self.now()).to_string()
    }

    /// The first permitted instant that is at least so far away.
    pub fn permitted_in(&self, ahead: SignedDuration) -> Timestamp {
        let hours = PermittedHours::new("Asia/Shanghai", &["09:00-12:00", "14:00-20:00"]).unwrap();
        gongdan_clock::to_micros(hours.next_at_or_after(self.now() + ahead).unwrap())
    }

    pub async fn publish(&self, event: Event) {
        self.env.publish(&event).await;
    }

    /// The task of a round, when it is there.
    pub async fn task_of(&self, ticket: &TestTicket, round: i32) -> CallbackTask {
        self.task_when(ticket, round, |_| true).await
    }

    /// The task of a round, when it is as wanted.
    pub async fn task_when(
        &self,
        ticket: &TestTicket,
        round: i32,
        wanted: impl Fn(&CallbackTask) -> bool,
    ) -> CallbackTask {
        let desk = self.admin();
        eventually_some("the round has its task", async || {
            desk.list_of(&ticket.number).await.into_iter().find(|task| task.round == round && wanted(task))
        })
        .await
    }

    /// Waits until callback has heard of the last event of the ticket.
    pub async fn heard_all_of(&self, ticket: &TestTicket) {
        eventually("callback has heard it", async || {
            let version: Option<i64> =
                sqlx::query_scalar("SELECT version FROM inbox_versions WHERE aggregate_id = $1")
                    .bind(ticket.id)
                    .fetch_optional(self.env.pool())
                    .await
                    .unwrap();
            version == Some(ticket.version)
        })
        .await;
    }

    /// What callback said about a task on the bus, once it has said all that its table knows.
    pub async fn events_of(&self, task: &str) -> Vec<CallbackEvent> {
        let id: Uuid = task.parse().unwrap();
        let version: i64 = sqlx::query_scalar("SELECT version FROM tasks WHERE id = $1")
            .bind(id)
            .fetch_one(self.env.pool())
            .await
            .unwrap();
        let events = eventually_some("the relay has published it", async || {
            let events = self.env.events(NAME).await;
            let of: Vec<_> = events.into_iter().filter(|event| event.aggregate_id == id).collect();
            (of.len() >= usize::try_from(version).unwrap()).then_some(of)
        })
        .await;
        let decoded: Vec<CallbackEvent> = events.iter().map(|event| event.decode().unwrap()).collect();
        for (event, message) in events.iter().zip(&decoded) {
            let state = message.state.as_ref().unwrap();
            let ticket = state.ticket_id.parse().unwrap();
            let region = RegionCode::parse(&state.region).unwrap();
            assert_eq!(event.subject, subject(NAME, &event.kind, region, ticket));
            assert!(event.subject.ends_with(&format!(".{}", bucket(ticket))));
            assert_eq!((event.version, event.kind.as_str()), (message.version, change(message)));
        }
        decoded
    }

    /// Who was shown the contact of a task.
    pub async fn contact_readers(&self, task: &str) -> Vec<String> {
        sqlx::query_scalar("SELECT agent_id FROM contact_reads WHERE task_id = $1 ORDER BY read_at")
            .bind(task.parse::<Uuid>().unwrap())
            .fetch_all(self.env.pool())
            .await
            .unwrap()
    }

    /// Whether any row of callback's own tables, its events or requests hold the text.
    pub async fn database_holds(&self, text: &str) -> bool {
        sqlx::query_scalar(
            "SELECT EXISTS (SELECT FROM tasks t WHERE strpos(t::text, $1) > 0)
                 OR EXISTS (SELECT FROM attempts t WHERE strpos(t::text, $1) > 0)
                 OR EXISTS (SELECT FROM contact_reads t WHERE strpos(t::text, $1) > 0)
                 OR EXISTS (SELECT FROM requests t WHERE strpos(t::text, $1) > 0)
                 OR EXISTS (SELECT FROM events t WHERE position(convert_to($1, 'UTF8') IN t.payload) > 0)",
        )
        .bind(text)
        .fetch_one(self.env.pool())
        .await
        .unwrap()
    }
}

/// The name of an event's change.
pub fn change(event: &CallbackEvent) -> &'static str {
    match event.change {
        Some(CallbackChange::Opened(_)) => "opened",
        Some(CallbackChange::Attempted(_)) => "attempted",
        Some(CallbackChange::Completed(_)) => "completed",
        Some(CallbackChange::Skipped(_)) => "skipped",
        Some(CallbackChange::GivenUp(_)) => "given_up",
        Some(CallbackChange::Recorded(_)) => "recorded",
        None => "nothing",
    }
}

/// `ErrorInfo.reason`.
pub fn reason(status: &Status) -> String {
    status.get_error_details().error_info().map(|info| info.reason.clone()).unwrap_or_default()
}

/// `ErrorInfo.metadata`.
pub fn metadata(status: &Status) -> HashMap<String, String> {
    status.get_error_details().error_info().map(|info| info.metadata.clone()).unwrap_or_default()
}

/// The fields of `BadRequest`.
pub fn fields(status: &Status) -> Vec<String> {
    let details = status.get_error_details();
    details
        .bad_request()
        .map(|bad| bad.field_violations.iter().map(|v| v.field.clone()).collect())
        .unwrap_or_default()
}

/// A ticket as its events tell of it.
pub struct TestTicket {
    id: Uuid,
    number: String,
    region: String,
    unit: String,
    customer: Option<Uuid>,
    confidential: bool,
    sensitive: bool,
    units: Vec<String>,
    version: i64,
    round: i32,
    past: Option<Timestamp>,
}

/// A ticket of an area, held by a unit.
pub fn ticket(region: &str, unit: &str) -> TestTicket {
    let id = new_id(SystemClock.now());
    TestTicket {
        id,
        number: format!("GD2611230000{:012}", id.as_u128() % 1_000_000_000_000),
        region: RegionCode::parse(region).unwrap().to_string(),
        unit: unit.to_owned(),
        customer: Some(new_id(SystemClock.now())),
        confidential: false,
        sensitive: false,
        units: Vec::new(),
        version: 0,
        round: 1,
        past: None,
    }
}

impl TestTicket {
    pub fn anonymous(mut self) -> Self {
        self.customer = None;
        self
    }

    pub fn confidential(mut self) -> Self {
        self.confidential = true;
        self
    }

    pub fn sensitive(mut self) -> Self {
        self.sensitive = true;
        self
    }

    /// Another unit takes part.
    pub fn with_part(mut self, unit: &str) -> Self {
        self.units.push(unit.to_owned());
        self
    }

    pub fn erased(&mut self) -> Event {
        self.event(
            "erased",
            Phase::Closed,
            Change::Erased(Erased { classes: vec![1, 2], ..Default::default() }),
        )
    }

    pub fn of_the_past(mut self, at: &str) -> Self {
        self.past = Some(at.parse().unwrap());
        self
    }

    pub fn number(&self) -> String {
        self.number.clone()
    }

    pub fn customer_id(&self) -> String {
        self.customer.map(|id| id.to_string()).unwrap_or_default()
    }

    pub fn resolved(&mut self) -> Event {
        self.event("resolved", Phase::Resolved, Change::Resolved(Resolved::default()))
    }

    pub fn callback_opened(&mut self) -> Event {
        self.event("callback_opened", Phase::InCallback, Change::CallbackOpened(CallbackOpened::default()))
    }

    pub fn closed(&mut self, reason: CloseReason) -> Event {
        self.event(
            "closed",
            Phase::Closed,
            Change::Closed(Closed { reason: reason.into(), ..Closed::default() }),
        )
    }

    pub fn reopened(&mut self) -> Event {
        self.round += 1;
        self.event("reopened", Phase::PendingDispatch, Change::Reopened(Reopened::default()))
    }

    pub fn merged(&mut self) -> Event {
        self.event("merged", Phase::Closed, Change::Merged(Default::default()))
    }

    /// Whatever else there is.
    pub fn did(&mut self, phase: Phase, change: Change) -> Event {
        self.event(change.name(), phase, change)
    }

    pub fn cancelled(&mut self) -> Event {
        self.event("cancelled", Phase::Cancelled, Change::Cancelled(Default::default()))
    }

    /// What RecordPastTicket publishes.
    pub fn recorded(&mut self, with_reply: bool) -> Vec<Event> {
        let mut events =
            vec![self.event("submitted", Phase::PendingDispatch, Change::Submitted(Submitted::default()))];
        if with_reply {
            events.push(self.event("dispatched", Phase::Dispatched, Change::Dispatched(Default::default())));
            events.push(self.event("accepted", Phase::InProgress, Change::Accepted(Default::default())));
            events.push(self.event("resolved", Phase::Resolved, Change::Resolved(Resolved::default())));
        }
        events.push(self.closed_past(with_reply));
        events
    }

    fn closed_past(&mut self, with_reply: bool) -> Event {
        let mut event = self.closed(CloseReason::Imported);
        if !with_reply {
            let mut payload: TicketEvent = event.decode().unwrap();
            payload.state.as_mut().unwrap().resolution = None;
            event.payload = prost::Message::encode_to_vec(&payload).into();
        }
        event
    }

    fn event(&mut self, kind: &str, phase: Phase, change: Change) -> Event {
        self.version += 1;
        let now = SystemClock.now();
        let (occurred_at, origin) = match self.past {
            Some(at) => (at, Origin::Import),
            None => (now, Origin::Live),
        };
        let resolved = matches!(phase, Phase::Resolved | Phase::InCallback | Phase::Closed);
        let state = Ticket {
            id: self.id.to_string(),
            number: self.number.clone(),
            version: self.version,
            phase: phase.into(),
            round: self.round,
            region: self.region.clone(),
            customer_id: self.customer_id(),
            confidential: self.confidential,
            sensitive: self.sensitive,
            participant_unit_ids: self.units.clone(),
            lead_unit_id: self.unit.clone(),
            resolution: resolved.then(Resolution::default),
            resolved_at: resolved.then(|| to_timestamp(occurred_at)),
            ..Ticket::default()
        };
        let payload = TicketEvent {
            ticket_id: self.id.to_string(),
            version: self.version,
            occurred_at: Some(to_timestamp(occurred_at)),
            recorded_at: Some(to_timestamp(now)),
            origin: if self.past.is_some() { PbOrigin::Import } else { PbOrigin::Live }.into(),
            state: Some(state),
            change: Some(change),
            ..TicketEvent::default()
        };
        Event {
            id: new_id(now),
            source: "tickets".to_owned(),
            kind: kind.to_owned(),
            aggregate_id: self.id,
            version: self.version,
            occurred_at,
            recorded_at: now,
            origin,
            subject: subject("tickets", kind, RegionCode::parse(&self.region).unwrap(), self.id),
            traceparent: None,
            payload: prost::Message::encode_to_vec(&payload).into(),
        }
    }
}
