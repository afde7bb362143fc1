//! Which courses are tried, and whether they can lead anywhere.

use super::Course;
use crate::{
    PersonEntry, Violation,
    duty::{DutyBook, Leave, Standing},
    id::check_line,
    strategy::Strategy,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The most skills that are asked for.
pub const MOST_SKILLS: usize = 10;

/// Who is to get the tickets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wish {
    /// Whoever makes sense.
    Anybody,
    /// This person.
    Person(String),
    /// Somebody of the unit.
    Strategy {
        /// How one is chosen.
        strategy: Strategy,
        /// Skills that are needed.
        skills: Vec<String>,
    },
    /// The stand-in of the leave.
    StandIn,
    /// The unit.
    Unit,
}

/// Courses in the order in which they are tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan(pub Vec<Course>);

impl Plan {
    /// Who was named or stands in.
    #[must_use]
    pub fn person(&self) -> Option<&str> {
        self.0.iter().find_map(|course| match course {
            Course::Person(person) | Course::StandIn(person) => Some(person.as_str()),
            Course::Strategy { .. } | Course::Unit => None,
        })
    }
}

/// What a wish comes to. Without one: the stand-in of the leave, and what they cannot take, or everything when there is no
/// stand-in, goes to the least loaded of the unit.
///
/// # Errors
/// When the stand-in is asked for, and there is none.
pub fn plan(wish: &Wish, leave: Option<&Leave>) -> Result<Plan, Violation> {
    let stand_in = || leave.and_then(|leave| leave.stand_in_id.clone()).map(Course::StandIn);
    let least = || Course::Strategy { strategy: Strategy::LeastLoaded, skills: Vec::new() };
    Ok(Plan(match wish {
        Wish::Anybody => stand_in().into_iter().chain([least()]).collect(),
        Wish::Person(person) => vec![Course::Person(person.clone())],
        Wish::Strategy { strategy, skills } => {
            vec![Course::Strategy { strategy: *strategy, skills: skills.clone() }]
        }
        Wish::StandIn => {
            let rule = if leave.is_some() {
                "the leave has no stand-in"
            } else {
                "no leave of the person runs: name one by `leave_id`"
            };
            vec![stand_in().ok_or_else(|| Violation::new("to.stand_in", rule.to_owned()))?]
        }
        Wish::Unit => vec![Course::Unit],
    }))
}

/// What is wrong with a strategy that nobody's rule names.
#[must_use]
pub fn check_strategy(strategy: Strategy, skills: &[String]) -> Vec<Violation> {
    let mut found = Vec::new();
    let mut refuse = |field: String, rule: String| found.push(Violation::new(field, rule));
    if strategy == Strategy::LastHandler {
        let rule = "round robin, least loaded or skill weighted: the last handler is who hands over";
        refuse("to.strategy.strategy".into(), rule.into());
    }
    if skills.len() > MOST_SKILLS {
        refuse("to.strategy.skills".into(), format!("at most {MOST_SKILLS}"));
    } else if skills.is_empty() && strategy == Strategy::SkillWeighted {
        refuse("to.strategy.skills".into(), "at least one, to weigh people by".into());
    }
    for (n, skill) in skills.iter().enumerate() {
        let field = format!("to.strategy.skills[{n}]");
        if let Err(rule) = check_line(skill, 1, 50) {
            refuse(field, rule);
        } else if skills[..n].contains(skill) {
            refuse(field, "given twice".into());
        }
    }
    found
}

/// What keeps a person who was named, or stands in, from taking anything of `from` that is with these units.
#[must_use]
pub fn check_taker(
    field: &str,
    (id, entry): (&str, Option<&PersonEntry>),
    from: &str,
    units: &[String],
    duty: &DutyBook,
    at: Timestamp,
) -> Option<Violation> {
    let refuse = |rule: String| Some(Violation::new(field, rule));
    let Some(entry) = entry else { return refuse(format!("no person `{id}`")) };
    if id == from {
        return refuse("somebody else than whose tickets they are".into());
    }
    if !entry.active {
        return refuse(format!("`{id}` is not active"));
    }
    let Some(unit) = units.iter().find(|unit| entry.handles && entry.unit_ids.contains(unit)) else {
        return refuse(format!("`{id}` handles no tickets in {}", quoted(units)));
    };
    match duty.unit(unit, at).of(id) {
        Standing::OnLeave { until, .. } => refuse(format!("`{id}` is on leave until {until}")),
        _ => None,
    }
}

fn quoted(units: &[String]) -> String {
    units.iter().map(|unit| format!("`{unit}`")).collect::<Vec<_>>().join(", ")
}
