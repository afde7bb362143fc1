//! A value made from files, made again when they change.

use crate::{TlsError, files::Files};
use gongdan_clock::{Clock, SystemClock};
use jiff::Timestamp;
use opentelemetry::{
    KeyValue,
    metrics::{Counter, Gauge},
};
use std::{
    path::PathBuf,
    sync::{Arc, PoisonError, RwLock, Weak},
    time::Duration,
};

/// Makes the value; the instant is the time to judge certificates at.
type Build<T> = Box<dyn Fn(&Files, Timestamp) -> Result<Made<T>, TlsError> + Send + Sync>;

/// A value, and how long the certificate in it is good.
pub(crate) struct Made<T> {
    pub(crate) value: T,
    pub(crate) until: Option<Timestamp>,
}

/// The latest good value. Clones share it; nobody looks at the files any more when the last one is gone.
pub(crate) struct Live<T>(Arc<RwLock<Arc<T>>>);

impl<T> Clone for Live<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T: Send + Sync + 'static> Live<T> {
    /// Reads the files now, and looks at them again and again. `side` is `server` or `client`, for metric and log.
    pub(crate) fn start(
        side: &'static str,
        paths: Vec<PathBuf>,
        every: Duration,
        build: Build<T>,
    ) -> Result<Self, TlsError> {
        let files = Files::read(&paths)?;
        let made = build(&files, now())?;
        let watch =
            Watch { side, paths, build, good: files.digest(), complaint: None, told: Told::new(side) };
        watch.told.until(made.until);
        let value = Arc::new(RwLock::new(Arc::new(made.value)));
        if !watch.paths.is_empty() {
            tokio::spawn(watch.run(Arc::downgrade(&value), every.max(Duration::from_millis(10))));
        }
        Ok(Self(value))
    }

    pub(crate) fn current(&self) -> Arc<T> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

/// rustls judges certificates by the machine's clock, and so must those who decide which to give it.
fn now() -> Timestamp {
    SystemClock.now()
}

struct Watch<T> {
    side: &'static str,
    paths: Vec<PathBuf>,
    build: Build<T>,
    /// Of the files that the current value was made from.
    good: [u8; 32],
    /// What was last wrong, and with which files, so that it is said once.
    complaint: Option<(Option<[u8; 32]>, String)>,
    told: Told,
}

impl<T: Send + Sync + 'static> Watch<T> {
    async fn run(mut self, value: Weak<RwLock<Arc<T>>>, every: Duration) {
        loop {
            tokio::time::sleep(every).await;
            let Some(value) = value.upgrade() else { return };
            // Reading and parsing a few small files; the thread for it is there anyway.
            let looked = tokio::task::spawn_blocking(move || {
                let made = self.look();
                (self, made)
            });
            let Ok((watch, made)) = looked.await else { return };
            self = watch;
            if let Some(made) = made {
                *value.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(made);
            }
        }
    }

    /// The new value, when the files have changed and are good.
    fn look(&mut self) -> Option<T> {
        let mut seen = None;
        let made = Files::read(&self.paths).and_then(|files| {
            let digest = files.digest();
            seen = Some(digest);
            if digest == self.good { Ok(None) } else { (self.build)(&files, now()).map(Some) }
        });
        match made {
            Ok(made) => {
                self.complaint = None;
                let made = made?;
                self.good = seen?;
                self.told.reloaded("ok");
                self.told.until(made.until);
                let until = made.until.map(tracing::field::display);
                tracing::info!(side = self.side, until, "TLS files taken in");
                Some(made.value)
            }
            // Half of a change looks like this too: the certificate is new and its key not yet.
            Err(why) => {
                let complaint = (seen, why.to_string());
                if self.complaint.as_ref() != Some(&complaint) {
                    self.told.reloaded("refused");
                    tracing::warn!(side = self.side, error = %why, "TLS files not usable; the last good ones stay");
                    self.complaint = Some(complaint);
                }
                None
            }
        }
    }
}

struct Told {
    side: &'static str,
    reloads: Counter<u64>,
    until: Gauge<i64>,
}

impl Told {
    fn new(side: &'static str) -> Self {
        let meter = gongdan_telemetry::meter();
        let reloads = meter
            .u64_counter("gongdan.tls.reloads")
            .with_unit("{reload}")
            .with_description("Changes of certificate, key or authority files, taken in or refused")
            .build();
        let until = meter
            .i64_gauge("gongdan.tls.certificate.expires")
            .with_unit("s")
            .with_description("When the certificate in use ends, in seconds since 1970")
            .build();
        let told = Self { side, reloads, until };
        for outcome in ["ok", "refused"] {
            told.count(0, outcome);
        }
        told
    }

    fn reloaded(&self, outcome: &'static str) {
        self.count(1, outcome);
    }

    fn count(&self, by: u64, outcome: &'static str) {
        let labels =
            [KeyValue::new("gongdan.tls.side", self.side), KeyValue::new("gongdan.outcome", outcome)];
        self.reloads.add(by, &labels);
    }

    fn until(&self, until: Option<Timestamp>) {
        if let Some(until) = until {
            self.until.record(until.as_second(), &[KeyValue::new("gongdan.tls.side", self.side)]);
        }
    }
}
