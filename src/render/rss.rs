//! Writes a feed as RSS 2.0 (rssboard.org/rss-specification), following the RSS Advisory Board's profile.
//!
//! The only file that names the `rss` crate.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use rss::extension::Extension;
use rss::extension::ExtensionMap;
use rss::extension::atom::{AtomExtension, Link};
use rss::extension::dublincore::DublinCoreExtension;
use rss::{Category, Channel, Enclosure, Guid, Image as ChannelImage, Item};

use super::feed_entry::{
    ElementTags, EntryView, FeedEnvelope, FeedFeatures, capacity_hint, select_entry_urls,
};
use super::feed_extensions::{
    HISTORY_NAMESPACE, HISTORY_PREFIX, MEDIA_RSS_NAMESPACE, history_element,
};
use super::html_escape::escape_html;
use super::links::document_hubs;
use super::podcast;
use super::render_error::RenderError;
use super::xml_stylesheet;
use crate::model::artifact::FeedFormat;
use crate::model::card_size::{CARD_HEIGHT, CARD_WIDTH};
use crate::model::post::{self, Image};
use crate::site::Site;
use crate::site::feed::FeedDocument;

/// Renders the channel without its items.
pub(super) fn render_envelope(
    site: &Site,
    document: &FeedDocument,
    features: FeedFeatures,
) -> Result<FeedEnvelope, RenderError> {
    let settings = &site.settings;
    // The crate declares the namespaces that items use, so a sample item uses all that any of them does.
    let sample = Item {
        content: features.content.then(String::new),
        dublin_core_ext: features.authors.then(|| DublinCoreExtension {
            creators: vec![String::new()],
            ..DublinCoreExtension::default()
        }),
        ..Item::default()
    };
    let podcast = document.feed.podcast.as_deref();
    let feed_url = document
        .artifact_key(FeedFormat::Rss)
        .absolute_url(&settings.public_url);
    let own_image = podcast.and_then(|podcast| podcast.image_url.as_deref());
    let image_url = own_image.or_else(|| find_image_url(site));
    let history = history_element(document).map(|name| {
        let element = Extension {
            name: format!("{HISTORY_PREFIX}:{name}"),
            ..Extension::default()
        };
        let elements = BTreeMap::from([(name.to_owned(), vec![element])]);
        (HISTORY_PREFIX.to_owned(), elements)
    });
    let podcast_elements = podcast.map(|podcast| podcast::channel_extensions(podcast, &feed_url));
    let channel = Channel {
        title: document.feed.title.clone(),
        link: settings.url.clone(),
        description: document.feed.description.clone(),
        language: Some(document.feed.language_tag(&settings.language).to_owned()),
        copyright: podcast
            .and_then(|podcast| podcast.copyright.clone())
            .or_else(|| settings.copyright.clone()),
        managing_editor: settings.managing_editor.clone(),
        webmaster: settings.webmaster.clone(),
        // Readers show the image beside the title, which it must repeat.
        image: image_url.map(|url| ChannelImage {
            url: url.to_owned(),
            title: document.feed.title.clone(),
            link: settings.url.clone(),
            ..ChannelImage::default()
        }),
        last_build_date: document.last_updated_at().map(format_rfc822),
        generator: Some("courant".to_owned()),
        docs: Some("https://www.rssboard.org/rss-specification".to_owned()),
        ttl: Some(site.ttl_minutes().to_string()),
        items: if document.entries.is_empty() {
            Vec::new()
        } else {
            vec![sample]
        },
        atom_ext: Some(AtomExtension {
            links: std::iter::once(("self", document.page))
                .chain(document.related_documents())
                .map(|(rel, page)| Link {
                    href: document
                        .artifact_key(FeedFormat::Rss)
                        .page_url(page, &settings.public_url),
                    rel: rel.to_owned(),
                    mime_type: Some(FeedFormat::Rss.mime_type().to_owned()),
                    ..Link::default()
                })
                .chain(document_hubs(site, document).iter().map(|hub| Link {
                    href: hub.clone(),
                    rel: "hub".to_owned(),
                    ..Link::default()
                }))
                .collect(),
        }),
        extensions: history.into_iter().chain(podcast_elements).collect(),
        itunes_ext: podcast.map(podcast::itunes_channel),
        namespaces: extra_namespaces(document, features),
        ..Channel::default()
    };
    let bytes = encode_numeric_references(write_channel(&channel, 0)?, &CHANNEL_TEXT_TAGS);
    let styled = xml_stylesheet::link_stylesheet(bytes, settings);
    Ok(FeedEnvelope::split_around(styled, ITEM_TAGS))
}

/// Writes items as they stand in a document.
pub(super) fn write_entries(site: &Site, views: &[EntryView<'_>]) -> Result<Vec<u8>, RenderError> {
    let channel = Channel {
        items: views.iter().map(|view| build_item(site, view)).collect(),
        ..Channel::default()
    };
    let bytes =
        FeedEnvelope::extract_elements(write_channel(&channel, capacity_hint(views))?, ITEM_TAGS);
    let has_markup = |text: &str| text.contains(['<', '&']);
    let needs_references = views.iter().any(|view| {
        let alt = view.own_image.and_then(|image| image.alt.as_deref());
        has_markup(view.entry.title()) || alt.is_some_and(has_markup)
    });
    Ok(match needs_references {
        true => encode_numeric_references(bytes, &ITEM_TEXT_TAGS),
        false => bytes,
    })
}

/// Tags of an item, as the crate writes them.
const ITEM_TAGS: ElementTags = ElementTags {
    open: "\n    <item>",
    close: "</item>",
};
/// Opening tags of the channel's elements that hold plain text.
const CHANNEL_TEXT_TAGS: [&str; 2] = ["\n    <title>", "\n    <description>"];
/// Opening tags of an item's elements that hold plain text.
const ITEM_TEXT_TAGS: [&str; 2] = ["\n      <title>", "\n        <media:title>"];

fn write_channel(channel: &Channel, capacity: usize) -> Result<Vec<u8>, RenderError> {
    let mut bytes = channel
        .pretty_write_to(Vec::with_capacity(capacity), b' ', 2)
        .map_err(|error| RenderError::Rss(Box::new(error)))?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// Writes `&` and `<` as `&#x26;` and `&#x3C;` in the plain text after the given opening tags.
///
/// Readers that decode a title twice, or treat it as HTML, then still show it as text (RSS Advisory Board's profile,
/// "Character Data"). The crate cannot do this.
fn encode_numeric_references(bytes: Vec<u8>, elements: &[&str]) -> Vec<u8> {
    let mut text = match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => return error.into_bytes(),
    };
    for open in elements {
        let mut written = String::with_capacity(text.len() + 64);
        let mut rest = text.as_str();
        while let Some((before, after)) = rest.split_once(open) {
            let (plain, after) = after.split_at(after.find("</").unwrap_or(0));
            written.push_str(before);
            written.push_str(open);
            written.push_str(&plain.replace("&amp;", "&#x26;").replace("&lt;", "&#x3C;"));
            rest = after;
        }
        written.push_str(rest);
        text = written;
    }
    text.into_bytes()
}

/// Returns the URL of the logo, else of the icon, in an image format that RSS 2.0 allows.
fn find_image_url(site: &Site) -> Option<&str> {
    let settings = &site.settings;
    let urls = [&settings.logo_url, &settings.icon_url]
        .into_iter()
        .flatten();
    let mut urls = urls.map(String::as_str);
    urls.find(|url| {
        let path = url.split(['?', '#']).next().unwrap_or_default();
        let extension = path.rsplit('.').next().unwrap_or_default();
        let formats = ["png", "jpg", "jpeg", "gif"];
        formats
            .iter()
            .any(|format| extension.eq_ignore_ascii_case(format))
    })
}

fn build_item(site: &Site, view: &EntryView<'_>) -> Item {
    let entry = view.entry;
    let (url, related_url) = select_entry_urls(site, entry);
    Item {
        title: Some(entry.title().to_owned()),
        link: Some(url.to_owned()),
        atom_ext: related_url.map(|url| AtomExtension {
            links: vec![Link {
                href: url.to_owned(),
                rel: "related".to_owned(),
                ..Link::default()
            }],
        }),
        // Readers treat the description as HTML, so plain text is escaped. An item with full content always has
        // a description, even an empty one: the profile asks for it, and some readers show the first of the two.
        description: (view.html.is_some() || !entry.summary().is_empty())
            .then(|| escape_html(entry.summary())),
        categories: entry
            .unique_terms()
            .into_iter()
            .map(|term| Category {
                name: term.label.to_string(),
                domain: None,
            })
            .collect(),
        guid: Some(Guid {
            value: entry.id().to_owned(),
            permalink: entry.id() == entry.url(),
        }),
        pub_date: Some(format_rfc822(entry.published_at())),
        content: view.html.as_ref().map(ToString::to_string),
        // RSS `author` must be an e-mail address, so names go to `dc:creator`.
        dublin_core_ext: (!entry.authors().is_empty()).then(|| DublinCoreExtension {
            creators: entry
                .authors()
                .iter()
                .map(|person| person.name.clone())
                .collect(),
            ..DublinCoreExtension::default()
        }),
        enclosure: view
            .enclosures()
            .first()
            .map(|(enclosure, length)| Enclosure {
                url: enclosure.url.clone(),
                length: length.unwrap_or(0).to_string(),
                mime_type: enclosure.mime_type.clone(),
            }),
        itunes_ext: podcast::episode_extension(view),
        extensions: item_extensions(view),
        ..Item::default()
    }
}

/// Returns the elements of Media RSS and of podcasts by their prefix.
fn item_extensions(view: &EntryView<'_>) -> ExtensionMap {
    let mut media: BTreeMap<String, Vec<Extension>> = BTreeMap::new();
    let image = view.own_image.map(media_content);
    // RSS allows only one `enclosure`, so Media RSS has the others.
    let further = view.enclosures().into_iter().skip(1).map(enclosure_content);
    let contents: Vec<Extension> = image.into_iter().chain(further).collect();
    if !contents.is_empty() {
        media.insert("content".to_owned(), contents);
    }
    if let Some(url) = &view.fallback_image {
        media.insert("thumbnail".to_owned(), vec![media_thumbnail(url.clone())]);
    }
    let mut extensions = podcast::episode_extensions(view);
    if !media.is_empty() {
        extensions.insert("media".to_owned(), media);
    }
    extensions
}

/// Returns a further enclosure as Media RSS.
fn enclosure_content((enclosure, length): (&post::Enclosure, Option<u64>)) -> Extension {
    let optional = [
        ("fileSize", length.map(|length| length.to_string())),
        ("medium", enclosure.medium().map(str::to_owned)),
        (
            "duration",
            enclosure
                .duration_seconds
                .map(|seconds| seconds.to_string()),
        ),
    ];
    let optional = optional
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)));
    let attributes = [
        ("type", enclosure.mime_type.clone()),
        ("url", enclosure.url.clone()),
    ];
    let attrs = attributes.into_iter().chain(optional);
    Extension {
        name: "media:content".to_owned(),
        attrs: attrs
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
        ..Extension::default()
    }
}

/// Returns the entry's own image as Media RSS. The alternative text is the `media:title`: readers use any
/// `media:description` in an item as the text of the item.
fn media_content(image: &Image) -> Extension {
    let attrs = BTreeMap::from([
        ("medium".to_owned(), "image".to_owned()),
        ("url".to_owned(), image.url.clone()),
    ]);
    let title = image.alt.iter().map(|alt| Extension {
        name: "media:title".to_owned(),
        value: Some(alt.clone()),
        ..Extension::default()
    });
    let children = BTreeMap::from([("title".to_owned(), title.collect())]);
    Extension {
        name: "media:content".to_owned(),
        attrs,
        children,
        ..Extension::default()
    }
}

/// Returns the drawn card image as Media RSS, for an entry without an image of its own.
fn media_thumbnail(url: String) -> Extension {
    Extension {
        name: "media:thumbnail".to_owned(),
        attrs: BTreeMap::from([
            ("height".to_owned(), CARD_HEIGHT.to_string()),
            ("url".to_owned(), url),
            ("width".to_owned(), CARD_WIDTH.to_string()),
        ]),
        ..Extension::default()
    }
}

/// Returns the namespaces that the crate does not declare by itself.
fn extra_namespaces(document: &FeedDocument, features: FeedFeatures) -> BTreeMap<String, String> {
    let history = history_element(document)
        .map(|_| (HISTORY_PREFIX.to_owned(), HISTORY_NAMESPACE.to_owned()));
    let podcast = document.feed.podcast.as_ref();
    let podcast = podcast.map(|_| ("podcast".to_owned(), podcast::PODCAST_NAMESPACE.to_owned()));
    let has_media = features.pictures || features.further_enclosures;
    has_media
        .then(|| ("media".to_owned(), MEDIA_RSS_NAMESPACE.to_owned()))
        .into_iter()
        .chain(history)
        .chain(podcast)
        .collect()
}

/// Formats a date as RFC 822 with a four-digit year, as RSS 2.0 asks for.
fn format_rfc822(date: DateTime<Utc>) -> String {
    date.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}
