//! What is refused of a definition, each fault named with its place. Source: T31.

mod ways;

use super::{
    checked::{Guard, InUnit, ReviewStep, Signer, Step, Transition, Who, Workflow},
    definition::{
        CENTRE, Definition, LEAD, ReviewDefinition, START, SignerDefinition, StepDefinition, Words,
    },
    facts::{SAMPLES, VARIABLES},
    moves::Move,
};
use crate::{
    names::{PrincipalId, UnitId},
    vocabulary::Phase,
};
use gongdan_cel::{Expression, Facts, Language};
use std::collections::HashMap;

/// Roles that transitions and signers may name.
pub const ROLES: [&str; 10] = [
    "citizen",
    "agent",
    "handler",
    "unit_leader",
    "dispatcher",
    "auditor",
    "supervisor",
    "analyst",
    "administrator",
    "service",
];

const MAX_STEPS: usize = 60;
const MAX_TRANSITIONS: usize = 300;
const MAX_SIGNERS: usize = 20;
const LONGEST_NAME: usize = 100;

/// Something that is wrong with a definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where, for example `transition[3].guard`; counted from 1.
    pub at: String,
    /// Line inside a guard, from 1; 0 elsewhere.
    pub line: usize,
    /// Column inside a guard, from 1; 0 elsewhere.
    pub column: usize,
    /// What.
    pub message: String,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.at, self.message),
            line => write!(f, "{} (line {line}, column {}): {}", self.at, self.column, self.message),
        }
    }
}

impl Workflow {
    /// Checks a definition and compiles its guards.
    ///
    /// # Errors
    /// Every fault: bad and double names, what contradicts the fixed phases, unknown roles, bad guards with their position,
    /// steps that cannot be reached, and steps that lead nowhere.
    pub fn check(definition: Definition, version: i32) -> Result<Self, Vec<Fault>> {
        let mut check = Check { definition: &definition, faults: Vec::new() };
        check.heads();
        let steps = check.steps();
        let transitions = check.transitions(&steps);
        if check.faults.is_empty() {
            check.shadowed(&steps, &transitions);
            check.reach(&steps, &transitions);
        }
        let faults = check.faults;
        if faults.is_empty() { Ok(Self { version, definition, steps, transitions }) } else { Err(faults) }
    }
}

struct Check<'a> {
    definition: &'a Definition,
    faults: Vec<Fault>,
}

impl Check<'_> {
    fn fault(&mut self, at: impl Into<String>, message: impl Into<String>) {
        self.faults.push(Fault { at: at.into(), line: 0, column: 0, message: message.into() });
    }

    fn name(&mut self, at: &str, name: &str) {
        let good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_');
        if !(1..=40).contains(&name.len()) || !name.bytes().all(good) {
            self.fault(at, "1 to 40 of a-z, 0-9, '-', '_'");
        }
    }

    fn words(&mut self, at: &str, words: &Words) {
        for (language, text) in [("zh", &words.zh), ("en", &words.en)] {
            if text.trim().is_empty()
                || text.chars().count() > LONGEST_NAME
                || text.chars().any(char::is_control)
            {
                self.fault(format!("{at}.{language}"), format!("1 to {LONGEST_NAME} characters, one line"));
            }
        }
    }

    fn heads(&mut self) {
        self.name("key", &self.definition.key);
        self.words("name", &self.definition.name);
        for (what, count, most) in [
            ("step", self.definition.steps.len(), MAX_STEPS),
            ("transition", self.definition.transitions.len(), MAX_TRANSITIONS),
        ] {
            if !(1..=most).contains(&count) {
                self.fault(what, format!("1 to {most} of them"));
            }
        }
    }

    fn steps(&mut self) -> Vec<Step> {
        let definition = self.definition;
        let mut seen: HashMap<&str, usize> = HashMap::new();
        let mut steps = Vec::with_capacity(definition.steps.len());
        for (number, step) in (1..).zip(&definition.steps) {
            let at = format!("step[{number}]");
            self.name(&format!("{at}.key"), &step.key);
            if step.key == START {
                self.fault(format!("{at}.key"), "`start` is where tickets begin, and no step");
            }
            if let Some(first) = seen.insert(&step.key, number) {
                self.fault(
                    format!("{at}.key"),
                    format!("`{}` is the name of step[{first}] already", step.key),
                );
            }
            self.words(&format!("{at}.name"), &step.name);
            let phase = Phase::from_name(&step.phase);
            if phase.is_none() {
                let all: Vec<&str> = Phase::ALL.iter().map(|phase| phase.name()).collect();
                self.fault(
                    format!("{at}.phase"),
                    format!("unknown phase `{}`; there are {}", step.phase, all.join(", ")),
                );
            }
            let review = self.review(&at, step, phase);
            steps.push(Step {
                key: step.key.clone(),
                // Nothing is compiled from it once there is a fault.
                phase: phase.unwrap_or(Phase::Draft),
                name: step.name.clone(),
                review,
            });
        }
        steps
    }

    fn review(&mut self, at: &str, step: &StepDefinition, phase: Option<Phase>) -> Option<ReviewStep> {
        let at = format!("{at}.review");
        let Some(ReviewDefinition { mode, signers }) = &step.review else {
            if phase == Some(Phase::InReview) {
                self.fault(at, "a step in review says who signs");
            }
            return None;
        };
        if phase.is_some_and(|phase| phase != Phase::InReview) {
            self.fault(&at, "only steps of phase in_review are signed");
        }
        if !matches!(mode.as_str(), "all_of" | "any_of") {
            self.fault(format!("{at}.mode"), "`all_of` or `any_of`");
        }
        if !(1..=MAX_SIGNERS).contains(&signers.len()) {
            self.fault(format!("{at}.signers"), format!("1 to {MAX_SIGNERS} of them"));
        }
        let mut known: Vec<Signer> = Vec::new();
        for (number, signer) in (1..).zip(signers) {
            let at = format!("{at}.signers[{number}]");
            let Some(signer) = self.signer(&at, signer) else { continue };
            if known.iter().any(|other| other.who == signer.who) {
                self.fault(at, format!("{signer} signs here already"));
            }
            known.push(signer);
        }
        Some(ReviewStep { all: mode == "all_of", signers: known })
    }

    fn signer(&mut self, at: &str, signer: &SignerDefinition) -> Option<Signer> {
        if let Some(name) = &signer.name {
            self.words(&format!("{at}.name"), name);
        }
        let who = match (&signer.person, &signer.role) {
            (Some(person), None) => {
                if signer.unit.is_some() {
                    self.fault(format!("{at}.unit"), "of a person, the unit is not asked");
                }
                match PrincipalId::parse(person) {
                    Ok(person) => Who::Person(person),
                    Err(error) => {
                        self.fault(format!("{at}.person"), error.to_string());
                        return None;
                    }
                }
            }
            (None, Some(role)) => {
                self.role(&format!("{at}.role"), role);
                let unit = match signer.unit.as_deref() {
                    None => InUnit::Any,
                    Some(LEAD) => InUnit::Lead,
                    Some(CENTRE) => InUnit::Centre,
                    Some(unit) => match UnitId::parse(unit) {
                        Ok(unit) => InUnit::Unit(unit),
                        Err(error) => {
                            self.fault(
                                format!("{at}.unit"),
                                format!("`@lead`, `@centre`, or a unit's id: {error}"),
                            );
                            return None;
                        }
                    },
                };
                Who::Role { role: role.clone(), unit }
            }
            _ => {
                self.fault(at, "a person, or a role");
                return None;
            }
        };
        Some(Signer { who, name: signer.name.clone().unwrap_or_default() })
    }

    fn role(&mut self, at: &str, role: &str) {
        if !ROLES.contains(&role) {
            self.fault(at, format!("unknown role `{role}`; there are {}", ROLES.join(", ")));
        }
    }

    fn transitions(&mut self, steps: &[Step]) -> Vec<Transition> {
        let definition = self.definition;
        let mut transitions = Vec::with_capacity(definition.transitions.len());
        for (number, transition) in (1..).zip(&definition.transitions) {
            let at = format!("transition[{number}]");
            let action = Move::from_name(&transition.action);
            if action.is_none() {
                let all: Vec<&str> = Move::ALL.iter().map(|action| action.name()).collect();
                self.fault(
                    format!("{at}.action"),
                    format!("unknown action `{}`; there are {}", transition.action, all.join(", ")),
                );
            }
            let place = |key: &str| steps.iter().position(|step| step.key == key);
            let to = place(&transition.to);
            if to.is_none() {
                self.fault(format!("{at}.to"), format!("no step `{}`", transition.to));
            }
            if transition.from.is_empty() {
                self.fault(format!("{at}.from"), "at least one step, or `start`");
            }
            let mut from: Vec<Option<usize>> = Vec::new();
            for key in &transition.from {
                let before = if key == START { Some(None) } else { place(key).map(Some) };
                let Some(before) = before else {
                    self.fault(format!("{at}.from"), format!("no step `{key}`"));
                    continue;
                };
                if from.contains(&before) {
                    self.fault(format!("{at}.from"), format!("`{key}` is named twice"));
                }
                from.push(before);
                if let (Some(action), Some(to)) = (action, to) {
                    self.phases(&at, action, before.map(|b| &steps[b]), &steps[to]);
                }
            }
            for role in &transition.roles {
                self.role(&format!("{at}.roles"), role);
            }
            if let Some(because) = &transition.because {
                self.words(&format!("{at}.because"), because);
            }
            let guard = transition.guard.as_deref().and_then(|source| {
                let expression = self.guard(&format!("{at}.guard"), source)?;
                Some(Guard { source: source.to_owned(), expression, because: transition.because.clone() })
            });
            if let (Some(action), Some(to)) = (action, to) {
                transitions.push(Transition { action, from, to, roles: transition.roles.clone(), guard });
            }
        }
        transitions
    }

    /// Refuses what the fixed table of phases does not allow. Source: GLOSSARY.
    fn phases(&mut self, at: &str, action: Move, from: Option<&Step>, to: &Step) {
        if action.leads(from.map(|step| step.phase), to.phase) {
            if action == Move::Advance && from.is_some_and(|step| step.key == to.key) {
                self.fault(at, format!("`advance` from `{}` to itself", to.key));
            }
            return;
        }
        let (before, after) = action.table();
        let name = |phase: &Option<Phase>| phase.map_or(START, Phase::name);
        let before: Vec<&str> = before.iter().map(name).collect();
        let after: Vec<&str> = after.iter().map(|phase| phase.name()).collect();
        let (from, phase) = from.map_or((START, START), |step| (step.key.as_str(), step.phase.name()));
        let same = if action == Move::Advance { ", within one phase" } else { "" };
        self.fault(
            at,
            format!(
                "`{action}` leads from {} to {}{same}; not from `{from}` ({phase}) to `{}` ({})",
                before.join(", "),
                after.join(", "),
                to.key,
                to.phase
            ),
        );
    }

    fn guard(&mut self, at: &str, source: &str) -> Option<Expression> {
        let samples: Vec<(&str, &dyn Facts)> =
            SAMPLES.iter().map(|sample| (sample.name, sample as &dyn Facts)).collect();
        match Expression::compile(
            source,
            &Language { variables: &VARIABLES, samples: &samples, total: true, texts: None },
        ) {
            Ok(expression) => Some(expression),
            Err(error) => {
                let (line, column) = (error.line, error.column);
                self.faults.push(Fault { at: at.to_owned(), line, column, message: error.message });
                None
            }
        }
    }
}
