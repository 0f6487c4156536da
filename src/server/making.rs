//! A reply into the answer that is sent: at once, or when its body is drawn.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::Response;

use super::sending::Answer;

/// An answer that is there, or is being made.
#[allow(
    clippy::large_enum_variant,
    reason = "nine in ten are there, and are not to cost an allocation"
)]
pub(super) enum Making {
    Made(Option<Response<Answer>>),
    Awaited(Pin<Box<dyn Future<Output = Response<Answer>> + Send>>),
}

impl Future for Making {
    type Output = Result<Response<Answer>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut *self {
            Making::Made(made) => match made.take() {
                Some(made) => Poll::Ready(Ok(made)),
                // It was taken before.
                None => Poll::Pending,
            },
            Making::Awaited(awaited) => awaited.as_mut().poll(cx).map(Ok),
        }
    }
}
