//! `gongdan load`

use anyhow::Result;
use gongdan_proto::routing::v1::{ListLoadsRequest, PersonLoad};
use serde_json::json;

use super::{Context, Table, client};

/// What the people of a unit have in hand.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The unit
    unit: String,
}

pub async fn run(context: &Context, args: Args) -> Result<()> {
    let mut client = client(context)?;
    let mut request = ListLoadsRequest { unit_id: args.unit, page_size: 500, page_token: String::new() };
    let mut loads: Vec<PersonLoad> = Vec::new();
    loop {
        let page = client.list_loads(request.clone()).await?.into_inner();
        loads.extend(page.loads);
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    let json = || {
        let loads = loads
            .iter()
            .map(|load| context.json("gongdan.routing.v1.PersonLoad", load))
            .collect::<Result<Vec<_>>>()?;
        Ok(json!({ "loads": loads }))
    };
    context.print(json, || {
        let heads = [("person", "人员"), ("held", "在办"), ("reserved", "预留"), ("capacity", "容量")];
        let mut table = Table::new(heads.map(|(english, chinese)| context.text(english, chinese)));
        for load in &loads {
            table.row([
                load.person_id.clone(),
                load.held.to_string(),
                load.reserved.to_string(),
                load.capacity.to_string(),
            ]);
        }
        table
    })
}
