//! `gongdan route suggest`

use anyhow::Result;
use gongdan_proto::routing::v1::{
    SuggestRequest, SuggestResponse, suggest_service_client::SuggestServiceClient,
};

use super::{Context, Table};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The request, in the citizen's words
    text: String,
    /// Its one-line subject
    #[arg(long, default_value = "")]
    subject: String,
    /// Region code: units whose area covers it are suggested; without it only items are
    #[arg(long, default_value = "", value_name = "CODE")]
    region: String,
    /// Key of the catalogue item, when it is known: only units are suggested, for it
    #[arg(long, default_value = "", value_name = "KEY")]
    item: String,
    /// How many of each
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(i32).range(1..=20))]
    limit: i32,
}

pub async fn run(context: &Context, args: Args) -> Result<()> {
    let mut client = SuggestServiceClient::new(context.channel("routing")?);
    let request = SuggestRequest {
        subject: args.subject,
        body: args.text,
        region: args.region,
        item: args.item,
        limit: args.limit,
    };
    let answer = client.suggest(request).await?.into_inner();
    if !context.is_json() && answer.items.is_empty() && answer.units.is_empty() {
        let nothing = ("nothing like it was ever seen", "未见过类似内容，无法推荐");
        return context.say(context.text(nothing.0, nothing.1));
    }
    context.print(|| context.json("gongdan.routing.v1.SuggestResponse", &answer), || table(context, &answer))
}

fn table(context: &Context, answer: &SuggestResponse) -> Table {
    let heads = [("what", "类型"), ("suggestion", "推荐"), ("name", "名称"), ("confidence", "置信度")];
    let mut table = Table::new(heads.map(|(english, chinese)| context.text(english, chinese)));
    let percent = |confidence: f64| format!("{:.0} %", confidence * 100.0);
    for item in &answer.items {
        let what = context.text("item", "事项").to_owned();
        table.row([what, item.item.clone(), String::new(), percent(item.confidence)]);
    }
    for unit in &answer.units {
        let what = context.text("unit", "单位").to_owned();
        table.row([what, unit.unit_id.clone(), unit.name.clone(), percent(unit.confidence)]);
    }
    table
}
