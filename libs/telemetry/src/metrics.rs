//! The meter that every instrument of ours comes from.

use opentelemetry::metrics::Meter;
use prometheus::Registry;
use std::sync::LazyLock;

static REGISTRY: LazyLock<Registry> = LazyLock::new(Registry::new);

/// The meter of the suite; names begin with `gongdan.` or follow OpenTelemetry's semantic conventions.
/// Instruments are to be made after [`crate::init`]: those made before it count nothing.
#[must_use]
pub fn meter() -> Meter {
    opentelemetry::global::meter("gongdan")
}

/// What `/metrics` shows: every instrument of this process.
#[must_use]
pub fn registry() -> Registry {
    REGISTRY.clone()
}
