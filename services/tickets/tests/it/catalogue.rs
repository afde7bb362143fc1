//! T5: the service catalogue.

use crate::suite::{Suite, complaint, fields, id, reason};
use gongdan_proto::tickets::v1 as pb;
use tonic::Code;

fn row(path: &str) -> pb::CatalogueRow {
    pb::CatalogueRow { path: path.split('/').map(str::to_owned).collect(), ..Default::default() }
}

fn import(rows: Vec<pb::CatalogueRow>) -> pb::ImportCatalogueRequest {
    pb::ImportCatalogueRequest { request_id: id(), rows }
}

#[tokio::test]
async fn an_import_is_a_version_and_tickets_keep_theirs() {
    let suite = Suite::start().await;
    let mut admin = suite.catalogue("admin");
    let noise = pb::CatalogueRow {
        r#type: pb::TicketType::Complaint.into(),
        urgency: pb::Urgency::High.into(),
        impact: pb::Impact::Medium.into(),
        sla_policy: "noise".to_owned(),
        routing_hints: vec!["环保".to_owned()],
        regions: vec!["44".to_owned()],
        ..row("环境保护/噪声/施工噪声")
    };
    let rows = vec![row("城乡建设/安全生产/事故处理"), noise];
    let made = admin.import_catalogue(import(rows.clone())).await.unwrap().into_inner();
    assert_eq!((made.version, made.items, made.created), (2, 7, true));
    let same = admin.import_catalogue(import(rows)).await.unwrap().into_inner();
    assert_eq!((same.version, same.created), (2, false), "the same content is the same version");

    let request = |item: &str| pb::CreateTicketRequest { item: item.to_owned(), ..complaint() };
    let mut agent = suite.tickets("zhao.min");
    let bound = pb::CreateTicketRequest { r#type: 0, ..request("环境保护/噪声/施工噪声") };
    let ticket = agent.create_ticket(bound).await.unwrap().into_inner();
    assert_eq!(
        (ticket.r#type(), ticket.urgency(), ticket.impact()),
        (pb::TicketType::Complaint, pb::Urgency::High, pb::Impact::Medium)
    );
    assert_eq!((ticket.priority(), ticket.sla_policy.as_str()), (pb::Priority::P3, "noise"));
    assert_eq!(ticket.item_path, ["环境保护", "环境保护/噪声"]);
    assert_eq!(ticket.catalogue_version, 2);

    let made = admin.import_catalogue(import(vec![row("交通运输/出租车")])).await.unwrap().into_inner();
    assert_eq!(made.version, 3);
    assert_eq!(suite.get(&ticket.id).await.catalogue_version, 2);
    let gone = agent.create_ticket(request("环境保护/噪声/施工噪声")).await.unwrap_err();
    assert_eq!(fields(&gone), ["item"]);
    agent.create_ticket(request("unclassified")).await.expect("every version has it");
}

#[tokio::test]
async fn an_item_binds_type_and_region() {
    let suite = Suite::start().await;
    let noise = pb::CatalogueRow {
        r#type: pb::TicketType::Complaint.into(),
        regions: vec!["4401".to_owned()],
        ..row("噪声")
    };
    suite.catalogue("admin").import_catalogue(import(vec![noise, row("其他/咨询")])).await.unwrap();
    let mut agent = suite.tickets("zhao.min");
    let request = |item: &str| pb::CreateTicketRequest { item: item.to_owned(), ..complaint() };
    let elsewhere = pb::CreateTicketRequest { region: "430100".to_owned(), ..request("噪声") };
    assert_eq!(fields(&agent.create_ticket(elsewhere).await.unwrap_err()), ["item"]);
    let other = pb::CreateTicketRequest { r#type: pb::TicketType::Praise.into(), ..request("噪声") };
    assert_eq!(fields(&agent.create_ticket(other).await.unwrap_err()), ["type"]);
    assert_eq!(fields(&agent.create_ticket(request("其他")).await.unwrap_err()), ["item"], "no leaf");
    agent.create_ticket(request("噪声")).await.unwrap();
}

#[tokio::test]
async fn bad_rows_are_all_named_and_nothing_is_written() {
    let suite = Suite::start().await;
    let rows = vec![
        row("a/b"),
        row("a/b"),
        pb::CatalogueRow { r#type: 99, ..row("c") },
        pb::CatalogueRow { regions: vec!["99".to_owned()], ..row("d") },
        pb::CatalogueRow::default(),
    ];
    let refused = suite.catalogue("admin").import_catalogue(import(rows)).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    let mut named = fields(&refused);
    named.sort_unstable();
    assert_eq!(named, ["rows[1].path", "rows[2].type", "rows[3].regions[0]", "rows[4].path"]);
    assert_eq!((suite.count("catalogues").await, suite.count("catalogue_items").await), (1, 1));
    let refused = suite.catalogue("zhao.min").import_catalogue(import(vec![row("a")])).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
}

#[tokio::test]
async fn items_are_listed_in_tree_order_by_pages_of_one_version() {
    let suite = Suite::start().await;
    let mut admin = suite.catalogue("admin");
    admin.import_catalogue(import(vec![row("a/x"), row("b/y/z"), row("a/w")])).await.unwrap();
    let mut request = pb::ListCatalogueItemsRequest { page_size: 2, ..Default::default() };
    let mut keys = Vec::new();
    loop {
        let page = admin.list_catalogue_items(request.clone()).await.unwrap().into_inner();
        keys.extend(page.items.into_iter().map(|item| item.key));
        if keys.len() == 2 {
            admin.import_catalogue(import(vec![row("q")])).await.unwrap();
        }
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    assert_eq!(keys, ["a", "a/w", "a/x", "b", "b/y", "b/y/z", "unclassified"]);
    let below =
        pb::ListCatalogueItemsRequest { version: 2, parent_key: "b".to_owned(), ..Default::default() };
    let page = admin.list_catalogue_items(below).await.unwrap().into_inner();
    assert_eq!(page.items.iter().map(|item| item.key.as_str()).collect::<Vec<_>>(), ["b/y", "b/y/z"]);
    let unknown = admin.get_catalogue(pb::GetCatalogueRequest { version: 9 }).await.unwrap_err();
    assert_eq!(unknown.code(), Code::NotFound);
}

#[tokio::test]
async fn a_request_id_is_good_for_one_content() {
    let suite = Suite::start().await;
    let mut admin = suite.catalogue("admin");
    let request = import(vec![row("a")]);
    let first = admin.import_catalogue(request.clone()).await.unwrap().into_inner();
    let other = pb::ImportCatalogueRequest { rows: vec![row("b")], ..request.clone() };
    let refused = admin.import_catalogue(other).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::AlreadyExists, "REQUEST_ID_REUSED"));
    assert_eq!(suite.count("catalogues").await, 2, "nothing is written");
    admin.import_catalogue(import(vec![row("c")])).await.unwrap();
    let again = admin.import_catalogue(request).await.unwrap().into_inner();
    assert_eq!(again.version, first.version, "a late retry does not bring the old content back");
    assert_eq!(suite.count("catalogues").await, 3);
}

#[tokio::test]
async fn a_retried_create_is_answered_although_its_item_is_gone() {
    let suite = Suite::start().await;
    let mut admin = suite.catalogue("admin");
    admin.import_catalogue(import(vec![row("a")])).await.unwrap();
    let request = pb::CreateTicketRequest { item: "a".to_owned(), ..complaint() };
    let first = suite.tickets("zhao.min").create_ticket(request.clone()).await.unwrap().into_inner();
    admin.import_catalogue(import(vec![row("b")])).await.unwrap();
    let again = suite.tickets("zhao.min").create_ticket(request.clone()).await.unwrap().into_inner();
    assert_eq!(again, first);
    let fresh = pb::CreateTicketRequest { request_id: id(), ..request };
    let refused = suite.tickets("zhao.min").create_ticket(fresh).await.unwrap_err();
    assert_eq!(fields(&refused), ["item"]);
}
