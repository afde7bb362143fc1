//! Messages as JSON: names as in the contracts, enum values by their names, instants in RFC 3339, absent ones left out.

use std::sync::LazyLock;

use anyhow::{Context, Result};
use prost_reflect::{
    DescriptorPool, DynamicMessage, EnumDescriptor, FieldDescriptor, Kind, MapKey, MessageDescriptor,
    ReflectMessage, Value as Field,
};
use serde_json::{Map, Value};

static CONTRACTS: LazyLock<Option<DescriptorPool>> =
    LazyLock::new(|| DescriptorPool::decode(gongdan_proto::DESCRIPTORS).ok());

/// A message of the contracts as JSON; `name` is its full name, for example `gongdan.tickets.v1.Ticket`.
///
/// # Errors
/// When the contracts have no such message.
pub fn of(name: &str, message: &impl prost::Message) -> Result<Value> {
    let pool = CONTRACTS.as_ref().context("the contracts are damaged")?;
    let descriptor: MessageDescriptor =
        pool.get_message_by_name(name).with_context(|| format!("the contracts have no message {name}"))?;
    let message = DynamicMessage::decode(descriptor, message.encode_to_vec().as_slice())?;
    Ok(object(&message))
}

fn object(message: &DynamicMessage) -> Value {
    match message.descriptor().full_name() {
        "google.protobuf.Timestamp" => return timestamp(message),
        "google.protobuf.Duration" => return duration(message),
        _ => {}
    }
    let fields = message.descriptor();
    Value::Object(
        fields
            .fields()
            .filter(|field| !field.supports_presence() || message.has_field(field))
            .map(|field| (field.name().to_owned(), value(&message.get_field(&field), &field)))
            .collect(),
    )
}

fn value(found: &Field, field: &FieldDescriptor) -> Value {
    match found {
        Field::List(items) => items.iter().map(|item| single(item, &field.kind())).collect(),
        Field::Map(entries) => {
            let kind = field.kind();
            let inner = kind.as_message().map(MessageDescriptor::map_entry_value_field);
            let kind = inner.map(|inner| inner.kind());
            let mut map = Map::new();
            for (key, item) in entries {
                let item = kind.as_ref().map_or(Value::Null, |kind| single(item, kind));
                map.insert(map_key(key), item);
            }
            Value::Object(map)
        }
        single_value => single(single_value, &field.kind()),
    }
}

fn single(found: &Field, kind: &Kind) -> Value {
    match found {
        Field::Bool(v) => Value::from(*v),
        Field::I32(v) => Value::from(*v),
        Field::I64(v) => Value::from(*v),
        Field::U32(v) => Value::from(*v),
        Field::U64(v) => Value::from(*v),
        Field::F32(v) => Value::from(*v),
        Field::F64(v) => Value::from(*v),
        Field::String(v) => Value::from(v.as_str()),
        Field::Bytes(v) => v.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into(),
        Field::EnumNumber(number) => enum_name(kind.as_enum(), *number),
        Field::Message(message) => object(message),
        Field::List(_) | Field::Map(_) => Value::Null,
    }
}

fn enum_name(descriptor: Option<&EnumDescriptor>, number: i32) -> Value {
    descriptor
        .and_then(|d| d.get_value(number))
        .map_or_else(|| Value::from(number), |value| Value::from(value.name()))
}

fn map_key(key: &MapKey) -> String {
    match key {
        MapKey::Bool(v) => v.to_string(),
        MapKey::I32(v) => v.to_string(),
        MapKey::I64(v) => v.to_string(),
        MapKey::U32(v) => v.to_string(),
        MapKey::U64(v) => v.to_string(),
        MapKey::String(v) => v.clone(),
    }
}

fn seconds_and_nanos(message: &DynamicMessage) -> (i64, i32) {
    let seconds = message.get_field_by_name("seconds").and_then(|v| v.as_i64()).unwrap_or_default();
    let nanos = message.get_field_by_name("nanos").and_then(|v| v.as_i32()).unwrap_or_default();
    (seconds, nanos)
}

fn timestamp(message: &DynamicMessage) -> Value {
    let (seconds, nanos) = seconds_and_nanos(message);
    gongdan_proto::from_timestamp(&prost_types::Timestamp { seconds, nanos })
        .map_or(Value::Null, |at| Value::from(at.to_string()))
}

fn duration(message: &DynamicMessage) -> Value {
    let (seconds, nanos) = seconds_and_nanos(message);
    Value::from(seconds as f64 + f64::from(nanos) / 1e9)
}

#[cfg(test)]
mod tests {
    use gongdan_proto::tickets::v1::{Phase, Resolution, Ticket};

    use super::*;

    #[test]
    fn a_message_reads_as_its_contract_names_it() {
        let ticket = Ticket {
            number: "GD2611220000000001".into(),
            phase: Phase::InProgress.into(),
            version: 7,
            received_at: Some(prost_types::Timestamp { seconds: 1_763_776_800, nanos: 0 }),
            resolution: Some(Resolution { solution: "清运".into(), ..Default::default() }),
            ..Default::default()
        };
        let json = of("gongdan.tickets.v1.Ticket", &ticket).unwrap();
        assert_eq!(json["number"], "GD2611220000000001");
        assert_eq!(json["phase"], "PHASE_IN_PROGRESS");
        assert_eq!(json["version"], 7);
        assert_eq!(json["received_at"], "2025-11-22T02:00:00Z");
        assert_eq!(json["resolution"]["solution"], "清运");
        assert!(json.get("closed_at").is_none());
    }
}
