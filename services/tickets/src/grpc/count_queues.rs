//! `QueueService.CountQueues`. Source: T27.

use crate::{
    Rooms,
    store::{
        queues::{self, Whose},
        scope::READ,
    },
};
use gongdan_access::Caller;
use gongdan_errors::Error;
use gongdan_proto::{tickets::v1 as pb, to_timestamp};
use gongdan_tickets_domain::Queue;
use std::collections::HashMap;

pub(super) async fn count_queues(rooms: &Rooms, caller: &Caller) -> Result<pb::QueueCounts, Error> {
    let scope = caller.scope_of(READ);
    let whose = Whose { person: &caller.principal_id, units: &caller.unit_ids, scope: &scope };
    let counted: HashMap<Queue, i64> = queues::counts(&rooms.pool, &whose).await?.into_iter().collect();
    let counts = Queue::ALL
        .iter()
        .map(|queue| pb::QueueCount {
            queue: queue.number(),
            tickets: counted.get(queue).copied().unwrap_or_default(),
        })
        .collect();
    Ok(pb::QueueCounts { counts, counted_at: Some(to_timestamp(rooms.clock.now())) })
}
