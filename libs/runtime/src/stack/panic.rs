//! A panic in a handler is INTERNAL for its caller and nothing for the others.

use gongdan_errors::Error;
use http::Response;
use std::any::Any;
use tonic::{Status, body::Body};
use tower_http::catch_panic::{CatchPanicLayer, ResponseForPanic};

#[derive(Clone, Copy)]
pub(crate) struct Answerer;

impl ResponseForPanic for Answerer {
    type ResponseBody = Body;

    fn response_for_panic(&mut self, panic: Box<dyn Any + Send + 'static>) -> Response<Body> {
        let what = panic
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
            .unwrap_or_else(|| "a panic without words".to_owned());
        Status::from(Error::internal(format!("panic: {what}"))).into_http()
    }
}

pub(crate) fn catch_panics() -> CatchPanicLayer<Answerer> {
    CatchPanicLayer::custom(Answerer)
}
