//! Reads and parses one file, or reports why it cannot be read.

use std::fs::File;
use std::io::{self, Read as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use super::new_finding::error_finding;
use super::read_errors::{self, is_transient_error};
use super::scan::ScannedFile;
use crate::config::Config;
use crate::file_stamp::StampHash;
use crate::front_matter::{FrontMatterSplit, split_front_matter};
use crate::model::finding::{Finding, Rule};
use crate::model::markup::Markup;
use crate::model::parse_mode::ParseMode;
use crate::model::post::Post;
use crate::post::BodyRenderer;
use crate::post::broken_visibility::{VisibilityLimits, scan_for_limits};
use crate::post::parse::{ParsedFile, parse_with_renderer};
use crate::text::collapse_whitespace;

/// Maximum buffer allocated for the file size that the file system reports.
const MAX_PREALLOCATED_BYTES: u64 = 1024 * 1024;

/// Bytes read of a file that is too large to be a post: enough for its front matter.
const FRONT_MATTER_PREFIX_BYTES: u64 = 64 * 1024;

/// Bytes read of a page to see that it has no front matter. Generators built most pages, so there may be many.
const PAGE_PREFIX_BYTES: u64 = 512;

/// Parsed contents of one file. Without a stamp, the file is read again in the next scan.
pub(super) struct FileContents {
    pub(super) stamp: Option<StampHash>,
    pub(super) parsed: ParsedFile,
    /// True if the body was linted.
    pub(super) is_linted: bool,
}

impl FileContents {
    /// Returns the contents of an unknown file with a transient read error. It is not a post until it
    /// can be read.
    pub(super) fn unreadable() -> FileContents {
        FileContents {
            stamp: None,
            parsed: ParsedFile::Broken {
                findings: Vec::new(),
                limits: VisibilityLimits::NONE,
            },
            is_linted: false,
        }
    }
}

/// Mode of reading a file.
#[derive(Debug, Clone, Copy)]
pub(super) struct ReadMode<'a> {
    /// Depth of parsing. Without its body, a post is rendered on demand.
    pub(super) parse_mode: ParseMode,
    /// Renderer of the site, which all posts share.
    pub(super) renderer: &'a Arc<BodyRenderer>,
}

/// Reads one file.
///
/// # Errors
/// A transient read error while the site is served: the former record stays.
pub(super) fn read_post_file(
    path: &str,
    candidate: &ScannedFile,
    config: &Config,
    mode: ReadMode<'_>,
    now: SystemTime,
) -> Result<FileContents, Finding> {
    let stamp = (!candidate.stamp.is_too_recent(now)).then(|| candidate.stamp.to_hash());
    let max_bytes = config.content.max_file_size;
    if let Some(parsed) = read_page_without_front_matter(path, candidate, config) {
        return Ok(FileContents {
            stamp,
            parsed,
            is_linted: false,
        });
    }
    if candidate.stamp.size > max_bytes {
        let message = format!(
            "the file has {} bytes; a post may have at most {max_bytes}",
            candidate.stamp.size
        );
        let finding = error_finding(
            path,
            Rule::FileTooLarge,
            message,
            "move the data out of it, or raise `content.max_file_size`",
        );
        // The front matter at its beginning, if any, may still withdraw the post.
        let beginning = read_prefix(
            &candidate.file,
            FRONT_MATTER_PREFIX_BYTES,
            FRONT_MATTER_PREFIX_BYTES,
        )
        .unwrap_or_default();
        let parsed = ParsedFile::Broken {
            findings: vec![finding],
            limits: scan_for_limits(&String::from_utf8_lossy(&beginning), config),
        };
        return Ok(FileContents {
            stamp,
            parsed,
            is_linted: false,
        });
    }
    let is_served = mode.parse_mode == ParseMode::Metadata;
    let bytes = match read_bounded(&candidate.file, candidate.stamp.size, max_bytes) {
        Ok(bytes) => bytes,
        Err(error) if is_served && is_transient_error(&error) => {
            return Err(read_errors::transient_error_finding(path, &error));
        }
        Err(source) => {
            let message = format!(
                "cannot be read: {}",
                collapse_whitespace(&source.to_string()).to_lowercase()
            );
            let finding = error_finding(
                path,
                Rule::UnreadableFile,
                message,
                "give the service permission to read it",
            );
            // Permissions may change without a change of the contents, so it is read again next time.
            return Ok(FileContents {
                stamp: None,
                // The text is unknown, so it cannot withdraw the last good version.
                parsed: ParsedFile::Broken {
                    findings: vec![finding],
                    limits: VisibilityLimits::NONE,
                },
                is_linted: false,
            });
        }
    };
    // A parser that panics on one file must not affect the others.
    let parse = || parse_with_renderer(&bytes, path, config, mode.parse_mode, mode.renderer);
    let parsed = catch_unwind(AssertUnwindSafe(parse)).unwrap_or_else(|_| {
        let finding = error_finding(
            path,
            Rule::FrontMatter,
            "the file cannot be processed".to_owned(),
            "please report it with the file; until then, split or simplify it",
        );
        ParsedFile::Broken {
            findings: vec![finding],
            limits: scan_for_limits(&String::from_utf8_lossy(&bytes), config),
        }
    });
    Ok(FileContents {
        stamp,
        parsed,
        is_linted: !is_served,
    })
}

/// Reads the beginning of a file that is rarely a post, such as a page in HTML. `None` if it may be a post.
fn read_page_without_front_matter(
    path: &str,
    candidate: &ScannedFile,
    config: &Config,
) -> Option<ParsedFile> {
    Markup::from_path(path).filter(|markup| markup.is_rarely_post())?;
    let bytes = read_prefix(&candidate.file, PAGE_PREFIX_BYTES, PAGE_PREFIX_BYTES).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    let is_page = !bytes.is_empty() && split_front_matter(&text) == FrontMatterSplit::None;
    is_page.then(|| ParsedFile::NoFrontMatter {
        limits: scan_for_limits(&text, config),
        findings: Vec::new(),
    })
}

/// Returns all findings of a file that was read without its body. `None` if the file changed since, or
/// if its name is not UTF-8; `check` reads such a file completely.
pub(super) fn lint_file(
    path: &str,
    post: &Post,
    config: &Config,
    renderer: &Arc<BodyRenderer>,
) -> Option<Vec<Finding>> {
    let file = config.content.dir.join(path);
    let bytes = read_regular_file(&file, config.content.max_file_size)?;
    let parse = || parse_with_renderer(&bytes, path, config, ParseMode::Full, renderer);
    match catch_unwind(AssertUnwindSafe(parse)).ok()? {
        ParsedFile::Post {
            post: mut whole,
            findings,
        } => {
            // Not in the file.
            Arc::make_mut(&mut whole).set_committed_at(post.committed_at());
            (*whole == *post).then_some(findings)
        }
        _ => None,
    }
}

/// Reads a file completely. `None` if it is not a readable regular file, or has more than `max_bytes`.
pub(super) fn read_regular_file(file: &Path, max_bytes: u64) -> Option<Vec<u8>> {
    // Opening a pipe would block until a writer opens it.
    let metadata = std::fs::metadata(file).ok()?;
    let read = || read_bounded(file, metadata.len(), max_bytes).ok();
    metadata.is_file().then(read).flatten()
}

/// Reads a file, which may have grown since its `size` was taken, or be endless.
fn read_bounded(file: &Path, size: u64, max_bytes: u64) -> io::Result<Vec<u8>> {
    let bytes = read_prefix(file, size, max_bytes.saturating_add(1))?;
    if bytes.len() as u64 > max_bytes {
        return Err(io::Error::other(format!(
            "the file has grown beyond {max_bytes} bytes"
        )));
    }
    Ok(bytes)
}

/// Reads at most `max_bytes` of a file whose size is probably `size`.
pub(super) fn read_prefix(file: &Path, size: u64, max_bytes: u64) -> io::Result<Vec<u8>> {
    let file = File::open(file)?;
    // One byte more than the size, so that the first read also finds the end.
    let size = size.min(max_bytes).min(MAX_PREALLOCATED_BYTES);
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0) + 1);
    file.take(max_bytes).read_to_end(&mut bytes)?;
    Ok(bytes)
}
