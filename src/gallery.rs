//! Deferred artifacts into bytes: drawn when they are first asked for, once however many ask, and
//! kept in a cache of so many bytes.
//!
//! Drawing is not done on the threads that answer: it has as many of its own as there are cores, of
//! lower priority, and a queue of bounded length before them, in which clients have their turns (see `queue`). A request
//! that finds no place there, or too many bytes held by answers (see `held`), is told to come again.
//!
//! The only file that names the `quick_cache` crate.

mod held;
mod queue;

use std::net::IpAddr;
use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use bytes::Bytes;
use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{DefaultHashBuilder, OptionsBuilder, Weighter};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout};
use tracing::warn;

use crate::artifact::{Deferred, Draw, DrawError};
use crate::priority::Priority;
use held::HeldBytes;
use queue::FairQueue;

/// What an entry of the cache costs besides its bytes, roughly.
const OVERHEAD: u64 = 256;
/// So many pictures of the usual size fill a cache.
const USUAL_SIZE: u64 = 32 * 1024;
/// What answers may hold beside the cache at least, however small that is: a hundred large pages.
const MIN_HELD_BYTES: u64 = 8 * 1024 * 1024;
/// So many clients that take nothing have room beside each other, before others are refused what is not kept.
const CLIENTS_HELD: u64 = 4;
/// How long somebody is let wait for a drawing: bots wait for less.
const PATIENCE: Duration = Duration::from_secs(10);
/// Layout goes as deep as a template does. The memory is taken only where it is used.
const STACK: usize = 16 * 1024 * 1024;
/// How long nobody looks again at what is being replaced: what `Retry-After` says.
const STALE: Duration = Duration::from_secs(1);

/// Draws, and keeps what was drawn.
#[derive(Clone)]
pub struct Gallery {
    shared: Arc<Shared>,
}

struct Shared {
    kept: Kept,
    counts: Counts,
    threads: rayon::ThreadPool,
    drawings: Arc<Drawings>,
}

/// What is to be drawn, and what was and is still in memory.
struct Drawings {
    queue: FairQueue<Drawing>,
    held: Arc<HeldBytes>,
}

/// A drawing that waits. Whoever drops it undone refuses those who wait for it.
struct Drawing {
    draw: Arc<dyn Draw>,
    tell: oneshot::Sender<Result<Bytes, DrawError>>,
}

type Kept = Cache<String, Picture, ByBytes>;

#[derive(Debug, Default)]
struct Counts {
    asked: AtomicU64,
    drawn: AtomicU64,
    failed: AtomicU64,
}

/// What a gallery was asked for and did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figures {
    /// How often it was asked for something.
    pub asked: u64,
    /// How much of that it had to make; all else it had, or there was no room.
    pub drawn: u64,
    /// What could not be made.
    pub failed: u64,
}

/// What became of a drawing.
#[derive(Debug, Clone)]
enum Picture {
    Drawn(Bytes),
    /// It will fail again.
    Failed,
    /// Who asks again soon would find no other.
    Stale(Instant),
}

#[derive(Debug, Clone)]
struct ByBytes;

impl Weighter<String, Picture> for ByBytes {
    fn weight(&self, key: &String, picture: &Picture) -> u64 {
        let bytes = match picture {
            Picture::Drawn(bytes) => bytes.len(),
            Picture::Failed | Picture::Stale(_) => 0,
        };
        (bytes + key.len()) as u64 + OVERHEAD
    }
}

/// Why there is no picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Too many wait already, or answers hold as many bytes as they may.
    Busy,
    /// What it is made of is being replaced.
    Stale,
    /// It cannot be drawn.
    Failed,
}

impl Gallery {
    /// A gallery that keeps at most `cache_size` bytes, lets answers hold as many again that are not kept, and lets
    /// at most `queue` pictures wait.
    ///
    /// # Errors
    /// The system gives no threads.
    pub fn new(cache_size: u64, queue: usize) -> Result<Gallery, std::io::Error> {
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        let threads = rayon::ThreadPoolBuilder::new()
            .num_threads(cores)
            .thread_name(|number| format!("draw-{number}"))
            .stack_size(STACK)
            .start_handler(|_| Priority::Drawing.take())
            .build()
            .map_err(std::io::Error::other)?;
        let held_bytes = cache_size.max(MIN_HELD_BYTES);
        Ok(Gallery {
            shared: Arc::new(Shared {
                kept: cache(cache_size),
                counts: Counts::default(),
                threads,
                drawings: Arc::new(Drawings {
                    queue: FairQueue::new(queue.max(1).saturating_add(cores)),
                    held: HeldBytes::new(
                        cache_size.saturating_add(held_bytes),
                        held_bytes / CLIENTS_HELD,
                    ),
                }),
            }),
        })
    }

    /// The picture, drawn if need be in the turn of `client`; `None` is a client that is not known. It goes on being
    /// drawn for others, and for later, when the one who asked goes away.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub async fn get(&self, deferred: &Deferred, client: Option<IpAddr>) -> Result<Bytes, Refusal> {
        let kept = &self.shared.kept;
        self.shared.counts.asked.fetch_add(1, Relaxed);
        let picture = match kept.get(&deferred.fingerprint) {
            Some(Picture::Stale(since)) if since.elapsed() >= STALE => {
                kept.remove(&deferred.fingerprint);
                None
            }
            picture => picture,
        };
        let picture = match picture {
            Some(picture) => picture,
            None => {
                let (shared, deferred) = (Arc::clone(&self.shared), deferred.clone());
                // Another client may have asked for it, and have much before it.
                shared.drawings.queue.share(client, &deferred.fingerprint);
                let drawing = tokio::spawn(async move {
                    let draw = shared.draw(&deferred, client);
                    shared
                        .kept
                        .get_or_insert_async(&deferred.fingerprint, draw)
                        .await
                });
                match timeout(PATIENCE, drawing).await {
                    Ok(drawn) => drawn.map_err(|_| Refusal::Failed)??,
                    // It goes on, and is kept for those who come later.
                    Err(_) => return Err(Refusal::Busy),
                }
            }
        };
        match picture {
            Picture::Drawn(bytes) => {
                let held = &self.shared.drawings.held;
                held.lend(client, bytes).ok_or(Refusal::Busy)
            }
            Picture::Failed => Err(Refusal::Failed),
            Picture::Stale(_) => Err(Refusal::Stale),
        }
    }

    /// How many bytes are kept.
    pub fn weight(&self) -> u64 {
        self.shared.kept.weight()
    }

    /// How many bytes of what was drawn are in memory, because they are kept or because answers hold them.
    pub fn held(&self) -> u64 {
        self.shared.drawings.held.count()
    }

    /// What was asked for and drawn, since the start.
    pub fn figures(&self) -> Figures {
        let Counts {
            asked,
            drawn,
            failed,
        } = &self.shared.counts;
        Figures {
            asked: asked.load(Relaxed),
            drawn: drawn.load(Relaxed),
            failed: failed.load(Relaxed),
        }
    }
}

impl Shared {
    /// Draws on the threads for it. Called once at a time for each fingerprint.
    async fn draw(&self, deferred: &Deferred, client: Option<IpAddr>) -> Result<Picture, Refusal> {
        if self.drawings.held.is_full() {
            return Err(Refusal::Busy);
        }
        let (tell, drawn) = oneshot::channel();
        let drawing = Drawing {
            draw: Arc::clone(&deferred.draw),
            tell,
        };
        drop(
            self.drawings
                .queue
                .push(client, &deferred.fingerprint, drawing),
        );
        let drawings = Arc::clone(&self.drawings);
        self.threads.spawn_fifo(move || drawings.draw_next());
        match drawn.await {
            Ok(Ok(bytes)) => {
                self.counts.drawn.fetch_add(1, Relaxed);
                Ok(Picture::Drawn(bytes))
            }
            Ok(Err(DrawError::Stale(_))) => Ok(Picture::Stale(Instant::now())),
            Ok(Err(error @ DrawError::Failed(_))) => {
                self.counts.failed.fetch_add(1, Relaxed);
                warn!(fingerprint = deferred.fingerprint, %error, "a picture is not served");
                Ok(Picture::Failed)
            }
            // It had no place in the queue, lost it to another client, or was not drawn for want of memory.
            Err(_) => Err(Refusal::Busy),
        }
    }
}

impl Drawings {
    /// Draws what comes next, if something waits.
    fn draw_next(&self) {
        let Some(Drawing { draw, tell }) = self.queue.take() else {
            return;
        };
        if self.held.is_full() {
            self.queue.finish();
            return;
        }
        // A library that panics on one card must not take the others down.
        let drawn = catch_unwind(AssertUnwindSafe(|| draw.draw()))
            .unwrap_or_else(|_| Err(DrawError::Failed("the renderer broke down".to_owned())));
        self.queue.finish();
        let _ = tell.send(drawn.map(|bytes| self.held.hold(bytes)));
    }
}

fn cache(size: u64) -> Kept {
    let estimate = usize::try_from(size / USUAL_SIZE)
        .unwrap_or(usize::MAX)
        .max(16);
    // A part of the cache takes no picture that is larger than itself, so there are few parts.
    let options = OptionsBuilder::new()
        .estimated_items_capacity(estimate)
        .weight_capacity(size)
        .shards(2)
        .build();
    match options {
        Ok(options) => Cache::with_options(
            options,
            ByBytes,
            DefaultHashBuilder::default(),
            DefaultLifecycle::default(),
        ),
        Err(_) => Cache::with_weighter(estimate, size, ByBytes),
    }
}
