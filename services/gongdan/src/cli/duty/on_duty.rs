//! `gongdan duty`

use anyhow::Result;
use gongdan_proto::{
    routing::v1::{DutyEntry, DutyStanding, ListOnDutyRequest},
    to_timestamp,
};

use super::{Context, Table, client, swaps};

/// Who is on duty in a unit, and why the others are not.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The unit
    unit: String,
    /// When: 2026-12-05T23:00; default now
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// Instead: shifts of the unit that are somebody else's (临时变动), from yesterday on
    #[arg(long, conflicts_with = "at")]
    swaps: bool,
}

pub async fn run(context: &Context, args: Args) -> Result<()> {
    if args.swaps {
        return swaps::list(context, args.unit).await;
    }
    let at = args.at.map(|text| context.parse_time(&text)).transpose()?.map(to_timestamp);
    let request = ListOnDutyRequest { unit_id: args.unit, at };
    let answer = client(context)?.list_on_duty(request).await?.into_inner();
    let json = || context.json("gongdan.routing.v1.ListOnDutyResponse", &answer);
    context.print(json, || {
        let heads =
            [("person", "人员"), ("name", "姓名"), ("duty", "值班"), ("shift", "班次"), ("until", "至")];
        let mut table = Table::new(heads.map(|(english, chinese)| context.text(english, chinese)));
        for entry in &answer.people {
            table.row([
                entry.person_id.clone(),
                entry.person_name.clone(),
                standing(context, entry),
                entry.shift.clone(),
                context.time(entry.until.as_ref()),
            ]);
        }
        table
    })?;
    if answer.rostered {
        return Ok(());
    }
    context.say(context.text(
        "the unit has no roster: everybody is on duty who is not on leave",
        "该单位没有值班表：未请假者均视为在岗",
    ))
}

fn standing(context: &Context, entry: &DutyEntry) -> String {
    let with = |said: &str, who: &str, joined: &str| {
        if who.is_empty() { said.to_owned() } else { format!("{said} {joined} {who}") }
    };
    match entry.standing() {
        DutyStanding::Unspecified => String::new(),
        DutyStanding::OnDuty => {
            with(context.text("✓ on duty", "✓ 在岗"), &entry.instead_of, context.text("instead of", "替"))
        }
        DutyStanding::OffDuty => context.text("off duty", "不当班").to_owned(),
        DutyStanding::OnLeave => {
            with(context.text("on leave", "请假"), &entry.stand_in_id, context.text("stand-in:", "替班："))
        }
        DutyStanding::Replaced => {
            with(context.text("replaced", "换班"), &entry.stand_in_id, context.text("by", "由"))
        }
        DutyStanding::Inactive => context.text("not active", "已停用").to_owned(),
    }
}
