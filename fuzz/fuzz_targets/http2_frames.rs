//! Any bytes as a script of HTTP/2 frames, which one client plays while another asks over HTTP/1.1. What holds:
//!
//! * Nothing panics, in whatever task.
//! * The other client gets the right bytes within `MAX_ROUNDS` rounds of the scheduler, wherever the script is.
//! * In one round the script is answered at most `REQUESTS_PER_TURN` requests for what is there already.
//! * Drawings hold at most as many bytes as they may, and one drawing for each thread that draws.
//! * The connection of the script is over soon after its client has gone.
//!
//! All are counts: a round is one pass through the tasks of a runtime of one thread. Each step of a script is a byte
//! that says what to send and how often, and the bytes that this takes. A script that ends before its step does goes on
//! with zeros.

#![no_main]

use std::future::pending;
use std::io::ErrorKind;
use std::pin::Pin;
use std::sync::{Arc, LazyLock};
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use courant::artifact::{Artifact, ArtifactKey, Body, Deferred, Draw, DrawError};
use courant::artifact::{FeedFormat, FeedScope, OutputBytes};
use courant::config::{Listen, Server};
use courant::gallery::Gallery;
use courant::server::{Class, Listeners, Source, Traffic, serve};
use courant::snapshot::{Current, Snapshot};
use libfuzzer_sys::fuzz_target;
use tokio::net::UnixStream;
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{SignalKind, signal};

const MAX_ROUNDS: usize = 1_000;
const REQUESTS_PER_TURN: u64 = 16;
const DRAWING_BYTES: usize = 1 << 20;
/// What a gallery without a cache lets answers hold.
const MAX_HELD_BYTES: u64 = 8 << 20;
const DRAWINGS: usize = 40;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const POLITE: &[u8] = b"GET /robots.txt HTTP/1.1\r\nHost: e.org\r\n\r\n";
const ROBOTS: &[u8] = b"robots!\n";

/// A large card image.
#[derive(Debug)]
struct Large;

impl Draw for Large {
    fn draw(&self) -> Result<Vec<u8>, DrawError> {
        Ok(vec![b'p'; DRAWING_BYTES])
    }
}

/// A server that runs for all inputs.
struct World {
    runtime: Runtime,
    path: std::path::PathBuf,
    traffic: Traffic,
    gallery: Gallery,
}

static WORLD: LazyLock<World> = LazyLock::new(World::start);

impl World {
    fn start() -> World {
        let ready = |key, bytes: Vec<u8>| Artifact {
            key,
            body: Body::Ready(OutputBytes::new(bytes)),
            links: Vec::new(),
            noindex: false,
        };
        let mut artifacts = vec![
            ready(ArtifactKey::Robots, ROBOTS.to_vec()),
            ready(
                ArtifactKey::Feed(FeedScope::Site, FeedFormat::Rss),
                vec![b'x'; 200_000],
            ),
        ];
        artifacts.extend((0..DRAWINGS).map(|number| Artifact {
            key: ArtifactKey::CardImage(format!("/{number}")),
            body: Body::Deferred(Deferred {
                fingerprint: format!("fp{number}"),
                draw: Arc::new(Large),
            }),
            links: Vec::new(),
            noindex: false,
        }));
        let current = Current::default();
        current.publish(Snapshot::next(&Snapshot::default(), artifacts, now()));
        let path = std::env::temp_dir().join(format!("courant-fuzz-{}.sock", std::process::id()));
        let long = Duration::from_secs(3_600);
        let mut config = Server {
            public_url: "https://e.org".into(),
            listen: vec![Listen::Unix(path.clone())],
            header_timeout: long,
            idle_timeout: long,
            ..Server::default()
        };
        config.limits.write_timeout = long;
        let (traffic, gallery) = (
            Traffic::default(),
            Gallery::new(0, 64).expect("there are threads"),
        );
        let source = Source {
            current,
            gallery: gallery.clone(),
            traffic: traffic.clone(),
            access_log: None,
        };
        let mut runtime = Builder::new_current_thread();
        // It looks for events after few turns, so that an answer takes few rounds.
        let runtime = runtime.enable_all().event_interval(8).build();
        let runtime = runtime.expect("there is a runtime");
        // libFuzzer has a `main` of its own, so nobody has told the system that a closed socket is no reason to end.
        runtime.spawn(async {
            let mut pipe = signal(SignalKind::pipe()).expect("it can be heard");
            while pipe.recv().await.is_some() {}
        });
        let listeners = Listeners::bind(&config, None, 1).expect("the path is free");
        listeners.listen(false).expect("it can be listened on");
        let part = listeners.into_parts().pop().expect("there is one part");
        runtime.spawn(async move { serve(part, source, &config, now, pending()).await });
        World {
            runtime,
            path,
            traffic,
            gallery,
        }
    }

    /// How many requests were answered for what was there already.
    fn answered(&self) -> u64 {
        let classes = self.traffic.figures().classes;
        let ready = |class: &Class| *class != Class::CardImage;
        classes
            .iter()
            .filter(|of| ready(&of.class))
            .map(|of| of.requests())
            .sum()
    }

    async fn connect(&self) -> UnixStream {
        UnixStream::connect(&self.path)
            .await
            .expect("the server listens")
    }

    /// Lets every task have its turn.
    async fn round(&self) {
        let before = self.answered();
        Round(false).await;
        let more = self.answered() - before;
        assert!(more <= REQUESTS_PER_TURN + 1, "{more} answers in a turn");
        let threads = std::thread::available_parallelism().map_or(1, usize::from) as u64;
        let most = MAX_HELD_BYTES + threads * DRAWING_BYTES as u64;
        assert!(
            self.gallery.held() <= most,
            "{} bytes are held",
            self.gallery.held()
        );
    }
}

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(2_000)
}

/// Ready when all tasks that can go on had their turn. `yield_now` would wait for the runtime to look for events,
/// which it does after a number of turns.
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
    // A task as the others are: what `block_on` itself has is not asked once for each of theirs.
    let playing = WORLD.runtime.spawn(play(&WORLD, script.to_vec()));
    let played = WORLD.runtime.block_on(playing);
    played.expect("it does not panic");
});

async fn play(world: &World, script: Vec<u8>) {
    let mut polite = world.connect().await;
    ask(world, &mut polite).await;
    let open = world.traffic.figures().connections.open;
    let mut client = world.connect().await;
    let mut script = Script(&script);
    let mut is_open = send(world, &mut client, PREFACE).await;
    let mut fragment_stream = 1;
    while is_open && let Some(step) = script.next() {
        let times = 1 << (step >> 5);
        for _ in 0..times {
            let bytes = match step & 0x1f {
                0..=7 => request(&mut script, &mut fragment_stream),
                8..=10 => frame(4, 0, 0, &script.setting()),
                11 => frame(4, 1, 0, &[]),
                12..=14 => frame(8, 0, script.stream(), &script.increment()),
                15 | 16 => frame(3, 0, script.stream(), &[0, 0, 0, 8]),
                17 => frame(6, 0, 0, b"12345678"),
                18 => frame(0, script.byte() & 1, script.stream(), &[0; 5]),
                19 => frame(2, 0, script.stream(), &[0, 0, 0, 0, 16]),
                20 => frame(9, script.byte() & 4, script.stream(), &script.block()),
                21 => frame(7, 0, 0, &[0; 8]),
                22 => frame(
                    script.byte(),
                    script.byte(),
                    script.stream(),
                    &script.block(),
                ),
                23 => script.block(),
                24..=27 => {
                    world.round().await;
                    continue;
                }
                28 | 29 => {
                    read(&mut client);
                    continue;
                }
                _ => {
                    ask(world, &mut polite).await;
                    break;
                }
            };
            is_open = send(world, &mut client, &bytes).await;
            if !is_open {
                break;
            }
        }
    }
    ask(world, &mut polite).await;
    drop(client);
    let mut rounds = 0;
    while world.traffic.figures().connections.open > open {
        world.round().await;
        read(&mut polite);
        rounds += 1;
        assert!(rounds < 100 * MAX_ROUNDS, "the connection is not over");
    }
}

/// The script, and what it has for each field of a frame.
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

    /// A window for new streams, or another setting.
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

/// A request on the next stream, or on any.
fn request(script: &mut Script<'_>, next: &mut u32) -> Vec<u8> {
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
        _ => format!("/cards/{}.png", usize::from(which) % DRAWINGS),
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
    frame(1, flags, stream, &block)
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut frame = (payload.len() as u32).to_be_bytes()[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// Sends bytes; whether they were taken. A server that takes none of them in so many rounds, as it waits for its own to
/// be read, is not written to any more.
async fn send(world: &World, client: &mut UnixStream, mut bytes: &[u8]) -> bool {
    for _ in 0..MAX_ROUNDS {
        match client.try_write(bytes) {
            Ok(written) => bytes = &bytes[written..],
            Err(error) if error.kind() == ErrorKind::WouldBlock => world.round().await,
            Err(_) => return false,
        }
        if bytes.is_empty() {
            return true;
        }
    }
    false
}

/// Reads what there is, up to 64 KiB.
fn read(client: &mut UnixStream) {
    let _ = client.try_read(&mut [0; 1 << 16]);
}

/// Asks as others do, and holds what comes back.
async fn ask(world: &World, polite: &mut UnixStream) {
    polite.try_write(POLITE).expect("there is room for it");
    let (mut got, mut room) = (Vec::new(), [0; 4096]);
    for _ in 0..MAX_ROUNDS {
        match polite.try_read(&mut room) {
            Ok(0) => panic!("the other client is closed"),
            Ok(length) => got.extend(&room[..length]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => panic!("the other client: {error}"),
        }
        if got.ends_with(ROBOTS) {
            assert!(got.starts_with(b"HTTP/1.1 200 OK\r\n"));
            return;
        }
        world.round().await;
    }
    panic!("not answered in {MAX_ROUNDS} rounds");
}
