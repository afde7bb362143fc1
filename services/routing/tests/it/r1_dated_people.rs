//! Staff who come, change and leave at a date. Source: R1, DESIGN rule 8.

use crate::support::{Suite, TestTicket, id, person, refusal};
use gongdan_bus::{Event, Origin};
use gongdan_proto::{
    routing::v1::{self as pb, OrganisationFindingKind as Kind},
    tickets::v1::{self as tickets, Phase, ticket_event::Change},
    to_timestamp,
};
use gongdan_testkit::{eventually, eventually_some};
use jiff::{SignedDuration, Timestamp};
use tonic::Code;

const HOUR: SignedDuration = SignedDuration::from_hours(1);

fn people(rows: Vec<pb::PrincipalRow>) -> pb::ImportOrganisationRequest {
    pb::ImportOrganisationRequest { request_id: id(), principals: rows, ..Default::default() }
}

fn later(row: pb::PrincipalRow, from: Timestamp) -> pb::PrincipalRow {
    pb::PrincipalRow { changes_from: Some(to_timestamp(from)), ..row }
}

fn gone(row: pb::PrincipalRow) -> pb::PrincipalRow {
    pb::PrincipalRow { active: Some(false), ..row }
}

async fn get(suite: &Suite, id: &str, at: Option<Timestamp>) -> Option<pb::Principal> {
    let request = pb::GetPrincipalRequest { id: id.into(), at: at.map(to_timestamp) };
    match suite.organisation("admin").get_principal(request).await {
        Ok(found) => Some(found.into_inner()),
        Err(status) if status.code() == Code::NotFound => None,
        Err(status) => panic!("{status:?}"),
    }
}

/// Who is of a unit, one a page.
async fn members(suite: &Suite, unit: &str, at: Option<Timestamp>) -> Vec<String> {
    let at = at.map(to_timestamp);
    let mut request =
        pb::ListPrincipalsRequest { unit_id: unit.into(), at, page_size: 1, ..Default::default() };
    let (mut client, mut all) = (suite.organisation("admin"), Vec::new());
    loop {
        let page = client.list_principals(request.clone()).await.unwrap().into_inner();
        all.extend(page.principals.into_iter().map(|principal| principal.id));
        if page.next_page_token.is_empty() {
            return all;
        }
        request.page_token = page.next_page_token;
    }
}

/// Changes of somebody told so far: version, units and when it happened.
async fn told(suite: &Suite, id: &str) -> Vec<(i64, Vec<String>, Timestamp)> {
    let events = suite.env.events("routing").await;
    let changes = events.iter().filter(|event| event.kind == "principal_changed");
    let told = |event: &Event| {
        let principal = event.decode::<pb::PrincipalEvent>().unwrap().principal.unwrap();
        (principal.id == id).then_some((event.version, principal.unit_ids, event.occurred_at))
    };
    changes.filter_map(told).collect()
}

/// What is planned lies this much nearer, as if time had passed.
async fn pass(suite: &Suite, time: &str) {
    let moved = sqlx::query("UPDATE principal_plans SET begins_at = begins_at - $1::interval").bind(time);
    moved.execute(suite.env.pool()).await.unwrap();
}

async fn check(suite: &Suite, kind: Kind) -> Vec<pb::OrganisationFinding> {
    let request = pb::CheckOrganisationRequest::default();
    let found = suite.organisation("admin").check_organisation(request).await.unwrap().into_inner().findings;
    found.into_iter().filter(|found| found.kind() == kind).collect()
}

/// A ticket that `env` has in hand with a person, once routing knows of it.
async fn in_hand(suite: &Suite, person: &str) {
    let mut ticket = TestTicket::new("环境");
    ticket.state.phase = Phase::Dispatched.into();
    ticket.state.lead_unit_id = "env".into();
    ticket.state.handler_id = person.to_owned();
    let change = tickets::Dispatched {
        unit_id: "env".into(),
        person_id: person.to_owned(),
        ..tickets::Dispatched::default()
    };
    suite.tell(&ticket, "dispatched", Origin::Live, Change::Dispatched(change)).await;
    let load = pb::GetLoadRequest { person_id: person.to_owned() };
    eventually("the ticket counts", async || {
        suite.duty("admin").get_load(load.clone()).await.unwrap().into_inner().held == 1
    })
    .await;
}

async fn may_call(suite: &Suite, who: &str) -> bool {
    suite.organisation(who).list_units(pb::ListUnitsRequest::default()).await.is_ok()
}

#[tokio::test]
async fn r1_somebody_moves_when_their_time_has_come_and_what_was_can_be_asked_for() {
    let suite = Suite::in_guangzhou().await;
    suite.import(people(vec![person("li.wei", "env"), person("wang", "env")])).await;
    in_hand(&suite, "li.wei").await;
    let before: Timestamp = suite.env.clock().now();
    let from = (before + HOUR).round(jiff::Unit::Second).unwrap();
    let leaves = from + HOUR;
    let plan = people(vec![
        later(person("li.wei", "roads"), from),
        later(gone(person("li.wei", "roads")), leaves),
        later(person("zhao", "env"), from),
    ]);
    let answer = suite.import(plan.clone()).await;
    assert_eq!((answer.principals_planned, answer.principals_changed, answer.principals_created), (3, 0, 0));
    assert_eq!(answer.findings, [], "nobody has left yet");
    assert_eq!(suite.import(plan.clone()).await, answer, "a retry gets the same answer");
    let again = pb::ImportOrganisationRequest { request_id: id(), ..plan };
    assert_eq!(suite.import(again).await.unchanged, 3);
    let now = get(&suite, "li.wei", None).await.unwrap();
    assert_eq!(
        (now.unit_ids, now.version, now.changes_at),
        (vec!["env".into()], 1, Some(to_timestamp(from)))
    );
    let then = get(&suite, "li.wei", Some(from)).await.unwrap();
    assert_eq!((then.unit_ids, then.version), (vec!["roads".into()], 0));
    assert_eq!(then.changes_at, Some(to_timestamp(leaves)));
    assert!(!get(&suite, "li.wei", Some(leaves)).await.unwrap().active);
    assert_eq!((get(&suite, "zhao", None).await, get(&suite, "zhao", Some(before)).await), (None, None));
    assert_eq!(members(&suite, "env", None).await, ["li.wei", "wang"]);
    assert_eq!(members(&suite, "env", Some(from)).await, ["wang", "zhao"]);
    assert_eq!(members(&suite, "roads", Some(from)).await, ["li.wei"]);
    assert!(!may_call(&suite, "zhao").await);
    assert_eq!(told(&suite, "li.wei").await.len(), 1, "nobody is told before");

    pass(&suite, "1 hour").await;
    let from = from - HOUR;
    eventually("they are of their new units", async || {
        members(&suite, "env", None).await == ["wang", "zhao"]
    })
    .await;
    let now = get(&suite, "li.wei", None).await.unwrap();
    assert_eq!((now.unit_ids, now.version), (vec!["roads".into()], 2));
    eventually("others are told", async || told(&suite, "li.wei").await.len() == 2).await;
    let (version, units, at) = told(&suite, "li.wei").await.remove(1);
    assert_eq!((version, units, at), (2, vec!["roads".into()], from), "when it was to be");
    eventually("who has come may call", async || may_call(&suite, "zhao").await).await;
    // What was stays to be seen, and who was not there was not.
    let earlier = from - SignedDuration::from_secs(1);
    assert_eq!(members(&suite, "env", Some(earlier)).await, ["li.wei", "wang"]);
    assert_eq!(get(&suite, "li.wei", Some(earlier)).await.unwrap().version, 1);
    assert_eq!(get(&suite, "zhao", Some(earlier)).await, None);
    // What follows from a change at once follows now: the ticket is of a unit that is not theirs any more.
    let held = check(&suite, Kind::PersonGoneWithTickets).await;
    assert_eq!(held.iter().map(|found| found.person_id.as_str()).collect::<Vec<_>>(), ["li.wei"]);

    pass(&suite, "1 hour").await;
    eventually("who has left may not call", async || !may_call(&suite, "li.wei").await).await;
    let left: i64 =
        sqlx::query_scalar("SELECT count(*) FROM principal_plans").fetch_one(suite.env.pool()).await.unwrap();
    assert_eq!(left, 0, "nothing of what came into force is kept as a plan");
}

#[tokio::test]
async fn r1_people_who_came_due_meanwhile_change_once_in_their_order_however_many_replicas_run() {
    let mut suite = Suite::in_guangzhou().await;
    suite.import(people(vec![person("li.wei", "env")])).await;
    let config = suite.env.config_with(gongdan_routing::DEFAULTS, suite.settings());
    let _second = suite.env.serve(|listeners, stop| gongdan_routing::run(config, listeners, stop)).await;
    let soon = suite.env.clock().now() + HOUR * 24;
    let rows = vec![
        later(person("li.wei", "roads"), soon),
        later(person("li.wei", "city"), soon + HOUR),
        later(person("li.wei", "env"), soon + HOUR * 2),
    ];
    suite.import(people(rows)).await;
    pass(&suite, "30 hours").await;
    suite.restart().await;
    eventually("all changes are told", async || told(&suite, "li.wei").await.len() == 4).await;
    let all = told(&suite, "li.wei").await;
    let all: Vec<_> = all.iter().map(|(version, units, _)| (*version, units[0].as_str())).collect();
    assert_eq!(all, [(1, "env"), (2, "roads"), (3, "city"), (4, "env")], "each once, in their order");
    let now = get(&suite, "li.wei", None).await.unwrap();
    assert_eq!((now.version, now.changes_at), (4, None));
    let between = soon - HOUR * 30 + HOUR + SignedDuration::from_mins(1);
    assert_eq!(get(&suite, "li.wei", Some(between)).await.unwrap().unit_ids, ["city"]);
}

#[tokio::test]
async fn r1_a_plan_that_does_not_hold_any_more_is_told_and_keeps_no_other_waiting() {
    let suite = Suite::in_guangzhou().await;
    suite.import(people(["an", "bo", "chen"].map(|who| person(who, "env")).into())).await;
    let soon = suite.env.clock().now() + HOUR;
    let rows = ["an", "bo", "chen"].map(|who| later(person(who, "roads"), soon));
    suite.import(people(rows.into())).await;
    // As a release would leave it that knows another role less, and as a row that no release can read.
    sqlx::raw_sql(
        "UPDATE principal_plans SET roles = '{king}' WHERE principal_id = 'an';
         UPDATE principal_plans SET regions = '{-7}' WHERE principal_id = 'bo';",
    )
    .execute(suite.env.pool())
    .await
    .unwrap();
    pass(&suite, "2 hours").await;
    eventually("the good plan comes into force", async || members(&suite, "roads", None).await == ["chen"])
        .await;
    let failed = check(&suite, Kind::PersonPlanFailed).await;
    assert_eq!(failed.iter().map(|found| found.person_id.as_str()).collect::<Vec<_>>(), ["an", "bo"]);
    assert!(failed[0].what.ends_with("and stays as before: no role `king`"), "{}", failed[0].what);
    assert_eq!(failed[0].unit_id, "roads");
    assert_eq!(members(&suite, "env", None).await, ["an", "bo"]);
    assert_eq!(get(&suite, "an", None).await.unwrap().changes_at, None);

    // The day's file of what is so changes nothing about it; what is done about them does, and so does giving it up.
    suite.import(people(vec![person("an", "env"), person("bo", "env")])).await;
    assert_eq!(check(&suite, Kind::PersonPlanFailed).await.len(), 2);
    assert_eq!(suite.import(people(vec![person("an", "city")])).await.principals_planned, 1);
    let at: jiff_sqlx::Timestamp = sqlx::query_scalar("SELECT begins_at FROM principal_plans")
        .fetch_one(suite.env.pool())
        .await
        .unwrap();
    assert_eq!(
        suite.import(people(vec![later(person("bo", "env"), at.to_jiff())])).await.principals_planned,
        1
    );
    assert_eq!(check(&suite, Kind::PersonPlanFailed).await, []);
}

#[tokio::test]
async fn r1_many_change_at_one_instant_and_two_of_them_exchange_their_tokens() {
    const MANY: usize = 2_100;
    let suite = Suite::in_guangzhou().await;
    let name = |n: usize| format!("staff.{n:04}");
    suite.import(people((0..MANY).map(|n| person(&name(n), "env")).collect())).await;
    let soon = suite.env.clock().now() + HOUR;
    let row = |n: usize| {
        let subject = match n {
            0 => name(MANY - 1),
            _ if n == MANY - 1 => name(0),
            _ => String::new(),
        };
        later(pb::PrincipalRow { subject, ..person(&name(n), "roads") }, soon)
    };
    assert_eq!(suite.import(people((0..MANY).map(row).collect())).await.principals_planned, 2_100);
    pass(&suite, "2 hours").await;
    eventually("all of them have changed", async || {
        let left: i64 = sqlx::query_scalar("SELECT count(*) FROM principals WHERE unit_ids = '{env}'")
            .fetch_one(suite.env.pool())
            .await
            .unwrap();
        left == 0
    })
    .await;
    assert_eq!(check(&suite, Kind::PersonPlanFailed).await, []);
    assert_eq!(get(&suite, &name(0), None).await.unwrap().subject, name(MANY - 1));
}

#[tokio::test]
async fn r1_what_is_wrong_with_a_planned_row_is_refused_with_its_field() {
    let suite = Suite::in_guangzhou().await;
    suite.import(people(vec![person("li.wei", "env")])).await;
    let soon = suite.env.clock().now() + HOUR;
    let row = |row: pb::PrincipalRow| later(row, soon);
    let thief = row(pb::PrincipalRow { subject: "li.wei".into(), ..person("zhao", "env") });
    let rows = vec![
        row(pb::PrincipalRow { roles: vec!["king".into()], ..person("li.wei", "nowhere") }),
        row(pb::PrincipalRow { regions: vec!["999999".into()], ..person("wang", "env") }),
        thief.clone(),
        later(person("chen", "env"), "2020-01-01T00:00:00Z".parse().unwrap()),
    ];
    let status = suite.organisation("admin").import_organisation(people(rows)).await.unwrap_err();
    let (code, _, violations) = refusal(&status);
    let fields: Vec<_> = violations.iter().filter_map(|v| v.split(':').next()).collect();
    assert_eq!(code, Code::InvalidArgument);
    assert_eq!(
        fields,
        [
            "principals[0].roles[0]",
            "principals[0].unit_ids[0]",
            "principals[1].regions[0]",
            "principals[3].changes_from",
            "principals[2].subject",
        ]
    );
    let planned: i64 =
        sqlx::query_scalar("SELECT count(*) FROM principal_plans").fetch_one(suite.env.pool()).await.unwrap();
    assert_eq!(planned, 0, "nothing is written");
    // Who is to have the token is found also by an import that names only who else is to have it.
    suite
        .import(people(vec![row(pb::PrincipalRow { subject: "new".into(), ..person("li.wei", "env") })]))
        .await;
    suite
        .import(people(vec![row(pb::PrincipalRow { subject: "li.wei".into(), ..person("zhao", "env") })]))
        .await;
    let second = later(pb::PrincipalRow { subject: "li.wei".into(), ..person("chen", "env") }, soon + HOUR);
    let status = suite.organisation("admin").import_organisation(people(vec![second])).await.unwrap_err();
    assert!(
        refusal(&status).2[0].starts_with("principals[0].subject: `zhao` has this issuer and subject, from ")
    );
    let nonsense = pb::GetPrincipalRequest {
        id: "li.wei".into(),
        at: Some(prost_types::Timestamp { seconds: i64::MAX, nanos: 0 }),
    };
    let status = suite.organisation("admin").get_principal(nonsense).await.unwrap_err();
    assert!(refusal(&status).2[0].starts_with("at: "), "{status:?}");
}

#[tokio::test]
async fn r1_who_is_let_go_at_once_does_not_come_back_by_a_plan_and_what_was_has_no_names() {
    let suite = Suite::in_guangzhou().await;
    suite.import(people(vec![person("li.wei", "env")])).await;
    let soon = suite.env.clock().now() + HOUR;
    suite.import(people(vec![later(person("li.wei", "roads"), soon)])).await;
    let erased =
        pb::PrincipalRow { name: "-".into(), subject: "gone".into(), ..gone(person("li.wei", "env")) };
    suite.import(people(vec![erased])).await;
    let then = get(&suite, "li.wei", Some(soon)).await.unwrap();
    assert_eq!(
        (then.active, then.unit_ids, then.name, then.subject),
        (false, vec!["roads".into()], "-".into(), "gone".into())
    );
    let earlier = suite.env.clock().now() - HOUR;
    let was = get(&suite, "li.wei", Some(earlier)).await.unwrap();
    assert_eq!(
        (was.active, was.name),
        (true, "-".into()),
        "what they were stays, what they were called does not"
    );
    pass(&suite, "2 hours").await;
    let moved = eventually_some("the plan comes into force", async || {
        get(&suite, "li.wei", None).await.filter(|li| li.unit_ids == ["roads"])
    })
    .await;
    assert!(!moved.active);
}
