//! Selects the entries of the news sitemap, and computes when the oldest leaves it.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::entry::Entry;
use super::public_site::Site;
use crate::config::{Config, NewsConfig};

/// Age at which a post leaves the news sitemap: Google reads posts of the last two days.
const NEWS_WINDOW: TimeDelta = TimeDelta::hours(48);
/// Maximum number of posts: the limit of Google's news sitemap.
const MAX_NEWS_POSTS: usize = 1000;

/// Returns the entries of the news sitemap as of `now`, newest first. Costs time proportional to the posts in the window.
pub(super) fn select_news(
    site: &Site,
    news: &NewsConfig,
    config: &Config,
    now: DateTime<Utc>,
) -> Arc<[Arc<Entry>]> {
    let listed = site.listed_entries().iter();
    listed
        .take_while(|entry| find_end(entry).is_some_and(|end| end > now))
        .filter(|entry| entry.is_in_sitemap())
        .filter(|entry| entry.is_matched_by(&news.filter, &config.site.language))
        .take(MAX_NEWS_POSTS)
        .cloned()
        .collect()
}

/// Returns the time at which the oldest of these entries leaves the news sitemap.
pub(super) fn find_window_end(news: &[Arc<Entry>]) -> Option<DateTime<Utc>> {
    news.last().and_then(|oldest| find_end(oldest))
}

fn find_end(entry: &Entry) -> Option<DateTime<Utc>> {
    entry.published_at().checked_add_signed(NEWS_WINDOW)
}
