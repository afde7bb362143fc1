//! `gongdan org import`

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use gongdan_proto::routing::v1::{
    ImportOrganisationPartsRequest, ImportOrganisationRequest, ImportOrganisationResponse,
    OrganisationFinding,
};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use super::{
    Context, check, client,
    document::{Document, Wrong},
    table::{self, Rows},
};

/// Rows of a part: far below what a message may hold.
const PART: usize = 2_000;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// JSON documents, or CSV files of units, people or areas; all of them are one import
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The areas given are all there are: others end
    #[arg(long)]
    replace_areas: bool,
}

/// Which rows of the request came from where.
#[derive(Debug, Default)]
struct Origins {
    units: Vec<String>,
    principals: Vec<String>,
    areas: Vec<String>,
}

pub async fn run(context: &Context, args: Args) -> Result<()> {
    let mut request = ImportOrganisationRequest {
        request_id: context.request_id(),
        replace_areas: args.replace_areas,
        ..Default::default()
    };
    let mut origins = Origins::default();
    let mut wrong = Vec::new();
    for file in &args.files {
        let document = read(file).with_context(|| file.display().to_string())?;
        add(context, &mut request, &mut origins, document, file, &mut wrong);
    }
    if !wrong.is_empty() {
        return Err(refusal(wrong).into());
    }
    let answer = client(context)?
        .import_organisation_parts(tokio_stream::iter(parts(request).into_iter().map(message)))
        .await
        .map_err(|status| named(status, &origins))?
        .into_inner();
    let answer = ImportOrganisationResponse {
        findings: answer
            .findings
            .into_iter()
            .map(|finding| OrganisationFinding { field: origins.place(&finding.field), ..finding })
            .collect(),
        ..answer
    };
    show(context, &answer)
}

fn message(part: ImportOrganisationRequest) -> ImportOrganisationPartsRequest {
    ImportOrganisationPartsRequest { part: Some(part) }
}

/// The same rows in messages of a size that every service takes; at least one.
fn parts(mut whole: ImportOrganisationRequest) -> Vec<ImportOrganisationRequest> {
    let mut parts = Vec::new();
    loop {
        let mut room = PART;
        let part = ImportOrganisationRequest {
            request_id: whole.request_id.clone(),
            units: first(&mut whole.units, &mut room),
            principals: first(&mut whole.principals, &mut room),
            areas: first(&mut whole.areas, &mut room),
            replace_areas: whole.replace_areas,
        };
        parts.push(part);
        if whole.units.is_empty() && whole.principals.is_empty() && whole.areas.is_empty() {
            return parts;
        }
    }
}

/// Takes as many of the first rows as there is room for.
fn first<T>(rows: &mut Vec<T>, room: &mut usize) -> Vec<T> {
    let rest = rows.split_off(rows.len().min(*room));
    let first = std::mem::replace(rows, rest);
    *room -= first.len();
    first
}

fn read(file: &Path) -> Result<Document> {
    if file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv")) {
        let mut document = Document::default();
        match table::read(file)? {
            Rows::Units(rows) => document.units = rows,
            Rows::People(rows) => document.people = rows,
            Rows::Areas(rows) => document.areas = rows,
        }
        return Ok(document);
    }
    Ok(serde_json::from_str(&std::fs::read_to_string(file)?)?)
}

fn add(
    context: &Context,
    request: &mut ImportOrganisationRequest,
    origins: &mut Origins,
    document: Document,
    file: &Path,
    wrong: &mut Vec<(String, String)>,
) {
    let name = file
        .file_name()
        .map_or_else(|| file.display().to_string(), |name| name.to_string_lossy().into_owned());
    let csv = file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv"));
    // Rows of a CSV file are counted like its lines, the heads being the first.
    let place = |what: &str, n: usize| {
        if csv { format!("{name} row {}", n + 2) } else { format!("{name} {what}[{n}]") }
    };
    let mut note = |place: &str, found: Vec<Wrong>| {
        wrong.extend(found.into_iter().map(|(field, rule)| (format!("{place} {field}"), rule)));
    };
    for (n, unit) in document.units.into_iter().enumerate() {
        let (place, mut found) = (place("units", n), Vec::new());
        request.units.push(unit.row(context, &mut found));
        note(&place, found);
        origins.units.push(place);
    }
    for (n, person) in document.people.into_iter().enumerate() {
        let (place, mut found) = (place("people", n), Vec::new());
        request.principals.push(person.row(context, &mut found));
        note(&place, found);
        origins.principals.push(place);
    }
    for (n, area) in document.areas.into_iter().enumerate() {
        let (place, mut found) = (place("areas", n), Vec::new());
        request.areas.push(area.row(context, &mut found));
        note(&place, found);
        origins.areas.push(place);
    }
    request.replace_areas |= document.replace_areas;
}

/// The same refusal with files and rows instead of the request's fields.
fn named(status: Status, origins: &Origins) -> Status {
    let details = status.get_error_details();
    let Some(bad) = details.bad_request().filter(|_| status.code() == Code::InvalidArgument) else {
        return status;
    };
    let violations = bad.field_violations.iter();
    refusal(violations.map(|v| (origins.place(&v.field), v.description.clone())).collect())
}

fn refusal(violations: Vec<(String, String)>) -> Status {
    let message = format!("nothing was imported; fields that are wrong: {}", violations.len());
    let mut details = ErrorDetails::new();
    details.set_error_info("INVALID_REQUEST", "gongdan", HashMap::new());
    for (field, rule) in violations {
        details.add_bad_request_violation(field, rule);
    }
    Status::with_error_details(Code::InvalidArgument, message, details)
}

impl Origins {
    /// `units[3].parent_id` as `units.csv row 5 parent_id`.
    fn place(&self, field: &str) -> String {
        let found = field.split_once('[').and_then(|(rows, rest)| {
            let (number, field) = rest.split_once(']')?;
            let places = match rows {
                "units" => &self.units,
                "principals" => &self.principals,
                "areas" => &self.areas,
                _ => return None,
            };
            let place = places.get(number.parse::<usize>().ok()?)?;
            Some(format!("{place} {}", field.trim_start_matches('.')))
        });
        found.unwrap_or_else(|| field.to_owned())
    }
}

fn show(context: &Context, answer: &ImportOrganisationResponse) -> Result<()> {
    let json = || context.json("gongdan.routing.v1.ImportOrganisationResponse", answer);
    let lines = [
        (context.text("units made", "新增单位"), answer.units_created.to_string()),
        (context.text("units changed", "变更单位"), answer.units_changed.to_string()),
        (context.text("units planned", "预定变更"), answer.units_planned.to_string()),
        (context.text("people made", "新增人员"), answer.principals_created.to_string()),
        (context.text("people changed", "变更人员"), answer.principals_changed.to_string()),
        (context.text("people planned", "预定变更人员"), answer.principals_planned.to_string()),
        (context.text("areas begun", "新增责任区"), answer.areas_begun.to_string()),
        (context.text("areas ended", "终止责任区"), answer.areas_ended.to_string()),
        (context.text("areas planned", "预定变更责任区"), answer.areas_planned.to_string()),
        (context.text("unchanged", "未变"), answer.unchanged.to_string()),
    ];
    context.print_details(json, &lines)?;
    check::warn(context, &answer.findings, answer.more_findings);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use gongdan_proto::routing::v1::{AreaRow, PrincipalRow, UnitRow};

    #[test]
    fn all_rows_go_in_parts_in_their_order() {
        let whole = ImportOrganisationRequest {
            request_id: "r".into(),
            units: vec![UnitRow::default(); PART - 1],
            principals: (0..PART + 2)
                .map(|n| PrincipalRow { tier: i32::try_from(n).unwrap(), ..Default::default() })
                .collect(),
            areas: vec![AreaRow::default()],
            replace_areas: true,
        };
        let parts = parts(whole.clone());
        assert_eq!(parts.iter().map(|part| part.principals.len()).collect::<Vec<_>>(), [1, PART, 1]);
        let people: Vec<_> = parts.iter().flat_map(|part| part.principals.clone()).collect();
        assert_eq!((people, parts[2].areas.len()), (whole.principals, 1));
        assert_eq!(super::parts(ImportOrganisationRequest::default()).len(), 1);
    }

    #[test]
    fn fields_of_the_request_become_rows_of_the_files() {
        let origins = Origins { units: vec!["units.csv row 2".into()], ..Default::default() };
        assert_eq!(origins.place("units[0].parent_id"), "units.csv row 2 parent_id");
        assert_eq!(origins.place("units[7].id"), "units[7].id");
        assert_eq!(origins.place("request_id"), "request_id");
    }
}
