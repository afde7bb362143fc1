//! Nobody gets in without a credential, health and reflection aside.

use gongdan_e2e::suite::Suite;
use gongdan_proto::{
    callback::v1::{ListTasksRequest, callback_service_client::CallbackServiceClient},
    common::v1::{
        ListDeadLettersRequest, ReplayEventsRequest, dead_letter_service_client::DeadLetterServiceClient,
        event_service_client::EventServiceClient,
    },
    tickets::v1::{GetTicketRequest, ticket_service_client::TicketServiceClient},
};
use tonic::Code;

#[tokio::test]
async fn every_service_refuses_the_anonymous_and_a_made_up_token() {
    let suite = Suite::start().await;
    for token in [None, Some("eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9.")] {
        let mut tickets = TicketServiceClient::new(suite.channel_as("tickets", token).await);
        let refused = tickets
            .get_ticket(GetTicketRequest { ticket: "GD1".to_owned(), in_clear: false })
            .await
            .expect_err("refused");
        assert_eq!(refused.code(), Code::Unauthenticated);
        let mut callback = CallbackServiceClient::new(suite.channel_as("callback", token).await);
        let refused = callback.list_tasks(ListTasksRequest::default()).await.expect_err("refused");
        assert_eq!(refused.code(), Code::Unauthenticated);
        for service in suite.file().services.keys() {
            let mut events = EventServiceClient::new(suite.channel_as(service, token).await);
            let refused = events.replay_events(ReplayEventsRequest::default()).await.expect_err("refused");
            assert_eq!(refused.code(), Code::Unauthenticated, "{service} gives its events away");
            let mut letters = DeadLetterServiceClient::new(suite.channel_as(service, token).await);
            let refused =
                letters.list_dead_letters(ListDeadLettersRequest::default()).await.expect_err("refused");
            assert_eq!(refused.code(), Code::Unauthenticated, "{service} gives its dead letters away");
        }
    }
}
