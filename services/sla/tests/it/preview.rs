//! S9: what a deadline would be.

use crate::suite::{Suite, at, refused, refused_fields};
use gongdan_proto::{
    from_timestamp,
    sla::v1::{self as pb, preview_deadline_request::Amount},
    tickets::v1::{TicketType, Urgency},
    to_timestamp,
};
use prost_types::Duration;
use tonic::Code;

fn ask(local: &str, amount: Amount) -> pb::PreviewDeadlineRequest {
    pb::PreviewDeadlineRequest {
        calendar: "cn".into(),
        start: Some(to_timestamp(at(local))),
        amount: Some(amount),
        ..Default::default()
    }
}

const fn hours(hours: i64) -> Duration {
    Duration { seconds: hours * 3_600, nanos: 0 }
}

#[tokio::test]
async fn a_deadline_is_previewed_with_the_days_that_count() {
    let suite = Suite::at("2026-03-02T09:00").await;
    let service = suite.serve().await;
    let mut client = suite.clocks(&service, "li.wei");

    let answer =
        client.preview_deadline(ask("2026-02-13T16:30", Amount::WorkingDays(3))).await.unwrap().into_inner();
    assert_eq!(from_timestamp(&answer.due_at.unwrap()), Ok(at("2026-02-25T18:00")));
    assert_eq!((answer.calendar.as_str(), answer.amount.as_str()), ("cn@1", "3wd"));
    let days: Vec<_> = answer.days.iter().map(|d| (d.from.as_str(), d.kind(), d.days, d.counted)).collect();
    assert_eq!(
        days,
        [
            ("2026-02-13", pb::DayKind::Working, 1, false),
            ("2026-02-14", pb::DayKind::MakeUp, 1, true),
            ("2026-02-15", pb::DayKind::Holiday, 9, false),
            ("2026-02-24", pb::DayKind::Working, 2, true),
        ]
    );
    for (amount, due) in [
        (Amount::WorkingHours(hours(8)), "2026-02-14T16:30"),
        (Amount::ClockHours(hours(24)), "2026-02-14T16:30"),
    ] {
        let answer = client.preview_deadline(ask("2026-02-13T16:30", amount)).await.unwrap().into_inner();
        assert_eq!(from_timestamp(&answer.due_at.unwrap()), Ok(at(due)));
    }

    let local = pb::PreviewDeadlineRequest {
        start: None,
        local_start: "2026-12-30 10:00".into(),
        ..ask("2026-01-01T00:00", Amount::WorkingDays(3))
    };
    let answer = client.preview_deadline(local).await.unwrap().into_inner();
    assert_eq!(from_timestamp(&answer.due_at.unwrap()), Ok(at("2027-01-04T18:00")));
    assert_eq!(answer.missing_years, [2027], "its holidays are not known");
    service.stop().await;
}

#[tokio::test]
async fn attributes_select_the_policy() {
    let suite = Suite::at("2026-03-02T09:00").await;
    let service = suite.serve().await;
    let mut client = suite.clocks(&service, "li.wei");
    let mut preview = async |attributes: pb::PolicyAttributes| {
        let request = pb::PreviewDeadlineRequest {
            start: Some(to_timestamp(at("2026-03-02T09:00"))),
            amount: Some(Amount::Attributes(attributes)),
            ..Default::default()
        };
        client.preview_deadline(request).await.map(tonic::Response::into_inner)
    };
    let complaint = pb::PolicyAttributes { r#type: TicketType::Complaint.into(), ..Default::default() };
    let answer = preview(complaint.clone()).await.unwrap();
    assert_eq!((answer.policy.as_str(), answer.amount.as_str()), ("hotline@1", "15wd"));
    assert_eq!(answer.warn_at.len(), 2);

    let three_seven = pb::PolicyAttributes { policy_set: "three-seven".into(), ..complaint };
    assert_eq!(preview(three_seven).await.unwrap().amount, "7wd");
    let urgent = pb::PolicyAttributes {
        policy_set: "urgency@1".into(),
        urgency: Urgency::Critical.into(),
        ..Default::default()
    };
    assert_eq!(preview(urgent).await.unwrap().amount, "2h");

    let unknown = pb::PolicyAttributes { policy_set: "nothing".into(), ..Default::default() };
    assert_eq!(
        refused(&preview(unknown).await.unwrap_err()),
        (Code::NotFound, "POLICY_SET_NOT_FOUND".into())
    );
    let wrong = pb::PolicyAttributes {
        policy_set: "no such@thing".into(),
        r#type: 99,
        channel: -1,
        region: "990000".into(),
        ..Default::default()
    };
    assert_eq!(
        refused_fields(&preview(wrong).await.unwrap_err()),
        ["attributes.policy_set", "attributes.type", "attributes.channel", "attributes.region"]
    );
    service.stop().await;
}

#[tokio::test]
async fn impossible_questions_are_refused() {
    let suite = Suite::at("2026-03-02T09:00").await;
    let service = suite.serve().await;
    let mut client = suite.clocks(&service, "li.wei");
    let good = || ask("2026-02-13T16:30", Amount::WorkingDays(3));
    let invalid: Vec<(pb::PreviewDeadlineRequest, &[&str])> = vec![
        (ask("2026-02-13T16:30", Amount::WorkingDays(0)), &["working_days"]),
        (ask("2026-02-13T16:30", Amount::WorkingDays(-1)), &["working_days"]),
        (ask("2026-02-13T16:30", Amount::WorkingDays(3_651)), &["working_days"]),
        (ask("2026-02-13T16:30", Amount::WorkingHours(hours(0))), &["working_hours"]),
        (
            ask("2026-02-13T16:30", Amount::WorkingHours(Duration { seconds: 1, nanos: 1 })),
            &["working_hours"],
        ),
        (ask("2026-02-13T16:30", Amount::ClockHours(hours(-1))), &["clock_hours"]),
        (ask("2026-02-13T16:30", Amount::ClockHours(hours(1_000_000))), &["clock_hours"]),
        (pb::PreviewDeadlineRequest { amount: None, ..good() }, &["amount"]),
        (pb::PreviewDeadlineRequest { start: None, ..good() }, &["start"]),
        (pb::PreviewDeadlineRequest { local_start: "2026-02-13T10:00".into(), ..good() }, &["start"]),
        (pb::PreviewDeadlineRequest { start: None, local_start: "tomorrow".into(), ..good() }, &["start"]),
        (
            pb::PreviewDeadlineRequest {
                start: Some(prost_types::Timestamp { seconds: i64::MAX, nanos: -1 }),
                region: "abc".into(),
                ..good()
            },
            &["start", "region"],
        ),
        (pb::PreviewDeadlineRequest { calendar: "C N".into(), ..good() }, &["calendar"]),
        (pb::PreviewDeadlineRequest::default(), &["start", "amount"]),
    ];
    for (request, fields) in invalid {
        let status = client.preview_deadline(request.clone()).await.unwrap_err();
        assert_eq!(refused_fields(&status), fields, "{request:?}");
    }
    for calendar in ["us", "cn@7"] {
        let request = pb::PreviewDeadlineRequest { calendar: calendar.into(), ..good() };
        let status = client.preview_deadline(request).await.unwrap_err();
        assert_eq!(refused(&status), (Code::NotFound, "CALENDAR_NOT_FOUND".into()));
    }
    let far = ask("2149-12-30T10:00", Amount::WorkingDays(10));
    let status = client.preview_deadline(far).await.unwrap_err();
    assert_eq!(refused(&status), (Code::OutOfRange, "BEYOND_CALENDAR".into()));
    service.stop().await;
}
