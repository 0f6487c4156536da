//! Decides when a connection closes early: as it is idle and its place is needed, or as its client had time to read the
//! last answer.
//!
//! A socket that is closed while the client still sends resets the connection, and the client may lose the answer to
//! a request whose body is not read. A proxy takes that for a fault of the server. So our side is closed first, and
//! what comes is discarded for a while (RFC 9112 §9.6).

use std::sync::atomic::Ordering;
use std::task::Waker;
use std::time::Duration;

use tokio::time::Instant;

use super::{Protocol, Pulse, State, Verdict, after};
use crate::server::capacity::Evictable;

/// How long a client may still send after our side is closed.
const LINGER: Duration = Duration::from_secs(5);
/// How long it may be silent meanwhile.
const LINGER_SILENCE: Duration = Duration::from_secs(2);
/// The most bytes that are discarded meanwhile: what proxies buffer of a request, 1 MiB by default, and some more.
const LINGER_BYTES: usize = 4 * 1024 * 1024;

/// Why a connection is about to close.
#[derive(Debug, Default)]
pub(super) struct Closing {
    /// Whether a request has a body, which is not read.
    refuses_body: bool,
    /// Whether to close as soon as it is idle.
    is_evicted: bool,
    /// Since when our side is closed and the client's is not.
    lingers_since: Option<Instant>,
    /// How many bytes were discarded since.
    discarded: usize,
    /// Wakes the connection's task.
    waker: Option<Waker>,
}

impl Closing {
    pub(super) fn is_lingering(&self) -> bool {
        self.lingers_since.is_some()
    }
}

impl Pulse {
    /// Records that a request has a body, which is not read.
    pub(in crate::server) fn refuse_body(&self) {
        self.state().closing.refuses_body = true;
    }

    /// Records that our side is closed. Returns whether to discard what the client still sends.
    pub(in crate::server) fn begin_lingering(&self, now: Instant) -> bool {
        let mut state = self.state();
        let is_sending = state.heard && state.head_since.is_some();
        let lingers = state.closing.refuses_body || is_sending;
        if lingers {
            state.closing.lingers_since = Some(now);
            state.last_byte = now;
            self.is_due.store(true, Ordering::Relaxed);
        }
        lingers
    }

    /// Records that so many bytes were discarded. Returns whether more may be.
    pub(in crate::server) fn discard(&self, bytes: usize, now: Instant) -> bool {
        let mut state = self.state();
        state.last_byte = now;
        let closing = &mut state.closing;
        closing.discarded = closing.discarded.saturating_add(bytes);
        closing.discarded <= LINGER_BYTES
    }

    /// Sets what to wake when the verdict is due earlier than it was said to be.
    pub(in crate::server) fn wake_by(&self, waker: &Waker) {
        self.state().closing.waker = Some(waker.clone());
    }

    /// Whether the verdict may be due earlier than it was said to be, since this was last asked.
    pub(in crate::server) fn take_due(&self) -> bool {
        self.is_due.load(Ordering::Relaxed) && self.is_due.swap(false, Ordering::Relaxed)
    }
}

impl Evictable for Pulse {
    fn idle_since(&self) -> Option<Instant> {
        self.state().idle_since()
    }

    fn evict(&self) {
        let mut state = self.state();
        state.closing.is_evicted = true;
        self.is_due.store(true, Ordering::Relaxed);
        let waker = state.closing.waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn is_evicted(&self) -> bool {
        let state = self.state();
        state.closing.is_evicted && state.idle_since().is_some()
    }
}

impl State {
    /// The verdict on a connection that is about to close, if it is.
    pub(super) fn closing_verdict(&mut self, now: Instant) -> Option<Verdict> {
        let is_evicted = self.closing.is_evicted;
        if let Some(since) = self.closing.lingers_since {
            let end = after(self.last_byte, LINGER_SILENCE).min(after(since, LINGER));
            let is_over = is_evicted || end <= now;
            return Some(if is_over {
                Verdict::Lingered
            } else {
                Verdict::Wait(end)
            });
        }
        if is_evicted && self.idle_since().is_some() {
            return Some(Verdict::Evicted);
        }
        // If it was to close, a request came first.
        self.closing.is_evicted = false;
        None
    }

    /// Since when nothing is asked. A head over HTTP/2 may be under way all the same: its request is answered
    /// before the connection closes.
    fn idle_since(&self) -> Option<Instant> {
        if self.closing.is_lingering() {
            return self.closing.lingers_since;
        }
        let (is_between, since) = match self.protocol {
            Protocol::Unknown => (!self.heard, self.last_byte),
            Protocol::Http1 => (self.head_since.is_none(), self.last_byte),
            Protocol::Http2 => (self.answers == 0, self.last_progress),
        };
        let is_idle = is_between && self.taking_since.is_none() && self.drawings == 0;
        is_idle.then_some(since)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use hyper::Version;

    use super::*;
    use crate::server::tests::unhurried;

    fn asked(version: Version) -> (Arc<Pulse>, Instant) {
        let pulse = unhurried();
        let now = Instant::now();
        pulse.read(1, now);
        pulse.request(version);
        (pulse, now)
    }

    #[tokio::test(start_paused = true)]
    async fn only_connections_between_requests_are_evicted() {
        let silent = unhurried();
        assert!(silent.idle_since().is_some(), "it has not asked yet");
        for version in [Version::HTTP_11, Version::HTTP_2] {
            let (pulse, now) = asked(version);
            pulse.begins(now);
            pulse.evict();
            assert!(!pulse.is_evicted(), "an answer is under way");
            assert_ne!(pulse.verdict(now), Verdict::Evicted);
            pulse.ends();
            pulse.flushed();
            assert!(!pulse.is_evicted(), "it was forgotten");
            pulse.evict();
            assert!(pulse.is_evicted());
            assert_eq!(pulse.verdict(now), Verdict::Evicted);
            let drawing = pulse.draws();
            assert!(!pulse.is_evicted(), "an answer is being made");
            drop(drawing);
        }
        let (pulse, now) = asked(Version::HTTP_11);
        pulse.read(1, now);
        pulse.evict();
        assert!(!pulse.is_evicted(), "a request arrives");
    }

    #[tokio::test(start_paused = true)]
    async fn lingering_is_bounded_in_time_and_bytes() {
        let (pulse, start) = asked(Version::HTTP_11);
        assert!(!pulse.begin_lingering(start), "nothing is unread");
        pulse.refuse_body();
        assert!(pulse.begin_lingering(start));
        assert_eq!(pulse.verdict(start), Verdict::Wait(start + LINGER_SILENCE));
        for second in 1..5 {
            let now = start + Duration::from_secs(second);
            assert!(pulse.discard(1, now));
            let end = (now + LINGER_SILENCE).min(start + LINGER);
            assert_eq!(pulse.verdict(now), Verdict::Wait(end));
        }
        assert_eq!(pulse.verdict(start + LINGER), Verdict::Lingered);
        assert!(!pulse.discard(LINGER_BYTES, start));
        assert!(pulse.idle_since().is_some());
        pulse.evict();
        assert_eq!(
            pulse.verdict(start),
            Verdict::Lingered,
            "its place is needed"
        );
    }
}
