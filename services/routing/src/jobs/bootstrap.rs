//! Principals that are brought in at every start, from a file: who may call while nobody has been imported yet.

use crate::{Rooms, config::Config};
use anyhow::{Context as _, bail};
use gongdan_errors::Code;
use gongdan_routing_domain::{
    PrincipalKind,
    import::{PrincipalRow, Upload},
};
use serde::Deserialize;
use std::{sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;

/// Who did it, in `imports` and logs.
const BY: &str = "service.routing";
/// Between two tries while the database is away.
const TRY_AGAIN: Duration = Duration::from_secs(1);

/// A principal of the file; the fields of `PrincipalRow` in the contract.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    #[serde(default)]
    issuer: String,
    #[serde(default)]
    subject: String,
    name: String,
    #[serde(default)]
    kind: Kind,
    #[serde(default)]
    roles: Vec<String>,
    #[serde(default)]
    unit_ids: Vec<String>,
    #[serde(default)]
    regions: Vec<String>,
    #[serde(default)]
    rights: Vec<String>,
    #[serde(default)]
    email: String,
    #[serde(default)]
    skills: Vec<String>,
    #[serde(default)]
    tier: i32,
    active: Option<bool>,
    #[serde(default)]
    language: String,
    #[serde(default)]
    customer_id: String,
}

#[derive(Debug, Default, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    #[default]
    Person,
    Service,
    Citizen,
}

impl From<Entry> for PrincipalRow {
    fn from(entry: Entry) -> Self {
        let kind = match entry.kind {
            Kind::Person => PrincipalKind::Person,
            Kind::Service => PrincipalKind::Service,
            Kind::Citizen => PrincipalKind::Citizen,
        };
        Self {
            id: entry.id,
            issuer: entry.issuer,
            subject: entry.subject,
            name: entry.name,
            kind: Some(kind),
            roles: entry.roles,
            unit_ids: entry.unit_ids,
            regions: entry.regions,
            rights: entry.rights,
            email: entry.email,
            skills: entry.skills,
            tier: entry.tier,
            active: entry.active,
            language: entry.language,
            customer_id: entry.customer_id,
            changes_from: None,
        }
    }
}

/// Brings them in. Nothing is written and nobody is told when they are there already, just so. A database that is away
/// is waited for.
///
/// # Errors
/// When the file cannot be read, or a principal is refused.
pub async fn bootstrap(rooms: &Rooms, config: &Config, shutdown: &CancellationToken) -> anyhow::Result<()> {
    let path = config.bootstrap.principals_file.as_str();
    if path.is_empty() {
        return Ok(());
    }
    let upload =
        read(path).await.map(Arc::new).with_context(|| format!("bootstrap.principals_file {path}"))?;
    loop {
        match rooms.store.import(&upload, &rooms.default_issuer, BY, None, rooms.clock.now()).await {
            Ok(imported) => {
                rooms.imported(&imported);
                let summary = imported.summary;
                let (created, changed) = (summary.principals_created, summary.principals_changed);
                tracing::info!(created, changed, "principals brought in");
                return Ok(());
            }
            Err(error) if matches!(error.code(), Code::Unavailable | Code::Aborted) => {
                tracing::warn!(%error, "principals cannot be brought in yet");
            }
            Err(error) => {
                let rules: Vec<_> =
                    error.violations().iter().map(|v| format!("{}: {}", v.field, v.rule)).collect();
                bail!("bootstrap.principals_file {path}: {error} ({})", rules.join("; "));
            }
        }
        tokio::select! {
            () = shutdown.cancelled() => return Ok(()),
            () = tokio::time::sleep(TRY_AGAIN) => {}
        }
    }
}

async fn read(path: &str) -> anyhow::Result<Upload> {
    let text = tokio::fs::read_to_string(path).await?;
    let entries: Vec<Entry> = serde_json::from_str(&text)?;
    Ok(Upload { principals: entries.into_iter().map(PrincipalRow::from).collect(), ..Upload::default() })
}
