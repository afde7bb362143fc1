//! Pages of work queues. Source: T27, AIP-158, DESIGN rule 12.
//!
//! A page is merged from the beginnings of ranges of an index: one for each region, unit or person and, where the index
//! has it, each priority. So a page costs the same whatever the number of tickets. In which regions there are any is known
//! from the counts. Where there are so many regions that walking along all tickets finds a page sooner, that is done.

mod statement;

use super::{
    filter::Filter,
    queues::{PLACES_BY_REGION, Whose},
    save::small,
    scope::COLUMNS,
    ticket_views::{self, TicketView},
    tickets::Tickets,
};
use gongdan_access::Columns;
use gongdan_errors::Error;
use gongdan_pg::error;
use gongdan_telemetry::sql_span;
use gongdan_tickets_domain::Queue;
use jiff::Timestamp;
use sqlx::{FromRow, PgPool, QueryBuilder};
use statement::statement;
use std::collections::HashMap;
use tracing::Instrument as _;
use uuid::Uuid;

/// Of a ticket, seen through its region alone.
const BY_REGION: Columns = Columns { takes_part: "false", holds: "false", own: "false", ..COLUMNS };
/// Of a ticket, seen through the unit on whose desk it lies.
const DESK: Columns = Columns {
    takes_part: "(COALESCE(lead_unit, pool_unit) = ANY (?)) IS TRUE",
    holds: "(COALESCE(lead_unit, pool_unit) = ANY (?)) IS TRUE",
    own: "false",
    ..COLUMNS
};
/// Of one that is over, seen through the unit that had it last.
const LAST: Columns =
    Columns { takes_part: "(lead_unit = ANY (?)) IS TRUE", holds: "(lead_unit = ANY (?)) IS TRUE", ..DESK };
/// Of one that a person did something with, seen through the unit they did it for.
const DONE: Columns =
    Columns { takes_part: "(doer.unit = ANY (?)) IS TRUE", holds: "(doer.unit = ANY (?)) IS TRUE", ..DESK };
/// Of one that a person marked.
const TRACKED: Columns = Columns {
    takes_part: "(tracker.unit = ANY (?)) IS TRUE",
    holds: "(tracker.unit = ANY (?)) IS TRUE",
    ..DESK
};
/// Of one that a unit owes its help with.
const ASSISTING: Columns = Columns {
    takes_part: "(assist.unit = ANY (?)) IS TRUE",
    holds: "(assist.unit = ANY (?)) IS TRUE",
    ..DESK
};
/// Of a draft.
const DRAFT: Columns = Columns { takes_part: "false", holds: "false", ..COLUMNS };

const IN_FLIGHT: &str = "phase BETWEEN 3 AND 7";

/// Regions of which each is looked at for itself, unless most of the queue is in them.
const REGIONS: usize = 64;
/// Regions of which each is looked at for itself in any case.
const FEW_REGIONS: usize = 4;

/// What comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Received,
    Due,
    Priority,
}

/// Where a ticket stands in any order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key {
    pub id: Uuid,
    pub received_at: Timestamp,
    pub priority: i16,
    pub due_at: Option<Timestamp>,
}

/// What is asked for.
pub(crate) struct QueuePage<'a> {
    pub queue: Queue,
    pub whose: &'a Whose<'a>,
    pub filter: &'a Filter,
    pub order: Order,
    pub after: Option<Key>,
    pub limit: i64,
}

/// A range of an index is looked at for each of these.
enum Each {
    Region(Vec<i64>),
    Desk(Vec<String>),
    LeadUnit(Vec<String>),
    Handler(String),
    CreatedBy(String),
    Doer(String),
    Tracker(String),
    Assisting(Vec<String>),
    /// Each phase in flight.
    Phase,
    /// All of the table from the newest on.
    Received,
}

struct Branch {
    each: Each,
    /// What stands in the queue.
    stands: String,
    /// What the scope asks.
    seen: Columns,
    /// Those seen by their region are in another branch.
    not_by_region: bool,
    /// The index has priorities before the time of receipt.
    priorities: bool,
}

/// The one order of an index.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Leg {
    Received,
    Priority,
    /// Those with a due time.
    Due,
    /// Those without.
    NotDue,
}

#[derive(FromRow)]
struct KeyRow {
    id: Uuid,
    received_at: jiff_sqlx::Timestamp,
    priority: i16,
    due_at: Option<jiff_sqlx::Timestamp>,
}

impl Tickets {
    /// A page of a queue, each ticket with its key.
    pub(crate) async fn queue(&self, page: &QueuePage<'_>) -> Result<Vec<(Key, TicketView)>, Error> {
        let branches = branches(&self.pool, page).await?;
        let keys = match page.order {
            Order::Received => self.keys(page, &branches, Leg::Received, page.limit).await?,
            Order::Priority => self.keys(page, &branches, Leg::Priority, page.limit).await?,
            Order::Due => {
                let mut keys = match page.after {
                    Some(Key { due_at: None, .. }) => Vec::new(),
                    _ => self.keys(page, &branches, Leg::Due, page.limit).await?,
                };
                let left = page.limit - i64::try_from(keys.len()).unwrap_or(page.limit);
                if left > 0 {
                    keys.extend(self.keys(page, &branches, Leg::NotDue, left).await?);
                }
                keys
            }
        };
        let ids: Vec<Uuid> = keys.iter().map(|key| key.id).collect();
        let mut views: HashMap<Uuid, TicketView> =
            ticket_views::listed(&self.pool, ids).await?.into_iter().map(|view| (view.id, view)).collect();
        Ok(keys.into_iter().filter_map(|key| Some((key, views.remove(&key.id)?))).collect())
    }

    async fn keys(
        &self,
        page: &QueuePage<'_>,
        branches: &[Branch],
        leg: Leg,
        limit: i64,
    ) -> Result<Vec<Key>, Error> {
        let branches: Vec<&Branch> = branches.iter().filter(|branch| !branch.each.is_empty()).collect();
        if branches.is_empty() {
            return Ok(Vec::new());
        }
        let rows: Vec<KeyRow> = statement("", page, &branches, leg, limit)
            .build_query_as()
            .fetch_all(&self.pool)
            .instrument(sql_span!("tickets.queue", "SELECT"))
            .await
            .map_err(error)?;
        Ok(rows.into_iter().map(Key::from).collect())
    }
}

async fn branches(pool: &PgPool, page: &QueuePage<'_>) -> Result<Vec<Branch>, Error> {
    let (person, units) = (page.whose.person.to_owned(), page.whose.units.to_vec());
    let flight = |each, stands: &str| Branch {
        each,
        stands: format!("{IN_FLIGHT} AND {stands}"),
        seen: DESK,
        not_by_region: false,
        priorities: true,
    };
    let bit = |bit: i16| {
        let flying = if bit == 8 { format!(" AND {IN_FLIGHT}") } else { String::new() };
        format!("marks & {bit} <> 0{flying}")
    };
    let by_received = |each, stands: &str, seen| Branch {
        each,
        stands: stands.to_owned(),
        seen,
        not_by_region: false,
        priorities: false,
    };
    Ok(match page.queue {
        Queue::Group => vec![flight(Each::Desk(units), "COALESCE(lead_unit, pool_unit) IS NOT NULL")],
        Queue::MyTodo => vec![flight(Each::Handler(person), "handler IS NOT NULL")],
        Queue::Drafts => vec![by_received(Each::CreatedBy(person), "phase = 1", DRAFT)],
        Queue::MyDone => {
            vec![
                by_received(
                    Each::CreatedBy(person.clone()),
                    "phase > 1 AND created_by IS NOT NULL",
                    BY_REGION,
                ),
                by_received(Each::Doer(person), "phase > 1", DONE),
            ]
        }
        Queue::Tracked => vec![by_received(Each::Tracker(person), "true", TRACKED)],
        Queue::Assisting => vec![by_received(Each::Assisting(units), IN_FLIGHT, ASSISTING)],
        Queue::RegionOpen => vec![by_region(pool, page, IN_FLIGHT.to_owned(), Each::Phase).await?],
        Queue::History => vec![
            by_region(pool, page, "phase >= 10".to_owned(), Each::Received).await?,
            Branch { not_by_region: true, ..by_received(Each::LeadUnit(units), "phase >= 10", LAST) },
        ],
        Queue::Returned => marked(pool, page, bit(1), units).await?,
        Queue::Extensions => marked(pool, page, bit(2), units).await?,
        Queue::QualityErrors => marked(pool, page, bit(4), units).await?,
        Queue::Overdue => marked(pool, page, bit(8), units).await?,
    })
}

async fn marked(
    pool: &PgPool,
    page: &QueuePage<'_>,
    stands: String,
    units: Vec<String>,
) -> Result<Vec<Branch>, Error> {
    let region = by_region(pool, page, stands.clone(), Each::Received).await?;
    let stands = format!("{stands} AND COALESCE(lead_unit, pool_unit) IS NOT NULL");
    let unit = Branch { each: Each::Desk(units), stands, seen: DESK, not_by_region: true, priorities: true };
    Ok(vec![region, unit])
}

/// Region by region, or along all tickets where that is less.
async fn by_region(pool: &PgPool, page: &QueuePage<'_>, stands: String, walk: Each) -> Result<Branch, Error> {
    let regions = regions(pool, page).await?;
    let over = page.queue == Queue::History;
    let walks = page.order == Order::Received && walk_is_less(pool, page.queue, &regions).await?;
    let each =
        if walks { walk } else { Each::Region(regions.into_iter().map(|(region, _)| region).collect()) };
    Ok(Branch { each, stands, seen: BY_REGION, not_by_region: false, priorities: !over && !walks })
}

/// Whether a page is found sooner along all tickets than in each of these regions: when the caller sees at least half of the
/// queue, or there are very many regions and not too few of the queue in them.
async fn walk_is_less(pool: &PgPool, queue: Queue, regions: &[(i64, i64)]) -> Result<bool, Error> {
    if regions.len() <= FEW_REGIONS {
        return Ok(false);
    }
    let within: i64 = regions.iter().map(|(_, n)| n).sum();
    let share = if regions.len() > REGIONS { i64::try_from(regions.len()).unwrap_or(1) } else { 2 };
    Ok(standing(pool, queue).await? <= within.saturating_mul(share))
}

/// Regions of which the caller sees tickets in the queue, and how many; of those that the filter asks for.
async fn regions(pool: &PgPool, page: &QueuePage<'_>) -> Result<Vec<(i64, i64)>, Error> {
    let mut sql = QueryBuilder::new("SELECT region, sum(n)::bigint FROM (");
    for (at, table) in ["queue_counts", "queue_deltas"].into_iter().enumerate() {
        sql.push(if at == 0 { "" } else { " UNION ALL " });
        sql.push("SELECT region, n FROM ").push(table).push(" WHERE owner = '' AND queue = ");
        sql.push_bind(small(page.queue.number())).push(" AND ");
        page.whose.scope.push(&mut sql, &PLACES_BY_REGION);
        page.filter.push_regions(&mut sql);
    }
    sql.push(") AS places GROUP BY region HAVING sum(n) > 0");
    sql.build_query_as()
        .fetch_all(pool)
        .instrument(sql_span!("queue_counts.regions", "SELECT"))
        .await
        .map_err(error)
}

/// How many stand in the queue in all regions.
async fn standing(pool: &PgPool, queue: Queue) -> Result<i64, Error> {
    sqlx::query_scalar!(
        r#"SELECT COALESCE(sum(n), 0)::bigint AS "n!" FROM (
             SELECT n FROM queue_counts WHERE queue = $1 AND owner = ''
             UNION ALL SELECT n FROM queue_deltas WHERE queue = $1 AND owner = '') AS places"#,
        small(queue.number())
    )
    .fetch_one(pool)
    .instrument(sql_span!("queue_counts.standing", "SELECT"))
    .await
    .map_err(error)
}

impl Each {
    fn is_empty(&self) -> bool {
        match self {
            Self::Region(regions) => regions.is_empty(),
            Self::Desk(units) | Self::LeadUnit(units) | Self::Assisting(units) => units.is_empty(),
            _ => false,
        }
    }
}

impl From<KeyRow> for Key {
    fn from(row: KeyRow) -> Self {
        Self {
            id: row.id,
            received_at: row.received_at.to_jiff(),
            priority: row.priority,
            due_at: row.due_at.map(|at| at.to_jiff()),
        }
    }
}

#[cfg(test)]
mod tests;
