//! Defines `Cache-Control` of each class of outputs: `max-age`, `stale-while-revalidate` and `stale-if-error`
//! (RFC 9111 §5.2.2, RFC 5861).

use std::time::Duration;

/// Class of outputs that share one cache policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CacheClass {
    /// Feeds, the home page, OPML and the news sitemap.
    Feeds,
    /// Sitemaps, robots.txt, llms.txt and the stylesheet.
    CrawlerFiles,
    /// Card pages and card images.
    Cards,
    /// HTML pages at the paths of feeds.
    HtmlPages,
}

impl CacheClass {
    /// Possible values of `max-age` of feeds; the site's posting interval selects one.
    pub const FEED_MAX_AGES: [Duration; 3] = [
        CacheClass::MIN_FEED_MAX_AGE,
        Duration::from_secs(600),
        Duration::from_secs(900),
    ];
    /// Least `max-age` of feeds. Feed readers do not poll more often than every five minutes.
    pub const MIN_FEED_MAX_AGE: Duration = Duration::from_secs(300);

    /// Returns the value of `Cache-Control`. `max_age` is used for feeds only. Shared caches revalidate feeds more
    /// often, so that a withdrawn post disappears from them soon.
    pub fn cache_control(self, max_age: Duration) -> String {
        match self {
            CacheClass::Feeds => format!(
                "public, max-age={}, s-maxage=300, stale-while-revalidate=3600, stale-if-error=86400",
                max_age.as_secs()
            ),
            CacheClass::CrawlerFiles => {
                "public, max-age=3600, stale-while-revalidate=86400, stale-if-error=86400"
                    .to_owned()
            }
            // A corrected title must reach the next preview soon; previews come in herds.
            CacheClass::Cards => {
                "public, max-age=300, stale-while-revalidate=3600, stale-if-error=86400".to_owned()
            }
            // Some caches ignore `Vary`, and a feed reader that got HTML would break. So only the
            // browser's own cache may store it.
            CacheClass::HtmlPages => "private, max-age=300".to_owned(),
        }
    }
}
