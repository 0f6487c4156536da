//! A feed as RSS 2.0 (rssboard.org/rss-specification), after the RSS Advisory Board's profile.
//!
//! The only file that names the `rss` crate.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use rss::extension::Extension;
use rss::extension::atom::{AtomExtension, Link};
use rss::extension::dublincore::DublinCoreExtension;
use rss::{Category, Channel, Guid, Item};

use super::card_image::{HEIGHT, WIDTH};
use super::document::{Features, Frame, Told, room};
use super::html::escape;
use super::{HISTORY, HISTORY_PREFIX, MEDIA, RenderError, history_of, xml_style};
use crate::artifact::FeedFormat;
use crate::post::Image;
use crate::site::Site;
use crate::site::feed::Document;

/// What stands before the items of a document, and what after.
pub(super) fn frame(
    site: &Site,
    document: &Document,
    features: Features,
) -> Result<Frame, RenderError> {
    let settings = &site.settings;
    // The crate declares what items use; this one uses what any of them does.
    let sample = Item {
        content: features.content.then(String::new),
        dublin_core_ext: features.authors.then(|| DublinCoreExtension {
            creators: vec![String::new()],
            ..DublinCoreExtension::default()
        }),
        ..Item::default()
    };
    let channel = Channel {
        title: document.feed.title.clone(),
        link: settings.url.clone(),
        description: document.feed.description.clone(),
        language: Some(settings.language.clone()),
        copyright: settings.copyright.clone(),
        last_build_date: document.updated().map(rfc822),
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
                .chain(document.related())
                .map(|(rel, page)| Link {
                    href: page.url(&document.key(FeedFormat::Rss), &settings.public_url),
                    rel: rel.to_owned(),
                    mime_type: Some(FeedFormat::Rss.mime_type().to_owned()),
                    ..Link::default()
                })
                .collect(),
        }),
        extensions: history_of(document)
            .map(|name| {
                let element = Extension {
                    name: format!("{HISTORY_PREFIX}:{name}"),
                    ..Extension::default()
                };
                let elements = BTreeMap::from([(name.to_owned(), vec![element])]);
                (HISTORY_PREFIX.to_owned(), elements)
            })
            .into_iter()
            .collect(),
        namespaces: namespaces(document, features),
        ..Channel::default()
    };
    let bytes = with_numeric_references(write(&channel, 0)?, &PLAIN_IN_CHANNEL);
    let styled = xml_style::styled(bytes, settings);
    Ok(Frame::around(styled, ITEM))
}

/// Items as they stand in a document.
pub(super) fn entries(told: &[Told<'_>]) -> Result<Vec<u8>, RenderError> {
    let channel = Channel {
        items: told.iter().map(item).collect(),
        ..Channel::default()
    };
    let bytes = Frame::inside(write(&channel, room(told))?, ITEM);
    let has_markup = |text: &str| text.contains(['<', '&']);
    let needs_references = told.iter().any(|told| {
        let alt = told.entry.image().and_then(|image| image.alt.as_deref());
        has_markup(told.entry.title()) || alt.is_some_and(has_markup)
    });
    Ok(match needs_references {
        true => with_numeric_references(bytes, &PLAIN_IN_ITEM),
        false => bytes,
    })
}

/// How an item begins and ends.
const ITEM: (&str, &str) = ("\n    <item>", "</item>");
/// How the elements begin that hold plain text, where they stand in a document.
const PLAIN_IN_CHANNEL: [&str; 2] = ["\n    <title>", "\n    <description>"];
const PLAIN_IN_ITEM: [&str; 2] = ["\n      <title>", "\n        <media:title>"];

fn write(channel: &Channel, room: usize) -> Result<Vec<u8>, RenderError> {
    let mut bytes = channel
        .pretty_write_to(Vec::with_capacity(room), b' ', 2)
        .map_err(|error| RenderError::Rss(Box::new(error)))?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// Writes `&` and `<` as `&#x26;` and `&#x3C;` in the elements that begin so and hold plain text. Readers that decode
/// a title twice, and those that take it for HTML, know it for text by that (RSS Advisory Board's profile, "Character
/// Data"). The crate has no way to.
fn with_numeric_references(bytes: Vec<u8>, elements: &[&str]) -> Vec<u8> {
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

fn item(told: &Told<'_>) -> Item {
    let entry = told.entry;
    Item {
        title: Some(entry.title().to_owned()),
        link: Some(entry.url().to_owned()),
        // HTML to every reader, so that plain text must be escaped to stay what it is. Before a whole post there
        // is one though it may be empty: the profile asks for it, and some readers take what comes first.
        description: (told.html.is_some() || !entry.summary().is_empty())
            .then(|| escape(entry.summary())),
        categories: entry
            .terms()
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
        pub_date: Some(rfc822(entry.published())),
        content: told.html.as_ref().map(ToString::to_string),
        // `author` must be an e-mail address; a name goes here.
        dublin_core_ext: (!entry.authors().is_empty()).then(|| DublinCoreExtension {
            creators: entry
                .authors()
                .iter()
                .map(|person| person.name.clone())
                .collect(),
            ..DublinCoreExtension::default()
        }),
        extensions: entry
            .image()
            .map(media)
            .into_iter()
            .chain(told.stand_in.clone().map(thumbnail))
            .collect(),
        ..Item::default()
    }
}

/// Media RSS: the picture that stands for the entry. What it shows is its title: readers take `media:description`,
/// wherever it is in an item, for the text of the item.
fn media(image: &Image) -> (String, BTreeMap<String, Vec<Extension>>) {
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
    let content = Extension {
        name: "media:content".to_owned(),
        attrs,
        children,
        ..Extension::default()
    };
    (
        "media".to_owned(),
        BTreeMap::from([("content".to_owned(), vec![content])]),
    )
}

/// Media RSS: the drawn picture of an entry that has none of its own.
fn thumbnail(url: String) -> (String, BTreeMap<String, Vec<Extension>>) {
    let thumbnail = Extension {
        name: "media:thumbnail".to_owned(),
        attrs: BTreeMap::from([
            ("height".to_owned(), HEIGHT.to_string()),
            ("url".to_owned(), url),
            ("width".to_owned(), WIDTH.to_string()),
        ]),
        ..Extension::default()
    };
    (
        "media".to_owned(),
        BTreeMap::from([("thumbnail".to_owned(), vec![thumbnail])]),
    )
}

/// The prefixes that the crate does not declare by itself.
fn namespaces(document: &Document, features: Features) -> BTreeMap<String, String> {
    let history = history_of(document).map(|_| (HISTORY_PREFIX.to_owned(), HISTORY.to_owned()));
    features
        .pictures
        .then(|| ("media".to_owned(), MEDIA.to_owned()))
        .into_iter()
        .chain(history)
        .collect()
}

/// RFC 822 with a year of four digits, as RSS 2.0 has it.
fn rfc822(date: DateTime<Utc>) -> String {
    date.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}
