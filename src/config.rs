//! `config.toml` as meant: checked, defaulted, with every fault reported at once.
//!
//! Paths in the file are relative to the file. Nothing here reads content. The annotated
//! reference of every key is `config.toml` at the top of the repository.

mod admin;
mod caching;
mod cards;
mod check;
mod feeds;
mod fields;
mod ids;
mod limits;
mod patterns;
mod raw;
mod reload;
mod sections;
mod server;
mod values;

use std::path::{Path, PathBuf};
use std::time::Duration;

use url::Url;

pub use admin::{Admin, Secret, Token};
pub use caching::{CacheTags, Caching};
pub use feeds::{FeedDefaults, FeedFilter, OwnFeed};
pub use fields::{Field, FieldNames};
pub use limits::{Limits, Polls, SaysClient, TrustedProxies, household};
pub use patterns::Patterns;
pub use server::{AccessLog, Listen, NoAddress, Server, Tls};
pub use values::PERMALINK_PARTS;

use crate::finding::{Finding, Rule};
use crate::zone::Zone;
use ids::Ledger;

pub use ids::{Id, Ids};

/// Everything that can be set.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// What findings call the file.
    pub file: String,
    /// The site whose content this is.
    pub site: Site,
    /// Where the posts are.
    pub content: Content,
    /// What becomes of posts that are marked hidden.
    pub hidden: HiddenPosts,
    /// What the pictures of cards are.
    pub cards: Cards,
    /// What all feeds are like.
    pub feed: FeedDefaults,
    /// The feeds there are besides the built-in ones.
    pub feeds: Vec<OwnFeed>,
    /// What the sitemap holds besides the posts.
    pub sitemap: Sitemap,
    /// What crawlers are told.
    pub robots: Vec<RobotsGroup>,
    /// What is known of authors besides what posts say.
    pub authors: Vec<Author>,
    /// What is not spoken of.
    pub check: Check,
    /// How it is served.
    pub server: Server,
    /// Where the operator's page is.
    pub admin: Admin,
    /// How changes are noticed.
    pub watch: Watch,
}

/// `[site]`: the site whose content this is.
#[derive(Debug, Clone, PartialEq)]
pub struct Site {
    /// The site's home, with a trailing slash; relative permalinks resolve against it.
    pub url: Url,
    /// Origins the site used to live at; permalinks on them are rewritten to [`Site::url`].
    pub former_urls: Vec<Url>,
    /// The ids that readers of its former feed know the posts by.
    pub ids: Ids,
    /// The site's name.
    pub title: String,
    /// What it is about, in a sentence.
    pub description: String,
    /// A BCP 47 language tag.
    pub language: String,
    /// The languages it has posts in, where file names and directories tell them.
    pub languages: Vec<String>,
    /// The zone of dates that name none.
    pub timezone: Zone,
    /// Whether that zone was chosen, and is not the default.
    pub timezone_is_set: bool,
    /// The pattern of permalinks for posts that name none.
    pub permalinks: String,
    /// The absolute URL of a picture that stands for the site.
    pub image: Option<Url>,
    /// The copyright notice of the feeds.
    pub copyright: Option<String>,
    /// The site's X account, without `@`.
    pub twitter: Option<String>,
    /// The site's fediverse account, as `@user@host`.
    pub fediverse: Option<String>,
    /// The colour of the site, as `#rrggbb`.
    pub theme_color: String,
}

/// `[content]`: where the posts are.
#[derive(Debug, Clone, PartialEq)]
pub struct Content {
    /// The directory of posts, absolute or relative to the working directory.
    pub dir: PathBuf,
    /// Only files that match are read, where any pattern is given.
    pub include: Option<Patterns>,
    /// Files that match are not read.
    pub exclude: Patterns,
    /// Front matter fields that must hold these values for a file to be a post.
    pub require: Vec<(String, String)>,
    /// The names of fields, where they are not the built-in ones.
    pub fields: FieldNames,
    /// Whether a `Z` behind a date is not meant: some content tools write it after local time.
    pub z_is_local: bool,
    /// Words for the state of a post (`status`, `visibility` and the like) that mean public, besides those
    /// that are known to.
    pub public_states: Vec<String>,
    /// Whether names of files and directories begin with a number that only sorts them: `1.intro.md`.
    pub numbered_names: bool,
    /// What becomes of shortcodes and template tags in bodies.
    pub shortcodes: Shortcodes,
    /// Where the site's pictures are on disk: the file of `/img/a.jpg` is `img/a.jpg` below it.
    pub static_dir: Option<PathBuf>,
    /// Larger files are not read, in bytes.
    pub max_file_size: u64,
}

/// `content.shortcodes`: what becomes of shortcodes and template tags in bodies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shortcodes {
    /// They are reduced to their content, or left out.
    Reduce,
    /// They are text like any other.
    Keep,
}

/// `visibility.hidden`: what becomes of posts that are marked hidden.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HiddenPosts {
    /// They are nowhere.
    Hidden,
    /// They have a card page that search engines leave out, and are in no list.
    Unlisted,
}

/// `[cards]`: what the pictures of cards are.
#[derive(Debug, Clone, PartialEq)]
pub struct Cards {
    /// Which picture previews show of a post that has one of its own.
    pub picture: CardPicture,
    /// The built-in template.
    pub theme: Theme,
    /// A template of the site's own, absolute or relative to the working directory.
    pub template: Option<PathBuf>,
    /// The site's mark, a picture file.
    pub logo: Option<PathBuf>,
    /// Font files and directories of them, asked after the bundled fonts.
    pub fonts: Vec<PathBuf>,
    /// Whether the fonts of the machine are asked after those.
    pub system_fonts: bool,
    /// How many bytes of drawn pictures are kept.
    pub cache_size: u64,
    /// How many pictures may wait to be drawn.
    pub queue: usize,
}

/// `cards.picture`: which picture previews show of a post that has one of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CardPicture {
    /// The post's own; only the others are drawn.
    Own,
    /// A drawn one without the post's own.
    Drawn,
    /// A drawn one with the post's own in it, where that is on disk.
    Framed,
}

/// `cards.theme`: a built-in template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    /// Dark letters on light paper.
    Paper,
    /// Light letters on dark.
    Ink,
    /// All in the site's colour.
    Poster,
}

/// How much of a post its entry carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FeedContent {
    /// The whole post.
    Full,
    /// Its description.
    Summary,
}

/// `[sitemap]`: what the sitemap holds besides the posts.
#[derive(Debug, Clone, PartialEq)]
pub struct Sitemap {
    /// Absolute URLs on the site's origin.
    pub pages: Vec<Url>,
}

/// `[[robots]]`: the rules of one group of crawlers, RFC 9309 §2.2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RobotsGroup {
    /// The product tokens the group is for.
    pub user_agents: Vec<String>,
    /// Path patterns that may be fetched.
    pub allow: Vec<String>,
    /// Path patterns that may not.
    pub disallow: Vec<String>,
}

/// `[[authors]]`: what is known of an author besides the name.
#[derive(Debug, Clone, PartialEq)]
pub struct Author {
    /// The name as posts write it.
    pub name: String,
    /// A page about the author.
    pub url: Option<String>,
    /// An address the feeds may show.
    pub email: Option<String>,
    /// The author's fediverse account, as `@user@host`.
    pub fediverse: Option<String>,
    /// The author's X account, without `@`.
    pub twitter: Option<String>,
}

/// `[check]`: what `courant check` does not speak of.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    /// Rules whose warnings and notes are left out; errors are not.
    pub ignore: Vec<Rule>,
}

/// `[watch]`: how changes are noticed.
#[derive(Debug, Clone, PartialEq)]
pub struct Watch {
    /// Where news of changes comes from.
    pub mode: WatchMode,
    /// How long a file that is being written, and is not closed, must be quiet before it is looked at.
    pub debounce: Duration,
    /// How often everything is looked at where there are no events.
    pub poll: Duration,
    /// How often everything is looked at again, whether or not an event came.
    pub rescan: Duration,
}

/// `watch.mode`: where news of changes comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WatchMode {
    /// Events of the system where it has them, looks at an interval where it does not.
    Auto,
    /// Events of the system, or no start.
    Native,
    /// Looks at an interval.
    Poll,
    /// Nowhere: what is there at the start is served, until SIGHUP.
    Off,
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file can be read and is wrong.
    #[error("`{}` has {} {}", path.display(), findings.len(), if findings.len() == 1 { "fault" } else { "faults" })]
    Faults {
        /// The file.
        path: PathBuf,
        /// All that is wrong with it.
        findings: Vec<Finding>,
    },
}

impl Config {
    /// The files, and directories of files, that cards are drawn with.
    pub fn card_files(&self) -> Vec<PathBuf> {
        let cards = &self.cards;
        let single = [&cards.template, &cards.logo, &self.content.static_dir];
        single
            .into_iter()
            .flatten()
            .chain(&cards.fonts)
            .cloned()
            .collect()
    }

    /// Reads and checks a file, and the ledger of ids that it names.
    ///
    /// # Errors
    /// The file cannot be read, or one of the two has faults: all of them are in the error.
    pub fn load(path: &Path) -> Result<Config, ConfigError> {
        Config::load_with(path, Ledger::AsConfigured)
    }

    /// The same for who is about to write the ledger, which need not be there yet.
    ///
    /// # Errors
    /// As for [`Config::load`].
    pub fn load_to_import_ids(path: &Path) -> Result<Config, ConfigError> {
        Config::load_with(path, Ledger::IfThere)
    }

    fn load_with(path: &Path, ledger: Ledger) -> Result<Config, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Read {
            path: path.to_owned(),
            source,
        })?;
        let dir = path.parent().unwrap_or(Path::new(""));
        Config::read(&text, &path.display().to_string(), dir, ledger).map_err(|findings| {
            ConfigError::Faults {
                path: path.to_owned(),
                findings,
            }
        })
    }

    /// Checks a text, and reads nothing else. `file` is what findings call it, `dir` what its paths
    /// are relative to.
    ///
    /// # Errors
    /// Every fault of the text.
    pub fn parse(text: &str, file: &str, dir: &Path) -> Result<Config, Vec<Finding>> {
        Config::read(text, file, dir, Ledger::Unread)
    }

    fn read(text: &str, file: &str, dir: &Path, ledger: Ledger) -> Result<Config, Vec<Finding>> {
        let faults = raw::Faults::new(file, text);
        let config = sections::read(&faults, file, dir, ledger);
        match (config, faults.into_findings()) {
            (Some(config), findings) if findings.is_empty() => Ok(config),
            (_, findings) => Err(findings),
        }
    }
}
