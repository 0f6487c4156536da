//! Posts, settings and an instant into what is public.
//!
//! Everything right of here sees only this model, and a hidden post is not in its types: an
//! [`Entry`] or a [`Card`] is made from the proof that [`visibility`] gives out and from nothing
//! else. No disk, no clock: the same posts at the same instant are the same site.

mod aliases;
pub mod card;
pub mod cards;
mod claims;
mod contest;
pub mod entry;
mod faults;
pub mod feed;
pub mod feeds;
mod languages;
pub mod register;
mod rhythm;
pub mod timeline;
pub mod trail;
pub mod url_set;
pub mod visibility;
mod words;

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::collection::{Map, Set};
use crate::config::{Config, RobotsGroup};
use crate::finding::Finding;
use crate::post::Post;
use crate::zone::Zone;
use card::Card;
use cards::Cards;
use entry::Entry;
use feeds::Feeds;
use register::Register;
use timeline::Timeline;
use trail::{Moved, Trail};
use url_set::UrlSet;
use visibility::Verdict;

pub use rhythm::Rhythm;

/// What is public. A copy shares what is in it.
#[derive(Debug, Clone)]
pub struct Site {
    /// What no post has a part in.
    pub settings: Arc<Settings>,
    /// All feeds; the first has all entries.
    pub feeds: Feeds,
    /// Entries that are in no list, newest first.
    pub unlisted: Timeline,
    /// All posts' cards.
    pub cards: Cards,
    /// Cards that are elsewhere now, by the paths that they had: at a post's former addresses.
    pub moved: Map<String, String>,
    /// The paths of cards whose posts were taken back.
    pub gone: Set<String>,
    /// The addresses of the posts that are translations of one another, by what they have in common.
    pub translations: Map<String, Arc<[Translation]>>,
    /// What the addresses of the sitemap come to.
    pub urls: UrlSet,
    config: Arc<Config>,
}

/// What is public and no post has a part in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The name.
    pub title: String,
    /// What it is about.
    pub description: String,
    /// The site's home, with a trailing slash.
    pub url: String,
    /// Where courant's own outputs are, without a trailing slash.
    pub public_url: String,
    /// A BCP 47 language tag.
    pub language: String,
    /// The zone that days are told in.
    pub timezone: Zone,
    /// The colour, as `#rrggbb`.
    pub theme_color: String,
    /// The copyright notice.
    pub copyright: Option<String>,
    /// How long a reader may wait before it asks again, in minutes, if somebody has said so.
    pub ttl_minutes: Option<u64>,
    /// Whether browsers are shown a page for people in place of a feed.
    pub feed_pages: bool,
    /// Pages of the site besides the posts, for the sitemap.
    pub pages: Vec<Arc<str>>,
    /// The crawlers' rules.
    pub robots: Vec<RobotsGroup>,
}

/// A post in one of its languages.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Translation {
    /// A BCP 47 language tag.
    pub language: String,
    /// Where it is read: absolute, percent-encoded.
    pub url: String,
}

/// What was made of the posts: the site, and for the operator alone, why each post is in it or
/// not.
#[derive(Debug)]
pub struct Judged {
    /// What is public.
    pub site: Arc<Site>,
    /// Each post's state, in the order of the paths.
    pub verdicts: Vec<Verdict>,
    /// What is wrong between posts.
    pub findings: Vec<Finding>,
    /// When the site will next differ though no file does.
    pub next_change: Option<DateTime<Utc>>,
}

impl Site {
    /// How often it has something new.
    pub fn rhythm(&self) -> Rhythm {
        let newest = self.feeds.main().newest(rhythm::NEWEST);
        let dates: Vec<_> = newest.iter().map(|entry| entry.published()).collect();
        Rhythm::of(&dates)
    }

    /// How long a reader may wait before it asks again, in minutes.
    pub fn ttl_minutes(&self) -> u64 {
        let own = self.settings.ttl_minutes;
        own.unwrap_or_else(|| self.rhythm().ttl_minutes())
    }

    /// Judges the posts as of `now`. The order they come in makes no difference.
    pub fn judge<'a>(
        config: &Config,
        posts: impl IntoIterator<Item = &'a Arc<Post>>,
        now: DateTime<Utc>,
    ) -> Judged {
        let mut register = Register::new(Arc::new(config.clone()), Trail::default());
        let change = |post: &Arc<Post>| (Arc::clone(&post.path), Some(Arc::clone(post)));
        register.step(posts.into_iter().map(change).collect(), now);
        Judged {
            site: Arc::new(register.site().clone()),
            verdicts: register.verdicts(),
            findings: register.findings(),
            next_change: register.next_change(),
        }
    }

    fn new(config: &Arc<Config>) -> Site {
        let site = &config.site;
        let pages = config.sitemap.pages.iter();
        let settings = Settings {
            title: site.title.clone(),
            description: site.description.clone(),
            url: site.url.to_string(),
            public_url: config.server.public_url.clone(),
            language: site.language.clone(),
            timezone: site.timezone,
            theme_color: site.theme_color.clone(),
            copyright: site.copyright.clone(),
            ttl_minutes: config.feed.ttl_minutes,
            feed_pages: config.feed.page,
            pages: pages.map(|page| Arc::from(page.as_str())).collect(),
            robots: config.robots.clone(),
        };
        Site {
            settings: Arc::new(settings),
            feeds: Feeds::new(config),
            unlisted: Timeline::default(),
            cards: Cards::default(),
            moved: Map::default(),
            gone: Set::default(),
            translations: Map::default(),
            urls: UrlSet::default(),
            config: Arc::clone(config),
        }
    }

    /// All entries that are in lists, newest first.
    pub fn entries(&self) -> &Timeline {
        self.feeds.main().all()
    }

    /// All entries, in lists or not.
    fn all(&self) -> impl Iterator<Item = &Arc<Entry>> {
        self.entries().iter().chain(self.unlisted.iter())
    }

    /// The addresses of the pictures of all cards, in no order and some more than once.
    pub fn pictures(&self) -> impl Iterator<Item = &str> {
        let images = self.all().filter_map(|entry| entry.image());
        self.own_picture()
            .into_iter()
            .chain(images.map(|image| image.url.as_str()))
    }

    /// The address of the picture that stands for the site.
    pub fn own_picture(&self) -> Option<&str> {
        self.config.site.image.as_ref().map(|url| url.as_str())
    }

    /// The address of the picture of the card at a path, where it has one.
    pub fn picture_at(&self, path: &str) -> Option<&str> {
        Some(&self.cards.get(path)?.image()?.url)
    }

    /// The card of the site itself.
    pub fn own_card(&self) -> Card {
        Card::of_site(&self.config)
    }

    /// The card of an entry.
    pub fn card(&self, entry: &Entry) -> Card {
        Card::of_post(entry, &self.config)
    }

    /// The card at a path, if there is one.
    pub fn card_at(&self, path: &str) -> Option<Card> {
        match self.cards.get(path) {
            Some(entry) => Some(self.card(entry)),
            None => (path == "/").then(|| self.own_card()),
        }
    }

    /// All cards: the site's, then the listed posts', newest first, then the unlisted ones'.
    pub fn all_cards(&self) -> impl Iterator<Item = Card> {
        let entries = self.all().filter(|entry| entry.card_path().is_some());
        std::iter::once(self.own_card()).chain(entries.map(|entry| self.card(entry)))
    }

    /// Where cards are that were elsewhere, sorted.
    pub fn all_moved(&self) -> Vec<Moved> {
        let way = |(from, to): (&String, &String)| Moved {
            from: from.clone(),
            to: to.clone(),
        };
        let mut moved: Vec<Moved> = self.moved.iter().map(way).collect();
        moved.sort();
        moved
    }

    /// The languages of an entry. A second one of its language has none: sets that do not name one
    /// another are read by nobody.
    pub fn translations_of(&self, entry: &Entry) -> Option<Arc<[Translation]>> {
        let group = self.translations.get(entry.translation_key()?)?;
        let is_named = group.iter().any(|one| one.url == entry.url());
        is_named.then(|| Arc::clone(group))
    }
}
