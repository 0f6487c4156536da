//! Tells caches how long each class of output is good for: what the output says of itself, unless the configuration
//! says otherwise.

use std::time::Duration;

use hyper::header::{HeaderMap, HeaderName};

use super::reply::{set, set_static};
use crate::artifact::{ArtifactKey, CacheClass, FieldValue};
use crate::config::{self, CacheTags};

const CACHE_TAG: HeaderName = HeaderName::from_static("cache-tag");
const SURROGATE_KEY: HeaderName = HeaderName::from_static("surrogate-key");

/// What caches are told, written once.
#[derive(Debug, Clone)]
pub(super) struct Caching {
    /// For each step of the rhythm that the site may have.
    feeds: Vec<(Duration, FieldValue)>,
    feeds_otherwise: FieldValue,
    maps: FieldValue,
    cards: FieldValue,
    for_people: FieldValue,
    tags: CacheTags,
}

impl Caching {
    pub(super) fn new(config: &config::Caching) -> Caching {
        let written = |own: &Option<String>, class: CacheClass| match own {
            Some(own) => own.clone().into(),
            None => class.policy(CacheClass::SHORTEST).into(),
        };
        let of_rhythm = |max_age: &Duration| {
            let policy = CacheClass::Feeds.policy(*max_age);
            (*max_age, FieldValue::from(policy))
        };
        Caching {
            feeds: match config.feeds {
                Some(_) => Vec::new(),
                None => CacheClass::STEPS.iter().map(of_rhythm).collect(),
            },
            feeds_otherwise: written(&config.feeds, CacheClass::Feeds),
            maps: written(&config.maps, CacheClass::Maps),
            cards: written(&config.cards, CacheClass::Cards),
            for_people: written(&None, CacheClass::ForPeople),
            tags: config.tags,
        }
    }

    /// Says it. `max_age` is what the rhythm of the site allows.
    pub(super) fn tell(&self, headers: &mut HeaderMap, key: &ArtifactKey, max_age: Duration) {
        let policy = match key.cache_class() {
            CacheClass::Feeds => {
                let mut steps = self.feeds.iter();
                let step = steps.find(|(step, _)| *step == max_age);
                step.map_or(&self.feeds_otherwise, |(_, policy)| policy)
            }
            CacheClass::Maps => &self.maps,
            CacheClass::Cards => &self.cards,
            CacheClass::ForPeople => &self.for_people,
        };
        set(headers, hyper::header::CACHE_CONTROL, policy);
        match self.tags {
            CacheTags::None => {}
            CacheTags::CacheTag => set_static(headers, CACHE_TAG, key.cache_tag()),
            CacheTags::SurrogateKey => set_static(headers, SURROGATE_KEY, key.cache_tag()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::{FeedFormat, FeedScope};

    fn told(config: &config::Caching, key: &ArtifactKey, max_age: u64) -> HeaderMap {
        let mut headers = HeaderMap::new();
        Caching::new(config).tell(&mut headers, key, Duration::from_secs(max_age));
        headers
    }

    #[test]
    fn the_rhythm_decides_for_feeds_unless_somebody_has() {
        let feed = ArtifactKey::Feed(FeedScope::Site, FeedFormat::Rss);
        let usual = config::Caching::default();
        for (max_age, begin) in [
            (300, "public, max-age=300, "),
            (900, "public, max-age=900, "),
            (1_234, "public, max-age=300, "),
        ] {
            let headers = told(&usual, &feed, max_age);
            let policy = headers["cache-control"].to_str().unwrap();
            assert!(policy.starts_with(begin), "{policy}");
            assert!(policy.contains("stale-if-error="), "{policy}");
        }
        let own = config::Caching {
            feeds: Some("no-cache".into()),
            ..config::Caching::default()
        };
        assert_eq!(told(&own, &feed, 900)["cache-control"], "no-cache");
        let map = told(&own, &ArtifactKey::Sitemap, 900);
        assert_ne!(map["cache-control"], "no-cache");
    }

    #[test]
    fn each_class_is_told_what_was_configured_for_it() {
        let config = config::Caching {
            feeds: Some("feeds".into()),
            maps: Some("maps".into()),
            cards: Some("cards".into()),
            ..config::Caching::default()
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
            assert_eq!(told(&config, &key, 300)["cache-control"], expected);
        }
    }

    #[test]
    fn what_an_answer_belongs_to_is_told_in_the_field_that_was_asked_for() {
        let key = ArtifactKey::CardPage("/".into());
        for (tags, field) in [
            (CacheTags::None, None),
            (CacheTags::CacheTag, Some("cache-tag")),
            (CacheTags::SurrogateKey, Some("surrogate-key")),
        ] {
            let config = config::Caching {
                tags,
                ..config::Caching::default()
            };
            let headers = told(&config, &key, 300);
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
