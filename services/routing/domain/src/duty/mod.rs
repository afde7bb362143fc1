//! Who is on duty: rosters, shifts, leave, stand-ins. Source: R3.
//!
//! A [`Roster`] says which people of a unit have which [`Shift`]s; a [`Leave`] takes a person out of all of theirs, a
//! [`Swap`] gives one shift of one day to somebody else (临时变动). Who is away hands on what they stand in for, too.
//! [`DutyBook`] answers who is on duty at an instant.

mod anybody;
mod book;
mod check;
mod leave;
mod overlap;
mod roster;
mod swap;

pub use book::{DutyBook, OnDuty, Standing, UnitDuty};
pub use check::{MOST_PEOPLE, MOST_SHIFTS, check_roster};
pub use leave::{Leave, check_leave};
pub use overlap::{Clash, clash};
pub use roster::{DEFAULT_ZONE, Roster, Shift, Window, zone};
pub use swap::{Slot, Swap, check_give_back, check_swap, settle_swaps};

#[cfg(test)]
mod tests;
