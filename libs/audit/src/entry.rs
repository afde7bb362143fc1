//! An entry on its way to the log.

use crate::{call::Said, caller::Caller};
use gongdan_clock::new_id;
use gongdan_errors::Code;
use gongdan_proto::{
    common::v1::{AuditEntry, AuditLevel, AuditResource, AuditStage},
    to_timestamp,
};
use jiff::Timestamp;
use std::{borrow::Cow, net::IpAddr};

/// What happened. Made on the way of a call and so no more than moved there; the writer makes the message of it.
#[derive(Debug)]
pub(crate) struct Entry {
    pub at: Timestamp,
    /// With the leading slash of a path.
    pub method: Cow<'static, str>,
    pub action: &'static str,
    pub level: AuditLevel,
    pub stage: AuditStage,
    pub peer: Option<IpAddr>,
    pub trace_id: String,
    pub code: Code,
    pub reason: String,
    pub messages: u64,
    pub said: Said,
}

impl Entry {
    /// As the log keeps it.
    pub(crate) fn into_message(self, service: &str) -> AuditEntry {
        let Said { caller, request_id, resources, more, facts, .. } = self.said;
        let Caller { principal_id, kind, unit_ids, on_behalf_of } = caller.unwrap_or_default();
        let mut detail: std::collections::BTreeMap<String, String> =
            facts.into_iter().map(|(name, value)| (name.to_owned(), value.into_owned())).collect();
        if more > 0 {
            detail.insert("more".to_owned(), more.to_string());
        }
        AuditEntry {
            id: new_id(self.at).to_string(),
            at: Some(to_timestamp(self.at)),
            service: service.to_owned(),
            method: clean(self.method.trim_start_matches('/')),
            action: self.action.to_owned(),
            level: self.level.into(),
            stage: self.stage.into(),
            principal_id: clean(&principal_id),
            principal_kind: kind.into(),
            unit_ids: unit_ids.iter().map(|unit| clean(unit)).collect(),
            on_behalf_of: clean(&on_behalf_of),
            peer: self.peer.map(|peer| peer.to_string()).unwrap_or_default(),
            trace_id: self.trace_id,
            request_id,
            resources: resources
                .into_iter()
                .map(|(kind, id)| AuditResource { kind: kind.to_owned(), id })
                .collect(),
            code: i32::from(self.code),
            reason: clean(&self.reason),
            messages: i64::try_from(self.messages).unwrap_or(i64::MAX),
            detail,
        }
    }
}

/// PostgreSQL keeps no NUL, and one must not hold up the rest.
fn clean(text: &str) -> String {
    text.replace('\0', "")
}
