//! Wraps a socket, reports its reads and writes to the timers of the connection, and checks what comes before hyper
//! reads it.

use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use super::frames::FrameMeter;
use super::pulse::Pulse;
use super::repeated_length::LengthScan;

/// What an HTTP/2 client sends before its first frame (RFC 9113 §3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// How much is read at once from a client that speaks HTTP/2, in bytes: as much as one frame of usual size.
const READ_BYTES: usize = 8 * 1024;
/// How many bytes of what nobody asked for are read and discarded at once.
const DISCARD_BYTES: usize = 16 * 1024;

/// A socket whose reads and writes are reported.
#[derive(Debug)]
pub(super) struct Felt<S> {
    socket: S,
    pulse: Arc<Pulse>,
    /// What came over HTTP/2 and was not admitted yet.
    unread: Bytes,
    /// Whether our side is closed.
    is_shut: bool,
    input: Input,
}

/// How what comes is checked.
#[derive(Debug)]
enum Input {
    /// So many bytes of the preface came, and nothing else.
    Unknown(usize),
    Http1(LengthScan),
    Http2(FrameMeter),
}

impl<S> Felt<S> {
    /// Wraps a socket from which nothing was read.
    pub(super) fn new(socket: S, pulse: Arc<Pulse>) -> Felt<S> {
        Felt {
            socket,
            pulse,
            unread: Bytes::new(),
            is_shut: false,
            input: Input::Unknown(0),
        }
    }

    fn wrote(&self, result: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(bytes @ 1..)) = result {
            self.pulse.wrote(bytes, Instant::now());
        }
        result
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
}

impl Input {
    /// Checks bytes that come before or without HTTP/2. hyper-util reads no further than the preface before it knows the protocol.
    fn check(&mut self, bytes: &mut [u8]) {
        match self {
            Input::Unknown(matched) => {
                let expected = PREFACE.get(*matched..).unwrap_or_default();
                *matched += bytes.len();
                if !expected.starts_with(bytes) {
                    let mut scan = LengthScan::new();
                    scan.scan(bytes);
                    *self = Input::Http1(scan);
                } else if *matched == PREFACE.len() {
                    *self = Input::Http2(FrameMeter::new());
                }
            }
            Input::Http1(scan) => scan.scan(bytes),
            Input::Http2(_) => {}
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Felt<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !matches!(self.input, Input::Http2(_)) {
            let before = buf.filled().len();
            ready!(self.poll_socket(cx, buf))?;
            let read = buf.filled_mut().get_mut(before..).unwrap_or_default();
            self.input.check(read);
            return Poll::Ready(Ok(()));
        }
        if self.unread.is_empty() {
            let mut room = [MaybeUninit::uninit(); READ_BYTES];
            let mut more = ReadBuf::uninit(&mut room);
            ready!(self.poll_socket(cx, &mut more))?;
            self.unread = Bytes::copy_from_slice(more.filled());
        }
        let Felt {
            input,
            pulse,
            unread,
            ..
        } = &mut *self;
        let bytes = unread.get(..buf.remaining()).unwrap_or(unread.as_ref());
        let admitted = match input {
            Input::Http2(meter) => meter.admit(bytes, pulse.turn())?,
            Input::Unknown(_) | Input::Http1(_) => bytes.len(),
        };
        if admitted == 0 && !bytes.is_empty() {
            // The other connections first.
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        buf.put_slice(bytes.get(..admitted).unwrap_or_default());
        unread.advance(admitted);
        if unread.is_empty() {
            // Frees the memory.
            *unread = Bytes::new();
        }
        Poll::Ready(Ok(()))
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

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::future::{poll_fn, ready};
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

    use hyper::service::service_fn;
    use hyper::{Request, Response, body::Incoming};
    use hyper_util::rt::TokioIo;
    use tokio::io::{AsyncWriteExt as _, duplex};

    use super::*;
    use crate::config;
    use crate::server::protocol::builder;
    use crate::server::pulse::Limits;
    use crate::server::sending::Body;
    use crate::server::tests::UNHURRIED;

    #[tokio::test]
    async fn http2_turn_answers_so_many_requests_at_most() {
        let (mut client, server) = duplex(64 * 1024);
        let answered = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&answered);
        let answer = service_fn(move |_: Request<Incoming>| {
            counted.fetch_add(1, Relaxed);
            ready(Ok::<_, Infallible>(Response::new(Body::default())))
        });
        let builder = builder(&config::Limits::default());
        let pulse = Pulse::new(Limits {
            idle_bytes: 100_000,
            ..UNHURRIED
        });
        let socket = TokioIo::new(Felt::new(server, Arc::clone(&pulse)));
        let mut connection = Box::pin(builder.serve_connection(socket, answer));
        let mut asks = [PREFACE, b"\0\0\0\x04\0\0\0\0\0"].concat();
        for stream in 0..80_u32 {
            asks.extend(b"\0\0\x05\x01\x05");
            asks.extend((2 * stream + 1).to_be_bytes());
            asks.extend(b"\x82\x86\x04\x01/");
        }
        client.write_all(&asks).await.unwrap();
        let (mut before, mut turns) = (0, 0);
        while before < 80 {
            pulse.begin_turn();
            let polled = poll_fn(|cx| Poll::Ready(connection.as_mut().poll(cx))).await;
            assert!(polled.is_pending());
            let after = answered.load(Relaxed);
            assert!(after - before <= 16, "{before} {after}");
            (before, turns) = (after, turns + 1);
            assert!(turns < 20, "each turn goes on");
        }
        assert!(turns >= 5);
    }
}
