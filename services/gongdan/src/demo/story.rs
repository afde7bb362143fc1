//! What becomes of one request, step by step, each act by whoever does it.

use std::time::Duration;

use anyhow::{Context as _, Result};
use gongdan_proto::{
    callback::v1::{AttemptOutcome, CallbackResult, CallbackTask, RecordAttemptRequest},
    tickets::v1::{
        AcceptTicketRequest, CancelTicketRequest, Channel, ContactInput, CreateTicketRequest,
        DispatchTicketRequest, Outcome, Phase, ResolveTicketRequest, ReturnTicketRequest, Ticket, TicketType,
        TransferTicketRequest, UrgeTicketRequest,
    },
    to_timestamp,
};
use jiff::{ToSpan, civil::time, tz::TimeZone};
use tokio::time::sleep;

use super::{
    desks::{AGENT, DISPATCHER, Desks, call},
    sample::{Request, value},
};

/// Between two steps, so that one can follow them.
const PACE: Duration = Duration::from_millis(250);

/// What happens on the way; most requests simply get done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// The first unit gives it back.
    returned: bool,
    /// The unit hands it on to the one above.
    transferred: bool,
    /// The citizen asks again before it is done.
    urged: bool,
    /// The citizen takes it back.
    cancelled: bool,
    /// What the citizen says afterwards.
    answer: Answer,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Satisfied,
    /// It is done again.
    Dissatisfied,
    /// Nobody picked up; to be called again.
    NotReached,
}

/// How it ended, for the count at the end.
#[derive(Debug, Clone, Copy, Default)]
pub struct End {
    pub cancelled: i64,
    pub resolved: i64,
    pub callbacks: i64,
}

impl Plan {
    /// The plan of the request with this number: the same at each showing.
    pub fn of(index: usize) -> Plan {
        Plan {
            returned: index % 9 == 2,
            transferred: index % 11 == 5,
            urged: index % 6 == 4,
            cancelled: index % 24 == 17,
            answer: match index % 8 {
                3 => Answer::Dissatisfied,
                7 if index % 16 == 7 => Answer::NotReached,
                _ => Answer::Satisfied,
            },
        }
    }
}

/// Drives a request from intake to its end.
///
/// # Errors
/// When a service refuses, or does not go on within a minute.
pub async fn tell(desks: &Desks<'_>, request: &Request, plan: Plan) -> Result<End> {
    let story = Story { desks, subject: &request.subject };
    let ticket = story.create(request).await.with_context(|| format!("创建 {}", request.subject))?;
    let told = Box::pin(story.go_on(&ticket, plan)).await;
    told.with_context(|| format!("{} {}", ticket.number, request.subject))
}

struct Story<'a> {
    desks: &'a Desks<'a>,
    subject: &'a str,
}

impl Story<'_> {
    async fn go_on(&self, ticket: &Ticket, plan: Plan) -> Result<End> {
        if plan.cancelled {
            self.cancel(ticket).await?;
            return Ok(End { cancelled: 1, ..End::default() });
        }
        let mut end = End { resolved: 1, ..End::default() };
        let mut held = self.dispatched(ticket).await?;
        if plan.returned {
            held = self.give_back(&held).await?;
        }
        if plan.urged {
            self.urge(&held).await?;
        }
        if plan.transferred {
            held = self.hand_on(&held).await?;
        }
        self.work(&held).await?;
        match plan.answer {
            Answer::NotReached => self.not_reached(ticket).await?,
            Answer::Satisfied => {
                self.answered(ticket, 1, true).await?;
                end.callbacks = 1;
            }
            Answer::Dissatisfied => {
                self.answered(ticket, 1, false).await?;
                let again = self.dispatched(ticket).await?;
                self.work(&again).await?;
                self.answered(ticket, 2, true).await?;
                (end.resolved, end.callbacks) = (2, 2);
            }
        }
        Ok(end)
    }

    async fn say(&self, ticket: &Ticket, english: &str, chinese: &str, more: &str) -> Result<()> {
        let act = self.desks.context.text(english, chinese);
        let pad = " ".repeat(14_usize.saturating_sub(unicode_width::UnicodeWidthStr::width(act)));
        self.desks.context.say(&format!("{}  {act}{pad} {more}", ticket.number))?;
        sleep(PACE).await;
        Ok(())
    }

    fn request_id(&self) -> String {
        self.desks.context.request_id()
    }

    async fn create(&self, request: &Request) -> Result<Ticket> {
        let create = CreateTicketRequest {
            request_id: self.request_id(),
            r#type: value("TICKET_TYPE_", &request.kind, TicketType::from_str_name)?.into(),
            item: request.item.clone(),
            subject: request.subject.clone(),
            body: request.body.clone(),
            region: request.region.clone(),
            channel: value("CHANNEL_", &request.channel, Channel::from_str_name)?.into(),
            contact: Some(ContactInput {
                phone: request.phone.clone(),
                name: request.name.clone(),
                ..ContactInput::default()
            }),
            ..CreateTicketRequest::default()
        };
        let ticket =
            call(self.desks.tickets(AGENT)?, async |client| client.create_ticket(create.clone()).await)
                .await?;
        self.say(&ticket, "taken down", "受理", self.subject).await?;
        Ok(ticket)
    }

    /// By routing, or from the pool by the dispatcher.
    async fn dispatched(&self, ticket: &Ticket) -> Result<Ticket> {
        let decided = |t: &Ticket| {
            t.phase() == Phase::Dispatched
                || (t.phase() == Phase::PendingDispatch && !t.pool_reason.is_empty())
        };
        let now = self.desks.ticket_when(&ticket.id, "routed", decided).await?;
        if now.phase() == Phase::Dispatched {
            let unit = self.desks.unit_name(&now.lead_unit_id);
            self.say(&now, "dispatched", "派单", unit).await?;
            return Ok(now);
        }
        self.say(&now, "in the pool", "待人工派单", &now.pool_reason).await?;
        let unit = self.open_unit(&now);
        let dispatch = DispatchTicketRequest {
            request_id: self.request_id(),
            ticket: now.id.clone(),
            unit_id: unit.to_owned(),
            ..DispatchTicketRequest::default()
        };
        let now = call(self.desks.tickets(DISPATCHER)?, async |client| {
            client.dispatch_ticket(dispatch.clone()).await
        })
        .await?;
        self.say(&now, "dispatched", "人工派单", self.desks.unit_name(unit)).await?;
        Ok(now)
    }

    /// Where a dispatcher sends it: to the hotline centre of the city, unless that gave it back.
    fn open_unit(&self, ticket: &Ticket) -> &'static str {
        match (
            ticket.region.starts_with("4406"),
            ticket.returned_by_unit_ids.iter().any(|u| u == "fs" || u == "gz"),
        ) {
            (true, false) => "fs",
            (true, true) => "fs-telecom",
            (false, false) => "gz",
            (false, true) => "gz-labour",
        }
    }

    async fn give_back(&self, held: &Ticket) -> Result<Ticket> {
        let back = ReturnTicketRequest {
            request_id: self.request_id(),
            ticket: held.id.clone(),
            reason: "不属于本单位职责范围".into(),
            ..ReturnTicketRequest::default()
        };
        let unit = &held.lead_unit_id;
        let returned =
            call(self.desks.staff(unit)?, async |client| client.return_ticket(back.clone()).await).await?;
        self.say(&returned, "returned", "退单", self.desks.unit_name(unit)).await?;
        self.dispatched(&returned).await
    }

    async fn hand_on(&self, held: &Ticket) -> Result<Ticket> {
        let (from, to) = (held.lead_unit_id.as_str(), self.desks.above(&held.lead_unit_id));
        if from == to {
            return Ok(held.clone());
        }
        let transfer = TransferTicketRequest {
            request_id: self.request_id(),
            ticket: held.id.clone(),
            unit_id: to.to_owned(),
            reason: "需上级单位统筹".into(),
            ..TransferTicketRequest::default()
        };
        let handed =
            call(self.desks.staff(from)?, async |client| client.transfer_ticket(transfer.clone()).await)
                .await?;
        let both = format!("{} → {}", self.desks.unit_name(from), self.desks.unit_name(to));
        self.say(&handed, "transferred", "转派", &both).await?;
        Ok(handed)
    }

    async fn urge(&self, held: &Ticket) -> Result<()> {
        let urge = UrgeTicketRequest {
            request_id: self.request_id(),
            ticket: held.id.clone(),
            note: "市民来电催办".into(),
            ..UrgeTicketRequest::default()
        };
        let urged =
            call(self.desks.tickets(AGENT)?, async |client| client.urge_ticket(urge.clone()).await).await?;
        self.say(&urged, "urged", "催单", self.subject).await
    }

    async fn cancel(&self, ticket: &Ticket) -> Result<()> {
        let cancel = CancelTicketRequest {
            request_id: self.request_id(),
            ticket: ticket.id.clone(),
            reason: "市民称问题已自行解决".into(),
            ..CancelTicketRequest::default()
        };
        let cancelled =
            call(self.desks.tickets(AGENT)?, async |client| client.cancel_ticket(cancel.clone()).await)
                .await?;
        self.say(&cancelled, "cancelled", "撤单", "市民称问题已自行解决").await
    }

    async fn work(&self, held: &Ticket) -> Result<()> {
        let unit = &held.lead_unit_id;
        let staff = self.desks.staff(unit)?;
        let accept = AcceptTicketRequest {
            request_id: self.request_id(),
            ticket: held.id.clone(),
            ..AcceptTicketRequest::default()
        };
        let accepted = call(staff.clone(), async |client| client.accept_ticket(accept.clone()).await).await?;
        self.say(&accepted, "accepted", "接单", self.desks.unit_name(unit)).await?;
        let resolve = ResolveTicketRequest {
            request_id: self.request_id(),
            ticket: held.id.clone(),
            outcome: Outcome::Solved.into(),
            solution: format!("已到现场处理：{}", self.subject),
            reply: "您反映的问题已处理完毕，感谢您的监督。".into(),
            ..ResolveTicketRequest::default()
        };
        let resolved =
            call(staff.clone(), async |client| client.resolve_ticket(resolve.clone()).await).await?;
        self.say(&resolved, "resolved", "办结", self.desks.unit_name(unit)).await
    }

    async fn answered(&self, ticket: &Ticket, round: i32, satisfied: bool) -> Result<()> {
        let result = CallbackResult { contacted: true, solved: satisfied, satisfied };
        let now = self.in_callback(ticket, round).await?;
        self.attempt(&now, AttemptOutcome::Success, Some(result), None).await?;
        if satisfied {
            self.say(&now, "callback", "回访满意", self.subject).await?;
            let closed = self.desks.ticket_when(&ticket.id, "closed", |t| t.phase() == Phase::Closed).await?;
            return self.say(&closed, "closed", "归档", self.subject).await;
        }
        self.say(&now, "dissatisfied", "回访不满意", self.subject).await?;
        let again = self.desks.ticket_when(&ticket.id, "reopened", |t| t.round > round).await?;
        self.say(&again, "reopened", "重办", self.subject).await
    }

    async fn not_reached(&self, ticket: &Ticket) -> Result<()> {
        let now = self.in_callback(ticket, 1).await?;
        // Tomorrow at ten, inside the hours in which citizens may be called.
        let zone = TimeZone::fixed(jiff::tz::offset(8));
        let tomorrow = self.desks.context.now().to_zoned(zone.clone()).date().checked_add(1.day())?;
        let next = tomorrow.to_datetime(time(10, 0, 0, 0)).to_zoned(zone)?.timestamp();
        self.attempt(&now, AttemptOutcome::NoAnswer, None, Some(to_timestamp(next))).await?;
        self.say(&now, "no answer", "待回访", "无人接听，约次日十点再访").await
    }

    async fn in_callback(&self, ticket: &Ticket, round: i32) -> Result<Ticket> {
        let open = |t: &Ticket| t.phase() == Phase::InCallback && t.round == round;
        self.desks.ticket_when(&ticket.id, "in callback", open).await
    }

    async fn attempt(
        &self,
        ticket: &Ticket,
        outcome: AttemptOutcome,
        result: Option<CallbackResult>,
        next_attempt_at: Option<prost_types::Timestamp>,
    ) -> Result<CallbackTask> {
        let attempt = RecordAttemptRequest {
            request_id: self.request_id(),
            task: ticket.id.clone(),
            outcome: outcome.into(),
            result,
            next_attempt_at,
            ..RecordAttemptRequest::default()
        };
        call(self.desks.callback(), async |client| client.record_attempt(attempt.clone()).await).await
    }
}
