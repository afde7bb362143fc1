//! Forms: what a catalogue item asks for beside subject and body, as a JSON Schema (2020-12). Source: T6.
//!
//! A form is checked when it is put, so that no value can make judging it dear: it refers to nothing outside, not to
//! itself, and its patterns are matched in linear time.

mod check;
mod fields;
mod limits;
mod walk;

pub use fields::{Found, Kind, Searchable};
pub use limits::{MAX_SCHEMA_BYTES, MAX_SEARCHABLE, MAX_SEARCHABLE_CHARS, MAX_VALUES_BYTES};

use jsonschema::{Draft, PatternOptions, Validator};
use serde_json::{Map, Value};

/// A place and the rule broken there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// Where: in a schema a JSON pointer as text (`/properties/floor/type`), in values their path (`address.floor`,
    /// `rooms[2]`); empty: the whole.
    pub path: String,
    /// The rule.
    pub rule: String,
}

impl Broken {
    fn new(path: impl Into<String>, rule: impl Into<String>) -> Self {
        Self { path: path.into(), rule: rule.into() }
    }
}

/// A form that can be filled in: compiled once.
#[derive(Debug)]
pub struct Form {
    validator: Validator,
    searchable: Vec<Searchable>,
    personal: Vec<Vec<String>>,
}

impl Form {
    /// Compiles a schema.
    ///
    /// # Errors
    /// Every rule that it breaks with its place: no JSON object, too large or deep, another draft, an unknown keyword, a
    /// reference that leads outside or to itself, a pattern that cannot be matched in linear time, a field that is marked
    /// as searchable and is no scalar.
    pub fn compile(schema: &str) -> Result<Self, Vec<Broken>> {
        if schema.len() > MAX_SCHEMA_BYTES {
            return Err(vec![Broken::new("", format!("at most {MAX_SCHEMA_BYTES} bytes"))]);
        }
        let mut schema: Value = serde_json::from_str(schema)
            .map_err(|error| vec![Broken::new("", format!("a JSON document: {error}"))])?;
        let fields = walk::walk(&schema)?;
        // What a form calls itself is no address to look anything up at.
        if let Some(root) = schema.as_object_mut() {
            root.remove("$id");
            root.remove("$schema");
        }
        let validator = jsonschema::options()
            .with_draft(Draft::Draft202012)
            .should_validate_formats(true)
            .should_ignore_unknown_formats(false)
            .with_pattern_options(
                PatternOptions::regex().size_limit(limits::PATTERN).dfa_size_limit(limits::PATTERN),
            )
            .offline()
            .build(&schema)
            .map_err(|error| vec![Broken::new(error.instance_path().as_str(), error.to_string())])?;
        Ok(Self { validator, searchable: fields.searchable, personal: fields.personal })
    }

    /// Checks the values of a request.
    ///
    /// # Errors
    /// Every keyword that they violate, with the path of the value.
    pub fn check(&self, values: &Map<String, Value>) -> Result<(), Vec<Broken>> {
        check::check(self, values)
    }

    /// The fields that can be filtered on.
    #[must_use]
    pub fn searchable(&self) -> &[Searchable] {
        &self.searchable
    }

    /// What of the values can be filtered on.
    #[must_use]
    pub fn found(&self, values: &Map<String, Value>) -> Vec<(String, Found)> {
        self.searchable.iter().filter_map(|field| Some((field.name.clone(), field.found(values)?))).collect()
    }

    /// Whether it asks for anything that says who somebody is.
    #[must_use]
    pub const fn asks_personal(&self) -> bool {
        !self.personal.is_empty()
    }

    /// Takes what says who somebody is out of the values; the second is only that.
    #[must_use]
    pub fn part(&self, mut values: Map<String, Value>) -> (Map<String, Value>, Map<String, Value>) {
        let mut personal = Map::new();
        for path in &self.personal {
            if let Some(value) = fields::take(&mut values, path) {
                fields::put(&mut personal, path, value);
            }
        }
        (values, personal)
    }
}

/// Values with others put over them, object by object: what [`Form::part`] took apart is together again.
#[must_use]
pub fn together(mut values: Map<String, Value>, over: Map<String, Value>) -> Map<String, Value> {
    for (name, value) in over {
        let value = match (values.remove(&name), value) {
            (Some(Value::Object(below)), Value::Object(above)) => Value::Object(together(below, above)),
            (_, value) => value,
        };
        values.insert(name, value);
    }
    values
}

/// Changes every value that is none of others.
pub fn each_scalar(values: &mut Map<String, Value>, change: &mut impl FnMut(&mut Value)) {
    values.values_mut().for_each(|value| scalars_of(value, change));
}

fn scalars_of(value: &mut Value, change: &mut impl FnMut(&mut Value)) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| scalars_of(item, change)),
        Value::Object(values) => each_scalar(values, change),
        scalar => change(scalar),
    }
}
