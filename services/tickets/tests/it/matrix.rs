//! X4: every RPC of this service as everybody, about a ticket in every place, comes to what
//! `docs/reference/access-matrix.md` says. A handler that forgets its scope fails here.
//!
//! Acts carry an etag of a version that is not there: one that is let through is ABORTED and changes nothing.

use crate::attachments::{header, png};
use crate::suite::{
    Suite, accept, cancel, claim, complaint, dispatch, give_back, id, instant, past, reason, reopen, resolve,
    transfer, urge, with_phone,
};
use crate::supervised::{
    accept_directive, circulate, direct, escalate, hand_off, mark_error, reject_directive, reply_directive,
    track, untrack, withdraw_directive, withdraw_error,
};
use gongdan_access::Policies;
use gongdan_auth::AuthChannel;
use gongdan_clock::{Clock as _, SystemClock};
use gongdan_proto::{
    METHODS, Method,
    tickets::v1::{self as pb, watch_tickets_response::Kind},
    to_timestamp,
};
use gongdan_testkit::{Matrix, Outcome, PrincipalSpec, call};
use jiff::SignedDuration;
use prost::Message as _;
use std::sync::Arc;
use tonic::{Code, Status};

const SERVICES: &[&str] = &[
    "gongdan.tickets.v1.TicketService",
    "gongdan.tickets.v1.HandlingService",
    "gongdan.tickets.v1.CustomerService",
    "gongdan.tickets.v1.CatalogueService",
    "gongdan.tickets.v1.PriorityService",
    "gongdan.tickets.v1.FormService",
    "gongdan.tickets.v1.TicketTypeService",
    "gongdan.tickets.v1.ChannelService",
    "gongdan.tickets.v1.QuarantineService",
    "gongdan.tickets.v1.PrivacyService",
    "gongdan.tickets.v1.SupervisionService",
    "gongdan.tickets.v1.CirculationService",
    "gongdan.tickets.v1.TimelineService",
    "gongdan.tickets.v1.QueueService",
    "gongdan.tickets.v1.DraftService",
    "gongdan.tickets.v1.BulkService",
    "gongdan.tickets.v1.LinkService",
    "gongdan.tickets.v1.SearchService",
    "gongdan.tickets.v1.ReviewService",
    "gongdan.tickets.v1.WorkflowService",
    "gongdan.tickets.v1.VisitService",
    "gongdan.tickets.v1.CallService",
    "gongdan.tickets.v1.NoteService",
    "gongdan.tickets.v1.AttachmentService",
    "gongdan.common.v1.EventService",
    "gongdan.common.v1.DeadLetterService",
    "gongdan.common.v1.AuditService",
];
const SEEN: &str = "tickets.TicketService/GetTicket";
const STALE: &str = "4711";
/// Streams say at once that there is nothing to say; nobody is kept waiting.
const SETTINGS: &str = "[watch]\nheartbeat = \"20ms\"\npoll = \"20ms\"\n\
    [server.limits.person]\nrate = 0\nburst = 0\nstreams = 512\n\
    [server.limits.citizen]\nrate = 0\nburst = 0\nstreams = 512\n";

/// A ticket in a place of the matrix.
struct Place {
    title: String,
    ticket: pb::Ticket,
}

/// What is asked of it; none: such a request cannot be put.
type Ask = fn(&Place, &str) -> Option<Vec<u8>>;

/// Encodes an act with a stale etag.
macro_rules! act {
    ($request:expr) => {{
        let mut request = $request;
        request.etag = STALE.to_owned();
        Some(request.encode_to_vec())
    }};
}

const ASKED: &[(&str, Ask)] = &[
    ("CreateTicket", create),
    ("SubmitTicket", |at, _| {
        let ticket = at.ticket.id.clone();
        act!(pb::SubmitTicketRequest { request_id: id(), ticket, etag: String::new() })
    }),
    ("UpdateDraft", |at, _| {
        let ticket = at.ticket.id.clone();
        let update_mask = Some(prost_types::FieldMask { paths: vec!["subject".to_owned()] });
        let draft = Some(pb::DraftFields { subject: "改".to_owned(), ..Default::default() });
        act!(pb::UpdateDraftRequest { request_id: id(), ticket, etag: String::new(), draft, update_mask })
    }),
    ("DiscardDraft", |at, _| {
        let ticket = at.ticket.id.clone();
        act!(pb::DiscardDraftRequest { request_id: id(), ticket, etag: String::new() })
    }),
    ("AnswerTicket", |at, _| {
        let request = Some(pb::answer_ticket_request::Request::Ticket(at.ticket.id.clone()));
        let (request_id, reply) = (id(), "已答复".to_owned());
        act!(pb::AnswerTicketRequest { request_id, request, etag: String::new(), outcome: 2, reply })
    }),
    ("RecordPastTickets", |at, _| {
        let region = new_in(at)?;
        let row = Some(pb::RecordPastTicketRequest { region, ..past(&id()) });
        (!at.ticket.sensitive).then(|| pb::RecordPastTicketsRequest { ordinal: 1, row }.encode_to_vec())
    }),
    ("GetTicket", |at, _| {
        Some(pb::GetTicketRequest { ticket: at.ticket.id.clone(), in_clear: false }.encode_to_vec())
    }),
    ("ListTickets", |at, _| {
        Some(pb::ListTicketsRequest { filter: Some(only(at)), ..Default::default() }.encode_to_vec())
    }),
    ("DispatchTicket", |at, _| act!(dispatch(&at.ticket, "yuexiu-env"))),
    ("AcceptTicket", |at, _| act!(accept(&at.ticket))),
    ("ClaimTicket", |at, _| act!(claim(&at.ticket))),
    // Names no ticket: what it finds is in `r9_pools`.
    ("ClaimNext", |_, _| None),
    ("ReturnTicket", |at, _| act!(give_back(&at.ticket))),
    ("TransferTicket", |at, _| act!(transfer(&at.ticket, "yuexiu-env"))),
    ("ResolveTicket", |at, _| act!(resolve(&at.ticket))),
    ("ReopenTicket", |at, _| act!(reopen(&at.ticket, false))),
    ("CancelTicket", |at, _| act!(cancel(&at.ticket))),
    ("UrgeTicket", |at, _| act!(urge(&at.ticket))),
    ("ReleaseTicket", |at, _| {
        let ticket = at.ticket.id.clone();
        act!(pb::ReleaseTicketRequest { request_id: id(), ticket, etag: String::new() })
    }),
    ("RequestAssist", |at, _| {
        let (unit_id, request) = ("yuexiu-env".to_owned(), "协助".to_owned());
        act!(pb::RequestAssistRequest {
            request_id: id(),
            ticket: at.ticket.id.clone(),
            unit_id,
            request,
            ..Default::default()
        })
    }),
    ("ReplyAssist", |at, _| {
        let reply = "已核查".to_owned();
        act!(pb::ReplyAssistRequest {
            request_id: id(),
            ticket: at.ticket.id.clone(),
            reply,
            ..Default::default()
        })
    }),
    ("DeclineAssist", |at, _| {
        let reason = "无权限".to_owned();
        act!(pb::DeclineAssistRequest {
            request_id: id(),
            ticket: at.ticket.id.clone(),
            reason,
            ..Default::default()
        })
    }),
    ("WaiveAssist", |at, _| {
        let reason = "不需要".to_owned();
        act!(pb::WaiveAssistRequest {
            request_id: id(),
            ticket: at.ticket.id.clone(),
            reason,
            ..Default::default()
        })
    }),
    ("RequestSuspension", |at, _| {
        let reason = "等待".to_owned();
        act!(pb::RequestSuspensionRequest {
            request_id: id(),
            ticket: at.ticket.id.clone(),
            reason,
            ..Default::default()
        })
    }),
    ("ApproveSuspension", |at, _| {
        act!(pb::ApproveSuspensionRequest {
            request_id: id(),
            ticket: at.ticket.id.clone(),
            ..Default::default()
        })
    }),
    ("RejectSuspension", |at, _| {
        let decision = "不同意".to_owned();
        act!(pb::RejectSuspensionRequest {
            request_id: id(),
            ticket: at.ticket.id.clone(),
            decision,
            ..Default::default()
        })
    }),
    ("ResumeTicket", |at, _| {
        act!(pb::ResumeTicketRequest { request_id: id(), ticket: at.ticket.id.clone(), ..Default::default() })
    }),
    ("RequestExtension", |at, _| {
        let (until, reason) = (Some(instant("2099-01-01T00:00:00Z")), "复杂".to_owned());
        act!(pb::RequestExtensionRequest {
            request_id: id(),
            ticket: at.ticket.id.clone(),
            until,
            reason,
            ..Default::default()
        })
    }),
    ("ApproveExtension", |at, _| {
        act!(pb::ApproveExtensionRequest {
            request_id: id(),
            ticket: at.ticket.id.clone(),
            ..Default::default()
        })
    }),
    ("RejectExtension", |at, _| {
        let decision = "不同意".to_owned();
        act!(pb::RejectExtensionRequest {
            request_id: id(),
            ticket: at.ticket.id.clone(),
            decision,
            ..Default::default()
        })
    }),
    // Lists what tickets have: by its scope, with none there it shows nothing.
    ("ListExtensions", |_, _| None),
    ("ListTimeline", |at, _| {
        Some(pb::ListTimelineRequest { ticket: at.ticket.id.clone(), ..Default::default() }.encode_to_vec())
    }),
    ("VerifyTimeline", |at, _| {
        Some(pb::VerifyTimelineRequest { ticket: at.ticket.id.clone(), ..Default::default() }.encode_to_vec())
    }),
    ("WatchTickets", |at, _| {
        let filter = Some(only(at));
        Some(pb::WatchTicketsRequest { filter, include_current: true, ..Default::default() }.encode_to_vec())
    }),
    ("SearchTickets", |at, _| {
        let number = at.ticket.number.clone();
        Some(pb::SearchTicketsRequest { number, ..Default::default() }.encode_to_vec())
    }),
    ("FindSimilar", |at, _| {
        Some(pb::FindSimilarRequest { ticket: at.ticket.id.clone(), ..Default::default() }.encode_to_vec())
    }),
    ("LinkTicket", |at, _| {
        act!(pb::LinkTicketRequest {
            request_id: id(),
            ticket: at.ticket.id.clone(),
            kind: pb::LinkKind::Related.into(),
            other: id(),
            ..Default::default()
        })
    }),
    ("UnlinkTicket", |at, _| {
        let ticket = at.ticket.id.clone();
        act!(pb::UnlinkTicketRequest { request_id: id(), ticket, other: id(), ..Default::default() })
    }),
    ("SplitTicket", |at, _| {
        let part =
            pb::SplitPart { subject: "噪音".to_owned(), body: "噪音".to_owned(), ..Default::default() };
        let (ticket, parts) = (at.ticket.id.clone(), vec![part]);
        act!(pb::SplitTicketRequest { request_id: id(), ticket, parts, ..Default::default() })
    }),
    ("MergeTicket", |at, _| {
        let (ticket, reason) = (at.ticket.id.clone(), "同一件事".to_owned());
        act!(pb::MergeTicketRequest { request_id: id(), ticket, into: id(), reason, ..Default::default() })
    }),
    ("UndoMerge", |at, _| {
        let (ticket, reason) = (at.ticket.id.clone(), "弄错了".to_owned());
        act!(pb::UndoMergeRequest { request_id: id(), ticket, reason, ..Default::default() })
    }),
    ("AddNote", |at, _| {
        let (ticket, text) = (at.ticket.id.clone(), "看一下".to_owned());
        act!(pb::AddNoteRequest { request_id: id(), ticket, text, ..Default::default() })
    }),
    ("ListNotes", |at, _| {
        Some(pb::ListNotesRequest { ticket: at.ticket.id.clone(), ..Default::default() }.encode_to_vec())
    }),
    ("UploadAttachment", |at, _| {
        let etag = STALE.to_owned();
        let header = pb::AttachmentHeader { etag, ..header(&at.ticket, &png(100)) };
        let part = Some(pb::upload_attachment_request::Part::Header(header));
        Some(pb::UploadAttachmentRequest { part }.encode_to_vec())
    }),
    ("DownloadAttachment", |at, _| {
        let (ticket, attachment_id) = (at.ticket.id.clone(), id());
        Some(pb::DownloadAttachmentRequest { ticket, attachment_id, offset: 0, length: 0 }.encode_to_vec())
    }),
    ("ListAttachments", |at, _| {
        Some(
            pb::ListAttachmentsRequest { ticket: at.ticket.id.clone(), ..Default::default() }.encode_to_vec(),
        )
    }),
    ("RemoveAttachment", |at, _| {
        let (ticket, attachment_id) = (at.ticket.id.clone(), id());
        act!(pb::RemoveAttachmentRequest { request_id: id(), ticket, attachment_id, ..Default::default() })
    }),
    ("BookVisit", |at, _| {
        let window = |minutes| Some(to_timestamp(SystemClock.now() + SignedDuration::from_mins(minutes)));
        let ticket = at.ticket.id.clone();
        act!(pb::BookVisitRequest {
            request_id: id(),
            ticket,
            window_start: window(10),
            window_end: window(20),
            ..Default::default()
        })
    }),
    ("MoveVisit", |at, _| {
        let window = |minutes| Some(to_timestamp(SystemClock.now() + SignedDuration::from_mins(minutes)));
        let (ticket, visit_id, reason) = (at.ticket.id.clone(), id(), "改期".to_owned());
        act!(pb::MoveVisitRequest {
            request_id: id(),
            ticket,
            visit_id,
            reason,
            window_start: window(10),
            window_end: window(20),
            ..Default::default()
        })
    }),
    ("CancelVisit", |at, _| {
        let (ticket, visit_id, reason) = (at.ticket.id.clone(), id(), "不去了".to_owned());
        act!(pb::CancelVisitRequest { request_id: id(), ticket, visit_id, reason, ..Default::default() })
    }),
    ("CheckInVisit", |at, _| {
        let (ticket, visit_id) = (at.ticket.id.clone(), id());
        act!(pb::CheckInVisitRequest { request_id: id(), ticket, visit_id, ..Default::default() })
    }),
    ("ReportVisit", |at, _| {
        let (ticket, visit_id, result) = (at.ticket.id.clone(), id(), pb::VisitResult::Done.into());
        act!(pb::ReportVisitRequest { request_id: id(), ticket, visit_id, result, ..Default::default() })
    }),
    ("ReportVisits", |at, _| {
        let report = pb::VisitReport {
            report_id: id(),
            ticket: at.ticket.id.clone(),
            visit_id: id(),
            device_time: Some(to_timestamp(SystemClock.now())),
            sequence: 0,
            what: Some(pb::visit_report::What::CheckedIn(pb::VisitReportCheckIn::default())),
        };
        Some(pb::ReportVisitsRequest { reports: vec![report] }.encode_to_vec())
    }),
    ("ChangePlace", |at, _| {
        let (ticket, reason) = (at.ticket.id.clone(), "门牌号有误".to_owned());
        let place = Some(pb::Place { grid: "440106900008".to_owned(), ..Default::default() });
        let update_mask = Some(prost_types::FieldMask { paths: vec!["grid".to_owned()] });
        let etag = String::new();
        act!(pb::ChangePlaceRequest { request_id: id(), ticket, etag, place, update_mask, reason })
    }),
    ("LinkCall", |at, _| {
        let (ticket, call_id) = (at.ticket.id.clone(), "c-1".to_owned());
        act!(pb::LinkCallRequest { request_id: id(), ticket, call_id, etag: String::new() })
    }),
    ("ListCalls", |at, _| {
        Some(pb::ListCallsRequest { ticket: at.ticket.id.clone(), ..Default::default() }.encode_to_vec())
    }),
    ("GetRecording", |at, _| {
        let (ticket, call_id, purpose) = (at.ticket.id.clone(), "c-1".to_owned(), "核实".to_owned());
        Some(pb::GetRecordingRequest { ticket, call_id, purpose }.encode_to_vec())
    }),
    ("RecordPastTicket", |at, _| {
        let region = new_in(at)?;
        (!at.ticket.sensitive).then(|| pb::RecordPastTicketRequest { region, ..past(&id()) }.encode_to_vec())
    }),
];

/// Of SupervisionService and CirculationService.
const SUPERVISION: [(&str, Ask); 12] = [
    ("EscalateTicket", |at, _| act!(escalate(&at.ticket, ""))),
    ("IssueDirective", |at, _| act!(direct(&at.ticket, "tianhe-env", 3600))),
    ("ReplyDirective", |at, _| act!(reply_directive(&at.ticket, &id()))),
    ("AcceptDirective", |at, _| act!(accept_directive(&at.ticket, &id()))),
    ("RejectDirective", |at, _| act!(reject_directive(&at.ticket, &id(), 3600))),
    ("WithdrawDirective", |at, _| act!(withdraw_directive(&at.ticket, &id()))),
    ("TrackTicket", |at, _| act!(track(&at.ticket))),
    ("UntrackTicket", |at, _| act!(untrack(&at.ticket))),
    ("MarkQualityError", |at, _| act!(mark_error(&at.ticket))),
    ("WithdrawQualityError", |at, _| act!(withdraw_error(&at.ticket, &id()))),
    ("HandOffTicket", |at, _| act!(hand_off(&at.ticket))),
    ("CirculateTicket", |at, _| act!(circulate(&at.ticket, &[]))),
];

/// Of ReviewService and WorkflowService.
const REVIEW: [(&str, Ask); 4] = [
    ("SubmitForReview", |at, _| act!(submit_for_review(&at.ticket))),
    ("ApproveReview", |at, _| act!(approve_review(&at.ticket))),
    ("RejectReview", |at, _| act!(reject_review(&at.ticket))),
    ("AdvanceTicket", |at, _| act!(advance(&at.ticket))),
];

fn submit_for_review(ticket: &pb::Ticket) -> pb::SubmitForReviewRequest {
    pb::SubmitForReviewRequest {
        request_id: id(),
        ticket: ticket.id.clone(),
        outcome: pb::Outcome::Solved.into(),
        solution: "已处理".to_owned(),
        reply: "已处理。".to_owned(),
        ..Default::default()
    }
}

fn approve_review(ticket: &pb::Ticket) -> pb::ApproveReviewRequest {
    pb::ApproveReviewRequest { request_id: id(), ticket: ticket.id.clone(), ..Default::default() }
}

fn reject_review(ticket: &pb::Ticket) -> pb::RejectReviewRequest {
    let reason = "补充材料".to_owned();
    pb::RejectReviewRequest { request_id: id(), ticket: ticket.id.clone(), reason, ..Default::default() }
}

fn advance(ticket: &pb::Ticket) -> pb::AdvanceTicketRequest {
    let step = "check".to_owned();
    pb::AdvanceTicketRequest { request_id: id(), ticket: ticket.id.clone(), step, ..Default::default() }
}

fn only(at: &Place) -> pb::TicketFilter {
    pb::TicketFilter { tickets: vec![at.ticket.id.clone()], ..Default::default() }
}

/// A new ticket is a unit's nowhere.
fn new_in(at: &Place) -> Option<String> {
    at.ticket.participant_unit_ids.is_empty().then(|| at.ticket.region.clone())
}

/// Citizens ask for themselves, wherever it is; nobody else does.
fn create(at: &Place, role: &str) -> Option<Vec<u8>> {
    let region = new_in(at)?;
    let possible = role != "citizen" || at.title == "own request";
    let sensitive = at.ticket.sensitive;
    possible.then(|| pb::CreateTicketRequest { region, sensitive, ..complaint() }.encode_to_vec())
}

impl Suite {
    /// A ticket for each column.
    async fn places(&self, matrix: &Matrix, citizen: &str) -> Vec<Place> {
        let mut places = Vec::new();
        for title in matrix.places() {
            let ticket = match title.as_str() {
                "own county" => self.somewhere("440106").await,
                "sibling county" => self.somewhere("440103").await,
                "parent city" => self.somewhere("440100").await,
                "other province" => self.somewhere("110101").await,
                "sibling county, own unit assists" => {
                    let ticket = self.at_own_unit(self.somewhere("440103").await).await;
                    let request = transfer(&ticket, "yuexiu-env");
                    self.tickets("li.wei").transfer_ticket(request).await.unwrap().into_inner()
                }
                "sibling county, own unit has it" => self.at_own_unit(self.somewhere("440103").await).await,
                "own request" => self.asked_by(citizen, "110101").await,
                "sensitive, own county" => self.sensitive("440106").await,
                "sensitive, own unit has it" => self.at_own_unit(self.sensitive("110101").await).await,
                "confidential, own county" => self.confidential("440106").await,
                "confidential, own unit has it" => self.at_own_unit(self.confidential("110101").await).await,
                other => panic!("no ticket is arranged for the column {other}"),
            };
            places.push(Place { title: title.clone(), ticket });
        }
        places
    }

    async fn asked_by(&self, principal: &str, region: &str) -> pb::Ticket {
        self.made(principal, pb::CreateTicketRequest { region: region.to_owned(), ..complaint() }).await
    }

    async fn somewhere(&self, region: &str) -> pb::Ticket {
        self.asked_by("admin", region).await
    }

    async fn sensitive(&self, region: &str) -> pb::Ticket {
        let region = region.to_owned();
        self.made("admin", pb::CreateTicketRequest { region, sensitive: true, ..complaint() }).await
    }

    async fn confidential(&self, region: &str) -> pb::Ticket {
        let (region, phone) = (region.to_owned(), with_phone("13800001234"));
        self.made("admin", pb::CreateTicketRequest { region, reporter_confidential: true, ..phone }).await
    }

    async fn made(&self, principal: &str, request: pb::CreateTicketRequest) -> pb::Ticket {
        self.tickets(principal).create_ticket(request).await.unwrap().into_inner()
    }

    async fn at_own_unit(&self, ticket: pb::Ticket) -> pb::Ticket {
        self.tickets("admin").dispatch_ticket(dispatch(&ticket, "tianhe-env")).await.unwrap().into_inner()
    }

    /// Somebody as the matrix says: of one unit and one county, with one role.
    async fn somebody(&self, role: &str, sensitive: bool, citizen: &str) -> String {
        let name = format!("matrix.{role}{}", if sensitive { ".sensitive" } else { "" });
        let spec = PrincipalSpec::new(&name);
        let spec = match role {
            "citizen" => spec.citizen(citizen),
            role => spec.role(role).unit("tianhe-env").region("440106"),
        };
        self.env.principal(if sensitive { spec.right("sensitive") } else { spec }).await;
        name
    }
}

/// What comes of it. The message of a stream that would go on for ever is asked for only when it decides.
async fn ask(caller: &AuthChannel, method: &Method, request: Vec<u8>) -> Result<Vec<u8>, Status> {
    let mut answer = call(caller.clone(), method.path, request).await?;
    if method.streams && !matches!(method.name(), "WatchTickets" | "RecordPastTickets") {
        return Ok(Vec::new());
    }
    Ok(answer.message().await?.unwrap_or_default())
}

/// `tickets.TicketService/GetTicket`
fn short(method: &Method) -> String {
    method.path.trim_start_matches("/gongdan.").replacen(".v1.", ".", 1)
}

fn outcome(method: &Method, told: &Result<Vec<u8>, Status>) -> Option<Outcome> {
    let there = |there: bool| Some(if there { Outcome::Done } else { Outcome::Hidden });
    match told {
        Ok(answer) => match method.name() {
            "ListTickets" => {
                there(!pb::ListTicketsResponse::decode(answer.as_slice()).unwrap().tickets.is_empty())
            }
            "SearchTickets" => {
                there(!pb::SearchTicketsResponse::decode(answer.as_slice()).unwrap().hits.is_empty())
            }
            "WatchTickets" => {
                there(pb::WatchTicketsResponse::decode(answer.as_slice()).unwrap().kind() == Kind::Current)
            }
            // Each report has an outcome of its own.
            "ReportVisits" => {
                let answer = pb::ReportVisitsResponse::decode(answer.as_slice()).unwrap();
                match answer.outcomes[0].reason.as_str() {
                    "TICKET_NOT_FOUND" => Some(Outcome::Hidden),
                    "PERMISSION_DENIED" => Some(Outcome::Denied),
                    _ => Some(Outcome::Done),
                }
            }
            "RecordPastTickets" => {
                let told = pb::RecordPastTicketsResponse::decode(answer.as_slice()).unwrap();
                match told.result {
                    Some(pb::record_past_tickets_response::Result::Error(error)) => {
                        (error.code == i32::from(Code::PermissionDenied)).then_some(Outcome::Denied)
                    }
                    _ => Some(Outcome::Done),
                }
            }
            _ => Some(Outcome::Done),
        },
        Err(status) => match status.code() {
            Code::Aborted | Code::FailedPrecondition => Some(Outcome::Done),
            Code::PermissionDenied => Some(Outcome::Denied),
            // The ticket is seen, and has no such record.
            Code::NotFound if reason(status) != "TICKET_NOT_FOUND" => Some(Outcome::Done),
            Code::NotFound => Some(Outcome::Hidden),
            _ => None,
        },
    }
}

async fn start() -> (Suite, Matrix, String) {
    let suite = Suite::start_with(SETTINGS, Arc::new(SystemClock)).await;
    (suite, Matrix::read(), id())
}

#[tokio::test]
async fn every_rpc_about_tickets_comes_to_what_the_matrix_says() {
    let (suite, matrix, citizen) = start().await;
    let policies = Policies::shipped().unwrap();
    suite.somebody("citizen", false, &citizen).await;
    let places = suite.places(&matrix, "matrix.citizen").await;
    let about_tickets =
        |method: &&Method| SERVICES.contains(&method.service) && policies.is_about_tickets(method.action);
    let mut wrong = Vec::new();
    let mut asked = 0;
    for role in matrix.roles() {
        for sensitive in [false, true] {
            let principal = suite.somebody(role, sensitive, &citizen).await;
            let caller = suite.env.channel(&suite.service, &principal);
            for method in METHODS.iter().filter(about_tickets) {
                let known =
                    ASKED.iter().chain(&SUPERVISION).chain(&REVIEW).find(|(name, _)| *name == method.name());
                let (name, request) =
                    known.unwrap_or_else(|| panic!("{} has no request in ASKED", method.path));
                for place in &places {
                    let Some(request) = request(place, role) else { continue };
                    let mut expected = matrix.outcome(role, sensitive, &short(method), SEEN, &place.title);
                    if matches!(*name, "CreateTicket" | "RecordPastTicket" | "RecordPastTickets")
                        && expected == Outcome::Hidden
                    {
                        // There is nothing yet to be hidden.
                        expected = Outcome::Denied;
                    }
                    asked += 1;
                    let told = ask(&caller, method, request).await;
                    if outcome(method, &told) != Some(expected) {
                        let told = told.map(|_| ());
                        wrong.push(format!(
                            "{name} by {principal}, {}: {expected:?}, not {told:?}",
                            place.title
                        ));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {asked}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(asked > 2_000, "only {asked} calls");
}

#[tokio::test]
async fn every_rpc_about_no_ticket_lets_in_whom_the_matrix_does() {
    let (suite, matrix, citizen) = start().await;
    let policies = Policies::shipped().unwrap();
    let mut wrong = Vec::new();
    for role in matrix.roles() {
        let principal = suite.somebody(role, false, &citizen).await;
        let caller = suite.env.channel(&suite.service, &principal);
        for method in METHODS.iter().filter(|method| SERVICES.contains(&method.service)) {
            if policies.is_about_tickets(method.action) {
                continue;
            }
            let refused = matrix.refuses_everywhere(role, &short(method));
            // With nothing in it: who is let in is told what is missing.
            let told = ask(&caller, method, Vec::new()).await;
            let denied = told.as_ref().is_err_and(|status| status.code() == Code::PermissionDenied);
            let strange = told.as_ref().is_err_and(|status| {
                matches!(status.code(), Code::Unimplemented | Code::Unauthenticated | Code::ResourceExhausted)
            });
            if strange || denied != refused {
                let told = told.map(|_| ());
                wrong.push(format!("{} by {role}: refused is {refused}, not {told:?}", short(method)));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
