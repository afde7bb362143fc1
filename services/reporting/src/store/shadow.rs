//! Schema `rebuild`: tables of the same names, in which a rebuild counts until its counts are whole.

use gongdan_telemetry::sql_span;
use sqlx::{PgConnection, PgPool, postgres::PgPoolOptions};
use std::time::Duration;
use tracing::Instrument;

/// Empty tables, also after a rebuild that was cut off.
pub(crate) async fn create(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    drop(connection).await?;
    sqlx::raw_sql(
        "CREATE TABLE rebuild.rounds (LIKE public.rounds INCLUDING ALL);
         CREATE TABLE rebuild.acts (LIKE public.acts INCLUDING ALL);
         CREATE TABLE rebuild.handlings (LIKE public.handlings INCLUDING ALL);
         CREATE TABLE rebuild.answers (LIKE public.answers INCLUDING ALL);
         CREATE TABLE rebuild.quality_errors (LIKE public.quality_errors INCLUDING ALL);
         CREATE TABLE rebuild.units (LIKE public.units INCLUDING ALL);
         CREATE TABLE rebuild.inbox_versions (LIKE public.inbox_versions INCLUDING ALL);
         CREATE TABLE rebuild.inbox_parked (LIKE public.inbox_parked INCLUDING ALL);
         CREATE TABLE rebuild.inbox_dead (LIKE public.inbox_dead INCLUDING ALL)",
    )
    .execute(connection)
    .instrument(sql_span!("rebuild.create", "CREATE TABLE"))
    .await?;
    Ok(())
}

/// Takes them away.
pub(crate) async fn drop(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(
        "DROP TABLE IF EXISTS rebuild.rounds, rebuild.acts, rebuild.handlings, rebuild.answers, rebuild.quality_errors,
             rebuild.units,
             rebuild.inbox_versions, rebuild.inbox_parked, rebuild.inbox_dead",
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Connections on which every table name means the one of the rebuild.
pub(crate) fn pool(pool: &PgPool) -> PgPool {
    let options = pool.connect_options().as_ref().clone().options([("search_path", "rebuild,public")]);
    PgPoolOptions::new()
        .max_connections(2)
        .acquire_timeout(Duration::from_secs(30))
        .connect_lazy_with(options)
}

/// Makes the consumers of every replica wait until this transaction ends, after those that are at it. Reports read on.
pub(crate) async fn hold_consumers(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::raw_sql("SET LOCAL statement_timeout = 0; LOCK TABLE public.inbox_versions IN EXCLUSIVE MODE")
        .execute(connection)
        .instrument(sql_span!("inbox_versions.hold", "LOCK TABLE"))
        .await?;
    Ok(())
}

/// Puts the counts of the rebuild in the place of those there were, with what these consumers have applied.
pub(crate) async fn take_over(
    connection: &mut PgConnection,
    consumers: &[String],
) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(
        "DELETE FROM public.rounds;
         INSERT INTO public.rounds SELECT * FROM rebuild.rounds;
         DELETE FROM public.acts;
         INSERT INTO public.acts SELECT * FROM rebuild.acts;
         DELETE FROM public.handlings;
         INSERT INTO public.handlings SELECT * FROM rebuild.handlings;
         DELETE FROM public.answers;
         INSERT INTO public.answers SELECT * FROM rebuild.answers;
         DELETE FROM public.quality_errors;
         INSERT INTO public.quality_errors SELECT * FROM rebuild.quality_errors;
         DELETE FROM public.units;
         INSERT INTO public.units SELECT * FROM rebuild.units",
    )
    .execute(&mut *connection)
    .instrument(sql_span!("rebuild.take_over", "INSERT"))
    .await?;
    for statement in [
        "DELETE FROM public.inbox_versions WHERE consumer = ANY ($1)",
        "INSERT INTO public.inbox_versions SELECT * FROM rebuild.inbox_versions WHERE consumer = ANY ($1)",
        "DELETE FROM public.inbox_parked WHERE consumer = ANY ($1)",
        "INSERT INTO public.inbox_parked SELECT * FROM rebuild.inbox_parked WHERE consumer = ANY ($1)",
        "DELETE FROM public.inbox_dead WHERE consumer = ANY ($1)",
        "INSERT INTO public.inbox_dead SELECT * FROM rebuild.inbox_dead WHERE consumer = ANY ($1)",
    ] {
        sqlx::query(statement).bind(consumers).execute(&mut *connection).await?;
    }
    Ok(())
}
