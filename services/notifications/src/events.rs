//! Events of tickets and sla → what happened, as the domain sees it. notifications publishes no events of its own.

use gongdan_notifications_domain::{About, Deadline, EventTypes, Happening, Kind, Target, TicketFacts};
use gongdan_outbox::{ApplyError, Event};
use gongdan_proto::{
    from_timestamp,
    sla::v1::{Clock, ClockEvent, ClockKind, ScheduleEvent, clock_event, schedule_event},
    tickets::v1::{
        AnnouncementEvent, Directive, EmergencyService, Phase, Signer, Ticket, TicketEvent, TicketType,
        ticket_event::Change,
    },
};
use gongdan_region::RegionCode;
use uuid::Uuid;

/// The event of tickets that is of no ticket.
pub const ANNOUNCED: &str = "announced";

/// What people are told and webhooks are not: it is theirs.
const INSIDE: [&str; 2] = ["reminded", "circulated"];

/// What an event of tickets means here; `None` for imports, drafts, and what nobody is told.
///
/// # Errors
/// Poison when the payload is not what its type says.
pub fn from_tickets(event: &Event) -> Result<Option<Happening>, ApplyError> {
    if event.kind == ANNOUNCED {
        return announced(event).map(Some);
    }
    let event_type = format!("tickets.{}", event.kind);
    if event.is_import() || !(EventTypes::is_known(&event_type) || INSIDE.contains(&event.kind.as_str())) {
        return Ok(None);
    }
    let payload: TicketEvent = event.decode().map_err(|e| ApplyError::undecodable(event, &e))?;
    let from_draft = payload.from_phase() == Phase::Draft;
    let state = payload.state.ok_or_else(|| ApplyError::poison(event, "the event has no state"))?;
    let change = payload.change.ok_or_else(|| ApplyError::poison(event, "the event has no change"))?;
    // A draft is its author's own business, whatever is done to it; whoever asked to be reminded is.
    let inside = INSIDE.contains(&event.kind.as_str());
    if state.phase() == Phase::Draft && !inside || from_draft && matches!(change, Change::Cancelled(_)) {
        return Ok(None);
    }
    let deadline = crate::consumers::handling::due(&change, &state);
    let actor = payload.actor.map(|by| by.id).unwrap_or_default();
    let about = about(&change, &state, actor);
    let named = named(&change, &state);
    let (kind, unit_id, person_id) = told(change, &state);
    let ticket = TicketFacts {
        id: event.aggregate_id,
        version: event.version,
        phase: phase(state.phase()),
        ticket_type: ticket_type(state.r#type()),
        priority: u8::try_from(state.priority).unwrap_or_default(),
        round: state.round,
        region: RegionCode::parse(&state.region).ok(),
        sensitive: state.sensitive,
        unit_id,
        person_id,
        creator_id: state.created_by.map(|by| by.id).unwrap_or_default(),
        number: state.number,
        item: state.item,
    };
    Ok(Some(Happening {
        event_id: event.id,
        event_type,
        kind,
        about,
        occurred_at: event.occurred_at,
        ticket,
        deadline,
        named,
    }))
}

/// What was announced inside a unit: of no ticket, and told its members only.
fn announced(event: &Event) -> Result<Happening, ApplyError> {
    let payload: AnnouncementEvent = event.decode().map_err(|e| ApplyError::undecodable(event, &e))?;
    let actor_id = payload.circulated_by.map(|by| by.id).unwrap_or_default();
    Ok(Happening {
        event_id: event.id,
        event_type: format!("tickets.{ANNOUNCED}"),
        kind: Some(Kind::Announced),
        about: About { actor_id, ..About::default() },
        occurred_at: event.occurred_at,
        ticket: TicketFacts { unit_id: payload.unit_id, ..TicketFacts::default() },
        deadline: None,
        named: Vec::new(),
    })
}

/// Whether people are told, and the unit and person it is about.
fn told(change: Change, state: &Ticket) -> (Option<Kind>, String, String) {
    let lead = state.lead_unit_id.clone();
    match change {
        Change::Dispatched(c) => (Some(Kind::Dispatched), c.unit_id, c.person_id),
        Change::Transferred(c) => (Some(Kind::Transferred), c.to_unit_id, c.to_person_id),
        // `pooled` follows.
        Change::Returned(c) if c.to_pool => (None, lead, String::new()),
        Change::Returned(c) => (Some(Kind::Returned), c.unit_id, String::new()),
        Change::Pooled(c) => (Some(Kind::Pooled), c.unit_id, String::new()),
        Change::Reopened(_) => {
            let past = || state.participant_unit_ids.last().cloned().unwrap_or_default();
            (Some(Kind::Reopened), if lead.is_empty() { past() } else { lead }, String::new())
        }
        Change::Urged(c) => (c.notify.then_some(Kind::Urged), lead, state.handler_id.clone()),
        Change::Closed(_) => (Some(Kind::Closed), lead, String::new()),
        Change::SuspensionRequested(_)
        | Change::SuspensionRejected(_)
        | Change::Suspended(_)
        | Change::Resumed(_)
        | Change::ExtensionRequested(_)
        | Change::ExtensionApproved(_)
        | Change::ExtensionRejected(_)
        | Change::AssistRequested(_)
        | Change::AssistReplied(_)
        | Change::AssistDeclined(_)
        | Change::AssistWaived(_) => crate::consumers::handling::told(&change, state),
        Change::Escalated(c) => (Some(Kind::Escalated), c.to_unit_id, c.to_person_id),
        Change::DirectiveIssued(c) => {
            let handler = if c.unit_id == lead { state.handler_id.clone() } else { String::new() };
            (Some(Kind::DirectiveIssued), c.unit_id, handler)
        }
        Change::DirectiveReplied(c) => of_directive(Kind::DirectiveReplied, &c.directive_id, state, issuer),
        Change::DirectiveAccepted(c) => {
            of_directive(Kind::DirectiveAccepted, &c.directive_id, state, replier)
        }
        Change::DirectiveRejected(c) => {
            of_directive(Kind::DirectiveRejected, &c.directive_id, state, replier)
        }
        Change::DirectiveWithdrawn(c) => {
            of_directive(Kind::DirectiveWithdrawn, &c.directive_id, state, replier)
        }
        Change::DirectiveLate(c) => of_directive(Kind::DirectiveLate, &c.directive_id, state, issuer),
        Change::Reminded(c) => (Some(Kind::Reminded), lead, c.person_id),
        Change::Circulated(c) => (Some(Kind::Circulated), c.unit_id, String::new()),
        Change::HandedOff(_) => (Some(Kind::HandedOff), lead, state.handler_id.clone()),
        // Whoever signed, the next step waits.
        Change::ReviewSubmitted(_) => (Some(Kind::ReviewSubmitted), lead, String::new()),
        Change::ReviewApproved(c) => (
            Some(Kind::ReviewSubmitted).filter(|_| c.waits_at != c.approved_at && !c.waits_at.is_empty()),
            lead,
            String::new(),
        ),
        Change::ReviewRejected(_) => (Some(Kind::ReviewRejected), lead, state.handler_id.clone()),
        Change::Noted(c) => ((!c.mention_ids.is_empty()).then_some(Kind::Mentioned), lead, String::new()),
        _ => (None, lead, state.handler_id.clone()),
    }
}

/// Whether people are told of a directive, its unit, and the person it is about.
fn of_directive(
    kind: Kind,
    id: &str,
    state: &Ticket,
    person: fn(&Directive) -> String,
) -> (Option<Kind>, String, String) {
    let Some(directive) = directive(id, state) else {
        return (Some(kind), state.lead_unit_id.clone(), String::new());
    };
    (Some(kind), directive.unit_id.clone(), person(directive))
}

fn directive<'a>(id: &str, state: &'a Ticket) -> Option<&'a Directive> {
    state.directives.iter().find(|directive| directive.id == id)
}

fn issuer(directive: &Directive) -> String {
    directive.issued_by.as_ref().map(|by| by.id.clone()).unwrap_or_default()
}

fn replier(directive: &Directive) -> String {
    directive.replied_by.as_ref().map(|by| by.id.clone()).unwrap_or_default()
}

/// What else decides who is told.
fn about(change: &Change, state: &Ticket, actor: String) -> About {
    let due = |id: &str| {
        let due = directive(id, state).and_then(|directive| directive.due_at.as_ref());
        due.and_then(|at| from_timestamp(at).ok())
    };
    match change {
        Change::Urged(c) => About { level: c.level, ..About::default() },
        Change::DirectiveIssued(c) => About { due_at: due(&c.directive_id), ..About::default() },
        Change::DirectiveRejected(c) => About { due_at: due(&c.directive_id), ..About::default() },
        Change::DirectiveLate(c) => {
            About { level: c.level, due_at: due(&c.directive_id), ..About::default() }
        }
        Change::Circulated(c) => {
            About { person_ids: c.person_ids.clone(), actor_id: actor, ..About::default() }
        }
        Change::HandedOff(c) => {
            let emergency = match c.service() {
                EmergencyService::Unspecified => 0,
                EmergencyService::Police => 110,
                EmergencyService::Fire => 119,
                EmergencyService::Ambulance => 120,
            };
            About { emergency, ..About::default() }
        }
        _ => About::default(),
    }
}

/// Whom the event itself names.
fn named(change: &Change, state: &Ticket) -> Vec<Target> {
    match change {
        Change::Noted(noted) => noted.mention_ids.iter().cloned().map(Target::Person).collect(),
        Change::ReviewSubmitted(_) | Change::ReviewApproved(_) => {
            // The last step waits; who signed for it already is not asked again.
            let step = state.review.as_ref().and_then(|review| review.steps.last());
            let Some(step) = step else { return Vec::new() };
            let region = RegionCode::parse(&state.region).ok();
            let mut signers = Vec::new();
            for (group, of) in (0..).zip(&step.groups) {
                for (place, signer) in (0..).zip(&of.signers) {
                    let signed = step.signatures.iter().any(|s| (s.group, s.signer) == (group, place));
                    if !signed {
                        signers.push(target(signer, region));
                    }
                }
            }
            signers
        }
        _ => Vec::new(),
    }
}

fn target(signer: &Signer, region: Option<RegionCode>) -> Target {
    if !signer.person_id.is_empty() {
        Target::Person(signer.person_id.clone())
    } else if signer.unit_id.is_empty() {
        Target::Role(vec![signer.role.clone()], region)
    } else {
        Target::InUnit(signer.unit_id.clone(), vec![signer.role.clone()])
    }
}

/// The event of sla that is of no ticket and reminds people.
pub const REMINDED: &str = "schedule_reminded";

/// What an event of sla means here; `None` for imports and for what is neither warning nor breach nor reminder. It does not say whether
/// its ticket is sensitive: until somebody who knows does, it counts as such.
///
/// # Errors
/// Poison when the payload is not what its type says.
pub fn from_sla(event: &Event) -> Result<Option<Happening>, ApplyError> {
    let kind = match event.kind.as_str() {
        "warned" => Kind::Warned,
        "breached" => Kind::Breached,
        REMINDED => return schedule_reminded(event),
        _ => return Ok(None),
    };
    if event.is_import() {
        return Ok(None);
    }
    let payload: ClockEvent = event.decode().map_err(|e| ApplyError::undecodable(event, &e))?;
    let percent = match &payload.change {
        Some(clock_event::Change::Warned(warned)) => warned.percent,
        _ => 100,
    };
    let clock = payload.state.ok_or_else(|| ApplyError::poison(event, "the event has no state"))?;
    // a channel's standard is a matter of seconds, for reports: it would call somebody for each request
    if clock.kind() == ClockKind::FirstResponse && clock.rule == 0 {
        return Ok(None);
    }
    let due_at = clock.due_at.as_ref().and_then(|at| from_timestamp(at).ok());
    let due_at = due_at.ok_or_else(|| ApplyError::poison(event, "the clock is never due"))?;
    Ok(Some(Happening {
        event_id: event.id,
        event_type: format!("sla.{}", kind.as_str()),
        kind: Some(kind),
        about: About::default(),
        occurred_at: event.occurred_at,
        deadline: Some(Deadline { clock: clock_kind(clock.kind()), due_at, percent }),
        named: Vec::new(),
        ticket: clock_facts(event, clock)?,
    }))
}

/// What recurring work reminds of: of no ticket, and told those only whom its schedule names.
fn schedule_reminded(event: &Event) -> Result<Option<Happening>, ApplyError> {
    let payload: ScheduleEvent = event.decode().map_err(|e| ApplyError::undecodable(event, &e))?;
    let Some(schedule_event::Change::ScheduleReminded(reminded)) = payload.change else {
        return Err(ApplyError::poison(event, "the event reminds of nothing"));
    };
    Ok(Some(Happening {
        event_id: event.id,
        event_type: format!("sla.{REMINDED}"),
        kind: Some(Kind::ScheduleReminded),
        about: About { schedule: payload.schedule_name, text: reminded.text, ..About::default() },
        occurred_at: event.occurred_at,
        ticket: TicketFacts { unit_id: reminded.unit_id, ..TicketFacts::default() },
        deadline: None,
        named: reminded.person_ids.into_iter().map(Target::Person).collect(),
    }))
}

fn clock_facts(event: &Event, clock: Clock) -> Result<TicketFacts, ApplyError> {
    let id =
        Uuid::try_parse(&clock.ticket_id).map_err(|_| ApplyError::poison(event, "ticket_id is no UUID"))?;
    Ok(TicketFacts {
        id,
        number: clock.ticket_number,
        version: event.version,
        round: clock.round,
        region: RegionCode::parse(&clock.region).ok(),
        unit_id: clock.unit_id,
        person_id: clock.handler_id,
        sensitive: true,
        ..TicketFacts::default()
    })
}

const fn clock_kind(kind: ClockKind) -> &'static str {
    match kind {
        ClockKind::Unspecified => "",
        ClockKind::Dispatch => "dispatch",
        ClockKind::Handling => "handling",
        ClockKind::Callback => "callback",
        ClockKind::Assist => "assist",
        ClockKind::Review => "review",
        ClockKind::Supervision => "supervision",
        ClockKind::FirstResponse => "first_response",
        ClockKind::Accept => "accept",
    }
}

const fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Unspecified => "",
        Phase::Draft => "draft",
        Phase::Quarantined => "quarantined",
        Phase::PendingDispatch => "pending_dispatch",
        Phase::Dispatched => "dispatched",
        Phase::InProgress => "in_progress",
        Phase::Suspended => "suspended",
        Phase::InReview => "in_review",
        Phase::Resolved => "resolved",
        Phase::InCallback => "in_callback",
        Phase::Closed => "closed",
        Phase::Cancelled => "cancelled",
    }
}

const fn ticket_type(kind: TicketType) -> &'static str {
    match kind {
        TicketType::Unspecified => "",
        TicketType::Consultation => "consultation",
        TicketType::Complaint => "complaint",
        TicketType::Report => "report",
        TicketType::Suggestion => "suggestion",
        TicketType::Help => "help",
        TicketType::Praise => "praise",
        TicketType::Incident => "incident",
        TicketType::BusinessProcessing => "business_processing",
        TicketType::Maintenance => "maintenance",
        TicketType::Other => "other",
    }
}
