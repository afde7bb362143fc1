//! CSV files of units, people and areas: which of them a file has is seen from its columns.

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::document::{Area, Person, Unit};

/// The rows of a file.
#[derive(Debug)]
pub enum Rows {
    Units(Vec<Unit>),
    People(Vec<Person>),
    Areas(Vec<Area>),
}

const UNITS: &[&str] =
    &["id", "name", "kind", "parent_id", "region", "valid_from", "valid_to", "changes_from"];
const PEOPLE: &[&str] = &[
    "id",
    "issuer",
    "subject",
    "name",
    "kind",
    "roles",
    "unit_ids",
    "regions",
    "rights",
    "email",
    "skills",
    "tier",
    "active",
    "language",
    "customer_id",
    "changes_from",
];
const AREAS: &[&str] = &["region", "region_to", "item", "unit_id", "changes_from"];
/// Columns whose cells are lists, separated by `;`.
const LISTS: &[&str] = &["roles", "unit_ids", "regions", "rights", "skills"];

/// Reads a file.
///
/// # Errors
/// Names the file, and the line where there is one.
pub fn read(path: &Path) -> Result<Rows> {
    let mut reader = csv::Reader::from_path(path)?;
    let heads: Vec<String> =
        reader.headers()?.iter().map(|head| head.trim_start_matches('\u{feff}').to_owned()).collect();
    let has = |name: &str| heads.iter().any(|head| head == name);
    let (what, known) = if has("roles") || has("unit_ids") {
        ("people", PEOPLE)
    } else if has("unit_id") {
        ("areas", AREAS)
    } else if has("id") && has("region") {
        ("units", UNITS)
    } else {
        bail!(
            "the columns are those of neither units ({}), nor people ({}), nor areas ({})",
            UNITS.join(", "),
            PEOPLE.join(", "),
            AREAS.join(", ")
        );
    };
    if let Some(unknown) = heads.iter().find(|head| !known.contains(&head.as_str())) {
        bail!("{what} have no column `{unknown}`; there are {}", known.join(", "));
    }
    Ok(match what {
        "people" => Rows::People(rows(&mut reader, &heads)?),
        "areas" => Rows::Areas(rows(&mut reader, &heads)?),
        _ => Rows::Units(rows(&mut reader, &heads)?),
    })
}

fn rows<T: DeserializeOwned>(reader: &mut csv::Reader<std::fs::File>, heads: &[String]) -> Result<Vec<T>> {
    let mut rows = Vec::new();
    for (n, record) in reader.records().enumerate() {
        let record = record?;
        let row: Map<String, Value> = heads
            .iter()
            .zip(record.iter())
            .filter_map(|(head, cell)| Some((head.clone(), value(head, cell)?)))
            .collect();
        let line = record.position().map_or_else(|| n as u64 + 2, csv::Position::line);
        rows.push(serde_json::from_value(Value::Object(row)).with_context(|| format!("line {line}"))?);
    }
    Ok(rows)
}

/// A cell as the document would have it; none when empty. What does not fit is left for the document to refuse.
fn value(head: &str, cell: &str) -> Option<Value> {
    let cell = cell.trim();
    if cell.is_empty() {
        return None;
    }
    Some(match head {
        _ if LISTS.contains(&head) => {
            cell.split(';').map(str::trim).filter(|part| !part.is_empty()).map(Value::from).collect()
        }
        "tier" => cell.parse::<i32>().map_or_else(|_| Value::from(cell), Value::from),
        "active" => cell.parse::<bool>().map_or_else(|_| Value::from(cell), Value::from),
        _ => Value::from(cell),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &[u8]) -> Result<Rows> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("rows.csv");
        std::fs::write(&path, text).unwrap();
        read(&path)
    }

    #[test]
    fn columns_say_what_a_file_has() {
        let units = read_text("\u{feff}id,name,region\nenv,生态环境局,440106\n".as_bytes()).unwrap();
        assert!(matches!(units, Rows::Units(rows) if rows.len() == 1));
        let people =
            read_text("id,name,roles,unit_ids,tier,active\nli,李伟,handler;agent,env,2,false\n".as_bytes());
        assert!(matches!(people.unwrap(), Rows::People(rows) if rows.len() == 1));
        assert!(
            matches!(read_text(b"region,unit_id\n440106,env\n").unwrap(), Rows::Areas(rows) if rows.len() == 1)
        );
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let said = |text: &[u8]| format!("{:#}", read_text(text).unwrap_err());
        assert!(said(b"a,b\n1,2\n").contains("neither units"));
        assert!(said(b"id,name,region,colour\n").contains("no column `colour`"));
        assert!(said(b"id,name,region\nx,\xff\xfe,44\n").contains("UTF-8"));
        assert!(said("id,roles,tier\nx,agent,high\n".as_bytes()).contains("line 2"));
        assert!(said(b"id,name,region\nx,y\n").contains("fields"));
    }
}
