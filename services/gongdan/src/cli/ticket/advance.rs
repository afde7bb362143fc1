//! On to another step of the same phase (推进). Source: T31.

use anyhow::Result;
use clap::Args;
use gongdan_proto::tickets::v1::{
    AdvanceTicketRequest, Ticket, workflow_service_client::WorkflowServiceClient,
};

use super::super::Context;

#[derive(Debug, Args)]
pub struct Advance {
    /// Number or id
    ticket: String,
    /// A step of the same phase
    step: String,
    /// Only if the ticket is still at this etag
    #[arg(long, default_value = "")]
    etag: String,
    /// A word with it
    #[arg(long, default_value = "", hide_default_value = true)]
    note: String,
}

pub(super) async fn run(context: &Context, args: Advance) -> Result<Ticket> {
    let Advance { ticket, step, etag, note } = args;
    let request = AdvanceTicketRequest { request_id: context.request_id(), ticket, etag, step, note };
    Ok(WorkflowServiceClient::new(context.channel("tickets")?).advance_ticket(request).await?.into_inner())
}
