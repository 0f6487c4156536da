//! All feeds as an outline (OPML 2.0, opml.org/spec2.opml), to import into a reader.
//!
//! Each feed stands in it once, as RSS, which every reader reads: an import of all three formats
//! would subscribe to everything three times.

use super::RenderError;
use super::xml::Xml;
use crate::artifact::FeedScope;
use crate::site::Site;
use crate::site::feed::Feed;

/// Which feeds a group holds.
type Wanted = fn(&FeedScope) -> bool;

pub(super) fn render(site: &Site) -> Result<Vec<u8>, RenderError> {
    let mut xml = Xml::document()?;
    xml.open("opml", &[("version", "2.0")])?;
    xml.open("head", &[])?;
    xml.text("title", &site.settings.title)?;
    xml.close("head")?;
    xml.open("body", &[])?;
    let of =
        |wanted: fn(&FeedScope) -> bool| site.feeds.iter().filter(move |feed| wanted(&feed.scope));
    for feed in of(|scope| *scope == FeedScope::Site) {
        outline(&mut xml, site, feed)?;
    }
    let groups: [(&str, Wanted); 4] = [
        ("Categories", |scope| {
            matches!(scope, FeedScope::Category(_))
        }),
        ("Tags", |scope| matches!(scope, FeedScope::Tag(_))),
        ("Authors", |scope| matches!(scope, FeedScope::Author(_))),
        ("More feeds", |scope| matches!(scope, FeedScope::Own(_))),
    ];
    for (name, wanted) in groups {
        if of(wanted).next().is_none() {
            continue;
        }
        xml.open("outline", &[("text", name)])?;
        for feed in of(wanted) {
            outline(&mut xml, site, feed)?;
        }
        xml.close("outline")?;
    }
    xml.close("body")?;
    xml.close("opml")?;
    Ok(xml.finish())
}

fn outline(xml: &mut Xml, site: &Site, feed: &Feed) -> Result<(), RenderError> {
    let url = feed.key(feed.main_format()).url(&site.settings.public_url);
    xml.empty(
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
