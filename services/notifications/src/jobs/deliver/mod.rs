//! Sends what waits to be sent, tries again what failed, and gives up what failed too often.
//!
//! Deliveries are claimed with a lease: another process takes over those of one that died. The job sleeps until the next
//! is due or something new was committed.

mod email;
mod outcome;
mod resolver;
mod webhook;

use std::sync::Arc;

use anyhow::Context as _;
use gongdan_access::sees_sensitive;
use gongdan_notifications_domain::Backoff;
use jiff::Timestamp;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

pub use self::resolver::{Guard, Names, NoAddress, SystemNames};
use self::{email::Mailer, outcome::Outcome, webhook::Poster};
use crate::{
    Config, Rooms,
    config::DeliveryConfig,
    store::{Attempt, Channel, Claimed, Verdict},
};

/// Sends.
pub struct Deliverer {
    rooms: Arc<Rooms>,
    config: DeliveryConfig,
    mailer: Option<Mailer>,
    poster: Poster,
}

impl Deliverer {
    /// # Errors
    /// When the SMTP server or the sender cannot be what the configuration says.
    pub fn new(rooms: Arc<Rooms>, config: &Config) -> anyhow::Result<Self> {
        let mailer =
            config.email.enabled.then(|| Mailer::new(&config.email)).transpose().context("[email]")?;
        let poster = Poster::new(&config.webhooks, rooms.guard.clone()).context("[webhooks]")?;
        Ok(Self { rooms, config: config.delivery.clone(), mailer, poster })
    }

    /// Until told to stop; what is being sent then is finished.
    pub async fn run(self, shutdown: CancellationToken) {
        let job = Arc::new(self);
        let mut sending = JoinSet::new();
        while !shutdown.is_cancelled() {
            let free = job.config.concurrency.saturating_sub(sending.len());
            let claimed = job.claim(free).await;
            let more = claimed.len() == free && free > 0;
            for delivery in claimed {
                let job = Arc::clone(&job);
                sending.spawn(async move { job.attempt(delivery).await });
            }
            if more && sending.len() < job.config.concurrency {
                continue;
            }
            let next = if free > 0 { job.next_look().await } else { Timestamp::MAX };
            tokio::select! {
                Some(_) = sending.join_next() => {}
                () = job.rooms.sender.notified() => {}
                () = job.rooms.clock.sleep_until(next) => {}
                () = shutdown.cancelled() => {}
            }
        }
        while sending.join_next().await.is_some() {}
    }

    async fn claim(&self, free: usize) -> Vec<Claimed> {
        if free == 0 {
            return Vec::new();
        }
        let now = self.rooms.clock.now();
        let lease_until = now.saturating_add(self.config.lease).unwrap_or(Timestamp::MAX);
        let limit = i64::try_from(free).unwrap_or(i64::MAX);
        self.rooms.store.claim(now, lease_until, limit).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "deliveries wait for the database");
            Vec::new()
        })
    }

    /// When the next delivery is due, or when to look in any case.
    async fn next_look(&self) -> Timestamp {
        let now = self.rooms.clock.now();
        let latest = now.saturating_add(self.config.look_again).unwrap_or(Timestamp::MAX);
        match self.rooms.store.next_due().await {
            Ok(Some(due)) if due > now => due.min(latest),
            // Due already, but claimed by nobody in the meantime: another process is at it.
            Ok(Some(_)) => {
                now.saturating_add(jiff::SignedDuration::from_secs(1)).unwrap_or(latest).min(latest)
            }
            Ok(None) => latest,
            Err(error) => {
                tracing::warn!(%error, "deliveries wait for the database");
                now.saturating_add(jiff::SignedDuration::from_secs(1)).unwrap_or(latest)
            }
        }
    }

    async fn attempt(&self, claimed: Claimed) {
        let span = tracing::info_span!(
            "deliver",
            otel.kind = "client",
            channel = claimed.channel.as_str(),
            delivery = %claimed.id,
            attempt = claimed.attempt,
        );
        async {
            let at = self.rooms.clock.now();
            let outcome = match self.hindrance(&claimed).await {
                Some(hindrance) => hindrance,
                None => self.send(&claimed, at).await,
            };
            let ended = self.rooms.clock.now();
            let attempt = Attempt {
                at,
                took: ended.duration_since(at),
                succeeded: outcome == Outcome::Delivered { code: outcome.code() },
                code: outcome.code(),
                error: outcome.error(),
            };
            let verdict = judge(&outcome, &claimed, self.rooms.backoff, ended);
            self.rooms.metrics.attempted(claimed.channel, &verdict, attempt.took.as_secs_f64());
            if verdict == Verdict::Dead {
                tracing::warn!(recipient = %claimed.recipient, error = %attempt.error, "delivery given up");
            }
            if let Err(error) = self.settle(&claimed, &attempt, &verdict, &outcome).await {
                // The lease runs out and it is sent again: at least once.
                tracing::error!(%error, "the attempt could not be written down");
            }
        }
        .instrument(span)
        .await;
    }

    /// What keeps a delivery from being sent at all: rights are those of now, not those of when it was written.
    async fn hindrance(&self, claimed: &Claimed) -> Option<Outcome> {
        match self.rooms.store.judged(claimed).await {
            Ok(None) => None,
            Ok(Some(by)) => {
                let sees = sees_sensitive(&self.rooms.access.policies(), &by.roles, &by.rights);
                (!sees).then_some(Outcome::Withheld)
            }
            Err(error) => {
                tracing::warn!(%error, "whether it may be told could not be read");
                Some(Outcome::failed(0, "whether it may be told could not be read"))
            }
        }
    }

    async fn send(&self, claimed: &Claimed, at: Timestamp) -> Outcome {
        match claimed.channel {
            Channel::Email => email::send(&self.rooms.store, self.mailer.as_ref(), claimed, at).await,
            Channel::Webhook => self.poster.send(&self.rooms.store, claimed, at).await,
        }
    }

    async fn settle(
        &self,
        claimed: &Claimed,
        attempt: &Attempt,
        verdict: &Verdict,
        outcome: &Outcome,
    ) -> Result<(), sqlx::Error> {
        self.rooms.store.settle(claimed, attempt, verdict).await?;
        if let Outcome::Gone { endpoint, .. } = outcome {
            self.rooms.store.disable_webhook(*endpoint).await?;
            tracing::warn!(webhook = %endpoint, "the endpoint answered 410 and is disabled");
        }
        Ok(())
    }
}

fn judge(outcome: &Outcome, claimed: &Claimed, backoff: Backoff, now: Timestamp) -> Verdict {
    match outcome {
        Outcome::Delivered { .. } => Verdict::Delivered,
        Outcome::NoRecipient | Outcome::Withheld => Verdict::Dropped,
        Outcome::Refused { .. } | Outcome::Gone { .. } => Verdict::Dead,
        Outcome::Failed { .. } => {
            // A delivery that was resent begins its waits anew.
            let earlier = (claimed.give_up_after - backoff.attempts).max(0);
            let failed = claimed.attempt - earlier;
            backoff.next(failed, now, rand::random()).map_or(Verdict::Dead, Verdict::Retry)
        }
    }
}
