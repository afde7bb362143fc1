//! The province, city and county a ticket counts for. Stored with each round, so that a later reform of codes does not
//! move the past. Source: P3, DESIGN rule 8.

use gongdan_region::{RegionCode, Regions};

/// Levels that areas are summed up to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// 省
    Province,
    /// 市
    City,
    /// 区县
    County,
}

/// Where a ticket counts at each level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Areas {
    /// Its province.
    pub province: RegionCode,
    /// Its city; the province where there is none.
    pub city: RegionCode,
    /// Its county; the city where there is none, as in 东莞.
    pub county: RegionCode,
}

impl Areas {
    /// Of a code as the ticket has it. An unknown code stands for itself at every level: it is seen, not lost.
    #[must_use]
    pub fn of(code: RegionCode) -> Self {
        let regions = Regions::national();
        let Some(enclosing) = regions.enclosing(code) else {
            return Self { province: code, city: code, county: code };
        };
        let mut areas = Self { province: enclosing.code, city: enclosing.code, county: enclosing.code };
        for above in regions.ancestors(enclosing.code) {
            match above.level {
                gongdan_region::Level::Province => areas.province = above.code,
                gongdan_region::Level::City => areas.city = above.code,
                gongdan_region::Level::County => {}
            }
        }
        areas
    }

    /// The area at a level.
    #[must_use]
    pub fn at(&self, level: Level) -> RegionCode {
        match level {
            Level::Province => self.province,
            Level::City => self.city,
            Level::County => self.county,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn levels(code: &str) -> [String; 3] {
        let areas = Areas::of(RegionCode::parse(code).unwrap());
        [Level::Province, Level::City, Level::County].map(|level| areas.at(level).to_string())
    }

    #[test]
    fn a_county_rolls_up_to_city_and_province() {
        assert_eq!(levels("440106"), ["440000000000", "440100000000", "440106000000"]);
    }

    #[test]
    fn a_township_counts_for_its_county() {
        assert_eq!(levels("440106017"), ["440000000000", "440100000000", "440106000000"]);
    }

    #[test]
    fn a_city_without_counties_stands_for_itself() {
        assert_eq!(levels("441900"), ["440000000000", "441900000000", "441900000000"]);
    }

    #[test]
    fn what_is_known_only_to_a_province_counts_there() {
        assert_eq!(levels("44"), ["440000000000", "440000000000", "440000000000"]);
    }
}
