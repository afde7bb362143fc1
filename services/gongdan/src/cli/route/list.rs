//! `gongdan route list`

use anyhow::Result;
use clap::ValueEnum;
use gongdan_proto::routing::v1::{Decision, DecisionState, ListDecisionsRequest, decision::Target};
use serde_json::json;

use super::{Context, Table, client};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only of this ticket, by number or id
    #[arg(long, default_value = "")]
    ticket: String,
    /// Only in this state
    #[arg(long)]
    state: Option<State>,
    /// How many
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(i32).range(1..=500))]
    limit: i32,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum State {
    Unanswered,
    Dispatched,
    Pooled,
    Refused,
    Superseded,
    Transferred,
}

pub async fn run(context: &Context, args: Args) -> Result<()> {
    let state = args.state.map_or(DecisionState::Unspecified, |state| match state {
        State::Unanswered => DecisionState::Unanswered,
        State::Dispatched => DecisionState::Dispatched,
        State::Pooled => DecisionState::Pooled,
        State::Refused => DecisionState::Refused,
        State::Superseded => DecisionState::Superseded,
        State::Transferred => DecisionState::Transferred,
    });
    let request = ListDecisionsRequest {
        ticket: args.ticket,
        state: state.into(),
        page_size: args.limit,
        ..Default::default()
    };
    let decisions = client(context)?.list_decisions(request).await?.into_inner().decisions;
    let json = || {
        let items = decisions
            .iter()
            .map(|d| context.json("gongdan.routing.v1.Decision", d))
            .collect::<Result<Vec<_>>>()?;
        Ok(json!({ "decisions": items }))
    };
    context.print(json, || {
        let heads =
            [("time", "时间"), ("ticket", "工单"), ("to", "去向"), ("why", "依据"), ("state", "状态")];
        let mut table = Table::new(heads.map(|(english, chinese)| context.text(english, chinese)));
        for decision in &decisions {
            table.row([
                context.time(decision.decided_at.as_ref()),
                decision.ticket_number.clone(),
                to(context, decision),
                decision.summary.clone(),
                state_name(context, decision.state()).to_owned(),
            ]);
        }
        table
    })
}

fn to(context: &Context, decision: &Decision) -> String {
    match &decision.target {
        Some(Target::Dispatch(to)) if !decision.reassignment_id.is_empty() => {
            let to = if to.person_id.is_empty() { &to.unit_id } else { &to.person_id };
            format!("{} → {to}", decision.from_person_id)
        }
        Some(Target::Dispatch(to)) => to.unit_id.clone(),
        Some(Target::Pool(pool)) if pool.unit_id.is_empty() => {
            context.text("manual pool", "人工派单池").to_owned()
        }
        Some(Target::Pool(pool)) => format!("{} {}", context.text("pool of", "抢单池"), pool.unit_id),
        None => String::new(),
    }
}

fn state_name(context: &Context, state: DecisionState) -> &str {
    match state {
        DecisionState::Unspecified => "",
        DecisionState::Unanswered => context.text("unanswered", "未答复"),
        DecisionState::Dispatched => context.text("dispatched", "已派单"),
        DecisionState::Pooled => context.text("pooled", "在池中"),
        DecisionState::Refused => context.text("refused", "被拒绝"),
        DecisionState::Superseded => context.text("superseded", "已另行流转"),
        DecisionState::Transferred => context.text("transferred", "已改派"),
    }
}
