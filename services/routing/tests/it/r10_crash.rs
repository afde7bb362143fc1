//! R10: a replica that dies in the middle of a batch leaves nothing half done.

use crate::{
    r10_reassign::{start, to_person},
    support::Suite,
};
use gongdan_proto::routing::v1::ReassignmentState;
use gongdan_testkit::eventually;
use sqlx::{Connection as _, PgConnection};
use std::collections::{BTreeMap, HashSet};

const QUICKLY: &str = "[reassignments]\nat_once = 3\npause = \"1ms\"\nlook_every = \"50ms\"\n";

#[tokio::test]
async fn r10_whichever_replica_dies_in_the_middle_of_a_batch_each_ticket_is_decided_once() {
    let mut suite = Suite::with(QUICKLY).await;
    suite.import_roads().await;
    suite.in_hand("bo", "roads", 1).await;
    let mut held = suite.in_hand("an", "roads", 12).await;
    // A batch has begun, and waits for the load of somebody whom another transaction is about to change.
    let mut other = PgConnection::connect(&suite.env.database_url()).await.unwrap();
    let mut locked = other.begin().await.unwrap();
    sqlx::query("SELECT FROM loads WHERE person_id = 'bo' FOR UPDATE").execute(&mut *locked).await.unwrap();
    let begun = suite.begin("admin", start("an")).await.unwrap();
    let waits = "SELECT count(*) FROM pg_stat_activity
                 WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%FROM loads%'";
    eventually("a batch hangs", async || {
        sqlx::query_scalar::<_, i64>(waits).fetch_one(suite.env.pool()).await.unwrap() > 0
    })
    .await;
    // Its process dies; the next one is there already.
    suite.restart().await;
    let far = suite.get_reassignment(&begun.id).await.progress.unwrap();
    assert_eq!((far.waiting, far.open), (12, 0), "nothing of the batch was kept");
    locked.rollback().await.unwrap();
    let mut people: BTreeMap<String, usize> = BTreeMap::new();
    for ticket in &mut held {
        let decision = suite.handed_over(ticket).await;
        *people.entry(to_person(&decision).to_owned()).or_default() += 1;
        suite.applies(ticket, &decision).await;
    }
    let over = suite.watched(&begun.id).await.pop().unwrap();
    assert_eq!((over.state(), over.progress.unwrap().transferred), (ReassignmentState::Finished, 12));
    // `bo` had one before; of the last one either may be the least loaded.
    let shared = (people["bo"], people["chen"]);
    assert!([(5, 7), (6, 6)].contains(&shared), "{people:?}");
    for ticket in &held {
        let ids: HashSet<String> =
            suite.told(ticket).await.into_iter().map(|decision| decision.decision_id).collect();
        assert_eq!(ids.len(), 1, "decided once");
    }
    suite.loads_agree().await;
}
