//! Units, principals and decisions as the contract has them, and the events that tell of them.

use crate::store::{DecisionRow, Handover, StoredDecision, UnitAt};
use gongdan_bus::{Origin, bucket};
use gongdan_clock::{new_id, stable_id};
use gongdan_outbox::NewEvent;
use gongdan_proto::{
    common::v1::{ActorRef, Origin as PbOrigin, PrincipalKind as PbPrincipalKind},
    routing::v1::{
        self as pb, DecisionEvent, DispatchTarget, PoolTarget, PrincipalEvent, UnitEvent, decision_event,
    },
    to_timestamp,
};
use gongdan_region::RegionCode;
use gongdan_routing_domain::{Principal, PrincipalKind, Target, Unit, UnitKind};
use jiff::Timestamp;
use prost::Message as _;
use uuid::Uuid;

/// A unit for callers and events.
pub fn unit(unit: &Unit, version: i64) -> pb::Unit {
    pb::Unit {
        id: unit.id.clone(),
        name: unit.name.clone(),
        kind: unit_kind(unit.kind).into(),
        parent_id: unit.parent_id.clone().unwrap_or_default(),
        region: unit.region.to_string(),
        valid_from: unit.valid_from.map(to_timestamp),
        valid_to: unit.valid_to.map(to_timestamp),
        version,
        since: None,
        changes_at: None,
    }
}

/// A unit at an instant, for callers.
pub fn unit_at(at: &UnitAt) -> pb::Unit {
    pb::Unit {
        since: at.since.map(to_timestamp),
        changes_at: at.changes_at.map(to_timestamp),
        ..unit(&at.unit, at.version)
    }
}

/// The contract's word for a kind of unit.
pub const fn unit_kind(kind: UnitKind) -> pb::UnitKind {
    match kind {
        UnitKind::Unit => pb::UnitKind::Unit,
        UnitKind::Desk => pb::UnitKind::Desk,
        UnitKind::Group => pb::UnitKind::Group,
        UnitKind::Centre => pb::UnitKind::Centre,
    }
}

/// The domain's word for a kind of unit; `None` for unspecified.
pub const fn from_unit_kind(kind: pb::UnitKind) -> Option<UnitKind> {
    Some(match kind {
        pb::UnitKind::Unspecified => return None,
        pb::UnitKind::Unit => UnitKind::Unit,
        pb::UnitKind::Desk => UnitKind::Desk,
        pb::UnitKind::Group => UnitKind::Group,
        pb::UnitKind::Centre => UnitKind::Centre,
    })
}

/// A principal for callers and events.
pub fn principal(principal: &Principal, version: i64) -> pb::Principal {
    let kind = match principal.kind {
        PrincipalKind::Person => PbPrincipalKind::Person,
        PrincipalKind::Service => PbPrincipalKind::Service,
        PrincipalKind::Citizen => PbPrincipalKind::Citizen,
    };
    pb::Principal {
        id: principal.id.clone(),
        issuer: principal.issuer.clone(),
        subject: principal.subject.clone(),
        name: principal.name.clone(),
        kind: kind.into(),
        roles: principal.roles.clone(),
        unit_ids: principal.unit_ids.clone(),
        regions: principal.regions.iter().map(ToString::to_string).collect(),
        rights: principal.rights.clone(),
        email: principal.email.clone().unwrap_or_default(),
        skills: principal.skills.clone(),
        tier: principal.tier.into(),
        active: principal.active,
        version,
        language: principal.language.clone(),
        customer_id: principal.customer_id.map(|id| id.to_string()).unwrap_or_default(),
        changes_at: None,
    }
}

/// `unit_changed`, once it is so; `since` is when it was to be.
pub fn unit_changed(changed: &Unit, version: i64, since: Timestamp, now: Timestamp) -> NewEvent {
    let id = stable_id("unit", &changed.id);
    let payload = UnitEvent {
        version,
        occurred_at: Some(to_timestamp(since)),
        recorded_at: Some(to_timestamp(now)),
        unit: Some(unit(changed, version)),
    };
    let kind = "unit_changed";
    let subject = gongdan_bus::subject(crate::NAME, kind, changed.region, id);
    let told = event(kind, subject, id, version, now, payload.encode_to_vec());
    NewEvent { occurred_at: since, ..told }
}

/// `principal_changed`, once it is so; `since` is when it was to be. A principal belongs to no one region: its level tokens are
/// `00`.
pub fn principal_changed(changed: &pb::Principal, since: Timestamp, now: Timestamp) -> NewEvent {
    let id = stable_id("principal", &changed.id);
    let payload = PrincipalEvent {
        version: changed.version,
        occurred_at: Some(to_timestamp(since)),
        recorded_at: Some(to_timestamp(now)),
        principal: Some(changed.clone()),
    };
    let subject = format!("{}.v1.principal_changed.00.00.00.{}", crate::NAME, bucket(id));
    let told = event("principal_changed", subject, id, changed.version, now, payload.encode_to_vec());
    NewEvent { occurred_at: since, ..told }
}

/// What `decided` tells of a decision.
#[derive(Debug, Clone, Copy)]
pub struct Telling<'a> {
    id: Uuid,
    ticket_id: Uuid,
    ticket_version: i64,
    region: RegionCode,
    decided_at: Timestamp,
    target: &'a Target,
    mark_sensitive: bool,
    set_priority: i32,
    assisting_unit_ids: &'a [String],
    summary: &'a str,
    handover: Option<&'a Handover>,
}

impl<'a> From<&'a DecisionRow> for Telling<'a> {
    fn from(row: &'a DecisionRow) -> Self {
        Self {
            id: row.id,
            ticket_id: row.ticket_id,
            ticket_version: row.ticket_version,
            region: row.region,
            decided_at: row.decided_at,
            target: &row.decided.target,
            mark_sensitive: row.decided.mark_sensitive,
            set_priority: row.decided.set_priority.into(),
            assisting_unit_ids: &row.decided.assisting_unit_ids,
            summary: &row.decided.summary,
            handover: row.handover.as_ref(),
        }
    }
}

impl<'a> From<&'a StoredDecision> for Telling<'a> {
    fn from(row: &'a StoredDecision) -> Self {
        Self {
            id: row.id,
            ticket_id: row.ticket_id,
            ticket_version: row.ticket_version,
            region: row.region,
            decided_at: row.decided_at,
            target: &row.target,
            mark_sensitive: row.mark_sensitive,
            set_priority: row.set_priority,
            assisting_unit_ids: &row.assisting_unit_ids,
            summary: &row.summary,
            handover: row.handover.as_ref(),
        }
    }
}

/// `decided`; a version above 1 sends the same decision again.
pub fn decided<'a>(decision: impl Into<Telling<'a>>, version: i64, now: Timestamp) -> NewEvent {
    let told = decision.into();
    let target = match told.target {
        Target::Dispatch { .. } => decision_event::Target::Dispatch(dispatch_target(told.target)),
        Target::Pool { .. } => decision_event::Target::Pool(pool_target(told.target)),
    };
    let payload = DecisionEvent {
        decision_id: told.id.to_string(),
        version,
        occurred_at: Some(to_timestamp(told.decided_at)),
        recorded_at: Some(to_timestamp(now)),
        origin: PbOrigin::Live.into(),
        ticket_id: told.ticket_id.to_string(),
        ticket_version: told.ticket_version,
        region: told.region.to_string(),
        target: Some(target),
        mark_sensitive: told.mark_sensitive,
        set_priority: told.set_priority,
        assisting_unit_ids: told.assisting_unit_ids.to_vec(),
        summary: told.summary.to_owned(),
        handover: told.handover.map(|handover| pb::Handover {
            reassignment_id: handover.reassignment_id.to_string(),
            from_person_id: handover.from_person_id.clone(),
            reason: handover.reason.clone(),
            started_by: (!handover.started_by.is_empty()).then(|| ActorRef {
                id: handover.started_by.clone(),
                name: handover.started_by_name.clone(),
                ..ActorRef::default()
            }),
            from_person_name: handover.from_person_name.clone(),
            cause: handover.cause.into(),
        }),
    };
    let subject = gongdan_bus::subject(crate::NAME, "decided", told.region, told.ticket_id);
    event("decided", subject, told.id, version, now, payload.encode_to_vec())
}

/// Where a ticket is dispatched to; empty for a pool.
pub fn dispatch_target(target: &Target) -> DispatchTarget {
    match target {
        Target::Dispatch { unit_id, person_id } => {
            DispatchTarget { unit_id: unit_id.clone(), person_id: person_id.clone().unwrap_or_default() }
        }
        Target::Pool { .. } => DispatchTarget::default(),
    }
}

/// The pool a ticket waits in; empty for a dispatch.
pub fn pool_target(target: &Target) -> PoolTarget {
    match target {
        Target::Pool { unit_id, reason, claim_limit } => PoolTarget {
            unit_id: unit_id.clone().unwrap_or_default(),
            reason: reason.clone(),
            claim_limit: i32::try_from(*claim_limit).unwrap_or(i32::MAX),
        },
        Target::Dispatch { .. } => PoolTarget::default(),
    }
}

fn event(
    kind: &'static str,
    subject: String,
    aggregate_id: Uuid,
    version: i64,
    now: Timestamp,
    payload: Vec<u8>,
) -> NewEvent {
    NewEvent {
        id: new_id(now),
        aggregate_id,
        version,
        kind: kind.into(),
        subject,
        occurred_at: now,
        recorded_at: now,
        origin: Origin::Live,
        payload,
    }
}
