//! Which rule a ticket gets.

use gongdan_region::RegionCode;
use gongdan_sla_domain::{
    Amount, ClockKind, Priority, TicketType, Urgency,
    policy::{Attributes, PolicySet, Rule, When},
};

fn built_in(key: &str) -> PolicySet {
    let path = format!("{}/../data/policies/{key}.json", env!("CARGO_MANIFEST_DIR"));
    PolicySet::read(&std::fs::read_to_string(path).unwrap(), 1).unwrap()
}

fn amount(set: &PolicySet, kind: ClockKind, ticket: &Attributes) -> String {
    set.select(kind, ticket).map(|(_, rule)| rule.amount.to_string()).unwrap_or_default()
}

#[test]
fn hotline_gives_two_ten_and_fifteen_working_days() {
    let set = built_in("hotline");
    let handling =
        |kind| amount(&set, ClockKind::Handling, &Attributes { kind: Some(kind), ..Default::default() });
    for (kind, expected) in [
        (TicketType::Consultation, "2wd"),
        (TicketType::Help, "10wd"),
        (TicketType::Suggestion, "10wd"),
        (TicketType::Complaint, "15wd"),
        (TicketType::Report, "15wd"),
        (TicketType::Praise, "10wd"),
        (TicketType::Other, "10wd"),
    ] {
        assert_eq!(handling(kind), expected, "{kind}");
    }
    assert_eq!(amount(&set, ClockKind::Callback, &Attributes::default()), "3wd");
}

#[test]
fn the_other_built_in_sets_give_what_they_say() {
    let set = built_in("three-seven");
    let of = |kind| Attributes { kind: Some(kind), ..Default::default() };
    assert_eq!(amount(&set, ClockKind::Handling, &of(TicketType::Consultation)), "3wd");
    assert_eq!(amount(&set, ClockKind::Handling, &of(TicketType::Complaint)), "7wd");

    let set = built_in("urgency");
    for (urgency, expected) in
        [(Urgency::Critical, "2h"), (Urgency::High, "24h"), (Urgency::Medium, "168h"), (Urgency::Low, "360h")]
    {
        let ticket = Attributes { urgency: Some(urgency), ..Default::default() };
        assert_eq!(amount(&set, ClockKind::Handling, &ticket), expected);
    }

    let set = built_in("priority");
    let response: Vec<_> = Priority::ALL
        .iter()
        .map(|p| amount(&set, ClockKind::Dispatch, &Attributes { priority: Some(*p), ..Default::default() }))
        .collect();
    assert_eq!(response, ["15m", "1h", "4wh", "8wh", "16wh"]);
}

#[test]
fn the_first_rule_that_matches_counts() {
    let rule = |when: When, amount: &str| Rule {
        clock: ClockKind::Handling,
        when,
        amount: amount.parse::<Amount>().unwrap(),
        warn_percent: Vec::new(),
        on_suspension: None,
    };
    let set = PolicySet {
        key: "x".into(),
        version: 3,
        name: "x".into(),
        calendar: "cn".into(),
        rules: vec![
            rule(When { items: vec!["城乡建设/安全生产".into()], ..Default::default() }, "1wd"),
            rule(When { regions: vec![RegionCode::parse("4401").unwrap()], ..Default::default() }, "2wd"),
            rule(When { customer_tiers: vec!["gold".into()], ..Default::default() }, "3wd"),
        ],
    };
    let set = set.checked().unwrap();
    assert_eq!(set.rules[0].warn_percent, [50, 80], "the default");
    let region = |code: &str| RegionCode::parse(code).ok();
    let cases = [
        (
            Attributes {
                item: "城乡建设/安全生产/事故处理".into(),
                region: region("440106"),
                ..Default::default()
            },
            "1wd",
        ),
        (Attributes { item: "城乡建设/安全生产".into(), ..Default::default() }, "1wd"),
        (
            Attributes {
                item: "城乡建设/安全生产线".into(), region: region("440106"), ..Default::default()
            },
            "2wd",
        ),
        (Attributes { region: region("4402"), customer_tier: "gold".into(), ..Default::default() }, "3wd"),
        (Attributes { region: region("4402"), ..Default::default() }, ""),
    ];
    for (ticket, expected) in cases {
        assert_eq!(amount(&set, ClockKind::Handling, &ticket), expected, "{ticket:?}");
    }
    assert_eq!(amount(&set, ClockKind::Dispatch, &cases_any()), "");
}

fn cases_any() -> Attributes {
    Attributes { item: "城乡建设/安全生产".into(), ..Default::default() }
}

#[test]
fn a_set_that_is_wrong_is_refused_with_every_fault() {
    let json = r#"{"key": "X", "name": "", "calendar": "", "rules": [
        {"clock": "handling", "amount": "1wd", "warn_percent": [80, 50]},
        {"clock": "handling", "amount": "1wd", "warn_percent": [100], "when": {"items": [""], "regions": ["990000"]}}]}"#;
    let fields: Vec<_> = PolicySet::read(json, 1).unwrap_err().into_iter().map(|f| f.field).collect();
    assert_eq!(
        fields,
        [
            "key",
            "name",
            "calendar",
            "rules[0].warn_percent",
            "rules[1].warn_percent",
            "rules[1].regions[0]",
            "rules[1].items[0]"
        ]
    );
    for json in
        ["", "{}", r#"{"key":"x","name":"x","calendar":"cn","rules":[{"clock":"nap","amount":"1wd"}]}"#]
    {
        assert_eq!(PolicySet::read(json, 1).unwrap_err()[0].field, "$");
    }
}
