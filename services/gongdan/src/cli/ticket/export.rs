//! `ticket export`: tickets as a spreadsheet. Source: T27.

use std::{
    fs::File,
    io::{BufWriter, Write as _},
    path::PathBuf,
};

use anyhow::{Context as _, Result, bail};
use clap::Args;
use gongdan_proto::tickets::v1::{
    ExportTicketsRequest, Queue as PbQueue, SheetFormat, queue_service_client::QueueServiceClient,
};
use serde_json::json;

use super::{
    super::{Context, queue::Queue},
    filter::Filter,
};

#[derive(Debug, Args)]
pub struct Export {
    /// The file to write, which must not be there yet; its ending says what it is: .csv or .xlsx
    file: PathBuf,
    /// Only of one of one's queues
    #[arg(long, value_enum)]
    queue: Option<Queue>,
    /// The time zone of times
    #[arg(long, default_value = "Asia/Shanghai", value_name = "ZONE")]
    zone: String,
    /// CSV without the byte order mark by which Excel knows UTF-8
    #[arg(long)]
    no_bom: bool,
    #[command(flatten)]
    filter: Filter,
}

pub async fn run(context: &Context, args: Export) -> Result<()> {
    let ending = args.file.extension().and_then(|ending| ending.to_str()).map(str::to_lowercase);
    let format = match ending.as_deref() {
        Some("csv") => SheetFormat::Csv,
        Some("xlsx") => SheetFormat::Xlsx,
        _ => bail!("{}: the name of the file ends in .csv or .xlsx", args.file.display()),
    };
    let request = ExportTicketsRequest {
        format: format.into(),
        queue: args.queue.map_or(0, |queue| PbQueue::from(queue).into()),
        filter: Some(args.filter.message(context)?),
        language: context.text("en", "zh").to_owned(),
        time_zone: args.zone,
        no_byte_order_mark: args.no_bom,
    };
    let mut client = QueueServiceClient::new(context.channel("tickets")?);
    let mut pieces = client.export_tickets(request).await?.into_inner();
    let file = File::create_new(&args.file).with_context(|| format!("writing {}", args.file.display()))?;
    let mut out = BufWriter::new(file);
    let bar = context.progress(None, context.text("exporting", "导出中"));
    let whole = loop {
        let message = match pieces.message().await {
            Ok(Some(message)) => message,
            Ok(None) => break Err(anyhow::anyhow!("the export ended before the file was whole")),
            Err(status) => break Err(status.into()),
        };
        if let Ok(expected) = u64::try_from(message.expected)
            && expected > 0
        {
            bar.set_length(expected);
        }
        bar.set_position(u64::try_from(message.rows).unwrap_or_default());
        if let Err(error) = out.write_all(&message.chunk) {
            break Err(error.into());
        }
        if message.done {
            break Ok(message.rows);
        }
    };
    bar.finish_and_clear();
    let whole = whole.and_then(|rows| Ok(out.flush().map(|()| rows)?));
    match whole {
        Ok(rows) if context.is_json() => {
            context.print_json(&json!({ "file": args.file.display().to_string(), "tickets": rows }))
        }
        Ok(rows) => context.say(&format!("{rows} {}", args.file.display())),
        Err(error) => {
            // Half a file is taken for a whole one by whoever finds it.
            std::fs::remove_file(&args.file).ok();
            Err(error)
        }
    }
}
