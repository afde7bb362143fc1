//! `CallbackService.GetTaskContact`

use super::{decode::task_name, touched};
use crate::{Rooms, error::refused};
use gongdan_access::Caller;
use gongdan_errors::{Error, Reason, Violations};
use gongdan_proto::{
    callback::v1::{GetTaskContactRequest, TaskContact},
    tickets::v1::{Contact, GetContactRequest},
};
use std::time::Duration;
use tonic::{Code, Status};
use uuid::Uuid;

const RETRY_AFTER: Duration = Duration::from_secs(1);

pub(super) async fn get_task_contact(
    rooms: &Rooms,
    caller: &Caller,
    request: GetTaskContactRequest,
) -> Result<TaskContact, Error> {
    let mut violations = Violations::new();
    let Some(name) = violations.field("task", task_name(&request.task)) else {
        return Err(violations.into_error());
    };
    let task = rooms.store.get_for(&name, caller).await?;
    touched(&task);
    let now = rooms.clock.now();
    task.require_held_by(&caller.principal_id, now).map_err(refused)?;
    let Some(customer_id) = task.ticket.customer_id else { return Err(gone()) };
    let contact = fetch(rooms, customer_id, task.ticket.id).await?;
    rooms.store.contact_read(task.id, &caller.principal_id, now).await?;
    Ok(TaskContact { task_id: task.id.to_string(), phone: contact.phone, name: contact.name })
}

async fn fetch(rooms: &Rooms, customer_id: Uuid, ticket_id: Uuid) -> Result<Contact, Error> {
    let request = GetContactRequest {
        customer_id: customer_id.to_string(),
        ticket_id: ticket_id.to_string(),
        purpose: "callback".to_owned(),
    };
    match rooms.customers.clone().get_contact(request).await {
        Ok(contact) => Ok(contact.into_inner()),
        Err(status) => Err(meaning(status)),
    }
}

/// What tickets' refusal means for our caller.
fn meaning(status: Status) -> Error {
    match status.code() {
        Code::NotFound => gone(),
        Code::Unavailable | Code::ResourceExhausted | Code::DeadlineExceeded | Code::Unknown => {
            Error::unavailable("tickets, which keeps the contacts, is away", RETRY_AFTER).because(status)
        }
        // What it knows of us lags behind: our principal, our right, its issuer's keys.
        Code::PermissionDenied | Code::Unauthenticated => {
            Error::unavailable("tickets, which keeps the contacts, does not know callback now", RETRY_AFTER)
                .because(status)
        }
        _ => Error::internal(status),
    }
}

fn gone() -> Error {
    Error::not_found(Reason::CustomerNotFound, "the contact is not there any more")
}
