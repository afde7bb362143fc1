//! The server of a service: gRPC with its stack, and HTTP for machines that watch it.

mod connections;
mod grpc;
mod http;
mod readiness;
#[cfg(test)]
mod tests;

pub(crate) use connections::{Connections, network};
pub use grpc::Server;
pub use readiness::Readiness;
