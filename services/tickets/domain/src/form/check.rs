//! Values against a form.

use super::{
    Broken, Form,
    limits::{MAX_VALUES_BYTES, TOLD, VALUE_DEPTH, VALUES},
};
use jsonschema::{ValidationError, error::ValidationErrorKind};
use serde_json::{Map, Value};

pub(super) fn check(form: &Form, values: &Map<String, Value>) -> Result<(), Vec<Broken>> {
    sizes(values)?;
    let mut unprintable_found = Vec::new();
    unprintable(values, "", &mut unprintable_found);
    if !unprintable_found.is_empty() {
        unprintable_found.truncate(TOLD);
        return Err(unprintable_found);
    }
    let whole = Value::Object(values.clone());
    let mut broken: Vec<Broken> = form.validator.iter_errors(&whole).take(TOLD).map(|e| told(&e)).collect();
    for field in &form.searchable {
        broken.extend(field.wrong(values).map(|rule| Broken::new(field.name.clone(), rule)));
    }
    if broken.is_empty() {
        return Ok(());
    }
    broken.sort_by(|a, b| (&a.path, &a.rule).cmp(&(&b.path, &b.rule)));
    broken.dedup();
    Err(broken)
}

/// What is too large is not looked at any further.
fn sizes(values: &Map<String, Value>) -> Result<(), Vec<Broken>> {
    let mut left = VALUES;
    if !fits(values.values(), VALUE_DEPTH, &mut left) {
        let rule = format!("at most {VALUES} values, at most {VALUE_DEPTH} deep");
        return Err(vec![Broken::new("", rule)]);
    }
    match serde_json::to_vec(values) {
        Ok(bytes) if bytes.len() <= MAX_VALUES_BYTES => Ok(()),
        _ => Err(vec![Broken::new("", format!("at most {MAX_VALUES_BYTES} bytes as JSON"))]),
    }
}

/// Names and texts with control characters that have no place there.
fn unprintable(values: &Map<String, Value>, at: &str, broken: &mut Vec<Broken>) {
    for (name, value) in values {
        if bad(name, true) {
            broken.push(Broken::new(at, "names of fields without control characters"));
        } else {
            unprintable_value(
                value,
                &if at.is_empty() { name.clone() } else { format!("{at}.{name}") },
                broken,
            );
        }
    }
}

fn unprintable_value(value: &Value, at: &str, broken: &mut Vec<Broken>) {
    match value {
        Value::String(text) if bad(text, false) => {
            broken.push(Broken::new(at, "without control characters but line breaks and tabs"));
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                unprintable_value(item, &format!("{at}[{index}]"), broken);
            }
        }
        Value::Object(values) => unprintable(values, at, broken),
        _ => {}
    }
}

fn bad(text: &str, one_line: bool) -> bool {
    text.chars().any(|c| c.is_control() && (one_line || !matches!(c, '\n' | '\r' | '\t')))
}

fn fits<'a>(values: impl Iterator<Item = &'a Value>, depth: usize, left: &mut usize) -> bool {
    for value in values {
        if depth == 0 || *left == 0 {
            return false;
        }
        *left -= 1;
        let below = match value {
            Value::Array(items) => fits(items.iter(), depth - 1, left),
            Value::Object(values) => fits(values.values(), depth - 1, left),
            _ => true,
        };
        if !below {
            return false;
        }
    }
    true
}

/// The keyword and what it asks, never the value: it may be personal, and errors are written down.
fn told(error: &ValidationError<'_>) -> Broken {
    use ValidationErrorKind as K;
    let mut path = path(error.instance_path().as_str());
    let keyword = error.kind().keyword();
    let rule = match error.kind() {
        K::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            path = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
            "required".to_owned()
        }
        K::AdditionalProperties { unexpected } | K::UnevaluatedProperties { unexpected } => {
            format!("{keyword}: the form has no {}", names(unexpected))
        }
        K::Enum { options } => format!("enum: one of {options}"),
        K::Constant { expected_value } => format!("const: {expected_value}"),
        K::Pattern { pattern } => format!("pattern: {pattern}"),
        K::Format { format } => format!("format: {format}"),
        K::Type { .. } => format!("type: {}", expected(error)),
        K::Maximum { limit } => format!("maximum: at most {limit}"),
        K::ExclusiveMaximum { limit } => format!("exclusiveMaximum: less than {limit}"),
        K::Minimum { limit } => format!("minimum: at least {limit}"),
        K::ExclusiveMinimum { limit } => format!("exclusiveMinimum: more than {limit}"),
        K::MaxLength { limit } => format!("maxLength: at most {limit} characters"),
        K::MinLength { limit } => format!("minLength: at least {limit} characters"),
        K::MaxItems { limit } => format!("maxItems: at most {limit}"),
        K::MinItems { limit } => format!("minItems: at least {limit}"),
        K::MaxProperties { limit } => format!("maxProperties: at most {limit}"),
        K::MinProperties { limit } => format!("minProperties: at least {limit}"),
        K::MultipleOf { multiple_of } => format!("multipleOf: a multiple of {multiple_of}"),
        K::UniqueItems => "uniqueItems: each once".to_owned(),
        K::Contains => "contains: at least one that fits".to_owned(),
        K::AnyOf { .. } => "anyOf: as at least one of the alternatives".to_owned(),
        K::OneOfNotValid { .. } => "oneOf: as one of the alternatives".to_owned(),
        K::OneOfMultipleValid { .. } => "oneOf: as only one of the alternatives".to_owned(),
        K::Not { .. } => "not: not as this schema says".to_owned(),
        K::FalseSchema => "no value is allowed here".to_owned(),
        K::PropertyNames { error } => format!("propertyNames: {}", told(error).rule),
        _ => keyword.to_owned(),
    };
    Broken { path, rule }
}

fn expected(error: &ValidationError<'_>) -> String {
    use jsonschema::error::TypeKind;
    match error.kind() {
        ValidationErrorKind::Type { kind: TypeKind::Single(kind) } => kind.to_string(),
        ValidationErrorKind::Type { kind: TypeKind::Multiple(kinds) } => {
            kinds.iter().map(|kind| kind.to_string()).collect::<Vec<_>>().join(" or ")
        }
        _ => String::new(),
    }
}

/// Names that the caller gave, as far as they are of use.
fn names(unexpected: &[String]) -> String {
    unexpected
        .iter()
        .take(5)
        .map(|name| format!("{:?}", name.chars().take(64).collect::<String>()))
        .collect::<Vec<_>>()
        .join(", ")
}

/// `/rooms/2/floor` as `rooms[2].floor`.
fn path(pointer: &str) -> String {
    let mut path = String::new();
    for token in pointer.split('/').skip(1) {
        let token = token.replace("~1", "/").replace("~0", "~");
        if !token.is_empty() && token.bytes().all(|b| b.is_ascii_digit()) {
            path.push_str(&format!("[{token}]"));
        } else {
            if !path.is_empty() {
                path.push('.');
            }
            path.push_str(&token);
        }
    }
    path
}
