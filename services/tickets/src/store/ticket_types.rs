//! Table `ticket_types`: what a house says of the types that ship, and its own. Source: T7.

use super::{cached::Cached, save::small};
use gongdan_clock::SharedClock;
use gongdan_errors::Error;
use gongdan_pg::{RequestKey, error, requests};
use gongdan_telemetry::sql_span;
use gongdan_tickets_domain::{
    TicketType,
    ticket_type::{Definition, TypeKey, TypeName, shipped_names},
};
use jiff_sqlx::ToSqlx as _;
use sqlx::PgPool;
use std::{collections::BTreeMap, sync::Arc};
use tracing::Instrument as _;
use uuid::Uuid;

/// A type with its version; 0 is what ships.
#[derive(Debug, Clone)]
pub(crate) struct Versioned {
    pub version: i64,
    pub definition: Definition,
}

/// All types by key; those that ship are there whether a house said anything of them or not.
#[derive(Debug)]
pub(crate) struct Types(pub(crate) BTreeMap<String, Versioned>);

impl Types {
    /// The types in the order in which people know them: those that ship first.
    pub(crate) fn in_order(&self) -> impl Iterator<Item = &Versioned> {
        let shipped = TicketType::ALL.iter().filter_map(|kind| self.0.get(kind.name()));
        shipped.chain(self.0.values().filter(|own| own.definition.key.built_in().is_none()))
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Definition> {
        self.0.get(key).map(|versioned| &versioned.definition)
    }
}

/// Where types are kept.
pub(crate) struct TicketTypes {
    pool: PgPool,
    clock: SharedClock,
    types: Cached<Types>,
}

impl TicketTypes {
    pub(crate) fn new(pool: PgPool, clock: SharedClock) -> Self {
        Self { pool, clock, types: Cached::default() }
    }

    /// The types now.
    pub(crate) async fn types(&self) -> Result<Arc<Types>, Error> {
        self.types.get(|| self.read()).await
    }

    async fn read(&self) -> Result<Types, Error> {
        let mut types = BTreeMap::new();
        for &kind in TicketType::ALL {
            let (zh, en) = shipped_names(kind);
            let definition = Definition {
                key: TypeKey::from(kind),
                name_zh: TypeName::parse(zh).map_err(Error::internal)?,
                name_en: TypeName::parse(en).map_err(Error::internal)?,
                base: kind,
                enabled: true,
            };
            types.insert(kind.name().to_owned(), Versioned { version: 0, definition });
        }
        let rows = sqlx::query!("SELECT key, name_zh, name_en, base, enabled, version FROM ticket_types")
            .fetch_all(&self.pool)
            .instrument(sql_span!("ticket_types.list", "SELECT"))
            .await
            .map_err(error)?;
        for row in rows {
            let definition = Definition {
                key: TypeKey::parse(&row.key).map_err(Error::internal)?,
                name_zh: TypeName::parse(&row.name_zh).map_err(Error::internal)?,
                name_en: TypeName::parse(&row.name_en).map_err(Error::internal)?,
                base: TicketType::from_number(row.base.into())
                    .ok_or_else(|| Error::internal("a stored ticket type counts as none"))?,
                enabled: row.enabled,
            };
            types.insert(row.key, Versioned { version: row.version, definition });
        }
        Ok(Types(types))
    }

    /// Puts a type; a repeated request gets the version it made.
    pub(crate) async fn put(&self, put: &Definition, request: &RequestKey) -> Result<i64, Error> {
        let mut transaction = self.pool.begin().await.map_err(error)?;
        sqlx::query!(
            "SELECT pg_advisory_xact_lock(hashtextextended('gongdan.ticket_types.' || $1, 0))",
            put.key.as_str()
        )
        .execute(&mut *transaction)
        .await
        .map_err(error)?;
        if let Some(answered) = requests::lookup(&mut transaction, request).await? {
            return Ok(answered.version);
        }
        let now = self.clock.now();
        let version = sqlx::query_scalar!(
            "INSERT INTO ticket_types AS t (key, name_zh, name_en, base, enabled, version, put_at)
             VALUES ($1, $2, $3, $4, $5, 1, $6)
             ON CONFLICT (key) DO UPDATE
               SET name_zh = $2, name_en = $3, base = $4, enabled = $5, version = t.version + 1, put_at = $6
             RETURNING version",
            put.key.as_str(),
            put.name_zh.as_str(),
            put.name_en.as_str(),
            small(put.base.number()),
            put.enabled,
            now.to_sqlx() as _
        )
        .fetch_one(&mut *transaction)
        .instrument(sql_span!("ticket_types.put", "INSERT"))
        .await
        .map_err(error)?;
        let answered = requests::Answered { resource_id: Uuid::nil(), version };
        requests::insert(&mut transaction, request, answered, now).await?;
        transaction.commit().await.map_err(error)?;
        self.types.forget();
        Ok(version)
    }
}
