//! S1: days off and make-up workdays come in as iCalendar, laid on the week of a calendar that is there.

use crate::suite::{Suite, at, refused, refused_fields};
use gongdan_clock::{Clock as _, SystemClock, new_id};
use gongdan_proto::{
    from_timestamp,
    sla::v1::{self as pb, preview_deadline_request::Amount},
    to_timestamp,
};
use gongdan_testkit::Served;
use tonic::Code;

const NEXT_YEAR: &str = "DTSTART;VALUE=DATE:20270101\nDTEND;VALUE=DATE:20270104\nSUMMARY:元旦（休）
DTSTART;VALUE=DATE:20270109\nSUMMARY:元旦（班）\nX-APPLE-SPECIAL-DAY:ALTERNATE-WORKDAY
DTSTART;VALUE=DATE:20270206\nDURATION:P1W\nSUMMARY:春节（休）";

/// Events of an iCalendar file: each begins with its `DTSTART`.
fn file(events: &str) -> String {
    let mut lines = vec!["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//t//t//ZH", "X-WR-CALNAME:区里的节假日"];
    let mut open = false;
    for line in events.lines() {
        if line.starts_with("DTSTART") {
            if open {
                lines.push("END:VEVENT");
            }
            lines.push("BEGIN:VEVENT");
            open = true;
        }
        lines.push(line);
    }
    lines.extend(["END:VEVENT", "END:VCALENDAR", ""]);
    lines.join("\r\n")
}

fn import(events: &str, base: &str, key: &str) -> pb::ImportCalendarRequest {
    pb::ImportCalendarRequest {
        request_id: new_id(SystemClock.now()).to_string(),
        document: file(events),
        format: pb::CalendarFormat::Icalendar.into(),
        base: base.into(),
        key: key.into(),
    }
}

async fn due(suite: &Suite, service: &Served, calendar: &str, start: &str, days: i32) -> jiff::Timestamp {
    let request = pb::PreviewDeadlineRequest {
        calendar: calendar.into(),
        start: Some(to_timestamp(at(start))),
        amount: Some(Amount::WorkingDays(days)),
        ..Default::default()
    };
    let answer = suite.clocks(service, "li.wei").preview_deadline(request).await.unwrap().into_inner();
    from_timestamp(&answer.due_at.unwrap()).unwrap()
}

#[tokio::test]
async fn s1_the_days_of_a_file_become_a_version_on_the_week_of_the_base() {
    let suite = Suite::at("2026-11-30T09:00").await;
    let service = suite.serve().await;
    let mut client = suite.calendars(&service, "admin");

    let own = client.import_calendar(import(NEXT_YEAR, "cn", "district")).await.unwrap().into_inner();
    assert_eq!((own.key.as_str(), own.version, own.created), ("district", 1, true));
    assert_eq!((own.name.as_str(), own.time_zone.as_str()), ("区里的节假日", "Asia/Shanghai"));
    assert_eq!((own.years.last(), own.days_known), (Some(&2027), Some(32 + 365)));
    // 2027-01-04 is a Monday, Saturday 01-09 is worked
    assert_eq!(due(&suite, &service, "district", "2026-12-31T10:00", 6).await, at("2027-01-09T18:00"));
    assert_eq!(
        due(&suite, &service, "cn", "2026-12-31T10:00", 6).await,
        at("2027-01-08T18:00"),
        "cn knows none of it"
    );

    // onto the base itself
    let national = client.import_calendar(import(NEXT_YEAR, "cn@1", "")).await.unwrap().into_inner();
    assert_eq!((national.key.as_str(), national.version, national.created), ("cn", 2, true));
    assert_eq!(national.name, "中国法定工作日历");
    assert_eq!(due(&suite, &service, "cn", "2026-12-31T10:00", 6).await, at("2027-01-09T18:00"));
    let again = client.import_calendar(import(NEXT_YEAR, "cn", "cn")).await.unwrap().into_inner();
    assert_eq!((again.version, again.created), (2, false), "the same days are no new version");

    let stored = client
        .get_calendar(pb::GetCalendarRequest { key: "cn".into(), version: 2 })
        .await
        .unwrap()
        .into_inner();
    let stored: serde_json::Value = serde_json::from_str(&stored.document).unwrap();
    assert_eq!(stored["years"]["2027"]["days_off"].as_array().unwrap().len(), 10);
    assert_eq!(stored["years"]["2027"]["make_up_workdays"][0]["for"], "元旦");
    service.stop().await;
}

#[tokio::test]
async fn s1_a_repeated_file_is_answered_as_it_was_then() {
    let suite = Suite::at("2026-11-30T09:00").await;
    let service = suite.serve().await;
    let mut client = suite.calendars(&service, "admin");
    let request = import(NEXT_YEAR, "cn", "");
    let first = client.import_calendar(request.clone()).await.unwrap().into_inner();
    let more = "DTSTART:20270501\nSUMMARY:劳动节";
    client.import_calendar(import(more, "cn", "")).await.unwrap();
    assert_eq!(client.import_calendar(request.clone()).await.unwrap().into_inner(), first);
    let other = pb::ImportCalendarRequest { base: "cn@1".into(), ..request };
    let status = client.import_calendar(other).await.unwrap_err();
    assert_eq!(refused(&status), (Code::AlreadyExists, "REQUEST_ID_REUSED".into()));
    service.stop().await;
}

#[tokio::test]
async fn s1_a_broken_file_is_refused_with_its_lines_and_nothing_is_saved() {
    let suite = Suite::at("2026-11-30T09:00").await;
    let service = suite.serve().await;
    let mut client = suite.calendars(&service, "admin");
    let broken = [
        // the first event's DTSTART stands on line 6
        (
            "DTSTART:20270230\nSUMMARY:x\nDTSTART:20270501\nRRULE:FREQ=YEARLY",
            vec!["document:11", "document:6"],
        ),
        ("DTSTART:20270101\nSUMMARY:x\nno line", vec!["document:8"]),
        ("DTSTART:20270501\nDTSTART:20270501\nSUMMARY:补班", vec!["document:9"]),
        ("DTSTART;TZID=Asia/Shanghai:20270101T090000", vec!["document:6"]),
        ("DTSTART:20270101", vec!["document:6"]),
        ("DTSTART:20270501\nBEGIN:VALARM", vec!["document:8"]),
    ];
    for (events, fields) in broken {
        let status = client.import_calendar(import(events, "cn", "district")).await.unwrap_err();
        let mut found = refused_fields(&status);
        found.sort();
        assert_eq!(found, fields, "{events}");
    }
    let good = import(NEXT_YEAR, "cn", "district");
    for (request, field) in [
        (
            pb::ImportCalendarRequest {
                document: "BEGIN:VCALENDAR\nVERSION:2.0\nEND:VCALENDAR\n".into(),
                ..good.clone()
            },
            "document",
        ),
        (pb::ImportCalendarRequest { base: String::new(), ..good.clone() }, "base"),
        (pb::ImportCalendarRequest { base: "C N".into(), ..good.clone() }, "base"),
        (pb::ImportCalendarRequest { key: "C N".into(), ..good.clone() }, "key"),
        (
            pb::ImportCalendarRequest { format: 7, base: String::new(), key: String::new(), ..good.clone() },
            "format",
        ),
        (
            pb::ImportCalendarRequest {
                format: pb::CalendarFormat::Json.into(),
                key: String::new(),
                ..good.clone()
            },
            "base",
        ),
    ] {
        assert_eq!(refused_fields(&client.import_calendar(request).await.unwrap_err()), [field]);
    }
    for base in ["nowhere", "cn@9"] {
        let status = client.import_calendar(import(NEXT_YEAR, base, "district")).await.unwrap_err();
        assert_eq!(refused(&status), (Code::NotFound, "CALENDAR_NOT_FOUND".into()), "{base}");
    }
    let all =
        client.list_calendars(pb::ListCalendarsRequest::default()).await.unwrap().into_inner().calendars;
    assert_eq!(all.iter().map(|c| (c.key.as_str(), c.version)).collect::<Vec<_>>(), [("cn", 1)]);

    let mut handler = suite.calendars(&service, "li.wei");
    assert_eq!(handler.import_calendar(good.clone()).await.unwrap_err().code(), Code::PermissionDenied);
    assert!(client.import_calendar(good).await.unwrap().into_inner().created, "the id was not used up");
    service.stop().await;
}
