//! GetTaskContact: from tickets, at the moment of use, for whoever holds the task.

use crate::suite::{Suite, reason, ticket};
use gongdan_errors::Code;
use gongdan_testkit::eventually;
use tonic_types::StatusExt as _;

#[tokio::test]
async fn the_holder_is_shown_the_contact_and_nobody_else() {
    let suite = Suite::start().await;
    let mut ticket = ticket("440106", "tianhe-env");
    suite.customers().knows(&ticket.customer_id(), "+8613800138000", "张三");
    suite.publish(ticket.resolved()).await;
    let task = suite.task_of(&ticket, 1).await;
    let (li, wang) = (suite.desk("li.wei").await, suite.desk("wang.fang").await);
    let refused = li.contact(&task.id).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::FailedPrecondition, "TASK_NOT_HELD"));
    assert!(suite.customers().asked().is_empty(), "not fetched before it is needed");

    assert_eq!(li.next().await.task.unwrap().id, task.id);
    let contact = li.contact(&task.id).await.unwrap();
    assert_eq!((contact.phone.as_str(), contact.name.as_str()), ("+8613800138000", "张三"));
    assert_eq!(reason(&wang.contact(&task.id).await.unwrap_err()), "TASK_NOT_HELD");

    let asked = suite.customers().asked();
    assert_eq!(asked.len(), 1);
    let (request, bearer) = &asked[0];
    assert_eq!(
        (request.customer_id.as_str(), request.ticket_id.as_str()),
        (task.customer_id.as_str(), task.ticket_id.as_str())
    );
    assert_eq!(request.purpose, "callback");
    assert!(bearer.starts_with("Bearer "), "the service shows its own token");
    assert_eq!(suite.contact_readers(&task.id).await, ["li.wei"]);
    assert!(!suite.database_holds("13800138000").await, "nothing personal is kept");

    li.succeed(&task.id, true, true, true).await.unwrap();
    assert_eq!(reason(&li.contact(&task.id).await.unwrap_err()), "TASK_STATE_REFUSES");
}

#[tokio::test]
async fn tickets_that_does_not_know_callback_yet_is_unavailable_for_a_moment() {
    let suite = Suite::start().await;
    let mut ticket = ticket("440106", "tianhe-env");
    suite.publish(ticket.resolved()).await;
    let task = suite.task_of(&ticket, 1).await;
    let desk = suite.desk("li.wei").await;
    desk.next().await.task.unwrap();
    for code in [Code::PermissionDenied, Code::Unauthenticated] {
        suite.customers().refuses(code);
        let refused = desk.contact(&task.id).await.unwrap_err();
        assert_eq!(
            (refused.code(), reason(&refused).as_str()),
            (Code::Unavailable, "DEPENDENCY_UNAVAILABLE")
        );
        assert!(refused.get_error_details().retry_info().is_some_and(|retry| retry.retry_delay.is_some()));
    }
    assert_eq!(suite.contact_readers(&task.id).await, Vec::<String>::new());
}

#[tokio::test]
async fn an_erased_contact_is_not_found_and_tickets_away_is_unavailable() {
    let suite = Suite::start().await;
    let mut ticket = ticket("440106", "tianhe-env");
    suite.publish(ticket.resolved()).await;
    let task = suite.task_of(&ticket, 1).await;
    let desk = suite.desk("li.wei").await;
    desk.next().await.task.unwrap();
    let gone = desk.contact(&task.id).await.unwrap_err();
    assert_eq!((gone.code(), reason(&gone).as_str()), (Code::NotFound, "CUSTOMER_NOT_FOUND"));

    suite.customers().stop();
    eventually("tickets is away", async || {
        let away = desk.contact(&task.id).await.unwrap_err();
        away.code() == Code::Unavailable && reason(&away) == "DEPENDENCY_UNAVAILABLE"
    })
    .await;
    assert_eq!(suite.contact_readers(&task.id).await, Vec::<String>::new());
}
