//! Renders the home page: the feeds to subscribe to, and the newest posts.
//!
//! The page is one file without scripts or external resources, in the visitor's light or dark mode. Browsers and
//! feed readers discover feeds through its `link rel="alternate"` elements.

use std::sync::Arc;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::page_style;
use crate::model::artifact::{ArtifactKey, FeedFormat, FeedScope};
use crate::site::Site;
use crate::site::entry::Entry;
use crate::site::feed::Feed;
use crate::site::feeds::LanguageFeeds;

/// Maximum posts on the page; the feeds have more.
const MAX_HOME_PAGE_POSTS: usize = 50;

/// Returns the posts on the page of a language: no more than its main feed shows at once. Those that are in no feed
/// count, because people read this page.
pub(crate) fn select_posts(feeds: &LanguageFeeds) -> Vec<Arc<Entry>> {
    let max = feeds.main_feed().max_entries().unwrap_or(usize::MAX);
    let positions = 0..max.min(MAX_HOME_PAGE_POSTS);
    feeds.listed_entries().entries_in_range(positions)
}

/// Renders the page of a language with these posts.
pub(crate) fn render_home_page(
    site: &Site,
    feeds: &LanguageFeeds,
    entries: &[Arc<Entry>],
) -> Vec<u8> {
    let main = feeds.main_feed();
    let categories = feeds_in_scope(feeds, |scope| matches!(scope, FeedScope::Category(_)));
    let tags = feeds_in_scope(feeds, |scope| matches!(scope, FeedScope::Tag(_)));
    let authors = feeds_in_scope(feeds, |scope| matches!(scope, FeedScope::Author(_)));
    let own: Vec<&Arc<Feed>> = site.feeds.custom_feeds().collect();
    let others: Vec<&LanguageFeeds> = site
        .feeds
        .languages()
        .filter(|other| other.language() != feeds.language())
        .collect();
    let page = html! {
        (DOCTYPE)
        html lang=(main.language_tag(&site.settings.language)) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="theme-color" content=(site.settings.theme_color);
                title { "Subscribe to " (site.settings.title) }
                meta name="description" content=(site.settings.description);
                @for format in FeedFormat::ALL {
                    link rel="alternate" type=(format.mime_type())
                        title=(format!("{} ({})", main.title, format.display_name()))
                        href=(main.artifact_key(format).absolute_url(&site.settings.public_url));
                }
                @for other in &others {
                    link rel="alternate" hreflang=(language_of(site, other)) href=(home_url(site, other));
                }
                style { (PreEscaped(page_style::page_stylesheet(&site.settings.theme_color))) }
            }
            body {
                header {
                    p.site { a href=(site.settings.url) { (site.settings.title) } }
                    @if !others.is_empty() {
                        nav aria-label="Languages" {
                            ul.formats {
                                @for other in &others {
                                    li { a href=(home_url(site, other)) hreflang=(language_of(site, other)) { (language_of(site, other)) } }
                                }
                            }
                        }
                    }
                    h1 { "Subscribe" }
                    p.lead { (site.settings.description) }
                    (render_subscribe_links(site, main))
                }
                main {
                    section aria-labelledby="posts" {
                        h2 #posts { "Latest posts" }
                        @if entries.is_empty() {
                            p.none { "Nothing has been published yet. Subscribe, and the first post will come to you." }
                        } @else {
                            ol.posts { @for entry in entries { (render_post(site, entry)) } }
                        }
                    }
                    (render_feed_list(site, "More feeds", &own))
                    (render_feed_list(site, "By category", &categories))
                    (render_feed_list(site, "By tag", &tags))
                    (render_feed_list(site, "By author", &authors))
                }
                footer {
                    p {
                        a href=(ArtifactKey::Opml.absolute_url(&site.settings.public_url)) { "All feeds as OPML" }
                        " · "
                        a href=(ArtifactKey::Sitemap.absolute_url(&site.settings.public_url)) { "Sitemap" }
                        @if let Some(copyright) = &site.settings.copyright { " · " (copyright) }
                    }
                }
            }
        }
    };
    page.into_string().into_bytes()
}

fn feeds_in_scope(feeds: &LanguageFeeds, wanted: fn(&FeedScope) -> bool) -> Vec<&Arc<Feed>> {
    feeds
        .taxonomy_feeds()
        .filter(|feed| wanted(feed.scope.split_language().1))
        .collect()
}

fn language_of<'a>(site: &'a Site, feeds: &'a LanguageFeeds) -> &'a str {
    feeds.main_feed().language_tag(&site.settings.language)
}

fn home_url(site: &Site, feeds: &LanguageFeeds) -> String {
    ArtifactKey::home_of_language(feeds.language_segment()).absolute_url(&site.settings.public_url)
}

fn render_subscribe_links(site: &Site, feed: &Feed) -> Markup {
    html! {
        ul.formats {
            @for format in FeedFormat::ALL {
                li { a href=(feed.artifact_key(format).absolute_url(&site.settings.public_url)) type=(format.mime_type()) { (format.display_name()) } }
            }
        }
        p.hint {
            "Copy this address into your feed reader: "
            code { (feed.artifact_key(feed.preferred_format()).absolute_url(&site.settings.public_url)) }
        }
    }
}

fn render_post(site: &Site, entry: &Entry) -> Markup {
    let date = entry
        .published_at()
        .with_timezone(&site.settings.timezone)
        .format("%Y-%m-%d")
        .to_string();
    html! {
        li lang=[entry.language_override()] {
            p.meta {
                time datetime=(date) { (date) }
                @for category in entry.unique_terms().into_iter().take(4) { span.tag { (category.label) } }
            }
            h3 dir="auto" { a href=(entry.url()) { (entry.title()) } }
            @if !entry.summary().is_empty() { p.summary dir="auto" { (entry.short_summary()) } }
            @if !entry.authors().is_empty() {
                p.by { (entry.authors().iter().map(|person| person.name.as_str()).collect::<Vec<_>>().join(", ")) }
            }
        }
    }
}

fn render_feed_list(site: &Site, title: &str, feeds: &[&Arc<Feed>]) -> Markup {
    html! {
        @if !feeds.is_empty() {
            section {
                h2 { (title) }
                ul.feeds {
                    @for feed in feeds {
                        li {
                            span.name dir="auto" { (feed_label(feed)) }
                            span.links {
                                @for format in feed.formats.iter().copied() {
                                    a href=(feed.artifact_key(format).absolute_url(&site.settings.public_url)) type=(format.mime_type())
                                        aria-label=(format!("{} as {}", feed_label(feed), format.display_name())) {
                                        (short_format_name(format))
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

/// Returns the feed's name without the site's, which is at the top of the page.
fn feed_label(feed: &Feed) -> &str {
    feed.label.as_deref().unwrap_or(&feed.title)
}

fn short_format_name(format: FeedFormat) -> &'static str {
    match format {
        FeedFormat::Rss => "RSS",
        FeedFormat::Atom => "Atom",
        FeedFormat::Json => "JSON",
    }
}
