use super::*;
use gongdan_classify::{Bag, Settings};
use gongdan_region::RegionCode;

const NOISE: &str = "环境/噪音";
const ROADS: &str = "市政/道路";
const WORDS: [(&str, &str, [&str; 4]); 2] = [
    (NOISE, "env", ["夜间施工噪音", "楼下广场舞扰民", "工地半夜打桩噪音", "音响扰民"]),
    (ROADS, "roads", ["路灯不亮", "马路坑洼", "路面井盖破损", "人行道路面被占"]),
];

fn region(code: &str) -> RegionCode {
    RegionCode::parse(code).unwrap()
}

/// The county `440106` has `env`, `roads`, `new` and the city's `city`; the county `440105` only `other`.
fn covering(code: RegionCode) -> Vec<String> {
    let units: &[&str] = match code.to_string().get(..6) {
        Some("440106") => &["city", "env", "new", "roads"],
        Some("440105") => &["city", "other"],
        _ => &["city"],
    };
    units.iter().map(|unit| (*unit).to_owned()).collect()
}

fn lesson(text: &str, item: &str, unit: &str) -> Lesson {
    Lesson {
        bag: Bag::of(text, "请处理"), item: item.into(), unit_id: unit.into(), region: region("440106")
    }
}

fn lessons() -> Lessons {
    (0..40_usize)
        .map(|n| {
            let (item, unit, words) = WORDS[n % 2];
            lesson(&format!("{}{}", words[n / 2 % 4], words[n / 8 % 4]), item, unit)
        })
        .collect()
}

fn train(lessons: Lessons) -> Result<(Suggester, Judged), TooLittle> {
    train_suggester(lessons, &covering, &Settings::default(), &mut |_, _| true)
}

fn first(hits: &[Hit]) -> &str {
    hits.first().map_or("", |hit| &hit.key)
}

#[test]
fn items_and_units_are_suggested_as_past_tickets_turned_out() {
    let (suggester, judged) = train(lessons()).unwrap();
    assert!(judged.items.top1 > 0.9 && judged.units.as_ref().unwrap().top1 > 0.9, "{judged:?}");
    assert_eq!((judged.items.tickets, judged.items.left_out, judged.items.classes), (40, 0, 2));
    for (item, unit, words) in WORDS {
        let text = Bag::of(words[0], "");
        assert_eq!(first(&suggester.items(&text, None, 3)), item);
        let among = covering(region("440106"));
        assert_eq!(first(&suggester.units(&text, None, &among, 3)), unit);
        assert_eq!(first(&suggester.units(&text, Some(item), &among, 3)), unit);
    }
}

#[test]
fn an_item_that_cannot_be_chosen_any_more_is_not_suggested() {
    let (suggester, _) = train(lessons()).unwrap();
    let text = Bag::of(WORDS[0].2[0], "");
    let offered = std::collections::HashSet::from([WORDS[1].0.to_owned()]);
    let hits = suggester.items(&text, Some(&offered), 3);
    assert_eq!(hits, [Hit { key: WORDS[1].0.into(), confidence: 1.0 }]);
    assert!(suggester.items(&text, Some(&std::collections::HashSet::new()), 3).is_empty());
}

#[test]
fn a_unit_that_does_not_cover_the_region_is_not_suggested() {
    let (suggester, _) = train(lessons()).unwrap();
    let text = Bag::of("夜间施工噪音", "");
    assert!(suggester.units(&text, None, &covering(region("440105")), 3).is_empty());
    let hits = suggester.units(&text, None, &["roads".to_owned()], 3);
    assert_eq!(hits, [Hit { key: "roads".into(), confidence: 1.0 }]);
}

#[test]
fn the_item_decides_between_units_when_the_words_do_not() {
    let (suggester, _) = train(lessons()).unwrap();
    let text = Bag::of("请处理", "");
    let among = covering(region("440106"));
    assert_eq!(first(&suggester.units(&text, Some(NOISE), &among, 3)), "env");
    assert_eq!(first(&suggester.units(&text, Some(ROADS), &among, 3)), "roads");
}

#[test]
fn tickets_that_say_nothing_are_left_out_and_counted() {
    let mut all = lessons();
    all.push(lesson("不知道", "unclassified", "imported"));
    all.push(lesson("不知道", "", ""));
    all.extend((0..4).map(|_| lesson("罕见事项", "罕见", "new")));
    // Nothing to choose from there: the other unit was never heard of.
    all.extend((0..8).map(|_| Lesson { region: region("440105"), ..lesson("噪音", NOISE, "other") }));
    let (suggester, judged) = train(all).unwrap();
    assert_eq!(suggester.classes(), (2, 2));
    assert_eq!((judged.items.tickets, judged.items.left_out), (48, 6));
    let units = judged.units.unwrap();
    assert_eq!((units.tickets, units.left_out, units.classes), (40, 14, 2));
}

#[test]
fn too_little_is_said_with_what_there_is() {
    let one: Lessons = lessons().into_iter().filter(|lesson| lesson.item == NOISE).collect();
    assert_eq!(train(one).unwrap_err(), TooLittle::Items { tickets: 20, classes: 1 });
    assert_eq!(train(Vec::new()).unwrap_err(), TooLittle::Items { tickets: 0, classes: 0 });
    let stopped = train_suggester(lessons(), &covering, &Settings::default(), &mut |part, share| {
        part == TrainingPart::Items && share < 0.5
    });
    assert_eq!(stopped.unwrap_err(), TooLittle::Stopped);
    // Without any unit items are still suggested.
    let homeless = lessons().into_iter().map(|lesson| Lesson { unit_id: String::new(), ..lesson }).collect();
    let (suggester, judged) = train(homeless).unwrap();
    assert!(judged.units.is_none());
    assert!(suggester.units(&Bag::of("噪音", ""), None, &covering(region("440106")), 3).is_empty());
}

#[test]
fn it_learns_from_what_resolves_and_says_what_it_would_have_said() {
    let (mut suggester, _) = train(lessons()).unwrap();
    let among = covering(region("440106"));
    assert_eq!(
        suggester.learn(&lesson("夜间施工噪音", NOISE, "env"), &among),
        Hits { item: Some(true), unit: Some(true) }
    );
    // What noise was is roads from now on.
    let turned = lesson("广场舞", ROADS, "roads");
    assert_eq!(suggester.learn(&turned, &among), Hits { item: Some(false), unit: Some(false) });
    for _ in 0..10 {
        suggester.learn(&turned, &among);
    }
    assert_eq!(first(&suggester.items(&turned.bag, None, 1)), ROADS);
    assert_eq!(first(&suggester.units(&turned.bag, None, &among, 1)), "roads");
    // What it does not know says nothing.
    assert_eq!(suggester.learn(&lesson("噪音", "新事项", "new"), &among), Hits::default());
}

#[test]
fn bytes_keep_it() {
    let (suggester, _) = train(lessons()).unwrap();
    let bytes = suggester.to_bytes();
    assert_eq!(Suggester::from_bytes(&bytes).unwrap(), suggester);
    for cut in [0, 7, 8, 100, bytes.len() - 1] {
        assert!(Suggester::from_bytes(&bytes[..cut]).is_err(), "{cut}");
    }
    let without = Suggester { units: None, ..suggester };
    assert_eq!(Suggester::from_bytes(&without.to_bytes()).unwrap(), without);
}
