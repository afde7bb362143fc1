//! `ReassignmentService.PreviewReassignment`

use super::{
    explain_decision::course_trial,
    reassignments::{self, Resolved, decode, learn_about, resolve, seen},
};
use crate::{
    Rooms, error,
    jobs::reassign::staff,
    store::{InHandRow, ReassignedTicket, TicketState, in_hand, staffing},
};
use gongdan_access::Caller;
use gongdan_errors::{Error, Violations};
use gongdan_proto::routing::v1::{
    self as pb, PreviewReassignmentRequest, PreviewReassignmentResponse, preview_reassignment_response::Part,
};
use gongdan_routing_domain::{
    Directory, StaffTrial,
    reassign::{CourseTrial, Given, InHand, give},
    strategy::Staff,
};
use jiff::Timestamp;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    pin::Pin,
    sync::Arc,
};
use tokio::sync::mpsc;
use tokio_stream::{Stream, wrappers::ReceiverStream};
use tonic::Status;
use tracing::Instrument as _;
use uuid::Uuid;

/// What the RPC answers with.
pub(super) type Parts = Pin<Box<dyn Stream<Item = Result<PreviewReassignmentResponse, Status>> + Send>>;

/// Answers that wait for a reader.
const AHEAD: usize = 64;

pub(super) async fn preview_reassignment(
    rooms: &Arc<Rooms>,
    caller: &Caller,
    request: PreviewReassignmentRequest,
) -> Result<Parts, Error> {
    let mut violations = Violations::new();
    let PreviewReassignmentRequest { person_id, unit_id, to, leave_id } = request;
    let asked = decode(person_id, unit_id, to, &leave_id, &mut violations);
    let Some(asked) = asked else { return Err(violations.into_error()) };
    let now = rooms.clock.now();
    let resolved = resolve(rooms, caller, &asked, now).await?;
    learn_about(rooms, &asked.person_id).await?;
    let preview = Preview::read(rooms, caller, &asked.person_id, resolved, now).await?;
    let (answers, reader) = mpsc::channel(AHEAD);
    let span = tracing::info_span!("preview_reassignment", tickets = preview.tickets.len());
    tokio::spawn(
        async move {
            for part in preview {
                // Nobody reads any more.
                if answers.send(part.map_err(Status::from)).await.is_err() {
                    return;
                }
            }
        }
        .instrument(span),
    );
    Ok(Box::pin(ReceiverStream::new(reader)))
}

/// Everything that is needed, as it was at one moment.
struct Preview {
    person_id: String,
    resolved: Resolved,
    now: Timestamp,
    directory: Directory,
    staff: Staff,
    tickets: std::vec::IntoIter<InHandRow>,
    seen: HashSet<Uuid>,
    names: HashMap<String, String>,
    capacity: u32,
    shares: BTreeMap<String, Share>,
    summary: pb::ReassignmentSummary,
    ended: bool,
}

/// What somebody gets.
struct Share {
    before: u32,
    tickets: u32,
    unit_id: String,
}

impl Preview {
    async fn read(
        rooms: &Rooms,
        caller: &Caller,
        person_id: &str,
        resolved: Resolved,
        now: Timestamp,
    ) -> Result<Self, Error> {
        let mut snapshot = rooms.store.snapshot().await?;
        let tickets = in_hand::all(&mut snapshot, person_id, &resolved.unit_ids, &resolved.scope).await?;
        let directory =
            staffing::of_units(&mut snapshot, &resolved.unit_ids, &rooms.access.policies(), now).await?;
        let staff = staff(&mut snapshot, &directory, &resolved.unit_ids, rooms.capacity, false).await?;
        drop(snapshot);
        if tickets.is_empty() {
            return Err(error::no_tickets_in_hand());
        }
        let ids: Vec<Uuid> = tickets.iter().map(|ticket| ticket.ticket_id).collect();
        let seen = rooms.store.seen_of(&seen(caller), &ids).await?;
        gongdan_audit::touched("principal", person_id);
        for id in ids.iter().filter(|id| seen.contains(id)) {
            gongdan_audit::touched("ticket", id);
        }
        let people: BTreeSet<String> = resolved
            .unit_ids
            .iter()
            .flat_map(|unit| directory.members(unit).iter().cloned())
            .chain(resolved.plan.person().map(ToOwned::to_owned))
            .chain([person_id.to_owned()])
            .collect();
        let people: Vec<String> = people.into_iter().collect();
        let names = rooms.store.names(&people).await?;
        let held = rooms.store.loads(&[person_id.to_owned()]).await?;
        let before = held.get(person_id).copied().unwrap_or_default().total();
        let first_unit = resolved.unit_ids.first().cloned().unwrap_or_default();
        let from = Share { before, tickets: 0, unit_id: first_unit };
        let summary = pb::ReassignmentSummary {
            tickets: count(tickets.len()),
            to_person_id: resolved.plan.person().unwrap_or_default().to_owned(),
            left_out: i32::try_from(resolved.left_out).unwrap_or(i32::MAX),
            leave_id: resolved.leave.as_ref().map(|leave| leave.id.to_string()).unwrap_or_default(),
            ..pb::ReassignmentSummary::default()
        };
        Ok(Self {
            person_id: person_id.to_owned(),
            resolved,
            now,
            directory,
            staff,
            tickets: tickets.into_iter(),
            seen,
            names,
            capacity: rooms.capacity,
            shares: BTreeMap::from([(person_id.to_owned(), from)]),
            summary,
            ended: false,
        })
    }

    fn ticket(&mut self, row: InHandRow) -> Result<pb::ReassignedTicket, Error> {
        let held = InHand {
            person_id: &self.person_id,
            unit_id: &row.unit_id,
            returned_by: &row.returned_by,
            put_back_by: &row.put_back_by,
            sensitive: row.sensitive,
            lot: row.ticket_id.as_u64_pair().1,
        };
        let given = give(&self.directory, &self.resolved.plan, &held, self.now, &mut self.staff)
            .ok_or_else(|| Error::internal("the loads of a unit's people are not known"))?;
        let mut shown = ReassignedTicket {
            ticket_id: row.ticket_id,
            unit_id: row.unit_id.clone(),
            state: TicketState::Waiting as i16,
            decision_id: None,
            to_person_id: None,
            why: String::new(),
            courses: Vec::new(),
        };
        let mut led = None;
        match given {
            Given::To(decided) => {
                led = decided.explanation.courses.last().map(|trial| led_by(trial, &self.names));
                shown.why = decided.summary;
                shown.to_person_id = decided.target.person_id().map(ToOwned::to_owned);
                match &shown.to_person_id {
                    Some(person) => {
                        self.summary.to_people += 1;
                        // It counts this ticket already.
                        let before = self.staff.load(person).total().saturating_sub(1);
                        let new = || Share { before, tickets: 0, unit_id: row.unit_id.clone() };
                        self.shares.entry(person.clone()).or_insert_with(new).tickets += 1;
                    }
                    None => self.summary.to_units += 1,
                }
            }
            Given::Nobody { why, courses } => {
                self.summary.nobody_able += 1;
                shown.state = TicketState::NobodyAble as i16;
                (shown.why, shown.courses) = (why, courses);
                if let Some(from) = self.shares.get_mut(&self.person_id) {
                    from.tickets += 1;
                }
            }
        }
        let about = row.about.filter(|_| self.seen.contains(&row.ticket_id));
        let shown = reassignments::ticket(shown, about.as_ref(), &self.names);
        Ok(match led {
            Some((course, strategy, able)) => pb::ReassignedTicket { course, strategy, able, ..shown },
            None => shown,
        })
    }

    fn summary(&mut self) -> pb::ReassignmentSummary {
        let directory = &self.directory;
        let shown = |person: &String, share: &Share| {
            let after = if *person == self.person_id {
                let gone = self.summary.to_people + self.summary.to_units;
                i32::try_from(share.before).unwrap_or(i32::MAX).saturating_sub(gone).max(0)
            } else {
                i32::try_from(share.before + share.tickets).unwrap_or(i32::MAX)
            };
            pb::ReassignmentShare {
                person_id: person.clone(),
                person_name: self.names.get(person).cloned().unwrap_or_default(),
                load_before: i32::try_from(share.before).unwrap_or(i32::MAX),
                load_after: after,
                capacity: directory
                    .capacity(&share.unit_id, directory.rules_capacity(&share.unit_id), person)
                    .map_or(i32::try_from(self.capacity), i32::try_from)
                    .unwrap_or(i32::MAX),
                tickets: i32::try_from(share.tickets).unwrap_or(i32::MAX),
            }
        };
        let mut people: Vec<_> = self.shares.iter().map(|(person, share)| shown(person, share)).collect();
        people.sort_by_key(|share| share.person_id != self.person_id);
        pb::ReassignmentSummary { people, ..self.summary.clone() }
    }
}

impl Iterator for Preview {
    type Item = Result<PreviewReassignmentResponse, Error>;

    /// Ticket by ticket, then the summary.
    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let part = match self.tickets.next() {
            Some(row) => self.ticket(row).map(Part::Ticket),
            None => {
                self.ended = true;
                Ok(Part::Summary(self.summary()))
            }
        };
        self.ended |= part.is_err();
        Some(part.map(|part| PreviewReassignmentResponse { part: Some(part) }))
    }
}

/// Which way led to whoever gets it, by which strategy, of how many who could.
fn led_by(trial: &CourseTrial, names: &HashMap<String, String>) -> (i32, i32, i32) {
    let shown = course_trial(trial, names);
    let could = |outcome: i32| {
        [pb::PersonOutcome::Chosen, pb::PersonOutcome::Behind].map(i32::from).contains(&outcome)
    };
    let named = shown.people.iter().filter(|one| could(one.outcome)).count();
    let more: i32 = shown.more_people.iter().filter(|more| could(more.outcome)).map(|more| more.count).sum();
    (shown.course, shown.strategy, count(named).saturating_add(more))
}

fn count(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

/// Everybody whom trials name.
pub(super) fn considered<'a>(trials: impl Iterator<Item = &'a StaffTrial>) -> Vec<String> {
    let people: BTreeSet<String> = trials.flat_map(StaffTrial::people).map(|one| one.person).collect();
    people.into_iter().collect()
}
