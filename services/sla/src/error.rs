//! What refuses in the domain and in the store, as errors of the API.

use gongdan_errors::{Error, Reason, Violation};
use gongdan_sla_domain::{Fault, calendar::OutOfRange};

/// INVALID_ARGUMENT with each fault of a document below `prefix`.
#[must_use]
pub fn faults(prefix: &str, faults: Vec<Fault>) -> Error {
    let below = |field: String| match field.strip_prefix('$') {
        Some(rest) => format!("{prefix}{rest}"),
        None => format!("{prefix}.{field}"),
    };
    Error::invalid(
        faults.into_iter().map(|fault| Violation { field: below(fault.field), rule: fault.rule }).collect(),
    )
}

/// OUT_OF_RANGE.
#[must_use]
pub fn out_of_range(error: OutOfRange) -> Error {
    Error::out_of_range(Reason::BeyondCalendar, error.to_string())
}

/// Two writes of one key at once: ABORTED; everything else as usual.
#[must_use]
pub fn put(error: sqlx::Error) -> Error {
    match gongdan_pg::constraint(&error) {
        Some("calendars_pkey" | "policy_sets_pkey") => {
            Error::aborted(Reason::WriteConflict, "another version was put at the same moment: read again")
                .because(error)
        }
        _ => gongdan_pg::error(error),
    }
}
