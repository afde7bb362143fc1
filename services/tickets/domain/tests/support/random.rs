//! Random lives: any act, legal or not, by anybody, at any time.

use super::{administrator, at, citizen, intake, member, new, reason, reply, solution, unit};
use gongdan_tickets_domain::{
    Actor, Change, Changed, CloseReason, Decision, Event, Marks, Note, Outcome, Personal, Phase, Priority,
    Refusal, RootCause, Rules, Target, Ticket, UnitId,
};
use jiff::Timestamp;
use proptest::prelude::*;
use uuid::Uuid;

/// What is tried next.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    /// Which of [`ACTS`].
    act: usize,
    /// Whoever it is.
    who: usize,
    /// Seconds after the step before; before it when the clocks of two servers differ.
    wait: i64,
    /// What its details are chosen by.
    dice: u32,
}

/// A random beginning and what is tried after it.
#[derive(Debug, Clone)]
pub struct Life {
    draft: bool,
    by_citizen: bool,
    customer: bool,
    confidential: bool,
    steps: Vec<Step>,
}

/// An act as it is tried.
type Act = fn(Ticket, &Step, &Actor, Timestamp) -> Result<Changed, Refusal>;

/// Each act with its weight. One that is not here is not tested.
const ACTS: &[(&str, u32, Act)] = &[
    ("submit", 2, |t, _, by, at| t.submit(intake().subject, intake().body, by, at)),
    ("dispatch", 3, |t, s, by, at| t.dispatch(s.unit(), None, s.note(), by, at)),
    ("decide", 4, |t, s, by, at| Ok(t.clone().decide(s.decision(&t), by, at).into_changed())),
    ("claim", 2, |t, _, by, at| t.claim(by, at)),
    ("accept", 5, |t, _, by, at| t.accept(by, at)),
    ("transfer", 2, |t, s, by, at| t.transfer(s.unit(), None, reason("转"), by, at)),
    ("return", 3, |t, _, by, at| t.return_to_pool(reason("不属于"), &Rules::default(), by, at)),
    ("resolve", 4, |t, s, by, at| {
        let outcome = s.pick(Outcome::ALL);
        t.resolve(outcome, solution(), RootCause::default(), s.flag(4).then(|| s.unit()), reply(), by, at)
    }),
    ("open callback", 2, |t, s, by, at| t.open_callback(s.id(), by, at)),
    ("close", 2, |t, s, by, at| t.close(s.pick(CloseReason::ALL), s.flag(4).then(|| s.id()), by, at)),
    ("reopen", 3, |t, s, by, at| {
        let task = s.flag(4).then(|| s.id());
        t.reopen(reason("没解决"), s.flag(5), task, &Rules::default(), by, at)
    }),
    ("cancel", 1, |t, _, by, at| t.cancel(reason("误报"), by, at)),
    ("urge", 3, |t, s, by, at| t.urge(s.note(), &Rules::default(), by, at)),
    ("erase", 1, |t, s, by, at| {
        let what = Personal { contact: s.flag(4), texts: s.flag(5) };
        let unchanged = Refusal::NotRecipient;
        t.erase(what, s.flag(6), by, at)?.ok_or(unchanged)
    }),
];

/// From where to where each change may take a ticket: the GLOSSARY's table. `None` is nothing; what is not named here
/// leaves the phase alone.
fn may(change: &Change, from: Option<Phase>, to: Phase) -> bool {
    use Phase::{
        Cancelled, Closed, Dispatched, Draft, InCallback, InProgress, InReview, PendingDispatch, Quarantined,
        Resolved,
    };
    let Some(from) = from else {
        return matches!(
            (change.name(), to),
            ("saved", Draft) | ("submitted", PendingDispatch | Quarantined)
        );
    };
    match change.name() {
        "submitted" => from == Draft && matches!(to, PendingDispatch | Quarantined),
        "dispatched" => from == PendingDispatch && to == Dispatched,
        "claimed" => from == PendingDispatch && to == InProgress,
        "accepted" => from == Dispatched && to == InProgress,
        "transferred" => matches!(from, Dispatched | InProgress) && to == Dispatched,
        "returned" => matches!(from, Dispatched | InProgress) && to == PendingDispatch,
        "resolved" => matches!(from, InProgress | InReview) && to == Resolved,
        "callback_opened" => from == Resolved && to == InCallback,
        "closed" => matches!(from, Resolved | InCallback) && to == Closed,
        "reopened" => {
            matches!(from, Resolved | InCallback | Closed) && matches!(to, PendingDispatch | InProgress)
        }
        "cancelled" => {
            from != Cancelled && !matches!(from, Resolved | InCallback | Closed) && to == Cancelled
        }
        "pooled" => from == PendingDispatch && to == from,
        "urged" => from.is_in_flight() && to == from,
        "decision_refused" | "erased" => to == from,
        other => panic!("{other} is not in the table"),
    }
}

impl Step {
    fn by(&self) -> Actor {
        match self.who {
            0 => administrator(),
            1 => citizen(),
            n => member(NAMES[n % NAMES.len()]),
        }
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

    fn note(&self) -> Note {
        if self.flag(1) { Note::parse("请回电13800001234").unwrap() } else { Note::default() }
    }

    fn decision(&self, ticket: &Ticket) -> Decision {
        let target = if self.flag(1) {
            Target::Pool { unit: self.flag(2).then(|| self.unit()), reason: "no match".to_owned() }
        } else {
            Target::Unit { unit: self.unit(), person: None }
        };
        let ticket_version = if self.flag(3) { ticket.pending_version - 1 } else { ticket.version };
        let marks = Marks { sensitive: self.flag(4), priority: self.flag(5).then_some(Priority::P1) };
        Decision { id: self.id(), ticket_version, target, marks }
    }
}

/// Units.
const NAMES: [&str; 3] = ["a", "b", "c"];

/// Lives of up to `most` steps.
pub fn lives(most: usize) -> impl Strategy<Value = Life> {
    let weighted: Vec<(u32, usize)> =
        ACTS.iter().enumerate().map(|(at, (_, weight, _))| (*weight, at)).collect();
    let acts = proptest::strategy::Union::new_weighted(
        weighted.into_iter().map(|(weight, act)| (weight, Just(act))).collect(),
    );
    let wait = prop_oneof![4 => 0i64..7_200, 1 => -5i64..0, 1 => 0i64..5_000_000];
    let step = (acts, 0usize..6, wait, any::<u32>()).prop_map(|(act, who, wait, dice)| Step {
        act,
        who,
        wait,
        dice,
    });
    let begin = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    (begin, prop::collection::vec(step, 0..most)).prop_map(
        |((draft, by_citizen, customer, confidential), steps)| Life {
            draft,
            by_citizen,
            customer,
            confidential,
            steps,
        },
    )
}

impl Life {
    /// How it begins.
    pub fn begin(&self) -> Changed {
        let begin = if self.draft { Ticket::saved } else { Ticket::submitted };
        let by = if self.by_citizen { citizen() } else { administrator() };
        let mut intake = intake();
        intake.customer_id = self.customer.then(|| Uuid::from_u128(77));
        intake.confidential = self.confidential;
        begin(new(), intake, &by, at(0))
    }

    /// Lives it: `did` is told what each act made of the ticket, and gives the ticket that the next one begins with.
    pub fn live(&self, mut ticket: Ticket, mut did: impl FnMut(&Changed) -> Ticket) {
        let mut now = 0;
        for step in &self.steps {
            now += step.wait;
            let (name, _, act) = ACTS[step.act];
            let before = ticket.clone();
            match act(ticket.clone(), step, &step.by(), at(now)) {
                Ok(changed) => {
                    assert_eq!(changed.from_version, before.version, "{name}");
                    judge(&before, &changed);
                    ticket = did(&changed);
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

/// Each event of an act goes where the table says, one version on, and is what made the ticket.
pub fn judge(before: &Ticket, changed: &Changed) {
    let mut folded = before.clone();
    assert!(!changed.steps.is_empty(), "an act is at least one event");
    for (event, after) in &changed.steps {
        let name = event.change.name();
        assert_eq!(event.version, folded.version + 1, "{name}");
        assert_eq!(event.from_phase, Some(folded.phase), "{name}");
        assert!(
            may(&event.change, event.from_phase, after.phase),
            "{name} from {} to {}",
            folded.phase,
            after.phase
        );
        folded.evolve(event);
        assert_eq!(&folded, after, "{name}: the fold of the events is the ticket");
    }
    assert_eq!(folded, changed.ticket);
}

fn count(events: &[Event], is: impl Fn(&Change) -> bool) -> i32 {
    i32::try_from(events.iter().filter(|e| is(&e.change)).count()).unwrap()
}

/// What a ticket says agrees with all that happened to it since `first`, its state after the first event.
pub fn check(ticket: &Ticket, first: &Ticket, events: &[Event]) {
    assert!(may(&events[0].change, None, first.phase));
    let mut folded = first.clone();
    for event in &events[1..] {
        folded.evolve(event);
    }
    assert_eq!(&folded, ticket, "the fold of the events is the ticket");
    let versions: Vec<i64> = events.iter().map(|e| e.version).collect();
    assert_eq!(versions, (1..=ticket.version).collect::<Vec<_>>(), "versions have no gaps");

    assert_eq!(ticket.round, 1 + count(events, |c| matches!(c, Change::Reopened { .. })));
    assert_eq!(ticket.return_count, count(events, |c| matches!(c, Change::Returned { .. })));
    assert_eq!(ticket.transfer_count, count(events, |c| matches!(c, Change::Transferred { .. })));
    assert_eq!(ticket.urge_count, count(events, |c| matches!(c, Change::Urged { .. })));

    let held = matches!(
        ticket.phase,
        Phase::Dispatched
            | Phase::InProgress
            | Phase::Suspended
            | Phase::InReview
            | Phase::Resolved
            | Phase::InCallback
    );
    assert!(!held || ticket.lead_unit.is_some(), "{} has a holder", ticket.phase);
    if ticket.phase == Phase::PendingDispatch {
        assert_eq!((&ticket.lead_unit, &ticket.handler), (&None, &None), "nobody holds a pending ticket");
        assert!(ticket.pending_version > 0 && ticket.pending_version <= ticket.version);
    }
    assert!(ticket.phase == Phase::PendingDispatch || (ticket.pool.is_none() && !ticket.arbitration));
    assert!(ticket.lead_unit.iter().all(|unit| ticket.participants.contains(unit)));
    assert_eq!(ticket.resolution.is_some(), ticket.resolved_at.is_some());
    assert_eq!(ticket.closed_at.is_some(), ticket.phase.is_over());
    assert_eq!(ticket.submitted_at.is_some(), events.iter().any(|e| e.change == Change::Submitted));
}
