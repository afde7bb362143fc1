//! `gongdan sla schedule put`

use std::{path::PathBuf, str::FromStr};

use anyhow::{Context as _, Result, ensure};
use clap::ValueEnum;
use gongdan_proto::sla::v1::{
    CatchUp as PbCatchUp, PutScheduleRequest, Reminder, Schedule, ScheduleAction, TicketTemplate,
    schedule_action::Action,
};
use serde::{Deserialize, Deserializer};

use super::{
    super::super::{
        fields::{self, Field},
        ticket::words::{Channel, Impact, Kind, Priority, Urgency, number},
    },
    Context, client, show,
    when::When,
};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// JSON file with a schedule; its fields are named as the options below, with `_`
    #[arg(value_name = "FILE", conflicts_with_all = ["key", "when", "subject", "text"], required_unless_present = "key")]
    file: Option<PathBuf>,
    #[command(flatten)]
    schedule: Written,
    /// Only if the schedule is still as it was read
    #[arg(long, default_value = "", hide_default_value = true)]
    etag: String,
}

/// A schedule as it is written on the command line and in files.
#[derive(Debug, Default, clap::Args, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Written {
    /// Its key
    #[arg(long)]
    key: Option<String>,
    /// What people call it; default: the key
    #[arg(long)]
    name: Option<String>,
    #[command(flatten)]
    when: When,
    /// What happens to what was missed while nobody ran it; default: once
    #[arg(long, value_enum)]
    #[serde(deserialize_with = "word")]
    catch_up: Option<CatchUp>,
    #[command(flatten)]
    ticket: Ticket,
    #[command(flatten)]
    remind: Remind,
}

#[derive(Debug, Default, clap::Args, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Ticket {
    /// Creates a ticket: its subject; {date}, {month} and {time} stand for the planned time
    #[arg(long, requires_all = ["body", "region"], conflicts_with_all = ["text", "remind_unit", "remind_person"])]
    subject: Option<String>,
    /// The ticket's text; {date}, {month} and {time} stand for the planned time
    #[arg(long, requires = "subject")]
    body: Option<String>,
    /// The ticket's region code, 2 to 12 digits
    #[arg(long, requires = "subject", value_name = "CODE")]
    region: Option<String>,
    /// The ticket's type; may be left out when the item binds it
    #[arg(long = "type", value_enum, requires = "subject")]
    #[serde(rename = "type", deserialize_with = "word")]
    kind: Option<Kind>,
    /// The ticket's type by its key
    #[arg(long, requires = "subject", value_name = "KEY")]
    type_key: Option<String>,
    /// Key of the ticket's catalogue item; default: unclassified
    #[arg(long, requires = "subject")]
    item: Option<String>,
    /// How the ticket comes in; default: api
    #[arg(long, value_enum, requires = "subject")]
    #[serde(deserialize_with = "word")]
    channel: Option<Channel>,
    /// How soon it hurts; default: the item's
    #[arg(long, value_enum, requires = "subject")]
    #[serde(deserialize_with = "word")]
    urgency: Option<Urgency>,
    /// How many it hurts; default: the item's
    #[arg(long, value_enum, requires = "subject")]
    #[serde(deserialize_with = "word")]
    impact: Option<Impact>,
    /// Overrides the priority matrix
    #[arg(long, value_enum, requires = "priority_reason")]
    #[serde(deserialize_with = "word")]
    priority: Option<Priority>,
    /// Why the matrix is overridden
    #[arg(long, requires = "subject", value_name = "TEXT")]
    priority_reason: Option<String>,
    /// The ticket needs a right of its own to be seen
    #[arg(long, requires = "subject")]
    sensitive: bool,
    /// A field of the item's form, `meter=12345678` or `address.floor=3`; may be repeated
    #[arg(long = "field", value_name = "PATH=VALUE", requires = "subject")]
    #[serde(rename = "fields", deserialize_with = "form")]
    field: Vec<Field>,
}

#[derive(Debug, Default, clap::Args, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Remind {
    /// Reminds people: of what; {date}, {month} and {time} stand for the planned time
    #[arg(long)]
    text: Option<String>,
    /// With --text: all of this unit
    #[arg(long, value_name = "UNIT", requires = "text", conflicts_with = "remind_person")]
    #[serde(rename = "unit")]
    remind_unit: Option<String>,
    /// With --text: this person; may be given more than once
    #[arg(long, value_name = "PERSON", requires = "text")]
    #[serde(rename = "persons")]
    remind_person: Vec<String>,
}

/// What happens to what was missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum CatchUp {
    /// Of all that came, only the newest is run
    Once,
    /// All are run, up to 100
    All,
    /// None is run
    Skip,
}

/// A word as the command line has it.
fn word<'de, D: Deserializer<'de>, W: ValueEnum>(deserializer: D) -> Result<Option<W>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    text.map(|text| W::from_str(&text, true).map_err(serde::de::Error::custom)).transpose()
}

/// Fields of a form as the command line has them.
fn form<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Field>, D::Error> {
    let texts = Vec::<String>::deserialize(deserializer)?;
    texts.iter().map(|text| Field::from_str(text).map_err(serde::de::Error::custom)).collect()
}

pub async fn run(context: &Context, args: Args) -> Result<()> {
    let schedule = match &args.file {
        None => args.schedule.schedule()?,
        Some(path) => {
            let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
            read(&text).with_context(|| path.display().to_string())?
        }
    };
    let request =
        PutScheduleRequest { request_id: context.request_id(), schedule: Some(schedule), etag: args.etag };
    let schedule = client(context)?.put_schedule(request).await?.into_inner();
    show(context, &schedule)
}

fn read(text: &str) -> Result<Schedule> {
    serde_json::from_str::<Written>(text)?.schedule()
}

impl Written {
    fn schedule(self) -> Result<Schedule> {
        let key = self.key.unwrap_or_default();
        let (recurrence, time_zone) = self.when.recurrence()?;
        let catch_up = match self.catch_up.unwrap_or(CatchUp::Once) {
            CatchUp::Once => PbCatchUp::Once,
            CatchUp::All => PbCatchUp::All,
            CatchUp::Skip => PbCatchUp::Skip,
        };
        ensure!(
            self.ticket.subject.is_some() != self.remind.text.is_some(),
            "a subject for a ticket, or a text to remind people of"
        );
        let action = match self.remind.text {
            Some(text) => Action::Remind(Reminder {
                unit_id: self.remind.remind_unit.unwrap_or_default(),
                person_ids: self.remind.remind_person,
                text,
            }),
            None => Action::CreateTicket(self.ticket.template()?),
        };
        Ok(Schedule {
            name: self.name.unwrap_or_else(|| key.clone()),
            key,
            recurrence: Some(recurrence),
            time_zone,
            catch_up: catch_up.into(),
            action: Some(ScheduleAction { action: Some(action) }),
            ..Schedule::default()
        })
    }
}

impl Ticket {
    fn template(self) -> Result<TicketTemplate> {
        Ok(TicketTemplate {
            r#type: number(self.kind),
            type_key: self.type_key.unwrap_or_default(),
            item: self.item.unwrap_or_default(),
            subject: self.subject.unwrap_or_default(),
            body: self.body.unwrap_or_default(),
            region: self.region.unwrap_or_default(),
            channel: self.channel.unwrap_or(Channel::Api).into(),
            urgency: number(self.urgency),
            impact: number(self.impact),
            priority: number(self.priority),
            priority_reason: self.priority_reason.unwrap_or_default(),
            sensitive: self.sensitive,
            custom_fields: fields::message(&self.field)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gongdan_proto::{sla::v1::schedule::Recurrence, tickets::v1 as tickets};

    #[test]
    fn a_file_says_what_the_options_do() {
        let schedule = read(
            r#"{"key": "inspect", "when": {"cron": "0 9 * * MON"}, "catch_up": "all",
                "ticket": {"type": "maintenance", "subject": "巡检 {date}", "body": "每周巡检", "region": "440106",
                           "fields": ["meter=\"0012\""]}}"#,
        )
        .unwrap();
        assert_eq!((schedule.name.as_str(), schedule.catch_up()), ("inspect", PbCatchUp::All));
        assert_eq!(schedule.recurrence, Some(Recurrence::Cron("0 9 * * MON".into())));
        let Some(Action::CreateTicket(ticket)) = schedule.action.unwrap().action else { panic!("a ticket") };
        assert_eq!(ticket.r#type(), tickets::TicketType::Maintenance);
        assert_eq!(
            (ticket.channel(), ticket.custom_fields.unwrap().fields.len()),
            (tickets::Channel::Api, 1)
        );
    }

    #[test]
    fn what_is_wrong_with_a_file_is_said() {
        for (text, said) in [
            (r#"{"key": "a", "corn": "* * * * *"}"#, "corn"),
            (r#"{"key": "a", "when": {"cron": "0 9 * * *"}}"#, "a subject for a ticket"),
            (r#"{"key": "a", "when": {}, "remind": {"text": "t", "unit": "u"}}"#, "one of cron"),
            (r#"{"key": "a", "when": {"cron": "0 9 * * *"}, "catch_up": "sometimes"}"#, "sometimes"),
        ] {
            let error = format!("{:#}", read(text).unwrap_err());
            assert!(error.contains(said), "{text}: {error}");
        }
    }
}
