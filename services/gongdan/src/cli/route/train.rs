//! `gongdan route train`: from the tickets of the suite; with `--offline` only judged, on a file, without a suite.

use std::path::PathBuf;

use anyhow::{Result, bail};
use gongdan_proto::routing::v1::{
    Score, Suggester, SuggestionQuality, TrainSuggesterRequest, TrainSuggesterResponse, TrainingState,
    suggest_service_client::SuggestServiceClient,
};

use super::{Context, confusion, offline};

/// The bar's length.
const WHOLE: f64 = 1000.0;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Also shows what was taken for what, among tickets or rows that were held out
    #[arg(long)]
    evaluate: bool,
    /// Only judges, on a CSV file with a text and a category in each row; needs no suite
    #[arg(long, value_name = "FILE")]
    offline: Option<PathBuf>,
    /// Column of the one-line subject; default: the one called subject, title, 主题 or 标题
    #[arg(long, value_name = "COLUMN", requires = "offline")]
    subject: Option<String>,
    /// Column of the text; default: the one called body, text, content, description, 内容 or 正文
    #[arg(long, value_name = "COLUMN", requires = "offline")]
    text: Option<String>,
    /// Column of what is to be suggested; default: the one called category, item, label, class, 类别, 分类 or 事项
    #[arg(long, value_name = "COLUMN", requires = "offline")]
    category: Option<String>,
    /// In how many parts the rows are held out in turn
    #[arg(long, value_name = "N", requires = "offline", default_value_t = 5,
          value_parser = clap::value_parser!(u8).range(2..=20))]
    folds: u8,
}

pub async fn run(context: &Context, args: Args) -> Result<()> {
    if let Some(file) = &args.offline {
        let columns = offline::Wanted {
            subject: args.subject.as_deref(),
            text: args.text.as_deref(),
            category: args.category.as_deref(),
        };
        return offline::run(context, file, &columns, usize::from(args.folds));
    }
    let mut client = SuggestServiceClient::new(context.channel("routing")?);
    let mut answers = client.train_suggester(TrainSuggesterRequest {}).await?.into_inner();
    let bar = context.progress(Some(WHOLE as u64), context.text("training", "训练"));
    let mut trained = None;
    while let Some(answer) = answers.message().await? {
        bar.set_position((overall(&answer) * WHOLE) as u64);
        bar.set_message(format!("{} {}", doing(context, answer.state()), answer.found.max(answer.read)));
        trained = answer.suggester;
    }
    bar.finish_and_clear();
    let Some(trained) = trained else {
        bail!("{}", context.text("the service ended before the training did", "服务在训练完成前结束"));
    };
    show(context, &trained, args.evaluate)
}

/// Of all that is to be done; how long looking for tickets takes nobody knows.
fn overall(answer: &TrainSuggesterResponse) -> f64 {
    match answer.state() {
        TrainingState::Unspecified | TrainingState::Finding => 0.0,
        TrainingState::Reading => 0.2 + 0.3 * answer.share,
        TrainingState::Items => 0.5 + 0.25 * answer.share,
        TrainingState::Units => 0.75 + 0.25 * answer.share,
        TrainingState::Done => 1.0,
    }
}

fn doing(context: &Context, state: TrainingState) -> &str {
    match state {
        TrainingState::Unspecified | TrainingState::Finding => context.text("finds tickets", "查找工单"),
        TrainingState::Reading => context.text("reads", "读取"),
        TrainingState::Items => context.text("learns items", "学习事项"),
        TrainingState::Units => context.text("learns units", "学习单位"),
        TrainingState::Done => context.text("done", "完成"),
    }
}

/// What is in use.
pub fn show(context: &Context, suggester: &Suggester, evaluate: bool) -> Result<()> {
    let time = context.time(suggester.trained_at.as_ref());
    let mut lines = vec![
        (
            context.text("training", "训练"),
            format!("{}  {time}  {}", suggester.training, suggester.trained_by),
        ),
        (context.text("resolved tickets", "已办结工单"), suggester.tickets.to_string()),
    ];
    let parts = [
        (context.text("items", "事项"), suggester.items.as_ref(), suggester.items_since.as_ref()),
        (context.text("units", "单位"), suggester.units.as_ref(), suggester.units_since.as_ref()),
    ];
    for (what, judged, _) in parts {
        lines.push((what, quality(context, judged)));
    }
    if suggester.learnt_since > 0 {
        lines.push((context.text("learnt since", "此后学习"), suggester.learnt_since.to_string()));
        for (what, _, since) in parts {
            lines.push((what, score(context, since)));
        }
    }
    context.print_details(|| context.json("gongdan.routing.v1.Suggester", suggester), &lines)?;
    if context.is_json() || !evaluate {
        return Ok(());
    }
    for judged in parts.into_iter().filter_map(|(_, judged, _)| judged) {
        let confused = judged.confusion.iter().map(|confusion| {
            let tickets = u64::try_from(confusion.tickets).unwrap_or_default();
            (confusion.was.clone(), confusion.suggested.clone(), tickets)
        });
        context.say("")?;
        context.say(&confusion::show(context, &confused.collect()))?;
    }
    Ok(())
}

fn quality(context: &Context, judged: Option<&SuggestionQuality>) -> String {
    let Some(judged) = judged else {
        return context.text("too few tickets", "工单太少").to_owned();
    };
    format!(
        "top-1 {:.1} %  top-3 {:.1} %  ({} {}, {} {}, {} {})",
        judged.top1 * 100.0,
        judged.top3 * 100.0,
        judged.tickets,
        context.text("tickets", "件工单"),
        judged.classes,
        context.text("different", "类"),
        judged.left_out,
        context.text("left out", "件未用"),
    )
}

fn score(context: &Context, since: Option<&Score>) -> String {
    let Score { suggested, right } = since.copied().unwrap_or_default();
    format!("{right} / {suggested} {}", context.text("would have been right", "首选正确"))
}
