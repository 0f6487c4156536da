//! One file into what it is now, or into why that cannot be told.

use std::fs::File;
use std::io::{self, Read as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use super::broken::{Limits, read_limits};
use super::known::error;
use super::parse::{Parsed, parse, parse_outline};
use super::scan::Candidate;
use super::unread::{self, is_transient};
use super::{Depth, Rendering};
use crate::config::Config;
use crate::finding::{Finding, Rule};
use crate::post::Post;
use crate::stamp::Seal;
use crate::text::one_line;

/// So much memory is asked for on the word of the file system alone.
const LARGE: u64 = 1024 * 1024;

/// How much is read of a file that is too large to be a post, in bytes.
const BEGINNING: u64 = 64 * 1024;

/// One file as it was just read. No stamp means that it is to be read again next time.
pub(super) struct Reading {
    pub(super) stamp: Option<Seal>,
    pub(super) parsed: Parsed,
    /// Whether the body was looked at for what is wrong with it.
    pub(super) is_deep: bool,
}

impl Reading {
    /// A file that could not be read for the moment, and of which nothing was known. It is no post until it can be.
    pub(super) fn unread() -> Reading {
        Reading {
            stamp: None,
            parsed: Parsed::Broken {
                findings: Vec::new(),
                limits: Limits::NONE,
            },
            is_deep: false,
        }
    }
}

/// How a file is to be read.
#[derive(Debug, Clone, Copy)]
pub(super) enum How<'a> {
    /// With its body, which stays.
    Whole(Depth),
    /// Without its body, which is rendered with this when it is asked for.
    Outline(&'a Arc<Rendering>),
}

/// Reads one file.
///
/// # Errors
/// It cannot be read for the moment, and is served: what was known of it stays.
pub(super) fn read(
    path: &str,
    candidate: &Candidate,
    config: &Config,
    how: How<'_>,
    now: SystemTime,
) -> Result<Reading, Finding> {
    let stamp = (!candidate.stamp.is_too_fresh(now)).then(|| candidate.stamp.seal());
    let most = config.content.max_file_size;
    if candidate.stamp.size > most {
        let message = format!(
            "the file has {} bytes, and a post at most {most}",
            candidate.stamp.size
        );
        let finding = error(
            path,
            Rule::FileTooLarge,
            message,
            "move the data out of it, or raise `content.max_file_size`",
        );
        // Its front matter, if it has one, stands at its beginning, and may take the post back.
        let beginning = read_beginning(&candidate.file, BEGINNING, BEGINNING).unwrap_or_default();
        let parsed = Parsed::Broken {
            findings: vec![finding],
            limits: read_limits(&String::from_utf8_lossy(&beginning), config),
        };
        return Ok(Reading {
            stamp,
            parsed,
            is_deep: false,
        });
    }
    let is_served = matches!(how, How::Outline(_));
    let bytes = match read_bytes(&candidate.file, candidate.stamp.size, most) {
        Ok(bytes) => bytes,
        Err(error) if is_served && is_transient(&error) => {
            return Err(unread::finding(path, &error));
        }
        Err(source) => {
            let message = format!(
                "cannot be read: {}",
                one_line(&source.to_string()).to_lowercase()
            );
            let finding = error(
                path,
                Rule::UnreadableFile,
                message,
                "give the service permission to read it",
            );
            // Permissions change without the file's contents changing: ask again next time.
            return Ok(Reading {
                stamp: None,
                // Nothing is known of the text, so nothing in it can take the last good version back.
                parsed: Parsed::Broken {
                    findings: vec![finding],
                    limits: Limits::NONE,
                },
                is_deep: false,
            });
        }
    };
    // A library that panics on one file must not take the others down.
    let parse = || match how {
        How::Whole(depth) => parse(&bytes, path, config, depth),
        How::Outline(rendering) => parse_outline(&bytes, path, config, rendering),
    };
    let parsed = catch_unwind(AssertUnwindSafe(parse)).unwrap_or_else(|_| {
        let finding = error(
            path,
            Rule::FrontMatter,
            "the file cannot be processed".to_owned(),
            "please report it with the file; until then, split or simplify it",
        );
        Parsed::Broken {
            findings: vec![finding],
            limits: read_limits(&String::from_utf8_lossy(&bytes), config),
        }
    });
    Ok(Reading {
        stamp,
        parsed,
        is_deep: matches!(how, How::Whole(_)),
    })
}

/// Everything that is wrong with a file that was read without its body, if it is still that file. One
/// whose name is not UTF-8 is not found; `check` reads it whole.
pub(super) fn deepen(path: &str, post: &Post, config: &Config) -> Option<Vec<Finding>> {
    let file = config.content.dir.join(path);
    let bytes = read_file(&file, config.content.max_file_size)?;
    let parse = || parse(&bytes, path, config, Depth::Publish);
    match catch_unwind(AssertUnwindSafe(parse)).ok()? {
        Parsed::Post {
            post: whole,
            findings,
        } if *whole == *post => Some(findings),
        _ => None,
    }
}

/// The bytes of a file that was read before, if it is one still.
pub(super) fn read_file(file: &Path, most: u64) -> Option<Vec<u8>> {
    // To open a pipe is to wait for whoever writes to it.
    let metadata = std::fs::metadata(file).ok()?;
    let read = || read_bytes(file, metadata.len(), most).ok();
    metadata.is_file().then(read).flatten()
}

/// A file may have grown since it was looked at, or have no end at all.
fn read_bytes(file: &Path, size: u64, most: u64) -> io::Result<Vec<u8>> {
    let bytes = read_beginning(file, size, most.saturating_add(1))?;
    if bytes.len() as u64 > most {
        return Err(io::Error::other(format!(
            "it has grown beyond {most} bytes"
        )));
    }
    Ok(bytes)
}

/// At most so many bytes, of a file that seems to have this size.
pub(super) fn read_beginning(file: &Path, size: u64, most: u64) -> io::Result<Vec<u8>> {
    let file = File::open(file)?;
    // As much as there is, and one more, so that the end is seen at once.
    let size = size.min(most).min(LARGE);
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0) + 1);
    file.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}
