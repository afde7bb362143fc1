//! All SQL of routing; a file per table or view.

mod areas;
mod decision_list;
mod decisions;
mod directory;
mod generation;
mod import;
#[cfg(test)]
mod plans;
mod principals;
mod rules;
mod units;

pub use areas::{AreaCursor, AreaFilter};
pub use decision_list::{DecisionFilter, DecisionName, StoredDecision, unanswered_due};
pub use decisions::{
    Answer, AnswerKind, Answered, DecisionRow, InsertError, answer_many, insert_many, send_again,
    supersede_many,
};
pub use directory::DirectoryCache;
pub use import::Imported;
pub use principals::PrincipalFilter;
pub use rules::{NewRule, RuleRevision};
pub use units::UnitFilter;

use sqlx::PgPool;

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
}

/// A row that this build cannot read: our fault.
fn unreadable(what: impl std::fmt::Display) -> gongdan_errors::Error {
    gongdan_errors::Error::internal(format!("unreadable row: {what}"))
}
