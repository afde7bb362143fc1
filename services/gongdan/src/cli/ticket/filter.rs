//! What `ticket list` and `ticket watch` look for.

use anyhow::Result;
use clap::Args;
use gongdan_proto::{tickets::v1::TicketFilter, to_timestamp};

use super::{
    super::{Context, fields::Field},
    words::{Channel, Kind, Phase, Priority, numbers},
};

#[derive(Debug, Args)]
pub struct Filter {
    /// Where it is; may be repeated
    #[arg(long, value_enum)]
    phase: Vec<Phase>,
    /// Region code with all below it; may be repeated
    #[arg(long, value_name = "CODE")]
    region: Vec<String>,
    /// The unit that holds it; may be repeated
    #[arg(long)]
    unit: Vec<String>,
    /// The person who holds it; may be repeated
    #[arg(long, value_name = "PERSON")]
    handler: Vec<String>,
    /// Catalogue item; may be repeated
    #[arg(long)]
    item: Vec<String>,
    /// What kind of request; may be repeated
    #[arg(long = "type", value_enum)]
    kind: Vec<Kind>,
    /// Ticket type by its key, also one of the house's own; may be repeated
    #[arg(long, value_name = "KEY")]
    type_key: Vec<String>,
    /// A searchable field of a form: `meter=12345678`, `meter=1234*` for a text that begins so, `floor=3`, `floor=2..9`,
    /// `day=2026-11-01..2026-11-30`, `agreed=true`; may be repeated
    #[arg(long, value_name = "PATH=VALUE")]
    field: Vec<Field>,
    /// Priority; may be repeated
    #[arg(long, value_enum)]
    priority: Vec<Priority>,
    /// How it came in; may be repeated
    #[arg(long, value_enum)]
    channel: Vec<Channel>,
    /// Code of the grid it is about (网格); may be repeated
    #[arg(long, value_name = "CODE")]
    grid: Vec<String>,
    /// Asset it is about, by its id; may be repeated
    #[arg(long, value_name = "ID")]
    asset: Vec<String>,
    /// Received at or after
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Received before
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    /// One customer's, by id
    #[arg(long, default_value = "", hide_default_value = true)]
    customer: String,
    /// Tickets by number or id; may be repeated
    #[arg(long, value_name = "TICKET")]
    ticket: Vec<String>,
}

impl Filter {
    pub fn message(self, context: &Context) -> Result<TicketFilter> {
        let time = |text: Option<String>| -> Result<_> {
            Ok(text.map(|text| context.parse_time(&text)).transpose()?.map(to_timestamp))
        };
        Ok(TicketFilter {
            phases: numbers(&self.phase),
            regions: self.region,
            lead_unit_ids: self.unit,
            handler_ids: self.handler,
            items: self.item,
            types: numbers(&self.kind),
            priorities: numbers(&self.priority),
            channels: numbers(&self.channel),
            received_from: time(self.from)?,
            received_to: time(self.to)?,
            customer_id: self.customer,
            tickets: self.ticket,
            origin: 0,
            type_keys: self.type_key,
            fields: self.field.iter().map(Field::condition).collect(),
            grids: self.grid,
            assets: self.asset,
        })
    }
}
