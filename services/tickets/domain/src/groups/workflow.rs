//! The workflow it follows. Source: T31.

use crate::{
    action::Action,
    actor::Actor,
    change::{self, Changed, Event},
    refusal::Refusal,
    text::Note,
    ticket::Ticket,
    vocabulary::Phase,
    workflow::{Needed, Place, Workflow},
};
use jiff::Timestamp;

/// What a ticket knows of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WorkflowPart {
    /// Where it stands; none: it was made before there were workflows, and follows the first version of the default.
    pub place: Option<Place>,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It follows another version of its workflow.
    Migrated {
        /// The workflow.
        workflow: String,
        /// The version before.
        from_version: i32,
        /// The version now.
        to_version: i32,
        /// The step before.
        from_step: String,
        /// The step now.
        to_step: String,
        /// The step at which it was last worked on, as that version calls it; empty: none that it has.
        worked_at: String,
    },
    /// Another step of the same phase.
    Advanced {
        /// The step before.
        from_step: String,
        /// The step now.
        to_step: String,
        /// What was said.
        note: Note,
    },
}

impl Change {
    /// The event's name on the bus, as the contract's field is called.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Migrated { .. } => "workflow_migrated",
            Self::Advanced { .. } => "advanced",
        }
    }

    /// The step at which it was last worked on, where that is called otherwise now.
    pub(crate) fn worked_at(&self) -> Option<&str> {
        match self {
            Self::Migrated { worked_at, .. } => Some(worked_at),
            Self::Advanced { .. } => None,
        }
    }

    pub(crate) fn to_step(&self) -> &str {
        match self {
            Self::Migrated { to_step, .. } | Self::Advanced { to_step, .. } => to_step,
        }
    }
}

impl Ticket {
    pub(crate) fn evolve_workflow(&mut self, _event: &Event, change: &Change) {
        // Where it stands is the event's to say, as for every event.
        match change {
            Change::Migrated { .. } | Change::Advanced { .. } => {}
        }
    }

    /// The key of the workflow it follows; empty: made before there were workflows.
    #[must_use]
    pub fn workflow(&self) -> &str {
        self.groups.workflow.place.as_ref().map_or("", |place| &place.workflow)
    }

    /// The step it stands at in its workflow: the one it is marked with, or the first of its phase.
    #[must_use]
    pub fn step_in<'a>(&'a self, workflow: &'a Workflow) -> &'a str {
        let marked = self.groups.workflow.place.as_ref().and_then(|place| workflow.step(&place.step));
        marked
            .filter(|step| step.phase == self.phase)
            .or_else(|| workflow.first_of(self.phase))
            .map_or("", |step| step.key.as_str())
    }

    /// Goes on to another step of the same phase. Source: T31.
    ///
    /// # Errors
    /// Where the phase has no work in it, when `by` is not in the unit that holds it, and for a step of another phase.
    pub fn advance(
        self,
        to: &str,
        note: Note,
        workflow: &Workflow,
        by: &Actor,
        at: Timestamp,
    ) -> Result<Changed, Refusal> {
        self.require(Action::Advance)?;
        if self.phase != Phase::PendingDispatch {
            self.require_holder(by)?;
        }
        let from_step = self.step_in(workflow).to_owned();
        if workflow.step(to).is_none_or(|step| step.phase != self.phase) {
            let steps = workflow.steps().iter().filter(|step| step.phase == self.phase);
            return Err(Refusal::NoSuchStep { steps: steps.map(|step| step.key.clone()).collect() });
        }
        let change = Change::Advanced { from_step, to_step: to.to_owned(), note };
        Ok(self.after(by, at, change::Change::Workflow(change)))
    }

    /// Goes over to another version of its workflow, at the step of the same name, else at the one that is named, else at
    /// the first of its phase. Source: T31.
    ///
    /// # Errors
    /// When it is over, and when the step at which it waits for signatures is not in that version.
    pub fn migrate(
        self,
        to: &Workflow,
        steps: &[(String, String)],
        by: &Actor,
        at: Timestamp,
    ) -> Result<Changed, Refusal> {
        self.require(Action::Migrate)?;
        let place = self.groups.workflow.place.as_ref();
        let from_step = place.map(|place| place.step.clone()).unwrap_or_default();
        let name_of = |step: &str| steps.iter().find(|(from, _)| from == step).map(|(_, to)| to.as_str());
        let named = name_of(&from_step);
        let fits = |key: &str| to.step(key).filter(|step| step.phase == self.phase);
        let step = match (named, fits(&from_step)) {
            (Some(named), _) => fits(named),
            (None, Some(same)) => Some(same),
            (None, None) if self.phase == Phase::InReview => None,
            (None, None) => to.first_of(self.phase),
        };
        let lost = || Refusal::Step {
            step: from_step.clone(),
            action: Action::Migrate.name(),
            needed: Needed::Steps(
                to.steps()
                    .iter()
                    .filter(|step| step.phase == self.phase)
                    .map(|step| step.key.clone())
                    .collect(),
            ),
        };
        let step = step.ok_or_else(lost)?;
        if self.phase == Phase::InReview && step.key != from_step {
            return Err(lost());
        }
        // Where it goes back to once it is resumed, or its review is rejected.
        let worked_at = place.map_or("", |place| &place.worked_at);
        let worked_at = to.step(name_of(worked_at).unwrap_or(worked_at));
        let worked_at = worked_at.filter(|step| step.phase == Phase::InProgress);
        let change = Change::Migrated {
            workflow: to.key().to_owned(),
            from_version: place.map_or(0, |place| place.version),
            to_version: to.version(),
            to_step: step.key.clone(),
            worked_at: worked_at.map(|step| step.key.clone()).unwrap_or_default(),
            from_step,
        };
        Ok(self.after(by, at, change::Change::Workflow(change)))
    }
}
