//! Requests of any RPC with a text in every field that wants one, for tests of what must hold for all of them, also those
//! that come later.

use gongdan_proto::DESCRIPTORS;
use prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage, Kind, MessageDescriptor, Value};
use std::sync::LazyLock;

/// Messages within messages.
const DEPTH: usize = 4;

static POOL: LazyLock<DescriptorPool> =
    LazyLock::new(|| DescriptorPool::decode(DESCRIPTORS).expect("our own descriptors"));

/// A message of this full name, encoded. `text` gives the text of a field by its path, for example `filter.tickets`; none
/// leaves it empty. Numbers are left out, so that they have their defaults; `flag` says the same of flags.
///
/// # Panics
/// When there is no such message.
pub fn asked(message: &str, flag: &dyn Fn(&str) -> bool, text: &dyn Fn(&str) -> Option<String>) -> Vec<u8> {
    let message = POOL.get_message_by_name(message).expect("a message of the contracts");
    fill(&message, "", DEPTH, flag, text).encode_to_vec()
}

fn fill(
    message: &MessageDescriptor,
    path: &str,
    depth: usize,
    flag: &dyn Fn(&str) -> bool,
    text: &dyn Fn(&str) -> Option<String>,
) -> DynamicMessage {
    let mut filled = DynamicMessage::new(message.clone());
    for field in message.fields().filter(|field| !field.is_map()) {
        let path = if path.is_empty() { field.name().to_owned() } else { format!("{path}.{}", field.name()) };
        let value = match field.kind() {
            Kind::String => text(&path).map(Value::String),
            Kind::Bool if flag(&path) => Some(Value::Bool(true)),
            Kind::Message(of) if depth > 0 => {
                let below = fill(&of, &path, depth - 1, flag, text);
                // A message with nothing in it asks for nothing.
                (below.encoded_len() > 0).then_some(Value::Message(below))
            }
            _ => None,
        };
        if let Some(value) = value {
            filled.set_field(&field, if field.is_list() { Value::List(vec![value]) } else { value });
        }
    }
    filled
}
