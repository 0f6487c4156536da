//! Reads and checks `config.toml`, fills in the defaults and reports all errors at once.
//!
//! Paths in the file are relative to the file. Nothing here reads content. The annotated
//! reference of every key is `config.toml` at the top of the repository.

mod admin;
mod announce;
mod cache;
mod cards;
mod check;
mod export;
mod feeds;
mod fields;
mod git;
mod limits;
mod patterns;
mod permalinks;
mod podcast;
mod purge;
mod reload;
mod rewrites;
mod sections;
mod server;
mod site;
mod site_languages;

use std::path::{Path, PathBuf};

pub use crate::config_table::values::PERMALINK_PARTS;
pub use crate::model::name_style::NameStyle;
pub use admin::{AdminConfig, Secret, TokenSource};
pub use announce::{AnnounceConfig, IndexNowConfig};
pub use cache::{CachePolicies, CacheTagHeader};
pub use export::{ExportConfig, ExportDestination, StoreKind, is_inside};
pub use feeds::{CustomFeed, FeedDefaults, NewsConfig};
pub use fields::{Field, FieldNames};
pub use git::{GitConfig, WebhookConfig};
pub use limits::{ClientLimits, ForwardedHeader, PollLimit, TrustedProxies, client_limit_key};
pub use patterns::PathPatterns;
pub use permalinks::PermalinkPatterns;
pub use podcast::PodcastConfig;
pub use purge::PurgeConfig;
pub use server::{AccessLogTarget, InvalidListenAddress, ListenAddress, ServerConfig, TlsConfig};

use crate::config;
use crate::config_table::{ConfigErrors, ReadKey};
use crate::id_map::IdMapReadMode;
use crate::model::finding::Finding;
use admin::read_admin;
use announce::{AnnounceTables, read_announce};
use cards::read_cards;
use check::read_check;
use podcast::read_podcast;
use sections::{
    read_author, read_content, read_hidden_posts, read_robots_group, read_sitemap, read_watch,
};
use server::read_server;
use site::read_site;

/// Files that make a directory a page bundle of Hugo.
const BUNDLE_INDEX_NAMES: [&str; 5] = [
    "index.md",
    "index.markdown",
    "index.html",
    "index.adoc",
    "index.org",
];

pub use crate::id_map::{IdMap, MappedId};
pub use cards::{CardConfig, CardTheme, PreviewImage};
pub use check::CheckConfig;
pub use feeds::FeedContent;
pub(crate) use reload::keep_restart_only_settings;
pub use rewrites::PathRewrites;
pub use sections::{
    AuthorConfig, ContentConfig, HiddenPostsMode, LastmodSource, RobotsGroup, ShortcodeMode,
    SitemapConfig, WatchConfig, WatchMode,
};
pub use site::SiteConfig;
pub use site_languages::primary_subtag;

/// The checked configuration, with its defaults.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Name of the configuration file in findings.
    pub file: String,
    /// `[site]`: the site that the posts belong to.
    pub site: SiteConfig,
    /// `[content]`: location and format of the posts.
    pub content: ContentConfig,
    /// `visibility.hidden`: treatment of posts that are marked hidden.
    pub hidden_posts: HiddenPostsMode,
    /// `[cards]`: appearance of preview images.
    pub cards: CardConfig,
    /// `[feed]`: defaults of all feeds.
    pub feed: FeedDefaults,
    /// `[[feeds]]`: feeds in addition to the built-in ones.
    pub feeds: Vec<CustomFeed>,
    /// `[podcast]`: the podcast of the site; `None` without one.
    pub podcast: Option<PodcastConfig>,
    /// `[sitemap]`: pages in addition to the posts.
    pub sitemap: SitemapConfig,
    /// `[news]`: the news sitemap; `None` without it.
    pub news: Option<NewsConfig>,
    /// `[[robots]]`: groups of `robots.txt`.
    pub robots: Vec<RobotsGroup>,
    /// `[[authors]]`: details of authors that posts only name.
    pub authors: Vec<AuthorConfig>,
    /// `[check]`: rules that `courant check` ignores.
    pub check: CheckConfig,
    /// `[server]`: listening addresses, timeouts and limits.
    pub server: ServerConfig,
    /// `[admin]`: address and token of the admin page.
    pub admin: AdminConfig,
    /// `[watch]`: detection of changes.
    pub watch: WatchConfig,
    /// `[announce]`, `[websub]`, `[indexnow]` and `[state]`: announcements of changes.
    pub announce: AnnounceConfig,
    /// `[export]`: directory or store that outputs are written to.
    pub export: Option<ExportConfig>,
}

/// Reason why a configuration cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Error of the operating system.
        source: std::io::Error,
    },
    /// The file has errors.
    #[error("`{}` has {} {}", path.display(), findings.len(), if findings.len() == 1 { "error" } else { "errors" })]
    Invalid {
        /// The file.
        path: PathBuf,
        /// All errors of the file.
        findings: Vec<Finding>,
    },
}

impl Config {
    /// Lists the files and directories that cards are rendered from.
    pub fn card_source_files(&self) -> Vec<PathBuf> {
        let cards = &self.cards;
        let single = [&cards.template, &cards.logo, &self.content.static_dir];
        single
            .into_iter()
            .flatten()
            .chain(&cards.fonts)
            .cloned()
            .collect()
    }

    /// Reads and checks a file, and the id map that it names.
    ///
    /// # Errors
    /// The file cannot be read, or one of the two has errors: all of them are returned.
    pub fn load(path: &Path) -> Result<Config, ConfigError> {
        Config::load_with_id_map(path, IdMapReadMode::RequireIfConfigured)
    }

    /// Like [`Config::load`], but accepts a missing id map, for a command that writes it.
    ///
    /// # Errors
    /// As for [`Config::load`].
    pub fn load_for_id_import(path: &Path) -> Result<Config, ConfigError> {
        Config::load_with_id_map(path, IdMapReadMode::IfExists)
    }

    fn load_with_id_map(path: &Path, id_map_mode: IdMapReadMode) -> Result<Config, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Read {
            path: path.to_owned(),
            source,
        })?;
        let dir = path.parent().unwrap_or(Path::new(""));
        Config::read_text(&text, &path.display().to_string(), dir, id_map_mode).map_err(
            |findings| ConfigError::Invalid {
                path: path.to_owned(),
                findings,
            },
        )
    }

    /// Checks a text without reading any file. Findings name it `file`; its paths are relative to
    /// `dir`.
    ///
    /// # Errors
    /// All errors of the text.
    pub fn parse(text: &str, file: &str, dir: &Path) -> Result<Config, Vec<Finding>> {
        Config::read_text(text, file, dir, IdMapReadMode::NotRead)
    }

    fn read_text(
        text: &str,
        file: &str,
        dir: &Path,
        id_map_mode: IdMapReadMode,
    ) -> Result<Config, Vec<Finding>> {
        let faults = ConfigErrors::new(file, text);
        let config = config::read_sections(&faults, file, dir, id_map_mode);
        match (config, faults.into_findings()) {
            (Some(config), findings) if findings.is_empty() => Ok(config),
            (_, findings) => Err(findings),
        }
    }
}

/// Lists all keys that are looked for in a text, with their lines.
pub(crate) fn list_keys(text: &str) -> Vec<ReadKey> {
    let faults = ConfigErrors::new("", text);
    config::read_sections(&faults, "", Path::new(""), IdMapReadMode::NotRead);
    faults.into_read_keys()
}

fn read_sections(
    faults: &ConfigErrors<'_>,
    file: &str,
    dir: &Path,
    id_map_mode: IdMapReadMode,
) -> Option<Config> {
    let mut root = faults.parse_root();
    let site = read_site(root.take_table("site"), faults, file, dir, id_map_mode);
    let (mut content, git) = read_content(root.take_table("content"), faults, dir);
    if content.names.is_hugo() {
        let languages = site.iter().flat_map(|site| site.languages.iter());
        let translated = languages.map(|language| format!("index.{language}.md"));
        let all = BUNDLE_INDEX_NAMES.into_iter().map(str::to_owned);
        content.bundle_index_names = all.chain(translated).collect();
    }
    let hidden = read_hidden_posts(root.take_table("visibility"), faults);
    let has_static_dir = content.static_dir.is_some();
    let cards = read_cards(root.take_table("cards"), faults, dir, has_static_dir);
    let (mut feed, feed_paths) = feeds::read_feed_defaults(root.take_table("feed"), faults);
    let languages = site.as_ref().map(|site| site.further_languages(&feed));
    let segments: Vec<String> = languages
        .iter()
        .flatten()
        .map(|language| SiteConfig::language_segment(language))
        .collect();
    let podcast = read_podcast(root.take_table("podcast"), faults, site.as_ref());
    let podcast_paths = podcast.as_ref().map(|(_, paths)| paths);
    let tables = root.take_tables("feeds");
    let main_feeds = (&mut feed, feed_paths);
    let feeds = feeds::read_custom_feeds(tables, faults, main_feeds, &segments, podcast_paths);
    let sitemap = read_sitemap(root.take_table("sitemap"), faults, site.as_ref(), dir);
    let news = feeds::read_news(root.take_table("news"));
    let robots = root
        .take_tables("robots")
        .into_iter()
        .map(|table| read_robots_group(table, faults))
        .collect();
    let authors = root
        .take_tables("authors")
        .into_iter()
        .filter_map(|table| read_author(table, faults, site.as_ref()))
        .collect();
    let check = read_check(root.take_table("check"), faults);
    let server = read_server(root.take_table("server"), faults, site.as_ref(), dir);
    let admin = read_admin(root.take_table("admin"), faults, dir);
    let watch = read_watch(root.take_table("watch"), faults);
    let tables = AnnounceTables {
        announce: root.take_table("announce"),
        websub: root.take_table("websub"),
        indexnow: root.take_table("indexnow"),
        state: root.take_table("state"),
    };
    let addresses = site.as_ref().zip(server.as_ref());
    let announce = read_announce(tables, faults, dir, addresses, &feeds);
    if let Some(git) = git {
        let state_dir = announce.state_dir.as_deref();
        let (dir, static_dir) = (&mut content.dir, &mut content.static_dir);
        content.git = git.place_content(dir, static_dir, state_dir, faults);
    }
    let export = root.take_table("export");
    let export = export::read_export(export, faults, &content.dir, dir);
    root.reject_unknown();
    Some(Config {
        file: file.to_owned(),
        site: site?,
        content,
        hidden_posts: hidden,
        cards,
        feed,
        feeds,
        podcast: podcast.map(|(podcast, _)| podcast),
        sitemap,
        news,
        robots: Some(robots)
            .filter(|groups: &Vec<_>| !groups.is_empty())
            .unwrap_or_else(|| {
                vec![RobotsGroup {
                    user_agents: vec!["*".to_owned()],
                    allow: Vec::new(),
                    disallow: Vec::new(),
                }]
            }),
        authors,
        check,
        server: server?,
        admin,
        watch,
        announce,
        export,
    })
}
