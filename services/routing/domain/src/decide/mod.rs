//! The decision: rules in order, then who answers for the asset or the customer, then areas, then the nearest second-level
//! desk, then the manual pool. Source: R4, R5, R7, R8.

mod direct;
mod directory;
mod target;

use crate::{
    TicketFacts,
    condition::{Variables, Verdict, deep},
    explanation::{AreaTrial, Detail, DirectOutcome, Explanation, Outcome, RuleTrial},
    responsible::Answerable,
    rule::{RuleAction, RuleTarget},
    strategy::{Asked, Otherwise, Staff, StrategyTarget, pick},
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

/// What is known of the people who had to do with a ticket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct History {
    /// Who had the customer's last ticket about the same item.
    pub last_handler: Option<String>,
    /// People who returned it in this round, or put it back.
    pub returned_by: Vec<String>,
    /// Of these, who claimed it and put it back.
    pub put_back_by: Vec<String>,
    /// The unit that received it first in this round; only known where it was returned and a rule asks for it.
    pub first_receiver: Option<String>,
    /// Units from which it was escalated in this round: only a rule that asks for the tier sends it there again, or to
    /// units below them.
    pub escalated_from: Vec<String>,
    /// Who answers for its asset or its customer, who comes first ahead.
    pub answerable: Vec<Answerable>,
    /// A number of the ticket's own: who comes first of equals.
    pub lot: u64,
}

/// A ticket to be decided about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The ticket.
    pub ticket: TicketFacts,
    /// What tickets refused already.
    pub refusals: Refusals,
    /// Who had to do with it.
    pub history: History,
}

/// Decides for each ticket at one instant, as if nobody had anything to do and nothing was known of earlier handlers.
#[must_use]
pub fn decide_all(directory: &Directory, tickets: &[(TicketFacts, Refusals)], at: Timestamp) -> Vec<Decided> {
    let questions: Vec<Question> = (0..)
        .zip(tickets)
        .map(|(lot, (ticket, refusals))| Question {
            ticket: ticket.clone(),
            refusals: refusals.clone(),
            history: History { lot, ..History::default() },
        })
        .collect();
    let mut staff = Staff::idle(u32::MAX);
    decide_staffed(directory, &questions, at, &mut staff).into_iter().flatten().collect()
}

/// Decides for each ticket at one instant, by what people have in hand; what is decided counts for the tickets after it.
/// None for a ticket that cannot be decided before the people of [`Staff::wanted`] are known.
#[must_use]
pub fn decide_staffed(
    directory: &Directory,
    questions: &[Question],
    at: Timestamp,
    staff: &mut Staff,
) -> Vec<Option<Decided>> {
    let moment = Moment { at, civil: at };
    let all = |staff: &mut Staff| {
        questions.iter().map(|question| decide_one(directory, question, moment, staff)).collect::<Vec<_>>()
    };
    if directory.rules().is_empty() { all(staff) } else { deep(|| all(staff)) }
}

/// Decides for one ticket, as if nobody had anything to do and only this were known of it. Only on a deep stack, when there are rules.
pub(crate) fn decide(
    directory: &Directory,
    ticket: &TicketFacts,
    history: &History,
    moment: Moment,
) -> Decided {
    let mut staff = Staff::idle(u32::MAX);
    search(directory, ticket, history, moment, &mut staff).decide(&Refusals::default())
}

fn decide_one(
    directory: &Directory,
    question: &Question,
    moment: Moment,
    staff: &mut Staff,
) -> Option<Decided> {
    let mut search = search(directory, &question.ticket, &question.history, moment, staff);
    let decided = search.decide(&question.refusals);
    (!search.unknown).then_some(decided)
}

fn search<'a>(
    directory: &'a Directory,
    ticket: &'a TicketFacts,
    history: &'a History,
    moment: Moment,
    staff: &'a mut Staff,
) -> Search<'a> {
    Search {
        directory,
        ticket,
        history,
        at: moment.at,
        civil: moment.civil,
        staff,
        unknown: false,
        picked: None,
        marks: Marks::default(),
        explanation: Explanation {
            excluded: ticket.returned_by.clone(),
            in_force: directory.rules().len(),
            ..Explanation::default()
        },
    }
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
    history: &'a History,
    at: Timestamp,
    civil: Timestamp,
    staff: &'a mut Staff,
    /// A strategy was asked about people who are not known yet: what comes out counts for nothing.
    unknown: bool,
    /// Whom a strategy named: that counts as theirs already.
    picked: Option<String>,
    marks: Marks,
    explanation: Explanation,
}

/// What a rule's target comes to.
enum Aim {
    To(Target, Option<String>),
    Not(Outcome, Option<Detail>),
    Unknown,
}

impl Search<'_> {
    fn decide(&mut self, refusals: &Refusals) -> Decided {
        let ticket = self.ticket;
        if ticket.arbitration {
            self.explanation.arbitration = true;
            let reason = format!(
                "arbitration: returned {} times, a dispatcher decides who answers for it",
                ticket.return_count
            );
            return self.pooled(reason);
        }
        if refusals.count >= REFUSALS_BEFORE_POOL {
            self.explanation.refusals = refusals.count;
            return self.pooled(format!(
                "{} decisions were refused, the last: {}",
                refusals.count, refusals.last_reason
            ));
        }
        let found = self.rules().or_else(|| self.direct()).or_else(|| self.areas()).or_else(|| self.desk());
        found.unwrap_or_else(|| self.nobody())
    }

    /// Nothing that is known leads anywhere.
    fn nobody(&mut self) -> Decided {
        let tried = &self.explanation;
        let of_rules = |outcome| tried.rules.iter().any(|trial| trial.1 == outcome);
        let of_any = |direct: DirectOutcome, outcome: Outcome| {
            of_rules(outcome)
                || tried.direct.iter().any(|trial| trial.outcome == direct)
                || tried.areas.iter().any(|trial| trial.1 == outcome)
                || tried.desks.iter().any(|trial| trial.1 == outcome)
        };
        let why = if of_rules(Outcome::NobodyAble) {
            "nobody of the units that rules name can take it, no area matches, and no desk can take it"
        } else if of_rules(Outcome::MayNotSeeIt) {
            "whom rules name may not see sensitive tickets, no area matches, and no desk can take it"
        } else if of_any(DirectOutcome::EscalatedFrom, Outcome::EscalatedFrom) {
            "it was escalated, and no other unit is named for it that has not returned it"
        } else if of_any(DirectOutcome::ReturnedIt, Outcome::ReturnedIt) {
            "every unit that rules, responsibilities and areas name and every desk around it has returned it"
        } else {
            "no rule, no responsible person, no area and no desk matches"
        };
        self.pooled(why.to_owned())
    }

    fn rules(&mut self) -> Option<Decided> {
        let directory = self.directory;
        let variables = Variables::new(self.ticket, self.civil);
        for rule in directory.rules() {
            let (outcome, detail, target) = match rule.condition.verdict(&variables) {
                Verdict::False(part) => (Outcome::NotMatched, Some(Detail::Part(part)), None),
                Verdict::Failed(error) => (Outcome::Failed, Some(Detail::Text(error)), None),
                Verdict::Holds => match &rule.action.target {
                    None => (Outcome::Marked, None, None),
                    Some(target) => match self.aim(rule, target) {
                        Aim::To(to, how) => {
                            let why = how.clone().filter(|_| *target == RuleTarget::FirstReceiver);
                            (Outcome::Chosen, why.map(Detail::Text), Some((to, how)))
                        }
                        Aim::Not(outcome, detail) => (outcome, detail, None),
                        Aim::Unknown => {
                            self.unknown = true;
                            return Some(self.pooled(String::new()));
                        }
                    },
                },
            };
            self.explanation.rules.push(RuleTrial(rule.revision, outcome, detail));
            if matches!(outcome, Outcome::Chosen | Outcome::Marked) {
                self.mark(&rule.action);
            }
            if let Some((target, how)) = target {
                let how = how.map(|how| format!(", {how}")).unwrap_or_default();
                let summary = format!("rule `{}` ({}) → {target}{how}", rule.id, rule.name);
                return Some(self.decided(target, Some(rule.revision), None, summary));
            }
        }
        None
    }

    /// Where a rule whose condition holds leads.
    fn aim(&mut self, rule: &RuleInForce, target: &RuleTarget) -> Aim {
        // Who writes a rule for a tier has escalated tickets in mind.
        let barred = if rule.condition.reads_tier() { &[][..] } else { &self.history.escalated_from };
        if *target == RuleTarget::FirstReceiver {
            return self.first_receiver(barred);
        }
        let not = |outcome, detail| Aim::Not(outcome, Some(Detail::Text(detail)));
        match (self.directory.resolve(target, &rule.name, self.ticket, barred, self.at), target) {
            (Err((outcome, detail)), _) => not(outcome, detail),
            (Ok(_), RuleTarget::Strategy(strategy)) => self.person(rule, strategy),
            (Ok(_), RuleTarget::Person { person_id, .. })
                if self.is_sensitive_by(rule) && !self.directory.sees_sensitive(person_id) =>
            {
                not(Outcome::MayNotSeeIt, person_id.clone())
            }
            (Ok(resolved), _) => Aim::To(resolved, None),
        }
    }

    /// To the unit that received it first (首接负责制), although it returned it. Source: R8.
    fn first_receiver(&self, barred: &[String]) -> Aim {
        let not = |outcome, why: String| Aim::Not(outcome, Some(Detail::Text(why)));
        match &self.history.first_receiver {
            None => {
                let why = "no first receiver: nobody returned it in this round".to_owned();
                not(Outcome::TargetGone, why)
            }
            Some(unit) if !self.directory.takes_part(unit, self.at) => {
                not(Outcome::TargetGone, format!("first receiver {unit}"))
            }
            Some(unit) if self.directory.is_within(unit, barred) => {
                not(Outcome::EscalatedFrom, format!("first receiver {unit}"))
            }
            Some(unit) => {
                let returned = self.ticket.returned_by.contains(unit);
                let how = if returned { "first receiver, although it returned it" } else { "first receiver" };
                Aim::To(Target::Dispatch { unit_id: unit.clone(), person_id: None }, Some(how.to_owned()))
            }
        }
    }

    fn person(&mut self, rule: &RuleInForce, strategy: &StrategyTarget) -> Aim {
        let asked = Asked {
            last_handler: self.history.last_handler.as_deref(),
            returned_by: &self.history.returned_by,
            put_back_by: &self.history.put_back_by,
            sensitive: self.is_sensitive_by(rule),
            lot: self.history.lot,
            at: self.at,
            from: None,
            only: None,
        };
        let named = (rule.revision, rule.id.as_str());
        let Some(picked) = pick(self.directory, named, strategy, &asked, self.staff) else {
            return Aim::Unknown;
        };
        let unit_id = strategy.unit_id.clone();
        let reasons = picked.trial.reasons();
        self.explanation.staff.push(picked.trial);
        match (picked.person_id, strategy.otherwise) {
            (Some(person), _) => {
                let how = format!("{}, 1 of {} who could", strategy.strategy.words(), picked.able);
                self.picked = Some(person.clone());
                Aim::To(Target::Dispatch { unit_id, person_id: Some(person) }, Some(how))
            }
            (None, Otherwise::Pool) => {
                let reason = format!("nobody of `{unit_id}` can take it: {reasons}");
                let claim_limit = strategy.claim_limit;
                let pool = Target::Pool { unit_id: Some(unit_id), reason: reason.clone(), claim_limit };
                Aim::To(pool, Some(reason))
            }
            (None, Otherwise::NextRule) => {
                Aim::Not(Outcome::NobodyAble, Some(Detail::Text(format!("{unit_id}: {reasons}"))))
            }
        }
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
                None if self.escalated_from(&area.unit_id) => Outcome::EscalatedFrom,
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

    /// Whether it was escalated from there or from above it, past whoever answers for it.
    fn escalated_from(&self, unit_id: &str) -> bool {
        self.directory.is_within(unit_id, &self.history.escalated_from)
    }

    /// Whether it is sensitive, or is made so by rules that were tried.
    fn is_sensitive(&self) -> bool {
        self.ticket.sensitive || self.marks.sensitive
    }

    /// The same, once a rule has decided.
    fn is_sensitive_by(&self, rule: &RuleInForce) -> bool {
        self.is_sensitive() || rule.action.mark_sensitive
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
        self.decided(Target::Pool { unit_id: None, reason, claim_limit: 0 }, None, None, summary)
    }

    fn decided(&mut self, target: Target, rule: Option<i64>, area: Option<i64>, summary: String) -> Decided {
        if let Some(person) = target.person_id().filter(|person| self.picked.as_deref() != Some(*person)) {
            self.staff.name(person);
        }
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
