//! Table `holdings`, as a reassignment reads it: what a person has in hand, oldest first.

use super::{Store, unreadable};
use gongdan_access::Scope;
use gongdan_errors::Error;
use gongdan_region::RegionCode;
use gongdan_telemetry::sql_span;
use sqlx::{PgConnection, Postgres, QueryBuilder};
use std::collections::{BTreeSet, HashMap, HashSet};
use tracing::Instrument as _;
use uuid::Uuid;

/// What a ticket is called, where it is and what about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// Its number.
    pub number: String,
    /// Its region.
    pub region: RegionCode,
    /// Its catalogue item.
    pub item: String,
}

/// A ticket that a person has in hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InHandRow {
    /// The ticket.
    pub ticket_id: Uuid,
    /// The version that says so.
    pub version: i64,
    /// Its round.
    pub round: i32,
    /// The unit that holds it.
    pub unit_id: String,
    /// People who returned it in this round.
    pub returned_by: Vec<String>,
    /// People who claimed it in this round and put it back.
    pub put_back_by: Vec<String>,
    /// Only who may see sensitive tickets can take it.
    pub sensitive: bool,
    /// None: not known yet.
    pub about: Option<About>,
}

/// What of a person's tickets lies within a scope.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Within {
    /// The units that those are with.
    pub unit_ids: Vec<String>,
    /// How many others the person has in hand.
    pub left_out: i64,
}

#[derive(sqlx::FromRow)]
struct Row {
    ticket_id: Uuid,
    version: i64,
    round: i32,
    unit_id: String,
    returned_by: Vec<String>,
    put_back_by: Vec<String>,
    sensitive: bool,
    ticket_number: Option<String>,
    region: Option<i64>,
    item: Option<String>,
}

impl TryFrom<Row> for InHandRow {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let about = about(row.ticket_number, row.region, row.item)?;
        let (version, round, unit_id) = (row.version, row.round, row.unit_id);
        let (ticket_id, returned_by, put_back_by) = (row.ticket_id, row.returned_by, row.put_back_by);
        let sensitive = row.sensitive;
        Ok(Self { ticket_id, version, round, unit_id, returned_by, put_back_by, sensitive, about })
    }
}

impl Store {
    /// What of the tickets that a person has in hand lies within a scope, of those with this unit; with all units when
    /// none is given.
    pub async fn in_hand_within(
        &self,
        person: &str,
        unit: Option<&str>,
        scope: &Scope,
    ) -> Result<Within, Error> {
        let rows: Vec<(String, bool, i64)> = within(person, unit, scope)
            .build_query_as()
            .fetch_all(&self.pool)
            .instrument(sql_span!("holdings.within", "SELECT"))
            .await
            .map_err(gongdan_pg::error)?;
        let mut found = Within::default();
        let mut units = BTreeSet::new();
        for (unit, inside, tickets) in rows {
            if inside {
                units.insert(unit);
            } else {
                found.left_out += tickets;
            }
        }
        found.unit_ids = units.into_iter().collect();
        Ok(found)
    }

    /// At most `limit` tickets after one that a person has in hand and of which it is not known what they are about, with
    /// the versions that say so.
    pub async fn unknown_in_hand(
        &self,
        person: &str,
        after: Uuid,
        limit: i64,
    ) -> Result<Vec<(Uuid, i64)>, Error> {
        let rows = sqlx::query!(
            "SELECT ticket_id, version FROM holdings
             WHERE person_id = $1 AND ticket_number IS NULL AND ticket_id > $2 ORDER BY ticket_id LIMIT $3",
            person,
            after,
            limit,
        )
        .fetch_all(&self.pool)
        .instrument(sql_span!("holdings.unknown", "SELECT"))
        .await
        .map_err(gongdan_pg::error)?;
        Ok(rows.into_iter().map(|row| (row.ticket_id, row.version)).collect())
    }

    /// Notes what a ticket is about, unless a later event said so meanwhile.
    pub async fn note_about(&self, ticket: Uuid, about: &About) -> Result<(), Error> {
        sqlx::query!(
            "UPDATE holdings SET ticket_number = $2, region = $3, item = $4
             WHERE ticket_id = $1 AND ticket_number IS NULL",
            ticket,
            about.number,
            about.region.as_i64(),
            about.item,
        )
        .execute(&self.pool)
        .instrument(sql_span!("holdings.note_about", "UPDATE"))
        .await
        .map_err(gongdan_pg::error)?;
        Ok(())
    }

    /// What tickets are about, of those within a scope.
    pub async fn about(&self, scope: &Scope, tickets: &[Uuid]) -> Result<HashMap<Uuid, About>, Error> {
        let seen = self.seen_of(scope, tickets).await?;
        let rows = sqlx::query!(
            r#"SELECT ticket_id, ticket_number AS "number!", region AS "region!", item AS "item!"
             FROM holdings WHERE ticket_id = ANY ($1) AND ticket_number IS NOT NULL"#,
            tickets,
        )
        .fetch_all(&self.pool)
        .instrument(sql_span!("holdings.about", "SELECT"))
        .await
        .map_err(gongdan_pg::error)?;
        rows.into_iter()
            .filter(|row| seen.contains(&row.ticket_id))
            .map(|row| {
                let region = RegionCode::from_i64(row.region).map_err(unreadable)?;
                Ok((row.ticket_id, About { number: row.number, region, item: row.item }))
            })
            .collect()
    }

    /// Which of these tickets are within a scope.
    pub async fn seen_of(&self, scope: &Scope, tickets: &[Uuid]) -> Result<HashSet<Uuid>, Error> {
        let mut sql: QueryBuilder<Postgres> = QueryBuilder::new("SELECT t.id FROM unnest(");
        sql.push_bind(tickets.to_vec()).push(") AS t (id) WHERE ");
        scope.push_ticket(&mut sql, "t.id");
        let seen: Vec<Uuid> = sql
            .build_query_scalar()
            .fetch_all(&self.pool)
            .instrument(sql_span!("ticket_scopes.seen_of", "SELECT"))
            .await
            .map_err(gongdan_pg::error)?;
        Ok(seen.into_iter().collect())
    }
}

/// What a person has in hand with these units of a scope, oldest first.
pub async fn all(
    connection: &mut PgConnection,
    person: &str,
    units: &[String],
    scope: &Scope,
) -> Result<Vec<InHandRow>, Error> {
    let rows: Vec<Row> = list(person, units, scope)
        .build_query_as()
        .fetch_all(connection)
        .instrument(sql_span!("holdings.in_hand", "SELECT"))
        .await
        .map_err(gongdan_pg::error)?;
    rows.into_iter().map(TryInto::try_into).collect()
}

/// Which of these tickets only those can take who may see sensitive ones; also what nothing is known of.
pub async fn sensitive(connection: &mut PgConnection, tickets: &[Uuid]) -> Result<HashSet<Uuid>, Error> {
    let rows = sqlx::query_scalar!(
        r#"SELECT t.id AS "id!" FROM unnest($1::uuid[]) AS t (id) LEFT JOIN ticket_scopes s ON s.ticket_id = t.id
         WHERE coalesce(s.sensitive, true)"#,
        tickets,
    )
    .fetch_all(connection)
    .instrument(sql_span!("ticket_scopes.sensitive", "SELECT"))
    .await
    .map_err(gongdan_pg::error)?;
    Ok(rows.into_iter().collect())
}

/// The statement of [`Store::in_hand_within`].
pub(super) fn within(person: &str, unit: Option<&str>, scope: &Scope) -> QueryBuilder<Postgres> {
    let mut sql = QueryBuilder::new("SELECT h.unit_id, ");
    scope.push_ticket(&mut sql, "h.ticket_id");
    sql.push(", count(*) FROM holdings h WHERE h.unit_id IS NOT NULL AND h.person_id = ");
    sql.push_bind(person.to_owned());
    if let Some(unit) = unit {
        sql.push(" AND h.unit_id = ").push_bind(unit.to_owned());
    }
    sql.push(" GROUP BY 1, 2");
    sql
}

/// The statement of [`all`].
pub(super) fn list(person: &str, units: &[String], scope: &Scope) -> QueryBuilder<Postgres> {
    let mut sql = QueryBuilder::new(
        "SELECT h.ticket_id, h.version, h.round, h.unit_id, h.returned_by, h.put_back_by, h.ticket_number, h.region, h.item,
                coalesce(sensitive.sensitive, true) AS sensitive
         FROM holdings h LEFT JOIN ticket_scopes sensitive ON sensitive.ticket_id = h.ticket_id WHERE h.person_id = ",
    );
    sql.push_bind(person.to_owned()).push(" AND h.unit_id = ANY (").push_bind(units.to_vec()).push(") AND ");
    scope.push_ticket(&mut sql, "h.ticket_id");
    sql.push(" ORDER BY h.ticket_id");
    sql
}

/// As it is kept.
pub(super) fn about(
    number: Option<String>,
    region: Option<i64>,
    item: Option<String>,
) -> Result<Option<About>, Error> {
    let (Some(number), Some(region), Some(item)) = (number, region, item) else { return Ok(None) };
    let region = RegionCode::from_i64(region).map_err(unreadable)?;
    Ok(Some(About { number, region, item }))
}
