//! Recurring work: from planned times to runs, and from runs to tickets and reminders. Source: S10.

pub mod action;
mod claim;
mod compiled;
pub mod convert;
mod events;
mod telemetry;
mod tickets;

pub use claim::{claim, pending};
pub use compiled::Compiled;
pub use events::outcome;
pub use telemetry::{Metrics, Outcome};
pub use tickets::{Refused, Tickets};

use crate::{config::SchedulesConfig, jobs::Alarm};
use gongdan_outbox::RelayHandle;

/// What schedules need beside the database and the time. Cheap to clone.
#[derive(Clone)]
pub struct Schedules {
    /// How they run.
    pub config: SchedulesConfig,
    /// Where tickets are created.
    pub tickets: Tickets,
    /// What is counted.
    pub metrics: Metrics,
    /// Publishes what became of runs.
    pub relay: RelayHandle,
    /// Rings when a schedule is due earlier.
    pub due: Alarm,
    /// Rings when a run waits.
    pub waiting: Alarm,
}
