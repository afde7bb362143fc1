//! Who answers for a ticket's customer or asset, and desks: what came of each.

use super::Outcome;
use crate::responsible::ChargeKind;
use serde::{Deserialize, Serialize};

/// What came of a responsible person. The numbers are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "u8", try_from = "u8")]
#[repr(u8)]
pub enum DirectOutcome {
    /// Gets it.
    Chosen = 1,
    /// Is on leave; the stand-in gets it.
    StandIn = 2,
    /// Is on leave without a stand-in who can take it; the unit gets it.
    UnitOnLeave = 3,
    /// Has no shift at this time; the unit gets it.
    UnitOffDuty = 4,
    /// Is not active any more.
    Inactive = 5,
    /// Does not belong to the unit any more.
    LeftUnit = 6,
    /// The unit is not there at this time.
    UnitGone = 7,
    /// The unit, or whoever would get it, returned it in this round.
    ReturnedIt = 8,
    /// Somebody comes first: for the asset, or for a more specific branch.
    Behind = 9,
    /// Counts for tickets within the region of the unit only, and this one is not.
    OutOfRegion = 10,
    /// Takes no tickets on any more; the unit gets it.
    UnitNoHandler = 11,
    /// The ticket was escalated from the unit, or from one above it, in this round.
    EscalatedFrom = 12,
    /// The ticket is sensitive, and whoever would get it may not see such; the unit gets it.
    UnitMayNotSeeIt = 13,
}

const OUTCOMES: [DirectOutcome; 13] = [
    DirectOutcome::Chosen,
    DirectOutcome::StandIn,
    DirectOutcome::UnitOnLeave,
    DirectOutcome::UnitOffDuty,
    DirectOutcome::Inactive,
    DirectOutcome::LeftUnit,
    DirectOutcome::UnitGone,
    DirectOutcome::ReturnedIt,
    DirectOutcome::Behind,
    DirectOutcome::OutOfRegion,
    DirectOutcome::UnitNoHandler,
    DirectOutcome::EscalatedFrom,
    DirectOutcome::UnitMayNotSeeIt,
];

impl From<DirectOutcome> for u8 {
    fn from(outcome: DirectOutcome) -> Self {
        outcome as Self
    }
}

impl TryFrom<u8> for DirectOutcome {
    type Error = String;

    fn try_from(number: u8) -> Result<Self, Self::Error> {
        let outcome = OUTCOMES.into_iter().find(|outcome| u8::from(*outcome) == number);
        outcome.ok_or_else(|| format!("no outcome {number}"))
    }
}

impl DirectOutcome {
    /// Whether the ticket went so.
    #[must_use]
    pub const fn decided(self) -> bool {
        matches!(
            self,
            Self::Chosen
                | Self::StandIn
                | Self::UnitOnLeave
                | Self::UnitOffDuty
                | Self::UnitNoHandler
                | Self::UnitMayNotSeeIt
        )
    }
}

/// Somebody who answers for the ticket's customer or asset. Which customer or asset it is, the ticket says to who may see
/// it: it is not kept here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirectTrial {
    /// What for.
    #[serde(rename = "k")]
    pub kind: ChargeKind,
    /// For which branch of the catalogue; empty: for all of it.
    #[serde(default, rename = "i", skip_serializing_if = "String::is_empty")]
    pub item: String,
    /// Who.
    #[serde(rename = "p")]
    pub person: String,
    /// For which unit.
    #[serde(rename = "u")]
    pub unit: String,
    /// What came of it.
    #[serde(rename = "o")]
    pub outcome: DirectOutcome,
    /// Who stands in.
    #[serde(default, rename = "s", skip_serializing_if = "Option::is_none")]
    pub stand_in: Option<String>,
}

/// A second-level desk around the ticket: its unit, what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeskTrial(pub String, pub Outcome);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_small_and_comes_back_as_it_was() {
        let trial = DirectTrial {
            kind: ChargeKind::Customer,
            item: String::new(),
            person: "li.wei".into(),
            unit: "tianhe-env".into(),
            outcome: DirectOutcome::StandIn,
            stand_in: Some("wang.fang".into()),
        };
        let stored = serde_json::to_string(&trial).unwrap();
        assert_eq!(stored, r#"{"k":2,"p":"li.wei","u":"tianhe-env","o":2,"s":"wang.fang"}"#);
        assert_eq!(serde_json::from_str::<DirectTrial>(&stored).unwrap(), trial);
        for outcome in OUTCOMES {
            assert_eq!(DirectOutcome::try_from(u8::from(outcome)), Ok(outcome));
        }
        assert!(DirectOutcome::try_from(14).is_err() && ChargeKind::try_from(3).is_err());
        let desk = DeskTrial("county-desk".into(), Outcome::ReturnedIt);
        assert_eq!(serde_json::to_string(&desk).unwrap(), r#"["county-desk",5]"#);
    }
}
