//! Writes a feed as JSON Feed 1.1 (jsonfeed.org/version/1.1).

use serde::Serialize;

use super::feed_entry::{EntryView, FeedEnvelope, capacity_hint};
use super::links::document_hubs;
use super::render_error::RenderError;
use crate::model::artifact::{FeedFormat, FeedPageId};
use crate::site::Site;
use crate::site::feed::FeedDocument;
use crate::timestamp::format_rfc3339;

#[derive(Serialize)]
struct JsonFeedEnvelope<'a> {
    version: &'static str,
    title: &'a str,
    home_page_url: &'a str,
    feed_url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_url: Option<String>,
    description: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    icon: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    favicon: Option<&'a str>,
    language: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hubs: Vec<JsonFeedHub<'a>>,
    items: Vec<JsonFeedItem<'a>>,
}

#[derive(Serialize)]
struct JsonFeedHub<'a> {
    #[serde(rename = "type")]
    protocol: &'static str,
    url: &'a str,
}

#[derive(Serialize)]
struct JsonFeedItem<'a> {
    id: &'a str,
    url: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_url: Option<&'a str>,
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
    authors: Vec<JsonFeedAuthor<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<JsonFeedAttachment<'a>>,
}

#[derive(Serialize)]
struct JsonFeedAttachment<'a> {
    url: &'a str,
    mime_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    size_in_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration_in_seconds: Option<u32>,
}

#[derive(Serialize)]
struct JsonFeedAuthor<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
}

/// Renders the feed object without its items.
pub(super) fn render_envelope(
    site: &Site,
    document: &FeedDocument,
) -> Result<FeedEnvelope, RenderError> {
    let settings = &site.settings;
    let key = document.artifact_key(FeedFormat::Json);
    let url = |page: FeedPageId| key.page_url(page, &settings.public_url);
    let json = JsonFeedEnvelope {
        version: "https://jsonfeed.org/version/1.1",
        title: &document.feed.title,
        home_page_url: &settings.url,
        feed_url: url(document.page),
        // Archives are read from the newest document to the oldest, like pages.
        next_url: document
            .related_documents()
            .into_iter()
            .find(|(rel, page)| match page {
                FeedPageId::Number(_) => *rel == "next",
                FeedPageId::Archive(_) => {
                    *rel == "prev-archive" && document.page != FeedPageId::Number(1)
                }
            })
            .map(|(_, page)| url(page)),
        description: &document.feed.description,
        icon: settings.logo_url.as_deref(),
        favicon: settings.icon_url.as_deref(),
        language: document.feed.language_tag(&settings.language),
        hubs: document_hubs(site, document)
            .iter()
            .map(|url| JsonFeedHub {
                protocol: "WebSub",
                url,
            })
            .collect(),
        items: Vec::new(),
    };
    let mut bytes = serde_json::to_vec_pretty(&json)?;
    bytes.push(b'\n');
    Ok(FeedEnvelope::split_at_items(
        bytes,
        document.entries.is_empty(),
    ))
}

/// Writes items as they stand in a document, without a comma after the last.
pub(super) fn write_entries(views: &[EntryView<'_>]) -> Result<Vec<u8>, RenderError> {
    #[derive(Serialize)]
    struct Items<'a> {
        items: Vec<JsonFeedItem<'a>>,
    }
    let items = views.iter().map(build_item).collect();
    let mut bytes = Vec::with_capacity(capacity_hint(views));
    serde_json::to_writer_pretty(&mut bytes, &Items { items })?;
    Ok(FeedEnvelope::extract_items(&bytes))
}

fn build_item<'a>(view: &'a EntryView<'_>) -> JsonFeedItem<'a> {
    let entry = view.entry;
    // An item must have `content_html` or `content_text`; an empty HTML does not count.
    let html = view.html.as_deref().filter(|html| !html.is_empty());
    JsonFeedItem {
        id: entry.id(),
        url: entry.url(),
        external_url: entry.external_url(),
        title: entry.title(),
        content_text: html.is_none().then_some(entry.summary()),
        content_html: html,
        summary: entry.summary(),
        image: view
            .own_image
            .map(|image| image.url.clone())
            .or_else(|| view.fallback_image.clone()),
        date_published: format_rfc3339(entry.published_at()),
        date_modified: format_rfc3339(entry.updated_at()),
        authors: entry
            .authors()
            .iter()
            .map(|person| JsonFeedAuthor {
                name: &person.name,
                url: person.url.as_deref(),
            })
            .collect(),
        tags: entry
            .unique_terms()
            .into_iter()
            .map(|term| &*term.label)
            .collect(),
        language: entry.language_override(),
        attachments: view
            .enclosures()
            .into_iter()
            .map(|(enclosure, length)| JsonFeedAttachment {
                url: &enclosure.url,
                mime_type: &enclosure.mime_type,
                title: enclosure.title.as_deref(),
                size_in_bytes: length,
                duration_in_seconds: enclosure.duration_seconds,
            })
            .collect(),
    }
}
