//! The owner's event log, as others read it: `gongdan.common.v1.EventService`.

use futures::{StreamExt as _, TryStreamExt as _, stream::BoxStream};
use gongdan_bus::Event;
use gongdan_errors::Error;
use gongdan_proto::common::v1::{
    ReplayEventsRequest, ReplayEventsResponse, event_service_client::EventServiceClient,
};
use std::time::Duration;
use tonic::{Request, Status, body::Body, client::GrpcService, codegen::StdError};
use uuid::Uuid;

const FETCH_TIMEOUT: Duration = Duration::from_secs(10);
const PICK_TIMEOUT: Duration = Duration::from_secs(60);
const RETRY_AFTER: Duration = Duration::from_secs(5);
/// A response holds one event.
const MAX_MESSAGE: usize = 2 * crate::MAX_PAYLOAD;

/// Most aggregates that are picked at once.
pub const AT_ONCE: usize = 400;

/// Events with their positions, in the order of the owner's log, up to the present.
pub type ReplayStream = BoxStream<'static, Result<(Event, String), Error>>;

/// What a consumer asks for events it missed, and what a rebuild reads.
#[async_trait::async_trait]
pub trait OwnerLog: Send + Sync + 'static {
    /// All events of an aggregate from a version on.
    ///
    /// # Errors
    /// UNAVAILABLE when the owner is away.
    async fn fetch(&self, aggregate_id: Uuid, from_version: i64) -> Result<Vec<Event>, Error>;

    /// The events of one type of these aggregates, at most [`AT_ONCE`] of them.
    ///
    /// # Errors
    /// UNAVAILABLE when the owner is away.
    async fn pick(&self, aggregate_ids: &[Uuid], kind: &str) -> Result<Vec<Event>, Error>;

    /// All events after a position, or from the beginning.
    ///
    /// # Errors
    /// UNAVAILABLE when the owner is away; INVALID_ARGUMENT when `from` is no position.
    async fn replay(&self, from: Option<String>) -> Result<ReplayStream, Error>;

    /// All events of these types, as in CloudEvents `type`, after a position, or from the beginning.
    ///
    /// # Errors
    /// As [`OwnerLog::replay`].
    async fn replay_types(&self, types: &[String], from: Option<String>) -> Result<ReplayStream, Error> {
        let types = types.to_vec();
        let wanted = move |event: &Event| types.iter().any(|of| is_of(event, of));
        let all = self.replay(from).await?;
        Ok(all.try_filter(move |(event, _)| std::future::ready(wanted(event))).boxed())
    }

    /// Events of these types of at most a thousand aggregates, in the order of the owner's log.
    ///
    /// # Errors
    /// As [`OwnerLog::fetch`].
    async fn fetch_types(&self, aggregates: &[Uuid], types: &[String]) -> Result<Vec<Event>, Error> {
        let mut found = Vec::new();
        for aggregate in aggregates {
            let events = self.fetch(*aggregate, 1).await?;
            found.extend(events.into_iter().filter(|event| types.iter().any(|of| is_of(event, of))));
        }
        Ok(found)
    }
}

fn is_of(event: &Event, of: &str) -> bool {
    of == gongdan_bus::event_type(&event.source, &event.kind)
}

/// The log of an owner that is reached over any gRPC channel.
#[derive(Debug, Clone)]
pub struct OwnerLogClient<C> {
    owner: String,
    client: EventServiceClient<C>,
}

impl<C> OwnerLogClient<C>
where
    C: GrpcService<Body> + Clone + Send + Sync + 'static,
    C::Error: Into<StdError>,
    C::ResponseBody: http_body::Body<Data = bytes::Bytes> + Send + 'static,
    <C::ResponseBody as http_body::Body>::Error: Into<StdError> + Send,
    C::Future: Send,
{
    /// The log of this service, over a channel that brings the credentials.
    pub fn new(owner: &str, channel: C) -> Self {
        let client = EventServiceClient::new(channel).max_decoding_message_size(MAX_MESSAGE);
        Self { owner: owner.to_owned(), client }
    }

    async fn open(&self, request: Request<ReplayEventsRequest>) -> Result<ReplayStream, Error> {
        let answers = self.client.clone().replay_events(request).await.map_err(away)?.into_inner();
        Ok(answers.map(|answer| read(answer.map_err(away)?)).boxed())
    }
}

#[async_trait::async_trait]
impl<C> OwnerLog for OwnerLogClient<C>
where
    C: GrpcService<Body> + Clone + Send + Sync + 'static,
    C::Error: Into<StdError>,
    C::ResponseBody: http_body::Body<Data = bytes::Bytes> + Send + 'static,
    <C::ResponseBody as http_body::Body>::Error: Into<StdError> + Send,
    C::Future: Send,
{
    async fn fetch(&self, aggregate_id: Uuid, from_version: i64) -> Result<Vec<Event>, Error> {
        let mut request = Request::new(ReplayEventsRequest {
            aggregate_ids: vec![aggregate_id.to_string()],
            from_version,
            ..ReplayEventsRequest::default()
        });
        request.set_timeout(FETCH_TIMEOUT);
        self.open(request).await?.map_ok(|(event, _)| event).try_collect().await
    }

    async fn pick(&self, aggregate_ids: &[Uuid], kind: &str) -> Result<Vec<Event>, Error> {
        let mut request = Request::new(ReplayEventsRequest {
            aggregate_ids: aggregate_ids.iter().take(AT_ONCE).map(Uuid::to_string).collect(),
            types: vec![gongdan_bus::event_type(&self.owner, kind)],
            ..ReplayEventsRequest::default()
        });
        request.set_timeout(PICK_TIMEOUT);
        self.open(request).await?.map_ok(|(event, _)| event).try_collect().await
    }

    async fn replay(&self, from: Option<String>) -> Result<ReplayStream, Error> {
        self.open(Request::new(ReplayEventsRequest {
            from: from.unwrap_or_default(),
            ..ReplayEventsRequest::default()
        }))
        .await
    }

    async fn replay_types(&self, types: &[String], from: Option<String>) -> Result<ReplayStream, Error> {
        self.open(Request::new(ReplayEventsRequest {
            types: types.to_vec(),
            from: from.unwrap_or_default(),
            ..ReplayEventsRequest::default()
        }))
        .await
    }

    async fn fetch_types(&self, aggregates: &[Uuid], types: &[String]) -> Result<Vec<Event>, Error> {
        let mut request = Request::new(ReplayEventsRequest {
            aggregate_ids: aggregates.iter().map(Uuid::to_string).collect(),
            types: types.to_vec(),
            ..ReplayEventsRequest::default()
        });
        request.set_timeout(FETCH_TIMEOUT);
        self.open(request).await?.map_ok(|(event, _)| event).try_collect().await
    }
}

fn read(answer: ReplayEventsResponse) -> Result<(Event, String), Error> {
    let event = answer.event.ok_or_else(|| Error::internal("the owner sent no event"))?;
    Ok((Event::from_proto(event).map_err(Error::internal)?, answer.position))
}

fn away(status: Status) -> Error {
    match status.code() {
        tonic::Code::InvalidArgument => Error::invalid_field("from", "a position of the owner's log"),
        _ => Error::unavailable("the owner's event log is away", RETRY_AFTER).because(status),
    }
}
