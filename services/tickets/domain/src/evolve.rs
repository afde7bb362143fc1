//! The only place where a ticket changes: what each event does to it.

use crate::{
    actor::Actor,
    acts::erase::{ERASED, Personal},
    change::{Change, Event, Marks},
    names::UnitId,
    ticket::{Pool, Resolution, Ticket},
    vocabulary::{Origin, Phase},
};

impl Ticket {
    /// Applies an event that an act made. Folding a ticket's events over its first state gives the ticket.
    pub fn evolve(&mut self, event: &Event) {
        let at = event.occurred_at;
        self.version = event.version;
        // While it is worked on people write about it again, also after all that was written is gone.
        if !self.phase.is_over() && !matches!(event.change, Change::Erased { .. }) {
            self.erased.texts = false;
        }
        if let Some(place) = &event.place {
            self.groups.workflow.place = Some(place.clone());
        }
        match &event.change {
            Change::Saved => self.phase = Phase::Draft,
            Change::Amended(amendment) => self.evolve_draft(amendment),
            Change::Submitted => {
                self.submitted_at = Some(at);
                self.pend();
            }
            Change::Dispatched { unit, person, decision, marks, .. } => {
                self.phase = Phase::Dispatched;
                self.hold(unit);
                self.handler = person.clone();
                self.decision_id = *decision;
                self.first_dispatched_at.get_or_insert(at);
                self.mark(*marks);
            }
            Change::Pooled { decision, unit, marks, reason, claim_limit } => {
                self.decision_id = *decision;
                self.pool =
                    Some(Pool { unit: unit.clone(), reason: reason.clone(), claim_limit: *claim_limit });
                self.mark(*marks);
            }
            Change::DecisionRefused { .. } => {}
            Change::Accepted { handler } => {
                self.phase = Phase::InProgress;
                self.handler = handler.clone();
                self.accepted_at = Some(at);
            }
            Change::Claimed { unit, handler } => {
                self.phase = Phase::InProgress;
                let from = self.pool.take();
                self.hold(unit);
                self.claimed_from = from;
                self.handler = handler.clone();
                self.first_dispatched_at.get_or_insert(at);
                self.accepted_at = Some(at);
            }
            Change::Returned { to_pool: true, .. } => {
                let by = self.handler.take();
                self.put_back_by.extend(by.filter(|by| !self.put_back_by.contains(by)));
                self.release();
                self.pend();
            }
            Change::Returned { unit, arbitration, .. } => {
                self.returned_by.push(unit.clone());
                self.return_count += 1;
                self.arbitration = *arbitration;
                self.release();
                self.pend();
            }
            // Somebody else of the unit goes on with it: how far it got stays, and the unit has accepted it already. But
            // what nobody works on any more has to be accepted anew.
            Change::Transferred { to, person, decision: Some(decision), .. } => {
                if person.is_none() && self.phase == Phase::InProgress {
                    self.phase = Phase::Dispatched;
                    self.accepted_at = None;
                }
                self.hold(to);
                self.handler = person.clone();
                self.decision_id = Some(*decision);
            }
            Change::Transferred { to, person, decision: None, .. } => {
                self.phase = Phase::Dispatched;
                self.hold(to);
                self.handler = person.clone();
                self.decision_id = None;
                self.accepted_at = None;
                self.transfer_count += 1;
            }
            Change::Resolved { outcome, responsible_unit, .. } => {
                self.phase = Phase::Resolved;
                self.resolved_at = Some(at);
                self.resolution = Some(Resolution {
                    outcome: *outcome,
                    responsible_unit: responsible_unit.clone(),
                    resolved_by: self.proposer().unwrap_or(&event.actor).clone(),
                });
            }
            Change::CallbackOpened { .. } => self.phase = Phase::InCallback,
            Change::Closed { reason, .. } => {
                self.phase = Phase::Closed;
                self.closed_at = Some(at);
                self.close_reason = Some(*reason);
            }
            Change::Reopened { same_unit, .. } => self.next_round(event, *same_unit),
            Change::Cancelled { reason } => {
                self.groups.quarantine.until = None;
                self.phase = Phase::Cancelled;
                self.closed_at = Some(at);
                self.cancel_reason = reason.as_str().to_owned();
                self.groups.directives.lapse(at);
                self.pool = None;
                self.arbitration = false;
            }
            Change::Urged { told, .. } => {
                self.urge_count += 1;
                self.last_urged_at = Some(at);
                if told.is_some() {
                    self.urge_told_at = Some(at);
                    self.urge_level = *told;
                }
            }
            Change::Erased { what, .. } => self.forget(*what),
            Change::Answer(change) => self.evolve_answer(event, change),
            Change::Assist(change) => self.evolve_assist(event, change),
            Change::Attachment(change) => self.evolve_attachment(event, change),
            Change::Call(change) => self.evolve_call(event, change),
            Change::Circulation(change) => self.evolve_circulation(event, change),
            Change::Directive(change) => self.evolve_directive(event, change),
            Change::Escalation(change) => self.evolve_escalation(event, change),
            Change::Extension(change) => self.evolve_extension(event, change),
            Change::Handoff(change) => self.evolve_handoff(event, change),
            Change::Links(change) => self.evolve_links(event, change),
            Change::Place(change) => self.evolve_place(event, change),
            Change::Quality(change) => self.evolve_quality(event, change),
            Change::Quarantine(change) => self.evolve_quarantine(event, change),
            Change::Review(change) => self.evolve_review(event, change),
            Change::Suspension(change) => self.evolve_suspension(event, change),
            Change::Track(change) => self.evolve_track(event, change),
            Change::Visit(change) => self.evolve_visit(event, change),
            Change::Workflow(change) => self.evolve_workflow(event, change),
        }
        self.settle(event);
        // A merge and its undoing leave no trace but in the timeline: whoever does them did nothing with the ticket.
        let merging = matches!(&event.change, Change::Links(change) if change.is_of_merge());
        if event.origin == Origin::Live && !merging && !matches!(event.change, Change::Erased { .. }) {
            self.done_by(&event.actor, matches!(event.change, Change::Track(_)));
        }
    }

    /// What was asked for is over when the ticket has moved on. A merge leaves it as it is, whatever happens after it:
    /// undoing it brings it back.
    fn settle(&mut self, event: &Event) {
        let merged = self.groups.links.merged_into().is_some();
        if merged || matches!(event.change, Change::Links(_)) {
            return;
        }
        self.groups.suspensions.settle(self.phase, event.occurred_at);
        self.groups.extensions.settle(self.phase);
        self.groups.assists.settle(self.phase, event);
        self.lapse_review();
    }

    /// What is personal is gone.
    fn forget(&mut self, what: Personal) {
        self.erased = self.erased.and(what);
        if what.contact {
            self.customer_id = None;
            self.groups.place.forget();
            self.created_by.forget_citizen();
            if let Some(resolution) = &mut self.resolution {
                resolution.resolved_by.forget_citizen();
            }
            self.groups.actors().for_each(Actor::forget_citizen);
        }
        if what.texts {
            self.groups.attachments.forget();
            for text in [&mut self.cancel_reason, &mut self.priority_reason] {
                if !text.is_empty() {
                    ERASED.clone_into(text);
                }
            }
        }
    }

    /// Begins to wait for a dispatch.
    pub(crate) fn pend(&mut self) {
        self.phase = Phase::PendingDispatch;
        self.pending_version = self.version;
    }

    /// `unit` holds it from now on.
    pub(crate) fn hold(&mut self, unit: &UnitId) {
        self.urge_anew();
        self.lead_unit = Some(unit.clone());
        if !self.participants.contains(unit) {
            self.participants.push(unit.clone());
        }
        self.pool = None;
        self.claimed_from = None;
        self.arbitration = false;
    }

    /// Nobody holds it any more.
    pub(crate) fn release(&mut self) {
        self.urge_anew();
        self.lead_unit = None;
        self.handler = None;
        self.claimed_from = None;
        self.decision_id = None;
        self.accepted_at = None;
    }

    /// Somebody else has it from now on, or a new round begins: whoever that is has not been told of any urge.
    fn urge_anew(&mut self) {
        self.urge_level = None;
        self.urge_told_at = None;
    }

    fn mark(&mut self, marks: Marks) {
        self.sensitive |= marks.sensitive;
        if let Some(priority) = marks.priority {
            self.priority = priority;
            self.priority_matrix_version = 0;
        }
    }

    fn next_round(&mut self, event: &Event, same_unit: bool) {
        self.round += 1;
        self.resolution = None;
        self.resolved_at = None;
        self.closed_at = None;
        self.close_reason = None;
        self.returned_by.clear();
        self.put_back_by.clear();
        self.urge_anew();
        // People write about it again.
        self.erased.texts = false;
        if same_unit {
            self.phase = Phase::InProgress;
            self.first_dispatched_at = Some(event.occurred_at);
            self.accepted_at = Some(event.occurred_at);
        } else {
            self.first_dispatched_at = None;
            self.release();
            self.pend();
        }
    }
}
