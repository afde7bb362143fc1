//! Shifts that are somebody else's.

use anyhow::Result;
use gongdan_proto::routing::v1::{ListSwapsRequest, Swap};
use serde_json::json;

use super::{Context, Table, client};

const SWAP: &str = "gongdan.routing.v1.Swap";

/// Those of a unit from yesterday on, in the order of their days.
pub async fn list(context: &Context, unit: String) -> Result<()> {
    let mut client = client(context)?;
    let mut request = ListSwapsRequest { unit_id: unit, page_size: 500, ..ListSwapsRequest::default() };
    let mut swaps = Vec::new();
    loop {
        let page = client.list_swaps(request.clone()).await?.into_inner();
        swaps.extend(page.swaps);
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    let json = || {
        let swaps = swaps.iter().map(|swap| context.json(SWAP, swap)).collect::<Result<Vec<_>>>()?;
        Ok(json!({ "swaps": swaps }))
    };
    context.print(json, || {
        let heads =
            [("date", "日期"), ("roster", "值班表"), ("shift", "班次"), ("of", "原班"), ("to", "替班")];
        let mut table = Table::new(heads.map(|(english, chinese)| context.text(english, chinese)));
        for swap in &swaps {
            table.row([
                swap.date.clone(),
                swap.roster_id.clone(),
                swap.shift.clone(),
                swap.person_id.clone(),
                swap.stand_in_id.clone(),
            ]);
        }
        table
    })
}

/// Says which swaps a roster took back.
pub fn say_dropped(context: &Context, dropped: &[Swap]) -> Result<()> {
    for swap in dropped {
        let said = context.text("taken back, as it no longer fits:", "已撤销（不再适用）：");
        let (date, shift) = (&swap.date, &swap.shift);
        context.say(&format!("{said} {date} {shift} {} → {}", swap.person_id, swap.stand_in_id))?;
    }
    Ok(())
}
