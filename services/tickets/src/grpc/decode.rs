//! Parts that many requests have, decoded: parse, don't validate.

use super::viewer::viewer;
use crate::error::refused;
use crate::store::{
    filter::Filter,
    list::After,
    ticket_fields::{Condition, Wanted},
    tickets::{Call, Fresh, TicketRef},
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use gongdan_access::Caller;
use gongdan_auth::Actor;
use gongdan_errors::{Error, Violations};
use gongdan_pg::{RequestKey, requests::hash_of};
use gongdan_proto::{from_timestamp, tickets::v1 as pb};
use gongdan_region::{RegionCode, Regions};
use gongdan_tickets_domain::{
    Actor as By, Channel, Impact, Line, Origin, Phase, PrincipalId, PrincipalKind, Priority, Refusal,
    TicketType, UnitId, Urgency,
    groups::place::{Asset, Grid},
    ticket_type::TypeKey,
};
use jiff::{Timestamp, civil::Date};
use prost::Message;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// The caller as the domain knows it.
///
/// # Errors
/// INTERNAL when the projection holds a name that is none.
pub(super) fn by(actor: &Actor) -> Result<By, Error> {
    Ok(By {
        id: PrincipalId::parse(&actor.principal_id).map_err(Error::internal)?,
        name: actor.name.clone(),
        kind: PrincipalKind::from_number(actor.kind.into())
            .ok_or_else(|| Error::internal("a principal of no kind"))?,
        any_unit: false,
        // A unit whose name is none can hold no ticket.
        unit_ids: actor.unit_ids.iter().filter_map(|unit| UnitId::parse(unit).ok()).collect(),
    })
}

/// The caller as it acts on a ticket that was opened for it.
///
/// # Errors
/// As [`by`].
pub(super) fn acting(caller: &Caller, opened: &Fresh) -> Result<By, Error> {
    Ok(By { any_unit: opened.any_unit, ..by(caller)? })
}

/// A request that acts on a ticket: its three first fields are the same in all.
pub(super) trait Act: Message {
    /// The RPC.
    const METHOD: &'static str;
    /// `request_id`, `ticket`, `etag`.
    fn head(&mut self) -> (&mut String, &mut String, &mut String);
}

macro_rules! acts {
    ($($request:ident = $method:literal,)+) => {
        $(impl Act for pb::$request {
            const METHOD: &'static str = $method;
            fn head(&mut self) -> (&mut String, &mut String, &mut String) {
                (&mut self.request_id, &mut self.ticket, &mut self.etag)
            }
        })+
    };
}

acts! {
    ReleaseTicketRequest = "ReleaseTicket",
    SubmitTicketRequest = "SubmitTicket",
    DispatchTicketRequest = "DispatchTicket",
    AcceptTicketRequest = "AcceptTicket",
    ClaimTicketRequest = "ClaimTicket",
    ReturnTicketRequest = "ReturnTicket",
    TransferTicketRequest = "TransferTicket",
    ResolveTicketRequest = "ResolveTicket",
    ReopenTicketRequest = "ReopenTicket",
    CancelTicketRequest = "CancelTicket",
    UrgeTicketRequest = "UrgeTicket",
    UpdateDraftRequest = "UpdateDraft",
    DiscardDraftRequest = "DiscardDraft",
    EscalateTicketRequest = "EscalateTicket",
    IssueDirectiveRequest = "IssueDirective",
    ReplyDirectiveRequest = "ReplyDirective",
    AcceptDirectiveRequest = "AcceptDirective",
    RejectDirectiveRequest = "RejectDirective",
    WithdrawDirectiveRequest = "WithdrawDirective",
    TrackTicketRequest = "TrackTicket",
    UntrackTicketRequest = "UntrackTicket",
    MarkQualityErrorRequest = "MarkQualityError",
    WithdrawQualityErrorRequest = "WithdrawQualityError",
    HandOffTicketRequest = "HandOffTicket",
    CirculateTicketRequest = "CirculateTicket",
    LinkTicketRequest = "LinkTicket",
    UnlinkTicketRequest = "UnlinkTicket",
    SplitTicketRequest = "SplitTicket",
    MergeTicketRequest = "MergeTicket",
    UndoMergeRequest = "UndoMerge",
    RequestAssistRequest = "RequestAssist",
    ReplyAssistRequest = "ReplyAssist",
    DeclineAssistRequest = "DeclineAssist",
    WaiveAssistRequest = "WaiveAssist",
    RequestSuspensionRequest = "RequestSuspension",
    ApproveSuspensionRequest = "ApproveSuspension",
    RejectSuspensionRequest = "RejectSuspension",
    ResumeTicketRequest = "ResumeTicket",
    RequestExtensionRequest = "RequestExtension",
    ApproveExtensionRequest = "ApproveExtension",
    RejectExtensionRequest = "RejectExtension",
    SubmitForReviewRequest = "SubmitForReview",
    ApproveReviewRequest = "ApproveReview",
    RejectReviewRequest = "RejectReview",
    AdvanceTicketRequest = "AdvanceTicket",
    AddNoteRequest = "AddNote",
    AttachmentHeader = "UploadAttachment",
    RemoveAttachmentRequest = "RemoveAttachment",
    BookVisitRequest = "BookVisit",
    MoveVisitRequest = "MoveVisit",
    CancelVisitRequest = "CancelVisit",
    CheckInVisitRequest = "CheckInVisit",
    ReportVisitRequest = "ReportVisit",
    ChangePlaceRequest = "ChangePlace",
    LinkCallRequest = "LinkCall",
}

/// What an act begins with. Request id and etag are cleared: a retry may have another etag, and the hash leaves both out.
pub(super) fn call<R: Act>(request: &mut R, caller: &Caller, violations: &mut Violations) -> Option<Call> {
    let (id, named, etag) = request.head();
    let (id, etag) = (std::mem::take(id), std::mem::take(etag));
    let ticket = ticket_ref(named, violations);
    let request_id = violations.field("request_id", uuid(&id));
    let etag = match etag.as_str() {
        "" => None,
        etag => {
            Some(violations.field("etag", etag.parse::<i64>().map_err(|_| "an etag of an earlier answer"))?)
        }
    };
    let hash = hash_of(request);
    let key =
        RequestKey { caller: caller.principal_id.clone(), method: R::METHOD, request_id: request_id?, hash };
    Some(Call { caller: caller.clone(), key, ticket: ticket?, etag, viewer: viewer(caller).masked() })
}

/// An id or a number.
pub(super) fn ticket_ref(text: &str, violations: &mut Violations) -> Option<TicketRef> {
    let number =
        text.len() <= 40 && text.strip_prefix("GD").is_some_and(|d| d.bytes().all(|b| b.is_ascii_digit()));
    let parsed = if number { Ok(TicketRef::Number(text.to_owned())) } else { uuid(text).map(TicketRef::Id) };
    violations.field("ticket", parsed.map_err(|_| "the id or number of a ticket"))
}

pub(super) fn uuid(text: &str) -> Result<Uuid, &'static str> {
    Uuid::parse_str(text).map_err(|_| "a UUID")
}

/// A region that is known.
pub(super) fn region(text: &str) -> Result<RegionCode, String> {
    let code = RegionCode::parse(text).map_err(|error| error.to_string())?;
    if Regions::national().knows(code) { Ok(code) } else { Err("an unknown region code".to_owned()) }
}

/// An instant, if given.
pub(super) fn instant(
    field: &str,
    at: Option<prost_types::Timestamp>,
    violations: &mut Violations,
) -> Option<Timestamp> {
    at.and_then(|at| violations.field(field, from_timestamp(&at).map(gongdan_clock::to_micros)))
}

/// A value of an enumeration that must be given.
pub(super) fn given<T>(field: &str, value: Option<T>, violations: &mut Violations) -> Option<T> {
    violations.field(field, value.ok_or("one of the known values"))
}

/// A value of an enumeration that may be left out: 0.
pub(super) fn if_given<T>(
    field: &str,
    number: i32,
    value: fn(i32) -> Option<T>,
    violations: &mut Violations,
) -> Option<T> {
    if number == 0 { None } else { given(field, value(number), violations) }
}

/// A unit, if given.
pub(super) fn unit_if_given(field: &str, id: &str, violations: &mut Violations) -> Option<UnitId> {
    if id.is_empty() { None } else { violations.field(field, UnitId::parse(id)) }
}

/// A person, if given.
pub(super) fn person_if_given(field: &str, id: &str, violations: &mut Violations) -> Option<PrincipalId> {
    if id.is_empty() { None } else { violations.field(field, PrincipalId::parse(id)) }
}

/// A record of a ticket, if given.
pub(super) fn record_if_given(field: &str, id: &str, violations: &mut Violations) -> Option<Uuid> {
    if id.is_empty() { None } else { violations.field(field, uuid(id)) }
}

/// The record that is meant: the one that was named, or the only one that is open.
///
/// # Errors
/// NOT_FOUND when none is open, INVALID_ARGUMENT when there are several.
pub(super) fn the_record(
    given: Option<Uuid>,
    mut open: impl Iterator<Item = Uuid>,
    what: &'static str,
) -> Result<Uuid, Error> {
    match (given, open.next(), open.next()) {
        (Some(given), ..) => Ok(given),
        (None, Some(only), None) => Ok(only),
        (None, None, _) => Err(refused(Refusal::NoRecord { what })),
        (None, Some(_), Some(_)) => {
            Err(Error::invalid_field(format!("{what}_id"), "there are several: name one"))
        }
    }
}

/// 1 to `most`, with a default for 0.
pub(super) fn page_size(size: i32, default: i64, most: i64, violations: &mut Violations) -> i64 {
    match i64::from(size) {
        0 => default,
        size if (1..=most).contains(&size) => size,
        _ => {
            violations.add("page_size", format!("1 to {most}"));
            default
        }
    }
}

/// A filter with its unknown values named. Nothing given matches everything.
pub(super) fn filter(filter: Option<pb::TicketFilter>, violations: &mut Violations) -> Filter {
    let Some(filter) = filter else { return Filter::default() };
    let mut numbers = |field: &str, values: &[i32], known: fn(i32) -> bool| -> Vec<i16> {
        values
            .iter()
            .enumerate()
            .filter_map(|(at, value)| {
                let value =
                    i16::try_from(*value).ok().filter(|_| known(*value)).ok_or("one of the known values");
                violations.field(format!("filter.{field}[{at}]"), value)
            })
            .collect()
    };
    let phases = numbers("phases", &filter.phases, |n| Phase::from_number(n).is_some());
    let kinds = numbers("types", &filter.types, |n| TicketType::from_number(n).is_some());
    let priorities = numbers("priorities", &filter.priorities, |n| Priority::from_number(n).is_some());
    let channels = numbers("channels", &filter.channels, |n| Channel::from_number(n).is_some());
    let regions = filter
        .regions
        .iter()
        .enumerate()
        .filter_map(|(at, code)| violations.field(format!("filter.regions[{at}]"), region(code)))
        .map(|code| Regions::national().range(code))
        .collect();
    let (mut ids, mut named) = (Vec::new(), Vec::new());
    for (at, text) in filter.tickets.iter().enumerate() {
        match uuid(text) {
            Ok(id) => ids.push(id),
            Err(_) if text.starts_with("GD") => named.push(text.clone()),
            Err(_) => violations.add(format!("filter.tickets[{at}]"), "the id or number of a ticket"),
        }
    }
    let grids = filter
        .grids
        .iter()
        .enumerate()
        .filter_map(|(at, grid)| violations.field(format!("filter.grids[{at}]"), Grid::parse(grid)))
        .map(|grid| grid.to_string())
        .collect();
    let assets = filter
        .assets
        .iter()
        .enumerate()
        .filter_map(|(at, asset)| violations.field(format!("filter.assets[{at}]"), Asset::parse(asset)))
        .map(|asset| asset.to_string())
        .collect();
    let customer = match filter.customer_id.as_str() {
        "" => None,
        id => violations.field("filter.customer_id", uuid(id)),
    };
    let (kinds, type_keys) = types(kinds, &filter.type_keys, violations);
    let fields = fields(filter.fields, violations);
    let origin = if_given("filter.origin", filter.origin, Origin::from_number, violations);
    Filter {
        phases,
        regions,
        lead_units: filter.lead_unit_ids,
        handlers: filter.handler_ids,
        items: filter.items,
        kinds,
        priorities,
        channels,
        received_from: instant("filter.received_from", filter.received_from, violations),
        received_to: instant("filter.received_to", filter.received_to, violations),
        customer,
        ids,
        numbers: named,
        grids,
        assets,
        origin: origin.and_then(|origin| i16::try_from(origin.number()).ok()),
        type_keys,
        fields,
        open_reporters: false,
    }
}

/// Types by key: those that ship are kinds, and are had by what is counted as them.
fn types(mut kinds: Vec<i16>, keys: &[String], violations: &mut Violations) -> (Vec<i16>, Vec<String>) {
    let mut own = Vec::new();
    for (at, key) in keys.iter().enumerate() {
        let Some(key) = violations.field(format!("filter.type_keys[{at}]"), TypeKey::parse(key)) else {
            continue;
        };
        match key.built_in() {
            Some(kind) => kinds.extend(i16::try_from(kind.number())),
            None => own.push(key.to_string()),
        }
    }
    (kinds, own)
}

/// Conditions on fields that one filter may have.
const MAX_CONDITIONS: usize = 8;

fn fields(conditions: Vec<pb::FieldCondition>, violations: &mut Violations) -> Vec<Condition> {
    use pb::field_condition::Rule;
    if conditions.len() > MAX_CONDITIONS {
        violations.add("filter.fields", format!("at most {MAX_CONDITIONS}"));
        return Vec::new();
    }
    let mut decoded = Vec::new();
    for (at, condition) in conditions.into_iter().enumerate() {
        let place = |name: &str| format!("filter.fields[{at}].{name}");
        let field = Line::<1, 256>::parse(&condition.field).map_err(|rule| rule.to_string());
        let field = field.and_then(|name| match name.as_str().starts_with('$') {
            true => Err("the path of a field of a form".to_owned()),
            false => Ok(name),
        });
        let field = violations.field(place("field"), field);
        let day = |name: &str, text: &str, violations: &mut Violations| match text {
            "" => None,
            text => violations.field(place(name), text.parse::<Date>().map_err(|_| "a day as 2026-11-29")),
        };
        let wanted = match condition.rule {
            Some(Rule::Equals(text)) => violations
                .field(place("equals"), Line::<0, 256>::parse(&text))
                .map(|t| Wanted::Text(t.into())),
            Some(Rule::Prefix(text)) => violations
                .field(place("prefix"), Line::<1, 256>::parse(&text))
                .map(|t| Wanted::Prefix(t.into())),
            Some(Rule::Number(range)) => {
                let number = |n: Option<f64>| n.is_none_or(f64::is_finite);
                if !number(range.from) || !number(range.to) || (range.from.is_none() && range.to.is_none()) {
                    violations.add(place("number"), "finite, and at least one of from and to");
                }
                Some(Wanted::Number { from: range.from, to: range.to })
            }
            Some(Rule::Flag(flag)) => Some(Wanted::Flag(flag)),
            Some(Rule::Date(range)) => {
                let from = day("date.from", &range.from, violations);
                let to = day("date.to", &range.to, violations);
                if range.from.is_empty() && range.to.is_empty() {
                    violations.add(place("date"), "at least one of from and to");
                }
                Some(Wanted::Date { from, to })
            }
            None => {
                violations.add(place("rule"), "one of equals, prefix, number, flag, date");
                None
            }
        };
        if let (Some(field), Some(wanted)) = (field, wanted) {
            decoded.push(Condition { field: field.into(), wanted });
        }
    }
    decoded
}

/// A page token: the key of the last row, and a mark of the filter it belongs to.
pub(super) fn page_token(after: After, filter: &impl Message) -> String {
    let mut key = after.received_at.as_microsecond().to_be_bytes().to_vec();
    key.extend(after.id.as_bytes());
    token(filter, &key)
}

/// The key in a page token of an earlier answer with the same filter.
pub(super) fn after(token: &str, filter: &impl Message, violations: &mut Violations) -> Option<After> {
    if token.is_empty() {
        return None;
    }
    let key = || {
        let bytes = untoken(token, filter)?;
        let (at, id) = bytes.split_first_chunk::<8>()?;
        let received_at = Timestamp::from_microsecond(i64::from_be_bytes(*at)).ok()?;
        Some(After { received_at, id: Uuid::from_slice(id).ok()? })
    };
    violations.field("page_token", key().ok_or("a token of an earlier answer with the same filter"))
}

/// A token of a key that belongs to what was asked for.
pub(super) fn token(asked: &impl Message, key: &[u8]) -> String {
    let mut bytes = mark(asked).to_vec();
    bytes.extend(key);
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// The key in a token, if it belongs to what is asked for.
pub(super) fn untoken(token: &str, asked: &impl Message) -> Option<Vec<u8>> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(token).ok()?;
    let (own, key) = bytes.split_first_chunk::<8>()?;
    (*own == mark(asked)).then(|| key.to_vec())
}

fn mark(filter: &impl Message) -> [u8; 8] {
    let digest: [u8; 32] = Sha256::digest(filter.encode_to_vec()).into();
    let mut mark = [0; 8];
    mark.copy_from_slice(&digest[..8]);
    mark
}

/// The number of an urgency, for defaults.
pub(super) fn usual() -> (Urgency, Impact) {
    (Urgency::Medium, Impact::Low)
}
