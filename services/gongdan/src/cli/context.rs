//! What every command knows: the suite, the token, the language, the form of the output.

use std::{cell::OnceCell, path::PathBuf, sync::Arc, time::Duration};

use anyhow::{Context as _, Result};
use clap::{Args, ValueEnum};
use gongdan_auth::LocalIssuer;
use gongdan_clock::{Clock, SystemClock};
use gongdan_tls::{ClientTls, ClientTlsConfig};
use jiff::{Timestamp, tz::TimeZone};
use secrecy::ExposeSecret as _;
use tonic::{
    metadata::{Ascii, MetadataValue},
    service::{Interceptor, interceptor::InterceptedService},
    transport::Endpoint,
};

use super::suite::Suite;

/// The longest wait for an answer to begin; a stream may go on for longer.
const ANSWER: Duration = Duration::from_secs(60);
/// How long a token made for one command is good.
const TOKEN_TTL: Duration = Duration::from_secs(3600);

/// Arguments that every command understands.
#[derive(Debug, Args)]
pub struct GlobalArgs {
    /// Data directory of the suite
    #[arg(long, global = true, env = "GONGDAN_DATA_DIR", default_value = ".gongdan", value_name = "DIR")]
    data_dir: PathBuf,
    /// File with the token to call with; default: the administrator's, made by `gongdan up`
    #[arg(long, global = true, env = "GONGDAN_TOKEN_FILE", value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// PEM file with the certificate authorities to trust for https:// addresses; default: those of the system
    #[arg(long, global = true, env = "GONGDAN_CA_CERT", value_name = "FILE")]
    ca_cert: Option<PathBuf>,
    /// Call as this principal, with a token of the local issuer that `gongdan up` made
    #[arg(long = "as", global = true, value_name = "PRINCIPAL", conflicts_with = "token_file")]
    principal: Option<String>,
    /// Language of the output
    #[arg(long, global = true, env = "GONGDAN_LANG", value_enum, default_value_t = Lang::En)]
    lang: Lang,
    /// Form of the output
    #[arg(short, long, global = true, value_enum, default_value_t = Format::Table)]
    output: Format,
}

/// Language of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Lang {
    /// English
    En,
    /// 中文
    Zh,
}

/// Form of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    Table,
    /// For programs
    Json,
}

/// A channel to a service whose calls carry the token.
pub type Channel = InterceptedService<tonic::transport::Channel, Bearer>;

/// Puts the token on each call.
#[derive(Debug, Clone)]
pub struct Bearer(MetadataValue<Ascii>);

impl Interceptor for Bearer {
    fn call(&mut self, mut request: tonic::Request<()>) -> Result<tonic::Request<()>, tonic::Status> {
        request.metadata_mut().insert("authorization", self.0.clone());
        Ok(request)
    }
}

/// What every command knows.
pub struct Context {
    data_dir: PathBuf,
    token_file: Option<PathBuf>,
    ca_cert: Option<PathBuf>,
    principal: Option<String>,
    lang: Lang,
    format: Format,
    zone: TimeZone,
    suite: OnceCell<Suite>,
    tls: OnceCell<ClientTls>,
}

impl Context {
    pub(super) fn new(args: &GlobalArgs) -> Result<Context> {
        // Without a zone database the offset of today still is right for everything since 1992.
        let zone = TimeZone::get("Asia/Shanghai").unwrap_or_else(|_| TimeZone::fixed(jiff::tz::offset(8)));
        Ok(Context {
            data_dir: args.data_dir.clone(),
            token_file: args.token_file.clone(),
            ca_cert: args.ca_cert.clone(),
            principal: args.principal.clone(),
            lang: args.lang,
            format: args.output,
            zone,
            suite: OnceCell::new(),
            tls: OnceCell::new(),
        })
    }

    /// Where the suite keeps its things.
    pub fn data_dir(&self) -> &std::path::Path {
        &self.data_dir
    }

    /// The language of the output.
    pub fn lang(&self) -> Lang {
        self.lang
    }

    /// Whether a program reads the output.
    pub fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    /// The text in the language of the output.
    pub fn text<'a>(&self, english: &'a str, chinese: &'a str) -> &'a str {
        match self.lang {
            Lang::En => english,
            Lang::Zh => chinese,
        }
    }

    /// The running suite.
    ///
    /// # Errors
    /// When none runs on the data directory.
    pub fn suite(&self) -> Result<&Suite> {
        if let Some(suite) = self.suite.get() {
            return Ok(suite);
        }
        let suite = Suite::read(&self.data_dir)?;
        Ok(self.suite.get_or_init(|| suite))
    }

    /// A channel to a service, by its name: `tickets`. Connects when it is first used.
    ///
    /// # Errors
    /// When no suite runs, or the token cannot be had.
    pub fn channel(&self, service: &str) -> Result<Channel> {
        if let Some(principal) = &self.principal {
            return self.channel_as(service, principal);
        }
        let file = self.token_file.as_ref().unwrap_or(&self.suite()?.token_file);
        let token =
            gongdan_secret::read(file).with_context(|| format!("reading the token {}", file.display()))?;
        self.channel_with(service, token.expose_secret().trim())
    }

    /// A channel to a service, calling as a principal with a token of the local issuer.
    ///
    /// # Errors
    /// When no suite runs, or the data directory has no issuer.
    pub fn channel_as(&self, service: &str, principal: &str) -> Result<Channel> {
        let directory = self.data_dir.join("issuer");
        anyhow::ensure!(directory.is_dir(), "{} has no local issuer", self.data_dir.display());
        let issuer = LocalIssuer::create_or_load(&directory, Arc::new(SystemClock))?;
        self.channel_with(service, &issuer.mint(principal, TOKEN_TTL)?)
    }

    /// A channel to a service whose calls carry another token.
    ///
    /// # Errors
    /// When no suite runs, or the token holds what no header can.
    pub fn channel_with(&self, service: &str, token: &str) -> Result<Channel> {
        let address = self.suite()?.endpoints(service)?.grpc.clone();
        let mut bearer =
            MetadataValue::try_from(format!("Bearer {token}")).context("the token is damaged")?;
        bearer.set_sensitive(true);
        let channel = self.connect(&address, |endpoint| {
            endpoint.connect_timeout(Duration::from_secs(5)).timeout(ANSWER).tcp_nodelay(true)
        })?;
        Ok(InterceptedService::new(channel, Bearer(bearer)))
    }

    /// A channel to an address, `http://…` or `https://…`, that carries no token. Connects when it is first used.
    ///
    /// # Errors
    /// When the address is none, or the authorities to trust cannot be read.
    pub fn connect(
        &self,
        address: &str,
        tune: impl FnOnce(Endpoint) -> Endpoint,
    ) -> Result<tonic::transport::Channel> {
        let tls = if address.starts_with("https://") { Some(self.tls()?) } else { None };
        Ok(gongdan_tls::connect(address, tls, tune)?)
    }

    fn tls(&self) -> Result<&ClientTls> {
        if let Some(tls) = self.tls.get() {
            return Ok(tls);
        }
        let ca_file =
            self.ca_cert.as_ref().map(|file| file.to_string_lossy().into_owned()).unwrap_or_default();
        let tls = ClientTls::new(&ClientTlsConfig { ca_file, ..ClientTlsConfig::default() })
            .context("the authorities to trust (--ca-cert)")?;
        Ok(self.tls.get_or_init(|| tls))
    }

    /// A new `request_id`.
    pub fn request_id(&self) -> String {
        gongdan_clock::new_id(self.now()).to_string()
    }

    /// The present instant.
    pub fn now(&self) -> Timestamp {
        SystemClock.now()
    }

    /// An instant as people here write it: `2026-11-22 18:30:05`; empty when absent.
    pub fn time(&self, at: Option<&prost_types::Timestamp>) -> String {
        at.and_then(|at| gongdan_proto::from_timestamp(at).ok())
            .map(|at| at.to_zoned(self.zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string())
            .unwrap_or_default()
    }

    /// Reads an instant as people write it: `2026-11-22T18:30:00+08:00`, or without offset in Asia/Shanghai, or a day.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse_time(&self, text: &str) -> Result<Timestamp> {
        if let Ok(at) = text.parse::<Timestamp>() {
            return Ok(at);
        }
        let civil: jiff::civil::DateTime =
            text.parse().with_context(|| format!("{text} is no instant; write 2026-11-22T18:30:00+08:00"))?;
        Ok(civil.to_zoned(self.zone.clone())?.timestamp())
    }
}
