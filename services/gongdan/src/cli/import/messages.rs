//! `gongdan import messages`: citizen messages with the authority's replies, as tickets of the past. Source: issue of the
//! running suite; the service's side is `RecordPastTickets`.

use std::{fs::File, path::PathBuf, process::ExitCode};

use anyhow::{Context as _, Result};
use clap::ValueEnum;
use csv::ByteRecord;
use gongdan_proto::{
    sla::v1::{GetPolicySetRequest, policy_service_client::PolicyServiceClient},
    tickets::v1::{self as pb, RecordPastTicketRequest},
    to_timestamp,
};

use super::{
    counted::{Added, Counted},
    names::{Items, Places, known_region},
    outcome::Outcome,
    row::{Columns, RowError},
    send::Sent,
    stream::{Place, Row, record_all},
};
use crate::cli::Context;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// CSV file with the columns message_no, subject, received_at, body and, as far as they are there, citizen, reply,
    /// replied_at, category
    file: PathBuf,
    /// The source they come from; a message is recorded once per source and message_no
    #[arg(long, default_value = "messages")]
    source: String,
    /// Region code of rows that --map leaves open
    #[arg(long, value_name = "CODE")]
    region: Option<String>,
    /// CSV file of name and region code; a row whose subject or else body has the name gets the region
    #[arg(long, alias = "mapping", value_name = "FILE")]
    map: Option<PathBuf>,
    /// What kind of requests they are; default: what the item binds, else complaint
    #[arg(long = "type", value_enum)]
    kind: Option<Kind>,
    /// How they came in
    #[arg(long, value_enum, default_value_t = Via::Web)]
    channel: Via,
    /// Key of a catalogue item for rows that --item-map leaves open
    #[arg(long, value_name = "KEY", default_value = "unclassified")]
    item: String,
    /// CSV file of category and key of a catalogue item
    #[arg(long, value_name = "FILE")]
    item_map: Option<PathBuf>,
    /// Key of the policy set whose deadlines count; default: what the item binds, else the service's default, hotline
    #[arg(long, value_name = "KEY", default_value = "", hide_default_value = true)]
    policy: String,
    /// Rows without reply wait for dispatch; otherwise they are closed as history
    #[arg(long)]
    live: bool,
    /// Who wrote them is not to be known to those who handle them (保密)
    #[arg(long)]
    confidential: bool,
    /// Rows on their way at once
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=256))]
    concurrency: u16,
    /// Ends when all rows are recorded; otherwise also waits until reporting has counted them
    #[arg(long)]
    no_wait: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kind {
    Consultation,
    Complaint,
    Report,
    Suggestion,
    Help,
    Praise,
    Incident,
    BusinessProcessing,
    Maintenance,
    Other,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Via {
    Phone,
    Web,
    App,
    MiniProgram,
    Wechat,
    Weibo,
    Email,
    Fax,
    WalkIn,
    Api,
    Device,
    HandedDown,
    Sms,
}

pub async fn run(context: &Context, args: Args) -> Result<ExitCode> {
    let import = Import::new(context, &args)?;
    if !args.policy.is_empty() {
        known_policy(context, &args.policy).await?;
    }
    let channel = context.channel("tickets")?;
    let file = File::open(&args.file).with_context(|| format!("opening {}", args.file.display()))?;
    let bar = context.progress(Some(file.metadata()?.len()), context.text("importing", "导入中"));
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(file);
    let columns = Columns::find(reader.byte_headers()?)?;
    if columns.category.is_some() && args.item_map.is_none() {
        eprintln!(
            "{}",
            context.text(
                "the column category counts only with --item-map: all rows get the item of --item",
                "未给出 --item-map，不使用 category 列：所有行归入 --item 所指事项",
            )
        );
    }

    let before = if args.no_wait { None } else { Some(Counted::now(context).await) };
    let (mut outcome, mut added) = (Outcome::default(), Added::default());
    let rows = reader.byte_records().map(|record| {
        let record = record?;
        let (line, byte) = record.position().map_or((0, 0), |at| (at.line(), at.byte()));
        let request = import.request(&columns, record);
        let replied = request.as_ref().is_ok_and(|request| request.replied_at.is_some());
        Ok::<_, csv::Error>(Row { place: Place { line, byte, replied }, request })
    });
    let given_up = record_all(channel, rows, usize::from(args.concurrency), |place, sent| {
        outcome.rows += 1;
        match sent {
            Sent::Recorded => {
                outcome.imported += 1;
                added.received += 1;
                added.resolved += i64::from(place.replied);
            }
            Sent::AlreadyThere => {
                outcome.already_there += 1;
                added.resumed = true;
            }
            Sent::Refused(errors) => outcome.fail(place.line, errors),
            Sent::GivenUp(_) => outcome.rows -= 1,
        }
        bar.set_position(bar.position().max(place.byte));
        bar.set_message(format!(
            "{} / {} / {}",
            outcome.imported,
            outcome.already_there,
            outcome.failed.len()
        ));
    });
    let given_up = given_up.await.context("reading the file")?;
    bar.finish_and_clear();
    let code = outcome.print(context)?;
    // An import that stopped says so at once.
    if let Some(before) = before
        && added.received > 0
        && given_up.is_none()
        && !is_counted(context, before, added).await
    {
        eprintln!(
            "{}",
            context.text(
                "reporting has not counted all of it yet; `gongdan status` shows what waits",
                "统计尚未完成；可用 `gongdan status` 查看待处理事件",
            )
        );
    }
    match given_up {
        None => Ok(code),
        Some(status) => {
            eprintln!(
                "{}",
                context.text(
                    "the import stopped; run it again and it goes on where it was",
                    "导入中断；再次运行即可继续",
                )
            );
            Err((*status).into())
        }
    }
}

struct Import<'a> {
    context: &'a Context,
    args: &'a Args,
    places: Places,
    items: Items,
    kind: pb::TicketType,
    channel: pb::Channel,
}

impl<'a> Import<'a> {
    fn new(context: &'a Context, args: &'a Args) -> Result<Self> {
        if let Some(code) = &args.region {
            known_region(code)?;
        }
        let places = args.map.as_deref().map_or_else(|| Ok(Places::default()), Places::read)?;
        let items = args.item_map.as_deref().map_or_else(|| Ok(Items::default()), Items::read)?;
        Ok(Import {
            context,
            args,
            places,
            items,
            kind: args.kind.map_or(pb::TicketType::Unspecified, ticket_type),
            channel: channel(args.channel),
        })
    }

    fn request(&self, columns: &Columns, record: ByteRecord) -> Result<RecordPastTicketRequest, RowError> {
        let row = columns.text(record)?;
        let at = |index: usize| row.get(index).unwrap_or("").trim();
        let maybe = |index: Option<usize>| index.map_or("", at);
        let (subject, body) = (at(columns.subject), at(columns.body));
        let region = match (self.places.region(subject, body), &self.args.region) {
            (Some(code), _) => code,
            (None, Some(code)) => code,
            (None, None) => {
                return Err(RowError::new(
                    "region",
                    "no name of --map is in the row, and there is no --region",
                ));
            }
        };
        let item = self.items.item(maybe(columns.category)).unwrap_or(&self.args.item);
        let reply = maybe(columns.reply);
        let replied_at = match maybe(columns.replied_at) {
            "" => None,
            text => Some(self.instant("replied_at", text)?),
        };
        Ok(RecordPastTicketRequest {
            external_source: self.args.source.clone(),
            external_id: at(columns.message_no).to_owned(),
            r#type: self.kind.into(),
            item: item.to_owned(),
            subject: subject.to_owned(),
            body: body.to_owned(),
            region: region.to_owned(),
            channel: self.channel.into(),
            received_at: Some(self.instant("received_at", at(columns.received_at))?),
            reply: reply.to_owned(),
            replied_at: replied_at.filter(|_| !reply.is_empty()),
            unit_id: String::new(),
            customer_key: maybe(columns.citizen).to_owned(),
            live: self.args.live,
            sla_policy: self.args.policy.clone(),
            reporter_confidential: self.args.confidential,
        })
    }

    fn instant(&self, field: &str, text: &str) -> Result<prost_types::Timestamp, RowError> {
        self.context
            .parse_time(text)
            .map(to_timestamp)
            .map_err(|_| RowError::new(field, format!("{text:?} is no instant")))
    }
}

/// Waits; false also when reporting does not answer, now or before the import: nothing is lost by that.
async fn is_counted(context: &Context, before: Result<Counted>, added: Added) -> bool {
    match before {
        Ok(before) => before.wait(context, added).await.unwrap_or(false),
        Err(_) => false,
    }
}

/// Refuses a set that sla does not know: its tickets would run against the default without a word.
async fn known_policy(context: &Context, key: &str) -> Result<()> {
    let request = GetPolicySetRequest { key: key.to_owned(), version: 0 };
    PolicyServiceClient::new(context.channel("sla")?).get_policy_set(request).await?;
    Ok(())
}

fn ticket_type(kind: Kind) -> pb::TicketType {
    match kind {
        Kind::Consultation => pb::TicketType::Consultation,
        Kind::Complaint => pb::TicketType::Complaint,
        Kind::Report => pb::TicketType::Report,
        Kind::Suggestion => pb::TicketType::Suggestion,
        Kind::Help => pb::TicketType::Help,
        Kind::Praise => pb::TicketType::Praise,
        Kind::Incident => pb::TicketType::Incident,
        Kind::BusinessProcessing => pb::TicketType::BusinessProcessing,
        Kind::Maintenance => pb::TicketType::Maintenance,
        Kind::Other => pb::TicketType::Other,
    }
}

fn channel(via: Via) -> pb::Channel {
    match via {
        Via::Phone => pb::Channel::Phone,
        Via::Web => pb::Channel::Web,
        Via::App => pb::Channel::App,
        Via::MiniProgram => pb::Channel::MiniProgram,
        Via::Wechat => pb::Channel::Wechat,
        Via::Weibo => pb::Channel::Weibo,
        Via::Email => pb::Channel::Email,
        Via::Fax => pb::Channel::Fax,
        Via::WalkIn => pb::Channel::WalkIn,
        Via::Api => pb::Channel::Api,
        Via::Device => pb::Channel::Device,
        Via::HandedDown => pb::Channel::HandedDown,
        Via::Sms => pb::Channel::Sms,
    }
}
