//! Lists the outputs that contain a post: home page, feed pages, sitemaps, card pages and card image.

use std::sync::Arc;

use super::inputs::ExplainContext;
use crate::model::artifact::{ArtifactKey, FeedPageId};
use crate::model::post::Post;
use crate::render::is_in_llms_txt;

/// Lists the URL paths of the outputs. Of each feed, these are the page and the archive page that contain the post.
pub(super) fn list_outputs(post: &Post, context: ExplainContext<'_>) -> Vec<String> {
    let site = &context.evaluation.site;
    let mut outputs = Vec::new();
    let card = site
        .build_all_cards()
        .find(|card| *card.source_path == *post.path);
    let mut entries = site.listed_entries().iter().chain(site.unlisted.iter());
    let Some(entry) = entries.find(|entry| entry.source_path() == &*post.path) else {
        return outputs;
    };
    for feeds in site.feeds.languages() {
        let position = feeds.listed_entries().find_position(entry);
        if position.is_some_and(|at| feeds.main_feed().page_of_entry(at) == FeedPageId::Number(1)) {
            let language = feeds.language_segment();
            outputs.push(ArtifactKey::home_of_language(language).url_path());
        }
    }
    for feed in site.feeds.iter() {
        let Some(position) = feed.all_entries().find_position(entry) else {
            continue;
        };
        let page = feed.page_of_entry(position);
        for format in &feed.formats {
            let key = feed.artifact_key(*format);
            outputs.push(key.page_url(page, ""));
            let archive = feed.archive_of_entry(position);
            outputs.extend(archive.map(|archive| key.page_url(archive, "")));
        }
    }
    if entry.is_listed() && entry.is_in_sitemap() {
        outputs.push(ArtifactKey::Sitemap.url_path());
    }
    let mut news = site.news.iter().flat_map(|news| news.iter());
    if news.any(|one| Arc::ptr_eq(one, entry)) {
        outputs.push(ArtifactKey::NewsSitemap.url_path());
    }
    if is_in_llms_txt(site, entry) {
        outputs.push(ArtifactKey::LlmsTxt.url_path());
    }
    if let Some(card) = card.filter(|card| card.article.is_some()) {
        outputs.push(card.page_key().url_path());
        outputs.push(card.image_key().url_path());
        // Former URLs of the card page redirect to the current one.
        let redirects = site.sorted_redirects().into_iter();
        let redirects_to_card = redirects.filter(|moved| moved.to == card.url_path);
        outputs.extend(
            redirects_to_card.map(|redirect| ArtifactKey::CardPage(redirect.from).url_path()),
        );
    }
    outputs
}
