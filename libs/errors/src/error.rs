//! The error that every RPC answers with.

use crate::{Reason, Violation};
use std::{borrow::Cow, collections::HashMap, fmt, time::Duration};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

/// `ErrorInfo.domain` of all our errors.
pub const DOMAIN: &str = "gongdan";

/// What went wrong, for the caller; and where it came from, for the log.
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    code: Code,
    reason: Reason,
    message: Cow<'static, str>,
    metadata: HashMap<String, String>,
    violations: Vec<Violation>,
    retry_after: Option<Duration>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    fn new(code: Code, reason: Reason, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner {
            code,
            reason,
            message: message.into(),
            metadata: HashMap::new(),
            violations: Vec::new(),
            retry_after: None,
            source: None,
        }))
    }

    /// INVALID_ARGUMENT: values that are wrong.
    #[must_use]
    pub fn invalid(violations: Vec<Violation>) -> Self {
        let message = match violations.as_slice() {
            [one] => format!("{}: {}", one.field, one.rule),
            many => format!(
                "{} fields are invalid, the first: {}",
                many.len(),
                many.first().map_or("", |v| &v.field)
            ),
        };
        let mut error = Self::new(Code::InvalidArgument, Reason::InvalidRequest, message);
        error.0.violations = violations;
        error
    }

    /// INVALID_ARGUMENT: one value that is wrong.
    #[must_use]
    pub fn invalid_field(field: impl Into<String>, rule: impl fmt::Display) -> Self {
        Self::invalid(vec![Violation { field: field.into(), rule: rule.to_string() }])
    }

    /// NOT_FOUND.
    #[must_use]
    pub fn not_found(reason: Reason, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::NotFound, reason, message)
    }

    /// FAILED_PRECONDITION: a state that refuses.
    #[must_use]
    pub fn precondition(reason: Reason, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::FailedPrecondition, reason, message)
    }

    /// ABORTED: a lost race; read again, then try again.
    #[must_use]
    pub fn aborted(reason: Reason, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::Aborted, reason, message)
    }

    /// ALREADY_EXISTS.
    #[must_use]
    pub fn already_exists(reason: Reason, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::AlreadyExists, reason, message)
    }

    /// PERMISSION_DENIED.
    #[must_use]
    pub fn permission_denied(reason: Reason, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::PermissionDenied, reason, message)
    }

    /// UNAUTHENTICATED.
    #[must_use]
    pub fn unauthenticated(reason: Reason, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::Unauthenticated, reason, message)
    }

    /// OUT_OF_RANGE.
    #[must_use]
    pub fn out_of_range(reason: Reason, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::OutOfRange, reason, message)
    }

    /// UNAVAILABLE: something we need is away; trying again later helps.
    #[must_use]
    pub fn unavailable(message: impl Into<Cow<'static, str>>, retry_after: Duration) -> Self {
        let mut error = Self::new(Code::Unavailable, Reason::DependencyUnavailable, message);
        error.0.retry_after = Some(retry_after);
        error
    }

    /// RESOURCE_EXHAUSTED: too much at once; trying again later helps.
    #[must_use]
    pub fn exhausted(reason: Reason, message: impl Into<Cow<'static, str>>, retry_after: Duration) -> Self {
        let mut error = Self::new(Code::ResourceExhausted, reason, message);
        error.0.retry_after = Some(retry_after);
        error
    }

    /// RESOURCE_EXHAUSTED: a message larger than the limit; only a smaller one helps.
    #[must_use]
    pub fn too_large(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::ResourceExhausted, Reason::MessageTooLarge, message)
    }

    /// INVALID_ARGUMENT: no request that could be read.
    #[must_use]
    pub fn unreadable(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::InvalidArgument, Reason::MessageUnreadable, message)
    }

    /// UNIMPLEMENTED.
    #[must_use]
    pub fn unimplemented(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::Unimplemented, Reason::MethodUnknown, message)
    }

    /// DEADLINE_EXCEEDED: the caller's time ran out.
    #[must_use]
    pub fn deadline_exceeded() -> Self {
        Self::new(Code::DeadlineExceeded, Reason::DeadlineExceeded, "the call took longer than its deadline")
    }

    /// INTERNAL: our fault. The caller learns nothing of `source`; the log does.
    #[must_use]
    pub fn internal(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::new(Code::Internal, Reason::Internal, "an internal error; the log has it under this trace")
            .because(source)
    }

    /// Adds a fact that programs may read, `ErrorInfo.metadata`.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl fmt::Display) -> Self {
        self.0.metadata.insert(key.to_owned(), value.to_string());
        self
    }

    /// Adds what it came from, for the log only.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// The gRPC code.
    #[must_use]
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// The documented reason.
    #[must_use]
    pub fn reason(&self) -> Reason {
        self.0.reason
    }

    /// The broken rules.
    #[must_use]
    pub fn violations(&self) -> &[Violation] {
        &self.0.violations
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.reason, self.0.message)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

/// Bytes of violations that a status names: it travels in a header, and clients refuse long ones.
const ROOM: usize = 4_096;

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        let Inner { code, reason, message, metadata, violations, retry_after, source } = *error.0;
        if let Some(source) = &source {
            let chain = chain(source.as_ref());
            if code == Code::Internal {
                tracing::error!(reason = reason.as_str(), error = %chain, "call failed");
            } else {
                tracing::warn!(reason = reason.as_str(), code = ?code, error = %chain, "call failed");
            }
        }
        let mut details = ErrorDetails::new();
        details.set_error_info(reason.as_str(), DOMAIN, metadata);
        let mut room = ROOM;
        for violation in violations {
            // The message says how many there are in all.
            match room.checked_sub(violation.field.len() + violation.rule.len()) {
                Some(left) => room = left,
                None => break,
            }
            details.add_bad_request_violation(violation.field, violation.rule);
        }
        if retry_after.is_some() {
            details.set_retry_info(retry_after);
        }
        Status::with_error_details(code, message.into_owned(), details)
    }
}

fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        text.push_str(": ");
        text.push_str(&error.to_string());
        next = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Violations;

    #[test]
    fn very_many_violations_still_fit_into_a_header() {
        let many = (0..50_000).map(|n| Violation {
            field: format!("principals[{n}].unit_ids[0]"),
            rule: "no unit `none`".to_owned(),
        });
        let status = Status::from(Error::invalid(many.collect()));
        let named = status.get_error_details().bad_request().unwrap().field_violations.len();
        assert!((50..200).contains(&named), "{named}");
        assert!(status.details().len() < 12_000, "{}", status.details().len());
        assert!(status.message().contains("50000"), "{}", status.message());
    }

    #[test]
    fn a_status_carries_reason_violations_and_metadata() {
        let mut violations = Violations::new();
        violations.add("subject", "1 to 200 characters");
        violations.add("region", "an unknown code");
        let status = Status::from(violations.into_error().with("method", "CreateTicket"));
        assert_eq!(status.code(), Code::InvalidArgument);
        let details = status.get_error_details();
        let info = details.error_info().unwrap();
        assert_eq!((info.reason.as_str(), info.domain.as_str()), ("INVALID_REQUEST", DOMAIN));
        assert_eq!(info.metadata["method"], "CreateTicket");
        let fields: Vec<_> =
            details.bad_request().unwrap().field_violations.iter().map(|v| v.field.clone()).collect();
        assert_eq!(fields, ["subject", "region"]);
    }

    #[test]
    fn nothing_internal_reaches_the_caller() {
        let status = Status::from(Error::internal("password authentication failed for user \"tickets\""));
        assert_eq!(status.code(), Code::Internal);
        assert!(!format!("{status:?}").contains("password"));
    }

    #[test]
    fn what_passes_by_waiting_says_how_long() {
        let status = Status::from(Error::unavailable("the database is away", Duration::from_secs(1)));
        assert_eq!(
            status.get_error_details().retry_info().unwrap().retry_delay,
            Some(Duration::from_secs(1))
        );
    }
}
