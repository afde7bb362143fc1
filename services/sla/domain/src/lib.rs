//! What the sla service knows, without IO: working calendars, amounts, policies, clocks, what ticket events do
//! to them, and schedules. Time, ids and calendars come in as arguments.

pub mod clock;
pub mod lifecycle;
pub mod policy;
pub mod schedule;
mod words;

pub use gongdan_calendar as calendar;
pub(crate) use gongdan_calendar::Faults;
pub use gongdan_calendar::{Amount, DayEnd, Fault, InvalidAmount, is_key};
pub use words::{Channel, ClockKind, Origin, Priority, TicketType, UnknownWord, Urgency};
