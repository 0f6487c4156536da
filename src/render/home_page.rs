//! The page for people: what can be subscribed to, and the newest posts.
//!
//! One file without script or outside resource, in the reader's light or dark. Feeds are found
//! by browsers and readers through its `link rel="alternate"` lines.

use std::sync::Arc;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::style;
use crate::artifact::{ArtifactKey, FeedFormat, FeedScope};
use crate::site::Site;
use crate::site::entry::Entry;
use crate::site::feed::{Document, Feed};

/// Who wants more than the newest has the feeds.
pub(super) const NEWEST: usize = 50;

pub(super) fn render(site: &Site, document: &Document) -> Vec<u8> {
    let main = &document.feed;
    let categories = feeds_of(site, |scope| matches!(scope, FeedScope::Category(_)));
    let tags = feeds_of(site, |scope| matches!(scope, FeedScope::Tag(_)));
    let authors = feeds_of(site, |scope| matches!(scope, FeedScope::Author(_)));
    let own = feeds_of(site, |scope| matches!(scope, FeedScope::Own(_)));
    let page = html! {
        (DOCTYPE)
        html lang=(site.settings.language) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="theme-color" content=(site.settings.theme_color);
                title { "Subscribe to " (site.settings.title) }
                meta name="description" content=(site.settings.description);
                @for format in FeedFormat::ALL {
                    link rel="alternate" type=(format.mime_type())
                        title=(format!("{} ({})", main.title, format.name()))
                        href=(main.key(format).url(&site.settings.public_url));
                }
                style { (PreEscaped(style::sheet(&site.settings.theme_color))) }
            }
            body {
                header {
                    p.site { a href=(site.settings.url) { (site.settings.title) } }
                    h1 { "Subscribe" }
                    p.lead { (site.settings.description) }
                    (subscribe(site, main))
                }
                main {
                    section aria-labelledby="posts" {
                        h2 #posts { "Latest posts" }
                        @if document.entries.is_empty() {
                            p.none { "Nothing has been published yet. Subscribe, and the first post will come to you." }
                        } @else {
                            ol.posts { @for entry in document.entries.iter().take(NEWEST) { (post(site, entry)) } }
                        }
                    }
                    (more_feeds(site, "More feeds", &own))
                    (more_feeds(site, "By category", &categories))
                    (more_feeds(site, "By tag", &tags))
                    (more_feeds(site, "By author", &authors))
                }
                footer {
                    p {
                        a href=(ArtifactKey::Opml.url(&site.settings.public_url)) { "All feeds as OPML" }
                        " · "
                        a href=(ArtifactKey::Sitemap.url(&site.settings.public_url)) { "Sitemap" }
                        @if let Some(copyright) = &site.settings.copyright { " · " (copyright) }
                    }
                }
            }
        }
    };
    page.into_string().into_bytes()
}

fn feeds_of(site: &Site, wanted: fn(&FeedScope) -> bool) -> Vec<&Arc<Feed>> {
    site.feeds
        .iter()
        .filter(|feed| wanted(&feed.scope))
        .collect()
}

fn subscribe(site: &Site, feed: &Feed) -> Markup {
    html! {
        ul.formats {
            @for format in FeedFormat::ALL {
                li { a href=(feed.key(format).url(&site.settings.public_url)) type=(format.mime_type()) { (format.name()) } }
            }
        }
        p.hint {
            "Copy this address into your feed reader: "
            code { (feed.key(feed.main_format()).url(&site.settings.public_url)) }
        }
    }
}

fn post(site: &Site, entry: &Entry) -> Markup {
    let date = entry
        .published()
        .with_timezone(&site.settings.timezone)
        .format("%Y-%m-%d")
        .to_string();
    html! {
        li lang=[entry.language()] {
            p.meta {
                time datetime=(date) { (date) }
                @for category in entry.terms().into_iter().take(4) { span.tag { (category.label) } }
            }
            h3 dir="auto" { a href=(entry.url()) { (entry.title()) } }
            @if !entry.summary().is_empty() { p.summary dir="auto" { (entry.short_summary()) } }
            @if !entry.authors().is_empty() {
                p.by { (entry.authors().iter().map(|person| person.name.as_str()).collect::<Vec<_>>().join(", ")) }
            }
        }
    }
}

fn more_feeds(site: &Site, title: &str, feeds: &[&Arc<Feed>]) -> Markup {
    html! {
        @if !feeds.is_empty() {
            section {
                h2 { (title) }
                ul.feeds {
                    @for feed in feeds {
                        li {
                            span.name dir="auto" { (label(feed)) }
                            span.links {
                                @for format in feed.formats.iter().copied() {
                                    a href=(feed.key(format).url(&site.settings.public_url)) type=(format.mime_type())
                                        aria-label=(format!("{} as {}", label(feed), format.name())) {
                                        (short(format))
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The feed's name without the site's, which stands at the top of the page.
fn label(feed: &Feed) -> &str {
    feed.label.as_deref().unwrap_or(&feed.title)
}

fn short(format: FeedFormat) -> &'static str {
    match format {
        FeedFormat::Rss => "RSS",
        FeedFormat::Atom => "Atom",
        FeedFormat::Json => "JSON",
    }
}
