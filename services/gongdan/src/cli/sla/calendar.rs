//! `gongdan sla calendar`

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Subcommand;
use gongdan_proto::sla::v1::{
    Calendar, CalendarFormat, GetCalendarRequest, ImportCalendarRequest, ListCalendarsRequest,
    calendar_service_client::CalendarServiceClient,
};
use serde_json::json;

use super::{Context, Table, channel};

const PAGE: i32 = 200;
const CALENDAR: &str = "gongdan.sla.v1.Calendar";

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Makes a new version of a calendar from a JSON document, or from days off and make-up workdays in an iCalendar file
    Import {
        /// The document, `gongdan sla calendar get cn` prints one to begin with; or a file that ends in .ics
        file: PathBuf,
        /// The calendar on whose week and years the days of an .ics file are laid: cn, or cn@1
        #[arg(long)]
        base: Option<String>,
        /// Key of the calendar that comes of an .ics file; default: that of the base
        #[arg(long, requires = "base")]
        key: Option<String>,
    },
    /// The newest version of each calendar
    List,
    /// Prints the document of a calendar
    Get {
        /// Key of the calendar
        key: String,
        /// Its version; default the newest
        #[arg(long, default_value_t = 0)]
        version: i32,
    },
}

pub async fn run(context: &Context, command: Command) -> Result<()> {
    let mut client = CalendarServiceClient::new(channel(context)?);
    match command {
        Command::Import { file, base, key } => {
            let document =
                std::fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))?;
            let is_ical = file.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("ics"));
            let format = if is_ical { CalendarFormat::Icalendar } else { CalendarFormat::Json };
            let request = ImportCalendarRequest {
                request_id: context.request_id(),
                document,
                format: format.into(),
                base: base.unwrap_or_default(),
                key: key.unwrap_or_default(),
            };
            let calendar = client.import_calendar(request).await?.into_inner();
            let news = match calendar.created {
                true => context.text("new", "新建"),
                false => context.text("unchanged", "无变化"),
            };
            let lines = [
                (context.text("calendar", "日历"), format!("{}@{}", calendar.key, calendar.version)),
                (context.text("name", "名称"), calendar.name.clone()),
                (context.text("version", "版本"), news.to_owned()),
                (context.text("years", "年份"), years(&calendar)),
                (context.text("known ahead", "已知天数"), known(context, &calendar)),
            ];
            context.print_details(|| context.json(CALENDAR, &calendar), &lines)
        }
        Command::List => {
            let mut request = ListCalendarsRequest { page_size: PAGE, page_token: String::new() };
            let mut calendars: Vec<Calendar> = Vec::new();
            loop {
                let page = client.list_calendars(request.clone()).await?.into_inner();
                calendars.extend(page.calendars);
                if page.next_page_token.is_empty() {
                    break;
                }
                request.page_token = page.next_page_token;
            }
            let json = || {
                let calendars: Result<Vec<_>> = calendars.iter().map(|c| context.json(CALENDAR, c)).collect();
                Ok(json!(calendars?))
            };
            context.print(json, || table(context, &calendars))
        }
        Command::Get { key, version } => {
            let calendar = client.get_calendar(GetCalendarRequest { key, version }).await?.into_inner();
            let lines = [("", calendar.document.clone())];
            if context.is_json() {
                context.print_details(|| context.json(CALENDAR, &calendar), &lines)
            } else {
                context.say(&calendar.document)
            }
        }
    }
}

fn years(calendar: &Calendar) -> String {
    match (calendar.years.first(), calendar.years.last()) {
        (Some(first), Some(last)) if first != last => format!("{first}–{last}"),
        (Some(only), _) => only.to_string(),
        _ => String::new(),
    }
}

/// How far ahead its holidays are known; empty for a calendar that keeps none.
fn known(context: &Context, calendar: &Calendar) -> String {
    calendar.days_known.map_or_else(String::new, |days| format!("{days} {}", context.text("d", "天")))
}

fn table(context: &Context, calendars: &[Calendar]) -> Table {
    let mut table = Table::new([
        context.text("calendar", "日历"),
        context.text("name", "名称"),
        context.text("time zone", "时区"),
        context.text("years", "年份"),
        context.text("known ahead", "已知天数"),
        context.text("regions", "地区"),
        context.text("imported", "导入时间"),
        context.text("by", "导入人"),
    ]);
    for calendar in calendars {
        table.row([
            format!("{}@{}", calendar.key, calendar.version),
            calendar.name.clone(),
            calendar.time_zone.clone(),
            years(calendar),
            known(context, calendar),
            calendar.regions.join(" "),
            context.time(calendar.imported_at.as_ref()),
            calendar.imported_by.clone(),
        ]);
    }
    table
}
