//! What is refused, each with its field.

use gongdan_proto::notifications::v1::{
    CreateWebhookRequest, ListDeliveriesRequest, ListInboxRequest, ListWebhooksRequest, MarkReadRequest,
    ResendDeliveryRequest, inbox_service_client::InboxServiceClient,
};
use gongdan_testkit::PrincipalSpec;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::suite::{Suite, request_id};

#[track_caller]
fn fields(refused: Status) -> Vec<String> {
    assert_eq!(refused.code(), Code::InvalidArgument, "{refused:?}");
    let details = refused.get_error_details();
    details.bad_request().unwrap().field_violations.iter().map(|v| v.field.clone()).collect()
}

#[tokio::test]
async fn every_wrong_field_is_named() {
    let suite = Suite::with(|config| config.webhooks.allow_networks.clear()).await;
    let mut webhooks = suite.webhooks("admin");
    let bad = CreateWebhookRequest {
        request_id: "once".to_owned(),
        url: "http://127.0.0.1:9/hook".to_owned(),
        event_types: vec!["tickets.exploded".to_owned()],
        description: "长".repeat(201),
    };
    let refused = webhooks.create_webhook(bad).await.unwrap_err();
    assert_eq!(fields(refused), ["request_id", "url", "event_types", "description"]);
    let none = CreateWebhookRequest {
        request_id: request_id(),
        url: "https://a.example.org/".to_owned(),
        ..Default::default()
    };
    assert_eq!(fields(webhooks.create_webhook(none).await.unwrap_err()), ["event_types"]);
    let page = ListWebhooksRequest { page_size: -1, page_token: "x".to_owned() };
    assert_eq!(fields(webhooks.list_webhooks(page).await.unwrap_err()), ["page_size", "page_token"]);

    let mut inbox = suite.inbox("admin");
    let page = ListInboxRequest { page_size: 501, page_token: "x".to_owned(), unread_only: false };
    assert_eq!(fields(inbox.list_inbox(page).await.unwrap_err()), ["page_size", "page_token"]);
    for (ids, all) in [(vec![], false), (vec!["1".to_owned()], false), (vec![request_id()], true)] {
        assert_eq!(fields(inbox.mark_read(MarkReadRequest { ids, all }).await.unwrap_err()), ["ids"]);
    }

    let filter = ListDeliveriesRequest { state: 77, channel: 77, ..ListDeliveriesRequest::default() };
    assert_eq!(fields(suite.deliveries().list_deliveries(filter).await.unwrap_err()), ["state", "channel"]);
    let resend = ResendDeliveryRequest { id: "1".to_owned() };
    assert_eq!(fields(suite.deliveries().resend_delivery(resend).await.unwrap_err()), ["id"]);
}

#[tokio::test]
async fn only_administrators_say_where_data_goes_and_nobody_is_anonymous() {
    let suite = Suite::start().await;
    suite.person(PrincipalSpec::new("chen").role("handler").role("dispatcher")).await;
    let request = CreateWebhookRequest {
        request_id: request_id(),
        url: "https://hooks.example.org/".to_owned(),
        event_types: vec!["*".to_owned()],
        description: String::new(),
    };
    let refused = suite.webhooks("chen").create_webhook(request).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    let list = ListWebhooksRequest::default();
    assert_eq!(suite.webhooks("chen").list_webhooks(list).await.unwrap_err().code(), Code::PermissionDenied);
    let mut anonymous = InboxServiceClient::connect(suite.served.grpc.clone()).await.unwrap();
    let refused = anonymous.list_inbox(ListInboxRequest::default()).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unauthenticated);
}
