//! What is allowed in an organisation and has to be looked after. Source: R1.

use crate::support::{Suite, TestTicket, id, person, refusal, unit};
use gongdan_bus::Origin;
use gongdan_proto::{
    routing::v1::{self as pb, OrganisationFindingKind as Kind},
    tickets::v1::{self as tickets, Phase, ticket_event::Change},
    to_timestamp,
};
use gongdan_testkit::{PrincipalSpec, eventually, eventually_some};
use tonic::Code;

async fn check(suite: &Suite, unit: &str) -> Vec<pb::OrganisationFinding> {
    let request = pb::CheckOrganisationRequest { unit_id: unit.to_owned() };
    suite.organisation("admin").check_organisation(request).await.unwrap().into_inner().findings
}

/// A ticket that `env` has in hand, with a person or without.
async fn in_hand(suite: &Suite, person: &str) -> TestTicket {
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
    ticket
}

fn people(rows: Vec<pb::PrincipalRow>) -> pb::ImportOrganisationRequest {
    pb::ImportOrganisationRequest { request_id: id(), principals: rows, ..Default::default() }
}

fn ending(name: &str) -> pb::ImportOrganisationRequest {
    let end = "2097-01-01T00:00:00Z".parse().unwrap();
    let env = pb::UnitRow {
        name: name.to_owned(),
        valid_to: Some(to_timestamp(end)),
        ..unit("env", "city", "440106")
    };
    pb::ImportOrganisationRequest { request_id: id(), units: vec![env], ..Default::default() }
}

#[tokio::test]
async fn r1_a_unit_that_ends_while_it_holds_tickets_is_told_when_it_is_imported_and_when_it_is_asked() {
    let suite = Suite::start().await;
    suite.import_guangzhou().await;
    suite.import(people(vec![person("li.wei", "env")])).await;
    eventually("all tickets are known", async || check(&suite, "env").await.is_empty()).await;
    let first = suite.import(ending("环保局")).await;
    let kinds: Vec<_> = first.findings.iter().map(|found| (found.field.as_str(), found.kind())).collect();
    assert_eq!(kinds, [("units[0].valid_to", Kind::UnitEndsWithAreas)], "it holds nothing: {first:?}");

    in_hand(&suite, "").await;
    let mut waits = TestTicket::new("环境");
    waits.state.pool_unit_id = "env".into();
    let pooled = tickets::Pooled { unit_id: "env".into(), ..tickets::Pooled::default() };
    suite.tell(&waits, "pooled", Origin::Live, Change::Pooled(pooled)).await;
    let held = eventually_some("what the unit holds is known", async || {
        let found = check(&suite, "env").await;
        found.into_iter().find(|found| found.kind() == Kind::UnitEndsWithTickets && found.tickets == 2)
    })
    .await;
    assert_eq!(held.what, "unit `env` ends 2097-01-01T00:00:00Z and holds 2 tickets");
    assert!(held.advice.contains("gongdan ticket bulk transfer --unit env"), "{}", held.advice);
    let again = ending("生态环境局");
    let answer = suite.import(again.clone()).await;
    let told = answer.findings.iter().find(|found| found.kind() == Kind::UnitEndsWithTickets).unwrap();
    assert_eq!((told.field.as_str(), told.tickets), ("units[0].name", 2), "what it changes");
    assert_eq!(suite.import(again).await, answer, "a retry gets the same answer");

    // What it gives back it does not hold any more.
    waits.next(Phase::Dispatched);
    waits.state.pool_unit_id = String::new();
    waits.state.lead_unit_id = "roads".into();
    let dispatched = tickets::Dispatched { unit_id: "roads".into(), ..tickets::Dispatched::default() };
    suite.tell(&waits, "dispatched", Origin::Live, Change::Dispatched(dispatched)).await;
    eventually_some("one ticket less", async || {
        check(&suite, "env").await.into_iter().find(|found| found.tickets == 1)
    })
    .await;
}

#[tokio::test]
async fn r1_people_who_leave_with_tickets_and_shifts_are_told() {
    let suite = Suite::start().await;
    suite.import_guangzhou().await;
    suite.import(people(vec![person("li.wei", "env")])).await;
    let shift = pb::Shift {
        name: "全天".into(),
        person_ids: vec!["li.wei".into()],
        weekdays: vec![1, 2, 3, 4, 5, 6, 7],
        start: "00:00".into(),
        end: "00:00".into(),
        ..pb::Shift::default()
    };
    let roster = pb::Roster {
        id: "env-days".into(),
        name: "值班".into(),
        unit_id: "env".into(),
        shifts: vec![shift],
        ..pb::Roster::default()
    };
    let request =
        pb::PutRosterRequest { request_id: id(), roster: Some(roster), ..pb::PutRosterRequest::default() };
    suite.duty("admin").put_roster(request).await.unwrap();
    in_hand(&suite, "li.wei").await;
    let load = pb::GetLoadRequest { person_id: "li.wei".into() };
    eventually_some("the ticket counts", async || {
        let load = suite.duty("admin").get_load(load.clone()).await.unwrap().into_inner();
        (load.held == 1).then_some(())
    })
    .await;
    eventually("all tickets are known", async || {
        let found = check(&suite, "").await;
        !found.iter().any(|found| found.unit_id == "env" || found.kind() == Kind::TicketsNotYetKnown)
    })
    .await;

    let gone = pb::PrincipalRow { active: Some(false), ..person("li.wei", "env") };
    let answer = suite.import(people(vec![person("wang", "roads"), gone])).await;
    let mut told: Vec<_> = answer.findings.iter().map(|found| (found.field.as_str(), found.kind())).collect();
    told.sort_unstable();
    let field = "principals[1].active";
    assert_eq!(
        told,
        [
            (field, Kind::UnitWithoutPeople),
            (field, Kind::PersonGoneWithTickets),
            (field, Kind::PersonGoneInRosters),
        ]
    );
    let holds = answer.findings.iter().find(|found| found.kind() == Kind::PersonGoneWithTickets).unwrap();
    assert_eq!(holds.what, "`li.wei` is not active, or not of unit `env` any more, and holds 1 ticket of it");
    // Somebody else comes, and the roster goes on naming the one who left: nobody is on duty by it.
    suite.import(people(vec![person("zhao", "env")])).await;
    let found = check(&suite, "env").await;
    assert!(found.iter().any(|found| found.kind() == Kind::NobodyOnDuty), "{found:?}");
}

#[tokio::test]
async fn r1_only_administrators_check_and_only_units_that_are_there() {
    let suite = Suite::start().await;
    suite.env.principal(PrincipalSpec::new("agent.wang").role("agent")).await;
    let request = pb::CheckOrganisationRequest::default();
    let status = suite.organisation("agent.wang").check_organisation(request).await.unwrap_err();
    assert_eq!(status.code(), Code::PermissionDenied);
    let request = pb::CheckOrganisationRequest { unit_id: "nobody".into() };
    let status = suite.organisation("admin").check_organisation(request).await.unwrap_err();
    assert_eq!((status.code(), refusal(&status).1.as_str()), (Code::NotFound, "UNIT_NOT_FOUND"));
}

#[tokio::test]
async fn r1_r5_who_answers_for_customers_and_assets_is_told_when_they_leave_or_their_unit_ends() {
    let suite = Suite::start().await;
    suite.import_roads().await;
    let rows = (0..120).map(|n| pb::Responsibility {
        asset: format!("LAMP-{n}"),
        person_id: "an".into(),
        valid_to: (n % 2 == 0).then(|| to_timestamp("2090-01-01T00:00:00Z".parse().unwrap())),
        ..pb::Responsibility::default()
    });
    let part = pb::ImportResponsibilitiesRequest { request_id: id(), rows: rows.collect(), replace: false };
    suite.responsible("admin").import_responsibilities(tokio_stream::iter([part])).await.unwrap();
    let of = async |unit: &str| -> Vec<_> {
        let found = check(&suite, unit).await.into_iter();
        found
            .filter(|found| {
                [Kind::UnitEndsWithResponsibilities, Kind::PersonGoneInResponsibilities]
                    .contains(&found.kind())
            })
            .collect()
    };
    assert_eq!(of("roads").await, []);

    let request = pb::GetUnitRequest { id: "roads".into(), at: None };
    let roads = suite.organisation("admin").get_unit(request).await.unwrap().into_inner();
    let end = "2097-01-01T00:00:00Z".parse().unwrap();
    let row = pb::UnitRow {
        name: roads.name.clone(),
        valid_to: Some(to_timestamp(end)),
        ..unit("roads", &roads.parent_id, &roads.region)
    };
    let ends = pb::ImportOrganisationRequest { request_id: id(), units: vec![row], ..Default::default() };
    let told = suite.import(ends).await.findings;
    let told = told.iter().find(|found| found.kind() == Kind::UnitEndsWithResponsibilities).unwrap();
    assert_eq!(told.field, "units[0].valid_to");
    assert_eq!(
        told.what, "unit `roads` ends 2097-01-01T00:00:00Z and its people answer for 60 customers and assets",
        "those that end before are no matter"
    );
    let an = suite
        .organisation("admin")
        .get_principal(pb::GetPrincipalRequest { id: "an".into(), at: None })
        .await
        .unwrap()
        .into_inner();
    let gone = pb::PrincipalRow {
        id: "an".into(),
        name: an.name,
        roles: an.roles,
        unit_ids: an.unit_ids,
        active: Some(false),
        ..pb::PrincipalRow::default()
    };
    let told = suite.import(people(vec![gone])).await.findings;
    let told = told.iter().find(|found| found.kind() == Kind::PersonGoneInResponsibilities).unwrap();
    assert_eq!((told.field.as_str(), told.person_id.as_str()), ("principals[0].active", "an"));
    assert_eq!(
        told.what,
        "`an` is not active, or not of unit `roads` any more, and answers for 120 customers and assets there"
    );
    assert_eq!(of("roads").await.len(), 2);
    assert_eq!(of("env").await, []);
}
