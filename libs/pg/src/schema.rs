//! Migrations of libraries and of a service as one sequence.

use sqlx::{
    PgConnection, PgPool,
    migrate::{Migrate as _, MigrateError, Migration, Migrator},
};
use std::collections::HashMap;

/// The migrations of one database, ordered by version whichever crate they come from.
#[derive(Debug)]
pub struct Schema {
    migrator: Migrator,
}

/// The database cannot be brought to, or compared with, this schema.
#[derive(Debug, thiserror::Error)]
#[error("the schema: {0}")]
pub struct SchemaError(#[from] MigrateError);

impl Schema {
    /// Merges the migrations of libraries and of a service: `Schema::new(&[&gongdan_pg::MIGRATOR, …, &MIGRATOR])`.
    #[must_use]
    pub fn new(parts: &[&'static Migrator]) -> Self {
        let migrations: Vec<Migration> = parts.iter().flat_map(|part| part.iter().cloned()).collect();
        Self { migrator: Migrator::with_migrations(migrations) }
    }

    /// Brings the database to this schema; processes that do so at once wait for each other.
    ///
    /// # Errors
    /// When a migration fails, one that was applied has changed since, or the database is ahead of this program.
    pub async fn migrate(&self, pool: &PgPool) -> Result<(), SchemaError> {
        let mut connection = pool.acquire().await.map_err(MigrateError::Execute)?;
        // A migration may take as long as it needs. None of them waits for the disk: whatever is written later does, and with
        // it what came before; one that a crash takes back is applied again.
        set(&mut connection, "SET statement_timeout = 0; SET synchronous_commit = off").await?;
        let migrated = self.migrator.run_direct(None, &mut *connection, false).await;
        let reset = set(&mut connection, "RESET statement_timeout; RESET synchronous_commit").await;
        migrated?;
        Ok(reset?)
    }

    /// Whether every migration of this schema is applied.
    ///
    /// # Errors
    /// When the database is away, or a migration that was applied has changed since.
    pub async fn is_current(&self, pool: &PgPool) -> Result<bool, SchemaError> {
        let table = "_sqlx_migrations";
        let mut connection = pool.acquire().await.map_err(MigrateError::Execute)?;
        let there: Option<String> = sqlx::query_scalar("SELECT to_regclass($1)::text")
            .bind(table)
            .fetch_one(&mut *connection)
            .await
            .map_err(MigrateError::Execute)?;
        if there.is_none() {
            return Ok(false);
        }
        let applied: HashMap<i64, _> = connection
            .list_applied_migrations(table)
            .await?
            .into_iter()
            .map(|m| (m.version, m.checksum))
            .collect();
        for migration in self.migrator.iter() {
            match applied.get(&migration.version) {
                None => return Ok(false),
                Some(checksum) if *checksum != migration.checksum => {
                    return Err(MigrateError::VersionMismatch(migration.version).into());
                }
                Some(_) => {}
            }
        }
        Ok(true)
    }

    /// The versions of all migrations, ascending.
    pub fn versions(&self) -> impl Iterator<Item = i64> + '_ {
        self.migrator.iter().map(|migration| migration.version)
    }

    /// A digest of all migrations: databases with the same digest have the same tables.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        use sha2::{Digest as _, Sha256};
        let mut hash = Sha256::new();
        for migration in self.migrator.iter() {
            hash.update(migration.version.to_be_bytes());
            hash.update(&migration.checksum);
        }
        hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }
}

async fn set(connection: &mut PgConnection, settings: &'static str) -> Result<(), MigrateError> {
    sqlx::raw_sql(settings).execute(connection).await.map_err(MigrateError::Execute)?;
    Ok(())
}
