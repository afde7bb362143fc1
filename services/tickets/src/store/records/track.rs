//! 跟踪: everybody's own. Source: T24.

use super::super::state::{InvalidState, invalid, known, text as name, time};
use gongdan_clock::stable_id;
use gongdan_proto::{
    tickets::v1::{self as pb, ticket_event::Change as PbChange},
    to_timestamp,
};
use gongdan_tickets_domain::{
    PrincipalId,
    groups::track::{Change, Track, Tracks},
    mask_numbers,
};
use uuid::Uuid;

/// What the text of somebody's mark is kept under.
pub(crate) fn record(person: &str) -> Uuid {
    stable_id("track", person)
}

/// Into the state.
pub(crate) fn put(part: &Tracks, ticket: &mut pb::Ticket) {
    let Tracks { all } = part;
    let encode = |track: &Track| pb::Track {
        person_id: track.person.to_string(),
        tracked_at: Some(to_timestamp(track.tracked_at)),
        remind_at: track.remind_at.map(to_timestamp),
        note: String::new(),
    };
    ticket.tracks = all.iter().map(encode).collect();
}

/// Out of the state.
pub(crate) fn take(ticket: &mut pb::Ticket) -> Result<Tracks, InvalidState> {
    let decode = |pb: pb::Track| {
        let at = time("tracks.tracked_at", pb.tracked_at)?;
        Ok(Track {
            person: PrincipalId::parse(&pb.person_id).map_err(|e| invalid("tracks.person_id", e))?,
            tracked_at: known("tracks.tracked_at", at)?,
            remind_at: time("tracks.remind_at", pb.remind_at)?,
        })
    };
    let all = std::mem::take(&mut ticket.tracks);
    Ok(Tracks { all: all.into_iter().map(decode).collect::<Result<_, _>>()? })
}

/// Texts of its records into an answer.
pub(crate) fn fill(ticket: &mut pb::Ticket, texts: &super::Texts) {
    for track in &mut ticket.tracks {
        track.note = super::text_of(texts, &record(&track.person_id).to_string(), "note");
    }
}

/// All whom its records name.
pub(crate) fn actors(_ticket: &mut pb::Ticket) -> Vec<&mut Option<gongdan_proto::common::v1::ActorRef>> {
    Vec::new()
}

/// What happened, as the contract has it.
pub(crate) fn change(change: &Change) -> PbChange {
    match change {
        Change::Tracked { person, remind_at, note } => PbChange::Tracked(pb::Tracked {
            person_id: person.to_string(),
            remind_at: remind_at.map(to_timestamp),
            note: mask_numbers(note.as_str()),
        }),
        Change::Untracked { person } => PbChange::Untracked(pb::Untracked { person_id: name(Some(person)) }),
        Change::Reminded { person } => PbChange::Reminded(pb::Reminded { person_id: name(Some(person)) }),
    }
}

/// Leaves in an event nothing of a mark but whose it is, unless it is that of who looks.
pub(crate) fn hide_others(event: &mut pb::TicketEvent, looks: &str) {
    if let Some(PbChange::Tracked(tracked)) = &mut event.change
        && tracked.person_id != looks
    {
        tracked.note.clear();
        tracked.remind_at = None;
    }
}

/// What people wrote in an event of this group; none for events of others.
pub(crate) fn texts(change: &mut PbChange) -> Vec<&mut String> {
    match change {
        PbChange::Tracked(c) => vec![&mut c.note],
        _ => Vec::new(),
    }
}
