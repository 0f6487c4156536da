//! Serves one accepted socket, over HTTP/1.1 or HTTP/2 as the client speaks.
//!
//! The connection ends when the client or hyper ends it; when its [`Pulse`] says so; or when the server
//! stops. Then HTTP/2 says goodbye, which HTTP/1 cannot: a server that closes an idle connection may
//! meet a request that is under way. So the next answer says that it is the last, and who does not ask
//! for a while is closed.

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

use super::Source;
use super::capacity::{Capacity, Evictable as _};
use super::felt::Felt;
use super::protocol;
use super::pulse::{Limits, Pulse, Verdict};
use super::service::{Asker, Service};
use super::traffic::Ended;
use crate::config;

/// How long a silent HTTP/2 client has to take note that we leave.
const FAREWELL: Duration = Duration::from_secs(1);
/// How long a connection over HTTP/1 may still ask when the server stops.
const LINGER: Duration = Duration::from_secs(1);

/// What all connections of a server share.
pub(super) struct Serving {
    pub(super) service: Service,
    limits: Limits,
    linger: Duration,
    /// The places for connections.
    pub(super) capacity: Arc<Capacity<Pulse>>,
    /// Held by the connection that is being closed at the stop.
    closing: Mutex<()>,
    builder: auto::Builder<TokioExecutor>,
}

impl Serving {
    pub(super) fn new(
        source: Source,
        config: &config::Server,
        clock: fn() -> SystemTime,
    ) -> Serving {
        Serving {
            service: Service::new(source, config, clock),
            limits: Limits {
                head: config.header_timeout,
                silence: config.idle_timeout,
                taking: config.limits.write_timeout,
                requests: config.limits.requests_per_connection,
                head_bytes: config.limits.header_size,
                idle_bytes: config.limits.idle_bytes,
            },
            linger: LINGER.min(config.drain_timeout / 2),
            capacity: Capacity::new(config.max_connections),
            closing: Mutex::new(()),
            builder: protocol::builder(&config.limits),
        }
    }

    /// Waits for a handshake, which counts as idle since it began; `None` if its place is needed before it is over.
    pub(super) async fn unless_evicted<F: Future>(&self, handshake: F) -> Option<F::Output> {
        let pulse = Pulse::new(self.limits);
        let _evictable = self.capacity.register(Arc::clone(&pulse));
        let mut handshake = pin!(handshake);
        poll_fn(|cx| {
            if let Poll::Ready(done) = handshake.as_mut().poll(cx) {
                return Poll::Ready(Some(done));
            }
            pulse.wake_by(cx.waker());
            if pulse.is_evicted() {
                self.service.traffic.ended(Ended::Evicted);
                return Poll::Ready(None);
            }
            Poll::Pending
        })
        .await
    }

    /// Serves one connection to its end. `peer` is who is at the other, if that has an address; `stop`
    /// is true when the server stops.
    pub(super) async fn serve<S>(
        &self,
        socket: S,
        peer: Option<IpAddr>,
        mut stop: watch::Receiver<bool>,
    ) where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let pulse = Pulse::new(self.limits);
        let _evictable = self.capacity.register(Arc::clone(&pulse));
        let asker = Asker {
            peer,
            pulse: Arc::clone(&pulse),
            traffic: Arc::new(self.service.traffic.clone()),
        };
        let answer = service_fn(|request| self.service.answer(request, &asker));
        let socket = TokioIo::new(Felt::new(socket, Arc::clone(&pulse)));
        let mut connection = Box::pin(self.builder.serve_connection(socket, answer));
        let mut leaving = Leaving::Not;
        if *stop.borrow() {
            // Taken at the last moment.
            pulse.leave();
            leaving = Leaving::At(Instant::now() + self.linger);
        }
        loop {
            let now = Instant::now();
            let mut wake = match pulse.verdict(now) {
                Verdict::Wait(until) => until,
                Verdict::HeadLate => {
                    self.service.traffic.ended(Ended::Late);
                    return debug!(?peer, "a request's head did not arrive in time");
                }
                Verdict::Slow => {
                    self.service.traffic.ended(Ended::Slow);
                    return debug!(?peer, "an answer is taken too slowly");
                }
                Verdict::Silent | Verdict::Enough => break,
                Verdict::Lingered => {
                    return debug!(?peer, "the client went on sending what is not read");
                }
                Verdict::Evicted => {
                    // The system may hold a request that came meanwhile.
                    yield_now().await;
                    if let Poll::Ready(ended) = once(&mut connection, &pulse).await {
                        return log(ended, peer);
                    }
                    if pulse.idle_since().is_none() {
                        continue;
                    }
                    self.service.traffic.ended(Ended::Evicted);
                    break;
                }
            };
            if let Leaving::At(at) = leaving {
                if at > now {
                    wake = wake.min(at);
                } else {
                    leaving = Leaving::Told;
                    // One after the other, and each after the system was asked what has come: what lies
                    // unread in a socket when that is closed is lost.
                    let turn = self.closing.lock().await;
                    yield_now().await;
                    if let Poll::Ready(ended) = once(&mut connection, &pulse).await {
                        return log(ended, peer);
                    }
                    // Who is asking is answered, and that is the end of it.
                    if !pulse.is_hearing() {
                        connection.as_mut().graceful_shutdown();
                        if let Poll::Ready(ended) = once(&mut connection, &pulse).await {
                            return log(ended, peer);
                        }
                    }
                    drop(turn);
                }
            }
            let stops = matches!(leaving, Leaving::Not).then_some(&mut stop);
            match next(&mut connection, &pulse, stops, wake).await {
                Next::Ended(ended) => return log(ended, peer),
                Next::Stops => {
                    pulse.leave();
                    leaving = Leaving::At(if pulse.is_http2() {
                        now
                    } else {
                        now + self.linger
                    });
                }
                Next::Wakes => {}
            }
        }
        debug!(
            ?peer,
            "closing a connection that is silent, or has had its answers"
        );
        connection.as_mut().graceful_shutdown();
        let farewell = poll_fn(|cx| poll(&mut connection, &pulse, cx));
        if let Ok(ended) = timeout(FAREWELL, farewell).await {
            log(ended, peer);
        }
    }
}

/// What happens first to a connection.
enum Next<T> {
    Ended(T),
    Stops,
    Wakes,
}

/// Waits for the end of a connection, for the stop of the server if that is waited for, and for an instant. In this
/// order: what has already arrived when the stop comes is answered. A connection whose verdict is due earlier is looked
/// at again at once.
///
/// All but one in thousands of wakes are the connection's. So the others are asked again only when
/// they have something to say, which is cheap to see, or when it is another task that is to be woken.
async fn next<F: Future + Unpin>(
    connection: &mut F,
    pulse: &Pulse,
    stop: Option<&mut watch::Receiver<bool>>,
    wake: Instant,
) -> Next<F::Output> {
    let signal = stop.as_deref().cloned();
    let has_signal = || {
        let signal = signal.as_ref();
        signal.is_some_and(|signal| !matches!(signal.has_changed(), Ok(false)))
    };
    // A connection that has much to do may have used up what tokio lets a task do at a time. These would then say
    // that they wait without waiting for anything, and are not asked again.
    let mut stops = pin!(unconstrained(async {
        match stop {
            Some(stop) => stopped(stop).await,
            None => pending().await,
        }
    }));
    let mut wakes = pin!(sleep_until(wake));
    let mut known: Option<Waker> = None;
    poll_fn(|cx| {
        if let Poll::Ready(ended) = poll(connection, pulse, cx) {
            return Poll::Ready(Next::Ended(ended));
        }
        let is_known = known
            .as_ref()
            .is_some_and(|known| known.will_wake(cx.waker()));
        if !is_known {
            known = Some(cx.waker().clone());
            pulse.wake_by(cx.waker());
        }
        if pulse.take_due() {
            return Poll::Ready(Next::Wakes);
        }
        if (!is_known || has_signal()) && stops.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Next::Stops);
        }
        if (!is_known || wakes.is_elapsed())
            && pin!(unconstrained(wakes.as_mut())).poll(cx).is_ready()
        {
            return Poll::Ready(Next::Wakes);
        }
        Poll::Pending
    })
    .await
}

/// How far a connection is on its way to its end when the server stops.
enum Leaving {
    Not,
    /// It is told at this instant, unless it ends before.
    At(Instant),
    Told,
}

/// Polls a connection in a turn of its own.
fn poll<F: Future + Unpin>(
    connection: &mut F,
    pulse: &Pulse,
    cx: &mut Context<'_>,
) -> Poll<F::Output> {
    pulse.begin_turn();
    Pin::new(connection).poll(cx)
}

/// Polls a connection once.
async fn once<F: Future + Unpin>(connection: &mut F, pulse: &Pulse) -> Poll<F::Output> {
    poll_fn(|cx| Poll::Ready(poll(connection, pulse, cx))).await
}

/// When the server stops.
pub(super) async fn stopped(stop: &mut watch::Receiver<bool>) {
    // Whoever could have told has gone: that is a stop too.
    let _ = stop.wait_for(|stops| *stops).await;
}

fn log(ended: Result<(), Box<dyn std::error::Error + Send + Sync>>, peer: Option<IpAddr>) {
    if let Err(error) = ended {
        debug!(error, ?peer, "a connection ended with an error");
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
    use crate::server::tests::{nothing, snapshot};
    use crate::server::traffic::Figures;

    const PLAIN: &str = "GET /none HTTP/1.1\r\nhost: e.org\r\n\r\n";

    /// A server of a small site, a quarter of an hour after that was made.
    fn serving() -> Serving {
        let source = nothing();
        source.current.publish(snapshot());
        let config = config::Server::default();
        Serving::new(source, &config, || {
            SystemTime::UNIX_EPOCH + Duration::from_secs(1_900)
        })
    }

    /// Sockets as they are, for tokio's own count of what a task does; with what is asked before anybody listens.
    async fn sockets(asked: &str) -> (UnixStream, UnixStream) {
        let (mut client, server) = UnixStream::pair().unwrap();
        client.write_all(asked.as_bytes()).await.unwrap();
        // So that the first look finds it.
        server.readable().await.unwrap();
        (client, server)
    }

    /// Has all that a client is sent taken, until the other end is closed.
    fn taken(mut client: UnixStream) {
        tokio::spawn(async move { tokio::io::copy(&mut client, &mut tokio::io::sink()).await });
    }

    #[tokio::test(start_paused = true)]
    async fn the_clocks_run_on_for_who_asks_for_much_at_once() {
        // A power of two divides what is read at once.
        let plain = PLAIN.replace("\r\n\r\n", "\r\nx: ");
        let plain = format!("{plain:x<124}\r\n\r\n");
        assert_eq!(plain.len(), 128);
        let serving = serving();
        for count in [1, 100, 127, 128, 129, 192, 256] {
            for rest in ["", "GET /no"] {
                let (client, server) = sockets(&(plain.repeat(count) + rest)).await;
                taken(client);
                let (_stop, stops) = watch::channel(false);
                let serve = serving.serve(server, None, stops);
                let ended = timeout(Duration::from_secs(600), serve).await;
                assert!(ended.is_ok(), "{count} {rest:?}");
            }
            let (client, server) = sockets(&plain.repeat(count)).await;
            taken(client);
            let (stop, stops) = watch::channel(false);
            let serve = serving.serve(server, None, stops);
            let stopping = async {
                sleep(Duration::from_millis(100)).await;
                stop.send_replace(true);
            };
            let both = async { tokio::join!(serve, stopping) };
            let ended = timeout(Duration::from_secs(2), both).await;
            assert!(ended.is_ok(), "{count}, stopped");
        }
    }

    /// What is answered to bytes on a connection of its own, of which so many come before the others; and what was
    /// counted.
    fn answers(bytes: &[u8], first: usize) -> (Vec<u8>, Figures) {
        let mut runtime = Builder::new_current_thread();
        let runtime = runtime.enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let serving = serving();
            let traffic = serving.service.traffic.clone();
            let (_stop, stops) = watch::channel(false);
            let (client, server) = duplex(64 * 1024);
            let (mut answers, mut asks) = tokio::io::split(client);
            let serving = serving.serve(server, "192.0.2.1".parse().ok(), stops);
            let asking = async {
                let (first, rest) = bytes.split_at(first);
                asks.write_all(first).await.unwrap();
                // It is paused until all that can be read is.
                sleep(Duration::from_millis(1)).await;
                // Who is refused may not be listened to any longer.
                let _ = asks.write_all(rest).await;
            };
            let mut all = Vec::new();
            let ((), (), read) = tokio::join!(serving, asking, answers.read_to_end(&mut all));
            read.unwrap();
            (all, traffic.figures())
        })
    }

    /// The same, if it is the same when the bytes come in two parts.
    fn answer(bytes: &[u8], first: usize) -> Result<Vec<u8>, TestCaseError> {
        let (whole, in_parts) = (answers(bytes, 0), answers(bytes, first.min(bytes.len())));
        // What hyper answers by itself has the date of today.
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

    /// With which all connections end here.
    const LAST: &str = "GET /robots.txt HTTP/1.1\r\nHost: e\r\nConnection: close\r\n\r\n";

    #[test]
    fn each_request_of_a_connection_has_its_answer() {
        let feed = answer(LAST.replace("/robots.txt", "/rss.xml").as_bytes(), 1).unwrap();
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
            let answer = answer(format!("{request}{LAST}").as_bytes(), first).unwrap();
            let expected = format!("HTTP/1.1 {status} ");
            assert!(answer.starts_with(expected.as_bytes()), "{request}");
            let last = b"connection: close";
            assert!(
                answer.windows(last.len()).any(|part| part == last),
                "{request}"
            );
        }
    }

    /// A line of a head, usual or not.
    fn line() -> impl Strategy<Value = String> {
        const USUAL: &[&str] = &[
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
            12 => select(USUAL).prop_map(str::to_owned),
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
                    vec(line(), 0..5),
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
            bytes.push_str(LAST);
            answer(bytes.as_bytes(), first)?;
        }
    }
}
