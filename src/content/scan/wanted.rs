//! Decides by its path whether a file may be a post.

use std::ffi::OsStr;
use std::path::Path;

use crate::config;
use crate::content::copies::{FileCopy, copy_of};
use crate::content::known::warning;
use crate::finding::{Finding, Rule};

/// Formats in which generators take posts with front matter, and courant does not.
const FOREIGN_EXTENSIONS: [&str; 9] = [
    "html", "htm", "adoc", "asciidoc", "org", "rst", "textile", "pandoc", "pdc",
];

pub(super) fn is_dot_file(name: &OsStr) -> bool {
    name.as_encoded_bytes().first() == Some(&b'.')
}

/// Whether a file of this path may be a post, unless it is a copy.
pub(super) fn is_wanted(path: &str, content: &config::Content) -> bool {
    left_out(path, content).is_none()
}

/// Whether a file may be a post in a format that is not read.
pub(super) fn is_foreign(path: &str, content: &config::Content) -> bool {
    has_extension(path, &FOREIGN_EXTENSIONS) && pattern_against(path, content).is_none()
}

fn has_extension(path: &str, extensions: &[&str]) -> bool {
    let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension);
    extensions
        .iter()
        .any(|known| extension.eq_ignore_ascii_case(known))
}

/// What the file is a copy of by its name, or what the directory of it is. Where the name may be that of a post,
/// the other must be there.
pub(in crate::content) fn copy_beside(file: &Path, content_dir: &Path) -> Option<FileCopy> {
    let copy = copy_of(file.file_name()?.to_str()?);
    let is_file = |copy: &FileCopy| file.with_file_name(&copy.original).is_file();
    if let Some(copy) = copy.filter(|copy| copy.is_sure || is_file(copy)) {
        return Some(copy);
    }
    let dirs = file.ancestors().skip(1);
    let mut dirs = dirs.take_while(|dir| *dir != content_dir && dir.starts_with(content_dir));
    dirs.find_map(|dir| {
        let name = dir.file_name()?.to_str()?;
        // A directory has no extension that would stand behind the rest of its name.
        let copy = copy_of(&format!("{name}.dir"))?;
        let original = copy.original.strip_suffix(".dir")?.to_owned();
        let is_copy = copy.is_sure || dir.with_file_name(&original).is_dir();
        is_copy.then_some(FileCopy { original, ..copy })
    })
}

/// Says that a file is a copy and no post.
pub(super) fn copy_finding(path: &str, copy: &FileCopy) -> Finding {
    warning(
        path,
        Rule::NotAPost,
        None,
        format!("is a copy of `{}` by its name, and no post", copy.original),
        "merge what is new in it and delete it, or rename it if it is a post of its own",
    )
}

/// Why a copy is no post.
pub(in crate::content) fn copy_reason(copy: &FileCopy) -> String {
    format!("it is a copy of `{}` by its name", copy.original)
}

/// Why a file of this path is not looked at; `None` where it is, unless it is a copy.
pub(in crate::content) fn left_out(path: &str, content: &config::Content) -> Option<&'static str> {
    left_out_by_name(path).or_else(|| pattern_against(path, content))
}

/// The same, whatever the configuration says.
pub(in crate::content) fn left_out_by_name(path: &str) -> Option<&'static str> {
    if path.split('/').any(|part| part.starts_with('.')) {
        Some("names that begin with a dot are left out")
    } else if !has_extension(path, &["md", "markdown", "mdx"]) {
        Some("posts are `.md`, `.markdown` and `.mdx` files")
    } else {
        None
    }
}

/// Which setting leaves a path out.
fn pattern_against(path: &str, content: &config::Content) -> Option<&'static str> {
    let is_included = || {
        let include = content.include.as_ref();
        include.is_none_or(|include| include.is_match(path))
    };
    if !is_included() {
        Some("no pattern of `content.include` matches it")
    } else if content.exclude.is_match(path) {
        Some("a pattern of `content.exclude` matches it")
    } else {
        None
    }
}
