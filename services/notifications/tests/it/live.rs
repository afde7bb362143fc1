//! The live stream of an inbox.

use gongdan_proto::notifications::v1::{WatchInboxRequest, WatchInboxResponse};
use gongdan_testkit::{PATIENCE, PrincipalSpec, eventually};
use std::time::Duration;
use tonic::{Code, Streaming};

use crate::{suite::Suite, tickets::TestTicket};

async fn watch(suite: &Suite, who: &str, resume_token: &str) -> Streaming<WatchInboxResponse> {
    let request = WatchInboxRequest { resume_token: resume_token.to_owned() };
    suite.inbox(who).watch_inbox(request).await.unwrap().into_inner()
}

/// The next answer with an item: the ticket's number, and where to go on.
async fn next(stream: &mut Streaming<WatchInboxResponse>) -> (String, String) {
    loop {
        let answer = stream.message().await.unwrap().expect("the watch goes on");
        if let Some(item) = answer.item {
            return (item.ticket_number, answer.resume_token);
        }
    }
}

async fn tell(suite: &Suite, number: &str) {
    let event = TestTicket::new(number).dispatched("env", "chen");
    suite.publish(&event).await;
    suite.heard(&event).await;
}

async fn staffed() -> Suite {
    let suite = Suite::with(|config| config.inbox.heartbeat = Duration::from_millis(100)).await;
    suite.person(PrincipalSpec::new("chen").role("handler").unit("env")).await;
    suite.person(PrincipalSpec::new("wang").role("handler").unit("water")).await;
    suite
}

#[tokio::test]
async fn what_arrives_is_streamed_and_a_new_watch_goes_on_without_gap_or_repetition() {
    let suite = staffed().await;
    tell(&suite, "GD0").await;
    suite.told("chen", 1).await;
    let mut stream = watch(&suite, "chen", "").await;
    let first = stream.message().await.unwrap().unwrap();
    assert!(first.item.is_none(), "the past is not streamed; the first answer shows that the watch stands");
    tell(&suite, "GD1").await;
    let (number, token) = next(&mut stream).await;
    assert_eq!(number, "GD1");
    drop(stream);

    tell(&suite, "GD2").await;
    tell(&suite, "GD3").await;
    suite.told("chen", 4).await;
    let mut stream = watch(&suite, "chen", &token).await;
    assert_eq!(next(&mut stream).await.0, "GD2");
    assert_eq!(next(&mut stream).await.0, "GD3");
    tell(&suite, "GD4").await;
    assert_eq!(next(&mut stream).await.0, "GD4");
    // The token of the very first answer brings all since then.
    let mut stream = watch(&suite, "chen", &first.resume_token).await;
    for number in ["GD1", "GD2", "GD3", "GD4"] {
        assert_eq!(next(&mut stream).await.0, number);
    }
}

#[tokio::test]
async fn many_watch_at_once_and_each_sees_their_own() {
    let suite = staffed().await;
    let mut chens = Vec::new();
    for _ in 0..5 {
        chens.push(watch(&suite, "chen", "").await);
    }
    let mut wang = watch(&suite, "wang", "").await;
    for n in 0..20 {
        tell(&suite, &format!("GD{n}")).await;
    }
    let event = TestTicket::new("GD-water").dispatched("water", "");
    suite.publish(&event).await;
    for stream in &mut chens {
        for n in 0..20 {
            assert_eq!(next(stream).await.0, format!("GD{n}"));
        }
    }
    assert_eq!(next(&mut wang).await.0, "GD-water");
}

#[tokio::test]
async fn an_item_whose_transaction_began_before_another_s_is_not_lost() {
    let suite = staffed().await;
    let mut stream = watch(&suite, "chen", "").await;
    stream.message().await.unwrap().unwrap();
    let mut early = suite.env.pool().begin().await.unwrap();
    write(&mut early, "GD-early").await;
    let mut late = suite.env.pool().begin().await.unwrap();
    write(&mut late, "GD-late").await;
    late.commit().await.unwrap();
    eventually("the later one can be listed", async || suite.items("chen").await.len() == 1).await;
    early.commit().await.unwrap();
    assert_eq!(next(&mut stream).await.0, "GD-early");
    assert_eq!(next(&mut stream).await.0, "GD-late");
}

async fn write(connection: &mut sqlx::PgConnection, number: &str) {
    sqlx::query(
        "INSERT INTO inbox_items (id, recipient, event_id, kind, title, body, ticket_id, ticket_number, occurred_at,
                                  created_at)
         VALUES ($1, 'chen', $1, 'dispatched', 'title', 'body', $1, $2, now(), now())",
    )
    .bind(crate::suite::id())
    .bind(number)
    .execute(connection)
    .await
    .unwrap();
}

#[tokio::test]
async fn a_quiet_watch_shows_that_it_is_alive() {
    let suite = staffed().await;
    let mut stream = watch(&suite, "chen", "").await;
    for _ in 0..3 {
        assert!(stream.message().await.unwrap().unwrap().item.is_none());
    }
}

#[tokio::test]
async fn a_watch_ends_when_its_principal_is_not_active_any_more() {
    let suite = staffed().await;
    let mut stream = watch(&suite, "chen", "").await;
    suite.person(PrincipalSpec::new("chen").role("handler").unit("env").inactive()).await;
    let ends = async {
        loop {
            if let Err(status) = stream.message().await {
                return status;
            }
        }
    };
    let status = tokio::time::timeout(PATIENCE, ends).await.expect("it ends");
    assert_eq!(status.code(), Code::PermissionDenied);
}

#[tokio::test]
async fn a_token_that_is_none_is_refused() {
    let suite = staffed().await;
    let request = WatchInboxRequest { resume_token: "yesterday".to_owned() };
    let refused = suite.inbox("chen").watch_inbox(request).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
}
