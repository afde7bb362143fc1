//! Policies that say strange things, to see that nothing is taken for granted.

use super::dice::Dice;
use crate::roles::ROLES;
use rand::Rng as _;
use std::fmt::Write as _;

/// Some with conditions that the shipped ones have not: exclusive ones, ones with `if`, a `forbid` by a right.
pub const STRANGE: &str = r#"
permit (principal in Gongdan::Role::"handler", action, resource is Gongdan::Ticket)
when { resource.in_region != resource.takes_part };
permit (principal in Gongdan::Role::"agent", action, resource is Gongdan::Ticket)
when { resource.sensitive && !resource.confidential || resource.own && !resource.holds };
permit (principal in Gongdan::Role::"auditor", action, resource is Gongdan::Ticket)
when { if resource.confidential then resource.in_region else !resource.in_region };
forbid (principal, action == Gongdan::Action::"tickets.dispatch", resource)
when { resource.takes_part && !principal.personal };
"#;

const SCOPE: [&str; 5] = [
    "action",
    r#"action in Gongdan::Action::"about tickets""#,
    r#"action in Gongdan::Action::"see""#,
    r#"action in [Gongdan::Action::"tickets.read", Gongdan::Action::"reports.read"]"#,
    r#"action == Gongdan::Action::"personal.read""#,
];
const ATTRIBUTES: [&str; 8] = [
    "resource.in_region",
    "resource.takes_part",
    "resource.holds",
    "resource.own",
    "resource.sensitive",
    "resource.confidential",
    "principal.sensitive",
    "principal.personal",
];

impl Dice {
    /// A file of up to six permits, half of them for everybody, and up to two forbids.
    pub fn policies(&mut self) -> String {
        let mut text = String::new();
        let kinds = [("permit", self.rng.random_range(2..=6)), ("forbid", self.rng.random_range(0..=2))];
        for (effect, count) in kinds {
            for _ in 0..count {
                let who = match self.rng.random() {
                    true => format!("principal in Gongdan::Role::{:?}", self.one(&ROLES)),
                    false => "principal".to_owned(),
                };
                let (scope, condition) = (self.one(&SCOPE), self.condition(3));
                let _ = writeln!(
                    text,
                    "{effect} ({who}, {scope}, resource is Gongdan::Ticket) when {{ {condition} }};"
                );
            }
        }
        text
    }

    fn condition(&mut self, depth: u32) -> String {
        if depth == 0 {
            return self.one(&ATTRIBUTES).to_owned();
        }
        let (a, b) = (self.condition(depth - 1), self.condition(depth - 1));
        match self.rng.random_range(0..7) {
            0 | 1 => format!("({a} && {b})"),
            2 | 3 => format!("({a} || {b})"),
            4 => format!("(!{a})"),
            5 => format!("({a} == {b})"),
            _ => format!("(if {} then {a} else {b})", self.one(&ATTRIBUTES)),
        }
    }
}
