//! `DraftService.AnswerTicket` (直接答复). Source: T3.

use super::{
    create_ticket::{Asked, take_down},
    decode::{by, given, ticket_ref, uuid},
    submit_ticket::complete,
    viewer::viewer,
};
use crate::{
    Rooms,
    error::refused,
    store::tickets::{Call, Fresh, Opened},
};
use gongdan_access::Caller;
use gongdan_errors::{Error, Violations};
use gongdan_pg::{RequestKey, requests::hash_of};
use gongdan_proto::tickets::v1::{self as pb, answer_ticket_request::Request};
use gongdan_tickets_domain::{Action, Outcome, ReplyText};

const METHOD: &str = "AnswerTicket";

pub(super) async fn answer_ticket(
    rooms: &Rooms,
    caller: &Caller,
    mut request: pb::AnswerTicketRequest,
) -> Result<pb::Ticket, Error> {
    let mut violations = Violations::new();
    let v = &mut violations;
    let request_id = v.field("request_id", uuid(&std::mem::take(&mut request.request_id)));
    let etag = std::mem::take(&mut request.etag);
    let hash = hash_of(&request);
    let caller_id = caller.principal_id.clone();
    let key = request_id.map(|request_id| RequestKey { caller: caller_id, method: METHOD, request_id, hash });
    let outcome = given("outcome", Outcome::from_number(request.outcome), v);
    let reply = v.field("reply", ReplyText::parse(&request.reply));
    match request.request.take() {
        Some(Request::Create(create)) => {
            if !create.request_id.is_empty() {
                v.add("create.request_id", "empty: the whole call has one");
            }
            if create.draft {
                v.add("create.draft", "not together with an answer");
            }
            if !etag.is_empty() {
                v.add("etag", "only with `ticket`");
            }
            let answer = outcome.zip(reply);
            Box::pin(take_down(rooms, caller, create, Asked { key, violations, answer })).await
        }
        Some(Request::Ticket(named)) => {
            let ticket = ticket_ref(&named, v);
            let etag = match etag.as_str() {
                "" => None,
                etag => v.field("etag", etag.parse::<i64>().map_err(|_| "an etag of an earlier answer")),
            };
            let (Some(key), Some(ticket), Some(outcome), Some(reply), true) =
                (key, ticket, outcome, reply, violations.is_empty())
            else {
                return Err(violations.into_error());
            };
            let viewer = viewer(caller).masked();
            let call = Call { caller: caller.clone(), key, ticket, etag, viewer };
            let opened = match rooms.tickets.open(&call).await? {
                Opened::Answered(answer) => return Ok(*answer),
                Opened::Fresh(opened) => opened,
            };
            let texts = complete(rooms, &opened, Action::Answer).await?;
            let Fresh { ticket, view, .. } = *opened;
            let changed =
                ticket.answer(texts, outcome, reply, &by(caller)?, rooms.clock.now()).map_err(refused)?;
            rooms.tickets.save(view, &changed, &call).await
        }
        None => {
            v.add("request", "one of create, ticket");
            Err(violations.into_error())
        }
    }
}
