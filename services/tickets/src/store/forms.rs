//! Table `forms`: versions of the forms that catalogue items bind. Source: T6.

use super::cached::Cached;
use gongdan_clock::SharedClock;
use gongdan_errors::{Error, Reason};
use gongdan_pg::{RequestKey, error, requests};
use gongdan_telemetry::sql_span;
use gongdan_tickets_domain::form::Form;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use moka::sync::Cache;
use sqlx::PgPool;
use std::{collections::HashMap, sync::Arc};
use tracing::Instrument as _;
use uuid::Uuid;

/// Compiled forms that are kept.
const COMPILED: u64 = 500;

/// A version of a form.
#[derive(Debug, Clone)]
pub(crate) struct Version {
    pub key: String,
    pub version: i32,
    pub name: String,
    pub schema: String,
    pub put_at: Timestamp,
}

/// A form with its version.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub key: String,
    pub version: i32,
    pub form: Arc<Form>,
}

/// Where forms are kept.
pub(crate) struct Forms {
    pool: PgPool,
    clock: SharedClock,
    newest: Cached<HashMap<String, i32>>,
    compiled: Cache<(String, i32), Arc<Form>>,
}

impl Forms {
    pub(crate) fn new(pool: PgPool, clock: SharedClock) -> Self {
        Self { pool, clock, newest: Cached::default(), compiled: Cache::new(COMPILED) }
    }

    /// The newest version of a form; none when there is no such form.
    pub(crate) async fn newest(&self, key: &str) -> Result<Option<Known>, Error> {
        let versions = self.newest.get(|| self.read_newest()).await?;
        match versions.get(key) {
            Some(version) => self.known(key, *version).await.map(Some),
            None => Ok(None),
        }
    }

    /// Which forms there are.
    pub(crate) async fn keys(&self) -> Result<Arc<HashMap<String, i32>>, Error> {
        self.newest.get(|| self.read_newest()).await
    }

    /// A version of a form, ready for use.
    pub(crate) async fn known(&self, key: &str, version: i32) -> Result<Known, Error> {
        let place = (key.to_owned(), version);
        let form = match self.compiled.get(&place) {
            Some(form) => form,
            None => {
                let found = self.version(key, version).await?;
                let form = Form::compile(&found.schema)
                    .map_err(|broken| Error::internal(format!("a stored form: {broken:?}")))?;
                let form = Arc::new(form);
                self.compiled.insert(place, form.clone());
                form
            }
        };
        Ok(Known { key: key.to_owned(), version, form })
    }

    /// A version of a form; 0 is the newest.
    pub(crate) async fn version(&self, key: &str, version: i32) -> Result<Version, Error> {
        let row = sqlx::query!(
            "SELECT key, version, name, schema, put_at FROM forms WHERE key = $1 AND (version = $2 OR $2 = 0)
             ORDER BY version DESC LIMIT 1",
            key,
            version
        )
        .fetch_optional(&self.pool)
        .instrument(sql_span!("forms.get", "SELECT"))
        .await
        .map_err(error)?
        .ok_or_else(|| Error::not_found(Reason::FormNotFound, "no such form, or no such version of it"))?;
        Ok(Version {
            key: row.key,
            version: row.version,
            name: row.name,
            schema: row.schema,
            put_at: row.put_at.to_jiff(),
        })
    }

    /// The newest version of each form after a key, by key.
    pub(crate) async fn list(&self, after: &str, limit: i64) -> Result<Vec<Version>, Error> {
        let rows = sqlx::query!(
            "SELECT DISTINCT ON (key) key, version, name, schema, put_at FROM forms WHERE key > $1
             ORDER BY key, version DESC LIMIT $2",
            after,
            limit
        )
        .fetch_all(&self.pool)
        .instrument(sql_span!("forms.list", "SELECT"))
        .await
        .map_err(error)?;
        Ok(rows
            .into_iter()
            .map(|row| Version {
                key: row.key,
                version: row.version,
                name: row.name,
                schema: row.schema,
                put_at: row.put_at.to_jiff(),
            })
            .collect())
    }

    async fn read_newest(&self) -> Result<HashMap<String, i32>, Error> {
        let rows = sqlx::query!(r#"SELECT key, max(version) AS "version!" FROM forms GROUP BY key"#)
            .fetch_all(&self.pool)
            .instrument(sql_span!("forms.newest", "SELECT"))
            .await
            .map_err(error)?;
        Ok(rows.into_iter().map(|row| (row.key, row.version)).collect())
    }

    /// Makes a new version, unless the newest has the same content; a repeated request gets the version it came to.
    pub(crate) async fn put(
        &self,
        key: &str,
        name: &str,
        schema: &str,
        request: &RequestKey,
    ) -> Result<Version, Error> {
        let mut transaction = self.pool.begin().await.map_err(error)?;
        // Two changes of one form make two versions, one after the other.
        sqlx::query!("SELECT pg_advisory_xact_lock(hashtextextended('gongdan.forms.' || $1, 0))", key)
            .execute(&mut *transaction)
            .await
            .map_err(error)?;
        if let Some(answered) = requests::lookup(&mut transaction, request).await? {
            drop(transaction);
            return self.version(key, i32::try_from(answered.version).map_err(Error::internal)?).await;
        }
        let now = self.clock.now();
        let version = sqlx::query_scalar!(
            r#"WITH newest AS (SELECT version, name, schema FROM forms WHERE key = $1 ORDER BY version DESC LIMIT 1),
               made AS (
                 INSERT INTO forms (key, version, name, schema, put_at)
                 SELECT $1, COALESCE((SELECT version FROM newest), 0) + 1, $2, $3, $4
                 WHERE NOT EXISTS (SELECT FROM newest WHERE name = $2 AND schema = $3)
                 RETURNING version)
               SELECT COALESCE((SELECT version FROM made), (SELECT version FROM newest)) AS "version!""#,
            key,
            name,
            schema,
            now.to_sqlx() as _
        )
        .fetch_one(&mut *transaction)
        .instrument(sql_span!("forms.insert", "INSERT"))
        .await
        .map_err(error)?;
        let answered = requests::Answered { resource_id: Uuid::nil(), version: version.into() };
        requests::insert(&mut transaction, request, answered, now).await?;
        transaction.commit().await.map_err(error)?;
        self.newest.forget();
        self.version(key, version).await
    }
}
