//! Header, idle and write timers of one connection.
//!
//! Three clocks run, and all are ours. hyper's header timeout starts after the protocol has been
//! guessed, so a slow `PRI * HT` would escape it; it runs on through the pause between two
//! requests, so it would cut a keep-alive connection short of `idle_timeout`; and HTTP/2 has none.
//!
//! * *Head*: from the first byte that may belong to a request until the request is complete. It
//!   starts with the connection: a client that connects has something to say. On HTTP/2 it ends
//!   with the first request, for later bytes may belong to anything.
//! * *Silence*: since the last byte in either direction. On HTTP/2 since the last request or piece
//!   of an answer that got under way: pings, or a head that never ends, hold no connection.
//! * *Taking*: while an answer is under way, since the client last took some of it ([`SOME`]). Who takes a
//!   byte now and then is not silent, and would hold it for days.
//!
//! Two things are counted besides: requests, for who has asked enough may come again on another connection;
//! and bytes that ask nothing and take nothing, so that a flood of pings or settings ends. Over HTTP/2 a request or a
//! piece of an answer takes back no more of that count than its own size: a client that makes room byte by byte, in
//! frames of thirteen, is a flood too.

mod closing;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hyper::Version;
use tokio::time::Instant;

use closing::Closing;

/// How long a connection may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// For a request's head to arrive.
    pub(super) head: Duration,
    /// Without a sign of life.
    pub(super) silence: Duration,
    /// For some of an answer to be taken.
    pub(super) taking: Duration,
    /// How many requests.
    pub(super) requests: usize,
    /// How large a request's head may be, in bytes.
    pub(super) head_bytes: usize,
    /// How many bytes that ask nothing and take nothing.
    pub(super) idle_bytes: usize,
}

/// What a client takes at least of an answer, in bytes, in the time it has for that.
const SOME: usize = 64 * 1024;

/// What is to be done with a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Leave it alone; judge again at this instant.
    Wait(Instant),
    /// A request's head did not arrive in time.
    HeadLate,
    /// Nobody spoke for too long.
    Silent,
    /// An answer is taken too slowly.
    Slow,
    /// It has had as many answers as it may.
    Enough,
    /// It is idle, and its place is needed.
    Evicted,
    /// Our side of it is closed, and the client had time to read the last answer.
    Lingered,
}

/// The clocks of one connection.
#[derive(Debug)]
pub(super) struct Pulse {
    limits: Limits,
    /// The server stops: the next answer on HTTP/1 is the last.
    leaves: AtomicBool,
    /// There is an answer that is not taken as a whole. Changed with the state in hand.
    is_taking: AtomicBool,
    /// The verdict may be due before it was said to be. Changed with the state in hand.
    is_due: AtomicBool,
    /// How many turns the connection has had.
    turn: AtomicUsize,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    protocol: Protocol,
    /// A byte has come.
    heard: bool,
    last_byte: Instant,
    head_since: Option<Instant>,
    last_progress: Instant,
    /// Since when the client has not taken some of an answer, while one is under way.
    taking_since: Option<Instant>,
    taken: usize,
    /// How many answers with a body are under way.
    answers: usize,
    /// How many answers are being drawn.
    drawings: usize,
    requests: usize,
    idle_bytes: usize,
    closing: Closing,
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
            leaves: AtomicBool::new(false),
            is_taking: AtomicBool::new(false),
            is_due: AtomicBool::new(false),
            turn: AtomicUsize::new(0),
            state: Mutex::new(State {
                protocol: Protocol::Unknown,
                heard: false,
                last_byte: now,
                head_since: Some(now),
                last_progress: now,
                taking_since: None,
                taken: 0,
                answers: 0,
                drawings: 0,
                requests: 0,
                idle_bytes: 0,
                closing: Closing::default(),
            }),
        })
    }

    /// A request's head is complete: since when, which is when the last byte came, and whether it is the last
    /// that the connection may have.
    pub(super) fn request(&self, version: Version) -> (Instant, bool) {
        let mut state = self.state();
        let now = state.last_byte;
        state.protocol = match version {
            Version::HTTP_2 => Protocol::Http2,
            _ => Protocol::Http1,
        };
        state.head_since = None;
        state.last_progress = now;
        state.take_back(self.limits.head_bytes);
        state.requests = state.requests.saturating_add(1);
        let is_last = state.requests >= self.limits.requests;
        if is_last && state.protocol == Protocol::Http2 {
            // Over HTTP/1 the last answer says so.
            self.is_due.store(true, Ordering::Relaxed);
        }
        (now, is_last)
    }

    /// An answer with a body begins.
    pub(super) fn begins(&self, now: Instant) {
        let mut state = self.state();
        self.is_taking.store(true, Ordering::Relaxed);
        state.answers += 1;
        if state.taking_since.is_none() {
            (state.taking_since, state.taken) = (Some(now), 0);
        }
    }

    /// All of an answer's body is under way, or it was given up. Of the last there may be something in a
    /// buffer still; see [`Pulse::flushed`].
    pub(super) fn ends(&self) {
        let mut state = self.state();
        state.answers = state.answers.saturating_sub(1);
    }

    /// A piece of an answer, of so many bytes, is under way. When that was matters over HTTP/2 only.
    pub(super) fn answered(&self, bytes: usize, now: Option<Instant>) {
        let mut state = self.state();
        if let Some(now) = now {
            state.last_progress = now;
        }
        state.take_back(bytes);
    }

    /// Nothing is left in our buffers.
    pub(super) fn flushed(&self) {
        // Mostly there is nothing that could be taken.
        if !self.is_taking.load(Ordering::Relaxed) {
            return;
        }
        let mut state = self.state();
        if state.answers == 0 {
            state.taking_since = None;
            self.is_taking.store(false, Ordering::Relaxed);
        }
    }

    /// Notes that an answer is being drawn, until what is returned is dropped.
    pub(super) fn draws(self: &Arc<Pulse>) -> Drawing {
        self.state().drawings += 1;
        Drawing(Arc::clone(self))
    }

    /// Notes that the connection is about to be polled.
    pub(super) fn begin_turn(&self) {
        self.turn.fetch_add(1, Ordering::Relaxed);
    }

    /// The number of the turn.
    pub(super) fn turn(&self) -> usize {
        self.turn.load(Ordering::Relaxed)
    }

    /// Notes that the server stops.
    pub(super) fn leave(&self) {
        self.leaves.store(true, Ordering::Relaxed);
    }

    /// Whether the server stops.
    pub(super) fn leaves(&self) -> bool {
        self.leaves.load(Ordering::Relaxed)
    }

    /// Whether it is known to speak HTTP/2, which can say goodbye at any time.
    pub(super) fn is_http2(&self) -> bool {
        self.state().protocol == Protocol::Http2
    }

    /// Whether a request's head has begun to arrive, and is not complete.
    pub(super) fn is_hearing(&self) -> bool {
        let state = self.state();
        state.heard && state.head_since.is_some()
    }

    /// Judges. Nothing that happens after `now` makes a later judgement due before the instant
    /// in [`Verdict::Wait`], but for what [`Pulse::take_due`] tells of.
    pub(super) fn verdict(&self, now: Instant) -> Verdict {
        let mut state = self.state();
        if let Some(verdict) = state.closing_verdict(now) {
            return verdict;
        }
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
        let slow = state.taking_since;
        let slow = slow.map(|since| after(since, self.limits.taking));
        if slow.is_some_and(|slow| slow <= now) {
            return Verdict::Slow;
        }
        // Of HTTP/1 the last answer says that it is the last.
        if state.protocol == Protocol::Http2 && state.requests >= self.limits.requests {
            return Verdict::Enough;
        }
        // A head that starts to arrive just after now is late by then, and so is who does not take what is
        // answered just after now.
        let late = late.unwrap_or_else(|| after(now, self.limits.head));
        let slow = slow.unwrap_or_else(|| after(now, self.limits.taking));
        Verdict::Wait(silent.min(late).min(slow))
    }

    /// So many bytes came; whether that was still within measure.
    pub(super) fn read(&self, bytes: usize, now: Instant) -> bool {
        let mut state = self.state();
        state.last_byte = now;
        state.heard = true;
        if state.protocol != Protocol::Http2 {
            state.head_since.get_or_insert(now);
        }
        state.idle_bytes = state.idle_bytes.saturating_add(bytes);
        state.idle_bytes <= self.limits.idle_bytes
    }

    /// So many bytes went.
    pub(super) fn wrote(&self, bytes: usize, now: Instant) {
        let mut state = self.state();
        state.last_byte = now;
        state.taken = state.taken.saturating_add(bytes);
        if state.taking_since.is_some() && state.taken >= SOME {
            (state.taking_since, state.taken) = (Some(now), 0);
        }
        // What has arrived of the next request waits for its turn while we answer this one.
        if state.protocol == Protocol::Http1 && state.head_since.is_some() {
            state.head_since = Some(now);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Counts idle bytes no longer that are made up for by so many others.
    fn take_back(&mut self, bytes: usize) {
        self.idle_bytes = match self.protocol {
            // All that comes is heads, several at once.
            Protocol::Unknown | Protocol::Http1 => 0,
            Protocol::Http2 => self.idle_bytes.saturating_sub(bytes),
        };
    }
}

/// An answer that is being drawn.
#[derive(Debug)]
pub(super) struct Drawing(Arc<Pulse>);

impl Drop for Drawing {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.drawings = state.drawings.saturating_sub(1);
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
        taking: Duration::from_secs(20),
        requests: 3,
        head_bytes: 60,
        idle_bytes: 100,
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
        pulse.read(1, at(9));
        pulse.wrote(1, at(9));
        assert_eq!(pulse.verdict(at(10)), Verdict::HeadLate);
    }

    #[test]
    fn between_requests_only_silence_counts_until_a_byte_comes() {
        let (pulse, at) = started(LIMITS);
        pulse.read(1, at(1));
        pulse.request(Version::HTTP_11);
        pulse.wrote(1, at(2));
        assert_eq!(pulse.verdict(at(2)), Verdict::Wait(at(12)));
        assert_eq!(pulse.verdict(at(61)), Verdict::Wait(at(62)));
        assert_eq!(pulse.verdict(at(62)), Verdict::Silent);
        pulse.read(1, at(40));
        pulse.read(1, at(45));
        assert_eq!(pulse.verdict(at(45)), Verdict::Wait(at(50)));
        assert_eq!(pulse.verdict(at(50)), Verdict::HeadLate);
    }

    #[test]
    fn a_pipelined_head_waits_for_the_answer_before_it() {
        let (pulse, at) = started(LIMITS);
        pulse.read(1, at(1));
        pulse.request(Version::HTTP_11);
        pulse.read(1, at(2));
        pulse.wrote(1, at(11));
        assert_eq!(pulse.verdict(at(12)), Verdict::Wait(at(21)));
    }

    #[test]
    fn frames_that_get_nothing_under_way_do_not_keep_http2_alive() {
        let (pulse, at) = started(LIMITS);
        pulse.read(1, at(1));
        pulse.request(Version::HTTP_2);
        pulse.answered(1, Some(at(2)));
        pulse.read(1, at(61));
        pulse.wrote(1, at(61));
        assert_eq!(pulse.verdict(at(61)), Verdict::Wait(at(62)));
        assert_eq!(pulse.verdict(at(62)), Verdict::Silent);
        pulse.answered(1, Some(at(61)));
        assert!(matches!(pulse.verdict(at(62)), Verdict::Wait(_)));
    }

    #[test]
    fn who_takes_a_byte_now_and_then_is_slow_and_who_takes_some_is_not() {
        let (pulse, at) = started(LIMITS);
        pulse.read(1, at(1));
        pulse.request(Version::HTTP_11);
        pulse.begins(at(1));
        pulse.wrote(SOME - 1, at(20));
        assert_eq!(pulse.verdict(at(20)), Verdict::Wait(at(21)));
        pulse.wrote(1, at(20));
        assert_eq!(pulse.verdict(at(21)), Verdict::Wait(at(31)));
        pulse.wrote(1, at(39));
        assert_eq!(pulse.verdict(at(40)), Verdict::Slow);
    }

    #[test]
    fn what_is_in_a_buffer_is_not_taken_yet() {
        let (pulse, at) = started(LIMITS);
        pulse.read(1, at(1));
        pulse.request(Version::HTTP_11);
        pulse.begins(at(1));
        pulse.flushed();
        pulse.ends();
        pulse.wrote(1, at(20));
        assert_eq!(pulse.verdict(at(21)), Verdict::Slow);
        pulse.flushed();
        assert_eq!(
            pulse.verdict(at(21)),
            Verdict::Wait(at(31)),
            "it waits for the next head"
        );
    }

    #[test]
    fn the_last_request_is_told() {
        let (pulse, at) = started(LIMITS);
        for expected in [false, false, true, true] {
            assert_eq!(pulse.request(Version::HTTP_2).1, expected);
        }
        assert_eq!(pulse.verdict(at(1)), Verdict::Enough);
    }

    #[test]
    fn bytes_that_neither_ask_nor_take_are_counted_until_one_does() {
        let (pulse, at) = started(LIMITS);
        assert!(pulse.read(100, at(1)));
        assert!(!pulse.read(1, at(1)));
        pulse.request(Version::HTTP_11);
        assert!(pulse.read(100, at(1)));
        pulse.answered(1, None);
        assert!(pulse.read(100, at(1)));
        assert!(!pulse.read(1, at(1)));
    }

    #[test]
    fn http2_progress_makes_up_for_its_own_size_only() {
        let (pulse, at) = started(LIMITS);
        assert!(pulse.read(100, at(1)));
        pulse.request(Version::HTTP_2);
        assert!(pulse.read(60, at(1)), "a request, for a head");
        assert!(!pulse.read(1, at(1)));
        pulse.answered(11, Some(at(1)));
        assert!(pulse.read(10, at(1)), "a piece, for its length");
        assert!(!pulse.read(1, at(1)));
        pulse.answered(1_000, Some(at(1)));
        assert!(pulse.read(100, at(1)));
        assert!(!pulse.read(1, at(1)), "nothing is saved up");
    }

    #[test]
    fn no_length_of_time_is_too_long() {
        let (pulse, at) = started(Limits {
            head: Duration::MAX,
            silence: Duration::MAX,
            taking: Duration::MAX,
            ..LIMITS
        });
        assert!(matches!(pulse.verdict(at(0)), Verdict::Wait(_)));
    }
}
