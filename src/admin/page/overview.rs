//! Renders the overview page: current status, recent changes, outputs and findings.

use std::time::SystemTime;

use chrono::{DateTime, Utc};
use maud::{Markup, html};

use super::components::{
    external_link, format_bytes, format_count, format_number, format_plural, link_to_post,
    render_badge, render_finding, render_table, url_with_query,
};
use super::frame::PageContext;
use crate::admin::post_table::POST_STATES;
use crate::admin::watch_status::{ChangeDetection, PublishedGeneration};
use crate::announce::TargetStatus;
use crate::check::finding_groups::group_findings;
use crate::export::ExportFigures;
use crate::model::artifact::ArtifactKey;
use crate::model::finding::Severity;
use crate::publish::pipeline::{PostChanges, PublishReason};
use crate::publish::snapshot::{ContentCoding, ResourceContent, Snapshot};

/// Maximum findings, or rules with many, on this page. The page of posts has all.
const MAX_FINDINGS: usize = 50;
/// Maximum outputs on this page.
const MAX_OUTPUTS: usize = 200;

pub(super) fn render_overview_page(context: &PageContext<'_>, snapshot: &Snapshot) -> Markup {
    html! {
        main #main {
            h1 { (context.posts.overview.evaluated.site.settings.title) }
            div data-live="summary" { (render_degradations(context)) (render_tiles(context)) }
            div.columns {
                section aria-labelledby="generations" data-live="generations" { (render_generations(context)) }
                section aria-labelledby="outputs" data-live="outputs" { (render_outputs(context, snapshot)) }
            }
            section aria-labelledby="findings" data-live="findings" { (render_findings(context)) }
        }
    }
}

/// Renders an alert if the site differs from the files on disk.
fn render_degradations(context: &PageContext<'_>) -> Markup {
    let messages = context.status.degradations.to_messages();
    html! {
        @if !messages.is_empty() {
            div.alert role="alert" {
                h2 { "The site differs from the files on disk" }
                ul { @for message in &messages { li { (message) } } }
            }
        }
    }
}

fn render_tiles(context: &PageContext<'_>) -> Markup {
    let posts = context.posts;
    let last = context.status.history.front();
    let (errors, warnings) = (
        posts.count_by_severity(Severity::Error),
        posts.count_by_severity(Severity::Warning),
    );
    let states = POST_STATES
        .iter()
        .filter(|state| **state == "public" || posts.count_in_state(state) > 0);
    html! {
        dl.tiles {
            div.tile {
                dt { "Generation" }
                dd {
                    strong { (context.status.content.generation) }
                    @if let Some(last) = last { small { (context.clock.render_relative_time(to_utc(last.published_at))) } }
                }
            }
            @for state in states {
                div.tile {
                    dt { (render_badge(state)) }
                    dd { strong { a href=(url_with_query("/posts", &[("state", state)])) { (format_count(posts.count_in_state(state))) } } }
                }
            }
            div.tile {
                dt { "Findings" }
                dd {
                    strong data-severity=(if errors > 0 { "error" } else if warnings > 0 { "warning" } else { "none" }) {
                        (format_count(errors + warnings))
                    }
                    small { (format_plural(errors, "error")) ", " (format_plural(warnings, "warning")) }
                }
            }
            div.tile {
                dt { "Changes are detected" }
                dd { (render_change_detection(&context.status.change_detection)) }
            }
            @if let Some(git) = &context.git {
                div.tile {
                    dt { "Fetched from " (git.url) }
                    dd {
                        strong.text data-severity=(if git.last_error.is_some() { "error" } else { "none" }) { (git.commit) }
                        @if let Some(last) = git.last_success { small { "last " (context.clock.render_relative_time(to_utc(last))) } }
                        @for note in git.notes() { small { (note) } }
                    }
                }
            }
            @if let Some(figures) = &context.export { (render_export(context, figures)) }
            @for (target, status) in &context.announcements { (render_announcements(context, target, status)) }
            @if let Some(next) = context.status.content.next_change_at {
                div.tile {
                    dt { "Next scheduled change" }
                    dd { strong.text { (context.clock.render_relative_time(next)) } small { (context.clock.render_time(next)) } }
                }
            }
        }
    }
}

/// Renders what the export's store has.
fn render_export(context: &PageContext<'_>, figures: &ExportFigures) -> Markup {
    let lag = figures.lag_generations();
    let severity = match (&figures.last_error, lag) {
        (Some(_), _) => "error",
        (None, 0) => "none",
        (None, _) => "warning",
    };
    html! {
        div.tile {
            dt { "Exported to " (figures.store) }
            dd {
                strong data-severity=(severity) {
                    @if lag == 0 { "up to date" } @else { (format_plural(usize::try_from(lag).unwrap_or(usize::MAX), "generation")) " behind" }
                }
                @if let Some(since) = figures.behind_since { small { "since " (context.clock.render_relative_time(to_utc(since))) } }
                @if let Some(last) = figures.last_success { small { "last " (context.clock.render_relative_time(to_utc(last))) } }
                small { (format_number(figures.written)) " written, " (format_number(figures.deleted)) " deleted, " (format_bytes(figures.bytes)) }
                @if figures.failed > 0 { small { (format_number(figures.failed)) " failed" } }
                @if let Some(error) = &figures.last_error { small { (error) } }
                @if let Some(next) = figures.next_attempt { small { "next try " (context.clock.render_relative_time(to_utc(next))) } }
            }
        }
    }
}

/// Renders what a hub or `indexnow` was told.
fn render_announcements(context: &PageContext<'_>, target: &str, status: &TargetStatus) -> Markup {
    let target = target
        .split_once("://")
        .map_or("IndexNow", |(_, rest)| rest.trim_end_matches('/'));
    html! {
        div.tile {
            dt { "Announced to " (target) }
            dd {
                strong data-severity=(if status.last_error.is_some() { "warning" } else { "none" }) { (format_number(status.accepted)) }
                @if let Some(last) = status.last_success { small { "last " (context.clock.render_relative_time(to_utc(last))) } }
                @if status.failed > 0 { small { (format_number(status.failed)) " failed" } }
                @if let Some(error) = &status.last_error { small { (error) } }
                @if let Some(next) = status.next_attempt { small { "next try " (context.clock.render_relative_time(to_utc(next))) } }
            }
        }
    }
}

/// Renders how changes are detected.
fn render_change_detection(detection: &ChangeDetection) -> Markup {
    html! {
        @match detection {
            ChangeDetection::Events => { strong.text { "at once" } small { "by file events" } }
            ChangeDetection::Polling(reason, hint, interval) => {
                strong.text { "every " (humantime::format_duration(*interval)) }
                small title=(hint) { "no file events: " (reason) }
            }
            ChangeDetection::EventsAndPolling(file_system, interval) => {
                strong.text { "every " (humantime::format_duration(*interval)) }
                small { "and by file events, as those of " (file_system) " are incomplete" }
            }
        }
    }
}

fn render_generations(context: &PageContext<'_>) -> Markup {
    html! {
        h2 #generations { "Recent changes" }
        ol.generations {
            @for generation in &context.status.history {
                li {
                    p { strong { "Generation " (generation.number) } " " (context.clock.render_relative_time(to_utc(generation.published_at))) }
                    (render_changes(context, generation))
                }
            }
        }
    }
}

/// Renders the counts of changed posts and the first of them.
fn render_changes(context: &PageContext<'_>, generation: &PublishedGeneration) -> Markup {
    let PostChanges {
        new,
        changed,
        hidden,
        gone,
        first_changes: named,
    } = &generation.post_changes;
    let by_change = [
        (new, "new"),
        (changed, "changed"),
        (hidden, "hidden"),
        (gone, "gone"),
    ];
    let counts: Vec<String> = by_change
        .into_iter()
        .filter(|(posts, _)| **posts > 0)
        .map(|(posts, change)| format!("{} {change}", format_count(*posts)))
        .collect();
    let more = generation
        .post_changes
        .total_count()
        .saturating_sub(named.len());
    html! {
        p.changed {
            @match (generation.reason, counts.is_empty()) {
                (PublishReason::Content, false) => (counts.join(", ")),
                (PublishReason::Content, true) => "a scheduled change, or a file that all posts use",
                (PublishReason::Start, _) => "program start",
                (PublishReason::Configuration, _) => "configuration change",
            }
        }
        @if generation.reason == PublishReason::Content && !named.is_empty() {
            ul.changes {
                @for (path, fate) in named {
                    li {
                        span.fate { (fate.change_name()) } " "
                        @if context.posts.find_row(path).is_some() { (link_to_post(path, path)) } @else { (path) }
                    }
                }
                @if more > 0 { li { "and " (format_count(more)) " more" } }
            }
        }
    }
}

fn render_findings(context: &PageContext<'_>) -> Markup {
    let groups = group_findings(&context.posts.findings);
    html! {
        h2 #findings { "Findings" }
        @if groups.is_empty() { p.empty { "No problems found." } }
        ul.findings {
            @for group in groups.iter().take(MAX_FINDINGS) { (render_finding(group, Some(context.posts), None)) }
        }
        @if !groups.is_empty() {
            p {
                a href=(url_with_query("/posts", &[("state", "findings")])) { "All posts with findings" }
                @if let Some(more @ 1..) = groups.len().checked_sub(MAX_FINDINGS) { "; " (format_count(more)) " more are not shown here" }
            }
        }
    }
}

/// Renders the outputs that are kept rendered, feeds first.
fn render_outputs(context: &PageContext<'_>, snapshot: &Snapshot) -> Markup {
    let mut paths: Vec<&str> = snapshot.eager_paths().collect();
    let rank = |path: &str| {
        snapshot
            .eager_resource(path)
            .map(|resource| match resource.key {
                ArtifactKey::Feed(..) => 0,
                ArtifactKey::Sitemap | ArtifactKey::SitemapPart(_) | ArtifactKey::NewsSitemap => 1,
                _ => 2,
            })
    };
    paths.sort_by(|a, b| rank(a).cmp(&rank(b)).then_with(|| a.cmp(b)));
    let public_url = &context.posts.overview.evaluated.site.settings.public_url;
    let terms = context
        .posts
        .overview
        .evaluated
        .site
        .feeds
        .taxonomy_feeds()
        .count();
    let rows = html! {
        @for path in paths.iter().take(MAX_OUTPUTS) {
            @if let Some(resource) = snapshot.eager_resource(path) {
                tr {
                    th scope="row" { (external_link(&format!("{public_url}{path}"), path)) }
                    td { (context.clock.render_time(to_utc(resource.last_modified))) }
                    @match &resource.content {
                        ResourceContent::Eager(ready) => {
                            td.number { (format_bytes(ready.identity_encoding().payload.len() as u64)) }
                            @for coding in [ContentCoding::Gzip, ContentCoding::Brotli, ContentCoding::Zstd] {
                                td.number {
                                    @match ready.len_in_coding(coding) {
                                        Some(length) => (format_bytes(length as u64)),
                                        None => "–",
                                    }
                                }
                            }
                        }
                        _ => td colspan="4" { "rendered on request" }
                    }
                }
            }
        }
    };
    html! {
        h2 #outputs { "Outputs" }
        (render_table("outputs", &["Path", "Last change"], &["Size", "gzip", "br", "zstd"], &rows))
        p.note {
            "Feeds of " (format_plural(terms, "term")) " and all cards are rendered on request."
        }
    }
}

fn to_utc(at: SystemTime) -> DateTime<Utc> {
    at.into()
}
