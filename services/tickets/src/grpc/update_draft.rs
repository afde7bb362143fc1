//! `DraftService.UpdateDraft`. Source: T2, AIP-134.

use super::{
    custom_fields::{Filled, filled},
    decode::{by, call, if_given},
    draft_contact::{self, Contacted},
    intake::{self, Customer, Item as IntakeItem, Otherwise, Request},
};
use crate::{
    Rooms,
    error::{lost_race, refused},
    store::{
        draft_contact::{Kept, save},
        forms::Known,
        seal::Contact,
        tickets::{Call, Fresh, Opened},
    },
};
use gongdan_access::{Caller, Item};
use gongdan_errors::{Error, Violations};
use gongdan_proto::tickets::v1 as pb;
use gongdan_tickets_domain::{
    Action, Amendment, BodySoFar, CUSTOM_FIELDS, Impact, RecordText, Refusal, SubjectSoFar, Ticket,
    TicketType, Urgency,
    form::Found,
    groups::form::{FormPart, Open},
};

/// What may be named.
const FIELDS: [&str; 17] = [
    "subject",
    "body",
    "type",
    "type_key",
    "item",
    "region",
    "channel",
    "urgency",
    "impact",
    "sensitive",
    "reporter_confidential",
    "custom_fields",
    "contact",
    "contact.phone",
    "contact.name",
    "contact.identity_number",
    "contact.address",
];

/// Races for one customer that are tried again.
const ATTEMPTS: usize = 5;

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
        Opened::Fresh(opened) => *opened,
    };
    if !Action::Amend.is_allowed_in(opened.ticket.phase) {
        return Err(refused(Refusal::Phase { phase: opened.ticket.phase, action: Action::Amend }));
    }
    let amended = Box::pin(amended(rooms, &opened, given, &Mask(&mask))).await?;
    caller.check(&Item {
        region: Some(amended.amendment.region),
        customer: opened.ticket.customer_id,
        sensitive: amended.amendment.sensitive,
        confidential: amended.amendment.confidential,
        ..Item::default()
    })?;
    Box::pin(write(rooms, caller, opened, amended, &call)).await
}

/// The names in an `update_mask`.
pub(super) struct Mask<'a>(&'a [String]);

impl Mask<'_> {
    pub(super) fn names(&self, field: &str) -> bool {
        self.0.iter().any(|path| path == field)
    }
}

struct Amended {
    amendment: Amendment,
    subject: SubjectSoFar,
    body: BodySoFar,
    /// What is filled in now, if that changes.
    values: Option<String>,
    /// What of it can be filtered on.
    found: Vec<(String, Found)>,
    /// The contact from now on, if that changes.
    contact: Option<Contacted>,
}

async fn write(
    rooms: &Rooms,
    caller: &Caller,
    opened: Fresh,
    amended: Amended,
    call: &Call,
) -> Result<pb::Ticket, Error> {
    let Amended { mut amendment, subject, body, values, found, contact } = amended;
    let Fresh { ticket, view, .. } = opened;
    let (by, now, id) = (by(caller)?, rooms.clock.now(), ticket.id);
    let fields = intake::fields(amendment.form.type_key.as_ref(), found).unwrap_or_default();
    let texts = values.map(|text| RecordText { record: id, part: CUSTOM_FIELDS, text });
    let amend = |ticket: Ticket, amendment: Amendment| {
        let mut changed =
            ticket.amend(amendment, subject.clone(), body.clone(), &by, now).map_err(refused)?;
        changed.texts.records.extend(texts.clone());
        Ok::<_, Error>(changed)
    };
    let Some(Contacted { contact, mut customer }) = contact else {
        return rooms.tickets.save_with(view, &amend(ticket, amendment)?, call, Some(fields)).await;
    };
    let sealer = &rooms.customers.sealer;
    let sealed = contact.map(|contact| sealer.seal(id, &contact)).transpose().map_err(Error::internal)?;
    for _ in 0..ATTEMPTS {
        amendment.customer_id = customer.id();
        amendment.form.customer_tier = customer.tier(rooms).await?;
        let changed = amend(ticket.clone(), amendment.clone())?;
        let whose = customer.beside(rooms, None, None)?.customer;
        match save(rooms, view.clone(), &changed, call, fields.clone(), &whose, sealed.clone()).await? {
            Kept::Done(ticket) => {
                customer.written(rooms);
                return Ok(*ticket);
            }
            Kept::CustomerTaken => customer.look_up(rooms).await?,
        }
    }
    Err(lost_race())
}

/// What the draft says with the fields that are named, judged as at intake.
async fn amended(
    rooms: &Rooms,
    opened: &Fresh,
    mut new: pb::DraftFields,
    mask: &Mask<'_>,
) -> Result<Amended, Error> {
    let (ticket, view) = (&opened.ticket, &opened.view);
    let mut violations = Violations::new();
    let v = &mut violations;
    let common = common(opened, &new, mask, v);
    let item = item(rooms, ticket, &new, common.as_ref(), mask, v).await?;
    let form = form(rooms, opened, item.as_ref(), &mut new, mask, v).await?;
    let urgency = match mask.names("urgency") {
        true => if_given("urgency", new.urgency, Urgency::from_number, v),
        false => Some(ticket.urgency),
    };
    let impact = match mask.names("impact") {
        true => if_given("impact", new.impact, Impact::from_number, v),
        false => Some(ticket.impact),
    };
    let before = view.contact(&rooms.customers.sealer)?;
    let given = draft_contact::given(new.contact.take(), mask, v);
    let (Some(common), Some(item), Some(form), true) = (common, item, form, violations.is_empty()) else {
        return Err(of_draft(&violations));
    };
    let contact = draft_contact::after(before.as_ref(), given, form.personal);
    let contact = (contact != before)
        .then(|| Contacted { customer: whose(rooms, ticket, before.as_ref(), contact.as_ref()), contact });
    let (urgency, impact) = (urgency.unwrap_or(item.urgency), impact.unwrap_or(item.impact));
    let overridden = !ticket.priority_reason.is_empty();
    let (priority, priority_matrix_version) = if overridden {
        (ticket.priority, ticket.priority_matrix_version)
    } else {
        let (_, matrix) = rooms.priorities.matrices().await?.of(Some(item.kind));
        (matrix.matrix.priority(urgency, impact), matrix.version)
    };
    let standards = rooms.channel_standards.current().await?;
    let mut open = common.open;
    open.extend(item.kind_open.then_some(Open::Kind));
    let part = FormPart {
        type_key: item.type_key,
        form: form.known.as_ref().map(|known| known.key.clone()).unwrap_or_default(),
        form_version: form.known.as_ref().map_or(0, |known| known.version),
        response_seconds: standards.standards.seconds(common.channel).unwrap_or(0),
        customer_tier: ticket.groups.form.customer_tier.clone(),
        open,
    };
    let flag = |field: &str, new: bool, old: bool| if mask.names(field) { new } else { old };
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
        customer_id: ticket.customer_id,
        sensitive: flag("sensitive", new.sensitive, ticket.sensitive),
        confidential: flag("reporter_confidential", new.reporter_confidential, ticket.confidential),
        form: part,
    };
    let Request { subject, body, .. } = common;
    Ok(Amended { amendment, subject, body, values: form.values, found: form.found, contact })
}

/// The violations by their paths in the request.
fn of_draft(violations: &Violations) -> Error {
    let mut found = Violations::new();
    for violation in violations.found() {
        found.add(format!("draft.{}", violation.field), &violation.rule);
    }
    found.into_error()
}

fn common(opened: &Fresh, new: &pb::DraftFields, mask: &Mask<'_>, v: &mut Violations) -> Option<Request> {
    let (ticket, view) = (&opened.ticket, &opened.view);
    let region = match ticket.groups.form.open.contains(&Open::Region) {
        true => String::new(),
        false => ticket.region.to_string(),
    };
    let text =
        |field: &str, new: &str, old: &str| if mask.names(field) { new.to_owned() } else { old.to_owned() };
    intake::request_so_far(
        &text("subject", &new.subject, &view.subject),
        &text("body", &new.body, &view.body),
        &text("region", &new.region, &region),
        if mask.names("channel") { new.channel } else { ticket.channel.number() },
        Some(ticket.region),
        v,
    )
}

/// The item, and the type that follows from what is said of both.
async fn item(
    rooms: &Rooms,
    ticket: &Ticket,
    new: &pb::DraftFields,
    common: Option<&Request>,
    mask: &Mask<'_>,
    v: &mut Violations,
) -> Result<Option<IntakeItem>, Error> {
    let was_open = ticket.groups.form.open.contains(&Open::Kind);
    let type_named = mask.names("type") || mask.names("type_key");
    let own = ticket.groups.form.type_key.as_ref().map(ToString::to_string).unwrap_or_default();
    let (kind, otherwise) = if type_named {
        let kind = if mask.names("type") { new.r#type } else { 0 };
        let key = if mask.names("type_key") { new.type_key.clone() } else { String::new() };
        ((kind, key), Otherwise::SoFar(TicketType::Other))
    } else if mask.names("item") {
        // Another item may bind another type.
        ((0, String::new()), Otherwise::SoFar(ticket.kind))
    } else if was_open {
        ((0, String::new()), Otherwise::Had(ticket.kind))
    } else {
        ((ticket.kind.number(), own), Otherwise::Had(ticket.kind))
    };
    let key = if mask.names("item") { &new.item } else { &ticket.item };
    let region = common.and_then(Request::said_region);
    let item = intake::item(rooms, key, (kind.0, &kind.1), otherwise, region, v).await?;
    Ok(item.map(|item| match item.kind_open && !type_named && !was_open {
        true => IntakeItem { kind_open: false, type_key: ticket.groups.form.type_key.clone(), ..item },
        false => item,
    }))
}

/// What is filled in from now on.
struct Form {
    known: Option<Known>,
    /// What is filled in, if that changes.
    values: Option<String>,
    found: Vec<(String, Found)>,
    /// What of it says who somebody is.
    personal: serde_json::Map<String, serde_json::Value>,
}

/// The form is that of the item, in the version that the draft has if it had it before.
async fn form(
    rooms: &Rooms,
    opened: &Fresh,
    item: Option<&IntakeItem>,
    new: &mut pb::DraftFields,
    mask: &Mask<'_>,
    v: &mut Violations,
) -> Result<Option<Form>, Error> {
    let Some(item) = item else { return Ok(None) };
    let (part, sealer) = (&opened.ticket.groups.form, &rooms.customers.sealer);
    let asked = item.form.as_ref().map_or("", |known| known.key.as_str());
    let same = item.key == opened.ticket.item || asked == part.form;
    let known = match (same, part.form.as_str()) {
        (false, _) => item.form.clone(),
        (true, "") => None,
        (true, key) => Some(rooms.forms.known(key, part.form_version).await?),
    };
    let before = opened.view.filled_in(sealer)?;
    let kept = opened.view.contact(sealer)?.map(|contact| contact.fields).unwrap_or_default();
    let given = new.custom_fields.take();
    if !mask.names("custom_fields") {
        if same {
            let found = known.as_ref().map(|known| known.form.found(&before)).unwrap_or_default();
            return Ok(Some(Form { known, values: None, found, personal: kept }));
        }
        if !before.is_empty() {
            v.add(
                "item",
                "together with custom_fields: it asks for another form than the one that was filled in",
            );
            return Ok(None);
        }
    }
    let given = given.filter(|_| mask.names("custom_fields"));
    let Some(filled) = filled("custom_fields", known.as_ref(), given, true, v) else { return Ok(None) };
    let values = Some(filled.text()?);
    let Filled { personal, found, .. } = filled;
    let personal = if same { kept.into_iter().chain(personal).collect() } else { personal };
    Ok(Some(Form { known, values, found, personal }))
}

/// Whose the draft is with another contact: a citizen's own stays theirs; another number is another customer.
fn whose(rooms: &Rooms, ticket: &Ticket, before: Option<&Contact>, after: Option<&Contact>) -> Customer {
    let citizen = ticket.created_by.kind == gongdan_tickets_domain::PrincipalKind::Citizen;
    let number = |contact: Option<&Contact>| contact.and_then(|contact| contact.phone.clone());
    let same = before.is_some() && after.is_some() && number(before) == number(after);
    if citizen || same && ticket.customer_id.is_some() {
        return Customer::of_known(ticket.customer_id);
    }
    Customer::of_contact(rooms, after)
}
