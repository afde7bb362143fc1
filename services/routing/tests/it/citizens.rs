//! Citizens' names and customers are for administrators and services.

use crate::support::{Suite, id, person};
use gongdan_proto::{common::v1::PrincipalKind, routing::v1 as pb};
use gongdan_testkit::PrincipalSpec;
use tonic::Code;

/// Five citizens, who come before and between five of staff in the order of ids.
async fn town() -> Suite {
    let suite = Suite::start().await;
    let mut principals = Vec::new();
    for n in 0..5 {
        let citizen = pb::PrincipalRow {
            name: "欧阳娜娜".into(),
            kind: PrincipalKind::Citizen.into(),
            roles: vec!["citizen".into()],
            unit_ids: Vec::new(),
            customer_id: id(),
            ..person(&format!("a{n}"), "")
        };
        principals.extend([
            citizen,
            pb::PrincipalRow { unit_ids: Vec::new(), ..person(&format!("a{n}.staff"), "") },
        ]);
    }
    suite.import(pb::ImportOrganisationRequest { request_id: id(), principals, ..Default::default() }).await;
    suite.env.principal(PrincipalSpec::new("supervisor").role("supervisor")).await;
    suite
}

/// What somebody is answered, by pages of two; each but the last is full.
async fn listed(suite: &Suite, caller: &str, role: &str) -> Vec<pb::Principal> {
    let mut client = suite.organisation(caller);
    let mut list = pb::ListPrincipalsRequest { page_size: 2, role: role.into(), ..Default::default() };
    let mut all = Vec::new();
    loop {
        let page = client.list_principals(list.clone()).await.unwrap().into_inner();
        all.extend(page.principals.clone());
        if page.next_page_token.is_empty() {
            return all;
        }
        assert_eq!(page.principals.len(), 2, "a page that is not the last is full");
        list.page_token = page.next_page_token;
    }
}

#[tokio::test]
async fn staff_are_answered_no_citizens_and_no_customers() {
    let suite = town().await;
    let seen = listed(&suite, "supervisor", "").await;
    assert!(seen.iter().any(|p| p.id == "a4.staff"));
    for principal in &seen {
        assert_ne!(principal.kind(), PrincipalKind::Citizen, "{}", principal.id);
        assert_eq!(principal.customer_id, "", "{}", principal.id);
    }
    assert!(listed(&suite, "supervisor", "citizen").await.is_empty());
    let get = |id: &str| pb::GetPrincipalRequest { id: id.into(), at: None };
    let mut supervisor = suite.organisation("supervisor");
    assert_eq!(supervisor.get_principal(get("a0")).await.unwrap_err().code(), Code::NotFound);
    assert_eq!(supervisor.get_principal(get("a0.staff")).await.unwrap().into_inner().name, "李伟");
}

#[tokio::test]
async fn administrators_and_services_are_answered_all() {
    let suite = town().await;
    for caller in ["admin", "service.tickets"] {
        let citizens = listed(&suite, caller, "citizen").await;
        assert_eq!(
            citizens.iter().map(|p| p.id.as_str()).collect::<Vec<_>>(),
            ["a0", "a1", "a2", "a3", "a4"]
        );
        assert!(citizens.iter().all(|p| !p.customer_id.is_empty() && p.name == "欧阳娜娜"));
        let got = suite
            .organisation(caller)
            .get_principal(pb::GetPrincipalRequest { id: "a0".into(), at: None })
            .await;
        assert_eq!(got.unwrap().into_inner(), citizens[0]);
    }
}
