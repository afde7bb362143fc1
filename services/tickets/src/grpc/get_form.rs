//! `FormService.GetForm`. Source: T6.

use super::put_form::key;
use crate::{Rooms, store::forms::Version};
use gongdan_errors::{Error, Violations};
use gongdan_proto::{tickets::v1 as pb, to_timestamp};
use gongdan_tickets_domain::form::Kind;

pub(super) async fn get_form(rooms: &Rooms, request: pb::GetFormRequest) -> Result<pb::Form, Error> {
    let mut violations = Violations::new();
    let key = violations.field("key", key(&request.key));
    version(request.version, &mut violations);
    let (Some(key), true) = (key, violations.is_empty()) else { return Err(violations.into_error()) };
    present(rooms, rooms.forms.version(&key, request.version).await?).await
}

/// Refuses a version that is none; 0 is the newest.
pub(super) fn version(version: i32, violations: &mut Violations) {
    if version < 0 {
        violations.add("version", "a version, or 0 for the newest");
    }
}

pub(super) async fn present(rooms: &Rooms, version: Version) -> Result<pb::Form, Error> {
    let known = rooms.forms.known(&version.key, version.version).await?;
    let searchable = known
        .form
        .searchable()
        .iter()
        .map(|field| pb::SearchableField {
            field: field.name.clone(),
            kind: match field.kind {
                Kind::Text => pb::FieldKind::Text,
                Kind::Number => pb::FieldKind::Number,
                Kind::Flag => pb::FieldKind::Flag,
                Kind::Date => pb::FieldKind::Date,
            }
            .into(),
        })
        .collect();
    Ok(pb::Form {
        key: version.key,
        version: version.version,
        name: version.name,
        schema: version.schema,
        searchable,
        put_at: Some(to_timestamp(version.put_at)),
    })
}
