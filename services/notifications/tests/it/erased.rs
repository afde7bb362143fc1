//! X11: what tickets erased is not kept here either.

use crate::{suite::Suite, tickets::TestTicket};
use gongdan_testkit::PrincipalSpec;

#[tokio::test]
async fn what_was_told_of_an_erased_ticket_goes_and_nothing_else() {
    let suite = Suite::start().await;
    suite.person(PrincipalSpec::new("li.wei").role("handler").unit("tianhe-env")).await;
    suite.webhook("http://127.0.0.1:9/", &["tickets.*"]).await;
    let (mut gone, mut stays) =
        (TestTicket::new("GD2611230000000001"), TestTicket::new("GD2611230000000002"));
    for ticket in [&mut gone, &mut stays] {
        suite.publish(&ticket.submitted()).await;
        suite.publish(&ticket.dispatched("tianhe-env", "li.wei")).await;
    }
    suite.told("li.wei", 2).await;
    let last = gone.erased();
    suite.publish(&last).await;
    suite.heard(&last).await;
    let numbers: Vec<String> =
        suite.items("li.wei").await.into_iter().map(|item| item.ticket_number).collect();
    assert_eq!(numbers, ["GD2611230000000002"]);
    let left: Vec<uuid::Uuid> = sqlx::query_scalar("SELECT DISTINCT ticket_id FROM deliveries")
        .fetch_all(suite.env.pool())
        .await
        .unwrap();
    assert_eq!(left, [stays.id]);
}
