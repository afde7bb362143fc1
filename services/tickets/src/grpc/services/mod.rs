//! One file a service that has many RPCs: each delegates, the work is in the file named after the RPC.

mod bulk_service;
mod circulation;
mod draft_service;
mod forms;
mod handling;
mod queue_service;
mod links;
mod review;
mod supervision;
mod timeline;
mod workflow;
