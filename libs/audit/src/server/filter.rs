//! A filter, decoded.

use crate::{
    names::is_id,
    store::{Filter, Place},
};
use gongdan_errors::Violations;
use gongdan_proto::{
    METHODS,
    common::v1::{AuditFilter, AuditLevel, ChainedAuditEntry},
    from_timestamp,
};
use jiff::Timestamp;

/// Methods and actions of one filter.
const MOST: usize = 20;
/// The highest gRPC code.
const CODE_MOST: i32 = 16;
const PRINCIPAL_MOST: usize = 128;

/// Which entries a request asks for; collects what is wrong with it.
pub(super) fn decode(filter: Option<AuditFilter>, violations: &mut Violations) -> Filter {
    let Some(filter) = filter else { return Filter::default() };
    let from = instant("filter.from", filter.from.as_ref(), violations);
    let to = instant("filter.to", filter.to.as_ref(), violations);
    if let (Some(from), Some(to)) = (from, to)
        && to <= from
    {
        violations.add("filter.to", "after filter.from");
    }
    if filter.principal_id.chars().count() > PRINCIPAL_MOST || filter.principal_id.contains('\0') {
        violations.add("filter.principal_id", format!("at most {PRINCIPAL_MOST} characters"));
    }
    if !filter.resource_id.is_empty() && !is_id(&filter.resource_id) {
        violations
            .add("filter.resource_id", "a UUID, or a name that begins with a letter, at most 64 characters");
    }
    let is_trace = filter.trace_id.len() == 32 && filter.trace_id.bytes().all(|b| b.is_ascii_hexdigit());
    if !filter.trace_id.is_empty() && !is_trace {
        violations.add("filter.trace_id", "32 hexadecimal digits");
    }
    Filter {
        from,
        to,
        principal_id: filter.principal_id,
        methods: methods(&filter.methods, violations),
        actions: actions(filter.actions, violations),
        resource_id: filter.resource_id,
        codes: codes(&filter.codes, violations),
        trace_id: filter.trace_id.to_ascii_lowercase(),
        levels: levels(&filter.levels, violations),
    }
}

fn instant(
    field: &str,
    given: Option<&prost_types::Timestamp>,
    violations: &mut Violations,
) -> Option<Timestamp> {
    violations.field(field, from_timestamp(given?))
}

/// Names in full: a short one is that of every service that has such an RPC.
fn methods(given: &[String], violations: &mut Violations) -> Vec<String> {
    if given.len() > MOST {
        violations.add("filter.methods", format!("at most {MOST}"));
    }
    let mut methods = Vec::new();
    for (n, name) in given.iter().enumerate() {
        let before = methods.len();
        if name.starts_with("job/") {
            methods.push(name.clone());
        }
        let full =
            METHODS.iter().filter(|method| method.name() == name || method.path.get(1..) == Some(name));
        methods.extend(full.map(|method| method.path.trim_start_matches('/').to_owned()));
        if methods.len() == before {
            violations.add(format!("filter.methods[{n}]"), "the name of an RPC");
        }
    }
    methods
}

fn actions(given: Vec<String>, violations: &mut Violations) -> Vec<String> {
    if given.len() > MOST {
        violations.add("filter.actions", format!("at most {MOST}"));
    }
    for (n, action) in given.iter().enumerate() {
        if action != "audit.forget" && !METHODS.iter().any(|method| method.action == action) {
            violations.add(format!("filter.actions[{n}]"), "an action of the contracts");
        }
    }
    given
}

fn codes(given: &[i32], violations: &mut Violations) -> Vec<i16> {
    let mut codes = Vec::new();
    for (n, code) in given.iter().enumerate() {
        match i16::try_from(*code) {
            Ok(code) if (0..=CODE_MOST).contains(&i32::from(code)) => codes.push(code),
            _ => violations.add(format!("filter.codes[{n}]"), format!("0 to {CODE_MOST}")),
        }
    }
    codes.sort_unstable();
    codes.dedup();
    codes
}

fn levels(given: &[i32], violations: &mut Violations) -> Vec<i16> {
    let mut levels = Vec::new();
    for (n, level) in given.iter().enumerate() {
        match AuditLevel::try_from(*level) {
            Ok(AuditLevel::Unspecified) | Err(_) => {
                violations.add(format!("filter.levels[{n}]"), "a level that is known");
            }
            Ok(level) => levels.extend(i16::try_from(i32::from(level))),
        }
    }
    levels.sort_unstable();
    levels.dedup();
    levels
}

/// Where an entry stands in lists and exports.
pub(super) fn place(entry: &ChainedAuditEntry) -> Option<Place> {
    let at = entry.entry.as_ref()?.at.as_ref()?;
    Some(Place { at: from_timestamp(at).ok()?, number: entry.number })
}
