//! One post: its state, the line that decided it, what is wrong with it, and how it looks elsewhere.

use std::path::Path;

use maud::{Markup, html};

use super::Frame;
use super::parts::{badge, finding, message, outside, plural};
use super::preview;
use crate::admin::view::Row;
use crate::finding::Finding;
use crate::post::Post;
use crate::report::Report;
use crate::site::visibility::{State, Verdict};
use crate::why::{Answer, Known, Place};

pub(super) struct Made {
    pub(super) body: Markup,
    pub(super) is_there: bool,
    pub(super) pictures_from: Option<String>,
}

pub(super) fn page(frame: &Frame<'_>, path: &str) -> Made {
    let Some(row) = frame.view.row(path) else {
        return Made {
            body: html! {
                main #main {
                    h1 { "No such post" }
                    p { "No file of the content is " code { (path) } "." }
                    p { a href="/posts" { "All posts" } }
                }
            },
            is_there: false,
            pictures_from: None,
        };
    };
    let overview = &frame.view.overview;
    let post = overview.posts.iter().find(|post| *post.path == *path);
    let verdicts = &overview.judged.verdicts;
    let verdict = verdicts.iter().find(|verdict| verdict.path == path);
    let findings: Vec<Finding> = overview
        .status
        .findings
        .iter()
        .filter(|finding| finding.file == path)
        .cloned()
        .collect();
    let card = overview
        .judged
        .site
        .all_cards()
        .find(|card| card.source == path);
    let previews = card.map(|card| preview::of(frame, &card));
    let (previews, pictures_from) = previews.unzip();
    Made {
        body: html! {
            main #main {
                p.crumbs { a href="/posts" { "Posts" } " / " (row.path) }
                h1 { (row.title) }
                div data-live="post" {
                    (state(frame, row, verdict))
                    @if let Some(post) = post { (facts(frame, post, row)) }
                    (found(frame, &findings))
                }
                @match previews {
                    Some(previews) => (previews),
                    None => section aria-labelledby="preview" {
                        h2 #preview { "Preview" }
                        p.empty { "It is published nowhere, so no network and no reader has anything to draw." }
                    }
                }
            }
        },
        is_there: true,
        pictures_from: pictures_from.flatten(),
    }
}

fn state(frame: &Frame<'_>, row: &Row, verdict: Option<&Verdict>) -> Markup {
    let line = verdict.and_then(|verdict| match &verdict.state {
        State::Hidden(marker) | State::Unlisted(marker) => marker.line,
        _ => None,
    });
    let source = line.and_then(|line| {
        let text = source(frame, &row.path, line)?;
        Some((line, text))
    });
    html! {
        div.verdict data-state=(row.state) {
            p { (badge(row.state)) " " span.reason { (message(&row.reason)) } }
            @if let Some((line, text)) = source {
                pre.source { code { span.line { (line) } (text) } }
            }
            @if let Some(next) = row.next_change {
                p { "Until " (frame.clock.at(next)) ", " (frame.clock.ago(next)) "." }
            }
        }
    }
}

/// A line of a file that is read now; what decided is what was read then, and mostly is that.
fn source(frame: &Frame<'_>, path: &str, line: usize) -> Option<String> {
    /// A post is not larger.
    const MOST: u64 = 16 << 20;
    let file = frame.view.overview.config.content.dir.join(path);
    if std::fs::metadata(&file).ok()?.len() > MOST {
        return None;
    }
    let text = std::fs::read(file).ok()?;
    let text = String::from_utf8_lossy(&text);
    let line = text.lines().nth(line.checked_sub(1)?)?;
    Some(line.trim_end().chars().take(200).collect())
}

fn facts(frame: &Frame<'_>, post: &Post, row: &Row) -> Markup {
    let is_out = matches!(row.state, "public" | "unlisted");
    let outputs = outputs(frame, &row.path);
    let public_url = &frame.view.overview.judged.site.settings.public_url;
    html! {
        dl.facts {
            dt { "Address" }
            dd { @if is_out { (outside(&post.permalink.url, &post.permalink.url)) } @else { (post.permalink.url) } }
            dt { "Id" } dd { (post.id()) }
            dt { "Published" } dd { (frame.clock.at(post.published)) }
            @if let Some(updated) = post.updated { dt { "Updated" } dd { (frame.clock.at(updated)) } }
            @if let Some(expires) = post.expires() { dt { "Expires" } dd { (frame.clock.at(expires)) } }
            dt { "In" }
            dd {
                @if outputs.is_empty() { "no output" }
                @else {
                    details {
                        summary { (plural(outputs.len(), "output")) }
                        ul { @for path in &outputs { li { (outside(&format!("{public_url}{path}"), path)) } } }
                    }
                }
            }
        }
    }
}

fn outputs(frame: &Frame<'_>, path: &str) -> Vec<String> {
    let overview = &frame.view.overview;
    let posts: Vec<&Post> = overview.posts.iter().map(AsRef::as_ref).collect();
    let known = Known {
        config: &overview.config,
        posts: &posts,
        judged: &overview.judged,
        findings: &[],
    };
    let place = Place {
        path: path.to_owned(),
        reason: None,
    };
    match known.answer(path, Some(place)) {
        Answer::Post(found) => found.outputs,
        _ => Vec::new(),
    }
}

fn found(frame: &Frame<'_>, findings: &[Finding]) -> Markup {
    let report = Report::of_findings(&frame.view.overview.config, findings, Path::new(""));
    html! {
        section aria-labelledby="findings" {
            h2 #findings { "Findings" }
            @if findings.is_empty() { p.empty { "Nothing is wrong with it." } }
            ul.findings {
                @for located in report.located() {
                    (finding(located.finding, false, located.line.as_ref().map(|line| line.text.as_str())))
                }
            }
        }
    }
}
