//! Reports feeds above their byte limit, whose oldest entries contain only their description.

use crate::config::Config;
use crate::model::finding::{Finding, Rule, Severity};
use crate::render::find_most_shortened_format;
use crate::site::Site;
use crate::site::card_images::CardImageSource;
use crate::site::feed::Feed;

/// Checks the site's feed and the configured feeds; other feeds hold a part of the same entries.
pub(super) fn find_shortened_feeds(
    config: &Config,
    site: &Site,
    images: &dyn CardImageSource,
) -> Vec<Finding> {
    let documents = site.feeds.eager_feeds().map(Feed::first_document);
    let findings = documents.filter_map(|document| {
        let (format, count) = find_most_shortened_format(site, &document, images).ok()??;
        Some(Finding {
            file: config.file.clone(),
            line: None,
            highlight: None,
            severity: Severity::Note,
            rule: Rule::ShortenedFeed,
            message: format!(
                "the feed `{}` is longer than `feed.max_bytes`, so {count} of its {} entries contain only their description",
                document.artifact_key(format).url_path(),
                document.entries.len()
            ),
            hint: "lower `feed.limit`, or raise `feed.max_bytes`; some aggregators refuse more than 1 MB".to_owned(),
        })
    });
    findings.collect()
}
