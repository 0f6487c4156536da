//! Tracks the header, idle and write timeouts of one connection.
//!
//! hyper's own header timeout does not fit. It starts after the protocol is detected, so a slow `PRI * HT` would
//! escape it. It also runs between two requests, so it would close a keep-alive connection before `idle_timeout`.
//! For HTTP/2 there is none.
//!
//! * *Header timeout*: from the first byte that may belong to a request until its head is complete. It starts with
//!   the connection. On HTTP/2 it ends with the first request, as later bytes may belong to any frame.
//! * *Idle timeout*: since the last byte in either direction. On HTTP/2 since the last request or piece of a
//!   response body, so pings and unfinished heads do not keep a connection open.
//! * *Write timeout*: while a response is being sent, since the client last took [`WRITE_PROGRESS_BYTES`] of it. A
//!   client that takes single bytes is never idle, and would hold the connection for days.
//!
//! There are two counters as well. Requests are limited per connection. So are bytes that belong to no request and
//! to no response, which ends floods of pings or settings. On HTTP/2 a request or a piece of a response reduces that
//! count by its own size only: a client that opens its window byte by byte, in frames of 13 bytes, is a flood too.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::Duration;

use hyper::Version;
use tokio::time::Instant;

use super::connection_limit::Evictable;

/// Time, request and byte limits of one connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct ConnectionLimits {
    /// Maximum time for a request's head to arrive.
    pub(super) header_timeout: Duration,
    /// Maximum time without activity.
    pub(super) idle_timeout: Duration,
    /// Maximum time for the client to take [`WRITE_PROGRESS_BYTES`] of a response.
    pub(super) write_timeout: Duration,
    /// Maximum requests per connection.
    pub(super) max_requests: usize,
    /// Maximum size of a request's head, in bytes.
    pub(super) max_header_bytes: usize,
    /// Maximum bytes that belong to no request and no response.
    pub(super) max_idle_bytes: usize,
}

/// Bytes of a response that a client must take within the write timeout.
const WRITE_PROGRESS_BYTES: usize = 64 * 1024;
/// Maximum time that a client may send after our side is closed.
const HALF_CLOSE_TIMEOUT: Duration = Duration::from_secs(5);
/// Maximum time without input meanwhile.
const HALF_CLOSE_IDLE_TIMEOUT: Duration = Duration::from_secs(2);
/// Maximum bytes that are discarded meanwhile: more than proxies buffer of a request, which is 1 MiB by default.
const MAX_HALF_CLOSE_BYTES: usize = 4 * 1024 * 1024;

/// State of a connection's timers and counters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TimerStatus {
    /// Nothing has expired; check again at this instant.
    RecheckAt(Instant),
    /// The head of a request did not arrive in time.
    HeaderTimeout,
    /// The connection was idle for too long.
    IdleTimeout,
    /// The client reads a response too slowly.
    WriteTimeout,
    /// The connection has reached its request limit.
    RequestLimit,
    /// The connection is idle, and a new one needs its slot.
    Evicted,
    /// Our side is closed, and the client had time to read the last response.
    HalfCloseTimeout,
}

/// Timers and counters of one connection.
#[derive(Debug)]
pub(super) struct ConnectionTimers {
    limits: ConnectionLimits,
    /// The server stops: the next response on HTTP/1 is the last.
    is_draining: AtomicBool,
    /// A response is not sent completely. Changed only while `state` is locked.
    is_writing: AtomicBool,
    /// The timers must be checked earlier than announced. Changed only while `state` is locked.
    needs_recheck: AtomicBool,
    /// Number of times that the connection was polled.
    turn: AtomicUsize,
    state: Mutex<TimerState>,
}

#[derive(Debug)]
struct TimerState {
    protocol: DetectedProtocol,
    /// True once a byte has arrived.
    has_received: bool,
    last_io: Instant,
    head_started: Option<Instant>,
    last_progress: Instant,
    /// Start of the write timeout, while a response is being sent.
    write_progress_since: Option<Instant>,
    written_bytes: usize,
    /// Responses whose body is being sent.
    open_responses: usize,
    /// Responses whose body is being rendered.
    open_renderings: usize,
    request_count: usize,
    idle_bytes: usize,
    closing: CloseState,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DetectedProtocol {
    Unknown,
    Http1,
    Http2,
}

/// Reasons for a connection to close early: it is evicted, or the client had time to read the last response.
///
/// Closing a socket while the client still sends resets the connection. The client may then lose the response to a
/// request whose body is not read, and a proxy reports a server error. So our side is closed first, and further input
/// is discarded for a while (RFC 9112 §9.6).
#[derive(Debug, Default)]
struct CloseState {
    /// True if a request has a body, which is not read.
    has_unread_body: bool,
    /// True if the connection is to close as soon as it is idle.
    is_close_requested: bool,
    /// Time at which our side was closed, while the client's is open.
    half_closed_since: Option<Instant>,
    /// Bytes discarded since then.
    discarded_bytes: usize,
    /// Wakes the connection's task.
    waker: Option<Waker>,
}

impl CloseState {
    fn is_half_closed(&self) -> bool {
        self.half_closed_since.is_some()
    }
}

impl ConnectionTimers {
    /// Starts the timers.
    pub(super) fn new(limits: ConnectionLimits) -> Arc<ConnectionTimers> {
        let now = Instant::now();
        Arc::new(ConnectionTimers {
            limits,
            is_draining: AtomicBool::new(false),
            is_writing: AtomicBool::new(false),
            needs_recheck: AtomicBool::new(false),
            turn: AtomicUsize::new(0),
            state: Mutex::new(TimerState {
                protocol: DetectedProtocol::Unknown,
                has_received: false,
                last_io: now,
                head_started: Some(now),
                last_progress: now,
                write_progress_since: None,
                written_bytes: 0,
                open_responses: 0,
                open_renderings: 0,
                request_count: 0,
                idle_bytes: 0,
                closing: CloseState::default(),
            }),
        })
    }

    /// Records that a request's head is complete. Returns the time of its last byte, and true if it is the last
    /// request that the connection may have.
    pub(super) fn record_request(&self, version: Version) -> (Instant, bool) {
        let mut state = self.lock_state();
        let now = state.last_io;
        state.protocol = match version {
            Version::HTTP_2 => DetectedProtocol::Http2,
            _ => DetectedProtocol::Http1,
        };
        state.head_started = None;
        state.last_progress = now;
        state.reduce_idle_bytes(self.limits.max_header_bytes);
        state.request_count = state.request_count.saturating_add(1);
        let is_last = state.request_count >= self.limits.max_requests;
        if is_last && state.protocol == DetectedProtocol::Http2 {
            // On HTTP/1 the last response has `Connection: close`.
            self.needs_recheck.store(true, Ordering::Relaxed);
        }
        (now, is_last)
    }

    /// Records that a response with a body begins.
    pub(super) fn record_response_start(&self, now: Instant) {
        let mut state = self.lock_state();
        self.is_writing.store(true, Ordering::Relaxed);
        state.open_responses += 1;
        if state.write_progress_since.is_none() {
            (state.write_progress_since, state.written_bytes) = (Some(now), 0);
        }
    }

    /// Records that a response body was handed over completely, or dropped. Some of it may still be in a buffer;
    /// see [`ConnectionTimers::record_flush`].
    pub(super) fn record_response_end(&self) {
        let mut state = self.lock_state();
        state.open_responses = state.open_responses.saturating_sub(1);
    }

    /// Records that a piece of a response body was handed over. `now` is needed on HTTP/2 only.
    pub(super) fn record_body_progress(&self, bytes: usize, now: Option<Instant>) {
        let mut state = self.lock_state();
        if let Some(now) = now {
            state.last_progress = now;
        }
        state.reduce_idle_bytes(bytes);
    }

    /// Records that our write buffers are empty.
    pub(super) fn record_flush(&self) {
        // Avoids the lock: mostly no response is being sent.
        if !self.is_writing.load(Ordering::Relaxed) {
            return;
        }
        let mut state = self.lock_state();
        if state.open_responses == 0 {
            state.write_progress_since = None;
            self.is_writing.store(false, Ordering::Relaxed);
        }
    }

    /// Records that a response body is being rendered, until the returned guard is dropped.
    pub(super) fn begin_rendering(self: &Arc<ConnectionTimers>) -> RenderingGuard {
        self.lock_state().open_renderings += 1;
        RenderingGuard(Arc::clone(self))
    }

    /// Records that the connection is about to be polled.
    pub(super) fn begin_turn(&self) {
        self.turn.fetch_add(1, Ordering::Relaxed);
    }

    /// Returns the number of the current turn.
    pub(super) fn current_turn(&self) -> usize {
        self.turn.load(Ordering::Relaxed)
    }

    /// Records that the server stops.
    pub(super) fn begin_drain(&self) {
        self.is_draining.store(true, Ordering::Relaxed);
    }

    /// Returns true if the server stops.
    pub(super) fn is_draining(&self) -> bool {
        self.is_draining.load(Ordering::Relaxed)
    }

    /// Returns true if the client is known to use HTTP/2, which allows GOAWAY at any time.
    pub(super) fn is_http2(&self) -> bool {
        self.lock_state().protocol == DetectedProtocol::Http2
    }

    /// Returns true if a request's head has begun to arrive and is not complete.
    pub(super) fn is_receiving_head(&self) -> bool {
        let state = self.lock_state();
        state.has_received && state.head_started.is_some()
    }

    /// Checks timers and counters. No later event requires a check before the instant in
    /// [`TimerStatus::RecheckAt`], except those that [`ConnectionTimers::take_recheck`] reports.
    pub(super) fn check_timers(&self, now: Instant) -> TimerStatus {
        let mut state = self.lock_state();
        if let Some(verdict) = state.check_closing(now) {
            return verdict;
        }
        let idle_since = match state.protocol {
            DetectedProtocol::Http2 => state.last_progress,
            DetectedProtocol::Unknown | DetectedProtocol::Http1 => state.last_io,
        };
        let idle_end = deadline_after(idle_since, self.limits.idle_timeout);
        let head_end = state
            .head_started
            .map(|since| deadline_after(since, self.limits.header_timeout));
        if head_end.is_some_and(|end| end <= now) {
            return TimerStatus::HeaderTimeout;
        }
        if idle_end <= now {
            return TimerStatus::IdleTimeout;
        }
        let taking_since = state.write_progress_since;
        let write_end = taking_since.map(|since| deadline_after(since, self.limits.write_timeout));
        if write_end.is_some_and(|end| end <= now) {
            return TimerStatus::WriteTimeout;
        }
        // On HTTP/1 the last response has `Connection: close`.
        if state.protocol == DetectedProtocol::Http2
            && state.request_count >= self.limits.max_requests
        {
            return TimerStatus::RequestLimit;
        }
        // A head or a response that begins just after `now` expires at these instants.
        let next_head_end =
            head_end.unwrap_or_else(|| deadline_after(now, self.limits.header_timeout));
        let next_write_end =
            write_end.unwrap_or_else(|| deadline_after(now, self.limits.write_timeout));
        TimerStatus::RecheckAt(idle_end.min(next_head_end).min(next_write_end))
    }

    /// Records bytes that arrived. Returns false if there were too many outside requests and responses.
    pub(super) fn record_read(&self, bytes: usize, now: Instant) -> bool {
        let mut state = self.lock_state();
        state.last_io = now;
        state.has_received = true;
        if state.protocol != DetectedProtocol::Http2 {
            state.head_started.get_or_insert(now);
        }
        state.idle_bytes = state.idle_bytes.saturating_add(bytes);
        state.idle_bytes <= self.limits.max_idle_bytes
    }

    /// Records bytes that were sent.
    pub(super) fn record_write(&self, bytes: usize, now: Instant) {
        let mut state = self.lock_state();
        state.last_io = now;
        state.written_bytes = state.written_bytes.saturating_add(bytes);
        if state.write_progress_since.is_some() && state.written_bytes >= WRITE_PROGRESS_BYTES {
            (state.write_progress_since, state.written_bytes) = (Some(now), 0);
        }
        // The head of a pipelined request is not read on while a response is being sent.
        if state.protocol == DetectedProtocol::Http1 && state.head_started.is_some() {
            state.head_started = Some(now);
        }
    }

    /// Records that bytes of a request body were read. They are no head of a further request.
    pub(super) fn record_body_read(&self, bytes: usize) {
        let mut state = self.lock_state();
        state.head_started = None;
        state.last_progress = state.last_io;
        state.reduce_idle_bytes(bytes);
    }

    /// Records that a request has a body, which is not read.
    pub(super) fn record_unread_body(&self) {
        self.lock_state().closing.has_unread_body = true;
    }

    /// Records that our side is closed. Returns true if the client's further input is to be discarded.
    pub(super) fn begin_half_close(&self, now: Instant) -> bool {
        let mut state = self.lock_state();
        let is_sending = state.has_received && state.head_started.is_some();
        let is_half_closed = state.closing.has_unread_body || is_sending;
        if is_half_closed {
            state.closing.half_closed_since = Some(now);
            state.last_io = now;
            self.needs_recheck.store(true, Ordering::Relaxed);
        }
        is_half_closed
    }

    /// Records discarded bytes. Returns true if more may be discarded.
    pub(super) fn record_discarded(&self, bytes: usize, now: Instant) -> bool {
        let mut state = self.lock_state();
        state.last_io = now;
        let closing = &mut state.closing;
        closing.discarded_bytes = closing.discarded_bytes.saturating_add(bytes);
        closing.discarded_bytes <= MAX_HALF_CLOSE_BYTES
    }

    /// Sets the task to wake when the timers must be checked earlier than announced.
    pub(super) fn set_waker(&self, waker: &Waker) {
        self.lock_state().closing.waker = Some(waker.clone());
    }

    /// Returns true once if the timers must be checked earlier than announced.
    pub(super) fn take_recheck(&self) -> bool {
        self.needs_recheck.load(Ordering::Relaxed)
            && self.needs_recheck.swap(false, Ordering::Relaxed)
    }

    fn lock_state(&self) -> MutexGuard<'_, TimerState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Evictable for ConnectionTimers {
    fn idle_since(&self) -> Option<Instant> {
        self.lock_state().idle_since()
    }

    fn request_close(&self) {
        let mut state = self.lock_state();
        state.closing.is_close_requested = true;
        self.needs_recheck.store(true, Ordering::Relaxed);
        let waker = state.closing.waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn is_close_pending(&self) -> bool {
        let state = self.lock_state();
        state.closing.is_close_requested && state.idle_since().is_some()
    }
}

impl TimerState {
    /// Reduces the count of idle bytes after `bytes` of a request or response.
    fn reduce_idle_bytes(&mut self, bytes: usize) {
        self.idle_bytes = match self.protocol {
            // All input on HTTP/1 is heads of requests, several at a time if pipelined.
            DetectedProtocol::Unknown | DetectedProtocol::Http1 => 0,
            DetectedProtocol::Http2 => self.idle_bytes.saturating_sub(bytes),
        };
    }

    /// Checks a connection that is about to close; `None` if it is not.
    fn check_closing(&mut self, now: Instant) -> Option<TimerStatus> {
        let is_close_requested = self.closing.is_close_requested;
        if let Some(since) = self.closing.half_closed_since {
            let end = deadline_after(self.last_io, HALF_CLOSE_IDLE_TIMEOUT)
                .min(deadline_after(since, HALF_CLOSE_TIMEOUT));
            let is_over = is_close_requested || end <= now;
            return Some(if is_over {
                TimerStatus::HalfCloseTimeout
            } else {
                TimerStatus::RecheckAt(end)
            });
        }
        if is_close_requested && self.idle_since().is_some() {
            return Some(TimerStatus::Evicted);
        }
        // A request came before the eviction, which is cancelled.
        self.closing.is_close_requested = false;
        None
    }

    /// Returns the time since which no request is open; `None` while one is. On HTTP/2 a head may be arriving: its
    /// request is answered before the connection closes.
    fn idle_since(&self) -> Option<Instant> {
        if self.closing.is_half_closed() {
            return self.closing.half_closed_since;
        }
        let (is_between, since) = match self.protocol {
            DetectedProtocol::Unknown => (!self.has_received, self.last_io),
            DetectedProtocol::Http1 => (self.head_started.is_none(), self.last_io),
            DetectedProtocol::Http2 => (self.open_responses == 0, self.last_progress),
        };
        let is_idle =
            is_between && self.write_progress_since.is_none() && self.open_renderings == 0;
        is_idle.then_some(since)
    }
}

/// Guard of a response body that is being rendered.
#[derive(Debug)]
pub(super) struct RenderingGuard(Arc<ConnectionTimers>);

impl Drop for RenderingGuard {
    fn drop(&mut self) {
        let mut state = self.0.lock_state();
        state.open_renderings = state.open_renderings.saturating_sub(1);
    }
}

/// Adds a duration, at most a year, so that the addition cannot overflow.
fn deadline_after(instant: Instant, duration: Duration) -> Instant {
    const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);
    instant + duration.min(YEAR)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::tests::generous_timers;

    const TEST_LIMITS: ConnectionLimits = ConnectionLimits {
        header_timeout: Duration::from_secs(10),
        idle_timeout: Duration::from_secs(60),
        write_timeout: Duration::from_secs(20),
        max_requests: 3,
        max_header_bytes: 60,
        max_idle_bytes: 100,
    };

    /// Starts timers, and returns a function from seconds since their start to instants.
    fn start_timers(limits: ConnectionLimits) -> (Arc<ConnectionTimers>, impl Fn(u64) -> Instant) {
        let timers = ConnectionTimers::new(limits);
        let start = timers.lock_state().last_io;
        (timers, move |seconds| start + Duration::from_secs(seconds))
    }

    #[test]
    fn header_timeout_runs_from_the_start_of_the_connection() {
        let (timers, at) = start_timers(TEST_LIMITS);
        assert_eq!(timers.check_timers(at(9)), TimerStatus::RecheckAt(at(10)));
        timers.record_read(1, at(9));
        timers.record_write(1, at(9));
        assert_eq!(timers.check_timers(at(10)), TimerStatus::HeaderTimeout);
    }

    #[test]
    fn between_requests_only_the_idle_timeout_runs() {
        let (timers, at) = start_timers(TEST_LIMITS);
        timers.record_read(1, at(1));
        timers.record_request(Version::HTTP_11);
        timers.record_write(1, at(2));
        assert_eq!(timers.check_timers(at(2)), TimerStatus::RecheckAt(at(12)));
        assert_eq!(timers.check_timers(at(61)), TimerStatus::RecheckAt(at(62)));
        assert_eq!(timers.check_timers(at(62)), TimerStatus::IdleTimeout);
        timers.record_read(1, at(40));
        timers.record_read(1, at(45));
        assert_eq!(timers.check_timers(at(45)), TimerStatus::RecheckAt(at(50)));
        assert_eq!(timers.check_timers(at(50)), TimerStatus::HeaderTimeout);
    }

    #[test]
    fn pipelined_head_waits_for_the_response_before_it() {
        let (timers, at) = start_timers(TEST_LIMITS);
        timers.record_read(1, at(1));
        timers.record_request(Version::HTTP_11);
        timers.record_read(1, at(2));
        timers.record_write(1, at(11));
        assert_eq!(timers.check_timers(at(12)), TimerStatus::RecheckAt(at(21)));
    }

    #[test]
    fn idle_frames_do_not_keep_http2_alive() {
        let (timers, at) = start_timers(TEST_LIMITS);
        timers.record_read(1, at(1));
        timers.record_request(Version::HTTP_2);
        timers.record_body_progress(1, Some(at(2)));
        timers.record_read(1, at(61));
        timers.record_write(1, at(61));
        assert_eq!(timers.check_timers(at(61)), TimerStatus::RecheckAt(at(62)));
        assert_eq!(timers.check_timers(at(62)), TimerStatus::IdleTimeout);
        timers.record_body_progress(1, Some(at(61)));
        assert!(matches!(
            timers.check_timers(at(62)),
            TimerStatus::RecheckAt(_)
        ));
    }

    #[test]
    fn only_write_progress_extends_the_write_timeout() {
        let (timers, at) = start_timers(TEST_LIMITS);
        timers.record_read(1, at(1));
        timers.record_request(Version::HTTP_11);
        timers.record_response_start(at(1));
        timers.record_write(WRITE_PROGRESS_BYTES - 1, at(20));
        assert_eq!(timers.check_timers(at(20)), TimerStatus::RecheckAt(at(21)));
        timers.record_write(1, at(20));
        assert_eq!(timers.check_timers(at(21)), TimerStatus::RecheckAt(at(31)));
        timers.record_write(1, at(39));
        assert_eq!(timers.check_timers(at(40)), TimerStatus::WriteTimeout);
    }

    #[test]
    fn buffered_bytes_count_for_the_write_timeout() {
        let (timers, at) = start_timers(TEST_LIMITS);
        timers.record_read(1, at(1));
        timers.record_request(Version::HTTP_11);
        timers.record_response_start(at(1));
        timers.record_flush();
        timers.record_response_end();
        timers.record_write(1, at(20));
        assert_eq!(timers.check_timers(at(21)), TimerStatus::WriteTimeout);
        timers.record_flush();
        assert_eq!(
            timers.check_timers(at(21)),
            TimerStatus::RecheckAt(at(31)),
            "it waits for the next head"
        );
    }

    #[test]
    fn request_limit_is_reported() {
        let (timers, at) = start_timers(TEST_LIMITS);
        for expected in [false, false, true, true] {
            assert_eq!(timers.record_request(Version::HTTP_2).1, expected);
        }
        assert_eq!(timers.check_timers(at(1)), TimerStatus::RequestLimit);
    }

    #[test]
    fn idle_bytes_are_counted_until_a_request_or_progress() {
        let (timers, at) = start_timers(TEST_LIMITS);
        assert!(timers.record_read(100, at(1)));
        assert!(!timers.record_read(1, at(1)));
        timers.record_request(Version::HTTP_11);
        assert!(timers.record_read(100, at(1)));
        timers.record_body_progress(1, None);
        assert!(timers.record_read(100, at(1)));
        assert!(!timers.record_read(1, at(1)));
    }

    #[test]
    fn http2_progress_reduces_idle_bytes_by_its_size() {
        let (timers, at) = start_timers(TEST_LIMITS);
        assert!(timers.record_read(100, at(1)));
        timers.record_request(Version::HTTP_2);
        assert!(timers.record_read(60, at(1)), "a request, for a head");
        assert!(!timers.record_read(1, at(1)));
        timers.record_body_progress(11, Some(at(1)));
        assert!(timers.record_read(10, at(1)), "a piece, for its length");
        assert!(!timers.record_read(1, at(1)));
        timers.record_body_progress(1_000, Some(at(1)));
        assert!(timers.record_read(100, at(1)));
        assert!(!timers.record_read(1, at(1)), "nothing is saved up");
    }

    #[test]
    fn longest_timeouts_do_not_overflow() {
        let (timers, at) = start_timers(ConnectionLimits {
            header_timeout: Duration::MAX,
            idle_timeout: Duration::MAX,
            write_timeout: Duration::MAX,
            ..TEST_LIMITS
        });
        assert!(matches!(
            timers.check_timers(at(0)),
            TimerStatus::RecheckAt(_)
        ));
    }

    fn timers_after_request(version: Version) -> (Arc<ConnectionTimers>, Instant) {
        let timers = generous_timers();
        let now = Instant::now();
        timers.record_read(1, now);
        timers.record_request(version);
        (timers, now)
    }

    #[tokio::test(start_paused = true)]
    async fn only_idle_connections_are_evicted() {
        let silent = generous_timers();
        assert!(silent.idle_since().is_some(), "it has not asked yet");
        for version in [Version::HTTP_11, Version::HTTP_2] {
            let (timers, now) = timers_after_request(version);
            timers.record_response_start(now);
            timers.request_close();
            assert!(!timers.is_close_pending(), "an answer is under way");
            assert_ne!(timers.check_timers(now), TimerStatus::Evicted);
            timers.record_response_end();
            timers.record_flush();
            assert!(!timers.is_close_pending(), "it was forgotten");
            timers.request_close();
            assert!(timers.is_close_pending());
            assert_eq!(timers.check_timers(now), TimerStatus::Evicted);
            let drawing = timers.begin_rendering();
            assert!(!timers.is_close_pending(), "an answer is being made");
            drop(drawing);
        }
        let (timers, now) = timers_after_request(Version::HTTP_11);
        timers.record_read(1, now);
        timers.request_close();
        assert!(!timers.is_close_pending(), "a request arrives");
    }

    #[tokio::test(start_paused = true)]
    async fn half_close_is_bounded_in_time_and_bytes() {
        let (timers, start) = timers_after_request(Version::HTTP_11);
        assert!(!timers.begin_half_close(start), "nothing is unread");
        timers.record_unread_body();
        assert!(timers.begin_half_close(start));
        assert_eq!(
            timers.check_timers(start),
            TimerStatus::RecheckAt(start + HALF_CLOSE_IDLE_TIMEOUT)
        );
        for second in 1..5 {
            let now = start + Duration::from_secs(second);
            assert!(timers.record_discarded(1, now));
            let end = (now + HALF_CLOSE_IDLE_TIMEOUT).min(start + HALF_CLOSE_TIMEOUT);
            assert_eq!(timers.check_timers(now), TimerStatus::RecheckAt(end));
        }
        assert_eq!(
            timers.check_timers(start + HALF_CLOSE_TIMEOUT),
            TimerStatus::HalfCloseTimeout
        );
        assert!(!timers.record_discarded(MAX_HALF_CLOSE_BYTES, start));
        assert!(timers.idle_since().is_some());
        timers.request_close();
        assert_eq!(
            timers.check_timers(start),
            TimerStatus::HalfCloseTimeout,
            "its place is needed"
        );
    }
}
