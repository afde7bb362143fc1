//! The service with everything around it.

use crate::owners::Owner;
use gongdan_auth::AuthChannel;
use gongdan_bus::Event;
use gongdan_clock::{Clock as _, SystemClock, new_id};
use gongdan_proto::reporting::v1::{
    Dimension, GetReportRequest, Measures, Report, rebuild_service_client::RebuildServiceClient,
    report_service_client::ReportServiceClient,
};
use gongdan_reporting::{Config, DEFAULTS, NAME, run, schema};
use gongdan_testkit::{Env, PrincipalSpec, Served, eventually, eventually_some};
use std::collections::BTreeMap;
use tonic::Status;

pub struct Suite {
    pub env: Env,
    served: Served,
    pub owners: BTreeMap<&'static str, Owner>,
}

impl Suite {
    pub async fn start() -> Self {
        let env = Env::start(schema()).await;
        let mut owners = BTreeMap::new();
        let mut overrides = format!("[peers]\ntoken_file = {:?}\n[peers.addresses]\n", env.token_file(NAME));
        for name in ["tickets", "sla", "callback", "routing"] {
            let owner = Owner::start().await;
            overrides.push_str(&format!("{name} = {:?}\n", owner.address));
            owners.insert(name, owner);
        }
        overrides.push_str("[rebuild]\nnote_every = \"20ms\"\npause = \"50ms\"\n");
        let config: Config = env.config_with(DEFAULTS, &overrides);
        let served = env.serve(|listeners, shutdown| run(config, listeners, shutdown)).await;
        Self { env, served, owners }
    }

    /// To the bus and into the owner's log.
    pub async fn tell(&self, events: &[Event]) {
        for event in events {
            self.owners[event.source.as_str()].add(event);
            self.env.publish(event).await;
        }
    }

    /// To the bus alone, as another message: the bus would drop the same one.
    pub async fn repeat(&self, events: &[Event]) {
        for event in events {
            self.env.publish(&Event { id: new_id(SystemClock.now()), ..event.clone() }).await;
        }
    }

    pub fn reports(&self) -> ReportServiceClient<AuthChannel> {
        ReportServiceClient::new(self.env.channel(&self.served, "admin"))
    }

    pub fn rebuilds(&self) -> RebuildServiceClient<AuthChannel> {
        RebuildServiceClient::new(self.env.channel(&self.served, "admin"))
    }

    pub async fn report_as(&self, spec: PrincipalSpec, request: GetReportRequest) -> Result<Report, Status> {
        let id = spec.message().id;
        self.env.principal(spec).await;
        let mut client = ReportServiceClient::new(self.env.channel(&self.served, &id));
        client.get_report(request).await.map(tonic::Response::into_inner)
    }

    pub async fn report(&self, request: GetReportRequest) -> Report {
        // A machine that is busy with other tests may be out of connections for a moment.
        eventually_some("a report", async || match self.reports().get_report(request.clone()).await {
            Ok(report) => Some(report.into_inner()),
            Err(status) if status.code() == tonic::Code::Unavailable => None,
            Err(status) => panic!("{status}"),
        })
        .await
    }

    /// Measures by key.
    pub async fn rows(&self, request: GetReportRequest) -> BTreeMap<String, Measures> {
        let rows = self.report(request).await.rows;
        rows.into_iter().map(|row| (row.key, row.measures.unwrap())).collect()
    }

    pub async fn total(&self) -> Measures {
        self.report(by(Dimension::Month)).await.total.unwrap()
    }

    /// Waits until the whole of all counts fulfils the condition.
    pub async fn settled(&self, what: &str, condition: impl Fn(&Measures) -> bool) {
        eventually(what, async || condition(&self.total().await)).await;
    }
}

pub fn by(dimension: Dimension) -> GetReportRequest {
    GetReportRequest { dimension: dimension.into(), ..GetReportRequest::default() }
}
