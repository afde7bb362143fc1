//! The enumerations of a ticket; numbers as in `proto/gongdan/tickets/v1/ticket.proto`.

use crate::numbered::numbered;

numbered! {
    /// Where a ticket is in its life. Source: GLOSSARY, phases of a ticket.
    Phase {
        /// 存盘
        Draft = 1 "draft",
        /// 隔离区
        Quarantined = 2 "quarantined",
        /// Submitted; waits for a decision, a dispatcher or a claim.
        PendingDispatch = 3 "pending_dispatch",
        /// 派单
        Dispatched = 4 "dispatched",
        /// 接单
        InProgress = 5 "in_progress",
        /// 挂起
        Suspended = 6 "suspended",
        /// 审核
        InReview = 7 "in_review",
        /// 办结
        Resolved = 8 "resolved",
        /// 回访
        InCallback = 9 "in_callback",
        /// 归档
        Closed = 10 "closed",
        /// 撤单
        Cancelled = 11 "cancelled",
    }
}

numbered! {
    /// What kind of request. Source: T7.
    TicketType {
        /// 咨询
        Consultation = 1 "consultation",
        /// 投诉
        Complaint = 2 "complaint",
        /// 举报
        Report = 3 "report",
        /// 建议
        Suggestion = 4 "suggestion",
        /// 求助
        Help = 5 "help",
        /// 表扬
        Praise = 6 "praise",
        /// 故障
        Incident = 7 "incident",
        /// 业务处理
        BusinessProcessing = 8 "business_processing",
        /// 维护作业
        Maintenance = 9 "maintenance",
        /// 其他
        Other = 10 "other",
    }
}

numbered! {
    /// How a request came in. Source: T1.
    Channel {
        /// 电话
        Phone = 1 "phone",
        /// 网站
        Web = 2 "web",
        /// 应用
        App = 3 "app",
        /// 小程序
        MiniProgram = 4 "mini_program",
        /// 微信
        Wechat = 5 "wechat",
        /// 微博
        Weibo = 6 "weibo",
        /// 电子邮件
        Email = 7 "email",
        /// 传真
        Fax = 8 "fax",
        /// 来访
        WalkIn = 9 "walk_in",
        /// Another system.
        Api = 10 "api",
        /// A device.
        Device = 11 "device",
        /// 上级转办
        HandedDown = 12 "handed_down",
        /// 短信
        Sms = 13 "sms",
    }
}

numbered! {
    /// How soon it hurts. Source: T8.
    Urgency {
        /// Can wait.
        Low = 1 "low",
        /// Usual.
        Medium = 2 "medium",
        /// Soon.
        High = 3 "high",
        /// At once.
        Critical = 4 "critical",
    }
}

numbered! {
    /// How many it hurts. Source: T8.
    Impact {
        /// One person or household.
        Low = 1 "low",
        /// A building or street.
        Medium = 2 "medium",
        /// A district.
        High = 3 "high",
        /// A city or more.
        Critical = 4 "critical",
    }
}

numbered! {
    /// What comes first. Source: T8.
    Priority {
        /// At once.
        P1 = 1 "P1",
        /// Next.
        P2 = 2 "P2",
        /// Usual.
        P3 = 3 "P3",
        /// Later.
        P4 = 4 "P4",
        /// When there is time.
        P5 = 5 "P5",
    }
}

numbered! {
    /// What came of it. Source: T19.
    Outcome {
        /// Solved.
        Solved = 1 "solved",
        /// Explained.
        Explained = 2 "explained",
        /// Cannot be solved.
        NotSolvable = 3 "not_solvable",
        /// Not ours.
        OutOfScope = 4 "out_of_scope",
    }
}

numbered! {
    /// Why a ticket was closed.
    CloseReason {
        /// Callback was completed.
        CallbackCompleted = 1 "callback_completed",
        /// No callback was planned.
        CallbackSkipped = 2 "callback_skipped",
        /// Callback could not reach the citizen.
        CallbackGivenUp = 3 "callback_given_up",
        /// Nothing was heard for seven working days.
        Timer = 4 "timer",
        /// Recorded from the past.
        Imported = 5 "imported",
        /// 直接答复
        Answered = 6 "answered",
        /// It is part of another ticket now.
        Merged = 7 "merged",
    }
}

numbered! {
    /// Why somebody's tickets go to others, where nobody wrote a reason. Source: R10.
    HandoverCause {
        /// They are on leave.
        OnLeave = 1 "on_leave",
        /// A leave of theirs begins.
        GoesOnLeave = 2 "goes_on_leave",
        /// They have left.
        Left = 3 "left",
        /// They hand over.
        HandsOver = 4 "hands_over",
    }
}

numbered! {
    /// Where a fact comes from.
    Origin {
        /// It happened in this suite.
        Live = 1 "live",
        /// Recorded from the past.
        Import = 2 "import",
    }
}

numbered! {
    /// What kind of caller. Source: DESIGN rule 16.
    PrincipalKind {
        /// Staff.
        Person = 1 "person",
        /// A program.
        Service = 2 "service",
        /// A citizen.
        Citizen = 3 "citizen",
    }
}

numbered! {
    /// Whom an urge goes to. Source: T22.
    UrgeLevel {
        /// Who has it.
        Handler = 1 "handler",
        /// Who leads the unit that has it.
        UnitLeader = 2 "unit_leader",
        /// Who supervises.
        Supervisor = 3 "supervisor",
    }
}

impl UrgeLevel {
    /// Whom the next one goes to that is told.
    #[must_use]
    pub const fn next(told: Option<Self>) -> Self {
        match told {
            None => Self::Handler,
            Some(Self::Handler) => Self::UnitLeader,
            Some(Self::UnitLeader | Self::Supervisor) => Self::Supervisor,
        }
    }
}

impl Phase {
    /// Submitted and not resolved: what may be urged and counts as in flight.
    #[must_use]
    pub const fn is_in_flight(self) -> bool {
        matches!(
            self,
            Self::PendingDispatch | Self::Dispatched | Self::InProgress | Self::Suspended | Self::InReview
        )
    }

    /// Nothing more is expected to happen.
    #[must_use]
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Closed | Self::Cancelled)
    }
}
