//! The command line without a suite.

mod client;
