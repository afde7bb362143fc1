//! A call while it is served, and what handlers say about it.

use crate::{caller::Caller, names::is_id, writer::Permit};
use gongdan_proto::Method;
use std::{
    borrow::Cow,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Resources that one entry lists; the rest are counted.
pub(crate) const RESOURCES_MOST: usize = 100;
/// Facts that one entry has.
const FACTS_MOST: usize = 16;
/// Characters of a fact.
const FACT_MOST: usize = 200;

tokio::task_local! {
    pub(crate) static CALL: Arc<Call>;
}

/// Says that the call being served is about this: `touched("ticket", &id)`. Outside of a call, and for what is neither a
/// UUID nor a name, nothing happens. The same thing twice is kept once; past a hundred they are counted.
pub fn touched(kind: &'static str, id: impl std::fmt::Display) {
    let _ = CALL.try_with(|call| call.touched(kind, &id.to_string()));
}

/// Adds a fact about the call being served: `note("purpose", "callback")`. Never personal data, never free text.
pub fn note(name: &'static str, value: impl Into<Cow<'static, str>>) {
    let _ = CALL.try_with(|call| call.note(name, value.into()));
}

/// A call while it is served; shared by the layers and the handler.
#[derive(Debug)]
pub(crate) struct Call {
    pub method: &'static Method,
    said: Mutex<Said>,
}

/// What is known about it by now.
#[derive(Debug, Default)]
pub(crate) struct Said {
    pub caller: Option<Caller>,
    pub request_id: String,
    pub resources: Vec<(&'static str, String)>,
    /// Resources beyond those listed.
    pub more: u64,
    pub facts: Vec<(&'static str, Cow<'static, str>)>,
    /// A place in the queue, kept for the entry.
    pub permit: Option<Permit>,
}

impl Call {
    pub(crate) fn new(method: &'static Method) -> Self {
        Self { method, said: Mutex::default() }
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

    fn touched(&self, kind: &'static str, id: &str) {
        if !is_id(id) {
            return;
        }
        let mut said = self.said();
        if said.resources.iter().any(|(k, known)| *k == kind && known == id) {
            return;
        }
        if said.resources.len() < RESOURCES_MOST {
            said.resources.push((kind, id.to_owned()));
        } else {
            said.more += 1;
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
        let call = Arc::new(Call::new(method));
        CALL.scope(call.clone(), async {
            for n in 0..150 {
                touched("ticket", format!("GD{n}"));
            }
            touched("ticket", "GD7");
            touched("ticket", "13800001234");
            note("purpose", "call\0back".repeat(100));
        })
        .await;
        let said = call.said();
        assert_eq!((said.resources.len(), said.more), (100, 50));
        assert_eq!(said.facts[0].1.chars().count(), FACT_MOST);
        assert!(!said.facts[0].1.contains('\0'));
    }

    #[test]
    fn outside_of_a_call_nothing_happens() {
        touched("ticket", "GD1");
        note("purpose", "callback");
    }
}
