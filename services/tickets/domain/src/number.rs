//! The number people read out. Source: DESIGN rule 10.

use jiff::{Timestamp, tz::TimeZone};

/// The cell that owns a ticket, four digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CellCode(u16);

/// No cell code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a cell code is a number from 0 to 9999")]
pub struct InvalidCellCode;

impl CellCode {
    /// From 0 to 9999.
    ///
    /// # Errors
    /// When it has more than four digits.
    pub const fn new(code: u16) -> Result<Self, InvalidCellCode> {
        if code <= 9_999 { Ok(Self(code)) } else { Err(InvalidCellCode) }
    }
}

/// `GD` + yyMMdd of the receipt in `zone` + cell + running number of at least six digits.
#[must_use]
pub fn ticket_number(received_at: Timestamp, zone: &TimeZone, cell: CellCode, running: i64) -> String {
    let day = zone.to_datetime(received_at).date();
    format!("GD{:02}{:02}{:02}{:04}{running:06}", day.year().rem_euclid(100), day.month(), day.day(), cell.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_is_that_of_the_zone() {
        let zone = TimeZone::fixed(jiff::tz::offset(8));
        let cell = CellCode::new(44).unwrap();
        let at = "2026-11-21T16:30:00Z".parse().unwrap();
        assert_eq!(ticket_number(at, &zone, cell, 123), "GD2611220044000123");
        assert_eq!(ticket_number(at, &zone, cell, 12_345_678), "GD261122004412345678");
        assert!(CellCode::new(10_000).is_err());
    }
}
