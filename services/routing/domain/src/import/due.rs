//! Plans of principals whose time has come, looked at once more: what held when they were planned may not hold any more.
//! Source: R1, effective dates.

use crate::Principal;
use jiff::Timestamp;
use std::collections::{BTreeMap, HashMap, HashSet};

/// Issuer and subject.
type Token = (String, String);

/// What plans stand against when their time has come.
#[derive(Debug, Clone, Default)]
pub struct Standing {
    /// Those who are to change and those who have a token that they are to have.
    pub principals: HashMap<String, Principal>,
    /// Of these, who gives their token up at the last instant that is due, by a plan that is not among those looked at.
    pub giving_up: HashSet<String>,
    /// Units there are.
    pub units: HashSet<String>,
}

/// What becomes of plans.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Due {
    /// What comes into force, in its order: when, what was before, and what is from then on.
    pub begun: Vec<(Timestamp, Option<Principal>, Principal)>,
    /// What does not hold any more: when, who, and why.
    pub failed: Vec<(Timestamp, String, String)>,
}

impl Due {
    /// Of plans in the order of their instants. At one instant people may exchange tokens.
    #[must_use]
    pub fn of(plans: Vec<(Timestamp, Principal)>, standing: Standing) -> Self {
        let Standing { principals, giving_up, units } = standing;
        let mut holders: HashMap<Token, HashSet<String>> = HashMap::new();
        for principal in principals.values() {
            holders.entry(principal.token()).or_default().insert(principal.id.clone());
        }
        let mut by_instant: BTreeMap<Timestamp, Vec<Principal>> = BTreeMap::new();
        for (at, principal) in plans {
            by_instant.entry(at).or_default().push(principal);
        }
        let last = by_instant.keys().next_back().copied();
        let (mut due, mut present) = (Self::default(), principals);
        for (at, mut group) in by_instant {
            group.retain(|principal| match principal.stale(&units) {
                Some(why) => {
                    due.failed.push((at, principal.id.clone(), why));
                    false
                }
                None => true,
            });
            let none = HashSet::new();
            let giving_up = if Some(at) == last { &giving_up } else { &none };
            // Who does not change keeps their token, which somebody else may have been to have.
            while let Some((n, other)) = conflict(&group, &holders, giving_up) {
                let principal = group.remove(n);
                due.failed.push((at, principal.id, format!("`{other}` has its issuer and subject")));
            }
            for principal in &group {
                if let Some(before) = present.get(&principal.id)
                    && let Some(of_token) = holders.get_mut(&before.token())
                {
                    of_token.remove(&principal.id);
                }
            }
            for principal in group {
                holders.entry(principal.token()).or_default().insert(principal.id.clone());
                let before = present.insert(principal.id.clone(), principal.clone());
                due.begun.push((at, before, principal));
            }
        }
        due
    }
}

/// The first of a group who would have a token that somebody else has too, and who that is.
fn conflict(
    group: &[Principal],
    holders: &HashMap<Token, HashSet<String>>,
    giving_up: &HashSet<String>,
) -> Option<(usize, String)> {
    let moving: HashMap<&str, Token> =
        group.iter().map(|principal| (principal.id.as_str(), principal.token())).collect();
    let mut taken: HashMap<Token, &str> = HashMap::new();
    group.iter().enumerate().find_map(|(n, principal)| {
        let token = principal.token();
        let stays = |other: &&String| {
            let keeps = moving.get(other.as_str()).is_none_or(|next| *next == token);
            **other != principal.id && keeps && !giving_up.contains(*other)
        };
        let other = holders.get(&token).and_then(|holders| holders.iter().filter(stays).min().cloned());
        let other = other.or_else(|| taken.get(&token).map(|other| (*other).to_owned()));
        taken.insert(token, &principal.id);
        Some((n, other?))
    })
}
