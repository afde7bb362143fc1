use crate::support::{Suite, area, id, person, refusal, unit};
use gongdan_proto::routing::v1 as pb;
use gongdan_testkit::{PrincipalSpec, eventually};
use tonic::Code;

fn upload() -> pb::ImportOrganisationRequest {
    pb::ImportOrganisationRequest {
        request_id: id(),
        units: vec![unit("crew", "env", "440106"), unit("env", "", "440106")],
        principals: vec![person("li.wei", "crew")],
        areas: vec![area("440106", "环境", "env")],
        replace_areas: false,
    }
}

#[tokio::test]
async fn units_people_and_areas_come_in_at_once_and_everybody_is_told() {
    let suite = Suite::start().await;
    let answer = suite.import(upload()).await;
    assert_eq!((answer.units_created, answer.principals_created, answer.areas_begun), (2, 1, 1));

    let mut admin = suite.organisation("admin");
    let unit = admin.get_unit(pb::GetUnitRequest { id: "crew".into(), at: None }).await.unwrap().into_inner();
    assert_eq!((unit.parent_id.as_str(), unit.region.as_str(), unit.version), ("env", "440106000000", 1));
    let li = admin
        .get_principal(pb::GetPrincipalRequest { id: "li.wei".into(), at: None })
        .await
        .unwrap()
        .into_inner();
    assert_eq!(li.issuer, gongdan_auth::LocalIssuer::ISSUER);
    assert!(li.active);
    let areas = admin.list_areas(pb::ListAreasRequest::default()).await.unwrap().into_inner().areas;
    assert_eq!((areas[0].region.as_str(), areas[0].region_to.as_str()), ("440106000000", ""));

    eventually("events of two units and a principal", async || {
        let events = suite.env.events("routing").await;
        let count = |kind: &str| events.iter().filter(|event| event.kind == kind).count();
        count("unit_changed") == 2 && count("principal_changed") == 1
    })
    .await;
    // Who was imported may call at once.
    suite.organisation("li.wei").list_units(pb::ListUnitsRequest::default()).await.unwrap();
}

#[tokio::test]
async fn the_same_again_changes_nothing_and_a_change_is_a_new_version() {
    let suite = Suite::start().await;
    let first = upload();
    let answer = suite.import(first.clone()).await;
    assert_eq!(suite.import(first.clone()).await, answer, "a retry gets the same answer");
    let again = suite.import(pb::ImportOrganisationRequest { request_id: id(), ..first.clone() }).await;
    assert_eq!((again.unchanged, again.units_changed, again.areas_begun), (4, 0, 0));

    let mut renamed = pb::ImportOrganisationRequest { request_id: id(), ..first };
    renamed.units[1].name = "生态环境局".into();
    let changed = suite.import(renamed).await;
    assert_eq!((changed.units_changed, changed.unchanged), (1, 3));
    let mut admin = suite.organisation("admin");
    let unit = admin.get_unit(pb::GetUnitRequest { id: "env".into(), at: None }).await.unwrap().into_inner();
    assert_eq!((unit.name.as_str(), unit.version), ("生态环境局", 2));
}

#[tokio::test]
async fn another_upload_under_the_same_request_id_is_refused() {
    let suite = Suite::start().await;
    let first = upload();
    suite.import(first.clone()).await;
    let other = pb::ImportOrganisationRequest { principals: vec![person("wang", "env")], ..first };
    let status = suite.organisation("admin").import_organisation(other).await.unwrap_err();
    assert_eq!((status.code(), refusal(&status).1.as_str()), (Code::AlreadyExists, "REQUEST_ID_REUSED"));
    let wang = suite
        .organisation("admin")
        .get_principal(pb::GetPrincipalRequest { id: "wang".into(), at: None })
        .await;
    assert_eq!(wang.unwrap_err().code(), Code::NotFound);
}

#[tokio::test]
async fn every_violation_is_named_by_row_and_nothing_is_written() {
    let suite = Suite::start().await;
    let mut request = upload();
    request.units.push(pb::UnitRow { kind: 99, name: String::new(), ..unit("Bad", "nobody", "999999") });
    request.principals[0].roles.push("king".into());
    request.areas.push(area("440106", "环境", "env"));
    let status = suite.organisation("admin").import_organisation(request).await.unwrap_err();
    let (code, _, violations) = refusal(&status);
    assert_eq!(code, Code::InvalidArgument);
    let fields: Vec<_> = violations.iter().filter_map(|v| v.split(':').next()).collect();
    assert_eq!(
        fields,
        [
            "units[2].kind",
            "units[2].id",
            "units[2].name",
            "units[2].parent_id",
            "units[2].region",
            "principals[0].roles[1]",
            "areas[1].region",
        ]
    );
    let units = suite.organisation("admin").list_units(pb::ListUnitsRequest::default()).await.unwrap();
    assert!(units.into_inner().units.is_empty());
}

#[tokio::test]
async fn a_circle_in_the_unit_tree_is_refused() {
    let suite = Suite::start().await;
    suite.import(upload()).await;
    let circle = pb::ImportOrganisationRequest {
        request_id: id(),
        units: vec![unit("env", "crew", "440106")],
        ..Default::default()
    };
    let status = suite.organisation("admin").import_organisation(circle).await.unwrap_err();
    let (code, _, violations) = refusal(&status);
    assert_eq!(code, Code::InvalidArgument);
    assert_eq!(violations, ["units[0].parent_id: a circle: env → crew → env"]);
}

#[tokio::test]
async fn only_administrators_change_it_and_citizens_do_not_read_it() {
    let suite = Suite::start().await;
    suite.env.principal(PrincipalSpec::new("agent.wang").role("agent")).await;
    let status = suite.organisation("agent.wang").import_organisation(upload()).await.unwrap_err();
    assert_eq!(status.code(), Code::PermissionDenied);
    suite.organisation("agent.wang").list_units(pb::ListUnitsRequest::default()).await.unwrap();

    let mut citizen = person("citizen.zhao", "env");
    citizen.kind = gongdan_proto::common::v1::PrincipalKind::Citizen.into();
    citizen.roles = vec!["citizen".into()];
    let mut request = upload();
    request.principals.push(citizen);
    suite.import(request).await;
    let status =
        suite.organisation("citizen.zhao").list_units(pb::ListUnitsRequest::default()).await.unwrap_err();
    assert_eq!(status.code(), Code::PermissionDenied);
}

#[tokio::test]
async fn lists_come_in_pages_that_belong_to_their_filter() {
    let suite = Suite::start().await;
    let mut request = upload();
    request.units =
        (0..7).map(|n| unit(&format!("u{n}"), "", if n < 5 { "440106" } else { "1101" })).collect();
    request.principals.clear();
    request.areas =
        ["440106", "4401", "44", "440105"].into_iter().map(|region| area(region, "", "u0")).collect();
    suite.import(request).await;
    let mut admin = suite.organisation("admin");
    let mut list = pb::ListUnitsRequest { region: "44".into(), page_size: 2, ..Default::default() };
    let mut ids = Vec::new();
    loop {
        let page = admin.list_units(list.clone()).await.unwrap().into_inner();
        ids.extend(page.units.into_iter().map(|unit| unit.id));
        if page.next_page_token.is_empty() {
            break;
        }
        list.page_token = page.next_page_token;
    }
    assert_eq!(ids, ["u0", "u1", "u2", "u3", "u4"]);
    let other = pb::ListUnitsRequest { region: "11".into(), ..list };
    assert_eq!(admin.list_units(other).await.unwrap_err().code(), Code::InvalidArgument);

    let mut list = pb::ListAreasRequest { page_size: 3, ..Default::default() };
    let first = admin.list_areas(list.clone()).await.unwrap().into_inner();
    list.page_token = first.next_page_token;
    let second = admin.list_areas(list).await.unwrap().into_inner();
    let regions: Vec<_> = first.areas.iter().chain(&second.areas).map(|area| &area.region[..6]).collect();
    assert_eq!(regions, ["440000", "440100", "440105", "440106"]);
    let covering = pb::ListAreasRequest { region: "440106".into(), ..Default::default() };
    assert_eq!(admin.list_areas(covering).await.unwrap().into_inner().areas.len(), 3);
}

#[tokio::test]
async fn unknown_kinds_and_states_and_names_too_long_are_refused() {
    let suite = Suite::start().await;
    let mut request = upload();
    request.units[0].name = "字".repeat(101);
    request.principals[0].kind = 99;
    request.principals[0].name = "字".repeat(101);
    let status = suite.organisation("admin").import_organisation(request).await.unwrap_err();
    let mut named = refusal(&status).2;
    named.sort_unstable();
    assert_eq!(
        named,
        [
            "principals[0].kind: an unknown kind",
            "principals[0].name: 1 to 100 characters, one line",
            "units[0].name: 1 to 100 characters, one line",
        ]
    );
    let list = pb::ListUnitsRequest { kind: 99, ..Default::default() };
    let status = suite.organisation("admin").list_units(list).await.unwrap_err();
    assert_eq!(refusal(&status).2, ["kind: an unknown kind"]);
    let list = pb::ListDecisionsRequest { state: 99, ..Default::default() };
    let status = suite.decisions().list_decisions(list).await.unwrap_err();
    assert_eq!(refusal(&status).2, ["state: an unknown state"]);
}

fn messages(
    parts: Vec<pb::ImportOrganisationRequest>,
) -> impl tokio_stream::Stream<Item = pb::ImportOrganisationPartsRequest> {
    let message = |part| pb::ImportOrganisationPartsRequest { part: Some(part) };
    tokio_stream::iter(parts.into_iter().map(message).collect::<Vec<_>>())
}

#[tokio::test]
async fn r1_an_organisation_too_large_for_one_message_comes_in_parts_all_of_it_or_nothing() {
    let suite = Suite::start().await;
    let request_id = id();
    let units = pb::ImportOrganisationRequest { request_id: request_id.clone(), ..upload() };
    let people = |from: usize, to: usize, unit: &str| pb::ImportOrganisationRequest {
        principals: (from..to).map(|n| person(&format!("staff.{n}"), unit)).collect(),
        ..Default::default()
    };
    let mut admin = suite.organisation("admin");
    let bad = vec![units.clone(), people(0, 1_500, "crew"), people(1_500, 1_501, "nobody")];
    let status = admin.import_organisation_parts(messages(bad)).await.unwrap_err();
    let (code, _, violations) = refusal(&status);
    assert_eq!((code, violations.len()), (Code::InvalidArgument, 1));
    // Row 0 is that of the first part.
    assert!(violations[0].starts_with("principals[1501].unit_ids[0]"), "{violations:?}");
    let none =
        admin.list_principals(pb::ListPrincipalsRequest { unit_id: "crew".into(), ..Default::default() });
    assert!(none.await.unwrap().into_inner().principals.is_empty());

    let good = vec![units, people(0, 1_500, "crew"), people(1_500, 3_000, "env")];
    let answer = admin.import_organisation_parts(messages(good.clone())).await.unwrap().into_inner();
    assert_eq!((answer.units_created, answer.principals_created, answer.areas_begun), (2, 3_001, 1));
    let again = admin.import_organisation_parts(messages(good)).await.unwrap().into_inner();
    assert_eq!(again, answer, "a retry gets the same answer");
    let last =
        admin.get_principal(pb::GetPrincipalRequest { id: "staff.2999".into(), at: None }).await.unwrap();
    assert_eq!(last.into_inner().unit_ids, ["env"]);
}

#[tokio::test]
async fn r1_an_import_reads_what_it_is_about_and_nothing_else() {
    let suite = Suite::start().await;
    suite.import(upload()).await;
    // Rows that no release can read show who reads them: a principal of no kind, and an area of another unit in no region.
    sqlx::raw_sql(
        "INSERT INTO principals (id, issuer, subject, name, kind, version) VALUES ('odd', 'x', 'odd', 'odd', 9, 1);
         INSERT INTO units (id, name, kind, region, version) VALUES ('other', 'other', 1, 440106000000, 1);
         INSERT INTO areas (region_from, region_to, item, unit_id, begun_at) VALUES (5, 5, '', 'other', now());",
    )
    .execute(suite.env.pool())
    .await
    .unwrap();
    let wang = pb::ImportOrganisationRequest {
        request_id: id(),
        principals: vec![person("wang", "env")],
        ..Default::default()
    };
    assert_eq!(suite.import(wang).await.principals_created, 1);
    // A token that somebody else has is still known to be taken.
    let thief = pb::PrincipalRow { subject: "li.wei".into(), ..person("zhao", "env") };
    let request =
        pb::ImportOrganisationRequest { request_id: id(), principals: vec![thief], ..Default::default() };
    let status = suite.organisation("admin").import_organisation(request).await.unwrap_err();
    assert_eq!(refusal(&status).2, ["principals[0].subject: `li.wei` has this issuer and subject"]);
}
