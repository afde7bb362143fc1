//! Helpers of the whole-suite tests: a suite of real processes, a desk of real clients, and waits on conditions.

pub mod desk;
pub mod eventually;
pub mod organisation;
pub mod past;
pub mod suite;
