//! Outputs that are kept in their gzip form only: no client can tell.

use std::io::Read as _;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use courant::artifact::{Artifact, ArtifactKey, Body, OutputBytes};
use courant::config;
use courant::gallery::Gallery;
use courant::server::{Source, Traffic, serve};
use courant::snapshot::{Current, Snapshot};
use flate2::read::GzDecoder;
use http_body_util::{BodyExt as _, Empty};
use hyper::Request;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::timeout;

use crate::support::{Response, Served, TestSite, request};

const PATIENCE: Duration = Duration::from_secs(30);
const LARGE: usize = 8 * 1024;
const PATHS: [&str; 3] = ["/rss.xml", "/atom.xml", "/feed.json"];

/// A site whose feeds are large, and of which one post may have been edited.
fn site(title_of_7: &str) -> TestSite {
    let site = TestSite::new().config("[feed]\nlimit = 0\nmax_bytes = 0\n");
    (0..160).fold(site, |site, number| {
        site.post(&format!("{number}.md"), post(number, title_of_7))
    })
}

fn post(number: usize, title_of_7: &str) -> String {
    let title = if number == 7 { title_of_7 } else { "A post" };
    let day = number % 28 + 1;
    let text = format!("What was said on day {day} is number {number}. ").repeat(8);
    format!("---\ntitle: {title} {number}\ndate: 2024-03-{day:02}\n---\n{text}\n")
}

/// What is sent of the plain form; that the coded one, where there is one, is the same.
fn plain(served: &Served, path: &str) -> (Vec<u8>, String) {
    let plain = request(served.address, "GET", path, &[]);
    assert_eq!(plain.status, 200);
    assert_eq!(plain.header("content-encoding"), None);
    let length = plain.body.len().to_string();
    assert_eq!(plain.header("content-length"), Some(&*length));
    let coded = request(served.address, "GET", path, &[("Accept-Encoding", "gzip")]);
    assert_eq!(decoded(&coded), plain.body, "{path}");
    let etag = plain.header("etag").unwrap().to_owned();
    (plain.body, etag)
}

fn decoded(response: &Response) -> Vec<u8> {
    if response.header("content-encoding").is_none() {
        return response.body.clone();
    }
    let mut bytes = Vec::new();
    GzDecoder::new(&*response.body)
        .read_to_end(&mut bytes)
        .unwrap();
    bytes
}

/// How many bytes of the plain form are in memory, and how many there are.
fn held(served: &Served, path: &str) -> (usize, usize) {
    let resource = served.current.load().get(path).unwrap();
    let identity = resource.identity().unwrap();
    (identity.body.held(), identity.body.len())
}

#[test]
fn a_large_output_is_the_same_before_it_is_packed_after_that_and_after_an_edit() {
    let served = site("Before").packing_above(LARGE).serve();
    let fresh = site("Before").build();
    let edited = site("Edited").build();
    let compare = |built: &crate::support::Built| {
        for path in PATHS {
            let (bytes, etag) = plain(&served, path);
            let resource = built.snapshot.get(path).unwrap();
            let expected = resource.identity().unwrap();
            assert!(expected.body.len() > LARGE, "{path} is large");
            assert_eq!(bytes, expected.body.to_vec().unwrap(), "{path}");
            assert_eq!(etag, *expected.etag, "{path}");
        }
    };
    compare(&fresh);
    for path in PATHS {
        let (held, length) = held(&served, path);
        assert_eq!(held, length, "{path} is not coded yet");
    }
    served.current.load().compress();
    for path in PATHS {
        let (held, length) = held(&served, path);
        assert!(held < length / 5, "{path} holds {held} of {length}");
    }
    compare(&fresh);
    served.save("7.md", &post(7, "Edited"));
    served.until("the edit is there", |served| {
        request(served.address, "GET", "/rss.xml", &[])
            .text()
            .contains("Edited 7")
    });
    compare(&edited);
    served.current.load().compress();
    compare(&edited);
    let (held, length) = held(&served, "/rss.xml");
    assert!(held < length / 5, "{held} of {length}");
}

#[test]
fn what_is_not_large_is_held_as_it_is() {
    let served = site("Before").serve();
    served.current.load().compress();
    for path in PATHS {
        let (held, length) = held(&served, path);
        assert_eq!(held, length, "{path}");
        plain(&served, path);
    }
}

/// An output of many megabytes, which no socket's buffer takes in.
struct Huge {
    whole: Vec<u8>,
    server: std::net::SocketAddr,
}

impl Huge {
    async fn serve() -> Huge {
        let line = |number: usize| format!("line {number} of many\n");
        let whole = (0..800_000).map(line).collect::<String>().into_bytes();
        let artifact = Artifact {
            key: ArtifactKey::Opml,
            body: Body::Ready(OutputBytes::new(whole.clone())),
            links: Vec::new(),
            noindex: false,
        };
        // That of the command, which is reached.
        let snapshot = Snapshot::next(&Snapshot::default(), vec![artifact], UNIX_EPOCH);
        snapshot.compress();
        let resource = snapshot.get("/opml.xml").unwrap();
        let held = resource.identity().unwrap().body.held();
        assert!(held < whole.len() / 4, "{held} bytes are held");
        let current = Current::default();
        current.publish(snapshot);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = listener.local_addr().unwrap();
        let config = config::Server {
            public_url: "https://e.org".into(),
            max_connections: 100,
            header_timeout: PATIENCE,
            idle_timeout: PATIENCE,
            drain_timeout: PATIENCE,
            ..config::Server::default()
        };
        let source = Source {
            current,
            gallery: Gallery::new(1 << 20, 4).unwrap(),
            traffic: Traffic::default(),
            access_log: None,
        };
        let clock = || -> SystemTime { UNIX_EPOCH + Duration::from_secs(784_111_777) };
        tokio::spawn(async move {
            serve(listener, source, &config, clock, std::future::pending()).await;
        });
        Huge { whole, server }
    }

    async fn get(&self) -> Vec<u8> {
        let mut socket = TcpStream::connect(self.server).await.unwrap();
        socket.write_all(GET).await.unwrap();
        let mut bytes = Vec::new();
        socket.read_to_end(&mut bytes).await.unwrap();
        Response::parse(&bytes).body
    }

    async fn get_by_http2(&self) -> Vec<u8> {
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

const GET: &[u8] = b"GET /opml.xml HTTP/1.1\r\nHost: e.org\r\nConnection: close\r\n\r\n";

#[tokio::test]
async fn all_who_read_at_once_have_all_of_it() {
    let huge = Huge::serve().await;
    let read = async {
        tokio::join!(
            huge.get(),
            huge.get(),
            huge.get_by_http2(),
            huge.get_by_http2()
        )
    };
    let (first, second, third, fourth) = timeout(PATIENCE, read).await.unwrap();
    for body in [first, second, third, fourth] {
        assert!(body == huge.whole);
    }
}

#[tokio::test]
async fn who_does_not_read_on_holds_up_nobody() {
    let huge = Huge::serve().await;
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(32 * 1024).unwrap();
    let mut stuck = socket.connect(huge.server).await.unwrap();
    stuck.write_all(GET).await.unwrap();
    assert_eq!(stuck.read_u8().await.unwrap(), b'H');
    let other = timeout(PATIENCE, huge.get()).await.unwrap();
    assert!(other == huge.whole, "others are served meanwhile");
    let mut bytes = vec![b'H'];
    let rest = timeout(PATIENCE, stuck.read_to_end(&mut bytes)).await;
    rest.unwrap().unwrap();
    assert!(Response::parse(&bytes).body == huge.whole, "it waited");
}
