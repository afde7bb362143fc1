//! Configuration of this service; `config.default.toml` describes every key.

use gongdan_runtime::CommonConfig;
use gongdan_tickets_domain::{CellCode, Channel, Rules, UnitId};
use jiff::{SignedDuration, tz::TimeZone};
use secrecy::SecretString;
use serde::Deserialize;
use std::{collections::BTreeMap, path::PathBuf, time::Duration};

/// Everything this service can be told.
#[derive(Debug, Clone, Deserialize)]
pub struct Config {
    /// What every service has.
    #[serde(flatten)]
    pub common: CommonConfig,
    /// `[tickets]`
    pub tickets: TicketsConfig,
    /// `[contacts]`
    pub contacts: ContactsConfig,
    /// `[writer]`
    pub writer: WriterConfig,
    /// `[closing]`
    pub closing: ClosingConfig,
    /// `[supervision]`
    pub supervision: SupervisionConfig,
    /// `[watch]`
    pub watch: WatchConfig,
    /// `[queues]`
    pub queues: QueuesConfig,
    /// `[retention]`
    pub retention: RetentionConfig,
    /// `[quarantine]`
    pub quarantine: QuarantineConfig,
    /// `[search]`
    pub search: SearchConfig,
    /// `[similar]`
    pub similar: SimilarConfig,
    /// `[attachments]`
    pub attachments: AttachmentsConfig,
}

/// How search learns of what is written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SearchConfig {
    /// Between two looks at the log.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub poll: Duration,
    /// Events, and tickets of a new index, that one transaction takes.
    pub batch: u32,
}

/// What may be the same request.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SimilarConfig {
    /// Days within which the same customer and item count.
    pub customer_days: u32,
    /// Days within which texts are compared.
    pub text_days: u32,
    /// The share of common grams from which on texts are alike, 0 to 1.
    pub least: f64,
}

/// Files that belong to tickets.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttachmentsConfig {
    /// URL of the object store; empty: there is none.
    pub store: String,
    /// Options of the store, as S3 clients call them.
    pub options: BTreeMap<String, SecretString>,
    /// Bytes of one file.
    pub max_bytes: u64,
    /// Files of one ticket.
    pub max_per_ticket: usize,
    /// Kinds that are taken; empty: the usual ones.
    pub types: Vec<String>,
    /// Without a piece of it, an upload is given up.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub idle: Duration,
    /// An upload takes no longer.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub longest: Duration,
    /// Between two looks for what is to be deleted from the store.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub sweep: Duration,
}

/// Where requests of customers wait whom nobody has verified.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuarantineConfig {
    /// Whether there is any.
    pub enabled: bool,
    /// Channels it is for.
    pub channels: Vec<String>,
    /// Whether requests of nobody wait too.
    pub anonymous: bool,
    /// The unit that they go to when they are let out; empty: they are routed.
    pub unit: String,
    /// How long they wait.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub expire_after: Duration,
    /// Between two looks.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub interval: Duration,
}

/// The quarantine, ready for use.
#[derive(Debug, Clone)]
pub(crate) struct Quarantine {
    channels: Vec<Channel>,
    pub anonymous: bool,
    pub unit: Option<UnitId>,
    pub expire_after: SignedDuration,
    pub interval: SignedDuration,
}

impl Quarantine {
    /// Whether requests that come in like this may have to wait.
    pub(crate) fn holds(&self, channel: Channel) -> bool {
        self.channels.contains(&channel)
    }
}

impl QuarantineConfig {
    /// Checked.
    pub(crate) fn ready(&self) -> anyhow::Result<Quarantine> {
        let known = |name: &String| {
            Channel::from_name(name).ok_or_else(|| anyhow::anyhow!("channels: `{name}` is no channel"))
        };
        let channels = self.channels.iter().map(known).collect::<anyhow::Result<_>>()?;
        let unit = match self.unit.as_str() {
            "" => None,
            unit => Some(UnitId::parse(unit).map_err(|rule| anyhow::anyhow!("unit: {rule}"))?),
        };
        Ok(Quarantine {
            channels: if self.enabled { channels } else { Vec::new() },
            anonymous: self.anonymous,
            unit,
            expire_after: SignedDuration::try_from(self.expire_after)?,
            interval: SignedDuration::try_from(self.interval)?,
        })
    }
}

/// How counts of queues are kept.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QueuesConfig {
    /// Between two foldings.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub fold_every: Duration,
    /// Exports that may run at once in one process.
    pub exports: usize,
}

/// How long what is personal is kept.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetentionConfig {
    /// Days after a ticket is over; 0: for ever.
    pub contacts_days: u32,
    /// As above.
    pub texts_days: u32,
    /// Days after a reading in clear; 0: for ever.
    pub contact_reads_days: u32,
    /// Days after a call that belongs to no ticket; 0: for ever.
    pub calls_days: u32,
    /// Between two looks.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub interval: Duration,
    /// Tickets erased in one transaction.
    pub batch: u32,
    /// Between two of them.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub pause: Duration,
}

/// Numbers and rules.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TicketsConfig {
    /// The cell, 0 to 9999.
    pub cell: u16,
    /// Name of the zone whose day stands in a number.
    pub zone: String,
    /// See [`Rules::urge_window`].
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub urge_window: Duration,
    /// See [`Rules::max_returns`].
    pub max_returns: usize,
    /// Days, see [`Rules::reopen_window`].
    pub reopen_days: u32,
    /// See [`Rules::suspension_approval`].
    pub suspension_approval: bool,
    /// Days, see [`Rules::longest_suspension`].
    pub longest_suspension_days: u32,
    /// See [`Rules::max_extensions`].
    pub max_extensions: usize,
    /// Between two looks for suspensions whose time is over.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub resume_interval: Duration,
}

/// Keys for what is personal.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContactsConfig {
    /// File with the keys; empty: the keys are given here.
    pub key_file: PathBuf,
    /// Encryption keys.
    pub keys: Vec<KeyConfig>,
    /// Key of the blind indexes, base64: that of version 1.
    pub index_key: SecretString,
    /// Keys of the blind indexes by version.
    pub index_keys: Vec<KeyConfig>,
    /// Between two looks at the key file and at what other replicas hold.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub look_again: Duration,
    /// Rows that a rotation does in one transaction.
    pub rotation_batch: u32,
    /// Between two of them.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub rotation_pause: Duration,
}

/// A key.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyConfig {
    /// Which; kept with each row that it encrypted or indexed.
    pub version: i32,
    /// Base64 of 32 bytes.
    pub key: SecretString,
}

/// How writes are gathered.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WriterConfig {
    /// Connections that write, for new tickets and for changes each.
    pub tasks: usize,
    /// The most writes in one statement.
    pub batch: usize,
    /// Writes that may wait.
    pub queue: usize,
}

/// When silence closes a ticket.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClosingConfig {
    /// Working days.
    pub working_days: i32,
    /// Between two looks.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub interval: Duration,
}

/// Directives and reminders.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SupervisionConfig {
    /// See [`Rules::directive_climb`].
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub supervising_unit_after: Duration,
    /// See [`Rules::directive_climb`].
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub centre_after: Duration,
    /// Between two looks.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub interval: Duration,
}

/// How watchers are served.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WatchConfig {
    /// Between two looks at the log.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub poll: Duration,
    /// Between two signs of life.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub heartbeat: Duration,
}

impl Config {
    /// The rules of the domain.
    pub(crate) fn rules(&self) -> anyhow::Result<Rules> {
        let (tickets, supervision) = (&self.tickets, &self.supervision);
        let climb = [
            SignedDuration::try_from(supervision.supervising_unit_after)?,
            SignedDuration::try_from(supervision.centre_after)?,
        ];
        anyhow::ensure!(climb[0] <= climb[1], "supervision.centre_after is at least supervising_unit_after");
        Ok(Rules {
            urge_window: SignedDuration::try_from(tickets.urge_window)?,
            max_returns: tickets.max_returns,
            directive_climb: climb,
            reopen_window: SignedDuration::from_hours(i64::from(tickets.reopen_days) * 24),
            suspension_approval: tickets.suspension_approval,
            longest_suspension: SignedDuration::from_hours(i64::from(tickets.longest_suspension_days) * 24),
            max_extensions: tickets.max_extensions,
        })
    }
}

impl TicketsConfig {
    /// Cell and zone of numbers.
    pub(crate) fn numbering(&self) -> anyhow::Result<(CellCode, TimeZone)> {
        Ok((CellCode::new(self.cell)?, TimeZone::get(&self.zone)?))
    }
}
