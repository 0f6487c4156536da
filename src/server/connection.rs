//! Serves one accepted socket, over HTTP/1.1 or HTTP/2, whichever the client uses.
//!
//! The connection ends when the client or hyper ends it, when its [`ConnectionTimers`] expire, or when the server
//! stops. HTTP/2 then sends GOAWAY. HTTP/1 has no such message, and a request may already be on its way when the
//! server closes an idle connection. So the next response has `Connection: close`, and connections without another
//! request are closed after a grace period.

use std::future::{pending, poll_fn};
use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime};

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{Mutex, watch};
use tokio::task::{coop::unconstrained, yield_now};
use tokio::time::{Instant, sleep_until, timeout};
use tracing::debug;

use super::connection_limit::{ConnectionLimiter, Evictable as _};
use super::connection_timers::{ConnectionLimits, ConnectionTimers, TimerStatus};
use super::context::ServerContext;
use super::hyper_config;
use super::request_service::{ConnectionContext, Service};
use super::timed_io::TimedIo;
use crate::config;
use crate::stats::traffic::CloseReason;

/// Time that an idle HTTP/2 client has to react to GOAWAY.
const H2_GOAWAY_GRACE: Duration = Duration::from_secs(1);
/// Time for one more request on an HTTP/1 connection when the server stops.
const H1_DRAIN_GRACE: Duration = Duration::from_secs(1);

/// State that all connections of a server share.
pub(super) struct ConnectionServer {
    pub(super) service: Service,
    limits: ConnectionLimits,
    drain_grace: Duration,
    /// Limit on open connections.
    pub(super) limiter: Arc<ConnectionLimiter<ConnectionTimers>>,
    /// Held while a connection is closed at shutdown, so that they are closed one at a time.
    drain_lock: Mutex<()>,
    builder: auto::Builder<TokioExecutor>,
}

impl ConnectionServer {
    pub(super) fn new(
        context: ServerContext,
        config: &config::ServerConfig,
        clock: fn() -> SystemTime,
    ) -> ConnectionServer {
        ConnectionServer {
            service: Service::new(context, config, clock),
            limits: ConnectionLimits {
                header_timeout: config.header_timeout,
                idle_timeout: config.idle_timeout,
                write_timeout: config.limits.write_timeout,
                max_requests: config.limits.requests_per_connection,
                max_header_bytes: config.limits.header_size,
                max_idle_bytes: config.limits.idle_bytes,
            },
            drain_grace: H1_DRAIN_GRACE.min(config.drain_timeout / 2),
            limiter: ConnectionLimiter::new(config.max_connections),
            drain_lock: Mutex::new(()),
            builder: hyper_config::connection_builder(&config.limits),
        }
    }

    /// Waits for a handshake, which counts as idle from its start. Returns `None` if it is evicted first.
    pub(super) async fn wait_unless_evicted<F: Future>(&self, handshake: F) -> Option<F::Output> {
        let timers = ConnectionTimers::new(self.limits);
        let _evictable = self.limiter.register_connection(Arc::clone(&timers));
        let mut handshake = pin!(handshake);
        poll_fn(|cx| {
            if let Poll::Ready(done) = handshake.as_mut().poll(cx) {
                return Poll::Ready(Some(done));
            }
            timers.set_waker(cx.waker());
            if timers.is_close_pending() {
                self.service
                    .traffic
                    .record_closed_connection(CloseReason::Evicted);
                return Poll::Ready(None);
            }
            Poll::Pending
        })
        .await
    }

    /// Serves one connection to its end. `peer` is the client's address; `None` for a Unix socket. `stop`
    /// becomes true when the server stops.
    pub(super) async fn serve_socket<S>(
        &self,
        socket: S,
        peer: Option<IpAddr>,
        mut stop: watch::Receiver<bool>,
    ) where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let timers = ConnectionTimers::new(self.limits);
        let _evictable = self.limiter.register_connection(Arc::clone(&timers));
        let context = ConnectionContext {
            peer,
            timers: Arc::clone(&timers),
            traffic: Arc::new(self.service.traffic.clone()),
        };
        let service = service_fn(|request| self.service.handle_request(request, &context));
        let socket = TokioIo::new(TimedIo::new(socket, Arc::clone(&timers)));
        let mut connection = Box::pin(self.builder.serve_connection(socket, service));
        let mut drain_state = DrainState::Inactive;
        if *stop.borrow() {
            // Accepted from the backlog at shutdown.
            timers.begin_drain();
            drain_state = DrainState::ScheduledAt(Instant::now() + self.drain_grace);
        }
        loop {
            let now = Instant::now();
            let mut wake = match timers.check_timers(now) {
                TimerStatus::RecheckAt(until) => until,
                TimerStatus::HeaderTimeout => {
                    self.service
                        .traffic
                        .record_closed_connection(CloseReason::HeaderTimeout);
                    return debug!(?peer, "header timeout: the request head is incomplete");
                }
                TimerStatus::WriteTimeout => {
                    self.service
                        .traffic
                        .record_closed_connection(CloseReason::WriteTimeout);
                    return debug!(
                        ?peer,
                        "write timeout: the client reads the response too slowly"
                    );
                }
                TimerStatus::IdleTimeout | TimerStatus::RequestLimit => break,
                TimerStatus::HalfCloseTimeout => {
                    return debug!(?peer, "the client kept sending after the response; closing");
                }
                TimerStatus::Evicted => {
                    // A request may have arrived since the connection was chosen for eviction.
                    yield_now().await;
                    if let Poll::Ready(ended) = poll_once(&mut connection, &timers).await {
                        return log_connection_error(ended, peer);
                    }
                    if timers.idle_since().is_none() {
                        continue;
                    }
                    self.service
                        .traffic
                        .record_closed_connection(CloseReason::Evicted);
                    break;
                }
            };
            if let DrainState::ScheduledAt(at) = drain_state {
                if at > now {
                    wake = wake.min(at);
                } else {
                    drain_state = DrainState::Started;
                    // Closes one connection at a time, after a last read: bytes that are still unread are lost
                    // when a socket is closed.
                    let drain_permit = self.drain_lock.lock().await;
                    yield_now().await;
                    if let Poll::Ready(ended) = poll_once(&mut connection, &timers).await {
                        return log_connection_error(ended, peer);
                    }
                    // A request that has begun to arrive is answered. Then hyper closes the connection.
                    if !timers.is_receiving_head() {
                        connection.as_mut().graceful_shutdown();
                        if let Poll::Ready(ended) = poll_once(&mut connection, &timers).await {
                            return log_connection_error(ended, peer);
                        }
                    }
                    drop(drain_permit);
                }
            }
            let shutdown = matches!(drain_state, DrainState::Inactive).then_some(&mut stop);
            match next_event(&mut connection, &timers, shutdown, wake).await {
                ConnectionEvent::Ended(ended) => return log_connection_error(ended, peer),
                ConnectionEvent::ShutdownStarted => {
                    timers.begin_drain();
                    drain_state = DrainState::ScheduledAt(if timers.is_http2() {
                        now
                    } else {
                        now + self.drain_grace
                    });
                }
                ConnectionEvent::RecheckDue => {}
            }
        }
        debug!(
            ?peer,
            "closing a connection that is idle or has reached its request limit"
        );
        connection.as_mut().graceful_shutdown();
        let last_polls = poll_fn(|cx| poll_in_new_turn(&mut connection, &timers, cx));
        if let Ok(ended) = timeout(H2_GOAWAY_GRACE, last_polls).await {
            log_connection_error(ended, peer);
        }
    }
}

/// The first event on a connection.
enum ConnectionEvent<T> {
    Ended(T),
    ShutdownStarted,
    RecheckDue,
}

/// Waits for the end of a connection, for the stop signal if `stop` is given, and for the instant `wake`.
///
/// The connection is polled first, so that requests that have arrived before the stop signal are answered. If the
/// timers must be checked earlier than `wake`, it returns at once.
///
/// Nearly all wakes are for the connection. So the signal and the timer are polled only when a cheap check shows that
/// they are ready, or when the task's waker has changed.
async fn next_event<F: Future + Unpin>(
    connection: &mut F,
    timers: &ConnectionTimers,
    stop: Option<&mut watch::Receiver<bool>>,
    wake: Instant,
) -> ConnectionEvent<F::Output> {
    let signal = stop.as_deref().cloned();
    // A busy connection may have used up tokio's cooperative budget. Without `unconstrained`, the signal and the
    // timer would then return `Pending` without registering a waker, and would not be polled again.
    let mut shutdown = pin!(unconstrained(async {
        match stop {
            Some(stop) => wait_for_shutdown(stop).await,
            None => pending().await,
        }
    }));
    let mut recheck_timer = pin!(sleep_until(wake));
    let mut registered_waker: Option<Waker> = None;
    poll_fn(|cx| {
        if let Poll::Ready(ended) = poll_in_new_turn(connection, timers, cx) {
            return Poll::Ready(ConnectionEvent::Ended(ended));
        }
        let is_waker_registered = registered_waker
            .as_ref()
            .is_some_and(|known| known.will_wake(cx.waker()));
        if !is_waker_registered {
            registered_waker = Some(cx.waker().clone());
            timers.set_waker(cx.waker());
        }
        if timers.take_recheck() {
            return Poll::Ready(ConnectionEvent::RecheckDue);
        }
        if (!is_waker_registered || has_stop_signal(signal.as_ref()))
            && shutdown.as_mut().poll(cx).is_ready()
        {
            return Poll::Ready(ConnectionEvent::ShutdownStarted);
        }
        if (!is_waker_registered || recheck_timer.is_elapsed())
            && pin!(unconstrained(recheck_timer.as_mut()))
                .poll(cx)
                .is_ready()
        {
            return Poll::Ready(ConnectionEvent::RecheckDue);
        }
        Poll::Pending
    })
    .await
}

/// Returns true if the stop signal was sent or its sender was dropped.
fn has_stop_signal(signal: Option<&watch::Receiver<bool>>) -> bool {
    signal.is_some_and(|signal| !matches!(signal.has_changed(), Ok(false)))
}

/// Progress of a connection's graceful shutdown.
enum DrainState {
    Inactive,
    /// Graceful shutdown starts at this instant, unless the connection ends earlier.
    ScheduledAt(Instant),
    /// Graceful shutdown has started, or follows the request that is arriving.
    Started,
}

/// Polls the connection, and tells the timers first that a new turn begins: the work of one poll.
fn poll_in_new_turn<F: Future + Unpin>(
    connection: &mut F,
    timers: &ConnectionTimers,
    cx: &mut Context<'_>,
) -> Poll<F::Output> {
    timers.begin_turn();
    Pin::new(connection).poll(cx)
}

/// Polls a connection once.
async fn poll_once<F: Future + Unpin>(
    connection: &mut F,
    timers: &ConnectionTimers,
) -> Poll<F::Output> {
    poll_fn(|cx| Poll::Ready(poll_in_new_turn(connection, timers, cx))).await
}

/// Waits until the server stops.
pub(super) async fn wait_for_shutdown(stop: &mut watch::Receiver<bool>) {
    // An error means that the sender was dropped, which also stops the server.
    let _ = stop.wait_for(|stops| *stops).await;
}

/// Logs how a connection ended, if with an error.
fn log_connection_error(
    ended: Result<(), Box<dyn std::error::Error + Send + Sync>>,
    peer: Option<IpAddr>,
) {
    if let Err(error) = ended {
        debug!(error, ?peer, "connection ended with an error");
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::select;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};
    use tokio::net::UnixStream;
    use tokio::runtime::Builder;
    use tokio::time::sleep;

    use super::*;
    use crate::server::tests::{empty_context, small_site_snapshot};
    use crate::stats::traffic::TrafficFigures;

    const PLAIN_REQUEST: &str = "GET /none HTTP/1.1\r\nhost: e.org\r\n\r\n";

    /// Creates a server for a small site, 15 minutes after its snapshot was published.
    fn small_site_server() -> ConnectionServer {
        let context = empty_context();
        context.snapshot.publish_snapshot(small_site_snapshot());
        let config = config::ServerConfig::default();
        ConnectionServer::new(context, &config, || {
            SystemTime::UNIX_EPOCH + Duration::from_secs(1_900)
        })
    }

    /// Returns the client and server ends of a real socket pair, whose reads count towards tokio's cooperative
    /// budget. The requests are sent before the server reads.
    async fn socket_pair_with_input(input: &str) -> (UnixStream, UnixStream) {
        let (mut client, server) = UnixStream::pair().unwrap();
        client.write_all(input.as_bytes()).await.unwrap();
        // Waits, so that the first read returns the requests.
        server.readable().await.unwrap();
        (client, server)
    }

    /// Reads and discards the output of the server until it closes the connection.
    fn discard_output(mut client: UnixStream) {
        tokio::spawn(async move { tokio::io::copy(&mut client, &mut tokio::io::sink()).await });
    }

    #[tokio::test(start_paused = true)]
    async fn timeouts_expire_despite_many_pipelined_requests() {
        // Requests of 128 bytes: a power of two divides the size of hyper's reads, so that reads end between requests.
        let plain = PLAIN_REQUEST.replace("\r\n\r\n", "\r\nx: ");
        let plain = format!("{plain:x<124}\r\n\r\n");
        assert_eq!(plain.len(), 128);
        let serving = small_site_server();
        for count in [1, 100, 127, 128, 129, 192, 256] {
            for rest in ["", "GET /no"] {
                let (client, server) = socket_pair_with_input(&(plain.repeat(count) + rest)).await;
                discard_output(client);
                let (_stop, stops) = watch::channel(false);
                let serve = serving.serve_socket(server, None, stops);
                let ended = timeout(Duration::from_secs(600), serve).await;
                assert!(ended.is_ok(), "{count} {rest:?}");
            }
            let (client, server) = socket_pair_with_input(&plain.repeat(count)).await;
            discard_output(client);
            let (stop, stops) = watch::channel(false);
            let serve = serving.serve_socket(server, None, stops);
            let stopping = async {
                sleep(Duration::from_millis(100)).await;
                stop.send_replace(true);
            };
            let both = async { tokio::join!(serve, stopping) };
            let ended = timeout(Duration::from_secs(2), both).await;
            assert!(ended.is_ok(), "{count}, stopped");
        }
    }

    /// Sends bytes on a new connection, in two parts of which the first has `first` bytes. Returns the responses and
    /// the counters.
    fn run_connection(bytes: &[u8], first: usize) -> (Vec<u8>, TrafficFigures) {
        let mut runtime = Builder::new_current_thread();
        let runtime = runtime.enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let serving = small_site_server();
            let traffic = serving.service.traffic.clone();
            let (_stop, stops) = watch::channel(false);
            let (client, server) = duplex(64 * 1024);
            let (mut read_half, mut write_half) = tokio::io::split(client);
            let serving = serving.serve_socket(server, "192.0.2.1".parse().ok(), stops);
            let sending = async {
                let (first, rest) = bytes.split_at(first);
                write_half.write_all(first).await.unwrap();
                // The clock is paused, so this waits until the server has read the first part.
                sleep(Duration::from_millis(1)).await;
                // Fails if the server has rejected the request and closed the connection.
                let _ = write_half.write_all(rest).await;
            };
            let mut all = Vec::new();
            let ((), (), read) = tokio::join!(serving, sending, read_half.read_to_end(&mut all));
            read.unwrap();
            (all, traffic.traffic_figures())
        })
    }

    /// Returns the responses, and fails if they differ when the bytes arrive in two parts.
    fn answer_in_two_parts(bytes: &[u8], first: usize) -> Result<Vec<u8>, TestCaseError> {
        let (whole, in_parts) = (
            run_connection(bytes, 0),
            run_connection(bytes, first.min(bytes.len())),
        );
        // Responses that hyper generates itself have the current date.
        let text = |bytes: &[u8]| {
            let text = String::from_utf8_lossy(bytes);
            let lines = text.split("\r\n").filter(|line| {
                !line.starts_with("date: ") || line.starts_with("date: Thu, 01 Jan 1970 00:31:40")
            });
            lines.collect::<Vec<_>>().join("\r\n")
        };
        prop_assert_eq!(text(&whole.0), text(&in_parts.0), "{}", text(bytes));
        prop_assert_eq!(whole.1, in_parts.1, "{}", text(bytes));
        Ok(whole.0)
    }

    /// The last request of each connection.
    const LAST_REQUEST: &str = "GET /robots.txt HTTP/1.1\r\nHost: e\r\nConnection: close\r\n\r\n";

    #[test]
    fn each_request_of_a_connection_is_answered() {
        let feed = answer_in_two_parts(
            LAST_REQUEST.replace("/robots.txt", "/rss.xml").as_bytes(),
            1,
        )
        .unwrap();
        let feed = String::from_utf8(feed).unwrap();
        let tag = feed.lines().find_map(|line| line.strip_prefix("etag: "));
        let same = format!("If-None-Match: {}", tag.unwrap());
        let cases = [
            ("GET /rss.xml", "", 200),
            ("GET /rss.xml", same.as_str(), 304),
            ("GET /rss.xml?page=1", "iF-nOnE-mAtCh: *", 304),
            ("GET /rss.xml", "Accept-Encoding: gzip, br", 200),
            ("GET /rss.xml", "Connection: keep-alive", 200),
            ("HEAD /rss.xml", "Accept-Encoding: zstd", 200),
            ("GET /rss.xml", "If-Match: \"x\"", 412),
            (
                "GET /rss.xml",
                "If-Modified-Since: Thu, 01 Jan 1970 00:30:00 GMT",
                304,
            ),
            ("GET /rss.xml?page=7", "", 404),
            ("GET /rss.xml/", "", 308),
            ("GET /%72ss.xml", "X: caf\u{e9}", 200),
            ("GET /", "Host: f", 400),
            ("GET /%", "", 400),
            ("HEAD /none", "", 404),
        ];
        for (line, field, status) in cases {
            let mut request = format!("{line} HTTP/1.1\r\nHost: e\r\n");
            if !field.is_empty() {
                request.push_str(field);
                request.push_str("\r\n");
            }
            request.push_str("\r\n");
            let first = request.len();
            let answer =
                answer_in_two_parts(format!("{request}{LAST_REQUEST}").as_bytes(), first).unwrap();
            let expected = format!("HTTP/1.1 {status} ");
            assert!(answer.starts_with(expected.as_bytes()), "{request}");
            let last = b"connection: close";
            assert!(
                answer.windows(last.len()).any(|part| part == last),
                "{request}"
            );
        }
    }

    /// A header line, valid or not.
    fn header_line() -> impl Strategy<Value = String> {
        const COMMON_LINES: &[&str] = &[
            "Host: e.org",
            "Host:",
            "Host: a b",
            "hOST: e.org:80",
            "Accept: text/html,*/*;q=0.8",
            "Accept: application/rss+xml",
            "Accept-Encoding: gzip, deflate, br, zstd",
            "Accept-Encoding: br;q=0.5",
            "Accept-Encoding: identity;q=0",
            "If-None-Match: *",
            "If-None-Match: \"a\"",
            "If-Match: *",
            "If-Modified-Since: Thu, 01 Jan 1970 00:16:40 GMT",
            "If-Unmodified-Since: Thu, 01 Jan 1970 00:16:39 GMT",
            "A-IM: feed",
            "User-Agent: Reader/1.0 (12 subscribers)",
            "Via: 1.1 proxy",
            "X-Forwarded-For: 198.51.100.1",
            "Connection: keep-alive",
            "Connection: close",
            "Connection: Upgrade, HTTP2-Settings",
            "Upgrade: h2c",
            "Content-Length: 0",
            "Content-Length: 5",
            "Transfer-Encoding: chunked",
            "Expect: 100-continue",
            "Expect: something",
            "Range: bytes=0-3",
            "TE: trailers",
            "Cookie: a=b; c=d",
            " folded",
            "no colon",
            "X: \u{e9}\t ",
            "X: \0",
        ];
        prop_oneof![
            12 => select(COMMON_LINES).prop_map(str::to_owned),
            2 => "[A-Za-z-]{1,30}: ?[ -~]{0,20}",
            1 => (1..3_000_usize).prop_map(|length| format!("X: {}", "x".repeat(length))),
            1 => (1..120_usize).prop_map(|count| vec!["X: y"; count].join("\r\n")),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        #[test]
        fn answers_do_not_depend_on_how_the_bytes_arrive(
            requests in vec(
                (
                    prop_oneof![
                        8 => Just("GET"), 2 => Just("HEAD"), 1 => Just("POST"), 1 => Just("get"),
                        1 => Just("OPTIONS"), 1 => Just("CONNECT"), 1 => Just("\r\nGET")
                    ],
                    prop_oneof![
                        6 => select([
                            "/rss.xml", "/", "/robots.txt", "/cards/%D0%BD/", "/cards/%d0%bd/",
                            "/rss.xml?page=2", "/rss.xml?", "/rss.xml#a", "/Rss.xml", "//rss.xml",
                            "/./rss.xml", "/rss.xml/", "/%2e%2e/rss.xml", "/%00", "/none", "*",
                            "http://e.org/rss.xml", "http://u@e.org/", "e.org:80", "/rss.xml|",
                        ].as_slice()).prop_map(str::to_owned),
                        1 => "/[ -~]{0,12}",
                    ],
                    prop_oneof![8 => Just("HTTP/1.1"), 1 => Just("HTTP/1.0"), 1 => Just("HTTP/1.2")],
                    vec(header_line(), 0..5),
                    any::<bool>(),
                ),
                1..4
            ),
            first in 0..200_usize,
        ) {
            let mut bytes = String::new();
            for (method, target, version, lines, has_host) in &requests {
                bytes.push_str(&format!("{method} {target} {version}\r\n"));
                let host = has_host.then_some("Host: e.org");
                for line in host.into_iter().chain(lines.iter().map(String::as_str)) {
                    bytes.push_str(line);
                    bytes.push_str("\r\n");
                }
                bytes.push_str("\r\n");
            }
            bytes.push_str(LAST_REQUEST);
            answer_in_two_parts(bytes.as_bytes(), first)?;
        }
    }
}
