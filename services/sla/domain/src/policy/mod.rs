//! Policy sets: which amount of time a ticket gets, by its attributes. Source: S2.

mod set;

pub(crate) use set::default_warn_percent;
pub use set::{OnSuspension, PolicySet, Rule, When};

use crate::{Channel, ClockKind, Priority, TicketType, Urgency};
use gongdan_region::RegionCode;
use serde::{Deserialize, Serialize};

/// A ticket as policies see it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Attributes {
    /// Ticket type.
    #[serde(rename = "type")]
    pub kind: Option<TicketType>,
    /// Catalogue item.
    pub item: String,
    /// Priority.
    pub priority: Option<Priority>,
    /// Urgency.
    pub urgency: Option<Urgency>,
    /// Channel.
    pub channel: Option<Channel>,
    /// Region; kept beside a clock's other attributes.
    #[serde(skip)]
    pub region: Option<RegionCode>,
    /// Customer tier.
    pub customer_tier: String,
}

impl PolicySet {
    /// The first rule for a clock of this kind that matches the ticket; none: the ticket gets no such clock.
    #[must_use]
    pub fn select(&self, clock: ClockKind, ticket: &Attributes) -> Option<(u16, &Rule)> {
        (0..).zip(&self.rules).find(|(_, rule)| rule.clock == clock && rule.when.matches(ticket))
    }

    /// Key and version: `hotline@1`.
    #[must_use]
    pub fn id(&self) -> String {
        format!("{}@{}", self.key, self.version)
    }
}
