//! Keeps a work tree equal to the newest commit of a branch.

use std::fs::{DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::PathBuf;

use super::command::{GitError, GitRepository, remove_stale_locks};
use crate::config::GitConfig;
use crate::repository_url::url_secrets;

/// Mode of the directory. Former versions may hold text that nobody else on this machine may read.
const DIRECTORY_MODE: u32 = 0o700;
/// Filter by which only the files that are checked out are fetched.
const BLOB_FILTER: &str = "--filter=blob:none";

/// Work tree of a repository, which belongs to courant alone.
#[derive(Debug)]
pub struct Checkout {
    repository: GitRepository,
    config: GitConfig,
    has_history: bool,
    lock_file: PathBuf,
    /// Commit that the work tree equals; `None` if that is not known.
    commit: Option<String>,
}

impl Checkout {
    /// Prepares a work tree without asking the repository. With history, dates of commits can be read.
    pub fn new(config: &GitConfig, has_history: bool) -> Checkout {
        let mut lock_file = config.checkout.clone().into_os_string();
        lock_file.push(".lock");
        let settings = vec![
            ("remote.origin.url", config.url.clone()),
            ("remote.origin.promisor", "true".to_owned()),
            ("remote.origin.partialclonefilter", "blob:none".to_owned()),
        ];
        Checkout {
            repository: GitRepository {
                dir: config.checkout.clone(),
                settings,
                protocol: Some(config.protocol().to_owned()),
                secrets: url_secrets(&config.url),
            },
            config: config.clone(),
            has_history,
            lock_file: lock_file.into(),
            commit: None,
        }
    }

    /// Returns the commit of the work tree; `None` before the first update.
    pub fn commit(&self) -> Option<&str> {
        self.commit.as_deref()
    }

    /// Returns the URL of the repository without credentials.
    pub fn shown_url(&self) -> String {
        self.config.shown_url()
    }

    /// Returns true if an earlier process left a work tree.
    pub fn exists(&self) -> bool {
        self.config.checkout.join(".git/HEAD").is_file()
    }

    /// Fetches the branch and checks it out. Returns true if the commit changed.
    ///
    /// # Errors
    /// The repository cannot be fetched, in which case the work tree stays, or the disk is full.
    pub async fn update(&mut self) -> Result<bool, GitError> {
        let lock = self.acquire_lock().await?;
        if self.commit.is_none() {
            self.prepare(&lock).await?;
        }
        self.fetch(&lock).await?;
        let fetched = ["rev-parse", "--verify", "FETCH_HEAD^{commit}"];
        let fetched = self.repository.run(&fetched, Some(&lock)).await?;
        let fetched = fetched.trim();
        if self.commit.as_deref() == Some(fetched) {
            return Ok(false);
        }
        self.check_out(fetched, &lock).await?;
        // Removes objects of former versions when there are many.
        let collected = self
            .repository
            .run(&["gc", "--auto", "--quiet"], Some(&lock));
        if let Err(error) = collected.await {
            tracing::debug!("{error}");
        }
        Ok(true)
    }

    /// Makes the work tree equal to the last commit that was checked out completely, without asking the repository.
    ///
    /// # Errors
    /// There is no such commit, or the work tree cannot be written.
    pub async fn restore(&mut self) -> Result<(), GitError> {
        let lock = self.acquire_lock().await?;
        let head = ["rev-parse", "--verify", "HEAD^{commit}"];
        let head = self.repository.run(&head, Some(&lock)).await?;
        self.check_out(head.trim(), &lock).await
    }

    /// Creates the repository, and selects the directories that are checked out.
    async fn prepare(&self, lock: &File) -> Result<(), GitError> {
        let init = ["init", "--quiet", "--template=", "--initial-branch=courant"];
        self.repository.run(&init, Some(lock)).await?;
        let sparse: Vec<&str> = match self.config.sparse_dirs.as_slice() {
            [] => vec!["sparse-checkout", "disable"],
            dirs => {
                let set = ["sparse-checkout", "set", "--cone", "--"];
                set.into_iter()
                    .chain(dirs.iter().map(|dir| &**dir))
                    .collect()
            }
        };
        self.repository.run(&sparse, Some(lock)).await?;
        Ok(())
    }

    async fn fetch(&self, lock: &File) -> Result<(), GitError> {
        let is_shallow = self.config.checkout.join(".git/shallow").is_file();
        let depth = match (self.has_history, is_shallow) {
            (false, _) => Some("--depth=1"),
            (true, true) => Some("--unshallow"),
            (true, false) => None,
        };
        // With all files of one commit, the filter would only add a second request.
        let is_partial = self.has_history || !self.config.sparse_dirs.is_empty();
        let filter = is_partial.then_some(BLOB_FILTER);
        let wanted = match &self.config.branch {
            Some(branch) => format!("refs/heads/{branch}"),
            None => "HEAD".to_owned(),
        };
        let fixed = [
            "fetch",
            "--quiet",
            "--force",
            "--no-tags",
            "--no-auto-maintenance",
            "--no-recurse-submodules",
        ];
        let options = [depth, filter].into_iter().flatten();
        let args: Vec<&str> = fixed
            .into_iter()
            .chain(options)
            .chain(["--", "origin", wanted.as_str()])
            .collect();
        self.repository.run(&args, Some(lock)).await.map(|_| ())
    }

    /// Makes the work tree equal to a commit.
    async fn check_out(&mut self, commit: &str, lock: &File) -> Result<(), GitError> {
        // Not known until both commands have succeeded.
        self.commit = None;
        let reset = [
            "reset",
            "--hard",
            "--quiet",
            "--no-recurse-submodules",
            commit,
        ];
        self.repository.run(&reset, Some(lock)).await?;
        // A reset that was killed leaves files that no commit knows. They may be withdrawn by now.
        let clean = ["clean", "-ffdxq"];
        self.repository.run(&clean, Some(lock)).await?;
        self.commit = Some(commit.to_owned());
        Ok(())
    }

    /// Waits for the exclusive use of the work tree: a process that is being replaced may still fetch.
    async fn acquire_lock(&self) -> Result<File, GitError> {
        let (dir, path) = (self.config.checkout.clone(), self.lock_file.clone());
        let locked = tokio::task::spawn_blocking(move || {
            let mut builder = DirBuilder::new();
            builder.recursive(true).mode(DIRECTORY_MODE).create(&dir)?;
            let mut options = File::options();
            let options = options.create(true).truncate(false).read(true).write(true);
            let file = options.open(path)?;
            file.lock()?;
            remove_stale_locks(&dir.join(".git"));
            io::Result::Ok(file)
        });
        let locked = locked.await.unwrap_or_else(|error| Err(error.into()));
        locked.map_err(|error| GitError {
            message: format!(
                "cannot write `{}`: {error}",
                self.config.checkout.display()
            ),
            hint: "`state.dir` names the directory; this program's user must be able to write to it",
        })
    }
}
