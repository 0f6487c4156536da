//! Writes a feed as Atom 1.0 (RFC 4287).
//!
//! The only file that names the `atom_syndication` crate.

use std::collections::BTreeMap;

use atom_syndication::extension::Extension;
use atom_syndication::{
    Category, Content, Entry as AtomEntry, Feed as AtomFeed, Generator, Link, Person, Text,
    WriteConfig,
};
use chrono::DateTime;

use super::feed_entry::{
    ElementTags, EntryView, FeedEnvelope, FeedFeatures, capacity_hint, select_entry_urls,
};
use super::feed_extensions::{
    HISTORY_NAMESPACE, HISTORY_PREFIX, MEDIA_RSS_NAMESPACE, history_element,
};
use super::html_escape::escape_html;
use super::links::document_hubs;
use super::render_error::RenderError;
use super::xml_stylesheet;
use crate::model::artifact::{FeedFormat, FeedPageId};
use crate::model::card_size::{CARD_HEIGHT, CARD_WIDTH};
use crate::model::terms;
use crate::site::Site;
use crate::site::entry::Entry;
use crate::site::feed::FeedDocument;

/// Renders the feed element without its entries.
pub(super) fn render_envelope(
    site: &Site,
    document: &FeedDocument,
    features: FeedFeatures,
) -> Result<FeedEnvelope, RenderError> {
    let settings = &site.settings;
    let key = document.artifact_key(FeedFormat::Atom);
    let url = |page: FeedPageId| key.page_url(page, &settings.public_url);
    let mime_type = FeedFormat::Atom.mime_type();
    let mut links = vec![
        build_link(url(document.page), "self", mime_type),
        build_link(settings.url.clone(), "alternate", "text/html"),
    ];
    let related = document.related_documents().into_iter();
    links.extend(related.map(|(rel, page)| build_link(url(page), rel, mime_type)));
    links.extend(document_hubs(site, document).iter().map(|hub| Link {
        href: hub.clone(),
        rel: "hub".to_owned(),
        ..Link::default()
    }));
    let history = history_element(document);
    let atom = AtomFeed {
        title: text_construct(&document.feed.title),
        // The id is the URL of the first page, which never changes once published.
        id: url(FeedPageId::Number(1)),
        // §4.2.15 asks for a date even in an empty feed; the current time would change the bytes.
        updated: document
            .last_updated_at()
            .unwrap_or(DateTime::UNIX_EPOCH)
            .fixed_offset(),
        // §4.2.1: the feed's author applies to entries without one.
        authors: vec![Person {
            name: settings.title.clone(),
            uri: Some(settings.url.clone()),
            ..Person::default()
        }],
        generator: Some(Generator {
            value: "courant".to_owned(),
            ..Generator::default()
        }),
        links,
        icon: settings.icon_url.clone(),
        logo: settings.logo_url.clone(),
        rights: settings.copyright.as_deref().map(text_construct),
        subtitle: Some(text_construct(&document.feed.description)),
        entries: if document.entries.is_empty() {
            Vec::new()
        } else {
            vec![AtomEntry::default()]
        },
        namespaces: features
            .pictures
            .then(|| ("media".to_owned(), MEDIA_RSS_NAMESPACE.to_owned()))
            .into_iter()
            .chain(history.map(|_| (HISTORY_PREFIX.to_owned(), HISTORY_NAMESPACE.to_owned())))
            .collect(),
        extensions: history
            .into_iter()
            .map(|name| (HISTORY_PREFIX.to_owned(), history_extension(name)))
            .collect(),
        lang: Some(document.feed.language_tag(&settings.language).to_owned()),
        ..AtomFeed::default()
    };
    let styled = xml_stylesheet::link_stylesheet(write_feed(&atom, 0)?, settings);
    Ok(FeedEnvelope::split_around(styled, ENTRY_TAGS))
}

/// Writes entries as they stand in a document.
pub(super) fn write_entries(site: &Site, views: &[EntryView<'_>]) -> Result<Vec<u8>, RenderError> {
    let atom = AtomFeed {
        entries: views.iter().map(|view| build_entry(site, view)).collect(),
        ..AtomFeed::default()
    };
    Ok(FeedEnvelope::extract_elements(
        write_feed(&atom, capacity_hint(views))?,
        ENTRY_TAGS,
    ))
}

/// Tags of an entry, as the crate writes them.
const ENTRY_TAGS: ElementTags = ElementTags {
    open: "\n  <entry>",
    close: "</entry>",
};

fn write_feed(atom: &AtomFeed, capacity: usize) -> Result<Vec<u8>, RenderError> {
    let config = WriteConfig {
        write_document_declaration: true,
        indent_size: Some(2),
    };
    let mut bytes = atom
        .write_with_config(Vec::with_capacity(capacity), config)
        .map_err(|error| RenderError::Atom(Box::new(error)))?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn build_entry(site: &Site, view: &EntryView<'_>) -> AtomEntry {
    let entry = view.entry;
    let (url, related_url) = select_entry_urls(site, entry);
    let alternate = build_link(url.to_owned(), "alternate", "text/html");
    let related = related_url.map(|url| Link {
        href: url.to_owned(),
        rel: "related".to_owned(),
        ..Link::default()
    });
    AtomEntry {
        title: localized_text(entry, entry.title()),
        id: entry.id().to_owned(),
        updated: entry.updated_at().fixed_offset(),
        published: Some(entry.published_at().fixed_offset()),
        authors: entry.authors().iter().map(build_person).collect(),
        categories: entry
            .unique_terms()
            .into_iter()
            .map(|term| Category {
                term: term.slug.to_string(),
                scheme: None,
                label: Some(term.label.to_string()),
            })
            .collect(),
        links: std::iter::once(alternate)
            .chain(related)
            .chain(
                view.enclosures()
                    .into_iter()
                    .map(|(enclosure, length)| Link {
                        length: length.map(|length| length.to_string()),
                        title: enclosure.title.clone(),
                        ..build_link(enclosure.url.clone(), "enclosure", &enclosure.mime_type)
                    }),
            )
            .collect(),
        summary: (!entry.summary().is_empty()).then(|| localized_text(entry, entry.summary())),
        content: view.html.as_ref().map(|html| Content {
            // The HTML has absolute addresses as well, for readers that ignore `xml:base`.
            base: Some(entry.url().to_owned()),
            lang: Some(
                entry
                    .language_override()
                    .unwrap_or(&site.settings.language)
                    .to_owned(),
            ),
            value: Some(html.to_string()),
            src: None,
            content_type: Some("html".to_owned()),
        }),
        extensions: media_extension(view),
        ..AtomEntry::default()
    }
}

/// Builds a text of an entry, with the entry's language if it differs from the feed's.
fn localized_text(entry: &Entry, text: &str) -> Text {
    Text {
        lang: entry.language_override().map(str::to_owned),
        ..text_construct(text)
    }
}

/// Builds a text construct (RFC 4287 §3.1) from plain text.
///
/// Text that looks like markup is written as `type="html"`: readers that treat every title as HTML would drop what looks
/// like an element, and validators warn about it.
fn text_construct(text: &str) -> Text {
    match text.contains('<') || has_character_reference(text) {
        true => Text::html(escape_html(text)),
        false => Text::plain(text),
    }
}

/// Returns true if the text contains a character reference, such as `&lt;` or `&#39;`.
fn has_character_reference(text: &str) -> bool {
    let names = text.split('&').skip(1);
    names
        .filter_map(|rest| rest.split_once(';'))
        .any(|(name, _)| {
            let name = name.strip_prefix('#').unwrap_or(name);
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
        })
}

fn build_link(href: String, rel: &str, mime_type: &str) -> Link {
    Link {
        href,
        rel: rel.to_owned(),
        mime_type: Some(mime_type.to_owned()),
        ..Link::default()
    }
}

fn build_person(person: &terms::Person) -> Person {
    Person {
        name: person.name.clone(),
        email: person.email.clone(),
        uri: person.url.clone(),
        ..Person::default()
    }
}

/// Returns the entry's own image, or else the drawn card image, as Media RSS.
fn media_extension(view: &EntryView<'_>) -> BTreeMap<String, BTreeMap<String, Vec<Extension>>> {
    let (name, attrs) = match (view.own_image, &view.fallback_image) {
        (Some(image), _) => (
            "content",
            vec![
                ("medium", "image".to_owned()),
                ("url", escape_attribute(&image.url)),
            ],
        ),
        (None, Some(url)) => (
            "thumbnail",
            vec![
                ("height", CARD_HEIGHT.to_string()),
                ("url", escape_attribute(url)),
                ("width", CARD_WIDTH.to_string()),
            ],
        ),
        (None, None) => return BTreeMap::new(),
    };
    let element = Extension {
        name: format!("media:{name}"),
        attrs: attrs
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
        ..Extension::default()
    };
    BTreeMap::from([(
        "media".to_owned(),
        BTreeMap::from([(name.to_owned(), vec![element])]),
    )])
}

/// Returns an empty element of RFC 5005.
fn history_extension(name: &str) -> BTreeMap<String, Vec<Extension>> {
    let element = Extension {
        name: format!("{HISTORY_PREFIX}:{name}"),
        ..Extension::default()
    };
    BTreeMap::from([(name.to_owned(), vec![element])])
}

/// Escapes an attribute value: the crate does not escape attributes of extensions.
fn escape_attribute(text: &str) -> String {
    escape_html(text).replace('"', "&quot;")
}
