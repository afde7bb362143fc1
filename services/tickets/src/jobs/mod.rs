//! What this service does by itself, one file a job. Partitions and old requests are kept by every service's foundation.

pub(crate) mod climb_directives;
pub(crate) mod close_silent;
mod each;
pub(crate) mod fold_queues;
pub(crate) mod forget_decisions;
pub(crate) mod index_texts;
pub(crate) mod keep_keys;
pub(crate) mod quarantine;
pub(crate) mod remind;
pub(crate) mod resume_suspended;
pub(crate) mod retain;
pub(crate) mod rotate_keys;
pub(crate) mod sweep_blobs;
