//! Defines the targets of announcements: WebSub hubs and IndexNow, and what each is told.

use serde::Serialize;
use std::time::Duration;
use url::form_urlencoded;

use super::published_urls::{PublishedUrls, UrlVersions, is_other_output_version};
use super::retry_schedule::AnnounceTimings;
use super::state::AnnouncedVersions;
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

/// URL that a target has to be told of.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct UrlChange {
    pub(super) url: String,
    /// New version; `None` if the page is gone.
    pub(super) version: Option<String>,
}

/// Difference between what is published and what was announced.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct PendingChanges {
    /// Changes to announce.
    pub(super) announced: Vec<UrlChange>,
    /// Changes to record only.
    pub(super) silent: Vec<UrlChange>,
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
                // The key is valid for URLs below its directory only, and one other URL gets the whole request rejected.
                let end = indexnow.key_url.rfind('/').map_or(0, |slash| slash + 1);
                let directory = indexnow.key_url.get(..end).unwrap_or_default();
                let pages = published.pages.iter();
                pages
                    .filter(|(url, _)| url.starts_with(directory))
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
    ) -> PendingChanges {
        let mut changes = PendingChanges::default();
        for (url, version) in published {
            let before = known.get(url);
            if before == version.as_ref() {
                continue;
            }
            let is_silent = match (self, before, version) {
                // A page that left the sitemap still exists.
                (_, _, None) => true,
                (AnnounceTarget::IndexNow(_), Some(before), Some(now)) => {
                    is_other_output_version(before, now)
                }
                _ => false,
            };
            changes.push(url, version.clone(), is_silent);
        }
        for url in known.keys().filter(|url| !published.contains_key(*url)) {
            // A hub would fetch a feed that is gone.
            changes.push(url, None, matches!(self, AnnounceTarget::Hub(_)));
        }
        changes
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
        match (self, status) {
            (AnnounceTarget::IndexNow(indexnow), 403) => format!(
                "`{}` must return the key; if another server has this host, put the file there",
                indexnow.key_url
            ),
            (AnnounceTarget::IndexNow(_), 422) => {
                "`site.url` must be the host of all pages, and the key file must be on it"
                    .to_owned()
            }
            (AnnounceTarget::IndexNow(_), _) => "check `indexnow.endpoint`".to_owned(),
            (AnnounceTarget::Hub(_), 300..=399) => {
                "the hub moved; write its new address in `websub.hubs`".to_owned()
            }
            (AnnounceTarget::Hub(_), 400 | 404 | 405 | 410) => {
                "check the address in `websub.hubs`: a hub documents the one for publishers"
                    .to_owned()
            }
            (AnnounceTarget::Hub(_), _) => {
                "the hub refuses this site; its documentation says who may publish".to_owned()
            }
        }
    }
}

impl PendingChanges {
    fn push(&mut self, url: &str, version: Option<String>, is_silent: bool) {
        let list = if is_silent {
            &mut self.silent
        } else {
            &mut self.announced
        };
        list.push(UrlChange {
            url: url.to_owned(),
            version,
        });
    }
}

impl UrlChange {
    /// Records that the change is known to the target.
    pub(super) fn apply_to(&self, known: &mut AnnouncedVersions) {
        match &self.version {
            Some(version) => known.insert(self.url.clone(), version.clone()),
            None => known.remove(&self.url),
        };
    }
}
