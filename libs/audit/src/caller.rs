//! Who calls, as far as an entry keeps it.

use gongdan_auth::{Actor, OnBehalfOf};
use gongdan_proto::common::v1::PrincipalKind;
use http::Extensions;

/// Who calls.
#[derive(Debug, Clone, Default)]
pub(crate) struct Caller {
    pub principal_id: String,
    pub kind: PrincipalKind,
    pub unit_ids: Vec<String>,
    pub on_behalf_of: String,
}

impl Caller {
    /// What the authentication door left in a request, or in the answer it refused with.
    pub(crate) fn of(extensions: &Extensions) -> Option<Self> {
        let actor = extensions.get::<Actor>()?;
        Some(Self {
            principal_id: actor.principal_id.clone(),
            kind: actor.kind,
            unit_ids: actor.unit_ids.clone(),
            on_behalf_of: on_behalf_of(extensions),
        })
    }

    /// The service itself, for its jobs.
    pub(crate) fn service(name: &str) -> Self {
        Self { principal_id: format!("service.{name}"), kind: PrincipalKind::Service, ..Self::default() }
    }
}

fn on_behalf_of(extensions: &Extensions) -> String {
    extensions.get::<OnBehalfOf>().map(|other| other.0.principal_id.clone()).unwrap_or_default()
}
