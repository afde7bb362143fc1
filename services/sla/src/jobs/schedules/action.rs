//! What a schedule does: as the contract says it, checked, and with a planned time filled in.

use gongdan_errors::{Error, Violations};
use gongdan_proto::{
    sla::v1::{Reminder, ScheduleAction, TicketTemplate, schedule_action::Action},
    tickets::v1::CreateTicketRequest,
};
use gongdan_sla_domain::schedule::fill_in;
use jiff::Zoned;
use prost::Message as _;
use uuid::Uuid;

const MOST_PERSONS: usize = 50;
const MAX_ID: usize = 64;
const MAX_TEXT: usize = 500;

/// Sees what can be seen without asking tickets.
pub fn check(
    field: &str,
    action: Option<ScheduleAction>,
    violations: &mut Violations,
) -> Option<ScheduleAction> {
    match action.as_ref().and_then(|action| action.action.as_ref()) {
        None => violations.add(field, "create_ticket or remind is required"),
        Some(Action::CreateTicket(_)) => {}
        Some(Action::Remind(reminder)) => check_reminder(&format!("{field}.remind"), reminder, violations),
    }
    action
}

fn check_reminder(field: &str, reminder: &Reminder, violations: &mut Violations) {
    let is_id = |id: &String| {
        (1..=MAX_ID).contains(&id.len()) && !id.chars().any(|c| c.is_control() || c.is_whitespace())
    };
    match (reminder.unit_id.is_empty(), reminder.person_ids.is_empty()) {
        (true, true) => violations.add(field, "unit_id or person_ids is required"),
        (false, false) => violations.add(field, "only one of unit_id and person_ids"),
        (false, true) if !is_id(&reminder.unit_id) => {
            violations.add(format!("{field}.unit_id"), "the id of a unit");
        }
        _ => {}
    }
    if reminder.person_ids.len() > MOST_PERSONS {
        violations.add(format!("{field}.person_ids"), format!("at most {MOST_PERSONS}"));
    }
    for (n, id) in reminder.person_ids.iter().enumerate().filter(|(_, id)| !is_id(id)) {
        let _ = id;
        violations.add(format!("{field}.person_ids[{n}]"), "the id of a principal");
    }
    let length = reminder.text.chars().count();
    let plain = |c: char| !c.is_control() || c == '\n';
    if !(1..=MAX_TEXT).contains(&length) || !reminder.text.chars().all(plain) {
        violations.add(format!("{field}.text"), format!("1 to {MAX_TEXT} characters"));
    }
}

/// The action of a row.
///
/// # Errors
/// INTERNAL when it is none.
pub fn decode(bytes: &[u8]) -> Result<ScheduleAction, Error> {
    ScheduleAction::decode(bytes).map_err(Error::internal)
}

/// The action for a planned time.
#[must_use]
pub fn filled(action: &ScheduleAction, planned: &Zoned) -> ScheduleAction {
    let action = action.action.clone().map(|action| match action {
        Action::CreateTicket(template) => Action::CreateTicket(TicketTemplate {
            subject: fill_in(&template.subject, planned),
            body: fill_in(&template.body, planned),
            ..template
        }),
        Action::Remind(reminder) => {
            Action::Remind(Reminder { text: fill_in(&reminder.text, planned), ..reminder })
        }
    });
    ScheduleAction { action }
}

/// The call that creates the ticket; the same run is always the same call.
#[must_use]
pub fn call(run: Uuid, template: TicketTemplate, validate_only: bool) -> CreateTicketRequest {
    CreateTicketRequest {
        request_id: run.to_string(),
        r#type: template.r#type,
        type_key: template.type_key,
        item: template.item,
        subject: template.subject,
        body: template.body,
        region: template.region,
        channel: template.channel,
        urgency: template.urgency,
        impact: template.impact,
        priority: template.priority,
        priority_reason: template.priority_reason,
        sensitive: template.sensitive,
        custom_fields: template.custom_fields,
        validate_only,
        ..CreateTicketRequest::default()
    }
}
