//! R5: direct dispatch to who answers for the asset or the customer, else the nearest desk, else the manual pool.

use crate::{
    r3_duty::{roster, shift},
    support::{Suite, TestTicket, area, dispatched_to, id, person, pool_reason, refusal, unit},
};
use gongdan_auth::AuthChannel;
use gongdan_bus::Origin;
use gongdan_proto::{
    routing::v1::{
        self as pb, ChargeKind, ResponsibleOutcome, TrialOutcome,
        responsibility_service_client::ResponsibilityServiceClient, simulate_rules_response::Step,
    },
    tickets::v1::{DataClass, Erased, Phase, ticket_event::Change},
    to_timestamp,
};
use gongdan_testkit::{PrincipalSpec, eventually};
use jiff::ToSpan as _;
use tonic::{Code, Status};
use uuid::Uuid;

const CUSTOMER: &str = "0192aaaa-bbbb-7000-8000-0000000000c1";

impl Suite {
    pub fn responsible(&self, principal: &str) -> ResponsibilityServiceClient<AuthChannel> {
        ResponsibilityServiceClient::new(self.env.channel(&self.service, principal))
    }

    async fn put_one(&self, one: pb::Responsibility) -> Result<pb::Responsibility, Status> {
        let request =
            pb::PutResponsibilityRequest { request_id: id(), responsibility: Some(one), etag: String::new() };
        self.responsible("admin").put_responsibility(request).await.map(tonic::Response::into_inner)
    }

    async fn list(&self, request: pb::ListResponsibilitiesRequest) -> Vec<pb::Responsibility> {
        self.responsible("admin").list_responsibilities(request).await.unwrap().into_inner().responsibilities
    }

    /// A ticket about an asset, of a customer; empty: none.
    async fn about(&self, asset: &str, customer: &str, item: &str) -> TestTicket {
        let mut ticket = TestTicket::new(item);
        ticket.state.asset = asset.to_owned();
        ticket.state.customer_id = customer.to_owned();
        self.submit(&ticket, "路灯不亮", Origin::Live).await;
        ticket
    }

    /// Where a ticket about them goes: `unit`, `unit/person`, or why it waits.
    async fn goes(&self, asset: &str, customer: &str, item: &str) -> String {
        let ticket = self.about(asset, customer, item).await;
        went(&self.decision(&ticket).await)
    }

    async fn away(&self, person: &str, stand_in: &str) {
        let now = self.env.clock().now();
        let request = pb::RecordLeaveRequest {
            request_id: id(),
            person_id: person.into(),
            from: Some(to_timestamp(now - 1.hour())),
            until: Some(to_timestamp(now + 24.hours())),
            stand_in_id: stand_in.into(),
            reason: String::new(),
        };
        self.duty("admin").record_leave(request).await.unwrap();
    }

    async fn import_desks(&self) {
        let desk =
            |id: &str, region: &str| pb::UnitRow { kind: pb::UnitKind::Desk.into(), ..unit(id, "", region) };
        let request = pb::ImportOrganisationRequest {
            request_id: id(),
            units: vec![desk("county-desk", "440106"), desk("city-desk", "4401")],
            areas: vec![area("440106", "环境", "env")],
            ..Default::default()
        };
        self.import(request).await;
    }
}

pub fn went(decision: &pb::DecisionEvent) -> String {
    match &decision.target {
        Some(pb::decision_event::Target::Dispatch(to)) if to.person_id.is_empty() => to.unit_id.clone(),
        Some(pb::decision_event::Target::Dispatch(to)) => format!("{}/{}", to.unit_id, to.person_id),
        _ => pool_reason(decision).to_owned(),
    }
}

pub fn lamp(asset: &str, person: &str) -> pb::Responsibility {
    pb::Responsibility { asset: asset.into(), person_id: person.into(), ..Default::default() }
}

pub fn of(customer: &str, person: &str) -> pb::Responsibility {
    pb::Responsibility { customer_id: customer.into(), person_id: person.into(), ..Default::default() }
}

#[tokio::test]
async fn r5_the_asset_comes_before_the_customer_a_branch_before_all_and_a_rule_before_both() {
    let suite = Suite::start().await;
    suite.import_roads().await;
    suite.import_desks().await;
    suite.put_one(lamp("LAMP-7", "an")).await.unwrap();
    suite.put_one(pb::Responsibility { item: "环境".into(), ..lamp("LAMP-7", "bo") }).await.unwrap();
    suite.put_one(of(CUSTOMER, "ding")).await.unwrap();
    let over = pb::Responsibility {
        valid_to: Some(to_timestamp(suite.env.clock().now() - 1.hour())),
        ..lamp("LAMP-8", "an")
    };
    suite.put_one(over).await.unwrap();
    for (asset, customer, item, expected) in [
        ("LAMP-7", CUSTOMER, "道路/路灯", "roads/an"),
        ("LAMP-7", CUSTOMER, "环境/噪音", "roads/bo"),
        ("LAMP-9", CUSTOMER, "环境/噪音", "env/ding"),
        ("LAMP-8", "", "环境/噪音", "env"),
        ("", "", "道路/路灯", "county-desk"),
    ] {
        assert_eq!(suite.goes(asset, customer, item).await, expected, "{asset} {customer} {item}");
    }
    suite.rule("lamps", "ticket.item == '道路/路灯'", "env").await;
    assert_eq!(suite.goes("LAMP-7", "", "道路/路灯").await, "env");
    // Who got it in person has it reserved.
    let mut duty = suite.duty("admin");
    let load = duty.get_load(pb::GetLoadRequest { person_id: "an".into() }).await.unwrap().into_inner();
    assert_eq!((load.held, load.reserved), (0, 1));
}

#[tokio::test]
async fn r5_who_is_away_is_stood_in_for_and_who_is_off_duty_leaves_it_to_the_unit() {
    let suite = Suite::start().await;
    suite.import_roads().await;
    suite.import_desks().await;
    for (asset, person) in [("A", "an"), ("B", "bo"), ("C", "chen"), ("D", "ding")] {
        suite.put_one(lamp(asset, person)).await.unwrap();
    }
    assert_eq!(suite.goes("A", "", "x").await, "roads/an");
    suite.away("an", "bo").await;
    assert_eq!(suite.goes("A", "", "x").await, "roads/bo");
    suite.away("bo", "chen").await;
    assert_eq!(suite.goes("A", "", "x").await, "roads/chen", "the stand-in hands it on");
    suite.away("chen", "").await;
    assert_eq!(suite.goes("C", "", "x").await, "roads");
    assert_eq!(suite.goes("A", "", "x").await, "roads", "nobody is left who stands in");
    // A shift that is never now: on one day of the past.
    let mut past = shift("past", &["ding"], &[], "08:00", "16:00");
    past.dates = vec!["2026-01-05".into()];
    suite.put_roster(roster("env", "env", vec![past])).await.unwrap();
    let ticket = suite.about("D", "", "x").await;
    assert_eq!(went(&suite.decision(&ticket).await), "env");
    let trial = suite.explain(&ticket).await.responsible.remove(0);
    assert_eq!(
        (trial.charge(), trial.person_id.as_str(), trial.person_name.as_str(), trial.outcome()),
        (ChargeKind::Asset, "ding", "李伟", ResponsibleOutcome::UnitOffDuty)
    );

    let ticket = suite.about("A", CUSTOMER, "x").await;
    suite.decision(&ticket).await;
    let explained = suite.explain(&ticket).await;
    assert_eq!(explained.responsible[0].outcome(), ResponsibleOutcome::UnitOnLeave);
    assert!(explained.areas.is_empty() && explained.desks.is_empty());

    // Who is gone answers for nothing: the search goes on.
    let gone = pb::PrincipalRow { active: Some(false), ..person("an", "roads") };
    let request =
        pb::ImportOrganisationRequest { request_id: id(), principals: vec![gone], ..Default::default() };
    suite.import(request).await;
    let ticket = suite.about("A", "", "x").await;
    assert_eq!(went(&suite.decision(&ticket).await), "county-desk");
    let explained = suite.explain(&ticket).await;
    assert_eq!(explained.responsible[0].outcome(), ResponsibleOutcome::Inactive);
    assert_eq!(explained.desks[0].outcome(), TrialOutcome::Chosen);
    assert_eq!(explained.desks[0].unit_name, "单位 county-desk");
}

#[tokio::test]
async fn r5_what_was_returned_goes_on_to_the_next_who_answers_the_area_the_desks_and_the_pool() {
    let suite = Suite::start().await;
    suite.import_roads().await;
    suite.import_desks().await;
    suite.put_one(lamp("LAMP-7", "an")).await.unwrap();
    suite.put_one(of(CUSTOMER, "bo")).await.unwrap();
    let mut ticket = suite.about("LAMP-7", CUSTOMER, "环境/噪音").await;
    for expected in ["roads/an", "env", "county-desk", "city-desk"] {
        let decision = suite.decision(&ticket).await;
        assert_eq!(went(&decision), expected);
        let unit = dispatched_to(&decision).to_owned();
        suite.dispatched_and_returned(&mut ticket, &decision, &unit).await;
    }
    let last = suite.decision(&ticket).await;
    assert!(pool_reason(&last).starts_with("every unit that rules"), "{}", pool_reason(&last));
    let explained = suite.explain(&ticket).await;
    let outcomes: Vec<_> = explained.responsible.iter().map(pb::ResponsibleTrial::outcome).collect();
    assert_eq!(outcomes, [ResponsibleOutcome::ReturnedIt; 2]);
    let desks: Vec<_> = explained.desks.iter().map(|desk| (desk.unit_id.as_str(), desk.outcome())).collect();
    assert_eq!(desks, [("county-desk", TrialOutcome::ReturnedIt), ("city-desk", TrialOutcome::ReturnedIt)]);
    // Where no desk is, there is the pool.
    let mut elsewhere = TestTicket::new("x");
    elsewhere.state.region = "110101000000".into();
    suite.submit(&elsewhere, "x", Origin::Live).await;
    let reason = "no rule, no responsible person, no area and no desk matches";
    assert_eq!(pool_reason(&suite.decision(&elsewhere).await), reason);
}

#[tokio::test]
async fn r5_who_asked_in_confidence_is_not_told_by_who_gets_it() {
    let suite = Suite::start().await;
    suite.import_roads().await;
    suite.import_desks().await;
    suite.put_one(of(CUSTOMER, "an")).await.unwrap();
    let mut ticket = TestTicket::new("x");
    ticket.state.customer_id = CUSTOMER.into();
    ticket.state.confidential = true;
    suite.submit(&ticket, "举报", Origin::Live).await;
    assert_eq!(went(&suite.decision(&ticket).await), "county-desk");
    assert!(suite.explain(&ticket).await.responsible.is_empty());
}

#[tokio::test]
async fn r5_what_cannot_be_is_refused_by_field_and_rule() {
    let suite = Suite::start().await;
    suite.import_roads().await;
    let kept = suite.put_one(lamp("LAMP-7", "an")).await.unwrap();
    assert_eq!((kept.unit_id.as_str(), kept.updated_by.as_str()), ("roads", "admin"));
    let at = |hours: i64| Some(to_timestamp(suite.env.clock().now() + hours.hours()));
    let both = pb::Responsibility { customer_id: CUSTOMER.into(), ..lamp("L", "an") };
    let ends = pb::Responsibility { valid_from: at(2), valid_to: at(1), ..lamp("L", "an") };
    for (one, said) in [
        (both, "responsibility.asset: exactly one of customer_id and asset".to_owned()),
        (lamp("", "an"), "responsibility.customer_id: exactly one of customer_id and asset".to_owned()),
        (of("nobody", "an"), "responsibility.customer_id: a UUID".to_owned()),
        (lamp("L", "nobody"), "responsibility.person_id: no person `nobody`".to_owned()),
        (
            pb::Responsibility { unit_id: "env".into(), ..lamp("L", "an") },
            "responsibility.unit_id: `an` does not belong to `env`".to_owned(),
        ),
        (
            pb::Responsibility { unit_id: "x".into(), ..lamp("L", "an") },
            "responsibility.unit_id: no unit `x`".to_owned(),
        ),
        (ends, "responsibility.valid_to: after `valid_from`".to_owned()),
        (
            lamp("LAMP-7", "bo"),
            format!("responsibility.valid_from: `an` answers for it at the same time: {}", kept.id),
        ),
        (
            lamp("灯", "an"),
            "responsibility.asset: 1 to 64 of A-Z, a-z, 0-9, '.', '_', '-', '/' and ':'".to_owned(),
        ),
    ] {
        let refused = suite.put_one(one).await.unwrap_err();
        let (code, _, violations) = refusal(&refused);
        assert!(code == Code::InvalidArgument && violations.contains(&said), "{violations:?}: {said}");
    }
    let unknown = pb::Responsibility { id: Uuid::from_u128(9).to_string(), ..lamp("L", "an") };
    let refused = suite.put_one(unknown).await.unwrap_err();
    assert_eq!((refused.code(), refusal(&refused).1.as_str()), (Code::NotFound, "RESPONSIBILITY_NOT_FOUND"));
    // Said again it is the one that is there; with its id it is changed.
    assert_eq!(suite.put_one(lamp("LAMP-7", "an")).await.unwrap().id, kept.id);
    let changed =
        suite.put_one(pb::Responsibility { id: kept.id.clone(), ..lamp("LAMP-7", "bo") }).await.unwrap();
    assert_eq!((changed.id.as_str(), changed.person_id.as_str()), (kept.id.as_str(), "bo"));
    assert_eq!(suite.list(pb::ListResponsibilitiesRequest::default()).await, [changed]);

    let delete =
        pb::DeleteResponsibilityRequest { request_id: id(), id: kept.id.clone(), etag: String::new() };
    suite.responsible("admin").delete_responsibility(delete.clone()).await.unwrap();
    suite.responsible("admin").delete_responsibility(delete.clone()).await.unwrap();
    let again = pb::DeleteResponsibilityRequest { request_id: id(), ..delete };
    let refused = suite.responsible("admin").delete_responsibility(again).await.unwrap_err();
    assert_eq!(refusal(&refused).1, "RESPONSIBILITY_NOT_FOUND");
    assert_eq!(suite.list(pb::ListResponsibilitiesRequest::default()).await, []);
}

#[tokio::test]
async fn r5_one_that_is_changed_into_what_another_says_is_refused_and_stays_as_it_is() {
    let suite = Suite::start().await;
    suite.import_roads().await;
    let one = suite.put_one(lamp("LAMP-7", "an")).await.unwrap();
    let other = suite.put_one(lamp("LAMP-8", "an")).await.unwrap();
    let moved = pb::Responsibility { id: one.id.clone(), ..lamp("LAMP-8", "an") };
    let refused = suite.put_one(moved).await.unwrap_err();
    let said = format!("responsibility.valid_from: `an` answers for it at the same time: {}", other.id);
    assert_eq!((refused.code(), refusal(&refused).2), (Code::InvalidArgument, vec![said]));
    // To an asset of nobody it may go, and then says so.
    let moved = pb::Responsibility { id: one.id.clone(), ..lamp("LAMP-9", "an") };
    let moved = suite.put_one(moved).await.unwrap();
    assert_eq!((&moved.id, moved.asset.as_str()), (&one.id, "LAMP-9"));
    assert_eq!(suite.list(pb::ListResponsibilitiesRequest::default()).await, [moved, other]);
}

#[tokio::test]
async fn r5_what_changed_since_it_was_read_is_not_overwritten_and_a_retry_gets_its_answer() {
    let suite = Suite::start().await;
    suite.import_roads().await;
    let put = async |request_id: &str, one: pb::Responsibility, etag: &str| {
        let (request_id, etag) = (request_id.to_owned(), etag.to_owned());
        let request = pb::PutResponsibilityRequest { request_id, responsibility: Some(one), etag };
        suite.responsible("admin").put_responsibility(request).await.map(tonic::Response::into_inner)
    };
    let delete = async |request_id: &str, one: &str, etag: &str| {
        let (request_id, etag) = (request_id.to_owned(), etag.to_owned());
        let request = pb::DeleteResponsibilityRequest { request_id, id: one.to_owned(), etag };
        suite.responsible("admin").delete_responsibility(request).await.map(|_| ())
    };
    let request = id();
    let first = put(&request, lamp("LAMP-7", "an"), "").await.unwrap();
    let to = |person: &str| pb::Responsibility { id: first.id.clone(), ..lamp("LAMP-7", person) };
    let second = put(&id(), to("bo"), &first.etag).await.unwrap();
    assert_ne!(second.etag, first.etag);
    // Somebody else read it before that.
    let stale = |refused: Status| {
        assert_eq!((refused.code(), refusal(&refused).1.as_str()), (Code::Aborted, "ETAG_MISMATCH"));
    };
    stale(put(&id(), to("chen"), &first.etag).await.unwrap_err());
    stale(delete(&id(), &first.id, &first.etag).await.unwrap_err());
    stale(put(&id(), lamp("LAMP-9", "an"), &second.etag).await.unwrap_err());
    assert_eq!(suite.list(pb::ListResponsibilitiesRequest::default()).await, std::slice::from_ref(&second));
    // Said as it is it keeps its etag, and a retry is answered with what the first one came to.
    assert_eq!(put(&id(), to("bo"), &second.etag).await.unwrap(), second);
    assert_eq!(put(&request, lamp("LAMP-7", "an"), "").await.unwrap(), first);
    let gone = id();
    delete(&gone, &first.id, &second.etag).await.unwrap();
    delete(&gone, &first.id, &second.etag).await.unwrap();
    assert_eq!(put(&request, lamp("LAMP-7", "an"), "").await.unwrap(), first, "also when it is out");
    // What an import wrote has an etag too.
    import(&suite, &id(), vec![lamp("LAMP-8", "an")], false).await.unwrap();
    let imported = suite.list(pb::ListResponsibilitiesRequest::default()).await.remove(0);
    let same = pb::Responsibility { id: imported.id.clone(), ..lamp("LAMP-8", "an") };
    let request = id();
    assert_eq!(put(&request, same.clone(), &imported.etag).await.unwrap(), imported);
    delete(&id(), &imported.id, &imported.etag).await.unwrap();
    assert_eq!(put(&request, same, &imported.etag).await.unwrap(), imported);
}

#[tokio::test]
async fn r5_dates_more_precise_than_they_are_kept_are_the_same_when_they_are_said_again() {
    let suite = Suite::start().await;
    suite.import_roads().await;
    let at = |seconds: i64, nanos: i32| Some(prost_types::Timestamp { seconds, nanos });
    let dated = pb::Responsibility {
        valid_from: at(1_700_000_000, 123_456_789),
        valid_to: at(1_900_000_000, 999_999_999),
        ..lamp("LAMP-7", "an")
    };
    let kept = suite.put_one(dated.clone()).await.unwrap();
    assert_eq!(kept.valid_from, at(1_700_000_000, 123_456_000));
    assert_eq!(suite.put_one(dated.clone()).await.unwrap(), kept);
    for replace in [false, true] {
        assert_eq!(import(&suite, &id(), vec![dated.clone()], replace).await.unwrap(), (0, 0, 1));
    }
    // Between these two is nothing.
    let (from, until) = (at(1_700_000_000, 1_001), at(1_700_000_000, 1_999));
    let nothing = pb::Responsibility { valid_from: from, valid_to: until, ..lamp("LAMP-8", "an") };
    let refused = suite.put_one(nothing).await.unwrap_err();
    let said = "responsibility.valid_to: after `valid_from`".to_owned();
    assert_eq!((refused.code(), refusal(&refused).2), (Code::InvalidArgument, vec![said]));
}

#[tokio::test]
async fn r5_who_was_given_the_shift_of_somebody_on_leave_stands_in_for_them() {
    let suite = Suite::start().await;
    suite.import_roads().await;
    suite.put_one(lamp("LAMP-7", "an")).await.unwrap();
    // A shift that runs now, of `an` alone; `bo` is on no roster.
    let begins = suite.env.clock().now().in_tz("Asia/Shanghai").unwrap().datetime() - 1.hour();
    let hour = |at: jiff::civil::DateTime| format!("{:02}:{:02}", at.hour(), at.minute());
    let mut now = shift("now", &["an"], &[], &hour(begins), &hour(begins + 8.hours()));
    now.dates = vec![begins.date().to_string()];
    suite.put_roster(roster("main", "roads", vec![now])).await.unwrap();
    let swap = pb::SwapDutyRequest {
        request_id: id(),
        roster_id: "main".into(),
        shift: "now".into(),
        date: begins.date().to_string(),
        person_id: "an".into(),
        stand_in_id: "bo".into(),
    };
    suite.duty("admin").swap_duty(swap).await.unwrap();
    suite.away("an", "").await;
    let ticket = suite.about("LAMP-7", "", "x").await;
    assert_eq!(went(&suite.decision(&ticket).await), "roads/bo");
    let trial = suite.explain(&ticket).await.responsible.remove(0);
    assert_eq!((trial.outcome(), trial.stand_in_id.as_str()), (ResponsibleOutcome::StandIn, "bo"));
    // And while they are away too, whoever stands in for them; here nobody.
    suite.away("bo", "").await;
    assert_eq!(suite.goes("LAMP-7", "", "x").await, "roads");
}

#[tokio::test]
async fn r5_who_takes_no_tickets_on_answers_for_nothing_and_leaves_it_to_the_unit() {
    let suite = Suite::start().await;
    suite.import_roads().await;
    let said = "person_id: `clerk` takes no tickets on: neither handler nor unit leader";
    let refused = suite.put_one(lamp("LAMP-7", "clerk")).await.unwrap_err();
    assert_eq!(refusal(&refused).2, [format!("responsibility.{said}")]);
    let refused = import(&suite, &id(), vec![lamp("LAMP-7", "clerk")], false).await.unwrap_err();
    assert_eq!(refusal(&refused).2, [format!("rows[0].{said}")]);
    // Who stops to handle tickets keeps what they answer for, and their unit gets it.
    suite.put_one(lamp("LAMP-7", "an")).await.unwrap();
    assert_eq!(suite.goes("LAMP-7", "", "x").await, "roads/an");
    let agent = pb::PrincipalRow { roles: vec!["agent".into()], ..person("an", "roads") };
    let request =
        pb::ImportOrganisationRequest { request_id: id(), principals: vec![agent], ..Default::default() };
    suite.import(request).await;
    let ticket = suite.about("LAMP-7", "", "x").await;
    assert_eq!(went(&suite.decision(&ticket).await), "roads");
    let trial = suite.explain(&ticket).await.responsible.remove(0);
    assert_eq!(trial.outcome(), ResponsibleOutcome::UnitNoHandler);
}

#[tokio::test]
async fn r5_those_of_a_customer_an_asset_and_a_person_are_listed_in_pages_to_who_may_read_them() {
    let suite = Suite::start().await;
    suite.import_roads().await;
    let mut all = Vec::new();
    for n in 0..5 {
        all.push(
            suite.put_one(lamp(&format!("LAMP-{n}"), if n % 2 == 0 { "an" } else { "bo" })).await.unwrap(),
        );
    }
    all.push(suite.put_one(of(CUSTOMER, "bo")).await.unwrap());
    let filter = pb::ListResponsibilitiesRequest::default;
    let of_an = pb::ListResponsibilitiesRequest { person_id: "an".into(), ..filter() };
    assert_eq!(suite.list(of_an).await.len(), 3);
    let of_lamp = pb::ListResponsibilitiesRequest { asset: "LAMP-1".into(), ..filter() };
    assert_eq!(suite.list(of_lamp).await, [all[1].clone()]);
    let of_customer = pb::ListResponsibilitiesRequest { customer_id: CUSTOMER.into(), ..filter() };
    assert_eq!(suite.list(of_customer).await, [all[5].clone()]);
    let mut request = pb::ListResponsibilitiesRequest { page_size: 4, ..filter() };
    let mut client = suite.responsible("admin");
    let first = client.list_responsibilities(request.clone()).await.unwrap().into_inner();
    request.page_token = first.next_page_token;
    let second = client.list_responsibilities(request).await.unwrap().into_inner();
    assert_eq!([first.responsibilities, second.responsibilities].concat(), all);
    assert_eq!(second.next_page_token, "");

    suite.env.principal(PrincipalSpec::new("li.wei").role("handler")).await;
    suite.env.principal(PrincipalSpec::new("zhao.min").role("agent")).await;
    let refused = suite.responsible("li.wei").list_responsibilities(filter()).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    suite.responsible("zhao.min").list_responsibilities(filter()).await.unwrap();
    let put = pb::PutResponsibilityRequest {
        request_id: id(),
        responsibility: Some(lamp("L", "an")),
        etag: String::new(),
    };
    let refused = suite.responsible("zhao.min").put_responsibility(put).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
}

async fn import(
    suite: &Suite,
    request_id: &str,
    rows: Vec<pb::Responsibility>,
    replace: bool,
) -> Result<(i32, i32, i32), Status> {
    let parts: Vec<_> = rows
        .chunks(1_000)
        .map(|rows| pb::ImportResponsibilitiesRequest {
            request_id: request_id.to_owned(),
            rows: rows.to_vec(),
            replace,
        })
        .collect();
    let answer =
        suite.responsible("admin").import_responsibilities(tokio_stream::iter(parts)).await?.into_inner();
    Ok((answer.begun, answer.gone, answer.unchanged))
}

#[tokio::test]
async fn r5_many_are_imported_at_once_all_of_them_or_none() {
    let suite = Suite::start().await;
    suite.import_roads().await;
    let rows = |person: &str| -> Vec<_> { (0..12_345).map(|n| lamp(&format!("LAMP-{n}"), person)).collect() };
    let request = id();
    assert_eq!(import(&suite, &request, rows("an"), false).await.unwrap(), (12_345, 0, 0));
    assert_eq!(import(&suite, &request, rows("an"), false).await.unwrap(), (12_345, 0, 0), "a retry");
    assert_eq!(import(&suite, &id(), rows("an"), false).await.unwrap(), (0, 0, 12_345));
    let refused = import(&suite, &id(), rows("bo"), false).await.unwrap_err();
    let (code, _, violations) = refusal(&refused);
    // As many as an answer holds.
    assert!(code == Code::InvalidArgument && (20..=100).contains(&violations.len()), "{}", violations.len());
    assert!(violations[0].starts_with("rows[0].valid_from: `an` answers for it"), "{}", violations[0]);
    let mut bad = rows("bo");
    bad[7_000].person_id = "nobody".into();
    let refused = import(&suite, &id(), bad, true).await.unwrap_err();
    assert_eq!(refusal(&refused).2, ["rows[7000].person_id: no person `nobody`"]);
    let of_bo = pb::ListResponsibilitiesRequest { person_id: "bo".into(), ..Default::default() };
    assert_eq!(suite.list(of_bo).await, [], "nothing was written");
    assert_eq!(
        import(&suite, &id(), rows("bo")[..12_000].to_vec(), true).await.unwrap(),
        (12_000, 12_000, 0)
    );
    assert_eq!(suite.goes("LAMP-11999", "", "x").await, "roads/bo");
    assert_eq!(suite.goes("LAMP-12000", "", "x").await, "roads/an");
}

#[tokio::test]
async fn r5_who_is_not_known_any_more_is_nobodys_responsibility_and_nobody_else_is_forgotten() {
    let suite = Suite::start().await;
    suite.import_roads().await;
    let request = id();
    let put = pb::PutResponsibilityRequest {
        request_id: request,
        responsibility: Some(of(CUSTOMER, "an")),
        etag: String::new(),
    };
    suite.responsible("admin").put_responsibility(put.clone()).await.unwrap();
    let kept = suite.put_one(lamp("LAMP-7", "an")).await.unwrap();
    let other = suite.put_one(of("0192aaaa-bbbb-7000-8000-0000000000c9", "an")).await.unwrap();
    let erase = async |ticket: &mut TestTicket, gone: &[u8]| {
        ticket.next(Phase::Closed);
        ticket.state.customer_id.clear();
        let classes = vec![DataClass::Contact.into(), DataClass::Texts.into()];
        let erased = Erased { classes, gone_customer_sha256: gone.to_vec() };
        suite.tell(ticket, "erased", Origin::Live, Change::Erased(erased)).await;
        eventually("it is forgotten", async || {
            let of = "SELECT count(*) FROM ticket_scopes WHERE ticket_id = $1 AND customer_id IS NULL";
            let gone: i64 = sqlx::query_scalar(of).bind(ticket.id).fetch_one(suite.env.pool()).await.unwrap();
            gone == 1
        })
        .await;
    };
    // All that is known here goes; another ticket of theirs may be on its way.
    let mut first = suite.about("", CUSTOMER, "x").await;
    suite.decision(&first).await;
    erase(&mut first, &[]).await;
    assert_eq!(suite.list(pb::ListResponsibilitiesRequest::default()).await.len(), 3);
    // That one comes, after it was erased, and does not say whose it was.
    let mut last = suite.about("", "", "x").await;
    suite.decision(&last).await;
    erase(&mut last, &hex::decode(HASH).unwrap()).await;
    eventually("it is taken out", async || {
        suite.list(pb::ListResponsibilitiesRequest::default()).await.len() == 2
    })
    .await;
    let mut left = suite.list(pb::ListResponsibilitiesRequest::default()).await;
    left.sort_by_key(|one| one.asset.clone());
    assert_eq!(left, [other, kept]);
    // Nor is what a retry would be answered with.
    let refused = suite.responsible("admin").put_responsibility(put).await.unwrap_err();
    assert_eq!(refusal(&refused).1, "RESPONSIBILITY_NOT_FOUND");
}

/// As `sha256sum` says of the 16 bytes of the id of `CUSTOMER`.
const HASH: &str = "0765fd0955e8052152d3bbcf8b2e1a57a5504ba61ce3ea9bfbbb698cee7df311";

#[tokio::test]
async fn r5_rules_are_tried_on_past_tickets_beside_who_answers_for_them() {
    let suite = Suite::start().await;
    suite.import_roads().await;
    suite.import_desks().await;
    suite.put_one(lamp("LAMP-7", "an")).await.unwrap();
    for asset in ["LAMP-7", ""] {
        let ticket = suite.about(asset, "", "x").await;
        suite.decision(&ticket).await;
    }
    suite.draft("all", "ticket.item == 'x'", "env").await;
    let request = pb::SimulateRulesRequest::default();
    let mut steps = suite.rule_sets("admin").simulate_rules(request).await.unwrap().into_inner();
    let outcome = loop {
        if let Step::Outcome(outcome) = steps.message().await.unwrap().unwrap().step.unwrap() {
            break outcome;
        }
    };
    let mut from: Vec<_> = outcome
        .pairs
        .iter()
        .map(|pair| pair.from.as_ref().map(|from| format!("{}/{}", from.unit_id, from.person_id)).unwrap())
        .collect();
    from.sort();
    assert_eq!(from, ["county-desk/", "roads/an"]);
}
