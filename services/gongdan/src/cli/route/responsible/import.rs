//! `gongdan route responsible import`

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use gongdan_proto::{
    routing::v1::{ImportResponsibilitiesRequest, Responsibility},
    to_timestamp,
};
use serde::Deserialize;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

use super::{Context, client};

/// Rows of a part: far below what a message may hold.
const PART: usize = 5_000;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// CSV file with the columns customer, asset, item, person, unit, from, until; all but person may be left out
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// What is there for a customer or asset and branch that the file gives, and is not in the file, goes
    #[arg(long)]
    replace: bool,
}

/// A row of the file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Row {
    customer: String,
    asset: String,
    item: String,
    person: String,
    unit: String,
    from: String,
    until: String,
}

pub async fn run(context: &Context, args: Args) -> Result<()> {
    let name = args.file.display().to_string();
    let (rows, lines) = read(context, &args.file).with_context(|| name.clone())?;
    let request_id = context.request_id();
    let mut parts: Vec<ImportResponsibilitiesRequest> = rows
        .chunks(PART)
        .map(|rows| ImportResponsibilitiesRequest {
            request_id: request_id.clone(),
            rows: rows.to_vec(),
            replace: args.replace,
        })
        .collect();
    if parts.is_empty() {
        parts.push(ImportResponsibilitiesRequest { request_id, ..Default::default() });
    }
    let answer = client(context)?
        .import_responsibilities(tokio_stream::iter(parts))
        .await
        .map_err(|status| named(status, &name, &lines))?
        .into_inner();
    let json = || context.json("gongdan.routing.v1.ImportResponsibilitiesResponse", &answer);
    let lines = [
        (context.text("begun", "新增"), answer.begun.to_string()),
        (context.text("gone", "取消"), answer.gone.to_string()),
        (context.text("unchanged", "未变"), answer.unchanged.to_string()),
    ];
    context.print_details(json, &lines)
}

/// The rows, and the line of each.
fn read(context: &Context, path: &Path) -> Result<(Vec<Responsibility>, Vec<u64>)> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_path(path)?;
    let heads: csv::StringRecord =
        reader.headers()?.iter().map(|head| head.trim_start_matches('\u{feff}')).collect();
    if !heads.iter().any(|head| head == "person") {
        bail!("no column `person`; there are customer, asset, item, person, unit, from, until");
    }
    let (mut rows, mut lines) = (Vec::new(), Vec::new());
    for record in reader.records() {
        let record = record?;
        let line = record.position().map_or(0, csv::Position::line);
        let row: Row = record.deserialize(Some(&heads)).with_context(|| format!("line {line}"))?;
        let time = |field: &str, text: &str| -> Result<_> {
            if text.is_empty() {
                return Ok(None);
            }
            let at = context.parse_time(text).with_context(|| format!("line {line} {field}"))?;
            Ok(Some(to_timestamp(at)))
        };
        let (valid_from, valid_to) = (time("from", &row.from)?, time("until", &row.until)?);
        rows.push(Responsibility {
            customer_id: row.customer,
            asset: row.asset,
            item: row.item,
            person_id: row.person,
            unit_id: row.unit,
            valid_from,
            valid_to,
            ..Responsibility::default()
        });
        lines.push(line);
    }
    Ok((rows, lines))
}

/// The same refusal with lines of the file instead of rows of the request.
fn named(status: Status, file: &str, lines: &[u64]) -> Status {
    let found = status.get_error_details();
    let Some(bad) = found.bad_request().filter(|_| status.code() == Code::InvalidArgument) else {
        return status;
    };
    let mut details = ErrorDetails::new();
    if let Some(info) = found.error_info() {
        details.set_error_info(info.reason.clone(), info.domain.clone(), info.metadata.clone());
    }
    for violation in &bad.field_violations {
        details
            .add_bad_request_violation(place(&violation.field, file, lines), violation.description.clone());
    }
    let message = format!("nothing was imported; fields that are wrong: {}", bad.field_violations.len());
    Status::with_error_details(Code::InvalidArgument, message, details)
}

/// `rows[3].person_id` as `FILE line 5 person_id`.
fn place(field: &str, file: &str, lines: &[u64]) -> String {
    let found = field.strip_prefix("rows[").and_then(|rest| {
        let (number, field) = rest.split_once(']')?;
        let line = lines.get(number.parse::<usize>().ok()?)?;
        Some(format!("{file} line {line} {}", field.trim_start_matches('.')))
    });
    found.unwrap_or_else(|| field.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_the_request_become_lines_of_the_file() {
        assert_eq!(place("rows[1].person_id", "a.csv", &[2, 3]), "a.csv line 3 person_id");
        assert_eq!(place("rows[7].person_id", "a.csv", &[2, 3]), "rows[7].person_id");
        assert_eq!(place("request_id", "a.csv", &[2]), "request_id");
    }
}
