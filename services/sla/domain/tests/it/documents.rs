//! Every fault of a calendar document is reported with its path.

use gongdan_sla_domain::calendar::Calendar;

fn faults(json: &str) -> Vec<String> {
    match Calendar::read(json, 1) {
        Ok(_) => Vec::new(),
        Err(faults) => faults.into_iter().map(|fault| fault.field).collect(),
    }
}

#[test]
fn the_shipped_calendar_has_no_fault_and_knows_its_years() {
    let calendar = crate::cn();
    assert_eq!(calendar.id(), "cn@1");
    assert_eq!(calendar.years().into_iter().collect::<Vec<_>>(), (2004..=2026).collect::<Vec<_>>());
}

#[test]
fn all_faults_are_reported_at_once() {
    let json = r#"{
        "key": "C N", "name": "", "time_zone": "Asia/Atlantis",
        "week": {"monday": ["09:00-12:00", "11:00-18:00"], "mittwoch": []},
        "years": {
            "2026": {"days_off": [{"date": "2026-02-30"}, {"date": "2025-01-01"}, {"date": "2026-01-01"}],
                     "make_up_workdays": [{"date": "2026-01-01"}],
                     "half_days": [{"date": "2026-01-02", "windows": []},
                                   {"date": "2026-01-05", "windows": ["12:00-12:00"]}]},
            "0026": {}, "soon": {}},
        "regions": [{"region": "44x"}, {"region": "990000"}, {"region": "440000"}, {"region": "44"}]
    }"#;
    let mut found = faults(json);
    found.sort();
    assert_eq!(
        found,
        [
            "key",
            "name",
            "regions[0].region",
            "regions[1].region",
            "regions[3].region",
            "time_zone",
            "week",
            "week.mittwoch",
            "week.monday[1]",
            "years.0026",
            "years.2026.days_off[0].date",
            "years.2026.days_off[1].date",
            "years.2026.half_days[0].windows",
            "years.2026.half_days[1].windows[0]",
            "years.2026.make_up_workdays[0].date",
            "years.soon",
        ]
    );
}

#[test]
fn what_is_not_a_document_is_one_fault() {
    for json in [
        "",
        "[]",
        "{}",
        "{\"key\": 1}",
        "\u{0}",
        r#"{"key":"a","name":"b","time_zone":"UTC","week":{},"weeks":{}}"#,
    ] {
        assert_eq!(faults(json), ["$"], "{json:?}");
    }
}
