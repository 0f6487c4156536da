//! Lists the files that changed since a revision of the repository of the content, by the installed git.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::exit::HintedError;

/// Variables that git needs. Without the others, such as `GIT_DIR` in a hook, it finds the repository by itself.
const PASSED_VARIABLES: [&str; 5] = ["HOME", "PATH", "TMPDIR", "USER", "XDG_CONFIG_HOME"];
/// Settings of each command: it starts no program that the repository names.
const SETTINGS: [&str; 2] = ["core.hooksPath=/dev/null", "core.fsmonitor=false"];

/// Lists the files below `dir` that differ from a revision, also those that git does not know yet. Deleted ones are
/// left out.
///
/// # Errors
/// git is not installed, `dir` is in no repository, or the revision is unknown.
pub(super) fn list_changed_files(dir: &Path, revision: &str) -> Result<Vec<PathBuf>, HintedError> {
    let diff = "diff --name-only -z --relative --diff-filter=d --no-ext-diff --no-textconv \
        --ignore-submodules --end-of-options";
    let diff: Vec<&str> = diff.split(' ').chain([revision, "--"]).collect();
    let untracked = ["ls-files", "-z", "--others", "--exclude-standard"];
    let written = [run_git(dir, &diff)?, run_git(dir, &untracked)?].concat();
    let names = written.split(|byte| *byte == 0);
    let names = names.filter(|name| !name.is_empty());
    Ok(names
        .map(|name| dir.join(OsStr::from_bytes(name)))
        .collect())
}

fn run_git(dir: &Path, args: &[&str]) -> Result<Vec<u8>, HintedError> {
    let passed = PASSED_VARIABLES.map(|name| Some((name, std::env::var_os(name)?)));
    let output = Command::new("git")
        .args(SETTINGS.iter().flat_map(|setting| ["-c", setting]))
        .args(args)
        .current_dir(dir)
        .env_clear()
        .envs(passed.into_iter().flatten())
        .env("GIT_OPTIONAL_LOCKS", "0")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .output()
        .map_err(|error| HintedError {
            message: "`--since` cannot run `git`".to_owned(),
            hint: "install git, or name the files: `courant check PATH`".to_owned(),
            source: Some(error),
        })?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let errors = String::from_utf8_lossy(&output.stderr);
    let reason = errors.lines().next().unwrap_or("no message");
    Err(HintedError {
        message: format!("`--since` cannot list changed files: git: {reason}"),
        hint: "name a commit, branch or tag of the repository of the content; a shallow clone lacks older ones \
               (`fetch-depth: 0` in GitHub Actions, `GIT_DEPTH: 0` in GitLab)"
            .to_owned(),
        source: None,
    })
}
