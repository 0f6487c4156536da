//! A socket into one whose bytes are felt, by the clocks of its connection.

use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use super::frames::{FrameMeter, Turn};
use super::lending::{Lent, Socket};
use super::pulse::Pulse;
use super::repeated_length::LengthScan;

/// How much is read at once from a client that speaks HTTP/2, in bytes: as much as one frame of usual size.
const READ_BYTES: usize = 8 * 1024;

/// How many bytes of what nobody asked for are read and discarded at once.
const DISCARD_BYTES: usize = 16 * 1024;

/// A socket whose bytes are felt.
#[derive(Debug)]
pub(super) struct Felt<S> {
    socket: S,
    pulse: Arc<Pulse>,
    /// What came, and is to be read once more.
    unread: Bytes,
    /// Whether what is written now answers what was read just now. To ask for the time is not free.
    is_at_once: bool,
    /// Whether our side is closed.
    is_shut: bool,
    input: Input,
}

/// How what comes is looked at before hyper reads it.
#[derive(Debug)]
enum Input {
    Any,
    Http1(LengthScan),
    Http2(Box<FrameMeter>),
}

impl<S> Felt<S> {
    /// Puts a finger on a socket.
    pub(super) fn new(socket: S, pulse: Arc<Pulse>) -> Felt<S> {
        let unread = Bytes::new();
        Felt {
            socket,
            pulse,
            unread,
            is_at_once: false,
            is_shut: false,
            input: Input::Any,
        }
    }

    /// The same for HTTP/1, from which these bytes are read first. They are not felt again.
    pub(super) fn for_http1(self, unread: Bytes) -> Felt<S> {
        let scan = LengthScan::new(self.pulse.next_request());
        Felt {
            unread,
            input: Input::Http1(scan),
            ..self
        }
    }

    /// The same for HTTP/2, whose frames are metered by turns.
    pub(super) fn for_http2(self, unread: Bytes, turn: Arc<Turn>) -> Felt<S> {
        Felt {
            unread,
            input: Input::Http2(Box::new(FrameMeter::new(turn))),
            ..self
        }
    }

    /// The same, read as it is.
    pub(super) fn unobserved(self) -> Felt<S> {
        Felt {
            input: Input::Any,
            ..self
        }
    }

    /// Writes something within microseconds of when the last bytes were read.
    pub(super) fn at_once<T>(&mut self, write: impl FnOnce(&mut Felt<S>) -> T) -> T {
        self.is_at_once = true;
        let written = write(self);
        self.is_at_once = false;
        written
    }

    /// Notes that what came with a request is the beginning of another.
    pub(super) fn hears_more(&self) {
        self.pulse.hears_more();
    }

    fn wrote(&self, result: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(bytes @ 1..)) = result {
            let now = (!self.is_at_once).then(Instant::now);
            self.pulse.wrote(bytes, now);
        }
        result
    }
}

impl<S: Socket> Felt<S> {
    /// Sends what a file has after so many bytes.
    pub(super) fn poll_send(
        &self,
        cx: &mut Context<'_>,
        lent: &Lent,
        from: usize,
    ) -> Poll<io::Result<usize>> {
        match self.socket.tcp() {
            Some(tcp) => self.wrote(lent.poll_send(cx, tcp, from)),
            None => Poll::Ready(Err(io::ErrorKind::Unsupported.into())),
        }
    }
}

impl<S: AsyncRead + Unpin> Felt<S> {
    fn poll_socket(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let result = Pin::new(&mut self.socket).poll_read(cx, buf);
        let read = buf.filled().len().saturating_sub(before);
        if read > 0 && !self.pulse.read(read, Instant::now()) {
            return Poll::Ready(Err(io::Error::other("it sends much and asks nothing")));
        }
        result
    }

    /// Reads into `unread`, where there is nothing yet.
    fn poll_unread(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut room = [MaybeUninit::uninit(); READ_BYTES];
        let mut more = ReadBuf::uninit(&mut room);
        ready!(self.poll_socket(cx, &mut more))?;
        self.unread = Bytes::copy_from_slice(more.filled());
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Felt<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.unread.is_empty() {
            if !matches!(self.input, Input::Http2(_)) {
                let before = buf.filled().len();
                ready!(self.poll_socket(cx, buf))?;
                let Felt { input, pulse, .. } = &mut *self;
                input.scan(buf.filled().get(before..).unwrap_or_default(), pulse);
                return Poll::Ready(Ok(()));
            }
            ready!(self.poll_unread(cx))?;
            if self.unread.is_empty() {
                return Poll::Ready(Ok(()));
            }
        }
        let Felt {
            input,
            pulse,
            unread,
            ..
        } = &mut *self;
        let mut bytes = unread.get(..buf.remaining()).unwrap_or(unread);
        if let Input::Http2(meter) = input {
            bytes = bytes.get(..meter.admit(bytes)?).unwrap_or_default();
            if bytes.is_empty() && buf.remaining() > 0 {
                // The other connections first.
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
        }
        input.scan(bytes, pulse);
        buf.put_slice(bytes);
        let length = bytes.len();
        unread.advance(length);
        if unread.is_empty() {
            // Nor is it held any longer.
            *unread = Bytes::new();
        }
        Poll::Ready(Ok(()))
    }
}

impl Input {
    /// Looks for requests over HTTP/1 that are in doubt.
    fn scan(&mut self, bytes: &[u8], pulse: &Pulse) {
        if let Input::Http1(scan) = self
            && let Some(request) = scan.scan(bytes)
        {
            pulse.repeats_length(request);
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Felt<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.socket).poll_write(cx, buf);
        self.wrote(result)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.socket).poll_write_vectored(cx, bufs);
        self.wrote(result)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.socket).poll_flush(cx);
        if result.is_ready() {
            self.pulse.flushed();
        }
        result
    }

    /// Closes our side. Where the client is still sending, reads on and discards what comes until it closes its own,
    /// within bounds (RFC 9112 §9.6).
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.is_shut {
            ready!(Pin::new(&mut self.socket).poll_shutdown(cx))?;
            self.is_shut = true;
            if !self.pulse.begin_lingering(Instant::now()) {
                return Poll::Ready(Ok(()));
            }
        }
        let mut room = [MaybeUninit::uninit(); DISCARD_BYTES];
        loop {
            let mut discarded = ReadBuf::uninit(&mut room);
            let read = ready!(Pin::new(&mut self.socket).poll_read(cx, &mut discarded));
            let bytes = discarded.filled().len();
            if read.is_err() || bytes == 0 || !self.pulse.discard(bytes, Instant::now()) {
                return Poll::Ready(Ok(()));
            }
        }
    }
}
