//! A suite of real processes: `gongdan up` in a directory of its own.

use crate::eventually::eventually;
use anyhow::Context;
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Output, Stdio},
};
use tokio::{
    process::{Child, Command},
    sync::OnceCell,
};
use tonic::{
    Request, Status,
    metadata::{Ascii, MetadataValue},
    service::{Interceptor, interceptor::InterceptedService},
    transport::{Channel, Endpoint},
};

/// What `gongdan up` writes when it is ready.
#[derive(Debug, Clone, Deserialize)]
pub struct SuiteFile {
    /// Endpoints by service.
    pub services: BTreeMap<String, Endpoints>,
    /// The private PostgreSQL.
    pub postgres_url: String,
    /// The private NATS.
    pub nats_url: String,
    /// The administrator's token.
    pub token_file: PathBuf,
}

/// Where a service listens.
#[derive(Debug, Clone, Deserialize)]
pub struct Endpoints {
    /// gRPC.
    pub grpc: String,
    /// `/metrics`.
    pub metrics: String,
}

/// Adds a bearer token, if there is one.
#[derive(Clone)]
pub struct Bearer(Option<MetadataValue<Ascii>>);

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(token) = &self.0 {
            request.metadata_mut().insert("authorization", token.clone());
        }
        Ok(request)
    }
}

/// A channel that carries a token.
pub type Authorized = InterceptedService<Channel, Bearer>;

/// A running suite. Dropped, it is killed; `stop` ends it as a person would.
pub struct Suite {
    directory: tempfile::TempDir,
    environment: Vec<(String, String)>,
    up: Child,
    file: SuiteFile,
}

impl Suite {
    /// A new suite with default settings.
    ///
    /// # Panics
    /// When it does not become ready.
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// A new suite with settings from the environment.
    ///
    /// # Panics
    /// When it does not become ready.
    pub async fn start_with(environment: &[(&str, &str)]) -> Self {
        let directory =
            tempfile::Builder::new().prefix("gongdan-e2e-").tempdir().expect("a temporary directory");
        let environment: Vec<_> =
            environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let (up, file) = launch(&directory.path().join("data"), &environment).await;
        Self { directory, environment, up, file }
    }

    /// The data directory.
    #[must_use]
    pub fn data_dir(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    /// What the suite wrote when it was ready.
    #[must_use]
    pub fn file(&self) -> &SuiteFile {
        &self.file
    }

    /// Ends it by SIGTERM and waits.
    ///
    /// # Panics
    /// When it does not end well.
    pub async fn stop(&mut self) {
        self.signal(rustix::process::Signal::TERM);
        let status = self.up.wait().await.expect("the suite ends");
        assert!(status.success(), "the suite ended with {status}");
    }

    /// Kills supervisor, services and servers at once, as a power cut would; waits until nothing of them is left.
    ///
    /// # Panics
    /// When they do not run.
    pub async fn power_cut(&mut self) {
        let directory = self.data_dir();
        let text = directory.to_string_lossy().into_owned();
        let ours = |command: &[String]| {
            let program = command.first().map_or("", String::as_str);
            let part = program.ends_with("/postgres")
                || program.ends_with("nats-server")
                || command.get(1).is_some_and(|word| word == "serve");
            part && command.iter().any(|word| word.contains(&text))
        };
        let parts: Vec<u32> =
            processes().into_iter().filter(|(_, command)| ours(command)).map(|(pid, _)| pid).collect();
        assert!(parts.len() >= 8, "the services and their servers run: {parts:?}");
        // The supervisor first: it would start the others again.
        self.up.start_kill().expect("the supervisor is killed");
        for pid in parts.into_iter().filter_map(|pid| rustix::process::Pid::from_raw(pid.cast_signed())) {
            // One that ended meanwhile needs no signal.
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
        }
        self.up.wait().await.expect("the supervisor ends");
        // PostgreSQL's children work in its directory and outlive it for a moment.
        eventually("nothing of it is left", || async {
            let running = processes().iter().any(|(_, command)| ours(command));
            let entries = fs::read_dir("/proc").expect("/proc is there");
            let mut places = entries.filter_map(|entry| fs::read_link(entry.ok()?.path().join("cwd")).ok());
            (!running && !places.any(|place| place.starts_with(&directory))).then_some(())
        })
        .await;
    }

    /// Starts it again on the same data.
    ///
    /// # Panics
    /// When it does not become ready.
    pub async fn start_again(&mut self) {
        let (up, file) = launch(&self.data_dir(), &self.environment).await;
        self.up = up;
        self.file = file;
    }

    /// Signals the supervisor.
    ///
    /// # Panics
    /// When it does not run.
    pub fn signal(&self, signal: rustix::process::Signal) {
        send(self.up.id().expect("the supervisor runs"), signal);
    }

    /// Stops or continues one service's process.
    ///
    /// # Panics
    /// When there is no such process.
    pub fn signal_service(&self, service: &str, signal: rustix::process::Signal) {
        send(self.service_process(service).expect("the service runs"), signal);
    }

    /// The process of a service.
    #[must_use]
    pub fn service_process(&self, service: &str) -> Option<u32> {
        let data_dir = self.data_dir();
        processes().into_iter().find_map(|(pid, command)| {
            let this = command.get(2).is_some_and(|word| word == service);
            (this && serves(&command, &data_dir)).then_some(pid)
        })
    }

    /// A channel to a service with the administrator's token.
    ///
    /// # Panics
    /// When the service cannot be reached.
    pub async fn channel(&self, service: &str) -> Authorized {
        let token = fs::read_to_string(&self.file.token_file).expect("the token file is there");
        self.channel_as(service, Some(token.trim())).await
    }

    /// A channel to a service with a token, or as nobody.
    ///
    /// # Panics
    /// When the service cannot be reached.
    pub async fn channel_as(&self, service: &str, token: Option<&str>) -> Authorized {
        let endpoint = Endpoint::from_shared(self.file.services[service].grpc.clone())
            .expect("suite.json has an endpoint");
        let channel = endpoint.connect_lazy();
        let bearer = token.map(|token| format!("Bearer {token}").parse().expect("a token is ASCII"));
        InterceptedService::new(channel, Bearer(bearer))
    }

    /// Runs the client against this suite.
    ///
    /// # Panics
    /// When the program cannot be run.
    pub async fn cli(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().await.expect("the client runs")
    }

    /// Runs the client, which must succeed, and reads its JSON.
    ///
    /// # Panics
    /// When it fails or prints no JSON.
    pub async fn cli_json(&self, arguments: &[&str]) -> serde_json::Value {
        let output = self.cli(arguments).await;
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
            panic!("{arguments:?}: {error}: {}", String::from_utf8_lossy(&output.stdout))
        })
    }

    /// The client, ready to be run against this suite.
    #[must_use]
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(program());
        command
            .args(arguments)
            .arg("--data-dir")
            .arg(self.data_dir())
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }

    /// A connection to a service's database.
    ///
    /// # Panics
    /// When it cannot be reached.
    pub async fn database(&self, service: &str) -> sqlx::PgPool {
        let url = &self.file.postgres_url;
        let (server, query) =
            url.split_once('?').map_or((url.as_str(), None), |(server, query)| (server, Some(query)));
        let scheme = server.find("://").expect("a URL") + 3;
        let base = server[scheme..].find('/').map_or(server, |slash| &server[..scheme + slash]);
        let query = query.map_or(String::new(), |query| format!("?{query}"));
        let url = format!("{base}/gongdan_{service}{query}");
        sqlx::postgres::PgPoolOptions::new()
            .max_connections(2)
            .connect(&url)
            .await
            .expect("the database is there")
    }
}

impl Drop for Suite {
    fn drop(&mut self) {
        let Some(pid) = self.up.id() else { return };
        // The supervisor stops its servers. Its services have nobody to drain for: this thread, which waits here, is also
        // the one that would close the test's own connections to them.
        send(pid, rustix::process::Signal::TERM);
        // One that was stopped hears it only when it goes on.
        send(pid, rustix::process::Signal::CONT);
        let data_dir = self.data_dir();
        for (service, command) in processes() {
            if serves(&command, &data_dir)
                && let Some(service) = rustix::process::Pid::from_raw(service.cast_signed())
            {
                // One that ended meanwhile needs no signal.
                let _ = rustix::process::kill_process(service, rustix::process::Signal::KILL);
            }
        }
        while matches!(self.up.try_wait(), Ok(None)) {
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }
}

/// Whether it is a service of the suite in this directory.
fn serves(command: &[String], data_dir: &Path) -> bool {
    command.get(1).is_some_and(|word| word == "serve")
        && command.iter().any(|argument| argument.starts_with(&*data_dir.to_string_lossy()))
}

fn send(pid: u32, signal: rustix::process::Signal) {
    let pid = rustix::process::Pid::from_raw(pid.cast_signed()).expect("a process id");
    rustix::process::kill_process(pid, signal).expect("the process takes signals");
}

/// Processes and their command lines.
#[must_use]
pub fn processes() -> Vec<(u32, Vec<String>)> {
    let entries = fs::read_dir("/proc").expect("/proc is there");
    entries
        .filter_map(|entry| {
            let pid = entry.ok()?.file_name().to_str()?.parse().ok()?;
            let line = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
            let words = line.split(|byte| *byte == 0).map(|word| String::from_utf8_lossy(word).into_owned());
            Some((pid, words.filter(|word| !word.is_empty()).collect()))
        })
        .collect()
}

async fn launch(data_dir: &Path, environment: &[(String, String)]) -> (Child, SuiteFile) {
    build().await;
    // A killed suite leaves its file behind; the one awaited below is the new one.
    let _ = fs::remove_file(data_dir.join("suite.json"));
    let log = fs::File::options()
        .create(true)
        .append(true)
        .open(data_dir.with_extension("log"))
        .expect("a log file");
    let mut up = Command::new(program())
        .arg("up")
        .arg("--data-dir")
        .arg(data_dir)
        .args(["--port-base", "0"])
        .envs(environment.iter().map(|(k, v)| (k, v)))
        .stdin(Stdio::null())
        .stdout(log.try_clone().expect("a log file"))
        .stderr(log)
        .spawn()
        .expect("the suite starts");
    let path = data_dir.join("suite.json");
    let file = eventually("the suite is ready", || {
        if let Ok(Some(status)) = up.try_wait() {
            let log = fs::read_to_string(data_dir.with_extension("log")).unwrap_or_default();
            panic!("the suite ended with {status} before it was ready:\n{log}");
        }
        let file = fs::read(&path).ok().and_then(|text| serde_json::from_slice(&text).ok());
        async move { file }
    })
    .await;
    (up, file)
}

/// The `gongdan` program: that of `GONGDAN_PROGRAM`, else the one beside this test.
#[must_use]
pub fn program() -> PathBuf {
    if let Some(program) = std::env::var_os("GONGDAN_PROGRAM") {
        return program.into();
    }
    let own = std::env::current_exe().expect("this program has a path");
    let directory = own.parent().expect("target/<profile> or target/<profile>/deps");
    let tests = directory.ends_with("deps").then(|| directory.parent()).flatten();
    tests.unwrap_or(directory).join("gongdan")
}

/// Builds the program once per test run: a test run of this package alone would not.
async fn build() {
    static BUILT: OnceCell<()> = OnceCell::const_new();
    if std::env::var_os("GONGDAN_PROGRAM").is_some() {
        return;
    }
    let build = || async {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--quiet", "-p", "gongdan"]).current_dir(env!("CARGO_MANIFEST_DIR"));
        if !cfg!(debug_assertions) {
            cargo.arg("--release");
        }
        let status = cargo.status().await.context("cargo").expect("cargo runs");
        assert!(status.success(), "building gongdan failed");
    };
    BUILT.get_or_init(build).await;
}
