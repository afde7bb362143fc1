//! The process around a service.

use tokio::{
    runtime::Runtime,
    signal::unix::{SignalKind, signal},
};
use tokio_util::sync::CancellationToken;

/// The runtime of a service process: `worker_threads` threads (0: [`threads_for`] this machine), and few for blocking
/// work, so that six of them stay small.
///
/// # Errors
/// When threads cannot be started.
pub fn build_runtime(worker_threads: usize) -> std::io::Result<Runtime> {
    let threads = match worker_threads {
        0 => threads_for(std::thread::available_parallelism().map_or(1, usize::from)),
        said => said,
    };
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads)
        .max_blocking_threads(16)
        .enable_all()
        .build()
}

/// Threads that suit six services beside PostgreSQL and NATS on so many processors: a second one only steals from the
/// others, and costs wake-ups, where there are but two. On more, two; what needs more runs as more replicas.
#[must_use]
pub const fn threads_for(processors: usize) -> usize {
    if processors > 2 { 2 } else { 1 }
}

/// Cancelled by SIGTERM, Ctrl-C, or a terminal that goes away.
///
/// # Errors
/// When signals cannot be heard.
pub fn termination() -> std::io::Result<CancellationToken> {
    let token = CancellationToken::new();
    let cancel = token.clone();
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = hang_up.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        }
        tracing::info!("told to stop");
        cancel.cancel();
    });
    Ok(token)
}
