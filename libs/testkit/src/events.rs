//! Events in and out, over the real bus.

use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, pull};
use futures::TryStreamExt;
use gongdan_bus::{Event, from_headers, to_headers};

use crate::Env;

impl Env {
    /// Puts an event on the bus as its owner's relay would; the stream is made when it is not there.
    ///
    /// # Panics
    /// When the bus refuses.
    pub async fn publish(&self, event: &Event) {
        self.bus().ensure_stream(&event.source).await.expect("the stream");
        let subject = format!("{}.{}", self.bus().root(), event.subject);
        let headers = to_headers(event, None);
        let context = self.bus().context();
        let ack =
            context.publish_with_headers(subject, headers, event.payload.clone()).await.expect("published");
        ack.await.expect("the bus keeps the event");
    }

    /// The events of a service that are on the bus so far, in their order; none when it has no stream yet.
    ///
    /// # Panics
    /// When the bus refuses, or holds something that is no event.
    pub async fn events(&self, service: &str) -> Vec<Event> {
        let context = self.bus().context();
        let Ok(stream) = context.get_stream(self.bus().stream_name(service)).await else {
            return Vec::new();
        };
        if stream.cached_info().state.messages == 0 {
            return Vec::new();
        }
        let consumer = stream
            .create_consumer(pull::Config {
                deliver_policy: DeliverPolicy::All,
                ack_policy: AckPolicy::None,
                ..pull::Config::default()
            })
            .await
            .expect("a consumer");
        let wanted = usize::try_from(stream.cached_info().state.messages).expect("a number of messages");
        let batch = consumer.fetch().max_messages(wanted).messages().await.expect("messages");
        let messages: Vec<_> = batch.try_collect().await.expect("messages");
        stream.delete_consumer(&consumer.cached_info().name).await.ok();
        messages.iter().map(|message| self.event(message)).collect()
    }

    fn event(&self, message: &async_nats::Message) -> Event {
        let headers = message.headers.as_ref();
        from_headers(self.bus().root(), &message.subject, headers, message.payload.clone()).expect("an event")
    }
}
