//! `AuditService`: the log for auditors.

mod export;
mod filter;
mod list;
mod verify;

use futures::stream::BoxStream;
use gongdan_outbox::Guard;
use gongdan_proto::common::v1::{
    ExportAuditEntriesRequest, ExportAuditEntriesResponse, ListAuditEntriesRequest, ListAuditEntriesResponse,
    VerifyAuditChainRequest, VerifyAuditChainResponse,
    audit_service_server::{AuditService, AuditServiceServer},
};
use sqlx::PgPool;
use tonic::{Request, Response, Status};

/// Serves the audit log of a service.
#[derive(Debug, Clone)]
pub struct AuditServer {
    pool: PgPool,
    guard: Guard,
}

impl AuditServer {
    pub(crate) fn new(pool: PgPool, guard: Guard) -> AuditServiceServer<Self> {
        AuditServiceServer::new(Self { pool, guard })
    }
}

#[tonic::async_trait]
impl AuditService for AuditServer {
    type ExportAuditEntriesStream = BoxStream<'static, Result<ExportAuditEntriesResponse, Status>>;
    type VerifyAuditChainStream = BoxStream<'static, Result<VerifyAuditChainResponse, Status>>;

    async fn list_audit_entries(
        &self,
        request: Request<ListAuditEntriesRequest>,
    ) -> Result<Response<ListAuditEntriesResponse>, Status> {
        self.guard.check(request.extensions())?;
        Ok(Response::new(list::list(&self.pool, request.into_inner()).await?))
    }

    async fn export_audit_entries(
        &self,
        request: Request<ExportAuditEntriesRequest>,
    ) -> Result<Response<Self::ExportAuditEntriesStream>, Status> {
        self.guard.check(request.extensions())?;
        Ok(Response::new(export::export(self.pool.clone(), request.into_inner())?))
    }

    async fn verify_audit_chain(
        &self,
        request: Request<VerifyAuditChainRequest>,
    ) -> Result<Response<Self::VerifyAuditChainStream>, Status> {
        self.guard.check(request.extensions())?;
        Ok(Response::new(verify::verify(&self.pool, request.into_inner()).await?))
    }
}
