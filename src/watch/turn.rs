//! What a watch reports.

use std::time::Duration;

use super::sight::Sight;
use super::source::NoEvents;
use crate::config::ConfigError;
use crate::pipeline::{Outcome, PipelineError, Status};

/// What a turn led to.
#[derive(Debug)]
pub enum Turn<'a> {
    /// A turn begins, which is at least every second or so; nothing has come of it yet.
    Awake,
    /// Somebody asked for the configuration to be read again, which begins now. It is over when the next
    /// turn begins, whatever it leads to.
    Rereading,
    /// The content can be read again, after a look that failed.
    Recovered,
    /// A look went well.
    Looked(Outcome, &'a Status),
    /// All bodies and cards were looked at, for what is wrong with them.
    Advised(&'a Status),
    /// A look failed; the last good snapshot is up.
    Failed(&'a PipelineError),
    /// Most posts are gone at once; they are served for a while longer.
    InDoubt(Duration),
    /// No events can be had; everything is looked at at this interval instead.
    NoEvents(&'a NoEvents, Duration),
    /// Events do not tell of all changes on this file system; everything is looked at at this interval
    /// besides.
    Shared(&'static str, Duration),
    /// There are events now, or again.
    Events,
    /// So many files changed of which no event told.
    Missed(usize, &'a Status),
    /// The configuration was read again and is gone by, but for the keys that need a restart.
    Reloaded {
        /// Those that differ from the start.
        needs_restart: &'a [&'static str],
        /// What is known of the content by it.
        status: &'a Status,
    },
    /// The configuration cannot be read, or has faults; nothing was changed.
    Refused(&'a ConfigError),
    /// The configuration is right, and the content cannot be read by it; nothing was changed.
    Unusable(&'a PipelineError),
}

/// What was said of where changes are learned from.
#[derive(Debug, Default)]
pub(super) struct Sighted {
    missing: Option<NoEvents>,
    shared: Option<&'static str>,
}

impl Sighted {
    /// What is to be said of it now, if anything.
    pub(super) fn next<'a>(&mut self, sight: &'a Sight, poll: Duration) -> Option<Turn<'a>> {
        let (missing, shared) = (sight.missing(), sight.shared());
        let was_blind = self.missing.is_some();
        if self.missing.as_ref() != missing {
            self.missing = missing.cloned();
            if let Some(why) = missing {
                return Some(Turn::NoEvents(why, poll));
            }
        }
        if self.shared != shared {
            self.shared = shared;
            if let Some(kind) = shared {
                return Some(Turn::Shared(kind, poll));
            }
        }
        (was_blind && sight.has_events()).then_some(Turn::Events)
    }
}
