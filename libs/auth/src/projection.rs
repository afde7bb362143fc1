//! `principal_changed` → table `principals` and the authenticator's memory.

use async_trait::async_trait;
use gongdan_outbox::{ApplyError, Event, Handler};
use gongdan_proto::routing::v1::{Principal, PrincipalEvent};
use sqlx::PgConnection;

use crate::{authenticator::Authenticator, principals::upsert};

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
    async fn apply(&self, connection: &mut PgConnection, events: &[Event]) -> Result<(), ApplyError> {
        let principals = changed(events).collect::<Result<Vec<_>, _>>()?;
        Ok(upsert(connection, &principals).await?)
    }

    async fn committed(&self, events: &[Event]) {
        let principals: Vec<_> = changed(events).filter_map(Result::ok).collect();
        self.authenticator.changed(&principals);
    }
}

fn changed(events: &[Event]) -> impl Iterator<Item = Result<Principal, ApplyError>> {
    events.iter().filter(|event| event.kind == "principal_changed").map(|event| {
        let change: PrincipalEvent = event.decode().map_err(|e| ApplyError::undecodable(event, &e))?;
        let principal = change.principal.ok_or_else(|| ApplyError::poison(event, "it names no principal"))?;
        Ok(Principal { version: change.version, ..principal })
    })
}
