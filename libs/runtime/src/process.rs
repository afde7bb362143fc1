//! The process around a service.

use tokio::{
    runtime::Runtime,
    signal::unix::{SignalKind, signal},
};
use tokio_util::sync::CancellationToken;

/// The runtime of a service process: `worker_threads` threads, and few for blocking work, so that six of them stay small.
///
/// # Errors
/// When threads cannot be started.
pub fn build_runtime(worker_threads: usize) -> std::io::Result<Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(worker_threads.max(1))
        .max_blocking_threads(16)
        .enable_all()
        .build()
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
