//! The decision: rules in order, then areas, then the manual pool. Source: R4, R5, R7, R8.

mod directory;
mod target;

use crate::{
    TicketFacts,
    condition::{Variables, Verdict, deep},
    explanation::{AreaTrial, Detail, Explanation, Outcome, RuleTrial},
    rule::RuleAction,
};
use jiff::Timestamp;

pub use directory::{Directory, PersonEntry, RuleInForce};
pub use target::Target;

/// After this many refused decisions for one round of a ticket it goes to the manual pool without further search.
pub const REFUSALS_BEFORE_POOL: usize = 3;

/// Decisions of this round that tickets refused although the ticket still waits.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Refusals {
    /// How many.
    pub count: usize,
    /// Why the last one was.
    pub last_reason: String,
}

/// What was decided, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// Where the ticket goes.
    pub target: Target,
    /// Units that are to assist.
    pub assisting_unit_ids: Vec<String>,
    /// Marks the ticket as sensitive.
    pub mark_sensitive: bool,
    /// 1 to 5; 0 leaves the priority.
    pub set_priority: u8,
    /// Revision of the rule that decided.
    pub rule_revision: Option<i64>,
    /// The area that decided.
    pub area_id: Option<i64>,
    /// One line for people.
    pub summary: String,
    /// Every step.
    pub explanation: Explanation,
}

/// When a decision is made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    /// When units and people have to be there.
    pub at: Timestamp,
    /// What conditions see as the time.
    pub civil: Timestamp,
}

/// Decides for each ticket at one instant.
#[must_use]
pub fn decide_all(directory: &Directory, tickets: &[(TicketFacts, Refusals)], at: Timestamp) -> Vec<Decided> {
    let moment = Moment { at, civil: at };
    let all =
        || tickets.iter().map(|(ticket, refusals)| decide(directory, ticket, refusals, moment)).collect();
    if directory.rules().is_empty() { all() } else { deep(all) }
}

/// Decides for one ticket. Only on a deep stack, when there are rules.
pub(crate) fn decide(
    directory: &Directory,
    ticket: &TicketFacts,
    refusals: &Refusals,
    moment: Moment,
) -> Decided {
    let mut search = Search {
        directory,
        ticket,
        at: moment.at,
        civil: moment.civil,
        marks: Marks::default(),
        explanation: Explanation {
            excluded: ticket.returned_by.clone(),
            in_force: directory.rules().len(),
            ..Explanation::default()
        },
    };
    if ticket.arbitration {
        search.explanation.arbitration = true;
        let reason = format!(
            "arbitration: returned {} times, a dispatcher decides who answers for it",
            ticket.return_count
        );
        return search.pooled(reason);
    }
    if refusals.count >= REFUSALS_BEFORE_POOL {
        search.explanation.refusals = refusals.count;
        return search.pooled(format!(
            "{} decisions were refused, the last: {}",
            refusals.count, refusals.last_reason
        ));
    }
    search.rules().or_else(|| search.areas()).unwrap_or_else(|| {
        let returned = search.explanation.rules.iter().any(|trial| trial.1 == Outcome::ReturnedIt)
            || search.explanation.areas.iter().any(|trial| trial.1 == Outcome::ReturnedIt);
        let why = if returned {
            "every unit that rules and areas name has returned it"
        } else {
            "no rule and no area matches"
        };
        search.pooled(why.to_owned())
    })
}

/// What rules add to a ticket, whoever gets it.
#[derive(Debug, Clone, Default)]
struct Marks {
    assisting: Vec<String>,
    sensitive: bool,
    priority: u8,
}

struct Search<'a> {
    directory: &'a Directory,
    ticket: &'a TicketFacts,
    at: Timestamp,
    civil: Timestamp,
    marks: Marks,
    explanation: Explanation,
}

impl Search<'_> {
    fn rules(&mut self) -> Option<Decided> {
        let directory = self.directory;
        let variables = Variables::new(self.ticket, self.civil);
        for rule in directory.rules() {
            let (outcome, detail, target) = match rule.condition.verdict(&variables) {
                Verdict::False(part) => (Outcome::NotMatched, Some(Detail::Part(part)), None),
                Verdict::Failed(error) => (Outcome::Failed, Some(Detail::Text(error)), None),
                Verdict::Holds => match &rule.action.target {
                    None => (Outcome::Marked, None, None),
                    Some(target) => match directory.resolve(target, &rule.name, self.ticket, self.at) {
                        Ok(target) => (Outcome::Chosen, None, Some(target)),
                        Err((outcome, detail)) => (outcome, Some(Detail::Text(detail)), None),
                    },
                },
            };
            self.explanation.rules.push(RuleTrial(rule.revision, outcome, detail));
            if matches!(outcome, Outcome::Chosen | Outcome::Marked) {
                self.mark(&rule.action);
            }
            if let Some(target) = target {
                let summary = format!("rule `{}` ({}) → {target}", rule.id, rule.name);
                return Some(self.decided(target, Some(rule.revision), None, summary));
            }
        }
        None
    }

    fn areas(&mut self) -> Option<Decided> {
        let directory = self.directory;
        let candidates =
            directory.areas().candidates(self.ticket.grid.unwrap_or(self.ticket.region), &self.ticket.item);
        self.explanation.other_items = candidates.for_other_items;
        let mut chosen = None;
        for area in candidates.for_item {
            let outcome = match chosen {
                Some(_) => Outcome::LessSpecific,
                None if self.ticket.returned_by.contains(&area.unit_id) => Outcome::ReturnedIt,
                None if !directory.takes_part(&area.unit_id, self.at) => Outcome::TargetGone,
                None => {
                    chosen = Some(area);
                    Outcome::Chosen
                }
            };
            self.explanation.areas.push(AreaTrial(area.id, outcome));
        }
        let area = chosen?;
        let target = Target::Dispatch { unit_id: area.unit_id.clone(), person_id: None };
        let branch = if area.item.is_empty() { "every item" } else { &area.item };
        let summary = format!("area {:012}, {branch} → {target}", area.range.start);
        Some(self.decided(target, None, Some(area.id), summary))
    }

    /// Of two rules that set the priority the earlier one counts.
    fn mark(&mut self, action: &RuleAction) {
        self.marks.sensitive |= action.mark_sensitive;
        if self.marks.priority == 0 {
            self.marks.priority = action.set_priority;
        }
        for unit in &action.assisting_unit_ids {
            if !self.marks.assisting.contains(unit) {
                self.marks.assisting.push(unit.clone());
            }
        }
    }

    fn pooled(&mut self, reason: String) -> Decided {
        let summary = format!("manual pool: {reason}");
        self.decided(Target::Pool { unit_id: None, reason }, None, None, summary)
    }

    fn decided(&mut self, target: Target, rule: Option<i64>, area: Option<i64>, summary: String) -> Decided {
        let marks = std::mem::take(&mut self.marks);
        let assists = |unit: &String| {
            target.unit_id() != Some(unit)
                && !self.ticket.returned_by.contains(unit)
                && self.directory.takes_part(unit, self.at)
        };
        Decided {
            assisting_unit_ids: marks.assisting.into_iter().filter(assists).collect(),
            mark_sensitive: marks.sensitive,
            set_priority: marks.priority,
            rule_revision: rule,
            area_id: area,
            summary,
            explanation: std::mem::take(&mut self.explanation),
            target,
        }
    }
}

#[cfg(test)]
mod tests;
