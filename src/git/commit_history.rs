//! Reads from the history when each file of the content was changed last.
//!
//! Only hashes, dates and paths are read, never a message or a former version. The first read takes time linear in the
//! history; a later one reads new commits only.

use std::collections::{HashMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tracing::{info, warn};

use super::command::{COMMAND_TIMEOUT, GitError, GitRepository, read_limited};
use super::git_thread::GitThread;
use crate::model::commit_dates::CommitDates;

/// Interval at which the checked out commit is looked up. A date may be that much late.
const HEAD_CHECK_INTERVAL: Duration = Duration::from_secs(2);
/// File of the repository with commits that changed only the form of files, as `git blame` is told of them.
const IGNORED_COMMITS_FILE: &str = ".git-blame-ignore-revs";
/// Marks the line of a commit. File names do not begin with it.
const COMMIT_MARK: char = '\u{1}';

/// Function that gets all dates after each change.
type DatesConsumer = Box<dyn Fn(Arc<CommitDates>) + Send>;

/// History of the content directory.
struct CommitHistory {
    repository: GitRepository,
    ignored_commits: Option<PathBuf>,
    /// Commit up to which `dates` are read.
    head: Option<String>,
    dates: HashMap<String, DateTime<Utc>>,
}

/// Reads the dates in a thread of its own, and again after each commit. `ignored_commits` is a file with commits that do
/// not count, in addition to that of the repository.
///
/// # Errors
/// The system lacks a thread.
pub fn follow_commit_dates(
    content_dir: &Path,
    ignored_commits: Option<PathBuf>,
    clock: fn() -> SystemTime,
    on_dates: impl Fn(Arc<CommitDates>) + Send + 'static,
) -> io::Result<GitThread> {
    let history = CommitHistory {
        repository: GitRepository {
            dir: content_dir.to_owned(),
            settings: Vec::new(),
            protocol: None,
            secrets: Vec::new(),
        },
        ignored_commits,
        head: None,
        dates: HashMap::new(),
    };
    GitThread::start("git-dates", history.follow(clock, Box::new(on_dates)))
}

impl CommitHistory {
    async fn follow(mut self, clock: fn() -> SystemTime, on_dates: DatesConsumer) {
        let mut last_error = None;
        loop {
            match self.read_changes().await {
                Ok(true) => {
                    last_error = None;
                    on_dates(Arc::new(self.dates_until(clock().into())));
                }
                Ok(false) => {}
                Err(error) => {
                    let text = error.to_string();
                    if last_error.as_ref() != Some(&text) {
                        warn!(
                            hint = error.hint,
                            "the dates of posts are not read from git: {text}"
                        );
                    }
                    last_error = Some(text);
                }
            }
            tokio::time::sleep(HEAD_CHECK_INTERVAL).await;
        }
    }

    /// Returns the dates that are not in the future, as a wrong clock makes them.
    fn dates_until(&self, now: DateTime<Utc>) -> CommitDates {
        let past = self.dates.iter().filter(|(_, date)| **date <= now);
        past.map(|(path, date)| (path.clone(), *date)).collect()
    }

    /// Reads commits that are new. Returns true if there were any.
    async fn read_changes(&mut self) -> Result<bool, GitError> {
        let head = ["rev-parse", "--verify", "HEAD^{commit}"];
        let head = self.repository.run(&head, None).await?.trim().to_owned();
        if self.head.as_ref() == Some(&head) {
            return Ok(false);
        }
        let shallow = ["rev-parse", "--is-shallow-repository"];
        if self.repository.run(&shallow, None).await?.trim() == "true" {
            return Err(GitError {
                message: "the clone is shallow, so that the history is missing".to_owned(),
                hint: "fetch all of it: `fetch-depth: 0` for actions/checkout, or `git fetch --unshallow`",
            });
        }
        // Unknown until all commits are read.
        let former = self.head.take();
        let range = match former {
            Some(former) if self.is_ancestor(&former, &head).await => format!("{former}..{head}"),
            _ => {
                self.dates.clear();
                self.report_unknown_files().await?;
                head.clone()
            }
        };
        let ignored = self.read_ignored_commits().await?;
        let read = tokio::time::timeout(COMMAND_TIMEOUT, self.read_log(&range, &ignored)).await;
        self.dates
            .extend(read.unwrap_or_else(|_| Err(GitError::timed_out()))?);
        self.head = Some(head);
        info!(files = self.dates.len(), "dates of files read from git");
        Ok(true)
    }

    async fn is_ancestor(&self, commit: &str, of: &str) -> bool {
        let args = ["merge-base", "--is-ancestor", commit, of];
        self.repository.run(&args, None).await.is_ok()
    }

    /// Logs how many posts are in no commit.
    async fn report_unknown_files(&self) -> Result<(), GitError> {
        let args = [
            "ls-files",
            "--others",
            "-z",
            "--",
            "*.md",
            "*.markdown",
            "*.mdx",
        ];
        let listed = self.repository.run(&args, None).await?;
        let mut files = listed.split('\0').filter(|file| !file.is_empty());
        if let Some(first) = files.next() {
            warn!(
                files = 1 + files.count(),
                first,
                hint = "commit them; until then their own dates are used",
                "posts are not in git"
            );
        }
        Ok(())
    }

    /// Returns the commits that do not count.
    async fn read_ignored_commits(&self) -> Result<HashSet<String>, GitError> {
        let root = ["rev-parse", "--show-toplevel"];
        let root = self.repository.run(&root, None).await?;
        let file = Path::new(root.trim_end_matches('\n')).join(IGNORED_COMMITS_FILE);
        let mut text = std::fs::read_to_string(file).unwrap_or_default();
        if let Some(file) = &self.ignored_commits {
            text.push('\n');
            text += &std::fs::read_to_string(file).map_err(|error| GitError {
                message: format!("cannot read `{}`: {error}", file.display()),
                hint: "`sitemap.ignored_commits` names it: one commit a line",
            })?;
        }
        let lines = text
            .lines()
            .map(|line| line.split('#').next().unwrap_or("").trim());
        Ok(lines
            .filter(|line| !line.is_empty())
            .map(str::to_owned)
            .collect())
    }

    /// Reads the newest date of each file that the commits changed.
    async fn read_log(
        &self,
        range: &str,
        ignored: &HashSet<String>,
    ) -> Result<HashMap<String, DateTime<Utc>>, GitError> {
        let format = format!("--format=tformat:{COMMIT_MARK}%H %ct");
        let args = [
            "log",
            "-z",
            "--no-renames",
            "--name-only",
            "--relative",
            &format,
            range,
            "--",
            ".",
        ];
        let mut running = self.repository.start(&args, None)?;
        let (stdout, stderr) = running.take_pipes();
        let (mut dates, mut date) = (HashMap::new(), None);
        let read_stdout = async {
            let mut reader = BufReader::new(stdout.ok_or(io::ErrorKind::BrokenPipe)?);
            let mut part = Vec::new();
            while reader.read_until(0, &mut part).await? > 0 {
                let text = String::from_utf8_lossy(&part);
                let text = text.trim_end_matches('\0').trim_start_matches('\n');
                if let Some(commit) = text.strip_prefix(COMMIT_MARK) {
                    date = parse_commit(commit, ignored);
                } else if let (Some(date), false) = (date, text.is_empty()) {
                    // Newer commits come first.
                    dates.entry(text.to_owned()).or_insert(date);
                }
                part.clear();
            }
            io::Result::Ok(())
        };
        let finished = tokio::try_join!(read_stdout, read_limited(stderr));
        let finished = match finished {
            Ok(((), errors)) => running.wait().await.map(|status| (status, errors)),
            Err(error) => Err(error),
        };
        match finished {
            Ok((status, _)) if status.success() => Ok(dates),
            Ok((_, errors)) => Err(self.repository.describe_failure(&args, &errors)),
            Err(error) => Err(self.repository.describe_failure(&args, &error.to_string())),
        }
    }
}

/// Returns the date of a commit, which is a hash and a Unix time; `None` if it does not count.
fn parse_commit(text: &str, ignored: &HashSet<String>) -> Option<DateTime<Utc>> {
    let (hash, seconds) = text.trim().split_once(' ')?;
    let date = DateTime::from_timestamp(seconds.parse().ok()?, 0)?;
    (!ignored.contains(hash)).then_some(date)
}
