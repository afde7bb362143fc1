//! R5: the installation, line, lift, lamp… that a ticket is about.

use crate::suite::{Suite, accept, cancel, dispatch, fields, id, with_phone};
use gongdan_auth::AuthChannel;
use gongdan_proto::tickets::v1::{
    self as pb, ticket_event::Change, visit_service_client::VisitServiceClient,
};
use tonic::Code;

fn visits(suite: &Suite, principal: &str) -> VisitServiceClient<AuthChannel> {
    VisitServiceClient::new(suite.env.channel(&suite.service, principal))
}

fn about(asset: &str) -> Option<pb::Place> {
    Some(pb::Place { asset: asset.to_owned(), ..Default::default() })
}

fn change(ticket: &pb::Ticket, asset: &str) -> pb::ChangePlaceRequest {
    pb::ChangePlaceRequest {
        request_id: id(),
        ticket: ticket.id.clone(),
        etag: String::new(),
        place: about(asset),
        update_mask: Some(prost_types::FieldMask { paths: vec!["asset".to_owned()] }),
        reason: "来电更正".to_owned(),
    }
}

/// A ticket that `li.wei` works on, about an asset.
async fn about_asset(suite: &Suite, asset: &str, confidential: bool) -> pb::Ticket {
    let request = pb::CreateTicketRequest {
        place: about(asset),
        reporter_confidential: confidential,
        ..with_phone("13800001234")
    };
    let ticket = suite.tickets("zhao.min").create_ticket(request).await.unwrap().into_inner();
    suite.tickets("chen.jing").dispatch_ticket(dispatch(&ticket, "tianhe-env")).await.unwrap();
    suite.tickets("li.wei").accept_ticket(accept(&ticket)).await.unwrap();
    suite.get(&ticket.id).await
}

async fn seen(suite: &Suite, who: &str, ticket: &pb::Ticket) -> pb::Ticket {
    let request = pb::GetTicketRequest { ticket: ticket.id.clone(), in_clear: false };
    suite.tickets(who).get_ticket(request).await.unwrap().into_inner()
}

async fn listed(suite: &Suite, who: &str, asset: &str) -> usize {
    let filter = Some(pb::TicketFilter { assets: vec![asset.to_owned()], ..Default::default() });
    let request = pb::ListTicketsRequest { filter, ..Default::default() };
    suite.tickets(who).list_tickets(request).await.unwrap().into_inner().tickets.len()
}

#[tokio::test]
async fn r5_a_ticket_is_about_an_asset_which_may_be_said_later_and_is_filtered_on() {
    let suite = Suite::start().await;
    let ticket = about_asset(&suite, "LAMP-0007/b", false).await;
    assert_eq!(ticket.asset, "LAMP-0007/b");
    assert!(ticket.place.is_none(), "without address and point there is no place");
    assert_eq!(listed(&suite, "zhao.min", "LAMP-0007/b").await, 1);
    assert_eq!(listed(&suite, "zhao.min", "LAMP-0007").await, 0);

    let moved =
        visits(&suite, "li.wei").change_place(change(&ticket, "LAMP-0008")).await.unwrap().into_inner();
    assert_eq!((moved.asset.as_str(), moved.version), ("LAMP-0008", ticket.version + 1));
    let same =
        visits(&suite, "zhao.min").change_place(change(&ticket, "LAMP-0008")).await.unwrap().into_inner();
    assert_eq!(same.version, moved.version, "what is as it was is no change");
    let told = suite.timeline(&ticket.id).await.pop().unwrap();
    let Some(Change::PlaceChanged(told)) = told.change else { panic!("{told:?}") };
    assert_eq!((told.from_asset.as_str(), told.asset.as_str()), ("LAMP-0007/b", "LAMP-0008"));
    assert_eq!(listed(&suite, "zhao.min", "LAMP-0007/b").await, 0);
    assert_eq!(listed(&suite, "zhao.min", "LAMP-0008").await, 1);

    visits(&suite, "li.wei").change_place(change(&ticket, "")).await.unwrap();
    assert_eq!(suite.get(&ticket.id).await.asset, "");
    assert_eq!(suite.count("ticket_assets").await, 0);
}

#[tokio::test]
async fn r5_what_is_no_asset_is_refused_by_field() {
    let suite = Suite::start().await;
    for bad in ["灯杆7", "a b", &"x".repeat(65)] {
        let request = pb::CreateTicketRequest { place: about(bad), ..crate::suite::complaint() };
        let refused = suite.tickets("zhao.min").create_ticket(request).await.unwrap_err();
        assert_eq!(
            (refused.code(), fields(&refused)),
            (Code::InvalidArgument, vec!["place.asset".to_owned()])
        );
    }
    let filter = Some(pb::TicketFilter { assets: vec!["灯".to_owned()], ..Default::default() });
    let request = pb::ListTicketsRequest { filter, ..Default::default() };
    let refused = suite.tickets("zhao.min").list_tickets(request).await.unwrap_err();
    assert_eq!(fields(&refused), ["filter.assets[0]"]);
}

#[tokio::test]
async fn r5_an_asset_may_tell_who_asked_in_confidence_and_goes_with_the_contact() {
    let suite = Suite::start().await;
    let ticket = about_asset(&suite, "LINE-020-0007", true).await;
    assert_eq!(seen(&suite, "zhao.min", &ticket).await.asset, "LINE-020-0007");
    assert_eq!(seen(&suite, "li.wei", &ticket).await.asset, "", "nor does the unit learn it");
    assert_eq!(listed(&suite, "li.wei", "LINE-020-0007").await, 0, "nor by looking for it");

    suite.tickets("chen.jing").cancel_ticket(cancel(&ticket)).await.unwrap();
    let erase = pb::EraseCustomerRequest {
        request_id: id(),
        subject: Some(pb::erase_customer_request::Subject::Ticket(ticket.id.clone())),
        reason: "本人申请".to_owned(),
        force: false,
    };
    suite.privacy("admin").erase_customer(erase).await.unwrap();
    assert_eq!(suite.get(&ticket.id).await.asset, "");
    assert_eq!(suite.count("ticket_assets").await, 0);
    for table in ["tickets", "events"] {
        let sql = sqlx::AssertSqlSafe(format!("SELECT t::text FROM {table} t"));
        let rows: Vec<String> = sqlx::query_scalar(sql).fetch_all(suite.env.pool()).await.unwrap();
        let hex: String = "LINE-020-0007".bytes().map(|byte| format!("{byte:02x}")).collect();
        assert!(rows.iter().all(|row| !row.contains("LINE-020-0007") && !row.contains(&hex)), "{table}");
    }
}
