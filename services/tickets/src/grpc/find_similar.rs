//! `LinkService.FindSimilar`: what a request may be a repeat of. Source: T10.

use super::{
    decode::{region, ticket_ref, uuid},
    viewer::viewer,
};
use crate::{
    Rooms,
    store::{
        filter::Filter,
        scope::Sight,
        seal::Handle,
        search,
        text_index::{self, county, period},
        ticket_views::{Detail, Viewer},
        tickets::TicketRef,
    },
};
use gongdan_access::Caller;
use gongdan_errors::{Error, Violations};
use gongdan_pg::error;
use gongdan_proto::tickets::v1 as pb;
use gongdan_region::RegionCode;
use gongdan_text::{Grams, Signature};
use gongdan_tickets_domain::{Phase, PhoneNumber};
use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;
use uuid::Uuid;

/// Tickets whose texts are compared, of those that share bands.
const MOST_COMPARED: i64 = 300;
/// Tickets of the same customer about the same item.
const MOST_OF_CUSTOMER: i64 = 50;
/// Of those that are alike, as many as are looked at for the caller's scope.
const MOST_ALIKE: usize = 200;

/// What is known of a request.
#[derive(Default)]
struct Known {
    /// The ticket itself, if it is one.
    itself: Option<Uuid>,
    customer: Option<Uuid>,
    item: String,
    region: Option<RegionCode>,
    /// What tells about its words.
    grams: Grams,
}

#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Candidate {
    same_customer: bool,
    text: f64,
}

impl Candidate {
    fn score(self) -> f64 {
        if self.same_customer { f64::midpoint(self.text, 1.0) } else { self.text }
    }
}

pub(super) async fn find_similar(
    rooms: &Rooms,
    caller: &Caller,
    request: pb::FindSimilarRequest,
) -> Result<pb::FindSimilarResponse, Error> {
    let limit = match request.limit {
        0 => 10,
        limit @ 1..=50 => usize::try_from(limit).unwrap_or(10),
        _ => return Err(Error::invalid_field("limit", "1 to 50")),
    };
    let viewer = viewer(caller).masked();
    let known = known(rooms, caller, viewer, request).await?;
    let mut found = of_customer(rooms, caller, viewer, &known).await?;
    alike(rooms, caller, &known, &mut found).await?;
    if let Some(itself) = known.itself {
        found.remove(&itself);
    }
    let mut ranked: Vec<(Uuid, Candidate)> = found.into_iter().collect();
    // Ids are in the order of time: of equally good ones the newest is first.
    ranked.sort_by(|(a, x), (b, y)| y.score().total_cmp(&x.score()).then(b.cmp(a)));
    ranked.truncate(limit);
    let ids: Vec<Uuid> = ranked.iter().map(|(id, _)| *id).collect();
    let views = rooms.tickets.views(&ids).await?;
    let mut candidates = Vec::with_capacity(ranked.len());
    for (id, candidate) in ranked {
        let Some(view) = views.get(&id) else { continue };
        gongdan_audit::touched("ticket", id);
        let mut reasons = Vec::new();
        if candidate.same_customer {
            reasons.push(pb::SimilarReason::SameCustomerAndItem.into());
        }
        if candidate.text >= rooms.config.similar.least {
            reasons.push(pb::SimilarReason::SimilarText.into());
        }
        candidates.push(pb::SimilarTicket {
            ticket: Some(view.present(Detail::Listed, viewer, &rooms.customers.sealer)?),
            score: candidate.score(),
            reasons,
            text: candidate.text,
        });
    }
    Ok(pb::FindSimilarResponse { candidates })
}

async fn known(
    rooms: &Rooms,
    caller: &Caller,
    viewer: Viewer,
    request: pb::FindSimilarRequest,
) -> Result<Known, Error> {
    let mut violations = Violations::new();
    let v = &mut violations;
    if !request.ticket.is_empty() {
        let alone = pb::FindSimilarRequest { ticket: String::new(), limit: 0, ..request.clone() };
        if alone != pb::FindSimilarRequest::default() {
            v.add("ticket", "alone");
        }
        return match (ticket_ref(&request.ticket, v), violations.is_empty()) {
            (Some(ticket), true) => of_ticket(rooms, caller, viewer, &ticket).await,
            _ => Err(violations.into_error()),
        };
    }
    let customer = match (request.customer_id.as_str(), request.phone.as_str()) {
        ("", "") => None,
        (id, "") => v.field("customer_id", uuid(id)),
        ("", phone) => match v.field("phone", PhoneNumber::parse(phone)) {
            Some(phone) => {
                let blinds = rooms.customers.sealer.blinds(&Handle::Phone(phone));
                rooms.customers.by_key(&blinds).await?.first().map(|customer| customer.id)
            }
            None => None,
        },
        _ => {
            v.add("phone", "left out when customer_id is given");
            None
        }
    };
    let region = if request.region.is_empty() { None } else { v.field("region", region(&request.region)) };
    let text = format!("{}\n{}", request.subject, request.body);
    if text.chars().count() > 20_201 {
        v.add("body", "subject and body of at most 20200 characters");
    }
    let by_customer =
        (!request.customer_id.is_empty() || !request.phone.is_empty()) && !request.item.is_empty();
    let by_text = !request.region.is_empty() && !text.trim().is_empty();
    if !by_customer && !by_text {
        v.add("ticket", "a ticket, or a customer with an item, or a region with subject or body");
    }
    violations.finish()?;
    if let Some(customer) = customer {
        gongdan_audit::touched("customer", customer);
    }
    Ok(Known { itself: None, customer, item: request.item, region, grams: Grams::of(&text).telling() })
}

async fn of_ticket(
    rooms: &Rooms,
    caller: &Caller,
    viewer: Viewer,
    ticket: &TicketRef,
) -> Result<Known, Error> {
    let view = rooms.tickets.view(ticket).await?;
    view.check_seen(caller)?;
    let ticket = view.ticket()?;
    let knows = viewer.see_reporter || !ticket.confidential;
    Ok(Known {
        itself: Some(view.id),
        customer: ticket.customer_id.filter(|_| knows),
        item: ticket.item,
        region: Some(ticket.region),
        grams: Grams::of(&format!("{}\n{}", view.subject, view.body)).telling(),
    })
}

/// Of the same customer about the same item, with how alike the texts are.
async fn of_customer(
    rooms: &Rooms,
    caller: &Caller,
    viewer: Viewer,
    known: &Known,
) -> Result<HashMap<Uuid, Candidate>, Error> {
    let Some(customer) = known.customer.filter(|_| !known.item.is_empty()) else {
        return Ok(HashMap::new());
    };
    let filter = Filter {
        customer: Some(customer),
        items: vec![known.item.clone()],
        phases: submitted(),
        ..Filter::default()
    };
    let since = since(rooms, rooms.config.similar.customer_days);
    let sight = Sight::of(caller);
    let ids =
        search::of_customer(&rooms.pool, &sight, &filter.seen_by(viewer), since, MOST_OF_CUSTOMER).await?;
    let mut found: HashMap<Uuid, Candidate> =
        ids.iter().map(|id| (*id, Candidate { same_customer: true, text: 0.0 })).collect();
    if !known.grams.is_empty() {
        for (id, grams) in text_index::told(&rooms.pool, &ids).await.map_err(error)? {
            if let Some(candidate) = found.get_mut(&id) {
                candidate.text = known.grams.alike(grams.as_slice());
            }
        }
    }
    Ok(found)
}

/// Adds those of the county whose words are alike.
async fn alike(
    rooms: &Rooms,
    caller: &Caller,
    known: &Known,
    found: &mut HashMap<Uuid, Candidate>,
) -> Result<(), Error> {
    let (Some(region), Some(signature)) = (known.region, Signature::of(known.grams.as_slice())) else {
        return Ok(());
    };
    let (now, since) = (rooms.clock.now(), since(rooms, rooms.config.similar.text_days));
    let bands: Vec<i64> =
        (period(since)..=period(now)).flat_map(|period| signature.bands(county(region), period)).collect();
    let compared = text_index::in_bands(&rooms.pool, &bands, since, MOST_COMPARED).await.map_err(error)?;
    let mut alike = compare(&known.grams, compared, rooms.config.similar.least);
    alike.truncate(MOST_ALIKE);
    let ids: Vec<Uuid> = alike.iter().map(|(id, _)| *id).collect();
    let filter = Filter { phases: submitted(), ..Filter::default() };
    let seen = search::within(&rooms.pool, &Sight::of(caller), &filter, &ids).await?;
    for (id, text) in alike.into_iter().filter(|(id, _)| seen.contains(id)) {
        found.entry(id).or_default().text = text;
    }
    Ok(())
}

/// Those that are alike enough, the most alike first.
fn compare(grams: &Grams, others: Vec<(Uuid, Grams)>, least: f64) -> Vec<(Uuid, f64)> {
    let mut alike: Vec<(Uuid, f64)> = others
        .into_iter()
        .map(|(id, other)| (id, grams.alike(other.as_slice())))
        .filter(|(_, text)| *text >= least)
        .collect();
    alike.sort_by(|(a, x), (b, y)| y.total_cmp(x).then(b.cmp(a)));
    alike
}

/// Drafts are nobody's request yet.
fn submitted() -> Vec<i16> {
    let kept = Phase::ALL.iter().filter(|phase| **phase != Phase::Draft);
    kept.filter_map(|phase| i16::try_from(phase.number()).ok()).collect()
}

fn since(rooms: &Rooms, days: u32) -> Timestamp {
    let window = SignedDuration::from_hours(24 * i64::from(days));
    rooms.clock.now().saturating_sub(window).unwrap_or(Timestamp::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_customer_comes_before_the_same_words() {
        let of = |same_customer, text| Candidate { same_customer, text }.score();
        assert!((of(true, 0.0) - 0.5).abs() < 1e-9);
        assert!((of(true, 1.0) - 1.0).abs() < 1e-9);
        assert!((of(false, 0.4) - 0.4).abs() < 1e-9);
        assert!(of(true, 0.4) > of(false, 0.6));
    }

    #[test]
    fn the_most_alike_come_first_and_others_not_at_all() {
        let id = Uuid::from_u128;
        let other = Grams::of;
        let found = compare(
            &Grams::of("夜间施工噪音扰民"),
            vec![
                (id(1), other("停水停电")),
                (id(2), other("夜间施工噪音")),
                (id(3), other("夜间施工噪音扰民")),
            ],
            0.3,
        );
        assert_eq!(found.iter().map(|(id, _)| id.as_u128()).collect::<Vec<_>>(), [3, 2]);
    }
}
