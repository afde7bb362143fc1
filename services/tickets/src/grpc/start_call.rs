//! `CallService.StartCall` (来电弹屏). Source: T35.

use super::{decode::instant, list_calls::presented, lookup_customer::lookup_customer};
use crate::{
    Rooms,
    store::{
        calls::{self, NewCall},
        seal::Handle,
    },
};
use gongdan_access::Caller;
use gongdan_errors::{Error, Reason, Violations};
use gongdan_proto::{
    common::v1::PrincipalKind,
    tickets::v1::{self as pb, lookup_customer_request::Key},
};
use gongdan_tickets_domain::{
    PhoneNumber, PrincipalId,
    groups::call::{CallId, Seat},
    mask_numbers,
};
use jiff::Timestamp;

/// Earlier calls that are told.
const MOST: i64 = 20;

struct Start {
    call: CallId,
    seat: Seat,
    agent: String,
    phone: Option<PhoneNumber>,
    started_at: Timestamp,
}

pub(super) async fn start_call(
    rooms: &Rooms,
    caller: &Caller,
    request: pb::StartCallRequest,
) -> Result<pb::StartCallResponse, Error> {
    let Start { call, seat, agent, phone, started_at } = decode(rooms, caller, request)?;
    let sealer = &rooms.customers.sealer;
    let blinds = phone.as_ref().map(|phone| sealer.blinds(&Handle::Phone(phone.clone()))).unwrap_or_default();
    let customer = match &phone {
        Some(_) => rooms.customers.by_key(&blinds).await?.first().map(|customer| customer.id),
        None => None,
    };
    let given = sealer.given(&blinds);
    let number = phone.as_ref().map(|phone| calls::seal(sealer, call.as_str(), phone)).transpose()?;
    let new = NewCall {
        call_id: call.to_string(),
        seat: seat.as_str().to_owned(),
        agent_id: agent,
        customer_id: customer,
        number,
        blinds: blinds.iter().filter(|blind| given.contains(&blind.version)).cloned().collect(),
        started_at,
    };
    let fresh = calls::insert(&rooms.pool, &new).await?;
    let kept = calls::get(&rooms.pool, call.as_str()).await?;
    let kept = kept.ok_or_else(|| Error::internal("a call that was kept is not there"))?;
    if !fresh && kept.number(sealer)?.is_some_and(|kept| Some(kept) != phone) {
        return Err(Error::already_exists(
            Reason::RequestIdReused,
            "this call_id was used for a call from another number",
        )
        .with("call_id", call));
    }
    gongdan_audit::touched("call", &call);
    let customers = match phone {
        Some(phone) => {
            let key = Some(Key::Phone(phone.as_e164().to_owned()));
            lookup_customer(rooms, caller, pb::LookupCustomerRequest { key, in_clear: false })
                .await?
                .customers
        }
        None => Vec::new(),
    };
    let keys: Vec<Vec<u8>> = blinds.into_iter().map(|blind| blind.key).collect();
    let earlier = calls::unlinked(&rooms.pool, &keys, kept.started_at.to_jiff(), MOST).await?;
    // Whose number it is is told as far as the lookup tells it.
    let told = |call: &calls::Call| {
        let mut call = presented(call, sealer, true, mask_numbers)?;
        if !customers.iter().any(|customer| customer.customer_id == call.customer_id) {
            call.customer_id.clear();
        }
        Ok::<_, Error>(call)
    };
    let call = told(&kept)?;
    let earlier = earlier.iter().map(told).collect::<Result<_, _>>()?;
    Ok(pb::StartCallResponse { call: Some(call), customers, earlier })
}

fn decode(rooms: &Rooms, caller: &Caller, request: pb::StartCallRequest) -> Result<Start, Error> {
    let mut violations = Violations::new();
    let v = &mut violations;
    let call = v.field("call_id", CallId::parse(&request.call_id));
    let seat = v.field("seat", Seat::parse(&request.seat));
    let agent = match request.agent_id.as_str() {
        "" if caller.kind == PrincipalKind::Person => Some(caller.principal_id.clone()),
        "" => Some(String::new()),
        id => v.field("agent_id", PrincipalId::parse(id)).map(|id| id.to_string()),
    };
    let phone = match request.phone.trim() {
        "" => Some(None),
        phone => v.field("phone", PhoneNumber::parse(phone)).map(Some),
    };
    let now = rooms.clock.now();
    let started_at = instant("started_at", request.started_at, v).unwrap_or(now);
    if started_at > now + jiff::SignedDuration::from_mins(10) {
        v.add("started_at", "not in the future by more than 10 minutes");
    }
    match (call, seat, agent, phone, violations.is_empty()) {
        (Some(call), Some(seat), Some(agent), Some(phone), true) => {
            Ok(Start { call, seat, agent, phone, started_at })
        }
        _ => Err(violations.into_error()),
    }
}
