//! The database refuses what would rewrite the log.

use crate::suite::Suite;
use sqlx::Row as _;

#[tokio::test]
async fn entries_are_not_changed_taken_away_or_emptied() {
    let suite = Suite::start().await;
    suite.filled(3).await;
    let parts = sqlx::query("SELECT inhrelid::regclass::text AS part FROM pg_inherits WHERE inhparent = 'audit.entries'::regclass")
        .fetch_all(suite.pool())
        .await
        .unwrap();
    let mut tables: Vec<String> = parts.iter().map(|row| row.get("part")).collect();
    assert!(!tables.is_empty());
    tables.push("audit.entries".to_owned());
    for table in tables {
        for statement in [
            format!("UPDATE {table} SET principal_id = 'nobody'"),
            format!("DELETE FROM {table}"),
            format!("TRUNCATE {table}"),
        ] {
            refused(&suite, statement).await;
        }
    }
    for statement in [
        "DELETE FROM audit.head",
        "TRUNCATE audit.head",
        "UPDATE audit.head SET number = 1",
        "DELETE FROM audit.checkpoints",
        "TRUNCATE audit.checkpoints",
        "SELECT audit.forget(current_date - 30)",
    ] {
        refused(&suite, statement.to_owned()).await;
    }
    assert_eq!(suite.verify(0, 0).await.broken, None);
}

async fn refused(suite: &Suite, statement: String) {
    let refused = sqlx::query(sqlx::AssertSqlSafe(statement.clone())).execute(suite.pool()).await;
    let refused = refused.expect_err(&statement).to_string();
    assert!(refused.contains("audit: "), "{statement}: {refused}");
}
