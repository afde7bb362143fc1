//! Region codes: GB/T 2260 with 12 digits, subtrees as ranges, and the table of the nation.
//!
//! Level and parent come from the table, never from the digits: 441900, 442000 and 460400 are cities without counties.

mod code;
mod regions;

pub use code::{InvalidRegionCode, RegionCode, RegionRange};
pub use regions::{Level, Region, Regions};
