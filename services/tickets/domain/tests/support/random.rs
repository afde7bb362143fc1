//! Random lives: any act, legal or not, by anybody, at any time, under any workflow.

mod acts;
mod judge;

use super::{administrator, at, citizen, intake, member, new, reason, unit};
use acts::{ACTS, NOTHING, later};
use gongdan_tickets_domain::{
    Actor, Change, Changed, Decision, Marks, Note, Order, Outcome, Past, PrincipalId, PrincipalKind,
    Priority, Refusal, Reply, Target, Ticket, UnitId,
    groups::{self, visit::Window},
    workflow::{Acting, Definition, Standing, Workflow, govern, shipped},
};
use jiff::Timestamp;
#[allow(unused_imports, reason = "each test binary uses its part")]
pub use judge::{Counts, check, judge};
use proptest::prelude::*;
use std::sync::LazyLock;
use uuid::Uuid;

/// What is tried next.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    /// Where on [`WHEEL`].
    act: usize,
    /// Whoever it is.
    who: usize,
    /// Seconds after the step before; before it when the clocks of two servers differ.
    wait: i64,
    /// What its details are chosen by.
    dice: u32,
    /// Acts that are tried one after the other until one is possible; with 1, what comes may well be refused.
    tries: usize,
}

/// How a ticket comes about.
#[derive(Debug, Clone, Copy)]
enum Begin {
    Saved,
    Submitted,
    Quarantined,
    Answered,
    Imported,
    ImportedLive,
    ImportedDone,
}

/// A random beginning and what is tried after it.
#[derive(Debug, Clone)]
pub struct Life {
    begin: Begin,
    /// Which of those that ship.
    workflow: usize,
    by_citizen: bool,
    customer: bool,
    confidential: bool,
    sensitive: bool,
    steps: Vec<Step>,
}

/// What is there beside the ticket.
pub struct World<'a> {
    /// The ticket as it was after each act before.
    past: &'a [Ticket],
    /// What it follows.
    workflow: &'a Workflow,
    /// The next version of it.
    newer: Option<&'a Workflow>,
}

/// Versions of each workflow that ships: in every second one the steps at which work is done are called otherwise.
static VERSIONS: LazyLock<Vec<[Workflow; 3]>> = LazyLock::new(|| {
    let versions = |workflow: &std::sync::Arc<Workflow>| {
        let plain = |version| Workflow::check(workflow.definition().clone(), version).unwrap();
        [plain(1), Workflow::check(otherwise(workflow), 2).unwrap(), plain(3)]
    };
    shipped().iter().map(versions).collect()
});

/// What is added to the name of a step.
const OTHERWISE: &str = "-otherwise";

fn otherwise(workflow: &Workflow) -> Definition {
    let mut definition = workflow.definition().clone();
    let working: Vec<String> =
        definition.steps.iter().filter(|s| s.phase == "in_progress").map(|s| s.key.clone()).collect();
    let rename = |key: &mut String| {
        if working.contains(key) {
            key.push_str(OTHERWISE);
        }
    };
    definition.steps.iter_mut().for_each(|step| rename(&mut step.key));
    for transition in &mut definition.transitions {
        transition.from.iter_mut().for_each(rename);
        rename(&mut transition.to);
    }
    definition
}

impl World<'_> {
    /// What each step is called in another version.
    fn renamed(&self, newer: &Workflow) -> Vec<(String, String)> {
        let names = |key: &str| match key.strip_suffix(OTHERWISE) {
            Some(plain) => plain.to_owned(),
            None => format!("{key}{OTHERWISE}"),
        };
        let renamed = self.workflow.steps().iter().map(|step| (step.key.clone(), names(&step.key)));
        renamed.filter(|(_, to)| newer.step(to).is_some()).collect()
    }
}

/// Another person of a unit than [`member`].
fn leader(of: &str) -> Actor {
    let id = PrincipalId::parse(&format!("zhang.{of}")).unwrap();
    Actor { id, name: "张伟".to_owned(), ..member(of) }
}

/// One of the suite's.
fn program() -> Actor {
    let id = PrincipalId::parse("service.tickets").unwrap();
    Actor { id, kind: PrincipalKind::Service, unit_ids: Vec::new(), ..administrator() }
}

/// Roles that staff have.
const STAFF: [&str; 6] = ["agent", "handler", "unit_leader", "auditor", "supervisor", "dispatcher"];

impl Step {
    fn by(&self, ticket: &Ticket) -> Actor {
        let lead = ticket.lead_unit.as_ref().map_or("a", UnitId::as_str);
        match self.who {
            0 => administrator(),
            1 => citizen(),
            2..5 => member(NAMES[self.who % NAMES.len()]),
            5..8 => leader(NAMES[self.who % NAMES.len()]),
            8 | 9 => member(lead),
            10 | 11 => leader(lead),
            _ => Actor { id: PrincipalId::parse("chen.jing").unwrap(), ..administrator() },
        }
    }

    /// The ticket, but mostly not: what ends a life.
    fn rarely(&self, ticket: Ticket) -> Result<Ticket, Refusal> {
        if self.flag(9) && self.flag(10) { Ok(ticket) } else { Err(NOTHING) }
    }

    fn unit(&self) -> UnitId {
        unit(NAMES[self.number() % NAMES.len()])
    }

    fn number(&self) -> usize {
        usize::try_from(self.dice).unwrap()
    }

    /// One of the upper bits: the lower ones choose among few.
    fn flag(&self, bit: u32) -> bool {
        self.dice >> (bit + 8) & 1 == 1
    }

    fn pick<T: Copy>(&self, of: &[T]) -> T {
        of[self.number() % of.len()]
    }

    fn id(&self) -> Uuid {
        Uuid::from_u128(u128::from(self.dice) + 100)
    }

    /// One of those there are, sometimes of none.
    fn of(&self, ids: impl Iterator<Item = Uuid>) -> Uuid {
        let ids: Vec<Uuid> = ids.collect();
        if ids.is_empty() || self.dice.is_multiple_of(17) {
            Uuid::from_u128(7)
        } else {
            ids[self.number() % ids.len()]
        }
    }

    /// All there are of, or one.
    fn roles(&self) -> Vec<&'static str> {
        if self.flag(6) { vec![self.pick(&STAFF)] } else { STAFF.to_vec() }
    }

    fn standing<'a>(&self, by: &'a Actor, roles: &'a [&'a str]) -> Standing<'a> {
        Standing { by, roles, in_centre: self.flag(7) }
    }

    fn person(&self) -> Option<PrincipalId> {
        self.flag(3).then(|| PrincipalId::parse("li.wei").unwrap())
    }

    fn window(&self, at: Timestamp) -> Window {
        Window { start: later(at, 600), end: later(at, 7_200) }
    }

    fn note(&self) -> Note {
        if self.flag(1) { Note::parse("请回电13800001234").unwrap() } else { Note::default() }
    }

    fn decision(&self, ticket: &Ticket) -> Decision {
        let target = if let Some(from) = ticket.handler.clone().filter(|_| self.flag(7)) {
            let person = self.flag(2).then(|| PrincipalId::parse("wang.fang").unwrap());
            let unit = match &ticket.lead_unit {
                Some(unit) if self.flag(6) => unit.clone(),
                _ => self.unit(),
            };
            Target::Handover { from, unit, person, reason: reason("请假"), order: Order::default() }
        } else if self.flag(1) {
            let unit = self.flag(2).then(|| self.unit());
            Target::Pool { unit, reason: "no match".to_owned(), claim_limit: self.dice % 3 }
        } else {
            Target::Unit { unit: self.unit(), person: None }
        };
        let ticket_version = if self.flag(3) { ticket.pending_version - 1 } else { ticket.version };
        let marks =
            Marks { sensitive: self.flag(4) && self.flag(8), priority: self.flag(5).then_some(Priority::P1) };
        Decision { id: self.id(), ticket_version, target, marks }
    }
}

/// Each act as often as it weighs, by its place in [`ACTS`].
static WHEEL: LazyLock<Vec<usize>> = LazyLock::new(|| {
    let places = |(at, (_, weight, _)): (usize, &(_, usize, _))| std::iter::repeat_n(at, *weight);
    let wheel: Vec<usize> = ACTS.iter().enumerate().flat_map(places).collect();
    assert!(!wheel.len().is_multiple_of(STRIDE), "all acts have their turn");
    wheel
});

/// From one act that is tried to the next: a prime, so that they are all different.
const STRIDE: usize = 31;

/// Units.
const NAMES: [&str; 3] = ["a", "b", "c"];

/// Lives of up to `most` steps.
pub fn lives(most: usize) -> impl Strategy<Value = Life> {
    let wait = prop_oneof![4 => 0i64..7_200, 1 => -5i64..0, 1 => 0i64..5_000_000];
    let tries = prop_oneof![1 => Just(1usize), 3 => Just(12)];
    let step = (0..WHEEL.len(), 0usize..14, wait, any::<u32>(), tries)
        .prop_map(|(act, who, wait, dice, tries)| Step { act, who, wait, dice, tries });
    let begin = prop_oneof![
        6 => Just(Begin::Saved),
        12 => Just(Begin::Submitted),
        3 => Just(Begin::Quarantined),
        1 => Just(Begin::Answered),
        1 => Just(Begin::Imported),
        1 => Just(Begin::ImportedLive),
        1 => Just(Begin::ImportedDone),
    ];
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), prop::bool::weighted(0.2));
    (begin, 0..VERSIONS.len(), flags, prop::collection::vec(step, 0..most)).prop_map(
        |(begin, workflow, (by_citizen, customer, confidential, sensitive), steps)| Life {
            begin,
            workflow,
            by_citizen,
            customer,
            confidential,
            sensitive,
            steps,
        },
    )
}

/// The names of all acts.
pub fn names() -> impl Iterator<Item = &'static str> {
    ACTS.iter().map(|(name, _, _)| *name)
}

/// What was done, told when something is not as it has to be.
#[derive(Default)]
struct Told(Vec<String>);

impl Drop for Told {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.0.join(", "));
        }
    }
}

impl Life {
    /// How it begins.
    pub fn begin(&self) -> Changed {
        let by = if self.by_citizen { citizen() } else { administrator() };
        let mut intake = intake();
        intake.customer_id = self.customer.then(|| Uuid::from_u128(77));
        (intake.confidential, intake.sensitive) = (self.confidential, self.sensitive);
        let reply = || Reply { text: super::reply(), at: at(-60), unit: unit("a") };
        let past = |intake, reply, live| Ticket::past(new(), Past { intake, reply, live }, &by);
        let begun = match self.begin {
            Begin::Saved => Ticket::saved(new(), intake, &by, at(0)),
            Begin::Submitted => Ticket::submitted(new(), intake, &by, at(0)),
            Begin::Quarantined if self.workflow == 0 => {
                Ticket::quarantined(new(), intake, later(at(0), 259_200), &by, at(0))
            }
            // The other workflows have no quarantine.
            Begin::Quarantined => Ticket::submitted(new(), intake, &by, at(0)),
            Begin::Answered => {
                Ticket::answered(new(), intake, Outcome::Explained, super::reply(), &by, at(0))
            }
            Begin::Imported => past(intake, None, false),
            Begin::ImportedLive => past(intake, None, true),
            Begin::ImportedDone => past(intake, Some(reply()), false),
        };
        govern(&VERSIONS[self.workflow][0], begun, Acting::Program).unwrap()
    }

    /// The workflow that a ticket follows.
    pub fn follows(&self, ticket: &Ticket) -> &'static Workflow {
        &VERSIONS[self.workflow][self.version(ticket)]
    }

    fn version(&self, ticket: &Ticket) -> usize {
        ticket.groups.workflow.place.as_ref().map_or(0, |place| usize::try_from(place.version).unwrap() - 1)
    }

    /// Does an act as the service does: held to the workflow.
    fn act(
        &self,
        act: acts::Act,
        step: &Step,
        now: i64,
        past: &[Ticket],
        ticket: &Ticket,
    ) -> Result<Changed, Refusal> {
        let newer = VERSIONS[self.workflow].get(self.version(ticket) + 1);
        let world = World { past, workflow: self.follows(ticket), newer };
        let changed = act(ticket.clone(), step, &step.by(ticket), at(now), &world)?;
        let migrates = changed
            .events()
            .any(|event| matches!(event.change, Change::Workflow(groups::workflow::Change::Migrated { .. })));
        let workflow = newer.filter(|_| migrates).unwrap_or(world.workflow);
        govern(workflow, changed, Acting::Program)
    }

    /// Lives it: `did` is told what each act made of the ticket, and gives the ticket that the next one begins with.
    pub fn live(&self, mut ticket: Ticket, mut did: impl FnMut(&'static str, &Changed) -> Ticket) {
        let mut now = 0;
        let mut past = vec![ticket.clone()];
        let mut told = Told(vec![format!("{:?} as {}", self.begin, self.follows(&ticket).key())]);
        for step in &self.steps {
            now += step.wait;
            for attempt in 0..step.tries {
                let (name, _, act) = ACTS[WHEEL[(step.act + attempt * STRIDE) % WHEEL.len()]];
                let before = ticket.clone();
                match self.act(act, step, now, &past, &ticket) {
                    Ok(changed) => {
                        assert_eq!(changed.from_version, before.version, "{name}");
                        told.0.push(format!("{name} by {} -> {}", step.by(&before).id, changed.ticket.phase));
                        judge(&before, &changed);
                        ticket = did(name, &changed);
                        past.push(ticket.clone());
                        break;
                    }
                    Err(Refusal::Phase { phase, action }) => {
                        assert_eq!(phase, before.phase, "{name}");
                        assert!(!action.is_allowed_in(phase), "{name}: {action} in {phase}");
                    }
                    Err(_) => {}
                }
            }
        }
    }
}
