//! R3: what was recorded and what comes after it: stand-ins who go away, rosters that change beneath swaps, and who may see
//! and write what.

use crate::{
    r3_duty::{instant, nights, roster, shift},
    support::{Suite, id, person, refusal},
};
use gongdan_proto::routing::v1::{self as pb, DutyStanding};
use gongdan_testkit::PrincipalSpec;
use tonic::Code;

/// A Friday night.
const NIGHT: &str = "2026-12-05T01:00:00+08:00";

fn leave(person: &str, stand_in: &str) -> pb::RecordLeaveRequest {
    pb::RecordLeaveRequest {
        request_id: id(),
        person_id: person.into(),
        from: instant("2026-12-04T12:00:00+08:00"),
        until: instant("2026-12-05T12:00:00+08:00"),
        stand_in_id: stand_in.into(),
        reason: "病假".into(),
    }
}

fn swap(stand_in: &str) -> pb::SwapDutyRequest {
    pb::SwapDutyRequest {
        request_id: id(),
        roster_id: "main".into(),
        shift: "夜班".into(),
        date: "2026-12-04".into(),
        person_id: "an".into(),
        stand_in_id: stand_in.into(),
    }
}

impl Suite {
    async fn record(&self, who: &str, leave: pb::RecordLeaveRequest) -> Result<pb::Leave, tonic::Status> {
        self.duty(who).record_leave(leave).await.map(tonic::Response::into_inner)
    }

    async fn swap(&self, swap: pb::SwapDutyRequest) -> Result<pb::Swap, tonic::Status> {
        self.duty("admin").swap_duty(swap).await.map(tonic::Response::into_inner)
    }

    async fn swaps(&self, request: pb::ListSwapsRequest) -> Vec<pb::Swap> {
        let mut request = pb::ListSwapsRequest { page_size: 1, all: true, ..request };
        let mut swaps = Vec::new();
        loop {
            let page = self.duty("admin").list_swaps(request.clone()).await.unwrap().into_inner();
            swaps.extend(page.swaps);
            if page.next_page_token.is_empty() {
                return swaps;
            }
            request.page_token = page.next_page_token;
        }
    }

    /// Who is on duty in `roads` on Friday night, and how `an` stands to it.
    async fn night(&self) -> (Vec<String>, DutyStanding, String) {
        let request = pb::ListOnDutyRequest { unit_id: "roads".into(), at: instant(NIGHT) };
        let people = self.duty("admin").list_on_duty(request).await.unwrap().into_inner().people;
        let on = people.iter().filter(|entry| entry.standing() == DutyStanding::OnDuty);
        let an = people.iter().find(|entry| entry.person_id == "an").unwrap();
        (on.map(|entry| entry.person_id.clone()).collect(), an.standing(), an.stand_in_id.clone())
    }
}

#[tokio::test]
async fn r3_a_leave_shorter_than_what_is_kept_is_refused_and_what_is_answered_is_what_is_kept() {
    let suite = Suite::start().await;
    suite.import_roads().await;
    let later =
        |of: Option<prost_types::Timestamp>, nanos: i32| of.map(|at| prost_types::Timestamp { nanos, ..at });
    let short = pb::RecordLeaveRequest { until: later(leave("an", "").from, 500), ..leave("an", "") };
    assert_eq!(violations(suite.record("admin", short).await.unwrap_err()), ["until: after `from`"]);
    let exact = pb::RecordLeaveRequest { from: later(leave("an", "").from, 1_999), ..leave("an", "") };
    let recorded = suite.record("admin", exact.clone()).await.unwrap();
    assert_eq!(recorded.from.unwrap().nanos, 1_000);
    assert_eq!(suite.record("admin", exact).await.unwrap(), recorded, "a retry");
}

fn violations(status: tonic::Status) -> Vec<String> {
    let (code, _, violations) = refusal(&status);
    assert_eq!(code, Code::InvalidArgument, "{status:?}");
    violations
}

#[tokio::test]
async fn r3_what_a_stand_in_has_goes_on_to_theirs_and_no_further_than_people_who_are_there() {
    let suite = Suite::start().await;
    suite.import_roads().await;
    suite.put_roster(nights()).await.unwrap();
    suite.record("admin", leave("chen", "")).await.unwrap();
    let refused = violations(suite.record("admin", leave("an", "chen")).await.unwrap_err());
    assert!(
        refused.len() == 1 && refused[0].starts_with("stand_in_id: `chen` is on leave from"),
        "{refused:?}"
    );
    let refused = violations(suite.record("admin", leave("an", "clerk")).await.unwrap_err());
    assert_eq!(refused, ["stand_in_id: `clerk` is no handler or unit leader"]);

    suite.record("admin", leave("an", "bo")).await.unwrap();
    assert_eq!(suite.night().await, (vec!["bo".into()], DutyStanding::OnLeave, "bo".into()));
    let away = suite.record("admin", leave("bo", "")).await.unwrap();
    assert_eq!(suite.night().await, (vec![], DutyStanding::OnLeave, String::new()), "nobody is there");
    let cancel = pb::CancelLeaveRequest { request_id: id(), id: away.id };
    suite.duty("admin").cancel_leave(cancel).await.unwrap();
    let dong = pb::ImportOrganisationRequest {
        request_id: id(),
        principals: vec![person("dong", "roads")],
        ..Default::default()
    };
    suite.import(dong).await;
    suite.record("admin", leave("bo", "dong")).await.unwrap();
    assert_eq!(suite.night().await, (vec!["dong".into()], DutyStanding::OnLeave, "dong".into()));
}

#[tokio::test]
async fn r3_people_may_have_as_much_as_the_roster_that_names_them_says() {
    let suite = Suite::start().await;
    suite.import_roads().await;
    suite.put_roster(pb::Roster { capacity: 3, ..nights() }).await.unwrap();
    let late = vec![shift("晚班", &["chen"], &[1], "18:00", "20:00")];
    suite.put_roster(pb::Roster { capacity: 7, ..roster("late", "roads", late) }).await.unwrap();
    let mut duty = suite.duty("admin");
    let listed = pb::ListLoadsRequest { unit_id: "roads".into(), ..Default::default() };
    let listed = duty.list_loads(listed).await.unwrap().into_inner().loads;
    let of = |person: &str| listed.iter().find(|load| load.person_id == person).unwrap().capacity;
    assert_eq!((of("an"), of("bo"), of("chen")), (3, 3, 7));
    let got = duty.get_load(pb::GetLoadRequest { person_id: "chen".into() }).await.unwrap();
    assert_eq!(got.into_inner().capacity, 7);
}

#[tokio::test]
async fn r3_a_roster_takes_back_what_no_longer_fits_and_says_so() {
    let suite = Suite::start().await;
    suite.import_roads().await;
    suite.put_roster(nights()).await.unwrap();
    let given = suite.swap(swap("chen")).await.unwrap();
    assert_eq!(suite.swap(swap("chen")).await.unwrap(), given, "the same again, by a new request");
    let all = suite.swaps(pb::ListSwapsRequest::default()).await;
    assert_eq!(all, std::slice::from_ref(&given));

    // `chen` would have two at a time.
    let mut early = nights();
    early.shifts.push(shift("凌晨", &["chen"], &[6], "05:00", "07:00"));
    let refused = violations(suite.put_roster(early).await.unwrap_err());
    assert_eq!(
        refused,
        [
            "roster.shifts[0]: `chen` has shift `夜班` of roster `main` on 2026-12-04 instead of `an`, and shift `凌晨` of \
             roster `main` on 2026-12-05 at the same time: give that back first"
        ]
    );
    // The shift is gone, and the swap with it.
    let mut renamed = nights();
    renamed.shifts[0].name = "大夜班".into();
    let request = pb::PutRosterRequest { request_id: id(), roster: Some(renamed), etag: String::new() };
    let put = suite.duty("admin").put_roster(request.clone()).await.unwrap().into_inner();
    assert_eq!(put.dropped_swaps, std::slice::from_ref(&given));
    assert_eq!(suite.duty("admin").put_roster(request).await.unwrap().into_inner(), put, "a retry");
    assert_eq!(suite.swaps(pb::ListSwapsRequest::default()).await, []);
    let got = suite.duty("admin").get_roster(pb::GetRosterRequest { id: "main".into() }).await.unwrap();
    assert_eq!(got.into_inner().dropped_swaps, []);
}

#[tokio::test]
async fn r3_swaps_are_listed_and_given_back_once() {
    let suite = Suite::start().await;
    suite.import_roads().await;
    suite.put_roster(nights()).await.unwrap();
    let nothing = violations(suite.swap(swap("")).await.unwrap_err());
    assert_eq!(
        nothing,
        [
            "stand_in_id: required: nobody was given shift `夜班` of `an` on 2026-12-04, so there is nothing to give back"
        ]
    );
    let first = suite.swap(swap("chen")).await.unwrap();
    let later = |day: &str| pb::SwapDutyRequest { date: day.into(), ..swap("bo") };
    let second = suite.swap(later("2026-12-11")).await.unwrap();
    let third = suite.swap(later("2026-12-18")).await.unwrap();
    let list = |request: pb::ListSwapsRequest| suite.swaps(request);
    assert_eq!(list(pb::ListSwapsRequest::default()).await, [first.clone(), second.clone(), third.clone()]);
    let of = |person: &str| pb::ListSwapsRequest { person_id: person.into(), ..Default::default() };
    assert_eq!(list(of("bo")).await, [second, third]);
    assert_eq!(list(of("an")).await.len(), 3);
    let of_unit = |unit: &str| pb::ListSwapsRequest { unit_id: unit.into(), ..Default::default() };
    assert_eq!((list(of_unit("roads")).await.len(), list(of_unit("env")).await.len()), (3, 0));
    let bad = pb::ListSwapsRequest { page_size: 501, ..Default::default() };
    let bad = suite.duty("admin").list_swaps(bad).await.unwrap_err();
    assert_eq!(violations(bad), ["page_size: 1 to 500"]);

    // `an` went away: the night is not given back to an empty chair.
    suite.record("admin", leave("an", "")).await.unwrap();
    let refused = violations(suite.swap(swap("")).await.unwrap_err());
    assert!(refused[0].starts_with("person_id: `an` is on leave from"), "{refused:?}");
    assert_eq!(list(of("chen")).await, [first], "it is still given away");

    // A retry is answered whatever happened since.
    let again = swap("bo");
    let answer = suite.swap(again.clone()).await.unwrap();
    let delete = pb::DeleteRosterRequest { request_id: id(), id: "main".into(), etag: String::new() };
    suite.duty("admin").delete_roster(delete).await.unwrap();
    assert_eq!(suite.swap(again).await.unwrap(), answer);
    assert_eq!(suite.swap(swap("bo")).await.unwrap_err().code(), Code::NotFound);
}

#[tokio::test]
async fn r3_unit_leaders_name_stand_ins_of_their_own_units() {
    let suite = Suite::start().await;
    suite.import_roads().await;
    let both = pb::PrincipalRow {
        unit_ids: vec!["roads".into(), "env".into()],
        roles: vec!["handler".into()],
        ..person("both", "roads")
    };
    suite
        .import(pb::ImportOrganisationRequest {
            request_id: id(),
            principals: vec![both],
            ..Default::default()
        })
        .await;
    suite.env.principal(PrincipalSpec::new("leader").role("unit_leader").unit("roads")).await;
    let refused = suite.record("leader", leave("both", "ding")).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied, "`ding` is of `env` only");
    suite
        .put_roster(roster("env", "env", vec![shift("夜", &["both"], &[5], "22:00", "06:00")]))
        .await
        .unwrap();
    let refused = violations(suite.record("leader", leave("both", "an")).await.unwrap_err());
    assert_eq!(refused, ["stand_in_id: `an` does not belong to `env`, where `both` has shifts meanwhile"]);
    suite.record("admin", leave("both", "ding")).await.unwrap();
}

#[tokio::test]
async fn r3_why_somebody_is_away_is_for_them_and_those_who_write_it() {
    let suite = Suite::start().await;
    suite.import_roads().await;
    for (name, role, unit) in [
        ("leader", "unit_leader", "roads"),
        ("other.leader", "unit_leader", "env"),
        ("colleague", "handler", "roads"),
        ("zhao", "handler", "roads"),
        ("dispatcher", "dispatcher", "env"),
    ] {
        suite.env.principal(PrincipalSpec::new(name).role(role).unit(unit)).await;
    }
    suite.record("admin", leave("zhao", "bo")).await.unwrap();
    for (who, expected) in [
        ("zhao", "病假"),
        ("leader", "病假"),
        ("dispatcher", "病假"),
        ("colleague", ""),
        ("other.leader", ""),
    ] {
        let listed =
            suite.duty(who).list_leaves(pb::ListLeavesRequest::default()).await.unwrap().into_inner();
        let shown: Vec<_> = listed.leaves.iter().map(|leave| (&*leave.person_id, &*leave.reason)).collect();
        assert_eq!(shown, [("zhao", expected)], "{who}");
    }
}

#[tokio::test]
async fn r3_a_retry_is_answered_though_the_right_is_gone() {
    let suite = Suite::start().await;
    suite.import_roads().await;
    suite.env.principal(PrincipalSpec::new("leader").role("unit_leader").unit("roads")).await;
    let put = pb::PutRosterRequest { request_id: id(), roster: Some(nights()), etag: String::new() };
    let written = suite.duty("leader").put_roster(put.clone()).await.unwrap().into_inner();
    let away = leave("an", "bo");
    let recorded = suite.record("leader", away.clone()).await.unwrap();
    suite.env.principal(PrincipalSpec::new("leader").role("unit_leader").unit("env")).await;
    assert_eq!(suite.duty("leader").put_roster(put.clone()).await.unwrap().into_inner(), written);
    assert_eq!(suite.record("leader", away.clone()).await.unwrap(), recorded);
    let anew = pb::PutRosterRequest { request_id: id(), ..put };
    assert_eq!(suite.duty("leader").put_roster(anew).await.unwrap_err().code(), Code::PermissionDenied);
    let anew = pb::RecordLeaveRequest { request_id: id(), ..away };
    assert_eq!(suite.record("leader", anew).await.unwrap_err().code(), Code::PermissionDenied);
}

#[tokio::test]
async fn r3_pages_of_rosters_fit_into_a_message() {
    let suite = Suite::start().await;
    suite.import_roads().await;
    let names: Vec<String> = (0..500).map(|n| format!("{}.{n:03}", "x".repeat(60))).collect();
    let principals = names.iter().map(|name| person(name, "roads")).collect();
    suite.import(pb::ImportOrganisationRequest { request_id: id(), principals, ..Default::default() }).await;
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    for n in 0..5 {
        let time = |quarter: usize| format!("{:02}:{:02}", quarter / 4, quarter % 4 * 15);
        let shifts = (n * 19..n * 19 + 19).map(|quarter| {
            shift(&format!("s{quarter}"), &names, &[1, 2, 3], &time(quarter), &time(quarter + 1))
        });
        suite.put_roster(roster(&format!("r{n}"), "roads", shifts.collect())).await.unwrap();
    }
    let mut request = pb::ListRostersRequest::default();
    let mut pages = Vec::new();
    loop {
        let page = suite.duty("admin").list_rosters(request.clone()).await.unwrap().into_inner();
        pages.push(page.rosters.iter().map(|roster| roster.id.clone()).collect::<Vec<_>>());
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    assert_eq!(pages, [vec!["r0", "r1", "r2"], vec!["r3", "r4"]]);
}
