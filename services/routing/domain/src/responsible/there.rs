//! What is there for a customer or an asset and a branch, found without going through all of it for each row: a meter may have
//! had a hundred thousand periods.

use super::Responsibility;
use jiff::Timestamp;
use std::collections::HashMap;
use uuid::Uuid;

/// Whatever two that say the same have in common, besides what they are for.
type Says<'a> = (&'a str, &'a str, Option<Timestamp>, Option<Timestamp>);

fn says(one: &Responsibility) -> Says<'_> {
    (&one.person_id, &one.unit_id, one.from, one.until)
}

/// Those that are there for the same, by what they say.
pub(super) struct There<'a>(HashMap<Says<'a>, Vec<&'a Responsibility>>);

impl<'a> There<'a> {
    /// Of responsibilities for the same.
    pub fn new(all: Vec<&'a Responsibility>) -> Self {
        let mut by_what: HashMap<_, Vec<_>> = HashMap::with_capacity(all.len());
        for one in all {
            by_what.entry(says(one)).or_default().push(one);
        }
        Self(by_what)
    }

    /// Takes one out that says the same; answers whether there was one.
    pub fn take(&mut self, row: &'a Responsibility) -> bool {
        self.0.get_mut(&says(row)).and_then(Vec::pop).is_some()
    }

    /// Takes all out that are left.
    pub fn take_all(&mut self) -> Vec<Uuid> {
        self.0.drain().flat_map(|(_, ones)| ones).map(|one| one.id).collect()
    }

    /// What is left, by time.
    pub fn left(self) -> Left<'a> {
        let mut left: Vec<_> = self.0.into_values().flatten().collect();
        left.sort_by_key(|one| (one.from, one.id));
        let mut last = Some(Timestamp::MIN);
        let ends = left.iter().map(|one| {
            last = last.and_then(|last| Some(one.until?.max(last)));
            last
        });
        Left { ends: ends.collect(), left }
    }
}

/// Those that are left, in the order of their beginnings.
pub(super) struct Left<'a> {
    left: Vec<&'a Responsibility>,
    /// When the last of all up to each one ends; none: never.
    ends: Vec<Option<Timestamp>>,
}

impl<'a> Left<'a> {
    /// One that is in force at the same time, besides the one in whose place the row is written.
    pub fn meets(&self, row: &Responsibility) -> Option<&'a Responsibility> {
        let begun = match row.until {
            Some(until) => self.left.partition_point(|one| one.from.is_none_or(|from| from < until)),
            None => self.left.len(),
        };
        // Backwards, until none before goes on for as long: those that are there do not meet one another, so that this is
        // after a step or two.
        (0..begun)
            .rev()
            .take_while(|n| self.ends[*n].is_none_or(|end| row.from.is_none_or(|from| from < end)))
            .map(|n| self.left[n])
            .find(|one| one.id != row.id && one.meets(row))
    }
}

#[cfg(test)]
mod tests {
    use super::{super::Charge, *};
    use proptest::prelude::*;
    use std::time::{Duration, Instant};

    fn period(id: usize, from: Option<usize>, until: Option<usize>) -> Responsibility {
        let at = |n: usize| Timestamp::from_second(i64::try_from(n).unwrap()).unwrap();
        Responsibility {
            id: Uuid::from_u128(u128::try_from(id).unwrap()),
            charge: Charge::Asset("METER-7".into()),
            item: String::new(),
            person_id: "li.wei".into(),
            unit_id: "roads".into(),
            from: from.map(at),
            until: until.map(at),
        }
    }

    #[test]
    fn very_many_periods_of_one_asset_are_not_compared_each_with_each() {
        const PERIODS: usize = 30_000;
        let began = Instant::now();
        // The last ones come first.
        let all: Vec<_> = (0..PERIODS).rev().map(|n| period(n, Some(2 * n), Some(2 * n + 1))).collect();
        let given: Vec<_> = (0..PERIODS / 2).map(|n| period(0, Some(2 * n), Some(2 * n + 1))).collect();
        let mut there = There::new(all.iter().collect());
        assert!(given.iter().all(|row| there.take(row)));
        let left = there.left();
        let between = |n: usize| period(PERIODS, Some(2 * n + 1), Some(2 * n + 2));
        assert!((0..PERIODS).all(|n| left.meets(&between(n)).is_none()));
        let meets = |n: usize| left.meets(&period(PERIODS, Some(2 * n), Some(2 * n + 2))).map(|one| one.id);
        assert!((PERIODS / 2..PERIODS).all(|n| meets(n) == Some(all[PERIODS - 1 - n].id)));
        assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    }

    fn any() -> impl Strategy<Value = Responsibility> {
        (0_usize..6, prop::option::of(0_usize..20), prop::option::of(1_usize..10)).prop_map(
            |(id, from, long)| {
                let until = long.map(|long| from.unwrap_or_default() + long);
                period(id, from, until)
            },
        )
    }

    proptest! {
        /// Whatever is there, also what should not be: one is found exactly when there is one.
        #[test]
        fn nothing_that_meets_is_missed(all in prop::collection::vec(any(), 0..12), row in any()) {
            let left = There::new(all.iter().collect()).left();
            let there = all.iter().any(|one| one.id != row.id && one.meets(&row));
            prop_assert_eq!(left.meets(&row).is_some(), there);
        }
    }
}
