//! 审核. Source: T18.

use super::super::state::{self, InvalidState, actor_ref, invalid, known};
use gongdan_proto::{
    common::v1::ActorRef,
    tickets::v1::{self as pb, ticket_event::Change as PbChange},
    to_timestamp,
};
use gongdan_tickets_domain::{
    Outcome, PrincipalId, UnitId,
    groups::review::{
        AskedSigner, Change, Review, ReviewState, Reviews, Signature, Signing, SigningGroup, SigningMode,
    },
    mask_numbers,
};
use uuid::Uuid;

/// Into the state.
pub(crate) fn put(part: &Reviews, ticket: &mut pb::Ticket) {
    let Reviews { review } = part;
    ticket.review = review.as_ref().map(|review| pb::Review {
        id: review.id.to_string(),
        round: review.round,
        state: review.state.number(),
        steps: review.steps.iter().map(step).collect(),
        submitted_by: Some(actor_ref(&review.submitted_by)),
        submitted_at: Some(to_timestamp(review.submitted_at)),
        outcome: review.outcome.number(),
        responsible_unit_id: review.responsible_unit.as_ref().map(ToString::to_string).unwrap_or_default(),
        ..pb::Review::default()
    });
}

fn step(signing: &Signing) -> pb::ReviewStep {
    let signer = |asked: &AskedSigner| pb::Signer {
        person_id: asked.person.as_ref().map(ToString::to_string).unwrap_or_default(),
        role: asked.role.clone(),
        unit_id: asked.unit.as_ref().map(ToString::to_string).unwrap_or_default(),
        in_centre: asked.in_centre,
    };
    let number = |place: usize| i32::try_from(place).unwrap_or(i32::MAX);
    pb::ReviewStep {
        step: signing.step.clone(),
        groups: signing
            .groups
            .iter()
            .map(|group| pb::SigningGroup {
                mode: group.mode.number(),
                signers: group.signers.iter().map(signer).collect(),
            })
            .collect(),
        signatures: signing
            .signatures
            .iter()
            .map(|signature| pb::Signature {
                by: Some(actor_ref(&signature.by)),
                at: Some(to_timestamp(signature.at)),
                group: number(signature.group),
                signer: number(signature.signer),
            })
            .collect(),
    }
}

/// Out of the state.
pub(crate) fn take(ticket: &mut pb::Ticket) -> Result<Reviews, InvalidState> {
    let review = ticket.review.take().map(decode).transpose()?;
    Ok(Reviews { review })
}

fn decode(pb: pb::Review) -> Result<Review, InvalidState> {
    Ok(Review {
        id: Uuid::parse_str(&pb.id).map_err(|e| invalid("review.id", e))?,
        round: pb.round,
        state: known("review.state", ReviewState::from_number(pb.state))?,
        steps: pb.steps.into_iter().map(decode_step).collect::<Result<_, _>>()?,
        submitted_by: state::actor("review.submitted_by", known("review.submitted_by", pb.submitted_by)?)?,
        submitted_at: known("review.submitted_at", state::time("review.submitted_at", pb.submitted_at)?)?,
        outcome: known("review.outcome", Outcome::from_number(pb.outcome))?,
        responsible_unit: unit(&pb.responsible_unit_id)?,
    })
}

fn unit(id: &str) -> Result<Option<UnitId>, InvalidState> {
    state::unit("review.unit_id", id)
}

fn decode_step(pb: pb::ReviewStep) -> Result<Signing, InvalidState> {
    let signer = |pb: pb::Signer| -> Result<AskedSigner, InvalidState> {
        let person = (!pb.person_id.is_empty())
            .then(|| PrincipalId::parse(&pb.person_id).map_err(|e| invalid("review.person_id", e)));
        Ok(AskedSigner {
            person: person.transpose()?,
            role: pb.role,
            unit: unit(&pb.unit_id)?,
            in_centre: pb.in_centre,
        })
    };
    let group = |pb: pb::SigningGroup| -> Result<SigningGroup, InvalidState> {
        Ok(SigningGroup {
            mode: known("review.mode", SigningMode::from_number(pb.mode))?,
            signers: pb.signers.into_iter().map(signer).collect::<Result<_, _>>()?,
        })
    };
    let place = |number: i32| usize::try_from(number).map_err(|e| invalid("review.signatures", e));
    let signature = |pb: pb::Signature| -> Result<Signature, InvalidState> {
        Ok(Signature {
            by: state::actor("review.signatures.by", known("review.signatures.by", pb.by)?)?,
            at: known("review.signatures.at", state::time("review.signatures.at", pb.at)?)?,
            group: place(pb.group)?,
            signer: place(pb.signer)?,
        })
    };
    Ok(Signing {
        step: pb.step,
        groups: pb.groups.into_iter().map(group).collect::<Result<_, _>>()?,
        signatures: pb.signatures.into_iter().map(signature).collect::<Result<_, _>>()?,
    })
}

/// Texts of its records into an answer.
pub(crate) fn fill(ticket: &mut pb::Ticket, texts: &super::Texts) {
    if let Some(review) = &mut ticket.review
        && let Some(text) = texts.get(&(review.id.clone(), "rejection".to_owned()))
    {
        review.rejection.clone_from(text);
    }
}

/// All whom its records name.
pub(crate) fn actors(ticket: &mut pb::Ticket) -> Vec<&mut Option<ActorRef>> {
    let Some(review) = &mut ticket.review else { return Vec::new() };
    let signatures = review.steps.iter_mut().flat_map(|step| &mut step.signatures);
    std::iter::once(&mut review.submitted_by).chain(signatures.map(|signature| &mut signature.by)).collect()
}

/// What happened, as the contract has it.
pub(crate) fn change(change: &Change) -> PbChange {
    let step = |signing: Option<&Signing>| signing.map(|signing| signing.step.clone()).unwrap_or_default();
    match change {
        Change::Submitted(review) => PbChange::ReviewSubmitted(pb::ReviewSubmitted {
            review_id: review.id.to_string(),
            waits_at: step(review.steps.last()),
        }),
        Change::Approved { review, approved_at, note, next, complete, .. } => {
            let others_sign = next.is_none() && !complete;
            PbChange::ReviewApproved(pb::ReviewApproved {
                review_id: review.to_string(),
                approved_at: approved_at.clone(),
                waits_at: if others_sign { approved_at.clone() } else { step(next.as_ref()) },
                note: mask_numbers(note.as_str()),
            })
        }
        Change::Rejected { review, rejected_at, back_to, reason, .. } => {
            PbChange::ReviewRejected(pb::ReviewRejected {
                review_id: review.to_string(),
                rejected_at: rejected_at.clone(),
                back_to: back_to.clone(),
                reason: mask_numbers(reason.as_str()),
            })
        }
    }
}

/// What people wrote in an event of this group; none for events of others.
pub(crate) fn texts(change: &mut PbChange) -> Vec<&mut String> {
    match change {
        PbChange::ReviewApproved(c) => vec![&mut c.note],
        PbChange::ReviewRejected(c) => vec![&mut c.reason],
        _ => Vec::new(),
    }
}
