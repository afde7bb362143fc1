//! Random lives: any act, legal or not, by anybody, at any time.

use super::{administrator, at, citizen, intake, member, new, reason, reply, solution, unit};
use gongdan_tickets_domain::{
    Actor, Change, Changed, CloseReason, Decision, Event, Marks, New, Note, Outcome, Personal, Phase,
    PrincipalId, Priority, Refusal, RootCause, Rules, Target, Ticket, UnitId,
    groups::{
        attachment::{File, FileName, NoteText},
        call::{CallId, Seat},
        handoff::{EmergencyService, Reference},
        links::{self, LinkKind},
        quality::QualityErrorKind,
        track::TrackNote,
        visit::{Manner, Report, ReportText, Stamp, VisitResult, What, Window},
    },
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
    /// Acts that are tried one after the other until one is possible; with 1, what comes may well be refused.
    tries: usize,
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

/// An act as it is tried; the ticket as it was after each act before is there as well.
type Act = fn(Ticket, &Step, &Actor, Timestamp, &[Ticket]) -> Result<Changed, Refusal>;

/// What changes nothing and is no refusal.
const NOTHING: Refusal = Refusal::NotRecipient;

/// Each act with its weight. One that is not here is not tested.
const ACTS: &[(&str, u32, Act)] = &[
    ("submit", 2, |t, _, by, at, _| t.submit(intake().subject, intake().body, by, at)),
    ("dispatch", 3, |t, s, by, at, _| t.dispatch(s.unit(), None, s.note(), by, at)),
    ("decide", 4, |t, s, by, at, _| Ok(t.clone().decide(s.decision(&t), by, at).into_changed())),
    ("claim", 2, |t, _, by, at, _| t.claim(by, at)),
    ("accept", 5, |t, _, by, at, _| t.accept(by, at)),
    ("transfer", 2, |t, s, by, at, _| t.transfer(s.unit(), None, reason("转"), by, at)),
    ("return", 3, |t, _, by, at, _| t.return_to_pool(reason("不属于"), &Rules::default(), by, at)),
    ("resolve", 4, |t, s, by, at, _| {
        let outcome = s.pick(Outcome::ALL);
        t.resolve(outcome, solution(), RootCause::default(), s.flag(4).then(|| s.unit()), reply(), by, at)
    }),
    ("open callback", 2, |t, s, by, at, _| t.open_callback(s.id(), by, at)),
    ("close", 2, |t, s, by, at, _| t.close(s.pick(CloseReason::ALL), s.flag(4).then(|| s.id()), by, at)),
    ("reopen", 3, |t, s, by, at, _| {
        let task = s.flag(4).then(|| s.id());
        t.reopen(reason("没解决"), s.flag(5), task, &Rules::default(), by, at)
    }),
    ("cancel", 1, |t, _, by, at, _| t.cancel(reason("误报"), by, at)),
    ("urge", 3, |t, s, by, at, _| t.urge(s.note(), &Rules::default(), by, at)),
    ("erase", 1, |t, s, by, at, _| {
        let what = Personal { contact: s.flag(4), texts: s.flag(5) };
        t.erase(what, s.flag(6), by, at)?.ok_or(NOTHING)
    }),
    ("escalate", 2, |t, s, by, at, _| t.escalate(s.flag(1).then(|| s.unit()), None, reason("升级"), by, at)),
    ("request assist", 2, |t, s, by, at, _| {
        t.request_assist(s.id(), s.unit(), s.flag(1).then(|| later(at, 3_600)), reason("请协助"), by, at)
    }),
    ("reply assist", 2, |t, s, by, at, _| {
        let id = s.of(t.groups.assists.list.iter().map(|a| a.id));
        t.reply_assist(id, reply(), by, at)
    }),
    ("decline assist", 1, |t, s, by, at, _| {
        let id = s.of(t.groups.assists.list.iter().map(|a| a.id));
        t.decline_assist(id, reason("无关"), by, at)
    }),
    ("waive assist", 2, |t, s, by, at, _| {
        let id = s.of(t.groups.assists.list.iter().map(|a| a.id));
        t.waive_assist(id, reason("已无必要"), by, at)
    }),
    ("request suspension", 2, |t, s, by, at, _| {
        let rules = Rules { suspension_approval: s.flag(1), ..Rules::default() };
        t.request_suspension(s.id(), s.flag(2).then(|| later(at, 7_200)), reason("等材料"), &rules, by, at)
    }),
    ("approve suspension", 2, |t, s, by, at, _| {
        let id = s.of(t.groups.suspensions.list.iter().map(|s| s.id));
        t.approve_suspension(id, s.note(), by, at)
    }),
    ("reject suspension", 1, |t, s, by, at, _| {
        let id = s.of(t.groups.suspensions.list.iter().map(|s| s.id));
        t.reject_suspension(id, reason("不同意"), by, at)
    }),
    ("resume", 2, |t, s, by, at, _| t.resume(s.note(), by, at)),
    // Before its time it is refused as if the phase were the reason: only a job tries.
    ("resume by itself", 1, |t, _, by, at, _| t.resume_by_itself(by, at).map_err(|_| NOTHING)),
    ("request extension", 2, |t, s, by, at, _| {
        let due = s.flag(1).then(|| later(at, i64::from(s.dice % 7_200) - 600));
        t.request_extension(s.id(), later(at, 2_592_000), reason("案情复杂"), due, &Rules::default(), by, at)
    }),
    ("approve extension", 2, |t, s, by, at, _| {
        let id = s.of(t.groups.extensions.list.iter().map(|e| e.id));
        t.approve_extension(id, s.flag(1).then(|| later(at, 86_400)), s.note(), by, at)
    }),
    ("reject extension", 1, |t, s, by, at, _| {
        let id = s.of(t.groups.extensions.list.iter().map(|e| e.id));
        t.reject_extension(id, reason("不同意"), by, at)
    }),
    ("issue directive", 2, |t, s, by, at, _| {
        t.issue_directive(s.id(), s.flag(1).then(|| s.unit()), later(at, 3_600), reason("限期办结"), by, at)
    }),
    ("reply directive", 3, |t, s, by, at, _| {
        let id = s.of(t.groups.directives.all.iter().map(|d| d.id));
        t.reply_directive(id, reply(), by, at)
    }),
    ("accept directive", 2, |t, s, by, at, _| {
        let id = s.of(t.groups.directives.all.iter().map(|d| d.id));
        t.accept_directive(id, s.note(), by, at)
    }),
    ("reject directive", 1, |t, s, by, at, _| {
        let id = s.of(t.groups.directives.all.iter().map(|d| d.id));
        t.reject_directive(id, later(at, 3_600), reason("答非所问"), by, at)
    }),
    ("withdraw directive", 1, |t, s, by, at, _| {
        let id = s.of(t.groups.directives.all.iter().map(|d| d.id));
        t.withdraw_directive(id, reason("已无必要"), by, at)
    }),
    ("climb directives", 1, |t, _, by, at, _| t.climb_directives(&Rules::default(), by, at).ok_or(NOTHING)),
    ("track", 1, |t, s, by, at, _| {
        let note = TrackNote::parse(if s.flag(1) { "问问进展13800001234" } else { "" }).unwrap();
        t.track(s.id(), s.flag(2).then(|| later(at, 600)), note, by, at)
    }),
    ("untrack", 1, |t, s, by, at, _| t.untrack(s.id(), by, at)),
    ("remind", 1, |t, _, by, at, _| t.remind(by, at).ok_or(NOTHING)),
    ("mark quality error", 1, |t, s, by, at, _| {
        let (kind, unit) = (s.pick(QualityErrorKind::ALL), s.flag(1).then(|| s.unit()));
        t.mark_quality_error(s.id(), kind, None, unit, reason("类别有误"), by, at)
    }),
    ("withdraw quality error", 1, |t, s, by, at, _| {
        let id = s.of(t.groups.quality_errors.all.iter().map(|e| e.id));
        t.withdraw_quality_error(id, reason("看错了"), by, at)
    }),
    ("circulate", 1, |t, s, by, at, _| t.circulate(s.id(), Vec::new(), s.note(), by, at)),
    ("hand off", 1, |t, s, by, at, _| {
        let (service, reference) = (s.pick(EmergencyService::ALL), Reference::parse("110-7").unwrap());
        t.hand_off(s.id(), service, reference, reason("有人受伤"), by, at)
    }),
    ("note", 1, |t, s, by, at, _| {
        let mentions = if s.flag(1) { vec![PrincipalId::parse("wang.fang").unwrap()] } else { Vec::new() };
        t.note(s.id(), s.flag(2), mentions, NoteText::parse("已联系13800001234").unwrap(), by, at)
    }),
    ("attach", 1, |t, s, by, at, _| {
        let name = FileName::parse("现场.jpg").unwrap();
        let (media_type, sha256) = ("image/jpeg".to_owned(), [7; 32]);
        t.attach(
            File { id: s.id(), public: s.flag(1), media_type, size: 7, sha256, name, from_reporter: false },
            3,
            by,
            at,
        )
    }),
    ("detach", 1, |t, s, by, at, _| {
        // Which there are the store knows.
        let has = t.groups.attachments;
        let public = s.flag(1) && has.public_attachments > 0;
        let left = if public { has.public_attachments } else { has.attachments - has.public_attachments };
        if left > 0 { t.detach(s.id(), public, s.note(), by, at) } else { Err(NOTHING) }
    }),
    ("link call", 1, |t, s, by, at, _| {
        let call = CallId::parse(&format!("call-{}", s.number() % 5)).unwrap();
        t.link_call(call, Seat::parse("A12").unwrap(), by, at)?.ok_or(NOTHING)
    }),
    ("book visit", 2, |t, s, by, at, _| t.book_visit(s.id(), s.window(at), s.person(), s.note(), by, at)),
    ("report visit", 4, |t, s, by, at, _| {
        let visit = s.of(t.groups.visits.all.iter().map(|v| v.id));
        let what = match s.number() % 4 {
            0 => What::Moved { window: s.window(at), person: s.person() },
            1 => What::CheckedIn,
            2 => What::Reported { result: s.pick(VisitResult::ALL), photos: vec![s.id()] },
            _ => What::Cancelled,
        };
        // By a phone that may have been without network for an hour.
        let happened = later(at, -i64::from(s.dice % 3_600));
        let stamp = Stamp { at: happened, sequence: i64::from(s.dice % 3), report: s.id() };
        let manner = if s.flag(1) { Manner::Live } else { Manner::Replayed };
        let text = ReportText::parse("已更换，电话13800001234").unwrap();
        t.report_visit(Report { visit, stamp, what, text }, manner, by, at)?.ok_or(NOTHING)
    }),
    ("link", 2, |t, s, by, at, _| {
        let kinds = [LinkKind::Related, LinkKind::RepeatOf, LinkKind::RepeatedBy, LinkKind::ParentOf];
        let note = s.note();
        links::link(t, other(s.number() % 3), s.pick(&kinds), &note, by, at).map(|(one, _)| one)
    }),
    ("unlink", 1, |t, s, by, at, _| {
        let note = s.note();
        links::unlink(t, other(s.number() % 3), &note, by, at).map(|(one, _)| one)
    }),
    ("split", 1, |t, s, by, at, _| {
        let note = s.note();
        t.split(&[(s.id(), "GD1".to_owned()), (Uuid::from_u128(3), "GD2".to_owned())], &note, by, at)
    }),
    ("merge", 1, |t, _, by, at, _| {
        links::merge(t, other(0), &reason("同一件事"), by, at).map(|(source, _)| source)
    }),
    ("merge into", 1, |t, _, by, at, _| {
        links::merge(other(1), t, &reason("同一件事"), by, at).map(|(_, target)| target)
    }),
    ("undo merge", 3, |t, _, by, at, past| {
        let before = past.iter().rev().find(|past| past.groups.links.merged_into().is_none()).cloned();
        let before = before.unwrap_or_else(|| t.clone());
        links::undo_merge(t, other(0), &before, &reason("不是一件事"), by, at).map(|(source, _)| source)
    }),
];

/// Another ticket that somebody works on.
fn other(number: usize) -> Ticket {
    let id = Uuid::from_u128(u128::try_from(number).unwrap() + 1_000);
    let new = New { id, number: format!("GD26112200000010{number:02}"), external: None };
    let by = administrator();
    let ticket = Ticket::submitted(new, intake(), &by, at(0)).ticket;
    ticket
        .dispatch(unit("b"), None, Note::default(), &by, at(0))
        .unwrap()
        .ticket
        .accept(&by, at(0))
        .unwrap()
        .ticket
}

fn later(at: Timestamp, seconds: i64) -> Timestamp {
    at + jiff::SignedDuration::from_secs(seconds)
}

/// From where to where each change may take a ticket: the GLOSSARY's table. `None` is nothing; what is not named here
/// leaves the phase alone.
fn may(change: &Change, from: Option<Phase>, to: Phase) -> bool {
    use Phase::{
        Cancelled, Closed, Dispatched, Draft, InCallback, InProgress, InReview, PendingDispatch, Quarantined,
        Resolved, Suspended,
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
        "escalated" => {
            matches!(from, PendingDispatch | Dispatched | InProgress)
                && matches!(to, PendingDispatch | Dispatched)
        }
        "suspended" => from == InProgress && to == Suspended,
        "resumed" => from == Suspended && to == InProgress,
        "merged" => from.is_in_flight() && to == Closed,
        "merge_undone" => from == Closed && to.is_in_flight(),
        "pooled" => from == PendingDispatch && to == from,
        "urged" | "handed_off" => from.is_in_flight() && to == from,
        // All others leave the phase alone.
        name => leaves_the_phase(name) && to == from,
    }
}

/// Facts that never move a ticket.
fn leaves_the_phase(name: &str) -> bool {
    [
        "decision_refused",
        "erased",
        "assist_",
        "visit_",
        "suspension_",
        "extension_",
        "directive_",
        "quality_error_",
        "tracked",
        "untracked",
        "reminded",
        "noted",
        "attached",
        "detached",
        "circulated",
        "linked",
        "unlinked",
        "split",
        "call_linked",
    ]
    .iter()
    .any(|known| name.starts_with(known))
}

impl Step {
    fn by(&self) -> Actor {
        match self.who {
            0 | 6.. => administrator(),
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

    /// One of those there are, sometimes of none.
    fn of(&self, ids: impl Iterator<Item = Uuid>) -> Uuid {
        let ids: Vec<Uuid> = ids.collect();
        if ids.is_empty() || self.dice.is_multiple_of(17) {
            Uuid::from_u128(7)
        } else {
            ids[self.number() % ids.len()]
        }
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
    let tries = prop_oneof![1 => Just(1usize), 3 => Just(12)];
    let step = (acts, 0usize..9, wait, any::<u32>(), tries).prop_map(|(act, who, wait, dice, tries)| Step {
        act,
        who,
        wait,
        dice,
        tries,
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

/// The names of all acts.
pub fn names() -> impl Iterator<Item = &'static str> {
    ACTS.iter().map(|(name, _, _)| *name)
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
    pub fn live(&self, mut ticket: Ticket, mut did: impl FnMut(&'static str, &Changed) -> Ticket) {
        let mut now = 0;
        let mut past = vec![ticket.clone()];
        for step in &self.steps {
            now += step.wait;
            for attempt in 0..step.tries {
                let (name, _, act) = ACTS[(step.act + attempt * 17) % ACTS.len()];
                let before = ticket.clone();
                match act(ticket.clone(), step, &step.by(), at(now), &past) {
                    Ok(changed) => {
                        assert_eq!(changed.from_version, before.version, "{name}");
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
