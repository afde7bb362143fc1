//! A server of nothing but its own audit log, and callers of it.

use gongdan_access::{Access, Policies};
use gongdan_audit::{Audit, AuditConfig};
use gongdan_auth::{AuthChannel, Authenticator, TokenSource};
use gongdan_pg::Schema;
use gongdan_proto::common::v1::{
    AuditEntry, AuditFilter, AuditStage, ChainedAuditEntry, ListAuditEntriesRequest, VerifyAuditChainRequest,
    VerifyAuditChainResponse, audit_service_client::AuditServiceClient,
};
use gongdan_runtime::{CommonConfig, Listeners, Server};
use gongdan_testkit::{Env, PrincipalSpec, eventually};
use sqlx::PgPool;
use std::{sync::Arc, time::Duration};
use tokio_stream::StreamExt as _;
use tokio_util::sync::CancellationToken;
use tonic::{Code, Request};

pub const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
pub const LIST: &str = "gongdan.common.v1.AuditService/ListAuditEntries";

pub struct Suite {
    pub env: Arc<Env>,
    pub audit: Audit,
    pub grpc: String,
    stop: CancellationToken,
}

pub fn schema() -> Schema {
    Schema::new(&[
        &gongdan_pg::MIGRATOR,
        &gongdan_outbox::MIGRATOR,
        &gongdan_auth::MIGRATOR,
        &gongdan_audit::MIGRATOR,
    ])
}

/// Written soon, so that tests need not wait.
pub fn quick() -> AuditConfig {
    AuditConfig { flush_interval: Duration::from_millis(5), ..AuditConfig::default() }
}

impl Suite {
    pub async fn start() -> Self {
        Self::start_with(quick()).await
    }

    pub async fn start_with(config: AuditConfig) -> Self {
        let env = Env::start(schema()).await;
        env.principal(PrincipalSpec::new("li.wei").role("handler").unit("tianhe-env")).await;
        Self::over(Arc::new(env), config).await
    }

    /// Another server over the same log.
    pub async fn replica(&self) -> Self {
        Self::over(self.env.clone(), quick()).await
    }

    async fn is_serving(&self) -> bool {
        let Ok(mut bare) = AuditServiceClient::connect(self.grpc.clone()).await else { return false };
        let refused = bare.list_audit_entries(ListAuditEntriesRequest::default()).await;
        refused.is_err_and(|status| status.code() == Code::Unauthenticated)
    }

    async fn over(env: Arc<Env>, config: AuditConfig) -> Self {
        let audit = Audit::start(env.pool().clone(), "tickets", env.clock(), config);
        let issuer = env.issuer().auth_config();
        let authenticator = Authenticator::new(&issuer, env.pool().clone(), env.clock()).await.unwrap();
        let listeners = Listeners::free().await.unwrap();
        let grpc = format!("http://{}", listeners.grpc_address().unwrap());
        let stop = CancellationToken::new();
        let common: CommonConfig = env.config("");
        let mut server = Server::listen(&common.server, listeners, stop.clone()).await.unwrap();
        server.add(audit.server(gongdan_access::guard()));
        let looked = audit.clone();
        let access = Access::new(Policies::shipped().unwrap());
        tokio::spawn(async move { server.serve(authenticator, &access, &looked).await });
        let suite = Self { env, audit, grpc, stop };
        // What comes without a credential is refused, and leaves no entry.
        eventually("the server serves", async || suite.is_serving().await).await;
        suite
    }

    pub fn pool(&self) -> &PgPool {
        self.env.pool()
    }

    pub fn client(&self, principal: &str) -> AuditServiceClient<AuthChannel> {
        let token = TokenSource::fixed(self.env.token(principal).into());
        AuditServiceClient::new(AuthChannel::lazy(&self.grpc, Duration::from_secs(30), token).unwrap())
    }

    /// A call that is traced and leaves an entry.
    pub async fn list(&self, principal: &str) -> Result<Vec<ChainedAuditEntry>, tonic::Status> {
        let mut request = Request::new(ListAuditEntriesRequest { page_size: 10, ..Default::default() });
        let parent = format!("00-{TRACE}-00f067aa0ba902b7-01");
        request.metadata_mut().insert("traceparent", parent.parse().unwrap());
        Ok(self.client(principal).list_audit_entries(request).await?.into_inner().entries)
    }

    /// Entries that pass a filter, newest first.
    pub async fn find(&self, filter: AuditFilter) -> Vec<AuditEntry> {
        let request = ListAuditEntriesRequest { filter: Some(filter), page_size: 500, ..Default::default() };
        let found = self.client("admin").list_audit_entries(request).await.unwrap().into_inner().entries;
        found.into_iter().map(|found| found.entry.unwrap()).collect()
    }

    /// Makes calls until there are at least so many entries; answers the number of the last.
    pub async fn filled(&self, entries: i64) -> i64 {
        eventually("there are entries", async || {
            self.list("admin").await.unwrap();
            self.head().await >= entries
        })
        .await;
        self.quiet().await
    }

    /// Waits until nothing is being written; answers the number of the last entry.
    pub async fn quiet(&self) -> i64 {
        let mut last = -1;
        eventually("nothing is being written", async || {
            tokio::time::sleep(Duration::from_millis(60)).await;
            let head = self.head().await;
            std::mem::replace(&mut last, head) == head
        })
        .await;
        last
    }

    pub async fn head(&self) -> i64 {
        sqlx::query_scalar("SELECT number FROM audit.head").fetch_one(self.pool()).await.unwrap()
    }

    /// The last answer of a verification.
    pub async fn verify(&self, from: i64, to: i64) -> VerifyAuditChainResponse {
        let request = VerifyAuditChainRequest { from, to };
        let mut answers = self.client("admin").verify_audit_chain(request).await.unwrap().into_inner();
        let mut last = None;
        while let Some(answer) = answers.next().await {
            last = Some(answer.unwrap());
        }
        let last = last.expect("an answer");
        assert!(last.done, "{last:?}");
        last
    }

    /// Does this as a superuser to whom no trigger applies.
    pub async fn tamper(&self, sql: &'static str, number: i64) {
        let mut connection = self.pool().acquire().await.unwrap().detach();
        sqlx::query("SET session_replication_role = replica").execute(&mut connection).await.unwrap();
        let done = sqlx::query(sql).bind(number).execute(&mut connection).await.unwrap();
        assert!(done.rows_affected() > 0, "{sql}");
    }
}

impl Drop for Suite {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

pub fn of_method(method: &str) -> AuditFilter {
    AuditFilter { methods: vec![method.to_owned()], ..Default::default() }
}

pub fn is_call(entry: &AuditEntry) -> bool {
    entry.stage() == AuditStage::Call
}
