//! What can happen to a ticket, by the names that subjects and the log have for it.

use crate::tickets::v1::ticket_event::Change;
use prost::encoding::decode_key;

/// Number and name of each field of `TicketEvent.change`, in the order of the contract.
pub static CHANGES: &[(u32, &str)] = include!(concat!(env!("OUT_DIR"), "/changes.rs"));

impl Change {
    /// The name of its field, for example `submitted`: `<event>` of the subject, and the type of the log's row.
    #[must_use]
    pub fn name(&self) -> &'static str {
        let mut bytes = Vec::with_capacity(self.encoded_len());
        self.encode(&mut bytes);
        let number = decode_key(&mut bytes.as_slice()).map(|(number, _)| number).unwrap_or_default();
        CHANGES.iter().find(|(known, _)| *known == number).map_or("", |(_, name)| name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tickets::v1::TicketEvent;
    use prost::Message as _;

    #[test]
    fn each_change_has_the_name_of_its_field() {
        assert!(CHANGES.len() > 10);
        for (number, name) in CHANGES {
            // The field alone, with an empty message.
            let mut bytes = Vec::new();
            prost::encoding::encode_key(*number, prost::encoding::WireType::LengthDelimited, &mut bytes);
            bytes.push(0);
            let event = TicketEvent::decode(bytes.as_slice()).unwrap();
            assert_eq!(event.change.unwrap().name(), *name);
        }
    }
}
