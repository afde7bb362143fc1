//! `BulkService.RecordPastTickets`: a stream of rows, an answer for each. Source: T32.

use super::{record_past_ticket::record_past_ticket, row_error::row_error};
use crate::Rooms;
use futures::{StreamExt as _, stream};
use gongdan_access::Caller;
use gongdan_errors::{Code, Error};
use gongdan_proto::tickets::v1::{self as pb, record_past_tickets_response::Result as Came};
use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};
use tokio_stream::Stream;
use tonic::{Status, Streaming};

/// What the RPC answers with.
pub(super) type Answers = Pin<Box<dyn Stream<Item = Result<pb::RecordPastTicketsResponse, Status>> + Send>>;

/// Rows of one call that are recorded at the same time; they share statements.
const AT_ONCE: usize = 32;

/// A row is read when one before it is done and its answer taken: a slow caller makes the service wait, not grow.
pub(super) fn record_past_tickets(
    rooms: &Arc<Rooms>,
    caller: &Caller,
    rows: Streaming<pb::RecordPastTicketsRequest>,
) -> Answers {
    let (rooms, caller) = (rooms.clone(), caller.clone());
    let answered = Arc::new(AtomicI64::new(0));
    let rows = stream::try_unfold((rows, 0_i64), |(mut rows, last)| async move {
        let Some(row) = rows.message().await.map_err(readable)? else { return Ok(None) };
        if row.ordinal <= last {
            let rule = format!("above {last}, that of the row before");
            return Err(Status::from(Error::invalid_field("ordinal", rule)));
        }
        let ordinal = row.ordinal;
        Ok(Some((row, (rows, ordinal))))
    });
    let answers = rows
        .map(move |row| {
            let (rooms, caller, answered) = (rooms.clone(), caller.clone(), answered.clone());
            async move {
                let pb::RecordPastTicketsRequest { ordinal, row } = row?;
                let result = record(&rooms, &caller, row).await;
                let answered = answered.fetch_add(1, Ordering::Relaxed) + 1;
                Ok(pb::RecordPastTicketsResponse { ordinal, answered, result: Some(result) })
            }
        })
        .buffer_unordered(AT_ONCE);
    Box::pin(answers)
}

/// What cannot be decoded is the caller's fault; what was found wrong with a row says so itself.
fn readable(status: Status) -> Status {
    match status.code() {
        Code::Internal => Error::unreadable("a row is not what the contract sends").into(),
        _ => status,
    }
}

async fn record(rooms: &Rooms, caller: &Caller, row: Option<pb::RecordPastTicketRequest>) -> Came {
    let Some(row) = row else { return Came::Error(row_error(Error::invalid_field("row", "required"))) };
    match record_past_ticket(rooms, caller, row).await {
        Ok(pb::RecordPastTicketResponse { ticket, created }) => {
            let ticket = ticket.unwrap_or_default();
            let recorded = pb::RecordedTicket { id: ticket.id, number: ticket.number };
            if created { Came::Created(recorded) } else { Came::Known(recorded) }
        }
        Err(error) => Came::Error(row_error(error)),
    }
}
