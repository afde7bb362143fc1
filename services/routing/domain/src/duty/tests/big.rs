//! Rosters as large as may be.

use super::*;
use std::time::{Duration, Instant};

/// A hundred shifts one after the other, each of the same people, with as many dates as a roster may name.
fn biggest(id: &str, from: i8) -> Roster {
    let minute = |n: i32| time(i8::try_from(n / 60).unwrap() + from, i8::try_from(n % 60).unwrap(), 0, 0);
    let except: BTreeSet<Date> = (0..20).map(|n: i32| date(2026, 1, 5) + (7 * n).days()).collect();
    let shifts = (0..100).map(|n| {
        let (start, end) = (minute(n * 7), minute(n * 7 + 7));
        Shift {
            except: except.clone(),
            ..shift(&format!("s{n}"), &PEOPLE, &[1, 2, 3, 4, 5, 6, 7], start, end)
        }
    });
    let mut roster = roster(shifts.collect());
    roster.id = id.into();
    roster
}

#[test]
fn the_largest_rosters_are_checked_in_no_time() {
    let others: Vec<Roster> = (0..10).map(|n| biggest(&format!("other-{n}"), 12)).collect();
    let begun = Instant::now();
    assert_eq!(check_roster(&biggest("main", 0), &others, &units(), &people()), []);
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}

#[test]
fn dates_and_names_of_all_shifts_are_counted_together() {
    let mut dated = biggest("main", 0);
    dated.shifts[0].dates.insert(date(2026, 3, 1));
    let found = check_roster(&dated, &[], &units(), &people());
    assert!(found[0].rule.starts_with("up to 2000 `dates` and `except_dates` together"), "{found:?}");
    let everybody: Vec<String> = (0..101).map(|n| format!("p{n}")).collect();
    let people = everybody.iter().map(|id| (id.clone(), PersonEntry::of(["roads"]))).collect();
    let mut named = biggest("main", 0);
    named.shifts.iter_mut().for_each(|shift| shift.person_ids.clone_from(&everybody));
    let found = check_roster(&named, &[], &units(), &people);
    assert_eq!(found[0].rule, "up to 10000 `person_ids` together");
}

#[test]
fn a_clash_is_found_behind_any_number_of_days_that_are_left_out() {
    let mut one = shift("one", &["an"], &[1], time(8, 0, 0, 0), time(12, 0, 0, 0));
    one.first_day = Some(date(2026, 1, 5));
    one.except = (0..300).map(|n: i32| date(2026, 1, 5) + (7 * n).days()).collect();
    let other = shift("other", &["an"], &[1], time(11, 0, 0, 0), time(13, 0, 0, 0));
    let zone = zone(DEFAULT_ZONE).unwrap();
    let day = date(2026, 1, 5) + 2100.days();
    assert_eq!(clash((&one, &zone), (&other, &zone)), Some(Clash(day, day)));
}
