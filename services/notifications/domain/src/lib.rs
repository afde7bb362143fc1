//! Who is told what, in which words, and when it is tried again. No IO, no clock, no dice.

mod address;
mod audience;
mod backoff;
mod endpoint;
mod endpoint_url;
mod happening;
mod language;
mod page;
mod signature;
mod template;

pub use address::{Forbidden, Reach};
pub use audience::{Person, Target, targets, told};
pub use backoff::Backoff;
pub use endpoint::{EventTypes, InvalidEventTypes, InvalidSecret, Secret, body};
pub use endpoint_url::{EndpointRules, InvalidEndpointUrl};
pub use happening::{About, Deadline, Happening, Kind, TicketFacts};
pub use language::Language;
pub use page::{Cursor, InvalidToken, PageSize};
pub use signature::{SignatureHeaders, sign};
pub use template::{InvalidTemplate, Message, Names, Templates};
