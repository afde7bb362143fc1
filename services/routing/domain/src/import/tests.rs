use super::*;
use gongdan_region::{RegionCode, Regions};
use proptest::prelude::*;

fn unit(id: &str, parent: &str) -> UnitRow {
    UnitRow {
        id: id.into(),
        name: format!("单位 {id}"),
        parent_id: parent.into(),
        region: "440106".into(),
        ..UnitRow::default()
    }
}

fn person(id: &str, unit: &str) -> PrincipalRow {
    PrincipalRow {
        id: id.into(),
        name: "李伟".into(),
        roles: vec!["handler".into()],
        unit_ids: vec![unit.into()],
        ..PrincipalRow::default()
    }
}

fn area(region: &str, item: &str, unit: &str) -> AreaRow {
    AreaRow { region: region.into(), item: item.into(), unit_id: unit.into(), ..AreaRow::default() }
}

fn known() -> Known {
    Known { default_issuer: "https://issuer".into(), ..Known::default() }
}

fn after(upload: &Upload, known: &Known) -> Known {
    let plan = plan(upload, known).unwrap();
    let mut after = known.clone();
    after.units.extend(plan.units_created.into_iter().chain(plan.units_changed).map(|u| (u.id.clone(), u)));
    after.principals.extend(
        plan.principals_created.into_iter().chain(plan.principals_changed).map(|p| (p.id.clone(), p)),
    );
    after.areas.retain(|area| !plan.areas_ended.contains(&area.id));
    let begun = plan.areas_begun.into_iter().enumerate();
    after.areas.extend(begun.map(|(n, area)| Area { id: 100 + i64::try_from(n).unwrap(), ..area }));
    after
}

fn violations(upload: &Upload) -> Vec<(String, String)> {
    plan(upload, &known()).unwrap_err().into_iter().map(|v| (v.field, v.rule)).collect()
}

fn fields(upload: &Upload) -> Vec<String> {
    violations(upload).into_iter().map(|(field, _)| field).collect()
}

#[test]
fn units_people_and_areas_come_in_one_upload_in_any_order() {
    let upload = Upload {
        units: vec![unit("crew", "env"), unit("env", "")],
        principals: vec![person("li.wei", "crew")],
        areas: vec![area("4401", "环境", "env")],
        replace_areas: false,
    };
    let first = plan(&upload, &known()).unwrap();
    assert_eq!(
        (first.units_created.len(), first.principals_created.len(), first.areas_begun.len()),
        (2, 1, 1)
    );
    let person = &first.principals_created[0];
    assert_eq!(
        (person.issuer.as_str(), person.subject.as_str(), person.tier),
        ("https://issuer", "li.wei", 1)
    );
    let again = plan(&upload, &after(&upload, &known())).unwrap();
    assert!(again.is_empty());
    assert_eq!(again.unchanged, 4);
}

#[test]
fn every_violation_is_listed_with_row_and_field() {
    let mut bad_unit = unit("BAD", "nowhere");
    bad_unit.name = String::new();
    bad_unit.region = "999999".into();
    bad_unit.valid_from = Some("2026-01-02T00:00:00Z".parse().unwrap());
    bad_unit.valid_to = Some("2026-01-01T00:00:00Z".parse().unwrap());
    let bad_person = PrincipalRow {
        id: "x y".into(),
        roles: vec!["king".into(), "agent".into(), "agent".into()],
        unit_ids: vec!["nowhere".into()],
        regions: vec!["440106".into(), "abc".into()],
        rights: vec!["all".into()],
        email: "nobody".into(),
        tier: 4,
        language: "fr".into(),
        name: "李\n伟".into(),
        ..PrincipalRow::default()
    };
    let mut range = area("440106900001", "", "ok");
    range.region_to = "440106".into();
    let upload = Upload {
        units: vec![unit("ok", ""), bad_unit, unit("ok", "")],
        principals: vec![person("li.wei", "ok"), bad_person],
        areas: vec![
            area("4401", "a//b", "ok"),
            area("abc", "", "nowhere"),
            area("4401", "", "ok"),
            area("440100", "", "ok"),
            range,
        ],
        replace_areas: false,
    };
    assert_eq!(
        fields(&upload),
        [
            "units[1].id",
            "units[1].name",
            "units[1].parent_id",
            "units[1].valid_to",
            "units[1].region",
            "units[2].id",
            "principals[1].id",
            "principals[1].name",
            "principals[1].roles[0]",
            "principals[1].roles[2]",
            "principals[1].rights[0]",
            "principals[1].unit_ids[0]",
            "principals[1].regions[1]",
            "principals[1].email",
            "principals[1].tier",
            "principals[1].language",
            "areas[0].item",
            "areas[1].unit_id",
            "areas[1].region",
            "areas[3].region",
            "areas[4].region_to",
        ]
    );
}

#[test]
fn a_circle_in_the_tree_is_refused_and_named() {
    let upload = Upload {
        units: vec![unit("a", "b"), unit("b", "c"), unit("c", "a"), unit("d", "a")],
        ..Upload::default()
    };
    let found = violations(&upload);
    assert_eq!(found.len(), 3);
    assert_eq!(found[0], ("units[0].parent_id".to_owned(), "a circle: a → b → c → a".to_owned()));
    let own = Upload { units: vec![unit("a", "a")], ..Upload::default() };
    assert_eq!(violations(&own)[0].1, "a circle: a → a");
}

#[test]
fn a_circle_through_known_units_is_refused() {
    let known =
        after(&Upload { units: vec![unit("top", ""), unit("below", "top")], ..Upload::default() }, &known());
    let found = plan(&Upload { units: vec![unit("top", "below")], ..Upload::default() }, &known).unwrap_err();
    assert_eq!(found[0].rule, "a circle: top → below → top");
}

#[test]
fn one_token_belongs_to_one_principal() {
    let mut double = person("wang", "u");
    double.subject = "li.wei".into();
    let upload = Upload {
        units: vec![unit("u", "")],
        principals: vec![person("li.wei", "u"), double.clone()],
        ..Upload::default()
    };
    assert_eq!(fields(&upload), ["principals[1].subject"]);
    let first = Upload { principals: vec![person("li.wei", "u")], ..upload };
    let known = after(&first, &known());
    let mut moved = person("li.wei", "u");
    moved.subject = "li.wei.old".into();
    let swap = Upload { principals: vec![moved, double], ..Upload::default() };
    assert!(plan(&swap, &known).is_ok());
}

#[test]
fn a_changed_responsibility_ends_the_old_area_and_begins_a_new_one() {
    let units = vec![unit("a", ""), unit("b", "")];
    let first =
        Upload { units, areas: vec![area("4401", "", "a"), area("4403", "", "a")], ..Upload::default() };
    let known = after(&first, &known());
    let change = Upload { areas: vec![area("440100", "", "b")], ..Upload::default() };
    let changed = plan(&change, &known).unwrap();
    assert_eq!((changed.areas_ended.clone(), changed.areas_begun.len()), (vec![100], 1));
    let replace = Upload { areas: vec![area("4401", "", "a")], replace_areas: true, ..Upload::default() };
    let replaced = plan(&replace, &known).unwrap();
    assert_eq!((replaced.areas_ended, replaced.areas_begun.len(), replaced.unchanged), (vec![101], 0, 1));
}

#[test]
fn too_many_rows_are_refused_unread() {
    let upload = Upload { areas: vec![AreaRow::default(); MAX_ROWS + 1], ..Upload::default() };
    assert_eq!(fields(&upload), ["units"]);
}

proptest! {
    /// Of any forest of parents an upload is refused exactly when following them does not end.
    #[test]
    fn only_trees_are_accepted(parents in prop::collection::vec(prop::option::of(0_usize..12), 1..12)) {
        let units: Vec<_> = parents.iter().enumerate().map(|(n, parent)| {
            let parent = parent.filter(|p| *p < parents.len()).map_or(String::new(), |p| format!("u{p}"));
            unit(&format!("u{n}"), &parent)
        }).collect();
        let endless = (0..parents.len()).any(|start| {
            let mut at = Some(start);
            (0..=parents.len()).all(|_| { at = at.and_then(|n| parents[n].filter(|p| *p < parents.len())); at.is_some() })
        });
        prop_assert_eq!(plan(&Upload { units, ..Upload::default() }, &known()).is_err(), endless);
    }

    /// What is planned once is not planned twice.
    #[test]
    fn a_second_upload_changes_nothing(areas in prop::collection::vec((prop::sample::select(vec!["44", "4401", "440106"]), prop::sample::select(vec!["", "x", "x/y"]), prop::bool::ANY), 0..10)) {
        let mut distinct = std::collections::BTreeMap::new();
        for (region, item, first) in areas {
            distinct.insert((region, item), first);
        }
        let upload = Upload {
            units: vec![unit("a", ""), unit("b", "a")],
            areas: distinct.into_iter().map(|((region, item), first)| area(region, item, if first { "a" } else { "b" })).collect(),
            replace_areas: true,
            ..Upload::default()
        };
        prop_assert!(plan(&upload, &after(&upload, &known())).unwrap().is_empty());
    }
}

#[test]
fn a_region_stands_for_its_subtree() {
    let upload =
        Upload { units: vec![unit("a", "")], areas: vec![area("440106", "", "a")], ..Upload::default() };
    let planned = plan(&upload, &known()).unwrap();
    assert_eq!(planned.areas_begun[0].range, Regions::national().range(RegionCode::parse("440106").unwrap()));
}
