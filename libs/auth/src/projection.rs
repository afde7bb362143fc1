//! `principal_changed` → table `principals` and the authenticator's memory.

use async_trait::async_trait;
use gongdan_bus::Event;
use gongdan_outbox::{ApplyError, Handler};
use gongdan_proto::routing::v1::{Principal, PrincipalEvent};
use prost::Message;
use sqlx::PgConnection;

use crate::{
    authenticator::Authenticator,
    principals::{tokens_of, upsert},
};

/// A projection of the latest state of each principal; its consumer is `latest_only` and may jump ahead.
#[derive(Clone)]
pub struct PrincipalProjection {
    authenticator: Authenticator,
}

impl PrincipalProjection {
    pub(crate) fn new(authenticator: Authenticator) -> Self {
        Self { authenticator }
    }
}

#[async_trait]
impl Handler for PrincipalProjection {
    async fn apply(&self, conn: &mut PgConnection, events: &[Event]) -> Result<(), ApplyError> {
        let mut principals = Vec::with_capacity(events.len());
        for event in events.iter().filter(|event| event.r#type == "principal_changed") {
            principals.push(decode(event)?);
        }
        if principals.is_empty() {
            return Ok(());
        }
        let ids: Vec<&str> = principals.iter().map(|p| p.id.as_str()).collect();
        let before = tokens_of(conn, &ids).await?;
        upsert(conn, &principals).await?;
        // Before the commit: should it fail, the events come again, and until then the memory only knows earlier
        // what the table will say. Tokens that moved away are forgotten first.
        self.authenticator.moved(&principals, &before);
        Ok(())
    }
}

fn decode(event: &Event) -> Result<Principal, ApplyError> {
    let poison = |reason: String| ApplyError::Poison { event_id: event.id, reason };
    let change = PrincipalEvent::decode(event.payload.clone()).map_err(|e| poison(e.to_string()))?;
    let principal = change.principal.ok_or_else(|| poison("the event names no principal".to_owned()))?;
    Ok(Principal { version: change.version, ..principal })
}
