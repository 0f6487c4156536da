//! The server as a client meets it: raw bytes over a socket of its own.
//!
//! Nothing sleeps to let something happen; a timeout under test is short and is awaited by
//! reading to the end of the connection.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "what surrounds the tests is test code too, and clippy does not see that"
)]

use std::future::pending;
use std::net::SocketAddr;
use std::sync::LazyLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use courant::access_log::AccessLog;
use courant::artifact::{Artifact, ArtifactKey, Body, FeedFormat, FeedScope, OutputBytes};
use courant::config;
use courant::gallery::Gallery;
use courant::server::{Drained, Source, Traffic, serve};
use courant::snapshot::{Current, Snapshot};
use http_body_util::{BodyExt as _, Empty};
use hyper::client::conn::http2;
use hyper::{Request, Version};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

pub const SHORT: Duration = Duration::from_millis(200);
pub const LONG: Duration = Duration::from_secs(30);
const LARGE: usize = 1 << 20;

fn clock() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(784_111_777)
}

/// A running server, and how to stop it.
pub struct Running {
    pub address: SocketAddr,
    pub traffic: Traffic,
    stop: oneshot::Sender<()>,
    drained: JoinHandle<Drained>,
}

impl Running {
    pub async fn start(change: impl FnOnce(&mut config::Server)) -> Running {
        Running::logging(None, change).await
    }

    /// The same, where what is answered is written.
    pub async fn logging(
        access_log: Option<AccessLog>,
        change: impl FnOnce(&mut config::Server),
    ) -> Running {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut config = config::Server {
            public_url: "https://e.org".into(),
            max_connections: 100,
            header_timeout: LONG,
            idle_timeout: LONG,
            drain_timeout: LONG,
            ..config::Server::default()
        };
        change(&mut config);
        let traffic = Traffic::default();
        let source = Source {
            current: CURRENT.clone(),
            gallery: Gallery::new(1 << 20, 4).unwrap(),
            traffic: traffic.clone(),
            access_log,
        };
        let (stop, stopped) = oneshot::channel();
        let drained = tokio::spawn(async move {
            let shutdown = async {
                if stopped.await.is_err() {
                    pending::<()>().await;
                }
            };
            serve(listener, source, &config, clock, shutdown).await
        });
        Running {
            address,
            traffic,
            stop,
            drained,
        }
    }

    pub async fn connect(&self) -> Client {
        Client(TcpStream::connect(self.address).await.unwrap())
    }

    /// What comes back for some bytes until the server closes.
    pub async fn exchange(&self, sent: &str) -> String {
        let mut client = self.connect().await;
        client.send(sent).await;
        client.read_to_end().await
    }

    /// A GET of a path, closed by the server.
    pub async fn get(&self, path: &str, fields: &str) -> String {
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: e.org\r\nConnection: close\r\n{fields}\r\n");
        self.exchange(&request).await
    }

    /// Stops, and waits until no connection is left.
    pub async fn stop(self) -> Drained {
        self.stop.send(()).unwrap();
        self.drained.await.unwrap()
    }

    pub async fn still_answers(&self) {
        assert!(
            self.get("/robots.txt", "")
                .await
                .starts_with("HTTP/1.1 200 OK\r\n")
        );
    }

    /// An HTTP/2 connection by prior knowledge.
    pub async fn http2(
        &self,
    ) -> (
        http2::SendRequest<Empty<&'static [u8]>>,
        JoinHandle<hyper::Result<()>>,
    ) {
        let io = TokioIo::new(self.connect().await.0);
        let (sender, connection) = http2::handshake(TokioExecutor::new(), io).await.unwrap();
        (sender, tokio::spawn(connection))
    }
}

pub struct Client(pub TcpStream);

impl Client {
    pub async fn send(&mut self, bytes: &str) {
        self.0.write_all(bytes.as_bytes()).await.unwrap();
    }

    /// Everything until the end; a reset is an end too.
    pub async fn read_to_end(&mut self) -> String {
        let mut received = Vec::new();
        let _ = timeout(LONG, self.0.read_to_end(&mut received))
            .await
            .expect("the server closes");
        String::from_utf8_lossy(&received).into_owned()
    }

    /// One response whose body ends with `end`.
    pub async fn read_until(&mut self, end: &str) -> String {
        let mut received = Vec::new();
        while !received.ends_with(end.as_bytes()) {
            received.push(timeout(LONG, self.0.read_u8()).await.unwrap().unwrap());
        }
        String::from_utf8(received).unwrap()
    }

    /// Reads until these bytes came, whatever else came with them.
    pub async fn read_until_contains(&mut self, part: &str) {
        let mut received = Vec::new();
        while !received.ends_with(part.as_bytes()) {
            received.push(timeout(LONG, self.0.read_u8()).await.unwrap().unwrap());
        }
    }

    /// Sends one byte of `bytes` every tenth of `SHORT`, until the other side has closed.
    /// How long that took.
    async fn drip(mut self, bytes: &str) -> Duration {
        let start = Instant::now();
        let (mut reading, mut writing) = self.0.split();
        let closed = async {
            let mut rest = Vec::new();
            let _ = reading.read_to_end(&mut rest).await;
            assert!(rest.is_empty(), "{}", String::from_utf8_lossy(&rest));
        };
        let dripping = async {
            for byte in bytes.bytes() {
                let _ = writing.write_all(&[byte]).await;
                tokio::time::sleep(SHORT / 10).await;
            }
            panic!("all was sent and nobody minded");
        };
        tokio::select! {
            () = closed => start.elapsed(),
            () = dripping => unreachable!(),
        }
    }
}

/// Made once: coding a megabyte takes a while in a debug build.
static CURRENT: LazyLock<Current> = LazyLock::new(|| {
    let artifact = |key, body: Vec<u8>| Artifact {
        key,
        body: Body::Ready(OutputBytes::new(body)),
        links: Vec::new(),
        noindex: false,
    };
    let artifacts = vec![
        artifact(ArtifactKey::Robots, b"robots!\n".to_vec()),
        artifact(
            ArtifactKey::Feed(FeedScope::Site, FeedFormat::Rss),
            "<item>again</item>\n".repeat(100).into_bytes(),
        ),
        artifact(ArtifactKey::Opml, vec![b'x'; LARGE]),
    ];
    let before = clock() - Duration::from_secs(60);
    let current = Current::default();
    let snapshot = Snapshot::next(&Snapshot::default(), artifacts, before);
    snapshot.compress();
    current.publish(snapshot);
    current
});

pub fn field<'a>(response: &'a str, name: &str) -> Option<&'a str> {
    let head = response.split("\r\n\r\n").next()?;
    head.split("\r\n").skip(1).find_map(|line| {
        let (own, value) = line.split_once(": ")?;
        own.eq_ignore_ascii_case(name).then_some(value)
    })
}

fn body(response: &str) -> &str {
    response.split_once("\r\n\r\n").unwrap().1
}

#[tokio::test]
async fn get_and_head_say_the_same_and_only_get_has_a_body() {
    let server = Running::start(|_| ()).await;
    let get = server.get("/robots.txt", "").await;
    assert!(get.starts_with("HTTP/1.1 200 OK\r\n"), "{get}");
    assert_eq!(body(&get), "robots!\n");
    assert_eq!(field(&get, "content-length"), Some("8"));
    assert_eq!(
        field(&get, "content-type"),
        Some("text/plain; charset=utf-8")
    );
    assert_eq!(field(&get, "date"), Some("Sun, 06 Nov 1994 08:49:37 GMT"));
    assert_eq!(get.matches("date: ").count(), 1);
    let head = server
        .exchange("HEAD /robots.txt HTTP/1.1\r\nHost: e.org\r\nConnection: close\r\n\r\n")
        .await;
    assert_eq!(head, get.strip_suffix("robots!\n").unwrap());
}

#[tokio::test]
async fn other_methods_are_told_which_are_allowed() {
    let server = Running::start(|_| ()).await;
    for start in [
        "POST /rss.xml",
        "DELETE /none",
        "TRACE /",
        "CONNECT e.org:80",
    ] {
        let request = format!("{start} HTTP/1.1\r\nHost: e.org\r\nConnection: close\r\n\r\n");
        let response = server.exchange(&request).await;
        assert!(response.starts_with("HTTP/1.1 405 "), "{start}: {response}");
        let allowed = field(&response, "allow");
        assert_eq!(allowed, Some("GET, HEAD, OPTIONS"), "{start}");
    }
    for (start, status) in [
        ("OPTIONS *", "204"),
        ("OPTIONS /x", "204"),
        ("BREW /", "501"),
    ] {
        let request = format!("{start} HTTP/1.1\r\nHost: e.org\r\nConnection: close\r\n\r\n");
        let response = server.exchange(&request).await;
        let expected = format!("HTTP/1.1 {status} ");
        assert!(response.starts_with(&expected), "{start}: {response}");
    }
}

#[tokio::test]
async fn a_body_is_refused_and_nothing_after_it_is_read_as_a_request() {
    let server = Running::start(|_| ()).await;
    for (start, fields, status) in [
        ("POST /", "Content-Length: 1000000\r\n", "405"),
        ("POST /", "Content-Length: 39\r\n", "405"),
        ("GET /robots.txt", "Content-Length: 39\r\n", "400"),
        (
            "GET /robots.txt",
            "Expect: 100-continue\r\nContent-Length: 39\r\n",
            "400",
        ),
    ] {
        let request = format!(
            "{start} HTTP/1.1\r\nHost: e.org\r\n{fields}\r\n\
            GET /robots.txt HTTP/1.1\r\nHost: e.org\r\n\r\n"
        );
        let answer = server.exchange(&request).await;
        let expected = format!("HTTP/1.1 {status} ");
        assert!(answer.starts_with(&expected), "{answer}");
        assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{answer}");
        assert_eq!(field(&answer, "connection"), Some("close"));
    }
    let unmet = server.get("/robots.txt", "Expect: a-miracle\r\n").await;
    assert!(unmet.starts_with("HTTP/1.1 417 "), "{unmet}");
}

#[tokio::test]
async fn an_unknown_path_is_not_found_and_not_echoed() {
    let server = Running::start(|_| ()).await;
    let response = server.get("/secret/robots.txt", "").await;
    assert!(
        response.starts_with("HTTP/1.1 404 Not Found\r\n"),
        "{response}"
    );
    assert_eq!(body(&response), "not found\n");
    assert!(!response.contains("secret"));
}

#[tokio::test]
async fn each_validator_earns_304_without_body_or_length() {
    let server = Running::start(|_| ()).await;
    let full = server.get("/rss.xml", "").await;
    let etag = field(&full, "etag").unwrap();
    let modified = field(&full, "last-modified").unwrap();
    assert_eq!(modified, "Sun, 06 Nov 1994 08:48:37 GMT");
    for condition in [
        format!("If-None-Match: \"x\", W/{etag}\r\n"),
        "If-None-Match: *\r\n".to_owned(),
        format!("If-Modified-Since: {modified}\r\n"),
    ] {
        let response = server.get("/rss.xml", &condition).await;
        assert!(
            response.starts_with("HTTP/1.1 304 "),
            "{condition}{response}"
        );
        assert_eq!(body(&response), "");
        assert_eq!(field(&response, "content-length"), None);
        for name in ["etag", "last-modified", "cache-control", "vary", "date"] {
            assert_eq!(field(&response, name), field(&full, name), "{name}");
        }
    }
    let stale = format!("If-None-Match: \"x\"\r\nIf-Modified-Since: {modified}\r\n");
    assert!(
        server
            .get("/rss.xml", &stale)
            .await
            .starts_with("HTTP/1.1 200 ")
    );
}

#[tokio::test]
async fn gzip_is_for_those_who_ask() {
    let server = Running::start(|_| ()).await;
    let plain = server.get("/rss.xml", "").await;
    assert_eq!(field(&plain, "content-encoding"), None);
    assert_eq!(field(&plain, "vary"), Some("Accept-Encoding, A-IM"));
    assert_eq!(field(&plain, "content-length"), Some("1900"));
    let coded = server
        .get("/rss.xml", "Accept-Encoding: deflate, gzip\r\n")
        .await;
    assert_eq!(field(&coded, "content-encoding"), Some("gzip"));
    assert_eq!(field(&coded, "vary"), Some("Accept-Encoding, A-IM"));
    assert_ne!(field(&coded, "etag"), field(&plain, "etag"));
    assert!(coded.len() < plain.len());
}

#[tokio::test]
async fn a_doubtful_host_is_a_bad_request() {
    let server = Running::start(|_| ()).await;
    for fields in [
        "",
        "Host: a\r\nHost: a\r\n",
        "Host: a b\r\n",
        "Host: u@a\r\n",
        "Host: a:b\r\n",
    ] {
        let request = format!("GET /robots.txt HTTP/1.1\r\nConnection: close\r\n{fields}\r\n");
        let response = server.exchange(&request).await;
        assert!(response.starts_with("HTTP/1.1 400 "), "{fields}{response}");
    }
    let absolute =
        "GET http://other/robots.txt HTTP/1.1\r\nHost: e.org\r\nConnection: close\r\n\r\n";
    assert!(server.exchange(absolute).await.starts_with("HTTP/1.1 200 "));
}

#[tokio::test]
async fn requests_that_two_readers_could_split_differently_are_refused() {
    let server = Running::start(|_| ()).await;
    for smuggled in [
        "Content-Length: 5\r\nContent-Length: 6\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
        "Content-Length: +5\r\n",
        "Content-Length : 5\r\n",
        "X: a\r\n b\r\n",
        "X: a\0b\r\n",
    ] {
        let request = format!("GET /robots.txt HTTP/1.1\r\nHost: e.org\r\n{smuggled}\r\n");
        let response = server.exchange(&request).await;
        assert!(
            response.starts_with("HTTP/1.1 400 "),
            "{smuggled}{response}"
        );
    }
    // RFC 9112 §6.1: the length is ignored and the connection closed, or the whole refused.
    let both = "GET /robots.txt HTTP/1.1\r\nHost: e.org\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n\
        0\r\n\r\nGET /rss.xml HTTP/1.1\r\nHost: e.org\r\nConnection: close\r\n\r\n";
    let answers = server.exchange(both).await;
    assert!(!answers.contains("<item>"), "{answers}");
}

#[tokio::test]
async fn heads_beyond_measure_are_refused() {
    let server = Running::start(|_| ()).await;
    let long = server
        .get("/robots.txt", &format!("X: {}\r\n", "x".repeat(20_000)))
        .await;
    assert!(long.starts_with("HTTP/1.1 431 "), "{long}");
    let many = server.get("/robots.txt", &"X: x\r\n".repeat(200)).await;
    assert!(many.starts_with("HTTP/1.1 431 "), "{many}");
    let path = server.get(&format!("/{}", "x".repeat(20_000)), "").await;
    assert!(path.starts_with("HTTP/1.1 4"), "{path}");
}

#[tokio::test]
async fn http_1_0_needs_no_host_and_is_closed() {
    let server = Running::start(|_| ()).await;
    let response = server.exchange("GET /robots.txt HTTP/1.0\r\n\r\n").await;
    assert!(response.starts_with("HTTP/1.0 200 OK\r\n"), "{response}");
    assert_eq!(body(&response), "robots!\n");
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let server = Running::start(|_| ()).await;
    let two = "GET /robots.txt HTTP/1.1\r\nHost: e.org\r\n\r\n\
        GET /none HTTP/1.1\r\nHost: e.org\r\nConnection: close\r\n\r\n";
    let answers = server.exchange(two).await;
    let (first, second) = answers.split_once("robots!\n").unwrap();
    assert!(first.starts_with("HTTP/1.1 200 "), "{first}");
    assert!(second.starts_with("HTTP/1.1 404 "), "{second}");
}

#[tokio::test]
async fn http2_by_prior_knowledge() {
    let server = Running::start(|_| ()).await;
    let (mut sender, _connection) = server.http2().await;
    let url = "http://e.org/rss.xml";
    let get = sender
        .send_request(Request::get(url).body(Empty::new()).unwrap())
        .await
        .unwrap();
    assert_eq!(
        (get.status().as_u16(), get.version()),
        (200, Version::HTTP_2)
    );
    assert_eq!(get.headers()["content-length"], "1900");
    let etag = get.headers()["etag"].clone();
    assert_eq!(
        get.into_body().collect().await.unwrap().to_bytes().len(),
        1900
    );

    let head = sender
        .send_request(Request::head(url).body(Empty::new()).unwrap())
        .await
        .unwrap();
    assert_eq!(head.headers()["content-length"], "1900");
    assert_eq!(
        head.into_body().collect().await.unwrap().to_bytes().len(),
        0
    );

    let again = Request::get(url)
        .header("if-none-match", etag)
        .body(Empty::new())
        .unwrap();
    let again = sender.send_request(again).await.unwrap();
    assert_eq!(again.status(), 304);
    assert!(!again.headers().contains_key("content-length"));
    let post = sender
        .send_request(Request::post(url).body(Empty::new()).unwrap())
        .await
        .unwrap();
    assert_eq!(
        (
            post.status().as_u16(),
            post.headers()["allow"].to_str().unwrap()
        ),
        (405, "GET, HEAD, OPTIONS")
    );
}

#[tokio::test]
async fn http2_requests_that_two_readers_could_take_differently_are_refused() {
    let server = Running::start(|_| ()).await;
    let (mut sender, _connection) = server.http2().await;
    for (fields, expected) in [
        (&[("host", "e.org")][..], 200),
        (&[("host", "E.org:80")], 200),
        (&[("host", "f.org")], 400),
        (&[("host", "e.org:8080")], 400),
        (&[("host", "e.org"), ("host", "e.org")], 400),
        (&[("content-length", "0")], 200),
        (&[("content-length", "0"), ("content-length", "0")], 400),
    ] {
        let mut request = Request::get("http://e.org/robots.txt");
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        let request = request.body(Empty::new()).unwrap();
        let answer = sender.send_request(request).await.unwrap();
        assert_eq!(answer.status().as_u16(), expected, "{fields:?}");
    }
}

#[tokio::test]
async fn length_given_twice_is_refused_on_whichever_request() {
    let server = Running::start(|_| ()).await;
    let plain = "GET /robots.txt HTTP/1.1\r\nHost: e.org\r\n\r\n";
    let once = plain.replace("Host", "Content-Length: 0\r\nHost");
    let twice = once.replace("Host", "content-length: 0\r\nHost");
    for before in ["", plain, &once, &[plain, &once, plain].concat()] {
        let answers = server.exchange(&format!("{before}{twice}{plain}")).await;
        let before = before.matches("GET").count();
        assert_eq!(
            answers.matches("HTTP/1.1 200 ").count(),
            before,
            "{answers}"
        );
        assert_eq!(answers.matches("HTTP/1.1 400 ").count(), 1, "{answers}");
    }
}

#[tokio::test]
async fn a_head_that_drips_is_cut_off() {
    let server = Running::start(|config| config.header_timeout = SHORT).await;
    let request =
        "GET /robots.txt HTTP/1.1\r\nHost: e.org\r\nX: 123456789012345678901234567890\r\n\r\n";
    let took = server.connect().await.drip(request).await;
    assert!(took >= SHORT, "{took:?}");

    let took = server
        .connect()
        .await
        .drip("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        .await;
    assert!(took >= SHORT, "{took:?}");
    server.still_answers().await;
}

#[tokio::test]
async fn a_second_head_that_drips_is_cut_off_and_a_pause_before_it_is_not() {
    let server = Running::start(|config| config.header_timeout = SHORT).await;
    let mut client = server.connect().await;
    let request = "GET /robots.txt HTTP/1.1\r\nHost: e.org\r\n\r\n";
    client.send(request).await;
    client.read_until("robots!\n").await;
    // The pause is what is under test: twice the time for a head, in which nothing comes.
    assert!(timeout(2 * SHORT, client.0.read_u8()).await.is_err());
    client.send(request).await;
    client.read_until("robots!\n").await;
    let took = client.drip("GET /robots.txt HTTP/1.1\r\nHost: e.org").await;
    assert!(took >= SHORT, "{took:?}");
}

#[tokio::test]
async fn a_silent_connection_is_closed_in_every_phase() {
    let server = Running::start(|config| config.idle_timeout = SHORT).await;
    let start = Instant::now();
    assert_eq!(server.exchange("").await, "");
    assert_eq!(server.exchange("PRI * HT").await, "");
    assert_eq!(server.exchange("GET / HT").await, "");
    let kept_alive = server
        .exchange("GET /robots.txt HTTP/1.1\r\nHost: e.org\r\n\r\n")
        .await;
    assert!(kept_alive.ends_with("robots!\n"), "{kept_alive}");
    assert!(start.elapsed() >= 4 * SHORT);
    assert!(start.elapsed() < LONG / 2);

    let (mut sender, connection) = server.http2().await;
    let request = Request::get("http://e.org/robots.txt")
        .body(Empty::new())
        .unwrap();
    sender
        .send_request(request)
        .await
        .unwrap()
        .into_body()
        .collect()
        .await
        .unwrap();
    timeout(LONG / 2, connection)
        .await
        .expect("GOAWAY")
        .unwrap()
        .unwrap();
}

/// What comes back for an HTTP/2 client that sends some settings and a request, both as raw
/// frames, and from then on only pings, until the server closes.
async fn pinging(server: &Running, settings: &[u8], request: &[u8]) -> String {
    let mut client = server.connect().await;
    client.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
    client.0.write_all(settings).await.unwrap();
    client.0.write_all(request).await.unwrap();
    let (mut reading, mut writing) = client.0.split();
    let mut received = Vec::new();
    let pinging = async {
        loop {
            let _ = writing
                .write_all(b"\0\0\x08\x06\0\0\0\0\0\0\0\0\0\0\0\0\0")
                .await;
            tokio::time::sleep(SHORT / 10).await;
        }
    };
    tokio::select! {
        () = pinging => unreachable!(),
        _ = reading.read_to_end(&mut received) => (),
        () = tokio::time::sleep(LONG / 2) => panic!("held by pings"),
    }
    String::from_utf8_lossy(&received).into_owned()
}

/// GETs over `http` written with HPACK's static table, RFC 7541 Appendix A.
const GET_ROBOTS: &[u8] = b"\0\0\x0f\x01\x05\0\0\0\x01\x82\x86\x04\x0b/robots.txt";
const GET_OPML: &[u8] = b"\0\0\x0d\x01\x05\0\0\0\x01\x82\x86\x04\x09/opml.xml";

#[tokio::test]
async fn pings_do_not_hold_an_http2_connection() {
    let server = Running::start(|config| config.idle_timeout = SHORT).await;
    let idle = pinging(&server, b"\0\0\0\x04\0\0\0\0\0", GET_ROBOTS).await;
    assert!(idle.contains("robots!\n"), "{idle:?}");
    // SETTINGS_INITIAL_WINDOW_SIZE 0: there is never room for the answer's body.
    let no_window = b"\0\0\x06\x04\0\0\0\0\0\0\x04\0\0\0\0";
    let stuck = pinging(&server, no_window, GET_OPML).await;
    assert!(!stuck.contains("xxxx"));
}

#[tokio::test]
async fn http2_without_a_request_is_cut_off() {
    let server = Running::start(|config| config.header_timeout = SHORT).await;
    let start = Instant::now();
    pinging(&server, b"\0\0\0\x04\0\0\0\0\0", b"").await;
    assert!(start.elapsed() >= SHORT);
}

#[tokio::test]
async fn a_large_answer_arrives_whole_over_http2() {
    let server = Running::start(|_| ()).await;
    let (mut sender, _connection) = server.http2().await;
    let request = Request::get("http://e.org/opml.xml")
        .body(Empty::new())
        .unwrap();
    let answer = sender.send_request(request).await.unwrap().into_body();
    assert_eq!(
        answer.collect().await.unwrap().to_bytes(),
        vec![b'x'; LARGE]
    );
}

#[tokio::test]
async fn a_slow_http2_reader_is_not_silent() {
    let server = Running::start(|config| config.idle_timeout = SHORT).await;
    let io = TokioIo::new(server.connect().await.0);
    let (mut sender, connection) = http2::Builder::new(TokioExecutor::new())
        .initial_stream_window_size(65_535)
        .initial_connection_window_size(65_535)
        .handshake(io)
        .await
        .unwrap();
    tokio::spawn(connection);
    let request = Request::get("http://e.org/opml.xml")
        .body(Empty::<&'static [u8]>::new())
        .unwrap();
    let mut answer = sender.send_request(request).await.unwrap().into_body();
    let (start, mut length) = (Instant::now(), 0);
    while let Some(frame) = answer.frame().await {
        length += frame.unwrap().into_data().unwrap().len();
        // The pace is what is under test, for longer than silence and farewell would last.
        if start.elapsed() < 10 * SHORT {
            tokio::time::sleep(SHORT / 10).await;
        }
    }
    assert_eq!(length, LARGE);
    assert!(start.elapsed() >= 10 * SHORT);
}

/// A client with small buffers that asks for a lot and does not read.
pub async fn stuck_reader(server: &Running) -> Client {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(32 * 1024).unwrap();
    let mut client = Client(socket.connect(server.address).await.unwrap());
    client
        .send(&"GET /opml.xml HTTP/1.1\r\nHost: e.org\r\n\r\n".repeat(16))
        .await;
    // The first byte of the answer: the request is in flight.
    assert_eq!(client.0.read_u8().await.unwrap(), b'H');
    client
}

#[tokio::test]
async fn a_reader_who_does_not_read_is_cut_off_while_others_are_served() {
    let server = Running::start(|config| {
        config.idle_timeout = SHORT;
        config.max_connections = 2;
    })
    .await;
    let mut stuck = stuck_reader(&server).await;
    server.still_answers().await;
    let gone = async {
        while server.traffic.figures().connections.open > 0 {
            tokio::task::yield_now().await;
        }
    };
    timeout(LONG, gone).await.expect("it is cut off");
    let rest = stuck.read_to_end().await;
    assert!(rest.len() < 16 * LARGE, "{}", rest.len());
}

#[tokio::test]
async fn one_connection_over_the_cap_waits_while_no_other_is_idle() {
    let server = Running::start(|config| config.max_connections = 1).await;
    let request = "GET /robots.txt HTTP/1.1\r\nHost: e.org\r\n\r\n";
    let mut first = server.connect().await;
    first.send("GET /robots.txt HTTP/1.1\r\n").await;
    // With a second one that is silent, nothing but the head that has begun keeps the place.
    let mut second = server.connect().await;
    second.send(request).await;
    assert!(
        timeout(SHORT, second.0.readable()).await.is_err(),
        "answered over the cap"
    );
    first.send("Host: e.org\r\n\r\n").await;
    first.read_until("robots!\n").await;
    second.read_until("robots!\n").await;
}

#[tokio::test]
async fn a_stop_finishes_what_is_in_flight_and_closes_what_is_idle() {
    let server = Running::start(|_| ()).await;
    let mut idle = server.connect().await;
    idle.send("GET /robots.txt HTTP/1.1\r\nHost: e.org\r\n\r\n")
        .await;
    idle.read_until("robots!\n").await;
    let (mut sender, connection) = server.http2().await;
    let request = Request::get("http://e.org/robots.txt")
        .body(Empty::new())
        .unwrap();
    sender.send_request(request).await.unwrap();
    let mut busy = stuck_reader(&server).await;
    server.stop.send(()).unwrap();

    assert_eq!(idle.read_to_end().await, "");
    connection.await.unwrap().unwrap();
    let first = busy.read_to_end().await;
    assert!(body(&first).len() >= LARGE, "{}", body(&first).len());
    assert_eq!(server.drained.await.unwrap(), Drained { cut_off: 0 });
    assert!(TcpStream::connect(server.address).await.is_err());
}

#[tokio::test]
async fn a_stop_does_not_wait_for_a_stuck_reader_beyond_the_deadline() {
    let server = Running::start(|config| config.drain_timeout = SHORT).await;
    let stuck = stuck_reader(&server).await;
    let start = Instant::now();
    server.stop.send(()).unwrap();
    assert_eq!(server.drained.await.unwrap(), Drained { cut_off: 1 });
    assert!(start.elapsed() >= SHORT && start.elapsed() < LONG / 2);
    drop(stuck);
}

#[tokio::test]
async fn a_stop_is_heeded_at_the_cap() {
    let server = Running::start(|config| config.max_connections = 1).await;
    let mut only = server.connect().await;
    only.send("GET /robots.txt HTTP/1.1\r\nHost: e.org\r\n\r\n")
        .await;
    only.read_until("robots!\n").await;
    server.stop.send(()).unwrap();
    assert_eq!(server.drained.await.unwrap(), Drained { cut_off: 0 });
}
