//! Tables `catalogues` and `catalogue_items`. Source: T5.

use super::{cached::Cached, save::small};
use gongdan_clock::SharedClock;
use gongdan_errors::{Error, Reason};
use gongdan_pg::{
    RequestKey, error,
    requests::{self, Answered},
};
use gongdan_region::RegionCode;
use gongdan_telemetry::sql_span;
use gongdan_text::Dictionary;
use gongdan_tickets_domain::{
    Impact, TicketType, Urgency,
    catalogue::{Binds, Node},
};
use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use sqlx::PgPool;
use std::{collections::HashMap, sync::Arc};
use tracing::Instrument as _;
use uuid::Uuid;

/// The head of a version.
#[derive(Debug, Clone)]
pub(crate) struct Head {
    pub version: i32,
    pub items: i32,
    pub imported_at: Timestamp,
    /// Whether this call made it.
    pub created: bool,
}

/// What can be chosen in the newest version, by key.
#[derive(Debug)]
pub(crate) struct Choices {
    pub version: i32,
    pub leaves: HashMap<String, Binds>,
    /// Its names and the shipped words, for search.
    pub words: Dictionary,
}

/// Where the catalogue is kept.
pub(crate) struct Catalogue {
    pool: PgPool,
    clock: SharedClock,
    choices: Cached<Choices>,
}

impl Catalogue {
    pub(crate) fn new(pool: PgPool, clock: SharedClock) -> Self {
        Self { pool, clock, choices: Cached::default() }
    }

    /// What can be chosen now.
    pub(crate) async fn choices(&self) -> Result<Arc<Choices>, Error> {
        self.choices
            .get(|| async {
                let version = self.head(0).await?.version;
                let nodes = self.items(version, None, -1, i64::MAX).await?;
                let words = Dictionary::with(nodes.iter().map(|(_, node)| node.name.as_str()));
                let leaves =
                    nodes.into_iter().filter(|(_, n)| n.leaf).map(|(_, n)| (n.key, n.binds)).collect();
                Ok(Choices { version, leaves, words })
            })
            .await
    }

    /// The head of a version; 0 is the newest.
    pub(crate) async fn head(&self, version: i32) -> Result<Head, Error> {
        let row = sqlx::query!(
            "SELECT version, items, imported_at FROM catalogues WHERE version = $1 OR $1 = 0
             ORDER BY version DESC LIMIT 1",
            version
        )
        .fetch_optional(&self.pool)
        .instrument(sql_span!("catalogues.get", "SELECT"))
        .await
        .map_err(error)?
        .ok_or_else(|| Error::not_found(Reason::CatalogueNotFound, "no such version of the catalogue"))?;
        Ok(Head {
            version: row.version,
            items: row.items,
            imported_at: row.imported_at.to_jiff(),
            created: false,
        })
    }

    /// Nodes of a version after an ordinal, in tree order, each with its ordinal; only those below `parent` if given.
    pub(crate) async fn items(
        &self,
        version: i32,
        parent: Option<&str>,
        after: i32,
        limit: i64,
    ) -> Result<Vec<(i32, Node)>, Error> {
        let rows = sqlx::query!(
            "SELECT ordinal, key, name, parent_key, level, leaf, kind, urgency, impact, sla_policy, routing_hints, regions,
                    form, type_key
             FROM catalogue_items
             WHERE catalogue_version = $1 AND ordinal > $2 AND ($3::text IS NULL OR starts_with(key, $3 || '/'))
             ORDER BY ordinal LIMIT $4",
            version,
            after,
            parent,
            limit
        )
        .fetch_all(&self.pool)
        .instrument(sql_span!("catalogue_items.list", "SELECT"))
        .await
        .map_err(error)?;
        rows.into_iter()
            .map(|row| {
                let regions = row.regions.into_iter().map(RegionCode::from_i64).collect::<Result<_, _>>();
                let binds = Binds {
                    kind: TicketType::from_number(row.kind.into()),
                    urgency: Urgency::from_number(row.urgency.into()),
                    impact: Impact::from_number(row.impact.into()),
                    sla_policy: row.sla_policy,
                    routing_hints: row.routing_hints,
                    regions: regions.map_err(Error::internal)?,
                    form: row.form,
                    type_key: row.type_key,
                };
                let level = row.level.into();
                let node = Node {
                    key: row.key,
                    name: row.name,
                    parent: row.parent_key,
                    level,
                    leaf: row.leaf,
                    binds,
                };
                Ok((row.ordinal, node))
            })
            .collect()
    }

    /// Makes a new version, unless the newest has the same content; a repeated request gets the version it came to.
    pub(crate) async fn import(
        &self,
        nodes: &[Node],
        hash: &[u8; 32],
        key: &RequestKey,
    ) -> Result<Head, Error> {
        let mut transaction = self.pool.begin().await.map_err(error)?;
        // Two imports at once make two versions, one after the other.
        sqlx::query!("SELECT pg_advisory_xact_lock(hashtextextended('gongdan.catalogue', 0))")
            .execute(&mut *transaction)
            .await
            .map_err(error)?;
        let answered = requests::lookup(&mut transaction, key).await?;
        let asked = answered.map(|a| i32::try_from(a.version)).transpose().map_err(Error::internal)?;
        let known = sqlx::query!(
            "SELECT version, items, hash, imported_at FROM catalogues
             WHERE $1::int IS NULL OR version = $1 ORDER BY version DESC LIMIT 1",
            asked
        )
        .fetch_one(&mut *transaction)
        .instrument(sql_span!("catalogues.newest", "SELECT"))
        .await
        .map_err(error)?;
        let now = self.clock.now();
        let resource = |version: i32| Answered { resource_id: Uuid::nil(), version: version.into() };
        if asked.is_some() || known.hash == hash {
            if asked.is_none() {
                requests::insert(&mut transaction, key, resource(known.version), now).await?;
                transaction.commit().await.map_err(error)?;
            }
            let imported_at = known.imported_at.to_jiff();
            return Ok(Head { version: known.version, items: known.items, imported_at, created: false });
        }
        let version = known.version + 1;
        let items = i32::try_from(nodes.len()).map_err(Error::internal)?;
        sqlx::query!(
            "INSERT INTO catalogues (version, items, hash, imported_at) VALUES ($1, $2, $3, $4)",
            version,
            items,
            hash.as_slice(),
            now.to_sqlx() as _
        )
        .execute(&mut *transaction)
        .instrument(sql_span!("catalogues.insert", "INSERT"))
        .await
        .map_err(error)?;
        for (ordinal, node) in (0..).zip(nodes) {
            let number = |n: Option<i32>| small(n.unwrap_or(0));
            let regions: Vec<i64> = node.binds.regions.iter().map(|code| code.as_i64()).collect();
            sqlx::query!(
                "INSERT INTO catalogue_items (catalogue_version, ordinal, key, name, parent_key, level, leaf, kind,
                   urgency, impact, sla_policy, routing_hints, regions, form, type_key)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
                version,
                ordinal,
                node.key,
                node.name,
                node.parent,
                small(node.level),
                node.leaf,
                number(node.binds.kind.map(TicketType::number)),
                number(node.binds.urgency.map(Urgency::number)),
                number(node.binds.impact.map(Impact::number)),
                node.binds.sla_policy,
                &node.binds.routing_hints,
                &regions,
                node.binds.form,
                node.binds.type_key
            )
            .execute(&mut *transaction)
            .await
            .map_err(error)?;
        }
        requests::insert(&mut transaction, key, resource(version), now).await?;
        transaction.commit().await.map_err(error)?;
        self.choices.forget();
        Ok(Head { version, items, imported_at: now, created: true })
    }
}
