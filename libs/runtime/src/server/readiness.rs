//! Whether the service can serve, and what it waits for if it cannot.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
};
use tonic_health::{ServingStatus, server::HealthReporter};

/// Whether the service can serve. Cheap to clone; health and `/readyz` show the same.
#[derive(Clone)]
pub struct Readiness {
    missing: Arc<RwLock<BTreeMap<&'static str, String>>>,
    reporter: HealthReporter,
}

impl Readiness {
    pub(crate) fn new(reporter: HealthReporter) -> Self {
        Self { missing: Arc::default(), reporter }
    }

    /// Notes that `part` is away and why, or that it is there again. Says so in the log when that changes.
    pub async fn set(&self, part: &'static str, missing: Option<String>) {
        let (changed, ready) = {
            let mut parts = self.missing.write().unwrap_or_else(PoisonError::into_inner);
            let before = match &missing {
                Some(why) => parts.insert(part, why.clone()),
                None => parts.remove(part),
            };
            (before.is_some() != missing.is_some(), parts.is_empty())
        };
        if !changed {
            return;
        }
        match &missing {
            Some(why) => tracing::warn!(part, waits_for = %why, "not ready"),
            None => tracing::info!(part, ready, "there"),
        }
        let status = if ready { ServingStatus::Serving } else { ServingStatus::NotServing };
        self.reporter.set_service_status("", status).await;
    }

    pub(crate) fn is_missing(&self, part: &str) -> bool {
        self.missing.read().unwrap_or_else(PoisonError::into_inner).contains_key(part)
    }

    /// What is waited for, in one line; none when the service can serve.
    #[must_use]
    pub fn waits_for(&self) -> Option<String> {
        let parts = self.missing.read().unwrap_or_else(PoisonError::into_inner);
        (!parts.is_empty()).then(|| parts.values().map(String::as_str).collect::<Vec<_>>().join("; "))
    }
}
