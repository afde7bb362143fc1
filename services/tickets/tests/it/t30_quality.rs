//! T30: an inspector marks what is wrong with a ticket's record.

use crate::{
    suite::{Suite, complaint, fields, id, reason},
    supervised::{mark_error, withdraw_error},
};
use gongdan_proto::tickets::v1::{self as pb, QualityErrorKind, ticket_event::Change};
use tonic::Code;

#[tokio::test]
async fn t30_an_inspector_marks_an_error_in_any_phase_after_submission_and_takes_it_back() {
    let suite = Suite::start().await;
    suite.supervisors().await;
    let draft = pb::CreateTicketRequest { draft: true, ..complaint() };
    let draft = suite.tickets("zhao.min").create_ticket(draft).await.unwrap().into_inner();
    let mut qian = suite.supervision("qian.li");
    let early = qian.mark_quality_error(mark_error(&draft)).await.unwrap_err();
    assert_eq!(
        (early.code(), reason(&early)),
        (Code::NotFound, "TICKET_NOT_FOUND".to_owned()),
        "a draft is its author's"
    );

    for ticket in [suite.submitted().await, suite.resolved().await] {
        let vague = pb::MarkQualityErrorRequest { kind: 0, note: String::new(), ..mark_error(&ticket) };
        let vague = qian.mark_quality_error(vague).await.unwrap_err();
        assert_eq!(
            (vague.code(), fields(&vague)),
            (Code::InvalidArgument, vec!["kind".to_owned(), "note".to_owned()])
        );
        let unknown = pb::MarkQualityErrorRequest {
            unit_id: "no-such-unit".to_owned(),
            person_id: "nobody".to_owned(),
            ..mark_error(&ticket)
        };
        let unknown = qian.mark_quality_error(unknown).await.unwrap_err();
        assert_eq!(fields(&unknown), ["unit_id", "person_id"]);
        let handler =
            suite.supervision("zhao.min").mark_quality_error(mark_error(&ticket)).await.unwrap_err();
        assert_eq!(handler.code(), Code::PermissionDenied);

        let marked = qian.mark_quality_error(mark_error(&ticket)).await.unwrap().into_inner();
        assert_eq!(marked.phase, ticket.phase, "it stays where it is");
        let error = &marked.quality_errors[0];
        assert_eq!((error.kind(), error.unit_id.as_str()), (QualityErrorKind::WrongDispatch, "centre"));
        assert_eq!((error.person_id.as_str(), error.note.as_str()), ("chen.jing", "应派住建部门"));
        assert_eq!(error.marked_by.as_ref().unwrap().id, "qian.li");
        let none = qian.withdraw_quality_error(withdraw_error(&ticket, &id())).await.unwrap_err();
        assert_eq!((none.code(), reason(&none)), (Code::NotFound, "RECORD_NOT_FOUND".to_owned()));
        let back =
            qian.withdraw_quality_error(withdraw_error(&ticket, &error.id)).await.unwrap().into_inner();
        assert!(back.quality_errors[0].withdrawn_at.is_some());
        let twice = qian.withdraw_quality_error(withdraw_error(&ticket, &error.id)).await.unwrap_err();
        assert_eq!(reason(&twice), "RECORD_STATE_REFUSES");
        let timeline = suite.timeline(&ticket.id).await;
        let said = timeline.iter().filter_map(|entry| match &entry.change {
            Some(Change::QualityErrorMarked(marked)) => Some(marked.unit_id.as_str()),
            Some(Change::QualityErrorWithdrawn(withdrawn)) => Some(withdrawn.reason.as_str()),
            _ => None,
        });
        assert_eq!(said.collect::<Vec<_>>(), ["centre", "复核无误"]);
    }
}
