//! Pulling messages when they are wanted: all there are at once, or a wait for the first. Between two pulls the bus
//! delivers nothing, so that a consumer that rests is not woken by each message.
//!
//! The library's stream keeps a request open all the time and its batches subscribe anew each time; this uses one
//! subscription and the library's requests.

use crate::{Bus, BusError};
use async_nats::{
    StatusCode, Subject, Subscriber,
    jetstream::{
        Context, Message,
        consumer::{
            Consumer,
            pull::{BatchConfig, Config},
        },
    },
};
use futures::StreamExt as _;
use std::time::Duration;
use tokio::{sync::watch, time::timeout};

/// How long the bus keeps a wait for the first message.
const WAIT: Duration = Duration::from_secs(30);
/// How often it says meanwhile that it is there.
const HEARTBEAT: Duration = Duration::from_secs(10);
/// How long an answer may take; a heartbeat counts as one.
const SILENCE: Duration = Duration::from_secs(20);

/// Pulls a durable consumer's messages.
pub struct Pull {
    consumer: Consumer<Config>,
    context: Context,
    connects: watch::Receiver<u64>,
    inbox: String,
    answers: Subscriber,
    request: u64,
}

/// One answer.
enum Answer {
    Message(Box<Message>),
    /// To a request: nothing more comes of it.
    Done,
    /// Of no meaning, or to an older request.
    Nothing,
}

impl Pull {
    /// Of a consumer from [`Bus::durable`].
    ///
    /// # Errors
    /// When the bus is away.
    pub async fn new(bus: &Bus, consumer: Consumer<Config>) -> Result<Self, BusError> {
        let mut connects = bus.connects();
        connects.mark_unchanged();
        let inbox = bus.client().new_inbox();
        let answers = bus.client().subscribe(format!("{inbox}.*")).await.map_err(BusError::new)?;
        Ok(Self { consumer, context: bus.context().clone(), connects, inbox, answers, request: 0 })
    }

    /// What is there, at most `most`, put behind what `messages` has.
    ///
    /// # Errors
    /// When the bus is away or the consumer is gone: open it anew. What came before stays in `messages`.
    pub async fn available(&mut self, most: usize, messages: &mut Vec<Message>) -> Result<(), BusError> {
        if messages.len() >= most {
            return Ok(());
        }
        let batch = most - messages.len();
        self.ask(BatchConfig { batch, no_wait: true, ..BatchConfig::default() }).await?;
        while messages.len() < most {
            match self.answer().await? {
                Answer::Message(message) => messages.push(*message),
                Answer::Done => break,
                Answer::Nothing => {}
            }
        }
        Ok(())
    }

    /// The first message that comes.
    ///
    /// # Errors
    /// When the bus is away or the consumer is gone: open it anew.
    pub async fn first(&mut self) -> Result<Message, BusError> {
        loop {
            self.ask(BatchConfig {
                batch: 1,
                expires: Some(WAIT),
                idle_heartbeat: HEARTBEAT,
                ..BatchConfig::default()
            })
            .await?;
            loop {
                match self.answer().await? {
                    Answer::Message(message) => return Ok(*message),
                    Answer::Done => break,
                    Answer::Nothing => {}
                }
            }
        }
    }

    async fn ask(&mut self, wanted: BatchConfig) -> Result<(), BusError> {
        self.request += 1;
        let reply = Subject::from(format!("{}.{}", self.inbox, self.request));
        self.consumer.request_batch(wanted, reply).await.map_err(BusError::new)
    }

    async fn answer(&mut self) -> Result<Answer, BusError> {
        let message = tokio::select! {
            message = timeout(SILENCE, self.answers.next()) => {
                message.map_err(BusError::new)?.ok_or_else(|| BusError::new("the subscription ended"))?
            }
            // Requests of before are forgotten.
            _ = self.connects.changed() => return Err(BusError::new("the connection was made anew")),
        };
        let Some(status) = message.status.filter(|status| *status != StatusCode::OK) else {
            return Ok(Answer::Message(Box::new(Message { message, context: self.context.clone() })));
        };
        let current = message.subject.rsplit('.').next() == Some(self.request.to_string().as_str());
        let description = message.description.as_deref().unwrap_or_default();
        match status {
            _ if !current => Ok(Answer::Nothing),
            StatusCode::IDLE_HEARTBEAT => Ok(Answer::Nothing),
            StatusCode::TIMEOUT | StatusCode::NOT_FOUND => Ok(Answer::Done),
            // So many are being worked on already.
            _ if description.contains("MaxAckPending") => Ok(Answer::Done),
            status => Err(BusError::new(format!("{status} {description}"))),
        }
    }
}

impl std::fmt::Debug for Pull {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pull").field("inbox", &self.inbox).finish_non_exhaustive()
    }
}
