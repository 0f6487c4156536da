//! A mode into what changes are learned from: a source of events, or an interval.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use super::filter::News;
use super::roots::Roots;
use super::source::{Happening, Kind, MakeSource, NoEvents, Source, Teller};
use crate::config::{Config, WatchMode};

/// Where changes are learned from.
pub(super) struct Sight {
    mode: WatchMode,
    make: MakeSource,
    teller: Teller,
    source: Option<Box<dyn Source>>,
    roots: Roots,
    missing: Option<NoEvents>,
}

impl Sight {
    pub(super) fn new(
        config: &Config,
        files: &[PathBuf],
        teller: Teller,
        make: MakeSource,
    ) -> Sight {
        let filter = Arc::clone(&teller.filter);
        let mut sight = Sight {
            mode: config.watch.mode,
            make,
            teller,
            source: None,
            roots: Roots::new(config, files, filter),
            missing: None,
        };
        sight.open();
        sight
    }

    /// Watches as another configuration says.
    pub(super) fn configure(&mut self, config: &Config, files: &[PathBuf]) {
        self.roots.configure(config, files);
        if self.mode != config.watch.mode {
            self.mode = config.watch.mode;
            self.close();
            self.missing = None;
        }
        self.open();
    }

    /// Has events, if they are wanted and can be had, of all there is to watch now.
    pub(super) fn open(&mut self) {
        if !matches!(self.mode, WatchMode::Auto | WatchMode::Native) {
            return;
        }
        let opened = match self.source.take() {
            Some(source) => Ok(source),
            None => (self.make)(self.teller.clone()),
        };
        let opened = opened.and_then(|mut source| {
            self.roots.watch(source.as_mut())?;
            Ok(source)
        });
        match opened {
            Ok(source) => {
                self.source = Some(source);
                self.missing = None;
            }
            Err(why) => self.lose(why),
        }
    }

    /// Does without events from now on.
    pub(super) fn lose(&mut self, why: NoEvents) {
        // Half of them would be worse than none: nobody would know which.
        self.close();
        self.missing = Some(why);
    }

    fn close(&mut self) {
        self.source = None;
        self.roots.forget_all();
    }

    /// Why there are no events, where there should be some.
    pub(super) fn missing(&self) -> Option<&NoEvents> {
        self.missing.as_ref()
    }

    /// The file system whose changes events do not tell all of, where that is made up for.
    pub(super) fn shared(&self) -> Option<&'static str> {
        self.roots.shared.filter(|_| self.mode == WatchMode::Auto)
    }

    /// Whether everything is looked at at an interval.
    pub(super) fn polls(&self) -> bool {
        self.mode == WatchMode::Poll || self.missing.is_some() || self.shared().is_some()
    }

    /// Whether events tell of all changes, as far as is known.
    pub(super) fn trusts_events(&self) -> bool {
        self.has_events() && !self.polls()
    }

    /// Whether there are events.
    pub(super) fn has_events(&self) -> bool {
        self.source.is_some()
    }

    /// Whether nothing is looked at unless it is asked for.
    pub(super) fn is_off(&self) -> bool {
        self.mode == WatchMode::Off
    }

    /// Whether what is watched is still there to be watched, and is seen to; returns whether anything
    /// was another.
    pub(super) fn follow(&mut self) -> bool {
        self.with_source(|roots, source| roots.follow(source))
            .unwrap_or_default()
    }

    /// Watches what symlinks lead to now, if one of them changed.
    pub(super) fn follow_links(&mut self) {
        if self.roots.is_stale {
            self.with_source(|roots, source| roots.watch(source));
        }
    }

    /// What is to be done about something that happened.
    pub(super) fn learn(&mut self, happening: &Happening) -> (News, Kind) {
        match happening {
            Happening::To(path, kind) => {
                let news = self.with_source(|roots, source| roots.learn(path, *kind, source));
                // Without events, everything is looked at again and again.
                (news.unwrap_or_default(), *kind)
            }
            Happening::Anything => {
                // Events of new directories are among the lost ones.
                self.roots.is_stale = true;
                (News::of_everything(), Kind::Arrived)
            }
        }
    }

    fn with_source<T>(
        &mut self,
        act: impl FnOnce(&mut Roots, &mut dyn Source) -> Result<T, NoEvents>,
    ) -> Option<T> {
        let source = self.source.as_mut()?;
        match act(&mut self.roots, source.as_mut()) {
            Ok(value) => Some(value),
            Err(why) => {
                self.lose(why);
                None
            }
        }
    }
}

/// Tells a watch of what happens.
pub(super) fn teller(wakes: std::sync::mpsc::Sender<super::source::Wake>) -> Teller {
    Teller {
        wakes,
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

    use crate::content::Scope;
    use crate::watch::filter::Change;
    use crate::watch::source::Wake;

    struct Site {
        dir: tempfile::TempDir,
        sight: Sight,
        wakes: Receiver<Wake>,
    }

    /// A site in a directory that is made by `make`, with the system's own events.
    fn site(more: &str, make: impl FnOnce(&Path)) -> Site {
        let dir = tempfile::tempdir().unwrap();
        make(dir.path());
        let toml = format!("[site]\nurl = \"https://e.org\"\ntitle = \"E\"\n{more}");
        let config = Config::parse(&toml, "config.toml", dir.path()).unwrap();
        let files = [dir.path().join("config.toml")];
        let (sender, wakes) = channel();
        let make = Box::new(crate::watch::system);
        let sight = Sight::new(&config, &files, teller(sender), make);
        assert!(sight.trusts_events(), "{:?}", sight.missing());
        Site { dir, sight, wakes }
    }

    impl Site {
        fn path(&self, path: &str) -> PathBuf {
            self.dir.path().join(path)
        }

        fn write(&self, path: &str) {
            fs::write(self.path(path), "x").unwrap();
        }

        /// Takes in the next news, and follows links as before a look at everything; `None` if there are none.
        fn next(&mut self) -> Option<Vec<News>> {
            match self.wakes.recv_timeout(Duration::from_secs(20)) {
                Ok(Wake::Happened(happenings)) => {
                    let news = happenings
                        .iter()
                        .map(|happening| self.sight.learn(happening).0);
                    let news = news.collect();
                    self.sight.follow_links();
                    Some(news)
                }
                Ok(other) => panic!("{other:?}"),
                Err(_) => None,
            }
        }

        /// Takes in news until there is some of the path.
        fn hears_of(&mut self, path: &str) {
            self.hear(path, |_| {});
        }

        /// Takes in news until there is some of a file, which is written again after each: with news that
        /// everything may be another, what was written before is looked at, and not named.
        fn hears_of_written(&mut self, path: &str) {
            self.write(path);
            self.hear(path, |site| site.write(path));
        }

        fn hear(&mut self, path: &str, in_vain: impl Fn(&Site)) {
            let wanted = self.path(path);
            let mut heard = BTreeSet::new();
            while !heard.contains(&wanted) {
                let news = self.next();
                let news = news.unwrap_or_else(|| panic!("{path} is not among {heard:?}"));
                heard.extend(news.iter().flat_map(paths));
                in_vain(self);
            }
        }

        /// Takes in news until it is of this kind.
        fn hears(&mut self, is: impl Fn(&News) -> bool) {
            let mut heard = Vec::new();
            while !heard.iter().any(&is) {
                let news = self.next();
                heard.extend(news.unwrap_or_else(|| panic!("it is not among {heard:#?}")));
            }
        }

        /// Takes in news until there is some of a file that a link leads to.
        fn hears_behind_a_link(&mut self, path: &str) {
            let path = fs::canonicalize(self.path(path)).unwrap();
            self.hears(|news| {
                let is_it = |change: &Change| change.path == path && change.scope == Scope::All;
                news.changes.iter().any(is_it)
            });
        }
    }

    /// The names of what changed.
    fn paths(news: &News) -> BTreeSet<PathBuf> {
        let scopes = news.changes.iter().map(|change| &change.scope);
        scopes
            .flat_map(|scope| match scope {
                Scope::Paths(paths) => paths.clone(),
                Scope::All => BTreeSet::new(),
            })
            .collect()
    }

    #[test]
    fn a_file_is_named_as_the_configuration_leads_to_it() {
        let mut site = site("", |dir| {
            fs::create_dir_all(dir.join("real/sub")).unwrap();
            symlink("real", dir.join("content")).unwrap();
        });
        site.write("content/a.md");
        site.hears_of("content/a.md");
        site.write("real/sub/b.md");
        site.hears_of("content/sub/b.md");
    }

    #[test]
    fn change_behind_a_link_is_of_everything() {
        let mut site = site("", |dir| {
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
            site.write(path);
            site.hears_behind_a_link(path);
        }
        fs::create_dir(site.path("outside/later")).unwrap();
        site.hears(|news| news.is_new_dir);
        site.write("outside/later/f.md");
        site.hears_behind_a_link("outside/later/f.md");
    }

    #[test]
    fn directories_and_links_that_come_later_are_watched() {
        let mut site = site("", |dir| {
            fs::create_dir_all(dir.join("content")).unwrap();
            fs::create_dir_all(dir.join("outside/deep")).unwrap();
        });
        fs::create_dir_all(site.path("content/a/b/c")).unwrap();
        site.hears_of("content/a");
        site.write("content/a/b/c/x.md");
        site.hears_of("content/a/b/c/x.md");
        fs::rename(site.path("content/a"), site.path("content/z")).unwrap();
        site.hears_of("content/z");
        site.write("content/z/b/c/y.md");
        site.hears_of("content/z/b/c/y.md");
        symlink("../outside", site.path("content/link")).unwrap();
        site.hears(|news| news.everything);
        site.write("outside/deep/x.md");
        site.hears_behind_a_link("outside/deep/x.md");
        // Out of the content and back, while nobody looks.
        fs::rename(site.path("content/z"), site.path("z")).unwrap();
        fs::rename(site.path("z"), site.path("content/z")).unwrap();
        site.hears_of("content/z");
        site.hears_of_written("content/z/b/c/w.md");
    }

    #[test]
    fn the_target_of_a_link_that_is_swapped_is_followed() {
        let mut site = site("", |dir| {
            fs::create_dir_all(dir.join("content/..one")).unwrap();
            fs::create_dir_all(dir.join("content/..two")).unwrap();
            fs::write(dir.join("content/..one/a.md"), "").unwrap();
            fs::write(dir.join("content/..two/a.md"), "").unwrap();
            symlink("..one", dir.join("content/..data")).unwrap();
            symlink("..data/a.md", dir.join("content/a.md")).unwrap();
        });
        symlink("..two", site.path("content/..data_tmp")).unwrap();
        fs::rename(site.path("content/..data_tmp"), site.path("content/..data")).unwrap();
        site.hears(|news| news.everything);
        site.write("content/..two/a.md");
        site.hears_behind_a_link("content/..two/a.md");
    }

    #[test]
    fn a_link_that_leads_up_is_not_followed_whenever_it_comes() {
        let mut site = site("", |dir| {
            fs::create_dir_all(dir.join("content/sub")).unwrap();
            fs::create_dir_all(dir.join("beside/deep")).unwrap();
            symlink("..", dir.join("content/early")).unwrap();
        });
        symlink("../..", site.path("content/sub/late")).unwrap();
        site.hears(|news| news.everything);
        let beside = fs::canonicalize(site.path("beside")).unwrap();
        assert!(!site.sight.roots.is_watched(&beside));
        symlink("../beside", site.path("content/other")).unwrap();
        site.hears(|news| news.everything);
        assert!(site.sight.roots.is_watched(&beside.join("deep")));
    }

    #[test]
    fn what_is_replaced_on_the_way_is_watched_anew() {
        let mut site = site("[content]\ndir = \"a/b/content\"", |dir| {
            fs::create_dir_all(dir.join("a/b/content")).unwrap();
        });
        fs::rename(site.path("a/b"), site.path("a/away")).unwrap();
        fs::create_dir_all(site.path("a/b/content")).unwrap();
        site.hears(|news| news.everything);
        site.hears(|news| news.everything);
        site.hears_of_written("a/b/content/x.md");
    }

    #[test]
    fn what_is_none_of_ours_wakes_nobody() {
        let mut site = site("", |dir| {
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
        site.write("content/b.md");
        for news in site.next().expect("it is heard") {
            assert!(!news.everything && !news.config, "{news:?}");
            assert_eq!(paths(&news), [content.join("b.md")].into());
        }
    }

    #[test]
    fn the_configuration_is_told_from_the_content_beside_it() {
        let mut site = site("[content]\ndir = \".\"", |dir| {
            fs::create_dir_all(dir.join("..one")).unwrap();
            fs::create_dir_all(dir.join("..two")).unwrap();
            symlink("..one", dir.join("..data")).unwrap();
            symlink("..data/config.toml", dir.join("config.toml")).unwrap();
        });
        site.write("..one/config.toml");
        site.hears(|news| news.config);
        symlink("..two", site.path("..data_tmp")).unwrap();
        fs::rename(site.path("..data_tmp"), site.path("..data")).unwrap();
        site.hears(|news| news.config);
        site.write("..two/config.toml");
        site.hears(|news| news.config);
        site.write("a.md");
        site.hears_of("a.md");
    }
}
