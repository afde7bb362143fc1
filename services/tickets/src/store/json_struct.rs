//! `google.protobuf.Struct` and JSON.

use prost_types::{ListValue, Struct, Value as PbValue, value::Kind};
use serde_json::{Map, Number, Value};

/// As deep as a message may nest at all.
const DEPTH: usize = 64;

/// The largest integer that a double tells from its neighbours.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// As JSON.
///
/// # Errors
/// The rule that it breaks: numbers that are none, too deep.
pub(crate) fn from_struct(given: Struct) -> Result<Map<String, Value>, &'static str> {
    object(given, DEPTH)
}

/// JSON as the contract has it.
pub(crate) fn to_struct(values: &Map<String, Value>) -> Struct {
    Struct { fields: values.iter().map(|(name, value)| (name.clone(), to_value(value))).collect() }
}

fn object(given: Struct, depth: usize) -> Result<Map<String, Value>, &'static str> {
    given.fields.into_iter().map(|(name, value)| Ok((name, self::value(value, depth)?))).collect()
}

fn value(given: PbValue, depth: usize) -> Result<Value, &'static str> {
    let below = depth.checked_sub(1).ok_or("less deep")?;
    Ok(match given.kind {
        None | Some(Kind::NullValue(_)) => Value::Null,
        Some(Kind::BoolValue(flag)) => Value::Bool(flag),
        Some(Kind::StringValue(text)) => Value::String(text),
        Some(Kind::NumberValue(number)) => self::number(number).ok_or("finite numbers")?,
        Some(Kind::ListValue(list)) => {
            list.values.into_iter().map(|value| self::value(value, below)).collect::<Result<_, _>>()?
        }
        Some(Kind::StructValue(fields)) => Value::Object(object(fields, below)?),
    })
}

/// Whole numbers stay whole: `3`, not `3.0`.
fn number(number: f64) -> Option<Value> {
    if number.fract() == 0.0 && number.abs() <= EXACT {
        #[expect(clippy::cast_possible_truncation, reason = "whole, and small enough")]
        return Some(Value::from(number as i64));
    }
    Number::from_f64(number).map(Value::Number)
}

fn to_value(value: &Value) -> PbValue {
    let kind = match value {
        Value::Null => Kind::NullValue(0),
        Value::Bool(flag) => Kind::BoolValue(*flag),
        Value::Number(number) => Kind::NumberValue(number.as_f64().unwrap_or_default()),
        Value::String(text) => Kind::StringValue(text.clone()),
        Value::Array(items) => Kind::ListValue(ListValue { values: items.iter().map(to_value).collect() }),
        Value::Object(values) => Kind::StructValue(to_struct(values)),
    };
    PbValue { kind: Some(kind) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_json_comes_back_as_it_was() {
        let Value::Object(given) = json!({
            "a": null, "b": true, "c": 3, "d": -0.25, "e": "字", "f": [1, "x", { "g": [] }], "h": {},
        }) else {
            panic!("an object");
        };
        assert_eq!(from_struct(to_struct(&given)), Ok(given));
    }

    #[test]
    fn what_json_cannot_hold_is_refused() {
        for number in [f64::NAN, f64::INFINITY] {
            let value = PbValue { kind: Some(Kind::NumberValue(number)) };
            let given = Struct { fields: [("a".to_owned(), value)].into() };
            assert!(from_struct(given).is_err(), "{number}");
        }
    }
}
