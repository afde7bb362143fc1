//! `DraftService.UpdateDraft`. Source: T2, AIP-134.

use super::{
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
use gongdan_tickets_domain::{Action, Amendment, Impact, Urgency, groups::form::FormPart};

/// What may be named.
const FIELDS: [&str; 10] = [
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
    let Amended { amendment, subject, body } = amended(rooms, &opened, given, &mask).await?;
    caller.check(&Item {
        region: Some(amendment.region),
        customer: opened.ticket.customer_id,
        sensitive: amendment.sensitive,
        confidential: amendment.confidential,
        ..Item::default()
    })?;
    let Fresh { ticket, view, .. } = *opened;
    let changed = ticket.amend(amendment, subject, body, &by, now).map_err(refused)?;
    rooms.tickets.save(view, &changed, &call).await
}

struct Amended {
    amendment: Amendment,
    subject: gongdan_tickets_domain::Subject,
    body: gongdan_tickets_domain::Body,
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
    Ok(Amended { amendment, subject: common.subject, body: common.body })
}
