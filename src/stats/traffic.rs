//! Counts responses and connections for the operator's metrics.
//!
//! Counters are relaxed atomics: no lock and no allocation. Each thread adds to its own shard, so that threads do not
//! contend for cache lines; reading sums the shards. Counters only grow, and start at 0 with the process.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use hyper::StatusCode;
use tokio::time::Instant;

use super::sharded::PerThread;
use super::subscribers::{AudienceStats, FeedAudience};
use crate::model::artifact::ArtifactKey;

/// Kind of resource that a request was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ResourceClass {
    /// Feeds, their pages, and OPML.
    Feed,
    /// Sitemap, its parts, the news sitemap, robots.txt and llms.txt.
    Sitemap,
    /// HTML pages of cards.
    CardPage,
    /// Images of cards.
    CardImage,
    /// Other HTML pages, and the stylesheet.
    Page,
    /// Unknown paths and rejected requests.
    Other,
}

impl ResourceClass {
    /// All classes, in the order of their discriminants.
    pub const ALL: [ResourceClass; 6] = [
        ResourceClass::Feed,
        ResourceClass::Sitemap,
        ResourceClass::CardPage,
        ResourceClass::CardImage,
        ResourceClass::Page,
        ResourceClass::Other,
    ];

    /// Returns the class of an output.
    pub fn from_key(key: &ArtifactKey) -> ResourceClass {
        match key {
            ArtifactKey::Feed(..) | ArtifactKey::FeedPage(..) | ArtifactKey::Opml => {
                ResourceClass::Feed
            }
            ArtifactKey::Sitemap
            | ArtifactKey::SitemapPart(_)
            | ArtifactKey::NewsSitemap
            | ArtifactKey::Robots
            | ArtifactKey::LlmsTxt
            | ArtifactKey::IndexNowKey(_) => ResourceClass::Sitemap,
            ArtifactKey::CardPage(_) => ResourceClass::CardPage,
            ArtifactKey::CardImage(_) => ResourceClass::CardImage,
            ArtifactKey::Home
            | ArtifactKey::LanguageHome(_)
            | ArtifactKey::FeedHtml(..)
            | ArtifactKey::FeedStylesheet => ResourceClass::Page,
        }
    }

    /// Returns the value of the metrics label.
    pub fn metrics_label(self) -> &'static str {
        match self {
            ResourceClass::Feed => "feed",
            ResourceClass::Sitemap => "sitemap",
            ResourceClass::CardPage => "card_page",
            ResourceClass::CardImage => "card_image",
            ResourceClass::Page => "page",
            ResourceClass::Other => "other",
        }
    }
}

/// Statuses with their own counter. All others are counted as the last one.
const COUNTED_STATUSES: [u16; 18] = [
    200, 204, 226, 301, 304, 308, 400, 404, 405, 410, 412, 414, 417, 429, 431, 501, 503, 500,
];

/// Inclusive upper bounds of the histogram's buckets, in microseconds. One more bucket has no upper bound.
const BUCKET_BOUNDS_MICROS: [u64; 18] = [
    10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000,
    500_000, 1_000_000, 2_500_000, 10_000_000,
];

/// Reason for closing a connection before the client did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CloseReason {
    /// The request head did not arrive in time.
    HeaderTimeout,
    /// The client read a response too slowly.
    WriteTimeout,
    /// The connection was idle, and a new one needed its slot.
    Evicted,
}

/// Handle on the counters. A clone shares them.
#[derive(Debug, Clone, Default)]
pub struct TrafficStats(Arc<TrafficState>);

#[derive(Debug, Default)]
struct TrafficState {
    counts: PerThread<TrafficCounters>,
    feed_readers: FeedAudience,
}

#[derive(Debug, Default)]
struct TrafficCounters {
    classes: [ClassCounters; ResourceClass::ALL.len()],
    accepted_connections: AtomicU64,
    closed_connections: AtomicU64,
    rejected_connections: AtomicU64,
    header_timeouts: AtomicU64,
    write_timeouts: AtomicU64,
    evicted: AtomicU64,
}

#[derive(Debug, Default)]
struct ClassCounters {
    responses_by_status: [AtomicU64; COUNTED_STATUSES.len()],
    conditional: AtomicU64,
    body_bytes: AtomicU64,
    micros: AtomicU64,
    duration_buckets: [AtomicU64; BUCKET_BOUNDS_MICROS.len() + 1],
}

/// Guard that counts a connection as open until it is dropped.
#[derive(Debug)]
pub(crate) struct OpenConnection(TrafficStats);

impl TrafficStats {
    /// Counts a response. `took` is the time since the request head was complete.
    pub(crate) fn record_response(
        &self,
        class: ResourceClass,
        status: StatusCode,
        is_conditional: bool,
        took: Duration,
    ) {
        let Some(counts) = self.0.counts.current_shard().classes.get(class as usize) else {
            return;
        };
        let status = status.as_u16();
        let place = COUNTED_STATUSES.iter().position(|known| *known == status);
        add_to_counter(
            counts
                .responses_by_status
                .get(place.unwrap_or(COUNTED_STATUSES.len() - 1)),
            1,
        );
        if is_conditional {
            add_to_counter(Some(&counts.conditional), 1);
        }
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        add_to_counter(Some(&counts.micros), micros);
        let place = BUCKET_BOUNDS_MICROS
            .iter()
            .position(|bound| micros <= *bound);
        add_to_counter(
            counts
                .duration_buckets
                .get(place.unwrap_or(BUCKET_BOUNDS_MICROS.len())),
            1,
        );
    }

    /// Counts body bytes that were sent.
    pub(crate) fn record_body_bytes(&self, class: ResourceClass, bytes: usize) {
        let counts = self.0.counts.current_shard().classes.get(class as usize);
        add_to_counter(counts.map(|counts| &counts.body_bytes), bytes as u64);
    }

    /// Counts an accepted connection, which stays open until the guard is dropped.
    pub(crate) fn record_connection(&self) -> OpenConnection {
        add_to_counter(Some(&self.0.counts.current_shard().accepted_connections), 1);
        OpenConnection(self.clone())
    }

    /// Counts a connection that was rejected by the limit per client address.
    pub(crate) fn record_rejected_connection(&self) {
        add_to_counter(Some(&self.0.counts.current_shard().rejected_connections), 1);
    }

    /// Counts a connection that the server closed.
    pub(crate) fn record_closed_connection(&self, reason: CloseReason) {
        let counts = self.0.counts.current_shard();
        let count = match reason {
            CloseReason::HeaderTimeout => &counts.header_timeouts,
            CloseReason::WriteTimeout => &counts.write_timeouts,
            CloseReason::Evicted => &counts.evicted,
        };
        add_to_counter(Some(count), 1);
    }

    /// Returns the figures of feed readers.
    pub fn audience_stats(&self) -> AudienceStats {
        self.0.feed_readers.collect_stats(Instant::now())
    }

    pub(crate) fn feed_readers(&self) -> &FeedAudience {
        &self.0.feed_readers
    }

    /// Returns the counters so far, summed over all threads.
    pub fn traffic_figures(&self) -> TrafficFigures {
        let sum = |of: &dyn Fn(&TrafficCounters) -> Option<&AtomicU64>| -> u64 {
            let counts = self.0.counts.iter().filter_map(of);
            counts.map(|count| count.load(Relaxed)).sum()
        };
        // `closed` is read first: a connection that closes meanwhile still counts as open, and
        // `closed` never exceeds `accepted`.
        let closed = sum(&|counts| Some(&counts.closed_connections));
        let accepted = sum(&|counts| Some(&counts.accepted_connections));
        let classes = ResourceClass::ALL.map(|class| {
            let sum = |of: &dyn Fn(&ClassCounters) -> Option<&AtomicU64>| {
                sum(&|counts| counts.classes.get(class as usize).and_then(of))
            };
            let answers = COUNTED_STATUSES.iter().enumerate();
            let mut answers: Vec<(u16, u64)> = answers
                .map(|(place, status)| {
                    (
                        *status,
                        sum(&|counts| counts.responses_by_status.get(place)),
                    )
                })
                .filter(|(_, count)| *count > 0)
                .collect();
            answers.sort_unstable();
            let bounds = BUCKET_BOUNDS_MICROS
                .iter()
                .map(|bound| Duration::from_micros(*bound));
            let bounds = bounds.chain([Duration::MAX]).enumerate();
            ClassFigures {
                class,
                responses_by_status: answers,
                conditional_requests: sum(&|counts| Some(&counts.conditional)),
                body_bytes: sum(&|counts| Some(&counts.body_bytes)),
                durations: DurationHistogram {
                    sum: Duration::from_micros(sum(&|counts| Some(&counts.micros))),
                    buckets: bounds
                        .map(|(place, bound)| {
                            (bound, sum(&|counts| counts.duration_buckets.get(place)))
                        })
                        .collect(),
                },
            }
        });
        TrafficFigures {
            classes: classes.into(),
            connections: ConnectionFigures {
                open: accepted.saturating_sub(closed),
                accepted,
                rejected: sum(&|counts| Some(&counts.rejected_connections)),
                header_timeouts: sum(&|counts| Some(&counts.header_timeouts)),
                write_timeouts: sum(&|counts| Some(&counts.write_timeouts)),
                evicted: sum(&|counts| Some(&counts.evicted)),
            },
        }
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        let OpenConnection(traffic) = self;
        add_to_counter(
            Some(&traffic.0.counts.current_shard().closed_connections),
            1,
        );
    }
}

fn add_to_counter(count: Option<&AtomicU64>, more: u64) {
    if let Some(count) = count {
        count.fetch_add(more, Relaxed);
    }
}

/// Values of all counters at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrafficFigures {
    /// Counters of each class, in the order of `ALL`.
    pub classes: Vec<ClassFigures>,
    /// Counters of connections.
    pub connections: ConnectionFigures,
}

/// Counters of one class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassFigures {
    /// Class of the counters.
    pub class: ResourceClass,
    /// Responses by status, sorted by status. Statuses without responses are left out.
    pub responses_by_status: Vec<(u16, u64)>,
    /// Requests with a condition.
    pub conditional_requests: u64,
    /// Body bytes sent, after content coding, without headers and TLS.
    pub body_bytes: u64,
    /// Time from the complete request head to the response.
    pub durations: DurationHistogram,
}

/// Histogram of durations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DurationHistogram {
    /// Sum of all durations.
    pub sum: Duration,
    /// Inclusive upper bound and count of each bucket; counts are not cumulative. The bound of the last bucket is
    /// [`Duration::MAX`].
    pub buckets: Vec<(Duration, u64)>,
}

/// Counters of connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectionFigures {
    /// Connections that are open now.
    pub open: u64,
    /// Accepted connections in total. Those in the kernel's backlog are not included.
    pub accepted: u64,
    /// Connections rejected by the limit per client address.
    pub rejected: u64,
    /// Connections closed because the request head did not arrive in time.
    pub header_timeouts: u64,
    /// Connections closed because the client read a response too slowly.
    pub write_timeouts: u64,
    /// Idle connections closed to make room for new ones.
    pub evicted: u64,
}

impl TrafficFigures {
    /// Returns the number of answered requests.
    pub fn request_count(&self) -> u64 {
        self.classes.iter().map(ClassFigures::request_count).sum()
    }

    /// Returns the number of responses with this status.
    pub fn count_with_status(&self, status: u16) -> u64 {
        let of_class = self.classes.iter().map(|of| of.count_with_status(status));
        of_class.sum()
    }

    /// Returns the number of rate-limited responses (429).
    pub fn rate_limited_count(&self) -> u64 {
        self.count_with_status(429)
    }
}

impl ClassFigures {
    /// Returns the number of answered requests.
    pub fn request_count(&self) -> u64 {
        self.responses_by_status
            .iter()
            .map(|(_, count)| count)
            .sum()
    }

    /// Returns the number of responses with this status.
    pub fn count_with_status(&self, status: u16) -> u64 {
        let mut answers = self.responses_by_status.iter();
        answers
            .find(|(known, _)| *known == status)
            .map_or(0, |(_, count)| *count)
    }
}

#[cfg(test)]
mod tests {
    use super::super::sharded::SHARD_COUNT;
    use super::*;

    fn figures_of_class(traffic: &TrafficStats, class: ResourceClass) -> ClassFigures {
        let classes = traffic.traffic_figures().classes;
        classes.into_iter().find(|of| of.class == class).unwrap()
    }

    #[test]
    fn response_is_counted_by_class_status_condition_and_time() {
        let traffic = TrafficStats::default();
        let took = Duration::from_micros;
        traffic.record_response(ResourceClass::Feed, StatusCode::NOT_MODIFIED, true, took(9));
        traffic.record_response(
            ResourceClass::Feed,
            StatusCode::NOT_MODIFIED,
            true,
            took(10),
        );
        traffic.record_response(ResourceClass::Feed, StatusCode::OK, false, took(11));
        traffic.record_response(
            ResourceClass::CardImage,
            StatusCode::OK,
            false,
            took(3_000_000),
        );
        traffic.record_response(
            ResourceClass::Other,
            StatusCode::IM_A_TEAPOT,
            false,
            Duration::MAX,
        );
        let feeds = figures_of_class(&traffic, ResourceClass::Feed);
        assert_eq!(feeds.responses_by_status, [(200, 1), (304, 2)]);
        assert_eq!(feeds.conditional_requests, 2);
        assert_eq!(feeds.durations.sum, took(30));
        assert_eq!(feeds.durations.buckets[..2], [(took(10), 2), (took(25), 1)]);
        let images = figures_of_class(&traffic, ResourceClass::CardImage);
        assert_eq!(images.responses_by_status, [(200, 1)]);
        assert_eq!(images.durations.buckets[17], (took(10_000_000), 1));
        let others = figures_of_class(&traffic, ResourceClass::Other);
        assert_eq!(others.responses_by_status, [(500, 1)], "unknown statuses");
        assert_eq!(others.durations.buckets[18], (Duration::MAX, 1));
        assert_eq!(traffic.traffic_figures().request_count(), 5);
    }

    #[test]
    fn statuses_are_counted_apart_and_bucket_bounds_ascend() {
        for (place, status) in COUNTED_STATUSES.iter().enumerate() {
            assert!(!COUNTED_STATUSES[..place].contains(status), "{status}");
            let traffic = TrafficStats::default();
            let code = StatusCode::from_u16(*status).unwrap();
            traffic.record_response(ResourceClass::Page, code, false, Duration::ZERO);
            assert_eq!(
                figures_of_class(&traffic, ResourceClass::Page).responses_by_status,
                [(*status, 1)]
            );
            assert_eq!(traffic.traffic_figures().count_with_status(*status), 1);
        }
        assert!(BUCKET_BOUNDS_MICROS.is_sorted());
        for (place, class) in ResourceClass::ALL.into_iter().enumerate() {
            assert_eq!(class as usize, place, "{class:?}");
        }
    }

    #[test]
    fn connection_counts_as_open_until_dropped_on_any_thread() {
        let traffic = TrafficStats::default();
        let first = traffic.record_connection();
        let second = traffic.record_connection();
        std::thread::spawn(|| drop(first)).join().unwrap();
        traffic.record_rejected_connection();
        traffic.record_closed_connection(CloseReason::WriteTimeout);
        let connections = traffic.traffic_figures().connections;
        assert_eq!(
            (connections.open, connections.accepted, connections.rejected),
            (1, 2, 1)
        );
        assert_eq!(
            (connections.header_timeouts, connections.write_timeouts),
            (0, 1)
        );
        drop(second);
        assert_eq!(traffic.traffic_figures().connections.open, 0);
    }

    #[test]
    fn counts_of_many_threads_are_summed() {
        let traffic = TrafficStats::default();
        std::thread::scope(|scope| {
            for _ in 0..2 * SHARD_COUNT {
                scope.spawn(|| {
                    for _ in 0..100 {
                        traffic.record_response(
                            ResourceClass::Feed,
                            StatusCode::OK,
                            false,
                            Duration::ZERO,
                        );
                        traffic.record_body_bytes(ResourceClass::Feed, 3);
                    }
                });
            }
        });
        let feeds = figures_of_class(&traffic, ResourceClass::Feed);
        assert_eq!(feeds.request_count(), 200 * SHARD_COUNT as u64);
        assert_eq!(feeds.body_bytes, 600 * SHARD_COUNT as u64);
    }
}
