//! R3: who is on duty.

use crate::support::{Suite, id, person, refusal, unit};
use gongdan_proto::{
    routing::v1::{self as pb, DutyStanding},
    to_timestamp,
};
use gongdan_testkit::PrincipalSpec;
use tonic::Code;

pub fn shift(name: &str, people: &[&str], weekdays: &[i32], start: &str, end: &str) -> pb::Shift {
    pb::Shift {
        name: name.into(),
        person_ids: people.iter().map(|id| (*id).to_owned()).collect(),
        weekdays: weekdays.to_vec(),
        start: start.into(),
        end: end.into(),
        ..pb::Shift::default()
    }
}

pub fn roster(id: &str, unit: &str, shifts: Vec<pb::Shift>) -> pb::Roster {
    pb::Roster { id: id.into(), unit_id: unit.into(), shifts, ..pb::Roster::default() }
}

pub fn instant(text: &str) -> Option<prost_types::Timestamp> {
    Some(to_timestamp(text.parse().unwrap()))
}

impl Suite {
    /// `roads` and `env`, with `an`, `bo` and `chen` in `roads` and `ding` in `env`.
    pub async fn import_roads(&self) {
        let people = vec![
            person("an", "roads"),
            person("bo", "roads"),
            person("chen", "roads"),
            person("ding", "env"),
            pb::PrincipalRow { roles: vec!["agent".into()], ..person("clerk", "roads") },
        ];
        let units = vec![unit("roads", "", "440106"), unit("env", "", "440106")];
        let request = pb::ImportOrganisationRequest {
            request_id: id(),
            units,
            principals: people,
            ..Default::default()
        };
        self.import(request).await;
    }

    pub async fn put_roster(&self, roster: pb::Roster) -> Result<pb::Roster, tonic::Status> {
        let request = pb::PutRosterRequest { request_id: id(), roster: Some(roster), etag: String::new() };
        self.duty("admin").put_roster(request).await.map(tonic::Response::into_inner)
    }

    async fn standing(&self, unit: &str, at: &str) -> Vec<(String, DutyStanding, String)> {
        let request = pb::ListOnDutyRequest { unit_id: unit.into(), at: instant(at) };
        let answer = self.duty("admin").list_on_duty(request).await.unwrap().into_inner();
        let more =
            |entry: &pb::DutyEntry| format!("{}{}{}", entry.shift, entry.instead_of, entry.stand_in_id);
        answer.people.iter().map(|e| (e.person_id.clone(), e.standing(), more(e))).collect()
    }
}

pub fn nights() -> pb::Roster {
    roster(
        "main",
        "roads",
        vec![
            shift("夜班", &["an"], &[5], "22:00", "06:00"),
            shift("早班", &["bo"], &[1, 2, 3, 4, 5, 6], "08:00", "16:00"),
        ],
    )
}

#[tokio::test]
async fn r3_rosters_are_put_read_and_taken_out_and_guarded() {
    let suite = Suite::start().await;
    suite.import_roads().await;
    let mut duty = suite.duty("admin");
    let request = pb::PutRosterRequest { request_id: id(), roster: Some(nights()), etag: String::new() };
    let first = duty.put_roster(request.clone()).await.unwrap().into_inner();
    assert_eq!((first.time_zone.as_str(), first.name.as_str()), ("Asia/Shanghai", "main"));
    assert_eq!((first.shifts[0].start.as_str(), first.shifts[0].end.as_str()), ("22:00", "06:00"));
    assert_eq!(duty.put_roster(request.clone()).await.unwrap().into_inner(), first, "a retry");
    let other = pb::Roster { capacity: 3, ..nights() };
    let reused = pb::PutRosterRequest { roster: Some(other.clone()), ..request };
    assert_eq!(duty.put_roster(reused).await.unwrap_err().code(), Code::AlreadyExists);
    let guarded = |etag: &str| pb::PutRosterRequest {
        request_id: id(),
        roster: Some(other.clone()),
        etag: etag.to_owned(),
    };
    let second = duty.put_roster(guarded(&first.etag)).await.unwrap().into_inner();
    assert_eq!(second.capacity, 3);
    let stale = duty.put_roster(guarded(&first.etag)).await.unwrap_err();
    assert_eq!((stale.code(), refusal(&stale).1.as_str()), (Code::Aborted, "ETAG_MISMATCH"));

    let listed = duty.list_rosters(pb::ListRostersRequest::default()).await.unwrap().into_inner();
    assert_eq!(listed.rosters, std::slice::from_ref(&second));
    let of_env = pb::ListRostersRequest { unit_id: "env".into(), ..Default::default() };
    assert_eq!(duty.list_rosters(of_env).await.unwrap().into_inner().rosters, []);
    let delete = pb::DeleteRosterRequest { request_id: id(), id: "main".into(), etag: second.etag.clone() };
    assert_eq!(duty.delete_roster(delete.clone()).await.unwrap().into_inner(), second);
    assert_eq!(duty.delete_roster(delete).await.unwrap().into_inner(), second, "a retry");
    let gone = duty.get_roster(pb::GetRosterRequest { id: "main".into() }).await.unwrap_err();
    assert_eq!((gone.code(), refusal(&gone).1.as_str()), (Code::NotFound, "ROSTER_NOT_FOUND"));
}

#[tokio::test]
async fn r3_a_roster_that_cannot_be_is_refused_with_what_to_do() {
    let suite = Suite::start().await;
    suite.import_roads().await;
    let violations = async |roster: pb::Roster| {
        let status = suite.put_roster(roster).await.unwrap_err();
        let (code, reason, violations) = refusal(&status);
        assert_eq!((code, reason.as_str()), (Code::InvalidArgument, "INVALID_REQUEST"));
        violations
    };
    assert_eq!(
        violations(roster("main", "roads", vec![])).await,
        [
            "roster.shifts: an empty roster has nobody on duty ever: give at least one shift, or delete the roster"
        ]
    );
    let overlapping =
        vec![shift("a", &["an"], &[5], "22:00", "06:00"), shift("b", &["an", "bo"], &[6], "05:00", "09:00")];
    let found = violations(roster("main", "roads", overlapping)).await;
    assert!(found.len() == 1 && found[0].starts_with("roster.shifts[1]: `an` has shift `b` on"), "{found:?}");
    let odd = vec![
        shift("a", &["ding", "nobody"], &[8], "22:00", "6"),
        pb::Shift { dates: vec!["2026-02-30".into()], ..shift("b", &["an"], &[], "08:00", "09:00") },
    ];
    let found = violations(roster("main", "roads", odd)).await;
    let fields: Vec<_> = found.iter().filter_map(|v| v.split(':').next()).collect();
    assert_eq!(fields, ["roster.shifts[0].end", "roster.shifts[1].dates[0]"]);
    let found =
        violations(roster("main", "nowhere", vec![shift("a", &["ding"], &[1], "08:00", "09:00")])).await;
    assert_eq!(
        found,
        [
            "roster.unit_id: no unit `nowhere`",
            "roster.shifts[0].person_ids[0]: `ding` does not belong to `nowhere`"
        ]
    );
    let listed = suite.duty("admin").list_rosters(pb::ListRostersRequest::default()).await.unwrap();
    assert!(listed.into_inner().rosters.is_empty(), "nothing was written");
}

#[tokio::test]
async fn r3_leave_and_stand_ins_say_who_is_on_duty() {
    let suite = Suite::start().await;
    suite.import_roads().await;
    let everybody = suite.standing("roads", "2026-12-05T01:00:00+08:00").await;
    assert!(everybody.iter().all(|(_, standing, _)| *standing == DutyStanding::OnDuty), "there is no roster");
    assert_eq!(everybody.len(), 3, "agents handle no tickets");
    suite.put_roster(nights()).await.unwrap();
    // A Friday night.
    let at = "2026-12-05T01:00:00+08:00";
    let an = |standing, more: &str| ("an".to_owned(), standing, more.to_owned());
    let off = |id: &str| (id.to_owned(), DutyStanding::OffDuty, String::new());
    assert_eq!(suite.standing("roads", at).await, [an(DutyStanding::OnDuty, "夜班"), off("bo"), off("chen")]);

    let mut duty = suite.duty("admin");
    let leave = pb::RecordLeaveRequest {
        request_id: id(),
        person_id: "an".into(),
        from: instant("2026-12-05T00:00:00+08:00"),
        until: instant("2026-12-05T03:00:00+08:00"),
        stand_in_id: "chen".into(),
        reason: "病假".into(),
    };
    let recorded = duty.record_leave(leave.clone()).await.unwrap().into_inner();
    assert_eq!(duty.record_leave(leave.clone()).await.unwrap().into_inner(), recorded, "a retry");
    let chen = ("chen".to_owned(), DutyStanding::OnDuty, "夜班an".to_owned());
    assert_eq!(suite.standing("roads", at).await, [chen, an(DutyStanding::OnLeave, "chen"), off("bo")]);
    assert_eq!(
        suite.standing("roads", "2026-12-05T03:00:00+08:00").await[0],
        an(DutyStanding::OnDuty, "夜班")
    );
    let again = pb::RecordLeaveRequest { request_id: id(), stand_in_id: "ding".into(), ..leave };
    let (code, _, found) = refusal(&duty.record_leave(again).await.unwrap_err());
    assert_eq!(code, Code::InvalidArgument);
    assert_eq!(found[0], "stand_in_id: `ding` belongs to no unit of `an`");
    assert!(found[1].starts_with("from: `an` is on leave from"), "{found:?}");
    let listed = async |all| {
        let request = pb::ListLeavesRequest { person_id: "an".into(), all, ..Default::default() };
        suite.duty("admin").list_leaves(request).await.unwrap().into_inner().leaves.len()
    };
    assert_eq!(listed(false).await, 1);
    let cancel = pb::CancelLeaveRequest { request_id: id(), id: recorded.id };
    assert!(duty.cancel_leave(cancel.clone()).await.unwrap().into_inner().cancelled_at.is_some());
    assert!(duty.cancel_leave(cancel).await.unwrap().into_inner().cancelled_at.is_some(), "a retry");
    assert_eq!((listed(false).await, listed(true).await), (0, 1));

    let swap = pb::SwapDutyRequest {
        request_id: id(),
        roster_id: "main".into(),
        shift: "夜班".into(),
        date: "2026-12-04".into(),
        person_id: "an".into(),
        stand_in_id: "bo".into(),
    };
    duty.swap_duty(swap.clone()).await.unwrap();
    let bo = ("bo".to_owned(), DutyStanding::OnDuty, "夜班an".to_owned());
    assert_eq!(suite.standing("roads", at).await, [bo, an(DutyStanding::Replaced, "bo"), off("chen")]);
    let wrong = pb::SwapDutyRequest { request_id: id(), date: "2026-12-03".into(), ..swap.clone() };
    let (code, _, found) = refusal(&duty.swap_duty(wrong).await.unwrap_err());
    assert_eq!((code, found[0].as_str()), (Code::InvalidArgument, "date: shift `夜班` is not on 2026-12-03"));
    let back = pb::SwapDutyRequest { request_id: id(), stand_in_id: String::new(), ..swap };
    duty.swap_duty(back).await.unwrap();
    assert_eq!(suite.standing("roads", at).await[0], an(DutyStanding::OnDuty, "夜班"));
}

#[tokio::test]
async fn r3_unit_leaders_write_for_their_own_people_only() {
    let suite = Suite::start().await;
    suite.import_roads().await;
    suite.env.principal(PrincipalSpec::new("leader").role("unit_leader").unit("roads")).await;
    suite.env.principal(PrincipalSpec::new("hand").role("handler").unit("roads")).await;
    let put = async |who: &str, roster: pb::Roster| {
        let request = pb::PutRosterRequest { request_id: id(), roster: Some(roster), etag: String::new() };
        suite.duty(who).put_roster(request).await.map_err(|status| status.code()).map(drop)
    };
    assert_eq!(put("leader", nights()).await, Ok(()));
    let of_env = roster("env", "env", vec![shift("a", &["ding"], &[1], "08:00", "09:00")]);
    assert_eq!(put("leader", of_env).await, Err(Code::PermissionDenied));
    assert_eq!(put("hand", nights()).await, Err(Code::PermissionDenied));
    let leave = async |person: &str| {
        let request = pb::RecordLeaveRequest {
            request_id: id(),
            person_id: person.into(),
            from: instant("2026-12-05T00:00:00+08:00"),
            until: instant("2026-12-06T00:00:00+08:00"),
            ..Default::default()
        };
        suite.duty("leader").record_leave(request).await.map_err(|status| status.code()).map(drop)
    };
    assert_eq!(leave("an").await, Ok(()));
    assert_eq!(leave("ding").await, Err(Code::PermissionDenied));
    let read = suite.duty("hand").get_roster(pb::GetRosterRequest { id: "main".into() }).await;
    assert_eq!(read.unwrap().into_inner().id, "main", "staff read it");
}
