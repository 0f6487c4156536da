//! A mode into what changes are learned from: a source of events, or an interval.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use super::roots::{News, Roots};
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
    pub(super) fn new(config: &Config, files: &[PathBuf], teller: Teller, make: MakeSource) -> Sight {
        let table = Arc::clone(&teller.table);
        let mut sight = Sight {
            mode: config.watch.mode,
            make,
            teller,
            source: None,
            roots: Roots::new(config, files, table),
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
        self.roots.shared = None;
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

    /// What is to be done about something that happened, one by one.
    pub(super) fn learn(&mut self, happening: &Happening, mut news: impl FnMut(News, Kind, Instant)) {
        let at = Instant::now();
        let mut learn = |path: &Path, kind| self.learn_one(path, kind);
        match happening {
            Happening::To(path, kind) => {
                let learnt = learn(path, *kind);
                news(learnt, *kind, at);
            }
            Happening::Renamed { from, to } => {
                let (left, came) = (learn(from, Kind::Gone), learn(to, Kind::Arrived));
                // Another file of ours is what became of it; else it may come back under its name.
                let is_ours = !came.paths.is_empty();
                let left_kind = if is_ours { Kind::Arrived } else { Kind::Gone };
                news(left, left_kind, at);
                news(came, Kind::Arrived, at);
            }
            Happening::Anything => {
                // Events of new directories are among the lost ones.
                let _ = self.with_source(|roots, source| roots.watch(source));
                let everything = News {
                    everything: true,
                    config: true,
                    ..News::default()
                };
                news(everything, Kind::Arrived, at);
            }
        }
    }

    fn learn_one(&mut self, path: &Path, kind: Kind) -> News {
        let learnt = self.with_source(|roots, source| {
            if roots.wants(path, kind) {
                roots.learn(path, kind, source)
            } else {
                Ok(News::default())
            }
        });
        // Without events, everything is looked at again and again.
        learnt.unwrap_or_default()
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

/// An empty table for a source to be told by.
pub(super) fn teller(wakes: std::sync::mpsc::Sender<super::source::Wake>) -> Teller {
    Teller {
        wakes,
        table: Arc::new(Mutex::default()),
    }
}
