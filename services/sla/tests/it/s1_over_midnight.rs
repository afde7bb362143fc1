//! S1: shifts over midnight, and calendars that leave no working time ahead.

use crate::suite::{Suite, at, refused_fields};
use gongdan_clock::{Clock as _, SystemClock, new_id};
use gongdan_proto::{
    from_timestamp,
    sla::v1::{self as pb, preview_deadline_request::Amount},
    to_timestamp,
};
use tonic::Code;

fn import(week: &str, more: &str) -> pb::ImportCalendarRequest {
    pb::ImportCalendarRequest {
        request_id: new_id(SystemClock.now()).to_string(),
        document: format!(
            r#"{{"key": "night", "name": "夜班", "time_zone": "Asia/Shanghai", "week": {{{week}}}{more}}}"#
        ),
        ..Default::default()
    }
}

#[tokio::test]
async fn s1_a_night_shift_closes_on_the_next_date_and_belongs_to_the_day_it_began() {
    let suite = Suite::at("2026-06-01T09:00").await;
    let service = suite.serve().await;
    let week = r#""monday": ["22:00-06:00"], "tuesday": ["22:00-06:00"], "wednesday": ["22:00-06:00"]"#;
    suite.calendars(&service, "admin").import_calendar(import(week, "")).await.unwrap();

    let mut client = suite.clocks(&service, "li.wei");
    // 2026-06-02 is a Tuesday; at 02:00 Monday's shift runs
    for (start, amount, due) in [
        ("2026-06-02T02:00", Amount::WorkingDays(1), "2026-06-04T06:00"),
        ("2026-06-02T02:00", Amount::WorkingDays(2), "2026-06-09T06:00"),
        ("2026-06-01T20:00", Amount::WorkingDays(1), "2026-06-03T06:00"),
        (
            "2026-06-02T02:00",
            Amount::WorkingHours(prost_types::Duration { seconds: 6 * 3_600, nanos: 0 }),
            "2026-06-03T00:00",
        ),
    ] {
        let request = pb::PreviewDeadlineRequest {
            calendar: "night".into(),
            start: Some(to_timestamp(at(start))),
            amount: Some(amount.clone()),
            ..Default::default()
        };
        let answer = client.preview_deadline(request).await.unwrap().into_inner();
        assert_eq!(from_timestamp(&answer.due_at.unwrap()), Ok(at(due)), "{start} {amount:?}");
        let counted: i32 = answer.days.iter().filter(|day| day.counted).map(|day| day.days).sum();
        if let Amount::WorkingDays(days) = amount {
            assert_eq!(counted, days, "{:?}", answer.days);
        }
    }
    service.stop().await;
}

#[tokio::test]
async fn s1_what_overlaps_or_leaves_no_working_time_is_refused_with_path_and_nothing_saved() {
    let suite = Suite::at("2026-06-01T09:00").await;
    let service = suite.serve().await;
    let mut client = suite.calendars(&service, "admin");
    let good = r#""monday": ["22:00-06:00"], "wednesday": ["09:00-12:00"]"#;
    let region = r#", "regions": [{"region": "440000", "week": {"friday": []}}]"#;
    let half = r#", "years": {"2026": {"half_days": [{"date": "2026-06-02", "windows": ["05:00-07:00"]}]}}"#;
    for (week, more, field) in [
        (r#""monday": ["22:00-06:00"], "tuesday": ["05:00-12:00"]"#, "", "document.week.tuesday[0]"),
        (r#""monday": ["22:00-22:00"], "tuesday": ["09:00-12:00"]"#, "", "document.week.monday[0]"),
        (r#""monday": ["22:00-06:00", "23:00-23:30"]"#, "", "document.week.monday[1]"),
        (r#""monday": []"#, "", "document.week"),
        (good, region, "document.regions[0].week"),
        (good, half, "document.years.2026.half_days[0].windows[0]"),
    ] {
        let status = client.import_calendar(import(week, more)).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument);
        assert!(
            refused_fields(&status).contains(&field.to_owned()),
            "{field}: {:?}",
            refused_fields(&status)
        );
    }
    let all =
        client.list_calendars(pb::ListCalendarsRequest::default()).await.unwrap().into_inner().calendars;
    assert_eq!(all.len(), 1);
    service.stop().await;
}
