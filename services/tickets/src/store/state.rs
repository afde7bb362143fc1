//! The ticket of the domain and the `Ticket` of the contract: what `tickets.state` and every event carry.

use super::records;
use gongdan_proto::{
    common::v1::ActorRef,
    from_timestamp,
    tickets::v1::{
        ClaimedFrom as PbClaimedFrom, DataClass, Doer as PbDoer, Resolution as PbResolution,
        Ticket as PbTicket,
    },
    to_timestamp,
};
use gongdan_region::RegionCode;
use gongdan_tickets_domain::{
    Actor, CloseReason, Doer, External, ExternalId, ExternalSource, Outcome, Personal, Pool, PrincipalId,
    PrincipalKind, Resolution, Ticket, UnitId, UrgeLevel, mask_numbers,
};
use jiff::Timestamp;
use prost::Message as _;
use uuid::Uuid;

/// What is stored is not a ticket: our fault or a damaged row.
#[derive(Debug, thiserror::Error)]
#[error("stored ticket: {0}")]
pub(crate) struct InvalidState(String);

/// The state for events and rows: without subject, body, contact and free texts of the resolution; numbers in what
/// people wrote are masked.
pub(crate) fn to_pb(ticket: &Ticket) -> PbTicket {
    let time = |at: Option<Timestamp>| at.map(to_timestamp);
    let names = |units: &[UnitId]| units.iter().map(ToString::to_string).collect();
    let mut pb = PbTicket {
        id: ticket.id.to_string(),
        number: ticket.number.clone(),
        etag: ticket.version.to_string(),
        version: ticket.version,
        phase: ticket.phase.number(),
        round: ticket.round,
        r#type: ticket.kind.number(),
        item: ticket.item.clone(),
        catalogue_version: ticket.catalogue_version,
        subject: String::new(),
        body: String::new(),
        region: ticket.region.to_string(),
        channel: ticket.channel.number(),
        urgency: ticket.urgency.number(),
        impact: ticket.impact.number(),
        priority: ticket.priority.number(),
        priority_matrix_version: ticket.priority_matrix_version,
        priority_reason: mask_numbers(&ticket.priority_reason),
        customer_id: text(ticket.customer_id.as_ref()),
        sensitive: ticket.sensitive,
        confidential: ticket.confidential,
        contact_in_clear: None,
        erased: classes(ticket.erased).collect(),
        origin: ticket.origin.number(),
        external_id: ticket.external.as_ref().map(|e| e.id.as_str().to_owned()).unwrap_or_default(),
        external_source: ticket.external.as_ref().map(|e| e.source.to_string()).unwrap_or_default(),
        lead_unit_id: text(ticket.lead_unit.as_ref()),
        handler_id: text(ticket.handler.as_ref()),
        decision_id: text(ticket.decision_id.as_ref()),
        pool_reason: ticket.pool.as_ref().map(|p| p.reason.clone()).unwrap_or_default(),
        pool_unit_id: text(ticket.pool.as_ref().and_then(|p| p.unit.as_ref())),
        returned_by_unit_ids: names(&ticket.returned_by),
        return_count: ticket.return_count,
        arbitration: ticket.arbitration,
        transfer_count: ticket.transfer_count,
        urge_count: ticket.urge_count,
        last_urged_at: time(ticket.last_urged_at),
        resolution: ticket.resolution.as_ref().map(resolution),
        cancel_reason: mask_numbers(&ticket.cancel_reason),
        received_at: time(Some(ticket.received_at)),
        submitted_at: time(ticket.submitted_at),
        first_dispatched_at: time(ticket.first_dispatched_at),
        accepted_at: time(ticket.accepted_at),
        resolved_at: time(ticket.resolved_at),
        closed_at: time(ticket.closed_at),
        pool_claim_limit: ticket.pool.as_ref().map_or(0, claim_limit),
        claimed_from: ticket.claimed_from.as_ref().map(claimed_from),
        put_back_by_ids: ticket.put_back_by.iter().map(ToString::to_string).collect(),
        participant_unit_ids: names(&ticket.participants),
        doers: ticket.doers.iter().map(doer).collect(),
        sla_policy: ticket.sla_policy.clone(),
        created_by: Some(actor_ref(&ticket.created_by)),
        contact: None,
        tier: ticket.tier,
        close_reason: ticket.close_reason.map_or(0, CloseReason::number),
        item_path: ticket.item_path.clone(),
        urge_told_at: time(ticket.urge_told_at),
        urge_level: ticket.urge_level.map_or(0, UrgeLevel::number),
        pending_version: ticket.pending_version,
        chain: ticket.chain.clone(),
        ..PbTicket::default()
    };
    records::put(&ticket.groups, &mut pb);
    pb
}

/// The contract's words for classes of what is personal.
pub(crate) fn classes(what: Personal) -> impl Iterator<Item = i32> {
    let contact = what.contact.then_some(DataClass::Contact);
    contact.into_iter().chain(what.texts.then_some(DataClass::Texts)).map(Into::into)
}

/// How events and states keep who acted.
pub(crate) fn actor_ref(actor: &Actor) -> ActorRef {
    ActorRef {
        id: actor.id.to_string(),
        name: actor.name.clone(),
        kind: actor.kind.number(),
        unit_ids: actor.unit_ids.iter().map(ToString::to_string).collect(),
    }
}

/// The ticket of a stored state.
///
/// # Errors
/// When the bytes are no ticket of this contract.
pub(crate) fn decode(bytes: &[u8]) -> Result<Ticket, InvalidState> {
    let pb = PbTicket::decode(bytes).map_err(|e| InvalidState(e.to_string()))?;
    from_pb(pb)
}

pub(crate) fn from_pb(mut pb: PbTicket) -> Result<Ticket, InvalidState> {
    let groups = records::take(&mut pb)?;
    let region = RegionCode::parse(&pb.region).map_err(|e| invalid("region", e))?;
    let waits_in = (!pb.pool_reason.is_empty() || !pb.pool_unit_id.is_empty())
        .then(|| pool(&pb.pool_unit_id, pb.pool_reason, pb.pool_claim_limit))
        .transpose()?;
    let claimed = pb.claimed_from.map(|from| pool(&from.unit_id, from.reason, from.claim_limit));
    let external = (!pb.external_source.is_empty())
        .then(|| {
            Ok(External {
                source: ExternalSource::parse(&pb.external_source)
                    .map_err(|e| invalid("external_source", e))?,
                id: ExternalId::parse(&pb.external_id).map_err(|e| invalid("external_id", e))?,
            })
        })
        .transpose()?;
    Ok(Ticket {
        id: Uuid::parse_str(&pb.id).map_err(|e| invalid("id", e))?,
        number: pb.number,
        version: pb.version,
        phase: known("phase", gongdan_tickets_domain::Phase::from_number(pb.phase))?,
        round: pb.round,
        kind: known("type", gongdan_tickets_domain::TicketType::from_number(pb.r#type))?,
        item: pb.item,
        item_path: pb.item_path,
        catalogue_version: pb.catalogue_version,
        region,
        channel: known("channel", gongdan_tickets_domain::Channel::from_number(pb.channel))?,
        urgency: known("urgency", gongdan_tickets_domain::Urgency::from_number(pb.urgency))?,
        impact: known("impact", gongdan_tickets_domain::Impact::from_number(pb.impact))?,
        priority: known("priority", gongdan_tickets_domain::Priority::from_number(pb.priority))?,
        priority_matrix_version: pb.priority_matrix_version,
        priority_reason: pb.priority_reason,
        customer_id: uuid("customer_id", &pb.customer_id)?,
        sensitive: pb.sensitive,
        confidential: pb.confidential,
        origin: known("origin", gongdan_tickets_domain::Origin::from_number(pb.origin))?,
        external,
        lead_unit: unit("lead_unit_id", &pb.lead_unit_id)?,
        handler: (!pb.handler_id.is_empty())
            .then(|| PrincipalId::parse(&pb.handler_id).map_err(|e| invalid("handler_id", e)))
            .transpose()?,
        decision_id: uuid("decision_id", &pb.decision_id)?,
        pool: waits_in,
        claimed_from: claimed.transpose()?,
        put_back_by: pb
            .put_back_by_ids
            .iter()
            .map(|id| PrincipalId::parse(id).map_err(|e| invalid("put_back_by_ids", e)))
            .collect::<Result<_, _>>()?,
        returned_by: units("returned_by_unit_ids", &pb.returned_by_unit_ids)?,
        return_count: pb.return_count,
        arbitration: pb.arbitration,
        transfer_count: pb.transfer_count,
        urge_count: pb.urge_count,
        last_urged_at: time("last_urged_at", pb.last_urged_at)?,
        urge_told_at: time("urge_told_at", pb.urge_told_at)?,
        urge_level: UrgeLevel::from_number(pb.urge_level),
        pending_version: pb.pending_version,
        resolution: pb.resolution.map(decode_resolution).transpose()?,
        cancel_reason: pb.cancel_reason,
        received_at: known("received_at", time("received_at", pb.received_at)?)?,
        submitted_at: time("submitted_at", pb.submitted_at)?,
        first_dispatched_at: time("first_dispatched_at", pb.first_dispatched_at)?,
        accepted_at: time("accepted_at", pb.accepted_at)?,
        resolved_at: time("resolved_at", pb.resolved_at)?,
        closed_at: time("closed_at", pb.closed_at)?,
        close_reason: CloseReason::from_number(pb.close_reason),
        participants: units("participant_unit_ids", &pb.participant_unit_ids)?,
        doers: pb.doers.iter().map(decode_doer).collect::<Result<_, _>>()?,
        sla_policy: pb.sla_policy,
        created_by: actor("created_by", known("created_by", pb.created_by)?)?,
        tier: pb.tier,
        erased: Personal {
            contact: pb.erased.contains(&DataClass::Contact.into()),
            texts: pb.erased.contains(&DataClass::Texts.into()),
        },
        groups,
        chain: pb.chain,
    })
}

fn claim_limit(pool: &Pool) -> i32 {
    i32::try_from(pool.claim_limit).unwrap_or(i32::MAX)
}

fn claimed_from(pool: &Pool) -> PbClaimedFrom {
    PbClaimedFrom {
        unit_id: text(pool.unit.as_ref()),
        reason: pool.reason.clone(),
        claim_limit: claim_limit(pool),
    }
}

fn pool(unit_id: &str, reason: String, claim_limit: i32) -> Result<Pool, InvalidState> {
    let claim_limit = u32::try_from(claim_limit).map_err(|e| invalid("claim_limit", e))?;
    Ok(Pool { unit: unit("pool_unit_id", unit_id)?, reason, claim_limit })
}

fn doer(doer: &Doer) -> PbDoer {
    PbDoer {
        person_id: doer.person.to_string(),
        unit_id: text(doer.unit.as_ref()),
        only_tracked: doer.only_tracked,
    }
}

fn decode_doer(pb: &PbDoer) -> Result<Doer, InvalidState> {
    Ok(Doer {
        person: PrincipalId::parse(&pb.person_id).map_err(|e| invalid("doers.person_id", e))?,
        unit: unit("doers.unit_id", &pb.unit_id)?,
        only_tracked: pb.only_tracked,
    })
}

fn resolution(resolution: &Resolution) -> PbResolution {
    PbResolution {
        outcome: resolution.outcome.number(),
        responsible_unit_id: text(resolution.responsible_unit.as_ref()),
        resolved_by: Some(actor_ref(&resolution.resolved_by)),
        ..PbResolution::default()
    }
}

fn decode_resolution(pb: PbResolution) -> Result<Resolution, InvalidState> {
    Ok(Resolution {
        outcome: known("resolution.outcome", Outcome::from_number(pb.outcome))?,
        responsible_unit: unit("resolution.responsible_unit_id", &pb.responsible_unit_id)?,
        resolved_by: actor("resolution.resolved_by", known("resolution.resolved_by", pb.resolved_by)?)?,
    })
}

pub(crate) fn actor(field: &str, pb: ActorRef) -> Result<Actor, InvalidState> {
    let kind = known(field, PrincipalKind::from_number(pb.kind))?;
    if kind == PrincipalKind::Citizen && pb.id.is_empty() {
        return Ok(Actor::somebody(kind));
    }
    Ok(Actor {
        id: PrincipalId::parse(&pb.id).map_err(|e| invalid(field, e))?,
        name: pb.name,
        kind,
        any_unit: false,
        unit_ids: units(field, &pb.unit_ids)?,
    })
}

pub(super) fn text(value: Option<&impl ToString>) -> String {
    value.map(ToString::to_string).unwrap_or_default()
}

pub(crate) fn invalid(field: &str, why: impl std::fmt::Display) -> InvalidState {
    InvalidState(format!("{field}: {why}"))
}

pub(crate) fn known<T>(field: &str, value: Option<T>) -> Result<T, InvalidState> {
    value.ok_or_else(|| invalid(field, "missing or unknown"))
}

pub(crate) fn time(
    field: &str,
    at: Option<prost_types::Timestamp>,
) -> Result<Option<Timestamp>, InvalidState> {
    at.map(|at| from_timestamp(&at).map_err(|e| invalid(field, e))).transpose()
}

pub(crate) fn uuid(field: &str, id: &str) -> Result<Option<Uuid>, InvalidState> {
    if id.is_empty() { Ok(None) } else { Uuid::parse_str(id).map(Some).map_err(|e| invalid(field, e)) }
}

pub(crate) fn unit(field: &str, id: &str) -> Result<Option<UnitId>, InvalidState> {
    if id.is_empty() { Ok(None) } else { UnitId::parse(id).map(Some).map_err(|e| invalid(field, e)) }
}

fn units(field: &str, ids: &[String]) -> Result<Vec<UnitId>, InvalidState> {
    ids.iter().map(|id| UnitId::parse(id).map_err(|e| invalid(field, e))).collect()
}
