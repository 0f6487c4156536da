//! Renders the HTML page that a browser gets at a feed's URL: what it is, how to subscribe, and what is in it.
//!
//! The page has no scripts or external resources. It shows summaries and never the content of entries, so it
//! contains no HTML of a post.

use std::sync::Arc;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::page_style;
use crate::hash;
use crate::model::artifact::{ArtifactKey, FeedFormat, FeedScope, Link, OUTPUT_VERSION};
use crate::site::Site;
use crate::site::entry::Entry;
use crate::site::feed::Feed;

/// Maximum posts on the page; the feed has more.
const MAX_FEED_PAGE_POSTS: usize = 20;

/// HTML page of a feed in one format.
#[derive(Debug)]
pub(crate) struct FeedHtmlPage {
    pub(crate) site: Arc<Site>,
    pub(crate) feed: Arc<Feed>,
    pub(crate) format: FeedFormat,
}

impl FeedHtmlPage {
    /// Hashes everything that the bytes depend on.
    pub(crate) fn compute_fingerprint(&self) -> String {
        let settings = &self.site.settings;
        let feed = &self.feed;
        let entries = self.newest_entries();
        let entries: Vec<String> = entries
            .iter()
            .map(|entry| {
                hash::hash_value_hex(&(
                    (entry.url(), entry.title(), entry.summary()),
                    (
                        entry.published_at(),
                        author_names(entry),
                        entry.language_override(),
                    ),
                    term_labels(entry),
                ))
            })
            .collect();
        hash::hash_value_hex(&(
            (
                "page",
                OUTPUT_VERSION,
                env!("CARGO_PKG_VERSION"),
                self.format,
            ),
            (&settings.title, &settings.url, &settings.public_url),
            (&settings.language, settings.timezone.name()),
            (&settings.theme_color, &settings.copyright),
            (&feed.scope, &feed.language, &feed.formats, &feed.label),
            (&feed.title, &feed.description, feed.has_full_content()),
            (feed.all_entries().len(), entries),
        ))
    }

    /// Returns the links for the `Link` header: the feed in all its formats.
    pub(crate) fn alternate_links(&self) -> Vec<Link> {
        alternate_links(&self.site, &self.feed)
    }

    pub(crate) fn render_html(&self) -> Vec<u8> {
        let settings = &self.site.settings;
        let page = html! {
            (DOCTYPE)
            html lang=(self.feed.language_tag(&settings.language)) {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    meta name="theme-color" content=(settings.theme_color);
                    meta name="robots" content="noindex";
                    title { (self.feed.title) " · " (self.format.display_name()) " feed" }
                    meta name="description" content=(self.feed.description);
                    @for format in &self.feed.formats {
                        link rel="alternate" type=(format.mime_type())
                            title=(format!("{} ({})", self.feed.title, format.display_name()))
                            href=(self.feed_url(*format));
                    }
                    style { (PreEscaped(page_style::page_stylesheet(&settings.theme_color))) (PreEscaped(FEED_PAGE_CSS)) }
                }
                body {
                    header {
                        p.site { a href=(settings.url) { (settings.title) } }
                        p.kind { (self.format.display_name()) " feed" }
                        h1 dir="auto" { (self.short_name()) }
                        @if self.feed.description != self.short_name() { p.lead dir="auto" { (self.feed.description) } }
                    }
                    main {
                        (self.render_subscribe())
                        (self.render_preview())
                    }
                    footer { (self.render_footer()) }
                }
            }
        };
        page.into_string().into_bytes()
    }

    fn newest_entries(&self) -> Vec<Arc<Entry>> {
        self.feed.newest_entries(MAX_FEED_PAGE_POSTS)
    }

    fn feed_url(&self, format: FeedFormat) -> String {
        self.feed
            .artifact_key(format)
            .absolute_url(&self.site.settings.public_url)
    }

    /// Returns the feed's name without the site's, which is above it.
    fn short_name(&self) -> &str {
        self.feed.label.as_deref().unwrap_or(&self.feed.title)
    }

    /// Describes which posts the feed has.
    fn describe_posts(&self) -> Markup {
        let name = self.short_name();
        html! {
            @match self.feed.scope.split_language().1 {
                FeedScope::Site | FeedScope::InLanguage(..) => "all posts",
                FeedScope::Category(_) => { "posts about " b dir="auto" { (name) } },
                FeedScope::Tag(_) => { "posts tagged " b dir="auto" { (name) } },
                FeedScope::Author(_) => { "posts by " b dir="auto" { (name) } },
                FeedScope::Custom(_) => { "the posts of " b dir="auto" { (name) } },
            }
        }
    }

    fn render_subscribe(&self) -> Markup {
        let address = self.feed_url(self.format);
        html! {
            section.box aria-labelledby="subscribe" {
                h2 #subscribe { "This is a feed" }
                p {
                    "Subscribe with a feed reader, and " (self.describe_posts()) " come to you as they are published, "
                    @if self.feed.has_full_content() { "the whole text of each. " } @else { "each in short. " }
                    "No account, no address to give away, and you can leave at any time."
                }
                p.act { a.button href={ "feed:" (address) } { "Subscribe in your reader" } }
                p.field {
                    label for="address" { "Nothing happens? Copy this address into your reader" }
                    input #address type="text" readonly value=(address) dir="ltr" spellcheck="false";
                }
            }
        }
    }

    fn render_preview(&self) -> Markup {
        let entries = self.newest_entries();
        let total = self.feed.all_entries().len();
        html! {
            section aria-labelledby="posts" {
                h2 #posts {
                    @if entries.len() < total { "The newest " (entries.len()) " of " (total) " posts" }
                    @else if total == 1 { "One post so far" }
                    @else { "Its " (total) " posts" }
                }
                @if entries.is_empty() {
                    p.none { "Nothing has been published here yet. Subscribe, and the first post will come to you." }
                } @else {
                    ol.posts { @for entry in &entries { (self.render_entry(entry)) } }
                }
            }
        }
    }

    fn render_entry(&self, entry: &Entry) -> Markup {
        let date = entry
            .published_at()
            .with_timezone(&self.site.settings.timezone);
        let names = author_names(entry);
        html! {
            li lang=[entry.language_override()] {
                p.meta {
                    time datetime=(date.format("%Y-%m-%d")) { (date.format("%Y-%m-%d")) }
                    @if !names.is_empty() { span dir="auto" { (names) } }
                    @for term in term_labels(entry) { span.tag dir="auto" { (term) } }
                }
                h3 dir="auto" { a href=(entry.url()) { (entry.title()) } }
                @if !entry.summary().is_empty() { p.summary dir="auto" { (entry.short_summary()) } }
            }
        }
    }

    /// Renders the footer: the other formats, the feed itself and the home page.
    fn render_footer(&self) -> Markup {
        let settings = &self.site.settings;
        let formats = self.feed.formats.iter();
        let others: Vec<_> = formats.filter(|other| **other != self.format).collect();
        let itself = self
            .feed
            .artifact_key(self.format)
            .url_without_html(&settings.public_url);
        html! {
            p {
                @if !others.is_empty() {
                    "The same feed as "
                    @for (place, other) in others.iter().enumerate() {
                        @if place > 0 { " or " }
                        a href=(self.feed_url(**other)) type=(other.mime_type()) rel="alternate" { (other.display_name()) }
                    }
                    " · "
                }
                a href=(itself) type=(self.format.mime_type()) { "What readers see" }
                " · "
                a href=(ArtifactKey::home_of_language(self.feed.scope.split_language().0).absolute_url(&settings.public_url)) { "All feeds of " (settings.title) }
                @if let Some(copyright) = &settings.copyright { " · " (copyright) }
            }
        }
    }
}

fn author_names(entry: &Entry) -> String {
    let names = entry.authors().iter().map(|person| person.name.as_str());
    names.collect::<Vec<_>>().join(", ")
}

fn term_labels(entry: &Entry) -> Vec<&str> {
    let terms = entry.unique_terms().into_iter().take(4);
    terms.map(|term| &*term.label).collect()
}

/// Style rules of this page, added to those of all pages.
const FEED_PAGE_CSS: &str = ".kind{display:inline-block;margin:1.6rem 0 .5rem;padding:.1rem .7rem;border-radius:999px;\
background:var(--accent);color:var(--on-accent);font-size:.82rem;font-weight:600}\
.box{margin-top:2rem;padding:1.4rem 1.5rem 1.2rem;background:var(--card);border:1px solid var(--line);border-radius:14px}\
.box h2{margin-bottom:.4rem;color:var(--ink);font-size:1.2rem}.box p{margin:0 0 1rem}.box .field{margin:0}\
.button{display:inline-block;padding:.7rem 1.4rem;border-radius:999px;background:var(--accent);color:var(--on-accent);\
font-weight:600;text-decoration:none}.button:hover{filter:brightness(1.08)}\
.field label{display:block;margin:0 0 .3rem;font-size:.92rem;color:var(--soft)}\
.field input{width:100%;padding:.6rem .75rem;font:.95rem ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;\
color:var(--ink);background:var(--paper);border:1px solid var(--line);border-radius:8px;text-overflow:ellipsis}\
.field input:focus-visible{outline:3px solid var(--accent);outline-offset:2px}\
footer p{line-height:1.9}\
@media(max-width:30rem){.box{padding:1.1rem 1.1rem 1rem}.button{display:block;text-align:center}}";

/// Returns links to a feed in all its formats.
pub(crate) fn alternate_links(site: &Site, feed: &Feed) -> Vec<Link> {
    let formats = feed.formats.iter();
    formats
        .map(|format| Link {
            target: feed
                .artifact_key(*format)
                .absolute_url(&site.settings.public_url),
            rel: "alternate",
            mime_type: Some(format.mime_type()),
        })
        .collect()
}
