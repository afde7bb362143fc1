//! Tables `circulations` and `circulation_reads`: what was shown inside a unit, and who has read it. Source: T34.

use super::{save::Save, scope::COLUMNS};
use gongdan_access::Scope;
use gongdan_telemetry::sql_span;
use gongdan_tickets_domain::{Change, Changed, groups::circulation::Change as Circulated};
use jiff::Timestamp;
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx as _};
use sqlx::{FromRow, PgConnection, PgPool, Postgres, QueryBuilder};
use tracing::Instrument as _;
use uuid::Uuid;

/// Members of a circulation's unit that are named as not having read it, at most.
const MOST_UNREAD: i64 = 500;

/// One to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewCirculation {
    pub id: Uuid,
    /// None: an announcement.
    pub ticket: Option<Uuid>,
    pub unit: String,
    /// Empty: all of the unit.
    pub persons: Vec<String>,
    pub title: String,
    pub text: String,
    pub by: String,
    pub by_name: String,
    pub at: Timestamp,
}

/// One as it is shown.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct Circulation {
    pub id: Uuid,
    pub ticket_id: Option<Uuid>,
    pub ticket_number: Option<String>,
    pub unit_id: String,
    pub person_ids: Vec<String>,
    pub title: String,
    pub text: String,
    pub circulated_by: String,
    pub circulated_by_name: String,
    pub circulated_at: SqlTimestamp,
}

/// Who read which, and who did not.
#[derive(Debug, Default)]
pub(crate) struct Readers {
    /// Circulation, person and when, in that order.
    pub reads: Vec<(Uuid, String, Timestamp)>,
    /// Circulation and person.
    pub unread: Vec<(Uuid, String)>,
}

/// The last of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct After {
    pub at: Timestamp,
    pub id: Uuid,
}

/// Who looks.
#[derive(Debug, Clone)]
pub(crate) struct Reader<'a> {
    pub person: &'a str,
    pub units: &'a [String],
    /// Sees what is shown to some of its units' members only.
    pub leads: bool,
    /// The tickets that it may see.
    pub scope: &'a Scope,
}

/// Which are listed.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Which {
    pub id: Option<Uuid>,
    pub ticket: Option<Uuid>,
    pub unread: bool,
    pub after: Option<After>,
}

/// What an act shows.
pub(super) fn shown(changed: &Changed) -> Vec<NewCirculation> {
    let show = |event: &gongdan_tickets_domain::Event| match &event.change {
        Change::Circulation(Circulated::Circulated { id, unit, persons, .. }) => Some(NewCirculation {
            id: *id,
            ticket: Some(changed.ticket.id),
            unit: unit.to_string(),
            persons: persons.iter().map(ToString::to_string).collect(),
            title: String::new(),
            text: String::new(),
            by: event.actor.id.to_string(),
            by_name: event.actor.name.clone(),
            at: event.occurred_at,
        }),
        _ => None,
    };
    changed.events().filter_map(show).collect()
}

/// Writes those of acts that were written.
pub(super) async fn write(connection: &mut PgConnection, saves: &[&Save]) -> Result<(), sqlx::Error> {
    for circulation in saves.iter().flat_map(|save| &save.extras.circulations) {
        insert(&mut *connection, circulation).await?;
    }
    Ok(())
}

/// Writes one, unless it is there; whether it was not.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    circulation: &NewCirculation,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "INSERT INTO circulations (id, ticket_id, unit_id, person_ids, title, text, circulated_by, circulated_by_name,
                                   circulated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING",
        circulation.id,
        circulation.ticket,
        circulation.unit,
        &circulation.persons,
        circulation.title,
        circulation.text,
        circulation.by,
        circulation.by_name,
        circulation.at.to_sqlx() as _
    )
    .execute(connection)
    .instrument(sql_span!("circulations.insert", "INSERT"))
    .await?;
    Ok(done.rows_affected() > 0)
}

/// At most `limit` of those that `reader` is shown, newest first.
pub(crate) async fn list(
    pool: &PgPool,
    reader: &Reader<'_>,
    which: Which,
    limit: i64,
) -> Result<Vec<Circulation>, sqlx::Error> {
    statement(reader, which, limit)
        .build_query_as::<Circulation>()
        .fetch_all(pool)
        .instrument(sql_span!("circulations.list", "SELECT"))
        .await
}

/// Each unit is read in the order of its own index, and no further than a page.
fn statement(reader: &Reader<'_>, which: Which, limit: i64) -> QueryBuilder<Postgres> {
    let mut sql = QueryBuilder::new(
        "SELECT c.id, c.ticket_id, t.number AS ticket_number, c.unit_id, c.person_ids, c.title,
                COALESCE(x.text, c.text) AS text, c.circulated_by, c.circulated_by_name, c.circulated_at
         FROM UNNEST(",
    );
    sql.push_bind(reader.units.to_vec());
    sql.push(
        "::text[]) AS u(unit) CROSS JOIN LATERAL (SELECT c.* FROM circulations c WHERE c.unit_id = u.unit",
    );
    if let Some(id) = which.id {
        sql.push(" AND c.id = ").push_bind(id);
    }
    if let Some(ticket) = which.ticket {
        sql.push(" AND c.ticket_id = ").push_bind(ticket);
    }
    if let Some(After { at, id }) = which.after {
        sql.push(" AND (c.circulated_at, c.id) < (").push_bind(SqlTimestamp::from(at));
        sql.push(", ").push_bind(id).push(")");
    }
    if which.unread {
        sql.push(" AND c.circulated_by <> ").push_bind(reader.person.to_owned());
        sql.push(" AND NOT EXISTS (SELECT FROM circulation_reads r WHERE r.circulation_id = c.id AND r.person_id = ");
        sql.push_bind(reader.person.to_owned()).push(")");
    }
    // Leaders see what is shown to some of their unit, but do not owe the reading of it.
    if which.unread || !reader.leads {
        sql.push(" AND (c.person_ids = '{}' OR ").push_bind(reader.person.to_owned());
        sql.push(" = ANY (c.person_ids) OR c.circulated_by = ").push_bind(reader.person.to_owned()).push(")");
    }
    // By the name that the scope's columns have.
    sql.push(
        " AND (c.ticket_id IS NULL OR EXISTS (SELECT FROM tickets AS ticket_views \
         WHERE ticket_views.id = c.ticket_id AND ",
    );
    reader.scope.push(&mut sql, &COLUMNS);
    sql.push(")) ORDER BY c.circulated_at DESC, c.id DESC LIMIT ").push_bind(limit);
    sql.push(
        ") c LEFT JOIN tickets t ON t.id = c.ticket_id
         LEFT JOIN record_texts x ON x.ticket_id = c.ticket_id AND x.record_id = c.id AND x.part = 'note'
         ORDER BY c.circulated_at DESC, c.id DESC LIMIT ",
    );
    sql.push_bind(limit);
    sql
}

/// Who has read these, and which members they are shown to have not.
pub(crate) async fn readers(pool: &PgPool, ids: &[Uuid]) -> Result<Readers, sqlx::Error> {
    let reads = sqlx::query!(
        r#"SELECT circulation_id, person_id, read_at AS "read_at: SqlTimestamp" FROM circulation_reads
           WHERE circulation_id = ANY ($1) ORDER BY circulation_id, read_at, person_id"#,
        ids
    )
    .fetch_all(pool)
    .instrument(sql_span!("circulation_reads.of", "SELECT"))
    .await?;
    let unread = sqlx::query!(
        r#"SELECT c.id AS "id!", p.id AS "person!" FROM circulations c CROSS JOIN LATERAL (
             SELECT p.id FROM principals p
             WHERE p.active AND p.kind = 1 AND p.unit_ids @> ARRAY[c.unit_id] AND p.id <> c.circulated_by
               AND (c.person_ids = '{}' OR p.id = ANY (c.person_ids))
               AND NOT EXISTS (SELECT FROM circulation_reads r WHERE r.circulation_id = c.id AND r.person_id = p.id)
             ORDER BY p.id LIMIT $2) p
           WHERE c.id = ANY ($1)"#,
        ids,
        MOST_UNREAD
    )
    .fetch_all(pool)
    .instrument(sql_span!("circulations.unread", "SELECT"))
    .await?;
    Ok(Readers {
        reads: reads.into_iter().map(|r| (r.circulation_id, r.person_id, r.read_at.to_jiff())).collect(),
        unread: unread.into_iter().map(|r| (r.id, r.person)).collect(),
    })
}

/// Somebody has read it; the first time counts.
pub(crate) async fn read(pool: &PgPool, id: Uuid, person: &str, at: Timestamp) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO circulation_reads (circulation_id, person_id, read_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        id,
        person,
        at.to_sqlx() as _
    )
    .execute(pool)
    .instrument(sql_span!("circulation_reads.insert", "INSERT"))
    .await?;
    Ok(())
}
