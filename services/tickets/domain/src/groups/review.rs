//! 审核. Source: T18.

mod acts;
mod signing;

use crate::{
    actor::Actor,
    change::Event,
    names::{PrincipalId, UnitId},
    numbered::numbered,
    text::{Note, Reason, Reply, RootCause, Solution},
    ticket::Ticket,
    vocabulary::{Outcome, Phase},
};
use jiff::Timestamp;
pub use signing::{AskedSigner, Signature, Signing, SigningGroup, SigningMode};
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
}
