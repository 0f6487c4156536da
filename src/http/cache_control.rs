//! Writes the `Cache-Control` and cache tag headers of outputs.
//!
//! The policy depends on the class of the output. The configuration overrides the built-in policies.

use std::time::Duration;

use hyper::header::{HeaderMap, HeaderName};

use super::error_response::{insert_header, insert_static_header};
use crate::config::{self, CacheTagHeader};
use crate::model::artifact::{ArtifactKey, CacheClass, SharedHeaderValue};

const CACHE_TAG: HeaderName = HeaderName::from_static("cache-tag");
const SURROGATE_KEY: HeaderName = HeaderName::from_static("surrogate-key");

/// `Cache-Control` values of all classes, formatted once.
#[derive(Debug, Clone)]
pub struct CacheHeaders {
    /// Built-in policy of feeds for each possible `max-age`; empty if the configuration sets the policy.
    feeds_by_max_age: Vec<(Duration, SharedHeaderValue)>,
    /// Policy of feeds for any other `max-age`.
    feeds_default: SharedHeaderValue,
    crawler_files: SharedHeaderValue,
    cards: SharedHeaderValue,
    html_pages: SharedHeaderValue,
    tags: CacheTagHeader,
}

impl CacheHeaders {
    /// Formats the policies of a configuration.
    pub fn new(config: &config::CachePolicies) -> CacheHeaders {
        let policy = |configured: &Option<String>, class: CacheClass| match configured {
            Some(configured) => configured.clone().into(),
            None => class.cache_control(CacheClass::MIN_FEED_MAX_AGE).into(),
        };
        CacheHeaders {
            feeds_by_max_age: match config.feeds {
                Some(_) => Vec::new(),
                None => CacheClass::FEED_MAX_AGES
                    .iter()
                    .map(|max_age| (*max_age, CacheClass::Feeds.cache_control(*max_age).into()))
                    .collect(),
            },
            feeds_default: policy(&config.feeds, CacheClass::Feeds),
            crawler_files: policy(&config.maps, CacheClass::CrawlerFiles),
            cards: policy(&config.cards, CacheClass::Cards),
            html_pages: policy(&None, CacheClass::HtmlPages),
            tags: config.tags,
        }
    }

    /// Returns `Cache-Control` of an output. `max_age` applies only to feeds and depends on the posting interval.
    pub fn cache_control(&self, key: &ArtifactKey, max_age: Duration) -> &SharedHeaderValue {
        match key.cache_class() {
            CacheClass::Feeds => {
                let mut steps = self.feeds_by_max_age.iter();
                let step = steps.find(|(step, _)| *step == max_age);
                step.map_or(&self.feeds_default, |(_, policy)| policy)
            }
            CacheClass::CrawlerFiles => &self.crawler_files,
            CacheClass::Cards => &self.cards,
            CacheClass::HtmlPages => &self.html_pages,
        }
    }

    /// Writes the cache headers of an output.
    pub(super) fn write_cache_headers(
        &self,
        headers: &mut HeaderMap,
        key: &ArtifactKey,
        max_age: Duration,
    ) {
        let policy = self.cache_control(key, max_age);
        insert_header(headers, hyper::header::CACHE_CONTROL, policy);
        match self.tags {
            CacheTagHeader::None => {}
            CacheTagHeader::CacheTag => insert_static_header(headers, CACHE_TAG, key.cache_tag()),
            CacheTagHeader::SurrogateKey => {
                insert_static_header(headers, SURROGATE_KEY, key.cache_tag())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::artifact::{FeedFormat, FeedScope};

    fn headers_for(config: &config::CachePolicies, key: &ArtifactKey, max_age: u64) -> HeaderMap {
        let mut headers = HeaderMap::new();
        CacheHeaders::new(config).write_cache_headers(
            &mut headers,
            key,
            Duration::from_secs(max_age),
        );
        headers
    }

    #[test]
    fn posting_interval_sets_max_age_unless_configured() {
        let feed = ArtifactKey::Feed(FeedScope::Site, FeedFormat::Rss);
        let defaults = config::CachePolicies::default();
        for (max_age, prefix) in [
            (300, "public, max-age=300, "),
            (900, "public, max-age=900, "),
            (1_234, "public, max-age=300, "),
        ] {
            let headers = headers_for(&defaults, &feed, max_age);
            let policy = headers["cache-control"].to_str().unwrap();
            assert!(policy.starts_with(prefix), "{policy}");
            assert!(policy.contains("stale-if-error="), "{policy}");
        }
        let configured = config::CachePolicies {
            feeds: Some("no-cache".into()),
            ..config::CachePolicies::default()
        };
        assert_eq!(
            headers_for(&configured, &feed, 900)["cache-control"],
            "no-cache"
        );
        let sitemap_headers = headers_for(&configured, &ArtifactKey::Sitemap, 900);
        assert_ne!(sitemap_headers["cache-control"], "no-cache");
    }

    #[test]
    fn each_class_gets_its_configured_policy() {
        let config = config::CachePolicies {
            feeds: Some("feeds".into()),
            maps: Some("maps".into()),
            cards: Some("cards".into()),
            ..config::CachePolicies::default()
        };
        for (key, expected) in [
            (
                ArtifactKey::Feed(FeedScope::Site, FeedFormat::Json),
                "feeds",
            ),
            (ArtifactKey::Sitemap, "maps"),
            (ArtifactKey::CardPage("/a/".into()), "cards"),
            (ArtifactKey::CardImage("/a/".into()), "cards"),
        ] {
            assert_eq!(headers_for(&config, &key, 300)["cache-control"], expected);
        }
    }

    #[test]
    fn cache_tag_is_sent_in_the_configured_header() {
        let key = ArtifactKey::CardPage("/".into());
        for (tags, field) in [
            (CacheTagHeader::None, None),
            (CacheTagHeader::CacheTag, Some("cache-tag")),
            (CacheTagHeader::SurrogateKey, Some("surrogate-key")),
        ] {
            let config = config::CachePolicies {
                tags,
                ..config::CachePolicies::default()
            };
            let headers = headers_for(&config, &key, 300);
            for name in ["cache-tag", "surrogate-key"] {
                let expected = (field == Some(name)).then_some("cards");
                assert_eq!(
                    headers.get(name).map(|value| value.to_str().unwrap()),
                    expected
                );
            }
        }
    }
}
