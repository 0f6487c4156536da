//! What is drawn when it is asked for: once, within bounds, and without holding up anything else.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use courant::artifact::{Artifact, ArtifactKey, Body, Deferred, Draw, DrawError, OutputBytes};
use courant::config;
use courant::gallery::{Gallery, Refusal};
use courant::server::{Source, Traffic, serve};
use courant::snapshot::{Current, Snapshot};

use crate::support::{Response, clock, request};

/// Draws so many bytes once the gate is open, and counts.
#[derive(Debug)]
struct Counted {
    size: usize,
    drawn: AtomicUsize,
    gate: Arc<Gate>,
    fails: Option<fn() -> DrawError>,
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

impl Draw for Counted {
    fn draw(&self) -> Result<Vec<u8>, DrawError> {
        self.gate.pass();
        self.drawn.fetch_add(1, Ordering::SeqCst);
        match self.fails {
            Some(error) => Err(error()),
            None => Ok(vec![b'p'; self.size]),
        }
    }
}

/// A server of so many pictures, behind one gate.
struct Pictures {
    gate: Arc<Gate>,
    draws: Vec<Arc<Counted>>,
    address: SocketAddr,
    gallery: Gallery,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    serving: Option<JoinHandle<()>>,
}

impl Pictures {
    fn new(count: usize, queue: usize, fails: Option<fn() -> DrawError>) -> Pictures {
        Pictures::of_size(10_000, count, queue, fails)
    }

    fn of_size(
        size: usize,
        count: usize,
        queue: usize,
        fails: Option<fn() -> DrawError>,
    ) -> Pictures {
        let gate = Arc::new(Gate::default());
        let draws: Vec<_> = (0..count)
            .map(|_| {
                Arc::new(Counted {
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
                body: Body::Deferred(Deferred {
                    fingerprint: format!("fp{number}"),
                    draw: Arc::clone(draw) as Arc<dyn Draw>,
                }),
                links: Vec::new(),
                noindex: false,
            })
            .collect();
        artifacts.push(Artifact {
            key: ArtifactKey::Robots,
            body: Body::Ready(OutputBytes::new(b"robots!\n".to_vec())),
            links: Vec::new(),
            noindex: false,
        });
        let current = Current::default();
        let before = clock() - Duration::from_secs(60);
        current.publish(Snapshot::next(&Snapshot::default(), artifacts, before));
        let gallery = Gallery::new(200_000, queue).unwrap();
        let source = Source {
            current,
            gallery: gallery.clone(),
            traffic: Traffic::default(),
            access_log: None,
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
                let config = config::Server {
                    public_url: "https://e.org".into(),
                    max_connections: 1000,
                    header_timeout: long,
                    idle_timeout: long,
                    drain_timeout: long,
                    trusted_proxies: config::TrustedProxies::parse(&["127.0.0.1".to_owned()])
                        .unwrap(),
                    ..config::Server::default()
                };
                tell.send(listen).unwrap();
                let stopped = async {
                    let _ = stopped.await;
                };
                serve(listener, source, &config, clock, stopped).await;
            });
        });
        Pictures {
            gate,
            draws,
            address: address.recv().unwrap(),
            gallery,
            stop: Some(stop),
            serving: Some(serving),
        }
    }

    fn ask(&self, method: &str, target: &str, fields: &[(&str, &str)]) -> Response {
        request(self.address, method, target, fields)
    }

    fn get(&self, number: usize) -> Response {
        self.ask("GET", &format!("/cards/{number}.png"), &[])
    }

    /// How often each was drawn, in all.
    fn drawn(&self) -> usize {
        let counts = self
            .draws
            .iter()
            .map(|draw| draw.drawn.load(Ordering::SeqCst));
        counts.sum()
    }
}

impl Drop for Pictures {
    fn drop(&mut self) {
        self.gate.open();
        drop(self.stop.take());
        if let Some(serving) = self.serving.take() {
            let _ = serving.join();
        }
    }
}

#[test]
fn a_picture_is_drawn_once_however_many_ask_at_once() {
    const HERD: usize = 200;
    let pictures = Pictures::new(1, 4, None);
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
    assert_eq!(pictures.drawn(), 1);
    pictures.get(0);
    assert_eq!(pictures.drawn(), 1, "it is kept");
}

#[test]
fn a_picture_has_its_headers_before_it_is_drawn_and_a_condition_draws_nothing() {
    let pictures = Pictures::new(1, 4, None);
    let known = pictures.ask("GET", "/cards/0.png", &[("If-None-Match", "\"fp0\"")]);
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
    assert_eq!(response.header("vary"), None, "there is one form of it");
    let policy = |target| {
        pictures
            .ask("GET", target, &[])
            .header("cache-control")
            .map(str::to_owned)
    };
    let immutable = policy("/cards/0.png?v=fp0").unwrap();
    assert!(
        immutable.contains("immutable") && immutable.contains("max-age=31536000"),
        "{immutable}"
    );
    assert!(!policy("/cards/0.png?v=old").unwrap().contains("immutable"));
    let head = pictures.ask("HEAD", "/cards/0.png", &[]);
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(head.header("content-length"), Some("10000"));
}

#[test]
fn a_flood_of_pictures_is_told_to_come_again_and_the_rest_is_served() {
    let cores = std::thread::available_parallelism().unwrap().get();
    let (queue, over) = (3, 5);
    let pictures = Pictures::new(queue + cores + over, queue, None);
    std::thread::scope(|scope| {
        let asking: Vec<_> = (0..queue + cores + over)
            .map(|number| {
                scope.spawn({
                    let pictures = &pictures;
                    move || pictures.get(number)
                })
            })
            .collect();
        // Those over the queue's length are answered while the others wait at the gate.
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
        assert_eq!(pictures.ask("GET", "/robots.txt", &[]).status, 200);
        pictures.gate.open();
        for asked in waiting {
            assert_eq!(asked.join().unwrap().status, 200);
        }
    });
    assert_eq!(pictures.drawn(), queue + cores);
}

#[test]
fn flood_of_one_client_leaves_a_place_for_another() {
    let cores = std::thread::available_parallelism().unwrap().get();
    let queue = 8;
    let pictures = Pictures::new(queue + cores + 2, queue, None);
    let ask = |client: &str, number: usize| {
        let fields = [("X-Forwarded-For", client)];
        pictures.ask("GET", &format!("/cards/{number}.png"), &fields)
    };
    std::thread::scope(|scope| {
        let flood: Vec<_> = (0..=queue + cores)
            .map(|number| scope.spawn(move || ask("192.0.2.1", number).status))
            .collect();
        let refused = || flood.iter().filter(|asked| asked.is_finished()).count();
        while refused() < 1 {
            std::thread::yield_now();
        }
        // All places are taken, and by one client.
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

/// A client over HTTP/2 that asks for so many pictures and has no room for any byte of them.
fn without_room(pictures: &Pictures, count: usize) -> TcpStream {
    let mut client = TcpStream::connect(pictures.address).unwrap();
    let mut asks = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    asks.extend(b"\0\0\x06\x04\0\0\0\0\0\0\x04\0\0\0\0");
    for number in 0..count {
        let path = format!("/cards/{number}.png");
        let length = u8::try_from(path.len()).unwrap();
        asks.extend([0, 0, 4 + length, 1, 5]);
        asks.extend((2 * u32::try_from(number).unwrap() + 1).to_be_bytes());
        asks.extend([0x82, 0x86, 0x04, length]);
        asks.extend(path.as_bytes());
    }
    client.write_all(&asks).unwrap();
    client
}

#[test]
fn bytes_that_clients_do_not_take_are_bounded() {
    const LARGE: usize = 1 << 20;
    let cores = std::thread::available_parallelism().unwrap().get();
    let pictures = Pictures::of_size(LARGE, 30, 100, None);
    pictures.gate.open();
    let mut stuck = without_room(&pictures, 28);
    // Each is answered, with a head of its own.
    let mut heads = 0;
    while heads < 28 {
        let mut header = [0; 9];
        stuck.read_exact(&mut header).unwrap();
        let length = u32::from_be_bytes([0, header[0], header[1], header[2]]);
        let mut payload = vec![0; length as usize];
        stuck.read_exact(&mut payload).unwrap();
        heads += usize::from(header[3] == 1);
    }
    let drawn = pictures.drawn();
    assert!((8..9 + cores).contains(&drawn), "{drawn}");
    let other = pictures.get(29);
    assert_eq!(other.status, 503);
    assert_eq!(other.header("retry-after"), Some("2"));
    assert_eq!(pictures.ask("GET", "/robots.txt", &[]).status, 200);
    drop(stuck);
    let start = Instant::now();
    while pictures.get(29).status != 200 {
        assert!(
            start.elapsed() < Duration::from_secs(20),
            "it is given back"
        );
        std::thread::yield_now();
    }
}

#[tokio::test]
async fn answers_that_share_a_picture_hold_it_once() {
    let gate = Arc::new(Gate::default());
    gate.open();
    let deferred = |name: &str| Deferred {
        fingerprint: name.into(),
        draw: Arc::new(Counted {
            size: 1 << 20,
            drawn: AtomicUsize::new(0),
            gate: Arc::clone(&gate),
            fails: None,
        }),
    };
    let gallery = Gallery::new(4 << 20, 4).unwrap();
    let mut held = Vec::new();
    for _ in 0..100 {
        held.push(gallery.get(&deferred("same"), None).await.unwrap());
    }
    // Twelve may be held, and no more.
    for name in 1..12 {
        let bytes = gallery.get(&deferred(&name.to_string()), None).await;
        held.push(bytes.unwrap());
    }
    let more = gallery.get(&deferred("more"), None).await;
    assert_eq!(more.map(|bytes| bytes.len()), Err(Refusal::Busy));
    drop(held);
    assert!(gallery.get(&deferred("more"), None).await.is_ok());
}

#[test]
fn what_cannot_be_drawn_is_tried_once_and_what_is_being_replaced_once_a_second() {
    let failing = Pictures::new(1, 4, Some(|| DrawError::Failed("no".into())));
    failing.gate.open();
    for _ in 0..3 {
        let response = failing.get(0);
        assert_eq!(
            (response.status, response.header("cache-control")),
            (500, Some("no-store"))
        );
    }
    assert_eq!(failing.drawn(), 1);
    let stale = Pictures::new(1, 4, Some(|| DrawError::Stale("a.png".into())));
    stale.gate.open();
    for _ in 0..3 {
        let response = stale.get(0);
        assert_eq!(
            (response.status, response.header("retry-after")),
            (503, Some("1"))
        );
    }
    // Unless the machine took a second for it.
    assert!(stale.drawn() < 3, "who asks again at once is told the same");
    let panicking = Pictures::new(2, 4, Some(|| panic!("on purpose")));
    panicking.gate.open();
    assert_eq!(panicking.get(0).status, 500);
    assert_eq!(panicking.ask("GET", "/robots.txt", &[]).status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_goes_away_leaves_the_picture_to_those_who_come_later() {
    let gate = Arc::new(Gate::default());
    let draw = Arc::new(Counted {
        size: 10,
        drawn: AtomicUsize::new(0),
        gate: Arc::clone(&gate),
        fails: None,
    });
    let deferred = Deferred {
        fingerprint: "a".into(),
        draw: Arc::clone(&draw) as Arc<dyn Draw>,
    };
    let gallery = Gallery::new(100_000, 2).unwrap();
    let asking = tokio::spawn({
        let (gallery, deferred) = (gallery.clone(), deferred.clone());
        async move { gallery.get(&deferred, None).await }
    });
    while gate.waiting.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    asking.abort();
    assert!(asking.await.unwrap_err().is_cancelled());
    gate.open();
    assert_eq!(
        gallery.get(&deferred, None).await.map(|bytes| bytes.len()),
        Ok(10)
    );
    assert_eq!(draw.drawn.load(Ordering::SeqCst), 1);
}

#[test]
fn any_length_of_the_queue_can_be_written() {
    for queue in [0, 1, usize::MAX / 2, usize::MAX] {
        assert!(Gallery::new(0, queue).is_ok(), "{queue}");
    }
}

#[test]
fn no_more_bytes_are_kept_than_were_said() {
    let pictures = Pictures::new(100, 4, None);
    pictures.gate.open();
    for number in 0..100 {
        assert_eq!(pictures.get(number).status, 200);
        assert!(
            pictures.gallery.weight() <= 200_000,
            "{}",
            pictures.gallery.weight()
        );
    }
    assert!(pictures.gallery.weight() > 100_000, "and not much less");
}
