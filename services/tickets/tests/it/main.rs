//! tickets through its gRPC API and the events it hears and says.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod access;
mod acts;
mod attachments;
mod audit;
mod bad_input;
mod bulk;
mod callbacks;
mod calls;
mod catalogue;
mod chains;
mod channels;
mod citizens;
mod confidential;
mod customers;
mod decisions;
mod drafts;
mod erasure;
mod everywhere;
mod forms;
mod handling;
mod handling_records;
mod intake;
mod keys;
mod legal_holds;
mod links;
mod listing;
mod matrix;
mod notes;
mod outage;
mod past;
mod places;
mod priorities;
mod quarantine;
mod queues;
mod r10_handover;
mod r5_asset;
mod r9_pools;
mod races;
mod requests;
mod retention;
mod rounds;
mod search;
mod sensitive;
mod silence;
mod standing;
mod suite;
mod supervised;
mod t13_escalate;
mod t18_review;
mod t22_urge;
mod t23_supervise;
mod t24_track;
mod t30_quality;
mod t31_workflow;
mod t34_circulate;
mod t38_emergency;
mod timeline;
mod visits;
mod watched;
mod watching;
