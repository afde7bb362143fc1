//! Sends one request, again while the suite is busy.

use std::time::Duration;

use gongdan_proto::tickets::v1::{RecordPastTicketRequest, ticket_service_client::TicketServiceClient};
use tonic::{Code, Status};
use tonic_types::StatusExt;

use super::row::RowError;
use crate::cli::{Channel, passes};

/// After so many tries in vain the suite counts as gone.
pub const TRIES: u32 = 8;
pub const FIRST_PAUSE: Duration = Duration::from_millis(100);
pub const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// Longer than a service gives itself, so that the service says what was slow.
pub const DEADLINE: Duration = Duration::from_secs(35);

/// What came of a row.
#[derive(Debug)]
pub enum Sent {
    /// A ticket was made.
    Recorded,
    /// It had been recorded before.
    AlreadyThere,
    /// The service refuses the row.
    Refused(Vec<RowError>),
    /// No row can be recorded any more.
    GivenUp(Box<Status>),
}

/// Records a message of the past.
pub async fn send(mut client: TicketServiceClient<Channel>, request: RecordPastTicketRequest) -> Sent {
    let mut pause = FIRST_PAUSE;
    for attempt in 1.. {
        let mut call = tonic::Request::new(request.clone());
        call.set_timeout(DEADLINE);
        let status = match client.record_past_ticket(call).await {
            Ok(answer) if answer.get_ref().created => return Sent::Recorded,
            Ok(_) => return Sent::AlreadyThere,
            Err(status) => status,
        };
        match status.code() {
            // Out of range: larger than a message may be.
            Code::InvalidArgument | Code::AlreadyExists | Code::FailedPrecondition | Code::OutOfRange => {
                return Sent::Refused(violations(&status));
            }
            _ if passes(status.code()) && attempt < TRIES => {
                let asked = status.get_details_retry_info().and_then(|info| info.retry_delay);
                tokio::time::sleep(asked.unwrap_or(pause).min(LONGEST_PAUSE)).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
            // It may be the row that the service cannot bear.
            Code::Internal => return Sent::Refused(violations(&status)),
            _ => return Sent::GivenUp(Box::new(status)),
        }
    }
    Sent::GivenUp(Box::new(Status::unavailable("the suite does not answer")))
}

fn violations(status: &Status) -> Vec<RowError> {
    let listed: Vec<RowError> = status
        .get_details_bad_request()
        .map(|bad| {
            bad.field_violations
                .into_iter()
                .map(|v| RowError { field: v.field, rule: v.description })
                .collect()
        })
        .unwrap_or_default();
    if listed.is_empty() { vec![RowError::new("", status.message())] } else { listed }
}
