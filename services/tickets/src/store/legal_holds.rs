//! Table `legal_holds`: what must not be erased. Source: X11.

use gongdan_telemetry::sql_span;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use sqlx::{PgConnection, PgPool};
use tracing::Instrument as _;
use uuid::Uuid;

/// What is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    Ticket(Uuid),
    Customer(Uuid),
}

impl Subject {
    fn columns(self) -> (Option<Uuid>, Option<Uuid>) {
        match self {
            Self::Ticket(id) => (Some(id), None),
            Self::Customer(id) => (None, Some(id)),
        }
    }
}

/// A hold.
#[derive(Debug, Clone)]
pub(crate) struct LegalHold {
    pub id: Uuid,
    pub ticket_id: Option<Uuid>,
    pub customer_id: Option<Uuid>,
    pub reason: String,
    pub placed_by: String,
    pub placed_at: jiff_sqlx::Timestamp,
    pub held_until: Option<jiff_sqlx::Timestamp>,
    pub released_by: Option<String>,
    pub released_at: Option<jiff_sqlx::Timestamp>,
    pub release_reason: Option<String>,
}

/// Places one; the id is derived from the request, so that a repetition places nothing. What is held is locked first:
/// erasing locks it too, and looks for holds only then. False when there is no such ticket or customer any more.
pub(crate) async fn place(
    pool: &PgPool,
    id: Uuid,
    subject: Subject,
    reason: &str,
    by: &str,
    until: Option<Timestamp>,
    now: Timestamp,
) -> Result<bool, sqlx::Error> {
    let (ticket, customer) = subject.columns();
    let mut transaction = pool.begin().await?;
    if !lock(&mut transaction, subject).await? {
        return Ok(false);
    }
    sqlx::query!(
        "INSERT INTO legal_holds (id, ticket_id, customer_id, reason, placed_by, placed_at, held_until)
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO NOTHING",
        id,
        ticket,
        customer,
        reason,
        by,
        now.to_sqlx() as _,
        until.map(|at| at.to_sqlx()) as _
    )
    .execute(&mut *transaction)
    .instrument(sql_span!("legal_holds.place", "INSERT"))
    .await?;
    transaction.commit().await?;
    Ok(true)
}

/// Whether it is there, and locked now.
async fn lock(connection: &mut PgConnection, subject: Subject) -> Result<bool, sqlx::Error> {
    let span = sql_span!("legal_holds.lock", "SELECT");
    let row = match subject {
        Subject::Ticket(id) => {
            sqlx::query_scalar!("SELECT id FROM tickets WHERE id = $1 FOR UPDATE", id)
                .fetch_optional(connection)
                .instrument(span)
                .await?
        }
        Subject::Customer(id) => {
            sqlx::query_scalar!("SELECT id FROM customers WHERE id = $1 FOR UPDATE", id)
                .fetch_optional(connection)
                .instrument(span)
                .await?
        }
    };
    Ok(row.is_some())
}

/// Releases one that is in force; a repetition changes nothing.
pub(crate) async fn release(
    pool: &PgPool,
    id: Uuid,
    by: &str,
    reason: &str,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE legal_holds SET released_by = $2, release_reason = $3, released_at = $4
         WHERE id = $1 AND released_at IS NULL",
        id,
        by,
        reason,
        now.to_sqlx() as _
    )
    .execute(pool)
    .instrument(sql_span!("legal_holds.release", "UPDATE"))
    .await?;
    Ok(())
}

/// One of them.
pub(crate) async fn get(pool: &PgPool, id: Uuid) -> Result<Option<LegalHold>, sqlx::Error> {
    sqlx::query_as!(
        LegalHold,
        "SELECT id, ticket_id, customer_id, reason, placed_by, placed_at, held_until, released_by, released_at,
                release_reason
         FROM legal_holds WHERE id = $1",
        id
    )
    .fetch_optional(pool)
    .instrument(sql_span!("legal_holds.get", "SELECT"))
    .await
}

/// The newest first, after one of an earlier page; of one subject, if given; those in force only, unless `all`.
pub(crate) async fn list(
    pool: &PgPool,
    subject: Option<Subject>,
    all: bool,
    after: Option<(Timestamp, Uuid)>,
    limit: i64,
    now: Timestamp,
) -> Result<Vec<LegalHold>, sqlx::Error> {
    let (ticket, customer) = subject.map_or((None, None), Subject::columns);
    let (after_at, after_id) = after.map_or((None, None), |(at, id)| (Some(at.to_sqlx()), Some(id)));
    sqlx::query_as!(
        LegalHold,
        "SELECT id, ticket_id, customer_id, reason, placed_by, placed_at, held_until, released_by, released_at,
                release_reason
         FROM legal_holds
         WHERE ($1::uuid IS NULL OR ticket_id = $1) AND ($2::uuid IS NULL OR customer_id = $2)
           AND ($3 OR released_at IS NULL AND (held_until IS NULL OR held_until > $4))
           AND ($5::timestamptz IS NULL OR (placed_at, id) < ($5, $6::uuid))
         ORDER BY placed_at DESC, id DESC LIMIT $7",
        ticket,
        customer,
        all,
        now.to_sqlx() as _,
        after_at as _,
        after_id,
        limit
    )
    .fetch_all(pool)
    .instrument(sql_span!("legal_holds.list", "SELECT"))
    .await
}

/// A hold in force on a customer as a whole.
pub(crate) async fn of_customer(
    pool: &PgPool,
    customer: Uuid,
    now: Timestamp,
) -> Result<Option<Uuid>, sqlx::Error> {
    sqlx::query_scalar!(
        "SELECT id FROM legal_holds
         WHERE customer_id = $1 AND released_at IS NULL AND (held_until IS NULL OR held_until > $2) LIMIT 1",
        customer,
        now.to_sqlx() as _
    )
    .fetch_optional(pool)
    .instrument(sql_span!("legal_holds.of_customer", "SELECT"))
    .await
}

/// Which of these tickets are held, by themselves or with their customer, each with a hold.
pub(crate) async fn of_tickets(
    connection: &mut PgConnection,
    tickets: &[Uuid],
    now: Timestamp,
) -> Result<Vec<(Uuid, Uuid)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT DISTINCT ON (t.id) t.id AS ticket, h.id AS hold
           FROM tickets t JOIN legal_holds h ON h.ticket_id = t.id OR h.customer_id = t.customer_id
           WHERE t.id = ANY ($1) AND h.released_at IS NULL AND (h.held_until IS NULL OR h.held_until > $2)
           ORDER BY t.id, h.id"#,
        tickets,
        now.to_sqlx() as _
    )
    .fetch_all(connection)
    .instrument(sql_span!("legal_holds.of_tickets", "SELECT"))
    .await?;
    Ok(rows.into_iter().map(|row| (row.ticket, row.hold)).collect())
}
