//! A round of a ticket was resolved.

use crate::{Change, Changed, Origin, Policy, Stamp, Tally, Task, TaskState, TicketRef};
use jiff::Timestamp;
use uuid::Uuid;

/// Why a task without anybody to call is skipped.
const NO_CUSTOMER: &str = "no_customer";

impl Task {
    /// The task for a round that was just resolved: to be called from now on, or skipped when nobody is known to call.
    ///
    /// The permitted hours bind what an agent promises; when the first call is made is left to the agent at the desk.
    /// Source: C2.
    #[must_use]
    pub fn open(id: Uuid, ticket: TicketRef, policy: &Policy, at: Timestamp) -> Changed {
        let anonymous = ticket.customer_id.is_none();
        let task = Self::new(id, ticket, Origin::Live, at);
        if anonymous {
            let task = task.ended(TaskState::Skipped, NO_CUSTOMER.to_owned(), at);
            return Changed { task, was: None, change: Change::Skipped, at };
        }
        let task = Self { next_attempt_at: Some(at), due_at: at.checked_add(policy.due_after).ok(), ..task };
        Changed { task, was: None, change: Change::Opened, at }
    }

    /// The task for a ticket recorded from the past: offered to nobody, never overdue.
    #[must_use]
    pub fn past(id: Uuid, ticket: TicketRef, resolved_at: Timestamp, closed_at: Timestamp) -> Changed {
        let task = Self {
            state: TaskState::Historical,
            ended_at: Some(closed_at),
            ..Self::new(id, ticket, Origin::Import, resolved_at)
        };
        Changed { task, was: None, change: Change::Recorded, at: closed_at }
    }

    const fn new(id: Uuid, ticket: TicketRef, origin: Origin, opened_at: Timestamp) -> Self {
        Self {
            id,
            ticket,
            state: TaskState::Open,
            origin,
            tally: Tally { attempts: 0, refused: 0, wrong_number: 0 },
            next_attempt_at: None,
            due_at: None,
            result: None,
            reopen: false,
            reason: String::new(),
            hold: None,
            stamp: Stamp { version: 1, takes: 0 },
            opened_at,
            ended_at: None,
        }
    }
}
