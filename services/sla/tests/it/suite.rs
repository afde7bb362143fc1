//! A running service, and tickets whose events it hears.

use gongdan_auth::AuthChannel;
use gongdan_bus::{Event, Origin, subject};
use gongdan_clock::{Clock as _, ManualClock, SystemClock, new_id};
use gongdan_proto::{
    common::v1::ActorRef,
    sla::v1::{
        self as pb, calendar_service_client::CalendarServiceClient, clock_service_client::ClockServiceClient,
        policy_service_client::PolicyServiceClient,
    },
    tickets::v1::{
        Accepted, Cancelled, Closed, Dispatched, Phase, Reopened, Resolved, Returned, Submitted, Ticket,
        TicketEvent, TicketType, ticket_event::Change,
    },
    to_timestamp,
};
use gongdan_region::RegionCode;
use gongdan_testkit::{Apart, Env, PrincipalSpec, Served, eventually_some};
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use prost::Message as _;
use std::sync::Arc;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;
use uuid::Uuid;

/// An instant by the clock in Shanghai.
pub fn at(local: &str) -> Timestamp {
    let local: DateTime = local.parse().unwrap();
    TimeZone::get("Asia/Shanghai").unwrap().to_timestamp(local).unwrap()
}

/// What the service is told beside its defaults: nobody owns the tickets here.
const OVERRIDES: &str = "[peers.addresses]\ntickets = \"http://127.0.0.1:9\"\nrouting = \"http://127.0.0.1:9\"\n[timers]\nlook_every = \"1s\"\ncatch_up = \"5s\"\n";

pub struct Suite {
    pub env: Env,
    pub clock: ManualClock,
}

impl Suite {
    /// Everything but the service; deadlines go by a clock that stands at `local`.
    pub async fn at(local: &str) -> Self {
        let env = Env::start(gongdan_sla::schema()).await;
        env.principal(PrincipalSpec::new("li.wei").role("handler").unit("tianhe-env")).await;
        env.principal(PrincipalSpec::new("guangdong").role("supervisor").region("440000")).await;
        env.principal(PrincipalSpec::new("hunan").role("supervisor").region("430000")).await;
        Self { env, clock: ManualClock::new(at(local)) }
    }

    pub async fn serve(&self) -> Served {
        let config = self.env.config_with(gongdan_sla::DEFAULTS, OVERRIDES);
        let clock = Arc::new(self.clock.clone());
        self.env.serve(|listeners, shutdown| gongdan_sla::run_by(clock, config, listeners, shutdown)).await
    }

    /// With threads of its own: it can be killed.
    pub async fn serve_apart(&self) -> Apart {
        let config = self.env.config_with(gongdan_sla::DEFAULTS, OVERRIDES);
        let clock = Arc::new(self.clock.clone());
        self.env
            .serve_apart(|listeners, shutdown| gongdan_sla::run_by(clock, config, listeners, shutdown))
            .await
    }

    pub fn calendars(&self, service: &Served, who: &str) -> CalendarServiceClient<AuthChannel> {
        CalendarServiceClient::new(self.env.channel(service, who))
    }

    pub fn policies(&self, service: &Served, who: &str) -> PolicyServiceClient<AuthChannel> {
        PolicyServiceClient::new(self.env.channel(service, who))
    }

    pub fn clocks(&self, service: &Served, who: &str) -> ClockServiceClient<AuthChannel> {
        ClockServiceClient::new(self.env.channel(service, who))
    }

    /// The ticket's clocks as the administrator sees them.
    pub async fn clocks_of(&self, service: &Served, ticket: &str) -> Vec<pb::Clock> {
        let request = pb::ListClocksRequest { ticket: ticket.into(), ..Default::default() };
        self.clocks(service, "admin").list_clocks(request).await.unwrap().into_inner().clocks
    }

    /// Waits until the ticket has a clock of the kind in the state.
    pub async fn clock_in(
        &self,
        service: &Served,
        ticket: &str,
        kind: pb::ClockKind,
        state: pb::ClockState,
    ) -> pb::Clock {
        eventually_some(&format!("a {kind:?} clock is {state:?}"), async || {
            let clocks = self.clocks_of(service, ticket).await;
            clocks.into_iter().find(|clock| clock.kind() == kind && clock.state() == state)
        })
        .await
    }

    /// All that was told by now and is on the bus: what is committed gets there a moment later.
    pub async fn published(&self) -> Vec<(Event, pb::ClockEvent)> {
        let committed = "SELECT count(*) FROM events WHERE type IN ('started', 'warned', 'breached', 'stopped', \
                         'cancelled', 'paused', 'resumed', 'extended', 'restored', 'recalculated', 'restarted')";
        let committed: i64 = sqlx::query_scalar(committed).fetch_one(self.env.pool()).await.unwrap();
        eventually_some("what is committed is on the bus", async || {
            let events = self.env.events("sla").await;
            let told: Vec<_> =
                events.into_iter().map(|event| (event.clone(), event.decode().unwrap())).collect();
            (i64::try_from(told.len()).unwrap() >= committed).then_some(told)
        })
        .await
    }

    /// The names of what happened to a clock, in order.
    pub async fn story(&self, clock: &str) -> Vec<String> {
        self.published()
            .await
            .into_iter()
            .filter(|(_, payload)| payload.clock_id == clock)
            .map(|(event, payload)| match payload.change.unwrap() {
                pb::clock_event::Change::Warned(w) => format!("warned {}{}", w.percent, late(w.late)),
                pb::clock_event::Change::Breached(b) => format!("breached{}", late(b.late)),
                pb::clock_event::Change::Stopped(s) if s.on_time => "stopped on time".to_owned(),
                _ => event.kind,
            })
            .collect()
    }
}

fn late(late: bool) -> &'static str {
    if late { " late" } else { "" }
}

/// A ticket that publishes what happens to it.
pub struct TicketLife {
    pub state: Ticket,
    pub origin: Origin,
    /// Who does what follows; nobody: the suite.
    pub actor: Option<ActorRef>,
}

impl TicketLife {
    pub fn complaint(number: &str, received: &str) -> Self {
        let state = Ticket {
            id: new_id(SystemClock.now()).to_string(),
            number: number.into(),
            round: 1,
            r#type: TicketType::Complaint.into(),
            item: "unclassified".into(),
            region: "440106000000".into(),
            received_at: Some(to_timestamp(at(received))),
            ..Default::default()
        };
        Self { state, origin: Origin::Live, actor: None }
    }

    pub fn imported(mut self) -> Self {
        self.origin = Origin::Import;
        self
    }

    pub fn id(&self) -> Uuid {
        self.state.id.parse().unwrap()
    }

    /// The next event, not published.
    pub fn event(&mut self, change: Change, local: &str) -> Event {
        let occurred_at = at(local);
        let (kind, phase) = match &change {
            Change::Submitted(_) => ("submitted", Phase::PendingDispatch),
            Change::Dispatched(d) => {
                self.state.lead_unit_id.clone_from(&d.unit_id);
                self.state.first_dispatched_at.get_or_insert(to_timestamp(occurred_at));
                ("dispatched", Phase::Dispatched)
            }
            Change::Returned(_) => ("returned", Phase::PendingDispatch),
            Change::Escalated(e) if e.to_unit_id.is_empty() => ("escalated", Phase::PendingDispatch),
            Change::Escalated(e) => {
                self.state.lead_unit_id.clone_from(&e.to_unit_id);
                ("escalated", Phase::Dispatched)
            }
            Change::Resolved(_) => ("resolved", Phase::Resolved),
            Change::Closed(_) => ("closed", Phase::Closed),
            Change::Cancelled(_) => ("cancelled", Phase::Cancelled),
            Change::Reopened(_) => {
                self.state.round += 1;
                self.state.first_dispatched_at = None;
                ("reopened", Phase::PendingDispatch)
            }
            Change::Suspended(_) => ("suspended", Phase::Suspended),
            Change::Resumed(_) => ("resumed", Phase::InProgress),
            Change::Merged(_) => ("merged", Phase::Closed),
            Change::MergeUndone(_) => ("merge_undone", Phase::PendingDispatch),
            Change::ExtensionApproved(_) => ("extension_approved", Phase::InProgress),
            Change::Transferred(t) => {
                self.state.lead_unit_id.clone_from(&t.to_unit_id);
                ("transferred", Phase::Dispatched)
            }
            Change::Noted(_) => ("noted", Phase::PendingDispatch),
            Change::AssistRequested(_) => ("assist_requested", Phase::InProgress),
            Change::AssistReplied(_) => ("assist_replied", Phase::InProgress),
            Change::AssistWaived(_) => ("assist_waived", Phase::InProgress),
            Change::DirectiveIssued(_) => ("directive_issued", Phase::InProgress),
            Change::DirectiveReplied(_) => ("directive_replied", Phase::InProgress),
            Change::DirectiveRejected(_) => ("directive_rejected", Phase::InProgress),
            _ => ("accepted", Phase::InProgress),
        };
        self.state.phase = phase.into();
        self.state.version += 1;
        let payload = TicketEvent {
            ticket_id: self.state.id.clone(),
            version: self.state.version,
            occurred_at: Some(to_timestamp(occurred_at)),
            state: Some(self.state.clone()),
            change: Some(change),
            actor: self.actor.clone(),
            ..Default::default()
        };
        let now = SystemClock.now();
        Event {
            id: new_id(now),
            source: "tickets".into(),
            kind: kind.into(),
            aggregate_id: self.id(),
            version: self.state.version,
            occurred_at,
            recorded_at: now,
            origin: self.origin,
            subject: subject("tickets", kind, RegionCode::parse("440106").unwrap(), self.id()),
            traceparent: None,
            payload: payload.encode_to_vec().into(),
        }
    }

    pub async fn act(&mut self, suite: &Suite, change: Change, local: &str) {
        suite.env.publish(&self.event(change, local)).await;
    }

    pub async fn submitted(&mut self, suite: &Suite, local: &str) {
        suite.env.publish(&self.event(Change::Submitted(Submitted::default()), local)).await;
    }

    pub async fn dispatched(&mut self, suite: &Suite, local: &str) {
        let change = Dispatched { unit_id: "tianhe-env".into(), ..Default::default() };
        suite.env.publish(&self.event(Change::Dispatched(change), local)).await;
    }

    pub async fn accepted(&mut self, suite: &Suite, local: &str) {
        suite.env.publish(&self.event(Change::Accepted(Accepted::default()), local)).await;
    }

    pub async fn returned(&mut self, suite: &Suite, local: &str) {
        suite.env.publish(&self.event(Change::Returned(Returned::default()), local)).await;
    }

    pub async fn resolved(&mut self, suite: &Suite, local: &str) {
        suite.env.publish(&self.event(Change::Resolved(Resolved::default()), local)).await;
    }

    pub async fn closed(&mut self, suite: &Suite, local: &str) {
        suite.env.publish(&self.event(Change::Closed(Closed::default()), local)).await;
    }

    pub async fn reopened(&mut self, suite: &Suite, local: &str) {
        suite.env.publish(&self.event(Change::Reopened(Reopened::default()), local)).await;
    }

    pub async fn cancelled(&mut self, suite: &Suite, local: &str) {
        suite.env.publish(&self.event(Change::Cancelled(Cancelled::default()), local)).await;
    }
}

/// A record of a ticket.
pub fn record(number: u128) -> String {
    Uuid::from_u128(number).to_string()
}

/// The fields that were refused.
pub fn refused_fields(status: &Status) -> Vec<String> {
    assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
    let details = status.get_error_details();
    details.bad_request().unwrap().field_violations.iter().map(|v| v.field.clone()).collect()
}

/// Code and documented reason.
pub fn refused(status: &Status) -> (Code, String) {
    (
        status.code(),
        status.get_error_details().error_info().map(|info| info.reason.clone()).unwrap_or_default(),
    )
}
