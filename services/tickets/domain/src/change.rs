//! What happened to a ticket.

use crate::{
    actor::Actor,
    acts::{draft::Amendment, erase::Personal},
    groups,
    names::{PrincipalId, UnitId},
    text::{BodySoFar, Note, Reason, Reply, RootCause, Solution, SubjectSoFar},
    ticket::Ticket,
    vocabulary::{CloseReason, HandoverCause, Origin, Outcome, Phase, Priority, UrgeLevel},
    workflow::Place,
};
use jiff::Timestamp;
use uuid::Uuid;

/// A ticket after an act: its new state, the version it came from, and what happened on the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// The ticket now.
    pub ticket: Ticket,
    /// The ticket before; none for a new one.
    pub before: Option<Box<Ticket>>,
    /// The version before; 0 for a new ticket.
    pub from_version: i64,
    /// Each event with the ticket right after it, in order.
    pub steps: Vec<(Event, Ticket)>,
    /// Free texts to keep beside the state.
    pub texts: Texts,
}

/// Free texts to keep beside the state; `None` leaves what is there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Texts {
    /// Of the request.
    pub request: Option<(SubjectSoFar, BodySoFar)>,
    /// Of the resolution of this round.
    pub resolution: Option<(Option<Solution>, RootCause, Reply)>,
    /// Of records.
    pub records: Vec<RecordText>,
}

/// A text of a record; a later one of the same part takes its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordText {
    /// The record.
    pub record: Uuid,
    /// Which of its texts, as the contract's field is called.
    pub part: &'static str,
    /// What was written.
    pub text: String,
}

/// One entry of the timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The ticket's version after it.
    pub version: i64,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// Live, or recorded from the past.
    pub origin: Origin,
    /// Who did it.
    pub actor: Actor,
    /// The phase before; none for the first event.
    pub from_phase: Option<Phase>,
    /// What happened.
    pub change: Change,
    /// Where the ticket stands in its workflow after it; none: where it stood. Source: T31.
    pub place: Option<Place>,
}

/// What a decision marks besides its target.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Marks {
    /// Marks the ticket as sensitive.
    pub sensitive: bool,
    /// Sets the priority.
    pub priority: Option<Priority>,
}

/// By whose order, and why, a person's tickets go to others of the unit. Source: R10.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Order {
    /// Who began the reassignment; none: routing did not say.
    pub started_by: Option<Named>,
    /// Whose ticket it was; none: routing did not say.
    pub from: Option<Named>,
    /// Why, where nobody wrote a reason.
    pub cause: Option<HandoverCause>,
}

/// Somebody, with the name people read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The principal.
    pub id: PrincipalId,
    /// The name.
    pub name: String,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are those of the acts, documented there and in the contract")]
pub enum Change {
    /// 存盘
    Saved,
    /// A draft says something else.
    Amended(Box<Amendment>),
    /// 提交
    Submitted,
    /// 派单
    Dispatched { unit: UnitId, person: Option<PrincipalId>, decision: Option<Uuid>, marks: Marks, note: Note },
    /// It waits for a dispatcher, or for a claim.
    Pooled { decision: Option<Uuid>, unit: Option<UnitId>, marks: Marks, reason: String, claim_limit: u32 },
    /// A decision came too late.
    DecisionRefused { decision: Uuid, reason: String },
    /// 接单
    Accepted { handler: Option<PrincipalId> },
    /// 抢单
    Claimed { unit: UnitId, handler: Option<PrincipalId> },
    /// 退单, or 放回 into the pool
    Returned { unit: UnitId, reason: Reason, arbitration: bool, to_pool: bool },
    /// 转派; by a decision of routing it goes to somebody else of the unit that holds it.
    Transferred {
        from: UnitId,
        to: UnitId,
        person: Option<PrincipalId>,
        reason: Reason,
        decision: Option<Uuid>,
        order: Option<Order>,
    },
    /// 办结
    Resolved { outcome: Outcome, responsible_unit: Option<UnitId>, elapsed_seconds: i64 },
    /// 回访
    CallbackOpened { task: Uuid },
    /// 归档
    Closed { reason: CloseReason, task: Option<Uuid> },
    /// 重办
    Reopened { reason: Reason, task: Option<Uuid>, from_round: i32, same_unit: bool },
    /// 撤单
    Cancelled { reason: Reason },
    /// 催单
    Urged { note: Note, told: Option<UrgeLevel> },
    /// What is personal was erased; with the customer when this was the last of their tickets and they are not known any more.
    Erased { what: Personal, gone: Option<Uuid> },
    /// 直接答复
    Answer(groups::answer::Change),
    /// 协办
    Assist(groups::assist::Change),
    /// Notes and attachments
    Attachment(groups::attachment::Change),
    /// Calls that belong to it
    Call(groups::call::Change),
    /// 传阅
    Circulation(groups::circulation::Change),
    /// 督办
    Directive(groups::directive::Change),
    /// 升级
    Escalation(groups::escalation::Change),
    /// 延时申请
    Extension(groups::extension::Change),
    /// Hand-off to emergency services
    Handoff(groups::handoff::Change),
    /// Other tickets it belongs with
    Links(groups::links::Change),
    /// Where it is about
    Place(groups::place::Change),
    /// 差错工单
    Quality(groups::quality::Change),
    /// 隔离区
    Quarantine(groups::quarantine::Change),
    /// 审核
    Review(groups::review::Change),
    /// 挂起
    Suspension(groups::suspension::Change),
    /// 跟踪
    Track(groups::track::Change),
    /// 预约上门
    Visit(groups::visit::Change),
    /// The workflow it follows
    Workflow(groups::workflow::Change),
}

impl Change {
    /// The event's name on the bus, as the contract's field is called.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Saved => "saved",
            Self::Amended(_) => "amended",
            Self::Submitted => "submitted",
            Self::Dispatched { .. } => "dispatched",
            Self::Pooled { .. } => "pooled",
            Self::DecisionRefused { .. } => "decision_refused",
            Self::Accepted { .. } => "accepted",
            Self::Claimed { .. } => "claimed",
            Self::Returned { .. } => "returned",
            Self::Transferred { .. } => "transferred",
            Self::Resolved { .. } => "resolved",
            Self::CallbackOpened { .. } => "callback_opened",
            Self::Closed { .. } => "closed",
            Self::Reopened { .. } => "reopened",
            Self::Cancelled { .. } => "cancelled",
            Self::Urged { .. } => "urged",
            Self::Erased { .. } => "erased",
            Self::Answer(change) => change.name(),
            Self::Assist(change) => change.name(),
            Self::Attachment(change) => change.name(),
            Self::Call(change) => change.name(),
            Self::Circulation(change) => change.name(),
            Self::Directive(change) => change.name(),
            Self::Escalation(change) => change.name(),
            Self::Extension(change) => change.name(),
            Self::Handoff(change) => change.name(),
            Self::Links(change) => change.name(),
            Self::Place(change) => change.name(),
            Self::Quality(change) => change.name(),
            Self::Quarantine(change) => change.name(),
            Self::Review(change) => change.name(),
            Self::Suspension(change) => change.name(),
            Self::Track(change) => change.name(),
            Self::Visit(change) => change.name(),
            Self::Workflow(change) => change.name(),
        }
    }
}

impl Change {
    /// The step that the act chose, where people choose one.
    pub(crate) fn to_step(&self) -> Option<&str> {
        match self {
            Self::Review(change) => change.to_step(),
            Self::Workflow(change) => Some(change.to_step()),
            _ => None,
        }
    }

    /// The step at which it was last worked on, where that is called otherwise from now on.
    pub(crate) fn worked_at(&self) -> Option<&str> {
        match self {
            Self::Workflow(change) => change.worked_at(),
            _ => None,
        }
    }

    /// Where in its workflow the ticket stood before something that this undoes.
    pub(crate) fn comes_back_to(&self) -> Option<&Place> {
        match self {
            Self::Links(groups::links::Change::MergeUndone { before, .. }) => before.place.as_ref(),
            _ => None,
        }
    }
}

impl Changed {
    /// This act followed by another that began where it ended, as one.
    #[must_use]
    pub fn and(mut self, next: Self) -> Self {
        self.ticket = next.ticket;
        self.steps.extend(next.steps);
        self.texts.request = next.texts.request.or(self.texts.request);
        self.texts.resolution = next.texts.resolution.or(self.texts.resolution);
        self.texts.records.extend(next.texts.records);
        self
    }

    /// Whether somebody says by it that what was asked for is done, or proposes to: as a whole, and so with all its parts.
    /// Source: T11.
    #[must_use]
    pub fn says_done(&self) -> bool {
        self.events().any(|event| match &event.change {
            Change::Resolved { .. } | Change::Answer(groups::answer::Change::Answered { .. }) => true,
            Change::Review(change) => matches!(change, groups::review::Change::Submitted(_)),
            _ => false,
        })
    }

    /// With a text of a record.
    pub(crate) fn with_record_text(mut self, text: RecordText) -> Self {
        self.texts.records.push(text);
        self
    }

    /// The events in order.
    pub fn events(&self) -> impl Iterator<Item = &Event> {
        self.steps.iter().map(|(event, _)| event)
    }
}
