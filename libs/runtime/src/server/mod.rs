//! The server of a service: gRPC with its stack, and HTTP for machines that watch it.

mod grpc;
mod http;
mod readiness;
#[cfg(test)]
mod tests;

pub use grpc::Server;
pub use readiness::Readiness;
