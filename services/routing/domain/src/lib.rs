//! Where a ticket goes, and why: units, areas, rules and the decision. Pure: time comes in, nothing goes out.
//!
//! `decide` is the heart: rules in order, then who answers for the asset or the customer, then areas, then the nearest desk,
//! then the manual pool, each step written down in an [`Explanation`]. Source: R1 to R8.

mod area;
mod condition;
mod decide;
pub mod duty;
mod explanation;
mod facts;
pub mod finding;
mod id;
pub mod import;
mod principal;
pub mod reassign;
pub mod responsible;
mod rule;
mod rule_set;
pub mod simulate;
pub mod strategy;
mod suggest;
mod unit;
mod violation;

pub use area::{Area, AreaIndex, AreaKey, AreaPlan, branches};
pub use condition::{CHANNELS, Condition, ConditionError, LEVELS, TICKET_TYPES, Verdict, parts};
pub use decide::{
    Decided, Directory, History, PersonEntry, Question, REFUSALS_BEFORE_POOL, Refusals, RuleInForce, Target,
    decide_all, decide_staffed,
};
pub use explanation::{
    AreaTrial, DeskTrial, Detail, DirectOutcome, DirectTrial, Explanation, Outcome, PersonOutcome,
    PersonTrial, RuleTrial, StaffTrial,
};
pub use facts::TicketFacts;
pub use id::{InvalidId, check_id};
pub use principal::{Principal, PrincipalKind, PrincipalPlan, RIGHTS, ROLES};
pub use rule::{Rule, RuleAction, RuleTarget, check_rule};
pub use rule_set::{Anchor, changed, check_rules, differences, moved, place};
pub use suggest::{
    Hit, Hits, Judged, Lesson, Lessons, Quality, Suggester, TooLittle, TrainingPart, train_suggester,
};
pub use unit::{Planned, Unit, UnitKind};
pub use violation::Violation;
