//! A service that says whom it sees, before the real door and over real sockets; and an issuer for its callers.

use super::config;
use crate::{Listeners, ServerConfig, server::Server};
use gongdan_auth::{Actor, AuthChannel, AuthConfig, Authenticator, LocalIssuer, actor, on_behalf_of};
use gongdan_clock::{Clock, SystemClock};
use gongdan_proto::{
    common::v1::PrincipalKind,
    routing::v1::Principal,
    tickets::v1::{
        GetPriorityMatrixRequest, PriorityMatrix, SetPriorityMatrixRequest,
        priority_service_client::PriorityServiceClient,
        priority_service_server::{PriorityService, PriorityServiceServer},
    },
};
use serde_json::{Value, json};
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tempfile::TempDir;
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::{Request, Response, Status, metadata::MetadataMap};

/// Asks the next service while it serves.
pub(super) const RELAY: i32 = 1;
/// Asks the next service by work it leaves behind.
pub(super) const SPAWN: i32 = 2;

/// Says whom it sees, or whom the next one sees.
#[derive(Clone, Default)]
struct Mirror {
    next: Option<PriorityServiceClient<AuthChannel>>,
}

#[tonic::async_trait]
impl PriorityService for Mirror {
    async fn get_priority_matrix(
        &self,
        request: Request<GetPriorityMatrixRequest>,
    ) -> Result<Response<PriorityMatrix>, Status> {
        let next = self.next.clone();
        match (request.get_ref().r#type, next) {
            (RELAY, Some(mut next)) => {
                let (seen, ..) = next.get_priority_matrix(ask(0)).await?.into_parts();
                answer(seen)
            }
            (SPAWN, Some(mut next)) => {
                let left = tokio::spawn(async move { next.get_priority_matrix(ask(0)).await });
                let (seen, ..) = left.await.expect("it does not panic")?.into_parts();
                answer(seen)
            }
            _ => {
                assert!(request.remote_addr().is_some(), "each call says where it is from");
                let mut seen = MetadataMap::new();
                seen.insert("caller", actor(&request)?.principal_id.parse().expect("an id"));
                if let Some(Actor { principal_id, .. }) = on_behalf_of(&request) {
                    seen.insert("served", principal_id.parse().expect("an id"));
                }
                answer(seen)
            }
        }
    }

    async fn set_priority_matrix(
        &self,
        _: Request<SetPriorityMatrixRequest>,
    ) -> Result<Response<PriorityMatrix>, Status> {
        Err(Status::unimplemented("not asked here"))
    }
}

fn answer(seen: MetadataMap) -> Result<Response<PriorityMatrix>, Status> {
    let mut answer = Response::new(PriorityMatrix::default());
    for name in ["caller", "served"] {
        if let Some(value) = seen.get(name) {
            answer.metadata_mut().insert(name, value.clone());
        }
    }
    Ok(answer)
}

pub(super) fn ask(mood: i32) -> GetPriorityMatrixRequest {
    GetPriorityMatrixRequest { r#type: mood }
}

/// Whom the service that answered saw: who called, and whom that one served.
pub(super) fn seen(answer: &Response<PriorityMatrix>) -> (&str, Option<&str>) {
    let read = |name| answer.metadata().get(name).map(|value| value.to_str().unwrap());
    (read("caller").expect("the caller is seen"), read("served"))
}

/// An issuer in a directory; `li.wei` and the services are known.
pub(super) struct House {
    pub(super) directory: TempDir,
    pub(super) issuer: LocalIssuer,
    pub(super) auth: AuthConfig,
}

impl House {
    pub(super) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let issuer = LocalIssuer::create_or_load(directory.path(), Arc::new(SystemClock)).unwrap();
        let mut auth = issuer.auth_config();
        // There is no database to ask again.
        auth.principal_ttl = Duration::from_secs(3600);
        Self { directory, issuer, auth }
    }

    pub(super) async fn authenticator(&self) -> Authenticator {
        let pool = sqlx::PgPool::connect_lazy("postgres://nobody@127.0.0.1:1/none").unwrap();
        let authenticator = Authenticator::new(&self.auth, pool, Arc::new(SystemClock)).await.unwrap();
        for (index, issuer) in self.auth.issuers.iter().enumerate() {
            // A principal has one issuer; who has the same subject at another is somebody else.
            let suffix = if index == 0 { String::new() } else { format!("@{}", issuer.issuer) };
            let known = [
                ("li.wei", PrincipalKind::Person),
                ("service.tickets", PrincipalKind::Service),
                ("service.sla", PrincipalKind::Service),
            ];
            authenticator.changed(&known.map(|(subject, kind)| Principal {
                id: format!("{subject}{suffix}"),
                issuer: issuer.issuer.clone(),
                subject: subject.to_owned(),
                name: subject.to_owned(),
                kind: kind.into(),
                active: true,
                version: 1,
                ..Principal::default()
            }));
        }
        authenticator
    }

    pub(super) fn token(&self, subject: &str) -> String {
        self.issuer.mint(subject, Duration::from_secs(3600)).unwrap()
    }

    pub(super) fn claims(&self) -> Value {
        let now = SystemClock.now().as_second();
        json!({"iss": LocalIssuer::ISSUER, "sub": "li.wei", "aud": LocalIssuer::AUDIENCE, "exp": now + 600})
    }

    /// Serves a mirror; one that passes calls on when there is a next one.
    pub(super) async fn serve(&self, config: ServerConfig, next: Option<AuthChannel>) -> Serving {
        let listeners = Listeners::free().await.unwrap();
        let address = listeners.grpc_address().unwrap();
        let shutdown = CancellationToken::new();
        let mut server = Server::listen(&config, listeners, shutdown.clone()).await.unwrap();
        server.add(PriorityServiceServer::new(Mirror { next: next.map(PriorityServiceClient::new) }));
        let authenticator = self.authenticator().await;
        let readiness = server.readiness();
        let door = authenticator.layer();
        tokio::spawn(server.serve_behind(door));
        while readiness.waits_for().is_some() {
            tokio::task::yield_now().await;
        }
        Serving { address, _shutdown: shutdown.drop_guard() }
    }

    pub(super) async fn plain(&self) -> Serving {
        self.serve(config(), None).await
    }
}

/// A server that runs until this is dropped.
pub(super) struct Serving {
    pub(super) address: SocketAddr,
    _shutdown: DropGuard,
}
