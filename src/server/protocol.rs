//! A socket into HTTP/1.1 or HTTP/2, as its client's first bytes say, and a connection that nobody asks on into
//! little more than its socket.
//!
//! A connection waits, and answers what is plain by itself, see `direct`. What is not is for hyper, which has the
//! connection from then on until it rests.
//!
//! hyper holds some ten kilobytes for a connection over HTTP/1: a buffer to read into, one to write from, and
//! a request's place. Readers and proxies keep connections for minutes between two requests. So one that nobody has
//! asked on for a while is taken apart, and the next byte that comes puts it together again.

use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::Service;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::direct::{ROOM, Sending, answered};
use super::felt::Felt;
use super::frames::Turn;
use super::lending::Socket;
use super::making::Making;
use super::question::Question;
use super::sending::Answer;
use super::service::Written;
use crate::config;

/// What a client that speaks HTTP/2 begins with (RFC 9113 §3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// The least that HTTP/2 has without being told (RFC 9113 §6.5.2).
const WINDOW: u32 = 65_535;
/// So many times something that came is answered before others have their turn.
const IN_A_ROW: usize = 16;

/// How both are spoken.
pub(super) struct Protocols {
    http1: http1::Builder,
    http2: http2::Builder<TokioExecutor>,
    most_lines: usize,
}

impl Protocols {
    pub(super) fn new(limits: &config::Limits) -> Protocols {
        let mut http1 = http1::Builder::new();
        http1
            .timer(TokioTimer::new())
            // Off because ours is stricter, and kinder: see `pulse`.
            .header_read_timeout(None)
            .max_buf_size(limits.header_size)
            .max_headers(limits.header_fields);
        let mut http2 = http2::Builder::new(TokioExecutor::new());
        http2
            .timer(TokioTimer::new())
            .max_header_list_size(u32::try_from(limits.header_size).unwrap_or(u32::MAX))
            .max_concurrent_streams(u32::try_from(limits.streams).unwrap_or(u32::MAX))
            // Nobody is to send us a body.
            .initial_stream_window_size(WINDOW)
            .initial_connection_window_size(WINDOW)
            // What a client may make us hold: streams it opens and resets at once, and bytes it
            // asks for and does not take.
            .max_pending_accept_reset_streams(limits.resets)
            .max_local_error_reset_streams(100)
            .max_send_buf_size(64 * 1024);
        Protocols {
            http1,
            http2,
            most_lines: limits.header_fields,
        }
    }
}

type Http1<S, F> = http1::Connection<TokioIo<Felt<S>>, F>;
type Http2<S, F> = http2::Connection<TokioIo<Felt<S>>, F, TokioExecutor>;

/// What answers the requests of a connection.
pub(super) trait Answers:
    Service<Request<Incoming>, Response = Response<Answer>, Error = Infallible, Future = Making> + Unpin
{
    /// Answers what hyper has not read; `None`, where it is to.
    fn directly(&self, question: &Question<'_>) -> Option<Written>;
}

/// A connection. It is ready when it is over.
pub(super) struct Connection<'a, S, F: Answers> {
    protocols: &'a Protocols,
    state: State<S, F>,
}

enum State<S, F: Answers> {
    /// It is for the client to say something.
    Waits(Waiting<S, F>),
    Http1(Box<Http1<S, F>>),
    Http2(Pin<Box<Http2<S, F>>>, Arc<Turn>),
    /// All is said.
    Closes(Felt<S>),
    Over,
}

struct Waiting<S, F> {
    socket: Felt<S>,
    service: F,
    /// What has come that is no request yet.
    heard: Vec<u8>,
    /// Whether it may turn out to be HTTP/2.
    may_be_http2: bool,
    /// An answer that the client has not taken all of.
    sending: Option<Box<Sending>>,
    /// Whether that is the last.
    is_last: bool,
}

impl<'a, S, F> Connection<'a, S, F>
where
    S: Socket + AsyncRead + AsyncWrite + Unpin + Send + 'static,
    F: Answers,
{
    pub(super) fn new(
        protocols: &'a Protocols,
        socket: Felt<S>,
        service: F,
    ) -> Connection<'a, S, F> {
        Connection {
            protocols,
            state: State::Waits(Waiting {
                socket,
                service,
                heard: Vec::new(),
                may_be_http2: true,
                sending: None,
                is_last: false,
            }),
        }
    }

    /// Lets it end as soon as what was asked is answered. It is to be polled on.
    pub(super) fn graceful_shutdown(&mut self) {
        match &mut self.state {
            State::Http1(connection) => Pin::new(&mut **connection).graceful_shutdown(),
            State::Http2(connection, _) => connection.as_mut().graceful_shutdown(),
            State::Waits(waiting) if waiting.sending.is_some() => waiting.is_last = true,
            State::Waits(_) => {
                if let State::Waits(waiting) = std::mem::replace(&mut self.state, State::Over) {
                    self.state = State::Closes(waiting.socket);
                }
            }
            State::Closes(_) | State::Over => {}
        }
    }

    /// Whether it holds something that it can do without, see [`Connection::rest`], or is going to as soon as its
    /// first byte comes.
    pub(super) fn is_awake(&self) -> bool {
        match &self.state {
            State::Waits(waiting) => waiting.may_be_http2,
            State::Http1(_) => true,
            State::Http2(..) | State::Closes(_) | State::Over => false,
        }
    }

    /// Takes it apart, until something comes; whether that could be done. This is for when all that was asked is
    /// answered: should something be under way all the same, its answer is the last.
    pub(super) async fn rest(&mut self) -> bool {
        let State::Http1(connection) = &mut self.state else {
            return false;
        };
        // What hyper calls a shutdown does not touch the socket before it is polled for that.
        Pin::new(&mut **connection).graceful_shutdown();
        let ended = poll_fn(|cx| Poll::Ready(connection.poll_without_shutdown(cx))).await;
        if !matches!(ended, Poll::Ready(Ok(()))) {
            return false;
        }
        if let State::Http1(connection) = std::mem::replace(&mut self.state, State::Over) {
            let parts = connection.into_parts();
            let mut waiting = Waiting {
                socket: parts.io.into_inner().unobserved(),
                service: parts.service,
                heard: Vec::new(),
                may_be_http2: false,
                sending: None,
                is_last: false,
            };
            // The buffer, however little is in it, goes.
            waiting.hear_more(&parts.read_buf);
            self.state = State::Waits(waiting);
        }
        true
    }
}

impl<S, F> Waiting<S, F>
where
    S: Socket + AsyncRead + AsyncWrite + Unpin,
    F: Answers,
{
    /// Answers what can be answered here, until something comes that cannot; whether it does.
    fn poll(&mut self, protocols: &Protocols, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        // Who sends many at once is not to keep the others of the thread waiting, nor our clocks.
        for _ in 0..IN_A_ROW {
            if let Some(sending) = &mut self.sending {
                ready!(sending.poll(&mut self.socket, cx))?;
                self.sending = None;
                if self.is_last {
                    return Poll::Ready(Ok(false));
                }
            }
            if !self.heard.is_empty() {
                let heard = std::mem::take(&mut self.heard);
                if self.answer(protocols, &heard, cx)? {
                    continue;
                }
                self.heard = heard;
                if !(self.may_be_http2 && is_part_of_preface(&self.heard)) {
                    return Poll::Ready(Ok(true));
                }
            }
            let mut room = [MaybeUninit::uninit(); ROOM];
            let mut more = ReadBuf::uninit(&mut room);
            ready!(Pin::new(&mut self.socket).poll_read(cx, &mut more))?;
            if more.filled().is_empty() {
                return Poll::Ready(Ok(!self.heard.is_empty()));
            }
            if self.heard.is_empty() && self.answer(protocols, more.filled(), cx)? {
                continue;
            }
            self.heard.extend_from_slice(more.filled());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// What came after a request is heard, but for empty lines, which are none (RFC 9112 §2.2).
    fn hear_more(&mut self, rest: &[u8]) {
        let is_of_one = |byte: &u8| !matches!(byte, b'\r' | b'\n');
        let start = rest.iter().position(is_of_one).unwrap_or(rest.len());
        self.heard = rest.get(start..).unwrap_or_default().to_vec();
        if !self.heard.is_empty() {
            self.socket.hears_more();
        }
    }

    /// Answers what bytes begin with; whether that could be done. What comes after it is heard.
    fn answer(
        &mut self,
        protocols: &Protocols,
        bytes: &[u8],
        cx: &mut Context<'_>,
    ) -> io::Result<bool> {
        let service = &self.service;
        let directly = |question: &Question<'_>| service.directly(question);
        let Some((written, rest)) = answered(bytes, protocols.most_lines, directly) else {
            return Ok(false);
        };
        self.may_be_http2 = false;
        self.hear_more(rest);
        let mut sending = Sending::new(written);
        match self.socket.at_once(|socket| sending.poll(socket, cx)) {
            Poll::Ready(done) => done?,
            Poll::Pending => self.sending = Some(Box::new(sending)),
        }
        Ok(true)
    }
}

/// Whether bytes could go on to be a preface.
fn is_part_of_preface(heard: &[u8]) -> bool {
    heard.len() < PREFACE.len() && PREFACE.starts_with(heard)
}

impl<S, F> Future for Connection<'_, S, F>
where
    S: Socket + AsyncRead + AsyncWrite + Unpin + Send + 'static,
    F: Answers,
{
    type Output = Result<(), Box<dyn std::error::Error + Send + Sync>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let protocols = self.protocols;
        loop {
            match &mut self.state {
                State::Http1(connection) => {
                    return Pin::new(&mut **connection).poll(cx).map_err(Into::into);
                }
                State::Http2(connection, turn) => {
                    turn.begin();
                    return connection.as_mut().poll(cx).map_err(Into::into);
                }
                State::Waits(waiting) => {
                    let is_there = ready!(waiting.poll(protocols, cx))?;
                    let State::Waits(waiting) = std::mem::replace(&mut self.state, State::Over)
                    else {
                        continue;
                    };
                    self.state = if is_there {
                        waiting.speak(protocols)
                    } else {
                        State::Closes(waiting.socket)
                    };
                }
                State::Closes(socket) => {
                    ready!(Pin::new(socket).poll_shutdown(cx))?;
                    self.state = State::Over;
                }
                State::Over => return Poll::Ready(Ok(())),
            }
        }
    }
}

impl<S, F> Waiting<S, F>
where
    S: Socket + AsyncRead + AsyncWrite + Unpin + Send + 'static,
    F: Answers,
{
    fn speak(self, protocols: &Protocols) -> State<S, F> {
        let is_http2 = self.may_be_http2 && self.heard.starts_with(PREFACE);
        let unread = self.heard.into();
        if is_http2 {
            let turn = Arc::new(Turn::default());
            let socket = TokioIo::new(self.socket.for_http2(unread, Arc::clone(&turn)));
            let connection = protocols.http2.serve_connection(socket, self.service);
            State::Http2(Box::pin(connection), turn)
        } else {
            let socket = TokioIo::new(self.socket.for_http1(unread));
            let connection = protocols.http1.serve_connection(socket, self.service);
            State::Http1(Box::new(connection))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::Bytes;
    use hyper::Version;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, Join, ReadHalf, SimplexStream};
    use tokio::io::{WriteHalf, duplex, join, simplex};
    use tokio::time::{Instant, timeout};

    use super::*;
    use crate::artifact::Pieces;
    use crate::server::asked::Asked;
    use crate::server::note::Note;
    use crate::server::pulse::{self, Pulse};
    use crate::server::traffic::Traffic;

    const LONG: Duration = Duration::from_secs(20);

    fn pulse() -> Arc<Pulse> {
        Pulse::new(pulse::Limits {
            head: LONG,
            silence: LONG,
            taking: LONG,
            requests: 1_000,
            head_bytes: 1_000,
            idle_bytes: 100_000,
        })
    }

    /// Answers by the path that was asked for, and says by which way it was.
    struct Echo {
        pulse: Arc<Pulse>,
        /// Whether it answers without hyper.
        is_direct: bool,
    }

    impl Echo {
        fn answer(&self, question: &Question<'_>) -> Answer {
            let (began, _) = self.pulse.request(question.version);
            let asked = Asked::nothing();
            let traffic = Arc::new(Traffic::default());
            let note = Note::new(traffic, &question.fields, asked, began);
            let body = Pieces::from(Bytes::from(question.path.to_owned()));
            Answer::new(
                body,
                Version::HTTP_11,
                (Arc::clone(&self.pulse), Instant::now()),
                note,
            )
        }
    }

    impl Service<Request<Incoming>> for Echo {
        type Response = Response<Answer>;
        type Error = Infallible;
        type Future = Making;

        fn call(&self, request: Request<Incoming>) -> Making {
            let body = self.answer(&Question::of(&request));
            Making::Made(Some(Response::new(body)))
        }
    }

    impl Answers for Echo {
        fn directly(&self, question: &Question<'_>) -> Option<Written> {
            let length = question.path.len();
            let head = format!("HTTP/1.1 200 OK\r\ndirect: {length}\r\n\r\n").into();
            self.is_direct.then(|| Written {
                head,
                body: self.answer(question),
                lent: None,
            })
        }
    }

    /// A connection in a task of its own, and the client's end of it.
    macro_rules! connect {
        ($pulse:expr, $protocols:expr, $connection:ident) => {
            connect!($pulse, $protocols, $connection, false, duplex(64 * 1024))
        };
        ($pulse:expr, $protocols:expr, $connection:ident, $is_direct:expr, $ends:expr) => {{
            let (client, server) = $ends;
            let service = Echo {
                pulse: Arc::clone(&$pulse),
                is_direct: $is_direct,
            };
            let socket = Felt::new(server, Arc::clone(&$pulse));
            $connection = Connection::new(&$protocols, socket, service);
            client
        }};
    }

    /// Polls until nothing is left to do now; whether it is over.
    async fn settle<F: Future + Unpin>(connection: &mut F) -> bool {
        let mut is_over = false;
        for _ in 0..8 {
            is_over |=
                poll_fn(|cx| Poll::Ready(Pin::new(&mut *connection).poll(cx).is_ready())).await;
            if is_over {
                break;
            }
        }
        is_over
    }

    type End = Join<ReadHalf<SimplexStream>, WriteHalf<SimplexStream>>;

    /// Two ends, of which the first is a client that takes so many bytes at a time.
    fn narrow(bytes: usize) -> (End, End) {
        let (heard, asks) = simplex(64 * 1024);
        let (taken, answers) = simplex(bytes);
        (join(taken, asks), join(heard, answers))
    }

    async fn said<S: AsyncRead + Unpin>(client: &mut S) -> String {
        let mut room = vec![0; 4096];
        let length = timeout(LONG, client.read(&mut room))
            .await
            .unwrap()
            .unwrap();
        room.truncate(length);
        String::from_utf8(room).unwrap()
    }

    #[tokio::test]
    async fn a_connection_that_rests_answers_what_comes_next() {
        let (pulse, protocols) = (pulse(), Protocols::new(&config::Limits::default()));
        let mut connection;
        let mut client = connect!(pulse, protocols, connection);
        for round in 0..3 {
            assert!(
                matches!(connection.state, State::Waits(_)),
                "it holds nothing yet"
            );
            let ask = format!("GET /{round} HTTP/1.1\r\nhost: a\r\n\r\n");
            // In two parts, of which the first is no request.
            let (first, second) = ask.split_at(9);
            client.write_all(first.as_bytes()).await.unwrap();
            assert!(!settle(&mut connection).await);
            client.write_all(second.as_bytes()).await.unwrap();
            assert!(!settle(&mut connection).await);
            let answer = said(&mut client).await;
            assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
            assert!(answer.ends_with(&format!("/{round}")), "{answer}");
            assert!(!answer.contains("close"), "{answer}");
            assert!(pulse.rests_at().is_some_and(|at| at > Instant::now()));
            assert!(matches!(connection.state, State::Http1(_)));
            assert!(connection.rest().await);
        }
        drop(client);
        assert!(settle(&mut connection).await);
    }

    #[tokio::test]
    async fn one_that_goes_to_rest_with_a_part_of_a_request_answers_it() {
        let (pulse, protocols) = (pulse(), Protocols::new(&config::Limits::default()));
        let mut connection;
        let mut client = connect!(pulse, protocols, connection);
        client
            .write_all(b"GET /a HTTP/1.1\r\nhost: a\r\n\r\nGET /b HT")
            .await
            .unwrap();
        assert!(!settle(&mut connection).await);
        assert!(said(&mut client).await.ends_with("/a"));
        assert!(connection.rest().await);
        assert_eq!(pulse.rests_at(), None, "it hears another");
        assert!(!settle(&mut connection).await);
        client
            .write_all(b"TP/1.1\r\nhost: a\r\n\r\n")
            .await
            .unwrap();
        settle(&mut connection).await;
        assert!(said(&mut client).await.ends_with("/b"), "it is not lost");
    }

    #[tokio::test]
    async fn one_that_rests_ends_when_it_is_to() {
        let (pulse, protocols) = (pulse(), Protocols::new(&config::Limits::default()));
        let mut connection;
        let mut client = connect!(pulse, protocols, connection);
        client
            .write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
            .await
            .unwrap();
        assert!(!settle(&mut connection).await);
        said(&mut client).await;
        assert!(connection.rest().await);
        connection.graceful_shutdown();
        assert!(settle(&mut connection).await);
        assert_eq!(said(&mut client).await, "", "it is closed");
    }

    #[tokio::test]
    async fn http2_is_known_by_its_preface_in_whatever_parts_it_comes() {
        for length in 1..=PREFACE.len() {
            let (pulse, protocols) = (pulse(), Protocols::new(&config::Limits::default()));
            let mut connection;
            let mut client = connect!(pulse, protocols, connection);
            for part in PREFACE.chunks(length) {
                assert!(!matches!(connection.state, State::Http2(..)));
                client.write_all(part).await.unwrap();
                assert!(!settle(&mut connection).await);
            }
            assert!(matches!(connection.state, State::Http2(..)), "{length}");
            assert!(!connection.is_awake());
        }
        for other in [&b"PRI * HTTP/2.0\r\n\r\nSM\r\n\rx"[..], b"PRI *x", b"G"] {
            let (pulse, protocols) = (pulse(), Protocols::new(&config::Limits::default()));
            let mut connection;
            let mut client = connect!(pulse, protocols, connection);
            client.write_all(other).await.unwrap();
            settle(&mut connection).await;
            assert!(matches!(connection.state, State::Http1(_)), "{other:?}");
        }
    }

    #[tokio::test]
    async fn http2_turn_answers_so_many_requests_at_most() {
        let (pulse, protocols) = (pulse(), Protocols::new(&config::Limits::default()));
        let mut connection;
        let mut client = connect!(pulse, protocols, connection);
        let mut asks = [PREFACE, b"\0\0\0\x04\0\0\0\0\0"].concat();
        for stream in 0..80_u32 {
            asks.extend(b"\0\0\x05\x01\x05");
            asks.extend((2 * stream + 1).to_be_bytes());
            asks.extend(b"\x82\x86\x04\x01/");
        }
        client.write_all(&asks).await.unwrap();
        let (mut before, mut turns) = (1, 0);
        while before <= 80 {
            let polled = poll_fn(|cx| Poll::Ready(Pin::new(&mut connection).poll(cx))).await;
            assert!(polled.is_pending());
            let after = pulse.next_request();
            assert!(after - before <= 16, "{before} {after}");
            (before, turns) = (after, turns + 1);
            assert!(turns < 20, "each turn goes on");
        }
        assert!(turns >= 5);
    }

    #[tokio::test]
    async fn a_preface_that_never_ends_is_no_request() {
        let (pulse, protocols) = (pulse(), Protocols::new(&config::Limits::default()));
        let mut connection;
        let mut client = connect!(pulse, protocols, connection);
        client.write_all(b"PRI * HT").await.unwrap();
        assert!(!settle(&mut connection).await);
        client.shutdown().await.unwrap();
        assert!(settle(&mut connection).await);
        drop(connection);
        assert_eq!(said(&mut client).await, "");
    }

    #[tokio::test]
    async fn what_is_plain_is_answered_without_hyper_and_what_is_not_by_hyper() {
        let (pulse, protocols) = (pulse(), Protocols::new(&config::Limits::default()));
        let mut connection;
        let mut client = connect!(pulse, protocols, connection, true, duplex(64 * 1024));
        for _ in 0..2 {
            // The second time after hyper had it.
            for path in ["/a", "/ab"] {
                let ask = format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n");
                client.write_all(ask.as_bytes()).await.unwrap();
                assert!(!settle(&mut connection).await);
                let expected = format!("HTTP/1.1 200 OK\r\ndirect: {}\r\n\r\n{path}", path.len());
                assert_eq!(said(&mut client).await, expected);
                assert!(matches!(connection.state, State::Waits(_)));
                assert!(!connection.is_awake(), "there is nothing to let go of");
                assert!(pulse.rests_at().is_some());
            }
            // In two parts, the first of which is none.
            for part in ["GET /abc HTTP", "/1.1\r\nhost: a\r\n\r\n"] {
                client.write_all(part.as_bytes()).await.unwrap();
                assert!(!settle(&mut connection).await);
            }
            let answer = said(&mut client).await;
            assert!(!answer.contains("direct"), "{answer}");
            assert!(answer.ends_with("/abc"), "{answer}");
            assert!(matches!(connection.state, State::Http1(_)));
            assert!(connection.rest().await);
        }
    }

    #[tokio::test]
    async fn requests_that_come_together_are_answered_in_their_order_whoever_answers() {
        let (pulse, protocols) = (pulse(), Protocols::new(&config::Limits::default()));
        // A client that takes little at a time.
        let mut connection;
        let mut client = connect!(pulse, protocols, connection, true, narrow(16));
        let plain = |path: &str| format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n");
        let asks = [
            plain("/1"),
            plain("/2"),
            plain("/3").replace("host", "connection: keep-alive\r\nhost"),
            plain("/4").replace("host", "content-length: 0\r\nhost"),
            plain("/5"),
        ];
        let writing = async {
            client.write_all(asks.concat().as_bytes()).await.unwrap();
            let mut all = String::new();
            while !all.contains("/5") {
                all.push_str(&said(&mut client).await);
            }
            all
        };
        let all = tokio::select! {
            ended = &mut connection => panic!("{:?}", ended.err()),
            all = timeout(LONG, writing) => all.unwrap(),
        };
        let places: Vec<_> = (1..=5).map(|n| all.find(&format!("/{n}"))).collect();
        assert!(places.is_sorted() && places[0].is_some(), "{all}");
        assert_eq!(all.matches("HTTP/1.1 200").count(), 5, "{all}");
        assert_eq!(all.matches("/4").count(), 1, "{all}");
    }

    #[tokio::test]
    async fn what_is_answered_without_hyper_is_written_whole_before_it_ends() {
        let (pulse, protocols) = (pulse(), Protocols::new(&config::Limits::default()));
        let mut connection;
        let mut client = connect!(pulse, protocols, connection, true, narrow(64));
        let path = format!("/{}", "x".repeat(500));
        let ask = format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n");
        let mut all = String::new();
        let client_side = async {
            client.write_all(ask.as_bytes()).await.unwrap();
            all = said(&mut client).await;
        };
        tokio::select! {
            _ = &mut connection => panic!("it does not end"),
            () = client_side => {}
        }
        assert!(matches!(&connection.state, State::Waits(waiting) if waiting.sending.is_some()));
        assert_eq!(pulse.rests_at(), None, "it is under way");
        connection.graceful_shutdown();
        let rest = async {
            while let more = said(&mut client).await
                && !more.is_empty()
            {
                all.push_str(&more);
            }
        };
        let (ended, ()) = tokio::join!(&mut connection, rest);
        ended.unwrap();
        assert!(all.ends_with(&path), "{all}");
    }
}
