//! The suite under load: one that runs, or a private one that is started and stopped.

use crate::{cpu, options::Common};
use anyhow::{Context, bail};
use gongdan_proto::{
    callback::v1::callback_service_client::CallbackServiceClient,
    reporting::v1::{Dimension, GetReportRequest, report_service_client::ReportServiceClient},
    routing::v1::{
        organisation_service_client::OrganisationServiceClient,
        responsibility_service_client::ResponsibilityServiceClient,
    },
    tickets::v1::{
        link_service_client::LinkServiceClient, search_service_client::SearchServiceClient,
        ticket_service_client::TicketServiceClient,
    },
};
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};
use tokio::process::{Child, Command};
use tonic::{
    Request, Status,
    metadata::{Ascii, MetadataValue},
    service::{Interceptor, interceptor::InterceptedService},
    transport::{Channel, Endpoint},
};

/// Longest wait for a private suite: on a fresh machine it fetches its servers first.
const START_LIMIT: Duration = Duration::from_secs(300);

/// What `gongdan up` writes when it is ready.
#[derive(Debug, Deserialize)]
struct SuiteFile {
    services: BTreeMap<String, Endpoints>,
    postgres_url: String,
    nats_url: String,
    token_file: PathBuf,
    pid: u32,
}

#[derive(Debug, Deserialize)]
struct Endpoints {
    grpc: String,
}

/// Adds the bearer token to each call.
#[derive(Clone)]
pub(crate) struct Bearer(MetadataValue<Ascii>);

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert("authorization", self.0.clone());
        Ok(request)
    }
}

/// A channel with the administrator's token.
pub(crate) type Authorized = InterceptedService<Channel, Bearer>;

/// A running suite.
pub(crate) struct Suite {
    file: SuiteFile,
    bearer: Bearer,
    private: Option<Private>,
}

struct Private {
    up: Child,
    _directory: tempfile::TempDir,
}

impl Suite {
    /// The named suite, or a private one.
    pub async fn open(common: &Common) -> anyhow::Result<Self> {
        let (data_dir, private) = match &common.data_dir {
            Some(directory) => (directory.clone(), None),
            None => {
                let (directory, private) = start_private(common.gongdan.as_deref()).await?;
                (directory, Some(private))
            }
        };
        let path = data_dir.join("suite.json");
        let text = fs::read(&path).with_context(|| format!("{}: no running suite there", path.display()))?;
        let file: SuiteFile = serde_json::from_slice(&text).with_context(|| path.display().to_string())?;
        let token =
            fs::read_to_string(&file.token_file).with_context(|| file.token_file.display().to_string())?;
        let bearer =
            Bearer(format!("Bearer {}", token.trim()).parse().context("the token file holds no token")?);
        Ok(Self { file, bearer, private })
    }

    /// Stops a private suite.
    pub async fn close(self) -> anyhow::Result<()> {
        let Some(mut private) = self.private else { return Ok(()) };
        if let Some(pid) = private.up.id().and_then(|pid| rustix::process::Pid::from_raw(pid.cast_signed())) {
            rustix::process::kill_process(pid, rustix::process::Signal::TERM)?;
        }
        tokio::time::timeout(Duration::from_secs(60), private.up.wait())
            .await
            .context("the suite did not stop")??;
        Ok(())
    }

    async fn channel(&self, service: &str) -> anyhow::Result<Authorized> {
        let endpoints =
            self.file.services.get(service).with_context(|| format!("suite.json has no {service}"))?;
        let channel = Endpoint::from_shared(endpoints.grpc.clone())?.tcp_nodelay(true).connect().await?;
        Ok(InterceptedService::new(channel, self.bearer.clone()))
    }

    pub async fn tickets(&self) -> anyhow::Result<TicketServiceClient<Authorized>> {
        Ok(TicketServiceClient::new(self.channel("tickets").await?))
    }

    pub async fn queues(
        &self,
    ) -> anyhow::Result<gongdan_proto::tickets::v1::queue_service_client::QueueServiceClient<Authorized>>
    {
        let channel = self.channel("tickets").await?;
        Ok(gongdan_proto::tickets::v1::queue_service_client::QueueServiceClient::new(channel))
    }

    pub async fn search(&self) -> anyhow::Result<SearchServiceClient<Authorized>> {
        Ok(SearchServiceClient::new(self.channel("tickets").await?))
    }

    pub async fn links(&self) -> anyhow::Result<LinkServiceClient<Authorized>> {
        Ok(LinkServiceClient::new(self.channel("tickets").await?))
    }

    pub async fn organisation(&self) -> anyhow::Result<OrganisationServiceClient<Authorized>> {
        Ok(OrganisationServiceClient::new(self.channel("routing").await?))
    }

    pub async fn responsibilities(&self) -> anyhow::Result<ResponsibilityServiceClient<Authorized>> {
        Ok(ResponsibilityServiceClient::new(self.channel("routing").await?))
    }

    pub async fn callback(&self) -> anyhow::Result<CallbackServiceClient<Authorized>> {
        Ok(CallbackServiceClient::new(self.channel("callback").await?))
    }

    /// Resolved rounds of the unit of the runs, as reporting has counted them.
    pub async fn resolved_so_far(&self) -> anyhow::Result<u64> {
        let mut reports = ReportServiceClient::new(self.channel("reporting").await?);
        let request = GetReportRequest {
            dimension: Dimension::Unit.into(),
            unit_id: crate::setup::UNIT.to_owned(),
            ..GetReportRequest::default()
        };
        let total = reports.get_report(request).await?.into_inner().total.unwrap_or_default();
        Ok(u64::try_from(total.resolved)?)
    }

    /// The bus.
    pub fn nats_url(&self) -> &str {
        &self.file.nats_url
    }

    /// The URL of a database on the suite's PostgreSQL.
    pub fn database_url(&self, database: &str) -> anyhow::Result<String> {
        let url = &self.file.postgres_url;
        let (server, query) =
            url.split_once('?').map_or((url.as_str(), ""), |(server, query)| (server, query));
        let scheme = server.find("://").context("postgres_url has no scheme")? + 3;
        let base = server[scheme..].find('/').map_or(server, |slash| &server[..scheme + slash]);
        let query = if query.is_empty() { String::new() } else { format!("?{query}") };
        Ok(format!("{base}/{database}{query}"))
    }

    /// Processor seconds that the suite has used so far: supervisor, services, PostgreSQL and NATS.
    pub fn cpu_seconds(&self) -> anyhow::Result<f64> {
        let mut roots = self.server_processes()?;
        roots.push(self.file.pid);
        cpu::seconds_of_trees(&roots)
    }

    /// Process ids of the services by name.
    pub fn service_processes(&self) -> anyhow::Result<Vec<(String, u32)>> {
        let mut found = Vec::new();
        for (pid, command) in commands()? {
            if let [program, serve, service, rest @ ..] = command.as_slice()
                && serve == "serve"
                && program.ends_with("gongdan")
                && self.file.services.contains_key(service)
                && rest.iter().any(|argument| argument.starts_with(&*self.data_dir().to_string_lossy()))
            {
                found.push((service.clone(), pid));
            }
        }
        Ok(found)
    }

    /// Servers that are not below the supervisor, because they were started apart from it.
    fn server_processes(&self) -> anyhow::Result<Vec<u32>> {
        let data_dir = self.data_dir().to_string_lossy().into_owned();
        Ok(commands()?
            .into_iter()
            .filter(|(_, command)| {
                command
                    .first()
                    .is_some_and(|program| program.ends_with("postgres") || program.ends_with("nats-server"))
                    && command.iter().any(|argument| argument.contains(&data_dir))
            })
            .map(|(pid, _)| pid)
            .collect())
    }

    fn data_dir(&self) -> &Path {
        self.file.token_file.parent().unwrap_or(Path::new("."))
    }
}

fn commands() -> anyhow::Result<Vec<(u32, Vec<String>)>> {
    let mut commands = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let Some(pid) = entry?.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        let Ok(line) = fs::read(format!("/proc/{pid}/cmdline")) else { continue };
        let words = line.split(|byte| *byte == 0).map(|word| String::from_utf8_lossy(word).into_owned());
        commands.push((pid, words.filter(|word| !word.is_empty()).collect()));
    }
    Ok(commands)
}

async fn start_private(gongdan: Option<&Path>) -> anyhow::Result<(PathBuf, Private)> {
    let gongdan = match gongdan {
        Some(program) => program.to_owned(),
        None => build_gongdan().await?,
    };
    let directory = tempfile::Builder::new().prefix("gongdan-load-").tempdir()?;
    let data_dir = directory.path().join("data");
    let mut up = Command::new(&gongdan)
        .arg("up")
        .arg("--data-dir")
        .arg(&data_dir)
        .args(["--port-base", "0"])
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .with_context(|| gongdan.display().to_string())?;
    let began = Instant::now();
    while !data_dir.join("suite.json").exists() {
        if let Some(status) = up.try_wait()? {
            bail!("the private suite ended before it was ready: {status}");
        }
        if began.elapsed() > START_LIMIT {
            bail!("the private suite was not ready after {} s", START_LIMIT.as_secs());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok((data_dir, Private { up, _directory: directory }))
}

/// Builds the program with the profile this one has, and says where it is.
async fn build_gongdan() -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe()?;
    let mut build = Command::new(env!("CARGO"));
    build.args(["build", "--quiet", "-p", "gongdan"]).current_dir(env!("CARGO_MANIFEST_DIR"));
    if !cfg!(debug_assertions) {
        build.arg("--release");
    }
    let status = build.status().await.context("cargo")?;
    anyhow::ensure!(status.success(), "building gongdan failed: {status}");
    let directory = own.parent().context("this program has no directory")?;
    Ok(directory.join("gongdan"))
}
