//! A database per test, cloned from a template that was migrated once.

use gongdan_pg::{PgConfig, Schema};
use sqlx::{Connection, PgConnection};

use crate::servers::Servers;

/// Number of the lock under which templates are made; any that nobody else uses.
const TEMPLATES: i64 = 0x676f_6e67_6461_6e01;

/// Makes the database `name` with the tables of `schema`.
pub(crate) async fn clone(servers: &Servers, schema: &Schema, name: &str) {
    let mut admin = PgConnection::connect(&servers.database("postgres"))
        .await
        .expect("the test server takes connections");
    let template = format!("template_{}", schema.fingerprint());
    // Test processes that share a server make a template once; while one is copied nobody may be connected to it.
    sqlx::query("SELECT pg_advisory_lock($1)").bind(TEMPLATES).execute(&mut admin).await.expect("the lock");
    let known: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
        .bind(&template)
        .fetch_one(&mut admin)
        .await
        .expect("the list of databases");
    if !known {
        make_template(servers, &mut admin, schema, &template).await;
    }
    execute(&mut admin, format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
    sqlx::query("SELECT pg_advisory_unlock($1)").bind(TEMPLATES).execute(&mut admin).await.expect("the lock");
    admin.close().await.ok();
}

/// Removes a database, whoever is still connected.
pub(crate) async fn drop(servers: &Servers, name: &str) {
    let mut admin = PgConnection::connect(&servers.database("postgres"))
        .await
        .expect("the test server takes connections");
    execute(&mut admin, format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
    admin.close().await.ok();
}

async fn make_template(servers: &Servers, admin: &mut PgConnection, schema: &Schema, template: &str) {
    let draft = format!("{template}_draft");
    execute(admin, format!("DROP DATABASE IF EXISTS {draft} WITH (FORCE)")).await;
    execute(admin, format!("CREATE DATABASE {draft}")).await;
    let pool = gongdan_pg::connect(&PgConfig::at(servers.database(&draft)), "testkit").await.expect("a pool");
    schema.migrate(&pool).await.expect("the migrations");
    pool.close().await;
    // It gets its name only when it is whole.
    execute(admin, format!("ALTER DATABASE {draft} RENAME TO {template}")).await;
}

async fn execute(admin: &mut PgConnection, sql: String) {
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql.clone()))
        .execute(admin)
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
}
