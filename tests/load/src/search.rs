//! `search` and `similar`: how long an answer takes among many tickets.

use crate::{
    filled::Filled,
    options::{Common, SearchOptions},
    output::{self, round},
    stats::Latencies,
    suite::Suite,
    texts::Dice,
};
use gongdan_proto::tickets::v1::{FindSimilarRequest, SearchTicketsRequest};
use serde::Serialize;
use std::time::Instant;

/// The result, one JSON line.
#[derive(Serialize)]
struct Searched {
    scenario: &'static str,
    tickets: u64,
    fill_s: f64,
    calls: usize,
    /// Answers without any ticket.
    empty: u64,
    /// Of requests that were made before, those whose first ticket is among the candidates.
    #[serde(skip_serializing_if = "Option::is_none")]
    found_again: Option<f64>,
    p50_ms: f64,
    p95_ms: f64,
    p99_ms: f64,
    max_ms: f64,
    /// The slowest kind of question, and its 95th percentile.
    slowest: String,
    slowest_p95_ms: f64,
}

/// A kind of question.
type Ask = fn(&Filled, &mut Dice) -> anyhow::Result<SearchTicketsRequest>;

fn text(text: String) -> SearchTicketsRequest {
    SearchTicketsRequest { text, ..SearchTicketsRequest::default() }
}

fn ranked(filled: &Filled, dice: &mut Dice, from: usize, to: usize) -> String {
    filled.texts.ranked(from + dice.below(to - from)).to_owned()
}

const QUESTIONS: [(&str, Ask); 10] = [
    ("a word of most tickets", |filled, dice| Ok(text(ranked(filled, dice, 0, 5)))),
    ("a usual word", |filled, dice| Ok(text(ranked(filled, dice, 30, 200)))),
    ("a rare word", |filled, dice| {
        let words = filled.texts.len();
        Ok(text(ranked(filled, dice, words / 2, words)))
    }),
    ("two common words", |filled, dice| {
        Ok(text(format!("{}{}", ranked(filled, dice, 0, 10), ranked(filled, dice, 0, 10))))
    }),
    ("a common and a rare word", |filled, dice| {
        let words = filled.texts.len();
        Ok(text(format!("{}{}", ranked(filled, dice, 0, 10), ranked(filled, dice, words / 2, words))))
    }),
    ("two usual words", |filled, dice| {
        Ok(text(format!("{} {}", ranked(filled, dice, 30, 200), ranked(filled, dice, 30, 200))))
    }),
    ("a phrase of a quarter of the tickets", |_, _| Ok(text("请相关部门尽快核实处理并回复".to_owned()))),
    ("the subject of a ticket", |filled, dice| {
        let serial = u64::try_from(dice.below(usize::try_from(filled.tickets)?))?;
        Ok(text(filled.request(serial)?.subject))
    }),
    ("the end of a number", |filled, dice| {
        let serial = u64::try_from(dice.below(usize::try_from(filled.tickets)?))?;
        let number = filled.request(serial)?.number;
        let number = number[number.len() - 6..].to_owned();
        Ok(SearchTicketsRequest { number, ..SearchTicketsRequest::default() })
    }),
    ("a word that nobody wrote", |_, _| Ok(text("鼗鼙鼚鼛".to_owned()))),
];

pub(crate) async fn search(suite: &Suite, common: &Common, options: &SearchOptions) -> anyhow::Result<()> {
    let filled = Filled::open(suite, options.tickets).await?;
    let mut client = suite.search().await?;
    let dice = &mut Dice::new(7);
    let mut kinds: Vec<(&str, Latencies)> = Vec::new();
    let mut all = Latencies::default();
    let mut empty = 0;
    for (kind, ask) in QUESTIONS {
        let mut latencies = Latencies::default();
        for call in 0..=options.calls {
            let request = ask(&filled, dice)?;
            let sent = Instant::now();
            let answer = client.search_tickets(request).await?.into_inner();
            // The first of each kind fills caches.
            if call > 0 {
                latencies.add(sent.elapsed());
                all.add(sent.elapsed());
                empty += u64::from(answer.hits.is_empty());
            }
        }
        eprintln!("{kind}: p95 {:.1} ms", latencies.percentile_ms(95));
        kinds.push((kind, latencies));
    }
    print(common, "search", &filled, all, kinds, empty, None)
}

/// Requests as they come in: those of a ticket that is there with some words left out, and others.
pub(crate) async fn similar(suite: &Suite, common: &Common, options: &SearchOptions) -> anyhow::Result<()> {
    let filled = Filled::open(suite, options.tickets).await?;
    let mut client = suite.links().await?;
    let dice = &mut Dice::new(11);
    let mut kinds: Vec<(&str, Latencies)> = Vec::new();
    let mut all = Latencies::default();
    let mut empty = 0;
    let mut again = 0_u64;
    for (kind, repeated) in [("a request that was made before", true), ("a new request", false)] {
        let mut latencies = Latencies::default();
        for call in 0..=options.calls * 5 {
            // Within the time in which texts are compared.
            let recent = usize::try_from(filled.tickets)? / 5;
            let serial = filled.tickets - 1 - u64::try_from(dice.below(recent.max(1)))?;
            let known = filled.request(serial)?;
            let (subject, body) = if repeated {
                let kept: String = known.body.chars().skip(10).collect();
                (known.subject, kept)
            } else {
                filled.texts.request(filled.tickets + u64::from(call))
            };
            let request = FindSimilarRequest {
                customer_id: known.customer.to_string(),
                item: "unclassified".to_owned(),
                region: known.county.to_owned(),
                subject,
                body,
                ..FindSimilarRequest::default()
            };
            let sent = Instant::now();
            let answer = client.find_similar(request).await?.into_inner();
            if call > 0 {
                latencies.add(sent.elapsed());
                all.add(sent.elapsed());
                empty += u64::from(answer.candidates.is_empty());
            }
            let found = answer.candidates.iter().any(|candidate| {
                candidate.ticket.as_ref().is_some_and(|ticket| ticket.id == known.id.to_string())
            });
            if call > 0 && repeated {
                again += u64::from(found);
            }
        }
        eprintln!("{kind}: p95 {:.1} ms", latencies.percentile_ms(95));
        kinds.push((kind, latencies));
    }
    #[expect(clippy::cast_precision_loss, reason = "a share of some calls")]
    let found_again = round(again as f64 / f64::from(options.calls * 5));
    print(common, "similar", &filled, all, kinds, empty, Some(found_again))
}

fn print(
    common: &Common,
    scenario: &'static str,
    filled: &Filled,
    mut all: Latencies,
    kinds: Vec<(&str, Latencies)>,
    empty: u64,
    found_again: Option<f64>,
) -> anyhow::Result<()> {
    let slowest = kinds
        .into_iter()
        .map(|(kind, mut latencies)| (latencies.percentile_ms(95), kind))
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .unwrap_or_default();
    output::print(
        common.output,
        &Searched {
            scenario,
            tickets: filled.tickets,
            fill_s: round(filled.took.as_secs_f64()),
            calls: all.count(),
            empty,
            found_again,
            p50_ms: round(all.percentile_ms(50)),
            p95_ms: round(all.percentile_ms(95)),
            p99_ms: round(all.percentile_ms(99)),
            max_ms: round(all.percentile_ms(100)),
            slowest: slowest.1.to_owned(),
            slowest_p95_ms: round(slowest.0),
        },
    )
}
