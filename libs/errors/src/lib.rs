//! One way to say what went wrong: a gRPC code, a documented reason, violations, and when to try again.
//!
//! Details that are not for callers travel as `source` and go to the log, once, where the error becomes a status.

mod code;
mod error;
mod reason;
mod violations;

pub use code::code_name;
pub use error::{DOMAIN, Error};
pub use reason::Reason;
pub use tonic::Code;
pub use violations::{Violation, Violations};
