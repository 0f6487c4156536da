//! A feed as Atom 1.0 (RFC 4287).
//!
//! The only file that names the `atom_syndication` crate.

use std::collections::BTreeMap;

use atom_syndication::extension::Extension;
use atom_syndication::{
    Category, Content, Entry as AtomEntry, Feed as AtomFeed, Generator, Link, Person, Text,
    WriteConfig,
};
use chrono::DateTime;

use super::card_image::{HEIGHT, WIDTH};
use super::html::escape;
use super::{CardImages, HISTORY, HISTORY_PREFIX, MEDIA, RenderError, history_of};
use crate::artifact::{FeedFormat, Page};
use crate::site::Site;
use crate::site::entry::{self, Entry};
use crate::site::feed::Feed;

pub(super) fn render(
    site: &Site,
    feed: &Feed,
    images: &CardImages,
) -> Result<Vec<u8>, RenderError> {
    let key = feed.key(FeedFormat::Atom);
    let url = |page: Page| page.url(&key, &site.public_url);
    let mime_type = FeedFormat::Atom.mime_type();
    let mut links = vec![
        link(url(feed.page), "self", mime_type),
        link(site.url.clone(), "alternate", "text/html"),
    ];
    let related = feed.related().into_iter();
    links.extend(related.map(|(rel, page)| link(url(page), rel, mime_type)));
    let history = history_of(feed);
    let has_image = feed.entries.iter().any(|entry| images.is_shown_for(entry));
    let atom = AtomFeed {
        title: Text::plain(feed.title.clone()),
        // The address it is first published at, which never changes once published.
        id: url(Page::Number(1)),
        // §4.2.15 asks for a date even where there is nothing to date; the clock would be a lie.
        updated: feed.updated.unwrap_or(DateTime::UNIX_EPOCH).fixed_offset(),
        // §4.2.1: for entries that name no author of their own.
        authors: vec![Person {
            name: site.title.clone(),
            uri: Some(site.url.clone()),
            ..Person::default()
        }],
        generator: Some(Generator {
            value: "courant".to_owned(),
            ..Generator::default()
        }),
        links,
        rights: site.copyright.clone().map(Text::plain),
        subtitle: Some(Text::plain(feed.description.clone())),
        entries: feed
            .entries
            .iter()
            .enumerate()
            .map(|(place, entry)| {
                let stand_in = images.stand_in(site, entry);
                atom_entry(site, entry, feed.is_full(place), stand_in)
            })
            .collect(),
        namespaces: has_image
            .then(|| ("media".to_owned(), MEDIA.to_owned()))
            .into_iter()
            .chain(history.map(|_| (HISTORY_PREFIX.to_owned(), HISTORY.to_owned())))
            .collect(),
        extensions: history
            .into_iter()
            .map(|name| (HISTORY_PREFIX.to_owned(), extension(name)))
            .collect(),
        base: Some(site.url.clone()),
        lang: Some(site.language.clone()),
        ..AtomFeed::default()
    };
    let config = WriteConfig {
        write_document_declaration: true,
        indent_size: Some(2),
    };
    let mut bytes = atom
        .write_with_config(Vec::new(), config)
        .map_err(|error| RenderError::Atom(Box::new(error)))?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn atom_entry(site: &Site, entry: &Entry, is_full: bool, stand_in: Option<String>) -> AtomEntry {
    let html = || Content {
        // Readers that ignore it find absolute addresses; those that honour it, the right base.
        base: Some(entry.url.clone()),
        lang: Some(
            entry
                .language
                .clone()
                .unwrap_or_else(|| site.language.clone()),
        ),
        value: Some(entry.content().html.to_string()),
        src: None,
        content_type: Some("html".to_owned()),
    };
    AtomEntry {
        title: text(entry, &entry.title),
        id: entry.id.clone(),
        updated: entry.updated.fixed_offset(),
        published: Some(entry.published.fixed_offset()),
        authors: entry.authors.iter().map(person).collect(),
        categories: entry
            .terms()
            .into_iter()
            .map(|term| Category {
                term: term.slug.clone(),
                scheme: None,
                label: Some(term.label.clone()),
            })
            .collect(),
        links: vec![link(entry.url.clone(), "alternate", "text/html")],
        summary: (!entry.summary.is_empty()).then(|| text(entry, &entry.summary)),
        content: is_full.then(html),
        extensions: media(entry, stand_in),
        ..AtomEntry::default()
    }
}

/// Plain text of an entry, in the entry's language where it is not the feed's.
fn text(entry: &Entry, text: &str) -> Text {
    Text {
        lang: entry.language.clone(),
        ..Text::plain(text.to_owned())
    }
}

fn link(href: String, rel: &str, mime_type: &str) -> Link {
    Link {
        href,
        rel: rel.to_owned(),
        mime_type: Some(mime_type.to_owned()),
        ..Link::default()
    }
}

fn person(person: &entry::Person) -> Person {
    Person {
        name: person.name.clone(),
        email: person.email.clone(),
        uri: person.url.clone(),
        ..Person::default()
    }
}

/// Media RSS works in Atom as it does in RSS: the picture that stands for the entry, or the drawn
/// one in its place.
fn media(
    entry: &Entry,
    stand_in: Option<String>,
) -> BTreeMap<String, BTreeMap<String, Vec<Extension>>> {
    let (name, attrs) = match (&entry.image, stand_in) {
        (Some(image), _) => (
            "content",
            vec![
                ("medium", "image".to_owned()),
                ("url", attribute(&image.url)),
            ],
        ),
        (None, Some(url)) => (
            "thumbnail",
            vec![
                ("height", HEIGHT.to_string()),
                ("url", attribute(&url)),
                ("width", WIDTH.to_string()),
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

/// An element without content.
fn extension(name: &str) -> BTreeMap<String, Vec<Extension>> {
    let element = Extension {
        name: format!("{HISTORY_PREFIX}:{name}"),
        ..Extension::default()
    };
    BTreeMap::from([(name.to_owned(), vec![element])])
}

/// The crate escapes no attribute of an extension.
fn attribute(text: &str) -> String {
    escape(text).replace('"', "&quot;")
}
