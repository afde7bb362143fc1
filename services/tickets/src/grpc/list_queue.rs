//! `QueueService.ListQueue`. Source: T27.

use super::{
    decode::{self, filter, given, page_size},
    viewer::viewer,
};
use crate::{
    Rooms,
    store::{
        queue_list::{Key, Order, QueuePage},
        queues::Whose,
        scope::{READ, Sight},
        ticket_views::Detail,
    },
};
use gongdan_access::Caller;
use gongdan_errors::{Error, Violations};
use gongdan_proto::tickets::v1 as pb;
use gongdan_tickets_domain::Queue;
use prost::Message as _;

pub(super) async fn list_queue(
    rooms: &Rooms,
    caller: &Caller,
    request: pb::ListQueueRequest,
) -> Result<pb::ListQueueResponse, Error> {
    let mut violations = Violations::new();
    let v = &mut violations;
    let asked = pb::ListQueueRequest { page_size: 0, page_token: String::new(), ..request.clone() };
    // What customers report in confidence is seen as by ListTickets, whose right this is.
    let viewer = viewer(caller).masked();
    let queue = given("queue", Queue::from_number(request.queue), v);
    let filter = filter(request.filter, v).seen_by(viewer);
    let order = order(request.order, queue, v);
    let size = page_size(request.page_size, 50, 500, v);
    let after = after(&request.page_token, &asked, v);
    let (Some(queue), true) = (queue, violations.is_empty()) else { return Err(violations.into_error()) };
    let (scope, sight) = (caller.scope_of(READ), Sight::of(caller));
    let whose = Whose { person: &caller.principal_id, units: &caller.unit_ids, scope: &scope };
    let page = QueuePage { queue, whose: &whose, filter: &filter, order, after, limit: size + 1 };
    let mut found = rooms.tickets.queue(&page).await?;
    let more = i64::try_from(found.len()).is_ok_and(|found| found > size);
    if more {
        found.pop();
    }
    let next_page_token = match found.last() {
        Some((last, _)) if more => page_token(*last, &asked),
        _ => String::new(),
    };
    let mut tickets = Vec::with_capacity(found.len());
    for (_, view) in &found {
        // Judged again: it may have become another's between finding and reading it.
        if sight.allows(&pb::Ticket::decode(view.state.as_slice()).map_err(Error::internal)?) {
            gongdan_audit::touched("ticket", view.id);
            tickets.push(view.present(Detail::Listed, viewer, &rooms.customers.sealer)?);
        }
    }
    Ok(pb::ListQueueResponse { tickets, next_page_token })
}

fn order(number: i32, queue: Option<Queue>, violations: &mut Violations) -> Order {
    let order = match pb::QueueOrder::try_from(number) {
        Ok(pb::QueueOrder::Unspecified | pb::QueueOrder::Received) => Order::Received,
        Ok(pb::QueueOrder::Due) => Order::Due,
        Ok(pb::QueueOrder::Priority) => Order::Priority,
        Err(_) => {
            violations.add("order", "one of the known values");
            return Order::Received;
        }
    };
    if order != Order::Received && matches!(queue, Some(Queue::MyDone | Queue::History | Queue::Drafts)) {
        violations.add("order", "received for my_done, history and drafts: they are not in flight");
    }
    order
}

/// A page token: a mark of what was asked for, and the key of the last ticket.
fn page_token(key: Key, asked: &pb::ListQueueRequest) -> String {
    let mut bytes = Vec::new();
    bytes.extend(key.received_at.as_microsecond().to_be_bytes());
    bytes.extend(key.priority.to_be_bytes());
    bytes.extend(key.due_at.map_or(i64::MIN, |due| due.as_microsecond()).to_be_bytes());
    bytes.extend(key.id.as_bytes());
    decode::token(asked, &bytes)
}

fn after(token: &str, asked: &pb::ListQueueRequest, violations: &mut Violations) -> Option<Key> {
    if token.is_empty() {
        return None;
    }
    let key = || {
        let bytes = decode::untoken(token, asked)?;
        let (received, rest) = bytes.split_first_chunk::<8>()?;
        let (priority, rest) = rest.split_first_chunk::<2>()?;
        let (due, id) = rest.split_first_chunk::<8>()?;
        let instant = |at: &[u8; 8]| jiff::Timestamp::from_microsecond(i64::from_be_bytes(*at));
        let due_at = match i64::from_be_bytes(*due) {
            i64::MIN => None,
            _ => Some(instant(due).ok()?),
        };
        Some(Key {
            id: uuid::Uuid::from_slice(id).ok()?,
            received_at: instant(received).ok()?,
            priority: i16::from_be_bytes(*priority),
            due_at,
        })
    };
    let rule = "a token of an earlier answer with the same queue, filter and order";
    violations.field("page_token", key().ok_or(rule))
}
