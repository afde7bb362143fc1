//! The caller of an RPC.

use gongdan_errors::{Error, Reason};
use gongdan_proto::common::v1::{ActorRef, PrincipalKind};
use gongdan_region::{RegionCode, RegionRange};
use uuid::Uuid;

/// The roles routing gives to principals. Source: `gongdan.routing.v1.Principal.roles`.
pub mod role {
    /// A citizen, for their own tickets.
    pub const CITIZEN: &str = "citizen";
    /// Intake and callback.
    pub const AGENT: &str = "agent";
    /// Works on tickets of a unit.
    pub const HANDLER: &str = "handler";
    /// Leads a unit.
    pub const UNIT_LEADER: &str = "unit_leader";
    /// Gives tickets to units.
    pub const DISPATCHER: &str = "dispatcher";
    /// Reviews and reads the logs.
    pub const AUDITOR: &str = "auditor";
    /// Supervises units.
    pub const SUPERVISOR: &str = "supervisor";
    /// Reads reports.
    pub const ANALYST: &str = "analyst";
    /// Configures everything.
    pub const ADMINISTRATOR: &str = "administrator";
    /// A service or another system.
    pub const SERVICE: &str = "service";
}

/// A caller as routing last described it.
#[derive(Debug, Clone, PartialEq)]
pub struct Actor {
    /// For example `li.wei`, `service.routing`.
    pub principal_id: String,
    /// What people read.
    pub name: String,
    /// What kind of caller.
    pub kind: PrincipalKind,
    /// Of [`role`].
    pub roles: Vec<String>,
    /// Units it belongs to.
    pub unit_ids: Vec<String>,
    /// Areas it may see, each a whole subtree.
    pub regions: Vec<RegionRange>,
    /// `sensitive`, `personal`.
    pub rights: Vec<String>,
    /// `zh-CN` or `en`.
    pub language: String,
    /// Of a citizen: the customer whose requests are theirs.
    pub customer_id: Option<Uuid>,
}

impl Actor {
    /// Whether it has the role; one of [`role`].
    #[must_use]
    pub fn has_role(&self, role: &str) -> bool {
        self.roles.iter().any(|r| r == role)
    }

    /// Whether it has at least one of the roles.
    #[must_use]
    pub fn has_any_role(&self, roles: &[&str]) -> bool {
        roles.iter().any(|role| self.has_role(role))
    }

    /// Whether it has the right: `sensitive` or `personal`.
    #[must_use]
    pub fn has_right(&self, right: &str) -> bool {
        self.rights.iter().any(|r| r == right)
    }

    /// Whether it belongs to the unit.
    #[must_use]
    pub fn is_member(&self, unit_id: &str) -> bool {
        self.unit_ids.iter().any(|u| u == unit_id)
    }

    /// Whether it is a program: one of the six services or another system.
    #[must_use]
    pub fn is_service(&self) -> bool {
        self.kind == PrincipalKind::Service
    }

    /// Whether the area is one it may see.
    #[must_use]
    pub fn sees_region(&self, region: RegionCode) -> bool {
        self.regions.iter().any(|range| range.contains(region))
    }

    /// How events and timelines keep it.
    #[must_use]
    pub fn to_ref(&self) -> ActorRef {
        ActorRef {
            id: self.principal_id.clone(),
            name: self.name.clone(),
            kind: self.kind.into(),
            unit_ids: self.unit_ids.clone(),
        }
    }

    /// Refuses a caller that has none of the roles.
    ///
    /// # Errors
    /// PERMISSION_DENIED.
    pub fn require_any_role(&self, roles: &[&str]) -> Result<(), Error> {
        if self.has_any_role(roles) {
            return Ok(());
        }
        Err(Error::permission_denied(Reason::PermissionDenied, "the caller has none of the roles this needs")
            .with("roles", roles.join(",")))
    }
}

/// The caller of a request, as the auth layer found it.
///
/// # Errors
/// UNAUTHENTICATED when the request did not pass through [`crate::AuthLayer`].
pub fn actor<T>(request: &tonic::Request<T>) -> Result<Actor, Error> {
    request.extensions().get::<Actor>().cloned().ok_or_else(no_caller)
}

/// For the services that every service serves beside its own: lets in callers that have one of the roles.
#[must_use]
pub fn guard(roles: &'static [&'static str]) -> gongdan_outbox::Guard {
    gongdan_outbox::Guard::new(move |extensions| {
        let actor = extensions.get::<Actor>().ok_or_else(no_caller)?;
        actor.require_any_role(roles)?;
        Ok(actor.principal_id.clone())
    })
}

fn no_caller() -> Error {
    Error::unauthenticated(Reason::CredentialsRefused, "the call carries no bearer token")
}
