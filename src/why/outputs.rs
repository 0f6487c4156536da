//! A post into the paths of all outputs that tell of it.

use super::Known;
use crate::artifact::{ArtifactKey, FeedScope, Page};
use crate::post::Post;

/// Each output, with the page of a feed that the post is on.
pub(super) fn of(post: &Post, known: Known<'_>) -> Vec<String> {
    let site = &known.judged.site;
    let mut outputs = Vec::new();
    let card = site.all_cards().find(|card| *card.source == *post.path);
    let entry = site.entries().iter();
    let entry = entry.chain(site.unlisted.iter());
    let Some(entry) = entry
        .into_iter()
        .find(|entry| entry.source() == &*post.path)
    else {
        return outputs;
    };
    for feed in site.feeds.iter() {
        let Some(place) = feed.all().place(entry) else {
            continue;
        };
        let page = feed.page_of(place);
        if feed.scope == FeedScope::Site && page == Page::Number(1) {
            outputs.push(ArtifactKey::Home.path());
        }
        for format in &feed.formats {
            let key = feed.key(*format);
            outputs.push(page.url(&key, ""));
            let archive = feed.archive_of(place);
            outputs.extend(archive.map(|archive| archive.url(&key, "")));
        }
    }
    if entry.is_listed() && entry.in_sitemap() {
        outputs.push(ArtifactKey::Sitemap.path());
    }
    if let Some(card) = card.filter(|card| card.article.is_some()) {
        outputs.push(card.key().path());
        outputs.push(card.image_key().path());
        let moved = site.all_moved().into_iter();
        let former = moved.filter(|moved| moved.to == card.path);
        outputs.extend(former.map(|moved| ArtifactKey::CardPage(moved.from).path()));
    }
    outputs
}
