//! `[access]` of the services' configuration.

use serde::Deserialize;
use std::{path::PathBuf, time::Duration};

/// Where the policies are.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccessConfig {
    /// A Cedar file; empty: the policies that ship with the product.
    pub policy_file: PathBuf,
    /// Between two looks at the file.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub check_interval: Duration,
}

impl Default for AccessConfig {
    fn default() -> Self {
        Self { policy_file: PathBuf::new(), check_interval: Duration::from_secs(5) }
    }
}
