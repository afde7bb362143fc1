//! `BulkService.BulkAct`: one act on many tickets, with a result for each. Source: T29.

use super::{
    accept_ticket::accept_ticket,
    add_note::noted,
    assign_ticket::assign_ticket,
    cancel_ticket::cancel_ticket,
    claim_ticket::claim_ticket,
    decode::{self, ticket_ref, uuid},
    dispatch_ticket::dispatch_ticket,
    reopen_ticket::reopen_ticket,
    return_ticket::return_ticket,
    row_error::row_error,
    submit_ticket::submit_ticket,
    track_ticket::track_ticket,
    transfer_ticket::transfer_ticket,
    urge_ticket::urge_ticket,
    viewer::viewer,
};
use crate::{
    Rooms,
    store::{scope::Sight, tickets::TicketRef},
};
use gongdan_access::{Caller, Standing};
use gongdan_errors::{Error, Reason, Violations};
use gongdan_proto::tickets::v1::{self as pb, bulk_act_request::Act};
use std::{collections::HashSet, pin::Pin, sync::Arc};
use tokio::sync::mpsc;
use tokio_stream::{Stream, wrappers::ReceiverStream};
use tonic::Status;
use uuid::Uuid;

/// What the RPC answers with.
pub(super) type Results = Pin<Box<dyn Stream<Item = Result<pb::BulkActResponse, Status>> + Send>>;

/// Tickets of one call.
const MOST: usize = 1000;

pub(super) async fn bulk_act(
    rooms: &Arc<Rooms>,
    caller: &Caller,
    request: pb::BulkActRequest,
) -> Result<Results, Error> {
    let mut violations = Violations::new();
    let v = &mut violations;
    let request_id = if request.preview && request.request_id.is_empty() {
        Some(Uuid::nil())
    } else {
        v.field("request_id", uuid(&request.request_id))
    };
    if request.act.is_none() && !request.preview {
        v.add("act", "what is to be done");
    }
    let named = match (request.tickets.is_empty(), request.filter.is_some()) {
        (true, false) | (false, true) => {
            v.add("tickets", "either tickets or a filter");
            Vec::new()
        }
        (false, false) if request.tickets.len() > MOST => {
            v.add("tickets", format!("at most {MOST}"));
            Vec::new()
        }
        _ => request.tickets.clone(),
    };
    let viewer = viewer(caller).masked();
    let filter = decode::filter(request.filter.clone(), v).seen_by(viewer);
    let Some(request_id) = request_id else { return Err(violations.into_error()) };
    violations.finish()?;
    let tickets = if request.filter.is_some() {
        let most = i64::try_from(MOST).unwrap_or(i64::MAX);
        let found = rooms.tickets.list(&Sight::of(caller), &filter, None, most + 1).await?;
        if found.len() > MOST {
            return Err(Error::invalid_field("filter", format!("finds more than {MOST} tickets")));
        }
        if !request.preview && usize::try_from(request.expected_count) != Ok(found.len()) {
            return Err(Error::precondition(
                Reason::BulkCountChanged,
                "the filter finds another number of tickets than expected",
            )
            .with("found", found.len()));
        }
        // The oldest first.
        found.iter().rev().map(|view| view.id.to_string()).collect()
    } else {
        let mut seen = HashSet::new();
        named.into_iter().filter(|ticket| seen.insert(ticket.clone())).collect::<Vec<_>>()
    };
    let total = i32::try_from(tickets.len()).unwrap_or(i32::MAX);
    let (results, stream) = mpsc::channel(16);
    let Some(act) = request.act.filter(|_| !request.preview) else {
        let _ = results.send(Ok(pb::BulkActResponse { total, ..Default::default() })).await;
        return Ok(Box::pin(ReceiverStream::new(stream)));
    };
    let bulk = Bulk {
        rooms: rooms.clone(),
        standing: Standing::new(caller.clone()),
        caller: caller.clone(),
        request_id,
        act,
    };
    tokio::spawn(bulk.run(tickets, total, results));
    Ok(Box::pin(ReceiverStream::new(stream)))
}

struct Bulk {
    rooms: Arc<Rooms>,
    standing: Standing,
    caller: Caller,
    request_id: Uuid,
    act: Act,
}

impl Bulk {
    async fn run(
        mut self,
        tickets: Vec<String>,
        total: i32,
        results: mpsc::Sender<Result<pb::BulkActResponse, Status>>,
    ) {
        for (answered, ticket) in (1..).zip(tickets) {
            match self.standing.renewed().await {
                Ok(Some(renewed)) => self.caller = renewed.clone(),
                Ok(None) => {}
                Err(error) => {
                    let _ = results.send(Err(error.into())).await;
                    return;
                }
            }
            let (done, error) = match Box::pin(self.one(&ticket)).await {
                Ok(mut done) => {
                    done.body.clear();
                    (Some(done), None)
                }
                Err(error) => (None, Some(row_error(error))),
            };
            let result = pb::BulkActResponse { ticket, done, error, answered, total };
            // Whoever left may call again and goes on where it was.
            if results.send(Ok(result)).await.is_err() || self.rooms.shutdown.is_cancelled() {
                return;
            }
        }
    }

    /// As if it were called for alone.
    async fn one(&self, named: &str) -> Result<pb::Ticket, Error> {
        let mut violations = Violations::new();
        let Some(ticket) = ticket_ref(named, &mut violations) else { return Err(violations.into_error()) };
        let id = match ticket {
            TicketRef::Id(id) => id,
            number @ TicketRef::Number(_) => self.rooms.tickets.find(&number).await?,
        };
        let item = Uuid::new_v5(&self.request_id, id.as_bytes());
        let request_id = item.to_string();
        let (rooms, ticket, etag) = (&*self.rooms, id.to_string(), String::new());
        let doing = |action| self.caller.doing(action);
        match self.act.clone() {
            Act::Dispatch(pb::BulkDispatch { unit_id, person_id, note }) => {
                let request =
                    pb::DispatchTicketRequest { request_id, ticket, etag, unit_id, person_id, note };
                dispatch_ticket(rooms, &doing("tickets.dispatch"), request).await
            }
            Act::Transfer(pb::BulkTransfer { unit_id, person_id, reason }) => {
                let request =
                    pb::TransferTicketRequest { request_id, ticket, etag, unit_id, person_id, reason };
                transfer_ticket(rooms, &doing("tickets.transfer"), request).await
            }
            Act::Return(pb::BulkReason { reason }) => {
                let request = pb::ReturnTicketRequest { request_id, ticket, etag, reason, to_pool: false };
                return_ticket(rooms, &doing("tickets.return"), request).await
            }
            Act::Cancel(pb::BulkReason { reason }) => {
                let request = pb::CancelTicketRequest { request_id, ticket, etag, reason };
                cancel_ticket(rooms, &doing("tickets.cancel"), request).await
            }
            Act::Urge(pb::BulkNote { note }) => {
                let request = pb::UrgeTicketRequest { request_id, ticket, etag, note };
                urge_ticket(rooms, &doing("tickets.urge"), request).await
            }
            Act::Accept(pb::BulkPlain {}) => {
                let request = pb::AcceptTicketRequest { request_id, ticket, etag };
                accept_ticket(rooms, &doing("tickets.accept"), request).await
            }
            Act::Claim(pb::BulkPlain {}) => {
                let request = pb::ClaimTicketRequest { request_id, ticket, etag };
                Box::pin(claim_ticket(rooms, &doing("tickets.claim"), request)).await
            }
            Act::Reopen(pb::BulkReopen { reason, same_unit }) => {
                let request = pb::ReopenTicketRequest { request_id, ticket, etag, reason, same_unit };
                reopen_ticket(rooms, &doing("tickets.reopen"), request).await
            }
            Act::Submit(pb::BulkPlain {}) => {
                let request = pb::SubmitTicketRequest { request_id, ticket, etag };
                submit_ticket(rooms, &doing("tickets.submit"), request).await
            }
            Act::Note(pb::BulkAddNote { text, public, mention_ids }) => {
                let request = pb::AddNoteRequest { request_id, ticket, etag, public, mention_ids, text };
                noted(rooms, &doing("notes.write"), request).await
            }
            Act::Track(pb::BulkTrack { remind_at, note }) => {
                let request = pb::TrackTicketRequest { request_id, ticket, etag, remind_at, note };
                track_ticket(rooms, &doing("tickets.track"), request).await
            }
            Act::Assign(request) => Box::pin(assign_ticket(rooms, &self.caller, id, item, &request)).await,
        }
    }
}
