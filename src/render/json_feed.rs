//! A feed as JSON Feed 1.1 (jsonfeed.org/version/1.1).

use serde::Serialize;

use super::document::{Frame, Told, room};
use super::{RenderError, rfc3339};
use crate::artifact::{FeedFormat, Page};
use crate::site::Site;
use crate::site::feed::Document;

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
    content_html: Option<&'a str>,
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

#[derive(Serialize)]
struct Author<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
}

/// What stands before the items of a document, and what after.
pub(super) fn frame(site: &Site, document: &Document) -> Result<Frame, RenderError> {
    let settings = &site.settings;
    let key = document.key(FeedFormat::Json);
    let url = |page: Page| page.url(&key, &settings.public_url);
    let json = JsonFeed {
        version: "https://jsonfeed.org/version/1.1",
        title: &document.feed.title,
        home_page_url: &settings.url,
        feed_url: url(document.page),
        // The archive is read from its newest document to its oldest, as the pages are.
        next_url: document
            .related()
            .into_iter()
            .find(|(rel, page)| match page {
                Page::Number(_) => *rel == "next",
                Page::Archive(_) => *rel == "prev-archive" && document.page != Page::Number(1),
            })
            .map(|(_, page)| url(page)),
        description: &document.feed.description,
        language: &settings.language,
        items: Vec::new(),
    };
    let mut bytes = serde_json::to_vec_pretty(&json)?;
    bytes.push(b'\n');
    Ok(Frame::in_brackets(bytes, document.entries.is_empty()))
}

/// Items as they stand in a document, without a comma after the last.
pub(super) fn entries(told: &[Told<'_>]) -> Result<Vec<u8>, RenderError> {
    #[derive(Serialize)]
    struct Items<'a> {
        items: Vec<Item<'a>>,
    }
    let items = told.iter().map(item).collect();
    let mut bytes = Vec::with_capacity(room(told));
    serde_json::to_writer_pretty(&mut bytes, &Items { items })?;
    Ok(Frame::inside_brackets(&bytes))
}

fn item<'a>(told: &'a Told<'_>) -> Item<'a> {
    let entry = told.entry;
    // One of the two contents must be there, and an empty one is none.
    let html = told.html.as_deref().filter(|html| !html.is_empty());
    Item {
        id: entry.id(),
        url: entry.url(),
        title: entry.title(),
        content_text: html.is_none().then_some(entry.summary()),
        content_html: html,
        summary: entry.summary(),
        image: entry
            .image()
            .map(|image| image.url.clone())
            .or_else(|| told.stand_in.clone()),
        date_published: rfc3339(entry.published()),
        date_modified: rfc3339(entry.updated()),
        authors: entry
            .authors()
            .iter()
            .map(|person| Author {
                name: &person.name,
                url: person.url.as_deref(),
            })
            .collect(),
        tags: entry.terms().into_iter().map(|term| &*term.label).collect(),
        language: entry.language(),
    }
}
