//! Who has a shift when stand-ins are away themselves.

use super::*;

const NIGHT: &str = "2026-12-05T01:00:00+08:00";

fn away(person: &str, stand_in: Option<&str>) -> Leave {
    leave(person, "2026-12-04T12:00:00+08:00", "2026-12-06T12:00:00+08:00", stand_in)
}

fn swap(person: &str, stand_in: &str) -> Swap {
    Swap {
        roster_id: "main".into(),
        shift: "night".into(),
        day: date(2026, 12, 4),
        person_id: person.into(),
        stand_in_id: stand_in.into(),
    }
}

fn book(leaves: Vec<Leave>, swaps: Vec<Swap>) -> DutyBook {
    DutyBook::new(vec![roster(vec![night()])], leaves, swaps).with_people(people())
}

/// Whom the standing of a person says has their shift.
fn said(book: &DutyBook, person: &str) -> Option<String> {
    match book.unit("roads", instant(NIGHT)).of(person) {
        Standing::OnLeave { stand_in_id, .. } => stand_in_id,
        Standing::Replaced { by } => by,
        other => panic!("{person}: {other:?}"),
    }
}

fn everybody_on_duty(book: &DutyBook) -> Vec<&'static str> {
    PEOPLE.into_iter().filter(|person| on_duty(book, person, NIGHT)).collect()
}

#[test]
fn a_stand_in_who_is_away_hands_on_what_they_stand_in_for() {
    let chain = book(vec![away("an", Some("bo")), away("bo", Some("chen"))], vec![]);
    assert_eq!(everybody_on_duty(&chain), ["chen"]);
    assert_eq!((said(&chain, "an").as_deref(), said(&chain, "bo").as_deref()), (Some("chen"), Some("chen")));
    let swapped = book(vec![away("bo", Some("chen"))], vec![swap("an", "bo")]);
    assert_eq!(everybody_on_duty(&swapped), ["chen"]);
    assert_eq!(said(&swapped, "an").as_deref(), Some("chen"));
    // Whose shift it is may be whom the one who took it names.
    let back = book(vec![away("bo", Some("an"))], vec![swap("an", "bo")]);
    assert_eq!(everybody_on_duty(&back), ["an"]);
}

#[test]
fn what_ends_with_nobody_is_shown_as_nobody() {
    for (what, leaves, swaps) in [
        ("no second stand-in", vec![away("an", Some("bo")), away("bo", None)], vec![]),
        ("a circle", vec![away("an", Some("bo")), away("bo", Some("an"))], vec![]),
        (
            "a circle behind a swap",
            vec![away("bo", Some("chen")), away("chen", Some("bo"))],
            vec![swap("an", "bo")],
        ),
    ] {
        let book = book(leaves, swaps);
        assert_eq!(everybody_on_duty(&book), Vec::<&str>::new(), "{what}");
        assert_eq!(said(&book, "an"), None, "{what}");
    }
}

#[test]
fn a_chain_holds_until_the_first_of_its_leaves_ends_or_another_begins() {
    let second = leave("bo", "2026-12-05T00:30:00+08:00", "2026-12-05T02:00:00+08:00", Some("chen"));
    let third = leave("chen", "2026-12-05T01:30:00+08:00", "2026-12-05T09:00:00+08:00", None);
    let book = book(vec![away("an", Some("bo")), second, third], vec![]);
    let until = |person: &str, at: &str| match book.unit("roads", instant(at)).of(person) {
        Standing::OnDuty(on) => on.until,
        other => panic!("{person}: {other:?}"),
    };
    assert_eq!(until("bo", "2026-12-04T23:00:00+08:00"), Some(instant("2026-12-05T00:30:00+08:00")));
    assert_eq!(until("chen", NIGHT), Some(instant("2026-12-05T01:30:00+08:00")));
    assert_eq!(until("bo", "2026-12-05T02:00:00+08:00"), Some(instant("2026-12-05T06:00:00+08:00")));
}

#[test]
fn whoever_cannot_have_a_shift_of_the_unit_stands_in_for_nobody() {
    let of_env = PersonEntry::of(["env"]);
    let gone = PersonEntry { active: false, ..PersonEntry::of(["roads"]) };
    let clerk = PersonEntry { handles: false, ..PersonEntry::of(["roads"]) };
    for entry in [of_env, gone, clerk] {
        let mut people = people();
        people.insert("bo".into(), entry);
        let book = book(vec![away("an", Some("bo"))], vec![]).with_people(people);
        assert_eq!((everybody_on_duty(&book), said(&book, "an")), (Vec::new(), None));
    }
}

#[test]
fn a_stand_in_who_is_away_meanwhile_is_refused() {
    let refused = |stand_in_away: Leave| {
        let asked = Leave { id: Uuid::from_u128(2), ..away("an", Some("bo")) };
        check_leave(&asked, &[stand_in_away], &DutyBook::default(), &people())
    };
    let found = refused(away("bo", Some("chen")));
    assert_eq!(found[0].field, "stand_in_id");
    assert_eq!(found[0].rule, "`bo` is on leave from 2026-12-04T04:00:00Z until 2026-12-06T04:00:00Z");
    let before = leave("bo", "2026-12-01T00:00:00+08:00", "2026-12-04T12:00:00+08:00", None);
    assert_eq!(refused(before), [], "it is over when the other begins");
}

#[test]
fn a_stand_in_belongs_to_every_unit_where_there_are_shifts_meanwhile() {
    let mut people = people();
    people.insert("an".into(), PersonEntry::of(["roads", "env"]));
    let env = |first: Date| {
        let mut roster = roster(vec![Shift { first_day: Some(first), ..night() }]);
        (roster.id, roster.unit_id) = ("env".into(), "env".into());
        roster
    };
    let check = |first: Date| {
        let book = DutyBook::new(vec![roster(vec![night()]), env(first)], vec![], vec![]);
        check_leave(&away("an", Some("bo")), &[], &book, &people)
    };
    let found = check(date(2026, 12, 1));
    assert_eq!(found[0].field, "stand_in_id");
    assert_eq!(found[0].rule, "`bo` does not belong to `env`, where `an` has shifts meanwhile");
    assert_eq!(check(date(2026, 12, 7)), [], "there are none meanwhile");
}

#[test]
fn who_handles_no_tickets_is_in_no_roster_and_stands_in_for_nobody() {
    let mut people = people();
    people.insert("bo".into(), PersonEntry { handles: false, ..PersonEntry::of(["roads"]) });
    let rule = "`bo` is no handler or unit leader";
    let found = check_leave(&away("an", Some("bo")), &[], &DutyBook::default(), &people);
    assert_eq!((found[0].field.as_str(), found[0].rule.as_str()), ("stand_in_id", rule));
    let nights = roster(vec![night()]);
    let found = check_swap(&swap("an", "bo"), &nights, &book(vec![], vec![]), &people);
    assert_eq!((found[0].field.as_str(), found[0].rule.as_str()), ("stand_in_id", rule));
    let both = roster(vec![shift("day", &["an", "bo"], &[1], time(8, 0, 0, 0), time(12, 0, 0, 0))]);
    let found = check_roster(&both, &[], &units(), &people);
    assert_eq!((found[0].field.as_str(), found[0].rule.as_str()), ("roster.shifts[0].person_ids[1]", rule));
}
