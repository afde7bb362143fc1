//! What a ticket is and what may happen to it: pure, without a database, a clock or dice.
//!
//! An act (`acts/`) judges and names what happens; [`evolve`] is the only place that changes a ticket. So a ticket is
//! always the fold of its events.

mod action;
mod actor;
pub mod acts;
pub mod catalogue;
mod change;
pub mod channel_standard;
mod evolve;
pub mod form;
pub mod groups;
mod mask;
mod names;
mod number;
mod numbered;
mod phone;
mod place;
mod priority;
mod queues;
mod refusal;
mod rules;
mod text;
mod ticket;
pub mod ticket_type;
mod vocabulary;
pub mod workflow;

pub use action::Action;
pub use actor::Actor;
pub use acts::{
    decision::{Answer, Decision, Target},
    draft::Amendment,
    erase::{ERASED, Personal},
    intake::{CUSTOM_FIELDS, Intake, New},
    past::{Past, Reply},
};
pub use change::{Change, Changed, Event, Marks, Named, Order, RecordText, Texts};
pub use gongdan_mask::mask_numbers;
pub use mask::{mask_name, mask_phone};
pub use names::{ExternalSource, InvalidName, PrincipalId, UnitId};
pub use number::{CellCode, InvalidCellCode, ticket_number};
pub use phone::{InvalidPhone, PhoneNumber};
pub use place::{CoordinateSystem, InvalidPoint, Point};
pub use priority::{Matrix, MatrixError};
pub use queues::{Deltas, Doer, Owner, Place, Queue, QueueKind};
pub use refusal::Refusal;
pub use rules::Rules;
pub use text::{
    Address, Body, BodySoFar, ExternalId, IdentityNumber, InvalidText, Line, Note, PersonName,
    PriorityReason, Reason, Reply as ReplyText, RootCause, Solution, Subject, SubjectSoFar, Text,
};
pub use ticket::{External, Pool, Resolution, Ticket};
pub use vocabulary::{
    Channel, CloseReason, HandoverCause, Impact, Origin, Outcome, Phase, PrincipalKind, Priority, TicketType,
    UrgeLevel, Urgency,
};

/// The item of a ticket for which none is known; every catalogue version has it.
pub const UNCLASSIFIED: &str = "unclassified";

/// The unit of an imported reply when the source names none.
pub const IMPORTED_UNIT: &str = "imported";
