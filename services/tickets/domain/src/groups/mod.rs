//! What belongs to a ticket and has rules of its own, one file a group: what the ticket knows of it, what may be done, what
//! that is called, and what it does to the ticket.

pub mod answer;
pub mod assist;
pub mod attachment;
pub mod call;
pub mod circulation;
pub mod directive;
pub mod escalation;
pub mod extension;
pub mod form;
pub mod handoff;
pub mod links;
pub mod place;
pub mod quality;
pub mod quarantine;
pub mod review;
pub mod suspension;
pub mod track;
pub mod visit;
pub mod workflow;

use crate::actor::Actor;

/// What all groups know of a ticket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Groups {
    /// 直接答复.
    pub answer: answer::Answer,
    /// 协办.
    pub assists: assist::Assists,
    /// Notes and attachments.
    pub attachments: attachment::Attachments,
    /// Calls that belong to it.
    pub calls: call::Calls,
    /// 传阅.
    pub circulations: circulation::Circulations,
    /// 督办.
    pub directives: directive::Directives,
    /// 升级.
    pub escalations: escalation::Escalations,
    /// 延时申请.
    pub extensions: extension::Extensions,
    /// Form, type and channel standard it was taken down under.
    pub form: form::FormPart,
    /// Hand-off to emergency services.
    pub handoffs: handoff::Handoffs,
    /// Other tickets it belongs with.
    pub links: links::Links,
    /// Where it is about, as far as everybody may know.
    pub place: place::PlacePart,
    /// 差错工单.
    pub quality_errors: quality::QualityErrors,
    /// 隔离区.
    pub quarantine: quarantine::Quarantine,
    /// 审核.
    pub review: review::Reviews,
    /// 挂起.
    pub suspensions: suspension::Suspensions,
    /// 跟踪.
    pub tracks: track::Tracks,
    /// 预约上门.
    pub visits: visit::Visits,
    /// The workflow it follows.
    pub workflow: workflow::WorkflowPart,
}

impl Groups {
    /// Whom they name as having acted.
    pub(crate) fn actors(&mut self) -> impl Iterator<Item = &mut Actor> {
        (self.assists.actors())
            .chain(self.directives.actors())
            .chain(self.extensions.actors())
            .chain(self.handoffs.actors())
            .chain(self.quality_errors.actors())
            .chain(self.review.actors())
            .chain(self.suspensions.actors())
            .chain(self.visits.actors())
    }
}
