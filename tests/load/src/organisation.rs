//! `organisation`: a unit in every region of the national table and staff in all of them, in one import.

use crate::{
    options::{Common, OrganisationOptions},
    output::{self, round},
    suite::Suite,
};
use anyhow::Context as _;
use gongdan_clock::{Clock as _, SystemClock, new_id};
use gongdan_proto::routing::v1::{
    AreaRow, ImportOrganisationPartsRequest, ImportOrganisationRequest, PrincipalRow, UnitKind, UnitRow,
};
use gongdan_region::Regions;
use serde::Serialize;
use sqlx::PgPool;
use std::time::{Duration, Instant};

/// Rows of a part.
const PART: usize = 2_000;
/// How long the other services may take to know everybody.
const PATIENCE: Duration = Duration::from_secs(300);

#[derive(Serialize)]
struct Organisation {
    scenario: &'static str,
    units: usize,
    people: usize,
    /// Until the import was answered.
    import_s: f64,
    /// From then until tickets knew everybody.
    known_to_tickets_s: f64,
    /// The same import once more, which changes nothing.
    again_s: f64,
}

pub(crate) async fn run(suite: &Suite, common: &Common, options: &OrganisationOptions) -> anyhow::Result<()> {
    let regions: Vec<String> = Regions::national().iter().map(|region| region.code.to_string()).collect();
    let people = usize::try_from(options.people)?;
    let mut client = suite.organisation().await?;
    let tickets = PgPool::connect(&suite.database_url("gongdan_tickets")?).await?;
    let began = Instant::now();
    client.import_organisation_parts(tokio_stream::iter(messages(&regions, people))).await?;
    let import = began.elapsed();
    let answered = Instant::now();
    loop {
        let known: i64 = sqlx::query_scalar("SELECT count(*) FROM principals WHERE id LIKE 'load.staff.%'")
            .fetch_one(&tickets)
            .await?;
        if usize::try_from(known)? >= people {
            break;
        }
        anyhow::ensure!(answered.elapsed() < PATIENCE, "tickets knows {known} of {people}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let known = answered.elapsed();
    let began = Instant::now();
    let again =
        client.import_organisation_parts(tokio_stream::iter(messages(&regions, people))).await?.into_inner();
    let again_s = round(began.elapsed().as_secs_f64());
    anyhow::ensure!(
        again.principals_changed == 0 && again.units_changed == 0,
        "the second import changed rows"
    );
    output::print(
        common.output,
        &Organisation {
            scenario: "organisation",
            units: regions.len(),
            people,
            import_s: round(import.as_secs_f64()),
            known_to_tickets_s: round(known.as_secs_f64()),
            again_s,
        },
    )
    .context("printing")
}

fn messages(regions: &[String], people: usize) -> Vec<ImportOrganisationPartsRequest> {
    let message = |part| ImportOrganisationPartsRequest { part: Some(part) };
    parts(regions, people).into_iter().map(message).collect()
}

fn parts(regions: &[String], people: usize) -> Vec<ImportOrganisationRequest> {
    let name = |region: &str| format!("load.unit.{region}");
    let mut parts = vec![ImportOrganisationRequest {
        request_id: new_id(SystemClock.now()).to_string(),
        ..ImportOrganisationRequest::default()
    }];
    for some in regions.chunks(PART) {
        let units = some.iter().map(|region| UnitRow {
            id: name(region),
            name: format!("单位 {region}"),
            kind: UnitKind::Unit.into(),
            region: region.clone(),
            ..UnitRow::default()
        });
        let areas = some.iter().map(|region| AreaRow {
            region: region.clone(),
            unit_id: name(region),
            ..AreaRow::default()
        });
        parts.push(ImportOrganisationRequest {
            units: units.collect(),
            areas: areas.collect(),
            ..ImportOrganisationRequest::default()
        });
    }
    let staff: Vec<usize> = (0..people).collect();
    for some in staff.chunks(PART) {
        let person = |n: &usize| {
            let region = &regions[n % regions.len()];
            PrincipalRow {
                id: format!("load.staff.{n}"),
                name: format!("人员 {n}"),
                roles: vec!["handler".to_owned()],
                unit_ids: vec![name(region)],
                regions: vec![region.clone()],
                ..PrincipalRow::default()
            }
        };
        parts.push(ImportOrganisationRequest {
            principals: some.iter().map(person).collect(),
            ..ImportOrganisationRequest::default()
        });
    }
    parts
}
