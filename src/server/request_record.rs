//! Records a request and its response in the counters and the access log.

use std::net::IpAddr;
use std::sync::Arc;

use hyper::StatusCode;
use tokio::time::Instant;

use super::access_log_entry::LogEntry;
use crate::http::request_headers::{KnownHeader, RequestHeaders};
use crate::http::request_target::RequestTarget;
use crate::publish::snapshot::Resource;
use crate::server::access_log::AccessLog;
use crate::stats::feed_request::{FeedRequest, PollRate};
use crate::stats::traffic::{ResourceClass, TrafficStats};

/// Data of a request that is kept until its response has been sent.
#[derive(Debug)]
pub(super) struct RequestRecord {
    traffic: Arc<TrafficStats>,
    head_complete_at: Instant,
    class: ResourceClass,
    feed: Option<Arc<Resource>>,
    is_conditional: bool,
    status: StatusCode,
    /// Access log and the entry for it; `None` without an access log.
    log_entry: Option<Box<(AccessLog, LogEntry)>>,
}

impl RequestRecord {
    /// Creates the record of a request whose head was complete at `began`.
    pub(super) fn new(
        traffic: Arc<TrafficStats>,
        fields: &RequestHeaders<'_>,
        asked: RequestTarget,
        head_complete_at: Instant,
    ) -> RequestRecord {
        RequestRecord {
            traffic,
            head_complete_at,
            class: asked.class,
            feed: asked.into_feed(),
            is_conditional: fields.is_conditional(),
            status: StatusCode::OK,
            log_entry: None,
        }
    }

    /// Adds an access log entry, which is written when the body ends.
    pub(super) fn with_log_entry(self, log: AccessLog, line: LogEntry) -> RequestRecord {
        RequestRecord {
            log_entry: Some(Box::new((log, line))),
            ..self
        }
    }

    /// Records a poll of a feed, with its client and the status of the response. Does nothing for other resources.
    pub(super) fn record_poll(
        &self,
        fields: &RequestHeaders<'_>,
        client: impl FnOnce() -> Option<IpAddr>,
        pace: PollRate,
        status: StatusCode,
    ) {
        let Some(feed) = &self.feed else {
            return;
        };
        let agent = fields.first_value(KnownHeader::UserAgent);
        let poll = FeedRequest {
            client: client(),
            agent: agent.map_or(&[], |agent| agent.as_bytes()),
            is_conditional: self.is_conditional,
            rate: pace,
            is_not_modified: status == StatusCode::NOT_MODIFIED,
        };
        let readers = self.traffic.feed_readers();
        readers.record_request(&feed.key, poll, self.head_complete_at);
    }

    /// Counts the response, which is about to be sent.
    pub(super) fn record_response(&mut self, status: StatusCode) {
        self.status = status;
        let took = self.head_complete_at.elapsed();
        self.traffic
            .record_response(self.class, status, self.is_conditional, took);
    }

    /// Writes the access log entry and counts the body, of which `bytes` were sent.
    pub(super) fn finish_body(&mut self, bytes: usize) {
        if let Some((log, line)) = self.log_entry.take().map(|line| *line) {
            log.enqueue_line(line.finish_line(self.status, bytes));
        }
        if bytes == 0 {
            return;
        }
        self.traffic.record_body_bytes(self.class, bytes);
        if let Some(feed) = &self.feed {
            self.traffic
                .feed_readers()
                .record_body_bytes(&feed.key, bytes);
        }
    }
}
