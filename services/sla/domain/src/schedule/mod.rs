//! Recurring work: when it is planned, and what becomes of planned times that were missed. Source: S10.
//!
//! # Clock changes
//!
//! Times of day are those of a schedule's zone. One that a clock change leaves out is planned for the moment of the change;
//! several that are left out there are one. Of one that comes twice the first counts. That is also what a time of day is to
//! working calendars.
//!
//! A cron expression whose hour begins with `*` names no time of day but hours that pass: it is planned in both of two
//! doubled hours, and for nothing in one that is left out.

mod catch_up;
mod cron;
mod plan;
mod text;
mod wall;
mod working;

pub use catch_up::{CatchUp, Limits, Share, Skipped};
pub use cron::{Cron, CronFault};
pub use plan::{Plan, Recurrence};
pub use text::fill_in;
pub use wall::{ClockChange, Planned};
pub use working::{Days, Working};

use jiff::civil::{Date, date};

/// The first day that calendars know.
const FIRST: Date = date(1950, 1, 1);
/// The last day that is looked at, as of calendars.
const LAST: Date = date(2149, 12, 31);
