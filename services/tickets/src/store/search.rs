//! Tickets by grams and everything lists filter by, the newest thousand. Source: T28, DESIGN rule 12.
//!
//! How common the words are decides the way, since no statement is quick for all: common ones are looked for by walking along
//! the newest tickets, which ends soon; rare ones by the index of grams, which gives few. How common they are is seen in a
//! sample of the newest, because the planner takes the pairs of one phrase for independent of each other.

use super::{filter::Filter, list::After, scope::Sight};
use gongdan_errors::Error;
use gongdan_pg::error;
use gongdan_telemetry::sql_span;
use gongdan_text::Gram;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use sqlx::{FromRow, PgConnection, PgPool, Postgres, QueryBuilder, Row as _};
use tracing::Instrument as _;
use uuid::Uuid;

/// So many of the newest that match are ranked.
pub(crate) const CANDIDATES: usize = 1_000;

/// Of the newest tickets so many show how common the words are.
const SAMPLE: i64 = 2_000;
/// Matches in the sample from which on the newest are walked along: one in fifty.
const COMMON: i64 = SAMPLE / 50;
/// The fewest and the most that are walked along.
const WALK: (i64, i64) = (5_000, 100_000);

/// What is looked for.
pub(crate) struct Search<'a> {
    /// Of these tickets.
    pub sight: &'a Sight,
    /// What lists filter by.
    pub filter: &'a Filter,
    /// All of these.
    pub required: &'a [Gram],
    /// What makes one better than another.
    pub bonus: &'a [Gram],
    /// Of one of these customers; none: of anybody.
    pub customers: Option<&'a [Uuid]>,
    /// Not newer than this one, of which an earlier page began.
    pub from: Option<After>,
}

/// A ticket that matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromRow)]
pub(crate) struct Candidate {
    pub id: Uuid,
    pub at: jiff_sqlx::Timestamp,
    /// How many of the bonus it has.
    pub score: i64,
}

/// The way that is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// Along so many of the newest.
    Walk(i64),
    /// By the index of grams.
    Grams,
    /// As the planner thinks.
    Free,
    /// There are no grams: as lists do.
    List,
}

/// At most one more than [`CANDIDATES`], the newest first.
pub(crate) async fn candidates(pool: &PgPool, search: &Search<'_>) -> Result<Vec<Candidate>, Error> {
    if search.required.is_empty() {
        let mut connection = pool.acquire().await.map_err(error)?;
        return find(&mut connection, search, Way::List).await;
    }
    let mut transaction = pool.begin().await.map_err(error)?;
    let connection = &mut *transaction;
    // Every ticket is looked up by its key; a hash of all of them is never worth it.
    sqlx::raw_sql(
        "SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off; SET LOCAL enable_seqscan = off",
    )
    .execute(&mut *connection)
    .await
    .map_err(error)?;
    let way = way(connection, search).await?;
    let found = find(connection, search, way).await?;
    match way {
        // It ended before there were enough: a narrow scope, or a word that was common lately only.
        Way::Walk(_) if found.len() <= CANDIDATES => find(connection, search, Way::Free).await,
        _ => Ok(found),
    }
}

async fn way(connection: &mut PgConnection, search: &Search<'_>) -> Result<Way, Error> {
    if search.customers.is_some() || !search.filter.ids.is_empty() || !search.filter.numbers.is_empty() {
        // Few tickets can be meant.
        return Ok(Way::Free);
    }
    let seen = sqlx::query!(
        r#"SELECT count(*) AS "seen!", count(*) FILTER (WHERE grams @> $1) AS "match!"
           FROM (SELECT grams FROM ticket_grams ORDER BY at DESC, ticket_id DESC LIMIT $2) AS newest"#,
        search.required,
        SAMPLE
    )
    .fetch_one(connection)
    .instrument(sql_span!("ticket_grams.sample", "SELECT"))
    .await
    .map_err(error)?;
    if seen.seen < SAMPLE || seen.r#match < COMMON {
        return Ok(Way::Grams);
    }
    let candidates = i64::try_from(CANDIDATES).unwrap_or(i64::MAX);
    let enough = candidates * 3 / 2 * SAMPLE / seen.r#match;
    Ok(Way::Walk(enough.clamp(WALK.0, WALK.1)))
}

async fn find(connection: &mut PgConnection, search: &Search<'_>, way: Way) -> Result<Vec<Candidate>, Error> {
    statement(search, way)
        .build_query_as::<Candidate>()
        // What is common is to be planned for these words, not for any.
        .persistent(false)
        .fetch_all(connection)
        .instrument(sql_span!("ticket_grams.search", "SELECT"))
        .await
        .map_err(error)
}

fn statement(search: &Search<'_>, way: Way) -> QueryBuilder<Postgres> {
    let mut sql = QueryBuilder::new("");
    let grams = |sql: &mut QueryBuilder<Postgres>| {
        sql.push("grams @> ").push_bind(search.required.to_vec());
    };
    let upto = |sql: &mut QueryBuilder<Postgres>, column: &'static str, id: &'static str| {
        if let Some(After { received_at, id: from }) = search.from {
            sql.push(" AND (").push(column).push(", ").push(id).push(") <= (");
            sql.push_bind(received_at.to_sqlx()).push(", ").push_bind(from).push(")");
        }
    };
    if way == Way::List {
        sql.push("SELECT id, received_at AS at, 0::bigint AS score FROM ticket_views WHERE ");
        conditions(&mut sql, search);
        upto(&mut sql, "received_at", "id");
        sql.push(" ORDER BY received_at DESC, id DESC LIMIT ").push_bind(limit());
        return sql;
    }
    if way == Way::Grams {
        sql.push("WITH g AS MATERIALIZED (SELECT ticket_id, at, grams FROM ticket_grams WHERE ");
        grams(&mut sql);
        upto(&mut sql, "at", "ticket_id");
        sql.push(" ORDER BY at DESC, ticket_id DESC) ");
    }
    sql.push("SELECT found.id, found.at, ");
    if search.bonus.is_empty() {
        sql.push("0::bigint");
    } else {
        sql.push("(SELECT count(*) FROM unnest(").push_bind(search.bonus.to_vec());
        sql.push(") AS b(gram) WHERE b.gram = ANY (found.grams))");
    }
    sql.push(" AS score FROM (SELECT id, g.at, g.grams FROM ");
    match way {
        Way::Walk(most) => {
            sql.push("(SELECT ticket_id, at, grams FROM ticket_grams WHERE true");
            upto(&mut sql, "at", "ticket_id");
            sql.push(" ORDER BY at DESC, ticket_id DESC LIMIT ").push_bind(most).push(") AS g");
        }
        Way::Grams => {
            sql.push("g");
        }
        Way::Free | Way::List => {
            sql.push("ticket_grams AS g");
        }
    }
    sql.push(" JOIN ticket_views ON id = g.ticket_id WHERE ");
    if way != Way::Grams {
        sql.push("g.");
        grams(&mut sql);
        sql.push(" AND ");
    }
    conditions(&mut sql, search);
    if way == Way::Free {
        upto(&mut sql, "g.at", "g.ticket_id");
    }
    sql.push(" ORDER BY g.at DESC, g.ticket_id DESC LIMIT ").push_bind(limit()).push(") AS found");
    sql.push(" ORDER BY found.at DESC, found.id DESC");
    sql
}

fn limit() -> i64 {
    i64::try_from(CANDIDATES + 1).unwrap_or(i64::MAX)
}

fn conditions(sql: &mut QueryBuilder<Postgres>, search: &Search<'_>) {
    search.sight.push(sql);
    search.filter.push(sql);
    if let Some(customers) = search.customers {
        sql.push(" AND customer_id = ANY (").push_bind(customers.to_vec()).push(")");
    }
}

/// Of these tickets those within a scope and a filter.
pub(crate) async fn within(
    pool: &PgPool,
    sight: &Sight,
    filter: &Filter,
    ids: &[Uuid],
) -> Result<Vec<Uuid>, Error> {
    let mut sql = QueryBuilder::new("SELECT id FROM ticket_views WHERE id = ANY (");
    sql.push_bind(ids.to_vec()).push(") AND ");
    sight.push(&mut sql);
    filter.push(&mut sql);
    let rows = sql
        .build()
        .fetch_all(pool)
        .instrument(sql_span!("ticket_views.within", "SELECT"))
        .await
        .map_err(error)?;
    rows.iter().map(|row| row.try_get("id").map_err(error)).collect()
}

/// Tickets of a customer about an item since an instant, the newest first, within a scope and a filter.
pub(crate) async fn of_customer(
    pool: &PgPool,
    sight: &Sight,
    filter: &Filter,
    since: Timestamp,
    most: i64,
) -> Result<Vec<Uuid>, Error> {
    let filter = Filter { received_from: Some(since), ..filter.clone() };
    let mut sql = QueryBuilder::new("SELECT id FROM ticket_views WHERE ");
    sight.push(&mut sql);
    filter.push(&mut sql);
    sql.push(" ORDER BY received_at DESC, id DESC LIMIT ").push_bind(most);
    let rows = sql
        .build()
        .fetch_all(pool)
        .instrument(sql_span!("ticket_views.of_customer", "SELECT"))
        .await
        .map_err(error)?;
    rows.iter().map(|row| row.try_get("id").map_err(error)).collect()
}
