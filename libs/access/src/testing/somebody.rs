//! A caller, as far as scopes go.

use crate::{policies::Policies, roles::Rights, scope::Scope};
use gongdan_auth::Actor;
use gongdan_proto::common::v1::PrincipalKind;
use gongdan_region::{RegionCode, Regions};
use std::sync::Arc;
use uuid::Uuid;

/// A caller.
#[derive(Debug, Clone)]
pub struct Somebody {
    /// Its id.
    pub id: String,
    /// What it is.
    pub roles: Vec<String>,
    /// `sensitive`, `personal`.
    pub rights: Vec<String>,
    /// Where it belongs to.
    pub units: Vec<String>,
    /// Region codes of what it may see.
    pub areas: Vec<&'static str>,
    /// Who it is, if a citizen.
    pub customer: Option<Uuid>,
}

impl Somebody {
    /// As services know it.
    ///
    /// # Panics
    /// When an area is no code.
    #[must_use]
    pub fn actor(&self) -> Actor {
        let range = |code: &&str| Regions::national().range(RegionCode::parse(code).expect("a code"));
        Actor {
            principal_id: self.id.clone(),
            name: self.id.clone(),
            kind: PrincipalKind::Person,
            roles: self.roles.clone(),
            unit_ids: self.units.clone(),
            regions: self.areas.iter().map(range).collect(),
            rights: self.rights.clone(),
            language: "en".into(),
            customer_id: self.customer,
        }
    }

    /// What services filter by.
    #[must_use]
    pub fn scope(&self, policies: &Policies, action: &str) -> Scope {
        let actor = self.actor();
        let table = policies.table(Rights::of(&actor), action);
        Scope::new(Arc::new(actor), table)
    }
}
