//! The deadline of the call being served, so that calls it makes to other services end with it.

use std::time::Duration;

use tokio::time::Instant;

tokio::task_local! {
    static DEADLINE: Instant;
}

/// Runs a future as part of a call that must end at `at`; [`crate::AuthChannel`] passes what is left on.
pub async fn with_deadline<F: Future>(at: Instant, future: F) -> F::Output {
    DEADLINE.scope(at, future).await
}

/// What is left of the deadline of the call being served; `None` outside of one.
#[must_use]
pub fn remaining() -> Option<Duration> {
    DEADLINE.try_with(|at| at.saturating_duration_since(Instant::now())).ok()
}

/// The gRPC `grpc-timeout` header for a duration: at most eight digits and a unit.
pub(crate) fn header_value(left: Duration) -> Option<http::HeaderValue> {
    let millis = left.as_millis();
    let text = if millis < 100_000_000 {
        format!("{millis}m")
    } else {
        format!("{}S", left.as_secs().min(99_999_999))
    };
    http::HeaderValue::from_str(&text).ok()
}

/// Reads a `grpc-timeout` header; `None` when it is none.
pub(crate) fn parse_header(value: &http::HeaderValue) -> Option<Duration> {
    let text = value.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.is_empty() || digits.len() > 8 {
        return None;
    }
    let amount: u64 = digits.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(amount * 3600)),
        "M" => Some(Duration::from_secs(amount * 60)),
        "S" => Some(Duration::from_secs(amount)),
        "m" => Some(Duration::from_millis(amount)),
        "u" => Some(Duration::from_micros(amount)),
        "n" => Some(Duration::from_nanos(amount)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeout_survives_its_header() {
        for millis in [0, 1, 1500, 99_999_999] {
            let left = Duration::from_millis(millis);
            assert_eq!(parse_header(&header_value(left).unwrap()), Some(left));
        }
        assert_eq!(header_value(Duration::from_secs(10_000_000)).unwrap(), "10000000S");
    }

    #[test]
    fn what_is_no_timeout_is_none() {
        for text in ["", "S", "123456789S", "1x", "-1S"] {
            assert_eq!(parse_header(&http::HeaderValue::from_static(text)), None, "{text}");
        }
    }

    #[tokio::test]
    async fn outside_of_a_call_there_is_no_deadline() {
        assert_eq!(remaining(), None);
        let left = with_deadline(Instant::now() + Duration::from_secs(5), async { remaining() }).await;
        assert!(left.is_some_and(|left| left <= Duration::from_secs(5) && left > Duration::from_secs(4)));
    }
}
