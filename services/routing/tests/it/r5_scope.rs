//! R5, X4: who may say who answers for what, see it, and where it counts.

use crate::{
    r5_direct::{lamp, of, went},
    support::{Suite, TIANHE, TestTicket, id, person, refusal, unit},
};
use gongdan_bus::Origin;
use gongdan_proto::routing::v1::{self as pb, ResponsibleOutcome};
use gongdan_testkit::PrincipalSpec;
use tonic::{Code, Status};

const CUSTOMER: &str = "0192aaaa-bbbb-7000-8000-0000000000c2";
const HAIZHU: &str = "440105000000";

/// Two counties of one city, a dispatcher of each and one of the city.
async fn suite() -> Suite {
    let suite = Suite::start().await;
    let request = pb::ImportOrganisationRequest {
        request_id: id(),
        units: vec![unit("tianhe", "", "440106"), unit("haizhu", "", "440105"), unit("city", "", "4401")],
        principals: vec![
            person("an", "tianhe"),
            person("bo", "haizhu"),
            pb::PrincipalRow {
                unit_ids: vec!["city".into(), "tianhe".into(), "haizhu".into()],
                ..person("chen", "city")
            },
        ],
        areas: vec![
            crate::support::area("440106", "", "tianhe"),
            crate::support::area("440105", "", "haizhu"),
        ],
        ..Default::default()
    };
    suite.import(request).await;
    for (who, unit, region) in
        [("tian", "tianhe", "440106"), ("hai", "haizhu", "440105"), ("shi", "city", "4401")]
    {
        let spec = PrincipalSpec::new(who).role("dispatcher").role("agent").unit(unit).region(region);
        suite.env.principal(spec).await;
    }
    suite
}

fn in_unit(unit: &str, one: pb::Responsibility) -> pb::Responsibility {
    pb::Responsibility { unit_id: unit.into(), ..one }
}

impl Suite {
    async fn put_as(&self, who: &str, one: pb::Responsibility) -> Result<pb::Responsibility, Status> {
        let request = pb::PutResponsibilityRequest {
            request_id: id(),
            responsibility: Some(one),
            ..Default::default()
        };
        self.responsible(who).put_responsibility(request).await.map(tonic::Response::into_inner)
    }

    async fn listed(&self, who: &str) -> Vec<String> {
        let request = pb::ListResponsibilitiesRequest::default();
        let answer = self.responsible(who).list_responsibilities(request).await.unwrap().into_inner();
        answer.responsibilities.into_iter().map(|one| one.asset + &one.customer_id).collect()
    }

    async fn delete_as(&self, who: &str, id: &str) -> Result<(), Status> {
        let request = pb::DeleteResponsibilityRequest {
            request_id: crate::support::id(),
            id: id.into(),
            ..Default::default()
        };
        self.responsible(who).delete_responsibility(request).await.map(|_| ())
    }

    async fn import_as(
        &self,
        who: &str,
        rows: Vec<pb::Responsibility>,
        replace: bool,
    ) -> Result<(i32, i32, i32), Status> {
        let parts = vec![pb::ImportResponsibilitiesRequest { request_id: id(), rows, replace }];
        let answer =
            self.responsible(who).import_responsibilities(tokio_stream::iter(parts)).await?.into_inner();
        Ok((answer.begun, answer.gone, answer.unchanged))
    }

    /// Where a ticket of the customer in a region goes, and what came of who answers first.
    async fn sent(&self, region: &str) -> (String, Option<ResponsibleOutcome>) {
        let mut ticket = TestTicket::new("x");
        ticket.state.region = region.into();
        ticket.state.customer_id = CUSTOMER.into();
        self.submit(&ticket, "路灯不亮", Origin::Live).await;
        let to = went(&self.decision(&ticket).await);
        let tried = self.explain(&ticket).await.responsible;
        (to, tried.first().map(pb::ResponsibleTrial::outcome))
    }
}

fn denied<T: std::fmt::Debug>(result: Result<T, Status>) {
    let refused = result.unwrap_err();
    assert_eq!((refused.code(), refusal(&refused).1.as_str()), (Code::PermissionDenied, "PERMISSION_DENIED"));
}

#[tokio::test]
async fn x4_a_county_says_who_answers_in_its_own_units_and_moves_tickets_of_its_own_region_only() {
    let suite = suite().await;
    let to_tianhe = |outcome| ("tianhe/an".to_owned(), Some(outcome));
    denied(suite.put_as("tian", of(CUSTOMER, "bo")).await);
    denied(suite.put_as("tian", in_unit("city", of(CUSTOMER, "chen"))).await);
    // In its own unit it may; that moves nothing of another county.
    let own = suite.put_as("tian", of(CUSTOMER, "an")).await.unwrap();
    assert!(!own.everywhere);
    assert_eq!(suite.sent(TIANHE).await, to_tianhe(ResponsibleOutcome::Chosen));
    assert_eq!(suite.sent(HAIZHU).await, ("haizhu".to_owned(), Some(ResponsibleOutcome::OutOfRegion)));
    // Nor does it keep the other county from saying who answers there.
    let theirs = suite.put_as("hai", of(CUSTOMER, "bo")).await.unwrap();
    assert_eq!(suite.sent(HAIZHU).await.0, "haizhu/bo");
    assert_eq!(suite.sent(TIANHE).await.0, "tianhe/an");

    // What is another county's is not there for it; the city may change both.
    let mine = |id: &str| pb::Responsibility { id: id.into(), ..of(CUSTOMER, "an") };
    for refused in
        [suite.put_as("tian", mine(&theirs.id)).await.map(|_| ()), suite.delete_as("tian", &theirs.id).await]
    {
        let refused = refused.unwrap_err();
        assert_eq!(refusal(&refused).1, "RESPONSIBILITY_NOT_FOUND");
    }
    let chen =
        |unit: &str, id: &str| in_unit(unit, pb::Responsibility { id: id.into(), ..of(CUSTOMER, "chen") });
    suite.put_as("shi", chen("haizhu", &theirs.id)).await.unwrap();
    assert_eq!(suite.sent(HAIZHU).await.0, "haizhu/chen");
    // Nor may a county put its own over the city's, which it does not see.
    suite.delete_as("shi", &own.id).await.unwrap();
    suite.delete_as("shi", &theirs.id).await.unwrap();
    let all = suite.put_as("shi", in_unit("city", of(CUSTOMER, "chen"))).await.unwrap();
    assert_eq!(suite.sent(HAIZHU).await.0, "city/chen");
    let refused = suite.put_as("tian", of(CUSTOMER, "an")).await.unwrap_err();
    let said = "responsibility.valid_from: somebody whom you may not see answers for it at the same time";
    assert_eq!(refusal(&refused).2, [said]);
    suite.delete_as("shi", &all.id).await.unwrap();
}

#[tokio::test]
async fn x4_what_counts_everywhere_is_for_who_may_write_everywhere() {
    let suite = suite().await;
    let wide = suite.put_as("admin", of(CUSTOMER, "an")).await.unwrap();
    assert!(wide.everywhere);
    assert_eq!(suite.sent(HAIZHU).await, ("tianhe/an".to_owned(), Some(ResponsibleOutcome::Chosen)));
    // The county sees it, for it is its own unit's, and may not take it from the others.
    assert_eq!(suite.listed("tian").await, [CUSTOMER]);
    denied(suite.delete_as("tian", &wide.id).await);
    denied(suite.put_as("tian", pb::Responsibility { id: wide.id.clone(), ..of(CUSTOMER, "an") }).await);
    let again = suite.put_as("tian", of(CUSTOMER, "an")).await.unwrap();
    assert_eq!(again, wide, "said again it stays as it is");
    let refused = suite.import_as("hai", vec![of(CUSTOMER, "bo")], true).await.unwrap_err();
    let said = "rows[0].valid_from: somebody whom you may not see answers for it at the same time";
    assert_eq!(refusal(&refused).2, [said]);
    // What a county said counts everywhere once an administrator says it.
    suite.delete_as("admin", &wide.id).await.unwrap();
    let narrow = suite.put_as("hai", of(CUSTOMER, "bo")).await.unwrap();
    let widened = suite.put_as("admin", of(CUSTOMER, "bo")).await.unwrap();
    assert_eq!((&widened.id, narrow.everywhere, widened.everywhere), (&narrow.id, false, true));
    assert_eq!(suite.sent(TIANHE).await.0, "haizhu/bo");
}

#[tokio::test]
async fn x4_lists_and_imports_keep_to_the_callers_regions() {
    let suite = suite().await;
    let rows =
        |unit: &str| vec![in_unit(unit, lamp("LAMP-7", "chen")), in_unit(unit, lamp("LAMP-8", "chen"))];
    denied(suite.import_as("tian", [rows("tianhe"), rows("haizhu")].concat(), true).await);
    assert_eq!(suite.listed("admin").await, [""; 0], "nothing was written");
    assert_eq!(suite.import_as("tian", rows("tianhe"), true).await.unwrap(), (2, 0, 0));
    assert_eq!(suite.import_as("hai", rows("haizhu"), true).await.unwrap(), (2, 0, 0));
    // What the other county said stays when a county replaces.
    let mut other = rows("tianhe");
    other[0].person_id = "an".into();
    assert_eq!(suite.import_as("tian", other, true).await.unwrap(), (1, 1, 1));
    let both = ["LAMP-7", "LAMP-8"];
    for (who, expected) in [("tian", 2), ("hai", 2), ("shi", 4), ("admin", 4)] {
        let mut listed = suite.listed(who).await;
        assert_eq!(listed.len(), expected, "{who}");
        listed.sort();
        listed.dedup();
        assert_eq!(listed, both, "{who}");
    }
    // Agents and supervisors read within their regions, or of their own units.
    suite.env.principal(PrincipalSpec::new("zuo").role("agent").region("440106")).await;
    suite.env.principal(PrincipalSpec::new("you").role("supervisor").unit("haizhu")).await;
    suite.env.principal(PrincipalSpec::new("nowhere").role("agent")).await;
    for (who, expected) in [("zuo", 2), ("you", 2), ("nowhere", 0)] {
        assert_eq!(suite.listed(who).await.len(), expected, "{who}");
    }
    assert_eq!(suite.import_as("shi", rows("city"), true).await.unwrap(), (2, 4, 0));
    assert_eq!(suite.listed("tian").await, [""; 0]);
}
