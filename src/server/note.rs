//! A request and its answer into what is counted and written of it.

use std::net::IpAddr;
use std::sync::Arc;

use hyper::StatusCode;
use tokio::time::Instant;

use super::asked::Asked;
use super::fields::{Field, Fields};
use super::line::Line;
use super::readers::{Pace, Poll};
use super::traffic::{Class, Traffic};
use crate::access_log::AccessLog;
use crate::snapshot::Resource;

/// What is kept of a request until its answer is through.
#[derive(Debug)]
pub(super) struct Note {
    traffic: Arc<Traffic>,
    began: Instant,
    class: Class,
    feed: Option<Arc<Resource>>,
    is_conditional: bool,
    status: StatusCode,
    /// What is written of it, and where, if it is.
    line: Option<Box<(AccessLog, Line)>>,
}

impl Note {
    /// Begins with a request whose head was complete at `began`.
    pub(super) fn new(
        traffic: Arc<Traffic>,
        fields: &Fields<'_>,
        asked: Asked,
        began: Instant,
    ) -> Note {
        Note {
            traffic,
            began,
            class: asked.class,
            feed: asked.into_feed(),
            is_conditional: fields.has_condition(),
            status: StatusCode::OK,
            line: None,
        }
    }

    /// The same, which is written in the end.
    pub(super) fn with_line(self, log: AccessLog, line: Line) -> Note {
        Note {
            line: Some(Box::new((log, line))),
            ..self
        }
    }

    /// Who asked, if it was for a feed, and what is going to be answered.
    pub(super) fn asked_by(
        &self,
        fields: &Fields<'_>,
        client: impl FnOnce() -> Option<IpAddr>,
        pace: Pace,
        status: StatusCode,
    ) {
        let Some(feed) = &self.feed else {
            return;
        };
        let agent = fields.first(Field::UserAgent);
        let poll = Poll {
            client: client(),
            agent: agent.map_or(&[], |agent| agent.as_bytes()),
            is_conditional: self.is_conditional,
            pace,
            is_not_modified: status == StatusCode::NOT_MODIFIED,
        };
        let readers = self.traffic.readers();
        readers.polled(&feed.key, poll, self.began);
    }

    /// The answer is made, and is about to be sent.
    pub(super) fn made(&mut self, status: StatusCode) {
        self.status = status;
        let took = self.began.elapsed();
        self.traffic
            .answered(self.class, status, self.is_conditional, took);
    }

    /// So many bytes of the answer's body got under way, and there come no more.
    pub(super) fn ends(&mut self, bytes: usize) {
        if let Some((log, line)) = self.line.take().map(|line| *line) {
            log.line(line.finish(self.status, bytes));
        }
        if bytes == 0 {
            return;
        }
        self.traffic.sent(self.class, bytes);
        if let Some(feed) = &self.feed {
            self.traffic.readers().sent(&feed.key, bytes);
        }
    }
}
