//! What a form marks: fields that can be filtered on (`x-searchable`), and such that say who somebody is (`x-personal`).

use super::limits::MAX_SEARCHABLE_CHARS;
use jiff::civil::Date;
use serde_json::{Map, Value};

/// What a field that can be filtered on holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Texts: equal, or with a prefix.
    Text,
    /// Numbers: equal, or in a range.
    Number,
    /// Yes or no.
    Flag,
    /// Days: equal, or in a range.
    Date,
}

/// A field that can be filtered on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Searchable {
    /// Its path with dots: `address.floor`.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
    pub(super) path: Vec<String>,
}

/// A value that can be filtered on.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "as their kinds")]
pub enum Found {
    Text(String),
    Number(f64),
    Flag(bool),
    Date(Date),
}

impl Searchable {
    /// The value among those that were checked.
    pub(super) fn found(&self, values: &Map<String, Value>) -> Option<Found> {
        let value = get(values, &self.path)?;
        Some(match self.kind {
            Kind::Text => Found::Text(value.as_str()?.to_owned()),
            Kind::Number => Found::Number(value.as_f64()?),
            Kind::Flag => Found::Flag(value.as_bool()?),
            Kind::Date => Found::Date(value.as_str()?.parse().ok()?),
        })
    }

    /// What is wrong with a value that is to be filtered on, whatever its schema says of it.
    pub(super) fn wrong(&self, values: &Map<String, Value>) -> Option<String> {
        let text = get(values, &self.path)?.as_str()?;
        match self.kind {
            Kind::Text if text.chars().count() > MAX_SEARCHABLE_CHARS => {
                Some(format!("maxLength: at most {MAX_SEARCHABLE_CHARS} characters, as it is searchable"))
            }
            _ => None,
        }
    }
}

fn get<'a>(values: &'a Map<String, Value>, path: &[String]) -> Option<&'a Value> {
    let (last, parents) = path.split_last()?;
    let mut within = values;
    for name in parents {
        within = within.get(name)?.as_object()?;
    }
    within.get(last)
}

pub(super) fn take(values: &mut Map<String, Value>, path: &[String]) -> Option<Value> {
    let (last, parents) = path.split_last()?;
    let mut within = values;
    for name in parents {
        within = within.get_mut(name)?.as_object_mut()?;
    }
    within.remove(last)
}

pub(super) fn put(values: &mut Map<String, Value>, path: &[String], value: Value) {
    match path {
        [] => {}
        [last] => {
            values.insert(last.clone(), value);
        }
        [name, rest @ ..] => {
            let within = values.entry(name.clone()).or_insert_with(|| Value::Object(Map::new()));
            if let Some(within) = within.as_object_mut() {
                put(within, rest, value);
            }
        }
    }
}
