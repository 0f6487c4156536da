//! Writes all feeds as an OPML 2.0 outline (opml.org/spec2.opml), for import by feed readers.
//!
//! Each feed is listed once, as RSS, which every reader supports. With all three formats, an import
//! would subscribe to everything three times.

use super::render_error::RenderError;
use super::xml::XmlWriter;
use crate::model::artifact::FeedScope;
use crate::site::Site;
use crate::site::feed::Feed;

/// Predicate that selects the feeds of a group.
type ScopeFilter = fn(&FeedScope) -> bool;

pub(super) fn render_opml(site: &Site) -> Result<Vec<u8>, RenderError> {
    let mut xml = XmlWriter::new()?;
    xml.open_element("opml", &[("version", "2.0")])?;
    xml.open_element("head", &[])?;
    xml.write_text_element("title", &site.settings.title)?;
    xml.close_element("head")?;
    xml.open_element("body", &[])?;
    let feeds_in = |wanted: ScopeFilter| {
        let feeds = site.feeds.iter();
        feeds.filter(move |feed| wanted(feed.scope.split_language().1))
    };
    for feed in feeds_in(|scope| matches!(scope, FeedScope::Site)) {
        write_outline(&mut xml, site, feed)?;
    }
    let groups: [(&str, ScopeFilter); 4] = [
        ("Categories", |scope| {
            matches!(scope, FeedScope::Category(_))
        }),
        ("Tags", |scope| matches!(scope, FeedScope::Tag(_))),
        ("Authors", |scope| matches!(scope, FeedScope::Author(_))),
        ("More feeds", |scope| matches!(scope, FeedScope::Custom(_))),
    ];
    for (name, wanted) in groups {
        if feeds_in(wanted).next().is_none() {
            continue;
        }
        xml.open_element("outline", &[("text", name)])?;
        for feed in feeds_in(wanted) {
            write_outline(&mut xml, site, feed)?;
        }
        xml.close_element("outline")?;
    }
    xml.close_element("body")?;
    xml.close_element("opml")?;
    Ok(xml.finish())
}

fn write_outline(xml: &mut XmlWriter, site: &Site, feed: &Feed) -> Result<(), RenderError> {
    let url = feed
        .artifact_key(feed.preferred_format())
        .absolute_url(&site.settings.public_url);
    xml.write_empty_element(
        "outline",
        &[
            ("type", "rss"),
            ("text", &feed.title),
            ("title", &feed.title),
            ("description", &feed.description),
            ("xmlUrl", &url),
            ("htmlUrl", &site.settings.url),
        ],
    )?;
    Ok(())
}
