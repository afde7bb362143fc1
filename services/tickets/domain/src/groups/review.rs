//! 审核. Source: T18.

use crate::{
    action::Action,
    actor::Actor,
    change::{self, Changed, Event, RecordText},
    names::{PrincipalId, UnitId},
    numbered::numbered,
    refusal::Refusal,
    text::{Note, Reason, Reply, RootCause, Solution},
    ticket::Ticket,
    vocabulary::{Origin, Outcome, Phase},
    workflow::{Acting, InUnit, Move, Signer, Standing, Step, To, Who, Workflow},
};
use jiff::Timestamp;
use std::fmt;
use uuid::Uuid;

numbered! {
    /// Where a review is.
    ReviewState {
        /// It waits for signatures.
        Open = 1 "open",
        /// All steps were approved.
        Approved = 2 "approved",
        /// It went back to the unit.
        Rejected = 3 "rejected",
        /// The ticket moved on before it was decided.
        Lapsed = 4 "lapsed",
    }
}

numbered! {
    /// How many of those asked have to sign (会签).
    SigningMode {
        /// Each.
        AllOf = 1 "all_of",
        /// One.
        AnyOf = 2 "any_of",
    }
}

/// What a ticket knows of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reviews {
    /// The last one that was asked for.
    pub review: Option<Review>,
}

impl Reviews {
    /// Whom it names as having acted.
    pub(crate) fn actors(&mut self) -> impl Iterator<Item = &mut Actor> {
        self.review.iter_mut().flat_map(|review| {
            let signatures = review.steps.iter_mut().flat_map(|step| &mut step.signatures);
            std::iter::once(&mut review.submitted_by).chain(signatures.map(|signature| &mut signature.by))
        })
    }
}

/// A review of what a unit proposes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    /// UUID.
    pub id: Uuid,
    /// The round it is of.
    pub round: i32,
    /// Where it is.
    pub state: ReviewState,
    /// The steps it came through; the last one waits while it is open.
    pub steps: Vec<Signing>,
    /// Who asked.
    pub submitted_by: Actor,
    /// When.
    pub submitted_at: Timestamp,
    /// What is proposed as the outcome.
    pub outcome: Outcome,
    /// The unit that is proposed as responsible for the cause.
    pub responsible_unit: Option<UnitId>,
}

/// A step of a review and who signs there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signing {
    /// The step of the workflow.
    pub step: String,
    /// All of them have to be satisfied.
    pub groups: Vec<SigningGroup>,
    /// Who signed so far.
    pub signatures: Vec<Signature>,
}

/// Signers of whom all have to sign, or one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningGroup {
    /// How many of them.
    pub mode: SigningMode,
    /// Who.
    pub signers: Vec<AskedSigner>,
}

/// Somebody who is asked to sign.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AskedSigner {
    /// One person; none: whoever has the role.
    pub person: Option<PrincipalId>,
    /// The role; empty for a person.
    pub role: String,
    /// Members of this unit; none: of any.
    pub unit: Option<UnitId>,
    /// Members of a hotline centre.
    pub in_centre: bool,
}

/// Somebody signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// Who.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
    /// For which group, from 0.
    pub group: usize,
    /// For which of its signers, from 0.
    pub signer: usize,
}

/// What is proposed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// UUID of the review.
    pub id: Uuid,
    /// As what it ends.
    pub outcome: Outcome,
    /// What was done.
    pub solution: Solution,
    /// Why it came about.
    pub root_cause: RootCause,
    /// The unit responsible for the cause; none: the one that holds it.
    pub responsible_unit: Option<UnitId>,
    /// What the citizen is told.
    pub reply: Reply,
    /// Persons who are asked beside those whom the workflow names, at its first step.
    pub countersigners: Vec<PrincipalId>,
    /// How many of them.
    pub countersigning: SigningMode,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It was asked for.
    Submitted(Box<Review>),
    /// Somebody approved.
    Approved {
        /// The review.
        review: Uuid,
        /// Where.
        approved_at: String,
        /// For which group and signer.
        signature: Signature,
        /// What was said.
        note: Note,
        /// The step that waits now; none: others have yet to sign here, or it is over.
        next: Option<Signing>,
        /// Nothing more is waited for.
        complete: bool,
    },
    /// It went back.
    Rejected {
        /// The review.
        review: Uuid,
        /// Where.
        rejected_at: String,
        /// The step it went back to.
        back_to: String,
        /// Why.
        reason: Reason,
        /// Who signs there; none: it went back to the unit.
        signing: Option<Signing>,
    },
}

impl Change {
    /// The event's name on the bus, as the contract's field is called.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Submitted(_) => "review_submitted",
            Self::Approved { .. } => "review_approved",
            Self::Rejected { .. } => "review_rejected",
        }
    }

    pub(crate) fn to_step(&self) -> Option<&str> {
        match self {
            Self::Submitted(review) => review.steps.last().map(|signing| signing.step.as_str()),
            Self::Approved { next, .. } => next.as_ref().map(|signing| signing.step.as_str()),
            Self::Rejected { back_to, .. } => Some(back_to),
        }
    }
}

impl fmt::Display for AskedSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.person, &self.unit) {
            (Some(person), _) => write!(f, "{person}"),
            (None, Some(unit)) => write!(f, "{} of {unit}", self.role),
            (None, None) if self.in_centre => write!(f, "{} of the centre", self.role),
            (None, None) => f.write_str(&self.role),
        }
    }
}

impl AskedSigner {
    /// As a definition names them, for a ticket that a unit holds.
    fn asked(signer: &Signer, lead: Option<&UnitId>) -> Self {
        match &signer.who {
            Who::Person(person) => Self { person: Some(person.clone()), ..Self::default() },
            Who::Role { role, unit } => Self {
                role: role.clone(),
                unit: match unit {
                    InUnit::Lead => lead.cloned(),
                    InUnit::Unit(unit) => Some(unit.clone()),
                    InUnit::Any | InUnit::Centre => None,
                },
                in_centre: *unit == InUnit::Centre,
                person: None,
            },
        }
    }

    fn is(&self, standing: Standing<'_>) -> bool {
        match &self.person {
            Some(person) => standing.by.id == *person,
            None => {
                standing.roles.contains(&self.role.as_str())
                    && self.unit.as_ref().is_none_or(|unit| standing.by.unit_ids.contains(unit))
                    && (!self.in_centre || standing.in_centre)
            }
        }
    }
}

impl Signing {
    fn at(step: &Step, lead: Option<&UnitId>) -> Self {
        let group = step.review.as_ref().map(|review| SigningGroup {
            mode: if review.all { SigningMode::AllOf } else { SigningMode::AnyOf },
            signers: review.signers.iter().map(|signer| AskedSigner::asked(signer, lead)).collect(),
        });
        Self { step: step.key.clone(), groups: group.into_iter().collect(), signatures: Vec::new() }
    }

    fn signed(&self, group: usize, signer: usize) -> bool {
        self.signatures.iter().any(|s| (s.group, s.signer) == (group, signer))
    }

    fn satisfied(&self, group: usize) -> bool {
        self.groups.get(group).is_none_or(|asked| {
            let signed = (0..asked.signers.len()).filter(|signer| self.signed(group, *signer)).count();
            match asked.mode {
                SigningMode::AllOf => signed == asked.signers.len(),
                SigningMode::AnyOf => signed > 0,
            }
        })
    }

    /// Whether nobody's signature is missing.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        (0..self.groups.len()).all(|group| self.satisfied(group))
    }

    /// Those of whom a signature is still waited for.
    pub fn missing(&self) -> impl Iterator<Item = &AskedSigner> {
        self.groups.iter().enumerate().filter(|(group, _)| !self.satisfied(*group)).flat_map(
            move |(at, group)| {
                group
                    .signers
                    .iter()
                    .enumerate()
                    .filter(move |(signer, _)| !self.signed(at, *signer))
                    .map(|(_, s)| s)
            },
        )
    }

    /// The place for which somebody could sign: a person's own before one of a role.
    fn place_for(&self, standing: Standing<'_>) -> Option<(usize, usize)> {
        let places = self.groups.iter().enumerate().filter(|(group, _)| !self.satisfied(*group)).flat_map(
            |(at, group)| group.signers.iter().enumerate().map(move |(signer, asked)| (at, signer, asked)),
        );
        places
            .filter(|(group, signer, asked)| !self.signed(*group, *signer) && asked.is(standing))
            .min_by_key(|(_, _, asked)| asked.person.is_none())
            .map(|(group, signer, _)| (group, signer))
    }

    fn asks(&self, standing: Standing<'_>) -> bool {
        self.groups.iter().flat_map(|group| &group.signers).any(|asked| asked.is(standing))
    }
}

impl Review {
    /// The step that waits.
    #[must_use]
    pub fn waiting(&self) -> Option<&Signing> {
        if self.state == ReviewState::Open { self.steps.last() } else { None }
    }

    fn was_signed_by(&self, person: &PrincipalId) -> bool {
        self.steps.iter().flat_map(|signing| &signing.signatures).any(|signature| signature.by.id == *person)
    }
}

impl Ticket {
    pub(crate) fn evolve_review(&mut self, _event: &Event, change: &Change) {
        match change {
            Change::Submitted(review) => {
                self.phase = Phase::InReview;
                self.groups.review.review = Some((**review).clone());
            }
            Change::Approved { signature, next, complete, .. } => {
                let Some(review) = &mut self.groups.review.review else { return };
                if let Some(signing) = review.steps.last_mut() {
                    signing.signatures.push(signature.clone());
                }
                review.steps.extend(next.clone());
                if *complete {
                    review.state = ReviewState::Approved;
                }
            }
            Change::Rejected { signing, .. } => {
                let Some(review) = &mut self.groups.review.review else { return };
                if let Some(signing) = signing {
                    // What was signed there and after it is signed anew.
                    let keep = review.steps.iter().position(|earlier| earlier.step == signing.step);
                    review.steps.truncate(keep.unwrap_or(review.steps.len()));
                    review.steps.push(signing.clone());
                } else {
                    review.state = ReviewState::Rejected;
                    self.phase = Phase::InProgress;
                }
            }
        }
    }

    /// A review is over when the ticket has left it otherwise.
    pub(crate) fn lapse_review(&mut self) {
        if self.phase != Phase::InReview
            && let Some(review) = &mut self.groups.review.review
            && review.state == ReviewState::Open
        {
            review.state = ReviewState::Lapsed;
        }
    }

    /// Who proposed what a review has just approved.
    pub(crate) fn proposer(&self) -> Option<&Actor> {
        let review = self.groups.review.review.as_ref()?;
        (review.state == ReviewState::Approved && review.round == self.round).then_some(&review.submitted_by)
    }

    /// The step at which signatures are waited for; empty: none.
    pub(crate) fn review_step(&self) -> &str {
        let waiting = self.groups.review.review.as_ref().and_then(Review::waiting);
        waiting.map_or("", |signing| signing.step.as_str())
    }

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
