//! What is wrong with what tickets are decided by is not laid to the tickets.

use super::*;
use gongdan_access::{Access, Policies};
use gongdan_bus::Origin;
use gongdan_clock::SystemClock;
use gongdan_proto::tickets::v1::{Phase, Submitted, Ticket};
use gongdan_proto::to_timestamp;
use gongdan_testkit::{Env, FakeOwnerLog};
use jiff::SignedDuration;
use prost::Message as _;

fn submitted(now: Timestamp) -> Event {
    let id = new_id(now);
    let state = Ticket {
        id: id.to_string(),
        number: "GD2612010001000001".to_owned(),
        version: 1,
        phase: Phase::PendingDispatch.into(),
        round: 1,
        item: "环境/噪音".to_owned(),
        region: "440106000000".to_owned(),
        priority: 3,
        tier: 1,
        received_at: Some(to_timestamp(now)),
        ..Ticket::default()
    };
    let payload = TicketEvent {
        state: Some(state),
        change: Some(Change::Submitted(Submitted::default())),
        ..TicketEvent::default()
    };
    Event {
        id: new_id(now),
        source: "tickets".to_owned(),
        kind: "submitted".to_owned(),
        aggregate_id: id,
        version: 1,
        occurred_at: now,
        recorded_at: now,
        origin: Origin::Live,
        subject: String::new(),
        traceparent: None,
        payload: payload.encode_to_vec().into(),
    }
}

#[tokio::test]
async fn while_a_rule_cannot_be_read_tickets_wait_and_none_of_them_is_set_aside() {
    let env = Env::start(crate::schema()).await;
    let clock: SharedClock = Arc::new(SystemClock);
    let wait = SignedDuration::from_secs(30);
    let resend = DecisionsConfig { resend_after: wait, resend_at_most: wait, resend_batch: 1 };
    let directory = Arc::new(DirectoryCache::new(Access::new(Policies::shipped().unwrap())));
    let log = Arc::new(FakeOwnerLog::default());
    let tickets = Tickets::new(directory, log, clock.clone(), resend, 20, Metrics::new());
    sqlx::raw_sql(
        "INSERT INTO rule_revisions (rule_id, name, position, condition, action, disabled, written_at, written_by)
         VALUES ('later', 'later', 1, 'true', '{\"target\": {\"to\": \"the_moon\"}}', false, now(), 'admin');
         INSERT INTO rules (id, revision, position) SELECT 'later', revision, 1 FROM rule_revisions;
         UPDATE generation SET value = value + 1",
    )
    .execute(env.pool())
    .await
    .unwrap();
    let event = submitted(clock.now());
    let mut transaction = env.pool().begin().await.unwrap();
    let refused = tickets.apply(&mut transaction, std::slice::from_ref(&event)).await.unwrap_err();
    assert!(matches!(refused, ApplyError::Transient(_)), "{refused:?}");
    let said = format!("{refused:#}");
    assert!(said.contains("cannot be read") && said.contains("rule `later` at revision 1"), "{said}");
    transaction.rollback().await.unwrap();
    // Mended, they go on.
    sqlx::raw_sql("DELETE FROM rules; UPDATE generation SET value = value + 1")
        .execute(env.pool())
        .await
        .unwrap();
    let mut transaction = env.pool().begin().await.unwrap();
    tickets.apply(&mut transaction, &[event]).await.unwrap();
    let decided: i64 =
        sqlx::query_scalar("SELECT count(*) FROM decisions").fetch_one(&mut *transaction).await.unwrap();
    assert_eq!(decided, 1);
}
