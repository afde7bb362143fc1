//! Ids: UUIDv7 for what is new, UUIDv5 for what has a key of its own.

use jiff::Timestamp;
use std::sync::atomic::{AtomicU64, Ordering};
use uuid::{ContextV7, Uuid};

/// Namespace of `stable_id`; fixed for ever.
const NAMESPACE: Uuid = Uuid::from_u128(0x6f4c_1d0e_5b0b_5f6e_9a53_2d1f_00c1_2345);

/// A new UUIDv7 for an instant; ids made within one millisecond are in order within this process.
#[must_use]
pub fn new_id(now: Timestamp) -> Uuid {
    thread_local! {
        static CONTEXT: ContextV7 = const { ContextV7::new() };
    }
    static LAST: AtomicU64 = AtomicU64::new(0);
    // A clock that steps back must not give an id that sorts before its elders.
    let millis = u64::try_from(now.as_millisecond()).unwrap_or(0);
    let millis =
        LAST.fetch_max(millis, Ordering::Relaxed).max(millis).min(if millis == 0 { 0 } else { u64::MAX });
    CONTEXT.with(|context| {
        let nanos = u32::try_from(millis % 1_000).unwrap_or(0) * 1_000_000;
        Uuid::new_v7(uuid::Timestamp::from_unix(context, millis / 1_000, nanos))
    })
}

/// The same id for the same kind and key, always: `stable_id("unit", "tianhe-env")`.
#[must_use]
pub fn stable_id(kind: &str, key: &str) -> Uuid {
    Uuid::new_v5(&NAMESPACE, format!("{kind}/{key}").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_version_7_and_unique() {
        let now: Timestamp = "2026-11-22T09:00:00Z".parse().unwrap();
        let ids: Vec<_> = (0..1_000).map(|_| new_id(now)).collect();
        assert!(ids.iter().all(|id| id.get_version_num() == 7));
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]), "ids of one thread are in order");
    }

    #[test]
    fn stable_ids_depend_on_kind_and_key() {
        assert_eq!(stable_id("unit", "a"), stable_id("unit", "a"));
        assert_ne!(stable_id("unit", "a"), stable_id("principal", "a"));
        assert_ne!(stable_id("unit", "a"), stable_id("unit", "b"));
    }
}
