//! The pieces of an answer's body into frames, felt as they get under way.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::{Buf as _, Bytes};
use hyper::Version;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::Instant;

use super::note::Note;
use super::pulse::Pulse;
use crate::artifact::{Damaged, Pieces};

/// As long a piece as there is.
const WHOLE: usize = usize::MAX;

/// A response's body, whose pieces are felt as they get under way. One that was packed is unpacked then,
/// and should that fail, the connection, or the stream of it, is ended before the body is.
pub(super) struct Answer {
    body: Pieces,
    /// The place of the piece after the one that is under way.
    next: usize,
    rest: Bytes,
    left: usize,
    /// Whether it counts as one that the client is to take.
    is_taken: bool,
    piece: usize,
    pulse: Arc<Pulse>,
    length: usize,
    note: Note,
}

impl Answer {
    /// That of a response that is made `now`.
    pub(super) fn new(
        body: Pieces,
        version: Version,
        (pulse, now): (Arc<Pulse>, Instant),
        note: Note,
    ) -> Answer {
        // Nobody is slow at taking nothing.
        let is_taken = !body.is_empty();
        if is_taken {
            pulse.begins(now);
        }
        let piece = match version {
            // A piece is taken when the client has made room, so the pieces are the progress.
            Version::HTTP_2 => 16 * 1024,
            _ => WHOLE,
        };
        Answer {
            left: body.len(),
            length: body.len(),
            is_taken,
            body,
            next: 0,
            rest: Bytes::new(),
            piece,
            pulse,
            note,
        }
    }

    /// So many bytes of the body that are left got under way by another way.
    pub(super) fn skip(&mut self, mut bytes: usize) -> Result<(), Damaged> {
        while bytes > 0 {
            if self.rest.is_empty() {
                let Some(next) = self.body.get(self.next)? else {
                    break;
                };
                self.rest = next;
                self.next += 1;
            }
            let of_piece = bytes.min(self.rest.len());
            self.rest.advance(of_piece);
            self.left -= of_piece;
            bytes -= of_piece;
        }
        Ok(())
    }

    fn is_http2(&self) -> bool {
        self.piece != WHOLE
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        if self.is_taken {
            self.pulse.ends();
        }
        let sent = self.length - self.left;
        self.note.ends(sent);
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = Damaged;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Damaged>>> {
        if self.rest.is_empty() {
            let next = match self.body.get(self.next) {
                Ok(Some(next)) => next,
                Ok(None) => return Poll::Ready(None),
                Err(damaged) => return Poll::Ready(Some(Err(damaged))),
            };
            self.rest = next;
            self.next += 1;
        }
        let length = self.piece.min(self.rest.len());
        self.pulse
            .answered(length, self.is_http2().then(Instant::now));
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

    use super::*;
    use crate::artifact::Chunk;
    use crate::server::tests::{note, unhurried};
    use crate::server::traffic::Traffic;

    #[tokio::test]
    async fn a_damaged_piece_ends_the_body_with_an_error_and_without_a_byte_of_it() {
        let sound = Chunk::new(b"sound".to_vec());
        let chunks = [sound.clone(), Chunk::damaged(b"bytes".to_vec()), sound];
        let (pulse, traffic) = (unhurried(), Traffic::default());
        let pieces = Pieces::packed(&chunks);
        let note = note(&traffic);
        let mut answer = Answer::new(pieces, Version::HTTP_11, (pulse, Instant::now()), note);
        let first = answer.frame().await.unwrap().unwrap();
        assert_eq!(first.into_data().unwrap(), "sound");
        assert_eq!(answer.frame().await.unwrap().unwrap_err(), Damaged);
        assert!(!answer.is_end_stream());
        drop(answer);
        let figures = traffic.figures();
        let sent = figures.classes.iter().map(|of| of.body_bytes);
        assert_eq!(sent.sum::<u64>(), 5, "what got under way is counted");
    }
}
