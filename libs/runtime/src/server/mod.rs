//! The server of a service: gRPC with its stack, and HTTP for machines that watch it.

mod grpc;
mod http;
mod readiness;

pub use grpc::Server;
pub use readiness::Readiness;
