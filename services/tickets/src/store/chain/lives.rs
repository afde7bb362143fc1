//! Random lives, as they are written: the events rebuild the state that the row keeps, through their encoding, the
//! chain holds whatever was erased, and the queues count what stands in them.

use super::tests::{
    Log,
    support::random::{Counts, lives},
};
use crate::{events, store::state};
use gongdan_proto::tickets::v1 as pb;
use gongdan_tickets_domain::{Change, Changed, Ticket};
use proptest::prelude::*;
use prost::Message as _;

/// An act is written as the store does it; gives the ticket as the next act reads it.
fn write(log: &mut Log, before: Option<&Ticket>, changed: &Changed) -> Ticket {
    let from = log.rows.len();
    log.write(changed);
    let mut folded = before.cloned();
    for ((event, after), row) in changed.steps.iter().zip(&log.rows[from..]) {
        let written = pb::TicketEvent::decode(row.payload.as_slice()).unwrap();
        assert_eq!(written.change.as_ref().map(|change| change.name()), Some(event.change.name()));
        // What is read again is what the event made of what was read before, but for the link.
        let read = state::from_pb(written.state.unwrap()).unwrap();
        let linked = Ticket { chain: read.chain.clone(), ..after.clone() };
        assert_eq!(state::to_pb(&read), state::to_pb(&linked));
        if let Some(folded) = &mut folded {
            folded.evolve(event);
            assert_eq!(
                state::to_pb(&Ticket { chain: read.chain.clone(), ..folded.clone() }),
                state::to_pb(&read)
            );
        }
        folded = Some(read);
    }
    if let Some(Change::Erased { what, .. }) = changed.events().last().map(|event| &event.change) {
        log.redact(*what);
    }
    log.ticket.clone()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn the_written_events_rebuild_the_ticket_and_their_chain_holds(life in lives(50)) {
        let begun = life.begin();
        let mut log = Log::empty(begun.ticket.clone());
        let mut ticket = write(&mut log, None, &begun);
        let mut counts = Counts::default();
        counts.add(&begun);
        life.live(ticket.clone(), |_, changed| {
            ticket = write(&mut log, Some(&ticket), changed);
            counts.add(changed);
            assert_eq!(ticket.places(), changed.ticket.places(), "what is read stands where what was written stands");
            ticket.clone()
        });
        log.assert_whole();
        // What is told to others is all there is: the last event's state is the row's.
        let last = pb::TicketEvent::decode(log.rows.last().unwrap().payload.as_slice()).unwrap();
        prop_assert_eq!(last.state.unwrap().encode_to_vec(), log.state.clone());
        // Nothing is left that an erasure could find twice.
        for row in &log.rows {
            if let Some(once) = events::redacted(&row.kind, &row.payload, gongdan_tickets_domain::Personal::ALL).unwrap() {
                let again = events::redacted(&row.kind, &once, gongdan_tickets_domain::Personal::ALL).unwrap();
                prop_assert_eq!(again, None);
            }
        }
    }
}
