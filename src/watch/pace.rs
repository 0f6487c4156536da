//! News of changes into when to look, and at what.
//!
//! What is whole is looked at at once. What is not yet whole waits: a file that is open for writing
//! until it is closed or quiet. A file that a look found to be gone is looked for again later. When news come faster
//! than generations are made they are published together, and the longer a generation takes the more of them; they
//! are read meanwhile, so that a post that hides waits for no others.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::source::Kind;
use crate::content::{ABSENCE, Scope};

/// The longest that a file which is being written is not looked at.
const MAX_OPEN: Duration = Duration::from_millis(500);
/// When to look again at a new directory. It is watched well within it.
const SETTLE: Duration = Duration::from_millis(150);
/// News that come so soon after a look are the rest of a burst.
const SOON: Duration = Duration::from_millis(50);
/// How quiet it must be in a burst before the next look, and for how long it may not be.
const QUIET: Duration = Duration::from_millis(5);
const MOST_QUIET: Duration = Duration::from_millis(40);
const HOLD: Duration = Duration::from_millis(50);
const MOST_HOLD: Duration = Duration::from_millis(250);
/// And never longer, however long a generation takes.
const MOST: Duration = Duration::from_secs(2);
/// A burst is over when nothing came for so long after a look.
const REST: Duration = Duration::from_millis(200);
/// How often what comes in a burst is read, if reading it takes no longer.
const READ_INTERVAL: Duration = Duration::from_millis(20);

/// What is to be done now.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Due {
    /// What is to be looked at.
    pub(super) scope: Scope,
    pub(super) publish: Publish,
}

/// What is to be published of what a look finds, and of what was held back before.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) enum Publish {
    /// Nothing, as nothing is to be looked at.
    #[default]
    Nothing,
    /// What hides. The rest is held back, as more is coming.
    Hides,
    All,
}

/// What is to be looked at, and when.
#[derive(Debug, Default)]
pub(super) struct Pace {
    debounce: Duration,
    /// What is whole, and was not read since.
    ready: Scope,
    /// Since when there is any of that.
    unread: Option<Instant>,
    /// Since when there is any that is not published, and when the last of it came.
    since: Option<(Instant, Instant)>,
    /// Whether any of that was read.
    is_held: bool,
    /// What is not whole.
    waiting: BTreeMap<PathBuf, Waiting>,
    /// Directories that may have been written into before they were watched.
    settling: Option<(Instant, Scope)>,
    /// When the last look that news led to ended, and how long it took.
    looked: Option<(Instant, Duration)>,
    /// How many such looks followed each other closely.
    streak: u32,
    /// When the last look ended, and how long it took if it only read.
    read: Option<(Instant, Duration)>,
}

#[derive(Debug)]
struct Waiting {
    since: Instant,
    due: Instant,
    /// What is to be looked at then.
    scope: Scope,
}

impl Pace {
    pub(super) fn new(debounce: Duration) -> Pace {
        Pace {
            debounce,
            ..Pace::default()
        }
    }

    /// Sets how long an open file must be quiet.
    pub(super) fn set_debounce(&mut self, debounce: Duration) {
        self.debounce = debounce;
    }

    /// Takes in what happened to a file, for which `scope` is to be looked at when it is whole.
    pub(super) fn file(&mut self, path: PathBuf, scope: Scope, kind: Kind, at: Instant) {
        match kind {
            Kind::Writing => self.wait(path, scope, at),
            // Of a file that is being written its end is awaited.
            Kind::Touched if self.waiting.contains_key(&path) => {}
            Kind::Written | Kind::Arrived | Kind::Gone | Kind::Touched => {
                self.waiting.remove(&path);
                self.ready(scope, at);
            }
        }
    }

    /// Takes in since when a file is gone, as a look found, so that it is looked for again.
    pub(super) fn absent(&mut self, path: PathBuf, since: Instant) {
        let (due, scope) = (since + ABSENCE, Scope::Paths([path.clone()].into()));
        self.waiting.insert(path, Waiting { since, due, scope });
    }

    /// Takes in a directory with all below it, to be looked at now and when it has settled.
    pub(super) fn directory(&mut self, path: PathBuf, scope: Scope, at: Instant) {
        let (due, dirs) = self.settling.get_or_insert_with(|| (at, Scope::default()));
        *due = at + SETTLE;
        dirs.merge(scope.clone());
        self.file(path, scope, Kind::Arrived, at);
    }

    /// Takes in that anything may have changed.
    pub(super) fn everything(&mut self, at: Instant) {
        self.ready(Scope::All, at);
    }

    /// Takes in what is as it will stay.
    fn ready(&mut self, scope: Scope, at: Instant) {
        self.ready.merge(scope);
        if self.since.is_none() {
            let is_soon = self.looked.is_some_and(|(ended, _)| at < ended + SOON);
            self.streak = if is_soon { self.streak + 1 } else { 0 };
        }
        self.since = Some((self.since.map_or(at, |(first, _)| first), at));
        self.unread.get_or_insert(at);
    }

    /// Puts a file off until it is quiet, and again while it is not, but not for long in all.
    fn wait(&mut self, path: PathBuf, scope: Scope, at: Instant) {
        if let Scope::Paths(ready) = &mut self.ready {
            // It was whole, and was to be looked at; it is not any more.
            ready.remove(&path);
            if ready.is_empty() {
                self.unread = None;
                self.since.take_if(|_| !self.is_held);
            }
        }
        let waiting = self.waiting.entry(path).or_insert(Waiting {
            since: at,
            due: at,
            scope,
        });
        waiting.due = (at + self.debounce).min(waiting.since + MAX_OPEN.max(self.debounce));
    }

    /// When to look next, if nothing else happens.
    pub(super) fn next(&self) -> Option<Instant> {
        let waiting = self.waiting.values().map(|waiting| waiting.due).min();
        let settling = self.settling.as_ref().map(|(due, _)| *due);
        [self.ready_at(), self.read_at(), waiting, settling]
            .into_iter()
            .flatten()
            .min()
    }

    /// When what is whole is to be read, though it may be too early to publish it.
    fn read_at(&self) -> Option<Instant> {
        let first = self.unread?;
        let (ended, took) = self.read?;
        Some(first.max(ended + READ_INTERVAL.max(took)))
    }

    /// When what is whole is to be published.
    fn ready_at(&self) -> Option<Instant> {
        let (first, last) = self.since?;
        let Some(times) = self.streak.checked_sub(1) else {
            return Some(first);
        };
        let grown = 1_u32 << times.min(3);
        let took = self.looked.map_or(Duration::ZERO, |(_, took)| took);
        let quiet = (QUIET * grown).min(MOST_QUIET);
        let hold = (HOLD * grown).min(MOST_HOLD).max(took * 2).min(MOST);
        Some((last + quiet).min(first + hold))
    }

    /// What is to be done now.
    pub(super) fn take(&mut self, at: Instant) -> Due {
        let over: Vec<Waiting> = self
            .waiting
            .extract_if(.., |_, waiting| waiting.due <= at)
            .map(|(_, waiting)| waiting)
            .collect();
        for waiting in over {
            self.ready(waiting.scope, at);
        }
        let mut due = Due::default();
        if self.ready_at().is_some_and(|ready| ready <= at) {
            due.scope = self.take_ready();
            due.publish = Publish::All;
            (self.since, self.is_held) = (None, false);
        } else if self.read_at().is_some_and(|ready| ready <= at) {
            due.scope = self.take_ready();
            due.publish = Publish::Hides;
            self.is_held = true;
        }
        if let Some((_, dirs)) = self.settling.take_if(|(due, _)| *due <= at) {
            due.scope.merge(dirs);
            due.publish = Publish::All;
            (self.since, self.is_held) = (self.since.filter(|_| self.unread.is_some()), false);
        }
        due
    }

    /// What is whole, though it may be too early to look at it.
    pub(super) fn take_whole(&mut self) -> Scope {
        (self.since, self.is_held) = (None, false);
        self.take_ready()
    }

    fn take_ready(&mut self) -> Scope {
        self.unread = None;
        std::mem::take(&mut self.ready)
    }

    /// Whether there is news that was not looked at.
    pub(super) fn is_empty(&self) -> bool {
        self.since.is_none() && self.waiting.is_empty()
    }

    /// How long until no burst is under way; zero if none is.
    pub(super) fn quiet_in(&self, at: Instant) -> Duration {
        let quiet_from = match (self.since, self.read) {
            (Some(_), _) => at + REST,
            (None, Some((ended, _))) => ended + REST,
            (None, None) => at,
        };
        quiet_from.saturating_duration_since(at)
    }

    /// Takes in how long it took to make a generation of news.
    pub(super) fn looked(&mut self, began: Instant, ended: Instant) {
        self.looked = Some((ended, ended.saturating_duration_since(began)));
        self.read = Some((ended, Duration::ZERO));
    }

    /// Takes in how long it took to read news and to publish what hides.
    pub(super) fn read(&mut self, began: Instant, ended: Instant) {
        self.read = Some((ended, ended.saturating_duration_since(began)));
    }

    /// Forgets what waits, as all was looked at.
    pub(super) fn forget(&mut self) {
        self.take_whole();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn paths(scope: &Scope) -> Vec<String> {
        match scope {
            Scope::All => vec!["all".to_owned()],
            Scope::Paths(paths) => paths
                .iter()
                .map(|path| path.display().to_string())
                .collect(),
        }
    }

    fn scope(path: &str) -> Scope {
        Scope::Paths([path.into()].into())
    }

    fn file(pace: &mut Pace, path: &str, kind: Kind, at: Instant) {
        pace.file(path.into(), scope(path), kind, at);
    }

    /// Plays happenings at their milliseconds; returns when was looked at what, where a look takes
    /// `took`, and reading alone no time.
    fn play(news: &[(u32, Kind, &str)], took: Duration) -> Vec<(u128, Vec<String>)> {
        let all = play_all(news, took);
        let published = all
            .into_iter()
            .filter(|(publish, _)| *publish == Publish::All);
        published.map(|(_, look)| look).collect()
    }

    /// The same, with what is only read, each with what is published of it. A look that publishes names all that was
    /// read since the last that did.
    fn play_all(news: &[(u32, Kind, &str)], took: Duration) -> Vec<(Publish, (u128, Vec<String>))> {
        let start = Instant::now();
        let mut pace = Pace::new(50 * MS);
        let mut looks = Vec::new();
        let mut held = Scope::default();
        let mut news = news.iter().peekable();
        let mut now = start;
        loop {
            while let Some((at, kind, path)) = news.next_if(|(at, _, _)| start + *at * MS <= now) {
                file(&mut pace, path, *kind, start + *at * MS);
            }
            let due = pace.take(now);
            held.merge(due.scope);
            match due.publish {
                Publish::Nothing => {}
                Publish::Hides => {
                    looks.push((due.publish, ((now - start).as_millis(), paths(&held))));
                    pace.read(now, now);
                    continue;
                }
                Publish::All => {
                    let scope = std::mem::take(&mut held);
                    looks.push((due.publish, ((now - start).as_millis(), paths(&scope))));
                    pace.looked(now, now + took);
                    now += took;
                    continue;
                }
            }
            let coming = news.peek().map(|(at, _, _)| start + *at * MS);
            match [coming, pace.next()].into_iter().flatten().min() {
                Some(next) => now = next.max(now),
                None => return looks,
            }
        }
    }

    fn at(ms: u128, paths: &[&str]) -> (u128, Vec<String>) {
        (ms, paths.iter().map(|path| (*path).to_owned()).collect())
    }

    #[test]
    fn a_save_that_is_whole_is_looked_at_at_once() {
        assert_eq!(play(&[(0, Kind::Arrived, "a")], 9 * MS), [at(0, &["a"])]);
        let in_place = [
            (0, Kind::Writing, "a"),
            (3, Kind::Writing, "a"),
            (4, Kind::Written, "a"),
        ];
        assert_eq!(play(&in_place, 9 * MS), [at(4, &["a"])]);
    }

    #[test]
    fn an_open_file_waits_for_quiet_and_holds_no_other_up() {
        let news = [(0, Kind::Writing, "a"), (10, Kind::Arrived, "b")];
        // So soon after the other look, it might be the first of a burst.
        assert_eq!(play(&news, MS), [at(10, &["b"]), at(55, &["a"])]);
    }

    #[test]
    fn a_file_that_is_written_without_end_is_looked_at_all_the_same() {
        let news: Vec<_> = (0..130).map(|n| (n * 10, Kind::Writing, "a")).collect();
        let looks = play(&news, MS);
        assert!((2..=4).contains(&looks.len()), "{looks:?}");
        assert_eq!(looks[0].0, 500);
    }

    #[test]
    fn a_save_that_deletes_or_renames_first_is_never_seen_without_the_file() {
        let start = Instant::now();
        let mut pace = Pace::new(50 * MS);
        file(&mut pace, "a", Kind::Gone, start);
        assert_eq!(paths(&pace.take(start).scope), ["a"]);
        pace.absent("a".into(), start);
        assert_eq!(pace.next(), Some(start + ABSENCE));
        // It is being written when it would be looked for again.
        file(&mut pace, "a", Kind::Writing, start + ABSENCE - MS);
        assert_eq!(pace.take(start + ABSENCE), Due::default());
        file(&mut pace, "a", Kind::Written, start + ABSENCE + MS);
        assert_eq!(paths(&pace.take(start + ABSENCE + MS).scope), ["a"]);
        assert_eq!(pace.next(), None);
    }

    #[test]
    fn absent_file_is_looked_for_again_when_its_time_is_over() {
        let start = Instant::now();
        let mut pace = Pace::new(50 * MS);
        pace.absent("a".into(), start);
        assert_eq!(pace.take(start + ABSENCE - MS), Due::default());
        let due = pace.take(start + ABSENCE);
        assert_eq!(
            (paths(&due.scope), due.publish),
            (vec!["a".to_owned()], Publish::All)
        );
    }

    #[test]
    fn burst_is_read_at_short_intervals_and_published_seldom() {
        let news: Vec<_> = (0..400).map(|n| (n, Kind::Arrived, "a")).collect();
        let looks = play_all(&news, 100 * MS);
        let mut last = 0;
        for (publish, (at, _)) in &looks {
            // One look that publishes may be under way, and takes 100 ms.
            assert!(at - last <= 120, "{looks:?}");
            last = *at;
            assert_ne!(*publish, Publish::Nothing);
        }
        let read = looks
            .iter()
            .filter(|(publish, _)| *publish == Publish::Hides);
        assert!(read.count() >= 5, "{looks:?}");
        assert_eq!(
            looks.last().unwrap().0,
            Publish::All,
            "nothing is held for good"
        );
    }

    #[test]
    fn burst_is_over_when_nothing_came_for_a_while() {
        let start = Instant::now();
        let mut pace = Pace::new(50 * MS);
        assert_eq!(pace.quiet_in(start), Duration::ZERO, "at the start");
        file(&mut pace, "a", Kind::Arrived, start);
        assert_eq!(pace.quiet_in(start), REST);
        pace.take(start);
        pace.looked(start, start + MS);
        assert_eq!(pace.quiet_in(start + 2 * MS), REST - MS);
        assert_eq!(pace.quiet_in(start + MS + REST), Duration::ZERO);
        file(&mut pace, "a", Kind::Arrived, start + REST * 2);
        assert_eq!(pace.quiet_in(start + REST * 2), REST, "while any is held");
    }

    #[test]
    fn what_was_read_is_published_though_the_rest_is_open_again() {
        let news = [
            (0, Kind::Arrived, "a"),
            (1, Kind::Arrived, "b"),
            (2, Kind::Arrived, "b"),
            (3, Kind::Arrived, "b"),
            (30, Kind::Arrived, "c"),
            (31, Kind::Writing, "c"),
            (200, Kind::Written, "c"),
        ];
        let looks = play(&news, MS);
        let before_c = looks.iter().filter(|(at, _)| *at < 200);
        let published: Vec<_> = before_c.flat_map(|(_, paths)| paths).collect();
        assert!(published.contains(&&"b".to_owned()), "{looks:?}");
    }

    #[test]
    fn what_comes_during_a_look_is_one_next_look() {
        let news = [
            (0, Kind::Arrived, "a"),
            (2, Kind::Arrived, "b"),
            (5, Kind::Arrived, "c"),
        ];
        assert_eq!(play(&news, 20 * MS), [at(0, &["a"]), at(20, &["b", "c"])]);
    }

    #[test]
    fn a_burst_is_few_looks_however_it_is_spaced() {
        for (gap, took) in [(1, 5), (3, 1), (6, 1), (12, 3), (1, 200), (30, 10)] {
            let news: Vec<_> = (0..500).map(|n| (n * gap, Kind::Arrived, "a")).collect();
            let looks = play(&news, took * MS).len();
            let most = 6 + 500 * gap / 100;
            assert!(looks <= most as usize, "{looks} looks at a gap of {gap} ms");
            let names: Vec<String> = (0..500).map(|n| n.to_string()).collect();
            let gone: Vec<_> = (0..500)
                .map(|n| (n * gap, Kind::Gone, names[n as usize].as_str()))
                .collect();
            let looks = play(&gone, took * MS).len();
            assert!(looks <= most as usize, "{looks} looks at deletions");
        }
    }

    #[test]
    fn after_a_burst_a_save_is_looked_at_at_once_again() {
        let mut news: Vec<_> = (0..100).map(|n| (n, Kind::Arrived, "a")).collect();
        news.push((1000, Kind::Arrived, "b"));
        assert_eq!(play(&news, 5 * MS).last(), Some(&at(1000, &["b"])));
    }

    #[test]
    fn a_new_directory_is_looked_at_now_and_when_it_has_settled() {
        let start = Instant::now();
        let mut pace = Pace::new(50 * MS);
        pace.directory("d".into(), scope("d"), start);
        assert_eq!(paths(&pace.take(start).scope), ["d"]);
        assert_eq!(pace.next(), Some(start + SETTLE));
        assert_eq!(paths(&pace.take(start + SETTLE).scope), ["d"]);
        assert_eq!(pace.next(), None);
    }

    #[test]
    fn file_behind_a_link_waits_until_it_is_whole() {
        let start = Instant::now();
        let mut pace = Pace::new(50 * MS);
        pace.file("a".into(), Scope::All, Kind::Writing, start);
        assert_eq!(pace.take(start + MS), Due::default());
        pace.file("a".into(), Scope::All, Kind::Written, start + 2 * MS);
        assert_eq!(pace.take(start + 2 * MS).scope, Scope::All);
        assert_eq!(pace.next(), None);
    }

    #[test]
    fn everything_is_everything_else_too() {
        let start = Instant::now();
        let mut pace = Pace::new(50 * MS);
        file(&mut pace, "a", Kind::Arrived, start);
        pace.everything(start);
        assert_eq!(pace.take(start).scope, Scope::All);
        assert!(pace.is_empty());
    }
}
