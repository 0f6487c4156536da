//! A configuration that was saved again into the one to go on with, if there is one.

use std::path::{Path, PathBuf};

use crate::config::{Config, ConfigError};
use crate::stamp::Stamp;

/// Reads the configuration.
pub type Load = Box<dyn FnMut() -> Result<Config, ConfigError> + Send>;

/// Reads the configuration again when it is another.
pub(super) struct Reload {
    file: PathBuf,
    load: Load,
    /// As it was at the start: some of it cannot change.
    started: Config,
    stamps: Option<Vec<Option<Stamp>>>,
    /// The keys of which it was said that they need a restart.
    told: Vec<&'static str>,
    /// Why the last one was not taken, as was said.
    refused: Option<String>,
}

/// What reading it again led to.
pub(super) enum Reread {
    /// It says nothing new, and nothing is to be said.
    Same,
    /// It is to be gone on with, but for these keys.
    Config(Box<Config>, Vec<&'static str>),
    /// It has faults that were not told of.
    Refused(ConfigError),
}

impl Reload {
    pub(super) fn new(file: PathBuf, started: &Config, load: Load) -> Reload {
        Reload {
            file,
            load,
            started: started.clone(),
            stamps: None,
            told: Vec::new(),
            refused: None,
        }
    }

    /// The files that it is read from, where `running` is what is gone by.
    pub(super) fn files(&self, running: &Config) -> Vec<PathBuf> {
        vec![self.file.clone(), running.site.ids.file.clone()]
    }

    /// Whether its files are others than when this was last asked.
    pub(super) fn differs(&mut self, running: &Config) -> bool {
        let stamp = |file: &Path| std::fs::metadata(file).ok().map(|file| Stamp::of(&file));
        let files = self.files(running);
        let stamps: Vec<_> = files.iter().map(|file| stamp(file)).collect();
        let differs = self.stamps.as_ref() != Some(&stamps);
        self.stamps = Some(stamps);
        differs
    }

    /// Reads it. Who was asked to gets an answer even where there is nothing new.
    pub(super) fn read(&mut self, running: &Config, asked: bool) -> Reread {
        self.differs(running);
        let mut config = match (self.load)() {
            Ok(config) => config,
            Err(error) => {
                let text = format!("{error:?}");
                let is_told = self.refused.as_ref() == Some(&text);
                self.refused = Some(text);
                return if is_told && !asked {
                    Reread::Same
                } else {
                    Reread::Refused(error)
                };
            }
        };
        let keys = config.keep_what_needs_a_restart(&self.started);
        let is_news =
            asked || self.refused.take().is_some() || keys != self.told || config != *running;
        self.told.clone_from(&keys);
        if is_news {
            Reread::Config(Box::new(config), keys)
        } else {
            Reread::Same
        }
    }

    /// Notes that the content cannot be read by it: it is tried again. Returns whether that is news.
    pub(super) fn refuse(&mut self, why: String) -> bool {
        let is_news = self.refused.as_ref() != Some(&why);
        self.refused = Some(why);
        // The directory may come later than the word of it.
        self.stamps = None;
        is_news
    }
}
