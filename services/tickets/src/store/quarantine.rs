//! Tickets that wait in the quarantine. Source: T12.

use super::{save::Save, tickets::Tickets};
use gongdan_errors::Error;
use gongdan_pg::error;
use gongdan_telemetry::sql_span;
use gongdan_tickets_domain::{Change, Changed, groups::quarantine};
use jiff::Timestamp;
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx as _};
use sqlx::PgConnection;
use tracing::Instrument as _;
use uuid::Uuid;

impl Tickets {
    /// Those of a customer, after an id.
    pub(crate) async fn quarantined_of(
        &self,
        customer: Uuid,
        after: Uuid,
        limit: i64,
    ) -> Result<Vec<Uuid>, Error> {
        sqlx::query_scalar!(
            "SELECT id FROM tickets WHERE phase = 2 AND customer_id = $1 AND id > $2 ORDER BY id LIMIT $3",
            customer,
            after,
            limit
        )
        .fetch_all(&self.pool)
        .instrument(sql_span!("tickets.quarantined_of", "SELECT"))
        .await
        .map_err(error)
    }

    /// Those whose customer was verified meanwhile, after an id.
    pub(crate) async fn quarantined_of_verified(&self, after: Uuid, limit: i64) -> Result<Vec<Uuid>, Error> {
        sqlx::query_scalar!(
            "SELECT t.id FROM tickets t JOIN customers c ON c.id = t.customer_id
             WHERE t.phase = 2 AND c.verified_at IS NOT NULL AND t.id > $1 ORDER BY t.id LIMIT $2",
            after,
            limit
        )
        .fetch_all(&self.pool)
        .instrument(sql_span!("tickets.quarantined_of_verified", "SELECT"))
        .await
        .map_err(error)
    }

    /// Those whose time is over, the longest ago first, after one of an earlier page.
    pub(crate) async fn quarantined_until(
        &self,
        now: Timestamp,
        after: Option<(Timestamp, Uuid)>,
        limit: i64,
    ) -> Result<Vec<(Timestamp, Uuid)>, Error> {
        let (at, id) = after.unwrap_or((Timestamp::UNIX_EPOCH, Uuid::nil()));
        let rows = sqlx::query!(
            r#"SELECT until AS "until: SqlTimestamp", ticket_id FROM quarantined
               WHERE until <= $1 AND (until, ticket_id) > ($2, $3) ORDER BY until, ticket_id LIMIT $4"#,
            now.to_sqlx() as _,
            at.to_sqlx() as _,
            id,
            limit
        )
        .fetch_all(&self.pool)
        .instrument(sql_span!("quarantined.over", "SELECT"))
        .await
        .map_err(error)?;
        Ok(rows.into_iter().map(|row| (row.until.to_jiff(), row.ticket_id)).collect())
    }

    /// These wait no longer.
    pub(crate) async fn out_of_quarantine(&self, tickets: &[Uuid]) -> Result<(), Error> {
        sqlx::query!("DELETE FROM quarantined WHERE ticket_id = ANY ($1)", tickets)
            .execute(&self.pool)
            .instrument(sql_span!("quarantined.delete", "DELETE"))
            .await
            .map_err(error)?;
        Ok(())
    }
}

/// Until when a ticket waits that an act put there.
pub(super) fn until(changed: &Changed) -> Option<Timestamp> {
    changed.events().find_map(|event| match &event.change {
        Change::Quarantine(quarantine::Change::Quarantined { until, .. }) => Some(*until),
        _ => None,
    })
}

/// When the time of tickets is over that an act put there.
pub(super) async fn write(connection: &mut PgConnection, saves: &[&Save]) -> Result<(), sqlx::Error> {
    let (tickets, until): (Vec<Uuid>, Vec<jiff_sqlx::Timestamp>) =
        saves.iter().filter_map(|save| Some((save.row.id, save.extras.quarantined?.to_sqlx()))).unzip();
    if tickets.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "INSERT INTO quarantined (ticket_id, until) SELECT * FROM UNNEST($1::uuid[], $2::timestamptz[])
         ON CONFLICT (ticket_id) DO UPDATE SET until = EXCLUDED.until",
        &tickets,
        &until as &[jiff_sqlx::Timestamp]
    )
    .execute(connection)
    .instrument(sql_span!("quarantined.insert", "INSERT"))
    .await?;
    Ok(())
}
