//! Real servers, started and stopped.

mod lifecycle;
