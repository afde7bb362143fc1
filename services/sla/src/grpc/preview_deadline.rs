//! `ClockService.PreviewDeadline`

use super::{Rooms, convert, decode::optional_word};
use crate::{error, store::split_id};
use gongdan_errors::{Error, Reason, Violations};
use gongdan_proto::{
    from_timestamp,
    sla::v1::{self as pb, preview_deadline_request::Amount as Asked},
    to_timestamp,
};
use gongdan_region::{RegionCode, Regions};
use gongdan_sla_domain::{Amount, ClockKind, InvalidAmount, is_key, policy::Attributes};
use jiff::{Timestamp, civil::DateTime};

/// The calendar of an amount that names none.
const DEFAULT_CALENDAR: &str = "cn";
const MAX_TEXT: usize = 400;

enum Start {
    Instant(Timestamp),
    Local(DateTime),
}

enum Wanted {
    Amount(Amount),
    Policy { set: String, kind: ClockKind, ticket: Attributes },
}

struct PreviewDeadline {
    calendar: String,
    start: Start,
    region: Option<RegionCode>,
    wanted: Wanted,
}

impl PreviewDeadline {
    fn decode(request: pb::PreviewDeadlineRequest, default_set: &str) -> Result<Self, Error> {
        let mut violations = Violations::new();
        if !request.calendar.is_empty() && !is_id(&request.calendar) {
            violations.add("calendar", "the key of a calendar, or key@version");
        }
        let start = violations.field("start", read_start(request.start.as_ref(), &request.local_start));
        let region = read_region("region", &request.region, &mut violations);
        let wanted = read_wanted(request.amount, default_set, &mut violations);
        match (start, wanted, violations.is_empty()) {
            (Some(start), Some(wanted), true) => {
                let region = match &wanted {
                    Wanted::Policy { ticket, .. } => ticket.region.or(region),
                    Wanted::Amount(_) => region,
                };
                Ok(Self { calendar: request.calendar, start, region, wanted })
            }
            _ => Err(violations.into_error()),
        }
    }
}

fn is_id(text: &str) -> bool {
    split_id(text).is_some_and(|(key, _)| is_key(key))
}

fn read_start(start: Option<&prost_types::Timestamp>, local: &str) -> Result<Start, &'static str> {
    match (start, local) {
        (Some(start), "") => {
            let at = from_timestamp(start).map_err(|_| "an instant between the years 1 and 9999")?;
            Ok(Start::Instant(gongdan_clock::to_micros(at)))
        }
        (None, "") => Err("start or local_start is required"),
        (None, local) if local.len() <= 40 => {
            local.parse().map(Start::Local).map_err(|_| "local_start is a civil time: 2026-02-13T16:30")
        }
        (None, _) => Err("local_start is a civil time: 2026-02-13T16:30"),
        (Some(_), _) => Err("only one of start and local_start"),
    }
}

fn read_region(field: &str, text: &str, violations: &mut Violations) -> Option<RegionCode> {
    if text.is_empty() {
        return None;
    }
    let code = RegionCode::parse(text).map_err(|error| error.to_string());
    let known = |code: RegionCode| {
        if Regions::national().knows(code) { Ok(code) } else { Err("a region that is known".to_owned()) }
    };
    violations.field(field, code.and_then(known))
}

fn read_wanted(asked: Option<Asked>, default_set: &str, violations: &mut Violations) -> Option<Wanted> {
    let seconds = |duration: prost_types::Duration| {
        if duration.nanos == 0 { Ok(duration.seconds) } else { Err(InvalidAmount) }
    };
    match asked {
        None => {
            violations.add("amount", "working_days, working_hours, clock_hours or attributes is required");
            None
        }
        Some(Asked::WorkingDays(days)) => {
            violations.field("working_days", Amount::working_days(i64::from(days))).map(Wanted::Amount)
        }
        Some(Asked::WorkingHours(time)) => {
            violations.field("working_hours", seconds(time).and_then(Amount::working)).map(Wanted::Amount)
        }
        Some(Asked::ClockHours(time)) => {
            violations.field("clock_hours", seconds(time).and_then(Amount::elapsed)).map(Wanted::Amount)
        }
        Some(Asked::Attributes(asked)) => {
            let set = if asked.policy_set.is_empty() { default_set.to_owned() } else { asked.policy_set };
            if !is_id(&set) {
                violations.add("attributes.policy_set", "the key of a policy set, or key@version");
            }
            for (field, text) in [("item", &asked.item), ("customer_tier", &asked.customer_tier)] {
                if text.len() > MAX_TEXT {
                    violations.add(format!("attributes.{field}"), format!("at most {MAX_TEXT} bytes"));
                }
            }
            let ticket = Attributes {
                kind: optional_word("attributes.type", asked.r#type, violations),
                item: asked.item,
                priority: optional_word("attributes.priority", asked.priority, violations),
                urgency: optional_word("attributes.urgency", asked.urgency, violations),
                channel: optional_word("attributes.channel", asked.channel, violations),
                region: read_region("attributes.region", &asked.region, violations),
                customer_tier: asked.customer_tier,
            };
            let kind = optional_word("attributes.kind", asked.kind, violations);
            Some(Wanted::Policy { set, kind: kind.unwrap_or(ClockKind::Handling), ticket })
        }
    }
}

pub(super) async fn preview_deadline(
    rooms: &Rooms,
    request: pb::PreviewDeadlineRequest,
) -> Result<pb::PreviewDeadlineResponse, Error> {
    let question = PreviewDeadline::decode(request, &rooms.policies.default_set)?;

    let mut connection = rooms.pool.acquire().await.map_err(gongdan_pg::error)?;
    let heads = rooms.terms.heads(&mut connection).await.map_err(gongdan_pg::error)?;
    let (amount, policy, warn, of_policy) = match &question.wanted {
        Wanted::Amount(amount) => (*amount, String::new(), Vec::new(), DEFAULT_CALENDAR.to_owned()),
        Wanted::Policy { set, kind, ticket } => {
            let set = rooms.terms.policy_set(&mut connection, &heads, set).await?;
            let (_, rule) = set.select(*kind, ticket).ok_or_else(|| {
                Error::not_found(Reason::PolicyNotFound, "no rule of the policy set gives such a clock")
                    .with("policy_set", set.id())
                    .with("kind", kind)
            })?;
            (rule.amount, set.id(), rule.warn_percent.clone(), set.calendar.clone())
        }
    };
    let calendar = if question.calendar.is_empty() { &of_policy } else { &question.calendar };
    let calendar = rooms.terms.calendar(&mut connection, &heads, calendar).await?;
    drop(connection);

    let out_of_range = error::out_of_range;
    let table = calendar.table(question.region);
    let start = match question.start {
        Start::Instant(at) => at,
        Start::Local(local) => calendar.instant(local).map_err(out_of_range)?,
    };
    let due = table.due(start, amount).map_err(out_of_range)?;
    let missing = if amount.needs_calendar() { calendar.missing_years(start, due) } else { Vec::new() };
    rooms.metrics.years_missing(&calendar.id(), &missing);
    let days = table.explain(start, due, amount).map_err(out_of_range)?;
    let warn_at = warn
        .into_iter()
        .map(|percent| table.threshold(start, due, amount, percent).map(to_timestamp))
        .collect::<Result<_, _>>()
        .map_err(out_of_range)?;
    Ok(pb::PreviewDeadlineResponse {
        due_at: Some(to_timestamp(due)),
        start: Some(to_timestamp(start)),
        calendar: calendar.id(),
        time_zone: calendar.document().time_zone.clone(),
        policy,
        amount: amount.to_string(),
        working_seconds: table.working_between(start, due).map_err(out_of_range)?.as_secs(),
        days: days.into_iter().map(convert::day_span).collect(),
        missing_years: missing.into_iter().map(i32::from).collect(),
        warn_at,
    })
}
