//! `ReportService.GetReport`

use crate::{
    Rooms,
    store::{
        facts::{self, Filter, Key, Sums},
        units,
    },
};
use gongdan_access::{Caller, Scope};
use gongdan_errors::{Error, Violations};
use gongdan_proto::{
    common::v1::Origin,
    reporting::v1::{Dimension, GetReportRequest, Measures, RegionLevel, Report, ReportRow},
    tickets::v1::TicketType,
    to_timestamp,
};
use gongdan_region::{RegionCode, RegionRange, Regions};
use gongdan_reporting_domain::Period;
use std::collections::HashMap;

const TEXT_MOST: usize = 512;

pub(super) async fn get_report(
    rooms: &Rooms,
    by: &Caller,
    request: GetReportRequest,
) -> Result<Report, Error> {
    let (key, filter) = decode(by.scope(), request)?;
    let as_of = rooms.clock.now();
    let (rows, whole) = facts::sum(&rooms.pool, key, &filter, as_of).await.map_err(gongdan_pg::error)?;
    let names = names(rooms, key, &rows).await?;
    rooms.metrics.reported(key.dimension());
    let rows = rows.into_iter().map(|sums| {
        let key = sums.key.clone().unwrap_or_default();
        let label = names.get(&key).cloned().unwrap_or_else(|| key.clone());
        ReportRow { key, label, measures: Some(measures(&sums)) }
    });
    Ok(Report { rows: rows.collect(), total: Some(measures(&whole)), as_of: Some(to_timestamp(as_of)) })
}

fn decode(scope: Scope, request: GetReportRequest) -> Result<(Key, Filter), Error> {
    let mut v = Violations::new();
    let key = v.field("dimension", key(&request));
    let from = v.field("from", Period::begin(&request.from));
    let to = v.field("to", Period::end(&request.to));
    let period = match (from, to) {
        (Some(from), Some(to)) => v.field("to", Period::between(from, to)),
        _ => None,
    };
    let region = match request.region.as_str() {
        "" => None,
        text => v.field("region", area(text)),
    };
    for (field, text) in [("unit_id", &request.unit_id), ("item", &request.item)] {
        if text.len() > TEXT_MOST {
            v.add(field, format!("at most {TEXT_MOST} bytes"));
        }
    }
    let kind = v.field("type", TicketType::try_from(request.r#type).map_err(|_| "one of TicketType"));
    let origin = v.field("origin", Origin::try_from(request.origin).map_err(|_| "one of Origin"));
    if RegionLevel::try_from(request.region_level).is_err() {
        v.add("region_level", "one of RegionLevel");
    } else if request.region_level != 0 && request.dimension() != Dimension::Region {
        v.add("region_level", "only with the dimension region");
    }
    let (Some(key), Some(period), Some(kind), Some(origin)) = (key, period, kind, origin) else {
        return Err(v.into_error());
    };
    v.finish()?;
    let filter = Filter {
        period,
        region,
        scope: scope.parameters(),
        unit: Some(request.unit_id).filter(|unit| !unit.is_empty()),
        item: Some(request.item).filter(|item| !item.is_empty()),
        kind: i16::try_from(i32::from(kind)).ok().filter(|kind| *kind != 0),
        origin: i16::try_from(i32::from(origin)).ok().filter(|origin| *origin != 0),
    };
    Ok((key, filter))
}

fn key(request: &GetReportRequest) -> Result<Key, &'static str> {
    match Dimension::try_from(request.dimension) {
        Ok(Dimension::Day) => Ok(Key::Day),
        Ok(Dimension::Month) => Ok(Key::Month),
        Ok(Dimension::Unit) => Ok(Key::Unit),
        Ok(Dimension::Item) => Ok(Key::Item),
        Ok(Dimension::Region) => Ok(match request.region_level() {
            RegionLevel::Unspecified => Key::Region,
            RegionLevel::Province => Key::Province,
            RegionLevel::City => Key::City,
            RegionLevel::County => Key::County,
        }),
        Ok(Dimension::Unspecified) | Err(_) => Err("required: day, month, region, unit or item"),
    }
}

fn area(text: &str) -> Result<RegionRange, String> {
    let code = RegionCode::parse(text).map_err(|e| e.to_string())?;
    let regions = Regions::national();
    if regions.knows(code) { Ok(regions.range(code)) } else { Err("a known region code".to_owned()) }
}

/// What people read for the keys, where that is something else.
async fn names(rooms: &Rooms, key: Key, rows: &[Sums]) -> Result<HashMap<String, String>, Error> {
    let keys = rows.iter().filter_map(|row| row.key.clone());
    match key {
        Key::Unit => {
            let ids: Vec<String> = keys.collect();
            units::names(&rooms.pool, &ids).await.map_err(gongdan_pg::error)
        }
        Key::Region | Key::Province | Key::City | Key::County => Ok(keys
            .filter_map(|key| {
                let code = RegionCode::parse(&key).ok()?;
                Some((key, Regions::national().path_name(code))).filter(|(_, name)| !name.is_empty())
            })
            .collect()),
        Key::Day | Key::Month | Key::Item => Ok(HashMap::new()),
    }
}

fn measures(sums: &Sums) -> Measures {
    let counts = &sums.counts;
    let rates = counts.rates();
    let [handling_mean_seconds, handling_p50_seconds, handling_p90_seconds] = sums.handling;
    let [elapsed_mean_seconds, elapsed_p50_seconds, elapsed_p90_seconds] = sums.elapsed;
    Measures {
        received: counts.received,
        cancelled: counts.cancelled,
        merged: counts.merged,
        first_contact: counts.first_contact,
        first_contact_rate: rates.first_contact,
        repeats: counts.repeats,
        repeat_rate: rates.repeat_rate,
        quality_errors: counts.quality_errors,
        resolved: counts.resolved,
        on_time: counts.on_time,
        timed: counts.timed,
        on_time_rate: rates.on_time,
        in_flight: counts.in_flight,
        overdue: counts.overdue,
        handling_mean_seconds,
        handling_p50_seconds,
        handling_p90_seconds,
        elapsed_mean_seconds,
        elapsed_p50_seconds,
        elapsed_p90_seconds,
        dispatched: counts.dispatched,
        returned: counts.returned,
        return_rate: rates.return_rate,
        reopened: counts.reopened,
        reopen_rate: rates.reopen_rate,
        urges: counts.urges,
        urged: counts.urged,
        urge_rate: rates.urge_rate,
        callbacks: counts.callbacks,
        contacted: counts.contacted,
        response_rate: rates.response,
        solved: counts.solved,
        resolution_rate: rates.resolution,
        satisfied: counts.satisfied,
        satisfaction_rate: rates.satisfaction,
    }
}
