//! R10 when something goes wrong: calls that overlap, and reassignments that do not get on.

use crate::{
    r10_reassign::{named, start, to_person},
    support::{Suite, id},
};
use gongdan_proto::routing::v1::{self as pb, DecisionState, ReassignedTicketState, ReassignmentState};
use gongdan_testkit::eventually;
use sqlx::{Connection as _, PgConnection};

impl Suite {
    /// Statements that wait for a lock on a table.
    async fn waiting_for(&self, table: &str) -> i64 {
        sqlx::query_scalar(
            "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'relation' AND relation = $1::regclass
               AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
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
    let (one, two, ()) =
        tokio::join!(suite.begin("admin", request.clone()), suite.begin("admin", request.clone()), async {
            eventually("both wait", async || suite.waiting_for("reassignments").await == 2).await;
            held.rollback().await.unwrap();
        });
    assert_eq!(one.unwrap().id, two.unwrap().id);
    let all: i64 =
        sqlx::query_scalar("SELECT count(*) FROM reassignments").fetch_one(suite.env.pool()).await.unwrap();
    assert_eq!(all, 1);
}

#[tokio::test]
async fn r10_one_that_keeps_failing_keeps_no_other_from_getting_on() {
    let suite = Suite::with("[reassignments]\nat_once = 1\npause = \"1h\"\n").await;
    suite.import_roads().await;
    suite.in_hand("an", "roads", 2).await;
    let held = suite.in_hand("bo", "roads", 1).await;
    let broken = suite.begin("admin", start("an")).await.unwrap();
    eventually("its first batch is through", async || {
        suite.get_reassignment(&broken.id).await.progress.unwrap().waiting == 1
    })
    .await;
    // A release that was rolled back wrote what this one cannot read; it has been due for longest.
    let spoil = "UPDATE reassignments SET plan = '[{\"nobody_knows\":1}]', due_at = '2020-01-01Z'";
    sqlx::query(spoil).execute(suite.env.pool()).await.unwrap();
    suite.begin("admin", start("bo")).await.unwrap();
    suite.handed_over(&held[0]).await;
    let (failures, later): (i32, bool) =
        sqlx::query_as("SELECT failures, due_at > now() FROM reassignments WHERE id::text = $1")
            .bind(&broken.id)
            .fetch_one(suite.env.pool())
            .await
            .unwrap();
    assert!(failures >= 1 && later, "{failures} failures, put off: {later}");
}

#[tokio::test]
async fn r10_a_stopped_one_gives_up_what_tickets_never_answers() {
    let settings = "[reassignments]\nlook_every = \"20ms\"\ngive_up_after = \"1s\"\n";
    let suite = Suite::with(settings).await;
    suite.import_roads().await;
    let mut held = suite.in_hand("an", "roads", 1).await;
    let request = pb::StartReassignmentRequest { to: named("bo"), ..start("an") };
    let begun = suite.begin("admin", request).await.unwrap();
    let decision = suite.handed_over(&held[0]).await;
    assert_eq!((to_person(&decision), suite.load_of("bo").await), ("bo", (0, 1)));
    let stop = pb::StopReassignmentRequest { request_id: id(), id: begun.id.clone() };
    suite.reassignments("admin").stop_reassignment(stop).await.unwrap();
    let over = suite.watched(&begun.id).await.pop().unwrap();
    let far = over.progress.unwrap();
    assert_eq!((over.state(), far.open, far.stopped), (ReassignmentState::Stopped, 0, 1));
    assert_eq!(suite.load_of("bo").await, (0, 0), "nothing is reserved any more");
    let left = suite.tickets_of(&begun.id, ReassignedTicketState::Stopped).await;
    assert_eq!(left[0].why, "tickets did not answer: given up");
    suite.loads_agree().await;
    // The person's other tickets may be reassigned; the decision is not sent again.
    suite.in_hand("an", "roads", 1).await;
    let again = suite.begin("admin", start("an")).await.unwrap();
    assert_eq!(again.progress.unwrap().total, 2);
    // An answer that comes after all is noted.
    suite.applies(&mut held[0], &decision).await;
    eventually("it went", async || {
        let far = suite.get_reassignment(&begun.id).await.progress.unwrap();
        (far.transferred, far.stopped) == (1, 0)
    })
    .await;
    assert_eq!(suite.answered(&decision).await.state(), DecisionState::Transferred);
    assert_eq!(suite.load_of("bo").await.0, 1);
    suite.loads_agree().await;
}
