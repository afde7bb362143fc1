//! Ticket types (工单类型): those that ship, and the house's own. Source: T7.

use anyhow::Result;
use clap::Subcommand;
use gongdan_proto::tickets::v1::{
    ListTicketTypesRequest, PutTicketTypeRequest, TicketTypeDefinition,
    ticket_type_service_client::TicketTypeServiceClient,
};
use serde_json::json;

use super::{Context, Table, ticket::words::Kind};

const TYPE: &str = "gongdan.tickets.v1.TicketTypeDefinition";

#[derive(Debug, Subcommand)]
pub enum Command {
    /// All types
    List,
    /// Makes a type of the house's own, or changes names and use of any
    Put {
        /// What it is called in requests: `noise_complaint`
        key: String,
        /// In Chinese
        #[arg(long, value_name = "NAME")]
        zh: String,
        /// In English
        #[arg(long, value_name = "NAME")]
        en: String,
        /// The type that ships as which it is counted
        #[arg(long = "base", value_enum, value_name = "TYPE")]
        base: Kind,
        /// New requests may not have it
        #[arg(long)]
        disabled: bool,
    },
}

pub async fn run(context: &Context, command: Command) -> Result<()> {
    let mut client = TicketTypeServiceClient::new(context.channel("tickets")?);
    let types = match command {
        Command::List => client.list_ticket_types(ListTicketTypesRequest {}).await?.into_inner().types,
        Command::Put { key, zh, en, base, disabled } => {
            let put = TicketTypeDefinition {
                key,
                name_zh: zh,
                name_en: en,
                base: base.into(),
                enabled: !disabled,
                ..TicketTypeDefinition::default()
            };
            let request = PutTicketTypeRequest { request_id: context.request_id(), r#type: Some(put) };
            vec![client.put_ticket_type(request).await?.into_inner()]
        }
    };
    let json = || {
        let types: Result<Vec<_>> = types.iter().map(|one| context.json(TYPE, one)).collect();
        Ok(json!(types?))
    };
    context.print(json, || table(context, &types))
}

fn table(context: &Context, types: &[TicketTypeDefinition]) -> Table {
    let mut table = Table::new([
        context.text("type", "类型"),
        context.text("name", "名称"),
        context.text("counted as", "统计为"),
        context.text("in use", "启用"),
    ]);
    for one in types {
        let used = if one.enabled { context.text("yes", "是") } else { context.text("no", "否") };
        table.row([
            one.key.clone(),
            context.text(&one.name_en, &one.name_zh).to_owned(),
            context.name(one.base().as_str_name()),
            used.to_owned(),
        ]);
    }
    table
}
