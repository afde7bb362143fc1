//! A deep stack for what recurses.

use std::{panic, thread};

/// Bytes of stack; only what is touched is ever taken from memory. The deepest expression that the limits allow needs a
/// tenth of it in a debug build.
const STACK: usize = 128 << 20;

/// Runs `work` on a thread with a deep stack and waits for it.
pub fn deep<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    let outcome = thread::scope(|scope| {
        match thread::Builder::new().name("cel".into()).stack_size(STACK).spawn_scoped(scope, work) {
            Ok(thread) => thread.join(),
            Err(error) => panic::panic_any(format!("no thread for expressions: {error}")),
        }
    });
    outcome.unwrap_or_else(|panic| panic::resume_unwind(panic))
}
