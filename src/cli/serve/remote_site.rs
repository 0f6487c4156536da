//! Serves a site from its repository, with the configuration that `init` proposes for it.

use std::fs::DirBuilder;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use tracing::warn;

use super::super::exit::HintedError;
use super::super::terminal::write_stderr;
use crate::cli::LogFormat;
use crate::config::{Config, ConfigError, GitConfig, is_inside};
use crate::init::{ProposedConfig, format_config, format_summary, propose_config};

/// Name of the proposed configuration in messages. It is in no file.
const PROPOSED_NAME: &str = "proposed configuration";

/// Repository of a site, and where it is cloned.
pub(super) struct RemoteSite {
    pub(super) git: GitConfig,
    /// Removed with its files when it is dropped.
    _temporary: Option<TemporaryDirectory>,
}

struct TemporaryDirectory(PathBuf);

impl RemoteSite {
    /// Chooses the directory of the clone: below `state_dir`, or a temporary one.
    pub(super) fn new(url: &str, state_dir: Option<&Path>) -> Result<RemoteSite, HintedError> {
        let temporary = match state_dir {
            Some(_) => None,
            None => Some(TemporaryDirectory::create().map_err(|source| HintedError {
                message: "cannot create a temporary directory".to_owned(),
                hint: "name a directory with `--state-dir DIR`".to_owned(),
                source: Some(source),
            })?),
        };
        let dir = temporary.as_ref().map(|dir| dir.0.as_path());
        let dir = state_dir.or(dir).unwrap_or(Path::new(""));
        let git = GitConfig::from_url(url, dir.join("repository")).ok_or_else(|| HintedError {
            message: "this is not the URL of a repository".to_owned(),
            hint: GitConfig::URL_HINT.to_owned(),
            source: None,
        })?;
        Ok(RemoteSite {
            git,
            _temporary: temporary,
        })
    }
}

/// Proposes the configuration of a site that is checked out, and writes what was found.
pub(super) fn propose_and_report(git: &GitConfig, format: LogFormat) -> Result<(), HintedError> {
    let (_, found) = propose_site_config(git)?;
    if format == LogFormat::Human {
        write_stderr(&format!("{}\n", format_summary(&found)));
    }
    for setting in found.placeholder_settings() {
        warn!(
            key = setting.key.to_string(),
            hint = "run `courant init` in a clone, and serve with its configuration",
            "the repository does not tell this setting, so a placeholder is used"
        );
    }
    Ok(())
}

/// Proposes the configuration again, as a reload does.
pub(super) fn load_proposed_config(git: &GitConfig) -> Result<Config, ConfigError> {
    let proposed = propose_site_config(git).map_err(|error| ConfigError::Read {
        path: git.checkout.clone(),
        source: io::Error::other(error.to_string()),
    });
    proposed.map(|(config, _)| config)
}

fn propose_site_config(git: &GitConfig) -> Result<(Config, ProposedConfig), HintedError> {
    let found = propose_config(&git.checkout).map_err(|_| HintedError {
        message: format!("no posts and no site generator in `{}`", git.shown_url()),
        hint: "write a configuration with `[content.git]`, which names the directory of the posts"
            .to_owned(),
        source: None,
    })?;
    let text = format_config(&found, &git.checkout);
    let parsed = Config::parse(&text, PROPOSED_NAME, &git.checkout);
    let mut config = parsed.map_err(|findings| HintedError {
        message: findings
            .first()
            .map_or_else(String::new, ToString::to_string),
        hint: "run `courant init` in a clone, and serve with its configuration".to_owned(),
        source: None,
    })?;
    // The repository chooses these paths.
    let mut files = config.card_source_files();
    files.push(config.content.dir.clone());
    if let Some(outside) = files.iter().find(|file| !is_inside(file, &git.checkout)) {
        return Err(HintedError {
            message: format!(
                "the site uses `{}`, which is outside of its repository",
                outside.display()
            ),
            hint: "write a configuration with `[content.git]`".to_owned(),
            source: None,
        });
    }
    config.content.git = Some(git.clone());
    Ok((config, found))
}

impl TemporaryDirectory {
    /// Creates a directory that no other user can read.
    fn create() -> io::Result<TemporaryDirectory> {
        // Each `RandomState` has random keys.
        let random = RandomState::new().build_hasher().finish();
        let path = std::env::temp_dir().join(format!("courant-{random:016x}"));
        DirBuilder::new().mode(0o700).create(&path)?;
        Ok(TemporaryDirectory(path))
    }
}

impl Drop for TemporaryDirectory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
