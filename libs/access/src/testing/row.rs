//! A ticket, as far as scopes go.

use crate::scope::Item;
use gongdan_region::RegionCode;
use uuid::Uuid;

/// A ticket somewhere.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its id.
    pub id: Uuid,
    /// Where it is.
    pub region: &'static str,
    /// Units that took part.
    pub units: Vec<String>,
    /// The unit that has it; empty: none.
    pub lead: String,
    /// The unit in whose pool it waits; empty: none.
    pub pool: String,
    /// Whose request it is.
    pub customer: Option<Uuid>,
    /// Marked as sensitive.
    pub sensitive: bool,
    /// Its reporter asked for confidence.
    pub confidential: bool,
}

impl Row {
    /// Its region, as databases keep it.
    ///
    /// # Panics
    /// When it is none.
    #[must_use]
    pub fn code(&self) -> i64 {
        RegionCode::parse(self.region).expect("a code").as_i64()
    }

    /// As handlers put it to a scope.
    #[must_use]
    pub fn item(&self) -> Item<'_> {
        Item {
            region: RegionCode::parse(self.region).ok(),
            units: &self.units,
            lead_unit: &self.lead,
            pool_unit: &self.pool,
            customer: self.customer,
            sensitive: self.sensitive,
            confidential: self.confidential,
        }
    }
}
