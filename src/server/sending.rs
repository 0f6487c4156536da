//! The body of a response: bytes that are there, or that are yet to be rendered.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::Version;
use hyper::body::{Frame, SizeHint};
use tokio::time::Instant;

use super::note::Note;
use super::pulse::Pulse;
use crate::artifact::{Chunks, Damaged, Deferred, Payload};

/// How much of a body one HTTP/2 frame takes, in bytes. A piece is taken when the client has made room, so that the
/// pieces are the progress.
const HTTP2_PIECE_BYTES: usize = 16 * 1024;

/// The body of a response. What is kept in gzip only is decompressed as it is sent, and should that fail, the
/// connection, or the stream of it, is ended before the body is.
#[derive(Debug, Default)]
pub struct Body {
    payload: Payload,
    /// What comes after `rest`; `None` before the first byte is sent.
    chunks: Option<Chunks>,
    rest: Bytes,
    left: usize,
    /// What renders the bytes, where that is yet to be done.
    deferred: Option<Box<Deferred>>,
    /// Boxed, as a body is moved several times before it is sent.
    delivery: Option<Box<Delivery>>,
}

/// What is told of a body that gets under way.
#[derive(Debug)]
struct Delivery {
    /// Whether there is something that the client is to take.
    is_taken: bool,
    is_http2: bool,
    /// How many bytes got under way.
    sent: usize,
    pulse: Arc<Pulse>,
    note: Note,
}

impl From<Payload> for Body {
    fn from(payload: Payload) -> Body {
        Body {
            left: payload.len(),
            payload,
            ..Body::default()
        }
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Body {
        Payload::from(bytes).into()
    }
}

impl Body {
    /// A body that is yet to be rendered.
    pub(super) fn deferred(deferred: Deferred) -> Body {
        Body {
            deferred: Some(Box::new(deferred)),
            ..Body::default()
        }
    }

    /// How many bytes are left, as far as they are there.
    pub fn len(&self) -> usize {
        self.left
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.left == 0
    }

    /// Whether the bytes are yet to be rendered.
    pub fn is_deferred(&self) -> bool {
        self.deferred.is_some()
    }

    /// Takes what renders the bytes.
    pub(super) fn take_deferred(&mut self) -> Option<Box<Deferred>> {
        self.deferred.take()
    }

    /// The same, whose progress is reported to the timers of its connection, and whose end is counted. It is sent from
    /// `now`.
    pub(super) fn reporting(
        mut self,
        version: Version,
        (pulse, now): (Arc<Pulse>, Instant),
        note: Note,
    ) -> Body {
        // An empty body cannot hit the write timeout.
        let is_taken = !self.is_empty();
        if is_taken {
            pulse.begins(now);
        }
        self.delivery = Some(Box::new(Delivery {
            is_taken,
            is_http2: version == Version::HTTP_2,
            sent: 0,
            pulse,
            note,
        }));
        self
    }

    /// All bytes.
    #[cfg(test)]
    pub(super) fn to_vec(&self) -> Result<Vec<u8>, Damaged> {
        self.payload.to_vec()
    }
}

impl Drop for Delivery {
    fn drop(&mut self) {
        if self.is_taken {
            self.pulse.ends();
        }
        self.note.ends(self.sent);
    }
}

impl hyper::body::Body for Body {
    type Data = Bytes;
    type Error = Damaged;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Damaged>>> {
        if self.rest.is_empty() {
            let Body {
                payload, chunks, ..
            } = &mut *self;
            let chunks = chunks.get_or_insert_with(|| payload.chunks());
            self.rest = match chunks.next_chunk() {
                Ok(Some(next)) => next,
                Ok(None) => return Poll::Ready(None),
                Err(damaged) => return Poll::Ready(Some(Err(damaged))),
            };
        }
        let mut length = self.rest.len();
        if let Some(delivery) = &mut self.delivery {
            if delivery.is_http2 {
                length = length.min(HTTP2_PIECE_BYTES);
            }
            let now = delivery.is_http2.then(Instant::now);
            delivery.pulse.answered(length, now);
            delivery.sent += length;
        }
        let piece = self.rest.split_to(length);
        self.left -= length;
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left as u64)
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use hyper::body::Body as _;

    use super::*;
    use crate::server::tests::{note, unhurried};
    use crate::server::traffic::Traffic;

    #[tokio::test]
    async fn damaged_gzip_ends_the_body_with_an_error_before_its_end() {
        // A stored block of five bytes whose checksum is not theirs.
        let mut coded = b"\x1f\x8b\x08\0\0\0\0\0\0\xff\x01\x05\0\xfa\xffbytes".to_vec();
        coded.extend([0, 0, 0, 0, 5, 0, 0, 0]);
        let (pulse, traffic) = (unhurried(), Traffic::default());
        let note = note(&traffic);
        let body = Body::from(Payload::decompressing(coded.into()));
        assert_eq!(body.len(), 5);
        let mut answer = body.reporting(Version::HTTP_11, (pulse, Instant::now()), note);
        assert_eq!(answer.frame().await.unwrap().unwrap_err(), Damaged);
        assert!(!answer.is_end_stream());
        drop(answer);
        let figures = traffic.figures();
        let sent = figures.classes.iter().map(|of| of.body_bytes);
        assert_eq!(sent.sum::<u64>(), 0, "only what was sent is counted");
    }
}
