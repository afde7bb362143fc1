//! What happened to a ticket, as far as telling people goes.

use crate::Target;
use gongdan_region::RegionCode;
use jiff::Timestamp;
use uuid::Uuid;

/// What people are told about. Webhooks are told more: every change of a live ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// 派单
    Dispatched,
    /// 转派
    Transferred,
    /// 退单
    Returned,
    /// It waits for a dispatcher or in a claim pool.
    Pooled,
    /// 重办
    Reopened,
    /// 催单, the first of several within the window.
    Urged,
    /// 审核: it waits for one's signature.
    ReviewSubmitted,
    /// It came back from review.
    ReviewRejected,
    /// A note mentions one.
    Mentioned,
    /// 归档
    Closed,
    /// 挂起 waits for approval.
    SuspensionRequested,
    /// 挂起 was approved.
    Suspended,
    /// 挂起 was refused.
    SuspensionRejected,
    /// A suspension is over: the ticket goes on by itself.
    Resumed,
    /// 延时 waits for approval.
    ExtensionRequested,
    /// 延时 was approved.
    ExtensionApproved,
    /// 延时 was refused.
    ExtensionRejected,
    /// 协办: a unit is asked to help.
    AssistRequested,
    /// The assisting unit replied.
    AssistReplied,
    /// The assisting unit declined.
    AssistDeclined,
    /// The lead does without it.
    AssistWaived,
    /// 升级: to a recipient.
    Escalated,
    /// 督办
    DirectiveIssued,
    /// The unit replied to a directive.
    DirectiveReplied,
    /// The reply will do.
    DirectiveAccepted,
    /// The reply will not do.
    DirectiveRejected,
    /// A directive was taken back.
    DirectiveWithdrawn,
    /// Its lateness climbed.
    DirectiveLate,
    /// 跟踪: the time to be reminded has come.
    Reminded,
    /// 传阅
    Circulated,
    /// 公告: something was announced inside a unit.
    Announced,
    /// An emergency service took over.
    HandedOff,
    /// 定时提醒: recurring work is due.
    ScheduleReminded,
    /// 预警
    Warned,
    /// 超时
    Breached,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 35] = [
        Self::Dispatched,
        Self::Transferred,
        Self::Returned,
        Self::Pooled,
        Self::Reopened,
        Self::Urged,
        Self::ReviewSubmitted,
        Self::ReviewRejected,
        Self::Mentioned,
        Self::Closed,
        Self::SuspensionRequested,
        Self::Suspended,
        Self::SuspensionRejected,
        Self::Resumed,
        Self::ExtensionRequested,
        Self::ExtensionApproved,
        Self::ExtensionRejected,
        Self::AssistRequested,
        Self::AssistReplied,
        Self::AssistDeclined,
        Self::AssistWaived,
        Self::Escalated,
        Self::DirectiveIssued,
        Self::DirectiveReplied,
        Self::DirectiveAccepted,
        Self::DirectiveRejected,
        Self::DirectiveWithdrawn,
        Self::DirectiveLate,
        Self::Reminded,
        Self::Circulated,
        Self::Announced,
        Self::HandedOff,
        Self::ScheduleReminded,
        Self::Warned,
        Self::Breached,
    ];

    /// Its name in the API, and of its template.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dispatched => "dispatched",
            Self::Transferred => "transferred",
            Self::Returned => "returned",
            Self::Pooled => "pooled",
            Self::Reopened => "reopened",
            Self::Urged => "urged",
            Self::ReviewSubmitted => "review_submitted",
            Self::ReviewRejected => "review_rejected",
            Self::Mentioned => "mentioned",
            Self::Closed => "closed",
            Self::SuspensionRequested => "suspension_requested",
            Self::Suspended => "suspended",
            Self::SuspensionRejected => "suspension_rejected",
            Self::Resumed => "resumed",
            Self::ExtensionRequested => "extension_requested",
            Self::ExtensionApproved => "extension_approved",
            Self::ExtensionRejected => "extension_rejected",
            Self::AssistRequested => "assist_requested",
            Self::AssistReplied => "assist_replied",
            Self::AssistDeclined => "assist_declined",
            Self::AssistWaived => "assist_waived",
            Self::Escalated => "escalated",
            Self::DirectiveIssued => "directive_issued",
            Self::DirectiveReplied => "directive_replied",
            Self::DirectiveAccepted => "directive_accepted",
            Self::DirectiveRejected => "directive_rejected",
            Self::DirectiveWithdrawn => "directive_withdrawn",
            Self::DirectiveLate => "directive_late",
            Self::Reminded => "reminded",
            Self::Circulated => "circulated",
            Self::Announced => "announced",
            Self::HandedOff => "handed_off",
            Self::ScheduleReminded => "schedule_reminded",
            Self::Warned => "warned",
            Self::Breached => "breached",
        }
    }

    /// By its name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// A live event of tickets or sla; of an announcement and of recurring work, which are of no
/// ticket, the ticket is nil and only its unit is given.
#[derive(Debug, Clone, PartialEq)]
pub struct Happening {
    /// The event.
    pub event_id: Uuid,
    /// `tickets.dispatched`, `sla.breached`: what webhooks subscribe to.
    pub event_type: String,
    /// Set when people are told of it.
    pub kind: Option<Kind>,
    /// What else decides whom to tell of it.
    pub about: About,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// The ticket after it.
    pub ticket: TicketFacts,
    /// What of sla's clock it tells, or until when what happened is asked for or holds.
    pub deadline: Option<Deadline>,
    /// Whom the event itself names: who is mentioned, who is to sign.
    pub named: Vec<Target>,
}

/// What else decides who is told, and a little of what they are told.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct About {
    /// How far it has climbed: of urges 1 handler, 2 unit leader, 3 supervisor; of late directives 1 unit leader,
    /// 2 supervising unit, 3 centre leader.
    pub level: i32,
    /// Of a late directive from level 2 on: the unit above whose leaders are told; empty if none is known.
    pub above_unit_id: String,
    /// Those whom it was shown to; none: all of the unit.
    pub person_ids: Vec<String>,
    /// Who did it, and need not be told; empty: nobody.
    pub actor_id: String,
    /// Until when something is owed.
    pub due_at: Option<Timestamp>,
    /// The number of the emergency service: 110, 119, 120; 0: none.
    pub emergency: i32,
    /// Of recurring work: the schedule's name.
    pub schedule: String,
    /// Of recurring work: what it reminds of.
    pub text: String,
}

/// What is told of a ticket: nothing personal and no free text.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TicketFacts {
    /// The ticket.
    pub id: Uuid,
    /// Its number, for people.
    pub number: String,
    /// The ticket's version; the clock's for events of sla.
    pub version: i64,
    /// The phase's code name, `in_progress`; empty when not known.
    pub phase: &'static str,
    /// The type's code name, `complaint`; empty when not known.
    pub ticket_type: &'static str,
    /// 1 to 5 for P1 to P5; 0 when not known.
    pub priority: u8,
    /// The catalogue item's key; empty when not known.
    pub item: String,
    /// The round; 0 when not known.
    pub round: i32,
    /// Its region.
    pub region: Option<RegionCode>,
    /// The unit that is told as a whole: the recipient, holder or pool; empty if none.
    pub unit_id: String,
    /// The person that is told before the unit; empty if none.
    pub person_id: String,
    /// Only for those whose rights cover it.
    pub sensitive: bool,
    /// Who created the ticket; empty if not known.
    pub creator_id: String,
}

/// What of a clock is told.
#[derive(Debug, Clone, PartialEq)]
pub struct Deadline {
    /// `dispatch`, `handling`, `callback`, `assist`, `review`, `supervision`; empty: no clock says so, but what happened.
    pub clock: &'static str,
    /// When it is due.
    pub due_at: Timestamp,
    /// How much of the time is used up, in percent; 100 for a breach.
    pub percent: i32,
}
