//! An agent's desk: the client with the agent's token, and the calls the tests make.

use gongdan_clock::{Clock as _, SystemClock, new_id};
use gongdan_proto::{
    callback::v1::{
        AttemptOutcome, CallbackAttempt, CallbackResult, CallbackTask, GetTaskContactRequest, GetTaskRequest,
        ListAttemptsRequest, ListTasksRequest, NextTaskRequest, NextTaskResponse, RecordAttemptRequest,
        SkipTaskRequest, TaskContact, callback_service_client::CallbackServiceClient,
    },
    to_timestamp,
};
use jiff::Timestamp;
use tonic::Status;

use crate::suite::Channel;

pub struct Desk(CallbackServiceClient<Channel>);

pub fn request_id() -> String {
    new_id(SystemClock.now()).to_string()
}

impl Desk {
    pub fn new(channel: Channel) -> Self {
        Self(CallbackServiceClient::new(channel))
    }

    pub fn client(&self) -> CallbackServiceClient<Channel> {
        self.0.clone()
    }

    pub async fn next(&self) -> NextTaskResponse {
        self.next_of("").await
    }

    pub async fn next_of(&self, unit_id: &str) -> NextTaskResponse {
        self.next_as(&request_id(), unit_id).await.unwrap()
    }

    pub async fn next_as(&self, request_id: &str, unit_id: &str) -> Result<NextTaskResponse, Status> {
        let request = NextTaskRequest { request_id: request_id.to_owned(), unit_id: unit_id.to_owned() };
        self.client().next_task(request).await.map(tonic::Response::into_inner)
    }

    pub async fn get(&self, task: &str) -> Result<CallbackTask, Status> {
        let request = GetTaskRequest { task: task.to_owned() };
        self.client().get_task(request).await.map(tonic::Response::into_inner)
    }

    /// All rounds of a ticket, newest first.
    pub async fn list_of(&self, ticket: &str) -> Vec<CallbackTask> {
        let request = ListTasksRequest { ticket: ticket.to_owned(), ..ListTasksRequest::default() };
        self.client().list_tasks(request).await.unwrap().into_inner().tasks
    }

    pub async fn attempts(&self, task: &str) -> Vec<CallbackAttempt> {
        let request = ListAttemptsRequest { task: task.to_owned() };
        self.client().list_attempts(request).await.unwrap().into_inner().attempts
    }

    pub async fn contact(&self, task: &str) -> Result<TaskContact, Status> {
        let request = GetTaskContactRequest { task: task.to_owned() };
        self.client().get_task_contact(request).await.map(tonic::Response::into_inner)
    }

    /// A report without result, next time and note.
    pub fn attempt(&self, task: &str, outcome: AttemptOutcome) -> RecordAttemptRequest {
        RecordAttemptRequest {
            request_id: request_id(),
            task: task.to_owned(),
            outcome: outcome.into(),
            ..RecordAttemptRequest::default()
        }
    }

    pub async fn record(&self, request: RecordAttemptRequest) -> Result<CallbackTask, Status> {
        self.client().record_attempt(request).await.map(tonic::Response::into_inner)
    }

    pub async fn succeed(
        &self,
        task: &str,
        contacted: bool,
        solved: bool,
        satisfied: bool,
    ) -> Result<CallbackTask, Status> {
        let result = Some(CallbackResult { contacted, solved, satisfied });
        self.record(RecordAttemptRequest { result, ..self.attempt(task, AttemptOutcome::Success) }).await
    }

    pub async fn fail(
        &self,
        task: &str,
        outcome: AttemptOutcome,
        next: Option<Timestamp>,
    ) -> Result<CallbackTask, Status> {
        let next_attempt_at = next.map(to_timestamp);
        self.record(RecordAttemptRequest { next_attempt_at, ..self.attempt(task, outcome) }).await
    }

    pub async fn skip(&self, task: &str, reason: &str) -> Result<CallbackTask, Status> {
        let request = SkipTaskRequest {
            request_id: request_id(),
            task: task.to_owned(),
            etag: String::new(),
            reason: reason.to_owned(),
        };
        self.client().skip_task(request).await.map(tonic::Response::into_inner)
    }
}
