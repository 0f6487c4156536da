//! A feed as the page that people find at its address: what it is, how to subscribe, and what is in it.
//!
//! Without script or outside resource. It shows what entries say in short, never their content, so that
//! nothing in it is HTML of a post.

use std::sync::Arc;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::{alternates_of, style};
use crate::artifact::{ArtifactKey, FeedFormat, FeedScope, Link, Page};
use crate::fingerprint;
use crate::site::Site;
use crate::site::entry::Entry;
use crate::site::feed::Feed;

/// To be raised when the same entries become another page.
const EDITION: u32 = 1;
/// Who wants more has the feed.
const NEWEST: usize = 20;

/// The page of a feed in a format.
#[derive(Debug)]
pub(super) struct FeedPage {
    pub(super) site: Arc<Site>,
    pub(super) feed: Arc<Feed>,
    pub(super) format: FeedFormat,
}

impl FeedPage {
    /// A hash of all that the bytes depend on.
    pub(super) fn fingerprint(&self) -> String {
        let settings = &self.site.settings;
        let feed = &self.feed;
        let of_entry = |entry: &Arc<Entry>| {
            fingerprint::of(&(
                (entry.url(), entry.title(), entry.summary()),
                (entry.published(), names(entry), entry.language()),
                terms(entry),
            ))
        };
        let entries: Vec<String> = self.entries().iter().map(of_entry).collect();
        fingerprint::of(&(
            ("page", EDITION, env!("CARGO_PKG_VERSION"), self.format),
            (&settings.title, &settings.url, &settings.public_url),
            (&settings.language, settings.timezone.name()),
            (&settings.theme_color, &settings.copyright),
            (&feed.scope, &feed.formats, &feed.label),
            (&feed.title, &feed.description, feed.is_full()),
            (feed.all().len(), entries),
        ))
    }

    /// What the `Link` header says of it: the feed in all its formats.
    pub(super) fn links(&self) -> Vec<Link> {
        alternates_of(&self.site, &self.feed)
    }

    pub(super) fn render(&self) -> Vec<u8> {
        let settings = &self.site.settings;
        let page = html! {
            (DOCTYPE)
            html lang=(settings.language) {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    meta name="theme-color" content=(settings.theme_color);
                    meta name="robots" content="noindex";
                    title { (self.feed.title) " · " (self.format.name()) " feed" }
                    meta name="description" content=(self.feed.description);
                    @for format in &self.feed.formats {
                        link rel="alternate" type=(format.mime_type())
                            title=(format!("{} ({})", self.feed.title, format.name()))
                            href=(self.url(*format));
                    }
                    style { (PreEscaped(style::sheet(&settings.theme_color))) (PreEscaped(SHEET)) }
                }
                body {
                    header {
                        p.site { a href=(settings.url) { (settings.title) } }
                        p.kind { (self.format.name()) " feed" }
                        h1 dir="auto" { (self.name()) }
                        @if self.feed.description != self.name() { p.lead dir="auto" { (self.feed.description) } }
                    }
                    main {
                        (self.subscribe())
                        (self.preview())
                    }
                    footer { (self.ways_on()) }
                }
            }
        };
        page.into_string().into_bytes()
    }

    fn entries(&self) -> Vec<Arc<Entry>> {
        self.feed.newest(NEWEST)
    }

    fn url(&self, format: FeedFormat) -> String {
        self.feed.key(format).url(&self.site.settings.public_url)
    }

    /// The feed's name without the site's, which stands above it.
    fn name(&self) -> &str {
        self.feed.label.as_deref().unwrap_or(&self.feed.title)
    }

    /// Which posts these are.
    fn what(&self) -> Markup {
        let name = self.name();
        html! {
            @match self.feed.scope {
                FeedScope::Site => "all posts",
                FeedScope::Category(_) => { "posts about " b dir="auto" { (name) } },
                FeedScope::Tag(_) => { "posts tagged " b dir="auto" { (name) } },
                FeedScope::Author(_) => { "posts by " b dir="auto" { (name) } },
                FeedScope::Own(_) => { "the posts of " b dir="auto" { (name) } },
            }
        }
    }

    fn subscribe(&self) -> Markup {
        let address = self.url(self.format);
        html! {
            section.box aria-labelledby="subscribe" {
                h2 #subscribe { "This is a feed" }
                p {
                    "Subscribe with a feed reader, and " (self.what()) " come to you as they are published, "
                    @if self.feed.is_full() { "the whole text of each. " } @else { "each in short. " }
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

    fn preview(&self) -> Markup {
        let entries = self.entries();
        let total = self.feed.all().len();
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
                    ol.posts { @for entry in &entries { (self.entry(entry)) } }
                }
            }
        }
    }

    fn entry(&self, entry: &Entry) -> Markup {
        let date = entry
            .published()
            .with_timezone(&self.site.settings.timezone);
        let names = names(entry);
        html! {
            li lang=[entry.language()] {
                p.meta {
                    time datetime=(date.format("%Y-%m-%d")) { (date.format("%Y-%m-%d")) }
                    @if !names.is_empty() { span dir="auto" { (names) } }
                    @for term in terms(entry) { span.tag dir="auto" { (term) } }
                }
                h3 dir="auto" { a href=(entry.url()) { (entry.title()) } }
                @if !entry.summary().is_empty() { p.summary dir="auto" { (entry.short_summary()) } }
            }
        }
    }

    fn ways_on(&self) -> Markup {
        let settings = &self.site.settings;
        let others = self.feed.formats.iter();
        let others: Vec<_> = others.filter(|other| **other != self.format).collect();
        let itself = Page::Number(1).named_url(&self.feed.key(self.format), &settings.public_url);
        html! {
            p {
                @if !others.is_empty() {
                    "The same feed as "
                    @for (place, other) in others.iter().enumerate() {
                        @if place > 0 { " or " }
                        a href=(self.url(**other)) type=(other.mime_type()) rel="alternate" { (other.name()) }
                    }
                    " · "
                }
                a href=(itself) type=(self.format.mime_type()) { "What readers see" }
                " · "
                a href=(ArtifactKey::Home.url(&settings.public_url)) { "All feeds of " (settings.title) }
                @if let Some(copyright) = &settings.copyright { " · " (copyright) }
            }
        }
    }
}

fn names(entry: &Entry) -> String {
    let names = entry.authors().iter().map(|person| person.name.as_str());
    names.collect::<Vec<_>>().join(", ")
}

fn terms(entry: &Entry) -> Vec<&str> {
    let terms = entry.terms().into_iter().take(4);
    terms.map(|term| &*term.label).collect()
}

/// What this page has besides the others.
const SHEET: &str = ".kind{display:inline-block;margin:1.6rem 0 .5rem;padding:.1rem .7rem;border-radius:999px;\
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
