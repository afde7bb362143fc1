//! Fields of forms on the command line: `meter=12345678`.

use std::str::FromStr;

use anyhow::{Result, bail};
use gongdan_proto::tickets::v1::{DateRange, FieldCondition, NumberRange, Ticket, field_condition::Rule};
use prost_types::{ListValue, Struct, Value, value::Kind};

/// A field with what was written for it.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    path: String,
    value: String,
}

impl FromStr for Field {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((path, value)) if !path.is_empty() => {
                Ok(Self { path: path.trim().to_owned(), value: value.trim().to_owned() })
            }
            _ => Err("a field is written PATH=VALUE, for example meter=12345678".to_owned()),
        }
    }
}

impl Field {
    /// What a ticket is filtered by.
    pub fn condition(&self) -> FieldCondition {
        FieldCondition { field: self.path.clone(), rule: Some(rule(&self.value)) }
    }
}

fn rule(value: &str) -> Rule {
    if let Some(text) = quoted(value) {
        return Rule::Equals(text);
    }
    if let Some(prefix) = value.strip_suffix('*') {
        return Rule::Prefix(prefix.to_owned());
    }
    match value {
        "true" => return Rule::Flag(true),
        "false" => return Rule::Flag(false),
        _ => {}
    }
    let (from, to) = value.split_once("..").unwrap_or((value, value));
    let number = |text: &str| if text.is_empty() { Some(None) } else { text.parse::<f64>().ok().map(Some) };
    if let (Some(from), Some(to)) = (number(from), number(to))
        && (from.is_some() || to.is_some())
        // A long run of digits is a text that looks like a number: a meter, an account.
        && !is_code(value)
    {
        return Rule::Number(NumberRange { from, to });
    }
    let day = |text: &str| text.is_empty() || text.parse::<jiff::civil::Date>().is_ok() && text.len() == 10;
    if !value.is_empty() && day(from) && day(to) {
        return Rule::Date(DateRange { from: from.to_owned(), to: to.to_owned() });
    }
    Rule::Equals(value.to_owned())
}

fn is_code(value: &str) -> bool {
    value.bytes().all(|b| b.is_ascii_digit())
        && (value.len() > 6 || value.len() > 1 && value.starts_with('0'))
}

fn quoted(value: &str) -> Option<String> {
    let inner = value.strip_prefix('"')?.strip_suffix('"')?;
    Some(inner.to_owned())
}

/// What is filled into a form.
pub fn message(fields: &[Field]) -> Result<Option<Struct>> {
    if fields.is_empty() {
        return Ok(None);
    }
    let mut whole = Struct::default();
    for field in fields {
        put(&mut whole, &field.path, value(&field.value))?;
    }
    Ok(Some(whole))
}

fn put(within: &mut Struct, path: &str, value: Value) -> Result<()> {
    let Some((name, rest)) = path.split_once('.') else {
        if within.fields.insert(path.to_owned(), value).is_some() {
            bail!("the field `{path}` is given twice");
        }
        return Ok(());
    };
    let below = within
        .fields
        .entry(name.to_owned())
        .or_insert_with(|| Value { kind: Some(Kind::StructValue(Struct::default())) });
    match &mut below.kind {
        Some(Kind::StructValue(below)) => put(below, rest, value),
        _ => bail!("the field `{name}` is given with fields in it and without"),
    }
}

fn value(text: &str) -> Value {
    let kind = match text {
        "true" => Kind::BoolValue(true),
        "false" => Kind::BoolValue(false),
        "null" => Kind::NullValue(0),
        _ => match (quoted(text), text.parse::<f64>()) {
            (Some(text), _) => Kind::StringValue(text),
            (None, Ok(number)) if number.is_finite() && !is_code(text) => Kind::NumberValue(number),
            _ => Kind::StringValue(text.to_owned()),
        },
    };
    Value { kind: Some(kind) }
}

/// The form of a ticket with its version.
pub fn form(ticket: &Ticket) -> String {
    if ticket.form.is_empty() { String::new() } else { format!("{} {}", ticket.form, ticket.form_version) }
}

/// What was filled in, as people read it.
pub fn lines(fields: Option<&Struct>) -> String {
    fields.map(told).unwrap_or_default()
}

fn told(fields: &Struct) -> String {
    fields
        .fields
        .iter()
        .map(|(name, value)| format!("{name}: {}", told_value(value)))
        .collect::<Vec<_>>()
        .join("; ")
}

fn told_value(value: &Value) -> String {
    match &value.kind {
        None | Some(Kind::NullValue(_)) => "—".to_owned(),
        Some(Kind::BoolValue(flag)) => flag.to_string(),
        Some(Kind::NumberValue(number)) => number.to_string(),
        Some(Kind::StringValue(text)) => text.clone(),
        Some(Kind::ListValue(ListValue { values })) => {
            values.iter().map(told_value).collect::<Vec<_>>().join(", ")
        }
        Some(Kind::StructValue(fields)) => format!("({})", told(fields)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(text: &str) -> Field {
        text.parse().unwrap()
    }

    #[test]
    fn values_are_what_they_look_like() {
        let whole =
            message(&[field("floor=3"), field("meter=0012345678"), field("a.b=\"7\""), field("ok=true")])
                .unwrap()
                .unwrap();
        assert_eq!(lines(Some(&whole)), "a: (b: 7); floor: 3; meter: 0012345678; ok: true");
        assert_eq!(whole.fields["floor"].kind, Some(Kind::NumberValue(3.0)));
        assert!(matches!(whole.fields["meter"].kind, Some(Kind::StringValue(_))));
        assert!(message(&[field("a=1"), field("a=2")]).is_err());
        assert!(message(&[field("a=1"), field("a.b=2")]).is_err());
        assert!("=1".parse::<Field>().is_err());
    }

    #[test]
    fn conditions_are_what_they_look_like() {
        assert_eq!(rule("1234*"), Rule::Prefix("1234".to_owned()));
        assert_eq!(rule("2..9"), Rule::Number(NumberRange { from: Some(2.0), to: Some(9.0) }));
        assert_eq!(rule("3.5"), Rule::Number(NumberRange { from: Some(3.5), to: Some(3.5) }));
        assert_eq!(rule("..9"), Rule::Number(NumberRange { from: None, to: Some(9.0) }));
        assert_eq!(rule("12345678"), Rule::Equals("12345678".to_owned()));
        assert_eq!(rule("\"3\""), Rule::Equals("3".to_owned()));
        assert_eq!(rule("false"), Rule::Flag(false));
        let days = DateRange { from: "2026-11-01".to_owned(), to: "2026-11-30".to_owned() };
        assert_eq!(rule("2026-11-01..2026-11-30"), Rule::Date(days));
        assert_eq!(rule("红色"), Rule::Equals("红色".to_owned()));
    }
}
