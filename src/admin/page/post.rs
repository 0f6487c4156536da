//! Renders the page of one post: state and its reason, findings, outputs, and link previews.

use std::path::Path;

use maud::{Markup, html};

use super::components::{
    external_link, format_plural, render_badge, render_finding, render_message,
};
use super::frame::PageContext;
use super::preview;
use crate::admin::post_table::PostRow;
use crate::check::explain::{ExplainContext, Explanation, NamedFile, explain_question};
use crate::check::finding_groups::FindingGroup;
use crate::check::report::Report;
use crate::model::finding::Finding;
use crate::model::post::Post;
use crate::text::secret_lines::mask_secret_lines;
use crate::visibility::{PostEvaluation, PostState};

/// Rendered page of a post.
pub(super) struct RenderedPost {
    pub(super) body: Markup,
    /// False if no file has the requested path.
    pub(super) is_found: bool,
    /// Origin of an external image in the link previews.
    pub(super) image_origin: Option<String>,
}

pub(super) fn render_post_page(context: &PageContext<'_>, path: &str) -> RenderedPost {
    let Some(row) = context.posts.find_row(path) else {
        return RenderedPost {
            body: html! {
                main #main {
                    h1 { "Post not found" }
                    p { "The content has no file " code { (path) } "." }
                    p { a href="/posts" { "All posts" } }
                }
            },
            is_found: false,
            image_origin: None,
        };
    };
    let overview = &context.posts.overview;
    let post = overview.posts.iter().find(|post| *post.path == *path);
    let verdicts = &overview.evaluated.post_evaluations;
    let verdict = verdicts.iter().find(|verdict| verdict.path == path);
    let findings: Vec<Finding> = overview
        .status
        .findings
        .iter()
        .filter(|finding| finding.file == path)
        .cloned()
        .collect();
    let card = overview
        .evaluated
        .site
        .build_all_cards()
        .find(|card| card.source_path == path);
    let previews = card.map(|card| preview::render_previews(context, &card));
    let (previews, image_origin) = previews.unzip();
    RenderedPost {
        body: html! {
            main #main {
                p.crumbs { a href="/posts" { "Posts" } " / " (row.path) }
                h1 { (row.title) }
                div data-live="post" {
                    (render_state(context, row, verdict))
                    @if let Some(post) = post { (render_facts(context, post, row)) }
                    (render_findings(context, &findings))
                }
                @match previews {
                    Some(previews) => (previews),
                    None => section aria-labelledby="preview" {
                        h2 #preview { "Preview" }
                        p.empty { "This post is published nowhere, so networks and feed readers have nothing to show." }
                    }
                }
            }
        },
        is_found: true,
        image_origin: image_origin.flatten(),
    }
}

fn render_state(
    context: &PageContext<'_>,
    row: &PostRow,
    verdict: Option<&PostEvaluation>,
) -> Markup {
    let line = verdict.and_then(|verdict| match &verdict.state {
        PostState::Hidden(marker) | PostState::Unlisted(marker) => marker.line,
        _ => None,
    });
    let source = line.and_then(|line| {
        let text = read_source_line(context, &row.path, line)?;
        Some((line, text))
    });
    html! {
        div.verdict data-state=(row.state) {
            p { (render_badge(row.state)) " " span.reason { (render_message(&row.reason)) } }
            @if let Some((line, text)) = source {
                pre.source { code { span.line { (line) } (text) } }
            }
            @if let Some(next) = row.next_change {
                p { "Until " (context.clock.render_time(next)) ", " (context.clock.render_relative_time(next)) "." }
            }
        }
    }
}

/// Reads a line of a post's file. The file may have changed since it was parsed, so the line can be a
/// different one.
fn read_source_line(context: &PageContext<'_>, path: &str, line: usize) -> Option<String> {
    /// Larger files are not posts, and are not read.
    const MAX_FILE_BYTES: u64 = 16 << 20;
    let file = context.posts.overview.config.content.dir.join(path);
    if std::fs::metadata(&file).ok()?.len() > MAX_FILE_BYTES {
        return None;
    }
    let text = std::fs::read(file).ok()?;
    let text = String::from_utf8_lossy(&text);
    let mut lines = mask_secret_lines(text.lines().map(str::to_owned));
    let line = lines.nth(line.checked_sub(1)?)?;
    Some(line.trim_end().chars().take(200).collect())
}

fn render_facts(context: &PageContext<'_>, post: &Post, row: &PostRow) -> Markup {
    let is_out = matches!(row.state, "public" | "unlisted");
    let outputs = list_outputs(context, &row.path);
    let public_url = &context.posts.overview.evaluated.site.settings.public_url;
    html! {
        dl.facts {
            dt { "Address" }
            dd { @if is_out { (external_link(&post.permalink.url, &post.permalink.url)) } @else { (post.permalink.url) } }
            dt { "Id" } dd { (post.id()) }
            dt { "Published" } dd { (context.clock.render_time(post.published_at)) }
            @if let Some(updated) = post.updated_at { dt { "Updated" } dd { (context.clock.render_time(updated)) } }
            @if let Some(expires) = post.expires_at() { dt { "Expires" } dd { (context.clock.render_time(expires)) } }
            dt { "Outputs" }
            dd {
                @if outputs.is_empty() { "none" }
                @else {
                    details {
                        summary { (format_plural(outputs.len(), "output")) }
                        ul { @for path in &outputs { li { (external_link(&format!("{public_url}{path}"), path)) } } }
                    }
                }
            }
        }
    }
}

/// Lists the paths of the outputs that hold a post.
fn list_outputs(context: &PageContext<'_>, path: &str) -> Vec<String> {
    let overview = &context.posts.overview;
    let posts: Vec<&Post> = overview.posts.iter().map(AsRef::as_ref).collect();
    let lookup = ExplainContext {
        config: &overview.config,
        posts: &posts,
        evaluation: &overview.evaluated,
        findings: &[],
    };
    let place = NamedFile {
        path: path.to_owned(),
        reason: None,
    };
    match explain_question(lookup, path, Some(place)) {
        Explanation::Post(explanation) => explanation.outputs,
        _ => Vec::new(),
    }
}

fn render_findings(context: &PageContext<'_>, findings: &[Finding]) -> Markup {
    let report = Report::from_findings(&context.posts.overview.config, findings, Path::new(""));
    html! {
        section aria-labelledby="findings" {
            h2 #findings { "Findings" }
            @if findings.is_empty() { p.empty { "No problems found." } }
            ul.findings {
                @for located in report.located_findings() {
                    (render_finding(&FindingGroup::from_finding(located.finding), None, located.line.as_ref().map(|line| line.text.as_str())))
                }
            }
        }
    }
}
