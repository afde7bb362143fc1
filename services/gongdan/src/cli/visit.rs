//! Visits (预约上门).

use anyhow::{Context as _, Result};
use clap::{Args, Subcommand, ValueEnum};
use gongdan_proto::{
    tickets::v1::{
        BookVisitRequest, CancelVisitRequest, CheckInVisitRequest, CoordinateSystem, GetTicketRequest,
        MoveVisitRequest, Point, ReportVisitRequest, ReportVisitsRequest, Ticket, Visit, VisitReport,
        VisitReportCancel, VisitReportCheckIn, VisitReportMove, VisitReportOutcome, VisitReportResult,
        VisitResult, ticket_service_client::TicketServiceClient, visit_report::What,
        visit_service_client::VisitServiceClient,
    },
    to_timestamp,
};
use serde::Deserialize;
use serde_json::json;
use std::path::PathBuf;

use super::{Context, Table};

const VISIT: &str = "gongdan.tickets.v1.Visit";

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Agrees on a time on site
    Book {
        /// Number or id of the ticket
        ticket: String,
        #[command(flatten)]
        agreed: Agreed,
        /// What to know before going
        #[arg(long, default_value = "", hide_default_value = true)]
        note: String,
    },
    /// Agrees on another time
    Move {
        #[command(flatten)]
        on: Which,
        #[command(flatten)]
        agreed: Agreed,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// Says that it will not take place
    Cancel {
        #[command(flatten)]
        on: Which,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// Says that somebody is there
    CheckIn {
        #[command(flatten)]
        on: Which,
        /// Where: LATITUDE,LONGITUDE
        #[arg(long, value_name = "LAT,LON", allow_hyphen_values = true)]
        point: Option<String>,
        /// The point is one of a Chinese map (GCJ-02)
        #[arg(long)]
        gcj02: bool,
    },
    /// Says what came of it
    Report {
        #[command(flatten)]
        on: Which,
        /// What
        #[arg(long, value_enum)]
        result: Outcome,
        /// What was done
        #[arg(long, default_value = "", hide_default_value = true)]
        report: String,
        /// Photos: ids of attachments
        #[arg(long, value_name = "ID", value_delimiter = ',')]
        photo: Vec<String>,
    },
    /// Sends what a device kept while it had no network: a JSON array of reports; sent again it changes nothing
    Replay {
        /// The file
        file: PathBuf,
    },
    /// Visits of a ticket
    List {
        /// Number or id of the ticket
        ticket: String,
    },
}

#[derive(Debug, Args)]
pub struct Which {
    /// Number or id of the ticket
    ticket: String,
    /// The visit's id
    visit: String,
}

#[derive(Debug, Args)]
pub struct Agreed {
    /// From when: 2026-11-30T14:00
    #[arg(long)]
    from: String,
    /// Until when
    #[arg(long)]
    to: String,
    /// Who goes; default: whoever was to go, else somebody of the unit. '' is somebody of the unit
    #[arg(long)]
    person: Option<String>,
}

/// What came of a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Outcome {
    /// What was to be done is done
    Done,
    /// Not all of it
    Partly,
    /// Nobody was there
    NobodyThere,
    /// It could not be done
    NotPossible,
}

impl From<Outcome> for i32 {
    fn from(outcome: Outcome) -> i32 {
        match outcome {
            Outcome::Done => VisitResult::Done,
            Outcome::Partly => VisitResult::Partly,
            Outcome::NobodyThere => VisitResult::NobodyThere,
            Outcome::NotPossible => VisitResult::NotPossible,
        }
        .into()
    }
}

pub async fn run(context: &Context, command: Command) -> Result<()> {
    let mut client = VisitServiceClient::new(context.channel("tickets")?);
    let (request_id, etag) = (context.request_id(), String::new());
    let time = |text: &str| context.parse_time(text).map(to_timestamp).map(Some);
    let ticket = match command {
        Command::Book { ticket, agreed, note } => {
            let (window_start, window_end) = (time(&agreed.from)?, time(&agreed.to)?);
            let person_id = agreed.person.unwrap_or_default();
            let request =
                BookVisitRequest { request_id, ticket, etag, window_start, window_end, person_id, note };
            client.book_visit(request).await?
        }
        Command::Move { on: Which { ticket, visit }, agreed, reason } => {
            let person_id = match agreed.person {
                Some(person) => person,
                None => goes(context, &ticket, &visit).await?,
            };
            let request = MoveVisitRequest {
                request_id,
                ticket,
                etag,
                visit_id: visit,
                window_start: time(&agreed.from)?,
                window_end: time(&agreed.to)?,
                person_id,
                reason,
            };
            client.move_visit(request).await?
        }
        Command::Cancel { on: Which { ticket, visit }, reason } => {
            let request = CancelVisitRequest { request_id, ticket, etag, visit_id: visit, reason };
            client.cancel_visit(request).await?
        }
        Command::CheckIn { on: Which { ticket, visit }, point, gcj02 } => {
            let request = CheckInVisitRequest {
                request_id,
                ticket,
                etag,
                visit_id: visit,
                device_time: None,
                point: point.as_deref().map(self::point).transpose()?,
                given_in: given_in(gcj02),
            };
            client.check_in_visit(request).await?
        }
        Command::Report { on: Which { ticket, visit }, result, report, photo } => {
            let request = ReportVisitRequest {
                request_id,
                ticket,
                etag,
                visit_id: visit,
                device_time: None,
                result: result.into(),
                report,
                photo_ids: photo,
            };
            client.report_visit(request).await?
        }
        Command::Replay { file } => return replay(context, client, file).await,
        Command::List { ticket } => return show(context, &read(context, ticket).await?),
    };
    // The answer of an act does not say where somebody was.
    show(context, &read(context, ticket.into_inner().id).await?)
}

/// The ticket as whoever asks may see it.
async fn read(context: &Context, ticket: String) -> Result<Ticket> {
    let mut tickets = TicketServiceClient::new(context.channel("tickets")?);
    Ok(tickets.get_ticket(GetTicketRequest { ticket, in_clear: false }).await?.into_inner())
}

/// Who is to go so far.
async fn goes(context: &Context, ticket: &str, visit: &str) -> Result<String> {
    let ticket = read(context, ticket.to_owned()).await?;
    let visit = ticket.visits.into_iter().find(|known| known.id == visit);
    Ok(visit.map(|visit| visit.person_id).unwrap_or_default())
}

/// `22.54,113.91`
pub fn point(text: &str) -> Result<Point> {
    let (latitude, longitude) =
        text.split_once(',').with_context(|| format!("{text} is no point; write 22.54,113.91"))?;
    let degrees =
        |part: &str| part.trim().parse().with_context(|| format!("{text} is no point; write 22.54,113.91"));
    Ok(Point { latitude: degrees(latitude)?, longitude: degrees(longitude)? })
}

/// As `point` reads it.
pub fn written(point: &Point) -> String {
    format!("{:.7},{:.7}", point.latitude, point.longitude)
}

/// What a point is given in.
pub fn given_in(gcj02: bool) -> i32 {
    if gcj02 { CoordinateSystem::Gcj02 } else { CoordinateSystem::Wgs84 }.into()
}

/// What a device kept, as a file has it; exactly one of the four.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    report_id: String,
    ticket: String,
    visit_id: String,
    device_time: String,
    #[serde(default)]
    sequence: i64,
    moved: Option<Moved>,
    checked_in: Option<CheckedIn>,
    reported: Option<Reported>,
    cancelled: Option<Cancelled>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Moved {
    window_start: String,
    window_end: String,
    #[serde(default)]
    person_id: String,
    reason: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CheckedIn {
    latitude: Option<f64>,
    longitude: Option<f64>,
    #[serde(default)]
    gcj02: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Reported {
    result: String,
    #[serde(default)]
    report: String,
    #[serde(default)]
    photo_ids: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cancelled {
    reason: String,
}

impl Kept {
    fn report(self, context: &Context) -> Result<VisitReport> {
        let time = |text: &str| context.parse_time(text).map(to_timestamp).map(Some);
        let what = match (self.moved, self.checked_in, self.reported, self.cancelled) {
            (Some(c), None, None, None) => What::Moved(VisitReportMove {
                window_start: time(&c.window_start)?,
                window_end: time(&c.window_end)?,
                person_id: c.person_id,
                reason: c.reason,
            }),
            (None, Some(c), None, None) => What::CheckedIn(VisitReportCheckIn {
                point: c.latitude.zip(c.longitude).map(|(latitude, longitude)| Point { latitude, longitude }),
                given_in: given_in(c.gcj02),
            }),
            (None, None, Some(c), None) => What::Reported(VisitReportResult {
                result: Outcome::from_str(&c.result, true).map_err(anyhow::Error::msg)?.into(),
                report: c.report,
                photo_ids: c.photo_ids,
            }),
            (None, None, None, Some(c)) => What::Cancelled(VisitReportCancel { reason: c.reason }),
            _ => anyhow::bail!("{}: one of moved, checked_in, reported, cancelled", self.report_id),
        };
        Ok(VisitReport {
            report_id: self.report_id,
            ticket: self.ticket,
            visit_id: self.visit_id,
            device_time: time(&self.device_time)?,
            sequence: self.sequence,
            what: Some(what),
        })
    }
}

async fn replay(
    context: &Context,
    mut client: VisitServiceClient<super::Channel>,
    file: PathBuf,
) -> Result<()> {
    let text = std::fs::read(&file).with_context(|| format!("reading {}", file.display()))?;
    let kept: Vec<Kept> =
        serde_json::from_slice(&text).with_context(|| format!("reading {}", file.display()))?;
    let reports: Vec<VisitReport> =
        kept.into_iter().map(|kept| kept.report(context)).collect::<Result<_>>()?;
    let mut outcomes: Vec<VisitReportOutcome> = Vec::new();
    for some in reports.chunks(200) {
        let request = ReportVisitsRequest { reports: some.to_vec() };
        outcomes.extend(client.report_visits(request).await?.into_inner().outcomes);
    }
    let json = || {
        let name = "gongdan.tickets.v1.VisitReportOutcome";
        let all: Result<Vec<_>> = outcomes.iter().map(|outcome| context.json(name, outcome)).collect();
        Ok(json!(all?))
    };
    context.print(json, || {
        let mut table = Table::new([
            context.text("report", "报告"),
            context.text("outcome", "结果"),
            context.text("why", "原因"),
        ]);
        for outcome in &outcomes {
            let became = match (outcome.taken, outcome.known) {
                (true, _) => context.text("taken", "已收"),
                (_, true) => context.text("known", "已有"),
                _ => context.text("refused", "拒绝"),
            };
            table.row([outcome.report_id.clone(), became.to_owned(), outcome.message.clone()]);
        }
        table
    })
}

fn show(context: &Context, ticket: &Ticket) -> Result<()> {
    let json = || {
        let visits: Result<Vec<_>> = ticket.visits.iter().map(|visit| context.json(VISIT, visit)).collect();
        Ok(json!(visits?))
    };
    context.print(json, || table(context, &ticket.visits))
}

fn table(context: &Context, visits: &[Visit]) -> Table {
    let mut table = Table::new([
        context.text("id", "标识"),
        context.text("state", "状态"),
        context.text("from", "开始"),
        context.text("to", "结束"),
        context.text("who", "人员"),
        context.text("there", "到场"),
        context.text("point (WGS-84)", "坐标（WGS-84）"),
        context.text("result", "结果"),
        context.text("report", "情况"),
        context.text("note", "备注"),
    ]);
    for visit in visits {
        table.row([
            visit.id.clone(),
            context.name(visit.state().as_str_name()),
            context.time(visit.window_start.as_ref()),
            context.time(visit.window_end.as_ref()),
            visit.person_id.clone(),
            context.time(visit.checked_in_at.as_ref()),
            visit.checked_in_point.map(|p| written(&p)).unwrap_or_default(),
            context.name(visit.result().as_str_name()),
            visit.report.clone(),
            visit.note.clone(),
        ]);
    }
    table
}
