//! The measures, and the rates that follow from them. Source: P2.

/// What was counted for one row.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Counts {
    /// Tickets received, by receipt.
    pub received: i64,
    /// Of these, cancelled since.
    pub cancelled: i64,
    /// Of these, merged into others since.
    pub merged: i64,
    /// Of those neither cancelled nor merged, answered at intake.
    pub first_contact: i64,
    /// Of those neither cancelled nor merged, repeats of others.
    pub repeats: i64,
    /// Rounds begun, without those of cancelled and merged tickets: what could be urged.
    pub begun: i64,
    /// Rounds resolved, by the act.
    pub resolved: i64,
    /// Of these, at or before due.
    pub on_time: i64,
    /// Of these, with a handling clock known to have stopped.
    pub timed: i64,
    /// Rounds begun and waiting to be resolved now.
    pub in_flight: i64,
    /// Of these, past due now.
    pub overdue: i64,
    /// Acts that gave a ticket to a unit.
    pub dispatched: i64,
    /// 退单
    pub returned: i64,
    /// 重办
    pub reopened: i64,
    /// 催单, acts.
    pub urges: i64,
    /// 催单, rounds by their first urge.
    pub urged: i64,
    /// 差错工单: what inspectors found and did not take back.
    pub quality_errors: i64,
    /// Callbacks completed.
    pub callbacks: i64,
    /// Of these, contacted.
    pub contacted: i64,
    /// Of these, solved.
    pub solved: i64,
    /// Of these, satisfied.
    pub satisfied: i64,
}

/// Shares between 0 and 1 (reopenings and urges of earlier periods can carry one beyond); none when nothing could be
/// divided by.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Rates {
    /// on time / timed
    pub on_time: Option<f64>,
    /// 首次解决率: first contact / received and standing
    pub first_contact: Option<f64>,
    /// repeats / received and standing
    pub repeat_rate: Option<f64>,
    /// returned / dispatched
    pub return_rate: Option<f64>,
    /// reopened / resolved
    pub reopen_rate: Option<f64>,
    /// urged / begun
    pub urge_rate: Option<f64>,
    /// 响应率: contacted / callbacks
    pub response: Option<f64>,
    /// 解决率: solved / callbacks
    pub resolution: Option<f64>,
    /// 满意率: satisfied / callbacks
    pub satisfaction: Option<f64>,
}

impl Counts {
    /// The rates.
    #[must_use]
    pub fn rates(&self) -> Rates {
        Rates {
            on_time: rate(self.on_time, self.timed),
            first_contact: rate(self.first_contact, self.standing()),
            repeat_rate: rate(self.repeats, self.standing()),
            return_rate: rate(self.returned, self.dispatched),
            reopen_rate: rate(self.reopened, self.resolved),
            urge_rate: rate(self.urged, self.begun),
            response: rate(self.contacted, self.callbacks),
            resolution: rate(self.solved, self.callbacks),
            satisfaction: rate(self.satisfied, self.callbacks),
        }
    }
}

impl Counts {
    /// Tickets received that are neither cancelled nor merged.
    const fn standing(&self) -> i64 {
        self.received - self.cancelled - self.merged
    }
}

#[allow(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
fn rate(part: i64, whole: i64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_over_nothing_is_none_and_not_zero() {
        assert_eq!(Counts::default().rates(), Rates::default());
    }

    #[test]
    fn each_rate_has_its_own_whole() {
        let counts = Counts {
            received: 10,
            cancelled: 2,
            merged: 3,
            first_contact: 1,
            repeats: 2,
            begun: 9,
            resolved: 5,
            timed: 4,
            on_time: 3,
            dispatched: 8,
            returned: 2,
            reopened: 1,
            urges: 5,
            urged: 3,
            callbacks: 4,
            contacted: 4,
            solved: 2,
            satisfied: 1,
            ..Counts::default()
        };
        let rates = counts.rates();
        assert_eq!(rates.on_time, Some(0.75));
        assert_eq!((rates.first_contact, rates.repeat_rate), (Some(0.2), Some(0.4)));
        assert_eq!(rates.return_rate, Some(0.25));
        assert_eq!(rates.reopen_rate, Some(0.2));
        assert_eq!(rates.urge_rate, Some(3.0 / 9.0));
        assert_eq!(
            (rates.response, rates.resolution, rates.satisfaction),
            (Some(1.0), Some(0.5), Some(0.25))
        );
    }
}
