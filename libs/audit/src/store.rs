//! All SQL of the audit log.

use gongdan_proto::{
    common::v1::{AuditEntry, AuditResource, ChainedAuditEntry},
    from_timestamp, to_timestamp,
};
use gongdan_telemetry::sql_span;
use jiff::{Timestamp, civil::Date};
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx as _};
use serde::Serialize;
#[cfg(test)]
use sqlx::PgConnection;
use sqlx::{PgPool, Postgres, QueryBuilder, Row as _, postgres::PgRow, types::Json};
use std::collections::BTreeMap;
use tracing::Instrument as _;
use uuid::Uuid;

/// How far clocks of services may be ahead of the database's; months are found by the latter.
const SKEW: jiff::SignedDuration = jiff::SignedDuration::from_hours(1);

macro_rules! columns {
    () => {
        "number, recorded_at, hash, id, at, service, method, action, level, stage, principal_id, principal_kind,
         unit_ids, on_behalf_of, peer, trace_id, request_id, resource_kinds, resource_ids, code, reason, messages, detail"
    };
}

/// A place in the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Link {
    pub number: i64,
    pub hash: [u8; 32],
}

/// An entry as `audit.append` takes it.
#[derive(Debug, Serialize)]
pub(crate) struct Row<'a> {
    id: &'a str,
    at: Timestamp,
    service: &'a str,
    method: &'a str,
    action: &'a str,
    level: i32,
    stage: i32,
    principal_id: &'a str,
    principal_kind: i32,
    unit_ids: &'a [String],
    on_behalf_of: &'a str,
    peer: &'a str,
    trace_id: &'a str,
    request_id: &'a str,
    resource_kinds: Vec<&'a str>,
    resource_ids: Vec<&'a str>,
    code: i32,
    reason: &'a str,
    messages: i64,
    detail: &'a BTreeMap<String, String>,
}

impl<'a> Row<'a> {
    pub(crate) fn of(entry: &'a AuditEntry) -> Self {
        Self {
            id: &entry.id,
            at: entry.at.as_ref().and_then(|at| from_timestamp(at).ok()).unwrap_or_default(),
            service: &entry.service,
            method: &entry.method,
            action: &entry.action,
            level: entry.level,
            stage: entry.stage,
            principal_id: &entry.principal_id,
            principal_kind: entry.principal_kind,
            unit_ids: &entry.unit_ids,
            on_behalf_of: &entry.on_behalf_of,
            peer: &entry.peer,
            trace_id: &entry.trace_id,
            request_id: &entry.request_id,
            resource_kinds: entry.resources.iter().map(|resource| resource.kind.as_str()).collect(),
            resource_ids: entry.resources.iter().map(|resource| resource.id.as_str()).collect(),
            code: entry.code,
            reason: &entry.reason,
            messages: entry.messages,
            detail: &entry.detail,
        }
    }
}

/// Appends entries with one statement; answers the number of the last.
pub(crate) async fn append(
    pool: &PgPool,
    rows: &[Row<'_>],
    digests: &[[u8; 32]],
) -> Result<i64, sqlx::Error> {
    let digests: Vec<&[u8]> = digests.iter().map(<[u8; 32]>::as_slice).collect();
    sqlx::query_scalar("SELECT last_number FROM audit.append($1, $2)")
        .bind(Json(rows))
        .bind(digests)
        .fetch_one(pool)
        .instrument(sql_span!("audit.append", "INSERT"))
        .await
}

/// The end of the chain, as the log itself says.
pub(crate) async fn head(pool: &PgPool) -> Result<Link, sqlx::Error> {
    let row = sqlx::query("SELECT number, hash FROM audit.head").fetch_one(pool).await?;
    link(&row)
}

/// The last entry that was dropped by age; none when none was.
pub(crate) async fn checkpoint(pool: &PgPool) -> Result<Option<Link>, sqlx::Error> {
    let row = sqlx::query("SELECT number, hash FROM audit.checkpoints ORDER BY number DESC LIMIT 1")
        .fetch_optional(pool)
        .await?;
    row.as_ref().map(link).transpose()
}

/// The hash of an entry, when it is there.
pub(crate) async fn at(pool: &PgPool, number: i64) -> Result<Option<Link>, sqlx::Error> {
    let row = sqlx::query("SELECT number, hash FROM audit.entries WHERE number = $1 LIMIT 1")
        .bind(number)
        .fetch_optional(pool)
        .await?;
    row.as_ref().map(link).transpose()
}

/// Which of these ids stand after a place.
pub(crate) async fn those_after(pool: &PgPool, number: i64, ids: &[Uuid]) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar("SELECT id FROM audit.entries WHERE number > $1 AND id = ANY ($2)")
        .bind(number)
        .bind(ids)
        .fetch_all(pool)
        .await
}

/// A piece of the chain, in its order.
pub(crate) async fn piece(
    pool: &PgPool,
    after: i64,
    until: i64,
    limit: i64,
) -> Result<Vec<ChainedAuditEntry>, sqlx::Error> {
    let rows = sqlx::query(concat!(
        "SELECT ",
        columns!(),
        " FROM audit.entries WHERE number > $1 AND number <= $2 ORDER BY number LIMIT $3"
    ))
    .bind(after)
    .bind(until)
    .bind(limit)
    .fetch_all(pool)
    .await?;
    rows.iter().map(chained).collect()
}

/// The first entry beyond the end of the chain. One snapshot sees both: who appends moves the end with the entries.
pub(crate) async fn beyond(pool: &PgPool) -> Result<Option<ChainedAuditEntry>, sqlx::Error> {
    let number: Option<i64> = sqlx::query_scalar(
        "SELECT number FROM audit.entries WHERE number > (SELECT number FROM audit.head) ORDER BY number LIMIT 1",
    )
    .fetch_optional(pool)
    .await?;
    match number {
        Some(number) => Ok(piece(pool, number - 1, number, 1).await?.pop()),
        None => Ok(None),
    }
}

/// Makes the partition of a day's month; says whether it was missing.
pub(crate) async fn ensure_partition(pool: &PgPool, day: Date) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("SELECT audit.ensure_partition($1::text::date)")
        .bind(day.to_string())
        .fetch_one(pool)
        .await
}

/// The database's time: months of the log are its months.
pub(crate) async fn now(pool: &PgPool) -> Result<Timestamp, sqlx::Error> {
    let now: SqlTimestamp = sqlx::query_scalar("SELECT clock_timestamp()").fetch_one(pool).await?;
    Ok(now.to_jiff())
}

/// Drops the months that end no later than a day; how many entries, and the last of them.
pub(crate) async fn forget(pool: &PgPool, until: Date) -> Result<Option<(i64, Link)>, sqlx::Error> {
    let row = sqlx::query(
        "SELECT forgotten, last_number AS number, last_hash AS hash FROM audit.forget($1::text::date)",
    )
    .bind(until.to_string())
    .fetch_one(pool)
    .await?;
    match row.try_get("forgotten")? {
        0 => Ok(None),
        forgotten => Ok(Some((forgotten, link(&row)?))),
    }
}

/// Which entries.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filter {
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
    pub principal_id: String,
    pub methods: Vec<String>,
    pub actions: Vec<String>,
    pub resource_id: String,
    pub codes: Vec<i16>,
    pub trace_id: String,
    pub levels: Vec<i16>,
}

/// A place in the order of lists and exports: after an entry of this instant and number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub at: Timestamp,
    pub number: i64,
}

/// Which way a page goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    OldestFirst,
    NewestFirst,
}

/// A page behind a place. Keyset over `(at, number)`; each condition has its index.
pub(crate) async fn page(
    pool: &PgPool,
    filter: &Filter,
    after: Option<Place>,
    order: Order,
    limit: i64,
) -> Result<Vec<ChainedAuditEntry>, sqlx::Error> {
    let rows = statement("", filter, after, order, limit).build().fetch_all(pool).await?;
    rows.iter().map(chained).collect()
}

/// How the database would read a page.
#[cfg(test)]
pub(crate) async fn plan(connection: &mut PgConnection, filter: &Filter) -> Result<String, sqlx::Error> {
    let mut query = statement("EXPLAIN ", filter, None, Order::NewestFirst, 50);
    let lines: Vec<String> = query.build_query_scalar().fetch_all(connection).await?;
    Ok(lines.join("\n"))
}

fn statement(
    before: &'static str,
    filter: &Filter,
    after: Option<Place>,
    order: Order,
    limit: i64,
) -> QueryBuilder<Postgres> {
    let mut query = QueryBuilder::new(before);
    // Few entries name one thing, which the planner cannot know: it would look through all of them in their order.
    let named = !filter.resource_id.is_empty() || !filter.trace_id.is_empty();
    query.push(if named { "WITH named AS MATERIALIZED (" } else { "" });
    query.push(concat!("SELECT ", columns!(), " FROM audit.entries WHERE true"));
    if let Some(from) = filter.from {
        query.push(" AND at >= ").push_bind(from.to_sqlx());
        // Leaves months out.
        let recorded = from.saturating_sub(SKEW).unwrap_or(Timestamp::MIN);
        query.push(" AND recorded_at >= ").push_bind(recorded.to_sqlx());
    }
    if let Some(to) = filter.to {
        query.push(" AND at < ").push_bind(to.to_sqlx());
    }
    if !filter.principal_id.is_empty() {
        query.push(" AND principal_id = ").push_bind(&filter.principal_id);
    }
    if !filter.methods.is_empty() {
        query.push(" AND method = ANY (").push_bind(&filter.methods).push(")");
    }
    if !filter.actions.is_empty() {
        query.push(" AND action = ANY (").push_bind(&filter.actions).push(")");
    }
    if !filter.resource_id.is_empty() {
        query.push(" AND resource_ids @> ARRAY[").push_bind(&filter.resource_id).push("::text]");
    }
    if !filter.trace_id.is_empty() {
        query.push(" AND ARRAY[trace_id] @> ARRAY[").push_bind(&filter.trace_id).push("::text]");
    }
    if !filter.codes.is_empty() {
        query.push(" AND code = ANY (").push_bind(&filter.codes).push(")");
        if !filter.codes.contains(&0) {
            // For the index of those that were refused.
            query.push(" AND code <> 0");
        }
    }
    match filter.levels.as_slice() {
        [] => {}
        // Written out for the index of personal reads.
        [3] => {
            query.push(" AND level = 3");
        }
        levels => {
            query.push(" AND level = ANY (").push_bind(levels).push(")");
        }
    }
    let (beyond, way) = match order {
        Order::OldestFirst => (" > (", "ASC"),
        Order::NewestFirst => (" < (", "DESC"),
    };
    if let Some(after) = after {
        query.push(" AND (at, number)").push(beyond).push_bind(after.at.to_sqlx());
        query.push(", ").push_bind(after.number).push(")");
    }
    if named {
        query.push(concat!(") SELECT ", columns!(), " FROM named"));
    }
    query.push(format!(" ORDER BY at {way}, number {way} LIMIT ")).push_bind(limit);
    query
}

fn link(row: &PgRow) -> Result<Link, sqlx::Error> {
    Ok(Link { number: row.try_get("number")?, hash: hash(row.try_get("hash")?)? })
}

fn hash(bytes: &[u8]) -> Result<[u8; 32], sqlx::Error> {
    bytes.try_into().map_err(|_| sqlx::Error::Decode("a hash that has not 32 bytes".into()))
}

fn chained(row: &PgRow) -> Result<ChainedAuditEntry, sqlx::Error> {
    let instant = |column| row.try_get::<SqlTimestamp, _>(column).map(|at| to_timestamp(at.to_jiff()));
    let number = |column| row.try_get::<i16, _>(column).map(i32::from);
    let kinds: Vec<String> = row.try_get("resource_kinds")?;
    let ids: Vec<String> = row.try_get("resource_ids")?;
    // A pair that somebody broke must not look whole.
    let longer = kinds.len().max(ids.len());
    let resource = |n: usize| AuditResource {
        kind: kinds.get(n).cloned().unwrap_or_default(),
        id: ids.get(n).cloned().unwrap_or_default(),
    };
    let entry = AuditEntry {
        id: row.try_get::<Uuid, _>("id")?.to_string(),
        at: Some(instant("at")?),
        service: row.try_get("service")?,
        method: row.try_get("method")?,
        action: row.try_get("action")?,
        level: number("level")?,
        stage: number("stage")?,
        principal_id: row.try_get("principal_id")?,
        principal_kind: number("principal_kind")?,
        unit_ids: row.try_get("unit_ids")?,
        on_behalf_of: row.try_get("on_behalf_of")?,
        peer: row.try_get("peer")?,
        trace_id: row.try_get("trace_id")?,
        request_id: row.try_get("request_id")?,
        resources: (0..longer).map(resource).collect(),
        code: number("code")?,
        reason: row.try_get("reason")?,
        messages: row.try_get("messages")?,
        detail: row.try_get::<Json<BTreeMap<String, String>>, _>("detail")?.0,
    };
    Ok(ChainedAuditEntry {
        entry: Some(entry),
        number: row.try_get("number")?,
        recorded_at: Some(instant("recorded_at")?),
        hash: row.try_get("hash")?,
    })
}
