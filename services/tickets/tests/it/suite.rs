//! What these tests arrange with.

use gongdan_auth::AuthChannel;
use gongdan_bus::{Event, Origin, subject};
use gongdan_clock::{Clock as _, ManualClock, SharedClock, SystemClock, new_id, stable_id};
use gongdan_proto::{
    callback::v1::{self as callback, callback_event},
    routing::v1::{self as routing, decision_event},
    tickets::v1::{
        self as pb, catalogue_service_client::CatalogueServiceClient,
        customer_service_client::CustomerServiceClient, link_service_client::LinkServiceClient,
        priority_service_client::PriorityServiceClient, privacy_service_client::PrivacyServiceClient,
        search_service_client::SearchServiceClient, ticket_service_client::TicketServiceClient,
        timeline_service_client::TimelineServiceClient,
    },
    to_timestamp,
};
use gongdan_region::RegionCode;
use gongdan_testkit::{Env, PrincipalSpec, Served, eventually};
use prost::Message as _;
use std::sync::Arc;
use tonic::Status;
use tonic_types::StatusExt as _;
use uuid::Uuid;

pub const REGION: &str = "440106000000";

/// For tests of many calls at once, not of anybody's share of the server.
pub const NO_SHARES: &str = "[server.limits.person]\nrate = 0\nburst = 0\ncalls = 0\nstreams = 64\n";

pub struct Suite {
    pub env: Env,
    pub service: Served,
    pub clock: SharedClock,
}

impl Suite {
    pub async fn start() -> Self {
        Self::start_with("", Arc::new(SystemClock)).await
    }

    /// With a clock that the test moves.
    pub async fn start_at(clock: &ManualClock) -> Self {
        Self::start_with("", Arc::new(clock.clone())).await
    }

    pub async fn start_with(overrides: &str, clock: SharedClock) -> Self {
        Self::start_for(|_| overrides.to_owned(), clock).await
    }

    /// With configuration that names files of the environment.
    pub async fn start_for(overrides: impl FnOnce(&Env) -> String, clock: SharedClock) -> Self {
        let env = Env::start(gongdan_tickets::schema()).await;
        for (name, unit, role) in [
            ("li.wei", "tianhe-env", "handler"),
            ("wang.fang", "yuexiu-env", "handler"),
            ("chen.jing", "centre", "dispatcher"),
            ("zhao.min", "centre", "agent"),
        ] {
            let desk = PrincipalSpec::new(name).unit(unit).role(role);
            let desk =
                if unit == "centre" { desk.region("44").region("43").right("sensitive") } else { desk };
            env.principal(desk).await;
        }
        let service = serve(&env, &overrides(&env), clock.clone()).await;
        let suite = Self { env, service, clock };
        for unit in ["tianhe-env", "yuexiu-env", "centre"] {
            suite.unit(unit).await;
        }
        eventually("the units are known", async || suite.count("units").await == 3).await;
        suite
    }

    pub fn tickets(&self, principal: &str) -> TicketServiceClient<AuthChannel> {
        TicketServiceClient::new(self.env.channel(&self.service, principal))
    }

    pub fn timelines(&self, principal: &str) -> TimelineServiceClient<AuthChannel> {
        TimelineServiceClient::new(self.env.channel(&self.service, principal))
    }

    pub fn customers(&self, principal: &str) -> CustomerServiceClient<AuthChannel> {
        CustomerServiceClient::new(self.env.channel(&self.service, principal))
    }

    pub fn links(&self, principal: &str) -> LinkServiceClient<AuthChannel> {
        LinkServiceClient::new(self.env.channel(&self.service, principal))
    }

    pub fn search(&self, principal: &str) -> SearchServiceClient<AuthChannel> {
        SearchServiceClient::new(self.env.channel(&self.service, principal))
    }

    pub fn privacy(&self, principal: &str) -> PrivacyServiceClient<AuthChannel> {
        PrivacyServiceClient::new(self.env.channel(&self.service, principal))
    }

    pub fn queues(&self, principal: &str) -> pb::queue_service_client::QueueServiceClient<AuthChannel> {
        pb::queue_service_client::QueueServiceClient::new(self.env.channel(&self.service, principal))
    }

    pub fn drafts(&self, principal: &str) -> pb::draft_service_client::DraftServiceClient<AuthChannel> {
        pb::draft_service_client::DraftServiceClient::new(self.env.channel(&self.service, principal))
    }

    pub fn bulks(&self, principal: &str) -> pb::bulk_service_client::BulkServiceClient<AuthChannel> {
        pb::bulk_service_client::BulkServiceClient::new(self.env.channel(&self.service, principal))
    }

    pub fn catalogue(&self, principal: &str) -> CatalogueServiceClient<AuthChannel> {
        CatalogueServiceClient::new(self.env.channel(&self.service, principal))
    }

    pub fn priorities(&self, principal: &str) -> PriorityServiceClient<AuthChannel> {
        PriorityServiceClient::new(self.env.channel(&self.service, principal))
    }

    /// Taken down by an agent as it says.
    pub async fn created(&self, request: pb::CreateTicketRequest) -> pb::Ticket {
        self.tickets("zhao.min").create_ticket(request).await.unwrap().into_inner()
    }

    /// Submitted by an agent.
    pub async fn submitted(&self) -> pb::Ticket {
        self.tickets("zhao.min").create_ticket(complaint()).await.unwrap().into_inner()
    }

    /// Submitted and dispatched by a dispatcher.
    pub async fn dispatched(&self, unit: &str) -> pb::Ticket {
        let ticket = self.submitted().await;
        self.tickets("chen.jing").dispatch_ticket(dispatch(&ticket, unit)).await.unwrap().into_inner()
    }

    /// In progress at `tianhe-env`, with `li.wei`.
    pub async fn accepted(&self) -> pb::Ticket {
        let ticket = self.dispatched("tianhe-env").await;
        self.tickets("li.wei").accept_ticket(accept(&ticket)).await.unwrap().into_inner()
    }

    /// Resolved by `li.wei`.
    pub async fn resolved(&self) -> pb::Ticket {
        let ticket = self.accepted().await;
        self.tickets("li.wei").resolve_ticket(resolve(&ticket)).await.unwrap().into_inner()
    }

    pub async fn get(&self, id: &str) -> pb::Ticket {
        let request = pb::GetTicketRequest { ticket: id.to_owned(), in_clear: false };
        self.tickets("admin").get_ticket(request).await.unwrap().into_inner()
    }

    pub async fn timeline(&self, id: &str) -> Vec<pb::TicketEvent> {
        let request = pb::ListTimelineRequest { ticket: id.to_owned(), ..Default::default() };
        self.tickets("admin").list_timeline(request).await.unwrap().into_inner().entries
    }

    /// Names of a ticket's events, oldest first.
    pub async fn changes(&self, id: &str) -> Vec<&'static str> {
        self.timeline(id).await.iter().map(|entry| name(entry.change.as_ref().unwrap())).collect()
    }

    /// routing tells of a unit.
    async fn unit(&self, id: &str) {
        let now = self.clock.now();
        let unit = routing::Unit {
            id: id.to_owned(),
            name: id.to_owned(),
            kind: routing::UnitKind::Unit.into(),
            region: REGION.to_owned(),
            version: 1,
            ..Default::default()
        };
        let change = routing::UnitEvent {
            version: 1,
            occurred_at: Some(to_timestamp(now)),
            recorded_at: Some(to_timestamp(now)),
            unit: Some(unit),
        };
        let aggregate = stable_id("unit", id);
        self.publish("routing", "unit_changed", aggregate, 1, change.encode_to_vec()).await;
    }

    /// routing marks a pending ticket as sensitive and leaves it to a dispatcher.
    pub async fn marked_sensitive(&self, ticket: &pb::Ticket) {
        let (id, now) = (new_id(self.clock.now()), self.clock.now());
        let decision = routing::DecisionEvent {
            decision_id: id.to_string(),
            version: 1,
            occurred_at: Some(to_timestamp(now)),
            recorded_at: Some(to_timestamp(now)),
            origin: 1,
            ticket_id: ticket.id.clone(),
            ticket_version: ticket.version,
            region: ticket.region.clone(),
            target: Some(decision_event::Target::Pool(routing::PoolTarget {
                reason: "sensitive".to_owned(),
                ..Default::default()
            })),
            mark_sensitive: true,
            ..Default::default()
        };
        self.publish("routing", "decided", id, 1, decision.encode_to_vec()).await;
        eventually("it is sensitive", async || self.get_seen_by_dispatcher(&ticket.id).await.sensitive).await;
    }

    async fn get_seen_by_dispatcher(&self, id: &str) -> pb::Ticket {
        let request = pb::GetTicketRequest { ticket: id.to_owned(), in_clear: false };
        self.tickets("chen.jing").get_ticket(request).await.unwrap().into_inner()
    }

    /// routing decides for a version of a ticket; `version` is the decision's own.
    pub async fn decided(&self, id: Uuid, version: i64, ticket: &pb::Ticket, target: decision_event::Target) {
        self.handed_over(id, version, ticket, target, None).await;
    }

    /// The same, where somebody hands it over.
    pub async fn handed_over(
        &self,
        id: Uuid,
        version: i64,
        ticket: &pb::Ticket,
        target: decision_event::Target,
        handover: Option<routing::Handover>,
    ) {
        let now = self.clock.now();
        let decision = routing::DecisionEvent {
            decision_id: id.to_string(),
            version,
            occurred_at: Some(to_timestamp(now)),
            recorded_at: Some(to_timestamp(now)),
            origin: 1,
            ticket_id: ticket.id.clone(),
            ticket_version: ticket.version,
            region: ticket.region.clone(),
            target: Some(target),
            handover,
            ..Default::default()
        };
        self.publish("routing", "decided", id, version, decision.encode_to_vec()).await;
    }

    /// callback tells of a task.
    pub async fn callback(&self, task: &callback::CallbackTask, kind: &str, change: callback_event::Change) {
        let now = self.clock.now();
        let event = callback::CallbackEvent {
            task_id: task.id.clone(),
            version: task.version,
            occurred_at: Some(to_timestamp(now)),
            recorded_at: Some(to_timestamp(now)),
            origin: 1,
            state: Some(task.clone()),
            change: Some(change),
            ..Default::default()
        };
        let id = task.id.parse().unwrap();
        self.publish("callback", kind, id, task.version, event.encode_to_vec()).await;
    }

    pub async fn publish(
        &self,
        source: &str,
        kind: &str,
        aggregate_id: Uuid,
        version: i64,
        payload: Vec<u8>,
    ) {
        let now = self.clock.now();
        let event = Event {
            id: new_id(now),
            source: source.to_owned(),
            kind: kind.to_owned(),
            aggregate_id,
            version,
            occurred_at: now,
            recorded_at: now,
            origin: Origin::Live,
            subject: subject(source, kind, RegionCode::parse(REGION).unwrap(), aggregate_id),
            traceparent: None,
            payload: payload.into(),
        };
        self.env.publish(&event).await;
    }

    /// How many rows a table has.
    pub async fn count(&self, table: &'static str) -> i64 {
        let sql = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
        sqlx::query_scalar(sql).fetch_one(self.env.pool()).await.unwrap()
    }
}

/// The service on free ports, with keys of the test's own.
pub async fn serve(env: &Env, overrides: &str, clock: SharedClock) -> Served {
    let keys = env.dir().join("contacts.keys");
    gongdan_tickets::create_key_file(&keys).unwrap();
    let overrides = format!("[contacts]\nkey_file = {:?}\n{overrides}", keys.display().to_string());
    let store = format!("store = \"file://{}\"", env.dir().join("attachments").display());
    let defaults = gongdan_tickets::DEFAULTS.replace("store = \"\"", &store);
    let config = env.config_with(&defaults, &overrides);
    env.serve(|listeners, shutdown| gongdan_tickets::run_at(config, listeners, clock, shutdown)).await
}

/// Another replica of the same service, with the keys that are there.
pub async fn serve_again(env: &Env, clock: SharedClock) -> Served {
    let keys = env.dir().join("contacts.keys");
    let overrides = format!("[contacts]\nkey_file = {:?}\n", keys.display().to_string());
    let config = env.config_with(gongdan_tickets::DEFAULTS, &overrides);
    env.serve(|listeners, shutdown| gongdan_tickets::run_at(config, listeners, clock, shutdown)).await
}

pub fn id() -> String {
    new_id(SystemClock.now()).to_string()
}

pub fn complaint() -> pb::CreateTicketRequest {
    pb::CreateTicketRequest {
        request_id: id(),
        r#type: pb::TicketType::Complaint.into(),
        subject: "夜间施工噪音".to_owned(),
        body: "楼下工地凌晨仍在施工，请回电13800001234。".to_owned(),
        region: "440106".to_owned(),
        channel: pb::Channel::Phone.into(),
        ..Default::default()
    }
}

pub fn with_phone(phone: &str) -> pb::CreateTicketRequest {
    let contact =
        pb::ContactInput { phone: phone.to_owned(), name: "张三".to_owned(), ..Default::default() };
    pb::CreateTicketRequest { contact: Some(contact), ..complaint() }
}

pub fn dispatch(ticket: &pb::Ticket, unit: &str) -> pb::DispatchTicketRequest {
    pb::DispatchTicketRequest {
        request_id: id(),
        ticket: ticket.id.clone(),
        unit_id: unit.to_owned(),
        ..Default::default()
    }
}

pub fn accept(ticket: &pb::Ticket) -> pb::AcceptTicketRequest {
    pb::AcceptTicketRequest { request_id: id(), ticket: ticket.id.clone(), etag: String::new() }
}

pub fn claim(ticket: &pb::Ticket) -> pb::ClaimTicketRequest {
    pb::ClaimTicketRequest { request_id: id(), ticket: ticket.id.clone(), etag: String::new() }
}

pub fn give_back(ticket: &pb::Ticket) -> pb::ReturnTicketRequest {
    let reason = "不属于本部门职责".to_owned();
    let ticket = ticket.id.clone();
    pb::ReturnTicketRequest { request_id: id(), ticket, etag: String::new(), reason, to_pool: false }
}

pub fn transfer(ticket: &pb::Ticket, unit: &str) -> pb::TransferTicketRequest {
    pb::TransferTicketRequest {
        request_id: id(),
        ticket: ticket.id.clone(),
        unit_id: unit.to_owned(),
        reason: "属地管理".to_owned(),
        ..Default::default()
    }
}

pub fn resolve(ticket: &pb::Ticket) -> pb::ResolveTicketRequest {
    pb::ResolveTicketRequest {
        request_id: id(),
        ticket: ticket.id.clone(),
        outcome: pb::Outcome::Solved.into(),
        solution: "责令停工".to_owned(),
        root_cause: "未办理夜间施工许可".to_owned(),
        reply: "您好，已责令停工。".to_owned(),
        ..Default::default()
    }
}

pub fn reopen(ticket: &pb::Ticket, same_unit: bool) -> pb::ReopenTicketRequest {
    let reason = "噪音依旧".to_owned();
    pb::ReopenTicketRequest {
        request_id: id(),
        ticket: ticket.id.clone(),
        etag: String::new(),
        reason,
        same_unit,
    }
}

pub fn cancel(ticket: &pb::Ticket) -> pb::CancelTicketRequest {
    let reason = "市民撤回".to_owned();
    pb::CancelTicketRequest { request_id: id(), ticket: ticket.id.clone(), etag: String::new(), reason }
}

pub fn urge(ticket: &pb::Ticket) -> pb::UrgeTicketRequest {
    let note = "还没人来".to_owned();
    pb::UrgeTicketRequest { request_id: id(), ticket: ticket.id.clone(), etag: String::new(), note }
}

pub fn past(external_id: &str) -> pb::RecordPastTicketRequest {
    pb::RecordPastTicketRequest {
        external_source: "messages".to_owned(),
        external_id: external_id.to_owned(),
        r#type: pb::TicketType::Complaint.into(),
        subject: "物业管理有问题".to_owned(),
        body: "物业公司扬言要退出小区。".to_owned(),
        region: "430100".to_owned(),
        channel: pb::Channel::Web.into(),
        received_at: Some(instant("2019-04-25T01:32:09Z")),
        reply: "情况已收悉，现答复如下。".to_owned(),
        replied_at: Some(instant("2019-05-10T06:56:53Z")),
        customer_key: "A00045581".to_owned(),
        ..Default::default()
    }
}

pub fn task(ticket: &pb::Ticket, version: i64) -> callback::CallbackTask {
    callback::CallbackTask {
        id: stable_id("test-task", &format!("{}/{}", ticket.id, ticket.round)).to_string(),
        ticket_id: ticket.id.clone(),
        round: ticket.round,
        version,
        ..Default::default()
    }
}

pub fn instant(text: &str) -> prost_types::Timestamp {
    to_timestamp(text.parse().unwrap())
}

/// `ErrorInfo.reason`.
pub fn reason(status: &Status) -> String {
    status.get_error_details().error_info().map(|info| info.reason.clone()).unwrap_or_default()
}

/// Fields that are refused.
pub fn fields(status: &Status) -> Vec<String> {
    let details = status.get_error_details();
    let violations = details.bad_request().map(|bad| bad.field_violations.clone()).unwrap_or_default();
    violations.into_iter().map(|violation| violation.field).collect()
}

/// The change as the contract calls its field.
pub fn name(change: &pb::ticket_event::Change) -> &'static str {
    let debug = format!("{change:?}");
    let variant = debug.split('(').next().unwrap_or_default();
    let mut name = String::new();
    for c in variant.chars() {
        if c.is_ascii_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(c.to_ascii_lowercase());
    }
    name.leak()
}
