//! R10 when something goes wrong: calls that overlap, and reassignments that do not get on.

use crate::{r10_reassign::start, support::Suite};
use gongdan_testkit::eventually;
use sqlx::{Connection as _, PgConnection};

impl Suite {
    /// Statements that wait for a lock on a table.
    async fn waiting_for(&self, table: &str) -> i64 {
        sqlx::query_scalar(
            "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'relation' AND relation = $1::regclass",
        )
        .bind(table)
        .fetch_one(self.env.pool())
        .await
        .unwrap()
    }
}

#[tokio::test]
async fn r10_two_calls_of_one_request_begin_one_reassignment_and_both_hear_of_it() {
    let suite = Suite::start().await;
    suite.import_roads().await;
    suite.in_hand("an", "roads", 2).await;
    // Both have looked for an earlier answer, found none, and are about to write.
    let mut other = PgConnection::connect(&suite.env.database_url()).await.unwrap();
    let mut held = other.begin().await.unwrap();
    sqlx::query("LOCK TABLE reassignments IN SHARE MODE").execute(&mut *held).await.unwrap();
    let request = start("an");
    let (one, two, ()) = tokio::join!(
        suite.begin("admin", request.clone()),
        suite.begin("admin", request.clone()),
        async {
            eventually("both wait", async || suite.waiting_for("reassignments").await == 2).await;
            held.rollback().await.unwrap();
        }
    );
    assert_eq!(one.unwrap().id, two.unwrap().id);
    let all: i64 =
        sqlx::query_scalar("SELECT count(*) FROM reassignments").fetch_one(suite.env.pool()).await.unwrap();
    assert_eq!(all, 1);
}
