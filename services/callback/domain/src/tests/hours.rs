use super::at;
use crate::{InvalidHours, PermittedHours};
use jiff::Timestamp;
use proptest::prelude::*;

#[test]
fn windows_are_of_the_zone_and_end_before_their_end() {
    let hours = PermittedHours::new("Asia/Shanghai", &["09:00-12:00", "14:00-20:00"]).unwrap();
    for (instant, inside) in [
        ("2026-11-23T00:59:59Z", false),
        ("2026-11-23T01:00:00Z", true),
        ("2026-11-23T03:59:59.999999Z", true),
        ("2026-11-23T04:00:00Z", false),
        ("2026-11-23T06:00:00Z", true),
        ("2026-11-23T12:00:00Z", false),
    ] {
        assert_eq!(hours.contains(at(instant)), inside, "{instant}");
    }
    let late = PermittedHours::new("Asia/Shanghai", &["22:30-24:00"]).unwrap();
    assert!(late.contains(at("2026-11-23T23:59:59+08:00")));
    assert!(!late.contains(at("2026-11-24T00:00:00+08:00")));
}

#[test]
fn the_next_permitted_instant_may_be_tomorrow() {
    let hours = PermittedHours::new("Asia/Shanghai", &["09:00-12:00", "14:00-20:00"]).unwrap();
    for (from, next) in [
        ("2026-11-23T03:00:00+08:00", "2026-11-23T09:00:00+08:00"),
        ("2026-11-23T10:17:05+08:00", "2026-11-23T10:17:05+08:00"),
        ("2026-11-23T12:00:00+08:00", "2026-11-23T14:00:00+08:00"),
        ("2026-12-31T20:00:00+08:00", "2027-01-01T09:00:00+08:00"),
    ] {
        assert_eq!(hours.next_at_or_after(at(from)), Some(at(next)), "{from}");
    }
}

#[test]
fn a_bad_configuration_is_refused_by_what_is_bad() {
    let new = |windows: &[&str]| PermittedHours::new("Asia/Shanghai", windows).unwrap_err();
    assert_eq!(new(&[]), InvalidHours::Empty);
    for window in
        ["", "9-12", "09:00", "12:00-09:00", "09:00-09:00", "09:60-10:00", "23:00-24:01", "9:00-12:00"]
    {
        assert_eq!(new(&[window]), InvalidHours::Window(window.to_owned()));
    }
    assert_eq!(new(&["09:00-12:00", "11:59-13:00"]), InvalidHours::Order("11:59-13:00".to_owned()));
    let zone = PermittedHours::new("Asia/Guangzhou", &["09:00-12:00"]).unwrap_err();
    assert_eq!(zone, InvalidHours::Zone("Asia/Guangzhou".to_owned()));
}

proptest! {
    #[test]
    fn the_next_permitted_instant_is_permitted_and_none_before_it_is(seconds in 0_i64..4_000_000_000, zone in 0_usize..3) {
        let zone = ["Asia/Shanghai", "Asia/Urumqi", "Europe/Berlin"][zone];
        let hours = PermittedHours::new(zone, &["02:15-02:45", "09:00-12:00", "14:00-20:00"]).unwrap();
        let from = Timestamp::from_second(seconds).unwrap();
        let next = hours.next_at_or_after(from).unwrap();
        prop_assert!(next >= from);
        prop_assert!(hours.contains(next));
        for minutes in 0..=((next.as_second() - from.as_second() - 1) / 60) {
            let between = Timestamp::from_second(seconds + minutes * 60).unwrap();
            prop_assert!(between == next || !hours.contains(between), "{between} is permitted before {next}");
        }
    }
}
