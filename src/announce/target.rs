//! Defines the targets of announcements: WebSub hubs and IndexNow, and what each is told.

use serde::Serialize;
use std::time::Duration;
use url::form_urlencoded;

use super::published_urls::{PublishedUrls, UrlVersions, has_different_output_version};
use super::retry_schedule::AnnounceTimings;
use super::state::{AnnouncedVersions, UrlChange};
use crate::config::{AnnounceConfig, IndexNowConfig};

/// Maximum URLs of one submission, by the protocol of IndexNow.
const MAX_SUBMITTED_URLS: usize = 10_000;
/// Key of IndexNow in the state and in metrics.
const INDEXNOW_STATE_KEY: &str = "indexnow";

/// Target of announcements.
#[derive(Debug)]
pub(super) enum AnnounceTarget {
    /// WebSub hub, by its URL.
    Hub(String),
    /// IndexNow.
    IndexNow(IndexNowConfig),
}

/// POST request.
#[derive(Debug)]
pub(super) struct AnnounceRequest<'a> {
    pub(super) url: &'a str,
    pub(super) content_type: &'static str,
    pub(super) body: Vec<u8>,
}

/// Body of a submission (indexnow.org/documentation).
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Submission<'a> {
    host: &'a str,
    key: &'a str,
    key_location: &'a str,
    url_list: Vec<&'a str>,
}

impl AnnounceTarget {
    pub(super) fn from_config(config: &AnnounceConfig) -> Vec<AnnounceTarget> {
        let hubs = config.hubs.iter().cloned().map(AnnounceTarget::Hub);
        let indexnow = config.indexnow.iter().cloned();
        hubs.chain(indexnow.map(AnnounceTarget::IndexNow)).collect()
    }

    /// Returns the key in the state and in metrics.
    pub(super) fn state_key(&self) -> &str {
        match self {
            AnnounceTarget::Hub(url) => url,
            AnnounceTarget::IndexNow(_) => INDEXNOW_STATE_KEY,
        }
    }

    /// Returns the time without a further change after which the target is told.
    pub(super) fn delay(&self, timings: &AnnounceTimings) -> Duration {
        match self {
            AnnounceTarget::Hub(_) => timings.hub_delay,
            AnnounceTarget::IndexNow(indexnow) => indexnow.delay,
        }
    }

    /// Returns the URLs that concern the target.
    pub(super) fn select_urls(&self, published: &PublishedUrls) -> UrlVersions {
        match self {
            AnnounceTarget::Hub(_) => published.feeds.clone(),
            AnnounceTarget::IndexNow(indexnow) => {
                let pages = published.pages.iter();
                pages
                    .filter(|(url, _)| is_covered_by_key(indexnow, url))
                    .map(|(url, version)| (url.clone(), version.clone()))
                    .collect()
            }
        }
    }

    /// Compares what is published with what was announced.
    pub(super) fn find_changes(
        &self,
        published: &UrlVersions,
        known: &AnnouncedVersions,
    ) -> Vec<UrlChange> {
        let gone = known.keys().filter(|url| !published.contains_key(*url));
        let gone = gone.map(|url| UrlChange {
            url: url.clone(),
            version: None,
            is_silent: match self {
                // A hub would fetch a feed that is gone.
                AnnounceTarget::Hub(_) => true,
                // Pages of a former domain.
                AnnounceTarget::IndexNow(indexnow) => !is_covered_by_key(indexnow, url),
            },
        });
        let changed = published
            .iter()
            .filter(|(url, version)| known.get(*url) != version.as_ref());
        let changed = changed.map(|(url, version)| UrlChange {
            url: url.clone(),
            version: version.clone(),
            is_silent: match (self, known.get(url), version) {
                // A page that left the sitemap still exists.
                (_, _, None) => true,
                (AnnounceTarget::IndexNow(_), Some(before), Some(now)) => {
                    has_different_output_version(before, now)
                }
                _ => false,
            },
        });
        changed.chain(gone).collect()
    }

    /// Returns the number of URLs that one request can hold. Not all hubs read more than one.
    pub(super) fn max_urls_per_request(&self) -> usize {
        match self {
            AnnounceTarget::Hub(_) => 1,
            AnnounceTarget::IndexNow(_) => MAX_SUBMITTED_URLS,
        }
    }

    /// Builds the request that announces changes.
    pub(super) fn build_request(&self, changes: &[UrlChange]) -> AnnounceRequest<'_> {
        match self {
            AnnounceTarget::Hub(hub) => {
                let mut form = form_urlencoded::Serializer::new(String::new());
                form.append_pair("hub.mode", "publish");
                for change in changes {
                    // Hubs read one or the other: the W3C's WebSub leaves the request to them.
                    form.append_pair("hub.url", &change.url);
                    form.append_pair("hub.topic", &change.url);
                }
                AnnounceRequest {
                    url: hub,
                    content_type: "application/x-www-form-urlencoded",
                    body: form.finish().into_bytes(),
                }
            }
            AnnounceTarget::IndexNow(indexnow) => {
                let host = indexnow.key_url.split('/').nth(2).unwrap_or_default();
                let submission = Submission {
                    host,
                    key: &indexnow.key,
                    key_location: &indexnow.key_url,
                    url_list: changes.iter().map(|change| change.url.as_str()).collect(),
                };
                AnnounceRequest {
                    url: &indexnow.endpoint,
                    content_type: "application/json; charset=utf-8",
                    // Strings can always be written.
                    body: serde_json::to_vec(&submission).unwrap_or_default(),
                }
            }
        }
    }

    /// Returns the remedy for a rejected request.
    pub(super) fn rejection_hint(&self, status: u16) -> String {
        let hint = match (self, status) {
            (AnnounceTarget::IndexNow(_), 300..=399 | 404 | 405 | 410) => {
                "check the address in `indexnow.endpoint`"
            }
            (AnnounceTarget::IndexNow(indexnow), _) => {
                return format!(
                    "`{}` must return the key, and the pages must be on its host; see docs/announcing.md",
                    indexnow.key_url
                );
            }
            (_, 300..=399) => "the hub moved; write its new address in `websub.hubs`",
            _ => "check the address in `websub.hubs`, and that the hub lets this site publish",
        };
        hint.to_owned()
    }
}

/// Returns true if the key is valid for the URL: the URL is below the key's directory. One other URL gets the whole
/// request rejected.
fn is_covered_by_key(indexnow: &IndexNowConfig, url: &str) -> bool {
    let directory = indexnow
        .key_url
        .rsplit_once('/')
        .map(|(directory, _)| directory);
    let below = directory.and_then(|directory| url.strip_prefix(directory));
    below.is_some_and(|path| path.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn indexnow() -> AnnounceTarget {
        AnnounceTarget::IndexNow(IndexNowConfig {
            key: "0123456789abcdef".to_owned(),
            key_url: "https://e.org/blog/0123456789abcdef.txt".to_owned(),
            is_key_served: true,
            endpoint: "https://api.example/".to_owned(),
            delay: Duration::ZERO,
        })
    }

    /// Returns the names of the pages, and the URLs of those of other sites.
    fn names(changes: &[UrlChange], is_silent: bool) -> Vec<&str> {
        let changes = changes
            .iter()
            .filter(|change| change.is_silent == is_silent);
        changes
            .map(|change| change.url.trim_start_matches("https://e.org/blog/"))
            .collect()
    }

    #[test]
    fn each_target_learns_only_what_concerns_it() {
        let page = |name: &str| format!("https://e.org/blog/{name}");
        let known = ["changed", "gone", "noindex", "same", "upgraded"];
        let mut known: AnnouncedVersions = known.map(|name| (page(name), "6-1".to_owned())).into();
        let moved = "https://old.example/blog/gone";
        known.insert(moved.to_owned(), "6-1".to_owned());
        let published = [
            ("changed", Some("6-2")),
            ("new", Some("6-1")),
            ("noindex", None),
            ("same", Some("6-1")),
            ("upgraded", Some("7-3")),
        ];
        let published = published.map(|(name, version)| (page(name), version.map(str::to_owned)));
        let published = published.into();
        let changes = indexnow().find_changes(&published, &known);
        assert_eq!(names(&changes, false), ["changed", "new", "gone"]);
        // A request with pages of a former domain would be rejected.
        assert_eq!(names(&changes, true), ["noindex", "upgraded", moved]);
        let hub = AnnounceTarget::Hub("https://hub.example/".to_owned());
        let changes = hub.find_changes(&published, &known);
        assert_eq!(names(&changes, false), ["changed", "new", "upgraded"]);
        assert_eq!(names(&changes, true), ["noindex", "gone", moved]);
        let mut after: AnnouncedVersions = known.clone();
        for change in &changes {
            change.apply_to(&mut after);
        }
        assert_eq!(hub.find_changes(&published, &after), []);
    }

    #[test]
    fn submissions_hold_only_urls_that_the_key_covers() {
        let page = |path: &str| (format!("https://e.org{path}"), Some("6-1".to_owned()));
        let published = PublishedUrls {
            feeds: UrlVersions::new(),
            pages: [page("/blog/a/"), page("/shop/"), page("/blog/")].into(),
        };
        let selected = indexnow().select_urls(&published);
        let selected: Vec<_> = selected.keys().map(String::as_str).collect();
        assert_eq!(selected, ["https://e.org/blog/", "https://e.org/blog/a/"]);
        assert_eq!(indexnow().max_urls_per_request(), 10_000);
    }

    #[test]
    fn rejection_names_the_setting_that_is_wrong() {
        for (status, setting) in [(403, "`https://e.org/blog/"), (422, "`https://e.org/blog/")]
            .into_iter()
            .chain([301, 404, 410].map(|status| (status, "`indexnow.endpoint`")))
        {
            let hint = indexnow().rejection_hint(status);
            assert!(hint.contains(setting), "{status}: {hint}");
        }
    }
}
