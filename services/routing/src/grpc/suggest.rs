//! `SuggestService.Suggest`

use super::decode::{given, region};
use crate::{Rooms, error};
use gongdan_classify::Bag;
use gongdan_errors::{Error, Violations};
use gongdan_proto::routing::v1::{SuggestRequest, SuggestResponse, SuggestedItem, SuggestedUnit};
use gongdan_region::RegionCode;
use gongdan_routing_domain::{Directory, Hit, Suggester};
use jiff::Timestamp;
use std::collections::HashSet;

const SUBJECT_MAX: usize = 200;
const BODY_MAX: usize = 20_000;
const ITEM_MAX: usize = 400;
const LIMIT_DEFAULT: usize = 3;

struct Question {
    subject: String,
    body: String,
    region: Option<RegionCode>,
    item: Option<String>,
    limit: usize,
}

pub(super) async fn suggest(rooms: &Rooms, request: SuggestRequest) -> Result<SuggestResponse, Error> {
    let question = decode(request)?;
    let mut connection = rooms.pool.acquire().await.map_err(gongdan_pg::error)?;
    let loaded = rooms.suggester.get(&mut connection).await?.ok_or_else(error::suggester_untrained)?;
    let directory = match question.region {
        Some(_) => Some(rooms.directory.get(&mut connection, rooms.clock.now()).await?),
        None => None,
    };
    // Neither a connection nor the thread of other requests is kept while it thinks.
    drop(connection);
    let (suggester, offered, now) = (loaded.suggester, rooms.offered.last(), rooms.clock.now());
    let (items, units) = tokio::task::spawn_blocking(move || {
        let offered = offered.as_ref().map(|items| &items.keys);
        answer(&question, &suggester, offered, directory.as_deref(), now)
    })
    .await
    .map_err(Error::internal)?;
    rooms.metrics.suggested(items.is_empty() && units.is_empty());
    Ok(SuggestResponse {
        items: items
            .into_iter()
            .map(|hit| SuggestedItem { item: hit.key, confidence: hit.confidence.into() })
            .collect(),
        units,
        training: loaded.id,
    })
}

/// Items that can be chosen, unless one is given, and units of the region, if that is.
fn answer(
    question: &Question,
    suggester: &Suggester,
    offered: Option<&HashSet<String>>,
    directory: Option<&Directory>,
    now: Timestamp,
) -> (Vec<Hit>, Vec<SuggestedUnit>) {
    let Question { region, item, limit, .. } = question;
    let text = Bag::of(&question.subject, &question.body);
    let items = if item.is_none() { suggester.items(&text, offered, *limit) } else { Vec::new() };
    let (Some(region), Some(directory)) = (region, directory) else { return (items, Vec::new()) };
    let among = directory.units_covering(*region, now);
    let named = |hit: Hit| SuggestedUnit {
        name: directory.unit(&hit.key).map(|unit| unit.name.clone()).unwrap_or_default(),
        unit_id: hit.key,
        confidence: hit.confidence.into(),
    };
    let units = suggester.units(&text, item.as_deref(), &among, *limit);
    (items, units.into_iter().map(named).collect())
}

fn decode(request: SuggestRequest) -> Result<Question, Error> {
    let mut violations = Violations::new();
    let mut short = |field: &str, text: &str, most: usize| {
        if text.chars().count() > most {
            violations.add(field, format!("at most {most} characters"));
        }
    };
    short("subject", &request.subject, SUBJECT_MAX);
    short("body", &request.body, BODY_MAX);
    short("item", &request.item, ITEM_MAX);
    if !request.subject.chars().chain(request.body.chars()).any(char::is_alphanumeric) {
        violations.add("body", "of subject and body at least one has words");
    }
    let region = violations.field("region", region(&request.region));
    let limit = violations.field(
        "limit",
        match usize::try_from(request.limit) {
            Ok(0) => Ok(LIMIT_DEFAULT),
            Ok(limit @ 1..=20) => Ok(limit),
            _ => Err("1 to 20, or 0 for 3"),
        },
    );
    match (region, limit) {
        (Some(region), Some(limit)) if violations.is_empty() => Ok(Question {
            subject: request.subject,
            body: request.body,
            region,
            item: given(request.item),
            limit,
        }),
        _ => Err(violations.into_error()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_is_wrong_is_said_at_once() {
        let request = SuggestRequest {
            subject: "长".repeat(201),
            body: "。".repeat(20_001),
            region: "99".into(),
            item: "x".repeat(401),
            limit: 21,
        };
        let found = decode(request).err().unwrap();
        let fields: Vec<_> = found.violations().iter().map(|violation| violation.field.as_str()).collect();
        assert_eq!(fields, ["subject", "body", "item", "region", "limit"]);
        let empty = SuggestRequest { body: " ，".into(), ..SuggestRequest::default() };
        assert_eq!(decode(empty).err().unwrap().violations()[0].field, "body");
        let good = SuggestRequest { subject: "路灯不亮".into(), ..SuggestRequest::default() };
        let question = decode(good).unwrap();
        assert_eq!((question.region, question.item, question.limit), (None, None, 3));
    }
}
