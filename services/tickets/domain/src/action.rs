//! Which act is possible in which phase: the table of the GLOSSARY.

use crate::{numbered::numbered, vocabulary::Phase};

numbered! {
    /// An act on a ticket that is there.
    Action {
        /// 提交
        Submit = 1 "submit",
        /// 派单
        Dispatch = 2 "dispatch",
        /// Leave it to a dispatcher or to a claim pool.
        Pool = 3 "pool",
        /// 抢单
        Claim = 4 "claim",
        /// 接单
        Accept = 5 "accept",
        /// 转派
        Transfer = 6 "transfer",
        /// 退单
        Return = 7 "return",
        /// 办结
        Resolve = 8 "resolve",
        /// 回访
        OpenCallback = 9 "open_callback",
        /// 归档
        Close = 10 "close",
        /// 重办
        Reopen = 11 "reopen",
        /// 撤单
        Cancel = 12 "cancel",
        /// 催单
        Urge = 13 "urge",
        /// What is personal goes.
        Erase = 14 "erase",
        /// 挂起
        RequestSuspension = 20 "request_suspension",
        /// Whether it is suspended.
        DecideSuspension = 21 "decide_suspension",
        /// 恢复
        Resume = 22 "resume",
        /// 延时申请
        RequestExtension = 23 "request_extension",
        /// Whether the deadline moves.
        DecideExtension = 24 "decide_extension",
        /// 协办
        RequestAssist = 25 "request_assist",
        /// The assisting unit's reply.
        ReplyAssist = 26 "reply_assist",
        /// The lead does without.
        WaiveAssist = 27 "waive_assist",
        /// To another ticket, or away from one.
        Link = 60 "link",
        /// Into tickets of their own.
        Split = 61 "split",
        /// Into another ticket.
        Merge = 62 "merge",
        /// Another ticket into this one.
        MergeInto = 63 "merge_into",
        /// 预约上门
        BookVisit = 40 "book_visit",
        /// Another time, or none.
        MoveVisit = 41 "move_visit",
        /// What happened on site, also later.
        ReportVisit = 42 "report_visit",
        /// A note.
        Note = 43 "note",
        /// Something attached to it, or taken away.
        Attach = 44 "attach",
        /// A call belongs to it.
        LinkCall = 45 "link_call",
        /// Another place that it is about.
        ChangePlace = 46 "change_place",
        /// 升级
        Escalate = 70 "escalate",
        /// 督办
        IssueDirective = 71 "issue_directive",
        /// The unit says what it did about a directive.
        ReplyDirective = 72 "reply_directive",
        /// A supervisor accepts, rejects or withdraws a directive.
        JudgeDirective = 73 "judge_directive",
        /// 跟踪
        Track = 74 "track",
        /// 差错工单
        MarkQualityError = 75 "mark_quality_error",
        /// 传阅
        Circulate = 76 "circulate",
        /// An emergency service takes over.
        HandOff = 77 "hand_off",
        /// 送审
        SubmitForReview = 80 "submit_for_review",
        /// 审核通过
        ApproveReview = 81 "approve_review",
        /// 审核退回
        RejectReview = 82 "reject_review",
        /// Go on to another step of the same phase.
        Advance = 83 "advance",
        /// Follow another version of the workflow.
        Migrate = 84 "migrate",
        /// 核实: its customer is verified.
        Verify = 91 "verify",
        /// Nobody was verified in time.
        Expire = 92 "expire",
        /// A draft says something else, or is thrown away.
        Amend = 93 "amend",
        /// 直接答复
        Answer = 94 "answer",
    }
}

impl Action {
    /// Whether the phase allows the act. Source: GLOSSARY, phases of a ticket.
    #[must_use]
    pub const fn is_allowed_in(self, phase: Phase) -> bool {
        use Phase::{
            Cancelled, Closed, Dispatched, Draft, InCallback, InProgress, InReview, PendingDispatch,
            Quarantined, Resolved, Suspended,
        };
        match self {
            Self::Submit | Self::Amend | Self::Answer => matches!(phase, Draft),
            Self::Dispatch | Self::Pool | Self::Claim => matches!(phase, PendingDispatch),
            Self::Accept => matches!(phase, Dispatched),
            Self::Transfer | Self::Return => matches!(phase, Dispatched | InProgress),
            Self::Resolve => matches!(phase, InProgress | InReview),
            Self::OpenCallback => matches!(phase, Resolved),
            Self::Close => matches!(phase, Resolved | InCallback),
            Self::Reopen => matches!(phase, Resolved | InCallback | Closed),
            Self::Cancel => matches!(
                phase,
                Draft | Quarantined | PendingDispatch | Dispatched | InProgress | Suspended | InReview
            ),
            Self::Urge | Self::HandOff => phase.is_in_flight(),
            Self::Erase => phase.is_over(),
            Self::RequestSuspension
            | Self::DecideSuspension
            | Self::RequestExtension
            | Self::RequestAssist => matches!(phase, InProgress),
            Self::Resume => matches!(phase, Suspended),
            Self::DecideExtension | Self::ReplyAssist => phase.is_in_flight(),
            Self::WaiveAssist => matches!(phase, InProgress | Suspended),
            Self::Link => !matches!(phase, Draft),
            Self::Split | Self::Merge => {
                matches!(phase, PendingDispatch | Dispatched | InProgress | Suspended | InReview)
            }
            Self::MergeInto => phase.is_in_flight(),
            Self::BookVisit => matches!(phase, Dispatched | InProgress | Suspended),
            Self::MoveVisit => {
                matches!(phase, PendingDispatch | Dispatched | InProgress | Suspended | InReview)
            }
            Self::ReportVisit => !matches!(phase, Draft | Quarantined | Cancelled),
            Self::Note | Self::Attach | Self::LinkCall => true,
            Self::ChangePlace => !phase.is_over(),
            Self::Escalate => matches!(phase, PendingDispatch | Dispatched | InProgress),
            Self::IssueDirective => phase.is_in_flight() || matches!(phase, Resolved | InCallback),
            Self::ReplyDirective | Self::JudgeDirective => {
                phase.is_in_flight() || matches!(phase, Resolved | InCallback | Closed)
            }
            Self::Track => true,
            Self::MarkQualityError => !matches!(phase, Draft | Quarantined),
            Self::Circulate => matches!(
                phase,
                Dispatched | InProgress | Suspended | InReview | Resolved | InCallback | Closed
            ),
            Self::SubmitForReview => matches!(phase, InProgress),
            Self::ApproveReview | Self::RejectReview => matches!(phase, InReview),
            Self::Advance => matches!(phase, PendingDispatch | Dispatched | InProgress | Suspended),
            Self::Migrate => !phase.is_over(),
            Self::Verify | Self::Expire => matches!(phase, Quarantined),
        }
    }
}
