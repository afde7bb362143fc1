//! R10 when something goes wrong: calls that overlap, and reassignments that do not get on.

use crate::{
    r10_reassign::{named, start, to_person},
    support::{Suite, TestTicket, id},
};
use gongdan_bus::Origin;
use gongdan_proto::{
    routing::v1::{self as pb, DecisionState, ReassignedTicketState, ReassignmentState},
    tickets::v1::{DecisionRefused, ticket_event::Change},
};
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

    /// Calls that are about to stop a reassignment and wait for a lock.
    async fn about_to_stop(&self) -> i64 {
        sqlx::query_scalar(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
               AND (query LIKE '%stopped_by = $2%' OR query LIKE 'SELECT id FROM reassignments%')",
        )
        .fetch_one(self.env.pool())
        .await
        .unwrap()
    }

    /// Tickets refuses a decision; the ticket stays in hand.
    async fn refuses_to_hand_over(
        &self,
        ticket: &mut TestTicket,
        decision: &pb::DecisionEvent,
        reason: &str,
    ) {
        ticket.state.version += 1;
        let (decision_id, reason) = (decision.decision_id.clone(), reason.to_owned());
        let refused = Change::DecisionRefused(DecisionRefused { decision_id, reason });
        self.tell(ticket, "decision_refused", Origin::Live, refused).await;
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
async fn r10_two_calls_of_one_request_stop_it_and_both_hear_of_it() {
    let suite = Suite::with("[reassignments]\nlook_every = \"1h\"\n").await;
    suite.import_roads().await;
    let held = suite.in_hand("an", "roads", 1).await;
    let begun = suite.begin("admin", start("an")).await.unwrap();
    suite.handed_over(&held[0]).await;
    let mut other = PgConnection::connect(&suite.env.database_url()).await.unwrap();
    let mut lock = other.begin().await.unwrap();
    sqlx::query("LOCK TABLE reassignments IN SHARE MODE").execute(&mut *lock).await.unwrap();
    let request = pb::StopReassignmentRequest { request_id: id(), id: begun.id.clone() };
    let (mut one, mut two) = (suite.reassignments("admin"), suite.reassignments("admin"));
    let (one, two, ()) =
        tokio::join!(one.stop_reassignment(request.clone()), two.stop_reassignment(request.clone()), async {
            eventually("both wait", async || suite.about_to_stop().await == 2).await;
            lock.rollback().await.unwrap();
        });
    assert_eq!(one.unwrap().into_inner().state(), ReassignmentState::Stopping);
    assert_eq!(two.unwrap().into_inner().state(), ReassignmentState::Stopping);
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
    // The person's tickets may be reassigned, this one too; the decision is not sent again.
    suite.in_hand("an", "roads", 1).await;
    let request = pb::StartReassignmentRequest { to: named("chen"), ..start("an") };
    let again = suite.begin("admin", request).await.unwrap();
    assert_eq!(again.progress.unwrap().total, 2);
    let decisions = async || suite.told(&held[0]).await;
    eventually("it is decided about anew", async || decisions().await.len() == 2).await;
    let [first, second] = decisions().await.try_into().unwrap();
    assert_eq!((first.decision_id, to_person(&second)), (decision.decision_id.clone(), "chen"));
    assert_eq!(first.ticket_version, second.ticket_version, "of the ticket as it was");
    // An answer that comes after all is noted.
    suite.applies(&mut held[0], &decision).await;
    eventually("it went", async || {
        let far = suite.get_reassignment(&begun.id).await.progress.unwrap();
        (far.transferred, far.stopped) == (1, 0)
    })
    .await;
    assert_eq!(suite.answered(&decision).await.state(), DecisionState::Transferred);
    assert_eq!(suite.load_of("bo").await.0, 1);
    // Tickets refuses the later one then: somebody else has it by now.
    suite.refuses_to_hand_over(&mut held[0], &second, "bo has the ticket in hand").await;
    eventually("it is refused", async || {
        suite.get_reassignment(&again.id).await.progress.unwrap().refused == 1
    })
    .await;
    suite.loads_agree().await;
}

#[tokio::test]
async fn r10_what_cannot_be_read_is_shown_as_that_and_can_be_stopped() {
    let suite = Suite::with("[reassignments]\nat_once = 1\npause = \"1h\"\n").await;
    suite.import_roads().await;
    suite.in_hand("an", "roads", 2).await;
    suite.in_hand("bo", "roads", 1).await;
    let broken =
        suite.begin("admin", pb::StartReassignmentRequest { to: named("chen"), ..start("an") }).await;
    let broken = broken.unwrap();
    eventually("its first batch is through", async || {
        suite.get_reassignment(&broken.id).await.progress.unwrap().waiting == 1
    })
    .await;
    let spoil = "UPDATE reassignments SET wish = '{\"nobody\":1}', plan = '[{\"nobody_knows\":1}]'";
    sqlx::query(spoil).execute(suite.env.pool()).await.unwrap();
    sqlx::query("UPDATE reassignment_tickets SET courses = 'nothing' WHERE state = 1")
        .execute(suite.env.pool())
        .await
        .unwrap();
    let sound = suite.begin("admin", start("bo")).await.unwrap();
    let listed = async || {
        let list = pb::ListReassignmentsRequest::default();
        suite.reassignments("admin").list_reassignments(list).await.unwrap().into_inner().reassignments
    };
    let all = listed().await;
    assert_eq!(all.iter().map(|one| &one.id).collect::<Vec<_>>(), [&sound.id, &broken.id]);
    assert_eq!(
        (all[1].state(), &all[1].to, all[1].to_person_id.as_str()),
        (ReassignmentState::Unreadable, &None, "")
    );
    assert_ne!(all[0].state(), ReassignmentState::Unreadable);
    let shown = suite.get_reassignment(&broken.id).await;
    assert_eq!((shown.state(), shown.progress.unwrap().waiting), (ReassignmentState::Unreadable, 1));
    assert_eq!(suite.tickets_of(&broken.id, ReassignedTicketState::Waiting).await.len(), 1);
    let stop = pb::StopReassignmentRequest { request_id: id(), id: broken.id.clone() };
    let stopped = suite.reassignments("admin").stop_reassignment(stop).await.unwrap().into_inner();
    assert_eq!(stopped.state(), ReassignmentState::Stopping);
    assert_eq!(stopped.progress.unwrap().stopped, 1);
}
