//! Runs the installed `git`: checks out the repository of the content, fetches its changes, and reads dates of commits.
//!
//! No hook, filter, submodule or prompt of git runs, and symbolic links are checked out as text. So a repository can
//! only add files below its own directory.

mod checkout;
mod command;
mod commit_history;
mod fetch_task;
mod git_thread;
mod status;

pub use checkout::Checkout;
pub use command::GitError;
pub use commit_history::follow_commit_dates;
pub use fetch_task::{FetchTrigger, fetch_at_start, start_fetching};
pub use git_thread::GitThread;
pub use status::{GitFigures, GitStatus};
