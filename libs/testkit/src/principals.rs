//! Callers for tests.

use gongdan_auth::LocalIssuer;
use gongdan_proto::{common::v1::PrincipalKind, routing::v1::Principal};

/// A caller; a person without roles, units or regions unless said otherwise.
#[derive(Debug, Clone)]
pub struct PrincipalSpec(pub(crate) Principal);

impl PrincipalSpec {
    /// A person; the token's subject is the id.
    #[must_use]
    pub fn new(id: &str) -> Self {
        Self(Principal {
            id: id.into(),
            issuer: LocalIssuer::ISSUER.into(),
            subject: id.into(),
            name: id.into(),
            kind: PrincipalKind::Person.into(),
            tier: 1,
            active: true,
            version: 1,
            language: "zh-CN".into(),
            ..Principal::default()
        })
    }

    /// One of the services, by its short name: `tickets` is `service.tickets`.
    #[must_use]
    pub fn service(name: &str) -> Self {
        let mut spec = Self::new(&format!("service.{name}")).role("service");
        spec.0.kind = PrincipalKind::Service.into();
        spec
    }

    /// What people read.
    #[must_use]
    pub fn name(mut self, name: &str) -> Self {
        self.0.name = name.into();
        self
    }

    /// Adds a role.
    #[must_use]
    pub fn role(mut self, role: &str) -> Self {
        self.0.roles.push(role.into());
        self
    }

    /// Adds a unit it belongs to.
    #[must_use]
    pub fn unit(mut self, unit: &str) -> Self {
        self.0.unit_ids.push(unit.into());
        self
    }

    /// Adds a region it may see.
    #[must_use]
    pub fn region(mut self, code: &str) -> Self {
        self.0.regions.push(code.into());
        self
    }

    /// Adds a right.
    #[must_use]
    pub fn right(mut self, right: &str) -> Self {
        self.0.rights.push(right.into());
        self
    }

    /// Makes it the citizen whose requests are those of this customer.
    #[must_use]
    pub fn citizen(mut self, customer_id: &str) -> Self {
        self.0.kind = PrincipalKind::Citizen.into();
        self.0.customer_id = customer_id.into();
        self.role("citizen")
    }

    /// Makes it one that was there and is not to be let in any more.
    #[must_use]
    pub fn inactive(mut self) -> Self {
        self.0.active = false;
        self
    }

    /// Where it is written to.
    #[must_use]
    pub fn email(mut self, address: &str) -> Self {
        self.0.email = address.into();
        self
    }

    /// What it is written to in: `zh-CN` or `en`.
    #[must_use]
    pub fn language(mut self, tag: &str) -> Self {
        self.0.language = tag.into();
        self
    }

    /// The message, as routing's events carry it.
    #[must_use]
    pub fn message(&self) -> Principal {
        self.0.clone()
    }
}

/// The roles of the administrator that `gongdan up` makes.
pub(crate) const ADMIN_ROLES: [&str; 6] =
    ["administrator", "dispatcher", "supervisor", "analyst", "auditor", "agent"];

/// The six services.
pub(crate) const SERVICES: [&str; 6] =
    ["tickets", "routing", "sla", "notifications", "callback", "reporting"];
