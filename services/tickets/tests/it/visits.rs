//! T15: visits, also from phones that had no network.

use crate::{
    attachments::{header, png, upload},
    suite::{Suite, fields, id, reason, transfer},
};
use gongdan_auth::AuthChannel;
use gongdan_proto::{
    tickets::v1::{self as pb, visit_report::What, visit_service_client::VisitServiceClient},
    to_timestamp,
};
use jiff::SignedDuration;
use tonic::Code;

pub fn visits(suite: &Suite, principal: &str) -> VisitServiceClient<AuthChannel> {
    VisitServiceClient::new(suite.env.channel(&suite.service, principal))
}

/// So many minutes from now.
fn at(suite: &Suite, minutes: i64) -> Option<prost_types::Timestamp> {
    Some(to_timestamp(suite.clock.now() + SignedDuration::from_mins(minutes)))
}

pub fn book(suite: &Suite, ticket: &pb::Ticket) -> pb::BookVisitRequest {
    pb::BookVisitRequest {
        request_id: id(),
        ticket: ticket.id.clone(),
        window_start: at(suite, 60),
        window_end: at(suite, 120),
        person_id: "li.wei".to_owned(),
        note: "门禁密码问物业13800001234".to_owned(),
        ..Default::default()
    }
}

async fn booked(suite: &Suite) -> pb::Ticket {
    let ticket = suite.accepted().await;
    visits(suite, "li.wei").book_visit(book(suite, &ticket)).await.unwrap().into_inner()
}

fn report(suite: &Suite, ticket: &pb::Ticket, minutes: i64, what: What) -> pb::VisitReport {
    pb::VisitReport {
        report_id: id(),
        ticket: ticket.id.clone(),
        visit_id: ticket.visits[0].id.clone(),
        device_time: at(suite, minutes),
        sequence: 0,
        what: Some(what),
    }
}

fn done(text: &str, photo_ids: Vec<String>) -> What {
    let result = pb::VisitResult::Done.into();
    What::Reported(pb::VisitReportResult { result, report: text.to_owned(), photo_ids })
}

fn there() -> What {
    let point = Some(pb::Point { latitude: 31.175_303_983_645_97, longitude: 121.531_541_859_215 });
    What::CheckedIn(pb::VisitReportCheckIn { point, given_in: pb::CoordinateSystem::Gcj02.into() })
}

async fn send(suite: &Suite, reports: &[pb::VisitReport]) -> Vec<pb::VisitReportOutcome> {
    let request = pb::ReportVisitsRequest { reports: reports.to_vec() };
    visits(suite, "li.wei").report_visits(request).await.unwrap().into_inner().outcomes
}

/// What of a ticket does not tell in which order things came.
fn end(ticket: &pb::Ticket) -> (i64, Vec<pb::Visit>) {
    let strip = |visit: &pb::Visit| pb::Visit {
        id: String::new(),
        booked_at: None,
        steps: visit.steps.iter().skip(1).cloned().collect(),
        window_start: None,
        window_end: None,
        ..visit.clone()
    };
    (ticket.version, ticket.visits.iter().map(strip).collect())
}

#[tokio::test]
async fn t15_a_report_sent_twice_or_out_of_order_changes_nothing_the_second_time() {
    let suite = Suite::start().await;
    let (bytes, mut ends) = (png(1_000), Vec::new());
    let now = suite.clock.now();
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1]] {
        let ticket = booked(&suite).await;
        let photo = upload(&suite, "li.wei", header(&ticket, &bytes), &bytes).await.unwrap();
        let whats = [
            there(),
            done("先看了一下", vec![]),
            done("修好了，业主电话13800001234", vec![photo.id.clone()]),
            What::CheckedIn(pb::VisitReportCheckIn::default()),
        ];
        let batch: Vec<pb::VisitReport> = (1..)
            .zip(whats)
            .map(|(minute, what)| pb::VisitReport {
                device_time: Some(to_timestamp(now - SignedDuration::from_mins(60 - minute))),
                ..report(&suite, &ticket, 0, what)
            })
            .collect();
        let shuffled: Vec<_> = order.iter().map(|at| batch[*at].clone()).collect();
        let first = send(&suite, &shuffled[..2]).await;
        assert!(first.iter().all(|outcome| outcome.taken && !outcome.known), "{first:?}");
        let all = send(&suite, &[shuffled.clone(), shuffled.clone()].concat()).await;
        let taken: Vec<bool> = all.iter().map(|outcome| outcome.taken).collect();
        assert_eq!(taken, [false, false, true, true, false, false, false, false]);
        assert!(all.iter().all(|outcome| outcome.taken != outcome.known && outcome.reason.is_empty()));
        let mut now = suite.get(&ticket.id).await;
        assert_eq!(now.visits[0].photo_ids, [photo.id]);
        for step in &mut now.visits[0].steps {
            step.photo_ids.clear();
            step.report_id.clear();
        }
        now.visits[0].photo_ids.clear();
        ends.push(end(&now));
    }
    assert_eq!(ends[0], ends[1]);
    assert_eq!(ends[0], ends[2]);
    let (_, visits) = &ends[0];
    assert_eq!(visits[0].state(), pb::VisitState::Reported);
    assert_eq!(visits[0].report, "修好了，业主电话138****1234", "the last report, numbers masked");
    let point = visits[0].checked_in_point.unwrap();
    assert!((point.latitude - 31.177_427_6).abs() < 1e-6, "the first check-in, in WGS-84: {point:?}");
    assert!((point.longitude - 121.527_210_6).abs() < 1e-6, "{point:?}");
}

#[tokio::test]
async fn a_visit_is_booked_moved_checked_in_and_reported() {
    let suite = Suite::start().await;
    let ticket = suite.accepted().await;
    let request = book(&suite, &ticket);
    let booked = visits(&suite, "li.wei").book_visit(request.clone()).await.unwrap().into_inner();
    let again = visits(&suite, "li.wei").book_visit(request).await.unwrap().into_inner();
    assert_eq!(again, booked, "a retry is answered");
    let visit = booked.visits[0].clone();
    assert_eq!((visit.state(), visit.unit_id.as_str()), (pb::VisitState::Booked, "tianhe-env"));
    assert_eq!(visit.note, "门禁密码问物业138****1234");
    let moved = pb::MoveVisitRequest {
        request_id: id(),
        ticket: ticket.id.clone(),
        visit_id: visit.id.clone(),
        window_start: at(&suite, 200),
        window_end: at(&suite, 300),
        reason: "市民改期".to_owned(),
        ..Default::default()
    };
    let now = visits(&suite, "zhao.min").move_visit(moved).await.unwrap().into_inner();
    assert_eq!(now.visits[0].moved_count, 1, "the desk moves it when the citizen calls");
    let check_in = pb::CheckInVisitRequest {
        request_id: id(),
        ticket: ticket.id.clone(),
        visit_id: visit.id.clone(),
        ..Default::default()
    };
    visits(&suite, "li.wei").check_in_visit(check_in.clone()).await.unwrap();
    let report = pb::ReportVisitRequest {
        request_id: id(),
        ticket: ticket.id.clone(),
        visit_id: visit.id.clone(),
        result: pb::VisitResult::Partly.into(),
        report: "缺配件".to_owned(),
        ..Default::default()
    };
    let now = visits(&suite, "li.wei").report_visit(report.clone()).await.unwrap().into_inner();
    assert_eq!(now.visits[0].state(), pb::VisitState::Reported);
    // The phone got no answer to its check-in, and sends it with the others later.
    let late = pb::VisitReport {
        report_id: check_in.request_id,
        // By its own clock, which is not that of the service.
        device_time: Some(to_timestamp(suite.clock.now() - jiff::SignedDuration::from_mins(3))),
        sequence: 7,
        ..self::report(&suite, &now, 0, What::CheckedIn(pb::VisitReportCheckIn::default()))
    };
    assert!(send(&suite, &[late]).await[0].known);
    let changes = suite.changes(&ticket.id).await;
    let expected = ["visit_booked", "visit_moved", "visit_checked_in", "visit_reported"];
    assert_eq!(changes[changes.len() - 4..], expected);
    let cancel = pb::CancelVisitRequest {
        request_id: id(),
        ticket: ticket.id,
        visit_id: visit.id,
        reason: "不去了".to_owned(),
        ..Default::default()
    };
    let refused = visits(&suite, "li.wei").cancel_visit(cancel).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::FailedPrecondition, "VISIT_REFUSES"));
}

#[tokio::test]
async fn each_report_of_a_batch_is_judged_by_itself() {
    let suite = Suite::start().await;
    let ticket = booked(&suite).await;
    let good = report(&suite, &ticket, -5, there());
    let batch = [
        pb::VisitReport { report_id: "none".to_owned(), ..good.clone() },
        pb::VisitReport { visit_id: id(), report_id: id(), ..good.clone() },
        pb::VisitReport { ticket: id(), report_id: id(), ..good.clone() },
        pb::VisitReport { report_id: id(), device_time: at(&suite, 60), ..good.clone() },
        pb::VisitReport { report_id: id(), what: None, ..good.clone() },
        report(&suite, &ticket, -5, done("带图", vec![id()])),
        good.clone(),
        pb::VisitReport { what: Some(done("另一个", vec![])), ..good },
    ];
    let outcomes = send(&suite, &batch).await;
    let reasons: Vec<&str> = outcomes.iter().map(|outcome| outcome.reason.as_str()).collect();
    assert_eq!(
        reasons,
        [
            "INVALID_REQUEST",
            "VISIT_NOT_FOUND",
            "TICKET_NOT_FOUND",
            "INVALID_REQUEST",
            "INVALID_REQUEST",
            "INVALID_REQUEST",
            "",
            "REQUEST_ID_REUSED"
        ]
    );
    assert!(outcomes[6].taken && outcomes.iter().filter(|outcome| outcome.taken).count() == 1);
    let empty = pb::ReportVisitsRequest::default();
    let refused = visits(&suite, "li.wei").report_visits(empty).await.unwrap_err();
    assert_eq!(fields(&refused), ["reports"]);
}

#[tokio::test]
async fn who_was_there_reports_also_when_the_ticket_went_elsewhere() {
    let suite = Suite::start().await;
    let ticket = booked(&suite).await;
    suite.tickets("li.wei").transfer_ticket(transfer(&ticket, "yuexiu-env")).await.unwrap();
    let outcome = send(&suite, &[report(&suite, &ticket, -1, there())]).await.remove(0);
    assert!(outcome.taken, "{outcome:?}");
    let mine = book(&suite, &ticket);
    let refused = visits(&suite, "li.wei").book_visit(mine).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied, "but books no more");
}

#[tokio::test]
async fn bad_bookings_are_refused_by_field() {
    let suite = Suite::start().await;
    let ticket = suite.accepted().await;
    let good = book(&suite, &ticket);
    let cases = [
        (pb::BookVisitRequest { window_start: None, ..good.clone() }, "window_start"),
        (pb::BookVisitRequest { window_end: at(&suite, 30), ..good.clone() }, "window_end"),
        (pb::BookVisitRequest { window_end: at(&suite, 60 * 24 * 9), ..good.clone() }, "window_end"),
        (
            pb::BookVisitRequest {
                window_start: at(&suite, -60),
                window_end: at(&suite, -30),
                ..good.clone()
            },
            "window_end",
        ),
        (pb::BookVisitRequest { person_id: "nobody".to_owned(), ..good.clone() }, "person_id"),
        (pb::BookVisitRequest { note: "长".repeat(2_001), ..good }, "note"),
    ];
    for (request, field) in cases {
        let refused = visits(&suite, "li.wei")
            .book_visit(pb::BookVisitRequest { request_id: id(), ..request })
            .await
            .unwrap_err();
        assert_eq!((refused.code(), fields(&refused)), (Code::InvalidArgument, vec![field.to_owned()]));
    }
    let pending = suite.submitted().await;
    let refused = visits(&suite, "admin").book_visit(book(&suite, &pending)).await.unwrap_err();
    assert_eq!(reason(&refused), "PHASE_REFUSES");
}

fn place() -> pb::Place {
    pb::Place {
        address: "天河路385号".to_owned(),
        point: Some(pb::Point { latitude: 22.540_796_131_694_766, longitude: 113.917_176_480_836_3 }),
        given_in: pb::CoordinateSystem::Gcj02.into(),
        grid: "440106900007".to_owned(),
        asset: String::new(),
    }
}

#[tokio::test]
async fn t37_a_place_is_converted_kept_encrypted_shown_and_erased() {
    let suite = Suite::start().await;
    let request = pb::CreateTicketRequest { place: Some(place()), ..crate::suite::with_phone("13800001234") };
    let ticket = suite.tickets("zhao.min").create_ticket(request).await.unwrap().into_inner();
    assert_eq!(ticket.grid, "440106900007");
    let dispatch = crate::suite::dispatch(&ticket, "tianhe-env");
    suite.tickets("chen.jing").dispatch_ticket(dispatch).await.unwrap();
    let get = |who: &'static str| {
        let request = pb::GetTicketRequest { ticket: ticket.id.clone(), in_clear: false };
        let mut client = suite.tickets(who);
        async move { client.get_ticket(request).await.unwrap().into_inner().place.unwrap() }
    };
    let shown = get("li.wei").await;
    assert_eq!(shown.address, "天河路385号", "who has to go there reads where it is");
    let point = shown.point.unwrap();
    assert!((point.latitude - 22.543_847).abs() < 1e-6 && (point.longitude - 113.912_316).abs() < 1e-6);
    assert_eq!(shown.given_in(), pb::CoordinateSystem::Gcj02);
    // Nowhere in clear: not in rows, not in events.
    for table in ["tickets", "events", "places", "contacts"] {
        let sql = sqlx::AssertSqlSafe(format!("SELECT t::text FROM {table} t"));
        let rows: Vec<String> = sqlx::query_scalar(sql).fetch_all(suite.env.pool()).await.unwrap();
        let hex: String = "天河路".bytes().map(|byte| format!("{byte:02x}")).collect();
        assert!(rows.iter().all(|row| !row.contains("天河路") && !row.contains(&hex)), "{table}");
    }
    let list = |grid: &str| {
        let filter = Some(pb::TicketFilter { grids: vec![grid.to_owned()], ..Default::default() });
        let mut client = suite.tickets("zhao.min");
        async move {
            let request = pb::ListTicketsRequest { filter, ..Default::default() };
            client.list_tickets(request).await.unwrap().into_inner().tickets.len()
        }
    };
    assert_eq!((list("440106900007").await, list("440106900008").await), (1, 0));

    suite.tickets("chen.jing").cancel_ticket(crate::suite::cancel(&ticket)).await.unwrap();
    let erase = pb::EraseCustomerRequest {
        request_id: id(),
        subject: Some(pb::erase_customer_request::Subject::Ticket(ticket.id.clone())),
        reason: "本人申请".to_owned(),
        force: false,
    };
    suite.privacy("admin").erase_customer(erase).await.unwrap();
    assert_eq!(suite.count("places").await, 0);
    let now = suite.get(&ticket.id).await;
    assert_eq!((now.place, now.grid.as_str()), (None, "440106900007"), "the grid stays");
}

#[tokio::test]
async fn a_place_may_tell_who_asked_in_confidence_and_is_not_shown_to_the_unit() {
    let suite = Suite::start().await;
    let request = pb::CreateTicketRequest {
        place: Some(place()),
        reporter_confidential: true,
        ..crate::suite::with_phone("13800001234")
    };
    let ticket = suite.tickets("zhao.min").create_ticket(request).await.unwrap().into_inner();
    let dispatch = crate::suite::dispatch(&ticket, "tianhe-env");
    suite.tickets("chen.jing").dispatch_ticket(dispatch).await.unwrap();
    for (who, address) in [("li.wei", ""), ("zhao.min", "天河路385号")] {
        let request = pb::GetTicketRequest { ticket: ticket.id.clone(), in_clear: false };
        let seen = suite.tickets(who).get_ticket(request).await.unwrap().into_inner().place.unwrap();
        assert_eq!((seen.address.as_str(), seen.grid.as_str()), (address, "440106900007"), "{who}");
    }
}

#[tokio::test]
async fn what_is_no_place_is_refused_by_field() {
    let suite = Suite::start().await;
    let of = |place: pb::Place| {
        let request = pb::CreateTicketRequest { place: Some(place), ..crate::suite::complaint() };
        let mut client = suite.tickets("zhao.min");
        async move { fields(&client.create_ticket(request).await.unwrap_err()) }
    };
    let point = |latitude, longitude| Some(pb::Point { latitude, longitude });
    assert_eq!(of(pb::Place { point: point(91.0, 0.0), ..place() }).await, ["place.point"]);
    assert_eq!(of(pb::Place { point: point(f64::NAN, 0.0), ..place() }).await, ["place.point"]);
    assert_eq!(of(pb::Place { given_in: 9, ..place() }).await, ["place.given_in"]);
    assert_eq!(of(pb::Place { grid: "网格7".to_owned(), ..place() }).await, ["place.grid"]);
    assert_eq!(of(pb::Place { address: "长".repeat(501), ..place() }).await, ["place.address"]);
}
