//! `CatalogueService.ListCatalogueItems`.

use super::decode::page_size;
use crate::Rooms;
use gongdan_errors::{Error, Violations};
use gongdan_proto::tickets::v1 as pb;
use gongdan_tickets_domain::catalogue::Node;

pub(super) async fn list_catalogue_items(
    rooms: &Rooms,
    request: pb::ListCatalogueItemsRequest,
) -> Result<pb::ListCatalogueItemsResponse, Error> {
    let mut violations = Violations::new();
    let size = page_size(request.page_size, 200, 1_000, &mut violations);
    let token = token(&request.page_token, &mut violations);
    violations.finish()?;
    // A token keeps the version, so that an import in between does not mix two trees.
    let version = token.map_or(request.version, |(version, _)| version);
    let head = rooms.catalogue.head(version).await?;
    let parent = (!request.parent_key.is_empty()).then_some(request.parent_key.as_str());
    let after = token.map_or(-1, |(_, ordinal)| ordinal);
    let mut items = rooms.catalogue.items(head.version, parent, after, size + 1).await?;
    let more = i64::try_from(items.len()).is_ok_and(|found| found > size);
    if more {
        items.pop();
    }
    let next_page_token = match items.last() {
        Some((ordinal, _)) if more => format!("{}-{ordinal}", head.version),
        _ => String::new(),
    };
    let items = items.into_iter().map(|(_, node)| present(node)).collect();
    Ok(pb::ListCatalogueItemsResponse { items, next_page_token })
}

fn token(token: &str, violations: &mut Violations) -> Option<(i32, i32)> {
    if token.is_empty() {
        return None;
    }
    let key = || {
        let (version, ordinal) = token.split_once('-')?;
        Some((version.parse().ok()?, ordinal.parse().ok()?))
    };
    violations.field("page_token", key().ok_or("a token of an earlier answer"))
}

fn present(node: Node) -> pb::CatalogueItem {
    let Node { key, name, parent, level, leaf, binds } = node;
    pb::CatalogueItem {
        key,
        name,
        parent_key: parent,
        level,
        leaf,
        r#type: binds.kind.map_or(0, |value| value.number()),
        urgency: binds.urgency.map_or(0, |value| value.number()),
        impact: binds.impact.map_or(0, |value| value.number()),
        sla_policy: binds.sla_policy,
        routing_hints: binds.routing_hints,
        regions: binds.regions.iter().map(ToString::to_string).collect(),
        form: binds.form,
        type_key: binds.type_key,
    }
}
