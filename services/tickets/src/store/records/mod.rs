//! What belongs to a ticket and has a life of its own, as contract and tables have it: one file a group of the domain.

pub(crate) mod answer;
pub(crate) mod assist;
pub(crate) mod attachment;
pub(crate) mod call;
pub(crate) mod circulation;
pub(crate) mod citizen;
pub(crate) mod directive;
pub(crate) mod escalation;
pub(crate) mod extension;
pub(crate) mod form;
pub(crate) mod handoff;
pub(crate) mod links;
pub(crate) mod place;
pub(crate) mod quality;
pub(crate) mod quarantine;
pub(crate) mod review;
pub(crate) mod suspension;
pub(crate) mod track;
pub(crate) mod visit;
pub(crate) mod workflow;

use super::state::InvalidState;
use gongdan_proto::{
    common::v1::ActorRef,
    tickets::v1::{self as pb, ticket_event::Change as PbChange},
};
use gongdan_tickets_domain::groups::Groups;
use std::collections::HashMap;

/// Texts of a ticket's records, by record and part. Table `record_texts`.
pub(crate) type Texts = HashMap<(String, String), String>;

/// A text of a record; empty when there is none.
fn text_of(texts: &Texts, record: &str, part: &str) -> String {
    texts.get(&(record.to_owned(), part.to_owned())).cloned().unwrap_or_default()
}

/// Into the state.
pub(crate) fn put(groups: &Groups, ticket: &mut pb::Ticket) {
    answer::put(&groups.answer, ticket);
    assist::put(&groups.assists, ticket);
    attachment::put(&groups.attachments, ticket);
    call::put(&groups.calls, ticket);
    circulation::put(&groups.circulations, ticket);
    directive::put(&groups.directives, ticket);
    escalation::put(&groups.escalations, ticket);
    extension::put(&groups.extensions, ticket);
    form::put(&groups.form, ticket);
    handoff::put(&groups.handoffs, ticket);
    links::put(&groups.links, ticket);
    place::put(&groups.place, ticket);
    quality::put(&groups.quality_errors, ticket);
    quarantine::put(&groups.quarantine, ticket);
    review::put(&groups.review, ticket);
    suspension::put(&groups.suspensions, ticket);
    track::put(&groups.tracks, ticket);
    visit::put(&groups.visits, ticket);
    workflow::put(&groups.workflow, ticket);
}

/// Out of the state.
pub(crate) fn take(ticket: &mut pb::Ticket) -> Result<Groups, InvalidState> {
    Ok(Groups {
        answer: answer::take(ticket)?,
        assists: assist::take(ticket)?,
        attachments: attachment::take(ticket)?,
        calls: call::take(ticket)?,
        circulations: circulation::take(ticket)?,
        directives: directive::take(ticket)?,
        escalations: escalation::take(ticket)?,
        extensions: extension::take(ticket)?,
        form: form::take(ticket)?,
        handoffs: handoff::take(ticket)?,
        links: links::take(ticket)?,
        place: place::take(ticket)?,
        quality_errors: quality::take(ticket)?,
        quarantine: quarantine::take(ticket)?,
        review: review::take(ticket)?,
        suspensions: suspension::take(ticket)?,
        tracks: track::take(ticket)?,
        visits: visit::take(ticket)?,
        workflow: workflow::take(ticket)?,
    })
}

/// Texts of all records into an answer.
pub(crate) fn fill(ticket: &mut pb::Ticket, texts: &Texts) {
    answer::fill(ticket, texts);
    assist::fill(ticket, texts);
    attachment::fill(ticket, texts);
    call::fill(ticket, texts);
    circulation::fill(ticket, texts);
    directive::fill(ticket, texts);
    escalation::fill(ticket, texts);
    extension::fill(ticket, texts);
    form::fill(ticket, texts);
    handoff::fill(ticket, texts);
    links::fill(ticket, texts);
    place::fill(ticket, texts);
    quality::fill(ticket, texts);
    quarantine::fill(ticket, texts);
    review::fill(ticket, texts);
    suspension::fill(ticket, texts);
    track::fill(ticket, texts);
    visit::fill(ticket, texts);
    workflow::fill(ticket, texts);
}

/// What people wrote in an event of a group.
pub(crate) fn texts(change: &mut PbChange) -> Vec<&mut String> {
    let group: fn(&mut PbChange) -> Vec<&mut String> = match change {
        PbChange::Answered(_) => answer::texts,
        PbChange::AssistRequested(_)
        | PbChange::AssistReplied(_)
        | PbChange::AssistDeclined(_)
        | PbChange::AssistWaived(_) => assist::texts,
        PbChange::Noted(_) | PbChange::Attached(_) | PbChange::Detached(_) => attachment::texts,
        PbChange::CallLinked(_) => call::texts,
        PbChange::Circulated(_) => circulation::texts,
        PbChange::DirectiveIssued(_)
        | PbChange::DirectiveReplied(_)
        | PbChange::DirectiveAccepted(_)
        | PbChange::DirectiveRejected(_)
        | PbChange::DirectiveWithdrawn(_)
        | PbChange::DirectiveLate(_) => directive::texts,
        PbChange::Escalated(_) => escalation::texts,
        PbChange::ExtensionRequested(_) | PbChange::ExtensionApproved(_) | PbChange::ExtensionRejected(_) => {
            extension::texts
        }
        PbChange::HandedOff(_) => handoff::texts,
        PbChange::Linked(_)
        | PbChange::Unlinked(_)
        | PbChange::Split(_)
        | PbChange::Merged(_)
        | PbChange::MergeUndone(_) => links::texts,
        PbChange::PlaceChanged(_) => place::texts,
        PbChange::QualityErrorMarked(_) | PbChange::QualityErrorWithdrawn(_) => quality::texts,
        PbChange::Quarantined(_) | PbChange::Verified(_) => quarantine::texts,
        PbChange::ReviewSubmitted(_) | PbChange::ReviewApproved(_) | PbChange::ReviewRejected(_) => {
            review::texts
        }
        PbChange::SuspensionRequested(_)
        | PbChange::SuspensionRejected(_)
        | PbChange::Suspended(_)
        | PbChange::Resumed(_) => suspension::texts,
        PbChange::Tracked(_) | PbChange::Untracked(_) | PbChange::Reminded(_) => track::texts,
        PbChange::VisitBooked(_)
        | PbChange::VisitMoved(_)
        | PbChange::VisitCheckedIn(_)
        | PbChange::VisitReported(_)
        | PbChange::VisitCancelled(_) => visit::texts,
        PbChange::WorkflowMigrated(_) | PbChange::Advanced(_) => workflow::texts,
        _ => return Vec::new(),
    };
    group(change)
}

/// Does something with all whom records name.
pub(crate) fn each_actor(ticket: &mut pb::Ticket, mut act: impl FnMut(&mut Option<ActorRef>)) {
    answer::actors(ticket).into_iter().for_each(&mut act);
    assist::actors(ticket).into_iter().for_each(&mut act);
    attachment::actors(ticket).into_iter().for_each(&mut act);
    call::actors(ticket).into_iter().for_each(&mut act);
    circulation::actors(ticket).into_iter().for_each(&mut act);
    directive::actors(ticket).into_iter().for_each(&mut act);
    escalation::actors(ticket).into_iter().for_each(&mut act);
    extension::actors(ticket).into_iter().for_each(&mut act);
    form::actors(ticket).into_iter().for_each(&mut act);
    handoff::actors(ticket).into_iter().for_each(&mut act);
    links::actors(ticket).into_iter().for_each(&mut act);
    place::actors(ticket).into_iter().for_each(&mut act);
    quality::actors(ticket).into_iter().for_each(&mut act);
    quarantine::actors(ticket).into_iter().for_each(&mut act);
    review::actors(ticket).into_iter().for_each(&mut act);
    suspension::actors(ticket).into_iter().for_each(&mut act);
    track::actors(ticket).into_iter().for_each(&mut act);
    visit::actors(ticket).into_iter().for_each(&mut act);
    workflow::actors(ticket).into_iter().for_each(&mut act);
}
