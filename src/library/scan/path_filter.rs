//! Decides from its path whether a file may be a post.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use crate::config;
use crate::library::copy_names::{FileCopy, detect_copy};
use crate::library::new_finding::warning_finding;
use crate::model::finding::{Finding, Rule, Severity};
use crate::model::markup::Markup;

/// Formats that some generators accept for posts with front matter, but courant does not.
const FOREIGN_EXTENSIONS: [&str; 5] = ["org", "rst", "textile", "pandoc", "pdc"];

pub(super) fn is_dot_file(name: &OsStr) -> bool {
    name.as_encoded_bytes().first() == Some(&b'.')
}

/// Returns true if a file at this path may be a post, unless it is a copy.
pub(super) fn is_post_candidate(path: &str, content: &config::ContentConfig) -> bool {
    ignore_reason(path, content).is_none()
}

/// Returns true if a file may be a post in an unsupported format.
pub(super) fn is_foreign_format(path: &str, content: &config::ContentConfig) -> bool {
    has_extension(path, &FOREIGN_EXTENSIONS) && excluding_setting(path, content).is_none()
}

fn has_extension(path: &str, extensions: &[&str]) -> bool {
    let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension);
    extensions
        .iter()
        .any(|known| extension.eq_ignore_ascii_case(known))
}

/// Returns the original if the name of the file, or of a directory above it, marks it as a copy, or if the file is a
/// resource of a page bundle. If the name may also be that of a post, the original must exist.
pub(crate) fn find_original(file: &Path, content: &config::ContentConfig) -> Option<FileCopy> {
    let content_dir = content.dir.as_path();
    if let Some(index) = find_bundle_index(file, content) {
        return Some(FileCopy {
            original: index.strip_prefix(content_dir).ok()?.to_str()?.to_owned(),
            is_certain: true,
            is_resource: true,
        });
    }
    let copy = detect_copy(file.file_name()?.to_str()?);
    let is_file = |copy: &FileCopy| file.with_file_name(&copy.original).is_file();
    if let Some(copy) = copy.filter(|copy| copy.is_certain || is_file(copy)) {
        return Some(copy);
    }
    let dirs = file.ancestors().skip(1);
    let mut dirs = dirs.take_while(|dir| *dir != content_dir && dir.starts_with(content_dir));
    dirs.find_map(|dir| {
        let name = dir.file_name()?.to_str()?;
        // `copy_of` expects an extension, which a directory lacks.
        let copy = detect_copy(&format!("{name}.dir"))?;
        let original = copy.original.strip_suffix(".dir")?.to_owned();
        let is_copy = copy.is_certain || dir.with_file_name(&original).is_dir();
        is_copy.then_some(FileCopy { original, ..copy })
    })
}

/// Returns the `index` file of the page bundle that a file is a resource of, as in Hugo: the bundle is all below the
/// directory of the `index` file.
fn find_bundle_index(file: &Path, content: &config::ContentConfig) -> Option<PathBuf> {
    if content.bundle_index_names.is_empty() {
        return None;
    }
    let is_index = file.file_stem()?.to_str()?.split('.').next() == Some("index");
    let dirs = file.ancestors().skip(if is_index { 2 } else { 1 });
    let content_dir = content.dir.as_path();
    let mut dirs = dirs.take_while(|dir| *dir != content_dir && dir.starts_with(content_dir));
    dirs.find_map(|dir| {
        let mut indexes = content.bundle_index_names.iter().map(|name| dir.join(name));
        indexes.find(|index| index.is_file())
    })
}

/// Builds the finding that a file is a copy, not a post.
pub(super) fn copy_finding(path: &str, copy: &FileCopy) -> Finding {
    if copy.is_resource {
        let hint = "move it out of the directory if it is a post of its own";
        let message = format!(
            "is a file of the page bundle `{}`, not a post",
            copy.original
        );
        let finding = warning_finding(path, Rule::NotAPost, None, message, hint);
        return Finding {
            severity: Severity::Note,
            ..finding
        };
    }
    warning_finding(
        path,
        Rule::NotAPost,
        None,
        format!("is a copy of `{}` by its name, not a post", copy.original),
        "merge its changes into the original and delete it, or rename it if it is a separate post",
    )
}

/// Explains why a copy is not a post.
pub(crate) fn copy_reason(copy: &FileCopy) -> String {
    match copy.is_resource {
        true => format!("it is a file of the page bundle `{}`", copy.original),
        false => format!("it is a copy of `{}` by its name", copy.original),
    }
}

/// Returns why a file at this path is ignored; `None` if it is read. Does not check for copies.
pub(crate) fn ignore_reason(path: &str, content: &config::ContentConfig) -> Option<&'static str> {
    ignore_reason_by_name(path).or_else(|| excluding_setting(path, content))
}

/// Returns why a file is ignored under any configuration; `None` if it may be read.
pub(crate) fn ignore_reason_by_name(path: &str) -> Option<&'static str> {
    if path.split('/').any(|part| part.starts_with('.')) {
        Some("names that begin with a dot are ignored")
    } else if Markup::from_path(path).is_none() {
        Some("posts are `.md`, `.markdown`, `.mdx`, `.html` and `.adoc` files")
    } else {
        None
    }
}

/// Returns which setting excludes a path.
fn excluding_setting(path: &str, content: &config::ContentConfig) -> Option<&'static str> {
    let include = content.include.as_ref();
    if include.is_some_and(|include| !include.is_match(path)) {
        Some("no pattern of `content.include` matches it")
    } else if content.exclude.is_match(path) {
        Some("a pattern of `content.exclude` matches it")
    } else {
        None
    }
}
