//! Reads `[announce]`, `[websub]`, `[indexnow]` and `[state]` of `config.toml`: who is told of changes.

use std::path::{Path, PathBuf};
use std::time::Duration;

use url::Url;

use super::feeds::CustomFeed;
use super::server::ServerConfig;
use super::site::SiteConfig;
use crate::config_table::values::{MAX_DURATION, check_duration, hide_credentials, with_value};
use crate::config_table::{ConfigErrors, ConfigTable, Spanned};
use crate::model::artifact::ArtifactKey;

/// Default endpoint of IndexNow, which passes submissions on to all search engines that take part.
const DEFAULT_ENDPOINT: &str = "https://api.indexnow.org/indexnow";
/// Default delay of submissions. Site generators take minutes to build the pages, and an engine that fetches an old page
/// does not soon come back.
const DEFAULT_DELAY: Duration = Duration::from_secs(5 * 60);
/// Maximum hubs: each is told of each changed feed, and named in all of them.
const MAX_HUBS: usize = 8;
/// Maximum length of an address, in bytes. Feeds hold that of each hub, and their length has a limit.
const MAX_ENDPOINT_BYTES: usize = 255;
/// Length of an IndexNow key, in characters, by the protocol.
const KEY_LENGTH: std::ops::RangeInclusive<usize> = 8..=128;

/// `[announce]`, `[websub]`, `[indexnow]` and `[state]`: announcements of changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnnounceConfig {
    /// False if another process announces the changes of this site.
    pub enabled: bool,
    /// URLs of the WebSub hubs.
    pub hubs: Vec<String>,
    /// IndexNow; `None` without a key.
    pub indexnow: Option<IndexNowConfig>,
    /// Directory of the state; `None` keeps it in memory.
    pub state_dir: Option<PathBuf>,
}

/// `[indexnow]`: submission of changed URLs to search engines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexNowConfig {
    /// Key that proves the control of the site.
    pub key: String,
    /// URL where search engines look for the key. It is on the site's host, as the protocol requires.
    pub key_url: String,
    /// True if courant serves the key file at that URL.
    pub is_key_served: bool,
    /// URL that submissions are sent to.
    pub endpoint: String,
    /// Time from a change to its submission.
    pub delay: Duration,
}

/// The four tables of the file.
pub(super) struct AnnounceTables<'a, 'f> {
    pub(super) announce: ConfigTable<'a, 'f>,
    pub(super) websub: ConfigTable<'a, 'f>,
    pub(super) indexnow: ConfigTable<'a, 'f>,
    pub(super) state: ConfigTable<'a, 'f>,
}

pub(super) fn read_announce(
    mut tables: AnnounceTables<'_, '_>,
    faults: &ConfigErrors<'_>,
    dir: &Path,
    addresses: Option<(&SiteConfig, &ServerConfig)>,
    feeds: &[CustomFeed],
) -> AnnounceConfig {
    let enabled = tables.announce.take_bool("enabled");
    tables.announce.reject_unknown();
    let hubs = read_hubs(&mut tables.websub, faults);
    tables.websub.reject_unknown();
    let indexnow = read_indexnow(&mut tables.indexnow, faults, addresses, feeds);
    tables.indexnow.reject_unknown();
    let state_dir = tables.state.take_string("dir");
    if let Some(written) = state_dir.as_ref().filter(|dir| dir.value.trim().is_empty()) {
        faults.report_at(written, "is empty", "name a directory, or leave it out");
    }
    tables.state.reject_unknown();
    AnnounceConfig {
        enabled: enabled.is_none_or(|written| written.value),
        hubs,
        indexnow,
        state_dir: state_dir.map(|written| dir.join(written.value.trim())),
    }
}

fn read_hubs(table: &mut ConfigTable<'_, '_>, faults: &ConfigErrors<'_>) -> Vec<String> {
    let Some(written) = table.take_strings("hubs") else {
        return Vec::new();
    };
    if written.value.len() > MAX_HUBS {
        let hint = "one is enough: a reader subscribes at the first hub that it can use";
        faults.report_at(&written, &format!("has more than {MAX_HUBS} hubs"), hint);
    }
    let mut hubs = Vec::new();
    for text in &written.value {
        let hint =
            "write the address that the hub documents, such as `https://pubsubhubbub.appspot.com/`";
        let Some(hub) = parse_endpoint(faults, &with_value(&written, text.clone()), hint) else {
            continue;
        };
        if hubs.contains(&hub) {
            let message = format!("names `{text}` twice");
            faults.report_at(&written, &message, "leave one of them out");
        } else {
            hubs.push(hub);
        }
    }
    hubs
}

/// Parses an `http` or `https` URL that requests are sent to.
fn parse_endpoint(
    faults: &ConfigErrors<'_>,
    written: &Spanned<String>,
    hint: &str,
) -> Option<String> {
    let text = written.value.trim();
    let url = Url::parse(text).ok().filter(|url| {
        let is_short = url.as_str().len() <= MAX_ENDPOINT_BYTES;
        is_short
            && matches!(url.scheme(), "http" | "https")
            && url.host_str().is_some_and(|host| !host.is_empty())
    });
    let Some(url) = url else {
        let message = format!(
            "is not an `http` or `https` address: `{}`",
            hide_credentials(text)
        );
        faults.report_at(written, &message, hint);
        return None;
    };
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        // The address of a hub is public, and the message must not repeat a password.
        let message = "has a user, a password or a `#` part";
        faults.report_at(written, message, "leave them out");
        return None;
    }
    Some(url.into())
}

fn read_indexnow(
    table: &mut ConfigTable<'_, '_>,
    faults: &ConfigErrors<'_>,
    addresses: Option<(&SiteConfig, &ServerConfig)>,
    feeds: &[CustomFeed],
) -> Option<IndexNowConfig> {
    let key = table.take_string("key");
    let endpoint = match table.take_string("endpoint") {
        Some(written) => parse_endpoint(
            faults,
            &written,
            &format!("the default is `{DEFAULT_ENDPOINT}`"),
        ),
        None => Some(DEFAULT_ENDPOINT.to_owned()),
    };
    let delay = table.take_duration("delay");
    let delay = check_duration(faults, delay, Duration::ZERO..=MAX_DURATION, DEFAULT_DELAY);
    let written = key?;
    let key = written.value.trim();
    let is_key_char = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if !KEY_LENGTH.contains(&key.len()) || !key.chars().all(is_key_char) {
        faults.report_at(
            &written,
            &format!("is not an IndexNow key: `{key}`"),
            "write 8 to 128 letters, digits and `-`, such as `openssl rand -hex 16` gives",
        );
        return None;
    }
    let path = ArtifactKey::IndexNowKey(key.to_owned()).url_path();
    if feeds.iter().any(|feed| feed.path == path) {
        let message = format!("needs the path `{path}`, which a feed in `[[feeds]]` has");
        faults.report_at(&written, &message, "choose another path for the feed");
    }
    let (site, server) = addresses?;
    let base = format!("{}/", server.public_url);
    // The key file is valid for URLs below its directory, on its host.
    let is_key_served = site.url.as_str().starts_with(&base);
    let base = if is_key_served {
        &base
    } else {
        site.url.as_str()
    };
    Some(IndexNowConfig {
        key_url: format!("{}{path}", base.trim_end_matches('/')),
        key: key.to_owned(),
        is_key_served,
        endpoint: endpoint?,
        delay,
    })
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    fn indexnow(site: &str, public_url: &str) -> (String, bool) {
        let toml = format!(
            "[site]\nurl = {site:?}\ntitle = \"E\"\n[server]\npublic_url = {public_url:?}\n[indexnow]\nkey = \"0123456789abcdef\"\n"
        );
        let config = Config::parse(&toml, "config.toml", std::path::Path::new("/")).unwrap();
        let indexnow = config.announce.indexnow.unwrap();
        (indexnow.key_url, indexnow.is_key_served)
    }

    #[test]
    fn key_is_at_the_hosts_root_or_above_the_site() {
        let file = "0123456789abcdef.txt";
        for (site, public_url, key_url, is_served) in [
            ("https://e.org", "https://e.org", "https://e.org/", true),
            (
                "https://e.org/blog",
                "https://e.org",
                "https://e.org/",
                true,
            ),
            (
                "https://e.org/blog",
                "https://e.org/blog/",
                "https://e.org/blog/",
                true,
            ),
            (
                "https://e.org",
                "https://feeds.e.org",
                "https://e.org/",
                false,
            ),
            (
                "https://e.org",
                "https://e.org/feeds",
                "https://e.org/",
                false,
            ),
        ] {
            assert_eq!(
                indexnow(site, public_url),
                (format!("{key_url}{file}"), is_served)
            );
        }
    }
}
