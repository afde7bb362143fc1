//! Messages with a value in every field, for tests of what must hold for all of them, also those that come later.

use gongdan_proto::{DESCRIPTORS, tickets::v1::TicketEvent};
use prost::Message as _;
use prost_reflect::{
    DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MapKey, MessageDescriptor, Value,
};
use std::sync::LazyLock;

/// Messages within messages that are filled.
const DEPTH: usize = 6;

static POOL: LazyLock<DescriptorPool> =
    LazyLock::new(|| DescriptorPool::decode(DESCRIPTORS).expect("our own descriptors"));

/// The ticket event whose change is this one of [`gongdan_proto::CHANGES`], filled. `text` gives the text of a field, by
/// its path, for example `returned.reason` or `state.created_by.name`; none leaves it empty.
///
/// # Panics
/// When there is no such change.
pub fn filled_event(change: &str, text: &dyn Fn(&str) -> Option<String>) -> TicketEvent {
    let event = POOL.get_message_by_name("gongdan.tickets.v1.TicketEvent").expect("ticket events");
    let filled = fill(&event, "", DEPTH, text, &|field| {
        field.containing_oneof().is_none_or(|oneof| oneof.name() != "change" || field.name() == change)
    });
    let event = TicketEvent::decode(filled.encode_to_vec().as_slice()).expect("a message of its descriptor");
    assert_eq!(event.change.as_ref().map(|change| change.name()), Some(change), "a change of the contract");
    event
}

fn fill(
    message: &MessageDescriptor,
    path: &str,
    depth: usize,
    text: &dyn Fn(&str) -> Option<String>,
    wanted: &dyn Fn(&FieldDescriptor) -> bool,
) -> DynamicMessage {
    let mut filled = DynamicMessage::new(message.clone());
    for field in message.fields().filter(wanted) {
        let path = if path.is_empty() { field.name().to_owned() } else { format!("{path}.{}", field.name()) };
        if field.is_map() {
            let Kind::Message(entry) = field.kind() else { continue };
            if let Some(value) = value(&entry.map_entry_value_field(), &path, depth, text) {
                let key = match entry.map_entry_key_field().kind() {
                    Kind::String => MapKey::String("key".to_owned()),
                    _ => MapKey::I32(1),
                };
                filled.set_field(&field, Value::Map([(key, value)].into()));
            }
        } else if let Some(value) = value(&field, &path, depth, text) {
            filled.set_field(&field, if field.is_list() { Value::List(vec![value]) } else { value });
        }
    }
    filled
}

fn value(
    field: &FieldDescriptor,
    path: &str,
    depth: usize,
    text: &dyn Fn(&str) -> Option<String>,
) -> Option<Value> {
    Some(match field.kind() {
        Kind::String => Value::String(text(path)?),
        Kind::Bytes => Value::Bytes(vec![7; 16].into()),
        Kind::Bool => Value::Bool(true),
        Kind::Double => Value::F64(1.0),
        Kind::Float => Value::F32(1.0),
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => Value::I32(1),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => Value::I64(1),
        Kind::Uint32 | Kind::Fixed32 => Value::U32(1),
        Kind::Uint64 | Kind::Fixed64 => Value::U64(1),
        Kind::Enum(of) => Value::EnumNumber(of.values().map(|value| value.number()).max()?),
        Kind::Message(_) if depth == 0 => return None,
        Kind::Message(of) => Value::Message(fill(&of, path, depth - 1, text, &|_| true)),
    })
}
