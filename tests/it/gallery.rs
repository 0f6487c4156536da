//! Checks that card images are drawn once, on request and within bounds.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use courant::config;
use courant::model::artifact::{
    Artifact, ArtifactBody, ArtifactKey, LazyBody, LazyRenderError, OutputBytes, RenderBody,
};
use courant::publish::render_cache::{RenderCache, RenderRefused};
use courant::publish::snapshot::{Snapshot, SnapshotHandle};
use courant::server::{ServerContext, serve_sockets};
use courant::stats::TrafficStats;

use crate::support::{Response, clock, request};

/// Returns `size` bytes once the gate is open, and counts the drawings.
#[derive(Debug)]
struct CountingDraw {
    size: usize,
    drawn: AtomicUsize,
    gate: Arc<Gate>,
    fails: Option<fn() -> LazyRenderError>,
}

#[derive(Debug, Default)]
struct Gate {
    open: Mutex<bool>,
    opened: Condvar,
    waiting: AtomicUsize,
}

impl Gate {
    fn open(&self) {
        *self.open.lock().unwrap() = true;
        self.opened.notify_all();
    }

    fn pass(&self) {
        self.waiting.fetch_add(1, Ordering::SeqCst);
        let mut open = self.open.lock().unwrap();
        while !*open {
            open = self.opened.wait(open).unwrap();
        }
    }
}

impl RenderBody for CountingDraw {
    fn render_body(&self) -> Result<Vec<u8>, LazyRenderError> {
        self.gate.pass();
        self.drawn.fetch_add(1, Ordering::SeqCst);
        match self.fails {
            Some(error) => Err(error()),
            None => Ok(vec![b'p'; self.size]),
        }
    }
}

/// A server of card images behind one gate.
struct PictureServer {
    gate: Arc<Gate>,
    draws: Vec<Arc<CountingDraw>>,
    address: SocketAddr,
    gallery: RenderCache,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    serving: Option<JoinHandle<()>>,
}

impl PictureServer {
    fn new(count: usize, queue: usize, fails: Option<fn() -> LazyRenderError>) -> PictureServer {
        PictureServer::with_size(10_000, count, queue, fails)
    }

    fn with_size(
        size: usize,
        count: usize,
        queue: usize,
        fails: Option<fn() -> LazyRenderError>,
    ) -> PictureServer {
        let gate = Arc::new(Gate::default());
        let draws: Vec<_> = (0..count)
            .map(|_| {
                Arc::new(CountingDraw {
                    size,
                    drawn: AtomicUsize::new(0),
                    gate: Arc::clone(&gate),
                    fails,
                })
            })
            .collect();
        let mut artifacts: Vec<_> = draws
            .iter()
            .enumerate()
            .map(|(number, draw)| Artifact {
                key: ArtifactKey::CardImage(format!("/{number}")),
                body: ArtifactBody::Lazy(LazyBody {
                    fingerprint: format!("fp{number}"),
                    renderer: Arc::clone(draw) as Arc<dyn RenderBody>,
                }),
                links: Vec::new(),
                noindex: false,
            })
            .collect();
        artifacts.push(Artifact {
            key: ArtifactKey::Robots,
            body: ArtifactBody::Eager(OutputBytes::new(b"robots!\n".to_vec())),
            links: Vec::new(),
            noindex: false,
        });
        let current = SnapshotHandle::default();
        let before = clock() - Duration::from_secs(60);
        current.publish_snapshot(Snapshot::next_generation(
            &Snapshot::default(),
            artifacts,
            before,
        ));
        let gallery = RenderCache::new(200_000, queue).unwrap();
        let source = ServerContext {
            snapshot: current,
            render_cache: gallery.clone(),
            traffic: TrafficStats::default(),
            access_log: None,
            webhook: None,
        };
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let (tell, address) = std::sync::mpsc::channel();
        let serving = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
                let listen = listener.local_addr().unwrap();
                let long = Duration::from_secs(20);
                let config = config::ServerConfig {
                    public_url: "https://e.org".into(),
                    max_connections: 1000,
                    header_timeout: long,
                    idle_timeout: long,
                    drain_timeout: long,
                    trusted_proxies: config::TrustedProxies::parse(&["127.0.0.1".to_owned()])
                        .unwrap(),
                    ..config::ServerConfig::default()
                };
                tell.send(listen).unwrap();
                let stopped = async {
                    let _ = stopped.await;
                };
                serve_sockets(listener, source, &config, clock, stopped).await;
            });
        });
        PictureServer {
            gate,
            draws,
            address: address.recv().unwrap(),
            gallery,
            stop: Some(stop),
            serving: Some(serving),
        }
    }

    fn request(&self, method: &str, target: &str, fields: &[(&str, &str)]) -> Response {
        request(self.address, method, target, fields)
    }

    fn get(&self, number: usize) -> Response {
        self.request("GET", &format!("/cards/{number}.png"), &[])
    }

    /// Returns the number of drawings of all pictures.
    fn draw_count(&self) -> usize {
        let counts = self
            .draws
            .iter()
            .map(|draw| draw.drawn.load(Ordering::SeqCst));
        counts.sum()
    }
}

impl Drop for PictureServer {
    fn drop(&mut self) {
        self.gate.open();
        drop(self.stop.take());
        if let Some(serving) = self.serving.take() {
            let _ = serving.join();
        }
    }
}

#[test]
fn concurrent_requests_draw_a_picture_once() {
    const HERD: usize = 200;
    let pictures = PictureServer::new(1, 4, None);
    let together = Barrier::new(HERD + 1);
    std::thread::scope(|scope| {
        let asking: Vec<_> = (0..HERD)
            .map(|_| {
                scope.spawn(|| {
                    together.wait();
                    pictures.get(0)
                })
            })
            .collect();
        together.wait();
        pictures.gate.open();
        for asked in asking {
            let response = asked.join().unwrap();
            assert_eq!((response.status, response.body.len()), (200, 10_000));
        }
    });
    assert_eq!(pictures.draw_count(), 1);
    pictures.get(0);
    assert_eq!(pictures.draw_count(), 1, "the picture is cached");
}

#[test]
fn conditional_request_draws_nothing() {
    let pictures = PictureServer::new(1, 4, None);
    let known = pictures.request("GET", "/cards/0.png", &[("If-None-Match", "\"fp0\"")]);
    assert_eq!((known.status, known.body.len()), (304, 0));
    assert_eq!(known.header("etag"), Some("\"fp0\""));
    assert_eq!(
        pictures.gate.waiting.load(Ordering::SeqCst),
        0,
        "nothing is drawn"
    );
    pictures.gate.open();
    let response = pictures.get(0);
    for (name, value) in [
        ("content-type", "image/png"),
        ("content-length", "10000"),
        ("etag", "\"fp0\""),
        (
            "cache-control",
            "public, max-age=300, stale-while-revalidate=3600, stale-if-error=86400",
        ),
        ("access-control-allow-origin", "*"),
        ("x-content-type-options", "nosniff"),
    ] {
        assert_eq!(response.header(name), Some(value), "{name}");
    }
    assert!(response.header("last-modified").is_some());
    assert_eq!(
        response.header("vary"),
        None,
        "there is only one representation"
    );
    let policy = |target| {
        pictures
            .request("GET", target, &[])
            .header("cache-control")
            .map(str::to_owned)
    };
    let immutable = policy("/cards/0.png?v=fp0").unwrap();
    assert!(
        immutable.contains("immutable") && immutable.contains("max-age=31536000"),
        "{immutable}"
    );
    assert!(!policy("/cards/0.png?v=old").unwrap().contains("immutable"));
    let head = pictures.request("HEAD", "/cards/0.png", &[]);
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(head.header("content-length"), Some("10000"));
}

#[test]
fn full_queue_answers_503_and_serves_the_rest() {
    let cores = std::thread::available_parallelism().unwrap().get();
    let (queue, over) = (3, 5);
    let pictures = PictureServer::new(queue + cores + over, queue, None);
    std::thread::scope(|scope| {
        let asking: Vec<_> = (0..queue + cores + over)
            .map(|number| {
                scope.spawn({
                    let pictures = &pictures;
                    move || pictures.get(number)
                })
            })
            .collect();
        // Requests beyond the queue length are answered while the queued ones wait at the gate.
        let mut refused = 0;
        let mut waiting: Vec<_> = asking.into_iter().collect();
        while refused < over {
            let Some(place) = waiting
                .iter()
                .position(std::thread::ScopedJoinHandle::is_finished)
            else {
                std::thread::yield_now();
                continue;
            };
            let response = waiting.remove(place).join().unwrap();
            assert_eq!(response.status, 503);
            assert_eq!(response.header("retry-after"), Some("2"));
            assert_eq!(response.header("cache-control"), Some("no-store"));
            refused += 1;
        }
        assert_eq!(pictures.request("GET", "/robots.txt", &[]).status, 200);
        pictures.gate.open();
        for asked in waiting {
            assert_eq!(asked.join().unwrap().status, 200);
        }
    });
    assert_eq!(pictures.draw_count(), queue + cores);
}

#[test]
fn flood_from_one_client_leaves_queue_space() {
    let cores = std::thread::available_parallelism().unwrap().get();
    let queue = 8;
    let pictures = PictureServer::new(queue + cores + 2, queue, None);
    let ask = |client: &str, number: usize| {
        let fields = [("X-Forwarded-For", client)];
        pictures.request("GET", &format!("/cards/{number}.png"), &fields)
    };
    std::thread::scope(|scope| {
        let flood: Vec<_> = (0..=queue + cores)
            .map(|number| scope.spawn(move || ask("192.0.2.1", number).status))
            .collect();
        let refused = || flood.iter().filter(|asked| asked.is_finished()).count();
        while refused() < 1 {
            std::thread::yield_now();
        }
        // One client fills the queue.
        let other = scope.spawn(|| ask("192.0.2.2", queue + cores + 1).status);
        while refused() < 2 {
            std::thread::yield_now();
        }
        assert!(!other.is_finished());
        pictures.gate.open();
        assert_eq!(other.join().unwrap(), 200);
        let statuses: Vec<_> = flood
            .into_iter()
            .map(|asked| asked.join().unwrap())
            .collect();
        let refused = statuses.iter().filter(|status| **status == 503).count();
        assert_eq!(refused, 2, "{statuses:?}");
    });
}

/// Requests pictures over HTTP/2 with a zero window, so that no body byte can be sent.
fn connect_with_zero_window(pictures: &PictureServer, count: usize) -> TcpStream {
    let mut client = TcpStream::connect(pictures.address).unwrap();
    let mut frames = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    frames.extend(b"\0\0\x06\x04\0\0\0\0\0\0\x04\0\0\0\0");
    for number in 0..count {
        let path = format!("/cards/{number}.png");
        let length = u8::try_from(path.len()).unwrap();
        frames.extend([0, 0, 4 + length, 1, 5]);
        frames.extend((2 * u32::try_from(number).unwrap() + 1).to_be_bytes());
        frames.extend([0x82, 0x86, 0x04, length]);
        frames.extend(path.as_bytes());
    }
    client.write_all(&frames).unwrap();
    client
}

#[test]
fn unread_picture_bytes_are_bounded() {
    const LARGE: usize = 1 << 20;
    let cores = std::thread::available_parallelism().unwrap().get();
    let pictures = PictureServer::with_size(LARGE, 30, 100, None);
    pictures.gate.open();
    let mut stuck = connect_with_zero_window(&pictures, 28);
    // Each request gets its own header section.
    let mut heads = 0;
    while heads < 28 {
        let mut header = [0; 9];
        stuck.read_exact(&mut header).unwrap();
        let length = u32::from_be_bytes([0, header[0], header[1], header[2]]);
        let mut payload = vec![0; length as usize];
        stuck.read_exact(&mut payload).unwrap();
        heads += usize::from(header[3] == 1);
    }
    let drawn = pictures.draw_count();
    assert!((8..9 + cores).contains(&drawn), "{drawn}");
    let other = pictures.get(29);
    assert_eq!(other.status, 503);
    assert_eq!(other.header("retry-after"), Some("2"));
    assert_eq!(pictures.request("GET", "/robots.txt", &[]).status, 200);
    drop(stuck);
    let start = Instant::now();
    while pictures.get(29).status != 200 {
        assert!(
            start.elapsed() < Duration::from_secs(20),
            "the bytes are released"
        );
        std::thread::yield_now();
    }
}

#[tokio::test]
async fn responses_share_the_bytes_of_one_picture() {
    let gate = Arc::new(Gate::default());
    gate.open();
    let deferred = |name: &str| LazyBody {
        fingerprint: name.into(),
        renderer: Arc::new(CountingDraw {
            size: 1 << 20,
            drawn: AtomicUsize::new(0),
            gate: Arc::clone(&gate),
            fails: None,
        }),
    };
    let gallery = RenderCache::new(4 << 20, 4).unwrap();
    let mut held = Vec::new();
    for _ in 0..100 {
        held.push(
            gallery
                .get_or_render(&deferred("same"), None)
                .await
                .unwrap(),
        );
    }
    // At most twelve pictures may be held.
    for name in 1..12 {
        let bytes = gallery
            .get_or_render(&deferred(&name.to_string()), None)
            .await;
        held.push(bytes.unwrap());
    }
    let more = gallery.get_or_render(&deferred("more"), None).await;
    assert_eq!(more.map(|bytes| bytes.len()), Err(RenderRefused::Busy));
    drop(held);
    assert!(gallery.get_or_render(&deferred("more"), None).await.is_ok());
}

#[test]
fn failed_drawing_is_not_retried_at_once() {
    let failing = PictureServer::new(1, 4, Some(|| LazyRenderError::Failed("no".into())));
    failing.gate.open();
    for _ in 0..3 {
        let response = failing.get(0);
        assert_eq!(
            (response.status, response.header("cache-control")),
            (500, Some("no-store"))
        );
    }
    assert_eq!(failing.draw_count(), 1);
    let stale = PictureServer::new(
        1,
        4,
        Some(|| LazyRenderError::SourceChanged("a.png".into())),
    );
    stale.gate.open();
    for _ in 0..3 {
        let response = stale.get(0);
        assert_eq!(
            (response.status, response.header("retry-after")),
            (503, Some("1"))
        );
    }
    // Fewer than three, unless the machine took a second for them.
    assert!(
        stale.draw_count() < 3,
        "an immediate retry gets the same response"
    );
    let panicking = PictureServer::new(2, 4, Some(|| panic!("on purpose")));
    panicking.gate.open();
    assert_eq!(panicking.get(0).status, 500);
    assert_eq!(panicking.request("GET", "/robots.txt", &[]).status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cancelled_request_leaves_the_picture_cached() {
    let gate = Arc::new(Gate::default());
    let draw = Arc::new(CountingDraw {
        size: 10,
        drawn: AtomicUsize::new(0),
        gate: Arc::clone(&gate),
        fails: None,
    });
    let deferred = LazyBody {
        fingerprint: "a".into(),
        renderer: Arc::clone(&draw) as Arc<dyn RenderBody>,
    };
    let gallery = RenderCache::new(100_000, 2).unwrap();
    let asking = tokio::spawn({
        let (gallery, deferred) = (gallery.clone(), deferred.clone());
        async move { gallery.get_or_render(&deferred, None).await }
    });
    while gate.waiting.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    asking.abort();
    assert!(asking.await.unwrap_err().is_cancelled());
    gate.open();
    assert_eq!(
        gallery
            .get_or_render(&deferred, None)
            .await
            .map(|bytes| bytes.len()),
        Ok(10)
    );
    assert_eq!(draw.drawn.load(Ordering::SeqCst), 1);
}

#[test]
fn any_queue_length_is_accepted() {
    for queue in [0, 1, usize::MAX / 2, usize::MAX] {
        assert!(RenderCache::new(0, queue).is_ok(), "{queue}");
    }
}

#[test]
fn cache_stays_within_its_size() {
    let pictures = PictureServer::new(100, 4, None);
    pictures.gate.open();
    for number in 0..100 {
        assert_eq!(pictures.get(number).status, 200);
        assert!(
            pictures.gallery.cached_bytes() <= 200_000,
            "{}",
            pictures.gallery.cached_bytes()
        );
    }
    assert!(
        pictures.gallery.cached_bytes() > 100_000,
        "the cache uses most of its size"
    );
}
