//! `gongdan route train`: with `--offline` on a file, without a suite.

use std::path::PathBuf;

use anyhow::Result;

use super::{Context, offline};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Says how good the suggestions are on texts that were held out
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
    let Some(file) = &args.offline else { anyhow::bail!("say where from: --evaluate --offline FILE") };
    let columns = offline::Wanted {
        subject: args.subject.as_deref(),
        text: args.text.as_deref(),
        category: args.category.as_deref(),
    };
    offline::run(context, file, &columns, usize::from(args.folds))
}
