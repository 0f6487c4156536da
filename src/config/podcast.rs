//! Reads `[podcast]` of `config.toml`: what the feeds of a podcast say about it.

use url::Url;

use super::site::SiteConfig;
use crate::config_table::values::{parse_choice, parse_email, parse_web_address};
use crate::config_table::{ConfigErrors, ConfigTable, Spanned};
use crate::model::podcast::{PodcastCategory, PodcastChannel};

/// Path of the podcast's feed, if the configuration names none.
const DEFAULT_FEED_PATH: &str = "/podcast.xml";
/// Groups of hexadecimal digits in a UUID, and their lengths.
const UUID_GROUPS: [usize; 5] = [8, 4, 4, 4, 12];

/// `[podcast]`: the podcast of the site.
#[derive(Debug, Clone, PartialEq)]
pub struct PodcastConfig {
    /// Paths of the feeds that are podcasts.
    pub feeds: Vec<String>,
    /// Title of feeds that have none of their own; `None` is that of the site.
    pub title: Option<String>,
    /// Description of feeds that have none of their own; `None` is that of the site.
    pub description: Option<String>,
    /// URL of the directory of audio files that posts name without a path.
    pub media_url: Option<Url>,
    /// Description of the podcast.
    pub channel: PodcastChannel,
}

/// Reads the section, and where it names the feeds. Returns `None` if it is empty or missing.
pub(super) fn read_podcast(
    mut table: ConfigTable<'_, '_>,
    faults: &ConfigErrors<'_>,
    site: Option<&SiteConfig>,
) -> Option<(PodcastConfig, Spanned<Vec<String>>)> {
    if table.is_empty() {
        return None;
    }
    let default_feeds = Spanned {
        end: table.offset(),
        value: vec![DEFAULT_FEED_PATH.to_owned()],
        offset: table.offset(),
        key: "podcast.feeds".to_owned(),
    };
    let feeds = table.take_strings("feeds").unwrap_or(default_feeds);
    let title = take_text(&mut table, "title");
    let description = take_text(&mut table, "description");
    let author = take_text(&mut table, "author");
    let owner_name = take_text(&mut table, "owner_name");
    let owner_email = table
        .take_string("owner_email")
        .filter(|written| parse_email(faults, written).is_some());
    let image = take_address(&mut table, "image", faults, site);
    let categories = table.take_string_or_list("categories");
    let explicit = table.take_bool("explicit");
    let kinds = [("episodic", false), ("serial", true)];
    let is_serial = parse_choice(faults, table.take_string("type"), &kinds);
    let copyright = take_text(&mut table, "copyright");
    let locked = table.take_bool("locked");
    let guid = table
        .take_string("guid")
        .and_then(|written| parse_uuid(faults, &written));
    let mut funding = table.take_table("funding");
    let funding_url = take_address(&mut funding, "url", faults, site);
    let funding_text = take_text(&mut funding, "text");
    if funding_url.is_none() && funding_text.is_some() {
        funding.report_missing("url", "name the page where listeners may pay");
    }
    funding.reject_unknown();
    let complete = table.take_bool("complete");
    let new_feed_url = take_address(&mut table, "new_feed_url", faults, site);
    let media_url = take_address(&mut table, "media_url", faults, site).map(|mut url| {
        if !url.path().ends_with('/') {
            url.set_path(&format!("{}/", url.path()));
        }
        url
    });
    table.reject_unknown();
    let categories = categories.map(|written| written.value).unwrap_or_default();
    let channel = PodcastChannel {
        author: author.or_else(|| Some(site?.title.clone()))?,
        owner_name,
        owner_email: owner_email.map(|written| written.value),
        image_url: image.map(String::from),
        categories: categories.iter().map(|text| parse_category(text)).collect(),
        explicit: explicit.map(|written| written.value),
        is_serial: is_serial.unwrap_or(false),
        copyright,
        locked: locked.map(|written| written.value),
        guid,
        funding: funding_url.map(|url| (url.into(), funding_text.unwrap_or_default())),
        is_complete: complete.is_some_and(|written| written.value),
        new_feed_url: new_feed_url.map(String::from),
    };
    let config = PodcastConfig {
        feeds: feeds.value.clone(),
        title,
        description,
        media_url,
        channel,
    };
    Some((config, feeds))
}

fn take_text(table: &mut ConfigTable<'_, '_>, key: &'static str) -> Option<String> {
    let text = table.take_string(key)?.value.trim().to_owned();
    Some(text).filter(|text| !text.is_empty())
}

fn take_address(
    table: &mut ConfigTable<'_, '_>,
    key: &'static str,
    faults: &ConfigErrors<'_>,
    site: Option<&SiteConfig>,
) -> Option<Url> {
    let written = table.take_string(key)?;
    parse_web_address(faults, &written, &site?.url)
}

/// Parses a category, written as `Society & Culture > Documentary`.
fn parse_category(text: &str) -> PodcastCategory {
    let (name, subcategory) = match text.split_once('>') {
        Some((name, subcategory)) => (name, Some(subcategory.trim().to_owned())),
        None => (text, None),
    };
    PodcastCategory {
        name: name.trim().to_owned(),
        subcategory,
    }
}

fn parse_uuid(faults: &ConfigErrors<'_>, written: &Spanned<String>) -> Option<String> {
    let text = written.value.trim().to_ascii_lowercase();
    let groups = text.split('-');
    let is_hex = text
        .bytes()
        .all(|byte| byte == b'-' || byte.is_ascii_hexdigit());
    let is_uuid = is_hex && groups.map(str::len).eq(UUID_GROUPS);
    if !is_uuid {
        faults.report_at(
            written,
            &format!("is not a UUID: `{text}`"),
            "copy the `podcast:guid` of the podcast's former feed, or leave the key out",
        );
    }
    is_uuid.then_some(text)
}
