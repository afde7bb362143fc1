//! `SearchService.SearchTickets`. Source: T28.

use super::{
    decode::{filter, page_size, ticket_ref},
    viewer::viewer,
};
use crate::{
    Rooms,
    store::{
        filter::Filter,
        hidden::Hidden,
        list::After,
        scope::{READ, Sight},
        seal::Handle,
        search::{self, CANDIDATES, Candidate, Search},
        text_index::number_key,
        ticket_views::{Detail, TicketView},
        tickets::TicketRef,
    },
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use gongdan_access::Caller;
use gongdan_errors::{Error, Violations};
use gongdan_proto::tickets::v1 as pb;
use gongdan_text::{Gram, Grams, Query, snippet};
use gongdan_tickets_domain::{PhoneNumber, mask_numbers};
use jiff::Timestamp;
use prost::Message as _;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// The most characters of a text.
const LONGEST: usize = 200;
/// Characters of a snippet.
const SNIPPET: usize = 60;
/// Who is looked up, whatever else is done.
const LOOKUP: &str = "customers.lookup";
/// Customers whose numbers end in the same four digits.
const MOST_CUSTOMERS: i64 = 100;

/// What is asked for, decoded.
struct Asked {
    query: Query,
    filter: Filter,
    /// The last six digits of a number.
    number: Option<String>,
    phone: Option<Phone>,
    size: usize,
    page: Option<Page>,
}

enum Phone {
    Whole(PhoneNumber),
    LastFour(String),
}

/// Where a page begins: the newest that the first page ranked, and the last ticket of the page before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Page {
    from: After,
    score: i64,
    last: After,
}

pub(super) async fn search_tickets(
    rooms: &Rooms,
    caller: &Caller,
    request: pb::SearchTicketsRequest,
) -> Result<pb::SearchTicketsResponse, Error> {
    let mark = mark(&request);
    let Asked { query, filter, number, phone, size, page } = decode(rooms, request, &mark).await?;
    let (sight, viewer) = (Sight::of(caller), viewer(caller).masked());
    let mut filter = filter.seen_by(viewer);
    let customers = match &phone {
        Some(phone) => {
            // Whose request it is must not be learned by asking for it.
            filter.open_reporters |= !viewer.see_reporter;
            Some(customers(rooms, caller, phone, viewer.see_reporter).await?)
        }
        None => None,
    };
    let mut required: Vec<Gram> = query.required().as_slice().to_vec();
    required.extend(number.as_deref().map(number_key));
    let bonus = query.bonus();
    let candidates = if customers.as_ref().is_some_and(Vec::is_empty) {
        Vec::new()
    } else {
        let search = Search {
            sight: &sight,
            filter: &filter,
            required: &required,
            bonus: bonus.as_slice(),
            customers: customers.as_deref(),
            from: page.map(|page| page.from),
        };
        search::candidates(&rooms.pool, &search).await?
    };
    let more = candidates.len() > CANDIDATES;
    let mut ranked: Vec<Candidate> = candidates.into_iter().take(CANDIDATES).collect();
    let from = ranked.first().map(After::from);
    let mut found = i32::try_from(ranked.len()).unwrap_or(i32::MAX);
    ranked
        .sort_by_key(|candidate| std::cmp::Reverse((candidate.score, candidate.at.to_jiff(), candidate.id)));
    if let Some(page) = page {
        let last = (page.score, page.last.received_at, page.last.id);
        ranked.retain(|candidate| (candidate.score, candidate.at.to_jiff(), candidate.id) < last);
    }
    let rest = ranked.len() > size;
    ranked.truncate(size);
    let next_page_token = match (ranked.last(), from) {
        (Some(last), Some(from)) if rest => token(
            &mark,
            Page { from: page.map_or(from, |page| page.from), score: last.score, last: last.into() },
        ),
        _ => String::new(),
    };
    let ids: Vec<Uuid> = ranked.iter().map(|candidate| candidate.id).collect();
    let views = rooms.tickets.views(&ids).await?;
    let mut hits = Vec::with_capacity(ranked.len());
    for candidate in &ranked {
        let Some(view) = views.get(&candidate.id) else { continue };
        gongdan_audit::touched("ticket", view.id);
        let ticket = view.present(Detail::Listed, viewer, &rooms.customers.sealer)?;
        let unknown = ticket.confidential && !viewer.see_reporter;
        let hidden = if unknown { Some(view.hidden(&rooms.customers.sealer)?) } else { None };
        let Some((snippet, matches)) = shown(view, &query, hidden.as_ref()) else {
            found -= 1;
            continue;
        };
        hits.push(pb::SearchHit {
            ticket: Some(ticket),
            score: i32::try_from(candidate.score).unwrap_or(i32::MAX),
            snippet,
            matches,
        });
    }
    let words = query.words().iter().map(|word| word.text.clone()).collect();
    Ok(pb::SearchTicketsResponse { hits, next_page_token, words, found, more })
}

async fn decode(rooms: &Rooms, request: pb::SearchTicketsRequest, mark: &[u8]) -> Result<Asked, Error> {
    let mut violations = Violations::new();
    let v = &mut violations;
    let mut filter = filter(request.filter, v);
    let size = page_size(request.page_size, 20, 100, v);
    let page = match request.page_token.as_str() {
        "" => None,
        token => v.field(
            "page_token",
            page(token, mark).ok_or("a token of an earlier answer to the same question"),
        ),
    };
    let mut text = request.text.trim().to_owned();
    if text.chars().count() > LONGEST {
        v.add("text", format!("at most {LONGEST} characters"));
    }
    let mut whole = request.number.trim().to_owned();
    if whole.is_empty()
        && text.starts_with("GD")
        && text[2..].len() >= 6
        && text[2..].bytes().all(|b| b.is_ascii_digit())
    {
        whole = std::mem::take(&mut text);
    }
    let number = number(&whole, &mut filter, v);
    let by_phone = !request.phone.is_empty() || !request.phone_last_four.is_empty();
    let phone = phone(&request.phone, &request.phone_last_four, v);
    let words = rooms.catalogue.choices().await?;
    let query = Query::cut(&text, &words.words);
    if !text.is_empty() && query.words().is_empty() {
        v.add("text", "a word of two characters or more; numbers of seven digits and more are asked for by number or phone");
    }
    if text.is_empty() && whole.is_empty() && !by_phone {
        v.add("text", "text, number, phone or phone_last_four");
    }
    violations.finish()?;
    Ok(Asked { query, filter, number, phone, size: usize::try_from(size).unwrap_or(20), page })
}

/// A whole number narrows the filter; the last six digits of one are looked for.
fn number(text: &str, filter: &mut Filter, violations: &mut Violations) -> Option<String> {
    if text.len() == 6 && text.bytes().all(|b| b.is_ascii_digit()) {
        return Some(text.to_owned());
    }
    if text.is_empty() {
        return None;
    }
    match ticket_ref(text, &mut Violations::new()) {
        Some(TicketRef::Number(number)) => filter.numbers.push(number),
        _ => violations.add("number", "the number of a ticket, or its last six digits"),
    }
    None
}

fn phone(whole: &str, last_four: &str, violations: &mut Violations) -> Option<Phone> {
    match (whole, last_four) {
        ("", "") => None,
        (whole, "") => violations.field("phone", PhoneNumber::parse(whole)).map(Phone::Whole),
        ("", four) => {
            let good = four.len() == 4 && four.bytes().all(|b| b.is_ascii_digit());
            violations
                .field("phone_last_four", good.then(|| Phone::LastFour(four.to_owned())).ok_or("four digits"))
        }
        _ => {
            violations.add("phone_last_four", "left out when phone is given");
            None
        }
    }
}

/// Who has the number; as LookupCustomer, for whom that is.
async fn customers(
    rooms: &Rooms,
    caller: &Caller,
    phone: &Phone,
    see_reporter: bool,
) -> Result<Vec<Uuid>, Error> {
    if caller.scope_of(LOOKUP).is_empty() {
        return Err(Error::permission_denied(
            gongdan_errors::Reason::PermissionDenied,
            "the caller may not look customers up",
        ));
    }
    let sealer = &rooms.customers.sealer;
    let found = match phone {
        Phone::Whole(phone) => rooms.customers.by_key(&sealer.blinds(&Handle::Phone(phone.clone()))).await?,
        Phone::LastFour(digits) => {
            let indexes = sealer.last_four_indexes(digits);
            let scope = caller.scope_of(READ);
            rooms.customers.by_last_four(&indexes, &scope, see_reporter, MOST_CUSTOMERS).await?
        }
    };
    for customer in &found {
        gongdan_audit::touched("customer", customer.id);
    }
    Ok(found.into_iter().map(|customer| customer.id).collect())
}

/// The first text with a word in it; numbers are masked before.
/// None when it was found by what its reporter is known by, and who looks may not know.
fn shown(view: &TicketView, query: &Query, hidden: Option<&Hidden>) -> Option<(String, Vec<pb::Match>)> {
    let texts = [
        Some(&view.subject),
        Some(&view.body),
        view.solution.as_ref(),
        view.reply.as_ref(),
        view.root_cause.as_ref(),
    ];
    let mut best: Option<gongdan_text::Snippet> = None;
    let masked = |text: &String| hidden.map_or_else(|| mask_numbers(text), |hidden| hidden.take_out(text));
    let texts: Vec<String> = texts.into_iter().flatten().map(masked).collect();
    if hidden.is_some() && !Grams::of(&texts.join("\n")).contains(query.required()) {
        return None;
    }
    for text in &texts {
        let snippet = snippet(text, query, SNIPPET);
        if best.as_ref().is_none_or(|best| snippet.found.len() > best.found.len()) {
            best = Some(snippet);
        }
    }
    let best = best.unwrap_or_default();
    let number = |n: usize| i32::try_from(n).unwrap_or(i32::MAX);
    let matches =
        best.found.iter().map(|(start, length)| pb::Match { start: number(*start), length: number(*length) });
    Some((best.text, matches.collect()))
}

impl From<&Candidate> for After {
    fn from(candidate: &Candidate) -> Self {
        Self { received_at: candidate.at.to_jiff(), id: candidate.id }
    }
}

/// Of the question, without the page.
fn mark(request: &pb::SearchTicketsRequest) -> Vec<u8> {
    let question = pb::SearchTicketsRequest { page_size: 0, page_token: String::new(), ..request.clone() };
    Sha256::digest(question.encode_to_vec()).iter().take(8).copied().collect()
}

fn token(mark: &[u8], page: Page) -> String {
    let mut bytes = mark.to_vec();
    for after in [page.from, page.last] {
        bytes.extend(after.received_at.as_microsecond().to_be_bytes());
        bytes.extend(after.id.as_bytes());
    }
    bytes.extend(page.score.to_be_bytes());
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

fn page(token: &str, mark: &[u8]) -> Option<Page> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(token).ok()?;
    let rest = bytes.strip_prefix(mark)?;
    if rest.len() != 56 {
        return None;
    }
    let after = |at: usize| -> Option<After> {
        let received_at = i64::from_be_bytes(rest[at..at + 8].try_into().ok()?);
        let received_at = Timestamp::from_microsecond(received_at).ok()?;
        Some(After { received_at, id: Uuid::from_slice(&rest[at + 8..at + 24]).ok()? })
    };
    let score = i64::from_be_bytes(rest[48..].try_into().ok()?);
    Some(Page { from: after(0)?, last: after(24)?, score })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_of_its_question() {
        let after =
            |n| After { received_at: Timestamp::from_microsecond(n).unwrap(), id: Uuid::from_u128(7) };
        let here = Page { from: after(5), score: 3, last: after(4) };
        let token = token(&[1; 8], here);
        assert_eq!(page(&token, &[1; 8]), Some(here));
        assert_eq!(page(&token, &[2; 8]), None);
        assert_eq!(page(&token[2..], &[1; 8]), None);
        assert_eq!(page("!", &[1; 8]), None);
    }
}
