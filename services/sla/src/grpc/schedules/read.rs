//! What is planned, as a request says it.

use gongdan_errors::Violations;
use gongdan_proto::sla::v1::{
    WorkingRecurrence, schedule::Recurrence as Pb, working_recurrence::Days as PbDays,
};
use gongdan_region::{RegionCode, Regions};
use gongdan_sla_domain::schedule::{Cron, Days, Recurrence, Working};
use jiff::{Timestamp, civil::Time, tz::TimeZone};

/// The zone, and how the schedule recurs in it; working recurrences are held to their calendar later.
pub(super) fn recurrence(
    field: &str,
    asked: Option<Pb>,
    zone: &str,
    now: Timestamp,
    violations: &mut Violations,
) -> Option<Recurrence> {
    let is_known = TimeZone::get(zone).ok().filter(|_| zone.len() <= 64);
    match asked {
        None => {
            violations.add(field, "cron or working is required");
            None
        }
        Some(Pb::Cron(text)) => {
            let rule = "an IANA time zone, for example Asia/Shanghai";
            let known = violations.field(format!("{field}.time_zone"), is_known.clone().ok_or(rule));
            let today = known.unwrap_or(TimeZone::UTC).to_datetime(now).date();
            match Cron::read(&text, today) {
                Ok(cron) => is_known.map(|_| Recurrence::Cron(cron)),
                Err(faults) => {
                    for fault in faults {
                        violations.add(format!("{field}.cron:{}", fault.position), fault.rule);
                    }
                    None
                }
            }
        }
        Some(Pb::Working(asked)) => {
            if !zone.is_empty() && is_known.is_none() {
                violations
                    .add(format!("{field}.time_zone"), "an IANA time zone, or empty for the calendar's");
            }
            working(&format!("{field}.working"), asked, violations).map(Recurrence::Working)
        }
    }
}

fn working(field: &str, asked: WorkingRecurrence, violations: &mut Violations) -> Option<Working> {
    let region = if asked.region.is_empty() {
        Some(None)
    } else {
        let code = RegionCode::parse(&asked.region).ok().filter(|code| Regions::national().knows(*code));
        violations.field(format!("{field}.region"), code.ok_or("a region that is known")).map(Some)
    };
    let times: Vec<Option<Time>> = asked
        .times
        .iter()
        .enumerate()
        .map(|(n, text)| {
            violations
                .field(format!("{field}.times[{n}]"), time(text).ok_or("a time of day, for example 09:00"))
        })
        .collect();
    let small = |n: i32| u8::try_from(n).unwrap_or(u8::MAX);
    let days = match asked.days {
        Some(PbDays::EveryWorkingDay(true)) => Some(Days::Every),
        Some(PbDays::EveryWorkingDay(false)) | None => None,
        Some(PbDays::DayOfMonth(n)) => Some(Days::OfMonth(small(n))),
        Some(PbDays::BeforeMonthEnd(n)) => Some(Days::BeforeMonthEnd(small(n))),
        Some(PbDays::DayOfWeek(n)) => Some(Days::OfWeek(small(n))),
    };
    let rule = "every_working_day, day_of_month, before_month_end or day_of_week is required";
    let days = violations.field(field, days.ok_or(rule));
    let times: Option<Vec<Time>> = times.into_iter().collect();
    let months = asked.months.iter().map(|month| i8::try_from(*month).unwrap_or(0)).collect();
    let working = Working { calendar: asked.calendar, region: region?, days: days?, months, times: times? };
    match working.checked() {
        Ok(working) => Some(working),
        Err(faults) => {
            for fault in faults {
                violations.add(format!("{field}.{}", fault.field), fault.rule);
            }
            None
        }
    }
}

/// `09:00`
fn time(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':').filter(|_| text.len() == 5)?;
    let number = |text: &str| text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten();
    Time::new(number(hour)?, number(minute)?, 0, 0).ok()
}
