//! S1: calendars are imported, versioned, and counted by.

use crate::suite::{Suite, at, refused, refused_fields};
use gongdan_clock::{Clock as _, SystemClock, new_id};
use gongdan_proto::{
    from_timestamp,
    sla::v1::{self as pb, preview_deadline_request::Amount},
    to_timestamp,
};
use tonic::Code;

fn document(holiday: &str) -> String {
    format!(
        r#"{{"key": "desk", "name": "Desk", "time_zone": "Asia/Shanghai",
            "week": {{"monday": ["08:00-20:00"], "tuesday": ["08:00-20:00"], "sunday": ["10:00-14:00"]}},
            "years": {{"2026": {{"days_off": [{{"date": "{holiday}", "holiday": "Founder's day"}}]}}}}}}"#
    )
}

fn import(document: &str) -> pb::ImportCalendarRequest {
    pb::ImportCalendarRequest {
        request_id: new_id(SystemClock.now()).to_string(),
        document: document.into(),
        ..Default::default()
    }
}

#[tokio::test]
async fn an_import_makes_a_version_that_counts_at_once() {
    let suite = Suite::at("2026-03-02T09:00").await;
    let service = suite.serve().await;
    let mut client = suite.calendars(&service, "admin");

    let first = client.import_calendar(import(&document("2026-03-03"))).await.unwrap().into_inner();
    assert_eq!((first.key.as_str(), first.version, first.created), ("desk", 1, true));
    assert_eq!((first.imported_by.as_str(), first.years.as_slice()), ("admin", [2026].as_slice()));
    let same = client.import_calendar(import(&document("2026-03-03"))).await.unwrap().into_inner();
    assert_eq!((same.version, same.created), (1, false));
    let second = client.import_calendar(import(&document("2026-03-08"))).await.unwrap().into_inner();
    assert_eq!((second.version, second.created), (2, true));

    let old = client.get_calendar(pb::GetCalendarRequest { key: "desk".into(), version: 1 }).await.unwrap();
    assert!(old.into_inner().document.contains("2026-03-03"));
    let newest =
        client.get_calendar(pb::GetCalendarRequest { key: "desk".into(), version: 0 }).await.unwrap();
    assert_eq!(newest.into_inner().version, 2);

    let mut clocks = suite.clocks(&service, "li.wei");
    for (calendar, due) in
        [("desk", "2026-03-03T20:00"), ("desk@1", "2026-03-08T14:00"), ("desk@2", "2026-03-03T20:00")]
    {
        let request = pb::PreviewDeadlineRequest {
            calendar: calendar.into(),
            start: Some(to_timestamp(at("2026-03-02T09:00"))),
            amount: Some(Amount::WorkingDays(1)),
            ..Default::default()
        };
        let answer = clocks.preview_deadline(request).await.unwrap().into_inner();
        assert_eq!(from_timestamp(&answer.due_at.unwrap()), Ok(at(due)), "{calendar}");
    }

    let request = pb::ListCalendarsRequest { page_size: 1, page_token: String::new() };
    let page = client.list_calendars(request).await.unwrap().into_inner();
    assert_eq!(page.calendars[0].key, "cn");
    let request = pb::ListCalendarsRequest { page_size: 1, page_token: page.next_page_token };
    let page = client.list_calendars(request).await.unwrap().into_inner();
    assert_eq!((page.calendars[0].key.as_str(), page.calendars[0].version), ("desk", 2));
    assert_eq!(page.next_page_token, "");
    service.stop().await;
}

#[tokio::test]
async fn a_repeated_request_is_answered_and_another_body_refused() {
    let suite = Suite::at("2026-03-02T09:00").await;
    let service = suite.serve().await;
    let mut client = suite.calendars(&service, "admin");
    let request = import(&document("2026-03-03"));
    let first = client.import_calendar(request.clone()).await.unwrap().into_inner();
    client.import_calendar(import(&document("2026-03-08"))).await.unwrap();
    let again = client.import_calendar(request.clone()).await.unwrap().into_inner();
    assert_eq!(first, again, "as it was answered then");

    let other = pb::ImportCalendarRequest { document: document("2026-03-09"), ..request };
    let status = client.import_calendar(other).await.unwrap_err();
    assert_eq!(refused(&status), (Code::AlreadyExists, "REQUEST_ID_REUSED".into()));
    let newest =
        client.get_calendar(pb::GetCalendarRequest { key: "desk".into(), version: 0 }).await.unwrap();
    assert_eq!(newest.into_inner().version, 2, "nothing was written");
    service.stop().await;
}

#[tokio::test]
async fn a_calendar_that_is_wrong_is_refused_with_every_fault() {
    let suite = Suite::at("2026-03-02T09:00").await;
    let service = suite.serve().await;
    let mut client = suite.calendars(&service, "admin");
    let cases: [(&str, &[&str]); 4] = [
        (
            r#"{"key": "x", "name": "x", "time_zone": "Mars/Olympus", "week": {"monday": ["09:00-12:00", "11:00-18:00"], "friday": ["12:00-12:00"]}}"#,
            &["document.time_zone", "document.week.friday[0]", "document.week.monday[1]", "document.week"],
        ),
        (
            r#"{"key": "x", "name": "x", "time_zone": "UTC", "week": {"monday": ["09:00-12:00"]}, "years": {"2026": {"days_off": [{"date": "2026-02-29"}]}}}"#,
            &["document.years.2026.days_off[0].date"],
        ),
        ("not json", &["document"]),
        ("", &["document"]),
    ];
    for (json, fields) in cases {
        let mut found = refused_fields(&client.import_calendar(import(json)).await.unwrap_err());
        let mut expected: Vec<_> = fields.iter().map(ToString::to_string).collect();
        found.sort();
        expected.sort();
        assert_eq!(found, expected, "{json}");
    }
    let large = format!("{}{}", document("2026-03-03"), " ".repeat(1024 * 1024));
    assert_eq!(refused_fields(&client.import_calendar(import(&large)).await.unwrap_err()), ["document"]);
    let no_id = pb::ImportCalendarRequest { request_id: "1".into(), ..import(&document("2026-03-03")) };
    assert_eq!(refused_fields(&client.import_calendar(no_id).await.unwrap_err()), ["request_id"]);

    let status =
        client.get_calendar(pb::GetCalendarRequest { key: "x".into(), version: 0 }).await.unwrap_err();
    assert_eq!(refused(&status), (Code::NotFound, "CALENDAR_NOT_FOUND".into()));
    let request = pb::ListCalendarsRequest { page_size: 501, page_token: "%".into() };
    let status = client.list_calendars(request).await.unwrap_err();
    assert_eq!(refused_fields(&status), ["page_size", "page_token"]);

    let mut handler = suite.calendars(&service, "li.wei");
    let status = handler.import_calendar(import(&document("2026-03-03"))).await.unwrap_err();
    assert_eq!(status.code(), Code::PermissionDenied);
    service.stop().await;
}
