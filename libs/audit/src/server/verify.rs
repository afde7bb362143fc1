//! `AuditService.VerifyAuditChain`

use crate::verify::Walk;
use futures::{
    StreamExt as _,
    stream::{self, BoxStream},
};
use gongdan_errors::{Error, Violations};
use gongdan_proto::common::v1::{VerifyAuditChainRequest, VerifyAuditChainResponse};
use sqlx::PgPool;
use tonic::Status;

pub(super) async fn verify(
    pool: &PgPool,
    request: VerifyAuditChainRequest,
) -> Result<BoxStream<'static, Result<VerifyAuditChainResponse, Status>>, Error> {
    let VerifyAuditChainRequest { from, to } = request;
    let mut violations = Violations::new();
    if from < 0 {
        violations.add("from", "0 or more");
    }
    if to < 0 || (to > 0 && to < from) {
        violations.add("to", "0, or not before from");
    }
    violations.finish()?;
    let walk = Walk::begin(pool, from, to).await?;
    let steps = stream::unfold(Some(walk), |walk: Option<Walk>| async move {
        let mut walk = walk?;
        match walk.next().await {
            Ok(answer) => Some((Ok(answer?), Some(walk))),
            Err(error) => Some((Err(error.into()), None)),
        }
    });
    Ok(steps.boxed())
}
