//! What a database error means for the caller.

use gongdan_errors::{Error, Reason};
use std::time::Duration;

const RETRY_AFTER: Duration = Duration::from_secs(1);

/// The error a caller gets: UNAVAILABLE with RetryInfo when the database is away or busy, ABORTED for a lost race
/// inside it, INTERNAL for everything else. Named constraints are to be looked at before, with [`constraint`].
#[must_use]
pub fn error(error: sqlx::Error) -> Error {
    if is_race(&error) {
        Error::aborted(Reason::WriteConflict, "somebody else changed it at the same moment: read again")
            .because(error)
    } else if is_transient(&error) {
        Error::unavailable("the database is away", RETRY_AFTER).because(error)
    } else {
        Error::internal(error)
    }
}

/// The name of the constraint that refused the write.
#[must_use]
pub fn constraint(error: &sqlx::Error) -> Option<&str> {
    error.as_database_error()?.constraint()
}

/// Whether the same statement may succeed later without anything about it being changed: the server is away,
/// starting, stopping, out of connections, or gave this transaction up for another's sake.
#[must_use]
pub fn is_transient(error: &sqlx::Error) -> bool {
    match error {
        // Protocol: what a proxy says, or leaves unsaid, before a server that is away.
        sqlx::Error::Io(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(database) => database.code().is_some_and(|code| {
            // 08 connection, 53 resources, 57P0x shutdown and start, 57014 timeout, 40 rollback, 55P03 lock, 25006
            // read-only after a failover.
            let code = code.as_ref();
            ["08", "53", "57P", "40"].iter().any(|class| code.starts_with(class))
                || ["57014", "55P03", "25006"].contains(&code)
        }),
        _ => false,
    }
}

fn is_race(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|e| e.code());
    matches!(code.as_deref(), Some("40001" | "40P01"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use gongdan_errors::Code;

    #[test]
    fn a_database_that_is_away_is_unavailable() {
        let away = || sqlx::Error::Io(std::io::Error::from(std::io::ErrorKind::ConnectionRefused));
        assert!(is_transient(&away()));
        assert_eq!(error(away()).code(), Code::Unavailable);
        assert_eq!(error(sqlx::Error::PoolTimedOut).code(), Code::Unavailable);
        assert_eq!(error(sqlx::Error::Protocol("cut".into())).code(), Code::Unavailable);
    }

    #[test]
    fn everything_else_is_ours() {
        assert!(!is_transient(&sqlx::Error::RowNotFound));
        assert_eq!(error(sqlx::Error::RowNotFound).code(), Code::Internal);
    }
}
