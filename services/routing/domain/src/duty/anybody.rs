//! Whether a unit has anybody on duty within some time.

use super::{DutyBook, Standing, Window};
use jiff::{SignedDuration, Timestamp};

impl DutyBook {
    /// Whether at any instant from `from` on, for as long as `ahead`, somebody is on duty in the unit by its rosters who is
    /// able to act. Looked at when shifts begin and when a leave is over: between these nobody comes on duty.
    #[must_use]
    pub fn anybody(
        &self,
        unit_id: &str,
        from: Timestamp,
        ahead: SignedDuration,
        able: impl Fn(&str) -> bool,
    ) -> bool {
        let until = from.saturating_add(ahead).unwrap_or(from);
        let span = Window { start: from, end: until };
        let on_duty = |at: Timestamp| {
            let duty = self.unit(unit_id, at);
            duty.people().any(|person| able(person) && matches!(duty.of(person), Standing::OnDuty(_)))
        };
        let back = self.returns(unit_id, span);
        for (roster, zone) in self.rosters_of(unit_id) {
            let first = from.to_zoned(zone.clone()).date();
            let days = std::iter::successors(first.yesterday().ok(), |day| day.tomorrow().ok());
            let last = until.to_zoned(zone.clone()).date();
            for day in days.take_while(|day| *day <= last) {
                for shift in roster.shifts.iter().filter(|shift| shift.occurs(day)) {
                    let Some(window) = shift.window(day, zone).filter(|window| window.meets(&span)) else {
                        continue;
                    };
                    let start = window.start.max(from);
                    if on_duty(start) || back.iter().filter(|at| window.contains(**at)).any(|at| on_duty(*at))
                    {
                        return true;
                    }
                }
            }
        }
        false
    }
}
