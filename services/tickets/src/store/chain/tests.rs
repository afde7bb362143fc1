//! What holds a chain, what breaks it, and where.

use super::*;
use crate::events;
use gongdan_proto::{CHANGES, tickets::v1::ticket_event::Change as PbChange};
use gongdan_testkit::filled_event;
use gongdan_tickets_domain::{
    Actor, Changed, Intake, New, Note, PrincipalId, PrincipalKind, Reason, Rules, Ticket, UnitId,
};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;
use uuid::Uuid;

#[path = "../../../domain/tests/support/mod.rs"]
pub(super) mod support;

mod log;

pub(super) use log::Log;
use log::*;

#[test]
fn a_life_is_one_chain_over_the_events_of_an_act_and_over_acts() {
    let log = Log::long();
    log.assert_whole();
    assert_eq!(log.verify().since, 1);
    let links: BTreeSet<Vec<u8>> = log
        .rows
        .iter()
        .map(|row| {
            let event = pb::TicketEvent::decode(row.payload.as_slice()).unwrap();
            assert_eq!(event.state.unwrap().chain, event.chain);
            event.chain
        })
        .collect();
    assert_eq!((links.len(), links.iter().all(|link| link.len() == 32)), (8, true));
}

#[test]
fn an_event_has_digests_of_what_it_has_and_no_others() {
    let log = Log::long();
    let sealed = |version: usize| -> Vec<DataClass> {
        let event = pb::TicketEvent::decode(log.rows[version - 1].payload.as_slice()).unwrap();
        assert!(event.sealed.iter().all(|s| s.salt.len() == SALT && s.digest.len() == 32));
        event.sealed.iter().map(pb::SealedClass::data_class).collect()
    };
    assert_eq!(sealed(1), [DataClass::Contact, DataClass::Texts]);
    let mut log = Log::new();
    log.erase(Personal::ALL);
    let event = pb::TicketEvent::decode(log.rows[1].payload.as_slice()).unwrap();
    assert_eq!(event.sealed, [], "nothing of it is left to be digested");
}

#[test]
fn whatever_is_changed_is_found_where_it_was_changed() {
    type Change = fn(&mut Log);
    let table: &[(&str, Change, i64, Why)] = &[
        ("a text", |l| l.tamper(2, |e| texts_of(e, "别来了")), 2, Why::Digest),
        ("a text that was not there", |l| l.tamper(3, |e| texts_of(e, "特事特办")), 3, Why::Link),
        (
            "whose it is",
            |l| l.tamper(4, |e| state(e).customer_id = Uuid::from_u128(6).to_string()),
            4,
            Why::Digest,
        ),
        (
            "the citizen who acted",
            |l| l.tamper(1, |e| e.actor.as_mut().unwrap().name = "王五".to_owned()),
            1,
            Why::Digest,
        ),
        (
            "the actor",
            |l| l.tamper(4, |e| e.actor.as_mut().unwrap().id = "wang.fang".to_owned()),
            4,
            Why::Link,
        ),
        ("the unit", |l| l.tamper(3, |e| state(e).lead_unit_id = "yuexiu-env".to_owned()), 3, Why::Link),
        ("the time", |l| l.tamper(5, |e| e.occurred_at.as_mut().unwrap().seconds += 60), 5, Why::Columns),
        (
            "the time and its column",
            |l| {
                l.tamper(5, |e| e.occurred_at.as_mut().unwrap().seconds += 60);
                l.rows[4].occurred_at += SignedDuration::from_secs(60);
            },
            5,
            Why::Link,
        ),
        ("the type of the row", |l| l.rows[3].kind = "accepted".to_owned(), 4, Why::Columns),
        ("the ticket of the row", |l| l.rows[3].aggregate_id = Uuid::from_u128(2), 4, Why::Columns),
        ("an event is gone", |l| drop(l.rows.remove(4)), 5, Why::Gap),
        ("the first event is gone", |l| drop(l.rows.remove(0)), 1, Why::Gap),
        ("the last event is gone", |l| drop(l.rows.pop()), 8, Why::Gap),
        ("an event is there twice", |l| l.rows.insert(4, l.rows[3].clone()), 4, Why::Gap),
        (
            "two events are swapped",
            |l| {
                l.rows.swap(2, 4);
                l.rows[2].version = 3;
                l.rows[4].version = 5;
            },
            3,
            Why::Columns,
        ),
        (
            "two events are swapped with all their versions",
            |l| {
                l.rows.swap(2, 4);
                for version in [3, 5] {
                    l.rows[version - 1].version = i64::try_from(version).unwrap();
                    l.tamper(version, |e| {
                        e.version = i64::try_from(version).unwrap();
                        state(e).version = e.version;
                    });
                }
            },
            3,
            Why::Link,
        ),
        (
            "an event is gone and the later ones moved up",
            |l| {
                l.rows.remove(4);
                for version in 5..=7 {
                    l.rows[version - 1].version -= 1;
                    l.tamper(version, |e| {
                        e.version -= 1;
                        state(e).version -= 1;
                    });
                }
            },
            5,
            Why::Link,
        ),
        ("a link", |l| l.tamper(6, |e| e.chain[0] ^= 1), 6, Why::Link),
        ("the link in the state", |l| l.tamper(6, |e| state(e).chain[0] ^= 1), 6, Why::Link),
        ("no link", |l| l.tamper(6, |e| e.chain.clear()), 6, Why::Unlinked),
        ("a digest", |l| l.tamper(6, |e| e.sealed[0].digest[0] ^= 1), 6, Why::Link),
        ("a salt", |l| l.tamper(6, |e| e.sealed[0].salt[0] ^= 1), 6, Why::Digest),
        ("values gone", |l| l.tamper(2, |e| blank(e, TEXTS)), 2, Why::NotErased),
        (
            "values and salt gone",
            |l| {
                l.tamper(2, |e| {
                    blank(e, TEXTS);
                    unsalt(e, TEXTS);
                });
            },
            2,
            Why::NotErased,
        ),
        (
            "salt gone, value changed",
            |l| {
                l.tamper(2, |e| {
                    texts_of(e, "别来了");
                    unsalt(e, TEXTS);
                });
            },
            2,
            Why::Digest,
        ),
        ("a field that nobody knows", |l| l.rows[2].payload.extend([0xf8, 0x7f, 1]), 3, Why::Unreadable),
        ("no event at all", |l| l.rows[2].payload = b"nothing".to_vec(), 3, Why::Unreadable),
        ("the head of the row", |l| row(l, |t| t.chain[0] ^= 1), 8, Why::Ticket),
        ("the head of the row gone", |l| row(l, |t| t.chain.clear()), 8, Why::Ticket),
        ("the phase of the row", |l| row(l, |t| t.phase = pb::Phase::Closed.into()), 8, Why::Ticket),
        ("the version of the row", |l| l.ticket.version = 7, 8, Why::Ticket),
    ];
    for (what, change, version, why) in table {
        let mut log = Log::long();
        change(&mut log);
        assert_eq!(log.verify().broken, Some(Broken { version: *version, why: *why }), "{what}");
    }
}

#[test]
fn an_erasure_takes_values_and_salts_and_leaves_the_chain() {
    for classes in
        [vec![CONTACT], vec![TEXTS], vec![Personal::ALL], vec![TEXTS, CONTACT], vec![CONTACT, TEXTS]]
    {
        let mut log = Log::long();
        let head = log.ticket.chain.clone();
        for class in &classes {
            log.erase(*class);
            log.assert_whole();
        }
        assert_ne!(log.ticket.chain, head, "an erasure is an event of its own");
        for row in &log.rows {
            let event = pb::TicketEvent::decode(row.payload.as_slice()).unwrap();
            for sealed in event.sealed {
                let class = class_of(&sealed).unwrap();
                assert_eq!(sealed.salt.is_empty(), classes.iter().any(|c| class.without(*c).is_nothing()));
            }
        }
        let text = log.rows.iter().any(|row| String::from_utf8_lossy(&row.payload).contains("不属于本部门"));
        assert_eq!(text, classes == [CONTACT]);
    }
}

#[test]
fn what_is_written_after_an_erasure_is_linked_as_well() {
    let mut log = Log::new();
    log.erase(TEXTS);
    log.act(|t| t.urge(Note::parse("又来催").unwrap(), &Rules::default(), &staff(), at(10)).unwrap());
    log.assert_whole();
    // The erasure before it accounts for nothing that is missing of it.
    log.redact(TEXTS);
    log.assert_broken(3, Why::NotErased);
}

#[test]
fn an_erasure_accounts_only_for_its_class() {
    let mut log = Log::long();
    log.erase(TEXTS);
    log.redact(CONTACT);
    log.assert_broken(1, Why::NotErased);
    let mut log = Log::long();
    log.redact(CONTACT);
    log.tamper(7, |e| e.chain.clear());
    log.assert_broken(1, Why::NotErased);
}

#[test]
fn a_chain_begins_where_the_first_link_is() {
    let mut log = Log::new();
    log.tamper(1, |e| {
        *e = unlinked(e.clone());
    });
    log.ticket.chain.clear();
    row(&mut log, |ticket| ticket.chain.clear());
    let verified = log.verify();
    assert_eq!((verified.since, verified.head, verified.broken), (0, vec![], None));
    log.act(|t| t.cancel(Reason::parse("误报").unwrap(), &staff(), at(1)).unwrap());
    log.assert_whole();
    assert_eq!(log.verify().since, 2);
    log.erase(Personal::ALL);
    log.assert_whole();
}

#[test]
fn a_chain_that_was_written_anew_is_not_the_one_that_is_known() {
    let log = Log::long();
    let known = Known { version: log.ticket.version, link: log.ticket.chain.clone() };
    assert_eq!(log.verify_knowing(Some(known.clone())).broken, None);
    let mut anew = Log::new();
    anew.act(|t| t.cancel(Reason::parse("没有的事").unwrap(), &staff(), at(1)).unwrap());
    anew.assert_whole();
    let broken = |known: &Known| anew.verify_knowing(Some(known.clone())).broken;
    assert_eq!(broken(&Known { version: 2, ..known.clone() }), Some(Broken { version: 2, why: Why::Known }));
    assert_eq!(broken(&known), Some(Broken { version: 3, why: Why::Gap }), "the end was cut off");
    let mut without = Log::new();
    without.tamper(1, |e| *e = unlinked(e.clone()));
    row(&mut without, |ticket| ticket.chain.clear());
    let broken = without.verify_knowing(Some(Known { version: 1, ..known })).broken;
    assert_eq!(broken, Some(Broken { version: 1, why: Why::Unlinked }), "it never was without a chain");
}

#[test]
fn nothing_of_an_event_is_outside_its_link() {
    let before = [9; 32];
    let salt = |bytes: &mut [u8]| bytes.fill(3);
    for (_, change) in CHANGES {
        let text = |path: &str| Some(format!("{path}:文本"));
        let mut event = filled_event(change, &text);
        link(&mut event, &before, salt);
        let paths = std::cell::RefCell::new(Vec::new());
        filled_event(change, &|path| {
            paths.borrow_mut().push(path.to_owned());
            text(path)
        });
        // Each text once another: the link is another, or a digest is.
        for path in paths.into_inner() {
            // The state is in all alike.
            if path.starts_with("state.") && *change != "saved" {
                continue;
            }
            let mut other =
                filled_event(change, &|at| if at == path { Some("另".to_owned()) } else { text(at) });
            if other == filled_event(change, &text) {
                // One of several of which a message holds the last.
                continue;
            }
            link(&mut other, &before, salt);
            assert_ne!(other.chain, event.chain, "{change}: {path} may change without a trace");
        }
        let mut later = event.clone();
        link(&mut later, &[8; 32], salt);
        assert_ne!(later.chain, event.chain);
    }
}

#[test]
fn blanking_is_done_once_and_class_by_class_whatever_happened() {
    for (_, change) in CHANGES {
        let event = filled_event(change, &|path| Some(format!("{path}:文本")));
        let (bare, blanked) = without(&event, Personal::ALL);
        assert!(blanked, "{change}");
        assert_eq!(without(&bare, Personal::ALL), (bare.clone(), false), "{change}");
        for (first, second) in [(CONTACT, TEXTS), (TEXTS, CONTACT)] {
            let (once, _) = without(&event, first);
            assert_eq!(without(&once, first), (once.clone(), false), "{change}");
            assert_eq!(without(&once, second).0, bare, "{change}: one class takes from the other");
        }
    }
}
