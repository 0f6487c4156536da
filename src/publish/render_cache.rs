//! Renders lazy bodies on the first request and caches them up to a size in bytes. Concurrent requests for one body
//! share one render.
//!
//! Rendering has its own low-priority threads, one per core, behind a bounded queue that is fair between clients. A
//! request is rejected with "retry later" if the queue is full, or if unsent responses hold too many bytes.
//!
//! The only file that uses the `quick_cache` crate.

mod fair_queue;
mod retained_bytes;

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

use crate::model::artifact::{LazyBody, LazyRenderError, RenderBody};
use crate::thread_priority::ThreadPriority;
use fair_queue::FairQueue;
use retained_bytes::HeldBytes;

/// Approximate overhead of a cache entry, in bytes.
const ENTRY_OVERHEAD_BYTES: u64 = 256;
/// Typical size of an entry in bytes, from which the cache estimates its number of entries.
const TYPICAL_ENTRY_BYTES: u64 = 32 * 1024;
/// Minimum of bytes that unsent responses may hold besides the cache: a hundred large pages.
const MIN_HELD_BYTES: u64 = 8 * 1024 * 1024;
/// Number of stalled clients that together may hold all of those bytes, before others are rejected.
const STALLED_CLIENTS: u64 = 4;
/// Maximum wait of a request for a render. Bots give up sooner.
const RENDER_TIMEOUT: Duration = Duration::from_secs(10);
/// Stack size of a render thread. Layout recurses as deeply as the template nests; unused pages take no memory.
const RENDER_STACK_BYTES: usize = 16 * 1024 * 1024;
/// Time before a render with changed inputs is tried again. `Retry-After` has the same value.
const RETRY_STALE_AFTER: Duration = Duration::from_secs(1);

/// Cache that renders missing entries. A clone shares it.
#[derive(Clone)]
pub struct RenderCache {
    shared: Arc<RenderCacheInner>,
}

struct RenderCacheInner {
    cache: CachedRenders,
    counts: RenderCounters,
    threads: rayon::ThreadPool,
    render_queue: Arc<RenderQueue>,
}

/// Waiting renders, and the count of rendered bytes in memory.
struct RenderQueue {
    queue: FairQueue<RenderJob>,
    held: Arc<HeldBytes>,
}

/// Waiting render. If it is dropped, the requests that wait for it are rejected.
struct RenderJob {
    renderer: Arc<dyn RenderBody>,
    result_sender: oneshot::Sender<Result<Bytes, LazyRenderError>>,
}

type CachedRenders = Cache<String, CachedRender, ByteWeighter>;

#[derive(Debug, Default)]
struct RenderCounters {
    requested: AtomicU64,
    rendered: AtomicU64,
    failed: AtomicU64,
}

/// Counters of the render cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RenderFigures {
    /// Requests.
    pub requested: u64,
    /// Successful renders. All other requests were cache hits, failed or were rejected.
    pub rendered: u64,
    /// Failed renders.
    pub failed: u64,
}

/// Result of a render, as it is cached.
#[derive(Debug, Clone)]
enum CachedRender {
    Rendered(Bytes),
    /// Rendering failed, and would fail again.
    Failed,
    /// An input had changed at this time; a retry is useless until the next generation.
    SourceChanged(Instant),
}

#[derive(Debug, Clone)]
struct ByteWeighter;

impl Weighter<String, CachedRender> for ByteWeighter {
    fn weight(&self, key: &String, picture: &CachedRender) -> u64 {
        let bytes = match picture {
            CachedRender::Rendered(bytes) => bytes.len(),
            CachedRender::Failed | CachedRender::SourceChanged(_) => 0,
        };
        (bytes + key.len()) as u64 + ENTRY_OVERHEAD_BYTES
    }
}

/// Reason why a request for a lazy body got none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RenderRefused {
    /// The queue is full, the render took too long, or unsent responses hold too many bytes.
    Busy,
    /// An input changed; the next generation replaces the body.
    SourceChanged,
    /// Rendering failed.
    Failed,
}

impl RenderCache {
    /// Creates a cache of at most `cache_size` bytes. Unsent responses may hold as many bytes again, and at most
    /// `queue` renders may wait.
    ///
    /// # Errors
    /// The threads cannot be started.
    pub fn new(cache_size: u64, queue: usize) -> Result<RenderCache, std::io::Error> {
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        let threads = rayon::ThreadPoolBuilder::new()
            .num_threads(cores)
            .thread_name(|number| format!("draw-{number}"))
            .stack_size(RENDER_STACK_BYTES)
            .start_handler(|_| ThreadPriority::Drawing.apply_to_current_thread())
            .build()
            .map_err(std::io::Error::other)?;
        let held_bytes = cache_size.max(MIN_HELD_BYTES);
        Ok(RenderCache {
            shared: Arc::new(RenderCacheInner {
                cache: build_cache(cache_size),
                counts: RenderCounters::default(),
                threads,
                render_queue: Arc::new(RenderQueue {
                    queue: FairQueue::new(queue.max(1).saturating_add(cores)),
                    held: HeldBytes::new(
                        cache_size.saturating_add(held_bytes),
                        held_bytes / STALLED_CLIENTS,
                    ),
                }),
            }),
        })
    }

    /// Returns the bytes, rendered in the turn of `client` if they are not cached; `None` is an unknown client.
    /// Rendering continues when the request is cancelled, and its result is cached.
    ///
    /// # Errors
    /// The cache is too busy, an input changed, or rendering failed.
    pub async fn get_or_render(
        &self,
        deferred: &LazyBody,
        client: Option<IpAddr>,
    ) -> Result<Bytes, RenderRefused> {
        let kept = &self.shared.cache;
        self.shared.counts.requested.fetch_add(1, Relaxed);
        let picture = match kept.get(&deferred.fingerprint) {
            Some(CachedRender::SourceChanged(since)) if since.elapsed() >= RETRY_STALE_AFTER => {
                kept.remove(&deferred.fingerprint);
                None
            }
            picture => picture,
        };
        let picture = match picture {
            Some(picture) => picture,
            None => {
                let (shared, deferred) = (Arc::clone(&self.shared), deferred.clone());
                // Another client may have requested it, behind many renders of its own.
                shared
                    .render_queue
                    .queue
                    .share_job(client, &deferred.fingerprint);
                let drawing = tokio::spawn(async move {
                    let draw = shared.render_on_threads(&deferred, client);
                    shared
                        .cache
                        .get_or_insert_async(&deferred.fingerprint, draw)
                        .await
                });
                match timeout(RENDER_TIMEOUT, drawing).await {
                    Ok(drawn) => drawn.map_err(|_| RenderRefused::Failed)??,
                    // Rendering continues, and its result is cached for later requests.
                    Err(_) => return Err(RenderRefused::Busy),
                }
            }
        };
        match picture {
            CachedRender::Rendered(bytes) => {
                let held = &self.shared.render_queue.held;
                held.hold_for_client(client, bytes)
                    .ok_or(RenderRefused::Busy)
            }
            CachedRender::Failed => Err(RenderRefused::Failed),
            CachedRender::SourceChanged(_) => Err(RenderRefused::SourceChanged),
        }
    }

    /// Returns the size of the cache in bytes.
    pub fn cached_bytes(&self) -> u64 {
        self.shared.cache.weight()
    }

    /// Returns the rendered bytes in memory, held by the cache or by unsent responses.
    pub fn resident_bytes(&self) -> u64 {
        self.shared.render_queue.held.held_bytes()
    }

    /// Returns the counters since the start.
    pub fn render_figures(&self) -> RenderFigures {
        let RenderCounters {
            requested: asked,
            rendered: drawn,
            failed,
        } = &self.shared.counts;
        RenderFigures {
            requested: asked.load(Relaxed),
            rendered: drawn.load(Relaxed),
            failed: failed.load(Relaxed),
        }
    }
}

impl RenderCacheInner {
    /// Renders on the render threads. Called at most once at a time for each fingerprint.
    async fn render_on_threads(
        &self,
        deferred: &LazyBody,
        client: Option<IpAddr>,
    ) -> Result<CachedRender, RenderRefused> {
        if self.render_queue.held.is_full() {
            return Err(RenderRefused::Busy);
        }
        let (tell, drawn) = oneshot::channel();
        let drawing = RenderJob {
            renderer: Arc::clone(&deferred.renderer),
            result_sender: tell,
        };
        drop(
            self.render_queue
                .queue
                .push_job(client, &deferred.fingerprint, drawing),
        );
        let drawings = Arc::clone(&self.render_queue);
        self.threads.spawn_fifo(move || drawings.run_next_job());
        match drawn.await {
            Ok(Ok(bytes)) => {
                self.counts.rendered.fetch_add(1, Relaxed);
                Ok(CachedRender::Rendered(bytes))
            }
            Ok(Err(LazyRenderError::SourceChanged(_))) => {
                Ok(CachedRender::SourceChanged(Instant::now()))
            }
            Ok(Err(error @ LazyRenderError::Failed(_))) => {
                self.counts.failed.fetch_add(1, Relaxed);
                warn!(fingerprint = deferred.fingerprint, %error, "lazy content is not served");
                Ok(CachedRender::Failed)
            }
            // The queue was full, another client took the place, or too many bytes were held.
            Err(_) => Err(RenderRefused::Busy),
        }
    }
}

impl RenderQueue {
    /// Runs the next waiting render, if there is one.
    fn run_next_job(&self) {
        let Some(RenderJob {
            renderer: draw,
            result_sender: tell,
        }) = self.queue.take_next()
        else {
            return;
        };
        if self.held.is_full() {
            self.queue.finish_job();
            return;
        }
        // A panic of the renderer on one card must not end the thread.
        let drawn = catch_unwind(AssertUnwindSafe(|| draw.render_body()))
            .unwrap_or_else(|_| Err(LazyRenderError::Failed("the renderer panicked".to_owned())));
        self.queue.finish_job();
        let _ = tell.send(drawn.map(|bytes| self.held.hold_rendered(bytes)));
    }
}

fn build_cache(size: u64) -> CachedRenders {
    let estimate = usize::try_from(size / TYPICAL_ENTRY_BYTES)
        .unwrap_or(usize::MAX)
        .max(16);
    // A shard accepts no entry larger than itself, so there are few shards.
    let options = OptionsBuilder::new()
        .estimated_items_capacity(estimate)
        .weight_capacity(size)
        .shards(2)
        .build();
    match options {
        Ok(options) => Cache::with_options(
            options,
            ByteWeighter,
            DefaultHashBuilder::default(),
            DefaultLifecycle::default(),
        ),
        Err(_) => Cache::with_weighter(estimate, size, ByteWeighter),
    }
}
