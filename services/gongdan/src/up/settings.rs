//! The configuration file that `gongdan up` writes for each service, with its token and keys.

use std::{collections::BTreeMap, time::Duration};

use anyhow::{Context, Result};
use base64::{Engine, engine::general_purpose::STANDARD};
use gongdan_auth::LocalIssuer;
use gongdan_embedded::{free_ports, is_free, write_private};
use secrecy::ExposeSecret as _;
use serde_json::json;
use toml::{Table, Value};

use url::Url;

use super::{backends::Backends, directory::Directory};
use crate::services::{self, Service};

const HEAD: &str = "# Written by `gongdan up` at each start; settings of your own go into the environment:\n\
                    # GONGDAN__SECTION__KEY for every service, GONGDAN_<SERVICE>__SECTION__KEY for one.\n\n";

/// The administrator's token is made anew at each start and good for a year.
const ADMIN_TTL: Duration = Duration::from_secs(366 * 24 * 3600);

/// Where a service listens.
#[derive(Debug, Clone, Copy)]
pub struct Ports {
    /// gRPC.
    pub grpc: u16,
    /// `/metrics`.
    pub metrics: u16,
}

/// Ports of all services: from `base` on, metrics a hundred higher; free ones when `base` is 0.
///
/// # Errors
/// When one is taken.
pub fn ports(base: u16) -> Result<BTreeMap<&'static str, Ports>> {
    let mut ports = BTreeMap::new();
    // All at once: one that is let go could be found free again.
    let mut free = free_ports(2 * services::ALL.len())?.into_iter();
    for (index, service) in (0_u16..).zip(&services::ALL) {
        let wanted = if base == 0
            && let (Some(grpc), Some(metrics)) = (free.next(), free.next())
        {
            Ports { grpc, metrics }
        } else {
            let port = |offset: u16| base.checked_add(offset).context("--port-base is too high");
            let wanted = Ports { grpc: port(index)?, metrics: port(100 + index)? };
            for port in [wanted.grpc, wanted.metrics] {
                anyhow::ensure!(
                    is_free(port),
                    "port {port} is taken: choose others with --port-base, or any free ones with --port-base 0"
                );
            }
            wanted
        };
        ports.insert(service.name, wanted);
    }
    Ok(ports)
}

/// Makes tokens and keys, and the configuration file of each service.
///
/// # Errors
/// When they cannot be made or written.
pub fn write(
    directory: &Directory,
    backends: &Backends,
    issuer: &LocalIssuer,
    ports: &BTreeMap<&'static str, Ports>,
    name: &str,
) -> Result<()> {
    write_private(&directory.admin_token(), issuer.mint("admin", ADMIN_TTL)?.as_bytes())?;
    for service in &services::ALL {
        let token = issuer.mint_service(service.name)?;
        write_private(&directory.token(service.name), token.as_bytes())?;
    }
    contact_keys(directory)?;
    write_private(&directory.path("principals.json"), &serde_json::to_vec_pretty(&principals())?)?;
    for service in &services::ALL {
        let mut settings = common(directory, backends, issuer, ports, service, name)?;
        let own = match service.name {
            "tickets" => Some(("contacts", "key_file", "contact-keys")),
            "routing" => Some(("bootstrap", "principals_file", "principals.json")),
            _ => None,
        };
        if let Some((section, key, file)) = own {
            let file = directory.path(file).to_string_lossy().into_owned();
            settings.insert(section.into(), Value::Table(Table::from_iter([(key.into(), file.into())])));
        }
        if service.name == "tickets" {
            let store = Url::from_file_path(directory.path("attachments"))
                .map_err(|()| anyhow::anyhow!("the data directory is no absolute path"))?;
            let store = Table::from_iter([("store".into(), store.to_string().into())]);
            settings.insert("attachments".into(), Value::Table(store));
        }
        let text = format!("{HEAD}{}", toml::to_string(&settings)?);
        write_private(&directory.config(service.name), text.as_bytes())?;
    }
    Ok(())
}

/// The database of a service in the suite of this name.
pub fn database(name: &str, service: &str) -> String {
    format!("{name}_{service}")
}

fn common(
    directory: &Directory,
    backends: &Backends,
    issuer: &LocalIssuer,
    ports: &BTreeMap<&'static str, Ports>,
    service: &Service,
    name: &str,
) -> Result<Table> {
    let own = ports.get(service.name).with_context(|| format!("no port for {}", service.name))?;
    let section = |entries: Vec<(&str, Value)>| {
        Value::Table(entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
    };
    let addresses = ports
        .iter()
        .map(|(peer, ports)| ((*peer).to_owned(), format!("http://127.0.0.1:{}", ports.grpc).into()))
        .collect();
    let issuers = section(vec![
        ("issuer", LocalIssuer::ISSUER.into()),
        ("jwks_file", issuer.jwks_file().to_string_lossy().into_owned().into()),
    ]);
    let sync_interval = i64::try_from(backends.sync_interval_seconds())?;
    Ok(Table::from_iter([
        (
            "server".to_owned(),
            section(vec![
                ("listen", format!("127.0.0.1:{}", own.grpc).into()),
                ("metrics_listen", format!("127.0.0.1:{}", own.metrics).into()),
            ]),
        ),
        (
            "postgres".to_owned(),
            section(vec![(
                "url",
                backends.database_url(&database(name, service.name))?.expose_secret().into(),
            )]),
        ),
        (
            "bus".to_owned(),
            section(vec![
                ("url", backends.nats_url.expose_secret().into()),
                ("root", name.into()),
                ("sync_interval_seconds", sync_interval.into()),
            ]),
        ),
        (
            "auth".to_owned(),
            section(vec![
                ("issuers", Value::Array(vec![issuers])),
                ("audience", LocalIssuer::AUDIENCE.into()),
            ]),
        ),
        (
            "peers".to_owned(),
            section(vec![
                ("token_file", directory.token(service.name).to_string_lossy().into_owned().into()),
                ("addresses", Value::Table(addresses)),
            ]),
        ),
    ]))
}

/// Those who may call before anybody has been imported: the administrator and the services.
fn principals() -> serde_json::Value {
    let admin = json!({
        "id": "admin",
        "name": "系统管理员",
        "roles": ["administrator", "dispatcher", "supervisor", "analyst", "auditor", "agent"],
        "rights": ["sensitive", "personal"],
    });
    let service = |service: &Service| {
        let name = service.name;
        json!({ "id": format!("service.{name}"), "name": name, "kind": "service", "roles": ["service"] })
    };
    std::iter::once(admin).chain(services::ALL.iter().map(service)).collect()
}

/// The keys that encrypt contacts and index them: made once, never again, because what they encrypted needs them.
fn contact_keys(directory: &Directory) -> Result<()> {
    let file = directory.path("contact-keys");
    if file.exists() {
        return Ok(());
    }
    let key = || STANDARD.encode(rand::random::<[u8; 32]>());
    write_private(&file, format!("1 {}\nindex {}\n", key(), key()).as_bytes())
}
