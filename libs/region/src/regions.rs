//! The table of the nation's regions down to the county, GB/T 2260.

use crate::{RegionCode, RegionRange};
use std::{collections::HashMap, sync::OnceLock};

/// `code,name,level,parent_code`, a public fact.
const TABLE: &str = include_str!("../data/regions.csv");

/// What a region is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// 省
    Province,
    /// 市
    City,
    /// 区县
    County,
}

/// A region of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region {
    /// Its code.
    pub code: RegionCode,
    /// Its name: 天河区.
    pub name: String,
    /// What it is.
    pub level: Level,
    /// The region above; none for a province.
    pub parent: Option<RegionCode>,
}

/// A table of regions.
#[derive(Debug)]
pub struct Regions {
    by_code: HashMap<RegionCode, Region>,
    in_order: Vec<RegionCode>,
}

impl Regions {
    /// The nation's table, read once.
    pub fn national() -> &'static Self {
        static NATIONAL: OnceLock<Regions> = OnceLock::new();
        NATIONAL.get_or_init(|| Self::read(TABLE))
    }

    fn read(table: &str) -> Self {
        let rows = table.lines().skip(1).filter_map(|line| {
            let mut cells = line.trim_start_matches('\u{feff}').trim_end().split(',');
            let code = RegionCode::parse(cells.next()?).ok()?;
            let name = cells.next()?.to_owned();
            let level = match cells.next()? {
                "province" => Level::Province,
                "city" => Level::City,
                "county" => Level::County,
                _ => return None,
            };
            let parent = cells.next().and_then(|parent| RegionCode::parse(parent).ok());
            Some(Region { code, name, level, parent })
        });
        let by_code: HashMap<_, _> = rows.map(|region| (region.code, region)).collect();
        let mut in_order: Vec<_> = by_code.keys().copied().collect();
        in_order.sort_unstable();
        Self { by_code, in_order }
    }

    /// The region of a code.
    #[must_use]
    pub fn get(&self, code: RegionCode) -> Option<&Region> {
        self.by_code.get(&code)
    }

    /// The region of the table that a code lies in: itself, or for a township its county. None when unknown.
    #[must_use]
    pub fn enclosing(&self, code: RegionCode) -> Option<&Region> {
        let value = code.as_i64();
        [1, 1_000, 1_000_000, 100_000_000, 10_000_000_000]
            .into_iter()
            .filter_map(|width| RegionCode::from_i64(value / width * width).ok())
            .find_map(|code| self.get(code))
            // a county that is not there must not pass for its city
            .filter(|found| {
                found.code == code
                    || value % 1_000_000 != 0 && found.code.as_i64() == value / 1_000_000 * 1_000_000
            })
    }

    /// Whether a ticket can be in this code: one of the table, or a township or grid below one.
    #[must_use]
    pub fn knows(&self, code: RegionCode) -> bool {
        self.enclosing(code).is_some()
    }

    /// The codes of a region and all below it.
    #[must_use]
    pub fn range(&self, code: RegionCode) -> RegionRange {
        let Some(region) = self.get(code) else { return code.range_by_digits() };
        let width = match region.level {
            Level::Province => 10_000_000_000,
            Level::City => 100_000_000,
            Level::County => 1_000_000,
        };
        // A city governed directly by a province (4290xx, 6590xx) has a county's code: its own digits bound it.
        let width = if code.as_i64() % width == 0 { width } else { code.range_by_digits().width() };
        RegionRange { start: code.as_i64(), end: code.as_i64() + width - 1 }
    }

    /// The regions above, nearest first.
    #[must_use]
    pub fn ancestors(&self, code: RegionCode) -> Vec<&Region> {
        let mut above = Vec::new();
        let mut next = match self.get(code) {
            Some(region) => region.parent,
            None => self.enclosing(code).map(|region| region.code),
        };
        while let Some(region) = next.and_then(|code| self.get(code)) {
            above.push(region);
            next = region.parent;
        }
        above
    }

    /// Names from the province down: 广东省/广州市/天河区.
    #[must_use]
    pub fn path_name(&self, code: RegionCode) -> String {
        let mut names: Vec<&str> =
            self.ancestors(code).iter().rev().map(|region| region.name.as_str()).collect();
        if let Some(region) = self.get(code) {
            names.push(&region.name);
        }
        names.join("/")
    }

    /// Regions of this exact name, in the order of their codes.
    #[must_use]
    pub fn find_by_name(&self, name: &str) -> Vec<&Region> {
        self.iter().filter(|region| region.name == name).collect()
    }

    /// All, in the order of their codes.
    pub fn iter(&self) -> impl Iterator<Item = &Region> {
        self.in_order.iter().filter_map(|code| self.by_code.get(code))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> RegionCode {
        RegionCode::parse(text).unwrap()
    }

    #[test]
    fn the_table_is_whole() {
        let regions = Regions::national();
        assert_eq!(regions.iter().count(), 3_348);
        assert!(regions.iter().all(|r| (r.level == Level::Province) == r.parent.is_none()));
        assert!(regions.iter().filter_map(|r| r.parent).all(|parent| regions.get(parent).is_some()));
    }

    #[test]
    fn names_lead_from_the_province_down() {
        assert_eq!(Regions::national().path_name(code("440106")), "广东省/广州市/天河区");
        assert_eq!(Regions::national().path_name(code("440106001")), "广东省/广州市/天河区");
    }

    #[test]
    fn subtrees_hold_what_is_below_and_nothing_else() {
        let regions = Regions::national();
        for region in regions.iter() {
            let range = regions.range(region.code);
            assert!(range.contains(region.code));
            let from = regions.in_order.partition_point(|code| code.as_i64() < range.start);
            let inside = regions.in_order[from..].iter().take_while(|code| range.contains(**code));
            for below in inside.filter(|code| **code != region.code).filter_map(|code| regions.get(*code)) {
                let above: Vec<_> = regions.ancestors(below.code).iter().map(|r| r.code).collect();
                assert!(above.contains(&region.code), "{} is not below {}", below.code, region.code);
            }
        }
    }

    #[test]
    fn a_township_is_known_by_its_county_and_a_made_up_county_is_not() {
        let regions = Regions::national();
        assert!(regions.knows(code("440106001")));
        assert!(!regions.knows(code("440199")));
        assert!(!regions.knows(code("990000")));
    }

    #[test]
    fn a_city_without_counties_is_a_city() {
        assert_eq!(Regions::national().get(code("441900")).unwrap().level, Level::City);
    }
}
