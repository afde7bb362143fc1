//! `rules`: what deciding about a ticket costs with hundreds of rules, by the code that routing decides with.
//!
//! No rule holds, so that every one is worked out, and the areas after them; one call per ticket, as when tickets come
//! one by one, and a hundred at a time, as the consumer does when many wait.

use crate::{
    options::{Common, RulesOptions},
    output::{self, round},
    stats::Latencies,
};
use anyhow::Context as _;
use gongdan_region::{Level, RegionCode, Regions};
use gongdan_routing_domain::{
    AreaIndex, Condition, Directory, Refusals, RuleAction, RuleInForce, RuleTarget, TicketFacts, Unit,
    UnitKind, decide_all,
};
use jiff::Timestamp;
use serde::Serialize;
use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

const TICKETS: usize = 200;
const AT_ONCE: usize = 100;
const BRANCHES: [&str; 8] = [
    "环境保护/噪音",
    "市政设施/道路",
    "公用事业/供水",
    "公用事业/供电",
    "交通运输/公交",
    "劳动保障/工资",
    "社会保障/医保",
    "住房/物业",
];
const WORDS: [&str; 8] = ["停水", "停电", "欠薪", "漏水", "占道", "油烟", "坑洼", "电梯"];

/// The result, one JSON line.
#[derive(Serialize)]
struct Rules {
    scenario: &'static str,
    rules: usize,
    tickets: usize,
    /// Of one ticket in a call of its own.
    p50_us: f64,
    p99_us: f64,
    /// Of one ticket among a hundred.
    us_per_ticket_of_many: f64,
}

pub(crate) fn run(common: &Common, options: &RulesOptions) -> anyhow::Result<()> {
    let number = usize::try_from(options.rules)?;
    let directory = directory(number)?;
    let tickets: Vec<_> =
        (0..TICKETS).map(|n| Ok((ticket(n)?, Refusals::default()))).collect::<anyhow::Result<_>>()?;
    let at: Timestamp = "2026-11-23T10:30:00+08:00".parse()?;
    for decided in decide_all(&directory, &tickets, at) {
        anyhow::ensure!(decided.rule_revision.is_none(), "a rule held: {}", decided.summary);
        anyhow::ensure!(decided.explanation.rules.len() == number, "not every rule was tried");
    }
    let length = Duration::from_secs(common.seconds.into()) / 2;
    let mut single = Latencies::default();
    let began = Instant::now();
    while began.elapsed() < length {
        let ticket = &tickets[single.count() % TICKETS];
        let one = Instant::now();
        std::hint::black_box(decide_all(&directory, std::slice::from_ref(ticket), at));
        single.add(one.elapsed());
    }
    let (mut many, began) = (0_u32, Instant::now());
    while began.elapsed() < length {
        std::hint::black_box(decide_all(&directory, &tickets[..AT_ONCE], at));
        many += 1;
    }
    let per_ticket = began.elapsed().as_secs_f64() * 1e6 / (f64::from(many) * 100.0);
    output::print(
        common.output,
        &Rules {
            scenario: "rules",
            rules: number,
            tickets: single.count(),
            p50_us: round(single.percentile_ms(50) * 1_000.0),
            p99_us: round(single.percentile_ms(99) * 1_000.0),
            us_per_ticket_of_many: round(per_ticket),
        },
    )
}

/// Rules as centres write them, in the proportions of those that ship with the demonstration and are told of in the
/// manuals of others: most by item and place, some by words, time and kind, a few by patterns and sums.
fn directory(number: usize) -> anyhow::Result<Directory> {
    let cities: Vec<&str> = Regions::national()
        .iter()
        .filter(|region| region.level == Level::City)
        .map(|r| r.name.as_str())
        .collect();
    let when = |n: usize| {
        let (branch, word, city) = (BRANCHES[n % 8], WORDS[n / 8 % 8], cities[n * 7 % cities.len()]);
        let top = branch.split('/').next().unwrap_or_default();
        match n % 20 {
            0..=8 => format!("ticket.item.startsWith('{branch}') && ticket.city == '{city}'"),
            9..=11 => format!(
                "ticket.type == 'complaint' && '{top}' in ticket.item_path && (time.hour >= 22 || time.hour < 6)"
            ),
            12..=14 => format!(
                "ticket.channel in ['phone', 'web'] && ticket.city == '{city}' && ticket.priority <= 2"
            ),
            15..=16 => format!(
                "['{word}', '抢修'].exists(word, ticket.subject.contains(word)) && ticket.city == '{city}'"
            ),
            17 => format!("ticket.body.matches('{word}.*(投诉|举报)') && !time.working"),
            18 => format!(
                "size(ticket.item_path) == 2 && ticket.item_path[0] == '{top}' && ticket.return_count > 1"
            ),
            _ => "timestamp(time.now) - timestamp(ticket.received_at) > duration('48h')".to_owned(),
        }
    };
    let mut rules = Vec::with_capacity(number);
    for n in 0..number {
        let source = when(n);
        let condition = Condition::compile(&source).with_context(|| source.clone())?;
        let target = Some(RuleTarget::Unit { unit_id: "bureau".to_owned() });
        rules.push(RuleInForce {
            revision: i64::try_from(n)?,
            id: format!("rule.{n}"),
            name: format!("规则 {n}"),
            condition,
            action: RuleAction { target, ..RuleAction::default() },
        });
    }
    let bureau = Unit {
        id: "bureau".to_owned(),
        name: "局".to_owned(),
        kind: UnitKind::Unit,
        parent_id: None,
        region: RegionCode::parse("440106")?,
        valid_from: None,
        valid_to: None,
    };
    let units = HashMap::from([("bureau".to_owned(), bureau)]);
    Ok(Directory::new(units, HashMap::new(), AreaIndex::new(Vec::new()), rules))
}

/// Tickets of one county that no rule is for.
fn ticket(n: usize) -> anyhow::Result<TicketFacts> {
    Ok(TicketFacts {
        ticket_type: ["complaint", "help", "consultation"][n % 3],
        type_key: "complaint".to_owned(),
        item: format!("{}/其他", BRANCHES[n % 8]),
        region: RegionCode::parse("659001")?,
        grid: None,
        priority: 3,
        channel: "phone",
        urgency: "medium",
        impact: "low",
        subject: "楼下餐馆排气扰民，多次反映没有人管".to_owned(),
        body: "您好，我住在幸福小区三号楼，楼下餐馆每天晚上排气声音很大，老人孩子无法休息，已经多次向物业反映，一直没有\
               解决，请有关部门尽快处理并答复，谢谢。"
            .repeat(3),
        round: 1,
        return_count: 0,
        repeat_count: 0,
        returned_by: Vec::new(),
        arbitration: false,
        tier: 1,
        sensitive: false,
        received_at: "2026-11-23T10:00:00+08:00".parse()?,
        customer_known: true,
        customer_tier: "standard".to_owned(),
    })
}
