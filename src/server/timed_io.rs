//! Wraps a socket: reports its reads and writes to the connection's timers, and checks the input before hyper reads
//! it.

use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use super::connection_timers::ConnectionTimers;
use super::duplicate_content_length::ContentLengthScanner;
use super::h2_frame_limits::FrameMeter;

/// The HTTP/2 connection preface, sent before the first frame (RFC 9113 §3.4).
const H2_PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Read buffer for HTTP/2, in bytes: room for a frame of the usual size.
const H2_READ_BUFFER_BYTES: usize = 8 * 1024;
/// Read buffer for input that is discarded, in bytes.
const DISCARD_BUFFER_BYTES: usize = 16 * 1024;

/// Socket whose reads and writes are reported to the connection's timers.
#[derive(Debug)]
pub(super) struct TimedIo<S> {
    socket: S,
    timers: Arc<ConnectionTimers>,
    /// HTTP/2 input that the frame meter has not admitted yet.
    unread: Bytes,
    /// True once our side is closed.
    is_write_closed: bool,
    input: InputCheck,
}

/// Check of the input, by protocol.
#[derive(Debug)]
enum InputCheck {
    /// Only this many bytes of the HTTP/2 preface have arrived.
    Undetected(usize),
    Http1(ContentLengthScanner),
    Http2(FrameMeter),
}

impl<S> TimedIo<S> {
    /// Wraps a socket from which nothing was read yet.
    pub(super) fn new(socket: S, timers: Arc<ConnectionTimers>) -> TimedIo<S> {
        TimedIo {
            socket,
            timers,
            unread: Bytes::new(),
            is_write_closed: false,
            input: InputCheck::Undetected(0),
        }
    }

    fn record_write(&self, result: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(bytes @ 1..)) = result {
            self.timers.record_write(bytes, Instant::now());
        }
        result
    }
}

impl<S: AsyncRead + Unpin> TimedIo<S> {
    fn poll_read_socket(
        &mut self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let result = Pin::new(&mut self.socket).poll_read(cx, buf);
        let read = buf.filled().len().saturating_sub(before);
        if read > 0 && !self.timers.record_read(read, Instant::now()) {
            return Poll::Ready(Err(io::Error::other("too many bytes without a request")));
        }
        result
    }
}

impl InputCheck {
    /// Checks bytes of HTTP/1 and of the HTTP/2 preface. hyper-util reads no further than the preface before it
    /// knows the protocol.
    fn check_bytes(&mut self, bytes: &mut [u8]) {
        match self {
            InputCheck::Undetected(matched) => {
                let expected = H2_PREFACE.get(*matched..).unwrap_or_default();
                *matched += bytes.len();
                if !expected.starts_with(bytes) {
                    let mut scan = ContentLengthScanner::new();
                    scan.scan_bytes(bytes);
                    *self = InputCheck::Http1(scan);
                } else if *matched == H2_PREFACE.len() {
                    *self = InputCheck::Http2(FrameMeter::new());
                }
            }
            InputCheck::Http1(scan) => scan.scan_bytes(bytes),
            InputCheck::Http2(_) => {}
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for TimedIo<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !matches!(self.input, InputCheck::Http2(_)) {
            let before = buf.filled().len();
            ready!(self.poll_read_socket(cx, buf))?;
            let read = buf.filled_mut().get_mut(before..).unwrap_or_default();
            self.input.check_bytes(read);
            return Poll::Ready(Ok(()));
        }
        if self.unread.is_empty() {
            let mut buffer = [MaybeUninit::uninit(); H2_READ_BUFFER_BYTES];
            let mut input_buf = ReadBuf::uninit(&mut buffer);
            ready!(self.poll_read_socket(cx, &mut input_buf))?;
            self.unread = Bytes::copy_from_slice(input_buf.filled());
        }
        let TimedIo {
            input,
            timers,
            unread,
            ..
        } = &mut *self;
        let bytes = unread.get(..buf.remaining()).unwrap_or(unread.as_ref());
        let admitted = match input {
            InputCheck::Http2(meter) => meter.admit(bytes, timers.current_turn())?,
            InputCheck::Undetected(_) | InputCheck::Http1(_) => bytes.len(),
        };
        if admitted == 0 && !bytes.is_empty() {
            // Ends the turn, so that other connections are served first.
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        buf.put_slice(bytes.get(..admitted).unwrap_or_default());
        unread.advance(admitted);
        if unread.is_empty() {
            // Frees the buffer, which `advance` keeps.
            *unread = Bytes::new();
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for TimedIo<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.socket).poll_write(cx, buf);
        self.record_write(result)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.socket).poll_write_vectored(cx, bufs);
        self.record_write(result)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.socket).poll_flush(cx);
        if result.is_ready() {
            self.timers.record_flush();
        }
        result
    }

    /// Closes our side. If the client is still sending, discards its input until it closes its side, within bounds
    /// (RFC 9112 §9.6).
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.is_write_closed {
            ready!(Pin::new(&mut self.socket).poll_shutdown(cx))?;
            self.is_write_closed = true;
            if !self.timers.begin_half_close(Instant::now()) {
                return Poll::Ready(Ok(()));
            }
        }
        let mut buffer = [MaybeUninit::uninit(); DISCARD_BUFFER_BYTES];
        loop {
            let mut discarded = ReadBuf::uninit(&mut buffer);
            let read = ready!(Pin::new(&mut self.socket).poll_read(cx, &mut discarded));
            let bytes = discarded.filled().len();
            if read.is_err() || bytes == 0 || !self.timers.record_discarded(bytes, Instant::now()) {
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
    use crate::http::response_body::ResponseBody;
    use crate::server::connection_timers::ConnectionLimits;
    use crate::server::hyper_config::connection_builder;
    use crate::server::tests::GENEROUS_LIMITS;

    #[tokio::test]
    async fn http2_turn_answers_a_bounded_number_of_requests() {
        let (mut client, server) = duplex(64 * 1024);
        let answered = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&answered);
        let answer = service_fn(move |_: Request<Incoming>| {
            counted.fetch_add(1, Relaxed);
            ready(Ok::<_, Infallible>(Response::new(ResponseBody::default())))
        });
        let builder = connection_builder(&config::ClientLimits::default());
        let timers = ConnectionTimers::new(ConnectionLimits {
            max_idle_bytes: 100_000,
            ..GENEROUS_LIMITS
        });
        let socket = TokioIo::new(TimedIo::new(server, Arc::clone(&timers)));
        let mut connection = Box::pin(builder.serve_connection(socket, answer));
        let mut asks = [H2_PREFACE, b"\0\0\0\x04\0\0\0\0\0"].concat();
        for stream in 0..80_u32 {
            asks.extend(b"\0\0\x05\x01\x05");
            asks.extend((2 * stream + 1).to_be_bytes());
            asks.extend(b"\x82\x86\x04\x01/");
        }
        client.write_all(&asks).await.unwrap();
        let (mut before, mut turns) = (0, 0);
        while before < 80 {
            timers.begin_turn();
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
