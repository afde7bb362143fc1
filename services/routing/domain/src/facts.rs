//! What conditions can ask about a ticket.

use crate::area::branches;
use gongdan_region::{Level, RegionCode, Regions};
use jiff::Timestamp;

/// A ticket as routing sees it when it decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketFacts {
    /// `complaint`, `consultation`…, the type's name in the contract, in small letters.
    pub ticket_type: &'static str,
    /// As `ticket_type`, or what a house calls its own type that is counted as it.
    pub type_key: String,
    /// Key of the catalogue item.
    pub item: String,
    /// Where it happened.
    pub region: RegionCode,
    /// The grid it is about, where that is a code within the region: areas may be ranges of grids. Source: R2, T37.
    pub grid: Option<RegionCode>,
    /// 1 to 5.
    pub priority: u8,
    /// `phone`, `web`…
    pub channel: &'static str,
    /// `low`, `medium`, `high`, `critical`.
    pub urgency: &'static str,
    /// `low`, `medium`, `high`, `critical`.
    pub impact: &'static str,
    /// One line.
    pub subject: String,
    /// The citizen's words.
    pub body: String,
    /// 1, and +1 per reopening.
    pub round: u32,
    /// How often it was returned, all rounds.
    pub return_count: u32,
    /// How many other tickets are repeats of it. Source: T10.
    pub repeat_count: u32,
    /// Units that returned it in this round.
    pub returned_by: Vec<String>,
    /// Past the configured number of returns: a person decides.
    pub arbitration: bool,
    /// 1 to 3.
    pub tier: u8,
    /// Needs a right of its own to be seen.
    pub sensitive: bool,
    /// When the request was received.
    pub received_at: Timestamp,
    /// Whether somebody stands behind it, not an anonymous caller.
    pub customer_known: bool,
    /// `standard` unless somebody set it; empty when nobody stands behind it.
    pub customer_tier: String,
}

impl TicketFacts {
    /// Keys from the first level of the catalogue to the item.
    #[must_use]
    pub fn item_path(&self) -> Vec<&str> {
        branches(&self.item)
    }

    /// Name of the province, city or county it lies in; empty where it has none.
    #[must_use]
    pub fn region_name(&self, level: Level) -> &'static str {
        let regions = Regions::national();
        regions
            .get(self.region)
            .into_iter()
            .chain(regions.ancestors(self.region))
            .find(|region| region.level == level)
            .map_or("", |region| region.name.as_str())
    }
}
