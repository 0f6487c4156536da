//! Feeds past their byte limit, whose oldest entries are told in short.

use crate::artifact::FeedScope;
use crate::config::Config;
use crate::finding::{Finding, Rule, Severity};
use crate::site::Site;
use crate::site::feed::Feed;

/// The site's own feed and those of the configuration; what is too long there is so elsewhere too.
pub(super) fn shortened(config: &Config, site: &Site) -> Vec<Finding> {
    let is_chosen = |scope: &FeedScope| matches!(scope, FeedScope::Site | FeedScope::Own(_));
    site.feeds
        .iter()
        .filter(|feed| is_chosen(&feed.scope))
        .map(Feed::first)
        .filter(|document| document.shortened() > 0)
        .map(|document| Finding {
            file: config.file.clone(),
            line: None,
            mark: None,
            severity: Severity::Note,
            rule: Rule::ShortenedFeed,
            message: format!(
                "the feed `{}` is longer than `feed.max_bytes`, so {} of its {} entries carry their description only",
                document.key(document.feed.main_format()).path(),
                document.shortened(),
                document.entries.len()
            ),
            hint: "lower `feed.limit`, or raise `feed.max_bytes`; some aggregators refuse more than 1 MB".to_owned(),
        })
        .collect()
}
