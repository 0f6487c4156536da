//! Collects the tags that were removed from a body, each name once.

use std::collections::HashMap;
use std::ops::Range;

/// Maximum number of reported names, above what any site has. Tags that hide content have as many again.
const MAX_REPORTED_NAMES: usize = 200;

/// Reason why a tag was removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum RemovalReason {
    /// Only the generator knows its output.
    UnknownOutput,
    /// An address that only the generator can resolve. The link's text or the image stays.
    UnresolvedAddress,
    /// A tag that hides its content. The content was removed with it.
    Locked,
    /// A tag that hides its content and has no end. Everything after it was removed too.
    Unclosed,
}

/// A tag that was removed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct RemovedTag {
    /// Name as findings show it: `{{< name >}}`.
    pub(crate) name: String,
    /// First line of the first occurrence, as written.
    pub(crate) text: String,
    /// Line of the first occurrence in the body, counted from 0.
    pub(crate) line: usize,
    /// Number of occurrences.
    pub(crate) count: usize,
    pub(crate) reason: RemovalReason,
}

/// The removed tags, in order of first occurrence.
#[derive(Debug, Default)]
pub(super) struct RemovedTags {
    pub(super) tags: Vec<RemovedTag>,
    /// Bytes of tags whose output only the generator knows.
    pub(super) unknown_bytes: usize,
    by_name: HashMap<(String, RemovalReason), usize>,
    /// Position up to which lines were counted, and the line number there.
    counted: (usize, usize),
}

impl RemovedTags {
    /// Records the removal of a range of the body.
    pub(super) fn record_tag(
        &mut self,
        name: String,
        body: &str,
        place: Range<usize>,
        reason: RemovalReason,
    ) {
        if reason == RemovalReason::UnknownOutput {
            self.unknown_bytes += place.len();
        }
        let key = (name, reason);
        let known = self.by_name.get(&key);
        if let Some(known) = known.and_then(|at| self.tags.get_mut(*at)) {
            known.count += 1;
            return;
        }
        // Removed sections are reported even after many unknown tags.
        let is_hiding = matches!(reason, RemovalReason::Locked | RemovalReason::Unclosed);
        if self.tags.len() >= MAX_REPORTED_NAMES * if is_hiding { 2 } else { 1 } {
            return;
        }
        // Ranges come in ascending order, so each line is counted once.
        let (at, line) = self.counted;
        let before = body.get(at..place.start).unwrap_or_default();
        let line = line + before.matches('\n').count();
        self.counted = (place.start.max(at), line);
        let text = body.get(place).unwrap_or_default();
        self.tags.push(RemovedTag {
            name: key.0.clone(),
            text: text.lines().next().unwrap_or_default().to_owned(),
            line,
            count: 1,
            reason,
        });
        self.by_name.insert(key, self.tags.len() - 1);
    }
}
