//! `ticket place`: where a ticket is about, changed after intake. Source: T37.

use anyhow::{Result, ensure};
use clap::Args;
use gongdan_proto::tickets::v1::{
    self as pb, ChangePlaceRequest, GetTicketRequest, Ticket, ticket_service_client::TicketServiceClient,
    visit_service_client::VisitServiceClient,
};

use super::super::{
    Context,
    visit::{given_in, point},
};

/// What is not given stays as it is; `''` takes it away.
#[derive(Debug, Args)]
pub struct Place {
    /// Number or id
    ticket: String,
    /// Only if the ticket is still at this etag
    #[arg(long, default_value = "")]
    etag: String,
    /// Where it is about, in words
    #[arg(long)]
    address: Option<String>,
    /// The point: LATITUDE,LONGITUDE
    #[arg(long, value_name = "LAT,LON", allow_hyphen_values = true)]
    point: Option<String>,
    /// The point is one of a Chinese map (GCJ-02); it is kept in WGS-84
    #[arg(long, requires = "point")]
    gcj02: bool,
    /// The code of the grid (网格)
    #[arg(long)]
    grid: Option<String>,
    /// The installation, line, lift, lamp… by its id in the house
    #[arg(long)]
    asset: Option<String>,
    /// Why
    #[arg(long)]
    reason: String,
}

pub(super) async fn run(context: &Context, args: Place) -> Result<tonic::Response<Ticket>> {
    let given = [
        ("address", args.address.is_some()),
        ("point", args.point.is_some()),
        ("grid", args.grid.is_some()),
        ("asset", args.asset.is_some()),
    ];
    let paths: Vec<String> =
        given.into_iter().filter(|(_, is)| *is).map(|(path, _)| path.to_owned()).collect();
    ensure!(
        !paths.is_empty(),
        "{}: --address, --point, --grid, --asset",
        context.text("what is to be changed", "请指明要修改的内容")
    );
    let point = args.point.as_deref().filter(|text| !text.is_empty()).map(point).transpose()?;
    let place = pb::Place {
        address: args.address.unwrap_or_default(),
        given_in: if point.is_some() { given_in(args.gcj02) } else { 0 },
        point,
        grid: args.grid.unwrap_or_default(),
        asset: args.asset.unwrap_or_default(),
    };
    let mut client = VisitServiceClient::new(context.channel("tickets")?);
    let request = ChangePlaceRequest {
        request_id: context.request_id(),
        ticket: args.ticket,
        etag: args.etag,
        place: Some(place),
        update_mask: Some(prost_types::FieldMask { paths }),
        reason: args.reason,
    };
    let ticket = client.change_place(request).await?.into_inner();
    // The answer of an act has no address; whoever may read it sees it here.
    let mut client = TicketServiceClient::new(context.channel("tickets")?);
    Ok(client.get_ticket(GetTicketRequest { ticket: ticket.id, in_clear: false }).await?)
}
