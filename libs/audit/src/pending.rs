//! A call, or a stream of answers, whose entry is still to be made. However it ends, it leaves one.

use crate::{call::Call, caller::Caller, entry::Entry, writer::Inner};
use gongdan_errors::Code;
use gongdan_proto::common::v1::{AuditLevel, AuditStage};
use jiff::Timestamp;
use std::{borrow::Cow, net::IpAddr, sync::Arc};

pub(crate) struct Pending {
    pub audit: Arc<Inner>,
    pub call: Arc<Call>,
    pub at: Timestamp,
    pub peer: Option<IpAddr>,
    pub trace_id: String,
    pub stage: AuditStage,
    /// How it ended; none while it has not.
    pub code: Option<Code>,
    pub reason: String,
    pub messages: u64,
    /// Whether an entry is still owed.
    pub owed: bool,
}

impl Pending {
    /// The level of an entry with this code: what a handler raised counts for what was answered.
    pub(crate) fn level(&self, code: Code) -> AuditLevel {
        if code == Code::Ok { self.call.level() } else { self.call.method.audit() }
    }

    /// The entry, which is not owed any more.
    pub(crate) fn entry(&mut self, code: Code) -> Entry {
        self.owed = false;
        Entry {
            at: self.at,
            method: Cow::Borrowed(self.call.method.path),
            action: self.call.method.action,
            level: self.level(code),
            stage: self.stage,
            peer: self.peer,
            trace_id: std::mem::take(&mut self.trace_id),
            code,
            reason: std::mem::take(&mut self.reason),
            messages: self.messages,
            said: self.call.take(),
        }
    }

    /// Splits off the entry that says a stream began; what remains owes the one that says how it ended.
    pub(crate) fn begun(&mut self) -> Entry {
        let (peer, trace_id) = (self.peer, self.trace_id.clone());
        self.stage = AuditStage::Begun;
        let entry = self.entry(Code::Ok);
        (self.stage, self.peer, self.trace_id, self.owed) = (AuditStage::Ended, peer, trace_id, true);
        self.call.go_on(&entry.said);
        entry
    }

    /// Who was refused, when nobody could say it before.
    pub(crate) fn refused(&self, extensions: &http::Extensions) {
        let mut said = self.call.said();
        if said.caller.is_none() {
            said.caller = Caller::of(extensions);
        }
    }
}

impl Drop for Pending {
    /// The caller left, its time ran out, or the handler panicked.
    fn drop(&mut self) {
        if !self.owed || (self.call.method.audit() == AuditLevel::None && self.code.is_none()) {
            return;
        }
        let unfinished = if std::thread::panicking() { Code::Internal } else { Code::Cancelled };
        let code = self.code.unwrap_or(unfinished);
        if self.stage == AuditStage::Ended {
            self.at = self.audit.clock.now();
        }
        let entry = self.entry(code);
        self.audit.clone().send(entry);
    }
}
