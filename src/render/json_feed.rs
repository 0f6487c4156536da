//! A feed as JSON Feed 1.1 (jsonfeed.org/version/1.1).

use std::sync::Arc;

use serde::Serialize;

use super::{CardImages, RenderError, rfc3339};
use crate::artifact::{FeedFormat, Page};
use crate::site::Site;
use crate::site::entry::Entry;
use crate::site::feed::Feed;

#[derive(Serialize)]
struct JsonFeed<'a> {
    version: &'static str,
    title: &'a str,
    home_page_url: &'a str,
    feed_url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_url: Option<String>,
    description: &'a str,
    language: &'a str,
    items: Vec<Item<'a>>,
}

#[derive(Serialize)]
struct Item<'a> {
    id: &'a str,
    url: &'a str,
    title: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_html: Option<Html>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_text: Option<&'a str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    summary: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<String>,
    date_published: String,
    date_modified: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    authors: Vec<Author<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<&'a str>,
}

/// Shared text; serde writes none by itself.
struct Html(Arc<str>);

impl Serialize for Html {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

#[derive(Serialize)]
struct Author<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
}

pub(super) fn render(
    site: &Site,
    feed: &Feed,
    images: &CardImages,
) -> Result<Vec<u8>, RenderError> {
    let key = feed.key(FeedFormat::Json);
    let url = |page: Page| page.url(&key, &site.public_url);
    let json = JsonFeed {
        version: "https://jsonfeed.org/version/1.1",
        title: &feed.title,
        home_page_url: &site.url,
        feed_url: url(feed.page),
        // The archive is read from its newest document to its oldest, as the pages are.
        next_url: feed
            .related()
            .into_iter()
            .find(|(rel, page)| match page {
                Page::Number(_) => *rel == "next",
                Page::Archive(_) => *rel == "prev-archive" && feed.page != Page::Number(1),
            })
            .map(|(_, page)| url(page)),
        description: &feed.description,
        language: &site.language,
        items: feed
            .entries
            .iter()
            .enumerate()
            .map(|(place, entry)| item(entry, feed.is_full(place), images.stand_in(site, entry)))
            .collect(),
    };
    let mut bytes = serde_json::to_vec_pretty(&json)?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn item(entry: &Entry, is_full: bool, stand_in: Option<String>) -> Item<'_> {
    // One of the two contents must be there, and an empty one is none.
    let html = is_full.then(|| entry.content().html);
    let html = html.filter(|html| !html.is_empty()).map(Html);
    Item {
        id: &entry.id,
        url: &entry.url,
        title: &entry.title,
        content_text: html.is_none().then_some(entry.summary.as_str()),
        content_html: html,
        summary: &entry.summary,
        image: entry
            .image
            .as_ref()
            .map(|image| image.url.clone())
            .or(stand_in),
        date_published: rfc3339(entry.published),
        date_modified: rfc3339(entry.updated),
        authors: entry
            .authors
            .iter()
            .map(|person| Author {
                name: &person.name,
                url: person.url.as_deref(),
            })
            .collect(),
        tags: entry
            .terms()
            .into_iter()
            .map(|term| term.label.as_str())
            .collect(),
        language: entry.language.as_deref(),
    }
}
