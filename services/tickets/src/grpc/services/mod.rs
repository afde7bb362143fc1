//! One file a service that has many RPCs: each delegates, the work is in the file named after the RPC.

mod attachment_service;
mod bulk_service;
mod call_service;
mod circulation;
mod draft_service;
mod forms;
mod handling;
mod links;
mod note_service;
mod queue_service;
mod review;
mod supervision;
mod timeline;
mod visit_service;
mod workflow;
