//! The bytes and requests of one connection into the moment at which it has kept us long enough.
//!
//! Two clocks run, and both are ours. hyper's header timeout starts after the protocol has been
//! guessed, so a slow `PRI * HT` would escape it; it runs on through the pause between two
//! requests, so it would cut a keep-alive connection short of `idle_timeout`; and HTTP/2 has none.
//!
//! * *Head*: from the first byte that may belong to a request until the request is complete. It
//!   starts with the connection: a client that connects has something to say. On HTTP/2 it ends
//!   with the first request, for later bytes may belong to anything.
//! * *Silence*: since the last byte in either direction. On HTTP/2 since the last request or piece
//!   of an answer that got under way: pings, or a head that never ends, hold no connection.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::Version;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

/// How long a connection may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// For a request's head to arrive.
    pub(super) head: Duration,
    /// Without a sign of life.
    pub(super) silence: Duration,
}

/// What is to be done with a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Leave it alone; judge again at this instant.
    Wait(Instant),
    /// A request's head did not arrive in time.
    HeadLate,
    /// Nobody spoke for too long.
    Silent,
}

/// The clocks of one connection.
#[derive(Debug)]
pub(super) struct Pulse {
    limits: Limits,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    protocol: Protocol,
    last_byte: Instant,
    head_since: Option<Instant>,
    last_progress: Instant,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Protocol {
    Unknown,
    Http1,
    Http2,
}

impl Pulse {
    /// Starts the clocks.
    pub(super) fn new(limits: Limits) -> Arc<Pulse> {
        let now = Instant::now();
        Arc::new(Pulse {
            limits,
            state: Mutex::new(State {
                protocol: Protocol::Unknown,
                last_byte: now,
                head_since: Some(now),
                last_progress: now,
            }),
        })
    }

    /// A request's head is complete.
    pub(super) fn request(&self, version: Version, now: Instant) {
        let mut state = self.state();
        state.protocol = match version {
            Version::HTTP_2 => Protocol::Http2,
            _ => Protocol::Http1,
        };
        state.head_since = None;
        state.last_progress = now;
    }

    /// A piece of an answer is under way.
    pub(super) fn answered(&self, now: Instant) {
        self.state().last_progress = now;
    }

    /// Judges. Nothing that happens after `now` makes a later judgement due before the instant
    /// in [`Verdict::Wait`].
    pub(super) fn verdict(&self, now: Instant) -> Verdict {
        let state = self.state();
        let silent_since = match state.protocol {
            Protocol::Http2 => state.last_progress,
            Protocol::Unknown | Protocol::Http1 => state.last_byte,
        };
        let silent = after(silent_since, self.limits.silence);
        let late = state.head_since.map(|since| after(since, self.limits.head));
        if late.is_some_and(|late| late <= now) {
            return Verdict::HeadLate;
        }
        if silent <= now {
            return Verdict::Silent;
        }
        // A head that starts to arrive just after now is late by then.
        Verdict::Wait(silent.min(late.unwrap_or_else(|| after(now, self.limits.head))))
    }

    fn read(&self, now: Instant) {
        let mut state = self.state();
        state.last_byte = now;
        if state.protocol != Protocol::Http2 {
            state.head_since.get_or_insert(now);
        }
    }

    fn wrote(&self, now: Instant) {
        let mut state = self.state();
        state.last_byte = now;
        // What has arrived of the next request waits for its turn while we answer this one.
        if state.protocol == Protocol::Http1 && state.head_since.is_some() {
            state.head_since = Some(now);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A socket whose bytes are felt.
#[derive(Debug)]
pub(super) struct Felt<S> {
    socket: S,
    pulse: Arc<Pulse>,
}

impl<S> Felt<S> {
    /// Puts a finger on a socket.
    pub(super) fn new(socket: S, pulse: Arc<Pulse>) -> Felt<S> {
        Felt { socket, pulse }
    }

    fn wrote(&self, result: Poll<std::io::Result<usize>>) -> Poll<std::io::Result<usize>> {
        if let Poll::Ready(Ok(1..)) = result {
            self.pulse.wrote(Instant::now());
        }
        result
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Felt<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let before = buf.filled().len();
        let result = Pin::new(&mut self.socket).poll_read(cx, buf);
        if buf.filled().len() > before {
            self.pulse.read(Instant::now());
        }
        result
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Felt<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        let result = Pin::new(&mut self.socket).poll_write(cx, buf);
        self.wrote(result)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[std::io::IoSlice<'_>],
    ) -> Poll<std::io::Result<usize>> {
        let result = Pin::new(&mut self.socket).poll_write_vectored(cx, bufs);
        self.wrote(result)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}

/// A time so long that the clock cannot count it is as good as a year.
fn after(instant: Instant, duration: Duration) -> Instant {
    const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);
    instant + duration.min(YEAR)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits {
        head: Duration::from_secs(10),
        silence: Duration::from_secs(60),
    };

    /// A pulse, and its instants counted in seconds from its start.
    fn started(limits: Limits) -> (Arc<Pulse>, impl Fn(u64) -> Instant) {
        let pulse = Pulse::new(limits);
        let start = pulse.state().last_byte;
        (pulse, move |seconds| start + Duration::from_secs(seconds))
    }

    #[test]
    fn a_connection_must_ask_within_the_time_for_a_head_whatever_it_sends() {
        let (pulse, at) = started(LIMITS);
        assert_eq!(pulse.verdict(at(9)), Verdict::Wait(at(10)));
        pulse.read(at(9));
        pulse.wrote(at(9));
        assert_eq!(pulse.verdict(at(10)), Verdict::HeadLate);
    }

    #[test]
    fn between_requests_only_silence_counts_until_a_byte_comes() {
        let (pulse, at) = started(LIMITS);
        pulse.request(Version::HTTP_11, at(1));
        pulse.wrote(at(2));
        assert_eq!(pulse.verdict(at(2)), Verdict::Wait(at(12)));
        assert_eq!(pulse.verdict(at(61)), Verdict::Wait(at(62)));
        assert_eq!(pulse.verdict(at(62)), Verdict::Silent);
        pulse.read(at(40));
        pulse.read(at(45));
        assert_eq!(pulse.verdict(at(45)), Verdict::Wait(at(50)));
        assert_eq!(pulse.verdict(at(50)), Verdict::HeadLate);
    }

    #[test]
    fn a_pipelined_head_waits_for_the_answer_before_it() {
        let (pulse, at) = started(LIMITS);
        pulse.request(Version::HTTP_11, at(1));
        pulse.read(at(2));
        pulse.wrote(at(11));
        assert_eq!(pulse.verdict(at(12)), Verdict::Wait(at(21)));
    }

    #[test]
    fn frames_that_get_nothing_under_way_do_not_keep_http2_alive() {
        let (pulse, at) = started(LIMITS);
        pulse.request(Version::HTTP_2, at(1));
        pulse.answered(at(2));
        pulse.read(at(61));
        pulse.wrote(at(61));
        assert_eq!(pulse.verdict(at(61)), Verdict::Wait(at(62)));
        assert_eq!(pulse.verdict(at(62)), Verdict::Silent);
        pulse.answered(at(61));
        assert!(matches!(pulse.verdict(at(62)), Verdict::Wait(_)));
    }

    #[test]
    fn no_length_of_time_is_too_long() {
        let (pulse, at) = started(Limits {
            head: Duration::MAX,
            silence: Duration::MAX,
        });
        assert!(matches!(pulse.verdict(at(0)), Verdict::Wait(_)));
    }
}
