//! Reports the progress of a response body to the connection's timers, and its end to the counters.

use std::sync::Arc;

use hyper::Version;
use tokio::time::Instant;

use super::connection_timers::ConnectionTimers;
use super::request_record::RequestRecord;
use crate::http::response_body::{BodyProgress, ResponseBody};

/// Maximum data of one HTTP/2 frame. hyper polls for a frame when the client's window has room, so each frame counts as
/// progress.
const HTTP2_FRAME_BYTES: usize = 16 * 1024;

/// Progress of a body that is being sent.
#[derive(Debug)]
struct ResponseProgress {
    /// True if the body counts for the write timeout.
    counts_for_write_timeout: bool,
    is_http2: bool,
    /// Bytes handed to hyper.
    bytes_sent: usize,
    timers: Arc<ConnectionTimers>,
    record: RequestRecord,
}

/// Reports the progress of `body` to the connection's timers, and its end to the counters. Sending starts at `now`.
pub(super) fn report_progress(
    body: ResponseBody,
    version: Version,
    (timers, now): (Arc<ConnectionTimers>, Instant),
    record: RequestRecord,
) -> ResponseBody {
    // An empty body cannot hit the write timeout.
    let counts_for_write_timeout = !body.is_empty();
    if counts_for_write_timeout {
        timers.record_response_start(now);
    }
    body.with_progress(ResponseProgress {
        counts_for_write_timeout,
        is_http2: version == Version::HTTP_2,
        bytes_sent: 0,
        timers,
        record,
    })
}

impl BodyProgress for ResponseProgress {
    fn record_frame(&mut self, available: usize) -> usize {
        let (length, now) = if self.is_http2 {
            (available.min(HTTP2_FRAME_BYTES), Some(Instant::now()))
        } else {
            (available, None)
        };
        self.timers.record_body_progress(length, now);
        self.bytes_sent += length;
        length
    }
}

impl Drop for ResponseProgress {
    fn drop(&mut self) {
        if self.counts_for_write_timeout {
            self.timers.record_response_end();
        }
        self.record.finish_body(self.bytes_sent);
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use hyper::body::Body as _;

    use super::*;
    use crate::model::artifact::{CorruptGzip, Payload};
    use crate::server::tests::{feed_request_record, generous_timers};
    use crate::stats::traffic::TrafficStats;

    #[tokio::test]
    async fn corrupt_gzip_fails_the_body_before_its_end() {
        // A stored block of five bytes with a wrong checksum.
        let mut coded = b"\x1f\x8b\x08\0\0\0\0\0\0\xff\x01\x05\0\xfa\xffbytes".to_vec();
        coded.extend([0, 0, 0, 0, 5, 0, 0, 0]);
        let (timers, traffic) = (generous_timers(), TrafficStats::default());
        let note = feed_request_record(&traffic);
        let body = ResponseBody::from(Payload::from_gzip(coded.into()));
        assert_eq!(body.len(), 5);
        let mut answer = report_progress(body, Version::HTTP_11, (timers, Instant::now()), note);
        assert_eq!(answer.frame().await.unwrap().unwrap_err(), CorruptGzip);
        assert!(!answer.is_end_stream());
        drop(answer);
        let figures = traffic.traffic_figures();
        let sent = figures.classes.iter().map(|of| of.body_bytes);
        assert_eq!(sent.sum::<u64>(), 0, "only what was sent is counted");
    }
}
