//! What is done about a ticket from above and beside: escalate, direct, track, mark errors, circulate, hand off.

use anyhow::Result;
use clap::{Args, Subcommand};
use gongdan_proto::{
    tickets::v1::{
        CirculateTicketRequest, EscalateTicketRequest, HandOffTicketRequest, IssueDirectiveRequest,
        MarkQualityErrorRequest, Ticket, TrackTicketRequest, UntrackTicketRequest,
        WithdrawQualityErrorRequest, circulation_service_client::CirculationServiceClient,
        supervision_service_client::SupervisionServiceClient,
    },
    to_timestamp,
};

use super::{
    super::Context,
    show,
    words::{EmergencyService, QualityErrorKind},
};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Climbs to the next tier, to a recipient or to whom routing finds there (升级)
    Escalate(Escalate),
    /// Orders something of a unit, which has to reply by a deadline (督办); see also `gongdan directive`
    Direct(Direct),
    /// Marks it for oneself, with a reminder if wanted (跟踪)
    Track(Track),
    /// Takes one's own mark away (取消跟踪)
    Untrack(On),
    /// What is wrong with its record (差错工单)
    #[command(subcommand)]
    Quality(Quality),
    /// Shows it inside the unit that has it (传阅); see also `gongdan circulation`
    Circulate(Circulate),
    /// Writes down that 110, 119 or 120 was called (应急移交)
    Emergency(Emergency),
}

/// Which ticket, and at which state.
#[derive(Debug, Args)]
pub struct On {
    /// Number or id
    ticket: String,
    /// Only if the ticket is still at this etag
    #[arg(long, default_value = "", hide_default_value = true)]
    etag: String,
}

#[derive(Debug, Args)]
pub struct Escalate {
    #[command(flatten)]
    on: On,
    /// Why
    #[arg(long)]
    reason: String,
    /// Who has it next; default: it is routed again
    #[arg(long, default_value = "", hide_default_value = true)]
    unit: String,
    /// A member of the unit; default: any
    #[arg(long, default_value = "", hide_default_value = true, requires = "unit")]
    person: String,
}

#[derive(Debug, Args)]
pub struct Direct {
    #[command(flatten)]
    on: On,
    /// What is ordered
    #[arg(long)]
    directive: String,
    /// By when: `2026-12-01T18:00`, with or without offset
    #[arg(long, value_name = "TIME")]
    due: String,
    /// Who has to reply; default: the unit that has the ticket
    #[arg(long, default_value = "", hide_default_value = true)]
    unit: String,
}

#[derive(Debug, Args)]
pub struct Track {
    #[command(flatten)]
    on: On,
    /// When to be reminded
    #[arg(long, value_name = "TIME")]
    remind: Option<String>,
    /// What to be reminded of
    #[arg(long, default_value = "", hide_default_value = true)]
    note: String,
}

#[derive(Debug, Subcommand)]
pub enum Quality {
    /// Marks an error
    Mark {
        #[command(flatten)]
        on: On,
        /// What is wrong
        #[arg(long, value_enum)]
        kind: QualityErrorKind,
        /// What exactly
        #[arg(long)]
        note: String,
        /// The unit that made it
        #[arg(long, default_value = "", hide_default_value = true)]
        unit: String,
        /// Who made it
        #[arg(long, default_value = "", hide_default_value = true)]
        person: String,
    },
    /// Takes a mark back
    Withdraw {
        #[command(flatten)]
        on: On,
        /// UUID of the mark
        #[arg(long)]
        error: String,
        /// Why
        #[arg(long)]
        reason: String,
    },
}

#[derive(Debug, Args)]
pub struct Circulate {
    #[command(flatten)]
    on: On,
    /// To a member of the unit; may be given again; default: all of the unit
    #[arg(long = "person", value_name = "PERSON")]
    persons: Vec<String>,
    /// What to say
    #[arg(long, default_value = "", hide_default_value = true)]
    note: String,
}

#[derive(Debug, Args)]
pub struct Emergency {
    #[command(flatten)]
    on: On,
    /// Who was called
    #[arg(long, value_enum)]
    service: EmergencyService,
    /// What was said
    #[arg(long)]
    note: String,
    /// Its reference, if it gave one
    #[arg(long, default_value = "", hide_default_value = true)]
    reference: String,
}

pub async fn run(context: &Context, command: Command) -> Result<()> {
    let mut client = SupervisionServiceClient::new(context.channel("tickets")?);
    let request_id = context.request_id();
    let time = |text: &str| context.parse_time(text).map(to_timestamp);
    let answer = match command {
        Command::Escalate(Escalate { on: On { ticket, etag }, reason, unit, person }) => {
            let (unit_id, person_id) = (unit, person);
            client
                .escalate_ticket(EscalateTicketRequest {
                    request_id,
                    ticket,
                    etag,
                    unit_id,
                    person_id,
                    reason,
                })
                .await?
        }
        Command::Direct(Direct { on: On { ticket, etag }, directive, due, unit }) => {
            let (unit_id, due_at) = (unit, Some(time(&due)?));
            client
                .issue_directive(IssueDirectiveRequest {
                    request_id,
                    ticket,
                    etag,
                    unit_id,
                    due_at,
                    directive,
                })
                .await?
        }
        Command::Track(Track { on: On { ticket, etag }, remind, note }) => {
            let remind_at = remind.as_deref().map(time).transpose()?;
            client.track_ticket(TrackTicketRequest { request_id, ticket, etag, remind_at, note }).await?
        }
        Command::Untrack(On { ticket, etag }) => {
            client.untrack_ticket(UntrackTicketRequest { request_id, ticket, etag }).await?
        }
        Command::Quality(Quality::Mark { on: On { ticket, etag }, kind, note, unit, person }) => {
            let (kind, unit_id, person_id) = (kind.into(), unit, person);
            let request =
                MarkQualityErrorRequest { request_id, ticket, etag, kind, person_id, unit_id, note };
            client.mark_quality_error(request).await?
        }
        Command::Quality(Quality::Withdraw { on: On { ticket, etag }, error, reason }) => {
            let request =
                WithdrawQualityErrorRequest { request_id, ticket, etag, quality_error_id: error, reason };
            client.withdraw_quality_error(request).await?
        }
        Command::Circulate(Circulate { on: On { ticket, etag }, persons, note }) => {
            let request = CirculateTicketRequest { request_id, ticket, etag, person_ids: persons, note };
            CirculationServiceClient::new(context.channel("tickets")?).circulate_ticket(request).await?
        }
        Command::Emergency(Emergency { on: On { ticket, etag }, service, note, reference }) => {
            let service = service.into();
            client
                .hand_off_ticket(HandOffTicketRequest { request_id, ticket, etag, service, reference, note })
                .await?
        }
    };
    show::ticket(context, &answer.into_inner())
}

/// What of it is shown of a ticket.
pub fn details<'a>(context: &'a Context, ticket: &Ticket) -> Vec<(&'a str, String)> {
    let lines = |lines: Vec<String>| lines.join("\n");
    let tier = if ticket.tier > 1 { ticket.tier.to_string() } else { String::new() };
    let directives = ticket.directives.iter().map(|directive| {
        format!(
            "{} {} {} {} {}",
            directive.id,
            directive.unit_id,
            context.name(directive.state().as_str_name()),
            context.time(directive.due_at.as_ref()),
            directive.directive
        )
    });
    let errors = ticket.quality_errors.iter().map(|error| {
        let withdrawn =
            if error.withdrawn_at.is_some() { context.text("(withdrawn)", "(已撤销)") } else { "" };
        format!(
            "{} {} {} {} {}{withdrawn}",
            error.id,
            context.name(error.kind().as_str_name()),
            error.unit_id,
            error.person_id,
            error.note
        )
    });
    let marks = ticket
        .tracks
        .iter()
        .map(|track| format!("{} {}", context.time(track.remind_at.as_ref()), track.note).trim().to_owned());
    let handoffs = ticket.emergency_handoffs.iter().map(|handoff| {
        format!(
            "{} {} {} {}",
            context.time(handoff.handed_off_at.as_ref()),
            context.name(handoff.service().as_str_name()),
            handoff.reference,
            handoff.note
        )
    });
    let tracked = if ticket.tracks.is_empty() { String::new() } else { lines(marks.collect()) };
    vec![
        (context.text("tier", "层级"), tier),
        (context.text("directives", "督办"), lines(directives.collect())),
        (context.text("quality errors", "差错"), lines(errors.collect())),
        (context.text("your mark", "我的跟踪"), tracked),
        (context.text("handed to emergency services", "应急移交"), lines(handoffs.collect())),
    ]
}
