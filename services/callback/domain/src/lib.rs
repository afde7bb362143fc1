//! Callback's rules: what a task is, who may do what to it, and what follows. No IO, no clock, no dice.
//!
//! A task is opened when a round of a ticket is resolved, taken by an agent, and ended by a success, by too many failed
//! attempts, or because it is no longer to be called. Each act gives [`Changed`]: the task after it, the stamp it came
//! from, and the one event it makes. Source: C2, C3, C5, C6.

mod attempt;
mod batch;
mod change;
mod end;
mod hours;
mod mask;
mod open;
mod policy;
mod record;
mod refusal;
mod take;
mod task;

#[cfg(test)]
mod tests;

pub use attempt::{CallbackResult, FailedOutcome, Outcome, Report};
pub use batch::{Batch, Fact, Outcomes};
pub use change::{Change, Changed};
pub use end::TicketWent;
pub use hours::{InvalidHours, PermittedHours};
pub use mask::mask_numbers;
pub use policy::Policy;
pub use refusal::{BadNextTime, Refusal};
pub use task::{Hold, Origin, Stamp, Tally, Task, TaskState, TicketRef};
