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
use super::html::escape;
use super::{CardImages, HISTORY, HISTORY_PREFIX, MEDIA, RenderError, history_of};
use crate::artifact::FeedFormat;
use crate::post::Image;
use crate::site::Site;
use crate::site::entry::Entry;
use crate::site::feed::Feed;

pub(super) fn render(
    site: &Site,
    feed: &Feed,
    images: &CardImages,
) -> Result<Vec<u8>, RenderError> {
    let channel = Channel {
        title: feed.title.clone(),
        link: site.url.clone(),
        description: feed.description.clone(),
        language: Some(site.language.clone()),
        copyright: site.copyright.clone(),
        last_build_date: feed.updated.map(rfc822),
        generator: Some("courant".to_owned()),
        docs: Some("https://www.rssboard.org/rss-specification".to_owned()),
        ttl: Some(site.ttl_minutes.to_string()),
        items: feed
            .entries
            .iter()
            .enumerate()
            .map(|(place, entry)| item(entry, feed.is_full(place), images.stand_in(site, entry)))
            .collect(),
        atom_ext: Some(AtomExtension {
            links: std::iter::once(("self", feed.page))
                .chain(feed.related())
                .map(|(rel, page)| Link {
                    href: page.url(&feed.key(FeedFormat::Rss), &site.public_url),
                    rel: rel.to_owned(),
                    mime_type: Some(FeedFormat::Rss.mime_type().to_owned()),
                    ..Link::default()
                })
                .collect(),
        }),
        extensions: history_of(feed)
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
        namespaces: namespaces(feed, images),
        ..Channel::default()
    };
    let mut bytes = channel
        .pretty_write_to(Vec::new(), b' ', 2)
        .map_err(|error| RenderError::Rss(Box::new(error)))?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn item(entry: &Entry, is_full: bool, stand_in: Option<String>) -> Item {
    Item {
        title: Some(entry.title.clone()),
        link: Some(entry.url.clone()),
        // HTML to every reader, so that plain text must be escaped to stay what it is.
        description: (!entry.summary.is_empty()).then(|| escape(&entry.summary)),
        categories: entry
            .terms()
            .into_iter()
            .map(|term| Category {
                name: term.label.clone(),
                domain: None,
            })
            .collect(),
        guid: Some(Guid {
            value: entry.id.clone(),
            permalink: entry.id == entry.url,
        }),
        pub_date: Some(rfc822(entry.published)),
        content: is_full.then(|| entry.content().html.to_string()),
        // `author` must be an e-mail address; a name goes here.
        dublin_core_ext: (!entry.authors.is_empty()).then(|| DublinCoreExtension {
            creators: entry
                .authors
                .iter()
                .map(|person| person.name.clone())
                .collect(),
            ..DublinCoreExtension::default()
        }),
        extensions: entry
            .image
            .iter()
            .map(media)
            .chain(stand_in.map(thumbnail))
            .collect(),
        ..Item::default()
    }
}

/// Media RSS: the picture that stands for the entry.
fn media(image: &Image) -> (String, BTreeMap<String, Vec<Extension>>) {
    let attrs = BTreeMap::from([
        ("medium".to_owned(), "image".to_owned()),
        ("url".to_owned(), image.url.clone()),
    ]);
    let description = image.alt.iter().map(|alt| Extension {
        name: "media:description".to_owned(),
        value: Some(alt.clone()),
        attrs: BTreeMap::from([("type".to_owned(), "plain".to_owned())]),
        ..Extension::default()
    });
    let children = BTreeMap::from([("description".to_owned(), description.collect())]);
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
fn namespaces(feed: &Feed, images: &CardImages) -> BTreeMap<String, String> {
    let has_image = feed.entries.iter().any(|entry| images.is_shown_for(entry));
    let history = history_of(feed).map(|_| (HISTORY_PREFIX.to_owned(), HISTORY.to_owned()));
    has_image
        .then(|| ("media".to_owned(), MEDIA.to_owned()))
        .into_iter()
        .chain(history)
        .collect()
}

/// RFC 822 with a year of four digits, as RSS 2.0 has it.
fn rfc822(date: DateTime<Utc>) -> String {
    date.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}
