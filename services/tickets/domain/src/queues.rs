//! Work queues: in which a ticket stands, as a function of its state, and what an act changes about their counts.
//! Source: T27, DESIGN rule 11.
//!
//! A count is kept for each place that tickets stand in: a queue, whose it is, and what decides who may see what stands
//! there. So the counts of a caller are sums over places that it may see, and each list shows what its count counts.

use crate::{
    actor::Actor,
    names::{PrincipalId, UnitId},
    numbered::numbered,
    ticket::Ticket,
    vocabulary::{Phase, PrincipalKind},
};
use gongdan_region::RegionCode;
use std::collections::{BTreeMap, BTreeSet};

numbered! {
    /// A work queue. Source: T27.
    Queue {
        /// 本组处理: in flight, and a unit has it or it waits in its pool.
        Group = 1 "group",
        /// 个人待办: in flight, and a person has it.
        MyTodo = 2 "my_todo",
        /// 个人已办: a person did something with it and does not have it.
        MyDone = 3 "my_done",
        /// 跟踪工单: a person marked it for themselves.
        Tracked = 4 "tracked",
        /// 本地网工单: in flight, by region.
        RegionOpen = 5 "region_open",
        /// 历史工单: over, by region and by the unit that had it last.
        History = 6 "history",
        /// 存盘: saved by a person, not submitted.
        Drafts = 7 "drafts",
        /// 退单: came back in this round and waits to be dispatched again.
        Returned = 8 "returned",
        /// 延时申请: an extension is asked for and not decided.
        Extensions = 9 "extensions",
        /// 超时工单: in flight beyond its time.
        Overdue = 10 "overdue",
        /// 差错工单: an inspector marked an error.
        QualityErrors = 11 "quality_errors",
        /// 协办工单: in flight, and a unit owes its help.
        Assisting = 12 "assisting",
    }
}

impl Queue {
    /// Whose the queue is.
    #[must_use]
    pub const fn kind(self) -> QueueKind {
        match self {
            Self::MyTodo | Self::MyDone | Self::Tracked | Self::Drafts => QueueKind::Person,
            Self::Group | Self::Assisting => QueueKind::Unit,
            Self::RegionOpen => QueueKind::Region,
            Self::History | Self::Returned | Self::Extensions | Self::Overdue | Self::QualityErrors => {
                QueueKind::RegionOrUnit
            }
        }
    }
}

/// Whose a queue is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueueKind {
    /// Each person has one.
    Person,
    /// Each unit has one.
    Unit,
    /// What lies in the caller's areas.
    Region,
    /// What lies in the caller's areas, and what a unit of the caller has or had last.
    RegionOrUnit,
}

/// Whose part of a queue a place is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Owner {
    /// Everybody's in whose area it lies.
    Region,
    /// A unit's.
    Unit(UnitId),
    /// A person's.
    Person(PrincipalId),
}

/// Where a ticket stands in a queue, with what decides who sees it there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Which queue.
    pub queue: Queue,
    /// Whose part of it.
    pub owner: Owner,
    /// A unit that takes part in it, if its owner can see it through one.
    pub unit: Option<UnitId>,
    /// Where the ticket is.
    pub region: RegionCode,
    /// Marked as sensitive.
    pub sensitive: bool,
    /// Its reporter asked for confidence.
    pub confidential: bool,
    /// The owner is the citizen who asked.
    pub own: bool,
}

/// A person who did something with a ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doer {
    /// Who.
    pub person: PrincipalId,
    /// A unit of theirs that took part when they last did.
    pub unit: Option<UnitId>,
    /// They only marked it for themselves.
    pub only_tracked: bool,
}

/// What an act changes about the counts; a place is in it once, and never with 0.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Deltas {
    /// Whatever the clocks say.
    pub always: Vec<(Place, i32)>,
    /// Only if the ticket is overdue, which clocks decide and its state does not say.
    pub if_overdue: Vec<(Place, i32)>,
}

impl Deltas {
    /// From one state of a ticket to the next; `None`: it is new.
    #[must_use]
    pub fn between(before: Option<&Ticket>, after: &Ticket) -> Self {
        Self {
            always: difference(before.map(Ticket::places).unwrap_or_default(), after.places()),
            if_overdue: difference(
                before.map(Ticket::places_if_overdue).unwrap_or_default(),
                after.places_if_overdue(),
            ),
        }
    }
}

fn difference(before: Vec<Place>, after: Vec<Place>) -> Vec<(Place, i32)> {
    let mut deltas: BTreeMap<Place, i32> = BTreeMap::new();
    for place in before {
        *deltas.entry(place).or_default() -= 1;
    }
    for place in after {
        *deltas.entry(place).or_default() += 1;
    }
    deltas.into_iter().filter(|(_, delta)| *delta != 0).collect()
}

impl Ticket {
    /// Every place of the ticket but those of queue `overdue`; each once.
    #[must_use]
    pub fn places(&self) -> Vec<Place> {
        let mut places = Vec::new();
        let unit = self.desk();
        if self.phase.is_in_flight() {
            places.push(self.place(Queue::RegionOpen, Owner::Region, None));
            if let Some(unit) = unit {
                places.push(self.place(Queue::Group, Owner::Unit(unit.clone()), Some(unit)));
            }
            for unit in self.assisting() {
                places.push(self.place(Queue::Assisting, Owner::Unit(unit.clone()), Some(unit)));
            }
            if let Some(person) = self.holding() {
                places.push(self.place(Queue::MyTodo, Owner::Person(person.clone()), unit));
            }
        }
        if self.phase == Phase::Draft {
            let owner = Owner::Person(self.created_by.id.clone());
            let own = self.created_by.kind == PrincipalKind::Citizen;
            places.push(Place { own, ..self.place(Queue::Drafts, owner, None) });
        } else {
            let done = self.doers.iter().filter(|d| !d.only_tracked && Some(&d.person) != self.holding());
            places.extend(done.map(|doer| {
                self.place(Queue::MyDone, Owner::Person(doer.person.clone()), doer.unit.as_ref())
            }));
        }
        if self.phase.is_over() {
            self.by_region_and_unit(Queue::History, self.lead_unit.as_ref(), &mut places);
        }
        if self.is_returned() {
            self.by_region_and_unit(Queue::Returned, unit, &mut places);
        }
        if self.groups.extensions.requested().is_some() {
            self.by_region_and_unit(Queue::Extensions, unit, &mut places);
        }
        if self.has_quality_error() {
            self.by_region_and_unit(Queue::QualityErrors, unit, &mut places);
        }
        for track in &self.groups.tracks.all {
            let (owner, unit) = (Owner::Person(track.person.clone()), self.sees_through(&track.person));
            places.push(self.place(Queue::Tracked, owner, unit));
        }
        places
    }

    /// Its places in queue `overdue`, if it is that.
    #[must_use]
    pub fn places_if_overdue(&self) -> Vec<Place> {
        let mut places = Vec::new();
        if self.phase.is_in_flight() {
            self.by_region_and_unit(Queue::Overdue, self.desk(), &mut places);
        }
        places
    }

    /// It came back in this round and waits to be dispatched again.
    #[must_use]
    pub fn is_returned(&self) -> bool {
        self.phase == Phase::PendingDispatch && !self.returned_by.is_empty()
    }

    /// An inspector's mark stands.
    #[must_use]
    pub fn has_quality_error(&self) -> bool {
        self.groups.quality_errors.all.iter().any(|mark| mark.withdrawn_at.is_none())
    }

    /// A unit of the person that takes part, as of when they last did something with it.
    #[must_use]
    pub fn sees_through(&self, person: &PrincipalId) -> Option<&UnitId> {
        self.doers.iter().find(|doer| doer.person == *person)?.unit.as_ref()
    }

    /// The unit on whose desk it lies: the one that has it or had it last, or in whose pool it waits.
    #[must_use]
    pub fn desk(&self) -> Option<&UnitId> {
        self.lead_unit.as_ref().or_else(|| self.pool.as_ref()?.unit.as_ref())
    }

    /// Units that owe their help while it is in flight, each once.
    #[must_use]
    pub fn assisting(&self) -> BTreeSet<&UnitId> {
        let flies = self.phase.is_in_flight();
        self.groups.assists.owed().filter(|_| flies).map(|assist| &assist.unit).collect()
    }

    /// The person who has it on their hands.
    fn holding(&self) -> Option<&PrincipalId> {
        self.handler.as_ref().filter(|_| self.phase.is_in_flight())
    }

    /// By whom its lists know who took it down: a person who did, or whoever saved the draft.
    #[must_use]
    pub fn taken_down_by(&self) -> Option<&PrincipalId> {
        let by = &self.created_by.id;
        let did = |doer: &Doer| !doer.only_tracked && doer.person == *by;
        (self.phase == Phase::Draft || self.doers.iter().any(did)).then_some(by)
    }

    /// Who else did something with it.
    pub fn other_doers(&self) -> impl Iterator<Item = &Doer> {
        self.doers.iter().filter(|doer| !doer.only_tracked && doer.person != self.created_by.id)
    }

    /// Somebody did something with it.
    pub(crate) fn done_by(&mut self, actor: &Actor, only_tracked: bool) {
        if actor.kind != PrincipalKind::Person {
            return;
        }
        let lead = self.lead_unit.iter();
        // Whoever took it down sees it where they took it down.
        let unit = lead.chain(&self.participants).find(|unit| actor.unit_ids.contains(unit)).cloned();
        let unit = unit.filter(|_| actor.id != self.created_by.id);
        match self.doers.iter_mut().find(|doer| doer.person == actor.id) {
            Some(doer) => {
                doer.unit = unit.or_else(|| doer.unit.take());
                doer.only_tracked &= only_tracked;
            }
            None => self.doers.push(Doer { person: actor.id.clone(), unit, only_tracked }),
        }
    }

    fn by_region_and_unit(&self, queue: Queue, unit: Option<&UnitId>, places: &mut Vec<Place>) {
        places.push(self.place(queue, Owner::Region, None));
        if let Some(unit) = unit {
            places.push(self.place(queue, Owner::Unit(unit.clone()), Some(unit)));
        }
    }

    fn place(&self, queue: Queue, owner: Owner, unit: Option<&UnitId>) -> Place {
        Place {
            queue,
            owner,
            unit: unit.cloned(),
            region: self.region,
            sensitive: self.sensitive,
            confidential: self.confidential,
            own: false,
        }
    }
}
