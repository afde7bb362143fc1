//! `FormService.PutForm`. Source: T6.

use super::{decode::uuid, get_form::present};
use crate::Rooms;
use gongdan_access::Caller;
use gongdan_errors::{Error, Violations};
use gongdan_pg::{RequestKey, requests::hash_of};
use gongdan_proto::tickets::v1 as pb;
use gongdan_tickets_domain::{Line, UnitId, form::Form};

pub(super) async fn put_form(
    rooms: &Rooms,
    caller: &Caller,
    mut request: pb::PutFormRequest,
) -> Result<pb::Form, Error> {
    let mut violations = Violations::new();
    let request_id = violations.field("request_id", uuid(&std::mem::take(&mut request.request_id)));
    let hash = hash_of(&request);
    let key = violations.field("key", key(&request.key));
    let name = violations.field("name", Line::<1, 100>::parse(&request.name));
    if let Err(broken) = Form::compile(&request.schema) {
        for broken in broken {
            violations.add(format!("schema{}", broken.path), broken.rule);
        }
    }
    let (Some(request_id), Some(key), Some(name), true) = (request_id, key, name, violations.is_empty())
    else {
        return Err(violations.into_error());
    };
    let asked = RequestKey { caller: caller.principal_id.clone(), method: "PutForm", request_id, hash };
    present(rooms, rooms.forms.put(&key, name.as_str(), &request.schema, &asked).await?).await
}

/// What a form is called: as units are.
pub(super) fn key(text: &str) -> Result<String, String> {
    UnitId::parse(text).map(|key| key.to_string()).map_err(|rule| rule.to_string())
}
