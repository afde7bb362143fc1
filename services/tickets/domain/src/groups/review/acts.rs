//! What may be done: submit for review, approve, reject.

use super::{AskedSigner, Change, Proposal, Review, ReviewState, Signature, Signing, SigningGroup};
use crate::{
    action::Action,
    actor::Actor,
    change::{self, Changed, RecordText},
    names::PrincipalId,
    refusal::Refusal,
    text::{Note, Reason},
    ticket::Ticket,
    vocabulary::{Origin, Phase},
    workflow::{Acting, Move, Standing, Step, To, Workflow},
};
use jiff::Timestamp;

impl Ticket {
    /// The open review with the step that waits.
    fn open_review(&self, action: Action) -> Result<(&Review, &Signing), Refusal> {
        self.require(action)?;
        let review = self.groups.review.review.as_ref();
        review.and_then(|review| Some((review, review.waiting()?))).ok_or(Refusal::NoReview)
    }

    /// Asks those whom the workflow names to sign what is proposed. Source: T18.
    ///
    /// # Errors
    /// Outside `in_progress`, when `by` is not in the unit that holds it, while a unit owes its help or a reply to a directive,
    /// when the workflow has no way, and when `by` is to countersign.
    pub fn submit_for_review(
        self,
        proposal: Proposal,
        workflow: &Workflow,
        acting: Acting<'_>,
        by: &Actor,
        at: Timestamp,
    ) -> Result<Changed, Refusal> {
        self.require(Action::SubmitForReview)?;
        let unit = self.require_holder(by)?;
        self.require_no_assist_owed()?;
        self.require_no_directive_owed()?;
        if proposal.countersigners.contains(&by.id) {
            return Err(Refusal::OwnSubmission);
        }
        let from = self.step_in(workflow);
        let to = To::Phase(Phase::InReview, "");
        let step =
            workflow.way(Some(from), Move::SubmitForReview, to, &self, by, acting).map_err(|needed| {
                Refusal::Step { step: from.to_owned(), action: Move::SubmitForReview.name(), needed }
            })?;
        let mut signing = Signing::at(step, self.lead_unit.as_ref());
        if !proposal.countersigners.is_empty() {
            let named =
                |person: &PrincipalId| AskedSigner { person: Some(person.clone()), ..AskedSigner::default() };
            let signers = proposal.countersigners.iter().map(named).collect();
            signing.groups.push(SigningGroup { mode: proposal.countersigning, signers });
        }
        let review = Review {
            id: proposal.id,
            round: self.round,
            state: ReviewState::Open,
            steps: vec![signing],
            submitted_by: by.clone(),
            submitted_at: at,
            outcome: proposal.outcome,
            responsible_unit: Some(proposal.responsible_unit.unwrap_or(unit)),
        };
        let change = change::Change::Review(Change::Submitted(Box::new(review)));
        let mut changed = self.after(by, at, change);
        changed.texts.resolution = Some((Some(proposal.solution), proposal.root_cause, proposal.reply));
        Ok(changed)
    }

    /// Signs; the last signature of the last step resolves the ticket with what was proposed. Source: T18.
    ///
    /// # Errors
    /// Outside `in_review`, for one's own submission, a second time, for who is not asked, and for the last signature while a
    /// unit owes a reply to a directive.
    pub fn approve_review(
        self,
        note: Note,
        workflow: &Workflow,
        standing: Standing<'_>,
        at: Timestamp,
    ) -> Result<Changed, Refusal> {
        let by = standing.by;
        let (review, signing) = self.open_review(Action::ApproveReview)?;
        if review.submitted_by.id == by.id {
            return Err(Refusal::OwnSubmission);
        }
        if review.was_signed_by(&by.id) {
            return Err(Refusal::SignedAlready);
        }
        let Some((group, signer)) = signing.place_for(standing) else {
            return Err(Refusal::NotSigner { missing: signing.missing().map(ToString::to_string).collect() });
        };
        let signature = Signature { by: by.clone(), at, group, signer };
        let mut signed = signing.clone();
        signed.signatures.push(signature.clone());
        let (id, outcome, responsible_unit) = (review.id, review.outcome, review.responsible_unit.clone());
        let (complete, next) = if signed.is_complete() {
            match self.after_approval(&signed.step, workflow, standing)? {
                Some(step) => (false, Some(Signing::at(step, self.lead_unit.as_ref()))),
                None => (true, None),
            }
        } else {
            (false, None)
        };
        if complete {
            self.require_no_directive_owed()?;
        }
        let approved_at = signed.step;
        let elapsed_seconds = at.duration_since(self.received_at).as_secs().max(0);
        let change = Change::Approved { review: id, approved_at, signature, note, next, complete };
        let approved = self.after(by, at, change::Change::Review(change));
        if !complete {
            return Ok(approved);
        }
        let resolved = change::Change::Resolved { outcome, responsible_unit, elapsed_seconds };
        Ok(approved.then(by, at, Origin::Live, resolved))
    }

    /// Where a step leads that is signed: to another one, or, none, to the end.
    fn after_approval<'a>(
        &self,
        step: &str,
        workflow: &'a Workflow,
        standing: Standing<'_>,
    ) -> Result<Option<&'a Step>, Refusal> {
        let acting = Acting::Roles(standing.roles);
        let way =
            |action, phase| workflow.way(Some(step), action, To::Phase(phase, ""), self, standing.by, acting);
        if let Ok(next) = way(Move::Approve, Phase::InReview) {
            return Ok(Some(next));
        }
        match way(Move::Resolve, Phase::Resolved) {
            Ok(_) => Ok(None),
            Err(needed) => Err(Refusal::Step { step: step.to_owned(), action: Move::Resolve.name(), needed }),
        }
    }

    /// Sends it back: to an earlier step of the review, or to the unit. Source: T18.
    ///
    /// `to` is a step; none: the first in progress that the workflow allows.
    ///
    /// # Errors
    /// Outside `in_review`, for one's own submission, for who is not asked at this step, and for a step that the workflow
    /// does not lead back to.
    pub fn reject_review(
        self,
        to: Option<&str>,
        reason: Reason,
        workflow: &Workflow,
        standing: Standing<'_>,
        at: Timestamp,
    ) -> Result<Changed, Refusal> {
        let (review, signing) = self.open_review(Action::RejectReview)?;
        if review.submitted_by.id == standing.by.id {
            return Err(Refusal::OwnSubmission);
        }
        if !signing.asks(standing) {
            return Err(Refusal::NotSigner { missing: signing.missing().map(ToString::to_string).collect() });
        }
        // To a step of the review only if it came through it.
        let targets: Vec<&Step> = workflow
            .targets(&signing.step, Move::Reject)
            .into_iter()
            .filter(|step| {
                step.phase == Phase::InProgress || review.steps.iter().any(|earlier| earlier.step == step.key)
            })
            .collect();
        let target = match to {
            Some(key) => targets.iter().find(|step| step.key == key),
            None => targets.iter().find(|step| step.phase == Phase::InProgress),
        };
        let Some(target) = target else {
            return Err(Refusal::NoSuchStep { steps: targets.iter().map(|step| step.key.clone()).collect() });
        };
        let signing_there =
            (target.phase == Phase::InReview).then(|| Signing::at(target, self.lead_unit.as_ref()));
        let text = reason.as_str().to_owned();
        let rejection = RecordText { record: review.id, part: "rejection", text };
        let change = Change::Rejected {
            review: review.id,
            rejected_at: signing.step.clone(),
            back_to: target.key.clone(),
            reason,
            signing: signing_there,
        };
        let mut changed = self.after(standing.by, at, change::Change::Review(change));
        changed.texts.records.push(rejection);
        Ok(changed)
    }
}
