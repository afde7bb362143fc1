//! What holds for every start and amount.

use crate::{at, cn};
use gongdan_sla_domain::{Amount, calendar::Calendar};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use std::sync::LazyLock;

static CALENDAR: LazyLock<Calendar> = LazyLock::new(cn);

fn instants() -> impl Strategy<Value = Timestamp> {
    let (from, to) = (at("2003-06-01T00:00").as_microsecond(), at("2030-06-01T00:00").as_microsecond());
    (from..to).prop_map(|micros| Timestamp::from_microsecond(micros).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn working_time_from_start_to_due_is_the_amount(start in instants(), seconds in 1_i64..4_000_000) {
        let table = CALENDAR.table(None);
        let due = table.due(start, Amount::working(seconds).unwrap()).unwrap();
        prop_assert_eq!(table.working_between(start, due).unwrap(), SignedDuration::from_secs(seconds));
        // and not a moment earlier
        let before = due - SignedDuration::from_micros(1);
        prop_assert!(table.working_between(start, before).unwrap() < SignedDuration::from_secs(seconds));
    }

    #[test]
    fn working_time_adds_up_wherever_it_is_split(mut cuts in prop::array::uniform3(instants())) {
        cuts.sort_unstable();
        let [a, b, c] = cuts;
        let table = CALENDAR.table(None);
        let between = |from, to| table.working_between(from, to).unwrap();
        prop_assert_eq!(between(a, b) + between(b, c), between(a, c));
    }

    #[test]
    fn amounts_may_be_split(start in instants(), first in 1_i64..500_000, second in 1_i64..500_000) {
        let table = CALENDAR.table(None);
        let due = |start, seconds| table.due(start, Amount::working(seconds).unwrap()).unwrap();
        prop_assert_eq!(due(due(start, first), second), due(start, first + second));
    }

    #[test]
    fn later_or_more_is_never_due_earlier(
        (one, two) in (instants(), instants()), days in 1_i64..200, seconds in 1_i64..1_000_000,
    ) {
        let table = CALENDAR.table(None);
        let (earlier, later) = (one.min(two), one.max(two));
        for (amount, more) in [
            (Amount::working_days(days), Amount::working_days(days + 1)),
            (Amount::working(seconds), Amount::working(seconds + 1)),
            (Amount::elapsed(seconds), Amount::elapsed(seconds + 1)),
        ] {
            let (amount, more) = (amount.unwrap(), more.unwrap());
            prop_assert!(table.due(earlier, amount).unwrap() <= table.due(later, amount).unwrap());
            prop_assert!(table.due(earlier, amount).unwrap() < table.due(earlier, more).unwrap());
        }
    }

    #[test]
    fn working_days_count_from_the_day_after_and_end_at_a_close(start in instants(), days in 1_i64..300) {
        let table = CALENDAR.table(None);
        let amount = Amount::working_days(days).unwrap();
        let due = table.due(start, amount).unwrap();
        let counted: u32 =
            table.explain(start, due, amount).unwrap().iter().filter(|d| d.counted).map(|d| d.days).sum();
        prop_assert_eq!(i64::from(counted), days);
        prop_assert_eq!(due.to_zoned(jiff::tz::TimeZone::get("Asia/Shanghai").unwrap()).hour(), 18);
    }

    #[test]
    fn thresholds_lie_in_order_between_start_and_due(start in instants(), days in 1_i64..60) {
        let table = CALENDAR.table(None);
        let amount = Amount::working_days(days).unwrap();
        let due = table.due(start, amount).unwrap();
        let at: Vec<_> =
            [1, 50, 80, 99].iter().map(|p| table.threshold(start, due, amount, *p).unwrap()).collect();
        prop_assert!(at.is_sorted());
        prop_assert!(start <= at[0] && at[3] < due);
    }
}
