//! Every act held to the workflow of its ticket. Source: T31.

use super::{
    checked::{Guard, Step, Transition, Workflow},
    definition::{START, Words},
    facts::Seen,
    moves::Move,
};
use crate::{
    actor::Actor,
    change::{Changed, Event},
    refusal::Refusal,
    ticket::Ticket,
    vocabulary::{Origin, Phase},
};
use gongdan_cel::{Verdict, deep};

/// Where a ticket stands in its workflow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Key of the workflow.
    pub workflow: String,
    /// The version the ticket began with, or was brought to.
    pub version: i32,
    /// Key of the step.
    pub step: String,
    /// The step at which it was last worked on: where it goes back to after a suspension; empty: none in this handling.
    pub worked_at: String,
}

/// For whom a transition is looked for.
#[derive(Debug, Clone, Copy)]
pub enum Acting<'a> {
    /// Somebody with these roles.
    Roles(&'a [&'a str]),
    /// One of the suite's programs: held to transitions and guards, not to roles.
    Program,
}

impl<'a> Acting<'a> {
    fn roles(self) -> &'a [&'a str] {
        match self {
            Self::Roles(roles) => roles,
            Self::Program => &[],
        }
    }
}

/// What would have been needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Needed {
    /// To be at one of these steps; none: the workflow has no such act.
    Steps(Vec<String>),
    /// One of these roles.
    Roles(Vec<String>),
    /// The guard to hold.
    Guard {
        /// The part of it that does not.
        source: String,
        /// In words.
        because: Option<Words>,
    },
}

impl std::fmt::Display for Needed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Steps(steps) if steps.is_empty() => f.write_str("the workflow has no way for it"),
            Self::Steps(steps) => write!(f, "it is possible at {}", steps.join(", ")),
            Self::Roles(roles) => write!(f, "it needs one of the roles {}", roles.join(", ")),
            Self::Guard { source, because: None } => write!(f, "it needs `{source}`"),
            Self::Guard { source, because: Some(because) } => {
                write!(f, "{} ({}): it needs `{source}`", because.en, because.zh)
            }
        }
    }
}

/// Where a transition is to lead.
#[derive(Debug, Clone, Copy)]
pub(crate) enum To<'a> {
    /// To a step of this phase; of several, rather to this one.
    Phase(Phase, &'a str),
    /// To this step.
    Step(&'a str),
}

/// Stamps each event and the ticket with the step that is reached, or refuses the act.
///
/// What moves no ticket leaves the step alone; what is written down of the past is not judged.
///
/// # Errors
/// When no transition of the workflow allows it, with what would have been needed.
pub fn govern(workflow: &Workflow, mut changed: Changed, acting: Acting<'_>) -> Result<Changed, Refusal> {
    let mut place = changed.ticket.groups.workflow.place.clone();
    for (event, after) in &mut changed.steps {
        let next = next(workflow, place.as_ref(), event, after, acting)?;
        event.place = Some(next.clone());
        after.groups.workflow.place = Some(next.clone());
        place = Some(next);
    }
    changed.ticket.groups.workflow.place = place;
    Ok(changed)
}

fn next(
    workflow: &Workflow,
    place: Option<&Place>,
    event: &Event,
    after: &Ticket,
    acting: Acting<'_>,
) -> Result<Place, Refusal> {
    // An undone merge leaves it where it stood.
    let back = event.change.comes_back_to();
    if let Some(back) =
        back.filter(|back| (back.workflow.as_str(), back.version) == (workflow.key(), workflow.version()))
    {
        return Ok(back.clone());
    }
    let at = event.from_phase.and_then(|phase| standing_at(workflow, place, phase));
    let worked_at = event.change.worked_at().or_else(|| Some(place?.worked_at.as_str())).unwrap_or_default();
    let step =
        match Move::of(event) {
            Some(action) if event.origin == Origin::Live => {
                let to = match event.change.to_step() {
                    Some(step) => To::Step(step),
                    None => To::Phase(after.phase, worked_at),
                };
                let from = at.map(|step| step.key.as_str());
                workflow.way(from, action, to, after, &event.actor, acting).map_err(|needed| {
                    Refusal::Step { step: from.unwrap_or(START).to_owned(), action: action.name(), needed }
                })?
            }
            moved => match event.change.to_step().and_then(|key| workflow.step(key)).or(at) {
                Some(step) if step.phase == after.phase => step,
                _ => landing(workflow, after, worked_at).ok_or_else(|| Refusal::Step {
                    step: at.map_or(START, |step| step.key.as_str()).to_owned(),
                    action: moved.map_or(event.change.name(), Move::name),
                    needed: Needed::Steps(Vec::new()),
                })?,
            },
        };
    let worked_at = match step.phase {
        Phase::InProgress => step.key.clone(),
        Phase::Suspended | Phase::InReview => worked_at.to_owned(),
        _ => String::new(),
    };
    Ok(Place {
        workflow: workflow.key().to_owned(),
        version: workflow.version(),
        step: step.key.clone(),
        worked_at,
    })
}

/// The step a ticket is at: the one it is marked with, or the first of its phase if it is marked with none of that phase.
fn standing_at<'a>(workflow: &'a Workflow, place: Option<&Place>, phase: Phase) -> Option<&'a Step> {
    place
        .and_then(|place| workflow.step(&place.step))
        .filter(|step| step.phase == phase)
        .or_else(|| workflow.first_of(phase))
}

/// Where a ticket lands that came to its phase by no transition.
fn landing<'a>(workflow: &'a Workflow, after: &Ticket, worked_at: &str) -> Option<&'a Step> {
    [after.review_step(), worked_at]
        .into_iter()
        .filter_map(|key| workflow.step(key))
        .find(|step| step.phase == after.phase)
        .or_else(|| workflow.first_of(after.phase))
}

impl Workflow {
    /// The step that an act leads to.
    ///
    /// # Errors
    /// What would have been needed.
    pub(crate) fn way(
        &self,
        from: Option<&str>,
        action: Move,
        to: To<'_>,
        ticket: &Ticket,
        actor: &Actor,
        acting: Acting<'_>,
    ) -> Result<&Step, Needed> {
        let from = from.and_then(|key| self.place_of(key));
        let leads = |transition: &&Transition| {
            let step = &self.steps[transition.to];
            transition.action == action
                && transition.from.contains(&from)
                && match to {
                    To::Phase(phase, _) => step.phase == phase,
                    To::Step(key) => step.key == key,
                }
        };
        let mut ways: Vec<&Transition> = self.transitions.iter().filter(leads).collect();
        if ways.is_empty() {
            return Err(Needed::Steps(self.steps_for(action, to)));
        }
        if let Acting::Roles(roles) = acting {
            let open =
                |t: &&Transition| t.roles.is_empty() || t.roles.iter().any(|r| roles.contains(&r.as_str()));
            let (open, closed): (Vec<_>, Vec<_>) = ways.into_iter().partition(open);
            if open.is_empty() {
                let mut needed: Vec<String> = closed.iter().flat_map(|t| t.roles.iter().cloned()).collect();
                needed.dedup();
                return Err(Needed::Roles(needed));
            }
            ways = open;
        }
        if let To::Phase(_, rather) = to {
            // Stable: of the others the first stays the first.
            ways.sort_by_key(|way| self.steps[way.to].key != rather);
        }
        let roles = acting.roles();
        let held = if ways.iter().any(|way| way.guard.is_some()) {
            let seen = Seen { ticket, actor, roles };
            deep(|| first_that_holds(&ways, &seen))
        } else {
            Ok(0)
        };
        held.map(|number| &self.steps[ways[number].to])
    }

    /// Steps from which an act leads there.
    fn steps_for(&self, action: Move, to: To<'_>) -> Vec<String> {
        let fits = |transition: &&Transition| {
            transition.action == action
                && match to {
                    To::Phase(phase, _) => self.steps[transition.to].phase == phase,
                    To::Step(key) => self.steps[transition.to].key == key,
                }
        };
        let mut keys: Vec<String> = Vec::new();
        for transition in self.transitions.iter().filter(fits) {
            for from in &transition.from {
                let key = from.map_or(START, |place| self.steps[place].key.as_str());
                if !keys.iter().any(|known| known == key) {
                    keys.push(key.to_owned());
                }
            }
        }
        keys
    }

    /// The steps that an act may lead to from one, whatever guards and roles say.
    #[must_use]
    pub fn targets(&self, from: &str, action: Move) -> Vec<&Step> {
        let Some(from) = self.place_of(from) else { return Vec::new() };
        let mut targets: Vec<&Step> = Vec::new();
        for transition in &self.transitions {
            let step = &self.steps[transition.to];
            let fits = transition.action == action && transition.from.contains(&Some(from));
            if fits && !targets.iter().any(|known| known.key == step.key) {
                targets.push(step);
            }
        }
        targets
    }
}

fn first_that_holds(ways: &[&Transition], seen: &Seen<'_>) -> Result<usize, Needed> {
    let mut refused: Option<Needed> = None;
    for (number, way) in ways.iter().enumerate() {
        let Some(Guard { source, expression, because }) = &way.guard else { return Ok(number) };
        let part = match expression.verdict(seen) {
            Verdict::Holds => return Ok(number),
            Verdict::False(part) => gongdan_cel::parts(source).get(part).copied().unwrap_or(source),
            Verdict::Failed(_) => source.as_str(),
        };
        refused.get_or_insert_with(|| Needed::Guard { source: part.to_owned(), because: because.clone() });
    }
    refused.map_or(Ok(0), Err)
}
