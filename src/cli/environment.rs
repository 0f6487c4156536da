//! Reads the clock and the working directory, and finds the configuration file.

use super::ConfigFileArgs;
use std::path::PathBuf;
use std::time::SystemTime;

/// Reads the wall clock. All other code receives the time as an argument.
#[expect(
    clippy::disallowed_methods,
    reason = "the only place that reads the clock"
)]
pub(crate) fn read_clock() -> SystemTime {
    SystemTime::now()
}

/// Name of the configuration file if none exists.
pub(super) const DEFAULT_CONFIG_FILE: &str = "config.toml";

/// Returns the configuration file that the arguments name, or the first default name that exists.
/// If none exists, returns `config.toml`, so that the error names it.
pub(crate) fn find_config_file(args: &ConfigFileArgs) -> PathBuf {
    match &args.config {
        Some(file) => file.clone(),
        None => [".courant.toml", "courant.toml", DEFAULT_CONFIG_FILE]
            .map(PathBuf::from)
            .into_iter()
            .find(|file| file.is_file())
            .unwrap_or_else(|| PathBuf::from(DEFAULT_CONFIG_FILE)),
    }
}

/// Returns the working directory, to which displayed paths are relative.
pub(crate) fn working_directory() -> PathBuf {
    std::env::current_dir().unwrap_or_default()
}
