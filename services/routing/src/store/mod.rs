//! All SQL of routing; a file per table or view.

pub mod answerable;
mod area_plans;
mod areas;
mod book;
mod compared;
mod decision_list;
mod decisions;
mod directory;
mod findings;
mod generation;
mod heard;
pub mod holdings;
pub mod holdings_fill;
mod import;
mod import_findings;
pub mod in_hand;
pub mod last_handlers;
mod leaves;
pub mod loads;
mod past_tickets;
#[cfg(test)]
mod plans;
mod principal_plans;
mod principal_states;
mod principals;
mod principals_at;
#[cfg(test)]
mod reassignment_plans;
mod reassignment_reach;
mod reassignment_rows;
pub mod reassignment_tickets;
pub mod reassignments;
pub mod reservations;
pub mod responsibilities;
mod responsibility_findings;
#[cfg(test)]
mod responsibility_plans;
mod rosters;
pub mod rotations;
mod rule_draft;
mod rule_publishing;
mod rule_revisions;
mod rule_sets;
mod rule_writes;
mod rules;
#[cfg(test)]
mod scans;
pub mod staffing;
mod suggest;
mod suggest_cache;
mod suggest_pending;
mod swaps;
mod take_effect;
mod unit_states;
mod units;
mod writer;

pub use areas::{AreaCursor, AreaFilter};
pub use compared::Compared;
pub use decision_list::{DecisionFilter, DecisionName, StoredDecision, unanswered_due};
pub use decisions::{
    Answer, AnswerKind, Answered, DecisionRow, Handover, InsertError, answer_many, insert_many, send_again,
    supersede_many,
};
pub use directory::DirectoryCache;
pub use holdings::Holding;
pub use import::Imported;
pub use in_hand::{About, InHandRow, Within};
pub use last_handlers::{LastHandler, Matter};
pub use leaves::LeaveRecord;
pub use loads::LoadChanges;
pub use principals::{PrincipalFilter, names as names_of};
pub use principals_at::PrincipalAt;
pub use reassignment_reach::Reach;
pub use reassignment_rows::{Reassignment, ReassignmentState};
pub use reassignment_tickets::{Outcome as TicketOutcome, Progress, ReassignedTicket, TicketState};
pub use reassignments::{NewReassignment, ReassignmentFilter};
pub use responsibilities::{KeptResponsibility, ResponsibilityFilter, ResponsibilityRights};
pub use rosters::RosterRevision;
pub use rule_draft::{Draft, DraftChange};
pub use rule_publishing::{Drafted, Publishing};
pub use rule_revisions::RuleRevision;
pub use rule_sets::{RuleSet, SetKind};
pub use rule_writes::{RuleWrite, Shelf, Surroundings};
pub use suggest::{
    KeptQuality, Learnt, NewSuggester, QualityRow, ScoreRow, SuggesterRow, no_training, try_lock_change,
    try_lock_training, update as update_suggester,
};
pub use suggest_cache::{LoadedSuggester, SuggesterCache};
pub use suggest_pending::{Resolved, newest as newest_pending, queue as queue_pending, take as take_pending};
pub use swaps::{SwapCursor, SwapFilter};
pub use take_effect::Begun;
pub use units::{UnitAt, UnitFilter};
pub use writer::Writer;

use gongdan_errors::Error;
use sqlx::{PgPool, Postgres, Transaction};

/// The service's tables.
#[derive(Debug, Clone)]
pub struct Store {
    pool: PgPool,
}

impl Store {
    /// Over a pool.
    pub const fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    /// A transaction that sees one moment and changes nothing.
    pub async fn snapshot(&self) -> Result<Transaction<'static, Postgres>, Error> {
        const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
        self.pool.begin_with(BEGIN).await.map_err(gongdan_pg::error)
    }
}

/// A row that this build cannot read: our fault.
fn unreadable(what: impl std::fmt::Display) -> Error {
    Error::internal(format!("unreadable row: {what}"))
}
