//! Requests of SupervisionService and CirculationService, and their clients.

use crate::suite::{Suite, id, reason};
use gongdan_auth::AuthChannel;
use gongdan_clock::{Clock as _, SystemClock};
use gongdan_proto::{
    tickets::v1::{
        self as pb, circulation_service_client::CirculationServiceClient,
        supervision_service_client::SupervisionServiceClient,
    },
    to_timestamp,
};
use gongdan_testkit::PrincipalSpec;
use jiff::SignedDuration;

impl Suite {
    pub fn supervision(&self, principal: &str) -> SupervisionServiceClient<AuthChannel> {
        SupervisionServiceClient::new(self.env.channel(&self.service, principal))
    }

    pub fn circulation(&self, principal: &str) -> CirculationServiceClient<AuthChannel> {
        CirculationServiceClient::new(self.env.channel(&self.service, principal))
    }

    /// A supervisor and an inspector for the province, a leader of `tianhe-env`.
    pub async fn supervisors(&self) {
        for spec in [
            PrincipalSpec::new("sun.hao").unit("centre").role("supervisor").region("44"),
            PrincipalSpec::new("qian.li").unit("centre").role("auditor").region("44"),
            PrincipalSpec::new("zhou.jie").unit("tianhe-env").role("unit_leader"),
        ] {
            self.env.principal(spec).await;
        }
    }
}

/// What stands in the place of what was erased.
const ERASED: &str = "[已删除 erased]";

/// So many seconds from now, by the clock on the wall.
pub fn seconds_on(seconds: i64) -> prost_types::Timestamp {
    to_timestamp(SystemClock.now() + SignedDuration::from_secs(seconds))
}

pub fn escalate(ticket: &pb::Ticket, unit: &str) -> pb::EscalateTicketRequest {
    pb::EscalateTicketRequest {
        request_id: id(),
        ticket: ticket.id.clone(),
        unit_id: unit.to_owned(),
        reason: "超出本级权限，联系13800001234".to_owned(),
        ..Default::default()
    }
}

pub fn direct(ticket: &pb::Ticket, unit: &str, seconds: i64) -> pb::IssueDirectiveRequest {
    pb::IssueDirectiveRequest {
        request_id: id(),
        ticket: ticket.id.clone(),
        unit_id: unit.to_owned(),
        due_at: Some(seconds_on(seconds)),
        directive: "三日内办结并书面反馈，联系13800001234".to_owned(),
        ..Default::default()
    }
}

pub fn reply_directive(ticket: &pb::Ticket, directive: &str) -> pb::ReplyDirectiveRequest {
    pb::ReplyDirectiveRequest {
        request_id: id(),
        ticket: ticket.id.clone(),
        directive_id: directive.to_owned(),
        reply: "已责令停工".to_owned(),
        ..Default::default()
    }
}

pub fn accept_directive(ticket: &pb::Ticket, directive: &str) -> pb::AcceptDirectiveRequest {
    pb::AcceptDirectiveRequest {
        request_id: id(),
        ticket: ticket.id.clone(),
        directive_id: directive.to_owned(),
        ..Default::default()
    }
}

pub fn reject_directive(ticket: &pb::Ticket, directive: &str, seconds: i64) -> pb::RejectDirectiveRequest {
    pb::RejectDirectiveRequest {
        request_id: id(),
        ticket: ticket.id.clone(),
        directive_id: directive.to_owned(),
        due_at: Some(seconds_on(seconds)),
        reason: "未说明整改结果".to_owned(),
        ..Default::default()
    }
}

pub fn withdraw_directive(ticket: &pb::Ticket, directive: &str) -> pb::WithdrawDirectiveRequest {
    pb::WithdrawDirectiveRequest {
        request_id: id(),
        ticket: ticket.id.clone(),
        directive_id: directive.to_owned(),
        reason: "另案处理".to_owned(),
        ..Default::default()
    }
}

pub fn track(ticket: &pb::Ticket) -> pb::TrackTicketRequest {
    pb::TrackTicketRequest {
        request_id: id(),
        ticket: ticket.id.clone(),
        note: "回访前再看".to_owned(),
        ..Default::default()
    }
}

pub fn untrack(ticket: &pb::Ticket) -> pb::UntrackTicketRequest {
    pb::UntrackTicketRequest { request_id: id(), ticket: ticket.id.clone(), etag: String::new() }
}

pub fn mark_error(ticket: &pb::Ticket) -> pb::MarkQualityErrorRequest {
    pb::MarkQualityErrorRequest {
        request_id: id(),
        ticket: ticket.id.clone(),
        kind: pb::QualityErrorKind::WrongDispatch.into(),
        unit_id: "centre".to_owned(),
        person_id: "chen.jing".to_owned(),
        note: "应派住建部门".to_owned(),
        ..Default::default()
    }
}

pub fn withdraw_error(ticket: &pb::Ticket, error: &str) -> pb::WithdrawQualityErrorRequest {
    pb::WithdrawQualityErrorRequest {
        request_id: id(),
        ticket: ticket.id.clone(),
        quality_error_id: error.to_owned(),
        reason: "复核无误".to_owned(),
        ..Default::default()
    }
}

pub fn hand_off(ticket: &pb::Ticket) -> pb::HandOffTicketRequest {
    pb::HandOffTicketRequest {
        request_id: id(),
        ticket: ticket.id.clone(),
        service: pb::EmergencyService::Fire.into(),
        reference: "119-0042".to_owned(),
        note: "工地起火，已转119，来电13800001234".to_owned(),
        ..Default::default()
    }
}

pub fn circulate(ticket: &pb::Ticket, persons: &[&str]) -> pb::CirculateTicketRequest {
    pb::CirculateTicketRequest {
        request_id: id(),
        ticket: ticket.id.clone(),
        person_ids: persons.iter().map(|&person| person.to_owned()).collect(),
        note: "请传阅，来电13800001234".to_owned(),
        ..Default::default()
    }
}

pub fn announce(unit: &str) -> pb::CirculateAnnouncementRequest {
    pb::CirculateAnnouncementRequest {
        request_id: id(),
        unit_id: unit.to_owned(),
        title: "周五值班调整".to_owned(),
        text: "周五由二组值班，联系13800001234。".to_owned(),
    }
}

/// What people wrote into records goes with the ticket's other texts: in answers, timeline and event log. Source: X11.
#[tokio::test]
async fn what_was_written_into_records_is_erased_with_the_ticket() {
    let suite = Suite::start().await;
    suite.supervisors().await;
    let ticket = suite.accepted().await;
    let (mut sun, mut li) = (suite.supervision("sun.hao"), suite.supervision("li.wei"));
    let given = sun.issue_directive(direct(&ticket, "", 3600)).await.unwrap().into_inner();
    li.reply_directive(reply_directive(&ticket, &given.directives[0].id)).await.unwrap();
    li.track_ticket(track(&ticket)).await.unwrap();
    sun.mark_quality_error(mark_error(&ticket)).await.unwrap();
    li.hand_off_ticket(hand_off(&ticket)).await.unwrap();
    suite.circulation("li.wei").circulate_ticket(circulate(&ticket, &[])).await.unwrap();
    let request = pb::EraseCustomerRequest {
        request_id: id(),
        subject: Some(pb::erase_customer_request::Subject::Ticket(ticket.id.clone())),
        reason: "本人要求".to_owned(),
        force: true,
    };
    suite.privacy("admin").erase_customer(request).await.unwrap();

    let request = pb::GetTicketRequest { ticket: ticket.id.clone(), in_clear: false };
    let left = suite.tickets("li.wei").get_ticket(request).await.unwrap().into_inner();
    let (directive, handoff) = (&left.directives[0], &left.emergency_handoffs[0]);
    for text in [
        &directive.directive,
        &directive.reply,
        &left.tracks[0].note,
        &left.quality_errors[0].note,
        &handoff.note,
        &handoff.reference,
    ] {
        assert_eq!(text, ERASED);
    }
    let shown = pb::ListCirculationsRequest { ticket: ticket.id.clone(), ..Default::default() };
    let shown = suite.circulation("li.wei").list_circulations(shown).await.unwrap().into_inner();
    assert_eq!(shown.circulations[0].text, ERASED);
    let log: Vec<Vec<u8>> =
        sqlx::query_scalar("SELECT payload FROM events").fetch_all(suite.env.pool()).await.unwrap();
    for written in ["三日内", "已责令停工", "回访前", "应派住建", "起火", "119-0042", "请传阅"]
    {
        let bytes = written.as_bytes();
        let found = log.iter().any(|payload| payload.windows(bytes.len()).any(|window| window == bytes));
        assert!(!found, "{written} is in the event log still");
    }
    // The ticket is in flight: people write on, and what was answered stays answered.
    let refused = li.reply_directive(reply_directive(&ticket, &directive.id)).await.unwrap_err();
    assert_eq!(reason(&refused), "RECORD_STATE_REFUSES");
    let tracked = li.track_ticket(track(&ticket)).await.unwrap().into_inner();
    assert_ne!(tracked.tracks[0].note, ERASED);
}
