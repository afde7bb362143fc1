//! R10, DESIGN rule 16: a reassignment takes along what its caller may reassign, and no more.

use crate::{
    r10_reassign::{of, start},
    support::{Suite, TestTicket, id, refusal},
};
use gongdan_proto::routing::v1::{self as pb, ReassignmentState};
use gongdan_testkit::PrincipalSpec;
use std::collections::BTreeSet;
use tonic::Code;

impl Suite {
    async fn lists(&self, who: &str) -> Vec<String> {
        let request = pb::ListReassignmentsRequest::default();
        let listed = self.reassignments(who).list_reassignments(request).await.unwrap().into_inner();
        listed.reassignments.into_iter().map(|one| one.id).collect()
    }

    async fn stops(&self, who: &str, id_: &str) -> Result<pb::Reassignment, tonic::Status> {
        let request = pb::StopReassignmentRequest { request_id: id(), id: id_.to_owned() };
        self.reassignments(who).stop_reassignment(request).await.map(tonic::Response::into_inner)
    }

    async fn sees(&self, who: &str, id: &str) -> Code {
        let request = pb::GetReassignmentRequest { id: id.to_owned() };
        let got = self.reassignments(who).get_reassignment(request).await;
        got.map_or_else(|status| status.code(), |_| Code::Ok)
    }
}

fn in_region(code: &str) -> TestTicket {
    let mut ticket = TestTicket::new("道路");
    ticket.state.region = format!("{code:0<12}");
    ticket
}

#[tokio::test]
async fn r10_tickets_outside_the_callers_areas_and_sensitive_ones_stay() {
    // Nothing is decided before it was looked at.
    let suite = Suite::with("[reassignments]\nat_once = 1\npause = \"1h\"\n").await;
    suite.import_roads().await;
    let mut sensitive = in_region("440106");
    sensitive.state.sensitive = true;
    let tickets = vec![in_region("440106"), in_region("440106"), in_region("430102"), sensitive];
    let held = suite.has_in_hand("an", "roads", tickets.clone()).await;
    let all: BTreeSet<String> = held.iter().map(|ticket| ticket.id.to_string()).collect();
    let ids = |places: &[usize]| -> BTreeSet<String> {
        places.iter().map(|at| tickets[*at].id.to_string()).collect()
    };
    for (who, role, region, right) in [
        ("near", "dispatcher", "440106", false),
        ("trusted", "supervisor", "440106", true),
        ("far", "dispatcher", "430102", false),
        ("nowhere", "dispatcher", "1101", false),
        ("boss", "administrator", "", false),
        ("chief", "administrator", "", true),
        ("inspector", "auditor", "440106", false),
    ] {
        let mut spec = PrincipalSpec::new(who).role(role);
        spec = if region.is_empty() { spec } else { spec.region(region) };
        suite.env.principal(if right { spec.right("sensitive") } else { spec }).await;
    }
    for (who, seen) in [
        ("near", ids(&[0, 1])),
        ("trusted", ids(&[0, 1, 3])),
        ("far", ids(&[2])),
        ("boss", ids(&[0, 1, 2])),
        ("chief", all.clone()),
        ("admin", all.clone()),
    ] {
        let preview = suite.preview(who, of("an")).await.unwrap();
        let found: BTreeSet<_> = preview.tickets.into_iter().map(|ticket| ticket.ticket_id).collect();
        assert_eq!(found, seen, "{who}");
        let summary = preview.summary.unwrap();
        let left_out = i32::try_from(all.len() - seen.len()).unwrap();
        assert_eq!((summary.tickets, summary.left_out), (4 - left_out, left_out), "{who}");
    }
    for who in ["nowhere", "inspector"] {
        assert_eq!(suite.preview(who, of("an")).await.unwrap_err().code(), Code::PermissionDenied, "{who}");
        let status = suite.begin(who, start("an")).await.unwrap_err();
        assert_eq!(status.code(), Code::PermissionDenied, "{who}");
    }

    let begun = suite.begin("near", start("an")).await.unwrap();
    assert_eq!((begun.progress.unwrap().total, begun.left_out), (2, 2));
    let request = pb::ListReassignmentTicketsRequest { id: begun.id.clone(), ..Default::default() };
    let listed = suite.reassignments("near").list_reassignment_tickets(request).await.unwrap().into_inner();
    let taken: BTreeSet<_> = listed.tickets.into_iter().map(|ticket| ticket.ticket_id).collect();
    assert_eq!(taken, ids(&[0, 1]));
    // Whose business it is sees it; who could not have begun it does not stop it.
    for (who, sees) in [
        ("near", Code::Ok),
        ("trusted", Code::Ok),
        ("inspector", Code::Ok),
        ("boss", Code::Ok),
        ("far", Code::NotFound),
        ("nowhere", Code::NotFound),
    ] {
        assert_eq!(suite.sees(who, &begun.id).await, sees, "{who}");
        assert_eq!(suite.lists(who).await.len(), usize::from(sees == Code::Ok), "{who}");
        if sees == Code::NotFound {
            assert_eq!(suite.stops(who, &begun.id).await.unwrap_err().code(), Code::NotFound, "{who}");
        }
    }
    assert_eq!(suite.stops("inspector", &begun.id).await.unwrap_err().code(), Code::PermissionDenied);
    let stopping = suite.stops("near", &begun.id).await.unwrap();
    assert_ne!(stopping.state(), ReassignmentState::Running);
}

#[tokio::test]
async fn r10_only_who_could_have_begun_all_of_it_stops_it() {
    let suite = Suite::with("[reassignments]\nat_once = 1\npause = \"1h\"\n").await;
    suite.import_roads().await;
    suite.env.principal(PrincipalSpec::new("wu").role("unit_leader").unit("roads")).await;
    suite.env.principal(PrincipalSpec::new("xu").role("unit_leader").unit("env")).await;
    suite.env.principal(PrincipalSpec::new("both").role("unit_leader").unit("env").unit("roads")).await;
    suite.env.principal(PrincipalSpec::new("near").role("dispatcher").region("440106")).await;
    suite.in_hand("an", "roads", 2).await;
    suite.has_in_hand("an", "env", vec![in_region("430102")]).await;
    let begun = suite.begin("admin", start("an")).await.unwrap();
    assert_eq!(begun.unit_ids, ["env", "roads"]);
    // They see it, and it is of others' tickets too: of another unit, or of another area.
    for who in ["wu", "xu", "near"] {
        assert_eq!(suite.sees(who, &begun.id).await, Code::Ok, "{who}");
        let (code, reason, _) = refusal(&suite.stops(who, &begun.id).await.unwrap_err());
        assert_eq!((code, reason.as_str()), (Code::PermissionDenied, "PERMISSION_DENIED"), "{who}");
    }
    assert_eq!(suite.get_reassignment(&begun.id).await.state(), ReassignmentState::Running);
    // Who cannot begin theirs is told what is in the way.
    let status = suite.begin("xu", start("an")).await.unwrap_err();
    let info = tonic_types::StatusExt::get_error_details(&status).error_info().unwrap().clone();
    assert_eq!(info.reason, "REASSIGNMENT_RUNNING");
    assert_eq!((&info.metadata["id"], info.metadata["unit_ids"].as_str()), (&begun.id, "env,roads"));
    assert_ne!(suite.stops("both", &begun.id).await.unwrap().state(), ReassignmentState::Running);
}
