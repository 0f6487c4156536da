//! Reports links to posts that are hidden or missing.

use super::LinkTarget;
use crate::model::finding::{Finding, Rule, Severity};
use crate::model::post::{Post, PostLink, ResolvedLinks};
use crate::text::collapse_whitespace;

/// Iterates over the links of a post whose targets are hidden or missing.
pub(crate) fn broken_links<'p>(
    post: &'p Post,
    resolved: &'p ResolvedLinks,
) -> impl Iterator<Item = &'p PostLink> {
    let links = post.links().iter();
    links.filter(|link| resolved.find_url(&link.target).is_none())
}

/// Reports the links of a post whose targets are hidden or missing.
pub(crate) fn report_broken_links<'p>(
    post: &'p Post,
    resolved: &'p ResolvedLinks,
) -> impl Iterator<Item = Finding> {
    broken_links(post, resolved).filter_map(|link| {
        let path = collapse_whitespace(&LinkTarget::parse(&link.target)?.path);
        Some(Finding {
            file: post.path.to_string(),
            line: link.line,
            severity: Severity::Warning,
            rule: Rule::RelativeLink,
            message: format!(
                "the link to `{path}` becomes its text, because no public post is in this file"
            ),
            highlight: Some(path),
            hint: "correct the path, or write the URL of the page; if the post is hidden, the link appears with it".to_owned(),
        })
    })
}
