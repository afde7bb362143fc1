//! What people at a desk do, as one call each.

use crate::{
    eventually::eventually,
    organisation::{COUNTY, request_id},
    suite::{Authorized, Suite},
};
use gongdan_proto::{
    callback::v1::{
        AttemptOutcome, CallbackResult, CallbackTask, ListTasksRequest, RecordAttemptRequest, TaskState,
        callback_service_client::CallbackServiceClient,
    },
    sla::v1::{Clock, ListClocksRequest, clock_service_client::ClockServiceClient},
    tickets::v1::{
        AcceptTicketRequest, Channel, ContactInput, CreateTicketRequest, GetTicketRequest,
        ListTimelineRequest, Outcome, Phase, ResolveTicketRequest, ReturnTicketRequest, Ticket, TicketEvent,
        TicketType, UrgeTicketRequest, ticket_service_client::TicketServiceClient,
    },
};

/// Clients of the services a desk works with.
#[derive(Clone)]
pub struct Desk {
    /// Tickets.
    pub tickets: TicketServiceClient<Authorized>,
    /// Callback.
    pub callback: CallbackServiceClient<Authorized>,
    /// Clocks.
    pub clocks: ClockServiceClient<Authorized>,
}

/// A complaint about noise, of a citizen with a phone.
#[must_use]
pub fn complaint(subject: &str) -> CreateTicketRequest {
    CreateTicketRequest {
        request_id: request_id(),
        r#type: TicketType::Complaint.into(),
        subject: subject.to_owned(),
        body: "楼下工地夜间十一点以后仍在施工，老人和孩子无法休息。".to_owned(),
        region: COUNTY.to_owned(),
        channel: Channel::Phone.into(),
        contact: Some(ContactInput {
            phone: "138 0013 8000".to_owned(),
            name: "张三".to_owned(),
            ..ContactInput::default()
        }),
        ..CreateTicketRequest::default()
    }
}

impl Desk {
    /// The administrator's desk.
    pub async fn open(suite: &Suite) -> Self {
        Self {
            tickets: TicketServiceClient::new(suite.channel("tickets").await),
            callback: CallbackServiceClient::new(suite.channel("callback").await),
            clocks: ClockServiceClient::new(suite.channel("sla").await),
        }
    }

    /// Takes a request down.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn create(&mut self, request: CreateTicketRequest) -> Ticket {
        self.tickets.create_ticket(request).await.expect("the ticket is created").into_inner()
    }

    /// The ticket now.
    ///
    /// # Panics
    /// When it is not there.
    pub async fn get(&mut self, ticket: &Ticket) -> Ticket {
        let request = GetTicketRequest { ticket: ticket.id.clone(), in_clear: false };
        self.tickets.get_ticket(request).await.expect("the ticket is there").into_inner()
    }

    /// Waits for a phase, and gives the ticket in it.
    pub async fn in_phase(&mut self, ticket: &Ticket, phase: Phase) -> Ticket {
        self.until(ticket, phase.as_str_name(), move |ticket| ticket.phase == i32::from(phase)).await
    }

    /// Waits until the ticket is as described.
    pub async fn until(&mut self, ticket: &Ticket, what: &str, like: impl Fn(&Ticket) -> bool) -> Ticket {
        let like = &like;
        eventually(format!("{} {what}", ticket.number), || {
            let (mut desk, ticket) = (self.clone(), ticket.clone());
            async move { Some(desk.get(&ticket).await).filter(like) }
        })
        .await
    }

    /// Takes it on.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn accept(&mut self, ticket: &Ticket) -> Ticket {
        let request =
            AcceptTicketRequest { request_id: request_id(), ticket: ticket.id.clone(), etag: String::new() };
        self.tickets.accept_ticket(request).await.expect("the ticket is accepted").into_inner()
    }

    /// Gives it back.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn give_back(&mut self, ticket: &Ticket, reason: &str) -> Ticket {
        let request = ReturnTicketRequest {
            request_id: request_id(),
            ticket: ticket.id.clone(),
            reason: reason.to_owned(),
            ..Default::default()
        };
        self.tickets.return_ticket(request).await.expect("the ticket is returned").into_inner()
    }

    /// The citizen asks again.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn urge(&mut self, ticket: &Ticket) -> Ticket {
        let request = UrgeTicketRequest {
            request_id: request_id(),
            ticket: ticket.id.clone(),
            note: "昨晚又施工到两点".to_owned(),
            ..Default::default()
        };
        self.tickets.urge_ticket(request).await.expect("the ticket is urged").into_inner()
    }

    /// Says it is done.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn resolve(&mut self, ticket: &Ticket) -> Ticket {
        let request = ResolveTicketRequest {
            request_id: request_id(),
            ticket: ticket.id.clone(),
            outcome: Outcome::Solved.into(),
            solution: "已责令停工整改".to_owned(),
            reply: "您反映的问题已处理。".to_owned(),
            ..Default::default()
        };
        self.tickets.resolve_ticket(request).await.expect("the ticket is resolved").into_inner()
    }

    /// The tasks of a ticket.
    ///
    /// # Panics
    /// When callback does not answer.
    pub async fn tasks(&mut self, ticket: &Ticket) -> Vec<CallbackTask> {
        let request = ListTasksRequest { ticket: ticket.id.clone(), ..Default::default() };
        self.callback.list_tasks(request).await.expect("the tasks are listed").into_inner().tasks
    }

    /// Calls the citizen, who answers.
    ///
    /// # Panics
    /// When there is no open task or the attempt is refused.
    pub async fn call_back(&mut self, ticket: &Ticket, solved: bool, satisfied: bool) -> CallbackTask {
        let tasks = self.tasks(ticket).await;
        let task = tasks.iter().find(|task| task.state() == TaskState::Open).expect("an open task").clone();
        let request = RecordAttemptRequest {
            request_id: request_id(),
            task: task.id,
            outcome: AttemptOutcome::Success.into(),
            result: Some(CallbackResult { contacted: true, solved, satisfied }),
            ..Default::default()
        };
        self.callback.record_attempt(request).await.expect("the attempt is recorded").into_inner()
    }

    /// The clocks of a ticket.
    ///
    /// # Panics
    /// When sla does not answer.
    pub async fn clocks(&mut self, ticket: &Ticket) -> Vec<Clock> {
        let request = ListClocksRequest { ticket: ticket.id.clone(), ..Default::default() };
        self.clocks.list_clocks(request).await.expect("the clocks are listed").into_inner().clocks
    }

    /// The timeline of a ticket, oldest first.
    ///
    /// # Panics
    /// When tickets does not answer.
    pub async fn timeline(&mut self, ticket: &Ticket) -> Vec<TicketEvent> {
        let request =
            ListTimelineRequest { ticket: ticket.id.clone(), page_size: 500, page_token: String::new() };
        self.tickets.list_timeline(request).await.expect("the timeline is listed").into_inner().entries
    }
}
