//! Reads `[feed]` and `[[feeds]]` of `config.toml`: defaults of all feeds, and custom feeds.

use crate::config_table::values::{parse_choice, with_value};
use crate::config_table::{ConfigErrors, ConfigTable, Spanned};
use crate::model::artifact::{
    ArtifactKey, FeedAlias, FeedFormat, FeedScope, can_share_path, is_feed_path, may_be_output,
};
use crate::model::feed_filter::{FeedFilter, FilterLists};
use crate::url_path::normalize_path;

/// Default number of entries: enough for a day's posts, small enough to poll. Readers keep the rest.
const DEFAULT_ENTRY_LIMIT: usize = 20;
/// Default size of a feed, in bytes. The strictest aggregators refuse more.
const DEFAULT_MAX_BYTES: usize = 1_000_000;

/// `[feed]`: defaults of all feeds.
#[derive(Debug, Clone, PartialEq)]
pub struct FeedDefaults {
    /// Maximum number of entries; `None` is no limit.
    pub limit: Option<usize>,
    /// Content of entries: the whole post or its description.
    pub content: FeedContent,
    /// Minutes that a reader may wait before it polls again (`ttl` of RSS).
    pub ttl_minutes: Option<u64>,
    /// Size of a feed in bytes above which its oldest entries carry only their description.
    pub max_bytes: Option<usize>,
    /// True if browsers get an HTML page instead of the feed.
    pub page: bool,
    /// True if the site's feeds have the posts of all languages.
    pub mixed_languages: bool,
    /// True if entries of link posts lead to the page elsewhere, in RSS and Atom.
    pub link_posts_lead_away: bool,
    /// Settings of the site's own feeds.
    pub main: MainFeed,
    /// Former paths of feeds.
    pub aliases: Vec<FeedAlias>,
}

/// Settings of the feed of the site, in `[feed]`. All but `paths` also hold for that of each further language.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MainFeed {
    /// Title; `None` is that of the site.
    pub title: Option<String>,
    /// Description; `None` is that of the site.
    pub description: Option<String>,
    /// Posts that the feed contains. Feeds of terms contain all posts.
    pub filter: FeedFilter,
    /// Path of the feed in each format that has another one than the built-in path.
    pub paths: Vec<(FeedFormat, String)>,
}

/// Paths in `[feed]`, which are checked once the languages of the site are known.
#[derive(Debug, Default)]
pub(super) struct FeedPathEntries {
    paths: Vec<(FeedFormat, Spanned<String>)>,
    aliases: Vec<Spanned<String>>,
    is_served: bool,
}

/// `[[feeds]]`: a custom feed.
#[derive(Debug, Clone, PartialEq)]
pub struct CustomFeed {
    /// Normalized path below `server.public_url`.
    pub path: String,
    /// Format of the feed.
    pub format: FeedFormat,
    /// Title; `None` builds one from the filter.
    pub title: Option<String>,
    /// Description; `None` uses that of the site.
    pub description: Option<String>,
    /// Posts that the feed contains.
    pub filter: FeedFilter,
    /// Maximum number of entries; `None` is no limit.
    pub limit: Option<usize>,
    /// True if the feed states its own limit.
    pub has_own_limit: bool,
    /// Content of entries: the whole post or its description.
    pub content: FeedContent,
    /// True if the feed is a podcast, and has only posts with audio or video.
    pub is_podcast: bool,
}

/// Keys of the lists of which a post must have a value, and of those of which it must have none.
const FILTER_KEYS: [[&str; 5]; 2] = [
    ["category", "tag", "author", "language", "directory"],
    [
        "not_category",
        "not_tag",
        "not_author",
        "not_language",
        "not_directory",
    ],
];

/// Hint for an entry of `feed.aliases`.
const ALIAS_HINT: &str = "write former and current path, such as `\"/feed/\" = \"/news.xml\"`";
/// `[news]`: the news sitemap.
#[derive(Debug, Clone, PartialEq)]
pub struct NewsConfig {
    /// Name of the publication; `None` is the title of the site.
    pub publication: Option<String>,
    /// Posts that are news.
    pub filter: FeedFilter,
}

const CONTENT_CHOICES: [(&str, FeedContent); 2] = [
    ("full", FeedContent::Full),
    ("summary", FeedContent::Summary),
];

pub(super) fn read_feed_defaults(
    mut table: ConfigTable<'_, '_>,
    faults: &ConfigErrors<'_>,
) -> (FeedDefaults, FeedPathEntries) {
    let number = |written: Option<Spanned<usize>>, usual| {
        let number = written.map_or(usual, |written| written.value);
        (number > 0).then_some(number)
    };
    let limit = number(table.take_usize("limit"), DEFAULT_ENTRY_LIMIT);
    let content = parse_choice(faults, table.take_string("content"), &CONTENT_CHOICES);
    let ttl = table.take_usize("ttl_minutes");
    let max_bytes = number(table.take_usize("max_bytes"), DEFAULT_MAX_BYTES);
    let page = table.take_bool("page");
    let mixed_languages = table.take_bool("mixed_languages");
    let link_posts = parse_choice(
        faults,
        table.take_string("link_posts"),
        &[("post", false), ("external", true)],
    );
    let main = MainFeed {
        title: table.take_string("title").map(|written| written.value),
        description: table
            .take_string("description")
            .map(|written| written.value),
        filter: read_filter(&mut table),
        paths: Vec::new(),
    };
    let mut paths = table.take_table("paths");
    let formats = FeedFormat::ALL.into_iter();
    let entries = FeedPathEntries {
        paths: formats
            .filter_map(|format| Some((format, paths.take_string(format.config_name())?)))
            .collect(),
        aliases: table.take_string_entries("aliases", ALIAS_HINT),
        is_served: table
            .take_bool("serve_aliases")
            .is_some_and(|written| written.value),
    };
    paths.reject_unknown();
    table.reject_unknown();
    let defaults = FeedDefaults {
        limit,
        content: content.unwrap_or(FeedContent::Full),
        ttl_minutes: ttl.map(|written| written.value as u64),
        max_bytes,
        page: page.is_none_or(|written| written.value),
        mixed_languages: mixed_languages.is_some_and(|written| written.value),
        link_posts_lead_away: link_posts.unwrap_or(false),
        main,
        aliases: Vec::new(),
    };
    (defaults, entries)
}

pub(super) fn read_custom_feeds(
    tables: Vec<ConfigTable<'_, '_>>,
    faults: &ConfigErrors<'_>,
    (defaults, entries): (&mut FeedDefaults, FeedPathEntries),
    language_segments: &[String],
    podcast_paths: Option<&Spanned<Vec<String>>>,
) -> Vec<CustomFeed> {
    let mut taken = built_in_feeds(language_segments);
    for (format, written) in entries.paths {
        let path = (&written, Some(format));
        let feed = parse_feed_path(faults, path, language_segments, &mut taken);
        let Some((path, format)) = feed else { continue };
        let built_in = ArtifactKey::Feed(FeedScope::Site, format).url_path();
        let alias = FeedAlias::new(&built_in, &path, false);
        defaults.aliases.extend(alias);
        defaults.main.paths.push((format, path));
    }
    let mut feeds: Vec<CustomFeed> = tables
        .into_iter()
        .filter_map(|table| {
            read_custom_feed(table, faults, defaults, language_segments, &mut taken)
        })
        .collect();
    for path in podcast_paths.iter().flat_map(|paths| &paths.value) {
        let Some(written) = podcast_paths.map(|paths| with_value(paths, path.clone())) else {
            break;
        };
        match feeds.iter_mut().find(|feed| feed.path == *path) {
            Some(feed) if feed.format == FeedFormat::Rss => {
                feed.is_podcast = true;
                // Podcast apps show the episodes that the feed has, and read no further pages.
                if !feed.has_own_limit {
                    feed.limit = None;
                }
            }
            Some(_) => faults.report_at(
                &written,
                &format!("names a feed that is not RSS: `{path}`"),
                "podcast apps read RSS only; write `format = \"rss\"` in `[[feeds]]`",
            ),
            None => {
                let feed = (&written, Some(FeedFormat::Rss));
                let feed = parse_feed_path(faults, feed, language_segments, &mut taken);
                feeds.extend(feed.map(|(path, format)| CustomFeed {
                    path,
                    format,
                    title: None,
                    description: None,
                    filter: FeedFilter::default(),
                    limit: None,
                    has_own_limit: false,
                    content: defaults.content,
                    is_podcast: true,
                }));
            }
        }
    }
    for written in entries.aliases {
        let alias = parse_feed_alias(faults, &written, language_segments, &taken);
        let Some((from, to)) = alias else { continue };
        // A feed with a configured path is no longer at the built-in one.
        let moved = defaults.aliases.iter().find(|known| known.from == to);
        let to = moved.map_or(to, |moved| moved.to.clone());
        match FeedAlias::new(&from, &to, entries.is_served) {
            Some(alias) => defaults.aliases.push(alias),
            None => faults.push_error(
                written.offset,
                format!("the feed alias `{from}` needs `:slug` once in both paths, or in none"),
                ALIAS_HINT,
            ),
        }
    }
    feeds
}

/// Checks a former path of a feed and the path of the feed, and returns them.
fn parse_feed_alias(
    faults: &ConfigErrors<'_>,
    written: &Spanned<String>,
    languages: &[String],
    taken: &[(String, FeedFormat)],
) -> Option<(String, String)> {
    let (from, to) = (written.key.trim(), written.value.trim());
    let report = |message: String, hint: &str| {
        faults.push_error(written.offset, message, hint);
        None
    };
    let is_path = |path: &str| path.starts_with('/') && !path.contains(['?', '#', '\\']);
    let paths = [from, to].map(|path| Some(path).filter(|path| is_path(path)));
    let [Some(from), Some(to)] = paths.map(|path| path.and_then(normalize_path)) else {
        return report(
            format!("the feed alias `{from}` is not a path to a path"),
            ALIAS_HINT,
        );
    };
    let [example, target] = [&from, &to].map(|path| FeedAlias::example_path(path));
    if may_be_output(example.trim_end_matches('/'), languages, taken) {
        let message = format!("the feed alias `{from}` is the path of an output");
        return report(
            message,
            "remove the alias: courant serves this path already",
        );
    }
    if !is_feed_path(&target, languages, taken) {
        let message = format!("the feed alias `{from}` leads to `{to}`, which is not a feed");
        return report(
            message,
            "write the path of a feed, such as that of a `[[feeds]]`; `courant serve` lists them",
        );
    }
    Some((from, to))
}

fn read_custom_feed(
    mut table: ConfigTable<'_, '_>,
    faults: &ConfigErrors<'_>,
    defaults: &FeedDefaults,
    language_segments: &[String],
    taken: &mut Vec<(String, FeedFormat)>,
) -> Option<CustomFeed> {
    let written = table.take_string("path");
    if written.is_none() {
        table.report_missing(
            "path",
            "write `path = \"/news.xml\"`, where the feed is to be",
        );
    }
    let formats = FeedFormat::ALL.map(|format| (format.config_name(), format));
    let format = parse_choice(faults, table.take_string("format"), &formats);
    let feed = written
        .as_ref()
        .and_then(|written| parse_feed_path(faults, (written, format), language_segments, taken));
    let title = table.take_string("title").map(|written| written.value);
    let description = table
        .take_string("description")
        .map(|written| written.value);
    let filter = read_filter(&mut table);
    let own_limit = table.take_usize("limit");
    let has_own_limit = own_limit.is_some();
    let limit = match own_limit {
        Some(written) => (written.value > 0).then_some(written.value),
        None => defaults.limit,
    };
    let content = parse_choice(faults, table.take_string("content"), &CONTENT_CHOICES);
    table.reject_unknown();
    let (path, format) = feed?;
    Some(CustomFeed {
        format,
        path,
        title,
        description,
        filter,
        limit,
        has_own_limit,
        content: content.unwrap_or(defaults.content),
        is_podcast: false,
    })
}

/// Reads the keys that select the posts of a feed, such as `tag` and `not_tag`.
fn read_filter(table: &mut ConfigTable<'_, '_>) -> FeedFilter {
    let [including, excluding] = FILTER_KEYS.map(|keys| {
        let [categories, tags, authors, languages, directories] = keys.map(|key| {
            let written = table.take_string_or_list(key);
            written.map(|written| written.value).unwrap_or_default()
        });
        let directories = directories.iter().map(|dir| dir.trim_matches('/'));
        FilterLists {
            categories,
            tags,
            authors,
            languages,
            directories: directories.map(str::to_owned).collect(),
        }
    });
    FeedFilter {
        including,
        excluding,
    }
}

/// Reads `[news]`; `None` unless it is enabled.
pub(super) fn read_news(mut table: ConfigTable<'_, '_>) -> Option<NewsConfig> {
    let enabled = table.take_bool("enabled");
    let publication = table.take_string("publication");
    let filter = read_filter(&mut table);
    table.reject_unknown();
    enabled.filter(|written| written.value)?;
    Some(NewsConfig {
        publication: publication
            .map(|written| written.value.trim().to_owned())
            .filter(|name| !name.is_empty()),
        filter,
    })
}

/// Lists the paths of the feeds of the site and its further languages.
fn built_in_feeds(language_segments: &[String]) -> Vec<(String, FeedFormat)> {
    let languages = language_segments.iter();
    let languages = languages
        .map(|language| FeedScope::InLanguage(language.clone(), Box::new(FeedScope::Site)));
    let scopes = std::iter::once(FeedScope::Site).chain(languages);
    let feeds = scopes.flat_map(|scope| {
        FeedFormat::ALL.map(|format| (ArtifactKey::Feed(scope.clone(), format).url_path(), format))
    });
    feeds.collect()
}

/// Checks the path of a feed, and returns it with the format. It must be a file path. No other output may have it or
/// the path of one of its pages.
fn parse_feed_path(
    faults: &ConfigErrors<'_>,
    (written, format): (&Spanned<String>, Option<FeedFormat>),
    language_segments: &[String],
    taken: &mut Vec<(String, FeedFormat)>,
) -> Option<(String, FeedFormat)> {
    let text = written.value.trim();
    let plain = text.starts_with('/') && !text.ends_with('/') && !text.contains(['?', '#', '\\']);
    let normalized = Some(text).filter(|_| plain).and_then(normalize_path);
    let Some(normalized) = normalized else {
        faults.report_at(
            written,
            &format!("is not a file path: `{text}`"),
            "write one such as `/news.xml` or `/feeds/rust.json`",
        );
        return None;
    };
    let format = format.unwrap_or_else(|| FeedFormat::guess_from_file_name(&normalized));
    if ArtifactKey::is_reserved(&normalized) {
        faults.report_at(
            written,
            &format!("is the path of a built-in output: `{text}`"),
            "choose a path that courant does not serve by itself",
        );
        return None;
    }
    let within_language = language_segments.iter().any(|language| {
        let rest = normalized.strip_prefix('/');
        let rest = rest.and_then(|path| path.strip_prefix(language.as_str()));
        rest.is_some_and(ArtifactKey::is_reserved)
    });
    if within_language {
        faults.report_at(
            written,
            &format!("is the path of a feed of one language: `{text}`"),
            "remove this feed: courant serves the posts of each language there; or choose another path",
        );
        return None;
    }
    let feed = (normalized.as_str(), format);
    let mut others = taken.iter();
    let other = others.find(|(path, format)| can_share_path((path, *format), feed));
    if let Some((other, _)) = other {
        faults.report_at(
            written,
            &format!("has a path in common with the feed `{other}` or its pages: `{text}`"),
            "give each feed a name of its own; its further pages are in a directory of that name",
        );
        return None;
    }
    taken.push((normalized.clone(), format));
    Some((normalized, format))
}

/// Part of a post that a feed entry carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FeedContent {
    /// The whole post.
    Full,
    /// Its description.
    Summary,
}
