//! Table `priority_matrices`. Source: T8.

use super::{cached::Cached, save::small};
use gongdan_clock::SharedClock;
use gongdan_errors::Error;
use gongdan_pg::{RequestKey, error, requests};
use gongdan_telemetry::sql_span;
use gongdan_tickets_domain::{Impact, Matrix, Priority, TicketType, Urgency};
use jiff_sqlx::ToSqlx as _;
use sqlx::PgPool;
use std::{collections::HashMap, sync::Arc};
use tracing::Instrument as _;
use uuid::Uuid;

/// A matrix with its version.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Versioned {
    pub version: i32,
    pub matrix: Matrix,
}

/// The newest matrix of each type; 0 is for those that have none of their own.
#[derive(Debug)]
pub(crate) struct Matrices(HashMap<i16, Versioned>);

impl Matrices {
    /// The matrix that decides for a type, with the type it is set for.
    pub(crate) fn of(&self, kind: Option<TicketType>) -> (Option<TicketType>, Versioned) {
        let own = kind.and_then(|kind| self.0.get(&small(kind.number())));
        match (own, self.0.get(&0)) {
            (Some(own), _) => (kind, *own),
            (None, Some(common)) => (None, *common),
            (None, None) => (None, Versioned { version: 1, matrix: Matrix::default() }),
        }
    }
}

/// Where matrices are kept.
pub(crate) struct Priorities {
    pool: PgPool,
    clock: SharedClock,
    matrices: Cached<Matrices>,
}

impl Priorities {
    pub(crate) fn new(pool: PgPool, clock: SharedClock) -> Self {
        Self { pool, clock, matrices: Cached::default() }
    }

    /// The matrices now.
    pub(crate) async fn matrices(&self) -> Result<Arc<Matrices>, Error> {
        self.matrices.get(|| self.read()).await
    }

    async fn read(&self) -> Result<Matrices, Error> {
        let rows = sqlx::query!(
            "SELECT DISTINCT ON (kind) kind, version, cells FROM priority_matrices ORDER BY kind, version DESC"
        )
        .fetch_all(&self.pool)
        .instrument(sql_span!("priority_matrices.newest", "SELECT"))
        .await
        .map_err(error)?;
        rows.into_iter()
            .map(|row| Ok((row.kind, Versioned { version: row.version, matrix: decode(&row.cells)? })))
            .collect::<Result<_, Error>>()
            .map(Matrices)
    }

    /// Sets a new version; a repeated request gets the version it made.
    pub(crate) async fn set(
        &self,
        kind: Option<TicketType>,
        matrix: Matrix,
        key: &RequestKey,
    ) -> Result<Versioned, Error> {
        let number = small(kind.map_or(0, TicketType::number));
        let cells: Vec<i16> = matrix.cells().map(|(_, _, priority)| small(priority.number())).collect();
        let mut transaction = self.pool.begin().await.map_err(error)?;
        // Two changes of one matrix make two versions, one after the other.
        sqlx::query!(
            "SELECT pg_advisory_xact_lock(hashtextextended('gongdan.priority_matrices', $1))",
            i64::from(number)
        )
        .execute(&mut *transaction)
        .await
        .map_err(error)?;
        if let Some(answered) = requests::lookup(&mut transaction, key).await? {
            let version = i32::try_from(answered.version).map_err(Error::internal)?;
            return Ok(Versioned { version, matrix });
        }
        let now = self.clock.now();
        let version = sqlx::query_scalar!(
            r#"INSERT INTO priority_matrices (kind, version, cells, set_at)
               SELECT $1, COALESCE(max(version), 0) + 1, $2, $3 FROM priority_matrices WHERE kind = $1
               RETURNING version"#,
            number,
            &cells,
            now.to_sqlx() as _
        )
        .fetch_one(&mut *transaction)
        .instrument(sql_span!("priority_matrices.insert", "INSERT"))
        .await
        .map_err(error)?;
        let answered = requests::Answered { resource_id: Uuid::nil(), version: version.into() };
        requests::insert(&mut transaction, key, answered, now).await?;
        transaction.commit().await.map_err(error)?;
        self.matrices.forget();
        Ok(Versioned { version, matrix })
    }
}

fn decode(cells: &[i16]) -> Result<Matrix, Error> {
    let places = Urgency::ALL.iter().flat_map(|u| Impact::ALL.iter().map(move |i| (*u, *i)));
    let cells = places.zip(cells).filter_map(|((urgency, impact), cell)| {
        Some((urgency, impact, Priority::from_number((*cell).into())?))
    });
    Matrix::new(cells).map_err(Error::internal)
}
