//! Workflow as data: steps inside the fixed phases, and what leads from one to another. Source: T31.
//!
//! People write a [`Definition`]; [`Workflow::check`] names everything that is wrong with it; [`govern`] holds each act to
//! it.

mod check;
mod checked;
mod definition;
mod facts;
mod govern;
mod moves;
mod picture;
mod shipped;

pub use check::{Fault, ROLES};
pub use checked::{InUnit, ReviewStep, Signer, Standing, Step, Who, Workflow};
pub use definition::{
    CENTRE, Definition, LEAD, Malformed, ReviewDefinition, START, SignerDefinition, StepDefinition,
    TransitionDefinition, Words,
};
pub use facts::VARIABLES;
pub(crate) use govern::To;
pub use govern::{Acting, Needed, Place, govern};
pub use moves::{Move, phase_words};
pub use picture::{Language, mermaid, svg};
pub use shipped::{DEFAULT, SHIPPED, shipped};
