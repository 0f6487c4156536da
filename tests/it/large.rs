//! Checks that clients get the same bytes from an output that is kept only as gzip.

use std::io::Read as _;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use courant::config;
use courant::model::artifact::{Artifact, ArtifactBody, ArtifactKey, OutputBytes};
use courant::publish::render_cache::RenderCache;
use courant::publish::snapshot::{Snapshot, SnapshotHandle};
use courant::server::{ServerContext, serve_sockets};
use courant::stats::TrafficStats;
use flate2::read::GzDecoder;
use http_body_util::{BodyExt as _, Empty};
use hyper::Request;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::timeout;

use crate::support::{Response, Served, TestSite, request};

const TEST_TIMEOUT: Duration = Duration::from_secs(30);
const LARGE_BYTES: usize = 8 * 1024;
const FEED_PATHS: [&str; 3] = ["/rss.xml", "/atom.xml", "/feed.json"];

/// Returns a site with large feeds, in which post 7 has the given title.
fn site_with_title(title_of_7: &str) -> TestSite {
    let site = TestSite::new().config("[feed]\nlimit = 0\nmax_bytes = 0\n");
    (0..160).fold(site, |site, number| {
        site.post(&format!("{number}.md"), post_text(number, title_of_7))
    })
}

fn post_text(number: usize, title_of_7: &str) -> String {
    let title = if number == 7 { title_of_7 } else { "A post" };
    let day = number % 28 + 1;
    let text = format!("What was said on day {day} is number {number}. ").repeat(8);
    format!("---\ntitle: {title} {number}\ndate: 2024-03-{day:02}\n---\n{text}\n")
}

/// Returns the identity body and its ETag, and asserts that the gzip form decodes to the same.
fn identity_body_and_etag(served: &Served, path: &str) -> (Vec<u8>, String) {
    let plain = request(served.address, "GET", path, &[]);
    assert_eq!(plain.status, 200);
    assert_eq!(plain.header("content-encoding"), None);
    let length = plain.body.len().to_string();
    assert_eq!(plain.header("content-length"), Some(&*length));
    let coded = request(served.address, "GET", path, &[("Accept-Encoding", "gzip")]);
    assert_eq!(decode_body(&coded), plain.body, "{path}");
    let etag = plain.header("etag").unwrap().to_owned();
    (plain.body, etag)
}

fn decode_body(response: &Response) -> Vec<u8> {
    if response.header("content-encoding").is_none() {
        return response.body.clone();
    }
    let mut bytes = Vec::new();
    GzDecoder::new(&*response.body)
        .read_to_end(&mut bytes)
        .unwrap();
    bytes
}

/// Returns the identity bytes that are in memory, and the length of the body.
fn resident_bytes(served: &Served, path: &str) -> (usize, usize) {
    let resource = served.current.load_snapshot().get(path).unwrap();
    let identity = resource.identity_encoding().unwrap();
    (identity.payload.resident_bytes(), identity.payload.len())
}

#[test]
fn large_output_keeps_its_bytes_through_compression_and_edits() {
    let served = site_with_title("Before").large_above(LARGE_BYTES).serve();
    let fresh = site_with_title("Before").build();
    let edited = site_with_title("Edited").build();
    let compare = |built: &crate::support::Built| {
        for path in FEED_PATHS {
            let (bytes, etag) = identity_body_and_etag(&served, path);
            let resource = built.snapshot.get(path).unwrap();
            let expected = resource.identity_encoding().unwrap();
            assert!(expected.payload.len() > LARGE_BYTES, "{path} is large");
            assert_eq!(bytes, expected.payload.to_vec().unwrap(), "{path}");
            assert_eq!(etag, *expected.etag, "{path}");
        }
    };
    compare(&fresh);
    for path in FEED_PATHS {
        let (held, length) = resident_bytes(&served, path);
        assert_eq!(held, length, "{path} is not compressed yet");
    }
    served.current.load_snapshot().compress_fast();
    for path in FEED_PATHS {
        let (held, length) = resident_bytes(&served, path);
        assert!(held < length / 5, "{path} holds {held} of {length}");
    }
    compare(&fresh);
    served.save("7.md", &post_text(7, "Edited"));
    served.until("the edit is served", |served| {
        request(served.address, "GET", "/rss.xml", &[])
            .text()
            .contains("Edited 7")
    });
    compare(&edited);
    served.current.load_snapshot().compress_fast();
    compare(&edited);
    let (held, length) = resident_bytes(&served, "/rss.xml");
    assert!(held < length / 5, "{held} of {length}");
}

#[test]
fn small_output_stays_uncompressed_in_memory() {
    let served = site_with_title("Before").serve();
    served.current.load_snapshot().compress_fast();
    for path in FEED_PATHS {
        let (held, length) = resident_bytes(&served, path);
        assert_eq!(held, length, "{path}");
        identity_body_and_etag(&served, path);
    }
}

/// Serves an output of many megabytes, more than any socket buffer holds.
struct HugeOutput {
    whole: Vec<u8>,
    server: std::net::SocketAddr,
}

impl HugeOutput {
    async fn start_server() -> HugeOutput {
        let line = |number: usize| format!("line {number} of many\n");
        let whole = (0..800_000).map(line).collect::<String>().into_bytes();
        let artifact = Artifact {
            key: ArtifactKey::Opml,
            body: ArtifactBody::Eager(OutputBytes::new(whole.clone())),
            links: Vec::new(),
            noindex: false,
        };
        // The default threshold of the command, which this output exceeds.
        let snapshot = Snapshot::next_generation(&Snapshot::default(), vec![artifact], UNIX_EPOCH);
        snapshot.compress_fast();
        let resource = snapshot.get("/opml.xml").unwrap();
        let held = resource
            .identity_encoding()
            .unwrap()
            .payload
            .resident_bytes();
        assert!(held < whole.len() / 4, "{held} bytes are held");
        let current = SnapshotHandle::default();
        current.publish_snapshot(snapshot);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = listener.local_addr().unwrap();
        let config = config::ServerConfig {
            public_url: "https://e.org".into(),
            max_connections: 100,
            header_timeout: TEST_TIMEOUT,
            idle_timeout: TEST_TIMEOUT,
            drain_timeout: TEST_TIMEOUT,
            ..config::ServerConfig::default()
        };
        let source = ServerContext {
            snapshot: current,
            render_cache: RenderCache::new(1 << 20, 4).unwrap(),
            traffic: TrafficStats::default(),
            access_log: None,
            webhook: None,
        };
        let clock = || -> SystemTime { UNIX_EPOCH + Duration::from_secs(784_111_777) };
        tokio::spawn(async move {
            serve_sockets(listener, source, &config, clock, std::future::pending()).await;
        });
        HugeOutput { whole, server }
    }

    async fn get(&self) -> Vec<u8> {
        let mut socket = TcpStream::connect(self.server).await.unwrap();
        socket.write_all(GET_OPML).await.unwrap();
        let mut bytes = Vec::new();
        socket.read_to_end(&mut bytes).await.unwrap();
        Response::parse(&bytes).body
    }

    async fn get_over_http2(&self) -> Vec<u8> {
        let io = TokioIo::new(TcpStream::connect(self.server).await.unwrap());
        let (mut sender, connection) = http2::handshake(TokioExecutor::new(), io).await.unwrap();
        tokio::spawn(connection);
        let request = Request::get("http://e.org/opml.xml")
            .body(Empty::<&'static [u8]>::new())
            .unwrap();
        let response = sender.send_request(request).await.unwrap();
        let length = self.whole.len().to_string();
        assert_eq!(response.headers()["content-length"], *length);
        let body = response.into_body().collect().await.unwrap();
        body.to_bytes().to_vec()
    }
}

const GET_OPML: &[u8] = b"GET /opml.xml HTTP/1.1\r\nHost: e.org\r\nConnection: close\r\n\r\n";

#[tokio::test]
async fn concurrent_readers_get_the_whole_body() {
    let huge = HugeOutput::start_server().await;
    let read = async {
        tokio::join!(
            huge.get(),
            huge.get(),
            huge.get_over_http2(),
            huge.get_over_http2()
        )
    };
    let (first, second, third, fourth) = timeout(TEST_TIMEOUT, read).await.unwrap();
    for body in [first, second, third, fourth] {
        assert!(body == huge.whole);
    }
}

#[tokio::test]
async fn stalled_reader_does_not_block_other_clients() {
    let huge = HugeOutput::start_server().await;
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(32 * 1024).unwrap();
    let mut stuck = socket.connect(huge.server).await.unwrap();
    stuck.write_all(GET_OPML).await.unwrap();
    assert_eq!(stuck.read_u8().await.unwrap(), b'H');
    let second = timeout(TEST_TIMEOUT, huge.get()).await.unwrap();
    assert!(second == huge.whole, "a second client is served meanwhile");
    let mut bytes = vec![b'H'];
    let rest = timeout(TEST_TIMEOUT, stuck.read_to_end(&mut bytes)).await;
    rest.unwrap().unwrap();
    assert!(
        Response::parse(&bytes).body == huge.whole,
        "the stalled response was cut short"
    );
}
