//! `ticket bulk`: the same for many tickets. Source: T29.

use anyhow::Result;
use clap::{Args, Subcommand};
use gongdan_proto::{
    tickets::v1::{
        BulkActRequest, BulkActResponse, BulkAddNote, BulkAssign, BulkDispatch, BulkNote, BulkPlain,
        BulkReason, BulkReopen, BulkTrack, BulkTransfer, TicketFilter, bulk_act_request::Act,
        bulk_service_client::BulkServiceClient,
    },
    to_timestamp,
};
use serde_json::json;

use super::{super::Context, filter::Filter};

#[derive(Debug, Args)]
pub struct Bulk {
    #[command(subcommand)]
    act: What,
}

#[derive(Debug, Args)]
struct Which {
    /// With tickets found by a filter: how many it has to find; without it, how many there are is printed and nothing is
    /// done
    #[arg(long, value_name = "N")]
    expect: Option<i32>,
    /// The request id of a call that was broken off, to go on where it was
    #[arg(long, value_name = "UUID")]
    request_id: Option<String>,
    #[command(flatten)]
    filter: Filter,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Gives them to a unit or person (派单)
    Dispatch {
        /// The unit
        #[arg(id = "to_unit", long = "to-unit", value_name = "UNIT")]
        to: String,
        /// A member of the unit
        #[arg(long, default_value = "", hide_default_value = true)]
        person: String,
        /// A word to the unit
        #[arg(long, default_value = "", hide_default_value = true)]
        note: String,
        #[command(flatten)]
        which: Which,
    },
    /// Hands them on (转派)
    Transfer {
        /// The one recipient
        #[arg(id = "to_unit", long = "to-unit", value_name = "UNIT")]
        to: String,
        /// A member of it
        #[arg(long, default_value = "", hide_default_value = true)]
        person: String,
        /// Why
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        which: Which,
    },
    /// Gives them back (退单)
    Return {
        /// Why
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        which: Which,
    },
    /// Takes them back (撤单)
    Cancel {
        /// Why
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        which: Which,
    },
    /// Citizens ask again (催单)
    Urge {
        /// What they add
        #[arg(long, default_value = "", hide_default_value = true)]
        note: String,
        #[command(flatten)]
        which: Which,
    },
    /// Adds a note to each
    Note {
        /// What it says
        text: String,
        /// The citizen may read it
        #[arg(long)]
        public: bool,
        /// Staff who are to be told; may be repeated
        #[arg(long = "mention", value_name = "PERSON")]
        mentions: Vec<String>,
        #[command(flatten)]
        which: Which,
    },
    /// Marks them as one's own to follow (跟踪)
    Track {
        /// When to be reminded
        #[arg(long, value_name = "TIME")]
        remind_at: Option<String>,
        /// What to be reminded of
        #[arg(long, default_value = "", hide_default_value = true)]
        note: String,
        #[command(flatten)]
        which: Which,
    },
    /// Gives them to a person of the unit that has them, or in whose pool they wait
    Assign {
        /// The person
        #[arg(long)]
        person: String,
        /// Why
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        which: Which,
    },
    /// Begins the next round (重办)
    Reopen {
        /// Why
        #[arg(long)]
        reason: String,
        /// Back to the unit that had it
        #[arg(long)]
        same_unit: bool,
        #[command(flatten)]
        which: Which,
    },
    /// Takes them on (接单)
    Accept(Which),
    /// Takes them from the pool (抢单)
    Claim(Which),
    /// Submits drafts (提交)
    Submit(Which),
}

impl What {
    fn act(self, context: &Context) -> Result<(Act, Which)> {
        Ok(match self {
            Self::Dispatch { to, person, note, which } => {
                (Act::Dispatch(BulkDispatch { unit_id: to, person_id: person, note }), which)
            }
            Self::Transfer { to, person, reason, which } => {
                (Act::Transfer(BulkTransfer { unit_id: to, person_id: person, reason }), which)
            }
            Self::Return { reason, which } => (Act::Return(BulkReason { reason }), which),
            Self::Cancel { reason, which } => (Act::Cancel(BulkReason { reason }), which),
            Self::Urge { note, which } => (Act::Urge(BulkNote { note }), which),
            Self::Reopen { reason, same_unit, which } => {
                (Act::Reopen(BulkReopen { reason, same_unit }), which)
            }
            Self::Accept(which) => (Act::Accept(BulkPlain {}), which),
            Self::Claim(which) => (Act::Claim(BulkPlain {}), which),
            Self::Submit(which) => (Act::Submit(BulkPlain {}), which),
            Self::Note { text, public, mentions, which } => {
                (Act::Note(BulkAddNote { text, public, mention_ids: mentions }), which)
            }
            Self::Track { remind_at, note, which } => {
                let remind_at = remind_at.as_deref().map(|text| context.parse_time(text)).transpose()?;
                (Act::Track(BulkTrack { remind_at: remind_at.map(to_timestamp), note }), which)
            }
            Self::Assign { person, reason, which } => {
                (Act::Assign(BulkAssign { person_id: person, reason }), which)
            }
        })
    }
}

pub async fn run(context: &Context, args: Bulk) -> Result<()> {
    let (act, Which { expect, request_id, filter }) = args.act.act(context)?;
    let mut filter = filter.message(context)?;
    let tickets = std::mem::take(&mut filter.tickets);
    let named = filter == TicketFilter::default() && !tickets.is_empty();
    if !named {
        filter.tickets.clone_from(&tickets);
    }
    let request_id = request_id.unwrap_or_else(|| context.request_id());
    let request = BulkActRequest {
        request_id: request_id.clone(),
        tickets: if named { tickets } else { Vec::new() },
        filter: (!named).then_some(filter),
        expected_count: expect.unwrap_or_default(),
        preview: !named && expect.is_none(),
        act: Some(act),
    };
    let mut client = BulkServiceClient::new(context.channel("tickets")?);
    let preview = request.preview;
    let mut results = client.bulk_act(request).await?.into_inner();
    let bar = context.progress(None, context.text("tickets", "工单"));
    let (mut done, mut failed) = (0_u64, Vec::new());
    loop {
        let message = match results.message().await {
            Ok(Some(message)) => message,
            Ok(None) => break,
            Err(status) => {
                bar.finish_and_clear();
                let go_on = context.text("to go on: --request-id", "继续执行：--request-id");
                eprintln!("{go_on} {request_id}");
                return Err(status.into());
            }
        };
        let BulkActResponse { ticket, error, answered, total, .. } = message;
        if preview {
            bar.finish_and_clear();
            if context.is_json() {
                context.print_json(&json!({ "tickets": total }))?;
            } else {
                context.say(&format!(
                    "{total} {}",
                    context.text("tickets; repeat with --expect", "件；请加 --expect")
                ))?;
            }
            return Ok(());
        }
        bar.set_length(u64::try_from(total).unwrap_or_default());
        bar.set_position(u64::try_from(answered).unwrap_or_default());
        match error {
            None => done += 1,
            Some(error) => failed.push((ticket, error)),
        }
    }
    bar.finish_and_clear();
    if context.is_json() {
        let errors: Vec<_> = failed
            .iter()
            .map(|(ticket, e)| json!({ "ticket": ticket, "reason": e.reason, "message": e.message }))
            .collect();
        context.print_json(&json!({ "done": done, "failed": errors.len(), "errors": errors }))?;
    } else {
        for (ticket, error) in &failed {
            eprintln!("{ticket}: {}", error.message);
        }
        context.print_details(
            || Ok(serde_json::Value::Null),
            &[
                (context.text("done", "已办理"), done.to_string()),
                (context.text("failed", "失败"), failed.len().to_string()),
            ],
        )?;
    }
    if !failed.is_empty() {
        anyhow::bail!("{} {}", failed.len(), context.text("tickets were not done", "件未办理"));
    }
    Ok(())
}
