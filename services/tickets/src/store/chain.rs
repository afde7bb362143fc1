//! The hash chain of a timeline: each event's link covers the event, what is personal of it by digests, and the link
//! before. Source: T26, DESIGN rule 15.
//!
//! `link = SHA-256(domain ‖ link before ‖ SHA-256(event without what is personal) ‖ (class ‖ digest)*)`, and the digest of
//! a class is `SHA-256(domain ‖ salt ‖ event without what is personal of the other classes)`. An erasure takes the values
//! and the salt; the digest stays, and with it the chain.
//!
//! A chain without a key shows what was changed to whoever knows a later link: every event on the bus and every answer
//! with a ticket carries one, and a verification may be told it.

#[cfg(test)]
mod lives;
#[cfg(test)]
mod tests;
mod verify;

pub(crate) use verify::{Broken, Known, Row, Verified, Verifier, Why};

use super::state::classes;
use crate::events::blank;
use gongdan_proto::tickets::v1::{self as pb, DataClass};
use gongdan_tickets_domain::Personal;
use prost::Message as _;
use sha2::{Digest as _, Sha256};

/// Bytes of a salt.
const SALT: usize = 16;
/// Keep a link apart from a digest, and both from hashes of other uses.
const LINK: &[u8] = b"gongdan.tickets.timeline.link.v1\0";
const DIGEST: &[u8] = b"gongdan.tickets.timeline.digest.v1\0";

/// The classes one by one.
const CLASSES: [Personal; 2] =
    [Personal { contact: true, texts: false }, Personal { contact: false, texts: true }];

/// Links an event to the one before it, whose link is `before`; empty when it has none. Gives the new link, which the
/// event and its state carry from now on.
pub(crate) fn link(event: &mut pb::TicketEvent, before: &[u8], mut salt: impl FnMut(&mut [u8])) -> Vec<u8> {
    let open = unlinked(event.clone());
    let (bare, blanked) = without(&open, Personal::ALL);
    event.sealed.clear();
    if blanked {
        for class in CLASSES {
            if !without(&open, class).1 {
                continue;
            }
            let mut bytes = vec![0; SALT];
            salt(&mut bytes);
            event.sealed.extend(classes(class).map(|number| pb::SealedClass {
                data_class: number,
                digest: digest(&open, class, &bytes),
                salt: bytes.clone(),
            }));
        }
    }
    let link = link_of(&bare, &event.sealed, before);
    event.chain.clone_from(&link);
    if let Some(state) = &mut event.state {
        state.chain.clone_from(&link);
    }
    link
}

/// Takes the salts of erased classes, so that nobody can try what was erased.
pub(crate) fn unsalt(event: &mut pb::TicketEvent, what: Personal) {
    for sealed in &mut event.sealed {
        if classes(what).any(|class| class == sealed.data_class) {
            sealed.salt.clear();
        }
    }
}

/// The event as its link covers it, but with everything personal.
fn unlinked(mut event: pb::TicketEvent) -> pb::TicketEvent {
    event.chain.clear();
    event.sealed.clear();
    if let Some(state) = &mut event.state {
        state.chain.clear();
    }
    event
}

/// The event without what is personal of some classes, and whether there was any of it.
fn without(event: &pb::TicketEvent, what: Personal) -> (pb::TicketEvent, bool) {
    let mut blanked = event.clone();
    blank(&mut blanked, what);
    let changed = blanked != *event;
    (blanked, changed)
}

fn digest(open: &pb::TicketEvent, class: Personal, salt: &[u8]) -> Vec<u8> {
    let (alone, _) = without(open, Personal::ALL.without(class));
    Sha256::new()
        .chain_update(DIGEST)
        .chain_update(salt)
        .chain_update(alone.encode_to_vec())
        .finalize()
        .to_vec()
}

fn link_of(bare: &pb::TicketEvent, sealed: &[pb::SealedClass], before: &[u8]) -> Vec<u8> {
    let mut hash = Sha256::new().chain_update(LINK);
    part(&mut hash, before);
    part(&mut hash, &Sha256::digest(bare.encode_to_vec()));
    for sealed in sealed {
        hash.update(sealed.data_class.to_be_bytes());
        part(&mut hash, &sealed.digest);
    }
    hash.finalize().to_vec()
}

/// With its length, so that what two parts are is never a question.
fn part(hash: &mut Sha256, bytes: &[u8]) {
    hash.update(u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
    hash.update(bytes);
}

/// Which class an entry of `sealed` is of; none for a number that is none.
fn class_of(sealed: &pb::SealedClass) -> Option<Personal> {
    match DataClass::try_from(sealed.data_class) {
        Ok(DataClass::Contact) => Some(CLASSES[0]),
        Ok(DataClass::Texts) => Some(CLASSES[1]),
        Ok(DataClass::Unspecified) | Err(_) => None,
    }
}
