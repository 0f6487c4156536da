//! A question that names a file, into that file's place in the content, and why it is no post there.

use std::fs;
use std::path::Path;

use crate::config::Config;
use crate::content::{Depth, Parsed, copy_reason, left_out, parse};

/// A file that a question names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Its path below the content directory, with `/` between its parts; as it was asked for, where it
    /// is elsewhere.
    pub path: String,
    /// Why it is no post, where that can be told without its findings.
    pub reason: Option<String>,
}

/// The file that a question names, by its path from here or from the content directory; `None` where it
/// names none.
pub fn place(question: &str, config: &Config) -> Option<Place> {
    let dir = &config.content.dir;
    let asked = [Path::new(question).to_owned(), dir.join(question)];
    let file = asked.into_iter().find(|file| file.is_file())?;
    // As it is called below the directory, links in it and all; else as it really is.
    let (real_dir, real_file) = (fs::canonicalize(dir).ok()?, fs::canonicalize(&file).ok()?);
    let below = file.strip_prefix(dir).ok();
    let below = below.or_else(|| real_file.strip_prefix(&real_dir).ok());
    let Some(below) = below else {
        return Some(Place {
            path: question.to_owned(),
            reason: Some("it is not below the content directory".to_owned()),
        });
    };
    let parts: Vec<_> = below
        .components()
        .filter_map(|part| part.as_os_str().to_str())
        .filter(|part| *part != ".")
        .collect();
    let path = parts.join("/");
    let reason = match left_out(&path, config) {
        Some(reason) => Some(reason.to_owned()),
        None => copy_reason(&file, config).or_else(|| unlike_a_post(&file, &path, config)),
    };
    Some(Place { path, reason })
}

fn unlike_a_post(file: &Path, path: &str, config: &Config) -> Option<String> {
    let size = fs::metadata(file).ok()?.len();
    if size > config.content.max_file_size {
        return None;
    }
    let bytes = fs::read(file).ok()?;
    match parse(&bytes, path, config, Depth::Publish) {
        Parsed::Other { reason, .. } => Some(reason),
        Parsed::Plain { .. } => Some("it has no front matter".to_owned()),
        Parsed::Post { .. } | Parsed::Broken { .. } => None,
    }
}
