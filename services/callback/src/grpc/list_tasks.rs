//! `CallbackService.ListTasks`

use super::{
    decode::{task_name, text},
    show::show,
    touched,
};
use crate::{Rooms, events, store::TaskFilter};
use gongdan_access::Caller;
use gongdan_errors::{Error, Violations};
use gongdan_pg::requests::hash_of;
use gongdan_proto::callback::v1::{ListTasksRequest, ListTasksResponse, TaskState};
use uuid::Uuid;

const PAGE_DEFAULT: i64 = 50;
const PAGE_MAX: i64 = 500;
/// Bytes of the filter's hash in a token.
const BINDING: usize = 8;
const BAD_TOKEN: &str = "a `next_page_token` of an earlier answer with the same filter";

struct List {
    filter: TaskFilter,
    after: Option<Uuid>,
    limit: i64,
    binding: [u8; BINDING],
}

pub(super) async fn list_tasks(
    rooms: &Rooms,
    caller: &Caller,
    request: ListTasksRequest,
) -> Result<ListTasksResponse, Error> {
    let command = decode(request)?;
    // One more than the page tells whether there is another.
    let mut tasks =
        rooms.store.list(&caller.scope(), &command.filter, command.after, command.limit + 1).await?;
    let full = usize::try_from(command.limit).unwrap_or(usize::MAX);
    let more = tasks.len() > full;
    tasks.truncate(full);
    tasks.iter().for_each(touched);
    let next_page_token = match tasks.last() {
        Some(last) if more => token(last.id, command.binding),
        _ => String::new(),
    };
    Ok(ListTasksResponse { tasks: tasks.iter().map(|task| show(caller, task)).collect(), next_page_token })
}

fn decode(mut request: ListTasksRequest) -> Result<List, Error> {
    let page_token = std::mem::take(&mut request.page_token);
    let page_size = std::mem::take(&mut request.page_size);
    let mut binding = [0; BINDING];
    binding.copy_from_slice(&hash_of(&request)[..BINDING]);

    let mut violations = Violations::new();
    let state = violations.field("state", state(request.state));
    let unit_id = violations.field("unit_id", text(&request.unit_id, 64));
    let ticket = if request.ticket.is_empty() {
        Some(None)
    } else {
        violations.field("ticket", task_name(&request.ticket)).map(Some)
    };
    let limit = violations.field("page_size", page(page_size));
    let after = violations.field("page_token", position(&page_token, binding));
    let (Some(state), Some(unit_id), Some(ticket), Some(limit), Some(after)) =
        (state, unit_id, ticket, limit, after)
    else {
        return Err(violations.into_error());
    };
    Ok(List { filter: TaskFilter { state, unit_id, ticket }, after, limit, binding })
}

fn state(number: i32) -> Result<Option<gongdan_callback_domain::TaskState>, &'static str> {
    TaskState::try_from(number).map(events::from_state).map_err(|_| "an unknown state")
}

fn page(size: i32) -> Result<i64, String> {
    match i64::from(size) {
        0 => Ok(PAGE_DEFAULT),
        size @ 1..=PAGE_MAX => Ok(size),
        _ => Err(format!("1 to {PAGE_MAX}")),
    }
}

fn token(last: Uuid, binding: [u8; BINDING]) -> String {
    hex::encode(last.as_bytes()) + &hex::encode(binding)
}

fn position(token: &str, binding: [u8; BINDING]) -> Result<Option<Uuid>, &'static str> {
    if token.is_empty() {
        return Ok(None);
    }
    let bytes = hex::decode(token).map_err(|_| BAD_TOKEN)?;
    let (id, bound) = bytes.split_at_checked(16).ok_or(BAD_TOKEN)?;
    if bound != binding {
        return Err(BAD_TOKEN);
    }
    Uuid::from_slice(id).map(Some).map_err(|_| BAD_TOKEN)
}
