//! Implements the body of a response: bytes in memory, or a lazy body that is still to be rendered.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Frame, SizeHint};

use crate::model::artifact::{CorruptGzip, LazyBody, Payload, PayloadReader};

/// Body of a response. A payload that is stored only as gzip is decompressed while it is sent. If that fails, the
/// connection or stream is reset before the end of the body.
#[derive(Debug, Default)]
pub struct ResponseBody {
    payload: Payload,
    /// Chunks after the current one; `None` before the first byte is sent.
    chunks: Option<PayloadReader>,
    /// Unsent rest of the current chunk.
    current_chunk: Bytes,
    /// Bytes that are still to be sent.
    bytes_left: usize,
    /// Lazy body that is still to be rendered.
    lazy: Option<Box<LazyBody>>,
    /// Boxed because a body is moved several times before it is sent.
    progress: Option<Box<dyn BodyProgress>>,
}

/// Follows a body while it is sent. Dropped when the body is sent completely or given up.
pub(crate) trait BodyProgress: std::fmt::Debug + Send + Sync {
    /// Records the next frame. Returns how many of the `available` bytes go into it.
    fn record_frame(&mut self, available: usize) -> usize;
}

impl From<Payload> for ResponseBody {
    fn from(payload: Payload) -> ResponseBody {
        ResponseBody {
            bytes_left: payload.len(),
            payload,
            ..ResponseBody::default()
        }
    }
}

impl From<Bytes> for ResponseBody {
    fn from(bytes: Bytes) -> ResponseBody {
        Payload::from(bytes).into()
    }
}

impl ResponseBody {
    /// Creates a body that is still to be rendered.
    pub(super) fn from_lazy(deferred: LazyBody) -> ResponseBody {
        ResponseBody {
            lazy: Some(Box::new(deferred)),
            ..ResponseBody::default()
        }
    }

    /// Returns the bytes that are still to be sent; 0 for a lazy body.
    pub fn len(&self) -> usize {
        self.bytes_left
    }

    /// Returns true if no bytes are left to send.
    pub fn is_empty(&self) -> bool {
        self.bytes_left == 0
    }

    /// Returns true if the body is still to be rendered.
    pub fn is_lazy(&self) -> bool {
        self.lazy.is_some()
    }

    /// Takes the lazy body out, for the caller to render.
    pub(crate) fn take_lazy(&mut self) -> Option<Box<LazyBody>> {
        self.lazy.take()
    }

    /// Reports each frame to `progress`.
    pub(crate) fn with_progress(mut self, progress: impl BodyProgress + 'static) -> ResponseBody {
        self.progress = Some(Box::new(progress));
        self
    }

    #[cfg(test)]
    pub(super) fn to_vec(&self) -> Result<Vec<u8>, CorruptGzip> {
        self.payload.to_vec()
    }
}

impl hyper::body::Body for ResponseBody {
    type Data = Bytes;
    type Error = CorruptGzip;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, CorruptGzip>>> {
        if self.current_chunk.is_empty() {
            let ResponseBody {
                payload, chunks, ..
            } = &mut *self;
            let chunks = chunks.get_or_insert_with(|| payload.read_chunks());
            self.current_chunk = match chunks.next_chunk() {
                Ok(Some(next)) => next,
                Ok(None) => return Poll::Ready(None),
                Err(damaged) => return Poll::Ready(Some(Err(damaged))),
            };
        }
        let mut length = self.current_chunk.len();
        if let Some(progress) = &mut self.progress {
            length = progress.record_frame(length);
        }
        let data = self.current_chunk.split_to(length);
        self.bytes_left -= length;
        Poll::Ready(Some(Ok(Frame::data(data))))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes_left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes_left as u64)
    }
}
