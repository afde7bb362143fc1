//! Random acts: whatever happens, phases, counts and versions agree, and the fold of the events is the ticket.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

mod support;

use gongdan_tickets_domain::{Event, Past, Phase, Reply, Ticket};
use proptest::{prelude::*, strategy::ValueTree as _, test_runner::TestRunner};
use std::collections::BTreeSet;
use support::{
    administrator, at, intake, new,
    random::{Counts, check, lives, names},
    reply, unit,
};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn whatever_happens_the_ticket_agrees_with_its_events(life in lives(60)) {
        let begun = life.begin();
        let first = begun.steps[0].1.clone();
        let mut events: Vec<Event> = begun.events().cloned().collect();
        let mut counts = Counts::default();
        counts.add(&begun);
        check(&begun.ticket, &first, &events, Some(life.follows(&begun.ticket)));
        life.live(begun.ticket, |_, changed| {
            events.extend(changed.events().cloned());
            counts.add(changed);
            check(&changed.ticket, &first, &events, Some(life.follows(&changed.ticket)));
            changed.ticket.clone()
        });
    }
}

/// An act that no random life ever does is not tested by them.
#[test]
fn random_lives_do_everything_that_can_be_done() {
    let mut runner = TestRunner::deterministic();
    let mut done = BTreeSet::new();
    for _ in 0..400 {
        let life = lives(60).new_tree(&mut runner).unwrap().current();
        life.live(life.begin().ticket, |act, changed| {
            done.insert(act);
            changed.ticket.clone()
        });
    }
    let never: Vec<_> = names().filter(|name| !done.contains(name)).collect();
    assert!(never.is_empty(), "{never:?} never happened");
}

#[test]
fn a_past_ticket_is_written_down_with_what_became_of_it() {
    let replied = Reply { text: reply(), at: at(86_400), unit: unit("imported") };
    for (reply, live, names, phase) in [
        (
            Some(replied.clone()),
            false,
            ["submitted", "dispatched", "accepted", "resolved", "closed"].as_slice(),
            Phase::Closed,
        ),
        (Some(replied), true, &["submitted", "dispatched", "accepted", "resolved", "closed"], Phase::Closed),
        (None, true, &["submitted"], Phase::PendingDispatch),
        (None, false, &["submitted", "closed"], Phase::Closed),
    ] {
        let resolved = reply.is_some();
        let past = Ticket::past(new(), Past { intake: intake(), reply, live }, &administrator());
        assert_eq!(past.events().map(|e| e.change.name()).collect::<Vec<_>>(), names);
        assert_eq!((past.ticket.phase, past.ticket.resolution.is_some()), (phase, resolved));
        assert!(past.events().all(|e| e.origin == gongdan_tickets_domain::Origin::Import));
        let events: Vec<Event> = past.events().cloned().collect();
        let first = past.steps[0].1.clone();
        check(&past.ticket, &first, &events, None);
    }
}
