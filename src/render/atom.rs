//! A feed as Atom 1.0 (RFC 4287).
//!
//! The only file that names the `atom_syndication` crate.

use std::collections::BTreeMap;
use std::sync::Arc;

use atom_syndication::extension::Extension;
use atom_syndication::{
    Category, Content, Entry as AtomEntry, Feed as AtomFeed, Generator, Link, Person, Text,
    WriteConfig,
};
use chrono::DateTime;

use super::card_image::{HEIGHT, WIDTH};
use super::document::{Features, Frame, Told, room};
use super::html::escape;
use super::{HISTORY, HISTORY_PREFIX, MEDIA, RenderError, history_of, xml_style};
use crate::artifact::{FeedFormat, Page};
use crate::site::Site;
use crate::site::entry::{self, Entry};
use crate::site::feed::Document;

/// What stands before the entries of a document, and what after.
pub(super) fn frame(
    site: &Site,
    document: &Document,
    features: Features,
) -> Result<Frame, RenderError> {
    let settings = &site.settings;
    let key = document.key(FeedFormat::Atom);
    let url = |page: Page| page.url(&key, &settings.public_url);
    let mime_type = FeedFormat::Atom.mime_type();
    let mut links = vec![
        link(url(document.page), "self", mime_type),
        link(settings.url.clone(), "alternate", "text/html"),
    ];
    let related = document.related().into_iter();
    links.extend(related.map(|(rel, page)| link(url(page), rel, mime_type)));
    let history = history_of(document);
    let atom = AtomFeed {
        title: text_of(&document.feed.title),
        // The address it is first published at, which never changes once published.
        id: url(Page::Number(1)),
        // §4.2.15 asks for a date even where there is nothing to date; the clock would be a lie.
        updated: document
            .updated()
            .unwrap_or(DateTime::UNIX_EPOCH)
            .fixed_offset(),
        // §4.2.1: for entries that name no author of their own.
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
        rights: settings.copyright.as_deref().map(text_of),
        subtitle: Some(text_of(&document.feed.description)),
        entries: if document.entries.is_empty() {
            Vec::new()
        } else {
            vec![AtomEntry::default()]
        },
        namespaces: features
            .pictures
            .then(|| ("media".to_owned(), MEDIA.to_owned()))
            .into_iter()
            .chain(history.map(|_| (HISTORY_PREFIX.to_owned(), HISTORY.to_owned())))
            .collect(),
        extensions: history
            .into_iter()
            .map(|name| (HISTORY_PREFIX.to_owned(), extension(name)))
            .collect(),
        lang: Some(settings.language.clone()),
        ..AtomFeed::default()
    };
    let styled = xml_style::styled(write(&atom, 0)?, settings);
    Ok(Frame::around(styled, ENTRY))
}

/// Entries as they stand in a document.
pub(super) fn entries(site: &Site, told: &[Told<'_>]) -> Result<Vec<u8>, RenderError> {
    let atom = AtomFeed {
        entries: told.iter().map(|told| atom_entry(site, told)).collect(),
        ..AtomFeed::default()
    };
    Ok(Frame::inside(write(&atom, room(told))?, ENTRY))
}

/// How an entry begins and ends.
const ENTRY: (&str, &str) = ("\n  <entry>", "</entry>");

fn write(atom: &AtomFeed, room: usize) -> Result<Vec<u8>, RenderError> {
    let config = WriteConfig {
        write_document_declaration: true,
        indent_size: Some(2),
    };
    let mut bytes = atom
        .write_with_config(Vec::with_capacity(room), config)
        .map_err(|error| RenderError::Atom(Box::new(error)))?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn atom_entry(site: &Site, told: &Told<'_>) -> AtomEntry {
    let entry = told.entry;
    let html = |html: &Arc<str>| Content {
        // Readers that ignore it find absolute addresses; those that honour it, the right base.
        base: Some(entry.url().to_owned()),
        lang: Some(
            entry
                .language()
                .unwrap_or(&site.settings.language)
                .to_owned(),
        ),
        value: Some(html.to_string()),
        src: None,
        content_type: Some("html".to_owned()),
    };
    AtomEntry {
        title: text(entry, entry.title()),
        id: entry.id().to_owned(),
        updated: entry.updated().fixed_offset(),
        published: Some(entry.published().fixed_offset()),
        authors: entry.authors().iter().map(person).collect(),
        categories: entry
            .terms()
            .into_iter()
            .map(|term| Category {
                term: term.slug.to_string(),
                scheme: None,
                label: Some(term.label.to_string()),
            })
            .collect(),
        links: vec![link(entry.url().to_owned(), "alternate", "text/html")],
        summary: (!entry.summary().is_empty()).then(|| text(entry, entry.summary())),
        content: told.html.as_ref().map(html),
        extensions: media(entry, told.stand_in.clone()),
        ..AtomEntry::default()
    }
}

/// Plain text of an entry, in the entry's language where it is not the feed's.
fn text(entry: &Entry, text: &str) -> Text {
    Text {
        lang: entry.language().map(str::to_owned),
        ..text_of(text)
    }
}

/// Plain text. One that looks like markup is written as HTML: readers that take every title for HTML would drop what
/// looks like an element, and validators warn of it.
fn text_of(text: &str) -> Text {
    match text.contains('<') || has_reference(text) {
        true => Text::html(escape(text)),
        false => Text::plain(text),
    }
}

/// Whether something in a text would be decoded if it were HTML: `&lt;` or `&#39;`.
fn has_reference(text: &str) -> bool {
    let names = text.split('&').skip(1);
    names
        .filter_map(|rest| rest.split_once(';'))
        .any(|(name, _)| {
            let name = name.strip_prefix('#').unwrap_or(name);
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
        })
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
    let (name, attrs) = match (entry.image(), stand_in) {
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
