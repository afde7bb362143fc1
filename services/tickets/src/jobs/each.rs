//! What one of many tickets came to in a pass of a job.

use gongdan_errors::{Code, Error};
use uuid::Uuid;

/// A ticket that refuses, or that cannot be read, is passed over, so that the others do not wait for it; a database that is
/// away, or too busy, ends the pass.
///
/// # Errors
/// When the others would fare the same.
pub(super) fn or_passed_over(ticket: Uuid, outcome: anyhow::Result<bool>) -> anyhow::Result<bool> {
    outcome.or_else(|error| {
        let for_all = error
            .downcast_ref::<Error>()
            .is_some_and(|error| matches!(error.code(), Code::Unavailable | Code::ResourceExhausted));
        if for_all {
            return Err(error);
        }
        tracing::warn!(%ticket, error = %format!("{error:#}"), "a ticket is passed over");
        Ok(false)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use gongdan_errors::Reason;

    #[test]
    fn one_that_refuses_does_not_end_the_pass_and_a_database_that_is_away_does() {
        let refused = Error::precondition(Reason::TooMany, "no");
        assert!(!or_passed_over(Uuid::nil(), Err(refused.into())).unwrap());
        assert!(!or_passed_over(Uuid::nil(), Err(anyhow::anyhow!("damaged"))).unwrap());
        assert!(or_passed_over(Uuid::nil(), Ok(true)).unwrap());
        let away = Error::unavailable("away", std::time::Duration::from_secs(1));
        assert!(or_passed_over(Uuid::nil(), Err(away.into())).is_err());
    }
}
