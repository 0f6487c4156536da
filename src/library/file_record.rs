//! Keeps the record of one file and updates it from newly read contents.

use std::sync::Arc;

use super::new_finding::error_finding;
use super::read_post::FileContents;
use crate::file_stamp::StampHash;
use crate::model::finding::{Finding, Rule, Severity};
use crate::model::post::{Post, VisibilityEffect, VisibilityField};
use crate::post::broken_visibility::{VisibilityLimits, out_of_feeds_marker};
use crate::post::parse::ParsedFile;
use crate::post::post_builder::is_section_file;

/// Record of one file.
#[derive(Debug)]
pub(super) struct FileRecord {
    pub(super) stamp: Option<StampHash>,
    pub(super) state: FileState,
    /// True if the body was linted.
    pub(super) is_linted: bool,
    /// Post as read from the file.
    pub(super) post: Option<Arc<Post>>,
    /// Post with the markers of the section files above it; `None` if there are no such markers.
    pub(super) post_with_sections: Option<Arc<Post>>,
    /// Markers of this file for all posts below its directory.
    pub(super) section_markers: Box<[VisibilityField]>,
    pub(super) findings: Box<[Finding]>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FileState {
    Post,
    NotAPost,
    /// Has the title and date of a post, but `content.require` excludes it.
    FilteredOut,
    /// Has no front matter.
    NoFrontMatter,
    Broken,
}

/// Number of files by state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FileCounts {
    /// Posts that parse.
    pub posts: usize,
    /// Broken files that are not served.
    pub broken: usize,
    /// Broken files whose last good version is served.
    pub last_good: usize,
    /// Files that are not posts.
    pub not_posts: usize,
    /// Files among `not_posts` that have a title and a date, but that `content.require` excludes.
    pub filtered_out: usize,
}

impl FileRecord {
    /// Builds the record of a file from its contents and its former record.
    pub(super) fn from_contents(
        before: Option<&FileRecord>,
        path: &str,
        contents: FileContents,
    ) -> FileRecord {
        let FileContents {
            stamp,
            parsed,
            is_linted: is_deep,
        } = contents;
        let last_good = before.and_then(|file| file.post.clone());
        let mut file = match parsed {
            ParsedFile::Post { post, findings } => {
                // An equal post keeps its allocation, so that everything derived from it is reused.
                let post = last_good.filter(|last| **last == *post).unwrap_or(post);
                FileRecord {
                    stamp,
                    state: FileState::Post,
                    is_linted: is_deep,
                    post: Some(post),
                    post_with_sections: None,
                    section_markers: Box::default(),
                    findings: findings.into(),
                }
            }
            ParsedFile::NoFrontMatter { limits, .. }
                if is_section_file(path) && (limits.hides || limits.leaves_feeds) =>
            {
                broken_section_record(stamp, Vec::new(), before, &limits, path)
            }
            ParsedFile::NoFrontMatter { limits, .. } if last_good.is_some() => {
                let findings = vec![error_finding(
                    path,
                    Rule::FrontMatter,
                    "the front matter was removed".to_owned(),
                    "restore it, or delete the file to withdraw the post",
                )];
                broken_file_record(stamp, findings, last_good, &limits, path)
            }
            ParsedFile::NotAPost {
                section_markers: withholds,
                has_title_and_date: is_like_post,
                ..
            } => FileRecord {
                section_markers: withholds.into(),
                ..record_without_post(
                    stamp,
                    match is_like_post {
                        true => FileState::FilteredOut,
                        false => FileState::NotAPost,
                    },
                )
            },
            ParsedFile::NoFrontMatter { findings, .. } => FileRecord {
                findings: findings.into(),
                ..record_without_post(stamp, FileState::NoFrontMatter)
            },
            ParsedFile::Broken { findings, limits } if is_section_file(path) => {
                broken_section_record(stamp, findings, before, &limits, path)
            }
            ParsedFile::Broken { findings, limits } => {
                broken_file_record(stamp, findings, last_good, &limits, path)
            }
        };
        file.findings.sort();
        if let Some(before) = before {
            file.post_with_sections
                .clone_from(&before.post_with_sections);
        }
        file
    }

    /// Returns the post with the markers of its sections, whose visibility is evaluated.
    pub(super) fn effective_post(&self) -> Option<&Arc<Post>> {
        self.post_with_sections.as_ref().or(self.post.as_ref())
    }
}

impl FileCounts {
    fn counter_for(&mut self, known: &FileRecord) -> &mut usize {
        match (known.state, &known.post) {
            (FileState::Post, _) => &mut self.posts,
            (FileState::NotAPost | FileState::FilteredOut | FileState::NoFrontMatter, _) => {
                &mut self.not_posts
            }
            (FileState::Broken, None) => &mut self.broken,
            (FileState::Broken, Some(_)) => &mut self.last_good,
        }
    }

    pub(super) fn add_file(&mut self, known: &FileRecord) {
        *self.counter_for(known) += 1;
        self.filtered_out += usize::from(known.state == FileState::FilteredOut);
    }

    pub(super) fn subtract_file(&mut self, known: &FileRecord) {
        let count = self.counter_for(known);
        *count = count.saturating_sub(1);
        let not_required = usize::from(known.state == FileState::FilteredOut);
        self.filtered_out = self.filtered_out.saturating_sub(not_required);
    }
}

fn broken_file_record(
    stamp: Option<StampHash>,
    mut findings: Vec<Finding>,
    last_good: Option<Arc<Post>>,
    limits: &VisibilityLimits,
    path: &str,
) -> FileRecord {
    if last_good.is_some() {
        let (severity, rule, message, hint) = if limits.hides {
            (
                Severity::Warning,
                Rule::BrokenAndHidden,
                "the post is withdrawn because the broken text marks it as hidden",
                "fix the text; the post comes back when it parses and is not hidden",
            )
        } else {
            (
                Severity::Warning,
                Rule::LastGoodKept,
                "the last good version of the post is served",
                "fix the text, or delete the file to withdraw the post",
            )
        };
        findings.push(Finding {
            file: path.to_owned(),
            line: None,
            highlight: None,
            severity,
            rule,
            message: message.to_owned(),
            hint: hint.to_owned(),
        });
    }
    let post = last_good.filter(|_| !limits.hides);
    let post = post.map(|post| limits.apply_to(post));
    FileRecord {
        stamp,
        state: FileState::Broken,
        is_linted: false,
        post,
        post_with_sections: None,
        section_markers: Box::default(),
        findings: findings.into(),
    }
}

/// Records a broken section file, whose markers apply to all posts below its directory.
///
/// Its former markers hold until it parses again. Without any, the posts are hidden if the file is new
/// or if the broken text may hide them.
fn broken_section_record(
    stamp: Option<StampHash>,
    mut findings: Vec<Finding>,
    before: Option<&FileRecord>,
    limits: &VisibilityLimits,
    path: &str,
) -> FileRecord {
    let mut withholds = before.map_or_else(Vec::new, |before| before.section_markers.to_vec());
    if withholds.is_empty() && (limits.hides || before.is_none()) {
        withholds.push(VisibilityField {
            field: format!("{path}: draft"),
            value: "may be true".to_owned(),
            line: None,
            effect: VisibilityEffect::AlwaysHides,
        });
    }
    let hides = withholds.iter().any(VisibilityField::may_unpublish);
    if limits.leaves_feeds && !withholds.iter().any(VisibilityField::leaves_feeds) {
        withholds.push(out_of_feeds_marker(&format!("{path}: feed")));
    }
    if hides {
        findings.push(Finding {
            severity: Severity::Warning,
            ..error_finding(
                path,
                Rule::BrokenAndHidden,
                "all posts below this directory are hidden because the broken text may hide them"
                    .to_owned(),
                "fix the text; the posts come back when it parses and does not hide them",
            )
        });
    }
    FileRecord {
        section_markers: withholds.into(),
        findings: findings.into(),
        ..record_without_post(stamp, FileState::Broken)
    }
}

fn record_without_post(stamp: Option<StampHash>, state: FileState) -> FileRecord {
    FileRecord {
        stamp,
        state,
        is_linted: false,
        post: None,
        post_with_sections: None,
        section_markers: Box::default(),
        findings: Box::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_record_is_small() {
        assert!(size_of::<FileRecord>() <= 64, "{}", size_of::<FileRecord>());
    }
}
