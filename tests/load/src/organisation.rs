//! `organisation`: a unit in every region of the national table, below that of the region above, and staff in all of them, in one
//! import; then a reform: the counties of a province are moved at a date; then who answers for assets, in one import.

mod responsible;

use crate::{
    options::{Common, OrganisationOptions},
    output::{self, round},
    suite::{Authorized, Suite},
};
use anyhow::Context as _;
use gongdan_clock::{Clock as _, SystemClock, new_id};
use gongdan_proto::{
    routing::v1::{
        AreaRow, ImportOrganisationPartsRequest, ImportOrganisationRequest, PrincipalRow, UnitKind, UnitRow,
        organisation_service_client::OrganisationServiceClient,
    },
    to_timestamp,
};
use gongdan_region::{Level, Region, RegionCode, Regions};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use sqlx::PgPool;
use std::time::{Duration, Instant};

/// Rows of a part.
const PART: usize = 2_000;
/// Its counties are moved: 广东.
const PROVINCE: &str = "44";
/// How long before their date the moves are planned.
const AHEAD: SignedDuration = SignedDuration::from_secs(5);
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
    /// Counties that move at a date.
    moved: usize,
    /// Until their move was planned.
    planned_s: f64,
    /// From the date until all of them had moved.
    moved_after_s: f64,
    /// Responsibilities of staff for assets.
    responsibilities: u32,
    /// Until their import was answered.
    responsible_s: f64,
    /// The same import once more, which changes nothing.
    responsible_again_s: f64,
}

pub(crate) async fn run(suite: &Suite, common: &Common, options: &OrganisationOptions) -> anyhow::Result<()> {
    let regions: Vec<&Region> = Regions::national().iter().collect();
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
    let reform = reform(suite, &mut client).await?;
    let responsible = responsible::import(suite, options.people, options.responsibilities).await?;
    output::print(
        common.output,
        &Organisation {
            scenario: "organisation",
            units: regions.len(),
            people,
            import_s: round(import.as_secs_f64()),
            known_to_tickets_s: round(known.as_secs_f64()),
            again_s,
            moved: reform.moved,
            planned_s: round(reform.planned.as_secs_f64()),
            moved_after_s: round(reform.after.as_secs_f64()),
            responsibilities: options.responsibilities,
            responsible_s: round(responsible.first.as_secs_f64()),
            responsible_again_s: round(responsible.again.as_secs_f64()),
        },
    )
    .context("printing")
}

/// How the move of a province's counties went.
struct Reform {
    moved: usize,
    planned: Duration,
    after: Duration,
}

/// All counties of a province come under the province itself, some seconds from now.
async fn reform(suite: &Suite, client: &mut OrganisationServiceClient<Authorized>) -> anyhow::Result<Reform> {
    let routing = PgPool::connect(&suite.database_url("gongdan_routing")?).await?;
    let province = RegionCode::parse(PROVINCE)?;
    let within = Regions::national().range(province);
    let counties = Regions::national()
        .iter()
        .filter(|region| region.level == Level::County && within.contains(region.code));
    let date = SystemClock.now() + AHEAD;
    let units: Vec<UnitRow> = counties
        .map(|region| UnitRow {
            parent_id: name(&province.to_string()),
            changes_from: Some(to_timestamp(date)),
            ..unit(region)
        })
        .collect();
    let moved = units.len();
    let request = ImportOrganisationRequest {
        request_id: new_id(SystemClock.now()).to_string(),
        units,
        ..ImportOrganisationRequest::default()
    };
    let began = Instant::now();
    let answer = client.import_organisation(request).await?.into_inner();
    let planned = began.elapsed();
    anyhow::ensure!(
        usize::try_from(answer.units_planned)? == moved,
        "not all moves were planned: {answer:?}"
    );
    SystemClock.sleep_until(date).await;
    let due = Instant::now();
    loop {
        let left: i64 = sqlx::query_scalar("SELECT count(*) FROM unit_states WHERE version IS NULL")
            .fetch_one(&routing)
            .await?;
        if left == 0 {
            return Ok(Reform { moved, planned, after: due.elapsed() });
        }
        anyhow::ensure!(due.elapsed() < PATIENCE, "{left} of {moved} have not moved");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn name(region: &str) -> String {
    format!("load.unit.{region}")
}

fn unit(region: &Region) -> UnitRow {
    let code = region.code.to_string();
    UnitRow {
        id: name(&code),
        name: format!("单位 {code}"),
        kind: UnitKind::Unit.into(),
        parent_id: region.parent.map(|parent| name(&parent.to_string())).unwrap_or_default(),
        region: code,
        valid_from: Some(to_timestamp(Timestamp::UNIX_EPOCH)),
        ..UnitRow::default()
    }
}

fn messages(regions: &[&Region], people: usize) -> Vec<ImportOrganisationPartsRequest> {
    let message = |part| ImportOrganisationPartsRequest { part: Some(part) };
    parts(regions, people).into_iter().map(message).collect()
}

fn parts(regions: &[&Region], people: usize) -> Vec<ImportOrganisationRequest> {
    let mut parts = vec![ImportOrganisationRequest {
        request_id: new_id(SystemClock.now()).to_string(),
        ..ImportOrganisationRequest::default()
    }];
    for some in regions.chunks(PART) {
        let units = some.iter().map(|region| unit(region));
        let areas = some.iter().map(|region| AreaRow {
            region: region.code.to_string(),
            unit_id: name(&region.code.to_string()),
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
            let region = regions[n % regions.len()].code.to_string();
            PrincipalRow {
                id: format!("load.staff.{n}"),
                name: format!("人员 {n}"),
                roles: vec!["handler".to_owned()],
                unit_ids: vec![name(&region)],
                regions: vec![region],
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
