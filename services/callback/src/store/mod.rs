//! All SQL of callback; a file per table or view.

mod attempts;
mod contact_reads;
mod erase;
mod list;
#[cfg(test)]
mod plans;
mod queue;
mod row;
mod tasks;
mod write;

pub use attempts::NewAttempt;
pub use erase::{ERASED, erase};
pub use list::TaskFilter;
pub use row::TaskName;
pub use tasks::{Opened, SEEN};
pub use write::{LoadError, end_many, insert_many, lock_outstanding};

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
