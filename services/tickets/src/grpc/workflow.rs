//! Workflows as the contract has them, and definitions as requests bring them.

use crate::store::workflows::{Listed, WorkflowRule};
use gongdan_errors::{Error, Violations};
use gongdan_proto::{tickets::v1 as pb, to_timestamp};
use gongdan_tickets_domain::{
    TicketType,
    workflow::{Definition, Fault, Workflow},
};

/// Longest definition, in characters.
const LONGEST: usize = 200_000;

/// The contract's words for a version; with its definition where one is asked for.
pub(super) fn to_pb(listed: &Listed, whole: bool) -> pb::Workflow {
    let definition = listed.workflow.definition();
    pb::Workflow {
        key: definition.key.clone(),
        version: listed.workflow.version(),
        name_zh: definition.name.zh.clone(),
        name_en: definition.name.en.clone(),
        definition: if whole { listed.text.clone() } else { String::new() },
        steps: listed
            .workflow
            .steps()
            .iter()
            .map(|step| pb::WorkflowStep {
                key: step.key.clone(),
                phase: step.phase.number(),
                name_zh: step.name.zh.clone(),
                name_en: step.name.en.clone(),
            })
            .collect(),
        set_by: listed.set_by.clone(),
        set_at: listed.set_at.map(to_timestamp),
    }
}

pub(super) fn rule_to_pb(rule: WorkflowRule) -> pb::WorkflowRule {
    pb::WorkflowRule {
        r#type: rule.kind.map_or(0, TicketType::number),
        item: rule.item,
        workflow: rule.workflow,
    }
}

/// A definition of a request, checked; its faults.
///
/// # Errors
/// INVALID_ARGUMENT when it is too long.
pub(super) fn checked(text: &str) -> Result<Result<Workflow, Vec<Fault>>, Error> {
    if text.chars().count() > LONGEST {
        return Err(Error::invalid_field("definition", format!("at most {LONGEST} characters")));
    }
    Ok(Definition::parse(text)
        .map_err(|error| {
            let (at, message) = ("definition".to_owned(), error.message);
            vec![Fault { at, line: error.line, column: error.column, message }]
        })
        .and_then(|definition| Workflow::check(definition, 1)))
}

/// Each fault as a violation of its own.
pub(super) fn violations(faults: Vec<Fault>) -> Error {
    let mut violations = Violations::new();
    for Fault { at, line, column, message } in faults {
        let field = if at == "definition" { at } else { format!("definition.{at}") };
        let rule = if line == 0 { message } else { format!("line {line}, column {column}: {message}") };
        violations.add(field, rule);
    }
    violations.into_error()
}

/// A place in a text.
pub(super) fn number(place: usize) -> i32 {
    i32::try_from(place).unwrap_or(i32::MAX)
}
