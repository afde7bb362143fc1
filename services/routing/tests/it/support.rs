//! A running routing service, tickets' side of the bus, and words to speak with both.

use gongdan_auth::AuthChannel;
use gongdan_bus::{Event, Origin};
use gongdan_clock::new_id;
use gongdan_outbox::{EventServer, Guard, NewEvent};
use gongdan_proto::{
    common::v1::{Origin as PbOrigin, dead_letter_service_client::DeadLetterServiceClient},
    routing::v1::{
        self as pb, decision_service_client::DecisionServiceClient, duty_service_client::DutyServiceClient,
        organisation_service_client::OrganisationServiceClient, rule_service_client::RuleServiceClient,
        rule_set_service_client::RuleSetServiceClient, suggest_service_client::SuggestServiceClient,
    },
    tickets::v1::{
        self as tickets, Channel, Impact, Phase, Ticket, TicketEvent, TicketType, Urgency,
        catalogue_service_server::{CatalogueService, CatalogueServiceServer},
        ticket_event::Change,
    },
    to_timestamp,
};
use gongdan_region::RegionCode;
use gongdan_testkit::{Apart, Env, eventually, eventually_some};
use jiff::Timestamp;
use prost::Message as _;
use std::sync::{Arc, Mutex};
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status};
use uuid::Uuid;

pub const TIANHE: &str = "440106000000";

/// Routing, with tickets' event log beside it.
pub struct Suite {
    pub env: Env,
    pub service: Apart,
    owner: Env,
    settings: String,
    /// Tickets' catalogue.
    pub catalogue: Catalogue,
}

/// A catalogue of tickets: none is there before its first version.
#[derive(Clone, Default)]
pub struct Catalogue(Arc<Mutex<(i32, Vec<String>)>>);

impl Catalogue {
    /// Another version has these items.
    pub fn has(&self, items: &[&str]) {
        let mut now = self.0.lock().unwrap();
        *now = (now.0 + 1, items.iter().map(|item| (*item).to_owned()).collect());
    }

    fn now(&self) -> Result<(i32, Vec<String>), Status> {
        let now = self.0.lock().unwrap().clone();
        if now.0 == 0 { Err(Status::unavailable("no catalogue yet")) } else { Ok(now) }
    }
}

#[tonic::async_trait]
impl CatalogueService for Catalogue {
    async fn import_catalogue(
        &self,
        _: Request<tickets::ImportCatalogueRequest>,
    ) -> Result<Response<tickets::Catalogue>, Status> {
        Err(Status::unimplemented("not asked for here"))
    }

    async fn get_catalogue(
        &self,
        _: Request<tickets::GetCatalogueRequest>,
    ) -> Result<Response<tickets::Catalogue>, Status> {
        let (version, _) = self.now()?;
        Ok(Response::new(tickets::Catalogue { version, ..Default::default() }))
    }

    /// One item a page.
    async fn list_catalogue_items(
        &self,
        request: Request<tickets::ListCatalogueItemsRequest>,
    ) -> Result<Response<tickets::ListCatalogueItemsResponse>, Status> {
        let at: usize = request.into_inner().page_token.parse().unwrap_or(0);
        let (_, keys) = self.now()?;
        let item =
            |key: &String| tickets::CatalogueItem { key: key.clone(), leaf: true, ..Default::default() };
        let next_page_token = if at + 1 < keys.len() { (at + 1).to_string() } else { String::new() };
        let items = keys.get(at).map(item).into_iter().collect();
        Ok(Response::new(tickets::ListCatalogueItemsResponse { items, next_page_token }))
    }
}

impl Suite {
    pub async fn start() -> Self {
        Self::with("").await
    }

    /// With the units and areas of [`Suite::import_guangzhou`].
    pub async fn in_guangzhou() -> Self {
        let suite = Self::start().await;
        suite.import_guangzhou().await;
        suite
    }

    /// With settings in TOML over the defaults.
    pub async fn with(settings: &str) -> Self {
        let env = Env::start(gongdan_routing::schema()).await;
        let owner = env.beside(gongdan_routing::schema()).await;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let catalogue = Catalogue::default();
        let guard = Guard::new(|_| Ok("service.routing".to_owned()));
        let log = EventServer::new(owner.pool().clone(), "tickets", env.bus().root(), guard);
        tokio::spawn(
            tonic::transport::Server::builder()
                .add_service(log)
                .add_service(CatalogueServiceServer::new(catalogue.clone()))
                .serve_with_incoming(TcpListenerStream::new(listener)),
        );
        let token = serde_json::to_string(&env.token_file("routing")).unwrap();
        let peers =
            format!("[peers]\ntoken_file = {token}\n[peers.addresses]\ntickets = \"http://{address}\"\n");
        // A machine that builds beside the tests may take seconds to open a connection.
        let patient = "[postgres]\nacquire_timeout_seconds = 20\n";
        let settings = format!("{settings}\n{patient}{peers}");
        let config = env.config_with(gongdan_routing::DEFAULTS, &settings);
        let service = env.serve_apart(|listeners, stop| gongdan_routing::run(config, listeners, stop)).await;
        Self { env, service, owner, settings, catalogue }
    }

    /// Another process takes over, and this one dies.
    pub async fn restart(&mut self) {
        self.restart_with("").await;
    }

    /// Another process takes over with more settings.
    pub async fn restart_with(&mut self, more: &str) {
        self.settings = format!("{more}{}", self.settings);
        let config = self.env.config_with(gongdan_routing::DEFAULTS, &self.settings);
        let next =
            self.env.serve_apart(|listeners, stop| gongdan_routing::run(config, listeners, stop)).await;
        std::mem::replace(&mut self.service, next).kill().await;
    }

    /// What it was started with over the defaults.
    pub fn settings(&self) -> &str {
        &self.settings
    }

    pub fn organisation(&self, principal: &str) -> OrganisationServiceClient<AuthChannel> {
        OrganisationServiceClient::new(self.env.channel(&self.service, principal))
    }

    pub fn rules(&self, principal: &str) -> RuleServiceClient<AuthChannel> {
        RuleServiceClient::new(self.env.channel(&self.service, principal))
    }

    pub fn rule_sets(&self, principal: &str) -> RuleSetServiceClient<AuthChannel> {
        RuleSetServiceClient::new(self.env.channel(&self.service, principal))
    }

    pub fn suggestions(&self, principal: &str) -> SuggestServiceClient<AuthChannel> {
        SuggestServiceClient::new(self.env.channel(&self.service, principal))
    }

    pub fn duty(&self, principal: &str) -> DutyServiceClient<AuthChannel> {
        DutyServiceClient::new(self.env.channel(&self.service, principal))
    }

    pub fn decisions(&self) -> DecisionServiceClient<AuthChannel> {
        DecisionServiceClient::new(self.env.channel(&self.service, "admin"))
    }

    pub fn dead_letters(&self) -> DeadLetterServiceClient<AuthChannel> {
        DeadLetterServiceClient::new(self.env.channel(&self.service, "admin"))
    }

    /// Imports, and expects it to be accepted.
    pub async fn import(&self, request: pb::ImportOrganisationRequest) -> pb::ImportOrganisationResponse {
        self.organisation("admin").import_organisation(request).await.unwrap().into_inner()
    }

    /// `env` and `roads` in 天河区, `city` in 广州市; `city` answers for the whole city, `env` for 环境 in 天河区.
    pub async fn import_guangzhou(&self) {
        let units =
            vec![unit("city", "", "4401"), unit("env", "city", "440106"), unit("roads", "city", "440106")];
        let areas =
            vec![area("4401", "", "city"), area("440106", "环境", "env"), area("440106", "道路", "roads")];
        self.import(pb::ImportOrganisationRequest { request_id: id(), units, areas, ..Default::default() })
            .await;
    }

    /// Puts a rule that sends what its condition holds for to a unit.
    pub async fn rule(&self, name: &str, when: &str, unit: &str) -> pb::Rule {
        let request =
            pb::PutRuleRequest { request_id: id(), rule: Some(rule(name, when, unit)), ..Default::default() };
        self.rules("admin").put_rule(request).await.unwrap().into_inner()
    }

    /// The same in the draft.
    pub async fn draft(&self, name: &str, when: &str, unit: &str) -> pb::Rule {
        let rule = Some(rule(name, when, unit));
        let request = pb::PutRuleRequest { request_id: id(), rule, draft: true, ..Default::default() };
        self.rules("admin").put_rule(request).await.unwrap().into_inner()
    }

    pub async fn the_draft(&self) -> pb::RuleDraft {
        self.rule_sets("admin").get_rule_draft(pb::GetRuleDraftRequest::default()).await.unwrap().into_inner()
    }

    /// Until tickets' event log shows all that it was told: a transaction elsewhere on the server holds it back for a moment.
    pub async fn log_settled(&self) {
        eventually("the log shows what is committed", async || {
            sqlx::query_scalar::<_, Option<bool>>(
                "SELECT max(txid) < pg_snapshot_xmin(pg_current_snapshot()) FROM events",
            )
            .fetch_one(self.owner.pool())
            .await
            .unwrap()
            .unwrap_or(true)
        })
        .await;
    }

    /// Tickets' event log answers no more.
    pub async fn close_log(&self) {
        self.owner.pool().close().await;
    }

    /// Tickets tells of a ticket, on its log and on the bus.
    pub async fn tell(&self, ticket: &TestTicket, kind: &str, origin: Origin, change: Change) {
        let payload = self.payload(ticket, origin, change);
        let region = RegionCode::parse(&ticket.state.region).unwrap();
        self.tell_raw(ticket, kind, origin, payload, region).await;
    }

    /// Tickets' log has it, and routing was not there to hear of it.
    pub async fn log_only(&self, ticket: &TestTicket, kind: &str, origin: Origin, change: Change) {
        let payload = self.payload(ticket, origin, change);
        let region = RegionCode::parse(&ticket.state.region).unwrap();
        let new = self.new_event(ticket, kind, origin, payload, region);
        let mut log = self.owner.pool().acquire().await.unwrap();
        gongdan_outbox::append(&mut log, std::slice::from_ref(&new)).await.unwrap();
    }

    fn payload(&self, ticket: &TestTicket, origin: Origin, change: Change) -> Vec<u8> {
        let now: Timestamp = self.env.clock().now();
        let payload = TicketEvent {
            ticket_id: ticket.id.to_string(),
            version: ticket.state.version,
            occurred_at: Some(to_timestamp(now)),
            recorded_at: Some(to_timestamp(now)),
            origin: i32::from(origin.as_i16()),
            state: Some(ticket.state.clone()),
            change: Some(change),
            ..TicketEvent::default()
        };
        payload.encode_to_vec()
    }

    fn new_event(
        &self,
        t: &TestTicket,
        kind: &str,
        origin: Origin,
        payload: Vec<u8>,
        region: RegionCode,
    ) -> NewEvent {
        let now: Timestamp = self.env.clock().now();
        NewEvent {
            id: new_id(now),
            aggregate_id: t.id,
            version: t.state.version,
            kind: kind.to_owned().into(),
            subject: gongdan_bus::subject("tickets", kind, region, t.id),
            occurred_at: now,
            recorded_at: now,
            origin,
            payload,
        }
    }

    pub async fn tell_raw(
        &self,
        t: &TestTicket,
        kind: &str,
        origin: Origin,
        payload: Vec<u8>,
        region: RegionCode,
    ) {
        let new = self.new_event(t, kind, origin, payload, region);
        let mut log = self.owner.pool().acquire().await.unwrap();
        gongdan_outbox::append(&mut log, std::slice::from_ref(&new)).await.unwrap();
        drop(log);
        // As the relay does, which publishes nothing that the log does not show.
        self.log_settled().await;
        self.env
            .publish(&Event {
                id: new.id,
                source: "tickets".to_owned(),
                kind: kind.to_owned(),
                aggregate_id: new.aggregate_id,
                version: new.version,
                occurred_at: new.occurred_at,
                recorded_at: new.recorded_at,
                origin,
                subject: new.subject,
                traceparent: None,
                payload: new.payload.into(),
            })
            .await;
    }

    /// A ticket is submitted.
    pub async fn submitted(&self, item: &str, subject: &str) -> TestTicket {
        let ticket = TestTicket::new(item);
        self.submit(&ticket, subject, Origin::Live).await;
        ticket
    }

    pub async fn submit(&self, ticket: &TestTicket, subject: &str, origin: Origin) {
        let change = tickets::Submitted { subject: subject.to_owned(), body: "详情".to_owned() };
        self.tell(ticket, "submitted", origin, Change::Submitted(change)).await;
    }

    /// The unit it was dispatched to by a decision takes it and gives it back.
    pub async fn dispatched_and_returned(
        &self,
        ticket: &mut TestTicket,
        decision: &pb::DecisionEvent,
        unit: &str,
    ) {
        self.dispatched(ticket, decision, unit).await;
        ticket.next(Phase::PendingDispatch);
        ticket.state.returned_by_unit_ids.push(unit.to_owned());
        ticket.state.return_count += 1;
        let returned = tickets::Returned {
            unit_id: unit.to_owned(),
            reason: "不属于本部门职责".to_owned(),
            to_pool: false,
        };
        self.tell(ticket, "returned", Origin::Live, Change::Returned(returned)).await;
    }

    pub async fn dispatched(&self, ticket: &mut TestTicket, decision: &pb::DecisionEvent, unit: &str) {
        ticket.next(Phase::Dispatched);
        let dispatched = tickets::Dispatched {
            unit_id: unit.to_owned(),
            decision_id: decision.decision_id.clone(),
            ..Default::default()
        };
        self.tell(ticket, "dispatched", Origin::Live, Change::Dispatched(dispatched)).await;
    }

    pub async fn refused(&self, ticket: &mut TestTicket, decision: &pb::DecisionEvent, reason: &str) {
        ticket.next(Phase::PendingDispatch);
        let refused =
            tickets::DecisionRefused { decision_id: decision.decision_id.clone(), reason: reason.to_owned() };
        self.tell(ticket, "decision_refused", Origin::Live, Change::DecisionRefused(refused)).await;
    }

    /// Decisions told so far about a ticket, in their order.
    pub async fn told(&self, ticket: &TestTicket) -> Vec<pb::DecisionEvent> {
        let events = self.env.events("routing").await;
        let decided = events.iter().filter(|event| event.kind == "decided");
        let decided = decided.map(|event| event.decode::<pb::DecisionEvent>().unwrap());
        decided.filter(|decision| decision.ticket_id == ticket.id.to_string()).collect()
    }

    /// Waits for the decision about the ticket as it is now.
    pub async fn decision(&self, ticket: &TestTicket) -> pb::DecisionEvent {
        eventually_some("the decision", async || {
            self.told(ticket)
                .await
                .into_iter()
                .find(|decision| decision.ticket_version == ticket.state.version)
        })
        .await
    }

    pub async fn explain(&self, ticket: &TestTicket) -> pb::ExplainDecisionResponse {
        let ticket = ticket.id.to_string();
        let request = pb::ExplainDecisionRequest { ticket, ..Default::default() };
        self.decisions().explain_decision(request).await.unwrap().into_inner()
    }

    /// Waits until tickets' answer to a decision is noted.
    pub async fn answered(&self, decision: &pb::DecisionEvent) -> pb::Decision {
        eventually_some("the answer is noted", async || {
            let request = pb::ExplainDecisionRequest {
                decision_id: decision.decision_id.clone(),
                ..Default::default()
            };
            let explained = self.decisions().explain_decision(request).await.unwrap().into_inner();
            explained.decision.filter(|d| d.state() != pb::DecisionState::Unanswered)
        })
        .await
    }
}

/// A ticket as tickets would have it.
#[derive(Debug, Clone)]
pub struct TestTicket {
    pub id: Uuid,
    pub state: Ticket,
}

impl TestTicket {
    pub fn new(item: &str) -> Self {
        let now: Timestamp = gongdan_clock::Clock::now(&gongdan_clock::SystemClock);
        let id = new_id(now);
        let state = Ticket {
            id: id.to_string(),
            number: format!("GD261122{}", id.as_u128() % 10_000_000_000),
            version: 1,
            phase: Phase::PendingDispatch.into(),
            round: 1,
            r#type: TicketType::Complaint.into(),
            item: item.to_owned(),
            region: TIANHE.to_owned(),
            channel: Channel::Phone.into(),
            urgency: Urgency::Medium.into(),
            impact: Impact::Low.into(),
            priority: 3,
            tier: 1,
            origin: PbOrigin::Live.into(),
            received_at: Some(to_timestamp(now)),
            ..Ticket::default()
        };
        Self { id, state }
    }

    pub fn next(&mut self, phase: Phase) {
        self.state.version += 1;
        self.state.phase = phase.into();
    }
}

pub fn id() -> String {
    TestTicket::new("").id.to_string()
}

pub fn unit(id: &str, parent: &str, region: &str) -> pb::UnitRow {
    pb::UnitRow {
        id: id.to_owned(),
        name: format!("单位 {id}"),
        parent_id: parent.to_owned(),
        region: region.to_owned(),
        ..Default::default()
    }
}

pub fn person(id: &str, unit: &str) -> pb::PrincipalRow {
    pb::PrincipalRow {
        id: id.to_owned(),
        name: "李伟".to_owned(),
        roles: vec!["handler".to_owned()],
        unit_ids: vec![unit.to_owned()],
        ..Default::default()
    }
}

pub fn area(region: &str, item: &str, unit: &str) -> pb::AreaRow {
    pb::AreaRow {
        region: region.to_owned(),
        item: item.to_owned(),
        unit_id: unit.to_owned(),
        ..pb::AreaRow::default()
    }
}

pub fn rule(name: &str, when: &str, unit: &str) -> pb::Rule {
    pb::Rule {
        id: name.to_owned(),
        name: format!("规则 {name}"),
        when: when.to_owned(),
        action: Some(pb::RuleAction {
            target: Some(pb::rule_action::Target::Unit(pb::UnitAction { unit_id: unit.to_owned() })),
            ..Default::default()
        }),
        ..Default::default()
    }
}

pub fn dispatched_to(decision: &pb::DecisionEvent) -> &str {
    match &decision.target {
        Some(pb::decision_event::Target::Dispatch(target)) => &target.unit_id,
        _ => "",
    }
}

pub fn pool_reason(decision: &pb::DecisionEvent) -> &str {
    match &decision.target {
        Some(pb::decision_event::Target::Pool(target)) => &target.reason,
        _ => "",
    }
}

/// Code, reason, and violations as `field: rule`.
pub fn refusal(status: &tonic::Status) -> (tonic::Code, String, Vec<String>) {
    use tonic_types::StatusExt as _;
    let details = status.get_error_details();
    let reason = details.error_info().map(|info| info.reason.clone()).unwrap_or_default();
    let violations = details.bad_request().map(|bad| bad.field_violations.clone()).unwrap_or_default();
    (
        status.code(),
        reason,
        violations.into_iter().map(|v| format!("{}: {}", v.field, v.description)).collect(),
    )
}
