//! Applies the visibility markers of section files to the posts below them.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::file_record::FileRecord;
use super::file_table::FileTable;
use super::scan_result::ScanResult;
use crate::model::post::{Post, VisibilityField};

/// Visibility markers of section files, by directory. They apply to all posts below it.
#[derive(Debug, Default)]
pub(super) struct SectionMarkers {
    by_directory: Vec<(String, Vec<VisibilityField>)>,
}

impl SectionMarkers {
    /// Applies the visibility markers of section files to the posts below them: to all posts if any
    /// section changed, else to the `fresh` ones, each given with its former post.
    pub(super) fn apply_to_posts(
        &mut self,
        files: &mut FileTable,
        sections_changed: bool,
        fresh: Vec<(Arc<str>, Option<Arc<Post>>)>,
        result: &mut ScanResult,
    ) {
        if sections_changed {
            self.by_directory = files
                .iter()
                .filter(|(_, known)| !known.section_markers.is_empty())
                .map(|(path, known)| {
                    let dir = path.rsplit_once('/').map_or("", |(dir, _)| dir);
                    (dir.to_owned(), known.section_markers.to_vec())
                })
                .collect();
        }
        let mut fresh: BTreeMap<Arc<str>, Option<Option<Arc<Post>>>> = fresh
            .into_iter()
            .map(|(path, was)| (path, Some(was)))
            .collect();
        for (path, _) in files.iter().filter(|_| sections_changed) {
            fresh.entry(Arc::clone(path)).or_default();
        }
        let above = &self.by_directory;
        let mut each = |path: Arc<str>, was: Option<Option<Arc<Post>>>, known: &mut FileRecord| {
            let was = match was {
                Some(was) => {
                    result.changed_findings.push(Arc::clone(&path));
                    was
                }
                None => known.effective_post().cloned(),
            };
            let above = above.iter().filter(|(dir, _)| {
                dir.is_empty()
                    || path
                        .strip_prefix(dir.as_str())
                        .is_some_and(|rest| rest.starts_with('/'))
            });
            let markers: Vec<VisibilityField> =
                above.flat_map(|(_, markers)| markers.clone()).collect();
            let post = known.post.as_ref().filter(|_| !markers.is_empty());
            let below = post.map(|post| {
                let mut below = Post::clone(post);
                below.visibility_fields = below
                    .visibility_fields
                    .iter()
                    .cloned()
                    .chain(markers)
                    .collect();
                below
            });
            if known.post_with_sections.as_deref() != below.as_ref() {
                known.post_with_sections = below.map(Arc::new);
                result.changed = true;
            }
            let is = known.effective_post();
            let is_same = match (&was, is) {
                (Some(was), Some(is)) => Arc::ptr_eq(was, is),
                (None, None) => true,
                _ => false,
            };
            if !is_same {
                result.changed_posts.push((path, is.cloned()));
            }
        };
        // Every fresh path is in `files`, so equal lengths mean equal paths in the same order.
        if fresh.len() == files.len() {
            for ((path, was), known) in fresh.into_iter().zip(files.records_mut()) {
                each(path, was, known);
            }
            return;
        }
        for (path, was) in fresh {
            if let Some(known) = files.get_mut(&path) {
                each(path, was, known);
            }
        }
    }
}

/// Returns the posts below the directory of a section file, with its markers applied.
pub(super) fn posts_below_section<'a>(
    files: &'a FileTable,
    section: &str,
    markers: &'a [VisibilityField],
) -> impl Iterator<Item = (Arc<str>, Option<Arc<Post>>)> + 'a {
    let dir = section.rsplit_once('/').map(|(dir, _)| format!("{dir}/"));
    files
        .with_prefix(dir.unwrap_or_default())
        .filter_map(move |(path, known)| {
            let mut post = Post::clone(known.effective_post()?);
            post.visibility_fields = post
                .visibility_fields
                .iter()
                .chain(markers)
                .cloned()
                .collect();
            Some((Arc::clone(path), Some(Arc::new(post))))
        })
}
