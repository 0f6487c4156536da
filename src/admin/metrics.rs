//! Renders metrics in the `OpenMetrics` text format (prometheus.io/docs/specs/om).
//!
//! Names and units follow the recommendations of Prometheus: base units, `_total` for counters, and no
//! ratios, which queries compute. The only file that names the `prometheus_client` crate.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::{Registry, Unit};

use super::post_table::{POST_STATES, PostTable};
use super::state::AdminState;
use super::watch_status::WatchStatus;
use crate::announce::TargetStatus;
use crate::export::ExportFigures;
use crate::git::GitFigures;
use crate::publish::render_cache;
use crate::stats::{AudienceStats, ClassFigures, FeedStats, TrafficFigures};

/// Media type of the `OpenMetrics` text format.
pub(super) const OPENMETRICS_MEDIA_TYPE: &str =
    "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Renders all metrics. Blocks while the watch is busy.
pub(super) fn render_metrics(state: &AdminState) -> String {
    let (status, posts) = state.load_status_and_posts();
    let values = MetricValues {
        generation_age: generation_age(&status, state.current_time().into()),
        status,
        posts,
        traffic: state.traffic_stats().traffic_figures(),
        audience: state.traffic_stats().audience_stats(),
        render_stats: state.render_cache().render_figures(),
        render_cache_bytes: state.render_cache().cached_bytes(),
        event_count: state.watch_counters().event_count(),
        scan_count: state.watch_counters().scan_count(),
        full_scan_count: state.watch_counters().full_scan_count(),
        announcements: state.announce_targets(),
        export: state.export_figures(),
        git: state.git_figures(),
        now: state.current_time().into(),
        process: ProcessStats::read_current(),
    };
    let mut registry = Registry::with_prefix("courant");
    registry.register_collector(Box::new(values));
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = encode(&mut text, &registry);
    text
}

/// Returns how long the current generation has been served; `None` before the first one.
fn generation_age(status: &WatchStatus, at: SystemTime) -> Option<Duration> {
    at.duration_since(status.history.front()?.published_at).ok()
}

/// All values that the metrics are made of.
#[derive(Debug)]
struct MetricValues {
    status: WatchStatus,
    posts: Option<Arc<PostTable>>,
    generation_age: Option<Duration>,
    traffic: TrafficFigures,
    audience: AudienceStats,
    render_stats: render_cache::RenderFigures,
    render_cache_bytes: u64,
    event_count: u64,
    scan_count: u64,
    full_scan_count: u64,
    /// By target.
    announcements: BTreeMap<String, TargetStatus>,
    /// `None` without an export, as the next is without a repository.
    export: Option<ExportFigures>,
    git: Option<GitFigures>,
    now: SystemTime,
    process: ProcessStats,
}

/// Memory and file descriptors of this process; `None` where the system has no `/proc`.
#[derive(Debug, Default)]
struct ProcessStats {
    /// In bytes.
    resident_bytes: Option<u64>,
    open_descriptors: Option<u64>,
}

impl ProcessStats {
    fn read_current() -> ProcessStats {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let resident = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
        let descriptors = std::fs::read_dir("/proc/self/fd").ok();
        ProcessStats {
            resident_bytes: resident.map(|kibibytes| kibibytes * 1024),
            open_descriptors: descriptors.map(|all| all.count() as u64),
        }
    }
}

/// Writer of metrics, one after the other.
struct MetricsWriter<'a>(DescriptorEncoder<'a>);

/// Name, help text and unit of a metric.
type MetricHeader<'a> = (&'a str, &'a str, Option<&'a Unit>);

impl MetricsWriter<'_> {
    /// Writes a metric with one sample per set of labels.
    fn write_samples<const N: usize, V>(
        &mut self,
        header: MetricHeader<'_>,
        kind: MetricType,
        values: impl IntoIterator<Item = ([(&'static str, String); N], V)>,
        write: impl Fn(MetricEncoder<'_>, &V) -> fmt::Result,
    ) -> fmt::Result {
        let (name, help, unit) = header;
        let mut metric = self.0.encode_descriptor(name, help, unit, kind)?;
        for (labels, value) in values {
            write(metric.encode_family(&labels)?, &value)?;
        }
        Ok(())
    }

    fn write_counters<const N: usize>(
        &mut self,
        header: MetricHeader<'_>,
        values: impl IntoIterator<Item = ([(&'static str, String); N], u64)>,
    ) -> fmt::Result {
        self.write_samples(header, MetricType::Counter, values, |mut metric, value| {
            metric.encode_counter::<NoLabelSet, u64, u64>(value, None)
        })
    }

    fn write_gauges<const N: usize>(
        &mut self,
        header: MetricHeader<'_>,
        values: impl IntoIterator<Item = ([(&'static str, String); N], u64)>,
    ) -> fmt::Result {
        self.write_samples(header, MetricType::Gauge, values, |mut metric, value| {
            metric.encode_gauge(&to_gauge_value(*value))
        })
    }

    fn write_counter(&mut self, name: &str, help: &str, value: u64) -> fmt::Result {
        let kind = MetricType::Counter;
        let mut metric = self.0.encode_descriptor(name, help, None, kind)?;
        metric.encode_counter::<NoLabelSet, u64, u64>(&value, None)
    }

    fn write_gauge(&mut self, header: MetricHeader<'_>, value: u64) -> fmt::Result {
        let (name, help, unit) = header;
        let kind = MetricType::Gauge;
        let mut metric = self.0.encode_descriptor(name, help, unit, kind)?;
        metric.encode_gauge(&to_gauge_value(value))
    }
}

/// Converts to the signed integer that gauges take.
fn to_gauge_value(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

impl Collector for MetricValues {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut out = MetricsWriter(encoder);
        self.write_request_metrics(&mut out)?;
        self.write_feed_metrics(&mut out)?;
        self.write_connection_metrics(&mut out)?;
        self.write_content_metrics(&mut out)?;
        self.write_figures(&mut out)?;
        self.write_announce_metrics(&mut out)?;
        self.write_watch_and_process_metrics(&mut out)
    }
}

impl MetricValues {
    fn write_request_metrics(&self, out: &mut MetricsWriter<'_>) -> fmt::Result {
        let classes = || self.traffic.classes.iter();
        let class = |figures: &ClassFigures| ("class", figures.class.metrics_label().to_owned());
        let by_status = classes().flat_map(|figures| {
            let answers = figures.responses_by_status.iter();
            answers.map(move |(status, count)| {
                ([class(figures), ("status", status.to_string())], *count)
            })
        });
        out.write_counters(
            (
                "requests",
                "Requests answered at the public addresses",
                None,
            ),
            by_status,
        )?;
        out.write_counters(
            (
                "conditional_requests",
                "Requests with If-None-Match or If-Modified-Since",
                None,
            ),
            classes().map(|figures| ([class(figures)], figures.conditional_requests)),
        )?;
        out.write_counters(
            (
                "response_body",
                "Response body bytes sent, after content coding",
                Some(&Unit::Bytes),
            ),
            classes().map(|figures| ([class(figures)], figures.body_bytes)),
        )?;
        let times = classes().map(|figures| ([class(figures)], &figures.durations));
        out.write_samples(
            (
                "response_time",
                "Time from the complete request head to the response",
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

    fn write_feed_metrics(&self, out: &mut MetricsWriter<'_>) -> fmt::Result {
        let feeds = || self.audience.feeds.iter();
        // "others" counts the feeds that have no counters of their own.
        let labels = |feed: &FeedStats| {
            let path = feed.path.as_deref().unwrap_or("others");
            [("feed", path.to_owned())]
        };
        out.write_gauges(
            (
                "feed_subscribers",
                "Subscribers of a feed in the last day, as reported by feed services",
                None,
            ),
            feeds().map(|feed| (labels(feed), feed.subscribers)),
        )?;
        out.write_gauges(
            (
                "feed_pollers",
                "Estimated number of other readers of a feed in the last day",
                None,
            ),
            feeds().map(|feed| (labels(feed), feed.pollers)),
        )?;
        out.write_counters(
            ("feed_requests", "Requests for a feed", None),
            feeds().map(|feed| (labels(feed), feed.requests)),
        )?;
        out.write_counters(
            (
                "feed_not_modified",
                "Requests for a feed answered with 304",
                None,
            ),
            feeds().map(|feed| (labels(feed), feed.not_modified)),
        )
    }

    fn write_connection_metrics(&self, out: &mut MetricsWriter<'_>) -> fmt::Result {
        let counts = &self.traffic.connections;
        out.write_gauge(("connections", "Open connections", None), counts.open)?;
        out.write_counter(
            "connections_accepted",
            "Accepted connections",
            counts.accepted,
        )?;
        out.write_counter(
            "connections_refused",
            "Connections refused at the limit per address",
            counts.rejected,
        )?;
        let reasons = [
            ("late_head", counts.header_timeouts),
            ("slow_reader", counts.write_timeouts),
            ("evicted", counts.evicted),
        ];
        out.write_counters(
            (
                "connections_cut",
                "Connections closed before the client was finished",
                None,
            ),
            reasons.map(|(reason, count)| ([("reason", reason.to_owned())], count)),
        )
    }

    fn write_content_metrics(&self, out: &mut MetricsWriter<'_>) -> fmt::Result {
        let status = &self.status.content;
        out.write_gauge(
            (
                "generation",
                "Number of the generation that is served",
                None,
            ),
            status.generation,
        )?;
        if let Some(age) = self.generation_age {
            out.write_gauge(
                (
                    "generation_age",
                    "Time since that generation is served",
                    Some(&Unit::Seconds),
                ),
                age.as_secs(),
            )?;
        }
        if let Some(posts) = &self.posts {
            out.write_gauges(
                ("posts", "Posts by state", None),
                POST_STATES.map(|state| {
                    (
                        [("state", state.to_owned())],
                        posts.count_in_state(state) as u64,
                    )
                }),
            )?;
            out.write_gauges(
                ("findings", "Findings by rule and severity", None),
                posts
                    .count_by_rule()
                    .into_iter()
                    .map(|((rule, severity), count)| {
                        let labels = [
                            ("rule", rule.name().to_owned()),
                            ("severity", severity.to_string()),
                        ];
                        (labels, count)
                    }),
            )?;
        }
        let degradations = &self.status.degradations;
        let reasons = [
            ("content", degradations.content.is_some()),
            ("doubt", degradations.mass_deletion_held),
            ("configuration", degradations.config.is_some()),
        ];
        out.write_gauges(
            (
                "degraded",
                "1 if the site differs from the files on disk for this reason",
                None,
            ),
            reasons.map(|(reason, applies)| ([("reason", reason.to_owned())], u64::from(applies))),
        )
    }

    fn write_figures(&self, out: &mut MetricsWriter<'_>) -> fmt::Result {
        let counters = self.export.iter().flat_map(ExportFigures::counters);
        for (name, help, value) in counters.chain(self.git.iter().flat_map(GitFigures::counters)) {
            out.write_counter(name, help, value)?;
        }
        let gauges = self
            .export
            .iter()
            .flat_map(|figures| figures.gauges(self.now));
        for (name, help, value) in gauges.chain(self.git.iter().map(GitFigures::gauge)) {
            out.write_gauge((name, help, None), value)?;
        }
        Ok(())
    }

    fn write_announce_metrics(&self, out: &mut MetricsWriter<'_>) -> fmt::Result {
        type Counter = fn(&TargetStatus) -> u64;
        let counters: [(&str, &str, Counter); 3] = [
            (
                "announcements_accepted",
                "Feeds and URLs that a hub or IndexNow accepted",
                |status| status.accepted,
            ),
            (
                "announcements_failed",
                "Announcements that failed or were rejected",
                |status| status.failed,
            ),
            (
                "announcement_retries",
                "Further attempts after a failed announcement",
                |status| status.retries,
            ),
        ];
        let label = |target: &String| [("target", target.clone())];
        for (name, help, count) in counters {
            let values = self.announcements.iter();
            let values = values.map(|(target, status)| (label(target), count(status)));
            out.write_counters((name, help, None), values)?;
        }
        let successes = self.announcements.iter().filter_map(|(target, status)| {
            let since = status.last_success?.duration_since(SystemTime::UNIX_EPOCH);
            Some((label(target), since.ok()?.as_secs()))
        });
        out.write_gauges(
            (
                "announcement_last_success_timestamp",
                "Unix time of the last accepted announcement",
                Some(&Unit::Seconds),
            ),
            successes,
        )
    }

    fn write_watch_and_process_metrics(&self, out: &mut MetricsWriter<'_>) -> fmt::Result {
        out.write_counter("watch_events", "File events received", self.event_count)?;
        out.write_counter(
            "watch_looks",
            "Scans of the content, partial or full",
            self.scan_count,
        )?;
        out.write_counter(
            "watch_rescans",
            "Full scans of the content",
            self.full_scan_count,
        )?;
        out.write_counter(
            "watch_missed_files",
            "Changed files that a rescan found without an event",
            self.status.content.missed_change_count,
        )?;
        out.write_counter(
            "late_asked",
            "Requests for cards and other outputs that are rendered on request",
            self.render_stats.requested,
        )?;
        out.write_counter(
            "late_made",
            "Outputs rendered on request",
            self.render_stats.rendered,
        )?;
        out.write_counter(
            "late_failed",
            "Outputs that could not be rendered",
            self.render_stats.failed,
        )?;
        out.write_gauge(
            (
                "late_kept",
                "Cached outputs of this kind",
                Some(&Unit::Bytes),
            ),
            self.render_cache_bytes,
        )?;
        if let Some(resident) = self.process.resident_bytes {
            out.write_gauge(
                (
                    "resident_memory",
                    "Resident memory of the process",
                    Some(&Unit::Bytes),
                ),
                resident,
            )?;
        }
        if let Some(descriptors) = self.process.open_descriptors {
            out.write_gauge(("open_fds", "Open file descriptors", None), descriptors)?;
        }
        out.write_gauges(
            ("build_info", "Version of the program", None),
            [([("version", env!("CARGO_PKG_VERSION").to_owned())], 1)],
        )
    }
}
