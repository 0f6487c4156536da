//! Locates the file that a question names, and finds the reason why it is not a post.

use std::fs;
use std::path::Path;

use crate::config::Config;
use crate::library::{copy_reason, ignore_reason};
use crate::model::parse_mode::ParseMode;
use crate::post::{ParsedFile, parse_file};

/// File that a question names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedFile {
    /// Path relative to the content directory, with `/` as separator. As given in the question, if the
    /// file is not below that directory.
    pub path: String,
    /// Reason why it is not a post; `None` if it is one or if its findings say why.
    pub reason: Option<String>,
}

/// Finds the file that a question names, relative to the working directory or to the content directory.
pub fn locate_file(question: &str, config: &Config) -> Option<NamedFile> {
    let dir = &config.content.dir;
    let asked = [Path::new(question).to_owned(), dir.join(question)];
    let file = asked.into_iter().find(|file| file.is_file())?;
    // Prefers the path with its symbolic links over the real path.
    let (real_dir, real_file) = (fs::canonicalize(dir).ok()?, fs::canonicalize(&file).ok()?);
    let below = file.strip_prefix(dir).ok();
    let below = below.or_else(|| real_file.strip_prefix(&real_dir).ok());
    let Some(below) = below else {
        return Some(NamedFile {
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
    let reason = match ignore_reason(&path, config) {
        Some(reason) => Some(reason.to_owned()),
        None => copy_reason(&file, config).or_else(|| not_a_post_reason(&file, &path, config)),
    };
    Some(NamedFile { path, reason })
}

fn not_a_post_reason(file: &Path, path: &str, config: &Config) -> Option<String> {
    let size = fs::metadata(file).ok()?.len();
    if size > config.content.max_file_size {
        return None;
    }
    let bytes = fs::read(file).ok()?;
    match parse_file(&bytes, path, config, ParseMode::Full) {
        ParsedFile::NotAPost { reason, .. } => Some(reason),
        ParsedFile::NoFrontMatter { .. } => Some("it has no front matter".to_owned()),
        ParsedFile::Post { .. } | ParsedFile::Broken { .. } => None,
    }
}
