//! Fuzzes HTTP/2 frames. One client plays a script while a polite client sends HTTP/1.1 requests.
//!
//! Invariants:
//!
//! * No task panics.
//! * The polite client gets the right bytes within `MAX_ROUNDS` rounds, at any point of the script.
//! * In one round the script gets at most `REQUESTS_PER_TURN` responses that need no rendering.
//! * Card images hold at most their byte limit, plus one image per drawing thread.
//! * The script's connection ends soon after its client closes it.
//!
//! All limits are counts: a round is one pass through the tasks of a single-threaded runtime. Each
//! step is a byte that chooses the frame and its repetitions, followed by the bytes that it needs.
//! A script that ends within a step continues with zeros.

#![no_main]

use std::future::pending;
use std::io::ErrorKind;
use std::pin::Pin;
use std::sync::{Arc, LazyLock};
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use courant::config::{ListenAddress, ServerConfig};
use courant::model::artifact::{Artifact, ArtifactBody, ArtifactKey, FeedFormat, FeedScope};
use courant::model::artifact::{LazyBody, LazyRenderError, OutputBytes, RenderBody};
use courant::publish::render_cache::RenderCache;
use courant::publish::snapshot::{Snapshot, SnapshotHandle};
use courant::server::{Listeners, ServerContext, serve_sockets};
use courant::stats::{ResourceClass, TrafficStats};
use libfuzzer_sys::fuzz_target;
use tokio::net::UnixStream;
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{SignalKind, signal};

const MAX_ROUNDS: usize = 1_000;
const REQUESTS_PER_TURN: u64 = 16;
const IMAGE_BYTES: usize = 1 << 20;
/// Maximum bytes that responses hold if the image cache is disabled.
const MAX_HELD_BYTES: u64 = 8 << 20;
const IMAGE_COUNT: usize = 40;

const HTTP2_PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const POLITE_REQUEST: &[u8] = b"GET /robots.txt HTTP/1.1\r\nHost: e.org\r\n\r\n";
const ROBOTS_BODY: &[u8] = b"robots!\n";

/// A large card image.
#[derive(Debug)]
struct LargeImage;

impl RenderBody for LargeImage {
    fn render_body(&self) -> Result<Vec<u8>, LazyRenderError> {
        Ok(vec![b'p'; IMAGE_BYTES])
    }
}

/// The server, shared by all inputs.
struct SharedServer {
    runtime: Runtime,
    path: std::path::PathBuf,
    traffic: TrafficStats,
    render_cache: RenderCache,
}

static SERVER: LazyLock<SharedServer> = LazyLock::new(SharedServer::start);

impl SharedServer {
    fn start() -> SharedServer {
        let eager = |key, bytes: Vec<u8>| Artifact {
            key,
            body: ArtifactBody::Eager(OutputBytes::new(bytes)),
            links: Vec::new(),
            noindex: false,
        };
        let mut artifacts = vec![
            eager(ArtifactKey::Robots, ROBOTS_BODY.to_vec()),
            eager(
                ArtifactKey::Feed(FeedScope::Site, FeedFormat::Rss),
                vec![b'x'; 200_000],
            ),
        ];
        artifacts.extend((0..IMAGE_COUNT).map(|number| Artifact {
            key: ArtifactKey::CardImage(format!("/{number}")),
            body: ArtifactBody::Lazy(LazyBody {
                fingerprint: format!("fp{number}"),
                renderer: Arc::new(LargeImage),
            }),
            links: Vec::new(),
            noindex: false,
        }));
        let snapshot = SnapshotHandle::default();
        snapshot.publish_snapshot(Snapshot::next_generation(
            &Snapshot::default(),
            artifacts,
            now(),
        ));
        let path = std::env::temp_dir().join(format!("courant-fuzz-{}.sock", std::process::id()));
        let long = Duration::from_secs(3_600);
        let mut config = ServerConfig {
            public_url: "https://e.org".into(),
            listen: vec![ListenAddress::Unix(path.clone())],
            header_timeout: long,
            idle_timeout: long,
            ..ServerConfig::default()
        };
        config.limits.write_timeout = long;
        let (traffic, render_cache) = (
            TrafficStats::default(),
            RenderCache::new(0, 64).expect("there are threads"),
        );
        let context = ServerContext {
            snapshot,
            render_cache: render_cache.clone(),
            traffic: traffic.clone(),
            access_log: None,
            webhook: None,
        };
        let mut runtime = Builder::new_current_thread();
        // Polls for I/O events after few tasks, so that a response takes few rounds.
        let runtime = runtime.enable_all().event_interval(8).build();
        let runtime = runtime.expect("there is a runtime");
        // libFuzzer has its own `main`, so Rust has not ignored SIGPIPE.
        runtime.spawn(async {
            let mut pipe = signal(SignalKind::pipe()).expect("SIGPIPE can be handled");
            while pipe.recv().await.is_some() {}
        });
        let listeners = Listeners::bind_addresses(&config, None, 1).expect("the path is free");
        listeners
            .start_listening(false)
            .expect("the socket can listen");
        let mut workers = listeners.into_worker_sockets();
        let sockets = workers.pop().expect("there is one worker");
        runtime
            .spawn(async move { serve_sockets(sockets, context, &config, now, pending()).await });
        SharedServer {
            runtime,
            path,
            traffic,
            render_cache,
        }
    }

    /// Returns the number of responses that needed no rendering.
    fn count_ready_responses(&self) -> u64 {
        let classes = self.traffic.traffic_figures().classes;
        let ready = |class: &ResourceClass| *class != ResourceClass::CardImage;
        classes
            .iter()
            .filter(|figures| ready(&figures.class))
            .map(|figures| figures.request_count())
            .sum()
    }

    async fn connect(&self) -> UnixStream {
        UnixStream::connect(&self.path)
            .await
            .expect("the server listens")
    }

    /// Runs every ready task once, and checks the limits of a round.
    async fn run_round(&self) {
        let before = self.count_ready_responses();
        Round(false).await;
        let more = self.count_ready_responses() - before;
        assert!(more <= REQUESTS_PER_TURN + 1, "{more} responses in a round");
        let threads = std::thread::available_parallelism().map_or(1, usize::from) as u64;
        let most = MAX_HELD_BYTES + threads * IMAGE_BYTES as u64;
        assert!(
            self.render_cache.resident_bytes() <= most,
            "{} bytes are held",
            self.render_cache.resident_bytes()
        );
    }
}

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(2_000)
}

/// Ready after every ready task has run once. `yield_now` would wait until the runtime polls for
/// I/O, which it does only after several tasks.
struct Round(bool);

impl Future for Round {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.0 {
            return Poll::Ready(());
        }
        self.0 = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

fuzz_target!(|script: &[u8]| {
    // Spawned, since the runtime does not poll the `block_on` future once per task.
    let playing = SERVER.runtime.spawn(play_script(&SERVER, script.to_vec()));
    let played = SERVER.runtime.block_on(playing);
    played.expect("the script does not panic");
});

async fn play_script(server: &SharedServer, script: Vec<u8>) {
    let mut polite = server.connect().await;
    exchange_polite(server, &mut polite).await;
    let open = server.traffic.traffic_figures().connections.open;
    let mut client = server.connect().await;
    let mut script = Script(&script);
    let mut is_open = send_bytes(server, &mut client, HTTP2_PREFACE).await;
    let mut fragment_stream = 1;
    while is_open && let Some(step) = script.next() {
        let times = 1 << (step >> 5);
        for _ in 0..times {
            let bytes = match step & 0x1f {
                0..=7 => request_frame(&mut script, &mut fragment_stream),
                8..=10 => encode_frame(4, 0, 0, &script.setting()),
                11 => encode_frame(4, 1, 0, &[]),
                12..=14 => encode_frame(8, 0, script.stream(), &script.increment()),
                15 | 16 => encode_frame(3, 0, script.stream(), &[0, 0, 0, 8]),
                17 => encode_frame(6, 0, 0, b"12345678"),
                18 => encode_frame(0, script.byte() & 1, script.stream(), &[0; 5]),
                19 => encode_frame(2, 0, script.stream(), &[0, 0, 0, 0, 16]),
                20 => encode_frame(9, script.byte() & 4, script.stream(), &script.block()),
                21 => encode_frame(7, 0, 0, &[0; 8]),
                22 => encode_frame(
                    script.byte(),
                    script.byte(),
                    script.stream(),
                    &script.block(),
                ),
                23 => script.block(),
                24..=27 => {
                    server.run_round().await;
                    continue;
                }
                28 | 29 => {
                    read_available(&mut client);
                    continue;
                }
                _ => {
                    exchange_polite(server, &mut polite).await;
                    break;
                }
            };
            is_open = send_bytes(server, &mut client, &bytes).await;
            if !is_open {
                break;
            }
        }
    }
    exchange_polite(server, &mut polite).await;
    drop(client);
    let mut rounds = 0;
    while server.traffic.traffic_figures().connections.open > open {
        server.run_round().await;
        read_available(&mut polite);
        rounds += 1;
        assert!(rounds < 100 * MAX_ROUNDS, "the connection did not end");
    }
}

/// The rest of the script, read field by field.
struct Script<'a>(&'a [u8]);

impl Script<'_> {
    fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn byte(&mut self) -> u8 {
        self.next().unwrap_or_default()
    }

    fn stream(&mut self) -> u32 {
        u32::from(self.byte())
    }

    fn increment(&mut self) -> [u8; 4] {
        match self.byte() {
            255 => [0x7f, 0xff, 0xff, 0xff],
            few => [0, 0, few & 0x7f, few],
        }
    }

    /// Returns a setting, mostly the initial window size.
    fn setting(&mut self) -> Vec<u8> {
        let (id, value) = (self.byte(), self.byte());
        let id = if id < 128 { 4 } else { id & 15 };
        let value = [0, 0, value, if value > 200 { 255 } else { 0 }];
        [&[0, id][..], &value].concat()
    }

    fn block(&mut self) -> Vec<u8> {
        let length = usize::from(self.byte() & 63);
        (0..length).map(|_| self.byte()).collect()
    }
}

/// Encodes a request on the next stream, or on any stream.
fn request_frame(script: &mut Script<'_>, next: &mut u32) -> Vec<u8> {
    let (what, which) = (script.byte(), script.byte());
    let stream = match what >> 6 {
        3 => u32::from(which),
        _ => {
            *next += 2;
            *next - 2
        }
    };
    let mut block = vec![if what & 32 == 0 { 0x82 } else { 0x83 }, 0x86];
    let path = match what & 7 {
        0 => "/robots.txt".to_owned(),
        1 => "/rss.xml".to_owned(),
        2 => "/none".to_owned(),
        _ => format!("/cards/{}.png", usize::from(which) % IMAGE_COUNT),
    };
    block.extend([0x04, path.len() as u8]);
    block.extend(path.as_bytes());
    if what & 8 != 0 {
        block.extend(b"\x01\x05e.org\x0f\x17\x05f.org");
    }
    if what & 16 != 0 {
        block.extend(b"\x0f\x0d\x010\x0f\x0d\x010");
    }
    let flags = if what == 255 { which } else { 5 };
    encode_frame(1, flags, stream, &block)
}

fn encode_frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut frame = (payload.len() as u32).to_be_bytes()[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// Sends bytes. Returns false if the connection failed, or if the server accepted nothing for
/// `MAX_ROUNDS` rounds because its own output is not read.
async fn send_bytes(server: &SharedServer, client: &mut UnixStream, mut bytes: &[u8]) -> bool {
    for _ in 0..MAX_ROUNDS {
        match client.try_write(bytes) {
            Ok(written) => bytes = &bytes[written..],
            Err(error) if error.kind() == ErrorKind::WouldBlock => server.run_round().await,
            Err(_) => return false,
        }
        if bytes.is_empty() {
            return true;
        }
    }
    false
}

/// Reads what has arrived, up to 64 KiB.
fn read_available(client: &mut UnixStream) {
    let _ = client.try_read(&mut [0; 1 << 16]);
}

/// Sends a polite request and checks the response.
async fn exchange_polite(server: &SharedServer, polite: &mut UnixStream) {
    polite
        .try_write(POLITE_REQUEST)
        .expect("the socket buffer has room");
    let (mut got, mut room) = (Vec::new(), [0; 4096]);
    for _ in 0..MAX_ROUNDS {
        match polite.try_read(&mut room) {
            Ok(0) => panic!("the polite client was closed"),
            Ok(length) => got.extend(&room[..length]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => panic!("the polite client: {error}"),
        }
        if got.ends_with(ROBOTS_BODY) {
            assert!(got.starts_with(b"HTTP/1.1 200 OK\r\n"));
            return;
        }
        server.run_round().await;
    }
    panic!("not answered in {MAX_ROUNDS} rounds");
}
