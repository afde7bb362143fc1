//! Rules as a set: the places in it, what changed from one to another, and whether all of it fits what there is.
//! Source: R4.

use crate::{PersonEntry, Rule, Unit, Violation, check_rule};
use jiff::Timestamp;
use std::collections::{BTreeMap, HashMap};

/// Room between two rules that were given no place.
const STEP: i32 = 10;

/// Where a rule is moved to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Anchor {
    /// Just before a rule.
    Before(String),
    /// Just after a rule.
    After(String),
    /// After the last.
    End,
}

/// The place a rule takes among others: the one it names, the one it has, or one after the last, which may be elsewhere.
///
/// # Errors
/// When another rule has it.
pub fn place(rule: &Rule, others: &[&Rule], last: i32) -> Result<i32, Violation> {
    if rule.position == 0 {
        let own = others.iter().find(|other| other.id == rule.id).map(|own| own.position);
        let last = others.iter().map(|other| other.position).fold(last, i32::max);
        let full = || {
            let rule = "no place is left behind the last: the numbers are used up, give the rule one";
            Violation::new("rule.position", rule)
        };
        return own.or_else(|| last.checked_add(STEP)).ok_or_else(full);
    }
    match others.iter().find(|other| other.id != rule.id && other.position == rule.position) {
        None => Ok(rule.position),
        Some(holder) => Err(Violation::new(
            "rule.position",
            format!("{} is the place of rule `{}`", rule.position, holder.id),
        )),
    }
}

/// The rules that change their places, with their new ones, when a rule moves; `rules` are in order and it is one of
/// them. None when it stands there.
///
/// # Errors
/// When the other rule is not there or is the rule itself, or the numbers are used up.
pub fn moved(rules: &[&Rule], id: &str, anchor: &Anchor) -> Result<Vec<(String, i32)>, String> {
    let others: Vec<&Rule> = rules.iter().copied().filter(|rule| rule.id != id).collect();
    let find = |name: &str| {
        others.iter().position(|rule| rule.id == name).ok_or_else(|| format!("no other rule `{name}`"))
    };
    let at = match anchor {
        Anchor::Before(name) => find(name)?,
        Anchor::After(name) => find(name)? + 1,
        Anchor::End => others.len(),
    };
    if rules.get(at).is_some_and(|rule| rule.id == id) {
        return Ok(Vec::new());
    }
    let before = at.checked_sub(1).and_then(|n| others.get(n)).map_or(0, |rule| rule.position);
    let behind = &others[at..];
    let full = || "no place is left: the numbers are used up".to_owned();
    let beyond = |place: i32| place.checked_add(STEP).ok_or_else(full);
    match behind.first().map(|next| next.position - before) {
        Some(room) if room > 1 => return Ok(vec![(id.to_owned(), before + room / 2)]),
        None => return Ok(vec![(id.to_owned(), beyond(before)?)]),
        Some(_) => {}
    }
    let mut last = beyond(before)?;
    let mut changes = vec![(id.to_owned(), last)];
    for rule in behind {
        if rule.position > last {
            break;
        }
        last = beyond(last)?;
        changes.push((rule.id.clone(), last));
    }
    Ok(changes)
}

/// Pairs the rules of two sets by id: those that are new, gone or different, in the order of places, what is gone at the
/// place it had.
pub fn changed<'a, R>(
    before: &'a [R],
    after: &'a [R],
    rule: impl Fn(&R) -> &Rule,
) -> Vec<(Option<&'a R>, Option<&'a R>)> {
    let mut pairs: BTreeMap<&str, (Option<&R>, Option<&R>)> = BTreeMap::new();
    for (set, is_after) in [(before, false), (after, true)] {
        for one in set {
            let pair = pairs.entry(&rule(one).id).or_default();
            *(if is_after { &mut pair.1 } else { &mut pair.0 }) = Some(one);
        }
    }
    let mut different: Vec<_> = pairs.into_values().filter(|(b, a)| b.map(&rule) != a.map(&rule)).collect();
    different.sort_by_key(|(b, a)| a.or(*b).map_or(0, |one| rule(one).position));
    different
}

/// The fields in which a rule differs from what it was, as the contract names them.
#[must_use]
pub fn differences(before: &Rule, after: &Rule) -> Vec<&'static str> {
    [
        ("position", before.position != after.position),
        ("name", before.name != after.name),
        ("when", before.when != after.when),
        ("action", before.action != after.action),
        ("disabled", before.disabled != after.disabled),
    ]
    .into_iter()
    .filter_map(|(field, differs)| differs.then_some(field))
    .collect()
}

/// Checks every rule that is tried against units and people at an instant, and compiles it; no two may have one place.
/// Slow: not on the way of a ticket.
#[must_use]
pub fn check_rules(
    rules: &[Rule],
    units: &HashMap<String, Unit>,
    people: &HashMap<String, PersonEntry>,
    at: Timestamp,
) -> Vec<Violation> {
    let mut found = Vec::new();
    let mut places: HashMap<i32, &str> = HashMap::new();
    for rule in rules {
        let own = |field: &str| field.replacen("rule", &format!("rules[{}]", rule.id), 1);
        if let Some(holder) = places.insert(rule.position, &rule.id) {
            let words = format!("{} is the place of rule `{holder}`", rule.position);
            found.push(Violation::new(own("rule.position"), words));
        }
        if rule.disabled {
            continue;
        }
        if let Err(violations) = check_rule(rule, units, people, at) {
            found.extend(violations.into_iter().map(|v| Violation::new(own(&v.field), v.rule)));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{RuleAction, RuleTarget};

    fn rule(id: &str, position: i32) -> Rule {
        let target = Some(RuleTarget::Desk { desk_id: None });
        Rule {
            id: id.into(),
            name: id.into(),
            position,
            when: "true".into(),
            action: RuleAction { target, ..RuleAction::default() },
            disabled: false,
        }
    }

    #[test]
    fn a_rule_takes_the_place_it_names_or_has_or_one_after_the_last() {
        let (a, b) = (rule("a", 10), rule("b", 25));
        let others = [&a, &b];
        assert_eq!(place(&rule("c", 0), &others, 0), Ok(35));
        assert_eq!(place(&rule("c", 0), &others, 30), Ok(40), "the other shelf has one at 30");
        assert_eq!(place(&rule("a", 0), &others, 30), Ok(10));
        assert_eq!(place(&rule("a", 11), &others, 0), Ok(11));
        assert_eq!(place(&rule("a", 10), &others, 0), Ok(10));
        assert_eq!(place(&rule("a", 25), &others, 0).unwrap_err().rule, "25 is the place of rule `b`");
        assert_eq!(place(&rule("a", 0), &[], 0), Ok(10));
        let last = rule("last", i32::MAX);
        assert_eq!(place(&rule("last", 0), &[&last], 0), Ok(i32::MAX));
        assert!(place(&rule("c", 0), &[&last], 0).unwrap_err().rule.contains("used up"));
    }

    #[test]
    fn a_moved_rule_goes_between_its_neighbours_and_those_behind_make_room() {
        let rules = [rule("a", 10), rule("b", 20), rule("c", 21), rule("d", 30), rule("e", 90)];
        let rules: Vec<&Rule> = rules.iter().collect();
        let said = |id, anchor| {
            moved(&rules, id, &anchor)
                .map(|m| m.iter().map(|(id, at)| format!("{id}{at}")).collect::<Vec<_>>().join(" "))
        };
        let (before, after) = (|id: &str| Anchor::Before(id.into()), |id: &str| Anchor::After(id.into()));
        for (id, anchor, expected) in [
            ("e", before("a"), "e5"),
            ("e", after("a"), "e15"),
            ("e", after("b"), "e30 c40 d50"),
            ("a", Anchor::End, "a100"),
            ("a", before("e"), "a60"),
            ("b", after("a"), ""),
            ("b", before("c"), ""),
            ("e", Anchor::End, ""),
        ] {
            assert_eq!(said(id, anchor.clone()).unwrap(), expected, "{id} {anchor:?}");
        }
        assert_eq!(said("a", before("a")).unwrap_err(), "no other rule `a`");
        assert_eq!(said("a", after("z")).unwrap_err(), "no other rule `z`");
        let (last, a) = (rule("z", i32::MAX), rule("a", 10));
        assert!(moved(&[&a, &last], "a", &Anchor::End).unwrap_err().contains("used up"));
    }

    proptest::proptest! {
        /// Whatever is moved where: places stay apart, the moved rule stands where it should, the others keep their order.
        #[test]
        fn moving_keeps_the_order_of_the_others(
            places in proptest::collection::btree_set(1_i32..60, 2..20),
            which in 0_usize..20,
            anchor in 0_usize..20,
            before in proptest::bool::ANY,
        ) {
            let rules: Vec<Rule> = places.iter().map(|at| rule(&format!("r{at}"), *at)).collect();
            let (id, anchor) = (rules[which % rules.len()].id.clone(), rules[anchor % rules.len()].id.clone());
            proptest::prop_assume!(id != anchor);
            let named = if before { Anchor::Before(anchor.clone()) } else { Anchor::After(anchor.clone()) };
            let changes: HashMap<_, _> =
                moved(&rules.iter().collect::<Vec<_>>(), &id, &named).unwrap().into_iter().collect();
            let mut now: Vec<(i32, &str)> = rules
                .iter()
                .map(|rule| (changes.get(&rule.id).copied().unwrap_or(rule.position), rule.id.as_str()))
                .collect();
            now.sort_unstable();
            proptest::prop_assert!(now.windows(2).all(|pair| pair[0].0 < pair[1].0));
            let order: Vec<&str> = now.iter().map(|(_, id)| *id).collect();
            let at = |name: &str| order.iter().position(|id| *id == name).unwrap();
            proptest::prop_assert_eq!(at(&id) + 1 - usize::from(!before) * 2, at(&anchor));
            let rest: Vec<&str> = order.iter().copied().filter(|other| *other != id).collect();
            let was: Vec<&str> = rules.iter().map(|r| r.id.as_str()).filter(|other| *other != id).collect();
            proptest::prop_assert_eq!(rest, was);
        }
    }

    #[test]
    fn what_changed_is_what_is_new_gone_or_different() {
        let before = [rule("a", 10), rule("b", 20), rule("c", 30)];
        let after = [rule("c", 15), rule("b", 20), rule("d", 40)];
        let ids = |one: Option<&Rule>| one.map_or("", |rule| rule.id.as_str()).to_owned();
        let pairs: Vec<_> =
            changed(&before, &after, |rule| rule).into_iter().map(|(b, a)| (ids(b), ids(a))).collect();
        let pair = |b: &str, a: &str| (b.to_owned(), a.to_owned());
        assert_eq!(pairs, [pair("a", ""), pair("c", "c"), pair("", "d")]);
        assert_eq!(differences(&before[2], &after[0]), ["position"]);
        let other = Rule { when: "false".into(), disabled: true, ..rule("c", 30) };
        assert_eq!(differences(&before[2], &other), ["when", "disabled"]);
    }

    #[test]
    fn every_rule_that_is_tried_is_checked() {
        let bad = Rule { when: "ticket.typ == 'x'".into(), ..rule("bad", 20) };
        let off = Rule { disabled: true, when: "(".into(), ..rule("off", 30) };
        let rules = [rule("a", 10), bad, off, rule("b", 10)];
        let found = check_rules(&rules, &HashMap::new(), &HashMap::new(), Timestamp::UNIX_EPOCH);
        let said: Vec<_> = found.iter().map(|v| format!("{}: {}", v.field, v.rule)).collect();
        assert_eq!(said.len(), 2, "{said:?}");
        assert!(
            said[0].starts_with("rules[bad].when: line 1, column 1: unknown field `ticket.typ`"),
            "{said:?}"
        );
        assert_eq!(said[1], "rules[b].position: 10 is the place of rule `a`");
    }
}
