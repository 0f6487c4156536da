//! Implements the body of admin responses: fixed bytes, or a stream of events.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::sync::mpsc;

/// Response body of the admin listener.
#[derive(Debug)]
pub(super) enum AdminBody {
    /// Complete body; `None` once it was sent, or if it is empty.
    Full(Option<Bytes>),
    /// Chunks, until the sender is dropped.
    Stream(mpsc::Receiver<Bytes>),
}

impl AdminBody {
    pub(super) fn new(bytes: impl Into<Bytes>) -> AdminBody {
        let bytes = bytes.into();
        AdminBody::Full((!bytes.is_empty()).then_some(bytes))
    }
}

impl Body for AdminBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match &mut *self {
            AdminBody::Full(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            AdminBody::Stream(chunks) => chunks
                .poll_recv(cx)
                .map(|chunk| chunk.map(|chunk| Ok(Frame::data(chunk)))),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, AdminBody::Full(None))
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            AdminBody::Full(bytes) => {
                SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
            }
            AdminBody::Stream(_) => SizeHint::default(),
        }
    }
}
