//! How a ticket stands to a caller, and for which of these standings a caller may do something.

/// How a ticket stands to a caller; all that policies see of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Facts {
    /// Its region is within one of the caller's areas.
    pub in_region: bool,
    /// A unit of the caller takes or took part.
    pub takes_part: bool,
    /// A unit of the caller has it now.
    pub holds: bool,
    /// The caller is the citizen who asked.
    pub own: bool,
    /// It is marked as sensitive.
    pub sensitive: bool,
    /// Its reporter asked for confidence.
    pub confidential: bool,
}

/// One of the six facts, in the order in which filters ask for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fact {
    Sensitive = 4,
    Confidential = 5,
    Own = 3,
    Holds = 2,
    InRegion = 0,
    TakesPart = 1,
}

impl Fact {
    pub(crate) const ALL: [Self; 6] =
        [Self::Sensitive, Self::Confidential, Self::Own, Self::Holds, Self::InRegion, Self::TakesPart];
}

impl Facts {
    /// How many combinations there are.
    pub(crate) const COUNT: u32 = 64;

    /// The combination as a number below [`Self::COUNT`].
    pub(crate) fn index(self) -> u32 {
        u32::from(self.in_region)
            | u32::from(self.takes_part) << 1
            | u32::from(self.holds) << 2
            | u32::from(self.own) << 3
            | u32::from(self.sensitive) << 4
            | u32::from(self.confidential) << 5
    }

    pub(crate) fn from_index(index: u32) -> Self {
        let bit = |at: u32| index >> at & 1 == 1;
        Self {
            in_region: bit(0),
            takes_part: bit(1),
            holds: bit(2),
            own: bit(3),
            sensitive: bit(4),
            confidential: bit(5),
        }
    }
}

/// The answer of the policies for each combination of [`Facts`]: one bit each. What is about no ticket is all or nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Table(u64);

impl Table {
    /// Nothing is allowed.
    pub const NONE: Self = Self(0);
    /// All is allowed.
    pub const ALL: Self = Self(u64::MAX);

    /// Asks for each combination.
    pub(crate) fn build(mut allows: impl FnMut(Facts) -> bool) -> Self {
        (0..Facts::COUNT).fold(Self::NONE, |table, index| {
            if allows(Facts::from_index(index)) { Self(table.0 | 1 << index) } else { table }
        })
    }

    /// The answer for one.
    #[must_use]
    pub fn allows(self, facts: Facts) -> bool {
        self.0 >> facts.index() & 1 == 1
    }

    /// Whether no standing at all would do.
    #[must_use]
    pub fn is_none(self) -> bool {
        self == Self::NONE
    }

    /// As SQL has it.
    #[expect(clippy::cast_possible_wrap, reason = "the bits count, not the number")]
    pub(crate) fn bits(self) -> i64 {
        self.0 as i64
    }

    /// The answers where `fact` is `value`, as a table that no longer depends on it.
    pub(crate) fn given(self, fact: Fact, value: bool) -> Self {
        let bit = 1_u32 << fact as u32;
        (0..Facts::COUNT).fold(Self::NONE, |table, index| {
            let asked = if value { index | bit } else { index & !bit };
            Self(table.0 | (self.0 >> asked & 1) << index)
        })
    }

    pub(crate) fn implies(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_combination_has_its_number() {
        for index in 0..Facts::COUNT {
            assert_eq!(Facts::from_index(index).index(), index);
        }
    }

    #[test]
    fn a_table_answers_what_it_was_told() {
        let table = Table::build(|f| (f.in_region || f.takes_part) && !f.sensitive);
        assert!(table.allows(Facts { in_region: true, ..Facts::default() }));
        assert!(!table.allows(Facts { in_region: true, sensitive: true, ..Facts::default() }));
        assert!(!table.allows(Facts::default()));
        assert!(table.given(Fact::Sensitive, true).is_none());
        let open = table.given(Fact::Sensitive, false);
        assert!(open.allows(Facts { takes_part: true, sensitive: true, ..Facts::default() }));
    }
}
