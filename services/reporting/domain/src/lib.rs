//! What reports count, and what that means. Source: P1, P2.
//!
//! Pure: facts go in, rows of rounds and acts come out; a report is a set of sums over them.
//!
//! - [`Period`]: days and months of Asia/Shanghai as instants.
//! - [`Areas`]: the province, city and county a ticket counts for.
//! - [`Rounds`]: what the events of tickets say about rounds and acts.
//! - [`Handling`], [`Answer`]: what the events of clocks and callbacks add.
//! - [`Counts`]: the measures, and the rates that follow from them.

mod areas;
mod counts;
mod facts;
mod period;
mod rounds;

pub use areas::{Areas, Level};
pub use counts::{Counts, Rates};
pub use facts::{Answer, Handling};
pub use period::{InvalidPeriod, Period, ZONE};
pub use rounds::{Act, ActKind, Happened, Joined, QualityError, Round, Rounds, Snapshot};
