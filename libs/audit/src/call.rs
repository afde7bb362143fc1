//! A call while it is served, and what handlers say about it.

use crate::{caller::Caller, layer::away, names::is_id, writer::Permit};
use gongdan_errors::Error;
use gongdan_proto::{Method, common::v1::AuditLevel};
use std::{
    borrow::Cow,
    collections::HashSet,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

/// Resources that one entry lists, a page of the longest list and what it was asked by among them; the rest are counted.
pub(crate) const RESOURCES_MOST: usize = 520;
/// Facts that one entry has.
const FACTS_MOST: usize = 16;
/// Characters of a fact.
const FACT_MOST: usize = 200;

tokio::task_local! {
    pub(crate) static CALL: Arc<Call>;
}

/// Says that the call being served is about this: `touched("ticket", &id)`. Outside of a call, and for what is neither a
/// UUID nor a name, nothing happens. The same thing twice is kept once; past 520 they are counted.
pub fn touched(kind: &'static str, id: impl std::fmt::Display) {
    let _ = CALL.try_with(|call| call.touched(kind, &id.to_string()));
}

/// Says that the answer to the call being served will have what is personal in clear: its entry is then of level personal
/// and written before the answer leaves, or the call fails. To be called before anything is opened; refusals and failures
/// keep the level of their RPC. Outside of a call nothing happens.
///
/// # Errors
/// UNAVAILABLE while the log cannot be written.
pub fn personal() -> Result<(), Error> {
    CALL.try_with(|call| call.personal()).unwrap_or(Ok(()))
}

/// The call being served, for what goes on when its handler has returned: a stream's task. None outside of a call.
#[must_use]
pub fn current() -> Option<OfCall> {
    CALL.try_with(|call| OfCall(call.clone())).ok()
}

/// A call whose stream goes on: what its last entry names.
#[derive(Debug, Clone)]
pub struct OfCall(Arc<Call>);

impl OfCall {
    /// As [`touched`].
    pub fn touched(&self, kind: &'static str, id: impl std::fmt::Display) {
        self.0.touched(kind, &id.to_string());
    }
}

/// Adds a fact about the call being served: `note("purpose", "callback")`. Never personal data, never free text.
pub fn note(name: &'static str, value: impl Into<Cow<'static, str>>) {
    let _ = CALL.try_with(|call| call.note(name, value.into()));
}

/// A call while it is served; shared by the layers and the handler.
pub(crate) struct Call {
    pub method: &'static Method,
    /// Whether the last write to the log failed.
    failing: Arc<AtomicBool>,
    raised: AtomicBool,
    said: Mutex<Said>,
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("method", &self.method.path).finish_non_exhaustive()
    }
}

/// What is known about it by now.
#[derive(Debug, Default)]
pub(crate) struct Said {
    pub caller: Option<Caller>,
    pub request_id: String,
    pub resources: Vec<(&'static str, String)>,
    /// The same, to know them again.
    pub known: HashSet<(&'static str, String)>,
    /// Resources beyond those listed.
    pub more: u64,
    pub facts: Vec<(&'static str, Cow<'static, str>)>,
    /// A place in the queue, kept for the entry.
    pub permit: Option<Permit>,
}

impl Said {
    fn touched(&mut self, kind: &'static str, id: &str) {
        if self.resources.len() == RESOURCES_MOST {
            self.more += u64::from(!self.known.contains(&(kind, id.to_owned())));
        } else if self.known.insert((kind, id.to_owned())) {
            self.resources.push((kind, id.to_owned()));
        }
    }
}

impl Call {
    pub(crate) fn new(method: &'static Method, failing: Arc<AtomicBool>) -> Self {
        Self { method, failing, raised: AtomicBool::new(false), said: Mutex::default() }
    }

    fn personal(&self) -> Result<(), Error> {
        // Better refused than opened in vain.
        if self.failing.load(Ordering::Relaxed) {
            return Err(away());
        }
        self.raised.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// The level of its entry when it is answered.
    pub(crate) fn level(&self) -> AuditLevel {
        if self.raised.load(Ordering::Relaxed) { AuditLevel::Personal } else { self.method.audit() }
    }

    pub(crate) fn said(&self) -> MutexGuard<'_, Said> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a field of the request names.
    pub(crate) fn named(&self, kind: &'static str, id: &str) {
        if kind == "request_id" {
            id.clone_into(&mut self.said().request_id);
        } else {
            self.touched(kind, id);
        }
    }

    /// What was said, for its entry.
    pub(crate) fn take(&self) -> Said {
        Said { known: HashSet::new(), ..std::mem::take(&mut *self.said()) }
    }

    /// What was said goes on counting when an entry has been made of it, before what was said meanwhile.
    pub(crate) fn go_on(&self, before: &Said) {
        let mut said = self.said();
        let since = std::mem::take(&mut *said);
        said.caller.clone_from(&before.caller);
        for (kind, id) in before.resources.iter().chain(&since.resources) {
            said.touched(kind, id);
        }
    }

    fn touched(&self, kind: &'static str, id: &str) {
        if is_id(id) {
            self.said().touched(kind, id);
        }
    }

    fn note(&self, name: &'static str, mut value: Cow<'static, str>) {
        if value.chars().count() > FACT_MOST || value.contains(char::is_control) {
            value = value.chars().filter(|c| !c.is_control()).take(FACT_MOST).collect::<String>().into();
        }
        let facts = &mut self.said().facts;
        if let Some(fact) = facts.iter_mut().find(|(known, _)| *known == name) {
            fact.1 = value;
        } else if facts.len() < FACTS_MOST {
            facts.push((name, value));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_call_keeps_so_many_names_and_counts_the_rest() {
        let method = gongdan_proto::method("/gongdan.tickets.v1.TicketService/ListTickets").unwrap();
        let call = Arc::new(Call::new(method, Arc::default()));
        CALL.scope(call.clone(), async {
            for n in 0..570 {
                touched("ticket", format!("GD{n}"));
            }
            touched("ticket", "GD7");
            touched("ticket", "13800001234");
            note("purpose", "call\0back".repeat(100));
        })
        .await;
        let said = call.said();
        assert_eq!((said.resources.len(), said.more), (520, 50));
        assert_eq!(said.facts[0].1.chars().count(), FACT_MOST);
        assert!(!said.facts[0].1.contains('\0'));
    }

    #[tokio::test]
    async fn a_call_is_personal_once_its_handler_says_so_unless_the_log_is_away() {
        let method = gongdan_proto::method("/gongdan.tickets.v1.TicketService/GetTicket").unwrap();
        let failing = Arc::new(AtomicBool::new(true));
        let call = Arc::new(Call::new(method, failing.clone()));
        CALL.scope(call.clone(), async {
            assert_eq!(personal().unwrap_err().code(), gongdan_errors::Code::Unavailable);
            assert_eq!(call.level(), AuditLevel::Read);
            failing.store(false, Ordering::Relaxed);
            personal().unwrap();
            assert_eq!(call.level(), AuditLevel::Personal);
        })
        .await;
    }

    #[tokio::test]
    async fn what_a_stream_sends_when_its_handler_has_returned_is_named() {
        let method = gongdan_proto::method("/gongdan.tickets.v1.TicketService/WatchTickets").unwrap();
        let call = Arc::new(Call::new(method, Arc::default()));
        let stream = CALL.scope(call.clone(), async { current() }).await.unwrap();
        assert!(current().is_none());
        tokio::spawn(async move { stream.touched("ticket", "GD1") }).await.unwrap();
        assert_eq!(call.said().resources, [("ticket", "GD1".to_owned())]);
    }

    #[test]
    fn outside_of_a_call_nothing_happens() {
        touched("ticket", "GD1");
        note("purpose", "callback");
        personal().unwrap();
    }
}
