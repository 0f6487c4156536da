//! Feeds past their byte limit, whose oldest entries are told in short.

use crate::config::Config;
use crate::finding::{Finding, Rule, Severity};
use crate::render::{CardImages, most_shortened};
use crate::site::Site;
use crate::site::feed::Feed;

/// The site's own feed and those of the configuration; what is too long there is so elsewhere too.
pub(super) fn shortened(config: &Config, site: &Site, images: &dyn CardImages) -> Vec<Finding> {
    let documents = site.feeds.chosen().map(Feed::first);
    let shortened = documents.filter_map(|document| {
        let (format, count) = most_shortened(site, &document, images).ok()??;
        Some(Finding {
            file: config.file.clone(),
            line: None,
            mark: None,
            severity: Severity::Note,
            rule: Rule::ShortenedFeed,
            message: format!(
                "the feed `{}` is longer than `feed.max_bytes`, so {count} of its {} entries carry their description only",
                document.key(format).path(),
                document.entries.len()
            ),
            hint: "lower `feed.limit`, or raise `feed.max_bytes`; some aggregators refuse more than 1 MB".to_owned(),
        })
    });
    shortened.collect()
}
