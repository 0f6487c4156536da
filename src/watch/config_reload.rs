//! Reads the configuration again when its files change.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::fs_event::FsEventKind;
use crate::config::{Config, ConfigError, keep_restart_only_settings};
use crate::file_stamp::FileStamp;

/// Time that a configuration file may be incomplete or missing while it is saved.
const CONFIG_SAVE_GRACE: Duration = Duration::from_millis(50);

/// Function that reads and validates the configuration.
pub type LoadConfig = Box<dyn FnMut() -> Result<Config, ConfigError> + Send>;

/// Reads the configuration again when its files change.
pub(super) struct ConfigReloader {
    file: PathBuf,
    load: LoadConfig,
    /// Configuration of the start. Some keys need a restart to change.
    startup_config: Config,
    stamps: Option<Vec<Option<FileStamp>>>,
    /// Keys already reported as needing a restart.
    reported_keys: Vec<&'static str>,
    /// Reported reason for rejecting the last configuration.
    last_error: Option<String>,
}

/// Result of reading the configuration again.
pub(super) enum ReloadResult {
    /// Nothing changed and there is nothing to report.
    Unchanged,
    /// New configuration to apply, and the keys that need a restart.
    Changed(Box<Config>, Vec<&'static str>),
    /// Invalid configuration, not reported yet.
    Invalid(ConfigError),
}

impl ConfigReloader {
    pub(super) fn new(file: PathBuf, started: &Config, load: LoadConfig) -> ConfigReloader {
        ConfigReloader {
            file,
            load,
            startup_config: started.clone(),
            stamps: None,
            reported_keys: Vec::new(),
            last_error: None,
        }
    }

    /// Returns the files that the configuration is read from. `running` is the active one.
    pub(super) fn source_files(&self, running: &Config) -> Vec<PathBuf> {
        vec![self.file.clone(), running.site.ids.file.clone()]
    }

    /// Returns true if any file changed since the last call.
    pub(super) fn check_files_changed(&mut self, running: &Config) -> bool {
        let stamp = |file: &Path| {
            std::fs::metadata(file)
                .ok()
                .map(|file| FileStamp::from_metadata(&file))
        };
        let files = self.source_files(running);
        let stamps: Vec<_> = files.iter().map(|file| stamp(file)).collect();
        let differs = self.stamps.as_ref() != Some(&stamps);
        self.stamps = Some(stamps);
        differs
    }

    /// Reads the configuration. If it `is_requested` by the operator, the result is reported even
    /// when nothing changed.
    pub(super) fn read_config(&mut self, running: &Config, is_requested: bool) -> ReloadResult {
        self.check_files_changed(running);
        let mut config = match (self.load)() {
            Ok(config) => config,
            Err(error) => {
                let text = format!("{error:?}");
                let is_reported = self.last_error.as_ref() == Some(&text);
                self.last_error = Some(text);
                return if is_reported && !is_requested {
                    ReloadResult::Unchanged
                } else {
                    ReloadResult::Invalid(error)
                };
            }
        };
        let restart_keys = keep_restart_only_settings(&mut config, &self.startup_config);
        let is_news = is_requested
            || self.last_error.take().is_some()
            || restart_keys != self.reported_keys
            || config != *running;
        self.reported_keys.clone_from(&restart_keys);
        if is_news {
            ReloadResult::Changed(Box::new(config), restart_keys)
        } else {
            ReloadResult::Unchanged
        }
    }

    /// Records that the content cannot be read with the new configuration, which is tried again.
    /// Returns true if the reason is new.
    pub(super) fn record_unusable(&mut self, why: String) -> bool {
        let is_news = self.last_error.as_ref() != Some(&why);
        self.last_error = Some(why);
        // The content directory may be created after the configuration that names it.
        self.stamps = None;
        is_news
    }
}

/// Schedules the next read of the configuration.
#[derive(Debug, Default)]
pub(super) struct ConfigReadSchedule {
    /// Time of the next read, and true if the operator requested it.
    due: Option<(Instant, bool)>,
}

impl ConfigReadSchedule {
    /// Schedules a read at `at`, unless one is scheduled already.
    pub(super) fn schedule_read(&mut self, at: Instant) {
        self.due.get_or_insert((at, false));
    }

    /// Schedules the read at `at` that the operator requested.
    pub(super) fn request_read(&mut self, at: Instant) {
        self.due = Some((at, true));
    }

    /// Schedules a read for an event of a configuration file. A file that is not complete is read a moment later.
    pub(super) fn on_file_event(&mut self, kind: FsEventKind, at: Instant) {
        let is_complete = matches!(kind, FsEventKind::Written | FsEventKind::Arrived);
        let due = if is_complete {
            at
        } else {
            at + CONFIG_SAVE_GRACE
        };
        let is_requested = self.due.is_some_and(|(_, is_requested)| is_requested);
        self.due = Some((due, is_requested));
    }

    /// Returns the time of the next read.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.due.map(|(due, _)| due)
    }

    /// Removes a read that is due at `at`. Returns true if the operator requested it.
    pub(super) fn take_due(&mut self, at: Instant) -> Option<bool> {
        let (_, is_requested) = self.due.take_if(|(due, _)| *due <= at)?;
        Some(is_requested)
    }
}
