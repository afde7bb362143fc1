//! `gongdan ticket claim` (抢单): one ticket, or the next of the pools.

use anyhow::Result;
use clap::Args;
use gongdan_proto::tickets::v1::{ClaimNextRequest, ClaimTicketRequest, Ticket, TicketFilter};

use super::{
    super::Context,
    Client,
    words::{Kind, Priority, numbers},
};

#[derive(Debug, Args)]
pub struct Claim {
    /// Number or id
    #[arg(required_unless_present = "next", conflicts_with = "next")]
    ticket: Option<String>,
    /// The next one of the pools of one's units: by priority, then the one received first
    #[arg(long)]
    next: bool,
    /// Only if the ticket is still at this etag
    #[arg(long, default_value = "", hide_default_value = true, conflicts_with = "next")]
    etag: String,
    /// With --next: only from the pool of this unit
    #[arg(long, default_value = "", hide_default_value = true, requires = "next")]
    unit: String,
    /// With --next: only of this catalogue item; may be repeated
    #[arg(long, requires = "next")]
    item: Vec<String>,
    /// With --next: only in this region and below; may be repeated
    #[arg(long, value_name = "CODE", requires = "next")]
    region: Vec<String>,
    /// With --next: only requests of this kind; may be repeated
    #[arg(long = "type", value_enum, requires = "next")]
    kind: Vec<Kind>,
    /// With --next: only of this priority; may be repeated
    #[arg(long, value_enum, requires = "next")]
    priority: Vec<Priority>,
}

pub async fn run(context: &Context, client: &mut Client, args: Claim) -> Result<tonic::Response<Ticket>> {
    let request_id = context.request_id();
    if let Some(ticket) = args.ticket {
        let request = ClaimTicketRequest { request_id, ticket, etag: args.etag };
        return Ok(client.claim_ticket(request).await?);
    }
    let filter = TicketFilter {
        items: args.item,
        regions: args.region,
        types: numbers(&args.kind),
        priorities: numbers(&args.priority),
        ..TicketFilter::default()
    };
    let request = ClaimNextRequest { request_id, unit_id: args.unit, filter: Some(filter) };
    Ok(client.claim_next(request).await?)
}
