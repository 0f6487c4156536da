//! A request and its answer into what is counted of it.

use std::sync::Arc;

use hyper::header::{HeaderMap, IF_MODIFIED_SINCE, IF_NONE_MATCH};
use hyper::{Request, StatusCode};
use tokio::time::Instant;

use super::respond::Asked;
use super::traffic::{Class, Traffic};

/// What is kept of a request until its answer is through.
#[derive(Debug)]
pub(super) struct Note {
    traffic: Arc<Traffic>,
    began: Instant,
    class: Class,
    is_conditional: bool,
}

impl Note {
    /// Begins with a request whose head was complete at `began`.
    pub(super) fn new<B>(
        traffic: Arc<Traffic>,
        request: &Request<B>,
        asked: &Asked,
        began: Instant,
    ) -> Note {
        Note {
            traffic,
            began,
            class: asked.class,
            is_conditional: has_condition(request.headers()),
        }
    }

    /// The answer is made, and is about to be sent.
    pub(super) fn made(&self, status: StatusCode) {
        let took = self.began.elapsed();
        self.traffic
            .answered(self.class, status, self.is_conditional, took);
    }

    /// So many bytes of the answer's body got under way, and there come no more.
    pub(super) fn ends(&self, bytes: usize) {
        if bytes > 0 {
            self.traffic.sent(self.class, bytes);
        }
    }
}

/// Whether the request is one of those that cost next to nothing once they are answered before.
pub(super) fn has_condition(headers: &HeaderMap) -> bool {
    headers.contains_key(IF_NONE_MATCH) || headers.contains_key(IF_MODIFIED_SINCE)
}
