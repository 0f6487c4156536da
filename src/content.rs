//! A directory of files into posts and findings.
//!
//! Nothing here fails as a whole because one file is bad, and nothing decides whether a post may
//! be seen.

mod absolute;
mod address;
mod body;
mod body_text;
mod broken;
mod budget;
mod conflict;
mod constructs;
mod copies;
mod date;
mod dialect;
mod fields;
mod foreign;
mod front_matter;
mod glance;
mod known;
mod ledger;
mod library;
mod limits;
mod location;
mod markdown;
mod markup;
pub mod outline;
mod parse;
mod permalink;
mod plain_text;
mod read;
mod rendering;
mod sanitize;
mod scan;
mod scope;
mod tree;
mod unread;

use crate::config::Config;

pub use address::moved;
pub use broken::Limits;
pub use known::Tally;
pub use library::{ABSENCE, Library, LibraryError, Look, Looked, Loss};
pub use parse::{Parsed, parse, parse_outline};
pub use plain_text::plain_text;
pub use rendering::Rendering;
pub use scope::Scope;

/// Why a file of this path, below the content directory, is not looked at; `None` where it is.
pub fn left_out(path: &str, config: &Config) -> Option<&'static str> {
    scan::left_out(path, &config.content)
}

/// Whether a file of this path, below any directory, can be a post, whatever the configuration says.
pub fn may_be_post(path: &str) -> bool {
    scan::left_out_by_name(path).is_none()
}

/// Why a file is taken for a copy of the post beside it; `None` where it is not.
pub fn copy_reason(file: &std::path::Path, config: &Config) -> Option<String> {
    scan::copy_beside(file, &config.content.dir).map(|copy| scan::copy_reason(&copy))
}

/// What is asked of the content.
///
/// Each is more than the one before it, and costs more. The post is the same at any.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Depth {
    /// What is needed to list it: the body is rendered when it is asked for, and what only that would
    /// tell is not told.
    Outline,
    /// What is needed to publish it.
    #[default]
    Publish,
    /// Also what could be better.
    Check,
}
