//! The policies in force, and how they are replaced.

use crate::{config::AccessConfig, error::InvalidPolicies, layer::AccessLayer, policies::Policies};
use arc_swap::ArcSwap;
use std::{path::Path, sync::Arc};
use tokio_util::sync::CancellationToken;

/// The policies in force. Cheap to clone; clones share them.
#[derive(Clone)]
pub struct Access {
    now: Arc<ArcSwap<Policies>>,
    /// The text of the file that [`Self::load`] took in; none: no file.
    loaded: Option<Arc<str>>,
}

impl Access {
    /// Those of the configuration's file, or those that ship.
    ///
    /// # Errors
    /// When the file cannot be read or is refused: a service does not start with policies it cannot follow.
    pub async fn load(config: &AccessConfig) -> Result<Self, InvalidPolicies> {
        let loaded: Option<Arc<str>> = read(&config.policy_file).await?.map(Into::into);
        let policies = match &loaded {
            Some(text) => Arc::new(Policies::parse(text)?),
            None => Policies::shared()?,
        };
        Ok(Self { now: Arc::new(ArcSwap::new(policies)), loaded })
    }

    /// These.
    #[must_use]
    pub fn new(policies: Policies) -> Self {
        Self { now: Arc::new(ArcSwap::from_pointee(policies)), loaded: None }
    }

    /// Those in force now; a call keeps to the ones it began with.
    #[must_use]
    pub fn policies(&self) -> Arc<Policies> {
        self.now.load_full()
    }

    /// Puts others in force, at once and for all calls that begin from now on.
    pub fn replace(&self, policies: Policies) {
        self.now.store(Arc::new(policies));
    }

    /// The layer behind the door of `gongdan_auth`.
    #[must_use]
    pub fn layer(&self) -> AccessLayer {
        AccessLayer::new(self.clone())
    }

    /// Looks at the file until `shutdown`; takes in what is new and good, also what became new since it was loaded.
    pub async fn watch(self, config: AccessConfig, shutdown: CancellationToken) {
        if config.policy_file.as_os_str().is_empty() {
            return;
        }
        let mut seen = self.loaded.as_deref().map(str::to_owned);
        loop {
            tokio::select! {
                () = tokio::time::sleep(config.check_interval) => {}
                () = shutdown.cancelled() => return,
            }
            match read(&config.policy_file).await {
                Ok(text) if text == seen => {}
                Ok(text) => {
                    self.take_in(text.as_deref().unwrap_or_default(), &config.policy_file);
                    seen = text;
                }
                Err(error) => tracing::warn!(%error, "the policies cannot be read; those in force are kept"),
            }
        }
    }

    fn take_in(&self, text: &str, file: &Path) {
        match Policies::parse(text) {
            Ok(policies) => {
                self.replace(policies);
                reloads("taken_in");
                tracing::info!(file = %file.display(), "new policies are in force");
            }
            Err(error) => {
                reloads("refused");
                tracing::error!(%error, file = %file.display(), "the new policies are refused; those in force are kept");
            }
        }
    }
}

fn reloads(outcome: &'static str) {
    gongdan_telemetry::meter()
        .u64_counter("gongdan.access.policy_reloads")
        .with_description("Policy files that were looked at because they had changed, by outcome.")
        .build()
        .add(1, &[opentelemetry::KeyValue::new("outcome", outcome)]);
}

async fn read(file: &Path) -> Result<Option<String>, InvalidPolicies> {
    if file.as_os_str().is_empty() {
        return Ok(None);
    }
    match tokio::fs::read_to_string(file).await {
        Ok(text) => Ok(Some(text)),
        Err(source) => Err(InvalidPolicies::File { path: file.display().to_string(), source }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DEFAULT_POLICIES;

    #[test]
    fn bad_policies_are_refused_whole_and_those_in_force_kept() {
        let access = Access::new(Policies::shipped().unwrap());
        let before = access.policies();
        for bad in ["permit (", "permit (principal, action, resource) when { context.hour > 8 };", ""] {
            access.take_in(bad, Path::new("policies.cedar"));
            assert!(Arc::ptr_eq(&before, &access.policies()), "{bad}");
        }
        access.take_in(DEFAULT_POLICIES, Path::new("policies.cedar"));
        assert!(!Arc::ptr_eq(&before, &access.policies()));
    }
}
