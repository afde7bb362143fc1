//! A timeline as the database has it, and what somebody with access to the database could do to it.

use super::*;

pub(super) const CONTACT: Personal = CLASSES[0];
pub(super) const TEXTS: Personal = CLASSES[1];

pub(super) fn at(second: i64) -> Timestamp {
    "2026-11-29T01:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_secs(second)
}

pub(super) fn actor(id: &str, kind: PrincipalKind) -> Actor {
    Actor {
        id: PrincipalId::parse(id).unwrap(),
        name: "刘洋".to_owned(),
        kind,
        any_unit: true,
        unit_ids: vec![UnitId::parse("centre").unwrap()],
    }
}

pub(super) fn staff() -> Actor {
    actor("chen.jing", PrincipalKind::Person)
}

pub(super) fn submitted() -> Changed {
    let intake = Intake {
        priority_matrix_version: 0,
        priority_reason: "孕妇，急".to_owned(),
        customer_id: Some(Uuid::from_u128(5)),
        ..support::intake()
    };
    let new = New { id: Uuid::from_u128(1), number: "GD2611290000000001".to_owned(), external: None };
    Ticket::submitted(new, intake, &actor("citizen.liu", PrincipalKind::Citizen), at(0))
}

/// A log as the database has it, and the row at its end.
#[derive(Clone)]
pub(in crate::store::chain) struct Log {
    pub(in crate::store::chain) ticket: Ticket,
    pub(in crate::store::chain) rows: Vec<Row>,
    pub(in crate::store::chain) state: Vec<u8>,
}

impl Log {
    pub(super) fn new() -> Self {
        let mut log = Self::empty(submitted().ticket);
        log.write(&submitted());
        log
    }

    /// Before the first event of `ticket`.
    pub(in crate::store::chain) fn empty(ticket: Ticket) -> Self {
        Self { ticket, rows: Vec::new(), state: Vec::new() }
    }

    /// Urged, returned twice, the second time to arbitration, and cancelled: 8 events in 6 acts.
    pub(super) fn long() -> Self {
        let mut log = Self::new();
        let rules = Rules { max_returns: 1, ..Rules::default() };
        let reason = |text: &str| Reason::parse(text).unwrap();
        log.act(|t| t.urge(Note::parse("还没人来").unwrap(), &rules, &staff(), at(1)).unwrap());
        for second in [2, 3] {
            log.act(|t| {
                let unit = UnitId::parse("tianhe-env").unwrap();
                t.dispatch(unit, None, Note::default(), &staff(), at(second)).unwrap()
            });
            log.act(|t| t.return_to_pool(reason("不属于本部门"), &rules, &staff(), at(second)).unwrap());
        }
        log.act(|t| t.cancel(reason("市民张三撤回"), &staff(), at(4)).unwrap());
        assert_eq!(log.rows.len(), 8);
        log
    }

    pub(super) fn act(&mut self, act: impl FnOnce(Ticket) -> Changed) {
        let changed = act(self.ticket.clone());
        self.write(&changed);
    }

    /// As the store does: the next act begins with the state of the row.
    pub(in crate::store::chain) fn write(&mut self, changed: &Changed) {
        let written = events::write(changed, at(60));
        for event in written.events {
            self.rows.push(Row {
                aggregate_id: event.aggregate_id,
                version: event.version,
                kind: event.kind.into_owned(),
                occurred_at: event.occurred_at,
                recorded_at: event.recorded_at,
                origin: event.origin.as_i16().into(),
                payload: event.payload,
            });
        }
        self.ticket = crate::store::state::decode(&written.state).unwrap();
        self.state = written.state;
    }

    pub(super) fn erase(&mut self, what: Personal) {
        let changed = self.ticket.clone().erase(what, true, &staff(), at(9)).unwrap().unwrap();
        self.write(&changed);
        self.redact(what);
    }

    pub(in crate::store::chain) fn redact(&mut self, what: Personal) {
        for row in &mut self.rows {
            if let Some(payload) = events::redacted(&row.kind, &row.payload, what).unwrap() {
                row.payload = payload;
            }
        }
    }

    /// Changes the event of a version as somebody with access to the database would.
    pub(super) fn tamper(&mut self, version: usize, change: impl FnOnce(&mut pb::TicketEvent)) {
        let row = &mut self.rows[version - 1];
        let mut event = pb::TicketEvent::decode(row.payload.as_slice()).unwrap();
        change(&mut event);
        row.payload = event.encode_to_vec();
    }

    pub(super) fn verify(&self) -> Verified {
        self.verify_knowing(None)
    }

    pub(super) fn verify_knowing(&self, known: Option<Known>) -> Verified {
        let mut verifier = Verifier::new(Uuid::from_u128(1), known);
        self.rows.iter().for_each(|row| verifier.take(row));
        verifier.end(self.ticket.version, &pb::Ticket::decode(self.state.as_slice()).unwrap())
    }

    #[track_caller]
    pub(super) fn assert_broken(&self, version: i64, why: Why) {
        assert_eq!(self.verify().broken, Some(Broken { version, why }));
    }

    #[track_caller]
    pub(in crate::store::chain) fn assert_whole(&self) {
        let verified = self.verify();
        assert_eq!(verified.broken, None);
        assert_eq!(verified.events, i64::try_from(self.rows.len()).unwrap());
        assert_eq!(verified.head, self.ticket.chain);
    }
}

pub(super) fn state(event: &mut pb::TicketEvent) -> &mut pb::Ticket {
    event.state.as_mut().unwrap()
}

pub(super) fn texts_of(event: &mut pb::TicketEvent, text: &str) {
    match event.change.as_mut().unwrap() {
        PbChange::Urged(urged) => urged.note = text.to_owned(),
        PbChange::Dispatched(dispatched) => dispatched.note = text.to_owned(),
        other => panic!("{other:?}"),
    }
}

pub(super) fn row(log: &mut Log, change: impl FnOnce(&mut pb::Ticket)) {
    let mut ticket = pb::Ticket::decode(log.state.as_slice()).unwrap();
    change(&mut ticket);
    log.state = ticket.encode_to_vec();
}
