//! A ticket's life as the events of its owners.

use gongdan_bus::{Event, Origin, subject};
use gongdan_clock::new_id;
use gongdan_proto::{
    callback::v1::{self as callback, CallbackEvent, CallbackResult, CallbackTask},
    common::v1::Origin as PbOrigin,
    routing::v1::{Unit, UnitEvent},
    sla::v1::{self as sla, Clock, ClockEvent, ClockKind},
    tickets::v1::{self as pb, Phase, Ticket, TicketEvent, TicketType, ticket_event::Change},
    to_timestamp,
};
use gongdan_region::RegionCode;
use jiff::{SignedDuration, Timestamp};
use prost::Message;
use uuid::Uuid;

pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// One ticket, its clocks and callbacks, told event by event.
#[derive(Clone)]
pub struct Story {
    ticket: Ticket,
    id: Uuid,
    region: RegionCode,
    version: i64,
    clocks: Vec<(Uuid, Clock)>,
    origin: Origin,
    pub tickets: Vec<Event>,
    pub sla: Vec<Event>,
    pub callback: Vec<Event>,
}

impl Story {
    /// A complaint that somebody is about to send.
    pub fn about(region: &str, received_at: Timestamp) -> Self {
        let id = new_id(received_at);
        let region = RegionCode::parse(region).unwrap();
        let ticket = Ticket {
            id: id.to_string(),
            round: 1,
            r#type: TicketType::Complaint.into(),
            item: "城乡建设/安全生产".into(),
            region: region.to_string(),
            received_at: Some(to_timestamp(received_at)),
            ..Ticket::default()
        };
        let (tickets, sla, callback) = (Vec::new(), Vec::new(), Vec::new());
        Self {
            ticket,
            id,
            region,
            version: 0,
            clocks: Vec::new(),
            origin: Origin::Live,
            tickets,
            sla,
            callback,
        }
    }

    pub fn item(mut self, item: &str) -> Self {
        self.ticket.item = item.into();
        self
    }

    pub fn sensitive(mut self) -> Self {
        self.ticket.sensitive = true;
        self
    }

    /// Another unit takes part.
    pub fn with_part(mut self, unit: &str) -> Self {
        self.ticket.participant_unit_ids.push(unit.into());
        self
    }

    pub fn imported(mut self) -> Self {
        self.origin = Origin::Import;
        self
    }

    /// All events, owner by owner.
    pub fn all(&self) -> Vec<Event> {
        [&self.tickets[..], &self.sla[..], &self.callback[..]].concat()
    }

    fn act(&mut self, when: Timestamp, phase: Phase, kind: &str, change: Change) {
        let from = self.ticket.phase;
        self.version += 1;
        self.ticket.phase = phase.into();
        self.ticket.version = self.version;
        let message = TicketEvent {
            ticket_id: self.id.to_string(),
            version: self.version,
            occurred_at: Some(to_timestamp(when)),
            recorded_at: Some(to_timestamp(when)),
            origin: PbOrigin::Live.into(),
            from_phase: from,
            state: Some(self.ticket.clone()),
            change: Some(change),
            ..TicketEvent::default()
        };
        let event = self.event("tickets", kind, self.id, self.version, when, message.encode_to_vec());
        self.tickets.push(event);
    }

    fn event(
        &self,
        source: &str,
        kind: &str,
        id: Uuid,
        version: i64,
        when: Timestamp,
        payload: Vec<u8>,
    ) -> Event {
        Event {
            id: new_id(when),
            source: source.into(),
            kind: kind.into(),
            aggregate_id: id,
            version,
            occurred_at: when,
            recorded_at: when,
            origin: self.origin,
            subject: subject(source, kind, self.region, self.id),
            traceparent: None,
            payload: payload.into(),
        }
    }

    pub fn saved(mut self, when: Timestamp) -> Self {
        self.act(when, Phase::Draft, "saved", Change::Saved(pb::Saved {}));
        self
    }

    /// 提交; the handling clock starts.
    pub fn submitted(mut self, when: Timestamp, due: Timestamp) -> Self {
        self.act(when, Phase::PendingDispatch, "submitted", Change::Submitted(pb::Submitted::default()));
        self.clock(when, due);
        self
    }

    pub fn dispatched(mut self, when: Timestamp, unit: &str) -> Self {
        self.ticket.lead_unit_id = unit.into();
        self.ticket.first_dispatched_at.get_or_insert(to_timestamp(when));
        let change = pb::Dispatched { unit_id: unit.into(), ..pb::Dispatched::default() };
        self.act(when, Phase::Dispatched, "dispatched", Change::Dispatched(change));
        self
    }

    pub fn accepted(mut self, when: Timestamp) -> Self {
        self.act(when, Phase::InProgress, "accepted", Change::Accepted(pb::Accepted {}));
        self
    }

    pub fn transferred(mut self, when: Timestamp, to: &str) -> Self {
        let from_unit_id = std::mem::replace(&mut self.ticket.lead_unit_id, to.into());
        let change = pb::Transferred { from_unit_id, to_unit_id: to.into(), ..pb::Transferred::default() };
        self.act(when, Phase::Dispatched, "transferred", Change::Transferred(change));
        self
    }

    /// From a claim pool.
    pub fn claimed(mut self, when: Timestamp, by: &str) -> Self {
        self.ticket.lead_unit_id = by.into();
        let change = pb::Claimed { unit_id: by.into() };
        self.act(when, Phase::InProgress, "claimed", Change::Claimed(change));
        self
    }

    /// Within its unit, as routing decided.
    pub fn handed_over(mut self, when: Timestamp, to: &str) -> Self {
        let unit = self.ticket.lead_unit_id.clone();
        let change = pb::Transferred {
            from_unit_id: unit.clone(),
            to_unit_id: unit,
            to_person_id: to.into(),
            decision_id: new_id(when).to_string(),
            ..pb::Transferred::default()
        };
        let phase = Phase::try_from(self.ticket.phase).unwrap();
        self.act(when, phase, "transferred", Change::Transferred(change));
        self
    }

    /// Into the claim pool it was taken from.
    pub fn put_back(mut self, when: Timestamp) -> Self {
        let unit_id = std::mem::take(&mut self.ticket.lead_unit_id);
        let change = pb::Returned { unit_id, reason: "排错了".into(), to_pool: true };
        self.act(when, Phase::PendingDispatch, "returned", Change::Returned(change));
        self
    }

    pub fn returned(mut self, when: Timestamp) -> Self {
        let unit_id = std::mem::take(&mut self.ticket.lead_unit_id);
        let change = pb::Returned { unit_id, reason: "不属于本部门职责".into(), to_pool: false };
        self.act(when, Phase::PendingDispatch, "returned", Change::Returned(change));
        self
    }

    pub fn urged(mut self, when: Timestamp) -> Self {
        let phase = Phase::try_from(self.ticket.phase).unwrap();
        self.act(when, phase, "urged", Change::Urged(pb::Urged::default()));
        self
    }

    pub fn cancelled(mut self, when: Timestamp) -> Self {
        self.act(when, Phase::Cancelled, "cancelled", Change::Cancelled(pb::Cancelled::default()));
        self
    }

    /// 办结; the handling clock stops after so many working seconds.
    pub fn resolved(mut self, when: Timestamp, working: i64) -> Self {
        self.ticket.resolved_at = Some(to_timestamp(when));
        self.act(when, Phase::Resolved, "resolved", Change::Resolved(pb::Resolved::default()));
        let (id, mut clock) = self.clocks.last().unwrap().clone();
        clock.version += 1;
        clock.stopped_at = Some(to_timestamp(when));
        clock.handling_working_seconds = working;
        let due = gongdan_proto::from_timestamp(&clock.due_at.unwrap()).unwrap();
        let change = sla::clock_event::Change::Stopped(sla::ClockStopped { on_time: when <= due });
        self.clock_event(id, clock, when, "stopped", change);
        self
    }

    /// 直接答复: answered at intake and closed.
    pub fn answered(mut self, when: Timestamp) -> Self {
        self.ticket.first_contact = true;
        self.ticket.resolved_at = Some(to_timestamp(when));
        self.act(when, Phase::Closed, "answered", Change::Answered(pb::Answered::default()));
        self
    }

    /// 隔离区
    pub fn quarantined(mut self, when: Timestamp) -> Self {
        self.act(when, Phase::Quarantined, "quarantined", Change::Quarantined(pb::Quarantined::default()));
        self
    }

    /// 审核: neither asking nor signing resolves it.
    pub fn reviewed(mut self, when: Timestamp) -> Self {
        let (asked, signed) = (pb::ReviewSubmitted::default(), pb::ReviewApproved::default());
        self.act(when, Phase::InReview, "review_submitted", Change::ReviewSubmitted(asked));
        self.act(when, Phase::InReview, "review_approved", Change::ReviewApproved(signed));
        self
    }

    /// 重复件
    pub fn repeating(mut self, when: Timestamp) -> Self {
        let link = pb::TicketLink { kind: pb::LinkKind::RepeatOf.into(), ..pb::TicketLink::default() };
        self.ticket.links.push(link.clone());
        let phase = Phase::try_from(self.ticket.phase).unwrap();
        let linked = pb::Linked { link: Some(link), ..pb::Linked::default() };
        self.act(when, phase, "linked", Change::Linked(linked));
        self
    }

    /// 合并
    pub fn merged(mut self, when: Timestamp) -> Self {
        self.ticket.merged_into_id = Uuid::from_u128(1).to_string();
        self.act(when, Phase::Closed, "merged", Change::Merged(pb::Merged::default()));
        self
    }

    /// As it was before the merge.
    pub fn merge_undone(mut self, when: Timestamp, phase: Phase) -> Self {
        self.ticket.merged_into_id.clear();
        self.act(when, phase, "merge_undone", Change::MergeUndone(pb::MergeUndone::default()));
        self
    }

    /// 差错工单
    pub fn quality_error(mut self, when: Timestamp, error: Uuid, unit: &str) -> Self {
        let phase = Phase::try_from(self.ticket.phase).unwrap();
        let (quality_error_id, unit_id) = (error.to_string(), unit.to_owned());
        let marked = pb::QualityErrorMarked { quality_error_id, unit_id, ..Default::default() };
        self.act(when, phase, "quality_error_marked", Change::QualityErrorMarked(marked));
        self
    }

    pub fn quality_error_withdrawn(mut self, when: Timestamp, error: Uuid) -> Self {
        let phase = Phase::try_from(self.ticket.phase).unwrap();
        let withdrawn =
            pb::QualityErrorWithdrawn { quality_error_id: error.to_string(), ..Default::default() };
        self.act(when, phase, "quality_error_withdrawn", Change::QualityErrorWithdrawn(withdrawn));
        self
    }

    /// What is personal goes; of what was never submitted too.
    pub fn erased(mut self, when: Timestamp) -> Self {
        let phase = Phase::try_from(self.ticket.phase).unwrap();
        self.act(when, phase, "erased", Change::Erased(pb::Erased::default()));
        self
    }

    /// Whatever else there is.
    pub fn did(mut self, when: Timestamp, change: Change) -> Self {
        let (phase, name) = (Phase::try_from(self.ticket.phase).unwrap(), change.name());
        self.act(when, phase, name, change);
        self
    }

    pub fn closed(mut self, when: Timestamp) -> Self {
        self.act(when, Phase::Closed, "closed", Change::Closed(pb::Closed::default()));
        self
    }

    /// 重办; a new handling clock starts.
    pub fn reopened(mut self, when: Timestamp, due: Timestamp) -> Self {
        let from_round = self.ticket.round;
        self.ticket.round += 1;
        self.ticket.lead_unit_id.clear();
        self.ticket.first_dispatched_at = None;
        self.ticket.resolved_at = None;
        let change = pb::Reopened { from_round, ..pb::Reopened::default() };
        self.act(when, Phase::PendingDispatch, "reopened", Change::Reopened(change));
        self.clock(when, due);
        self
    }

    /// 回访
    pub fn called_back(mut self, when: Timestamp, contacted: bool, solved: bool, satisfied: bool) -> Self {
        let id = new_id(when);
        for version in 1..=2 {
            let task = CallbackTask {
                id: id.to_string(),
                ticket_id: self.id.to_string(),
                round: self.ticket.round,
                version,
                result: (version == 2).then_some(CallbackResult { contacted, solved, satisfied }),
                ..CallbackTask::default()
            };
            let (kind, change) = if version == 1 {
                ("opened", callback::callback_event::Change::Opened(callback::TaskOpened {}))
            } else {
                ("completed", callback::callback_event::Change::Completed(callback::TaskCompleted {}))
            };
            let message = CallbackEvent {
                task_id: id.to_string(),
                version,
                state: Some(task),
                change: Some(change),
                ..CallbackEvent::default()
            };
            let event = self.event("callback", kind, id, version, when, message.encode_to_vec());
            self.callback.push(event);
        }
        self
    }

    fn clock(&mut self, when: Timestamp, due: Timestamp) {
        // A clock of another kind, which does not count.
        for kind in [ClockKind::Dispatch, ClockKind::Handling] {
            let id = new_id(when);
            let due = if kind == ClockKind::Handling { due } else { when + SignedDuration::from_hours(1) };
            let clock = Clock {
                id: id.to_string(),
                ticket_id: self.id.to_string(),
                round: self.ticket.round,
                kind: kind.into(),
                version: 1,
                started_at: Some(to_timestamp(when)),
                due_at: Some(to_timestamp(due)),
                ..Clock::default()
            };
            self.clocks.push((id, clock.clone()));
            let change = sla::clock_event::Change::Started(sla::ClockStarted {});
            self.clock_event(id, clock, when, "started", change);
        }
    }

    fn clock_event(
        &mut self,
        id: Uuid,
        clock: Clock,
        when: Timestamp,
        kind: &str,
        change: sla::clock_event::Change,
    ) {
        let version = clock.version;
        let message = ClockEvent {
            clock_id: id.to_string(),
            version,
            state: Some(clock),
            change: Some(change),
            ..ClockEvent::default()
        };
        let event = self.event("sla", kind, id, version, when, message.encode_to_vec());
        self.sla.push(event);
    }
}

/// `routing.v1.unit_changed`
pub fn unit(id: &str, name: &str, version: i64) -> Event {
    let message = UnitEvent {
        version,
        unit: Some(Unit { id: id.into(), name: name.into(), version, ..Unit::default() }),
        ..UnitEvent::default()
    };
    let aggregate_id = gongdan_clock::stable_id("unit", id);
    let when = at("2026-10-01T00:00:00Z");
    Event {
        id: new_id(when),
        source: "routing".into(),
        kind: "unit_changed".into(),
        aggregate_id,
        version,
        occurred_at: when,
        recorded_at: when,
        origin: Origin::Live,
        subject: subject("routing", "unit_changed", RegionCode::parse("44").unwrap(), aggregate_id),
        traceparent: None,
        payload: message.encode_to_vec().into(),
    }
}
