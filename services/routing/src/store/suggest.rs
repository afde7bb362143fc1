//! Table `suggest_models`: what was learnt, the highest number in use.

use super::{Store, unreadable};
use gongdan_errors::Error;
use gongdan_routing_domain::{Quality, Suggester};
use gongdan_telemetry::sql_span;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use tracing::Instrument as _;
use uuid::Uuid;

/// `pg_advisory_xact_lock` of whoever changes what is in use: a training that ends, or what resolved meanwhile.
const CHANGE: i64 = 0x726f_7574_696e_6702;
/// `pg_advisory_lock` of the process that trains.
const TRAINING: i64 = 0x726f_7574_696e_6703;

/// How good it is, as it is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KeptQuality {
    /// Of items.
    pub items: QualityRow,
    /// Of units.
    pub units: Option<QualityRow>,
}

/// [`Quality`], as it is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QualityRow {
    pub tickets: usize,
    pub left_out: usize,
    pub classes: usize,
    pub folds: usize,
    pub top1: f64,
    pub top3: f64,
    pub calibration_error: f64,
    /// The commonest first.
    pub confusion: Vec<(String, String, u32)>,
}

/// So many pairs are kept.
const CONFUSION: usize = 200;

impl From<Quality> for QualityRow {
    fn from(quality: Quality) -> Self {
        let mut confusion = quality.confusion;
        confusion.sort_by(|a, b| b.2.cmp(&a.2).then_with(|| (&a.0, &a.1).cmp(&(&b.0, &b.1))));
        confusion.truncate(CONFUSION);
        Self {
            tickets: quality.tickets,
            left_out: quality.left_out,
            classes: quality.classes,
            folds: quality.folds,
            top1: quality.top1,
            top3: quality.top3,
            calibration_error: quality.calibration_error,
            confusion,
        }
    }
}

/// How often the first suggestion was right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ScoreRow {
    pub suggested: i64,
    pub right: i64,
}

impl ScoreRow {
    /// Counts one; none: nothing was suggested.
    pub fn count(&mut self, right: Option<bool>) {
        self.suggested += i64::from(right.is_some());
        self.right += i64::from(right == Some(true));
    }
}

/// What is in use, without the weights.
#[derive(Debug, Clone, PartialEq)]
pub struct SuggesterRow {
    pub id: i64,
    pub trained_at: Timestamp,
    pub trained_by: String,
    pub tickets: i64,
    pub quality: KeptQuality,
    pub learnt: i64,
    pub items: ScoreRow,
    pub units: ScoreRow,
}

/// A training's result.
#[derive(Debug)]
pub struct NewSuggester {
    pub trained_at: Timestamp,
    pub trained_by: String,
    pub tickets: i64,
    pub quality: KeptQuality,
    pub weights: Vec<u8>,
    /// Tickets that were read, each with the version that was.
    pub read: Vec<(Uuid, i64)>,
}

/// What was learnt since.
#[derive(Debug, Default)]
pub struct Learnt {
    pub tickets: i64,
    pub items: ScoreRow,
    pub units: ScoreRow,
    pub weights: Vec<u8>,
}

impl Store {
    /// What is in use.
    pub async fn suggester(&self) -> Result<Option<SuggesterRow>, Error> {
        let row = sqlx::query!(
            "SELECT id, trained_at, trained_by, tickets, quality, learnt, items_suggested, items_right,
                    units_suggested, units_right
             FROM suggest_models ORDER BY id DESC LIMIT 1"
        )
        .fetch_optional(&self.pool)
        .instrument(sql_span!("suggest_models.get", "SELECT"))
        .await
        .map_err(gongdan_pg::error)?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(SuggesterRow {
            id: row.id,
            trained_at: row.trained_at.to_jiff(),
            trained_by: row.trained_by,
            tickets: row.tickets,
            quality: serde_json::from_str(&row.quality).map_err(unreadable)?,
            learnt: row.learnt,
            items: ScoreRow { suggested: row.items_suggested, right: row.items_right },
            units: ScoreRow { suggested: row.units_suggested, right: row.units_right },
        }))
    }

    /// Puts a training's result in use, in the place of what was.
    pub async fn put_suggester(&self, new: &NewSuggester) -> Result<i64, Error> {
        let quality = serde_json::to_string(&new.quality).map_err(Error::internal)?;
        let mut transaction = self.pool.begin().await.map_err(gongdan_pg::error)?;
        sqlx::query!("SELECT FROM pg_advisory_xact_lock($1)", CHANGE)
            .execute(&mut *transaction)
            .instrument(sql_span!("suggest_models.lock", "SELECT"))
            .await
            .map_err(gongdan_pg::error)?;
        sqlx::query!("UPDATE suggest_models SET weights = NULL WHERE weights IS NOT NULL")
            .execute(&mut *transaction)
            .instrument(sql_span!("suggest_models.retire", "UPDATE"))
            .await
            .map_err(gongdan_pg::error)?;
        let id = sqlx::query_scalar!(
            "INSERT INTO suggest_models (trained_at, trained_by, tickets, quality, weights)
             VALUES ($1, $2, $3, $4, $5) RETURNING id",
            new.trained_at.to_sqlx() as _,
            new.trained_by,
            new.tickets,
            quality,
            new.weights,
        )
        .fetch_one(&mut *transaction)
        .instrument(sql_span!("suggest_models.insert", "INSERT"))
        .await
        .map_err(gongdan_pg::error)?;
        // What resolved again since is still to be learnt from.
        let (read, versions): (Vec<Uuid>, Vec<i64>) = new.read.iter().copied().unzip();
        sqlx::query!(
            "DELETE FROM suggest_pending p USING unnest($1::uuid[], $2::int8[]) AS read (ticket_id, version)
             WHERE p.ticket_id = read.ticket_id AND p.version <= read.version",
            &read,
            &versions
        )
        .execute(&mut *transaction)
        .instrument(sql_span!("suggest_pending.read", "DELETE"))
        .await
        .map_err(gongdan_pg::error)?;
        transaction.commit().await.map_err(gongdan_pg::error)?;
        Ok(id)
    }
}

/// Number and revision of what is in use.
pub async fn in_use(connection: &mut PgConnection) -> Result<Option<(i64, i64)>, sqlx::Error> {
    let row = sqlx::query!("SELECT id, revision FROM suggest_models ORDER BY id DESC LIMIT 1")
        .fetch_optional(connection)
        .instrument(sql_span!("suggest_models.in_use", "SELECT"))
        .await?;
    Ok(row.map(|row| (row.id, row.revision)))
}

/// Number and revision of what is in use, and what was learnt; without it when this version cannot read the weights.
pub(super) async fn load(
    connection: &mut PgConnection,
) -> Result<Option<(i64, i64, Option<Suggester>)>, Error> {
    let row = sqlx::query!("SELECT id, revision, weights FROM suggest_models ORDER BY id DESC LIMIT 1")
        .fetch_optional(connection)
        .instrument(sql_span!("suggest_models.load", "SELECT"))
        .await
        .map_err(gongdan_pg::error)?;
    let Some(row) = row else { return Ok(None) };
    let weights = row.weights.unwrap_or_default();
    let read = tokio::task::spawn_blocking(move || Suggester::from_bytes(&weights))
        .await
        .map_err(Error::internal)?;
    let suggester = read.inspect_err(|error| {
        tracing::warn!(training = row.id, %error, "what was learnt cannot be used any more: train again");
    });
    Ok(Some((row.id, row.revision, suggester.ok())))
}

/// Whether nobody else changes what is in use, for the rest of the transaction.
pub async fn try_lock_change(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(r#"SELECT pg_try_advisory_xact_lock($1) AS "held!""#, CHANGE)
        .fetch_one(connection)
        .instrument(sql_span!("suggest_models.try_lock", "SELECT"))
        .await
}

/// Whether nobody trains, and nobody begins to for the rest of the transaction.
pub async fn no_training(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(r#"SELECT pg_try_advisory_xact_lock_shared($1) AS "held!""#, TRAINING)
        .fetch_one(connection)
        .instrument(sql_span!("suggest_models.no_training", "SELECT"))
        .await
}

/// Whether this connection now holds the right to train; it does until it ends.
pub async fn try_lock_training(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(r#"SELECT pg_try_advisory_lock($1) AS "held!""#, TRAINING)
        .fetch_one(connection)
        .instrument(sql_span!("suggest_models.try_train", "SELECT"))
        .await
}

/// Writes what was learnt since; only for the holder of the change's lock.
pub async fn update(connection: &mut PgConnection, id: i64, learnt: &Learnt) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        "UPDATE suggest_models
         SET revision = revision + 1, weights = $2, learnt = learnt + $3,
             items_suggested = items_suggested + $4, items_right = items_right + $5,
             units_suggested = units_suggested + $6, units_right = units_right + $7
         WHERE id = $1 RETURNING revision",
        id,
        learnt.weights,
        learnt.tickets,
        learnt.items.suggested,
        learnt.items.right,
        learnt.units.suggested,
        learnt.units.right,
    )
    .fetch_one(connection)
    .instrument(sql_span!("suggest_models.update", "UPDATE"))
    .await
}
