//! Who is on duty: rosters, shifts, leave, stand-ins. Source: R3.
//!
//! A [`Roster`] says which people of a unit have which [`Shift`]s; a [`Leave`] takes a person out of all of theirs, a
//! [`Swap`] gives one shift of one day to somebody else (临时变动). [`DutyBook`] answers who is on duty at an instant.

mod book;
mod check;
mod leave;
mod overlap;
mod roster;

pub use book::{DutyBook, OnDuty, Standing, UnitDuty};
pub use check::{MOST_PEOPLE, MOST_SHIFTS, check_roster};
pub use leave::{Leave, Swap, check_leave, check_swap};
pub use overlap::{Clash, clash};
pub use roster::{DEFAULT_ZONE, Roster, Shift, Window, zone};

#[cfg(test)]
mod tests;
