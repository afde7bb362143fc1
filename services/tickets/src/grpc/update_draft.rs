//! `DraftService.UpdateDraft`. Source: T2, AIP-134.

use super::{
    custom_fields::filled,
    decode::{by, call, if_given},
    intake,
};
use crate::{
    Rooms,
    error::refused,
    store::tickets::{Fresh, Opened},
};
use gongdan_access::{Caller, Item};
use gongdan_errors::{Error, Violations};
use gongdan_proto::tickets::v1 as pb;
use gongdan_tickets_domain::{
    Action, Amendment, CUSTOM_FIELDS, Impact, RecordText, Urgency, form::Found, groups::form::FormPart,
};

/// What may be named.
const FIELDS: [&str; 11] = [
    "subject",
    "body",
    "type",
    "item",
    "region",
    "channel",
    "urgency",
    "impact",
    "sensitive",
    "reporter_confidential",
    "custom_fields",
];

pub(super) async fn update_draft(
    rooms: &Rooms,
    caller: &Caller,
    mut request: pb::UpdateDraftRequest,
) -> Result<pb::Ticket, Error> {
    let mut violations = Violations::new();
    let v = &mut violations;
    let call = call(&mut request, caller, v);
    let given = request.draft.clone().unwrap_or_default();
    let mask = request.update_mask.take().unwrap_or_default().paths;
    if mask.is_empty() {
        v.add("update_mask", "at least one field");
    }
    for (at, path) in mask.iter().enumerate() {
        if !FIELDS.contains(&path.as_str()) {
            v.add(format!("update_mask.paths[{at}]"), format!("one of {}", FIELDS.join(", ")));
        }
    }
    let (Some(call), true) = (call, violations.is_empty()) else { return Err(violations.into_error()) };
    let opened = match rooms.tickets.open(&call).await? {
        Opened::Answered(answer) => return Ok(*answer),
        Opened::Fresh(opened) => opened,
    };
    let (by, now) = (by(caller)?, rooms.clock.now());
    if !Action::Amend.is_allowed_in(opened.ticket.phase) {
        return Err(refused(gongdan_tickets_domain::Refusal::Phase {
            phase: opened.ticket.phase,
            action: Action::Amend,
        }));
    }
    let Amended { amendment, subject, body, values, found } = amended(rooms, &opened, given, &mask).await?;
    caller.check(&Item {
        region: Some(amendment.region),
        customer: opened.ticket.customer_id,
        sensitive: amendment.sensitive,
        confidential: amendment.confidential,
        ..Item::default()
    })?;
    let Fresh { ticket, view, .. } = *opened;
    let fields = intake::fields(amendment.form.type_key.as_ref(), found).unwrap_or_default();
    let id = ticket.id;
    let mut changed = ticket.amend(amendment, subject, body, &by, now).map_err(refused)?;
    if let Some(text) = values {
        changed.texts.records.push(RecordText { record: id, part: CUSTOM_FIELDS, text });
    }
    rooms.tickets.save_with(view, &changed, &call, Some(fields)).await
}

struct Amended {
    amendment: Amendment,
    subject: gongdan_tickets_domain::Subject,
    body: gongdan_tickets_domain::Body,
    /// What is filled in now, if that changes.
    values: Option<String>,
    /// What of it can be filtered on.
    found: Vec<(String, Found)>,
}

/// What the draft says with the fields that are named, judged as at intake.
async fn amended(
    rooms: &Rooms,
    opened: &Fresh,
    new: pb::DraftFields,
    mask: &[String],
) -> Result<Amended, Error> {
    let (ticket, view) = (&opened.ticket, &opened.view);
    let named = |field: &str| mask.iter().any(|path| path == field);
    let text = |field: &str, new: String, old: &str| if named(field) { new } else { old.to_owned() };
    let number = |field: &str, new: i32, old: i32| if named(field) { new } else { old };
    let mut violations = Violations::new();
    let v = &mut violations;
    let common = intake::request(
        &text("subject", new.subject, &view.subject),
        &text("body", new.body, &view.body),
        &text("region", new.region, &ticket.region.to_string()),
        number("channel", new.channel, ticket.channel.number()),
        v,
    );
    let form = &ticket.groups.form;
    let type_key = form.type_key.as_ref().map(ToString::to_string).unwrap_or_default();
    let kind = if named("type") { (new.r#type, "") } else { (ticket.kind.number(), type_key.as_str()) };
    // Another item may bind another type.
    let kind = if named("item") && !named("type") { (0, "") } else { kind };
    let key = text("item", new.item, &ticket.item);
    let region = common.as_ref().map(|common| common.region);
    let item = intake::item(rooms, &key, kind, Some(ticket.kind), region, v).await?;
    if let Some(item) = &item
        && item.key != ticket.item
        && (item.form.is_some() || !form.form.is_empty())
    {
        v.add("draft.item", "an item without a form in the place of one without");
    }
    let known = match form.form.as_str() {
        "" => None,
        key => Some(rooms.forms.known(key, form.form_version).await?),
    };
    let filled = if named("custom_fields") {
        filled("draft.custom_fields", known.as_ref(), new.custom_fields, true, v)
    } else {
        None
    };
    if filled.as_ref().is_some_and(|filled| !filled.personal.is_empty()) {
        v.add("draft.custom_fields", "without what says who somebody is, which stays as it was given");
    }
    let urgency = if named("urgency") {
        if_given("draft.urgency", new.urgency, Urgency::from_number, v)
    } else {
        Some(ticket.urgency)
    };
    let impact = if named("impact") {
        if_given("draft.impact", new.impact, Impact::from_number, v)
    } else {
        Some(ticket.impact)
    };
    let (Some(common), Some(item), true) = (common, item, violations.is_empty()) else {
        return Err(violations.into_error());
    };
    let (urgency, impact) = (urgency.unwrap_or(item.urgency), impact.unwrap_or(item.impact));
    let overridden = !ticket.priority_reason.is_empty();
    let (priority, priority_matrix_version) = if overridden {
        (ticket.priority, ticket.priority_matrix_version)
    } else {
        let (_, matrix) = rooms.priorities.matrices().await?.of(Some(item.kind));
        (matrix.matrix.priority(urgency, impact), matrix.version)
    };
    let standards = rooms.channel_standards.current().await?;
    let form = FormPart {
        type_key: item.type_key,
        response_seconds: standards.standards.seconds(common.channel).unwrap_or(0),
        ..form.clone()
    };
    let amendment = Amendment {
        kind: item.kind,
        item: item.key,
        item_path: item.path,
        catalogue_version: item.version,
        sla_policy: item.sla_policy,
        region: common.region,
        channel: common.channel,
        urgency,
        impact,
        priority,
        priority_matrix_version,
        sensitive: if named("sensitive") { new.sensitive } else { ticket.sensitive },
        confidential: if named("reporter_confidential") {
            new.reporter_confidential
        } else {
            ticket.confidential
        },
        form,
    };
    let (values, found) = match (filled, known) {
        (Some(filled), _) => (Some(filled.text()?), filled.found),
        (None, Some(known)) => (None, known.form.found(&view.filled_in(&rooms.customers.sealer)?)),
        (None, None) => (None, Vec::new()),
    };
    Ok(Amended { amendment, subject: common.subject, body: common.body, values, found })
}
