//! A poisoned event holds back its own aggregate and nobody else's, until it is replayed or discarded.

use crate::env::{CONSUMER, Env, Recorder, consumer, event, eventually, id};
use gongdan_errors::{Code, Error, Reason};
use gongdan_outbox::{ConsumerHandle, DeadLetterServer, Guard};
use gongdan_proto::common::v1::{
    DiscardDeadLetterRequest, ListDeadLettersRequest, ListDeadLettersResponse, ReplayDeadLetterRequest,
    dead_letter_service_server::DeadLetterService,
};
use std::sync::{Arc, atomic::Ordering};
use tonic::{Request, Status};
use uuid::Uuid;

struct Sick {
    env: Env,
    handler: Arc<Recorder>,
    running: ConsumerHandle,
    sick: Uuid,
}

impl Sick {
    /// Version 2 of one of three tickets cannot be applied; all of them have versions 1 to 4.
    async fn start(panics: bool) -> Self {
        let env = Env::start().await;
        let handler = Recorder::new();
        let tickets = [id(), id(), id()];
        let sick = tickets[1];
        handler.poison(sick, 2);
        handler.panics.store(panics, Ordering::Relaxed);
        for version in 1..=4 {
            for ticket in tickets {
                env.publish(&event(ticket, version), 0).await;
            }
        }
        let running = env.consume(consumer(), &handler);
        env.wait_applied(tickets[0], &[1, 2, 3, 4]).await;
        env.wait_applied(tickets[2], &[1, 2, 3, 4]).await;
        let env = Self { env, handler, running, sick };
        eventually("it is a dead letter", async || env.list().await.dead_letters.len() == 1).await;
        assert_eq!(env.env.applied(sick).await, [1]);
        env
    }

    fn server(&self) -> impl DeadLetterService + use<> {
        DeadLetterServer::service(
            self.env.pool.clone(),
            [self.running.inbox()],
            Guard::new(|_| Ok("li.wei".into())),
        )
    }

    async fn list(&self) -> ListDeadLettersResponse {
        let answer = self.server().list_dead_letters(Request::new(ListDeadLettersRequest::default())).await;
        answer.unwrap().into_inner()
    }

    async fn replay(&self, event_id: &str) -> Result<(), Status> {
        let request = ReplayDeadLetterRequest { event_id: event_id.into(), consumer: CONSUMER.into() };
        self.server().replay_dead_letter(Request::new(request)).await.map(drop)
    }

    async fn discard(&self, event_id: &str, reason: &str) -> Result<(), Status> {
        let request = DiscardDeadLetterRequest {
            event_id: event_id.into(),
            consumer: CONSUMER.into(),
            reason: reason.into(),
        };
        self.server().discard_dead_letter(Request::new(request)).await.map(drop)
    }
}

#[tokio::test]
async fn others_go_on_and_a_replay_releases_what_is_parked_behind() {
    let sick = Sick::start(false).await;
    let letter = sick.list().await.dead_letters.remove(0);
    assert_eq!(
        (letter.consumer.as_str(), letter.version, letter.attempts, letter.parked),
        (CONSUMER, 2, 3, 2)
    );
    assert_eq!(letter.aggregate_id, sick.sick.to_string());
    assert!(letter.error.contains("division by zero"), "{}", letter.error);
    eventually("the dead stream has it", async || sick.env.messages("dead").await == 1).await;

    let refused = sick.replay(&letter.event_id).await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
    assert_eq!(sick.env.applied(sick.sick).await, [1]);

    sick.handler.heal();
    sick.replay(&letter.event_id).await.unwrap();
    assert_eq!(sick.env.applied(sick.sick).await, [1, 2, 3, 4]);
    assert!(sick.list().await.dead_letters.is_empty());
    assert_eq!(sick.env.count("inbox_parked").await, 0);
    assert_eq!(sick.replay(&letter.event_id).await.unwrap_err().code(), Code::NotFound);
    // Later events of the ticket need no help any more.
    sick.env.publish(&event(sick.sick, 5), 0).await;
    sick.env.wait_applied(sick.sick, &[1, 2, 3, 4, 5]).await;
}

#[tokio::test]
async fn a_discarded_event_is_skipped_and_the_reason_kept() {
    let sick = Sick::start(false).await;
    let letter = sick.list().await.dead_letters.remove(0);
    assert_eq!(sick.discard(&letter.event_id, " ").await.unwrap_err().code(), Code::InvalidArgument);
    sick.discard(&letter.event_id, "sent by mistake").await.unwrap();
    assert_eq!(sick.env.applied(sick.sick).await, [1, 3, 4]);
    let kept: (String, String) = sqlx::query_as("SELECT discarded_by, discard_reason FROM inbox_dead")
        .fetch_one(&sick.env.pool)
        .await
        .unwrap();
    assert_eq!(kept, ("li.wei".into(), "sent by mistake".into()));
    assert!(sick.list().await.dead_letters.is_empty());
}

#[tokio::test]
async fn a_handler_that_panics_is_poison_too() {
    let sick = Sick::start(true).await;
    let letter = sick.list().await.dead_letters.remove(0);
    assert!(letter.error.contains("panicked"), "{}", letter.error);
}

#[tokio::test]
async fn an_event_that_fails_once_is_tried_again_and_applied() {
    let env = Env::start().await;
    let handler = Recorder::new();
    let ticket = id();
    handler.poison(ticket, 1);
    let _running = env.consume(consumer().max_attempts(1_000), &handler);
    for version in 1..=3 {
        env.publish(&event(ticket, version), 0).await;
    }
    eventually("it is held", async || env.count("inbox_dead").await == 1).await;
    handler.heal();
    env.wait_applied(ticket, &[1, 2, 3]).await;
    assert_eq!(env.count("inbox_dead").await, 0);
}

#[tokio::test]
async fn dead_letters_are_listed_in_pages_newest_first_and_only_for_those_who_may() {
    let env = Env::start().await;
    let handler = Recorder::new();
    let running = env.consume(consumer().max_attempts(1), &handler);
    for _ in 0..5 {
        let ticket = id();
        handler.poison(ticket, 1);
        env.publish(&event(ticket, 1), 0).await;
    }
    eventually("five dead letters", async || env.count("inbox_dead WHERE dead_at IS NOT NULL").await == 5)
        .await;
    let server =
        DeadLetterServer::service(env.pool.clone(), [running.inbox()], Guard::new(|_| Ok("li.wei".into())));
    let (mut found, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = Request::new(ListDeadLettersRequest { page_size: 2, page_token });
        let page = server.list_dead_letters(request).await.unwrap().into_inner();
        assert!(page.dead_letters.len() <= 2);
        found.extend(page.dead_letters);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(found.len(), 5);
    assert!(found.windows(2).all(|pair| {
        let at = |n: usize| pair[n].dead_at.map(|at| (at.seconds, at.nanos));
        at(0) >= at(1)
    }));
    let bad = Request::new(ListDeadLettersRequest { page_size: 501, page_token: "?".into() });
    assert_eq!(server.list_dead_letters(bad).await.unwrap_err().code(), Code::InvalidArgument);
    let closed = DeadLetterServer::service(
        env.pool.clone(),
        [running.inbox()],
        Guard::new(|_| Err(Error::permission_denied(Reason::PermissionDenied, "no"))),
    );
    let refused =
        closed.list_dead_letters(Request::new(ListDeadLettersRequest::default())).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
}

#[tokio::test]
async fn what_a_constraint_refuses_only_at_the_commit_is_found_too() {
    let env = Env::start().await;
    sqlx::raw_sql(
        "CREATE TABLE known (version bigint PRIMARY KEY);
         INSERT INTO known VALUES (1), (3);
         ALTER TABLE applied ADD FOREIGN KEY (version) REFERENCES known DEFERRABLE INITIALLY DEFERRED",
    )
    .execute(&env.pool)
    .await
    .unwrap();
    let (well, sick) = (id(), id());
    for event in [event(well, 1), event(sick, 1), event(sick, 2), event(sick, 3)] {
        env.publish(&event, 0).await;
    }
    let running = env.consume(consumer(), &Recorder::new());
    env.wait_applied(well, &[1]).await;
    eventually("it is a dead letter", async || env.count("inbox_dead WHERE dead_at IS NOT NULL").await == 1)
        .await;
    assert_eq!(env.applied(sick).await, [1]);
    let event_id = sqlx::query_scalar("SELECT event_id FROM inbox_dead").fetch_one(&env.pool).await.unwrap();
    running.inbox().discard_dead(event_id, "li.wei", "unknown, says 13800001234").await.unwrap();
    assert_eq!(env.applied(sick).await, [1, 3]);
    let reason: String =
        sqlx::query_scalar("SELECT discard_reason FROM inbox_dead").fetch_one(&env.pool).await.unwrap();
    assert_eq!(reason, "unknown, says 138****1234");
}
