//! Reads `[site]` of `config.toml`.

use std::path::Path;

use url::Url;

use super::permalinks::{PermalinkPatterns, read_language_permalinks, read_permalink_patterns};
use crate::config_table::values::{
    parse_fediverse_account, parse_feed_contact, parse_language_tag, parse_site_url,
    parse_theme_color, parse_timezone, parse_web_address, parse_x_account, with_value,
};
use crate::config_table::{ConfigErrors, ConfigTable};
use crate::id_map::{self, IdMap, IdMapReadMode};
use crate::time_zone::IanaZone;

/// `[site]`: the site that the posts belong to.
#[derive(Debug, Clone, PartialEq)]
pub struct SiteConfig {
    /// The site's home, with a trailing slash; relative permalinks resolve against it.
    pub url: Url,
    /// Former base URLs of the site; permalinks on them are rewritten to [`SiteConfig::url`].
    pub former_urls: Vec<Url>,
    /// Ids of the posts in the site's former feed, so that feed readers do not show old posts as new.
    pub ids: IdMap,
    /// Name of the site.
    pub title: String,
    /// Description of the site, in one sentence.
    pub description: String,
    /// Language of the site, a BCP 47 tag.
    pub language: String,
    /// BCP 47 tags of the languages that the names of files and directories may contain.
    pub languages: Vec<String>,
    /// Time zone of dates that have none.
    pub timezone: IanaZone,
    /// True if the configuration sets the time zone.
    pub timezone_is_set: bool,
    /// Permalink patterns of posts whose front matter has no permalink.
    pub permalinks: PermalinkPatterns,
    /// Languages beside the default one whose posts have a pattern of their own, and no directory of the language.
    pub language_permalinks: Vec<(String, String)>,
    /// True if permalinks lose `.html` at their end, as with Hexo's `trailing_html: false`.
    pub removes_html: bool,
    /// Absolute URL of the site's image.
    pub image: Option<Url>,
    /// Absolute URL of a small square image that stands for the site in lists of feeds.
    pub icon: Option<Url>,
    /// Absolute URL of the site's logo in feeds.
    pub logo: Option<Url>,
    /// Copyright notice of the feeds.
    pub copyright: Option<String>,
    /// E-mail address of the editor, as `name@example.org (Name)`, for RSS.
    pub managing_editor: Option<String>,
    /// E-mail address of the webmaster, as `name@example.org (Name)`, for RSS.
    pub webmaster: Option<String>,
    /// X account of the site, without `@`.
    pub twitter: Option<String>,
    /// Fediverse account of the site, as `@user@host`.
    pub fediverse: Option<String>,
    /// True if the site has `llms.txt`.
    pub llms_txt: bool,
    /// Theme colour of the site, as `#rrggbb`.
    pub theme_color: String,
}

pub(super) fn read_site(
    mut table: ConfigTable<'_, '_>,
    faults: &ConfigErrors<'_>,
    file: &str,
    dir: &Path,
    id_map_mode: IdMapReadMode,
) -> Option<SiteConfig> {
    let url = match table.take_string("url") {
        Some(written) => parse_site_url(faults, &written),
        None => {
            table.report_missing(
                "url",
                "write `url = \"https://example.org\"`, the address of the site",
            );
            None
        }
    };
    let title = table
        .take_string("title")
        .map(|written| written.value.trim().to_owned());
    if title.as_deref().unwrap_or_default().is_empty() {
        table.report_missing("title", "write `title = \"…\"`, the name that readers see");
    }
    let former_urls = table
        .take_strings("former_urls")
        .map(|written| {
            let urls = written.value.iter();
            urls.filter_map(|url| parse_site_url(faults, &with_value(&written, url.clone())))
                .collect()
        })
        .unwrap_or_default();
    let ids_file = table.take_string("ids");
    let ids = id_map::read_id_map(
        faults,
        table.offset(),
        ids_file.as_ref(),
        file,
        dir,
        id_map_mode,
    );
    let timezone = table
        .take_string("timezone")
        .and_then(|written| parse_timezone(faults, &written));
    let language = table
        .take_string("language")
        .and_then(|written| parse_language_tag(faults, &written));
    let languages = table
        .take_strings("languages")
        .map(|written| {
            let tags = written.value.iter();
            tags.filter_map(|tag| parse_language_tag(faults, &with_value(&written, tag.clone())))
                .collect()
        })
        .unwrap_or_default();
    let permalinks = read_permalink_patterns(faults, table.take_string_or_map("permalinks"));
    let language_permalinks =
        read_language_permalinks(faults, table.take_scalar_map("language_permalinks"));
    let removes_html = table.take_bool("remove_html");
    let image = table
        .take_string("image")
        .and_then(|written| parse_web_address(faults, &written, url.as_ref()?));
    let mut take_image = |key| {
        let written = table.take_string(key)?;
        parse_web_address(faults, &written, url.as_ref()?)
    };
    let (icon, logo) = (take_image("icon"), take_image("logo"));
    let mut take_contact = |key| parse_feed_contact(faults, &table.take_string(key)?);
    let (managing_editor, webmaster) = (take_contact("managing_editor"), take_contact("webmaster"));
    let fediverse = table
        .take_string("fediverse")
        .and_then(|written| parse_fediverse_account(faults, &written));
    let theme_color = table
        .take_string("theme_color")
        .and_then(|written| parse_theme_color(faults, &written));
    let description = table
        .take_string("description")
        .map(|written| written.value.trim().to_owned());
    let copyright = table.take_string("copyright").map(|written| written.value);
    let twitter = table
        .take_string("twitter")
        .and_then(|written| parse_x_account(faults, &written));
    let llms_txt = table.take_bool("llms_txt");
    table.reject_unknown();
    Some(SiteConfig {
        url: url?,
        former_urls,
        ids,
        description: description
            .filter(|text| !text.is_empty())
            .or_else(|| title.clone())?,
        title: title?,
        language: language.unwrap_or_else(|| "en".to_owned()),
        languages,
        timezone_is_set: timezone.is_some(),
        timezone: timezone.unwrap_or(IanaZone::UTC),
        permalinks,
        language_permalinks,
        removes_html: removes_html.is_some_and(|written| written.value),
        image,
        icon,
        logo,
        copyright,
        managing_editor,
        webmaster,
        twitter,
        fediverse,
        llms_txt: llms_txt.is_some_and(|written| written.value),
        theme_color: theme_color.unwrap_or_else(|| "#0f766e".to_owned()),
    })
}
