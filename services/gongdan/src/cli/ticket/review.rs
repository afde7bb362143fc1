//! Review and countersigning (审核, 会签). Source: T18.

use anyhow::Result;
use clap::{Args, Subcommand, ValueEnum};
use gongdan_proto::tickets::v1::{
    ApproveReviewRequest, RejectReviewRequest, SigningMode, SubmitForReviewRequest, Ticket,
    review_service_client::ReviewServiceClient,
};

use super::{super::Context, words::Outcome};

#[derive(Debug, Subcommand)]
pub enum Review {
    /// Proposes how it ends, and asks for the signatures (送审)
    Submit(Box<Submit>),
    /// Signs (审核通过)
    Approve {
        /// Number or id
        ticket: String,
        /// Only if the ticket is still at this etag
        #[arg(long, default_value = "")]
        etag: String,
        /// A word with it
        #[arg(long, default_value = "", hide_default_value = true)]
        note: String,
    },
    /// Sends it back (审核退回)
    Reject {
        /// Number or id
        ticket: String,
        /// Only if the ticket is still at this etag
        #[arg(long, default_value = "")]
        etag: String,
        /// The step of the workflow that it goes back to; default: the unit works on it again
        #[arg(long, default_value = "", hide_default_value = true)]
        step: String,
        /// Why
        #[arg(long)]
        reason: String,
    },
}

#[derive(Debug, Args)]
pub struct Submit {
    /// Number or id
    ticket: String,
    /// Only if the ticket is still at this etag
    #[arg(long, default_value = "")]
    etag: String,
    /// As what it ends
    #[arg(long, value_enum)]
    outcome: Outcome,
    /// What was done
    #[arg(long)]
    solution: String,
    /// What the citizen is told
    #[arg(long)]
    reply: String,
    /// Why it had happened
    #[arg(long, default_value = "", hide_default_value = true)]
    root_cause: String,
    /// The unit responsible for the cause; default: the one that holds it
    #[arg(long, default_value = "", hide_default_value = true)]
    responsible_unit: String,
    /// A person who is asked beside those of the workflow (会签); may be given again
    #[arg(long = "countersigner", value_name = "PERSON")]
    countersigners: Vec<String>,
    /// How many of them sign
    #[arg(long, value_enum, requires = "countersigners")]
    countersigning: Option<Mode>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Mode {
    /// Each
    AllOf,
    /// One
    AnyOf,
}

pub(super) async fn run(context: &Context, review: Review) -> Result<Ticket> {
    let mut client = ReviewServiceClient::new(context.channel("tickets")?);
    let request_id = context.request_id();
    let answer = match review {
        Review::Submit(args) => {
            let countersigning = args.countersigning.map_or(SigningMode::Unspecified, |mode| match mode {
                Mode::AllOf => SigningMode::AllOf,
                Mode::AnyOf => SigningMode::AnyOf,
            });
            client
                .submit_for_review(SubmitForReviewRequest {
                    request_id,
                    ticket: args.ticket,
                    etag: args.etag,
                    outcome: args.outcome.into(),
                    solution: args.solution,
                    root_cause: args.root_cause,
                    responsible_unit_id: args.responsible_unit,
                    reply: args.reply,
                    countersigner_ids: args.countersigners,
                    countersigning: countersigning.into(),
                })
                .await?
        }
        Review::Approve { ticket, etag, note } => {
            client.approve_review(ApproveReviewRequest { request_id, ticket, etag, note }).await?
        }
        Review::Reject { ticket, etag, step, reason } => {
            client.reject_review(RejectReviewRequest { request_id, ticket, etag, step, reason }).await?
        }
    };
    Ok(answer.into_inner())
}
