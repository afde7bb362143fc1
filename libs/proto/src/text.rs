//! Texts on the wire, found without decoding the message.

use prost::{
    bytes::Buf,
    encoding::{WireType, decode_key, decode_varint},
};
use std::collections::BTreeMap;

/// As deep as prost decodes.
const DEPTH: usize = 100;

struct Message {
    name: &'static str,
    fields: &'static [Field],
}

struct Field {
    number: u32,
    name: &'static str,
    list: bool,
    holds: Holds,
}

enum Holds {
    Text,
    /// Index in `MESSAGES`.
    Message(usize),
}

/// Every message with those of its fields that are text or may hold some.
static MESSAGES: &[Message] = include!(concat!(env!("OUT_DIR"), "/messages.rs"));

/// The path of the first text in an encoded message that holds U+0000, which no database stores: `contact.name`,
/// `rows[3].path[0]`. `None` also for what is no such message.
#[must_use]
pub fn nul_in_text(message: &str, encoded: &[u8]) -> Option<String> {
    if !encoded.contains(&0) {
        return None;
    }
    find(MESSAGES.iter().find(|known| known.name == message)?, encoded, DEPTH)
}

fn find(message: &Message, mut encoded: &[u8], depth: usize) -> Option<String> {
    let mut seen = BTreeMap::<u32, usize>::new();
    while encoded.has_remaining() {
        let (number, wire) = decode_key(&mut encoded).ok()?;
        let length = match wire {
            WireType::Varint => {
                decode_varint(&mut encoded).ok()?;
                continue;
            }
            WireType::SixtyFourBit => 8,
            WireType::ThirtyTwoBit => 4,
            WireType::LengthDelimited => usize::try_from(decode_varint(&mut encoded).ok()?).ok()?,
            WireType::StartGroup | WireType::EndGroup => return None,
        };
        let value = encoded.get(..length)?;
        encoded.advance(length);
        let Some(field) = message.fields.iter().find(|field| field.number == number) else { continue };
        let index = seen.entry(number).or_default();
        let place = if field.list { format!("{}[{index}]", field.name) } else { field.name.to_owned() };
        *index += 1;
        if !value.contains(&0) || wire != WireType::LengthDelimited {
            continue;
        }
        match field.holds {
            Holds::Text => return Some(place),
            Holds::Message(of) if depth > 0 => {
                if let Some(below) = find(MESSAGES.get(of)?, value, depth - 1) {
                    return Some(format!("{place}.{below}"));
                }
            }
            Holds::Message(_) => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        routing::v1::{ImportOrganisationRequest, PrincipalRow},
        tickets::v1::{ContactInput, CreateTicketRequest},
    };
    use prost::Message as _;

    const CREATE: &str = "gongdan.tickets.v1.CreateTicketRequest";

    #[test]
    fn a_nul_is_found_where_it_is() {
        let contact = |name: &str| Some(ContactInput { name: name.to_owned(), ..ContactInput::default() });
        let mut request =
            CreateTicketRequest { contact: contact("张\0三"), ..CreateTicketRequest::default() };
        assert_eq!(nul_in_text(CREATE, &request.encode_to_vec()).as_deref(), Some("contact.name"));
        request.contact = contact("张三");
        assert_eq!(nul_in_text(CREATE, &request.encode_to_vec()), None);
        let person = |roles: &[&str]| PrincipalRow {
            roles: roles.iter().map(|role| (*role).to_owned()).collect(),
            ..PrincipalRow::default()
        };
        let import = ImportOrganisationRequest {
            principals: vec![person(&["agent"]), person(&["agent", "\0"])],
            ..ImportOrganisationRequest::default()
        };
        let found = nul_in_text("gongdan.routing.v1.ImportOrganisationRequest", &import.encode_to_vec());
        assert_eq!(found.as_deref(), Some("principals[1].roles[1]"));
    }

    #[test]
    fn zeros_that_are_no_text_are_none() {
        // A length of nothing, a number nought, bytes of a field nobody knows.
        assert_eq!(nul_in_text(CREATE, &[0x12, 0x00, 0x18, 0x00, 0xfa, 0x3f, 0x01, 0x00]), None);
    }

    #[test]
    fn what_is_no_message_holds_no_text() {
        for encoded in [&[0x00][..], &[0x12, 0xff, 0x00], &[0xff, 0x00], &[0x0b, 0x00]] {
            assert_eq!(nul_in_text(CREATE, encoded), None, "{encoded:?}");
        }
        assert_eq!(nul_in_text("gongdan.Nothing", &[0x0a, 0x01, 0x00]), None);
    }
}
