//! The workflows that ship.

use super::{checked::Workflow, definition::Definition};
use std::sync::{Arc, LazyLock};

/// The one that tickets follow for which nothing else is set.
pub const DEFAULT: &str = "government-hotline";

/// Keys and texts of the shipped definitions.
pub const SHIPPED: [(&str, &str); 3] = [
    (DEFAULT, include_str!("../../workflows/government-hotline.toml")),
    ("telecom-complaint", include_str!("../../workflows/telecom-complaint.toml")),
    ("field-service", include_str!("../../workflows/field-service.toml")),
];

static CHECKED: LazyLock<Vec<Arc<Workflow>>> = LazyLock::new(|| {
    // A test holds each of them to be good.
    let check = |text| Workflow::check(Definition::parse(text).ok()?, 1).ok().map(Arc::new);
    SHIPPED.iter().filter_map(|(_, text)| check(text)).collect()
});

/// The shipped workflows, each as version 1.
#[must_use]
pub fn shipped() -> &'static [Arc<Workflow>] {
    &CHECKED
}
