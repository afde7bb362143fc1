//! Creates tickets, and asks whether one could be created.

use super::action;
use gongdan_auth::AuthChannel;
use gongdan_errors::{Code, Error, Reason, Violation, code_name};
use gongdan_proto::{
    sla::v1::TicketTemplate,
    tickets::v1::{Ticket, ticket_service_client::TicketServiceClient},
};
use std::time::Duration;
use tonic::Status;
use tonic_types::StatusExt as _;
use uuid::Uuid;

const TRY_AGAIN: Duration = Duration::from_secs(1);
const MAX_REASON: usize = 1_000;

/// The tickets service.
#[derive(Clone)]
pub struct Tickets(TicketServiceClient<AuthChannel>);

/// Why no ticket was created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// For people; nothing personal is in a template.
    pub reason: String,
    /// Whether the same may succeed later.
    pub again: bool,
}

impl Tickets {
    /// On a channel.
    #[must_use]
    pub fn new(channel: AuthChannel) -> Self {
        Self(TicketServiceClient::new(channel))
    }

    /// Creates the ticket of a run; again for the same run, it is the same ticket.
    ///
    /// # Errors
    /// What tickets says against it.
    pub async fn create(&self, run: Uuid, template: TicketTemplate) -> Result<Ticket, Refused> {
        let answer = self.0.clone().create_ticket(action::call(run, template, false)).await;
        answer.map(tonic::Response::into_inner).map_err(|status| refused(&status))
    }

    /// Holds a template to what its ticket would be refused for.
    ///
    /// # Errors
    /// INVALID_ARGUMENT with each fault below `field`; UNAVAILABLE when tickets cannot be asked.
    pub async fn check(&self, run: Uuid, field: &str, template: TicketTemplate) -> Result<(), Error> {
        match self.0.clone().create_ticket(action::call(run, template, true)).await {
            Ok(_) => Ok(()),
            Err(status) if status.code() == Code::InvalidArgument => {
                let details = status.get_error_details();
                let found = details.bad_request().map(|bad| bad.field_violations.clone()).unwrap_or_default();
                let mut violations: Vec<_> = found
                    .into_iter()
                    .map(|fault| Violation {
                        field: format!("{field}.{}", fault.field),
                        rule: fault.description,
                    })
                    .collect();
                if violations.is_empty() {
                    violations.push(Violation { field: field.to_owned(), rule: status.message().to_owned() });
                }
                Err(Error::invalid(violations))
            }
            Err(status) if status.code() == Code::PermissionDenied => {
                Err(Error::permission_denied(Reason::PermissionDenied, "sla may not create such tickets")
                    .because(status))
            }
            Err(status) => {
                Err(Error::unavailable("tickets cannot be asked about the template", TRY_AGAIN)
                    .because(status))
            }
        }
    }
}

fn refused(status: &Status) -> Refused {
    let again = !matches!(
        status.code(),
        Code::InvalidArgument
            | Code::NotFound
            | Code::AlreadyExists
            | Code::PermissionDenied
            | Code::FailedPrecondition
            | Code::OutOfRange
            | Code::Unimplemented
    );
    let details = status.get_error_details();
    let mut reason = format!("{}: {}", code_name(status.code()), status.message());
    if let Some(bad) = details.bad_request() {
        for fault in &bad.field_violations {
            reason.push_str(&format!("; {}: {}", fault.field, fault.description));
        }
    }
    Refused { reason: reason.chars().take(MAX_REASON).collect(), again }
}
