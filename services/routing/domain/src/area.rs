//! Who answers for a region and a branch of the catalogue. Source: R2.

use gongdan_region::{RegionCode, RegionRange};
use jiff::Timestamp;
use std::collections::{BTreeMap, HashMap};

/// An area and the unit that answers for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Area {
    /// Number; a changed responsibility is a new area.
    pub id: i64,
    /// The codes it covers.
    pub range: RegionRange,
    /// Key of a catalogue item or a branch above it; empty: the whole catalogue.
    pub item: String,
    /// The unit.
    pub unit_id: String,
}

/// What an area is for; one unit answers for it at a time.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AreaKey {
    /// The first code it covers.
    pub start: i64,
    /// The last one.
    pub end: i64,
    /// Key of a catalogue item or a branch above it; empty: the whole catalogue.
    pub item: String,
}

/// Who is to answer for an area, by when it begins; none: nobody.
pub type AreaPlan = BTreeMap<Timestamp, Option<String>>;

impl AreaKey {
    /// Of a range and a branch.
    #[must_use]
    pub fn new(range: RegionRange, item: &str) -> Self {
        Self { start: range.start, end: range.end, item: item.to_owned() }
    }

    /// The codes it covers.
    #[must_use]
    pub const fn range(&self) -> RegionRange {
        RegionRange { start: self.start, end: self.end }
    }
}

impl Area {
    /// What it is for.
    #[must_use]
    pub fn key(&self) -> AreaKey {
        AreaKey::new(self.range, &self.item)
    }
}

/// The keys of an item's branches and its own, root first: `a`, `a/b`, `a/b/c` for `a/b/c`.
#[must_use]
pub fn branches(item: &str) -> Vec<&str> {
    if item.is_empty() {
        return Vec::new();
    }
    let mut keys: Vec<&str> = item.match_indices('/').map(|(at, _)| &item[..at]).collect();
    keys.push(item);
    keys
}

/// Areas that cover a region, for one item.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Candidates<'a> {
    /// Those for the item, most specific region first, then most specific branch.
    pub for_item: Vec<&'a Area>,
    /// How many cover the region for other branches only.
    pub for_other_items: usize,
}

/// All areas, made for asking who covers a code.
#[derive(Debug, Default)]
pub struct AreaIndex {
    /// Distinct ranges by start, then width from wide to narrow, each with its areas by branch.
    ranges: Vec<(RegionRange, HashMap<String, Area>)>,
    /// The furthest end among the ranges up to here, so that a search backwards knows when to stop.
    furthest: Vec<i64>,
}

impl AreaIndex {
    /// Of a list of areas; of two for the same range and branch the later one counts.
    #[must_use]
    pub fn new(areas: impl IntoIterator<Item = Area>) -> Self {
        let mut by_range: BTreeMap<(i64, i64), HashMap<String, Area>> = BTreeMap::new();
        for area in areas {
            by_range.entry((area.range.start, -area.range.end)).or_default().insert(area.item.clone(), area);
        }
        let ranges: Vec<_> = by_range
            .into_iter()
            .map(|((start, minus_end), areas)| (RegionRange { start, end: -minus_end }, areas))
            .collect();
        let furthest = ranges
            .iter()
            .scan(i64::MIN, |end, (range, _)| {
                *end = range.end.max(*end);
                Some(*end)
            })
            .collect();
        Self { ranges, furthest }
    }

    /// The areas that cover a region, for an item.
    #[must_use]
    pub fn candidates(&self, region: RegionCode, item: &str) -> Candidates<'_> {
        let code = region.as_i64();
        let mut branches = branches(item);
        branches.reverse();
        branches.push("");
        let until = self.ranges.partition_point(|(range, _)| range.start <= code);
        let mut covering: Vec<_> = self.ranges[..until]
            .iter()
            .zip(&self.furthest)
            .rev()
            .take_while(|(_, furthest)| **furthest >= code)
            .map(|(entry, _)| entry)
            .filter(|(range, _)| range.contains(region))
            .collect();
        covering.sort_by_key(|(range, _)| (range.width(), range.start));
        let mut found = Candidates::default();
        for (_, areas) in covering {
            let before = found.for_item.len();
            found.for_item.extend(branches.iter().filter_map(|branch| areas.get(*branch)));
            found.for_other_items += areas.len() - (found.for_item.len() - before);
        }
        found
    }

    /// Every unit that answers for anything in a region, each once, in the order of their ids.
    #[must_use]
    pub fn units_covering(&self, region: RegionCode) -> Vec<&str> {
        let code = region.as_i64();
        let until = self.ranges.partition_point(|(range, _)| range.start <= code);
        let mut units: Vec<&str> = self.ranges[..until]
            .iter()
            .zip(&self.furthest)
            .rev()
            .take_while(|(_, furthest)| **furthest >= code)
            .filter(|((range, _), _)| range.contains(region))
            .flat_map(|((_, areas), _)| areas.values().map(|area| area.unit_id.as_str()))
            .collect();
        units.sort_unstable();
        units.dedup();
        units
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ranges.iter().map(|(_, areas)| areas.len()).sum()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gongdan_region::Regions;
    use proptest::prelude::*;

    fn code(text: &str) -> RegionCode {
        RegionCode::parse(text).unwrap()
    }

    fn area(id: i64, region: &str, item: &str) -> Area {
        let range = Regions::national().range(code(region));
        Area { id, range, item: item.into(), unit_id: format!("u{id}") }
    }

    fn ids(candidates: &Candidates<'_>) -> Vec<i64> {
        candidates.for_item.iter().map(|area| area.id).collect()
    }

    #[test]
    fn branches_lead_from_the_root_to_the_item() {
        assert_eq!(branches("a/b/c"), ["a", "a/b", "a/b/c"]);
        assert_eq!(branches("unclassified"), ["unclassified"]);
        assert!(branches("").is_empty());
    }

    #[test]
    fn the_most_specific_region_comes_first_and_then_the_most_specific_branch() {
        let index = AreaIndex::new([
            area(1, "44", "env/noise"),
            area(2, "4401", ""),
            area(3, "440106", ""),
            area(4, "440106", "env"),
            area(5, "440106", "roads"),
            area(6, "440105", "env"),
            area(7, "4401", "env/noise"),
        ]);
        let found = index.candidates(code("440106"), "env/noise");
        assert_eq!(ids(&found), [4, 3, 7, 2, 1]);
        assert_eq!(found.for_other_items, 1);
        assert_eq!(ids(&index.candidates(code("4401"), "env/noise")), [7, 2, 1]);
        assert_eq!(ids(&index.candidates(code("440106001"), "roads/holes")), [5, 3, 2]);
        assert!(index.candidates(code("11"), "env").for_item.is_empty());
    }

    #[test]
    fn a_range_of_grids_is_more_specific_than_its_county() {
        let grids = RegionRange { start: 440_106_900_001, end: 440_106_900_020 };
        let index = AreaIndex::new([
            area(1, "440106", ""),
            Area { id: 2, range: grids, item: String::new(), unit_id: "grid".into() },
        ]);
        assert_eq!(ids(&index.candidates(code("440106900007"), "x")), [2, 1]);
        assert_eq!(ids(&index.candidates(code("440106900021"), "x")), [1]);
    }

    #[test]
    fn whoever_answers_for_anything_in_a_region_covers_it() {
        let index = AreaIndex::new([
            area(1, "44", "env/noise"),
            area(2, "4401", ""),
            area(3, "440106", ""),
            area(4, "440105", "env"),
            Area { unit_id: "u3".into(), ..area(5, "440106", "roads") },
        ]);
        assert_eq!(index.units_covering(code("440106")), ["u1", "u2", "u3"]);
        assert_eq!(index.units_covering(code("4401")), ["u1", "u2"]);
        assert!(index.units_covering(code("11")).is_empty());
    }

    proptest! {
        /// The index finds what looking at every area finds, whatever the ranges, also where they overlap.
        #[test]
        fn it_finds_what_a_scan_finds(
            ranges in prop::collection::vec((0_i64..400, 0_i64..400, prop::sample::select(vec!["", "a", "a/b", "c"])), 0..60),
            at in 0_i64..800,
        ) {
            const BASE: i64 = 440_106_000_000;
            let areas: Vec<Area> = ranges.iter().enumerate().map(|(n, (start, width, item))| Area {
                id: i64::try_from(n).unwrap(),
                range: RegionRange { start: BASE + start, end: BASE + start + width },
                item: (*item).to_owned(),
                unit_id: "u".into(),
            }).collect();
            let mut last: HashMap<(RegionRange, &str), &Area> = HashMap::new();
            for area in &areas {
                last.insert((area.range, &area.item), area);
            }
            let region = RegionCode::from_i64(BASE + at).unwrap();
            let covering: Vec<_> = last.values().filter(|area| area.range.contains(region)).collect();
            let mut expected: Vec<_> =
                covering.iter().filter(|area| ["", "a", "a/b"].contains(&area.item.as_str())).map(|area| area.id).collect();
            let index = AreaIndex::new(areas.clone());
            let found = index.candidates(region, "a/b");
            prop_assert_eq!(found.for_other_items, covering.len() - expected.len());
            let widths: Vec<_> = found.for_item.iter().map(|area| area.range.width()).collect();
            prop_assert!(widths.is_sorted());
            let mut got = ids(&found);
            got.sort_unstable();
            expected.sort_unstable();
            prop_assert_eq!(got, expected);
        }
    }
}
