//! Contacts sealed and opened, and the blind indexes that find them. Source: DESIGN rule 15.

use super::keys::Keys;
use aes_gcm::{
    Aes256Gcm, KeyInit as _, Nonce,
    aead::{Aead as _, Payload},
};
use gongdan_tickets_domain::{Address, IdentityNumber, PersonName, PhoneNumber, mask_name, mask_phone};
use hmac::{Hmac, Mac as _};
use prost::Message;
use rand::RngCore as _;
use sha2::Sha256;
use std::collections::BTreeMap;
use uuid::Uuid;

const NONCE: usize = 12;

/// A contact in clear.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Contact {
    /// The number, if given.
    pub phone: Option<PhoneNumber>,
    /// The name; empty if not given.
    pub name: PersonName,
    /// The identity number; empty if not given.
    pub identity: IdentityNumber,
    /// The address; empty if not given.
    pub address: Address,
}

/// A contact as its row keeps it.
#[derive(Debug, Clone)]
pub(crate) struct Sealed {
    /// The key it was sealed with.
    pub key_version: i32,
    /// Nonce and ciphertext.
    pub bytes: Vec<u8>,
}

/// What is inside a sealed contact.
#[derive(Clone, PartialEq, Message)]
struct Plain {
    #[prost(string, tag = "1")]
    phone: String,
    #[prost(string, tag = "2")]
    name: String,
    #[prost(string, tag = "3")]
    identity: String,
    #[prost(string, tag = "4")]
    address: String,
}

/// A sealed contact cannot be opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unsealable {
    /// The key is not among those configured.
    #[error("no contact key of version {0}")]
    NoKey(i32),
    /// The bytes were not sealed with this key for this ticket.
    #[error("a contact does not open with its key")]
    Damaged,
}

/// Seals contacts and makes blind indexes.
pub(crate) struct Sealer {
    ciphers: BTreeMap<i32, Aes256Gcm>,
    index: Hmac<Sha256>,
}

impl Sealer {
    pub(crate) fn new(keys: &Keys) -> anyhow::Result<Self> {
        Ok(Self {
            ciphers: keys
                .encryption
                .iter()
                .map(|(version, key)| (*version, Aes256Gcm::new(key.into())))
                .collect(),
            index: <Hmac<Sha256> as hmac::Mac>::new_from_slice(&keys.index)?,
        })
    }

    /// Encrypts with the newest key, bound to the ticket.
    pub(crate) fn seal(&self, ticket: Uuid, contact: &Contact) -> Result<Sealed, Unsealable> {
        let (key_version, cipher) = self.ciphers.last_key_value().ok_or(Unsealable::NoKey(0))?;
        let plain = Plain {
            phone: contact.phone.as_ref().map(|phone| phone.as_e164().to_owned()).unwrap_or_default(),
            name: contact.name.as_str().to_owned(),
            identity: contact.identity.as_str().to_owned(),
            address: contact.address.as_str().to_owned(),
        };
        let mut nonce = [0; NONCE];
        rand::rng().fill_bytes(&mut nonce);
        let payload = Payload { msg: &plain.encode_to_vec(), aad: ticket.as_bytes() };
        let sealed = cipher.encrypt(Nonce::from_slice(&nonce), payload).map_err(|_| Unsealable::Damaged)?;
        Ok(Sealed { key_version: *key_version, bytes: [nonce.as_slice(), &sealed].concat() })
    }

    /// Decrypts.
    pub(crate) fn open(&self, ticket: Uuid, sealed: &Sealed) -> Result<Contact, Unsealable> {
        let cipher = self.ciphers.get(&sealed.key_version).ok_or(Unsealable::NoKey(sealed.key_version))?;
        let (nonce, bytes) = sealed.bytes.split_at_checked(NONCE).ok_or(Unsealable::Damaged)?;
        let payload = Payload { msg: bytes, aad: ticket.as_bytes() };
        let plain = cipher.decrypt(Nonce::from_slice(nonce), payload).map_err(|_| Unsealable::Damaged)?;
        let plain = Plain::decode(plain.as_slice()).map_err(|_| Unsealable::Damaged)?;
        let phone = (!plain.phone.is_empty())
            .then(|| PhoneNumber::from_e164(plain.phone))
            .transpose()
            .map_err(|_| Unsealable::Damaged)?;
        Ok(Contact {
            phone,
            name: PersonName::parse(&plain.name).map_err(|_| Unsealable::Damaged)?,
            identity: IdentityNumber::parse(&plain.identity).map_err(|_| Unsealable::Damaged)?,
            address: Address::parse(&plain.address).map_err(|_| Unsealable::Damaged)?,
        })
    }

    /// Finds the customer of a number.
    pub(crate) fn phone_index(&self, phone: &PhoneNumber) -> Vec<u8> {
        self.blind(b"phone", phone.as_e164())
    }

    /// Finds the customers whose numbers end so.
    pub(crate) fn last_four_index(&self, last_four: &str) -> Vec<u8> {
        self.blind(b"last-four", last_four)
    }

    /// Finds the customer behind a source's own key for the citizen.
    pub(crate) fn source_index(&self, source: &str, key: &str) -> Vec<u8> {
        self.blind(b"source", &format!("{source}\0{key}"))
    }

    fn blind(&self, what: &[u8], value: &str) -> Vec<u8> {
        let mut mac = self.index.clone();
        mac.update(what);
        mac.update(&[0]);
        mac.update(value.as_bytes());
        mac.finalize().into_bytes().to_vec()
    }
}

impl Contact {
    /// The number as anybody may see it.
    pub(crate) fn masked_phone(&self) -> String {
        self.phone.as_ref().map(mask_phone).unwrap_or_default()
    }

    /// The name as anybody may see it.
    pub(crate) fn masked_name(&self) -> String {
        mask_name(self.name.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealer(versions: &[i32]) -> Sealer {
        let encryption = versions.iter().map(|v| (*v, [u8::try_from(*v).unwrap(); 32])).collect();
        Sealer::new(&Keys { encryption, index: [9; 32] }).unwrap()
    }

    fn contact() -> Contact {
        Contact {
            phone: Some(PhoneNumber::parse("13800001234").unwrap()),
            name: PersonName::parse("张三").unwrap(),
            identity: IdentityNumber::parse("43010219900307123X").unwrap(),
            address: Address::parse("天河区").unwrap(),
        }
    }

    #[test]
    fn a_contact_opens_only_for_its_ticket_and_with_its_key() {
        let (ticket, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let sealed = sealer(&[1]).seal(ticket, &contact()).unwrap();
        assert!(sealer(&[1, 2]).open(ticket, &sealed).unwrap() == contact());
        assert!(sealer(&[1]).open(other, &sealed).is_err());
        assert!(sealer(&[2]).open(ticket, &sealed).is_err());
        assert_eq!(sealer(&[1, 2]).seal(ticket, &contact()).unwrap().key_version, 2);
        let damaged = Sealed { key_version: 1, bytes: sealed.bytes[..8].to_vec() };
        assert!(sealer(&[1]).open(ticket, &damaged).is_err());
        assert!(!sealed.bytes.windows(11).any(|w| w == b"13800001234"));
    }

    #[test]
    fn blind_indexes_keep_their_kinds_apart() {
        let sealer = sealer(&[1]);
        let phone = PhoneNumber::parse("13800001234").unwrap();
        assert_eq!(
            sealer.phone_index(&phone),
            sealer.phone_index(&PhoneNumber::parse("+86 138 0000 1234").unwrap())
        );
        assert_ne!(sealer.last_four_index("1234"), sealer.phone_index(&phone));
        assert_ne!(sealer.source_index("a", "1"), sealer.source_index("b", "1"));
    }
}
