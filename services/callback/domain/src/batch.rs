//! What follows from a batch of facts about tickets, in their order.

use crate::{Changed, Policy, Task, TicketRef, TicketWent};
use jiff::Timestamp;
use std::collections::BTreeMap;
use uuid::Uuid;

/// A fact about a ticket that callback cares for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// A round was resolved.
    Resolved {
        /// The round.
        ticket: TicketRef,
    },
    /// A ticket of the past was recorded as resolved and closed.
    Past {
        /// The round.
        ticket: TicketRef,
        /// When it was resolved.
        resolved_at: Timestamp,
        /// When it was closed.
        closed_at: Timestamp,
    },
    /// The ticket went on by itself; when callback had ended its task before, this is only the answer to that.
    Went {
        /// The ticket.
        ticket_id: Uuid,
        /// Where to.
        went: TicketWent,
    },
}

/// What is to be written.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Outcomes {
    /// New tasks as they are after the batch.
    pub born: Vec<Task>,
    /// Tasks that were outstanding before the batch and have ended in it.
    pub ended: Vec<Task>,
    /// Every act, in order.
    pub acts: Vec<Changed>,
}

/// Folds facts over the tasks that were outstanding before them.
#[derive(Debug)]
pub struct Batch<'a> {
    policy: &'a Policy,
    at: Timestamp,
    /// By ticket: the outstanding task, and whether it was born in this batch.
    outstanding: BTreeMap<Uuid, (Task, bool)>,
    done: Outcomes,
}

impl<'a> Batch<'a> {
    /// With the outstanding tasks of the tickets that the facts are about.
    #[must_use]
    pub fn new(outstanding: Vec<Task>, policy: &'a Policy, at: Timestamp) -> Self {
        let outstanding = outstanding.into_iter().map(|task| (task.ticket.id, (task, false))).collect();
        Self { policy, at, outstanding, done: Outcomes::default() }
    }

    /// The next fact; `id` is for the task it may open.
    pub fn apply(&mut self, fact: Fact, id: Uuid) {
        match fact {
            Fact::Resolved { ticket } => {
                if let Some((task, _)) = self.outstanding.get(&ticket.id) {
                    if task.ticket.round >= ticket.round {
                        return;
                    }
                    self.went(ticket.id, TicketWent::Reopened);
                }
                let changed = Task::open(id, ticket, self.policy, self.at);
                if changed.task.state.is_outstanding() {
                    self.outstanding.insert(changed.task.ticket.id, (changed.task.clone(), true));
                } else {
                    self.done.born.push(changed.task.clone());
                }
                self.done.acts.push(changed);
            }
            Fact::Past { ticket, resolved_at, closed_at } => {
                let changed = Task::past(id, ticket, resolved_at, closed_at);
                self.done.born.push(changed.task.clone());
                self.done.acts.push(changed);
            }
            Fact::Went { ticket_id, went } => self.went(ticket_id, went),
        }
    }

    fn went(&mut self, ticket_id: Uuid, went: TicketWent) {
        let Some((task, born)) = self.outstanding.remove(&ticket_id) else { return };
        let Some(changed) = task.follow(went, self.at) else { return };
        let place = if born { &mut self.done.born } else { &mut self.done.ended };
        place.push(changed.task.clone());
        self.done.acts.push(changed);
    }

    /// What is to be written.
    #[must_use]
    pub fn finish(mut self) -> Outcomes {
        self.done.born.extend(self.outstanding.into_values().filter_map(|(task, born)| born.then_some(task)));
        self.done
    }
}
