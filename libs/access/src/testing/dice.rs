//! Random callers and tickets, close enough to each other to meet.

use super::{row::Row, somebody::Somebody};
use crate::roles::ROLES;
use rand::{Rng as _, SeedableRng as _, rngs::StdRng, seq::IndexedRandom as _};
use uuid::Uuid;

/// Counties, a township, cities, one of them without counties, provinces.
const REGIONS: [&str; 9] =
    ["440106", "440103", "440106001", "440100", "440000", "441900", "441900003", "430100", "110101"];
const AREAS: [&str; 8] = ["440106", "440103", "440100", "440000", "441900", "430000", "110101", "110000"];
const UNITS: [&str; 4] = ["tianhe-env", "yuexiu-env", "centre", "hunan-env"];

/// What makes them.
pub struct Dice {
    seed: u64,
    pub(super) rng: StdRng,
}

impl Dice {
    /// Of the seed in `GONGDAN_ACCESS_SEED`, or of another one each time; prints it.
    ///
    /// # Panics
    /// When the variable is no number.
    #[must_use]
    pub fn thrown() -> Self {
        let seed = match std::env::var("GONGDAN_ACCESS_SEED") {
            Ok(text) => text.parse().expect("GONGDAN_ACCESS_SEED is a number"),
            Err(_) => rand::random(),
        };
        println!("GONGDAN_ACCESS_SEED={seed}");
        Self { seed, rng: StdRng::seed_from_u64(seed) }
    }

    /// What to do to see the same again.
    #[must_use]
    pub fn again(&self) -> String {
        format!("GONGDAN_ACCESS_SEED={} makes it again", self.seed)
    }

    /// A caller: up to three roles, two areas, two units.
    pub fn somebody(&mut self) -> Somebody {
        Somebody {
            id: "somebody".into(),
            roles: self.some(&ROLES, 3),
            rights: self.some(&["sensitive", "personal"], 2),
            units: self.some(&UNITS, 2),
            areas: self.some(&AREAS, 2),
            customer: self.customer(),
        }
    }

    /// So many tickets, in the order of their ids.
    pub fn rows(&mut self, count: usize) -> Vec<Row> {
        let mut rows: Vec<Row> = (0..count).map(|_| self.row()).collect();
        rows.sort_by_key(|row| row.id);
        rows
    }

    fn row(&mut self) -> Row {
        Row {
            id: Uuid::from_u128(self.rng.random()),
            region: self.one(&REGIONS),
            units: self.some(&UNITS, 3),
            lead: self.perhaps_unit(),
            pool: self.perhaps_unit(),
            customer: self.customer(),
            sensitive: self.rng.random(),
            confidential: self.rng.random(),
        }
    }

    /// One of three citizens, or nobody.
    fn customer(&mut self) -> Option<Uuid> {
        Some(self.rng.random_range(0..4)).filter(|id| *id > 0).map(Uuid::from_u128)
    }

    fn perhaps_unit(&mut self) -> String {
        if self.rng.random() { self.one(&UNITS).to_owned() } else { String::new() }
    }

    pub(super) fn one<T: Copy>(&mut self, of: &[T]) -> T {
        *of.choose(&mut self.rng).expect("something to choose from")
    }

    fn some<T: From<&'static str>>(&mut self, of: &[&'static str], most: usize) -> Vec<T> {
        let count = self.rng.random_range(0..=most);
        of.choose_multiple(&mut self.rng, count).map(|name| T::from(*name)).collect()
    }
}
