//! When a schedule recurs, as it is written on the command line and in files, and as people read it.

use anyhow::{Result, ensure};
use gongdan_proto::sla::v1::{Schedule, WorkingRecurrence, schedule::Recurrence, working_recurrence::Days};
use serde::Deserialize;

use super::Context;

const DEFAULT_ZONE: &str = "Asia/Shanghai";
const DEFAULT_CALENDAR: &str = "cn";

#[derive(Debug, Default, Clone, PartialEq, Eq, clap::Args, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct When {
    /// Cron expression: minute, hour, day of month, month, day of week, for example '0 9 * * MON'
    #[arg(long, value_name = "EXPRESSION", group = "when")]
    pub cron: Option<String>,
    /// On every working day, at --at
    #[arg(long, group = "when")]
    pub every_working_day: bool,
    /// On the N-th working day of the month, at --at
    #[arg(long, value_name = "N", group = "when", allow_negative_numbers = true)]
    pub day_of_month: Option<i32>,
    /// On the working day that N more follow in the month, at --at; 0 is the last
    #[arg(long, value_name = "N", group = "when", allow_negative_numbers = true)]
    pub before_month_end: Option<i32>,
    /// On the N-th working day of the week, at --at
    #[arg(long, value_name = "N", group = "when", allow_negative_numbers = true)]
    pub day_of_week: Option<i32>,
    /// With working days: time of day, 09:00; may be given more than once, in order
    #[arg(long = "at", value_name = "TIME", conflicts_with = "cron")]
    pub at: Vec<String>,
    /// With working days: only in this month, 1 to 12; may be given more than once, in order
    #[arg(long = "month", value_name = "N", conflicts_with = "cron")]
    #[serde(rename = "months")]
    pub month: Vec<i32>,
    /// With working days: key of the calendar; default: cn
    #[arg(long, value_name = "KEY", conflicts_with = "cron")]
    pub calendar: Option<String>,
    /// With working days: region code, for days of its own
    #[arg(long, value_name = "CODE", conflicts_with = "cron")]
    pub calendar_region: Option<String>,
    /// Time zone; default: the calendar's, with --cron Asia/Shanghai
    #[arg(long, value_name = "ZONE")]
    pub time_zone: Option<String>,
}

impl When {
    /// Whether something is said.
    pub fn is_given(&self) -> bool {
        *self != Self::default()
    }

    /// The recurrence and its zone.
    pub fn recurrence(self) -> Result<(Recurrence, String)> {
        let days = [
            self.every_working_day.then_some(Days::EveryWorkingDay(true)),
            self.day_of_month.map(Days::DayOfMonth),
            self.before_month_end.map(Days::BeforeMonthEnd),
            self.day_of_week.map(Days::DayOfWeek),
        ];
        let mut days = days.into_iter().flatten();
        let first = days.next();
        ensure!(
            days.next().is_none() && self.cron.is_some() != first.is_some(),
            "one of cron, every_working_day, day_of_month, before_month_end, day_of_week"
        );
        let Some(days) = first else {
            ensure!(
                self.at.is_empty()
                    && self.month.is_empty()
                    && self.calendar.is_none()
                    && self.calendar_region.is_none(),
                "at, month, calendar and calendar_region go with working days"
            );
            let zone = self.time_zone.unwrap_or_else(|| DEFAULT_ZONE.to_owned());
            return Ok((Recurrence::Cron(self.cron.unwrap_or_default()), zone));
        };
        let working = WorkingRecurrence {
            calendar: self.calendar.unwrap_or_else(|| DEFAULT_CALENDAR.to_owned()),
            region: self.calendar_region.unwrap_or_default(),
            days: Some(days),
            months: self.month,
            times: self.at,
        };
        Ok((Recurrence::Working(working), self.time_zone.unwrap_or_default()))
    }
}

/// When a schedule recurs, for people.
pub fn words(context: &Context, schedule: &Schedule) -> String {
    let working = match &schedule.recurrence {
        None => return String::new(),
        Some(Recurrence::Cron(cron)) => return format!("cron {cron}"),
        Some(Recurrence::Working(working)) => working,
    };
    let days = match working.days {
        None => String::new(),
        Some(Days::EveryWorkingDay(_)) => context.text("every working day", "每个工作日").to_owned(),
        Some(Days::DayOfMonth(n)) => {
            context.text(&format!("working day {n} of the month"), &format!("每月第 {n} 个工作日")).to_owned()
        }
        Some(Days::BeforeMonthEnd(0)) => {
            context.text("last working day of the month", "每月最后一个工作日").to_owned()
        }
        Some(Days::BeforeMonthEnd(n)) => context
            .text(&format!("{n} working days before the month's last"), &format!("月末前 {n} 个工作日"))
            .to_owned(),
        Some(Days::DayOfWeek(n)) => {
            context.text(&format!("working day {n} of the week"), &format!("每周第 {n} 个工作日")).to_owned()
        }
    };
    let months: Vec<String> = working.months.iter().map(i32::to_string).collect();
    let months = if months.is_empty() {
        String::new()
    } else {
        format!(" {}{}", context.text("in months ", "月份 "), months.join(","))
    };
    let region = if working.region.is_empty() { String::new() } else { format!("/{}", working.region) };
    format!("{days}{months} {} ({}{region})", working.times.join(" "), working.calendar)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_way_to_recur_is_given() {
        let cron = When { cron: Some("0 9 * * *".into()), ..When::default() };
        let (recurrence, zone) = cron.recurrence().unwrap();
        assert_eq!((recurrence, zone.as_str()), (Recurrence::Cron("0 9 * * *".into()), DEFAULT_ZONE));
        let last = When { before_month_end: Some(0), at: vec!["17:00".into()], ..When::default() };
        let (recurrence, zone) = last.recurrence().unwrap();
        let Recurrence::Working(working) = recurrence else { panic!("by working days") };
        assert_eq!(
            (working.calendar.as_str(), working.days, zone.as_str()),
            ("cn", Some(Days::BeforeMonthEnd(0)), "")
        );
        for bad in [
            When::default(),
            When { cron: Some("0 9 * * *".into()), every_working_day: true, ..When::default() },
            When { day_of_month: Some(1), day_of_week: Some(1), ..When::default() },
            When { cron: Some("0 9 * * *".into()), at: vec!["09:00".into()], ..When::default() },
        ] {
            bad.clone().recurrence().expect_err(&format!("{bad:?}"));
        }
    }
}
