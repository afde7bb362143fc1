//! Swaps, and rosters that change beneath them.

use super::*;

const FRIDAY: Date = date(2026, 12, 4);

fn swap(roster: &str, shift: &str, day: Date, person: &str, stand_in: &str) -> Swap {
    Swap {
        roster_id: roster.into(),
        shift: shift.into(),
        day,
        person_id: person.into(),
        stand_in_id: stand_in.into(),
    }
}

fn given(stand_in: &str) -> Swap {
    swap("main", "night", FRIDAY, "an", stand_in)
}

fn early(people: &[&str]) -> Shift {
    shift("early", people, &[6], time(5, 0, 0, 0), time(12, 0, 0, 0))
}

/// Before all of it.
fn now() -> Timestamp {
    instant("2026-12-01T00:00:00Z")
}

fn rules(found: Vec<crate::Violation>) -> Vec<String> {
    found.into_iter().map(|violation| format!("{}: {}", violation.field, violation.rule)).collect()
}

#[test]
fn the_same_swap_again_is_no_obstacle_to_itself() {
    let nights = roster(vec![night()]);
    let book = DutyBook::new(vec![nights.clone()], vec![], vec![given("bo")]);
    assert_eq!(check_swap(&given("bo"), &nights, &book, &people()), []);
    assert_eq!(check_swap(&given("chen"), &nights, &book, &people()), [], "nor to another of the same shift");
    let mut two = roster(vec![night()]);
    two.shifts[0].person_ids.push("ding".into());
    let book = DutyBook::new(vec![two.clone()], vec![], vec![given("bo")]);
    let second = Swap { person_id: "ding".into(), ..given("bo") };
    assert_eq!(
        rules(check_swap(&second, &two, &book, &people())),
        ["stand_in_id: `bo` has shift `night` of roster `main` on 2026-12-04 at the same time"]
    );
}

#[test]
fn a_shift_comes_back_only_to_somebody_who_is_there_and_free() {
    let both = roster(vec![night(), early(&["ding"])]);
    let back = |leaves: Vec<Leave>, more: Vec<Swap>| {
        let swaps = [vec![given("bo")], more].concat();
        rules(check_give_back(&given(""), &both, &DutyBook::new(vec![both.clone()], leaves, swaps)))
    };
    assert_eq!(back(vec![], vec![]), Vec::<String>::new());
    let taken = swap("main", "early", date(2026, 12, 5), "ding", "an");
    assert_eq!(
        back(vec![], vec![taken]),
        ["person_id: `an` has shift `early` of roster `main` on 2026-12-05 at the same time"]
    );
    let away = leave("an", "2026-12-05T00:00:00+08:00", "2026-12-06T00:00:00+08:00", None);
    assert_eq!(
        back(vec![away], vec![]),
        ["person_id: `an` is on leave from 2026-12-04T16:00:00Z until 2026-12-05T16:00:00Z"]
    );
    let gone = swap("main", "gone", FRIDAY, "an", "");
    assert_eq!(
        check_give_back(&gone, &both, &DutyBook::default()),
        [],
        "what is gone is given back all the same"
    );
}

#[test]
fn a_roster_drops_the_swaps_whose_shift_day_or_people_are_gone() {
    let nights = || roster(vec![night()]);
    let dropped = |roster: Roster, people: &HashMap<String, PersonEntry>| {
        let (dropped, found) = settle_swaps(&roster, &[], vec![given("bo")], people, now());
        assert_eq!(found, []);
        dropped.len()
    };
    let everybody = people();
    assert_eq!(dropped(nights(), &everybody), 0);
    let mut other = nights();
    other.shifts[0].name = "late".into();
    assert_eq!(dropped(other, &everybody), 1, "no such shift");
    let mut other = nights();
    other.shifts[0].except.insert(FRIDAY);
    assert_eq!(dropped(other, &everybody), 1, "not on that day");
    let mut other = nights();
    other.shifts[0].person_ids = vec!["chen".into()];
    assert_eq!(dropped(other, &everybody), 1, "no longer whose it is");
    let mut without = people();
    without.insert("bo".into(), PersonEntry::of(["env"]));
    assert_eq!(dropped(nights(), &without), 1, "the stand-in is of another unit");
    let elsewhere = swap("other", "night", FRIDAY, "an", "bo");
    assert_eq!(
        settle_swaps(&nights(), &[], vec![elsewhere], &everybody, now()).0,
        [],
        "another roster's stay"
    );
}

#[test]
fn a_roster_that_gives_a_stand_in_two_shifts_at_a_time_is_refused() {
    let both = roster(vec![early(&["bo"]), night()]);
    let (dropped, found) = settle_swaps(&both, &[], vec![given("bo")], &people(), now());
    assert_eq!(dropped, []);
    assert_eq!(
        rules(found),
        [
            "roster.shifts[1]: `bo` has shift `night` of roster `main` on 2026-12-04 instead of `an`, and shift `early` of \
             roster `main` on 2026-12-05 at the same time: give that back first"
        ]
    );
    let later = instant("2026-12-05T06:00:00+08:00");
    assert_eq!(settle_swaps(&both, &[], vec![given("bo")], &people(), later).1, [], "it is over");
    // The same, where the swap is another roster's.
    let mut other = roster(vec![night()]);
    other.id = "other".into();
    let theirs = swap("other", "night", FRIDAY, "an", "bo");
    let only_early = roster(vec![early(&["bo"])]);
    let (_, found) = settle_swaps(&only_early, &[other.clone()], vec![theirs.clone()], &people(), now());
    assert!(
        found[0].field == "roster.shifts[0]" && found[0].rule.contains("of roster `other` on 2026-12-04")
    );
    let free = roster(vec![early(&["chen"])]);
    assert_eq!(settle_swaps(&free, &[other], vec![theirs], &people(), now()), (vec![], vec![]));
}
