//! `TicketTypeService.ListTicketTypes`. Source: T7.

use crate::{Rooms, store::ticket_types::Versioned};
use gongdan_errors::Error;
use gongdan_proto::tickets::v1 as pb;

pub(super) async fn list_ticket_types(rooms: &Rooms) -> Result<pb::ListTicketTypesResponse, Error> {
    let types = rooms.ticket_types.types().await?;
    Ok(pb::ListTicketTypesResponse { types: types.in_order().map(present).collect() })
}

pub(super) fn present(Versioned { version, definition }: &Versioned) -> pb::TicketTypeDefinition {
    pb::TicketTypeDefinition {
        key: definition.key.to_string(),
        name_zh: definition.name_zh.as_str().to_owned(),
        name_en: definition.name_en.as_str().to_owned(),
        base: definition.base.number(),
        enabled: definition.enabled,
        built_in: definition.key.built_in().is_some(),
        version: *version,
    }
}
