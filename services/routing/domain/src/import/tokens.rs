//! One token belongs to one principal at a time, now and at every time for which something is planned.

use super::{Known, PrincipalRow, planned::Life};
use crate::{Principal, PrincipalPlan, Violation};
use jiff::Timestamp;
use std::collections::{BTreeMap, HashMap, HashSet};

/// For how long somebody has a token, and the row that says so; none: no row does.
struct Span<'a> {
    from: Timestamp,
    until: Timestamp,
    id: &'a str,
    row: Option<usize>,
}

type Spans<'a> = HashMap<(&'a str, &'a str), Vec<Span<'a>>>;

/// Notes each row that gives somebody a token which somebody else has then.
pub(super) fn check(
    lives: &BTreeMap<&str, Life<Principal>>,
    rows: &[PrincipalRow],
    known: &Known,
    found: &mut Vec<Violation>,
) {
    let mut of_id: HashMap<&str, Vec<usize>> = HashMap::new();
    for (n, row) in rows.iter().enumerate() {
        of_id.entry(&row.id).or_default().push(n);
    }
    let begins = |n: &usize| rows[*n].changes_from.filter(|from| *from > known.now).unwrap_or(Timestamp::MIN);
    let row = |id: &str, from: Timestamp| {
        let rows = of_id.get(id)?;
        let in_force = rows.iter().rev().filter(|n| begins(n) <= from);
        in_force.max_by_key(|n| begins(n)).or(rows.first()).copied()
    };
    let mut spans = Spans::new();
    for (id, life) in lives {
        add(&mut spans, id, life.present.as_ref(), &life.planned, row);
    }
    let none = PrincipalPlan::new();
    let others: HashSet<&str> =
        known.principals.keys().chain(known.planned_principals.keys()).map(String::as_str).collect();
    for id in others.into_iter().filter(|id| !lives.contains_key(id)) {
        let planned = known.planned_principals.get(id).unwrap_or(&none);
        add(&mut spans, id, known.principals.get(id), planned, |_, _| None);
    }
    let mut told = BTreeMap::new();
    for mut spans in spans.into_values().filter(|spans| spans.len() > 1) {
        spans.sort_by_key(|span| (span.from, span.row, span.id));
        for (n, rule) in conflicts(&spans) {
            told.entry(n).or_insert(rule);
        }
    }
    for (n, rule) in told {
        found.push(Violation::new(format!("principals[{n}].subject"), rule));
    }
}

fn add<'a>(
    spans: &mut Spans<'a>,
    id: &'a str,
    present: Option<&'a Principal>,
    planned: &'a PrincipalPlan,
    row: impl Fn(&str, Timestamp) -> Option<usize>,
) {
    let states = present.map(|present| (Timestamp::MIN, present)).into_iter();
    let mut states = states.chain(planned.iter().map(|(at, state)| (*at, state))).peekable();
    while let Some((from, state)) = states.next() {
        let until = states.peek().map_or(Timestamp::MAX, |(next, _)| *next);
        let span = Span { from, until, id, row: row(id, from) };
        spans.entry((&state.issuer, &state.subject)).or_default().push(span);
    }
}

/// Of the spans of one token, in the order in which they begin: each that begins while somebody else's goes on.
fn conflicts(spans: &[Span<'_>]) -> Vec<(usize, String)> {
    let mut told = Vec::new();
    let mut holder: Option<&Span<'_>> = None;
    for span in spans {
        if let Some(holder) = holder
            && span.id != holder.id
            && span.from < holder.until
        {
            let (row, other) = if span.row.is_some() { (span.row, holder.id) } else { (holder.row, span.id) };
            let when = match span.from == Timestamp::MIN {
                true => String::new(),
                false => format!(", from {} on", span.from),
            };
            told.extend(row.map(|n| (n, format!("`{other}` has this issuer and subject{when}"))));
        }
        if holder.is_none_or(|holder| span.until > holder.until) {
            holder = Some(span);
        }
    }
    told
}
