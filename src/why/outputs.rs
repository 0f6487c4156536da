//! A post into the paths of all outputs that tell of it.

use super::Known;
use crate::artifact::{ArtifactKey, FeedScope, Page};
use crate::post::Post;

/// Each output, with the page of a feed that the post is on.
pub(super) fn of(post: &Post, known: Known<'_>) -> Vec<String> {
    let site = &known.judged.site;
    let mut outputs = Vec::new();
    for feed in &site.feeds {
        let place = feed
            .all()
            .iter()
            .position(|entry| entry.source == post.path);
        let Some(place) = place else { continue };
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
    let listed = site.entries.iter().find(|entry| entry.source == post.path);
    if listed.is_some_and(|entry| entry.in_sitemap) {
        outputs.push(ArtifactKey::Sitemap.path());
    }
    let card = site.cards.iter().find(|card| card.source == post.path);
    if let Some(card) = card.filter(|card| card.article.is_some()) {
        outputs.push(card.key().path());
        outputs.push(card.image_key().path());
        let former = site.moved.iter().filter(|moved| moved.to == card.path);
        outputs.extend(former.map(|moved| ArtifactKey::CardPage(moved.from.clone()).path()));
    }
    outputs
}
