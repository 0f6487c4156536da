//! Defines the public site: entries, feeds, cards and the settings that renderers need.

use super::card::Card;
use super::cards_by_path::CardIndex;
use super::entry::Entry;
use super::feeds::Feeds;
use super::sitemap_urls::SitemapUrls;
use super::timeline::Timeline;
use super::translations::Translation;
use crate::config::{Config, RobotsGroup};
use crate::model::artifact::FeedAlias;
use crate::model::moved_card::CardRedirect;
use crate::model::posting_interval::{self, PostingInterval};
use crate::persistent::{PersistentMap, PersistentSet};
use crate::time_zone::IanaZone;
use std::sync::Arc;
use url::Url;

/// All public content of the site. A clone is cheap and shares the contents.
#[derive(Debug, Clone)]
pub struct Site {
    /// Settings that do not depend on posts.
    pub settings: Arc<SiteSettings>,
    /// All feeds, and the listed entries, of which some may be in no feed.
    pub feeds: Feeds,
    /// Entries that are in no feed and no list, newest first.
    pub unlisted: Timeline,
    /// Entries that have a card, by the card's path.
    pub cards: CardIndex,
    /// Redirects of moved cards: former path to current path.
    pub moved_cards: PersistentMap<String, String>,
    /// Paths of cards whose posts were withdrawn.
    pub withdrawn_cards: PersistentSet<String>,
    /// Addresses of posts that are translations of each other, by translation key.
    pub translations: PersistentMap<String, Arc<[Translation]>>,
    /// Counts, lengths and hashes of the sitemap's URLs.
    pub sitemap_urls: SitemapUrls,
    /// Entries of the news sitemap, newest first; `None` without one.
    pub news: Option<Arc<[Arc<Entry>]>>,
    config: Arc<Config>,
}

/// Public settings of the site that do not depend on posts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteSettings {
    /// Name of the site, plain text.
    pub title: String,
    /// Description of the site, plain text.
    pub description: String,
    /// URL of the home page, with a trailing slash.
    pub url: String,
    /// Base URL of courant's own outputs, without a trailing slash.
    pub public_url: String,
    /// A BCP 47 language tag.
    pub language: String,
    /// Time zone in which dates are shown.
    pub timezone: IanaZone,
    /// Theme colour, as `#rrggbb`.
    pub theme_color: String,
    /// Copyright notice.
    pub copyright: Option<String>,
    /// URL of a small square image for lists of feeds.
    pub icon_url: Option<String>,
    /// URL of the logo in feeds.
    pub logo_url: Option<String>,
    /// Editor in RSS, as `name@example.org (Name)`.
    pub managing_editor: Option<String>,
    /// Webmaster in RSS, as `name@example.org (Name)`.
    pub webmaster: Option<String>,
    /// True if entries of link posts lead to the page elsewhere, in RSS and Atom.
    pub link_posts_lead_away: bool,
    /// Configured polling interval for feed readers, in minutes; `None` derives it from the posts.
    pub ttl_minutes: Option<u64>,
    /// True if the sitemap lists videos.
    pub has_sitemap_videos: bool,
    /// True if the site has `llms.txt`.
    pub has_llms_txt: bool,
    /// Name of the publication in the news sitemap; `None` without one.
    pub news_publication: Option<String>,
    /// True if browsers get an HTML page in place of a feed.
    pub has_html_feeds: bool,
    /// URLs of the site's pages besides the posts, for the sitemap.
    pub page_urls: Vec<Arc<str>>,
    /// Rules for crawlers in `robots.txt`.
    pub robots_groups: Vec<RobotsGroup>,
    /// Former paths of feeds.
    pub feed_aliases: Vec<FeedAlias>,
    /// URLs of the WebSub hubs that are told of changes.
    pub hubs: Vec<String>,
    /// Key of IndexNow; `None` without it.
    pub indexnow_key: Option<String>,
}

impl Site {
    /// Estimates the usual interval between two posts.
    pub fn posting_interval(&self) -> PostingInterval {
        let newest = self
            .feeds
            .main_feed()
            .newest_entries(posting_interval::SAMPLED_POSTS);
        let dates: Vec<_> = newest.iter().map(|entry| entry.published_at()).collect();
        PostingInterval::from_dates(&dates)
    }

    /// Returns the polling interval for feed readers, in minutes.
    pub fn ttl_minutes(&self) -> u64 {
        let configured = self.settings.ttl_minutes;
        configured.unwrap_or_else(|| self.posting_interval().ttl_minutes())
    }

    pub(super) fn without_posts(config: &Arc<Config>) -> Site {
        let site = &config.site;
        let pages = config.sitemap.pages.iter();
        let settings = SiteSettings {
            title: site.title.clone(),
            description: site.description.clone(),
            url: site.url.to_string(),
            public_url: config.server.public_url.clone(),
            language: site.language.clone(),
            timezone: site.timezone,
            theme_color: site.theme_color.clone(),
            copyright: site.copyright.clone(),
            icon_url: site.icon.as_ref().map(Url::to_string),
            logo_url: site.logo.as_ref().map(Url::to_string),
            managing_editor: site.managing_editor.clone(),
            webmaster: site.webmaster.clone(),
            link_posts_lead_away: config.feed.link_posts_lead_away,
            ttl_minutes: config.feed.ttl_minutes,
            has_sitemap_videos: config.sitemap.videos,
            has_llms_txt: site.llms_txt,
            news_publication: config.news.as_ref().map(|news| {
                let name = news.publication.as_ref();
                name.unwrap_or(&site.title).clone()
            }),
            has_html_feeds: config.feed.page,
            page_urls: pages.map(|page| Arc::from(page.as_str())).collect(),
            robots_groups: config.robots.clone(),
            feed_aliases: config.feed.aliases.clone(),
            hubs: config.announce.hubs.clone(),
            indexnow_key: config
                .announce
                .indexnow
                .as_ref()
                .map(|indexnow| indexnow.key.clone()),
        };
        Site {
            settings: Arc::new(settings),
            feeds: Feeds::new(config),
            unlisted: Timeline::default(),
            cards: CardIndex::default(),
            moved_cards: PersistentMap::default(),
            withdrawn_cards: PersistentSet::default(),
            translations: PersistentMap::default(),
            sitemap_urls: SitemapUrls::default(),
            news: None,
            config: Arc::clone(config),
        }
    }

    /// Returns all listed entries, newest first.
    pub fn listed_entries(&self) -> &Timeline {
        self.feeds.all_entries()
    }

    /// Iterates over all entries, the listed ones first.
    pub fn all_entries(&self) -> impl Iterator<Item = &Arc<Entry>> {
        self.listed_entries().iter().chain(self.unlisted.iter())
    }

    /// Iterates over the image URLs that cards may show, and those of enclosures without a length. Order is unspecified
    /// and a URL may repeat.
    pub fn file_urls(&self) -> impl Iterator<Item = &str> {
        let images = self.all_entries().flat_map(|entry| entry.preview_images());
        let enclosures = self.all_entries().flat_map(|entry| entry.unmeasured_urls());
        self.site_image_url()
            .into_iter()
            .chain(images.map(|image| image.url.as_str()))
            .chain(enclosures)
    }

    /// Returns the URL of the image that is configured for the site.
    pub fn site_image_url(&self) -> Option<&str> {
        self.config.site.image.as_ref().map(|url| url.as_str())
    }

    /// Returns the entry whose card is at `path`.
    pub fn entry_at_card_path(&self, path: &str) -> Option<&Entry> {
        self.cards.get_by_path(path).map(AsRef::as_ref)
    }

    /// Builds the card of the site itself.
    pub fn build_site_card(&self) -> Card {
        Card::from_site(&self.config)
    }

    /// Builds the card of an entry.
    pub fn build_post_card(&self, entry: &Entry) -> Card {
        Card::from_entry(entry, &self.config)
    }

    /// Builds the card at `path`; `None` if there is none.
    pub fn build_card_at_path(&self, path: &str) -> Option<Card> {
        match self.cards.get_by_path(path) {
            Some(entry) => Some(self.build_post_card(entry)),
            None => (path == "/").then(|| self.build_site_card()),
        }
    }

    /// Iterates over all cards: the site's, then those of listed posts, newest first, then those
    /// of unlisted posts.
    pub fn build_all_cards(&self) -> impl Iterator<Item = Card> {
        let entries = self
            .all_entries()
            .filter(|entry| entry.card_path().is_some());
        std::iter::once(self.build_site_card())
            .chain(entries.map(|entry| self.build_post_card(entry)))
    }

    /// Returns the redirects of all moved cards, sorted.
    pub fn sorted_redirects(&self) -> Vec<CardRedirect> {
        let mut moved: Vec<CardRedirect> = self
            .moved_cards
            .iter()
            .map(|(from, to)| CardRedirect {
                from: from.clone(),
                to: to.clone(),
            })
            .collect();
        moved.sort();
        moved
    }

    /// Returns all language versions of an entry, its own included. A second entry in the same
    /// language has none: search engines ignore alternates that do not link back.
    pub fn entry_translations(&self, entry: &Entry) -> Option<Arc<[Translation]>> {
        let group = self.translations.get(entry.translation_key()?)?;
        let is_member = group.iter().any(|one| one.url == entry.url());
        is_member.then(|| Arc::clone(group))
    }
}
