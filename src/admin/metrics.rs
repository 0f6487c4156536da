//! What is known and counted into metrics in the `OpenMetrics` text format (prometheus.io/docs/specs/om).
//!
//! Names and units are those that Prometheus recommends: base units, `_total` for what only grows, and shares
//! left to who asks. The only file that names the `prometheus_client` crate.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::{Registry, Unit};

use super::desk::Desk;
use super::told::Now;
use super::view::{STATES, View};
use crate::gallery;
use crate::server::{Figures, OfOneClass, ReaderFigures};

/// The format.
pub(super) const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// All metrics as of now. It may wait for the watch.
pub(super) fn text(desk: &Desk) -> String {
    let (now, view) = desk.look();
    let sample = Sample {
        age: age(&now, desk.clock().into()),
        now,
        view,
        traffic: desk.traffic().figures(),
        readers: desk.traffic().reader_figures(),
        cards: desk.gallery().figures(),
        kept: desk.gallery().weight(),
        events: desk.counts().events(),
        looks: desk.counts().looks(),
        rescans: desk.counts().rescans(),
        process: Process::now(),
    };
    let mut registry = Registry::with_prefix("courant");
    registry.register_collector(Box::new(sample));
    let mut text = String::new();
    // A text takes whatever is written.
    let _ = encode(&mut text, &registry);
    text
}

/// For how long the last generation is served.
fn age(now: &Now, at: SystemTime) -> Option<Duration> {
    at.duration_since(now.history.front()?.since).ok()
}

/// All that metrics are made of.
#[derive(Debug)]
struct Sample {
    now: Now,
    view: Option<Arc<View>>,
    age: Option<Duration>,
    traffic: Figures,
    readers: ReaderFigures,
    cards: gallery::Figures,
    kept: u64,
    events: u64,
    looks: u64,
    rescans: u64,
    process: Process,
}

/// What the process takes, where the system tells.
#[derive(Debug, Default)]
struct Process {
    resident: Option<u64>,
    descriptors: Option<u64>,
}

impl Process {
    fn now() -> Process {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let resident = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
        let descriptors = std::fs::read_dir("/proc/self/fd").ok();
        Process {
            resident: resident.map(|kibibytes| kibibytes * 1024),
            descriptors: descriptors.map(|all| all.count() as u64),
        }
    }
}

/// Writes metrics one after the other.
struct Writer<'a>(DescriptorEncoder<'a>);

/// A metric's name, what it is, and its unit.
type About<'a> = (&'a str, &'a str, Option<&'a Unit>);

impl Writer<'_> {
    /// A metric with labels.
    fn each<const N: usize, V>(
        &mut self,
        (name, help, unit): About<'_>,
        kind: MetricType,
        values: impl IntoIterator<Item = ([(&'static str, String); N], V)>,
        write: impl Fn(MetricEncoder<'_>, &V) -> fmt::Result,
    ) -> fmt::Result {
        let mut metric = self.0.encode_descriptor(name, help, unit, kind)?;
        for (labels, value) in values {
            write(metric.encode_family(&labels)?, &value)?;
        }
        Ok(())
    }

    fn counters<const N: usize>(
        &mut self,
        about: About<'_>,
        values: impl IntoIterator<Item = ([(&'static str, String); N], u64)>,
    ) -> fmt::Result {
        self.each(about, MetricType::Counter, values, |mut metric, value| {
            metric.encode_counter::<NoLabelSet, u64, u64>(value, None)
        })
    }

    fn gauges<const N: usize>(
        &mut self,
        about: About<'_>,
        values: impl IntoIterator<Item = ([(&'static str, String); N], u64)>,
    ) -> fmt::Result {
        self.each(about, MetricType::Gauge, values, |mut metric, value| {
            metric.encode_gauge(&signed(*value))
        })
    }

    fn counter(&mut self, name: &str, help: &str, value: u64) -> fmt::Result {
        let kind = MetricType::Counter;
        let mut metric = self.0.encode_descriptor(name, help, None, kind)?;
        metric.encode_counter::<NoLabelSet, u64, u64>(&value, None)
    }

    fn gauge(&mut self, (name, help, unit): About<'_>, value: u64) -> fmt::Result {
        let kind = MetricType::Gauge;
        let mut metric = self.0.encode_descriptor(name, help, unit, kind)?;
        metric.encode_gauge(&signed(value))
    }
}

fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

impl Collector for Sample {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut out = Writer(encoder);
        self.requests(&mut out)?;
        self.feeds(&mut out)?;
        self.connections(&mut out)?;
        self.content(&mut out)?;
        self.others(&mut out)
    }
}

impl Sample {
    fn requests(&self, out: &mut Writer<'_>) -> fmt::Result {
        let classes = || self.traffic.classes.iter();
        let class = |of: &OfOneClass| ("class", of.class.name().to_owned());
        let by_status = classes().flat_map(|of| {
            let answers = of.answers.iter();
            answers
                .map(move |(status, count)| ([class(of), ("status", status.to_string())], *count))
        });
        out.counters(
            (
                "requests",
                "Requests answered at the public addresses",
                None,
            ),
            by_status,
        )?;
        out.counters(
            (
                "conditional_requests",
                "Requests with If-None-Match or If-Modified-Since",
                None,
            ),
            classes().map(|of| ([class(of)], of.conditional)),
        )?;
        out.counters(
            (
                "response_body",
                "Bodies that got under way, as they were coded",
                Some(&Unit::Bytes),
            ),
            classes().map(|of| ([class(of)], of.body_bytes)),
        )?;
        let times = classes().map(|of| ([class(of)], &of.times));
        out.each(
            (
                "response_time",
                "From a request's head being complete to its answer being made",
                Some(&Unit::Seconds),
            ),
            MetricType::Histogram,
            times,
            |mut metric, times| {
                let buckets: Vec<(f64, u64)> = times
                    .buckets
                    .iter()
                    .map(|(bound, count)| match *bound {
                        Duration::MAX => (f64::INFINITY, *count),
                        bound => (bound.as_secs_f64(), *count),
                    })
                    .collect();
                let count = buckets.iter().map(|(_, count)| count).sum();
                metric.encode_histogram::<NoLabelSet>(
                    times.sum.as_secs_f64(),
                    count,
                    &buckets,
                    None,
                )
            },
        )
    }

    fn feeds(&self, out: &mut Writer<'_>) -> fmt::Result {
        let feeds = || self.readers.feeds.iter();
        let feed = |path: &Option<String>| {
            let path = path.as_deref().unwrap_or("others");
            [("feed", path.to_owned())]
        };
        out.gauges(
            (
                "feed_subscribers",
                "Subscribers of a feed by what services say, in the last day",
                None,
            ),
            feeds().map(|of| (feed(&of.path), of.subscribers)),
        )?;
        out.gauges(
            (
                "feed_pollers",
                "About how many other readers asked for a feed in the last day",
                None,
            ),
            feeds().map(|of| (feed(&of.path), of.pollers)),
        )?;
        out.counters(
            ("feed_requests", "Requests for a feed", None),
            feeds().map(|of| (feed(&of.path), of.requests)),
        )?;
        out.counters(
            (
                "feed_not_modified",
                "Requests for a feed that were answered with 304",
                None,
            ),
            feeds().map(|of| (feed(&of.path), of.not_modified)),
        )
    }

    fn connections(&self, out: &mut Writer<'_>) -> fmt::Result {
        let of = &self.traffic.connections;
        out.gauge(("connections", "Connections that are open", None), of.open)?;
        out.counter("connections_accepted", "Connections taken", of.accepted)?;
        out.counter(
            "connections_refused",
            "Connections sent away, as their address had as many as it may",
            of.refused,
        )?;
        let reasons = [
            ("late_head", of.late),
            ("slow_reader", of.slow),
            ("evicted", of.evicted),
        ];
        out.counters(
            (
                "connections_cut",
                "Connections ended before their client was through",
                None,
            ),
            reasons.map(|(reason, count)| ([("reason", reason.to_owned())], count)),
        )
    }

    fn content(&self, out: &mut Writer<'_>) -> fmt::Result {
        let status = &self.now.status;
        out.gauge(
            (
                "generation",
                "The number of the generation that is served",
                None,
            ),
            status.generation,
        )?;
        if let Some(age) = self.age {
            out.gauge(
                (
                    "generation_age",
                    "For how long that generation is served",
                    Some(&Unit::Seconds),
                ),
                age.as_secs(),
            )?;
        }
        if let Some(view) = &self.view {
            out.gauges(
                ("posts", "Posts by their state", None),
                STATES.map(|state| ([("state", state.to_owned())], view.count(state) as u64)),
            )?;
            out.gauges(
                ("findings", "What is wrong with the content", None),
                view.by_rule().into_iter().map(|((rule, severity), count)| {
                    let labels = [
                        ("rule", rule.name().to_owned()),
                        ("severity", severity.to_string()),
                    ];
                    (labels, count)
                }),
            )?;
        }
        let troubles = &self.now.troubles;
        let reasons = [
            ("content", troubles.content.is_some()),
            ("doubt", troubles.in_doubt),
            ("configuration", troubles.config.is_some()),
        ];
        out.gauges(
            (
                "degraded",
                "Whether what is served is not what is on disk",
                None,
            ),
            reasons.map(|(reason, is)| ([("reason", reason.to_owned())], u64::from(is))),
        )
    }

    fn others(&self, out: &mut Writer<'_>) -> fmt::Result {
        out.counter("watch_events", "File events that were told of", self.events)?;
        out.counter(
            "watch_looks",
            "Looks at the content, at some of it or at all",
            self.looks,
        )?;
        out.counter("watch_rescans", "Looks at all of the content", self.rescans)?;
        out.counter(
            "watch_missed_files",
            "Changes of files that a rescan found and no event told of",
            self.now.status.missed_by_events,
        )?;
        out.counter(
            "late_asked",
            "Requests for cards and other outputs that are made when they are asked for",
            self.cards.asked,
        )?;
        out.counter(
            "late_made",
            "Those of them that were made",
            self.cards.drawn,
        )?;
        out.counter(
            "late_failed",
            "Those of them that could not be made",
            self.cards.failed,
        )?;
        out.gauge(
            ("late_kept", "What is kept of them", Some(&Unit::Bytes)),
            self.kept,
        )?;
        if let Some(resident) = self.process.resident {
            out.gauge(
                (
                    "resident_memory",
                    "Memory that the process holds",
                    Some(&Unit::Bytes),
                ),
                resident,
            )?;
        }
        if let Some(descriptors) = self.process.descriptors {
            out.gauge(
                ("open_fds", "File descriptors that are open", None),
                descriptors,
            )?;
        }
        out.gauges(
            ("build_info", "The version that runs", None),
            [([("version", env!("CARGO_PKG_VERSION").to_owned())], 1)],
        )
    }
}
