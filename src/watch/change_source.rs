//! Chooses between file events and polling.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use super::event_filter::ChangeSet;
use super::event_source::{EventSender, EventSource, EventsUnavailable, FsEvent, OpenEventSource};
use super::fs_event::FsEventKind;
use super::watched_roots::WatchedRoots;
use crate::config::{Config, WatchMode};

/// Detects changes through file events, polling, or both.
pub(super) struct ChangeDetector {
    mode: WatchMode,
    open_source: OpenEventSource,
    sender: EventSender,
    source: Option<Box<dyn EventSource>>,
    roots: WatchedRoots,
    unavailable: Option<EventsUnavailable>,
}

impl ChangeDetector {
    pub(super) fn new(
        config: &Config,
        files: &[PathBuf],
        sender: EventSender,
        make: OpenEventSource,
    ) -> ChangeDetector {
        let filter = Arc::clone(&sender.filter);
        let mut detector = ChangeDetector {
            mode: config.watch.mode,
            open_source: make,
            sender,
            source: None,
            roots: WatchedRoots::new(config, files, filter),
            unavailable: None,
        };
        detector.start_events();
        detector
    }

    /// Applies a changed configuration.
    pub(super) fn apply_config(&mut self, config: &Config, files: &[PathBuf]) {
        self.roots.set_configured_paths(config, files);
        if self.mode != config.watch.mode {
            self.mode = config.watch.mode;
            self.stop_events();
            self.unavailable = None;
        }
        self.start_events();
    }

    /// Watches everything that exists now, if the mode uses events and the system provides them.
    pub(super) fn start_events(&mut self) {
        if !matches!(self.mode, WatchMode::Auto | WatchMode::Native) {
            return;
        }
        let opened = match self.source.take() {
            Some(source) => Ok(source),
            None => (self.open_source)(self.sender.clone()),
        };
        let opened = opened.and_then(|mut source| {
            self.roots.watch_all(source.as_mut())?;
            Ok(source)
        });
        match opened {
            Ok(source) => {
                self.source = Some(source);
                self.unavailable = None;
            }
            Err(why) => self.fall_back_to_polling(why),
        }
    }

    /// Falls back to polling.
    pub(super) fn fall_back_to_polling(&mut self, why: EventsUnavailable) {
        // Partial events would be worse than none: it would be unknown which are missing.
        self.stop_events();
        self.unavailable = Some(why);
    }

    fn stop_events(&mut self) {
        self.source = None;
        self.roots.clear_watches();
    }

    /// Returns why events are unavailable, if the mode uses them.
    pub(super) fn events_unavailable(&self) -> Option<&EventsUnavailable> {
        self.unavailable.as_ref()
    }

    /// Returns the file system whose events do not cover all changes, if polling makes up for that.
    pub(super) fn shared_filesystem(&self) -> Option<&'static str> {
        self.roots
            .shared_filesystem
            .filter(|_| self.mode == WatchMode::Auto)
    }

    /// Returns true if everything is scanned at an interval.
    pub(super) fn is_polling(&self) -> bool {
        self.mode == WatchMode::Poll
            || self.unavailable.is_some()
            || self.shared_filesystem().is_some()
    }

    /// Returns true if events are known to cover all changes.
    pub(super) fn has_complete_events(&self) -> bool {
        self.has_events() && !self.is_polling()
    }

    /// Returns true if file events are received.
    pub(super) fn has_events(&self) -> bool {
        self.source.is_some()
    }

    /// Returns true if only requested scans run.
    pub(super) fn is_disabled(&self) -> bool {
        self.mode == WatchMode::Off
    }

    /// Checks whether the roots were replaced and watches the new ones. Returns true if any was.
    pub(super) fn recheck_roots(&mut self) -> bool {
        self.use_source(|roots, source| roots.rewatch_moved_roots(source))
            .unwrap_or_default()
    }

    /// Watches the current targets of symlinks if a symlink changed.
    pub(super) fn rewatch_changed_links(&mut self) {
        if self.roots.links_changed {
            self.use_source(|roots, source| roots.watch_all(source));
        }
    }

    /// Applies an event. Returns what to scan for it, and its kind.
    pub(super) fn apply_event(&mut self, event: &FsEvent) -> (ChangeSet, FsEventKind) {
        match event {
            FsEvent::Changed(path, kind) => {
                let news = self.use_source(|roots, source| roots.apply_event(path, *kind, source));
                // Without events, polling finds the change.
                (news.unwrap_or_default(), *kind)
            }
            FsEvent::RescanNeeded => {
                // Events of new directories may be among the lost ones.
                self.roots.links_changed = true;
                (ChangeSet::full_scan(), FsEventKind::Arrived)
            }
        }
    }

    fn use_source<T>(
        &mut self,
        act: impl FnOnce(&mut WatchedRoots, &mut dyn EventSource) -> Result<T, EventsUnavailable>,
    ) -> Option<T> {
        let source = self.source.as_mut()?;
        match act(&mut self.roots, source.as_mut()) {
            Ok(value) => Some(value),
            Err(why) => {
                self.fall_back_to_polling(why);
                None
            }
        }
    }
}

/// Returns a sender of events with an empty filter.
pub(super) fn new_event_sender(
    wake_ups: std::sync::mpsc::Sender<super::event_source::WakeUp>,
) -> EventSender {
    EventSender {
        wake_ups,
        filter: Arc::new(Mutex::default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::path::Path;
    use std::sync::mpsc::{Receiver, channel};
    use std::time::Duration;

    use crate::library::ScanScope;
    use crate::watch::event_filter::PathChange;
    use crate::watch::event_source::WakeUp;

    struct Site {
        dir: tempfile::TempDir,
        detector: ChangeDetector,
        wake_ups: Receiver<WakeUp>,
    }

    /// Creates a site in a directory filled by `make`, with the system's own events.
    fn new_site(more: &str, make: impl FnOnce(&Path)) -> Site {
        let dir = tempfile::tempdir().unwrap();
        make(dir.path());
        let toml = format!("[site]\nurl = \"https://e.org\"\ntitle = \"E\"\n{more}");
        let config = Config::parse(&toml, "config.toml", dir.path()).unwrap();
        let files = [dir.path().join("config.toml")];
        let (sender, wakes) = channel();
        let make = Box::new(crate::watch::notify_events::open_source);
        let detector = ChangeDetector::new(&config, &files, new_event_sender(sender), make);
        assert!(
            detector.has_complete_events(),
            "{:?}",
            detector.events_unavailable()
        );
        Site {
            dir,
            detector,
            wake_ups: wakes,
        }
    }

    impl Site {
        fn path(&self, path: &str) -> PathBuf {
            self.dir.path().join(path)
        }

        fn write_file(&self, path: &str) {
            fs::write(self.path(path), "x").unwrap();
        }

        /// Applies the next events and resolves links again as before a full scan. `None` on timeout.
        fn next_changes(&mut self) -> Option<Vec<ChangeSet>> {
            match self.wake_ups.recv_timeout(Duration::from_secs(20)) {
                Ok(WakeUp::Events(events)) => {
                    let news = events
                        .iter()
                        .map(|event| self.detector.apply_event(event).0)
                        .collect();
                    self.detector.rewatch_changed_links();
                    Some(news)
                }
                Ok(other) => panic!("{other:?}"),
                Err(_) => None,
            }
        }

        /// Applies events until one concerns the path.
        fn wait_for_path(&mut self, path: &str) {
            self.collect_until_path(path, |_| {});
        }

        /// Applies events until one concerns the file, and writes the file again after each. A full
        /// scan covers earlier writes without naming them.
        fn wait_for_written_path(&mut self, path: &str) {
            self.write_file(path);
            self.collect_until_path(path, |site| site.write_file(path));
        }

        fn collect_until_path(&mut self, path: &str, in_vain: impl Fn(&Site)) {
            let wanted = self.path(path);
            let mut heard = BTreeSet::new();
            while !heard.contains(&wanted) {
                let news = self.next_changes();
                let news = news.unwrap_or_else(|| panic!("{path} is not among {heard:?}"));
                heard.extend(news.iter().flat_map(changed_paths));
                in_vain(self);
            }
        }

        /// Applies events until one leads to such a change set.
        fn wait_for_changes(&mut self, is: impl Fn(&ChangeSet) -> bool) {
            let mut heard = Vec::new();
            while !heard.iter().any(&is) {
                let news = self.next_changes();
                heard.extend(news.unwrap_or_else(|| panic!("no such change set among {heard:#?}")));
            }
        }

        /// Applies events until one concerns the target of a link.
        fn wait_for_link_target(&mut self, path: &str) {
            let path = fs::canonicalize(self.path(path)).unwrap();
            self.wait_for_changes(|news| {
                let is_it =
                    |change: &PathChange| change.path == path && change.scope == ScanScope::All;
                news.changes.iter().any(is_it)
            });
        }
    }

    /// Returns the paths to scan.
    fn changed_paths(news: &ChangeSet) -> BTreeSet<PathBuf> {
        let scopes = news.changes.iter().map(|change| &change.scope);
        scopes
            .flat_map(|scope| match scope {
                ScanScope::Paths(paths) => paths.clone(),
                ScanScope::All => BTreeSet::new(),
            })
            .collect()
    }

    #[test]
    fn changed_file_is_named_by_its_configured_path() {
        let mut site = new_site("", |dir| {
            fs::create_dir_all(dir.join("real/sub")).unwrap();
            symlink("real", dir.join("content")).unwrap();
        });
        site.write_file("content/a.md");
        site.wait_for_path("content/a.md");
        site.write_file("real/sub/b.md");
        site.wait_for_path("content/sub/b.md");
    }

    #[test]
    fn change_behind_a_link_requests_a_full_scan() {
        let mut site = new_site("", |dir| {
            fs::create_dir_all(dir.join("content/real")).unwrap();
            fs::create_dir_all(dir.join("outside/deep")).unwrap();
            symlink("real", dir.join("content/one")).unwrap();
            symlink("../outside", dir.join("content/two")).unwrap();
            fs::write(dir.join("outside/deep/post.txt"), "").unwrap();
            symlink("../outside/deep/post.txt", dir.join("content/post.md")).unwrap();
        });
        for path in [
            "content/real/a.md",
            "content/one/c.md",
            "outside/d.md",
            "outside/deep/e.md",
            "outside/deep/post.txt",
        ] {
            site.write_file(path);
            site.wait_for_link_target(path);
        }
        fs::create_dir(site.path("outside/later")).unwrap();
        site.wait_for_changes(|news| news.is_new_directory);
        site.write_file("outside/later/f.md");
        site.wait_for_link_target("outside/later/f.md");
    }

    #[test]
    fn new_directories_and_links_are_watched() {
        let mut site = new_site("", |dir| {
            fs::create_dir_all(dir.join("content")).unwrap();
            fs::create_dir_all(dir.join("outside/deep")).unwrap();
        });
        fs::create_dir_all(site.path("content/a/b/c")).unwrap();
        site.wait_for_path("content/a");
        site.write_file("content/a/b/c/x.md");
        site.wait_for_path("content/a/b/c/x.md");
        fs::rename(site.path("content/a"), site.path("content/z")).unwrap();
        site.wait_for_path("content/z");
        site.write_file("content/z/b/c/y.md");
        site.wait_for_path("content/z/b/c/y.md");
        symlink("../outside", site.path("content/link")).unwrap();
        site.wait_for_changes(|news| news.needs_full_scan);
        site.write_file("outside/deep/x.md");
        site.wait_for_link_target("outside/deep/x.md");
        // Moved out of the content and back between two scans.
        fs::rename(site.path("content/z"), site.path("z")).unwrap();
        fs::rename(site.path("z"), site.path("content/z")).unwrap();
        site.wait_for_path("content/z");
        site.wait_for_written_path("content/z/b/c/w.md");
    }

    #[test]
    fn new_target_of_a_swapped_link_is_watched() {
        let mut site = new_site("", |dir| {
            fs::create_dir_all(dir.join("content/..one")).unwrap();
            fs::create_dir_all(dir.join("content/..two")).unwrap();
            fs::write(dir.join("content/..one/a.md"), "").unwrap();
            fs::write(dir.join("content/..two/a.md"), "").unwrap();
            symlink("..one", dir.join("content/..data")).unwrap();
            symlink("..data/a.md", dir.join("content/a.md")).unwrap();
        });
        symlink("..two", site.path("content/..data_tmp")).unwrap();
        fs::rename(site.path("content/..data_tmp"), site.path("content/..data")).unwrap();
        site.wait_for_changes(|news| news.needs_full_scan);
        site.write_file("content/..two/a.md");
        site.wait_for_link_target("content/..two/a.md");
    }

    #[test]
    fn link_to_an_ancestor_is_never_followed() {
        let mut site = new_site("", |dir| {
            fs::create_dir_all(dir.join("content/sub")).unwrap();
            fs::create_dir_all(dir.join("beside/deep")).unwrap();
            symlink("..", dir.join("content/early")).unwrap();
        });
        symlink("../..", site.path("content/sub/late")).unwrap();
        site.wait_for_changes(|news| news.needs_full_scan);
        let beside = fs::canonicalize(site.path("beside")).unwrap();
        assert!(!site.detector.roots.is_watched(&beside));
        symlink("../beside", site.path("content/other")).unwrap();
        site.wait_for_changes(|news| news.needs_full_scan);
        assert!(site.detector.roots.is_watched(&beside.join("deep")));
    }

    #[test]
    fn replaced_parent_directory_is_watched_again() {
        let mut site = new_site("[content]\ndir = \"a/b/content\"", |dir| {
            fs::create_dir_all(dir.join("a/b/content")).unwrap();
        });
        fs::rename(site.path("a/b"), site.path("a/away")).unwrap();
        fs::create_dir_all(site.path("a/b/content")).unwrap();
        site.wait_for_changes(|news| news.needs_full_scan);
        site.wait_for_changes(|news| news.needs_full_scan);
        site.wait_for_written_path("a/b/content/x.md");
    }

    #[test]
    fn irrelevant_files_cause_no_wake_up() {
        let mut site = new_site("", |dir| {
            fs::create_dir_all(dir.join("content/.git/objects")).unwrap();
            fs::write(dir.join("content/a.md"), "").unwrap();
        });
        let content = site.path("content");
        for name in [".a.md.swp", "4913", "a.md~", "b.txt", ".git/index", "x.tmp"] {
            fs::write(content.join(name), "x").unwrap();
            fs::remove_file(content.join(name)).unwrap();
        }
        fs::write(site.path("beside.md"), "x").unwrap();
        fs::read(content.join("a.md")).unwrap();
        site.write_file("content/b.md");
        for news in site.next_changes().expect("an event arrives") {
            assert!(!news.needs_full_scan && !news.config_changed, "{news:?}");
            assert_eq!(changed_paths(&news), [content.join("b.md")].into());
        }
    }

    #[test]
    fn configuration_beside_content_is_recognized() {
        let mut site = new_site("[content]\ndir = \".\"", |dir| {
            fs::create_dir_all(dir.join("..one")).unwrap();
            fs::create_dir_all(dir.join("..two")).unwrap();
            symlink("..one", dir.join("..data")).unwrap();
            symlink("..data/config.toml", dir.join("config.toml")).unwrap();
        });
        site.write_file("..one/config.toml");
        site.wait_for_changes(|news| news.config_changed);
        symlink("..two", site.path("..data_tmp")).unwrap();
        fs::rename(site.path("..data_tmp"), site.path("..data")).unwrap();
        site.wait_for_changes(|news| news.config_changed);
        site.write_file("..two/config.toml");
        site.wait_for_changes(|news| news.config_changed);
        site.write_file("a.md");
        site.wait_for_path("a.md");
    }
}
