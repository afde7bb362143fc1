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
use serde_json::{Map, Value};
use sha2::Sha256;
use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
};
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
    /// What a form asks for that says who somebody is; empty if it asks for nothing like that.
    pub fields: Map<String, Value>,
}

impl Contact {
    /// Nothing but what a form asks for.
    pub(crate) fn of_fields(fields: Map<String, Value>) -> Self {
        Self {
            phone: None,
            name: PersonName::default(),
            identity: IdentityNumber::default(),
            address: Address::default(),
            fields,
        }
    }
}

/// A contact, or what a customer is found by, as its row keeps it.
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
    /// JSON; empty for none.
    #[prost(string, tag = "5")]
    fields: String,
}

/// A sealed contact cannot be opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unsealable {
    /// The key is not among those configured.
    #[error("no contact key of version {0}")]
    NoKey(i32),
    /// The bytes were not sealed with this key for this ticket or customer.
    #[error("a contact does not open with its key")]
    Damaged,
}

/// What a customer is found by.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Handle {
    /// The number.
    Phone(PhoneNumber),
    /// A source's own key for the citizen.
    Source { source: String, key: String },
}

/// What is inside a sealed handle.
#[derive(Clone, PartialEq, Message)]
struct PlainHandle {
    #[prost(string, tag = "1")]
    phone: String,
    #[prost(string, tag = "2")]
    source: String,
    #[prost(string, tag = "3")]
    key: String,
}

/// The blind indexes of a handle under one version of the index key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Blind {
    /// The version.
    pub version: i32,
    /// Finds the customer.
    pub key: Vec<u8>,
    /// Finds those whose numbers end so; none for a source's key.
    pub last_four: Option<Vec<u8>>,
}

/// Which versions are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct InUse {
    /// Seals.
    pub encryption: i32,
    /// The index that decides which of two replicas makes a new customer.
    pub index: i32,
    /// The oldest index that new customers still get.
    pub index_from: i32,
}

/// Versions that are held, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Held {
    pub encryption: Vec<i32>,
    pub index: Vec<i32>,
}

/// Keys ready for use, and which of them are.
struct Ring {
    ciphers: BTreeMap<i32, Aes256Gcm>,
    macs: BTreeMap<i32, Hmac<Sha256>>,
    used: InUse,
}

/// Seals contacts and makes blind indexes, with keys that may be replaced while it runs.
pub(crate) struct Sealer(RwLock<Arc<Ring>>);

impl Sealer {
    /// With these keys, the newest of which are used.
    pub(crate) fn new(keys: &Keys) -> anyhow::Result<Self> {
        let newest = |versions: Option<&i32>| versions.copied().unwrap_or_default();
        let used = InUse {
            encryption: newest(keys.encryption.keys().next_back()),
            index: newest(keys.index.keys().next_back()),
            index_from: newest(keys.index.keys().next()),
        };
        Ok(Self(RwLock::new(Arc::new(Ring::new(keys, used)?))))
    }

    /// Goes on with these.
    pub(crate) fn replace(&self, keys: &Keys, used: InUse) -> anyhow::Result<()> {
        let ring = Arc::new(Ring::new(keys, used)?);
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = ring;
        Ok(())
    }

    /// What is written with now.
    pub(crate) fn in_use(&self) -> InUse {
        self.ring().used
    }

    /// What is held.
    pub(crate) fn held(&self) -> Held {
        let ring = self.ring();
        Held {
            encryption: ring.ciphers.keys().copied().collect(),
            index: ring.macs.keys().copied().collect(),
        }
    }

    fn ring(&self) -> Arc<Ring> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Encrypts a contact, bound to its ticket.
    pub(crate) fn seal(&self, ticket: Uuid, contact: &Contact) -> Result<Sealed, Unsealable> {
        let plain = Plain {
            phone: contact.phone.as_ref().map(|phone| phone.as_e164().to_owned()).unwrap_or_default(),
            name: contact.name.as_str().to_owned(),
            identity: contact.identity.as_str().to_owned(),
            address: contact.address.as_str().to_owned(),
            fields: match contact.fields.is_empty() {
                true => String::new(),
                false => serde_json::to_string(&contact.fields).map_err(|_| Unsealable::Damaged)?,
            },
        };
        self.ring().seal(ticket, &plain.encode_to_vec())
    }

    /// Decrypts a contact.
    pub(crate) fn open(&self, ticket: Uuid, sealed: &Sealed) -> Result<Contact, Unsealable> {
        let plain = self.ring().open(ticket, sealed)?;
        let plain = Plain::decode(plain.as_slice()).map_err(|_| Unsealable::Damaged)?;
        Ok(Contact {
            phone: (!plain.phone.is_empty()).then(|| number(plain.phone)).transpose()?,
            name: PersonName::parse(&plain.name).map_err(|_| Unsealable::Damaged)?,
            identity: IdentityNumber::parse(&plain.identity).map_err(|_| Unsealable::Damaged)?,
            address: Address::parse(&plain.address).map_err(|_| Unsealable::Damaged)?,
            fields: match plain.fields.as_str() {
                "" => Map::new(),
                fields => serde_json::from_str(fields).map_err(|_| Unsealable::Damaged)?,
            },
        })
    }

    /// Encrypts something else that is personal, bound to what it belongs to.
    pub(crate) fn seal_bytes(&self, bound: Uuid, plain: &[u8]) -> Result<Sealed, Unsealable> {
        self.ring().seal(bound, plain)
    }

    /// Decrypts it.
    pub(crate) fn open_bytes(&self, bound: Uuid, sealed: &Sealed) -> Result<Vec<u8>, Unsealable> {
        self.ring().open(bound, sealed)
    }

    /// Encrypts what a customer is found by, bound to the customer.
    pub(crate) fn seal_handle(&self, customer: Uuid, handle: &Handle) -> Result<Sealed, Unsealable> {
        let plain = match handle {
            Handle::Phone(phone) => PlainHandle { phone: phone.as_e164().to_owned(), ..Default::default() },
            Handle::Source { source, key } => {
                PlainHandle { source: source.clone(), key: key.clone(), ..Default::default() }
            }
        };
        self.ring().seal(customer, &plain.encode_to_vec())
    }

    /// Decrypts what a customer is found by.
    pub(crate) fn open_handle(&self, customer: Uuid, sealed: &Sealed) -> Result<Handle, Unsealable> {
        let plain = self.ring().open(customer, sealed)?;
        let plain = PlainHandle::decode(plain.as_slice()).map_err(|_| Unsealable::Damaged)?;
        if plain.phone.is_empty() {
            return Ok(Handle::Source { source: plain.source, key: plain.key });
        }
        number(plain.phone).map(Handle::Phone)
    }

    /// Seals the same content anew with the key in use.
    pub(crate) fn reseal(&self, bound: Uuid, sealed: &Sealed) -> Result<Sealed, Unsealable> {
        let ring = self.ring();
        ring.seal(bound, &ring.open(bound, sealed)?)
    }

    /// The indexes that a customer of this handle may be found by: of every version that is held, that in use first.
    pub(crate) fn blinds(&self, handle: &Handle) -> Vec<Blind> {
        let ring = self.ring();
        ring.versions().filter_map(|version| ring.blind(version, handle)).collect()
    }

    /// The versions among these that a new customer gets.
    pub(crate) fn given(&self, blinds: &[Blind]) -> Vec<i32> {
        let used = self.in_use();
        let given = |version: &i32| *version >= used.index_from || *version == used.index;
        blinds.iter().map(|blind| blind.version).filter(given).collect()
    }

    /// The indexes of a handle under one version; none when its key is not held.
    pub(crate) fn blind(&self, version: i32, handle: &Handle) -> Option<Blind> {
        self.ring().blind(version, handle)
    }

    /// Find the customers whose numbers end so, under every version.
    pub(crate) fn last_four_indexes(&self, last_four: &str) -> Vec<Vec<u8>> {
        self.ring().macs.values().map(|mac| blind(mac, b"last-four", last_four)).collect()
    }
}

impl Ring {
    fn new(keys: &Keys, used: InUse) -> anyhow::Result<Self> {
        let mut macs = BTreeMap::new();
        for (version, key) in &keys.index {
            macs.insert(*version, <Hmac<Sha256> as hmac::Mac>::new_from_slice(key)?);
        }
        let ciphers =
            keys.encryption.iter().map(|(version, key)| (*version, Aes256Gcm::new(key.into()))).collect();
        Ok(Self { ciphers, macs, used })
    }

    fn seal(&self, bound: Uuid, plain: &[u8]) -> Result<Sealed, Unsealable> {
        let key_version = self.used.encryption;
        let cipher = self.ciphers.get(&key_version).ok_or(Unsealable::NoKey(key_version))?;
        let mut nonce = [0; NONCE];
        rand::rng().fill_bytes(&mut nonce);
        let payload = Payload { msg: plain, aad: bound.as_bytes() };
        let sealed = cipher.encrypt(Nonce::from_slice(&nonce), payload).map_err(|_| Unsealable::Damaged)?;
        Ok(Sealed { key_version, bytes: [nonce.as_slice(), &sealed].concat() })
    }

    fn open(&self, bound: Uuid, sealed: &Sealed) -> Result<Vec<u8>, Unsealable> {
        let cipher = self.ciphers.get(&sealed.key_version).ok_or(Unsealable::NoKey(sealed.key_version))?;
        let (nonce, bytes) = sealed.bytes.split_at_checked(NONCE).ok_or(Unsealable::Damaged)?;
        let payload = Payload { msg: bytes, aad: bound.as_bytes() };
        cipher.decrypt(Nonce::from_slice(nonce), payload).map_err(|_| Unsealable::Damaged)
    }

    /// The version in use first, then the others from the newest on.
    fn versions(&self) -> impl Iterator<Item = i32> {
        let used = self.used.index;
        std::iter::once(used).chain(self.macs.keys().rev().copied().filter(move |version| *version != used))
    }

    fn blind(&self, version: i32, handle: &Handle) -> Option<Blind> {
        let mac = self.macs.get(&version)?;
        Some(match handle {
            Handle::Phone(phone) => Blind {
                version,
                key: blind(mac, b"phone", phone.as_e164()),
                last_four: Some(blind(mac, b"last-four", phone.last_four())),
            },
            Handle::Source { source, key } => {
                Blind { version, key: blind(mac, b"source", &format!("{source}\0{key}")), last_four: None }
            }
        })
    }
}

fn blind(mac: &Hmac<Sha256>, what: &[u8], value: &str) -> Vec<u8> {
    let mut mac = mac.clone();
    mac.update(what);
    mac.update(&[0]);
    mac.update(value.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn number(text: String) -> Result<PhoneNumber, Unsealable> {
    PhoneNumber::from_e164(text).map_err(|_| Unsealable::Damaged)
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

    fn keys(versions: &[i32]) -> Keys {
        let key = |add: u8| move |v: &i32| (*v, [u8::try_from(*v).unwrap() + add; 32]);
        Keys {
            encryption: versions.iter().map(key(0)).collect(),
            index: versions.iter().map(key(100)).collect(),
        }
    }

    fn sealer(versions: &[i32]) -> Sealer {
        Sealer::new(&keys(versions)).unwrap()
    }

    fn contact() -> Contact {
        Contact {
            phone: Some(PhoneNumber::parse("13800001234").unwrap()),
            name: PersonName::parse("张三").unwrap(),
            identity: IdentityNumber::parse("43010219900307123X").unwrap(),
            address: Address::parse("天河区").unwrap(),
            fields: [("plate".to_owned(), "粤A12345".into())].into_iter().collect(),
        }
    }

    fn phone(text: &str) -> Handle {
        Handle::Phone(PhoneNumber::parse(text).unwrap())
    }

    fn source(source: &str, key: &str) -> Handle {
        Handle::Source { source: source.to_owned(), key: key.to_owned() }
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
        let anew = sealer(&[1, 2]).reseal(ticket, &sealed).unwrap();
        assert!(anew.key_version == 2 && sealer(&[2]).open(ticket, &anew).unwrap() == contact());
    }

    #[test]
    fn a_handle_opens_only_for_its_customer() {
        let (customer, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        for handle in [phone("13800001234"), source("messages", "A0001")] {
            let sealed = sealer(&[1]).seal_handle(customer, &handle).unwrap();
            assert!(sealer(&[1]).open_handle(customer, &sealed).unwrap() == handle);
            assert!(sealer(&[1]).open_handle(other, &sealed).is_err());
        }
    }

    #[test]
    fn blind_indexes_keep_their_kinds_apart() {
        let sealer = sealer(&[1]);
        let one = |handle: &Handle| sealer.blinds(handle).remove(0);
        assert_eq!(one(&phone("13800001234")), one(&phone("+86 138 0000 1234")));
        assert_ne!(one(&source("a", "1")).key, one(&source("b", "1")).key);
        assert_ne!(one(&phone("13800001234")).key, one(&source("", "+8613800001234")).key);
        assert_eq!(one(&phone("13800001234")).last_four, Some(sealer.last_four_indexes("1234").remove(0)));
        assert_eq!(one(&source("a", "1")).last_four, None);
    }

    #[test]
    fn what_is_held_finds_and_what_is_in_use_is_written() {
        let sealer = sealer(&[1, 2, 3]);
        let versions = |blinds: Vec<Blind>| blinds.iter().map(|b| b.version).collect::<Vec<_>>();
        let handle = phone("13800001234");
        assert_eq!(versions(sealer.blinds(&handle)), [3, 2, 1]);
        let used = InUse { encryption: 2, index: 2, index_from: 2 };
        sealer.replace(&keys(&[1, 2, 3]), used).unwrap();
        assert_eq!(sealer.in_use(), used);
        assert_eq!(versions(sealer.blinds(&handle)), [2, 3, 1], "that in use first");
        assert_eq!(sealer.given(&sealer.blinds(&handle)), [2, 3], "retired ones are not given any more");
        assert_eq!(sealer.seal(Uuid::nil(), &contact()).unwrap().key_version, 2);
        assert_eq!(sealer.last_four_indexes("1234").len(), 3);
    }
}
