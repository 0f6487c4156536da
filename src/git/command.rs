//! Runs one command of git, with a time limit and without anything that a repository could make it do.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};

/// Maximum time of a command. The first fetch of a large site takes minutes.
pub(super) const COMMAND_TIMEOUT: Duration = Duration::from_secs(10 * 60);
/// Maximum bytes that are kept of what a command writes. A server chooses some of them.
const MAX_OUTPUT_BYTES: u64 = 64 * 1024;
/// Maximum characters of an error message.
const MAX_MESSAGE_CHARS: usize = 400;
/// Variables that git and its helpers need. Nothing else of the environment reaches them.
const PASSED_VARIABLES: &str = "ALL_PROXY GIT_CONFIG_GLOBAL GIT_SSL_CAINFO GIT_SSL_CAPATH HOME \
    HTTPS_PROXY LOGNAME NO_PROXY PATH SSH_AUTH_SOCK SSL_CERT_DIR SSL_CERT_FILE TMPDIR USER \
    XDG_CONFIG_HOME XDG_RUNTIME_DIR all_proxy http_proxy https_proxy no_proxy";
/// Settings of every command. They override those of the user and of the repository.
const SETTINGS: [(&str, &str); 17] = [
    ("core.hooksPath", "/dev/null"),
    ("core.fsmonitor", "false"),
    ("core.askPass", ""),
    // A link could lead to a file of this machine that is nobody's to publish.
    ("core.symlinks", "false"),
    ("core.logAllRefUpdates", "false"),
    ("core.quotePath", "false"),
    ("credential.interactive", "false"),
    ("submodule.recurse", "false"),
    ("fetch.recurseSubmodules", "false"),
    ("filter.lfs.smudge", ""),
    ("filter.lfs.process", ""),
    ("filter.lfs.required", "false"),
    ("gc.autoDetach", "false"),
    ("maintenance.autoDetach", "false"),
    // A transfer that is stuck ends, also if this process was killed.
    ("http.lowSpeedLimit", "1000"),
    ("http.lowSpeedTime", "60"),
    ("log.showSignature", "false"),
];
/// Options of `ssh`: no prompt, and an end of a connection that is stuck.
const SSH_OPTIONS: &str =
    "-o BatchMode=yes -o ConnectTimeout=20 -o ServerAliveInterval=15 -o ServerAliveCountMax=4";

/// Reason why a command of git failed.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct GitError {
    /// Description of the error, without credentials.
    pub message: String,
    /// Remedy.
    pub hint: &'static str,
}

impl GitError {
    pub(super) fn timed_out() -> GitError {
        GitError {
            message: "the repository did not answer in time".to_owned(),
            hint: "the next fetch tries again",
        }
    }
}

/// Repository that commands run in.
#[derive(Debug, Clone)]
pub(super) struct GitRepository {
    /// Work tree.
    pub(super) dir: PathBuf,
    /// Further settings.
    pub(super) settings: Vec<(&'static str, String)>,
    /// Protocol that may be used; `None` uses no network.
    pub(super) protocol: Option<String>,
    /// Text that messages must not repeat.
    pub(super) secrets: Vec<String>,
}

/// Running command, whose processes end when this is dropped.
#[derive(Debug)]
pub(super) struct RunningGit {
    child: Child,
    group: Option<Pid>,
}

impl RunningGit {
    pub(super) fn take_pipes(&mut self) -> (Option<ChildStdout>, Option<ChildStderr>) {
        (self.child.stdout.take(), self.child.stderr.take())
    }

    /// Waits for the end of the command.
    pub(super) async fn wait(mut self) -> io::Result<ExitStatus> {
        let status = self.child.wait().await?;
        self.group = None;
        Ok(status)
    }
}

impl Drop for RunningGit {
    fn drop(&mut self) {
        if let Some(group) = self.group {
            // Fails if all of them have ended.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

impl GitRepository {
    /// Runs a command to its end, and returns what it wrote. `lock` stays locked until its last process has ended.
    pub(super) async fn run(&self, args: &[&str], lock: Option<&File>) -> Result<String, GitError> {
        let running = self.start(args, lock)?;
        let finished = tokio::time::timeout(COMMAND_TIMEOUT, collect_output(running)).await;
        let finished = finished.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
        let (status, output, errors) =
            finished.map_err(|error| self.describe_failure(args, &error.to_string()))?;
        match status.success() {
            true => Ok(output),
            false => Err(self.describe_failure(args, &errors)),
        }
    }

    /// Starts a command.
    pub(super) fn start(&self, args: &[&str], lock: Option<&File>) -> Result<RunningGit, GitError> {
        let started = self.spawn_command(args, lock);
        started.map_err(|error| match error.kind() {
            io::ErrorKind::NotFound if self.dir.is_dir() => GitError {
                message: "`git` is not installed".to_owned(),
                hint: "install git 2.31 or newer",
            },
            _ => self.describe_failure(args, &error.to_string()),
        })
    }

    fn spawn_command(&self, args: &[&str], lock: Option<&File>) -> io::Result<RunningGit> {
        let stdin = lock.map(File::try_clone).transpose()?;
        let child = Command::new("git")
            .args(args)
            .current_dir(&self.dir)
            .env_clear()
            .envs(self.environment())
            .stdin(stdin.map_or_else(Stdio::null, Stdio::from))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        Ok(RunningGit {
            group: id.and_then(Pid::from_raw),
            child,
        })
    }

    fn environment(&self) -> Vec<(String, OsString)> {
        let passed = PASSED_VARIABLES
            .split_whitespace()
            .filter_map(|name| Some((name.to_owned(), std::env::var_os(name)?)));
        let mut ssh = std::env::var_os("GIT_SSH_COMMAND").unwrap_or_else(|| "ssh".into());
        ssh.push(format!(" {SSH_OPTIONS}"));
        let fixed = [
            ("GIT_TERMINAL_PROMPT", "0"),
            ("GIT_ASKPASS", ""),
            ("GIT_LFS_SKIP_SMUDGE", "1"),
            ("GIT_OPTIONAL_LOCKS", "0"),
            ("LC_ALL", "C.UTF-8"),
            // An empty list allows no protocol.
            (
                "GIT_ALLOW_PROTOCOL",
                self.protocol.as_deref().unwrap_or_default(),
            ),
        ];
        let fixed = fixed.map(|(name, value)| (name.to_owned(), value.into()));
        let settings = SETTINGS
            .into_iter()
            .chain(self.settings.iter().map(|(key, value)| (*key, &**value)));
        let settings: Vec<_> = settings
            .enumerate()
            .flat_map(|(number, (key, value))| {
                [
                    (format!("GIT_CONFIG_KEY_{number}"), key.into()),
                    (format!("GIT_CONFIG_VALUE_{number}"), value.into()),
                ]
            })
            .collect();
        let count = (settings.len() / 2).to_string();
        let count = ("GIT_CONFIG_COUNT".to_owned(), count.into());
        passed
            .chain(fixed)
            .chain([("GIT_SSH_COMMAND".to_owned(), ssh), count])
            .chain(settings)
            .collect()
    }

    /// Returns the error of a command, from the last lines that it wrote.
    pub(super) fn describe_failure(&self, args: &[&str], written: &str) -> GitError {
        let mut text = written.to_owned();
        for secret in &self.secrets {
            text = text.replace(secret, "…");
        }
        let mut lines = text.lines().map(str::trim);
        let about = match lines
            .find(|line| line.starts_with("fatal:") || line.starts_with("ERROR:"))
        {
            // The reason for each address is on a line of its own.
            Some(line) if line.ends_with(':') => format!("{line} {}", lines.next().unwrap_or("")),
            Some(line) => line.to_owned(),
            None => text.lines().last().unwrap_or("no message").to_owned(),
        };
        let about = about.trim_start_matches("fatal:").trim();
        let about: String = about
            .chars()
            .filter(|c| !c.is_control())
            .take(MAX_MESSAGE_CHARS)
            .collect();
        let command = args.first().unwrap_or(&"");
        GitError {
            message: format!("`git {command}` failed: {about}"),
            hint: hint_for(&text),
        }
    }
}

/// Returns the remedy for what git wrote.
fn hint_for(text: &str) -> &'static str {
    let has = |parts: &[&str]| parts.iter().any(|part| text.contains(part));
    if has(&[
        "could not read Username",
        "could not read Password",
        "Authentication failed",
        "Permission denied",
        "not found",
        "not appear to be a git repository",
    ]) {
        "check the URL; a private repository needs a credential helper of git, or a key for ssh"
    } else if has(&["couldn't find remote ref"]) {
        "`content.git.branch` names the branch; without it, the repository needs a default branch with a commit"
    } else if has(&["Host key verification failed"]) {
        "add the host to `known_hosts` of this program's user"
    } else if has(&["dubious ownership"]) {
        "run `git config --global --add safe.directory DIR` as this program's user"
    } else if has(&["No space left", "disk quota"]) {
        "free some disk space"
    } else {
        "the next fetch tries again"
    }
}

/// Reads what a command writes, up to a limit, and waits for its end.
async fn collect_output(mut running: RunningGit) -> io::Result<(ExitStatus, String, String)> {
    let (stdout, stderr) = running.take_pipes();
    let (output, errors) = tokio::try_join!(read_limited(stdout), read_limited(stderr))?;
    Ok((running.wait().await?, output, errors))
}

pub(super) async fn read_limited(pipe: Option<impl AsyncRead + Unpin>) -> io::Result<String> {
    let mut bytes = Vec::new();
    if let Some(pipe) = pipe {
        pipe.take(MAX_OUTPUT_BYTES).read_to_end(&mut bytes).await?;
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Removes lock files that a killed git left behind. Nothing else may use the repository.
pub(super) fn remove_stale_locks(git_dir: &Path) {
    for dir in [
        git_dir.to_owned(),
        git_dir.join("refs/heads"),
        git_dir.join("info"),
    ] {
        let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
        for path in entries.map(|entry| entry.path()) {
            if path
                .extension()
                .is_some_and(|extension| extension == "lock")
            {
                let _ = std::fs::remove_file(path);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repository_url::url_secrets;

    fn describe(url: &str, written: &str) -> GitError {
        let repository = GitRepository {
            dir: PathBuf::new(),
            settings: Vec::new(),
            protocol: None,
            secrets: url_secrets(url),
        };
        repository.describe_failure(&["fetch"], written)
    }

    #[test]
    fn message_is_the_reason_without_secrets() {
        for url in [
            "https://me:ghp_0123456789abcdef@h.example/x",
            "https://ghp_0123456789abcdef@h.example/x",
        ] {
            let written = format!("remote: hello\nfatal: unable to access '{url}': \u{7}no\nbye");
            let message = describe(url, &written).message;
            assert!(message.contains("failed: unable to access"), "{message}");
            assert!(!message.contains("0123"), "{message}");
            assert!(!message.contains('\u{7}') && !message.contains("bye"));
        }
        let two_lines = "fatal: unable to connect to h:\nh[0: ::1]: refused\n";
        let message = describe("git://h/x", two_lines).message;
        assert!(message.ends_with("h: h[0: ::1]: refused"), "{message}");
    }

    #[test]
    fn hint_follows_from_what_git_writes() {
        let hint = |written| describe("https://h/x", written).hint;
        assert!(hint("fatal: couldn't find remote ref HEAD").contains("`content.git.branch`"));
        assert!(hint("fatal: could not read Username for 'https://h'").contains("credential"));
        assert!(hint("fatal: detected dubious ownership").contains("safe.directory"));
    }
}
