//! What one of many calls would have failed with alone.

use gongdan_errors::Error;
use gongdan_proto::tickets::v1 as pb;

/// As part of an answer about many. What is our fault is logged here, where it is handled.
pub(super) fn row_error(error: Error) -> pb::RowError {
    let violations = error
        .violations()
        .iter()
        .map(|v| pb::FieldViolation { field: v.field.clone(), description: v.rule.clone() })
        .collect();
    let (reason, message) = (error.reason().as_str().to_owned(), error.to_string());
    // Logs it when it has to be.
    let status = tonic::Status::from(error);
    pb::RowError { code: status.code().into(), reason, message, violations }
}
