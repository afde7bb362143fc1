//! Form, type and channel standard it was taken down under. Source: T1, T6, T7, T9.

use super::super::state::{InvalidState, invalid};
use gongdan_proto::tickets::v1 as pb;
use gongdan_tickets_domain::{
    groups::form::{FormPart, Open},
    ticket_type::TypeKey,
};

/// Into the state. `custom_fields` is not in it.
pub(crate) fn put(part: &FormPart, ticket: &mut pb::Ticket) {
    let FormPart { type_key, form, form_version, response_seconds, customer_tier, open } = part;
    ticket.type_key = type_key.as_ref().map(ToString::to_string).unwrap_or_default();
    ticket.form.clone_from(form);
    ticket.form_version = *form_version;
    ticket.response_seconds = *response_seconds;
    ticket.customer_tier.clone_from(customer_tier);
    ticket.missing_fields = open.iter().map(ToString::to_string).collect();
}

/// Out of the state.
pub(crate) fn take(ticket: &mut pb::Ticket) -> Result<FormPart, InvalidState> {
    let type_key = match ticket.type_key.as_str() {
        "" => None,
        key => Some(TypeKey::parse(key).map_err(|error| invalid("type_key", error))?),
    };
    let open = std::mem::take(&mut ticket.missing_fields);
    let open = open.iter().map(|name| {
        Open::from_name(name)
            .ok_or_else(|| invalid("missing_fields", "a field that a draft cannot leave open"))
    });
    Ok(FormPart {
        type_key,
        form: std::mem::take(&mut ticket.form),
        form_version: ticket.form_version,
        response_seconds: ticket.response_seconds,
        customer_tier: std::mem::take(&mut ticket.customer_tier),
        open: open.collect::<Result<_, _>>()?,
    })
}

/// Texts of its records into an answer: what was filled in is no text of a record, see `store/ticket_views.rs`.
pub(crate) fn fill(_ticket: &mut pb::Ticket, _texts: &super::Texts) {}

/// All whom its records name.
pub(crate) fn actors(_ticket: &mut pb::Ticket) -> Vec<&mut Option<gongdan_proto::common::v1::ActorRef>> {
    Vec::new()
}
