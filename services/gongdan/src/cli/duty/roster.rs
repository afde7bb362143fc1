//! `gongdan roster`

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Subcommand;
use gongdan_proto::routing::v1::{
    DeleteRosterRequest, GetRosterRequest, ListRostersRequest, PersonCapacity, PutRosterRequest, Roster,
    Shift, SwapDutyRequest,
};
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeMap;

use super::{Context, Table, client, swaps};

const ROSTER: &str = "gongdan.routing.v1.Roster";

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Makes rosters or changes them, from a JSON file with one or a list of them
    Put {
        /// {"id": "nights", "unit_id": "tianhe-env", "shifts": [{"name": "夜班", "people": ["li.wei"],
        /// "weekdays": [1, 5], "start": "22:00", "end": "06:00"}]}
        file: PathBuf,
        /// Only if the roster is still as it was read
        #[arg(long, default_value = "")]
        etag: String,
    },
    /// Shows a roster with its shifts
    Show {
        /// Its id
        id: String,
    },
    /// Rosters, in the order of their ids
    List {
        /// Only of this unit
        #[arg(long, default_value = "", value_name = "UNIT")]
        unit: String,
    },
    /// Takes a roster out
    Delete {
        /// Its id
        id: String,
        /// Only if it is still as it was read
        #[arg(long, default_value = "")]
        etag: String,
    },
    /// Gives one shift of one day to somebody else (临时变动)
    Swap {
        /// The roster
        roster: String,
        /// The shift, by its name
        #[arg(long)]
        shift: String,
        /// The day it begins on: 2026-12-05
        #[arg(long)]
        date: String,
        /// Whose shift it is
        #[arg(long, value_name = "PERSON")]
        of: String,
        /// Who has it instead; without, it is given back
        #[arg(long, value_name = "PERSON", default_value = "")]
        to: String,
    },
}

/// A roster as it is written in files.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    id: String,
    #[serde(default)]
    name: String,
    unit_id: String,
    #[serde(default)]
    time_zone: String,
    #[serde(default)]
    capacity: i32,
    #[serde(default)]
    capacities: BTreeMap<String, i32>,
    shifts: Vec<WrittenShift>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenShift {
    name: String,
    people: Vec<String>,
    #[serde(default)]
    weekdays: Vec<i32>,
    #[serde(default)]
    dates: Vec<String>,
    #[serde(default)]
    except_dates: Vec<String>,
    #[serde(default)]
    first_date: String,
    #[serde(default)]
    last_date: String,
    start: String,
    end: String,
}

pub async fn run(context: &Context, command: Command) -> Result<()> {
    let mut client = client(context)?;
    match command {
        Command::Put { file, etag } => {
            let text = std::fs::read_to_string(&file).with_context(|| file.display().to_string())?;
            let mut written = Vec::new();
            for roster in read(&text).with_context(|| file.display().to_string())? {
                let request = PutRosterRequest {
                    request_id: context.request_id(),
                    roster: Some(roster),
                    etag: etag.clone(),
                };
                written.push(client.put_roster(request).await?.into_inner());
            }
            list(context, &written)?;
            written.iter().try_for_each(|roster| swaps::say_dropped(context, &roster.dropped_swaps))
        }
        Command::Show { id } => {
            let roster = client.get_roster(GetRosterRequest { id }).await?.into_inner();
            show(context, &roster)
        }
        Command::List { unit } => {
            let mut request = ListRostersRequest { unit_id: unit, page_size: 200, ..Default::default() };
            let mut rosters = Vec::new();
            loop {
                let page = client.list_rosters(request.clone()).await?.into_inner();
                rosters.extend(page.rosters);
                if page.next_page_token.is_empty() {
                    break;
                }
                request.page_token = page.next_page_token;
            }
            list(context, &rosters)
        }
        Command::Delete { id, etag } => {
            let request = DeleteRosterRequest { request_id: context.request_id(), id, etag };
            let roster = client.delete_roster(request).await?.into_inner();
            if context.is_json() {
                return context.print_json(&context.json(ROSTER, &roster)?);
            }
            context.say(&format!("{} {}", context.text("taken out:", "已删除："), roster.id))
        }
        Command::Swap { roster, shift, date, of, to } => {
            let request = SwapDutyRequest {
                request_id: context.request_id(),
                roster_id: roster,
                shift,
                date,
                person_id: of,
                stand_in_id: to,
            };
            let swap = client.swap_duty(request).await?.into_inner();
            if context.is_json() {
                return context.print_json(&context.json("gongdan.routing.v1.Swap", &swap)?);
            }
            let who = if swap.stand_in_id.is_empty() { &swap.person_id } else { &swap.stand_in_id };
            context.say(&format!("{} {} → {who}", swap.date, swap.shift))
        }
    }
}

fn read(text: &str) -> Result<Vec<Roster>> {
    let value: serde_json::Value = serde_json::from_str(text)?;
    let values = match value {
        serde_json::Value::Array(values) => values,
        one => vec![one],
    };
    let roster = |(n, value)| -> Result<Roster> {
        let written: Written = serde_json::from_value(value).with_context(|| format!("roster {}", n + 1))?;
        Ok(written.into())
    };
    values.into_iter().enumerate().map(roster).collect()
}

impl From<Written> for Roster {
    fn from(written: Written) -> Roster {
        let capacities = written.capacities.into_iter();
        Roster {
            id: written.id,
            name: written.name,
            unit_id: written.unit_id,
            time_zone: written.time_zone,
            capacity: written.capacity,
            capacities: capacities
                .map(|(person_id, capacity)| PersonCapacity { person_id, capacity })
                .collect(),
            shifts: written.shifts.into_iter().map(Into::into).collect(),
            ..Roster::default()
        }
    }
}

impl From<WrittenShift> for Shift {
    fn from(written: WrittenShift) -> Shift {
        Shift {
            name: written.name,
            person_ids: written.people,
            weekdays: written.weekdays,
            dates: written.dates,
            except_dates: written.except_dates,
            first_date: written.first_date,
            last_date: written.last_date,
            start: written.start,
            end: written.end,
        }
    }
}

fn list(context: &Context, rosters: &[Roster]) -> Result<()> {
    let json = || {
        let rosters =
            rosters.iter().map(|roster| context.json(ROSTER, roster)).collect::<Result<Vec<_>>>()?;
        Ok(json!({ "rosters": rosters }))
    };
    context.print(json, || {
        let heads = [
            ("id", "编号"),
            ("name", "名称"),
            ("unit", "单位"),
            ("shifts", "班次"),
            ("capacity", "容量"),
            ("etag", "版本"),
        ];
        let mut table = Table::new(heads.map(|(english, chinese)| context.text(english, chinese)));
        for roster in rosters {
            let shifts: Vec<&str> = roster.shifts.iter().map(|shift| shift.name.as_str()).collect();
            table.row([
                roster.id.clone(),
                roster.name.clone(),
                roster.unit_id.clone(),
                shifts.join(" "),
                number(roster.capacity),
                roster.etag.clone(),
            ]);
        }
        table
    })
}

fn show(context: &Context, roster: &Roster) -> Result<()> {
    context.print(
        || context.json(ROSTER, roster),
        || {
            let heads = [("shift", "班次"), ("hours", "时间"), ("days", "日期"), ("people", "人员")];
            let mut table = Table::new(heads.map(|(english, chinese)| context.text(english, chinese)));
            for shift in &roster.shifts {
                table.row([
                    shift.name.clone(),
                    format!("{}–{}", shift.start, shift.end),
                    days(context, shift),
                    shift.person_ids.join(" "),
                ]);
            }
            table
        },
    )
}

fn days(context: &Context, shift: &Shift) -> String {
    const ENGLISH: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    const CHINESE: [&str; 7] = ["一", "二", "三", "四", "五", "六", "日"];
    let name = |day: &i32| {
        let at = usize::try_from(day - 1).unwrap_or(0) % 7;
        context.text(ENGLISH[at], CHINESE[at]).to_owned()
    };
    let mut words: Vec<String> = shift.weekdays.iter().map(name).collect();
    words.extend(shift.dates.iter().cloned());
    if !shift.first_date.is_empty() || !shift.last_date.is_empty() {
        words.push(format!("{}…{}", shift.first_date, shift.last_date));
    }
    if !shift.except_dates.is_empty() {
        words.push(format!("{} {}", context.text("but not", "除"), shift.except_dates.join(" ")));
    }
    words.join(" ")
}

fn number(number: i32) -> String {
    if number == 0 { String::new() } else { number.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_a_roster_or_a_list_of_them() {
        let shift = r#"{"name": "夜班", "people": ["a"], "weekdays": [5], "start": "22:00", "end": "06:00"}"#;
        let one = read(&format!(
            r#"{{"id": "n", "unit_id": "env", "capacities": {{"a": 3}}, "shifts": [{shift}]}}"#
        ))
        .unwrap();
        assert_eq!((one[0].shifts[0].end.as_str(), one[0].capacities[0].capacity), ("06:00", 3));
        assert_eq!(read("[]").unwrap().len(), 0);
        let wrong = read(r#"[{"id": "n", "unit": "env", "shifts": []}]"#).unwrap_err();
        assert!(format!("{wrong:#}").contains("roster 1"), "{wrong:#}");
    }
}
