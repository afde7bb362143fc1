//! Who calls: each kind of caller a suite knows, and some it does not.

use anyhow::{Context as _, Result};
use gongdan_auth::{LocalIssuer, role};
use gongdan_clock::SystemClock;
use gongdan_e2e::{organisation, suite::Suite};
use gongdan_proto::{
    common::v1::PrincipalKind,
    routing::v1::{
        ImportOrganisationRequest, PrincipalRow, organisation_service_client::OrganisationServiceClient,
    },
};
use rand::{Rng, seq::IndexedRandom as _};
use std::{fs, sync::Arc, time::Duration};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// The roles of staff, each with a caller of its own; `caller.handler` and so on.
const ROLES: [&str; 7] = [
    role::HANDLER,
    role::AGENT,
    role::UNIT_LEADER,
    role::DISPATCHER,
    role::AUDITOR,
    role::SUPERVISOR,
    role::ANALYST,
];

/// A caller's credential.
#[derive(Debug, Clone)]
pub struct Caller {
    /// For the report.
    pub name: String,
    /// What stands behind `Bearer`; none: no header at all.
    pub token: Option<String>,
}

/// All of them.
pub struct Callers {
    administrator: Caller,
    others: Vec<Caller>,
}

impl Callers {
    /// Makes the people known to the suite and takes everybody's token.
    pub async fn of(suite: &Suite) -> Result<Self> {
        organisation::import(suite).await;
        let person = |name: &str, role: &str, kind: PrincipalKind| PrincipalRow {
            id: format!("caller.{name}"),
            name: name.to_owned(),
            kind: kind.into(),
            roles: vec![role.to_owned()],
            unit_ids: if kind == PrincipalKind::Person {
                vec![organisation::ENVIRONMENT.to_owned()]
            } else {
                vec![]
            },
            regions: vec![organisation::COUNTY.to_owned()],
            ..PrincipalRow::default()
        };
        let staff = ROLES.iter().map(|role| person(role, role, PrincipalKind::Person));
        let request = ImportOrganisationRequest {
            request_id: organisation::request_id(),
            principals: staff.chain([person("citizen", role::CITIZEN, PrincipalKind::Citizen)]).collect(),
            ..ImportOrganisationRequest::default()
        };
        let mut organisation = OrganisationServiceClient::new(suite.channel("routing").await);
        organisation.import_organisation(request).await.context("the callers")?;

        let read = |path: &std::path::Path| {
            fs::read_to_string(path)
                .map(|token| token.trim().to_owned())
                .with_context(|| path.display().to_string())
        };
        let caller = |name: &str, token: String| Caller { name: name.to_owned(), token: Some(token) };
        let issuer = LocalIssuer::create_or_load(&suite.data_dir().join("issuer"), Arc::new(SystemClock))?;
        let mut others = Vec::new();
        for role in ROLES.into_iter().chain(["citizen"]) {
            others.push(caller(role, issuer.mint(&format!("caller.{role}"), DAY)?));
        }
        for service in suite.file().services.keys() {
            others.push(caller("service", read(&suite.data_dir().join("tokens").join(service))?));
        }
        others.push(caller("stranger", issuer.mint("caller.nobody", DAY)?));
        others.push(caller("nonsense", "eyJhbGciOiJub25lIn0.e30.".to_owned()));
        others.push(Caller { name: "anonymous".to_owned(), token: None });
        let administrator = caller("administrator", read(&suite.file().token_file)?);
        Ok(Self { administrator, others })
    }

    /// One of them, mostly who may do most.
    pub fn pick(&self, dice: &mut impl Rng) -> Caller {
        let other = self.others.choose(dice).filter(|_| dice.random_bool(0.4));
        other.unwrap_or(&self.administrator).clone()
    }

    /// Who may do most.
    pub fn administrator(&self) -> Caller {
        self.administrator.clone()
    }
}
