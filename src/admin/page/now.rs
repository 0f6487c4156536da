//! What is served at this moment, what changed it, and what is wrong.

use std::time::SystemTime;

use chrono::{DateTime, Utc};
use maud::{Markup, html};

use super::Frame;
use super::parts::{badge, bytes, count, finding, link, outside, plural, post_link, table};
use crate::admin::told::{Generation, News};
use crate::admin::view::STATES;
use crate::artifact::ArtifactKey;
use crate::finding::Severity;
use crate::pipeline::{Cause, Changed};
use crate::snapshot::{Coding, Content, Snapshot};

/// More findings are on the page of posts.
const MOST_FINDINGS: usize = 50;
/// More feeds of terms are counted.
const MOST_OUTPUTS: usize = 200;

pub(super) fn page(frame: &Frame<'_>, snapshot: &Snapshot) -> Markup {
    html! {
        main #main {
            h1 { (frame.view.overview.judged.site.settings.title) }
            div data-live="summary" { (troubles(frame)) (tiles(frame)) }
            div.columns {
                section aria-labelledby="generations" data-live="generations" { (generations(frame)) }
                section aria-labelledby="outputs" data-live="outputs" { (outputs(frame, snapshot)) }
            }
            section aria-labelledby="findings" data-live="findings" { (findings(frame)) }
        }
    }
}

fn troubles(frame: &Frame<'_>) -> Markup {
    let troubles = frame.now.troubles.sentences();
    html! {
        @if !troubles.is_empty() {
            div.alert role="alert" {
                h2 { "What is served is not what is on disk" }
                ul { @for trouble in &troubles { li { (trouble) } } }
            }
        }
    }
}

fn tiles(frame: &Frame<'_>) -> Markup {
    let view = frame.view;
    let last = frame.now.history.front();
    let (errors, warnings) = (view.found(Severity::Error), view.found(Severity::Warning));
    let states = STATES
        .iter()
        .filter(|state| **state == "public" || view.count(state) > 0);
    html! {
        dl.tiles {
            div.tile {
                dt { "Generation" }
                dd {
                    strong { (frame.now.status.generation) }
                    @if let Some(last) = last { small { (frame.clock.ago(utc(last.since))) } }
                }
            }
            @for state in states {
                div.tile {
                    dt { (badge(state)) }
                    dd { strong { a href=(link("/posts", &[("state", state)])) { (count(view.count(state))) } } }
                }
            }
            div.tile {
                dt { "Findings" }
                dd {
                    strong data-severity=(if errors > 0 { "error" } else if warnings > 0 { "warning" } else { "none" }) {
                        (count(errors + warnings))
                    }
                    small { (plural(errors, "error")) ", " (plural(warnings, "warning")) }
                }
            }
            div.tile {
                dt { "Changes are seen" }
                dd { (news(&frame.now.news)) }
            }
            @if let Some(next) = frame.now.status.next_change {
                div.tile {
                    dt { "Next by date" }
                    dd { strong.text { (frame.clock.ago(next)) } small { (frame.clock.at(next)) } }
                }
            }
        }
    }
}

fn news(news: &News) -> Markup {
    html! {
        @match news {
            News::Events => { strong.text { "at once" } small { "by file events" } }
            News::Looks(why, hint, poll) => {
                strong.text { "every " (humantime::format_duration(*poll)) }
                small title=(hint) { "no events: " (why) }
            }
            News::Both(file_system, poll) => {
                strong.text { "every " (humantime::format_duration(*poll)) }
                small { "and by file events, as " (file_system) " does not tell of all" }
            }
        }
    }
}

fn generations(frame: &Frame<'_>) -> Markup {
    html! {
        h2 #generations { "What changed" }
        ol.generations {
            @for generation in &frame.now.history {
                li {
                    p { strong { "Generation " (generation.number) } " " (frame.clock.ago(utc(generation.since))) }
                    (changed(frame, generation))
                }
            }
        }
    }
}

fn changed(frame: &Frame<'_>, generation: &Generation) -> Markup {
    let Changed {
        new,
        changed,
        hidden,
        gone,
        named,
    } = &generation.changed;
    let of = [
        (new, "new"),
        (changed, "changed"),
        (hidden, "hidden"),
        (gone, "gone"),
    ];
    let counts: Vec<String> = of
        .into_iter()
        .filter(|(many, _)| **many > 0)
        .map(|(many, what)| format!("{} {what}", count(*many)))
        .collect();
    let more = generation.changed.count().saturating_sub(named.len());
    html! {
        p.changed {
            @match (generation.cause, counts.is_empty()) {
                (Cause::Content, false) => (counts.join(", ")),
                (Cause::Content, true) => "by date, or what all posts share",
                (Cause::Start, _) => "the start",
                (Cause::Configuration, _) => "the configuration",
            }
        }
        @if generation.cause == Cause::Content && !named.is_empty() {
            ul.changes {
                @for (path, fate) in named {
                    li {
                        span.fate { (fate.name()) } " "
                        @if frame.view.row(path).is_some() { (post_link(path, path)) } @else { (path) }
                    }
                }
                @if more > 0 { li { "and " (count(more)) " more" } }
            }
        }
    }
}

fn findings(frame: &Frame<'_>) -> Markup {
    let all = &frame.view.findings;
    let mut shown: Vec<_> = all.iter().collect();
    shown.sort_by_key(|finding| finding.severity);
    let more = shown.len().saturating_sub(MOST_FINDINGS);
    html! {
        h2 #findings { "Findings" }
        @if all.is_empty() { p.empty { "Nothing is wrong." } }
        ul.findings {
            @for one in shown.into_iter().take(MOST_FINDINGS) {
                (finding(one, frame.view.row(&one.file).is_some(), None))
            }
        }
        @if more > 0 {
            p {
                a href=(link("/posts", &[("state", "findings")])) { "All posts with findings" }
                "; " (count(more)) " more are not shown here"
            }
        }
    }
}

/// What is served ahead, the feeds first.
fn outputs(frame: &Frame<'_>, snapshot: &Snapshot) -> Markup {
    let mut paths: Vec<&str> = snapshot.made().collect();
    let rank = |path: &str| {
        snapshot.made_at(path).map(|resource| match resource.key {
            ArtifactKey::Feed(..) => 0,
            ArtifactKey::Sitemap | ArtifactKey::SitemapPart(_) => 1,
            _ => 2,
        })
    };
    paths.sort_by(|a, b| rank(a).cmp(&rank(b)).then_with(|| a.cmp(b)));
    let public_url = &frame.view.overview.judged.site.settings.public_url;
    let terms = frame.view.overview.judged.site.feeds.of_terms().count();
    let rows = html! {
        @for path in paths.iter().take(MOST_OUTPUTS) {
            @if let Some(resource) = snapshot.made_at(path) {
                tr {
                    th scope="row" { (outside(&format!("{public_url}{path}"), path)) }
                    td { (frame.clock.at(utc(resource.last_modified))) }
                    @match &resource.content {
                        Content::Ready(ready) => {
                            td.number { (bytes(ready.identity().body.len() as u64)) }
                            @for coding in [Coding::Gzip, Coding::Brotli, Coding::Zstd] {
                                td.number {
                                    @match ready.len_in(coding) {
                                        Some(length) => (bytes(length as u64)),
                                        None => "–",
                                    }
                                }
                            }
                        }
                        _ => td colspan="4" { "made when asked for" }
                    }
                }
            }
        }
    };
    html! {
        h2 #outputs { "Outputs" }
        (table("outputs", &["Path", "Last change"], &["Size", "gzip", "br", "zstd"], &rows))
        p.note {
            "Feeds of " (plural(terms, "term")) " and all cards are made when somebody asks for them."
        }
    }
}

fn utc(at: SystemTime) -> DateTime<Utc> {
    at.into()
}
