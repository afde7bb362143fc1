//! `audit export`

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::PathBuf,
};

use anyhow::{Context as _, Result};
use clap::Args;
use gongdan_proto::common::v1::ExportAuditEntriesRequest;

use super::{CHAINED, Context, client, filter::FilterArgs, named};

#[derive(Debug, Args)]
pub struct Export {
    #[command(flatten)]
    filter: FilterArgs,
    /// The file to write, which must not be there yet; stdout otherwise
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
}

pub(super) async fn run(context: &Context, args: Export) -> Result<()> {
    let filter = args.filter.decode(context)?;
    let mut out: Box<dyn Write> = match &args.file {
        Some(path) => {
            let file = File::create_new(path).with_context(|| format!("writing {}", path.display()))?;
            Box::new(BufWriter::new(file))
        }
        None => Box::new(BufWriter::new(io::stdout())),
    };
    let bar = context.progress(None, context.text("entries", "条目"));
    for service in named(args.filter.service.as_ref())? {
        let request = ExportAuditEntriesRequest { filter: Some(filter.clone()) };
        let mut answers = client(context, service)?.export_audit_entries(request).await?.into_inner();
        while let Some(answer) = answers.message().await? {
            if let Some(entry) = answer.entry {
                writeln!(out, "{}", context.json(CHAINED, &entry)?)?;
                bar.inc(1);
            }
        }
    }
    out.flush()?;
    bar.finish_and_clear();
    match &args.file {
        Some(path) => context.say(&format!("{} {}", bar.position(), path.display())),
        None => Ok(()),
    }
}
