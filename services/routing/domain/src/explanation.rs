//! Why a decision came out as it did, in the few bytes it is kept in. Source: R7.
//!
//! Rules and areas are named by numbers of rows that are never changed, so the reader can see them as they were.

mod codes;
mod direct;
mod staff;

pub use direct::{DeskTrial, DirectOutcome, DirectTrial};
pub use staff::{PersonOutcome, PersonTrial, StaffTrial};

use crate::reassign::CourseTrial;
use codes::codes;
use serde::{Deserialize, Serialize};

codes! {
    /// What came of trying a rule or an area. The numbers are stored.
    pub enum Outcome {
        /// It decided.
        Chosen = 1,
        /// A rule without target: its marks were added.
        Marked = 2,
        /// The condition is false.
        NotMatched = 3,
        /// The condition could not be worked out.
        Failed = 4,
        /// The target returned the ticket in this round.
        ReturnedIt = 5,
        /// The target is not there at this time.
        TargetGone = 6,
        /// A more specific area comes first.
        LessSpecific = 7,
        /// Nobody of the unit can take it at this time.
        NobodyAble = 8,
        /// The ticket was escalated from the unit, or from one above it, in this round.
        EscalatedFrom = 9,
        /// The ticket is sensitive, and the person may not see such.
        MayNotSeeIt = 10,
    }
}

/// More about a trial.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Detail {
    /// The number of the part of the condition that is false, from 0.
    Part(usize),
    /// An error, or the unit or person that cannot take it.
    Text(String),
}

/// A rule that was tried: its revision, what came of it, more about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleTrial(pub i64, pub Outcome, pub Option<Detail>);

/// An area that was considered: its number, what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AreaTrial(pub i64, pub Outcome);

/// Every step of a decision.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// The ticket was in arbitration: nothing was tried.
    #[serde(default, rename = "b", skip_serializing_if = "std::ops::Not::not")]
    pub arbitration: bool,
    /// Tickets had refused earlier decisions this often: nothing was tried.
    #[serde(default, rename = "f", skip_serializing_if = "is_zero")]
    pub refusals: usize,
    /// Units that returned the ticket in this round.
    #[serde(default, rename = "x", skip_serializing_if = "Vec::is_empty")]
    pub excluded: Vec<String>,
    /// Rules in the order tried.
    #[serde(default, rename = "r", skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<RuleTrial>,
    /// People that rules with a strategy considered, in the order of the rules.
    #[serde(default, rename = "p", skip_serializing_if = "Vec::is_empty")]
    pub staff: Vec<StaffTrial>,
    /// Who answers for the asset or the customer, who comes first ahead.
    #[serde(default, rename = "d", skip_serializing_if = "Vec::is_empty")]
    pub direct: Vec<DirectTrial>,
    /// Areas, most specific first.
    #[serde(default, rename = "a", skip_serializing_if = "Vec::is_empty")]
    pub areas: Vec<AreaTrial>,
    /// Areas that cover the region for other branches only.
    #[serde(default, rename = "o", skip_serializing_if = "is_zero")]
    pub other_items: usize,
    /// Second-level desks around the region, the nearest first, up to the one that got it.
    #[serde(default, rename = "k", skip_serializing_if = "Vec::is_empty")]
    pub desks: Vec<DeskTrial>,
    /// Somebody handed it over: what was tried instead of rules and areas.
    #[serde(default, rename = "h", skip_serializing_if = "Vec::is_empty")]
    pub courses: Vec<CourseTrial>,
    /// Rules there were, disabled ones aside.
    #[serde(default, rename = "n", skip_serializing_if = "is_zero")]
    pub in_force: usize,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_zero(number: &usize) -> bool {
    *number == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_small_and_comes_back_as_it_was() {
        let explanation = Explanation {
            rules: (1..=50)
                .map(|revision| RuleTrial(revision, Outcome::NotMatched, Some(Detail::Part(0))))
                .chain([RuleTrial(51, Outcome::TargetGone, Some(Detail::Text("tianhe-env".into())))])
                .collect(),
            areas: vec![AreaTrial(7, Outcome::Chosen)],
            in_force: 51,
            ..Explanation::default()
        };
        let stored = serde_json::to_string(&explanation).unwrap();
        assert!(stored.len() < 600, "{} bytes", stored.len());
        assert_eq!(serde_json::from_str::<Explanation>(&stored).unwrap(), explanation);
        assert!(serde_json::from_str::<Explanation>(r#"{"a":[[1,11]]}"#).is_err());
    }

    #[test]
    fn what_was_kept_before_there_were_strategies_is_read() {
        let kept = r#"{"r":[[1,3,0],[2,1,null]],"n":2}"#;
        let explanation: Explanation = serde_json::from_str(kept).unwrap();
        assert!(explanation.staff.is_empty() && explanation.rules.len() == 2);
        assert!(explanation.direct.is_empty() && explanation.desks.is_empty());
        assert_eq!(serde_json::to_string(&explanation).unwrap(), kept);
    }
}
