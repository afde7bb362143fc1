mod big;
mod stand_ins;
mod swaps;

use super::*;
use crate::{Unit, UnitKind, decide::PersonEntry};
use gongdan_region::RegionCode;
use jiff::{
    Timestamp, ToSpan as _,
    civil::{Date, Time, date, time},
    tz::TimeZone,
};
use proptest::prelude::*;
use std::collections::{BTreeSet, HashMap};
use uuid::Uuid;

const PEOPLE: [&str; 4] = ["an", "bo", "chen", "ding"];

fn instant(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn shift(name: &str, people: &[&str], weekdays: &[u8], start: Time, end: Time) -> Shift {
    Shift {
        name: name.into(),
        person_ids: people.iter().map(|id| (*id).to_owned()).collect(),
        weekdays: weekdays.to_vec(),
        dates: BTreeSet::new(),
        except: BTreeSet::new(),
        first_day: None,
        last_day: None,
        start,
        end,
    }
}

fn roster(shifts: Vec<Shift>) -> Roster {
    Roster {
        id: "main".into(),
        name: "值班表".into(),
        unit_id: "roads".into(),
        time_zone: DEFAULT_ZONE.into(),
        capacity: 0,
        capacities: std::collections::BTreeMap::new(),
        shifts,
    }
}

fn leave(person: &str, from: &str, until: &str, stand_in: Option<&str>) -> Leave {
    Leave {
        id: Uuid::from_u128(1),
        person_id: person.into(),
        from: instant(from),
        until: instant(until),
        stand_in_id: stand_in.map(Into::into),
        reason: String::new(),
    }
}

fn people() -> HashMap<String, PersonEntry> {
    PEOPLE.iter().map(|id| ((*id).to_owned(), PersonEntry::of(["roads"]))).collect()
}

fn units() -> HashMap<String, Unit> {
    let region = RegionCode::parse("440106").unwrap();
    let unit = Unit {
        id: "roads".into(),
        name: "roads".into(),
        kind: UnitKind::Unit,
        parent_id: None,
        region,
        valid_from: None,
        valid_to: None,
    };
    HashMap::from([("roads".to_owned(), unit)])
}

fn on_duty(book: &DutyBook, person: &str, at: &str) -> bool {
    matches!(book.unit("roads", instant(at)).of(person), Standing::OnDuty(_))
}

fn night() -> Shift {
    shift("night", &["an"], &[5], time(22, 0, 0, 0), time(6, 0, 0, 0))
}

#[test]
fn a_shift_over_midnight_belongs_to_the_day_it_begins_on() {
    let book = DutyBook::new(vec![roster(vec![night()])], vec![], vec![]);
    // 2026-12-04 is a Friday.
    for (at, expected) in [
        ("2026-12-04T21:59:59+08:00", false),
        ("2026-12-04T22:00:00+08:00", true),
        ("2026-12-05T00:00:00+08:00", true),
        ("2026-12-05T05:59:59+08:00", true),
        ("2026-12-05T06:00:00+08:00", false),
        ("2026-12-05T22:00:00+08:00", false),
        ("2026-12-04T05:00:00+08:00", false),
    ] {
        assert_eq!(on_duty(&book, "an", at), expected, "{at}");
    }
    assert!(!on_duty(&book, "bo", "2026-12-05T00:00:00+08:00"));
}

#[test]
fn single_days_come_on_top_and_others_are_left_out() {
    let mut early = shift("early", &["an"], &[1, 2, 3, 4, 5], time(8, 0, 0, 0), time(16, 0, 0, 0));
    early.dates.insert(date(2026, 12, 5));
    early.except.insert(date(2026, 12, 4));
    early.first_day = Some(date(2026, 12, 2));
    early.last_day = Some(date(2026, 12, 8));
    let book = DutyBook::new(vec![roster(vec![early])], vec![], vec![]);
    let days = [
        (1, false),
        (2, true),
        (3, true),
        (4, false),
        (5, true),
        (6, false),
        (7, true),
        (8, true),
        (9, false),
    ];
    for (day, expected) in days {
        assert_eq!(on_duty(&book, "an", &format!("2026-12-0{day}T09:00:00+08:00")), expected, "{day}");
    }
}

#[test]
fn a_stand_in_has_the_shifts_of_who_is_on_leave() {
    let away = leave("an", "2026-12-04T23:00:00+08:00", "2026-12-05T03:00:00+08:00", Some("bo"));
    let book = DutyBook::new(vec![roster(vec![night()])], vec![away], vec![]);
    let at = |text| book.unit("roads", instant(text));
    assert!(matches!(at("2026-12-04T22:30:00+08:00").of("an"), Standing::OnDuty(on)
        if on.until == Some(instant("2026-12-04T23:00:00+08:00")) && on.instead_of.is_none()));
    let away = at("2026-12-04T23:00:00+08:00");
    assert!(
        matches!(away.of("an"), Standing::OnLeave { stand_in_id, .. } if stand_in_id.as_deref() == Some("bo"))
    );
    assert!(matches!(away.of("bo"), Standing::OnDuty(on)
        if on.until == Some(instant("2026-12-05T03:00:00+08:00")) && on.instead_of.as_deref() == Some("an")));
    assert_eq!(at("2026-12-05T03:00:00+08:00").of("bo"), Standing::OffDuty);
    assert!(on_duty(&book, "an", "2026-12-05T03:00:00+08:00"));
}

#[test]
fn a_swap_gives_one_day_away() {
    let swap = Swap {
        roster_id: "main".into(),
        shift: "night".into(),
        day: date(2026, 12, 4),
        person_id: "an".into(),
        stand_in_id: "bo".into(),
    };
    let book = DutyBook::new(vec![roster(vec![night()])], vec![], vec![swap]);
    let duty = book.unit("roads", instant("2026-12-05T01:00:00+08:00"));
    assert_eq!(duty.of("an"), Standing::Replaced { by: Some("bo".into()) });
    assert!(matches!(duty.of("bo"), Standing::OnDuty(_)));
    assert!(on_duty(&book, "an", "2026-12-12T01:00:00+08:00"), "a week later it is theirs");
}

#[test]
fn without_a_roster_everybody_is_on_duty_who_is_not_on_leave() {
    let away = leave("an", "2026-12-04T00:00:00Z", "2026-12-05T00:00:00Z", None);
    let book = DutyBook::new(vec![], vec![away], vec![]);
    let duty = book.unit("roads", instant("2026-12-04T10:00:00Z"));
    assert!(!duty.rostered);
    assert!(matches!(duty.of("bo"), Standing::OnDuty(_)));
    assert!(matches!(duty.of("an"), Standing::OnLeave { .. }));
}

#[test]
fn everything_that_is_wrong_with_a_roster_is_said_at_once() {
    let mut bad = roster(vec![
        shift("", &["an", "nobody", "an"], &[0, 3, 3], time(8, 0, 0, 0), time(9, 0, 0, 0)),
        shift("b", &[], &[], time(8, 0, 0, 0), time(9, 0, 0, 0)),
    ]);
    bad.unit_id = "nowhere".into();
    bad.time_zone = "Asia/Nowhere".into();
    bad.capacities.insert("zhou".into(), 0);
    let found = check_roster(&bad, &[], &units(), &people());
    let fields: Vec<&str> = found.iter().map(|violation| violation.field.as_str()).collect();
    assert_eq!(
        fields,
        [
            "roster.unit_id",
            "roster.time_zone",
            "roster.capacities[zhou]",
            "roster.capacities[zhou]",
            "roster.shifts[0].name",
            "roster.shifts[0].weekdays[0]",
            "roster.shifts[0].weekdays[2]",
            "roster.shifts[0].person_ids[0]",
            "roster.shifts[0].person_ids[1]",
            "roster.shifts[0].person_ids[2]",
            "roster.shifts[1].weekdays",
            "roster.shifts[1].person_ids",
        ]
    );
    let empty = check_roster(&roster(vec![]), &[], &units(), &people());
    assert!(empty[0].rule.starts_with("an empty roster has nobody on duty ever"), "{empty:?}");
}

#[test]
fn overlapping_shifts_of_one_person_are_refused() {
    let day = shift("day", &["an", "bo"], &[6], time(5, 0, 0, 0), time(12, 0, 0, 0));
    let both = roster(vec![night(), day.clone()]);
    let found = check_roster(&both, &[], &units(), &people());
    assert_eq!(
        found[0].rule,
        "`an` has shift `day` on 2026-01-10 and shift `night` on 2026-01-09 at the same time"
    );
    let mut other = roster(vec![night()]);
    other.id = "other".into();
    let found = check_roster(&roster(vec![day]), &[other], &units(), &people());
    assert!(found[0].rule.contains("of roster `other`"), "{found:?}");
    // One ends when the other begins.
    let after = shift("day", &["an"], &[6], time(6, 0, 0, 0), time(12, 0, 0, 0));
    assert_eq!(check_roster(&roster(vec![night(), after]), &[], &units(), &people()), []);
}

#[test]
fn leaves_and_swaps_that_cannot_be_are_refused() {
    let people = people();
    let good = leave("an", "2026-12-04T00:00:00Z", "2026-12-05T00:00:00Z", Some("bo"));
    let book = DutyBook::default();
    assert_eq!(check_leave(&good, &[], &book, &people), []);
    let fields = |leave: Leave| -> Vec<String> {
        let others = std::slice::from_ref(&good);
        check_leave(&leave, others, &book, &people).into_iter().map(|v| v.field).collect()
    };
    let other = |person: &str, stand_in| Leave {
        id: Uuid::from_u128(2),
        ..leave(person, "2026-12-04T12:00:00Z", "2026-12-06T00:00:00Z", stand_in)
    };
    assert_eq!(fields(other("an", None)), ["from"]);
    assert_eq!(fields(other("bo", Some("bo"))), ["stand_in_id"]);
    assert_eq!(fields(other("nobody", Some("zhou"))), ["person_id", "stand_in_id"]);
    assert_eq!(fields(Leave { until: good.from, ..good.clone() }), ["until"]);

    let day = shift("day", &["bo"], &[6], time(5, 0, 0, 0), time(12, 0, 0, 0));
    let roster = roster(vec![night(), day]);
    let swap = |person: &str, stand_in: &str, day: Date| Swap {
        roster_id: "main".into(),
        shift: "night".into(),
        day,
        person_id: person.into(),
        stand_in_id: stand_in.into(),
    };
    let away = leave("chen", "2026-12-05T00:00:00Z", "2026-12-06T00:00:00Z", None);
    let book = DutyBook::new(vec![roster.clone()], vec![away], vec![]);
    let check = |swap: Swap| check_swap(&swap, &roster, &book, &people).pop().map(|v| v.field);
    let friday = date(2026, 12, 4);
    assert_eq!(check(swap("an", "ding", friday)), None);
    assert_eq!(check(swap("an", "bo", friday)).as_deref(), Some("stand_in_id"), "has the next shift");
    assert_eq!(check(swap("an", "chen", friday)), None, "the leave begins after it");
    assert_eq!(check(swap("an", "ding", date(2026, 12, 3))).as_deref(), Some("date"));
    assert_eq!(check(swap("bo", "ding", friday)).as_deref(), Some("person_id"));
    assert_eq!(check(swap("an", "an", friday)).as_deref(), Some("stand_in_id"));
}

/// What the property below compares with: every day around the instant, every shift, every person in it. `outsider` is of
/// another unit.
fn by_hand(
    roster: &Roster,
    leaves: &[Leave],
    swaps: &[Swap],
    outsider: Option<&str>,
    person: &str,
    at: Timestamp,
) -> bool {
    let away = |person: &str| leaves.iter().find(|l| l.person_id == person && l.from <= at && at < l.until);
    let zone = zone(&roster.time_zone).unwrap();
    let today = at.to_zoned(zone.clone()).date();
    (-3..=3).map(|n: i32| today + n.days()).any(|day| {
        roster.shifts.iter().filter(|shift| shift.occurs(day)).any(|shift| {
            let start = day.to_datetime(shift.start).to_zoned(zone.clone()).unwrap().timestamp();
            let last = if shift.end > shift.start { day } else { day + 1.days() };
            let end = last.to_datetime(shift.end).to_zoned(zone.clone()).unwrap().timestamp();
            let runs = start <= at && at < end;
            runs && shift.person_ids.iter().any(|owner| {
                let swap =
                    swaps.iter().find(|s| s.person_id == *owner && s.shift == shift.name && s.day == day);
                let mut who = Some(swap.map_or(owner.as_str(), |swap| &swap.stand_in_id));
                // Each of four hands it on once at most.
                for _ in 0..=PEOPLE.len() {
                    who = who.filter(|who| who == owner || Some(*who) != outsider);
                    match who.and_then(away) {
                        Some(leave) => who = leave.stand_in_id.as_deref(),
                        None => return who == Some(person),
                    }
                }
                false
            })
        })
    })
}

/// Instants at which somebody's duty may change.
fn edges(roster: &Roster, leaves: &[Leave], first: Date, days: i32) -> BTreeSet<Timestamp> {
    let zone = zone(&roster.time_zone).unwrap();
    let windows = (-2..days + 2).map(|n| first + n.days()).flat_map(|day| {
        let occurring = roster.shifts.iter().filter(move |shift| shift.occurs(day));
        occurring.filter_map(|shift| shift.window(day, &zone)).collect::<Vec<_>>()
    });
    windows
        .flat_map(|window| [window.start, window.end])
        .chain(leaves.iter().flat_map(|leave| [leave.from, leave.until]))
        .collect()
}

fn any_shift() -> impl proptest::strategy::Strategy<Value = Shift> {
    let hour = || {
        (0_i8..24, prop::sample::select(vec![0_i8, 30])).prop_map(|(hour, minute)| time(hour, minute, 0, 0))
    };
    (
        prop::collection::btree_set(0_usize..4, 1..4),
        prop::collection::btree_set(1_u8..8, 0..5),
        prop::collection::btree_set((1_i8..15).prop_map(|day| date(2026, 3, day)), 0..4),
        prop::collection::btree_set((1_i8..15).prop_map(|day| date(2026, 3, day)), 0..3),
        (1_i8..15, prop::option::of(0_i8..10), any::<bool>()),
        hour(),
        hour(),
    )
        .prop_map(|(people, weekdays, dates, except, (first, length, begins), start, end)| Shift {
            first_day: begins.then(|| date(2026, 3, first)),
            last_day: length.map(|length| date(2026, 3, first + length)),
            person_ids: people.into_iter().map(|n| PEOPLE[n].to_owned()).collect(),
            dates,
            except,
            ..shift("", &[], &weekdays.into_iter().collect::<Vec<_>>(), start, end)
        })
}

fn any_leave() -> impl proptest::strategy::Strategy<Value = Leave> {
    let base = instant("2026-03-01T00:00:00Z");
    (0_usize..4, prop::option::of(0_usize..4), 0_i64..300, 1_i64..120).prop_map(
        move |(person, stand_in, from, hours)| Leave {
            id: Uuid::from_u128(1),
            person_id: PEOPLE[person].into(),
            from: base + from.hours(),
            until: base + (from + hours).hours(),
            stand_in_id: stand_in.filter(|n| *n != person).map(|n| PEOPLE[n].to_owned()),
            reason: String::new(),
        },
    )
}

proptest! {
    /// Somebody is on duty iff a shift is theirs at that instant, or one that they stand in for, and they are not on
    /// leave; windows are half open; nothing changes but at an edge. Also where clocks are put forward and back.
    #[test]
    fn duty_is_what_rosters_leave_and_swaps_say(
        shifts in prop::collection::vec(any_shift(), 1..4),
        leaves in prop::collection::vec(any_leave(), 0..5),
        outsider in prop::option::of(0_usize..4),
        swapped in prop::collection::vec((0_usize..4, 1_i8..15, 0_usize..4, 0_usize..4), 0..4),
        zone_name in prop::sample::select(vec![DEFAULT_ZONE, "America/New_York", "Pacific/Auckland"]),
        minutes in prop::collection::vec(0_i64..20_160, 8),
    ) {
        let mut roster = roster(shifts);
        roster.time_zone = zone_name.into();
        for (n, shift) in roster.shifts.iter_mut().enumerate() {
            shift.name = format!("s{n}");
        }
        // One leave of a person at a time, as is checked when it is recorded.
        let mut kept: Vec<Leave> = Vec::new();
        for leave in leaves {
            if !kept.iter().any(|k| k.person_id == leave.person_id) {
                kept.push(leave);
            }
        }
        let mut swaps: Vec<Swap> = Vec::new();
        for (shift, day, person, stand_in) in swapped {
            let swap = Swap {
                roster_id: "main".into(),
                shift: format!("s{shift}"),
                day: date(2026, 3, day),
                person_id: PEOPLE[person].into(),
                stand_in_id: PEOPLE[stand_in].into(),
            };
            let same = |s: &Swap| s.shift == swap.shift && s.day == swap.day && s.person_id == swap.person_id;
            if person != stand_in && !swaps.iter().any(same) {
                swaps.push(swap);
            }
        }
        let outsider = outsider.map(|n| PEOPLE[n]);
        let mut people = people();
        people.retain(|id, _| Some(id.as_str()) != outsider);
        let book = DutyBook::new(vec![roster.clone()], kept.clone(), swaps.clone()).with_people(people);
        let on = |person: &str, at: Timestamp| matches!(book.unit("roads", at).of(person), Standing::OnDuty(_));
        let first = instant("2026-03-01T00:00:00Z");
        let edges = edges(&roster, &kept, date(2026, 3, 1), 16);
        let mut looked_at: Vec<Timestamp> = minutes.into_iter().map(|minute| first + minute.minutes()).collect();
        looked_at.extend(edges.iter().flat_map(|edge| [*edge, *edge - 1.nanoseconds()]));
        let over = first + (14 * 24).hours();
        for at in looked_at.into_iter().filter(|at| first <= *at && *at < over) {
            // Edges are known from the first day on.
            let before = edges.range(first..=at).next_back().copied();
            let after = edges.range(at + 1.nanoseconds()..).next().copied();
            let duty = book.unit("roads", at);
            for person in PEOPLE {
                let now = on(person, at);
                let expected = by_hand(&roster, &kept, &swaps, outsider, person, at);
                prop_assert_eq!(now, expected, "{} at {}", person, at);
                if let (Some(before), Some(after)) = (before, after) {
                    prop_assert_eq!(now, on(person, before), "{} between {} and {}", person, before, at);
                    prop_assert_eq!(now, on(person, after - 1.nanoseconds()), "{} from {} on", person, at);
                }
                if let Standing::OnDuty(duty) = duty.of(person) {
                    prop_assert!(duty.until.is_some_and(|until| at < until && edges.contains(&until)));
                }
            }
        }
    }

    /// Two shifts clash iff there is an instant at which both are.
    #[test]
    fn clashes_are_found(
        one in any_shift(),
        other in any_shift(),
        zone_names in prop::sample::select(vec![
            (DEFAULT_ZONE, DEFAULT_ZONE),
            (DEFAULT_ZONE, "Asia/Kolkata"),
            (DEFAULT_ZONE, "America/New_York"),
            ("America/New_York", "America/New_York"),
        ]),
    ) {
        let zones = (zone(zone_names.0).unwrap(), zone(zone_names.1).unwrap());
        let windows = |shift: &Shift, zone: &TimeZone| -> Vec<Window> {
            (-3..40).map(|n: i32| date(2026, 2, 20) + n.days()).filter(|day| shift.occurs(*day))
                .filter_map(|day| shift.window(day, zone)).collect()
        };
        let (mine, its) = (windows(&one, &zones.0), windows(&other, &zones.1));
        let meet = mine.iter().any(|a| its.iter().any(|b| a.meets(b)));
        prop_assert_eq!(clash((&one, &zones.0), (&other, &zones.1)).is_some(), meet);
    }
}
