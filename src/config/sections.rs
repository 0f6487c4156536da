//! Reads the sections `[content]`, `[visibility]`, `[sitemap]`, `[[robots]]`, `[[authors]]` and
//! `[watch]` of `config.toml`.
//!
//! Every section is read to its end even if an earlier one has errors, so that all errors are reported.

use std::path::Path;
use std::time::Duration;

use super::fields::FieldNames;
use super::fields::read_field_names;
use super::git::{GitConfig, UnplacedGit, check_inside, read_git};
use super::patterns::PathPatterns;
use super::patterns::read_patterns;
use super::rewrites::{PathRewrites, read_path_rewrites};
use super::site::SiteConfig;
use crate::config_table::values::parse_choice;
use crate::config_table::values::{
    MAX_DURATION, check_duration, parse_email, parse_fediverse_account, parse_web_address,
    parse_x_account,
};
use crate::config_table::{ConfigErrors, ConfigTable, Spanned};
use crate::model::name_style::NameStyle;
use crate::url_path;
use std::path::PathBuf;
use url::Url;

/// Default maximum size of a post's file. The largest known post, with an inlined photograph, has
/// 0.6 MiB.
const DEFAULT_MAX_FILE_BYTES: u64 = 16 * 1024 * 1024;
/// Default debounce time. Editors write a file in two or three steps, milliseconds apart, and some
/// systems do not report that it was closed.
const DEFAULT_DEBOUNCE: Duration = Duration::from_millis(50);
/// Default interval of scans where there are no file events: the longest delay of an edit.
const DEFAULT_POLL_INTERVAL: Duration = Duration::from_secs(1);
/// Default interval of full scans: the longest delay of an edit whose event was lost.
const DEFAULT_RESCAN_INTERVAL: Duration = Duration::from_secs(30);

pub(super) fn read_content(
    mut table: ConfigTable<'_, '_>,
    faults: &ConfigErrors<'_>,
    dir: &Path,
) -> (ContentConfig, Option<UnplacedGit>) {
    let git = read_git(table.take_table("git"), faults, dir);
    let written = table.take_string("dir");
    let include = read_patterns(faults, table.take_strings("include"));
    let exclude = read_patterns(faults, table.take_strings("exclude")).unwrap_or_default();
    let require = table.take_scalar_map("require").map(|map| map.value);
    let rewrites = read_path_rewrites(faults, table.take_scalar_map("rewrites"));
    let static_dir = table.take_string("static_dir");
    let fields = read_field_names(table.take_table("fields"), faults);
    let z_is_local = table.take_bool("z_is_local");
    let public_states = table.take_strings("public_states").map(|list| list.value);
    let numbered_names = table.take_bool("numbered_names");
    let names = parse_choice(faults, table.take_string("names"), &NameStyle::WORDS);
    let field_lines = table.take_bool("field_lines");
    let directory_categories = table.take_bool("directory_categories");
    let default_category = table.take_string("default_category");
    let emoji = table.take_bool("emoji");
    let excerpt_separator = table.take_string("excerpt_separator");
    let shortcodes = parse_choice(
        faults,
        table.take_string("shortcodes"),
        &[
            ("reduce", ShortcodeMode::Reduce),
            ("keep", ShortcodeMode::Keep),
        ],
    );
    let max_file_size = table
        .take_usize("max_file_size")
        .and_then(|written| u64::try_from(written.value).ok());
    let base = if git.is_some() {
        let dirs = [&written, &static_dir].into_iter().flatten();
        dirs.for_each(|written| check_inside(written, faults));
        Path::new("")
    } else {
        dir
    };
    let content_dir =
        base.join(written.map_or_else(|| "content".to_owned(), |written| written.value));
    table.reject_removed_key(
        "cache",
        "delete the line: there is no cache on disk any more, and every start reads all posts",
    );
    table.reject_unknown();
    let content = ContentConfig {
        dir: content_dir,
        git: None,
        include,
        exclude,
        require: require.unwrap_or_default(),
        rewrites,
        fields,
        z_is_local: z_is_local.is_some_and(|written| written.value),
        public_states: public_states.unwrap_or_default(),
        numbered_names: numbered_names.is_some_and(|written| written.value),
        names: names.unwrap_or(NameStyle::AsWritten),
        bundle_index_names: Vec::new(),
        field_lines: field_lines.is_some_and(|written| written.value),
        directory_categories: directory_categories.is_some_and(|written| written.value),
        default_category: default_category
            .map(|written| written.value)
            .filter(|label| !label.is_empty()),
        emoji: emoji.is_some_and(|written| written.value),
        excerpt_separator: excerpt_separator
            .map(|written| written.value)
            .filter(|separator| !separator.trim().is_empty()),
        shortcodes: shortcodes.unwrap_or(ShortcodeMode::Reduce),
        static_dir: static_dir.map(|written| base.join(written.value)),
        max_file_size: max_file_size.unwrap_or(DEFAULT_MAX_FILE_BYTES),
    };
    (content, git)
}

pub(super) fn read_hidden_posts(
    mut table: ConfigTable<'_, '_>,
    faults: &ConfigErrors<'_>,
) -> HiddenPostsMode {
    let choices = [
        ("hidden", HiddenPostsMode::Hidden),
        ("unlisted", HiddenPostsMode::Unlisted),
    ];
    let hidden = parse_choice(faults, table.take_string("hidden"), &choices);
    table.reject_unknown();
    hidden.unwrap_or(HiddenPostsMode::Hidden)
}

pub(super) fn read_sitemap(
    mut table: ConfigTable<'_, '_>,
    faults: &ConfigErrors<'_>,
    site: Option<&SiteConfig>,
    dir: &Path,
) -> SitemapConfig {
    let written = table.take_strings("pages");
    let choices = [("post", LastmodSource::Post), ("git", LastmodSource::Git)];
    let lastmod = parse_choice(faults, table.take_string("lastmod"), &choices);
    let ignored_commits = table.take_string("ignored_commits");
    let videos = table.take_bool("videos");
    let videos = videos.is_some_and(|written| written.value);
    table.reject_unknown();
    let mut sitemap = SitemapConfig {
        pages: Vec::new(),
        videos,
        lastmod: lastmod.unwrap_or(LastmodSource::Post),
        ignored_commits: ignored_commits.map(|file| dir.join(file.value)),
    };
    let Some(site) = site else {
        return sitemap;
    };
    let Some(written) = written else {
        sitemap.pages = vec![site.url.clone()];
        return sitemap;
    };
    for text in &written.value {
        let page = url_path::join_home(&site.url, text).ok();
        match page.filter(|page| page.origin() == site.url.origin()) {
            Some(page) => sitemap.pages.push(page),
            None => faults.report_at(
                &written,
                &format!("contains `{text}`, which is not on the site"),
                "write paths such as `/about/`",
            ),
        }
    }
    sitemap
}

pub(super) fn read_robots_group(
    mut table: ConfigTable<'_, '_>,
    faults: &ConfigErrors<'_>,
) -> RobotsGroup {
    let user_agents = table.take_strings("user_agents");
    let allow = table.take_strings("allow");
    let disallow = table.take_strings("disallow");
    table.reject_unknown();
    for written in [&user_agents, &allow, &disallow].into_iter().flatten() {
        if written
            .value
            .iter()
            .any(|line| line.chars().any(char::is_control))
        {
            faults.report_at(
                written,
                "contains a line break or another control character",
                "write each rule as a string of its own",
            );
        }
    }
    let rules = |written: Option<Spanned<Vec<String>>>| {
        written.map(|written| written.value).unwrap_or_default()
    };
    RobotsGroup {
        user_agents: Some(rules(user_agents))
            .filter(|agents| !agents.is_empty())
            .unwrap_or_else(|| vec!["*".to_owned()]),
        allow: rules(allow),
        disallow: rules(disallow),
    }
}

pub(super) fn read_author(
    mut table: ConfigTable<'_, '_>,
    faults: &ConfigErrors<'_>,
    site: Option<&SiteConfig>,
) -> Option<AuthorConfig> {
    let name = table.take_string("name");
    if name.is_none() {
        table.report_missing("name", "write the name exactly as the posts do");
    }
    let url = table
        .take_string("url")
        .and_then(|written| parse_web_address(faults, &written, &site?.url));
    let id = table.take_string("id").map(|written| written.value);
    let aliases = table.take_strings("aliases").map(|written| written.value);
    let author = AuthorConfig {
        aliases: id.into_iter().chain(aliases.unwrap_or_default()).collect(),
        name: name
            .map(|written| written.value.trim().to_owned())
            .unwrap_or_default(),
        url: url.map(Into::into),
        email: table
            .take_string("email")
            .and_then(|written| parse_email(faults, &written)),
        fediverse: table
            .take_string("fediverse")
            .and_then(|written| parse_fediverse_account(faults, &written)),
        twitter: table
            .take_string("twitter")
            .and_then(|written| parse_x_account(faults, &written)),
    };
    table.reject_unknown();
    (!author.name.is_empty()).then_some(author)
}

pub(super) fn read_watch(mut table: ConfigTable<'_, '_>, faults: &ConfigErrors<'_>) -> WatchConfig {
    let mode = parse_choice(
        faults,
        table.take_string("mode"),
        &[
            ("auto", WatchMode::Auto),
            ("native", WatchMode::Native),
            ("poll", WatchMode::Poll),
            ("off", WatchMode::Off),
        ],
    );
    let debounce = check_duration(
        faults,
        table.take_duration("debounce"),
        Duration::ZERO..=Duration::from_secs(10),
        DEFAULT_DEBOUNCE,
    );
    let mut interval = |key, default_interval| {
        let bounds = Duration::from_millis(100)..=MAX_DURATION;
        check_duration(faults, table.take_duration(key), bounds, default_interval)
    };
    let poll = interval("poll", DEFAULT_POLL_INTERVAL);
    let rescan = interval("rescan", DEFAULT_RESCAN_INTERVAL);
    table.reject_unknown();
    WatchConfig {
        mode: mode.unwrap_or(WatchMode::Auto),
        debounce,
        poll,
        rescan,
    }
}

/// `[content]`: location and format of the posts.
#[derive(Debug, Clone, PartialEq)]
pub struct ContentConfig {
    /// Directory of the posts, absolute or relative to the working directory.
    pub dir: PathBuf,
    /// `[content.git]`: repository that the directory is checked out from; `None` without one.
    pub git: Option<GitConfig>,
    /// Patterns of files to read; `None` reads all files.
    pub include: Option<PathPatterns>,
    /// Patterns of files to skip.
    pub exclude: PathPatterns,
    /// Front matter fields and values that a file must have to be a post.
    pub require: Vec<(String, String)>,
    /// Paths from which addresses and languages are made, in place of those of the files.
    pub rewrites: PathRewrites,
    /// Field names that replace the built-in ones.
    pub fields: FieldNames,
    /// True if a `Z` after a date is ignored: some content tools write it after local time.
    pub z_is_local: bool,
    /// Values of a post's state (`status`, `visibility` and similar fields) that mean public, in
    /// addition to the built-in ones.
    pub public_states: Vec<String>,
    /// True if file and directory names may begin with a number that only sorts them: `1.intro.md`.
    pub numbered_names: bool,
    /// Rule that makes path segments from names, slugs, titles and categories.
    pub names: NameStyle,
    /// Names of the files that make a directory a page bundle, in which no other file is a post, as in Hugo.
    pub bundle_index_names: Vec<String>,
    /// True if fields at the top of a file need no fence, as in Pelican.
    pub field_lines: bool,
    /// True if a post without a category is in that of its directory's name.
    pub directory_categories: bool,
    /// Category of a post that has none.
    pub default_category: Option<String>,
    /// True if `:smile:` in a body becomes an emoji.
    pub emoji: bool,
    /// Text that ends the summary of a post, besides the known marks.
    pub excerpt_separator: Option<String>,
    /// Treatment of shortcodes and template tags in bodies.
    pub shortcodes: ShortcodeMode,
    /// Directory of the site's images: the file of `/img/a.jpg` is `img/a.jpg` below it.
    pub static_dir: Option<PathBuf>,
    /// Maximum size of a post's file, in bytes; larger files are not read.
    pub max_file_size: u64,
}

/// `content.shortcodes`: treatment of shortcodes and template tags in bodies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShortcodeMode {
    /// Replaced by their content, or removed.
    Reduce,
    /// Kept as text.
    Keep,
}

/// `visibility.hidden`: treatment of posts that are marked hidden.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HiddenPostsMode {
    /// In no output.
    Hidden,
    /// Page of the social card with `noindex`, but in no feed, list or sitemap.
    Unlisted,
}

/// `[sitemap]`: pages in addition to the posts.
#[derive(Debug, Clone, PartialEq)]
pub struct SitemapConfig {
    /// Absolute URLs of pages on the site's origin.
    pub pages: Vec<Url>,
    /// True if the sitemap lists the videos of posts.
    pub videos: bool,
    /// Source of the dates of modification.
    pub lastmod: LastmodSource,
    /// File with commits that do not count as modifications.
    pub ignored_commits: Option<PathBuf>,
}

/// `sitemap.lastmod`: source of the dates of modification in the sitemap and on card pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LastmodSource {
    /// Front matter of the post.
    Post,
    /// Last commit that changed the file.
    Git,
}

/// `[[robots]]`: the rules of one group of crawlers, RFC 9309 §2.2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RobotsGroup {
    /// Product tokens that the group applies to.
    pub user_agents: Vec<String>,
    /// Path patterns that may be crawled.
    pub allow: Vec<String>,
    /// Path patterns that may not be crawled.
    pub disallow: Vec<String>,
}

/// `[[authors]]`: details of an author.
#[derive(Debug, Clone, PartialEq)]
pub struct AuthorConfig {
    /// Name as outputs show it.
    pub name: String,
    /// Other names and ids that posts write.
    pub aliases: Vec<String>,
    /// URL of a page about the author.
    pub url: Option<String>,
    /// E-mail address that feeds may show.
    pub email: Option<String>,
    /// Fediverse account of the author, as `@user@host`.
    pub fediverse: Option<String>,
    /// X account of the author, without `@`.
    pub twitter: Option<String>,
}

/// `[watch]`: detection of changes.
#[derive(Debug, Clone, PartialEq)]
pub struct WatchConfig {
    /// Source of changes.
    pub mode: WatchMode,
    /// Time without a write after which a file that is still open is read.
    pub debounce: Duration,
    /// Interval of scans where there are no file events.
    pub poll: Duration,
    /// Interval of full scans in addition to file events.
    pub rescan: Duration,
}

/// `watch.mode`: source of changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WatchMode {
    /// File events if the system has them, scans at an interval otherwise.
    Auto,
    /// File events; without them the server does not start.
    Native,
    /// Scans at an interval.
    Poll,
    /// No detection: content is read at the start and on SIGHUP.
    Off,
}
