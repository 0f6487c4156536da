//! Answers and connections into counts of them, for the operator.
//!
//! What is counted is added to plain numbers, without a lock and without an allocation. There are several
//! sets of these numbers, and a thread adds to one of them, so that threads do not wait for each other's
//! lines of memory; whoever asks for the figures adds the sets up. Numbers only grow, and are those of this
//! process.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use hyper::StatusCode;
use tokio::time::Instant;

use super::readers::{ReaderFigures, Readers};
use crate::artifact::ArtifactKey;

/// What was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// A feed, a further page of one, or the list of all.
    Feed,
    /// The sitemap or a part of it, and the crawlers' rules.
    Sitemap,
    /// The page of a card.
    CardPage,
    /// The picture of a card.
    CardImage,
    /// A page for people, and its style.
    Page,
    /// Nothing that is here, or nothing that could be answered.
    Other,
}

impl Class {
    /// All of them.
    pub const ALL: [Class; 6] = [
        Class::Feed,
        Class::Sitemap,
        Class::CardPage,
        Class::CardImage,
        Class::Page,
        Class::Other,
    ];

    /// That of an output.
    pub fn of(key: &ArtifactKey) -> Class {
        match key {
            ArtifactKey::Feed(..) | ArtifactKey::Opml => Class::Feed,
            ArtifactKey::Sitemap | ArtifactKey::SitemapPart(_) | ArtifactKey::Robots => {
                Class::Sitemap
            }
            ArtifactKey::CardPage(_) => Class::CardPage,
            ArtifactKey::CardImage(_) => Class::CardImage,
            ArtifactKey::Home | ArtifactKey::FeedPage(..) | ArtifactKey::XmlStyle => Class::Page,
        }
    }

    /// A word for it, as in the label of a figure.
    pub fn name(self) -> &'static str {
        match self {
            Class::Feed => "feed",
            Class::Sitemap => "sitemap",
            Class::CardPage => "card_page",
            Class::CardImage => "card_image",
            Class::Page => "page",
            Class::Other => "other",
        }
    }
}

/// The statuses that are answered. What is none of them is counted as the last.
const STATUSES: [u16; 18] = [
    200, 204, 226, 301, 304, 308, 400, 404, 405, 410, 412, 414, 417, 429, 431, 501, 503, 500,
];

/// The longest times that fall into each bucket, in microseconds; the last bucket has no end.
const BOUNDS: [u64; 18] = [
    10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000,
    500_000, 1_000_000, 2_500_000, 10_000_000,
];

/// So many sets of numbers, for threads to have their own as far as there are.
const SETS: usize = 16;

/// Why a connection was ended by us before its client was through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// A request's head did not arrive in time.
    Late,
    /// An answer was taken too slowly.
    Slow,
    /// It was idle, and its place was needed.
    Evicted,
}

/// What is counted. Cloning it gives another handle on the same counts.
#[derive(Debug, Clone, Default)]
pub struct Traffic(Arc<All>);

#[derive(Debug, Default)]
struct All {
    counts: Sets<Counts>,
    readers: Readers,
}

/// A set of `T` for each of some threads.
#[derive(Debug, Default)]
pub(super) struct Sets<T>([Apart<T>; SETS]);

/// On lines of memory of its own.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Apart<T>(T);

impl<T> Sets<T> {
    /// The set that is this thread's; others may add to it as well.
    pub(super) fn own(&self) -> &T {
        static THREADS: AtomicUsize = AtomicUsize::new(0);
        thread_local! {
            static NUMBER: usize = THREADS.fetch_add(1, Relaxed);
        }
        let number = NUMBER.try_with(|number| *number).unwrap_or_default();
        let [first, ..] = &self.0;
        &self.0.get(number % SETS).unwrap_or(first).0
    }

    /// All sets.
    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter().map(|Apart(set)| set)
    }
}

#[derive(Debug, Default)]
struct Counts {
    classes: [OfClass; Class::ALL.len()],
    accepted: AtomicU64,
    closed: AtomicU64,
    refused: AtomicU64,
    late: AtomicU64,
    slow: AtomicU64,
    evicted: AtomicU64,
}

#[derive(Debug, Default)]
struct OfClass {
    answers: [AtomicU64; STATUSES.len()],
    conditional: AtomicU64,
    body_bytes: AtomicU64,
    micros: AtomicU64,
    times: [AtomicU64; BOUNDS.len() + 1],
}

/// A connection that is counted as open until this is dropped.
#[derive(Debug)]
pub(super) struct Open(Traffic);

impl Traffic {
    /// Counts an answer, made in so much time since the request's head was complete.
    pub(super) fn answered(
        &self,
        class: Class,
        status: StatusCode,
        is_conditional: bool,
        took: Duration,
    ) {
        let Some(counts) = self.0.counts.own().classes.get(class as usize) else {
            return;
        };
        let status = status.as_u16();
        let place = STATUSES.iter().position(|known| *known == status);
        add(counts.answers.get(place.unwrap_or(STATUSES.len() - 1)), 1);
        if is_conditional {
            add(Some(&counts.conditional), 1);
        }
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        add(Some(&counts.micros), micros);
        let place = BOUNDS.iter().position(|bound| micros <= *bound);
        add(counts.times.get(place.unwrap_or(BOUNDS.len())), 1);
    }

    /// Counts bytes of bodies that got under way.
    pub(super) fn sent(&self, class: Class, bytes: usize) {
        let counts = self.0.counts.own().classes.get(class as usize);
        add(counts.map(|counts| &counts.body_bytes), bytes as u64);
    }

    /// Counts a connection.
    pub(super) fn accepted(&self) -> Open {
        add(Some(&self.0.counts.own().accepted), 1);
        Open(self.clone())
    }

    /// Counts a connection that was sent away, as its address has as many as it may.
    pub(super) fn refused(&self) {
        add(Some(&self.0.counts.own().refused), 1);
    }

    /// Counts a connection that we ended.
    pub(super) fn ended(&self, why: Ended) {
        let counts = self.0.counts.own();
        let count = match why {
            Ended::Late => &counts.late,
            Ended::Slow => &counts.slow,
            Ended::Evicted => &counts.evicted,
        };
        add(Some(count), 1);
    }

    /// Who reads the feeds.
    pub fn reader_figures(&self) -> ReaderFigures {
        self.0.readers.figures(Instant::now())
    }

    pub(super) fn readers(&self) -> &Readers {
        &self.0.readers
    }

    /// What was counted so far.
    pub fn figures(&self) -> Figures {
        let sum = |of: &dyn Fn(&Counts) -> Option<&AtomicU64>| -> u64 {
            let counts = self.0.counts.iter().filter_map(of);
            counts.map(|count| count.load(Relaxed)).sum()
        };
        // What is closed is read first: what closes meanwhile is counted as open for once, and never
        // more is closed than was accepted.
        let closed = sum(&|counts| Some(&counts.closed));
        let accepted = sum(&|counts| Some(&counts.accepted));
        let classes = Class::ALL.map(|class| {
            let sum = |of: &dyn Fn(&OfClass) -> Option<&AtomicU64>| {
                sum(&|counts| counts.classes.get(class as usize).and_then(of))
            };
            let answers = STATUSES.iter().enumerate();
            let mut answers: Vec<(u16, u64)> = answers
                .map(|(place, status)| (*status, sum(&|counts| counts.answers.get(place))))
                .filter(|(_, count)| *count > 0)
                .collect();
            answers.sort_unstable();
            let bounds = BOUNDS.iter().map(|bound| Duration::from_micros(*bound));
            let bounds = bounds.chain([Duration::MAX]).enumerate();
            OfOneClass {
                class,
                answers,
                conditional: sum(&|counts| Some(&counts.conditional)),
                body_bytes: sum(&|counts| Some(&counts.body_bytes)),
                times: Times {
                    sum: Duration::from_micros(sum(&|counts| Some(&counts.micros))),
                    buckets: bounds
                        .map(|(place, bound)| (bound, sum(&|counts| counts.times.get(place))))
                        .collect(),
                },
            }
        });
        Figures {
            classes: classes.into(),
            connections: Connections {
                open: accepted.saturating_sub(closed),
                accepted,
                refused: sum(&|counts| Some(&counts.refused)),
                late: sum(&|counts| Some(&counts.late)),
                slow: sum(&|counts| Some(&counts.slow)),
                evicted: sum(&|counts| Some(&counts.evicted)),
            },
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let Open(traffic) = self;
        add(Some(&traffic.0.counts.own().closed), 1);
    }
}

fn add(count: Option<&AtomicU64>, more: u64) {
    if let Some(count) = count {
        count.fetch_add(more, Relaxed);
    }
}

/// What was counted, as of one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figures {
    /// Of each class, in the order of [`Class::ALL`].
    pub classes: Vec<OfOneClass>,
    /// Of connections.
    pub connections: Connections,
}

/// What was counted of one class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfOneClass {
    /// What was asked for.
    pub class: Class,
    /// How many answers had which status, in the order of the statuses; those that nobody got are left out.
    pub answers: Vec<(u16, u64)>,
    /// How many of the requests had a condition.
    pub conditional: u64,
    /// How many bytes of bodies got under way, as they were coded, without heads and without TLS.
    pub body_bytes: u64,
    /// How long it took from a request's head being complete to its answer being made.
    pub times: Times,
}

/// How long something took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Times {
    /// All times together.
    pub sum: Duration,
    /// The longest time that falls into each bucket, and how many fell into this one and none before it. The
    /// last bucket has no end, which is [`Duration::MAX`].
    pub buckets: Vec<(Duration, u64)>,
}

/// What was counted of connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connections {
    /// Those that are open now.
    pub open: u64,
    /// Those that were taken, all in all. Who waits in the system's backlog is not among them.
    pub accepted: u64,
    /// Those that were sent away at once, as their address had as many as it may.
    pub refused: u64,
    /// Those that were ended as a request's head did not arrive in time.
    pub late: u64,
    /// Those that were ended as an answer was taken too slowly.
    pub slow: u64,
    /// Idle ones that were closed to make room for new ones.
    pub evicted: u64,
}

impl Figures {
    /// How many requests were answered.
    pub fn requests(&self) -> u64 {
        self.classes.iter().map(OfOneClass::requests).sum()
    }

    /// How many were answered with this status.
    pub fn with_status(&self, status: u16) -> u64 {
        let of_class = self.classes.iter().map(|of| of.with_status(status));
        of_class.sum()
    }

    /// How many were asked to come later, as they asked too often (429).
    pub fn too_many(&self) -> u64 {
        self.with_status(429)
    }
}

impl OfOneClass {
    /// How many requests were answered.
    pub fn requests(&self) -> u64 {
        self.answers.iter().map(|(_, count)| count).sum()
    }

    /// How many were answered with this status.
    pub fn with_status(&self, status: u16) -> u64 {
        let mut answers = self.answers.iter();
        answers
            .find(|(known, _)| *known == status)
            .map_or(0, |(_, count)| *count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(traffic: &Traffic, class: Class) -> OfOneClass {
        let classes = traffic.figures().classes;
        classes.into_iter().find(|of| of.class == class).unwrap()
    }

    #[test]
    fn an_answer_is_counted_with_its_class_status_condition_and_time() {
        let traffic = Traffic::default();
        let took = Duration::from_micros;
        traffic.answered(Class::Feed, StatusCode::NOT_MODIFIED, true, took(9));
        traffic.answered(Class::Feed, StatusCode::NOT_MODIFIED, true, took(10));
        traffic.answered(Class::Feed, StatusCode::OK, false, took(11));
        traffic.answered(Class::CardImage, StatusCode::OK, false, took(3_000_000));
        traffic.answered(Class::Other, StatusCode::IM_A_TEAPOT, false, Duration::MAX);
        let feeds = of(&traffic, Class::Feed);
        assert_eq!(feeds.answers, [(200, 1), (304, 2)]);
        assert_eq!(feeds.conditional, 2);
        assert_eq!(feeds.times.sum, took(30));
        assert_eq!(feeds.times.buckets[..2], [(took(10), 2), (took(25), 1)]);
        let images = of(&traffic, Class::CardImage);
        assert_eq!(images.answers, [(200, 1)]);
        assert_eq!(images.times.buckets[17], (took(10_000_000), 1));
        let others = of(&traffic, Class::Other);
        assert_eq!(others.answers, [(500, 1)], "what nobody knows");
        assert_eq!(others.times.buckets[18], (Duration::MAX, 1));
        assert_eq!(traffic.figures().requests(), 5);
    }

    #[test]
    fn each_status_has_a_count_of_its_own_and_each_bucket_ends_after_the_one_before() {
        for (place, status) in STATUSES.iter().enumerate() {
            assert!(!STATUSES[..place].contains(status), "{status}");
            let traffic = Traffic::default();
            let code = StatusCode::from_u16(*status).unwrap();
            traffic.answered(Class::Page, code, false, Duration::ZERO);
            assert_eq!(of(&traffic, Class::Page).answers, [(*status, 1)]);
            assert_eq!(traffic.figures().with_status(*status), 1);
        }
        assert!(BOUNDS.is_sorted());
        for (place, class) in Class::ALL.into_iter().enumerate() {
            assert_eq!(class as usize, place, "{class:?}");
        }
    }

    #[test]
    fn a_connection_is_open_until_it_is_dropped_whatever_thread_drops_it() {
        let traffic = Traffic::default();
        let first = traffic.accepted();
        let second = traffic.accepted();
        std::thread::spawn(|| drop(first)).join().unwrap();
        traffic.refused();
        traffic.ended(Ended::Slow);
        let told = traffic.figures().connections;
        assert_eq!((told.open, told.accepted, told.refused), (1, 2, 1));
        assert_eq!((told.late, told.slow), (0, 1));
        drop(second);
        assert_eq!(traffic.figures().connections.open, 0);
    }

    #[test]
    fn what_many_threads_count_is_added_up() {
        let traffic = Traffic::default();
        std::thread::scope(|scope| {
            for _ in 0..2 * SETS {
                scope.spawn(|| {
                    for _ in 0..100 {
                        traffic.answered(Class::Feed, StatusCode::OK, false, Duration::ZERO);
                        traffic.sent(Class::Feed, 3);
                    }
                });
            }
        });
        let feeds = of(&traffic, Class::Feed);
        assert_eq!(feeds.requests(), 200 * SETS as u64);
        assert_eq!(feeds.body_bytes, 600 * SETS as u64);
    }
}
