//! Review and countersigning (审核, 会签). Source: T18.

use anyhow::Result;
use clap::{Args, Subcommand, ValueEnum};
use gongdan_proto::tickets::v1::{
    ApproveReviewRequest, RejectReviewRequest, Review as Pb, ReviewState, ReviewStep, Signer, SigningMode,
    SubmitForReviewRequest, Ticket, review_service_client::ReviewServiceClient,
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

/// What of it is shown of a ticket: where it is, what is proposed, and who has signed and is to sign.
pub(super) fn details<'a>(context: &'a Context, ticket: &Ticket) -> Vec<(&'a str, String)> {
    let Some(review) = &ticket.review else { return Vec::new() };
    let submitted = review.submitted_by.as_ref().map(|by| by.name.as_str()).unwrap_or_default();
    let state = context.name(review.state().as_str_name());
    let at = context.time(review.submitted_at.as_ref());
    let open = review.state() == ReviewState::Open;
    let outcome = if open { context.name(review.outcome().as_str_name()) } else { String::new() };
    vec![
        (context.text("review", "审核"), format!("{state}  {submitted}  {at}")),
        (context.text("signatures", "签署"), signatures(context, review)),
        (context.text("proposed outcome", "拟办理结果"), outcome),
        (context.text("proposed solution", "拟办理情况"), review.solution.clone()),
        (context.text("proposed root cause", "拟报原因"), review.root_cause.clone()),
        (context.text("proposed reply", "拟答复"), review.reply.clone()),
        (context.text("rejected because", "审核退回原因"), review.rejection.clone()),
    ]
}

/// A line for each step: who signed, and of the one that waits, who is to.
fn signatures(context: &Context, review: &Pb) -> String {
    let last = review.steps.len().saturating_sub(1);
    let lines = review.steps.iter().enumerate().map(|(at, step)| {
        let mut parts: Vec<String> = step
            .signatures
            .iter()
            .map(|s| {
                let by = s.by.clone().unwrap_or_default();
                let name = if by.name.is_empty() { by.id } else { by.name };
                format!("{name} {}", context.time(s.at.as_ref()))
            })
            .collect();
        if at == last && review.state() == ReviewState::Open {
            parts.push(format!("{} {}", context.text("waits for", "待"), waited_for(context, step)));
        }
        format!("{}: {}", step.step, parts.join(", "))
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Those whose signatures are still wanted.
fn waited_for(context: &Context, step: &ReviewStep) -> String {
    let mut groups = Vec::new();
    for (number, group) in (0..).zip(&step.groups) {
        let signed = |signer: Option<i32>| {
            step.signatures
                .iter()
                .any(|s| s.group == number && signer.is_none_or(|signer| s.signer == signer))
        };
        let all = group.mode() == SigningMode::AllOf;
        if !all && signed(None) {
            continue;
        }
        let left: Vec<String> = (0..)
            .zip(&group.signers)
            .filter(|(at, _)| !all || !signed(Some(*at)))
            .map(|(_, signer)| called(context, signer))
            .collect();
        if !left.is_empty() {
            let or = if all { context.text(" and ", "、") } else { context.text(" or ", "或") };
            groups.push(left.join(or));
        }
    }
    groups.join(context.text("; ", "；"))
}

fn called(context: &Context, signer: &Signer) -> String {
    if !signer.person_id.is_empty() {
        return signer.person_id.clone();
    }
    let unit = if signer.in_centre { context.text("centre", "热线中心") } else { &signer.unit_id };
    if unit.is_empty() { signer.role.clone() } else { format!("{} ({unit})", signer.role) }
}
