//! The acts that move a ticket, and between which phases: the table of the GLOSSARY, which no definition can change.

use crate::{
    change::{Change, Event},
    groups::{review, workflow},
    numbered::numbered,
    vocabulary::Phase::{
        self, Cancelled, Closed, Dispatched, Draft, InCallback, InProgress, InReview, PendingDispatch,
        Quarantined, Resolved, Suspended,
    },
    vocabulary::PrincipalKind,
};

numbered! {
    /// An act that moves a ticket from step to step.
    Move {
        /// 存盘
        Save = 1 "save",
        /// 提交
        Submit = 2 "submit",
        /// 直接答复
        DirectAnswer = 3 "direct_answer",
        /// A draft is thrown away.
        Discard = 4 "discard",
        /// The contact of a quarantined ticket is verified.
        Verify = 5 "verify",
        /// Nobody verified it.
        Expire = 6 "expire",
        /// 派单
        Dispatch = 7 "dispatch",
        /// 抢单
        Claim = 8 "claim",
        /// 接单
        Accept = 9 "accept",
        /// 转派
        Transfer = 10 "transfer",
        /// 退单
        Return = 11 "return",
        /// From one step to another of the same phase.
        Advance = 12 "advance",
        /// 挂起
        Suspend = 13 "suspend",
        /// 恢复
        Resume = 14 "resume",
        /// 送审
        SubmitForReview = 15 "submit_for_review",
        /// 审核通过
        Approve = 16 "approve",
        /// 审核退回
        Reject = 17 "reject",
        /// 办结
        Resolve = 18 "resolve",
        /// 回访
        OpenCallback = 19 "open_callback",
        /// 归档
        Close = 20 "close",
        /// 重办
        Reopen = 21 "reopen",
        /// 撤单
        Cancel = 22 "cancel",
    }
}

impl Move {
    /// The move that an event is; none for what moves no ticket, and for merges, which leave a workflow and come back to it.
    #[must_use]
    pub fn of(event: &Event) -> Option<Self> {
        Some(match &event.change {
            Change::Saved => Self::Save,
            Change::Submitted => Self::Submit,
            Change::Dispatched { .. } => Self::Dispatch,
            Change::Accepted { .. } => Self::Accept,
            Change::Claimed { .. } => Self::Claim,
            Change::Returned { .. } => Self::Return,
            // Within its unit by a decision of routing: no move of the workflow, whatever step it is at.
            Change::Transferred { decision: Some(_), .. } => return None,
            Change::Transferred { .. } => Self::Transfer,
            Change::Resolved { .. } => Self::Resolve,
            Change::CallbackOpened { .. } => Self::OpenCallback,
            Change::Closed { .. } => Self::Close,
            Change::Reopened { .. } => Self::Reopen,
            Change::Cancelled { .. } => match (event.from_phase, event.actor.kind) {
                (Some(Draft), _) => Self::Discard,
                (Some(Quarantined), PrincipalKind::Service) => Self::Expire,
                _ => Self::Cancel,
            },
            Change::Review(review::Change::Approved { next: None, .. }) => return None,
            Change::Workflow(workflow::Change::Migrated { .. }) => return None,
            // What groups of a ticket's records do is told by the names of the contract.
            other => return Self::of_name(other.name()),
        })
    }

    fn of_name(name: &str) -> Option<Self> {
        Some(match name {
            "answered" => Self::DirectAnswer,
            "quarantined" => Self::Submit,
            "verified" => Self::Verify,
            "suspended" => Self::Suspend,
            "resumed" => Self::Resume,
            "review_submitted" => Self::SubmitForReview,
            "review_approved" => Self::Approve,
            "review_rejected" => Self::Reject,
            "advanced" => Self::Advance,
            _ => return None,
        })
    }

    /// From which phases to which; none in `from` is a ticket that is not there yet. Source: GLOSSARY.
    #[must_use]
    pub const fn table(self) -> (&'static [Option<Phase>], &'static [Phase]) {
        match self {
            Self::Save => (&[None], &[Draft]),
            Self::Submit => (&[None, Some(Draft)], &[PendingDispatch, Quarantined]),
            Self::DirectAnswer => (&[None, Some(Draft)], &[Closed]),
            Self::Discard => (&[Some(Draft)], &[Cancelled]),
            Self::Verify => (&[Some(Quarantined)], &[PendingDispatch]),
            Self::Expire => (&[Some(Quarantined)], &[Cancelled]),
            Self::Dispatch => (&[Some(PendingDispatch)], &[Dispatched]),
            Self::Claim => (&[Some(PendingDispatch)], &[InProgress]),
            Self::Accept => (&[Some(Dispatched)], &[InProgress]),
            Self::Transfer => (&[Some(Dispatched), Some(InProgress)], &[Dispatched]),
            Self::Return => (&[Some(Dispatched), Some(InProgress)], &[PendingDispatch]),
            Self::Advance => (
                &[Some(PendingDispatch), Some(Dispatched), Some(InProgress), Some(Suspended)],
                &[PendingDispatch, Dispatched, InProgress, Suspended],
            ),
            Self::Suspend => (&[Some(InProgress)], &[Suspended]),
            Self::Resume => (&[Some(Suspended)], &[InProgress]),
            Self::SubmitForReview => (&[Some(InProgress)], &[InReview]),
            Self::Approve => (&[Some(InReview)], &[InReview]),
            Self::Reject => (&[Some(InReview)], &[InReview, InProgress]),
            Self::Resolve => (&[Some(InProgress), Some(InReview)], &[Resolved]),
            Self::OpenCallback => (&[Some(Resolved)], &[InCallback]),
            Self::Close => (&[Some(Resolved), Some(InCallback)], &[Closed]),
            Self::Reopen => {
                (&[Some(Resolved), Some(InCallback), Some(Closed)], &[PendingDispatch, InProgress])
            }
            Self::Cancel => (
                &[
                    Some(Draft),
                    Some(Quarantined),
                    Some(PendingDispatch),
                    Some(Dispatched),
                    Some(InProgress),
                    Some(Suspended),
                    Some(InReview),
                ],
                &[Cancelled],
            ),
        }
    }

    /// Whether it may lead from a phase, none being the start, to another.
    #[must_use]
    pub fn leads(self, from: Option<Phase>, to: Phase) -> bool {
        let (before, after) = self.table();
        let same = self != Self::Advance || from == Some(to);
        before.contains(&from) && after.contains(&to) && same
    }

    /// Whether it ends a ticket without an answer.
    #[must_use]
    pub const fn gives_up(self) -> bool {
        matches!(self, Self::Cancel | Self::Discard | Self::Expire)
    }

    /// Whether one of several steps of a phase is chosen: by the caller, or by where the ticket was worked on.
    #[must_use]
    pub const fn is_chosen(self) -> bool {
        matches!(self, Self::Advance | Self::Reject | Self::Resume)
    }

    /// What people read.
    #[must_use]
    pub const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Save => ("存盘", "save"),
            Self::Submit => ("提交", "submit"),
            Self::DirectAnswer => ("直接答复", "direct answer"),
            Self::Discard => ("丢弃", "discard"),
            Self::Verify => ("核实", "verify"),
            Self::Expire => ("过期", "expire"),
            Self::Dispatch => ("派单", "dispatch"),
            Self::Claim => ("抢单", "claim"),
            Self::Accept => ("接单", "accept"),
            Self::Transfer => ("转派", "transfer"),
            Self::Return => ("退单", "return"),
            Self::Advance => ("推进", "advance"),
            Self::Suspend => ("挂起", "suspend"),
            Self::Resume => ("恢复", "resume"),
            Self::SubmitForReview => ("送审", "submit for review"),
            Self::Approve => ("审核通过", "approve"),
            Self::Reject => ("审核退回", "reject"),
            Self::Resolve => ("办结", "resolve"),
            Self::OpenCallback => ("回访", "open callback"),
            Self::Close => ("归档", "close"),
            Self::Reopen => ("重办", "reopen"),
            Self::Cancel => ("撤单", "cancel"),
        }
    }
}

/// What people read of a phase.
#[must_use]
pub const fn phase_words(phase: Phase) -> (&'static str, &'static str) {
    match phase {
        Draft => ("存盘", "draft"),
        Quarantined => ("隔离", "quarantined"),
        PendingDispatch => ("待派单", "pending dispatch"),
        Dispatched => ("已派单", "dispatched"),
        InProgress => ("办理中", "in progress"),
        Suspended => ("挂起", "suspended"),
        InReview => ("审核中", "in review"),
        Resolved => ("已办结", "resolved"),
        InCallback => ("回访中", "in callback"),
        Closed => ("已归档", "closed"),
        Cancelled => ("已撤单", "cancelled"),
    }
}
