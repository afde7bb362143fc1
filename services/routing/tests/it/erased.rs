//! X11: what tickets erased is not kept here either.

use crate::support::{Suite, TestTicket};
use gongdan_bus::Origin;
use gongdan_clock::new_id;
use gongdan_proto::tickets::v1::{DataClass, Erased, Phase, ticket_event::Change};
use gongdan_testkit::eventually;
use uuid::Uuid;

async fn customer_of(suite: &Suite, ticket: &TestTicket) -> Option<Uuid> {
    let found: Option<Option<Uuid>> =
        sqlx::query_scalar("SELECT customer_id FROM ticket_scopes WHERE ticket_id = $1")
            .bind(ticket.id)
            .fetch_optional(suite.env.pool())
            .await
            .unwrap();
    found.flatten()
}

#[tokio::test]
async fn whose_request_a_ticket_was_is_forgotten_when_it_is_erased() {
    let suite = Suite::start().await;
    let customer = new_id(suite.env.clock().now());
    let [mut gone, mut stays] = [TestTicket::new("噪音"), TestTicket::new("噪音")];
    gone.state.customer_id = customer.to_string();
    stays.state.customer_id = customer.to_string();
    for ticket in [&gone, &stays] {
        suite.submit(ticket, "噪音扰民", Origin::Live).await;
        eventually("it is known", async || customer_of(&suite, ticket).await == Some(customer)).await;
    }
    gone.next(Phase::Closed);
    gone.state.customer_id.clear();
    let classes = vec![DataClass::Contact.into(), DataClass::Texts.into()];
    suite.tell(&gone, "erased", Origin::Live, Change::Erased(Erased { classes, ..Default::default() })).await;
    eventually("it is forgotten", async || customer_of(&suite, &gone).await.is_none()).await;
    assert_eq!(customer_of(&suite, &stays).await, Some(customer), "another's is not");
}
