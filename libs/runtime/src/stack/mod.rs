//! What every call goes through, from outside in: trace, stall, deadline, limit, panic, wire, address, gate; behind the
//! gate the door of `gongdan_auth`; behind the door share, message, and the services.

mod address;
mod deadline;
mod gate;
mod held;
mod incoming;
mod limit;
mod message;
mod panic;
mod share;
mod stall;
mod trace;
mod wire;

pub(crate) use address::AddressLayer;
pub(crate) use deadline::DeadlineLayer;
pub(crate) use gate::{Gate, Inner};
pub(crate) use limit::LimitLayer;
pub(crate) use message::{MessageLayer, Messages};
pub(crate) use panic::PanicLayer;
pub(crate) use share::{ShareLayer, Shared};
pub(crate) use stall::StallLayer;
pub(crate) use trace::TraceLayer;
pub(crate) use wire::WireLayer;

use http::Extensions;
use std::{future::Future, net::SocketAddr, pin::Pin};
use tonic::transport::server::{TcpConnectInfo, TlsConnectInfo};

type Answer = Result<http::Response<tonic::body::Body>, std::convert::Infallible>;
type AnswerFuture = Pin<Box<dyn Future<Output = Answer> + Send>>;

/// Who is at the other end of the connection, with TLS or without; a proxy's, behind one.
fn remote(extensions: &Extensions) -> Option<SocketAddr> {
    let tls = || extensions.get::<TlsConnectInfo<TcpConnectInfo>>().map(TlsConnectInfo::get_ref);
    extensions.get::<TcpConnectInfo>().or_else(tls)?.remote_addr()
}
