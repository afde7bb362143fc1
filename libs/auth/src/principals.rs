//! Table `principals`, and the part of it that is in memory.

use std::{collections::HashMap, sync::Arc, time::Duration};

use gongdan_errors::{Error, Reason};
use gongdan_proto::{common::v1::PrincipalKind, routing::v1::Principal};
use gongdan_region::{RegionCode, Regions};
use gongdan_telemetry::sql_span;
use sqlx::{PgConnection, PgPool, Row, postgres::PgRow};
use tracing::Instrument;
use uuid::Uuid;

use crate::{actor::Actor, verifier::Identity};

const MAX_IN_MEMORY: u64 = 50_000;

const COLUMNS: &str = "SELECT id, name, kind, roles, unit_ids, regions, rights, language, customer_id, active, version FROM principals \
     WHERE issuer = $1 AND subject = $2 ORDER BY active DESC, version DESC LIMIT 2";

/// A principal that cannot be stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPrincipal {
    /// A region that is none.
    #[error("principal {0} names a region that is none: {1:?}")]
    Region(String, String),
    /// A customer id that is none.
    #[error("principal {0} names a customer id that is none: {1:?}")]
    Customer(String, String),
    /// A kind this build does not know.
    #[error("principal {0} is of an unknown kind: {1}")]
    Kind(String, i32),
}

/// A caller with what the cache needs to know beside it.
#[derive(Debug)]
struct Known {
    actor: Actor,
    active: bool,
    version: i64,
}

/// Finds callers by their token's issuer and subject.
pub(crate) struct Principals {
    pool: PgPool,
    known: moka::sync::Cache<Identity, Arc<Known>>,
}

impl Principals {
    pub(crate) fn new(pool: PgPool, ttl: Duration) -> Self {
        let known = moka::sync::Cache::builder().max_capacity(MAX_IN_MEMORY).time_to_live(ttl).build();
        Self { pool, known }
    }

    /// The caller of a verified token.
    ///
    /// # Errors
    /// PERMISSION_DENIED, `PRINCIPAL_UNKNOWN`, when there is none, it is inactive, or two claim the token.
    pub(crate) async fn find(&self, identity: &Identity) -> Result<Actor, Error> {
        let known = match self.known.get(identity) {
            Some(known) => known,
            None => self.load(identity).await?,
        };
        if known.active { Ok(known.actor.clone()) } else { Err(unknown("the principal is not active")) }
    }

    async fn load(&self, identity: &Identity) -> Result<Arc<Known>, Error> {
        let rows = sqlx::query(COLUMNS)
            .bind(&identity.issuer)
            .bind(&identity.subject)
            .fetch_all(&self.pool)
            .instrument(sql_span!("principals.by_token", "SELECT"))
            .await
            .map_err(gongdan_pg::error)?;
        let mut found =
            rows.iter().map(known_from_row).collect::<Result<Vec<_>, _>>().map_err(Error::internal)?;
        if let [first, second] = found.as_slice()
            && first.active
            && second.active
        {
            tracing::warn!(one = %first.actor.principal_id, other = %second.actor.principal_id,
                "two active principals claim the same token subject");
            return Err(unknown("two principals claim this token"));
        }
        if found.is_empty() {
            return Err(unknown("no principal belongs to this token"));
        }
        Ok(self.remember(identity.clone(), found.swap_remove(0)))
    }

    /// Takes in what is new, unless something newer is there already.
    fn remember(&self, identity: Identity, new: Known) -> Arc<Known> {
        let new = Arc::new(new);
        self.known
            .entry(identity)
            .and_upsert_with(|old| match old {
                Some(old) if is_newer(old.value(), &new) => old.into_value(),
                _ => Arc::clone(&new),
            })
            .into_value()
    }

    /// Shows a change at once, before the time to live makes it show; tokens that belonged to these principals until
    /// now are forgotten.
    pub(crate) fn changed(&self, principals: &[Principal]) {
        let now: HashMap<&str, Identity> = principals.iter().map(|p| (p.id.as_str(), identity(p))).collect();
        for (token, known) in &self.known {
            if now.get(known.actor.principal_id.as_str()).is_some_and(|identity| *identity != *token) {
                self.known.invalidate(&*token);
            }
        }
        for principal in principals {
            match known_from_message(principal) {
                Ok(known) => {
                    self.remember(identity(principal), known);
                }
                Err(why) => {
                    tracing::warn!(error = %why, "principal not usable");
                    self.known.invalidate(&identity(principal));
                }
            }
        }
    }
}

fn identity(principal: &Principal) -> Identity {
    Identity { issuer: principal.issuer.clone(), subject: principal.subject.clone() }
}

fn is_newer(old: &Known, new: &Known) -> bool {
    old.actor.principal_id == new.actor.principal_id && old.version > new.version
}

fn unknown(why: &'static str) -> Error {
    Error::permission_denied(Reason::PrincipalUnknown, why)
}

fn known_from_row(row: &PgRow) -> Result<Known, sqlx::Error> {
    let kind: i16 = row.try_get("kind")?;
    let regions: Vec<i64> = row.try_get("regions")?;
    Ok(Known {
        actor: Actor {
            principal_id: row.try_get("id")?,
            name: row.try_get("name")?,
            kind: PrincipalKind::try_from(i32::from(kind)).unwrap_or_default(),
            roles: row.try_get("roles")?,
            unit_ids: row.try_get("unit_ids")?,
            regions: regions
                .into_iter()
                .filter_map(|code| RegionCode::from_i64(code).ok())
                .map(|code| Regions::national().range(code))
                .collect(),
            rights: row.try_get("rights")?,
            language: row.try_get("language")?,
            customer_id: row.try_get("customer_id")?,
        },
        active: row.try_get("active")?,
        version: row.try_get("version")?,
    })
}

fn known_from_message(principal: &Principal) -> Result<Known, InvalidPrincipal> {
    Ok(Known {
        actor: Actor {
            principal_id: principal.id.clone(),
            name: principal.name.clone(),
            kind: principal.kind(),
            roles: principal.roles.clone(),
            unit_ids: principal.unit_ids.clone(),
            regions: regions(principal)?.into_iter().map(|code| Regions::national().range(code)).collect(),
            rights: principal.rights.clone(),
            language: language(principal).to_owned(),
            customer_id: customer(principal)?,
        },
        active: principal.active,
        version: principal.version,
    })
}

fn regions(principal: &Principal) -> Result<Vec<RegionCode>, InvalidPrincipal> {
    let parse = |text: &String| {
        RegionCode::parse(text).map_err(|_| InvalidPrincipal::Region(principal.id.clone(), text.clone()))
    };
    principal.regions.iter().map(parse).collect()
}

fn customer(principal: &Principal) -> Result<Option<Uuid>, InvalidPrincipal> {
    match principal.customer_id.as_str() {
        "" => Ok(None),
        text => Uuid::try_parse(text)
            .map(Some)
            .map_err(|_| InvalidPrincipal::Customer(principal.id.clone(), text.to_owned())),
    }
}

fn language(principal: &Principal) -> &str {
    if principal.language.is_empty() { "zh-CN" } else { &principal.language }
}

/// Writes principals where they are newer than what is stored, in one statement. Answers nothing about those that were not.
///
/// # Errors
/// Those of the database; [`InvalidPrincipal`] as [`sqlx::Error::Encode`].
pub async fn upsert(conn: &mut PgConnection, principals: &[Principal]) -> Result<(), sqlx::Error> {
    let mut newest: HashMap<&str, &Principal> = HashMap::new();
    for principal in principals {
        let slot = newest.entry(&principal.id).or_insert(principal);
        if slot.version < principal.version {
            *slot = principal;
        }
    }
    // In the order of ids, so that two writers cannot wait for each other.
    let mut rows = newest
        .into_values()
        .map(json)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|e| sqlx::Error::Encode(e.into()))?;
    if rows.is_empty() {
        return Ok(());
    }
    rows.sort_by(|a, b| a["id"].as_str().cmp(&b["id"].as_str()));
    sqlx::query(
        "INSERT INTO principals (id, issuer, subject, name, kind, roles, unit_ids, regions, rights, email, language, \
                                 skills, tier, active, version, customer_id) \
         SELECT * FROM jsonb_to_recordset($1) AS p (id text, issuer text, subject text, name text, kind smallint, \
                                 roles text[], unit_ids text[], regions bigint[], rights text[], email text, \
                                 language text, skills text[], tier smallint, active boolean, version bigint, \
                                 customer_id uuid) \
         ON CONFLICT (id) DO UPDATE SET issuer = excluded.issuer, subject = excluded.subject, name = excluded.name, \
             kind = excluded.kind, roles = excluded.roles, unit_ids = excluded.unit_ids, regions = excluded.regions, \
             rights = excluded.rights, email = excluded.email, language = excluded.language, skills = excluded.skills, \
             tier = excluded.tier, active = excluded.active, version = excluded.version, \
             customer_id = excluded.customer_id \
         WHERE principals.version < excluded.version",
    )
    .bind(sqlx::types::Json(rows))
    .execute(conn)
    .instrument(sql_span!("principals.upsert", "INSERT"))
    .await?;
    Ok(())
}

fn json(principal: &Principal) -> Result<serde_json::Value, InvalidPrincipal> {
    let codes: Vec<i64> = regions(principal)?.into_iter().map(RegionCode::as_i64).collect();
    if PrincipalKind::try_from(principal.kind).is_err() {
        return Err(InvalidPrincipal::Kind(principal.id.clone(), principal.kind));
    }
    Ok(serde_json::json!({
        "id": principal.id, "issuer": principal.issuer, "subject": principal.subject, "name": principal.name,
        "kind": principal.kind, "roles": principal.roles, "unit_ids": principal.unit_ids, "regions": codes,
        "rights": principal.rights, "email": principal.email, "language": language(principal),
        "skills": principal.skills, "tier": principal.tier, "active": principal.active, "version": principal.version,
        "customer_id": customer(principal)?,
    }))
}
