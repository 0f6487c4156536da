//! Defines the events that a watch reports.

use std::time::Duration;

use super::change_source::ChangeDetector;
use super::event_source::EventsUnavailable;
use crate::config::{Config, ConfigError};
use crate::publish::pipeline::{ContentStatus, PipelineError, RefreshOutcome};

/// Event reported by a watch.
#[derive(Debug)]
pub enum WatchEvent<'a> {
    /// A turn begins. Sent at least once a second or so.
    TurnStarted,
    /// A requested reload of the configuration begins. It is over when the next turn begins.
    Reloading,
    /// The content can be read again after a failed scan.
    Recovered,
    /// A scan succeeded.
    Scanned(RefreshOutcome, &'a ContentStatus),
    /// All bodies and cards were linted.
    LintsFinished(&'a ContentStatus),
    /// A scan failed; the last good snapshot stays up.
    ScanFailed(&'a PipelineError),
    /// Most posts were deleted at once; they are served for this much longer.
    MassDeletionHeld(Duration),
    /// File events are unavailable; everything is scanned at this interval instead.
    EventsUnavailable(&'a EventsUnavailable, Duration),
    /// Events do not cover all changes on this file system; everything is also scanned at this interval.
    SharedFilesystem(&'static str, Duration),
    /// File events are available, for the first time or again.
    EventsAvailable,
    /// Number of changed files that a rescan found without an event.
    MissedEvents(usize, &'a ContentStatus),
    /// The configuration was read again and is active, except for keys that need a restart.
    Reloaded {
        /// Keys whose value differs from that of the start.
        needs_restart: &'a [&'static str],
        /// The active configuration.
        config: &'a Config,
        /// Status of the content with the new configuration.
        status: &'a ContentStatus,
    },
    /// The configuration is unreadable or invalid; the old one stays active.
    ConfigRejected(&'a ConfigError),
    /// The configuration is valid, but the content cannot be read with it; the old one stays active.
    ConfigUnusable(&'a PipelineError),
}

/// State of file events as last reported.
#[derive(Debug, Default)]
pub(super) struct ReportedSource {
    unavailable: Option<EventsUnavailable>,
    shared_filesystem: Option<&'static str>,
}

impl ReportedSource {
    /// Returns the next change of the source to report, if any.
    pub(super) fn next_event<'a>(
        &mut self,
        detector: &'a ChangeDetector,
        poll: Duration,
    ) -> Option<WatchEvent<'a>> {
        let (missing, shared) = (detector.events_unavailable(), detector.shared_filesystem());
        let was_unavailable = self.unavailable.is_some();
        if self.unavailable.as_ref() != missing {
            self.unavailable = missing.cloned();
            if let Some(why) = missing {
                return Some(WatchEvent::EventsUnavailable(why, poll));
            }
        }
        if self.shared_filesystem != shared {
            self.shared_filesystem = shared;
            if let Some(kind) = shared {
                return Some(WatchEvent::SharedFilesystem(kind, poll));
            }
        }
        (was_unavailable && detector.has_events()).then_some(WatchEvent::EventsAvailable)
    }
}
