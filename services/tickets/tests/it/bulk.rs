//! T29: one act on many tickets, a result for each. T32: past tickets as a stream. T27: exports.

use crate::suite::{Suite, id, past};
use gongdan_proto::{
    routing::v1::{PoolTarget, decision_event::Target},
    tickets::v1::{
        self as pb, Queue, SheetFormat, bulk_act_request::Act, record_past_tickets_response::Result as Came,
    },
};
use gongdan_testkit::eventually;
use tonic::Code;

impl Suite {
    async fn bulk(&self, who: &str, request: pb::BulkActRequest) -> Vec<pb::BulkActResponse> {
        let mut results = self.bulks(who).bulk_act(request).await.unwrap().into_inner();
        let mut all = Vec::new();
        while let Some(result) = results.message().await.unwrap() {
            all.push(result);
        }
        all
    }

    async fn exported(&self, who: &str, request: pb::ExportTicketsRequest) -> (Vec<u8>, i64) {
        let mut pieces = self.queues(who).export_tickets(request).await.unwrap().into_inner();
        let (mut file, mut rows, mut done) = (Vec::new(), 0, false);
        while let Some(piece) = pieces.message().await.unwrap() {
            assert!(piece.chunk.len() <= 64 * 1024);
            file.extend(piece.chunk);
            (rows, done) = (piece.rows, piece.done);
        }
        assert!(done, "the last message says that the file is whole");
        (file, rows)
    }
}

fn dispatch_all(tickets: Vec<String>) -> pb::BulkActRequest {
    let act = pb::BulkDispatch { unit_id: "tianhe-env".into(), ..Default::default() };
    pb::BulkActRequest { request_id: id(), tickets, act: Some(Act::Dispatch(act)), ..Default::default() }
}

#[tokio::test]
async fn t29_each_ticket_has_its_own_result_and_none_undoes_another() {
    let suite = Suite::start().await;
    let (first, second) = (suite.submitted().await, suite.submitted().await);
    let gone = suite.dispatched("yuexiu-env").await;
    let request = dispatch_all(vec![
        first.number.clone(),
        gone.id.clone(),
        id(),
        "nonsense".into(),
        second.id.clone(),
        first.number.clone(),
    ]);
    let results = suite.bulk("chen.jing", request.clone()).await;
    let codes: Vec<i32> = results.iter().map(|r| r.error.as_ref().map_or(0, |e| e.code)).collect();
    let expected = [Code::Ok, Code::FailedPrecondition, Code::NotFound, Code::InvalidArgument, Code::Ok];
    assert_eq!(codes, expected.map(i32::from), "{results:?}");
    assert_eq!(results[1].error.as_ref().unwrap().reason, "PHASE_REFUSES");
    assert_eq!(results[3].error.as_ref().unwrap().violations[0].field, "ticket");
    assert!(results.iter().all(|result| result.total == 5));
    for ticket in [&first, &second] {
        assert_eq!(suite.get(&ticket.id).await.lead_unit_id, "tianhe-env");
    }
    let again = suite.bulk("chen.jing", request).await;
    let versions = |all: &[pb::BulkActResponse]| -> Vec<i64> {
        all.iter().filter_map(|r| r.done.as_ref()).map(|t| t.version).collect()
    };
    assert_eq!(versions(&again), versions(&results), "what was done is answered again, not done again");
    assert_eq!(suite.timeline(&first.id).await.len(), 2);
}

#[tokio::test]
async fn t29_a_filter_is_counted_before_anything_is_done() {
    let suite = Suite::start().await;
    for _ in 0..3 {
        suite.submitted().await;
    }
    let filter = pb::TicketFilter { phases: vec![pb::Phase::PendingDispatch.into()], ..Default::default() };
    let asked = pb::BulkActRequest { filter: Some(filter), preview: true, ..dispatch_all(Vec::new()) };
    let preview = suite.bulk("chen.jing", asked.clone()).await;
    assert_eq!((preview.len(), preview[0].total), (1, 3));
    let wrong = pb::BulkActRequest { preview: false, expected_count: 2, ..asked.clone() };
    let refused = suite.bulks("chen.jing").bulk_act(wrong).await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
    let right = pb::BulkActRequest { preview: false, expected_count: 3, ..asked };
    let results = suite.bulk("chen.jing", right).await;
    assert!(results.len() == 3 && results.iter().all(|result| result.done.is_some()));
}

#[tokio::test]
async fn t29_what_one_may_not_do_alone_one_may_not_do_in_bulk() {
    let suite = Suite::start().await;
    let ticket = suite.submitted().await;
    let results = suite.bulk("zhao.min", dispatch_all(vec![ticket.id.clone()])).await;
    assert_eq!(results[0].error.as_ref().unwrap().code, i32::from(Code::PermissionDenied));
    for bad in [
        pb::BulkActRequest { act: None, ..dispatch_all(vec![ticket.id.clone()]) },
        dispatch_all(Vec::new()),
        dispatch_all((0..1001).map(|_| id()).collect()),
        pb::BulkActRequest { request_id: "1".into(), ..dispatch_all(vec![ticket.id.clone()]) },
    ] {
        assert_eq!(suite.bulks("chen.jing").bulk_act(bad).await.unwrap_err().code(), Code::InvalidArgument);
    }
}

#[tokio::test]
async fn t29_notes_marks_and_persons_are_given_to_many() {
    let suite = Suite::start().await;
    let colleague = gongdan_testkit::PrincipalSpec::new("sun.li").unit("tianhe-env").role("handler");
    suite.env.principal(colleague).await;
    let (held, waiting) = (suite.dispatched("tianhe-env").await, suite.submitted().await);
    let all = |act| pb::BulkActRequest {
        request_id: id(),
        tickets: vec![held.number.clone(), waiting.number.clone()],
        act: Some(act),
        ..Default::default()
    };
    let note = pb::BulkAddNote { text: "已电话核实".into(), public: true, mention_ids: Vec::new() };
    let request = all(Act::Note(note));
    let noted = suite.bulk("chen.jing", request.clone()).await;
    assert!(noted.iter().all(|result| result.done.is_some()), "{noted:?}");
    suite.bulk("chen.jing", request).await;
    for ticket in [&held, &waiting] {
        assert_eq!(suite.get(&ticket.id).await.public_note_count, 1, "once, though it was asked for twice");
    }
    let none = pb::BulkAddNote { text: " ".into(), ..Default::default() };
    let refused = suite.bulk("chen.jing", all(Act::Note(none))).await;
    assert!(refused.iter().all(|r| r.error.as_ref().unwrap().violations[0].field == "text"), "{refused:?}");

    let tracked = suite.bulk("chen.jing", all(Act::Track(pb::BulkTrack::default()))).await;
    assert!(tracked.iter().all(|result| result.done.as_ref().unwrap().tracks.len() == 1), "{tracked:?}");
    let page = pb::ListQueueRequest { queue: Queue::Tracked.into(), ..Default::default() };
    let mine = suite.queues("chen.jing").list_queue(page).await.unwrap().into_inner().tickets;
    assert_eq!(mine.len(), 2);

    let assign = |person: &str| {
        let act = pb::BulkAssign { person_id: person.into(), reason: "轮到她".into() };
        all(Act::Assign(act))
    };
    let request = assign("sun.li");
    // Her unit's own people give her what the unit has; what no unit has they do not even see.
    let results = suite.bulk("li.wei", request.clone()).await;
    let done = results[0].done.as_ref().unwrap();
    assert_eq!((done.lead_unit_id.as_str(), done.handler_id.as_str()), ("tianhe-env", "sun.li"));
    assert_eq!(done.phase(), pb::Phase::Dispatched);
    assert_eq!(results[1].error.as_ref().unwrap().code, i32::from(Code::NotFound));
    let again = suite.bulk("li.wei", request).await;
    assert_eq!(again[0].done.as_ref().unwrap().version, done.version, "answered again, not done again");
    let twice = suite.bulk("li.wei", assign("sun.li")).await;
    assert_eq!(twice[0].error.as_ref().unwrap().violations[0].field, "unit_id", "she has it already");
    let stranger = suite.bulk("li.wei", assign("wang.fang")).await;
    assert_eq!(stranger[0].error.as_ref().unwrap().violations[0].field, "person_id", "{stranger:?}");
    // A dispatcher gives out what waits, when there is a unit for it, and nothing that a unit has.
    let results = suite.bulk("chen.jing", assign("sun.li")).await;
    assert_eq!(results[0].error.as_ref().unwrap().code, i32::from(Code::PermissionDenied));
    assert_eq!(results[1].error.as_ref().unwrap().violations[0].field, "ticket");
    let pool = PoolTarget { unit_id: "tianhe-env".into(), reason: "无匹配规则".into(), claim_limit: 0 };
    suite.decided(gongdan_clock::new_id(suite.clock.now()), 1, &waiting, Target::Pool(pool)).await;
    eventually("it waits in a pool", async || !suite.get(&waiting.id).await.pool_unit_id.is_empty()).await;
    let results = suite.bulk("chen.jing", assign("sun.li")).await;
    let done = results[1].done.as_ref().unwrap();
    assert_eq!((done.lead_unit_id.as_str(), done.handler_id.as_str()), ("tianhe-env", "sun.li"));
}

#[tokio::test]
async fn t32_rows_are_answered_one_by_one_and_known_the_second_time() {
    let suite = Suite::start().await;
    let row = |ordinal: i64, row: pb::RecordPastTicketRequest| pb::RecordPastTicketsRequest {
        ordinal,
        row: Some(row),
    };
    let bad = pb::RecordPastTicketRequest { region: "999999".into(), subject: String::new(), ..past("bad") };
    let rows = || vec![row(1, past("a")), row(2, bad.clone()), row(5, past("b"))];
    for round in 0..2 {
        let mut answers =
            suite.bulks("admin").record_past_tickets(tokio_stream::iter(rows())).await.unwrap().into_inner();
        let mut came = std::collections::BTreeMap::new();
        let mut most = 0;
        while let Some(answer) = answers.message().await.unwrap() {
            most = most.max(answer.answered);
            came.insert(answer.ordinal, answer.result.unwrap());
        }
        assert_eq!((came.len(), most), (3, 3));
        for ordinal in [1, 5] {
            match (&came[&ordinal], round) {
                (Came::Created(ticket), 0) | (Came::Known(ticket), 1) => assert!(!ticket.number.is_empty()),
                other => panic!("{other:?}"),
            }
        }
        let Came::Error(error) = &came[&2] else { panic!("{:?}", came[&2]) };
        let fields: Vec<&str> = error.violations.iter().map(|v| v.field.as_str()).collect();
        assert_eq!(fields, ["subject", "region"]);
    }
    assert_eq!(suite.count("tickets").await, 2);
    let unordered = vec![row(2, past("c")), row(2, past("d"))];
    let mut answers =
        suite.bulks("admin").record_past_tickets(tokio_stream::iter(unordered)).await.unwrap().into_inner();
    let refused = loop {
        match answers.message().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("not refused"),
            Err(status) => break status,
        }
    };
    assert_eq!(refused.code(), Code::InvalidArgument);
}

#[tokio::test]
async fn t27_a_queue_is_exported_as_csv_and_xlsx() {
    let suite = Suite::start().await;
    let mut numbers = Vec::new();
    for subject in ["=HYPERLINK(1)", "普通的投诉", "另一个"] {
        let request = pb::CreateTicketRequest { subject: subject.into(), ..crate::suite::complaint() };
        numbers.push(suite.created(request).await.number);
    }
    let request = pb::ExportTicketsRequest {
        format: SheetFormat::Csv.into(),
        queue: Queue::RegionOpen.into(),
        ..Default::default()
    };
    let (file, rows) = suite.exported("chen.jing", request.clone()).await;
    let text = String::from_utf8(file).unwrap();
    assert!(text.starts_with("\u{feff}工单编号,主题,"), "{text}");
    assert_eq!((rows, text.matches("\r\n").count()), (3, 4));
    assert!(numbers.iter().all(|number| text.contains(number)) && text.contains("'=HYPERLINK(1)"));
    let xlsx = pb::ExportTicketsRequest { format: SheetFormat::Xlsx.into(), queue: 0, ..request.clone() };
    let (file, rows) = suite.exported("chen.jing", xlsx).await;
    assert!(rows == 3 && file.starts_with(b"PK"));
    let refused = suite.queues("li.wei").export_tickets(request.clone()).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    for bad in [
        pb::ExportTicketsRequest { format: 0, ..request.clone() },
        pb::ExportTicketsRequest { time_zone: "Mars/Base".into(), ..request.clone() },
        pb::ExportTicketsRequest { language: "fr".into(), ..request },
    ] {
        assert_eq!(
            suite.queues("chen.jing").export_tickets(bad).await.unwrap_err().code(),
            Code::InvalidArgument
        );
    }
}
