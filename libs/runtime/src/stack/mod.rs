//! What every call goes through, from outside in: trace, deadline, limit, panic, gate, and behind the gate the door of
//! `gongdan_auth` and the services.

mod deadline;
mod gate;
mod limit;
mod panic;
mod trace;

pub(crate) use deadline::DeadlineLayer;
pub(crate) use gate::{Gate, Inner};
pub(crate) use limit::LimitLayer;
pub(crate) use panic::PanicLayer;
pub(crate) use trace::TraceLayer;

use std::{future::Future, pin::Pin};

type Answer = Result<http::Response<tonic::body::Body>, std::convert::Infallible>;
type AnswerFuture = Pin<Box<dyn Future<Output = Answer> + Send>>;
