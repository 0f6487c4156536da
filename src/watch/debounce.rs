//! Debounces file events: decides when to scan which paths.
//!
//! A complete file is scanned at once. A file that is open for writing waits until it is closed or
//! quiet. A file that a scan found missing is looked up again later. In a burst, changes are published
//! together: the longer a generation takes, the more of them. Files are still read in the meantime, so
//! that a withdrawal does not wait for the other posts.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::event_filter::{ChangeSet, PathChange};
use super::fs_event::FsEventKind;
use crate::library::{DELETE_GRACE, ScanScope};

/// Maximum time that a file being written is left unread.
const MAX_OPEN_FILE_WAIT: Duration = Duration::from_millis(500);
/// Delay before a new directory is scanned again. Its watch is in place well before that.
const NEW_DIR_SETTLE_TIME: Duration = Duration::from_millis(150);
/// Changes that arrive within this time after a publication continue the burst.
const BURST_GAP: Duration = Duration::from_millis(50);
/// Quiet time in a burst before the next publication. Doubles as the burst goes on, up to the maximum.
const MIN_BURST_QUIET: Duration = Duration::from_millis(5);
const MAX_BURST_QUIET: Duration = Duration::from_millis(40);
/// Longest delay of a publication by a burst without quiet. Doubles as the burst goes on, up to the
/// maximum.
const MIN_BURST_HOLD: Duration = Duration::from_millis(50);
const MAX_BURST_HOLD: Duration = Duration::from_millis(250);
/// Maximum delay of a publication, however long a generation takes.
const MAX_PUBLISH_DELAY: Duration = Duration::from_secs(2);
/// Quiet time after a publication that ends a burst.
const BURST_END_QUIET: Duration = Duration::from_millis(200);
/// Minimum interval between reads in a burst. A read that takes longer extends it.
const BURST_READ_INTERVAL: Duration = Duration::from_millis(20);

/// Work that is due now.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct DueWork {
    pub(super) scope: ScanScope,
    pub(super) publish: PublishMode,
}

/// Changes to publish, of those that a scan finds and those that were held back before.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) enum PublishMode {
    /// None: nothing is to be scanned.
    #[default]
    Nothing,
    /// Withdrawals only. The rest is held back because more changes are coming.
    Withdrawals,
    All,
}

/// Paths to scan, and when.
#[derive(Debug, Default)]
pub(super) struct Debouncer {
    debounce: Duration,
    /// Complete files that were not read since.
    ready: ScanScope,
    /// Arrival of the first path in `ready`.
    ready_since: Option<Instant>,
    /// Arrival of the first and of the last change that is not published.
    unpublished: Option<(Instant, Instant)>,
    /// True if any unpublished change was read.
    has_read_unpublished: bool,
    /// Files that are not complete.
    waiting: BTreeMap<PathBuf, WaitingFile>,
    /// New directories, which may have been written to before they were watched, and when to scan them.
    settling: Option<(Instant, ScanScope)>,
    /// End and duration of the last publication that events led to.
    last_publish: Option<(Instant, Duration)>,
    /// Number of such publications in the current burst.
    burst_len: u32,
    /// End of the last scan, and its duration if it only read.
    last_read: Option<(Instant, Duration)>,
}

#[derive(Debug)]
struct WaitingFile {
    since: Instant,
    due: Instant,
    /// Scope to scan then.
    scope: ScanScope,
}

impl Debouncer {
    pub(super) fn new(debounce: Duration) -> Debouncer {
        Debouncer {
            debounce,
            ..Debouncer::default()
        }
    }

    /// Sets how long an open file must be quiet before it is read.
    pub(super) fn set_debounce(&mut self, debounce: Duration) {
        self.debounce = debounce;
    }

    /// Records what an event changed.
    pub(super) fn on_changes(&mut self, change_set: ChangeSet, kind: FsEventKind, at: Instant) {
        if change_set.needs_full_scan {
            self.request_full_scan(at);
        }
        for PathChange { path, scope, .. } in change_set.changes {
            if change_set.is_new_directory {
                self.on_new_directory(path, scope, at);
            } else {
                self.on_file_event(path, scope, kind, at);
            }
        }
    }

    /// Records an event of a file. `scope` is scanned once the file is complete.
    fn on_file_event(&mut self, path: PathBuf, scope: ScanScope, kind: FsEventKind, at: Instant) {
        match kind {
            FsEventKind::Writing => self.postpone_file(path, scope, at),
            // A file that is being written waits for its close event.
            FsEventKind::MetadataChanged if self.waiting.contains_key(&path) => {}
            FsEventKind::Written
            | FsEventKind::Arrived
            | FsEventKind::Removed
            | FsEventKind::MetadataChanged => {
                self.waiting.remove(&path);
                self.mark_ready(scope, at);
            }
        }
    }

    /// Records a file that a scan found missing, to scan it again after [`DELETE_GRACE`].
    pub(super) fn on_missing_file(&mut self, path: PathBuf, since: Instant) {
        let (due, scope) = (
            since + DELETE_GRACE,
            ScanScope::Paths([path.clone()].into()),
        );
        self.waiting.insert(path, WaitingFile { since, due, scope });
    }

    /// Records a new directory, to be scanned now and again once it has settled.
    fn on_new_directory(&mut self, path: PathBuf, scope: ScanScope, at: Instant) {
        let (due, dirs) = self
            .settling
            .get_or_insert_with(|| (at, ScanScope::default()));
        *due = at + NEW_DIR_SETTLE_TIME;
        dirs.merge(scope.clone());
        self.on_file_event(path, scope, FsEventKind::Arrived, at);
    }

    /// Requests a scan of everything.
    pub(super) fn request_full_scan(&mut self, at: Instant) {
        self.mark_ready(ScanScope::All, at);
    }

    /// Records paths that are complete.
    fn mark_ready(&mut self, scope: ScanScope, at: Instant) {
        self.ready.merge(scope);
        if self.unpublished.is_none() {
            let is_soon = self
                .last_publish
                .is_some_and(|(ended, _)| at < ended + BURST_GAP);
            self.burst_len = if is_soon { self.burst_len + 1 } else { 0 };
        }
        self.unpublished = Some((self.unpublished.map_or(at, |(first, _)| first), at));
        self.ready_since.get_or_insert(at);
    }

    /// Postpones a file until it is quiet, but for at most [`MAX_OPEN_FILE_WAIT`] in total.
    fn postpone_file(&mut self, path: PathBuf, scope: ScanScope, at: Instant) {
        if let ScanScope::Paths(ready) = &mut self.ready {
            // The file was complete and due; now it is being written again.
            ready.remove(&path);
            if ready.is_empty() {
                self.ready_since = None;
                self.unpublished.take_if(|_| !self.has_read_unpublished);
            }
        }
        let waiting = self.waiting.entry(path).or_insert(WaitingFile {
            since: at,
            due: at,
            scope,
        });
        waiting.due =
            (at + self.debounce).min(waiting.since + MAX_OPEN_FILE_WAIT.max(self.debounce));
    }

    /// Returns when the next work is due if no more events arrive.
    pub(super) fn next_due(&self) -> Option<Instant> {
        let waiting = self.waiting.values().map(|waiting| waiting.due).min();
        let settling = self.settling.as_ref().map(|(due, _)| *due);
        [self.publish_due_at(), self.read_due_at(), waiting, settling]
            .into_iter()
            .flatten()
            .min()
    }

    /// Returns when complete files are to be read, which may be before they are published.
    fn read_due_at(&self) -> Option<Instant> {
        let first = self.ready_since?;
        let (ended, took) = self.last_read?;
        Some(first.max(ended + BURST_READ_INTERVAL.max(took)))
    }

    /// Returns when complete files are to be published.
    fn publish_due_at(&self) -> Option<Instant> {
        let (first, last) = self.unpublished?;
        let Some(continuations) = self.burst_len.checked_sub(1) else {
            return Some(first);
        };
        let growth = 1_u32 << continuations.min(3);
        let took = self.last_publish.map_or(Duration::ZERO, |(_, took)| took);
        let quiet = (MIN_BURST_QUIET * growth).min(MAX_BURST_QUIET);
        let hold = (MIN_BURST_HOLD * growth)
            .min(MAX_BURST_HOLD)
            .max(took * 2)
            .min(MAX_PUBLISH_DELAY);
        Some((last + quiet).min(first + hold))
    }

    /// Removes and returns the work that is due at `at`.
    pub(super) fn take_due(&mut self, at: Instant) -> DueWork {
        let complete: Vec<WaitingFile> = self
            .waiting
            .extract_if(.., |_, waiting| waiting.due <= at)
            .map(|(_, waiting)| waiting)
            .collect();
        for waiting in complete {
            self.mark_ready(waiting.scope, at);
        }
        let mut due = DueWork::default();
        if self.publish_due_at().is_some_and(|ready| ready <= at) {
            due.scope = self.take_ready_scope();
            due.publish = PublishMode::All;
            (self.unpublished, self.has_read_unpublished) = (None, false);
        } else if self.read_due_at().is_some_and(|ready| ready <= at) {
            due.scope = self.take_ready_scope();
            due.publish = PublishMode::Withdrawals;
            self.has_read_unpublished = true;
        }
        if let Some((_, dirs)) = self.settling.take_if(|(due, _)| *due <= at) {
            due.scope.merge(dirs);
            due.publish = PublishMode::All;
            (self.unpublished, self.has_read_unpublished) = (
                self.unpublished.filter(|_| self.ready_since.is_some()),
                false,
            );
        }
        due
    }

    /// Removes and returns all complete files, due or not.
    pub(super) fn take_all_ready(&mut self) -> ScanScope {
        (self.unpublished, self.has_read_unpublished) = (None, false);
        self.take_ready_scope()
    }

    fn take_ready_scope(&mut self) -> ScanScope {
        self.ready_since = None;
        std::mem::take(&mut self.ready)
    }

    /// Returns true if no change waits to be scanned or published.
    pub(super) fn is_empty(&self) -> bool {
        self.unpublished.is_none() && self.waiting.is_empty()
    }

    /// Returns the time until the current burst is over; zero if there is none.
    pub(super) fn time_until_quiet(&self, at: Instant) -> Duration {
        let quiet_from = match (self.unpublished, self.last_read) {
            (Some(_), _) => at + BURST_END_QUIET,
            (None, Some((ended, _))) => ended + BURST_END_QUIET,
            (None, None) => at,
        };
        quiet_from.saturating_duration_since(at)
    }

    /// Records when a publication began and ended.
    pub(super) fn record_publish(&mut self, began: Instant, ended: Instant) {
        self.last_publish = Some((ended, ended.saturating_duration_since(began)));
        self.last_read = Some((ended, Duration::ZERO));
    }

    /// Records when a scan that published only withdrawals began and ended.
    pub(super) fn record_read(&mut self, began: Instant, ended: Instant) {
        self.last_read = Some((ended, ended.saturating_duration_since(began)));
    }

    /// Discards complete files after a full scan.
    pub(super) fn discard_ready(&mut self) {
        self.take_all_ready();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn path_names(scope: &ScanScope) -> Vec<String> {
        match scope {
            ScanScope::All => vec!["all".to_owned()],
            ScanScope::Paths(paths) => paths
                .iter()
                .map(|path| path.display().to_string())
                .collect(),
        }
    }

    fn scope_of_path(path: &str) -> ScanScope {
        ScanScope::Paths([path.into()].into())
    }

    fn send_file_event(pace: &mut Debouncer, path: &str, kind: FsEventKind, at: Instant) {
        pace.on_file_event(path.into(), scope_of_path(path), kind, at);
    }

    /// Replays events at their milliseconds. Returns each publication with its time and paths. A
    /// publication takes `took`, a read takes no time.
    fn replay_publications(
        news: &[(u32, FsEventKind, &str)],
        took: Duration,
    ) -> Vec<(u128, Vec<String>)> {
        let all = replay_scans(news, took);
        let published = all
            .into_iter()
            .filter(|(publish, _)| *publish == PublishMode::All);
        published.map(|(_, look)| look).collect()
    }

    /// Replays events like `replay_publications`, but includes scans that publish only withdrawals. A publication
    /// lists everything read since the previous one.
    fn replay_scans(
        news: &[(u32, FsEventKind, &str)],
        took: Duration,
    ) -> Vec<(PublishMode, (u128, Vec<String>))> {
        let start = Instant::now();
        let mut pace = Debouncer::new(50 * MS);
        let mut looks = Vec::new();
        let mut held = ScanScope::default();
        let mut news = news.iter().peekable();
        let mut now = start;
        loop {
            while let Some((at, kind, path)) = news.next_if(|(at, _, _)| start + *at * MS <= now) {
                send_file_event(&mut pace, path, *kind, start + *at * MS);
            }
            let due = pace.take_due(now);
            held.merge(due.scope);
            match due.publish {
                PublishMode::Nothing => {}
                PublishMode::Withdrawals => {
                    looks.push((due.publish, ((now - start).as_millis(), path_names(&held))));
                    pace.record_read(now, now);
                    continue;
                }
                PublishMode::All => {
                    let scope = std::mem::take(&mut held);
                    looks.push((due.publish, ((now - start).as_millis(), path_names(&scope))));
                    pace.record_publish(now, now + took);
                    now += took;
                    continue;
                }
            }
            let coming = news.peek().map(|(at, _, _)| start + *at * MS);
            match [coming, pace.next_due()].into_iter().flatten().min() {
                Some(next) => now = next.max(now),
                None => return looks,
            }
        }
    }

    fn publication_at(ms: u128, paths: &[&str]) -> (u128, Vec<String>) {
        (ms, paths.iter().map(|path| (*path).to_owned()).collect())
    }

    #[test]
    fn complete_save_is_published_at_once() {
        assert_eq!(
            replay_publications(&[(0, FsEventKind::Arrived, "a")], 9 * MS),
            [publication_at(0, &["a"])]
        );
        let in_place = [
            (0, FsEventKind::Writing, "a"),
            (3, FsEventKind::Writing, "a"),
            (4, FsEventKind::Written, "a"),
        ];
        assert_eq!(
            replay_publications(&in_place, 9 * MS),
            [publication_at(4, &["a"])]
        );
    }

    #[test]
    fn open_file_waits_for_quiet_and_delays_no_other() {
        let news = [
            (0, FsEventKind::Writing, "a"),
            (10, FsEventKind::Arrived, "b"),
        ];
        // Just after another publication, it might be the first change of a burst.
        assert_eq!(
            replay_publications(&news, MS),
            [publication_at(10, &["b"]), publication_at(55, &["a"])]
        );
    }

    #[test]
    fn endlessly_written_file_is_still_read() {
        let news: Vec<_> = (0..130)
            .map(|n| (n * 10, FsEventKind::Writing, "a"))
            .collect();
        let looks = replay_publications(&news, MS);
        assert!((2..=4).contains(&looks.len()), "{looks:?}");
        assert_eq!(looks[0].0, 500);
    }

    #[test]
    fn save_that_deletes_first_never_loses_the_file() {
        let start = Instant::now();
        let mut pace = Debouncer::new(50 * MS);
        send_file_event(&mut pace, "a", FsEventKind::Removed, start);
        assert_eq!(path_names(&pace.take_due(start).scope), ["a"]);
        pace.on_missing_file("a".into(), start);
        assert_eq!(pace.next_due(), Some(start + DELETE_GRACE));
        // The file is being written when its grace period ends.
        send_file_event(
            &mut pace,
            "a",
            FsEventKind::Writing,
            start + DELETE_GRACE - MS,
        );
        assert_eq!(pace.take_due(start + DELETE_GRACE), DueWork::default());
        send_file_event(
            &mut pace,
            "a",
            FsEventKind::Written,
            start + DELETE_GRACE + MS,
        );
        assert_eq!(
            path_names(&pace.take_due(start + DELETE_GRACE + MS).scope),
            ["a"]
        );
        assert_eq!(pace.next_due(), None);
    }

    #[test]
    fn missing_file_is_scanned_again_after_the_grace_period() {
        let start = Instant::now();
        let mut pace = Debouncer::new(50 * MS);
        pace.on_missing_file("a".into(), start);
        assert_eq!(pace.take_due(start + DELETE_GRACE - MS), DueWork::default());
        let due = pace.take_due(start + DELETE_GRACE);
        assert_eq!(
            (path_names(&due.scope), due.publish),
            (vec!["a".to_owned()], PublishMode::All)
        );
    }

    #[test]
    fn burst_is_read_often_and_published_seldom() {
        let news: Vec<_> = (0..400).map(|n| (n, FsEventKind::Arrived, "a")).collect();
        let looks = replay_scans(&news, 100 * MS);
        let mut last = 0;
        for (publish, (at, _)) in &looks {
            // A publication may be running, which takes 100 ms.
            assert!(at - last <= 120, "{looks:?}");
            last = *at;
            assert_ne!(*publish, PublishMode::Nothing);
        }
        let read = looks
            .iter()
            .filter(|(publish, _)| *publish == PublishMode::Withdrawals);
        assert!(read.count() >= 5, "{looks:?}");
        assert_eq!(
            looks.last().unwrap().0,
            PublishMode::All,
            "nothing is held forever"
        );
    }

    #[test]
    fn burst_ends_after_quiet() {
        let start = Instant::now();
        let mut pace = Debouncer::new(50 * MS);
        assert_eq!(pace.time_until_quiet(start), Duration::ZERO, "at the start");
        send_file_event(&mut pace, "a", FsEventKind::Arrived, start);
        assert_eq!(pace.time_until_quiet(start), BURST_END_QUIET);
        pace.take_due(start);
        pace.record_publish(start, start + MS);
        assert_eq!(pace.time_until_quiet(start + 2 * MS), BURST_END_QUIET - MS);
        assert_eq!(
            pace.time_until_quiet(start + MS + BURST_END_QUIET),
            Duration::ZERO
        );
        send_file_event(
            &mut pace,
            "a",
            FsEventKind::Arrived,
            start + BURST_END_QUIET * 2,
        );
        assert_eq!(
            pace.time_until_quiet(start + BURST_END_QUIET * 2),
            BURST_END_QUIET,
            "while a change is held"
        );
    }

    #[test]
    fn read_files_are_published_while_others_are_open() {
        let news = [
            (0, FsEventKind::Arrived, "a"),
            (1, FsEventKind::Arrived, "b"),
            (2, FsEventKind::Arrived, "b"),
            (3, FsEventKind::Arrived, "b"),
            (30, FsEventKind::Arrived, "c"),
            (31, FsEventKind::Writing, "c"),
            (200, FsEventKind::Written, "c"),
        ];
        let looks = replay_publications(&news, MS);
        let before_c = looks.iter().filter(|(at, _)| *at < 200);
        let published: Vec<_> = before_c.flat_map(|(_, paths)| paths).collect();
        assert!(published.contains(&&"b".to_owned()), "{looks:?}");
    }

    #[test]
    fn events_during_a_publication_are_published_together_next() {
        let news = [
            (0, FsEventKind::Arrived, "a"),
            (2, FsEventKind::Arrived, "b"),
            (5, FsEventKind::Arrived, "c"),
        ];
        assert_eq!(
            replay_publications(&news, 20 * MS),
            [publication_at(0, &["a"]), publication_at(20, &["b", "c"])]
        );
    }

    #[test]
    fn burst_of_any_spacing_causes_few_publications() {
        for (gap, took) in [(1, 5), (3, 1), (6, 1), (12, 3), (1, 200), (30, 10)] {
            let news: Vec<_> = (0..500)
                .map(|n| (n * gap, FsEventKind::Arrived, "a"))
                .collect();
            let looks = replay_publications(&news, took * MS).len();
            let most = 6 + 500 * gap / 100;
            assert!(looks <= most as usize, "{looks} looks at a gap of {gap} ms");
            let names: Vec<String> = (0..500).map(|n| n.to_string()).collect();
            let gone: Vec<_> = (0..500)
                .map(|n| (n * gap, FsEventKind::Removed, names[n as usize].as_str()))
                .collect();
            let looks = replay_publications(&gone, took * MS).len();
            assert!(looks <= most as usize, "{looks} looks at deletions");
        }
    }

    #[test]
    fn save_after_a_burst_is_published_at_once() {
        let mut news: Vec<_> = (0..100).map(|n| (n, FsEventKind::Arrived, "a")).collect();
        news.push((1000, FsEventKind::Arrived, "b"));
        assert_eq!(
            replay_publications(&news, 5 * MS).last(),
            Some(&publication_at(1000, &["b"]))
        );
    }

    #[test]
    fn new_directory_is_scanned_now_and_after_settling() {
        let start = Instant::now();
        let mut pace = Debouncer::new(50 * MS);
        pace.on_new_directory("d".into(), scope_of_path("d"), start);
        assert_eq!(path_names(&pace.take_due(start).scope), ["d"]);
        assert_eq!(pace.next_due(), Some(start + NEW_DIR_SETTLE_TIME));
        assert_eq!(
            path_names(&pace.take_due(start + NEW_DIR_SETTLE_TIME).scope),
            ["d"]
        );
        assert_eq!(pace.next_due(), None);
    }

    #[test]
    fn file_behind_a_link_waits_until_complete() {
        let start = Instant::now();
        let mut pace = Debouncer::new(50 * MS);
        pace.on_file_event("a".into(), ScanScope::All, FsEventKind::Writing, start);
        assert_eq!(pace.take_due(start + MS), DueWork::default());
        pace.on_file_event(
            "a".into(),
            ScanScope::All,
            FsEventKind::Written,
            start + 2 * MS,
        );
        assert_eq!(pace.take_due(start + 2 * MS).scope, ScanScope::All);
        assert_eq!(pace.next_due(), None);
    }

    #[test]
    fn full_scan_request_includes_pending_paths() {
        let start = Instant::now();
        let mut pace = Debouncer::new(50 * MS);
        send_file_event(&mut pace, "a", FsEventKind::Arrived, start);
        pace.request_full_scan(start);
        assert_eq!(pace.take_due(start).scope, ScanScope::All);
        assert!(pace.is_empty());
    }
}
