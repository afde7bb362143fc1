//! Table `resumptions`: suspended tickets that go on by themselves. Source: T16.

use super::save::Save;
use gongdan_errors::Error;
use gongdan_pg::error;
use gongdan_telemetry::sql_span;
use gongdan_tickets_domain::{Changed, Phase};
use jiff::Timestamp;
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx as _};
use sqlx::{PgConnection, PgPool};
use tracing::Instrument as _;
use uuid::Uuid;

/// What an act says about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Resumption {
    /// The ticket goes on at that time.
    At(Timestamp),
    /// It does not go on by itself.
    Never,
}

/// When the ticket goes on, after an act that may have changed it; none when it did not.
pub(super) fn of(changed: &Changed) -> Option<Resumption> {
    let moved = |(event, after): &(gongdan_tickets_domain::Event, gongdan_tickets_domain::Ticket)| {
        event.from_phase != Some(after.phase)
            && (event.from_phase == Some(Phase::Suspended) || after.phase == Phase::Suspended)
    };
    if !changed.steps.iter().any(moved) {
        return None;
    }
    let suspended = changed.ticket.phase == Phase::Suspended;
    let until = changed.ticket.groups.suspensions.active().and_then(|suspension| suspension.until);
    Some(until.filter(|_| suspended).map_or(Resumption::Never, Resumption::At))
}

/// Writes those of acts that were written.
pub(super) async fn write(connection: &mut PgConnection, saves: &[&Save]) -> Result<(), sqlx::Error> {
    let all = || saves.iter().filter_map(|save| Some((save.row.id, save.extras.resumption?)));
    let never: Vec<Uuid> = all().filter(|(_, at)| *at == Resumption::Never).map(|(id, _)| id).collect();
    if !never.is_empty() {
        sqlx::query!("DELETE FROM resumptions WHERE ticket_id = ANY ($1)", &never)
            .execute(&mut *connection)
            .instrument(sql_span!("resumptions.delete", "DELETE"))
            .await?;
    }
    let (mut ids, mut times): (Vec<Uuid>, Vec<SqlTimestamp>) = (Vec::new(), Vec::new());
    for (id, resumption) in all() {
        if let Resumption::At(at) = resumption {
            ids.push(id);
            times.push(at.to_sqlx());
        }
    }
    if !ids.is_empty() {
        sqlx::query!(
            "INSERT INTO resumptions (ticket_id, until) SELECT * FROM UNNEST($1::uuid[], $2::timestamptz[])
             ON CONFLICT (ticket_id) DO UPDATE SET until = EXCLUDED.until",
            &ids,
            &times as _
        )
        .execute(connection)
        .instrument(sql_span!("resumptions.write", "INSERT"))
        .await?;
    }
    Ok(())
}

/// At most `limit` tickets whose time has come, the longest overdue first.
pub(crate) async fn due(
    pool: &PgPool,
    now: Timestamp,
    after: Option<(Timestamp, Uuid)>,
    limit: i64,
) -> Result<Vec<(Timestamp, Uuid)>, Error> {
    let (at, id) = after.unwrap_or((Timestamp::UNIX_EPOCH, Uuid::nil()));
    let rows = sqlx::query!(
        r#"SELECT until AS "until: SqlTimestamp", ticket_id FROM resumptions
           WHERE until <= $1 AND (until, ticket_id) > ($2, $3) ORDER BY until, ticket_id LIMIT $4"#,
        now.to_sqlx() as _,
        at.to_sqlx() as _,
        id,
        limit
    )
    .fetch_all(pool)
    .instrument(sql_span!("resumptions.due", "SELECT"))
    .await
    .map_err(error)?;
    Ok(rows.into_iter().map(|row| (row.until.to_jiff(), row.ticket_id)).collect())
}
