//! One ticket.

use super::{Course, CourseKind, CourseTrial, Plan};
use crate::{
    Decided, Explanation, Target,
    decide::Directory,
    strategy::{Asked, Otherwise, Picked, Staff, Strategy, StrategyTarget, pick},
};
use jiff::Timestamp;

/// A ticket that somebody has in hand.
#[derive(Debug, Clone, Copy)]
pub struct InHand<'a> {
    /// Who.
    pub person_id: &'a str,
    /// The unit that holds it.
    pub unit_id: &'a str,
    /// People who returned it in this round.
    pub returned_by: &'a [String],
    /// People who claimed it in this round and put it back.
    pub put_back_by: &'a [String],
    /// Only who may see sensitive tickets can take it.
    pub sensitive: bool,
    /// A number of the ticket's own: who comes first of equals.
    pub lot: u64,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Given {
    /// It goes to a person, or to the unit as a whole.
    To(Box<Decided>),
    /// Nobody can take it.
    Nobody {
        /// One line for people.
        why: String,
        /// Who was considered.
        courses: Vec<CourseTrial>,
    },
}

/// Finds somebody and notes it; none when the loads of the unit's people have to be asked for first.
#[must_use]
pub fn give(
    directory: &Directory,
    plan: &Plan,
    ticket: &InHand<'_>,
    at: Timestamp,
    staff: &mut Staff,
) -> Option<Given> {
    let (mut courses, mut whys) = (Vec::new(), Vec::new());
    for course in &plan.0 {
        let (kind, strategy, skills, only) = match course {
            Course::Person(person) => (CourseKind::Person, Strategy::LeastLoaded, &[][..], Some(person)),
            Course::StandIn(person) => (CourseKind::StandIn, Strategy::LeastLoaded, &[][..], Some(person)),
            Course::Strategy { strategy, skills } => (CourseKind::Strategy, *strategy, &skills[..], None),
            Course::Unit => {
                courses.push(CourseTrial(CourseKind::Unit, None));
                let target = Target::Dispatch { unit_id: ticket.unit_id.to_owned(), person_id: None };
                return Some(to(ticket, target, "anybody of the unit", courses));
            }
        };
        let asked = Asked {
            last_handler: None,
            returned_by: ticket.returned_by,
            put_back_by: ticket.put_back_by,
            sensitive: ticket.sensitive,
            lot: ticket.lot,
            at,
            from: Some(ticket.person_id),
            only: only.map(String::as_str),
        };
        let among = StrategyTarget {
            unit_id: ticket.unit_id.to_owned(),
            strategy,
            skills: skills.to_vec(),
            capacity: directory.rules_capacity(ticket.unit_id),
            otherwise: Otherwise::Pool,
            claim_limit: 0,
        };
        let turn = turn_of(ticket.unit_id);
        let Picked { person_id, able, trial } = pick(directory, (0, &turn), &among, &asked, staff)?;
        let reasons = trial.reasons();
        courses.push(CourseTrial(kind, Some(trial)));
        if person_id.is_some() {
            let how = match course {
                Course::Person(_) => "who was named".to_owned(),
                Course::StandIn(_) => "who stands in".to_owned(),
                Course::Strategy { .. } | Course::Unit => {
                    format!("{}, 1 of {able} who could", strategy.words())
                }
            };
            let target = Target::Dispatch { unit_id: ticket.unit_id.to_owned(), person_id };
            return Some(to(ticket, target, &how, courses));
        }
        whys.push(match course {
            Course::Person(person) | Course::StandIn(person) => format!("{person}: {reasons}"),
            Course::Strategy { .. } | Course::Unit => format!("{}: {reasons}", strategy.words()),
        });
    }
    let why = format!("nobody of `{}` can take it: {}", ticket.unit_id, whys.join("; "));
    Some(Given::Nobody { why, courses })
}

/// What round robin of a unit's reassignments is called among the rules; no rule can have this id.
#[must_use]
pub fn turn_of(unit_id: &str) -> String {
    format!("reassignment/{unit_id}")
}

fn to(ticket: &InHand<'_>, target: Target, how: &str, courses: Vec<CourseTrial>) -> Given {
    Given::To(Box::new(Decided {
        summary: format!("`{}` hands over → {target}, {how}", ticket.person_id),
        target,
        assisting_unit_ids: Vec::new(),
        mark_sensitive: false,
        set_priority: 0,
        rule_revision: None,
        area_id: None,
        explanation: Explanation { courses, ..Explanation::default() },
    }))
}
