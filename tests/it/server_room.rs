//! Checks the server with raw bytes over a socket.
//!
//! No test sleeps to wait for an effect. A timeout under test is short, and the test waits for the
//! end of the connection.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests are test code, but clippy does not know that"
)]

use std::future::pending;
use std::net::SocketAddr;
use std::sync::LazyLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use courant::config;
use courant::model::artifact::{
    Artifact, ArtifactBody, ArtifactKey, FeedFormat, FeedScope, OutputBytes,
};
use courant::publish::render_cache::RenderCache;
use courant::publish::snapshot::{Snapshot, SnapshotHandle};
use courant::server::access_log::AccessLog;
use courant::server::{DrainReport, ServerContext, serve_sockets};
use courant::stats::TrafficStats;
use http_body_util::{BodyExt as _, Empty};
use hyper::client::conn::http2;
use hyper::{Request, Version};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

pub const SHORT_TIMEOUT: Duration = Duration::from_millis(200);
pub const LONG_TIMEOUT: Duration = Duration::from_secs(30);
const LARGE_BODY_BYTES: usize = 1 << 20;

fn clock() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(784_111_777)
}

/// A running server with its shutdown signal.
pub struct TestServer {
    pub address: SocketAddr,
    pub traffic: TrafficStats,
    stop: oneshot::Sender<()>,
    drained: JoinHandle<DrainReport>,
}

impl TestServer {
    pub async fn start(change: impl FnOnce(&mut config::ServerConfig)) -> TestServer {
        TestServer::start_with_access_log(None, change).await
    }

    /// Starts a server that writes an access log.
    pub async fn start_with_access_log(
        access_log: Option<AccessLog>,
        change: impl FnOnce(&mut config::ServerConfig),
    ) -> TestServer {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut config = config::ServerConfig {
            public_url: "https://e.org".into(),
            max_connections: 100,
            header_timeout: LONG_TIMEOUT,
            idle_timeout: LONG_TIMEOUT,
            drain_timeout: LONG_TIMEOUT,
            ..config::ServerConfig::default()
        };
        change(&mut config);
        let traffic = TrafficStats::default();
        let source = ServerContext {
            snapshot: SHARED_CONTENT.clone(),
            render_cache: RenderCache::new(1 << 20, 4).unwrap(),
            traffic: traffic.clone(),
            access_log,
            webhook: None,
        };
        let (stop, stopped) = oneshot::channel();
        let drained = tokio::spawn(async move {
            let shutdown = async {
                if stopped.await.is_err() {
                    pending::<()>().await;
                }
            };
            serve_sockets(listener, source, &config, clock, shutdown).await
        });
        TestServer {
            address,
            traffic,
            stop,
            drained,
        }
    }

    pub async fn connect(&self) -> RawClient {
        RawClient(TcpStream::connect(self.address).await.unwrap())
    }

    /// Sends bytes on a new connection and reads until the server closes it.
    pub async fn exchange(&self, sent: &str) -> String {
        let mut client = self.connect().await;
        client.send(sent).await;
        client.read_to_end().await
    }

    /// Sends a GET with `Connection: close` and returns the response.
    pub async fn get(&self, path: &str, fields: &str) -> String {
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: e.org\r\nConnection: close\r\n{fields}\r\n");
        self.exchange(&request).await
    }

    /// Shuts the server down and waits until no connection is left.
    pub async fn stop(self) -> DrainReport {
        self.stop.send(()).unwrap();
        self.drained.await.unwrap()
    }

    pub async fn assert_still_answers(&self) {
        assert!(
            self.get("/robots.txt", "")
                .await
                .starts_with("HTTP/1.1 200 OK\r\n")
        );
    }

    /// Opens an HTTP/2 connection by prior knowledge.
    pub async fn connect_http2(
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

pub struct RawClient(pub TcpStream);

impl RawClient {
    pub async fn send(&mut self, bytes: &str) {
        self.0.write_all(bytes.as_bytes()).await.unwrap();
    }

    /// Reads until the server closes or resets the connection.
    pub async fn read_to_end(&mut self) -> String {
        let mut received = Vec::new();
        let _ = timeout(LONG_TIMEOUT, self.0.read_to_end(&mut received))
            .await
            .expect("the server closes");
        String::from_utf8_lossy(&received).into_owned()
    }

    /// Reads one response, up to a body that ends with `end`.
    pub async fn read_until(&mut self, end: &str) -> String {
        let mut received = Vec::new();
        while !received.ends_with(end.as_bytes()) {
            received.push(
                timeout(LONG_TIMEOUT, self.0.read_u8())
                    .await
                    .unwrap()
                    .unwrap(),
            );
        }
        String::from_utf8(received).unwrap()
    }

    /// Reads up to and including `part`. The bytes before need not be UTF-8.
    pub async fn read_until_contains(&mut self, part: &str) {
        let mut received = Vec::new();
        while !received.ends_with(part.as_bytes()) {
            received.push(
                timeout(LONG_TIMEOUT, self.0.read_u8())
                    .await
                    .unwrap()
                    .unwrap(),
            );
        }
    }

    /// Sends one byte of `bytes` every tenth of `SHORT_TIMEOUT` until the server closes. Returns
    /// the time that took.
    async fn send_slowly(mut self, bytes: &str) -> Duration {
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
                tokio::time::sleep(SHORT_TIMEOUT / 10).await;
            }
            panic!("all bytes were sent and the server did not close");
        };
        tokio::select! {
            () = closed => start.elapsed(),
            () = dripping => unreachable!(),
        }
    }
}

/// Content of every test server. Made once: compressing a megabyte is slow in a debug build.
static SHARED_CONTENT: LazyLock<SnapshotHandle> = LazyLock::new(|| {
    let artifact = |key, body: Vec<u8>| Artifact {
        key,
        body: ArtifactBody::Eager(OutputBytes::new(body)),
        links: Vec::new(),
        noindex: false,
    };
    let artifacts = vec![
        artifact(ArtifactKey::Robots, b"robots!\n".to_vec()),
        artifact(
            ArtifactKey::Feed(FeedScope::Site, FeedFormat::Rss),
            "<item>again</item>\n".repeat(100).into_bytes(),
        ),
        artifact(ArtifactKey::Opml, vec![b'x'; LARGE_BODY_BYTES]),
    ];
    let before = clock() - Duration::from_secs(60);
    let current = SnapshotHandle::default();
    let snapshot = Snapshot::next_generation(&Snapshot::default(), artifacts, before);
    snapshot.compress_fast();
    current.publish_snapshot(snapshot);
    current
});

pub fn header_value<'a>(response: &'a str, name: &str) -> Option<&'a str> {
    let head = response.split("\r\n\r\n").next()?;
    head.split("\r\n").skip(1).find_map(|line| {
        let (own, value) = line.split_once(": ")?;
        own.eq_ignore_ascii_case(name).then_some(value)
    })
}

fn response_body(response: &str) -> &str {
    response.split_once("\r\n\r\n").unwrap().1
}

#[tokio::test]
async fn head_has_the_headers_of_get_and_no_body() {
    let server = TestServer::start(|_| ()).await;
    let get = server.get("/robots.txt", "").await;
    assert!(get.starts_with("HTTP/1.1 200 OK\r\n"), "{get}");
    assert_eq!(response_body(&get), "robots!\n");
    assert_eq!(header_value(&get, "content-length"), Some("8"));
    assert_eq!(
        header_value(&get, "content-type"),
        Some("text/plain; charset=utf-8")
    );
    assert_eq!(
        header_value(&get, "date"),
        Some("Sun, 06 Nov 1994 08:49:37 GMT")
    );
    assert_eq!(get.matches("date: ").count(), 1);
    let head = server
        .exchange("HEAD /robots.txt HTTP/1.1\r\nHost: e.org\r\nConnection: close\r\n\r\n")
        .await;
    assert_eq!(head, get.strip_suffix("robots!\n").unwrap());
}

#[tokio::test]
async fn unsupported_methods_get_405_or_501_and_options_204() {
    let server = TestServer::start(|_| ()).await;
    for start in [
        "POST /rss.xml",
        "DELETE /none",
        "TRACE /",
        "CONNECT e.org:80",
    ] {
        let request = format!("{start} HTTP/1.1\r\nHost: e.org\r\nConnection: close\r\n\r\n");
        let response = server.exchange(&request).await;
        assert!(response.starts_with("HTTP/1.1 405 "), "{start}: {response}");
        let allowed = header_value(&response, "allow");
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
async fn request_body_is_rejected_and_never_read_as_a_request() {
    let server = TestServer::start(|_| ()).await;
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
        assert_eq!(header_value(&answer, "connection"), Some("close"));
    }
    let unmet = server.get("/robots.txt", "Expect: a-miracle\r\n").await;
    assert!(unmet.starts_with("HTTP/1.1 417 "), "{unmet}");
}

#[tokio::test]
async fn unknown_path_is_404_and_not_echoed() {
    let server = TestServer::start(|_| ()).await;
    let response = server.get("/secret/robots.txt", "").await;
    assert!(
        response.starts_with("HTTP/1.1 404 Not Found\r\n"),
        "{response}"
    );
    assert_eq!(response_body(&response), "not found\n");
    assert!(!response.contains("secret"));
}

#[tokio::test]
async fn matching_validator_gives_304_without_body_or_length() {
    let server = TestServer::start(|_| ()).await;
    let full = server.get("/rss.xml", "").await;
    let etag = header_value(&full, "etag").unwrap();
    let modified = header_value(&full, "last-modified").unwrap();
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
        assert_eq!(response_body(&response), "");
        assert_eq!(header_value(&response, "content-length"), None);
        for name in ["etag", "last-modified", "cache-control", "vary", "date"] {
            assert_eq!(
                header_value(&response, name),
                header_value(&full, name),
                "{name}"
            );
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
async fn gzip_is_sent_only_on_request() {
    let server = TestServer::start(|_| ()).await;
    let plain = server.get("/rss.xml", "").await;
    assert_eq!(header_value(&plain, "content-encoding"), None);
    assert_eq!(header_value(&plain, "vary"), Some("Accept-Encoding, A-IM"));
    assert_eq!(header_value(&plain, "content-length"), Some("1900"));
    let coded = server
        .get("/rss.xml", "Accept-Encoding: deflate, gzip\r\n")
        .await;
    assert_eq!(header_value(&coded, "content-encoding"), Some("gzip"));
    assert_eq!(header_value(&coded, "vary"), Some("Accept-Encoding, A-IM"));
    assert_ne!(header_value(&coded, "etag"), header_value(&plain, "etag"));
    assert!(coded.len() < plain.len());
}

#[tokio::test]
async fn malformed_host_is_400() {
    let server = TestServer::start(|_| ()).await;
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
async fn ambiguously_framed_requests_are_rejected() {
    let server = TestServer::start(|_| ()).await;
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
    // RFC 9112 §6.1: ignore the length and close the connection, or reject the request.
    let both = "GET /robots.txt HTTP/1.1\r\nHost: e.org\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n\
        0\r\n\r\nGET /rss.xml HTTP/1.1\r\nHost: e.org\r\nConnection: close\r\n\r\n";
    let answers = server.exchange(both).await;
    assert!(!answers.contains("<item>"), "{answers}");
}

#[tokio::test]
async fn oversized_request_heads_are_rejected() {
    let server = TestServer::start(|_| ()).await;
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
async fn http_1_0_needs_no_host_and_closes() {
    let server = TestServer::start(|_| ()).await;
    let response = server.exchange("GET /robots.txt HTTP/1.0\r\n\r\n").await;
    assert!(response.starts_with("HTTP/1.0 200 OK\r\n"), "{response}");
    assert_eq!(response_body(&response), "robots!\n");
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let server = TestServer::start(|_| ()).await;
    let two = "GET /robots.txt HTTP/1.1\r\nHost: e.org\r\n\r\n\
        GET /none HTTP/1.1\r\nHost: e.org\r\nConnection: close\r\n\r\n";
    let answers = server.exchange(two).await;
    let (first, second) = answers.split_once("robots!\n").unwrap();
    assert!(first.starts_with("HTTP/1.1 200 "), "{first}");
    assert!(second.starts_with("HTTP/1.1 404 "), "{second}");
}

#[tokio::test]
async fn http2_works_by_prior_knowledge() {
    let server = TestServer::start(|_| ()).await;
    let (mut sender, _connection) = server.connect_http2().await;
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
async fn ambiguous_http2_requests_are_rejected() {
    let server = TestServer::start(|_| ()).await;
    let (mut sender, _connection) = server.connect_http2().await;
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
async fn repeated_content_length_is_rejected_on_any_request() {
    let server = TestServer::start(|_| ()).await;
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
async fn slow_request_head_hits_the_header_timeout() {
    let server = TestServer::start(|config| config.header_timeout = SHORT_TIMEOUT).await;
    let request =
        "GET /robots.txt HTTP/1.1\r\nHost: e.org\r\nX: 123456789012345678901234567890\r\n\r\n";
    let took = server.connect().await.send_slowly(request).await;
    assert!(took >= SHORT_TIMEOUT, "{took:?}");

    let took = server
        .connect()
        .await
        .send_slowly("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        .await;
    assert!(took >= SHORT_TIMEOUT, "{took:?}");
    server.assert_still_answers().await;
}

#[tokio::test]
async fn header_timeout_starts_with_the_second_head() {
    let server = TestServer::start(|config| config.header_timeout = SHORT_TIMEOUT).await;
    let mut client = server.connect().await;
    let request = "GET /robots.txt HTTP/1.1\r\nHost: e.org\r\n\r\n";
    client.send(request).await;
    client.read_until("robots!\n").await;
    // The pause is under test: twice the header timeout, in which no byte arrives.
    assert!(
        timeout(2 * SHORT_TIMEOUT, client.0.read_u8())
            .await
            .is_err()
    );
    client.send(request).await;
    client.read_until("robots!\n").await;
    let took = client
        .send_slowly("GET /robots.txt HTTP/1.1\r\nHost: e.org")
        .await;
    assert!(took >= SHORT_TIMEOUT, "{took:?}");
}

#[tokio::test]
async fn silent_connection_is_closed_in_every_phase() {
    let server = TestServer::start(|config| config.idle_timeout = SHORT_TIMEOUT).await;
    let start = Instant::now();
    assert_eq!(server.exchange("").await, "");
    assert_eq!(server.exchange("PRI * HT").await, "");
    assert_eq!(server.exchange("GET / HT").await, "");
    let kept_alive = server
        .exchange("GET /robots.txt HTTP/1.1\r\nHost: e.org\r\n\r\n")
        .await;
    assert!(kept_alive.ends_with("robots!\n"), "{kept_alive}");
    assert!(start.elapsed() >= 4 * SHORT_TIMEOUT);
    assert!(start.elapsed() < LONG_TIMEOUT / 2);

    let (mut sender, connection) = server.connect_http2().await;
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
    timeout(LONG_TIMEOUT / 2, connection)
        .await
        .expect("GOAWAY")
        .unwrap()
        .unwrap();
}

/// Sends settings and a request as raw HTTP/2 frames, then only pings until the server closes.
/// Returns all that was received.
async fn flood_pings(server: &TestServer, settings: &[u8], request: &[u8]) -> String {
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
            tokio::time::sleep(SHORT_TIMEOUT / 10).await;
        }
    };
    tokio::select! {
        () = pinging => unreachable!(),
        _ = reading.read_to_end(&mut received) => (),
        () = tokio::time::sleep(LONG_TIMEOUT / 2) => panic!("pings keep the connection open"),
    }
    String::from_utf8_lossy(&received).into_owned()
}

/// GET requests encoded with HPACK's static table, RFC 7541 Appendix A.
const ROBOTS_REQUEST_FRAME: &[u8] = b"\0\0\x0f\x01\x05\0\0\0\x01\x82\x86\x04\x0b/robots.txt";
const OPML_REQUEST_FRAME: &[u8] = b"\0\0\x0d\x01\x05\0\0\0\x01\x82\x86\x04\x09/opml.xml";

#[tokio::test]
async fn pings_do_not_keep_an_http2_connection_open() {
    let server = TestServer::start(|config| config.idle_timeout = SHORT_TIMEOUT).await;
    let idle = flood_pings(&server, b"\0\0\0\x04\0\0\0\0\0", ROBOTS_REQUEST_FRAME).await;
    assert!(idle.contains("robots!\n"), "{idle:?}");
    // SETTINGS_INITIAL_WINDOW_SIZE 0: the server may never send the body.
    let no_window = b"\0\0\x06\x04\0\0\0\0\0\0\x04\0\0\0\0";
    let stuck = flood_pings(&server, no_window, OPML_REQUEST_FRAME).await;
    assert!(!stuck.contains("xxxx"));
}

#[tokio::test]
async fn http2_without_a_request_hits_the_header_timeout() {
    let server = TestServer::start(|config| config.header_timeout = SHORT_TIMEOUT).await;
    let start = Instant::now();
    flood_pings(&server, b"\0\0\0\x04\0\0\0\0\0", b"").await;
    assert!(start.elapsed() >= SHORT_TIMEOUT);
}

#[tokio::test]
async fn large_response_arrives_whole_over_http2() {
    let server = TestServer::start(|_| ()).await;
    let (mut sender, _connection) = server.connect_http2().await;
    let request = Request::get("http://e.org/opml.xml")
        .body(Empty::new())
        .unwrap();
    let answer = sender.send_request(request).await.unwrap().into_body();
    assert_eq!(
        answer.collect().await.unwrap().to_bytes(),
        vec![b'x'; LARGE_BODY_BYTES]
    );
}

#[tokio::test]
async fn slow_http2_reader_does_not_hit_the_idle_timeout() {
    let server = TestServer::start(|config| config.idle_timeout = SHORT_TIMEOUT).await;
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
        // The pace is under test, for longer than the idle timeout and the drain together.
        if start.elapsed() < 10 * SHORT_TIMEOUT {
            tokio::time::sleep(SHORT_TIMEOUT / 10).await;
        }
    }
    assert_eq!(length, LARGE_BODY_BYTES);
    assert!(start.elapsed() >= 10 * SHORT_TIMEOUT);
}

/// Connects with a small receive buffer, requests many large responses and does not read them.
pub async fn connect_stuck_reader(server: &TestServer) -> RawClient {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(32 * 1024).unwrap();
    let mut client = RawClient(socket.connect(server.address).await.unwrap());
    client
        .send(&"GET /opml.xml HTTP/1.1\r\nHost: e.org\r\n\r\n".repeat(16))
        .await;
    // The first byte of the response shows that the request is in flight.
    assert_eq!(client.0.read_u8().await.unwrap(), b'H');
    client
}

#[tokio::test]
async fn stuck_reader_is_closed_while_requests_are_served() {
    let server = TestServer::start(|config| {
        config.idle_timeout = SHORT_TIMEOUT;
        config.max_connections = 2;
    })
    .await;
    let mut stuck = connect_stuck_reader(&server).await;
    server.assert_still_answers().await;
    let gone = async {
        while server.traffic.traffic_figures().connections.open > 0 {
            tokio::task::yield_now().await;
        }
    };
    timeout(LONG_TIMEOUT, gone)
        .await
        .expect("the connection is closed");
    let rest = stuck.read_to_end().await;
    assert!(rest.len() < 16 * LARGE_BODY_BYTES, "{}", rest.len());
}

#[tokio::test]
async fn connection_over_the_limit_waits_for_a_busy_one() {
    let server = TestServer::start(|config| config.max_connections = 1).await;
    let request = "GET /robots.txt HTTP/1.1\r\nHost: e.org\r\n\r\n";
    let mut first = server.connect().await;
    first.send("GET /robots.txt HTTP/1.1\r\n").await;
    // Only the begun request head keeps the first connection open.
    let mut second = server.connect().await;
    second.send(request).await;
    assert!(
        timeout(SHORT_TIMEOUT, second.0.readable()).await.is_err(),
        "answered over the connection limit"
    );
    first.send("Host: e.org\r\n\r\n").await;
    first.read_until("robots!\n").await;
    second.read_until("robots!\n").await;
}

#[tokio::test]
async fn shutdown_finishes_requests_and_closes_idle_connections() {
    let server = TestServer::start(|_| ()).await;
    let mut idle = server.connect().await;
    idle.send("GET /robots.txt HTTP/1.1\r\nHost: e.org\r\n\r\n")
        .await;
    idle.read_until("robots!\n").await;
    let (mut sender, connection) = server.connect_http2().await;
    let request = Request::get("http://e.org/robots.txt")
        .body(Empty::new())
        .unwrap();
    sender.send_request(request).await.unwrap();
    let mut busy = connect_stuck_reader(&server).await;
    server.stop.send(()).unwrap();

    assert_eq!(idle.read_to_end().await, "");
    connection.await.unwrap().unwrap();
    let first = busy.read_to_end().await;
    assert!(
        response_body(&first).len() >= LARGE_BODY_BYTES,
        "{}",
        response_body(&first).len()
    );
    assert_eq!(server.drained.await.unwrap(), DrainReport { aborted: 0 });
    assert!(TcpStream::connect(server.address).await.is_err());
}

#[tokio::test]
async fn shutdown_aborts_a_stuck_reader_at_the_deadline() {
    let server = TestServer::start(|config| config.drain_timeout = SHORT_TIMEOUT).await;
    let stuck = connect_stuck_reader(&server).await;
    let start = Instant::now();
    server.stop.send(()).unwrap();
    assert_eq!(server.drained.await.unwrap(), DrainReport { aborted: 1 });
    assert!(start.elapsed() >= SHORT_TIMEOUT && start.elapsed() < LONG_TIMEOUT / 2);
    drop(stuck);
}

#[tokio::test]
async fn shutdown_works_at_the_connection_limit() {
    let server = TestServer::start(|config| config.max_connections = 1).await;
    let mut only = server.connect().await;
    only.send("GET /robots.txt HTTP/1.1\r\nHost: e.org\r\n\r\n")
        .await;
    only.read_until("robots!\n").await;
    server.stop.send(()).unwrap();
    assert_eq!(server.drained.await.unwrap(), DrainReport { aborted: 0 });
}
