//! What a request names, read from its bytes without decoding it: a few fields at the top level, known from the contract.

use bytes::Buf;
use gongdan_proto::Method;
use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};
use uuid::Uuid;

/// An id is no longer than this.
const ID_MOST: usize = 64;
/// Of a message so much is looked at; ids stand at its beginning.
const LOOK_MOST: usize = 16 * 1024;

/// Whether a text is an id or a name: a UUID, or letters, digits, dots, dashes and underscores that begin with a letter.
/// Phone and identity numbers begin with a digit or a plus, and so never pass for one.
pub(crate) fn is_id(text: &str) -> bool {
    let named = || {
        text.len() <= ID_MOST
            && text.starts_with(|c: char| c.is_ascii_alphabetic())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
    };
    Uuid::try_parse(text).is_ok() || named()
}

/// Calls `found` with what the first bytes of a gRPC message name. Bytes that are no message, or end too early, name
/// what they name up to there.
pub(crate) fn read(method: &Method, frame: &[u8], mut found: impl FnMut(&'static str, &str)) {
    // A compressed message says nothing here; our clients send none.
    let Some((&0, rest)) = frame.split_first() else { return };
    let Some(mut message) = rest.get(4..) else { return };
    message = message.get(..LOOK_MOST).unwrap_or(message);
    while let Some((number, text)) = next(&mut message) {
        let named = method.names.iter().find(|(field, _)| *field == number);
        if let (Some((_, kind)), Some(text)) = (named, text)
            && is_id(text)
        {
            found(kind, text);
        }
    }
}

/// The next field: its number, and its bytes when they are text.
fn next<'a>(message: &mut &'a [u8]) -> Option<(u32, Option<&'a str>)> {
    if message.is_empty() {
        return None;
    }
    let (number, wire) = decode_key(message).ok()?;
    if wire != WireType::LengthDelimited {
        skip_field(wire, number, message, DecodeContext::default()).ok()?;
        return Some((number, None));
    }
    let length = usize::try_from(decode_varint(message).ok()?).ok()?;
    let bytes = message.get(..length)?;
    message.advance(length);
    Some((number, std::str::from_utf8(bytes).ok()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use gongdan_proto::{method, tickets::v1 as pb};
    use prost::Message;

    fn named(path: &str, message: &impl Message) -> Vec<(&'static str, String)> {
        let mut frame = vec![0, 0, 0, 0, 0];
        message.encode(&mut frame).unwrap();
        let mut names = Vec::new();
        read(method(path).unwrap(), &frame, |kind, id| names.push((kind, id.to_owned())));
        // However few bytes there are, nothing bad happens.
        for end in 0..frame.len() {
            read(method(path).unwrap(), &frame[..end], |_, _| {});
        }
        names
    }

    #[test]
    fn a_request_names_its_ticket_and_itself() {
        let request = pb::DispatchTicketRequest {
            request_id: "0199d0c0-0000-7000-8000-000000000001".to_owned(),
            ticket: "GD2611224401000001".to_owned(),
            unit_id: "tianhe-env".to_owned(),
            note: "张三 13800001234".to_owned(),
            ..Default::default()
        };
        assert_eq!(
            named("/gongdan.tickets.v1.TicketService/DispatchTicket", &request),
            [
                ("request_id", "0199d0c0-0000-7000-8000-000000000001".to_owned()),
                ("ticket", "GD2611224401000001".to_owned()),
                ("unit", "tianhe-env".to_owned()),
            ]
        );
    }

    #[test]
    fn what_may_be_personal_names_nothing() {
        for text in ["13800001234", "+8613800001234", "440106199001011234", "张三", "li wei", ""] {
            let request = pb::GetTicketRequest { ticket: text.to_owned(), in_clear: false };
            assert_eq!(named("/gongdan.tickets.v1.TicketService/GetTicket", &request), [], "{text}");
        }
        let key = pb::lookup_customer_request::Key::Phone("13800001234".to_owned());
        let request = pb::LookupCustomerRequest { key: Some(key), in_clear: false };
        assert_eq!(named("/gongdan.tickets.v1.CustomerService/LookupCustomer", &request), []);
    }
}
