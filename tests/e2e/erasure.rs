//! What is personal of a customer goes in every service that has some of it. Source: X11.

use gongdan_e2e::{
    desk::{Desk, complaint},
    eventually::eventually,
    organisation::{self, ENVIRONMENT},
    suite::Suite,
};
use gongdan_proto::tickets::v1::Phase;

#[tokio::test]
async fn an_erased_customer_is_erased_in_all_services() {
    let suite = Suite::start().await;
    organisation::import(&suite).await;
    organisation::rule(&suite, "noise", "ticket.subject.contains('噪音')", ENVIRONMENT).await;
    let mut desk = Desk::open(&suite).await;
    let ticket = desk.create(complaint("工地夜间施工噪音扰民")).await;
    let ticket = desk.in_phase(&ticket, Phase::Dispatched).await;
    desk.accept(&ticket).await;
    desk.resolve(&ticket).await;
    let ticket = desk.in_phase(&ticket, Phase::InCallback).await;
    assert_eq!(desk.tasks(&ticket).await[0].customer_id, ticket.customer_id);

    let erase = ["privacy", "erase", "--ticket", &ticket.number, "--reason", "本人要求", "-o", "json"];
    let refused = suite.cli(&erase).await;
    assert!(!refused.status.success(), "the ticket is not over");
    desk.call_back(&ticket, true, true).await;
    let ticket = desk.in_phase(&ticket, Phase::Closed).await;
    let erased = suite.cli_json(&erase).await;
    assert_eq!((&erased["tickets_erased"], &erased["customer_erased"]), (&1.into(), &true.into()));

    let shown = desk.get(&ticket).await;
    assert_eq!((shown.subject.as_str(), shown.customer_id.as_str()), ("[已删除 erased]", ""));
    eventually("callback does not know the customer", || {
        let (mut desk, ticket) = (desk.clone(), ticket.clone());
        async move { desk.tasks(&ticket).await.iter().all(|task| task.customer_id.is_empty()).then_some(()) }
    })
    .await;
    eventually("nobody's inbox speaks of the ticket", || {
        let (suite, number) = (&suite, ticket.number.clone());
        async move {
            let inbox = suite.cli_json(&["inbox", "-o", "json"]).await;
            (!inbox.to_string().contains(&number)).then_some(())
        }
    })
    .await;
    let status = suite.cli_json(&["keys", "status", "-o", "json"]).await;
    assert_eq!((&status["replicas"], &status["encryption"][0]["rows"]), (&1.into(), &0.into()));
}
