//! `TicketTypeService.PutTicketType`. Source: T7.

use super::{
    decode::{given, uuid},
    list_ticket_types::present,
};
use crate::{Rooms, store::ticket_types::Versioned};
use gongdan_access::Caller;
use gongdan_errors::{Error, Violations};
use gongdan_pg::{RequestKey, requests::hash_of};
use gongdan_proto::tickets::v1 as pb;
use gongdan_tickets_domain::{
    TicketType,
    ticket_type::{Definition, TypeKey, TypeName},
};

pub(super) async fn put_ticket_type(
    rooms: &Rooms,
    caller: &Caller,
    mut request: pb::PutTicketTypeRequest,
) -> Result<pb::TicketTypeDefinition, Error> {
    let mut violations = Violations::new();
    let request_id = violations.field("request_id", uuid(&std::mem::take(&mut request.request_id)));
    let hash = hash_of(&request);
    let definition = decode(request.r#type.unwrap_or_default(), &mut violations);
    let (Some(request_id), Some(definition)) = (request_id, definition) else {
        return Err(violations.into_error());
    };
    let key = RequestKey { caller: caller.principal_id.clone(), method: "PutTicketType", request_id, hash };
    let version = rooms.ticket_types.put(&definition, &key).await?;
    Ok(present(&Versioned { version, definition }))
}

fn decode(asked: pb::TicketTypeDefinition, violations: &mut Violations) -> Option<Definition> {
    let key = violations.field("type.key", TypeKey::parse(&asked.key));
    let name_zh = violations.field("type.name_zh", TypeName::parse(&asked.name_zh));
    let name_en = violations.field("type.name_en", TypeName::parse(&asked.name_en));
    let base = given("type.base", TicketType::from_number(asked.base), violations);
    let definition =
        Definition { key: key?, name_zh: name_zh?, name_en: name_en?, base: base?, enabled: asked.enabled };
    violations.field("type.base", definition.check())?;
    Some(definition)
}
