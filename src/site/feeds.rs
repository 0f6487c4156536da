//! Keeps all feeds: the site's, one for each category, tag and author, all of these for each language, and the
//! configured ones.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::entry::Entry;
use super::feed::{Feed, FeedLimits};
use super::timeline::{Timeline, select_entries};
use crate::config::{Config, CustomFeed, SiteConfig, primary_subtag};
use crate::model::artifact::{FeedFormat, FeedScope};
use crate::model::feed_filter::is_language_in;
use crate::model::terms::Term;
use crate::persistent::PersistentSortedMap;

/// All feeds. A clone is cheap and shares their contents.
#[derive(Debug, Clone)]
pub struct Feeds {
    default: LanguageFeeds,
    /// Feeds of the site's other languages.
    further: Vec<LanguageFeeds>,
    /// All listed entries; `None` if those of the default language are all.
    all_entries: Option<Timeline>,
    custom: Vec<Arc<Feed>>,
    list_version: Arc<()>,
}

/// Feeds of one language: that of all its posts, and those of its categories, tags and authors.
#[derive(Debug, Clone)]
pub struct LanguageFeeds {
    /// BCP 47 tag; `None` is the site's language.
    language: Option<String>,
    main: Arc<Feed>,
    /// Listed entries; `None` if the main feed has them all.
    listed: Option<Timeline>,
    term_feeds: [PersistentSortedMap<String, Arc<Feed>>; 3],
}

/// Taxonomy: its terms of an entry, its feed scope, and the preposition in feed descriptions.
struct Taxonomy {
    terms_of_entry: fn(&Entry) -> &[Term],
    scope_of_slug: fn(String) -> FeedScope,
    preposition: &'static str,
}

const TAXONOMIES: [Taxonomy; 3] = [
    Taxonomy {
        terms_of_entry: Entry::categories,
        scope_of_slug: FeedScope::Category,
        preposition: "about",
    },
    Taxonomy {
        terms_of_entry: Entry::tags,
        scope_of_slug: FeedScope::Tag,
        preposition: "tagged",
    },
    Taxonomy {
        terms_of_entry: Entry::author_terms,
        scope_of_slug: FeedScope::Author,
        preposition: "by",
    },
];

/// Entries removed from a term's feed, and entries added to it.
type TermChanges<'a> = (Vec<Arc<Entry>>, Vec<Arc<Entry>>);

/// Texts of a feed.
struct FeedTexts {
    title: String,
    label: Option<String>,
    description: String,
}

impl LanguageFeeds {
    fn new(language: Option<&str>, config: &Config) -> LanguageFeeds {
        let site = &config.site;
        let settings = &config.feed.main;
        let title = settings.title.as_ref().unwrap_or(&site.title);
        let description = settings.description.as_ref();
        let texts = FeedTexts {
            title: title_in_language(title, language),
            label: language.map(str::to_owned),
            description: description.unwrap_or(&site.description).clone(),
        };
        let scope = scope_in_language(language, FeedScope::Site);
        let paths = settings.paths.clone();
        LanguageFeeds {
            main: Arc::new(Feed {
                paths: if language.is_none() {
                    paths
                } else {
                    Vec::new()
                },
                ..build_empty_feed(scope, language, texts, default_limits(config))
            }),
            language: language.map(str::to_owned),
            listed: None,
            term_feeds: Default::default(),
        }
    }

    /// Returns the path segment of the language; `None` for the site's language.
    pub fn language_segment(&self) -> Option<&str> {
        self.main.scope.split_language().0
    }

    /// Returns the BCP 47 tag of the language; `None` for the site's language.
    pub fn language(&self) -> Option<&str> {
        self.language.as_deref()
    }

    /// Returns the main feed of the language.
    pub fn main_feed(&self) -> &Arc<Feed> {
        &self.main
    }

    /// Returns all listed entries in the language, newest first; those that are in no feed as well.
    pub fn listed_entries(&self) -> &Timeline {
        self.listed.as_ref().unwrap_or(&self.main.timeline)
    }

    /// Iterates over the feeds of categories, tags and authors, each sorted by slug.
    pub fn taxonomy_feeds(&self) -> impl Iterator<Item = &Arc<Feed>> {
        self.term_feeds.iter().flat_map(|group| group.values())
    }

    fn get_by_scope(&self, scope: &FeedScope) -> Option<&Arc<Feed>> {
        let [categories, tags, authors] = &self.term_feeds;
        match scope {
            FeedScope::Site => Some(&self.main),
            FeedScope::Category(slug) => categories.get(slug),
            FeedScope::Tag(slug) => tags.get(slug),
            FeedScope::Author(slug) => authors.get(slug),
            FeedScope::Custom(_) | FeedScope::InLanguage(..) => None,
        }
    }

    /// Removes and adds entries. Adds the taxonomy feeds whose first document changed to `touched`, and returns true if
    /// a feed was added, removed or renamed.
    fn update_entries(
        &mut self,
        removed: &[Arc<Entry>],
        added: &[Arc<Entry>],
        config: &Config,
        touched: &mut Vec<FeedScope>,
    ) -> bool {
        if removed.is_empty() && added.is_empty() {
            return false;
        }
        let [removed, added] = &self.keep_feed_entries([removed, added], config);
        let language = self.language.as_deref();
        let mut renamed = false;
        for (kind, groups) in TAXONOMIES.iter().zip(&mut self.term_feeds) {
            for (slug, (removed, added)) in group_by_slug(kind, removed, added) {
                let before = groups.get(slug).cloned();
                let mut all = before
                    .as_ref()
                    .map_or_else(Timeline::default, |feed| feed.timeline.clone());
                all.update_entries(&removed, &added);
                let scope = scope_in_language(language, (kind.scope_of_slug)(slug.to_owned()));
                let after = build_term_feed(kind, slug, scope.clone(), language, all, config);
                let after = after.map(Arc::new);
                renamed |= before.as_ref().map(|feed| &feed.label)
                    != after.as_ref().map(|feed| &feed.label);
                let is_same = match (&before, &after) {
                    (Some(before), Some(after)) => before.has_same_first_document(after),
                    _ => false,
                };
                if !is_same {
                    touched.push(scope);
                }
                match after {
                    Some(feed) => groups.insert(slug.to_owned(), feed),
                    None => groups.remove(slug),
                };
            }
        }
        renamed
    }

    /// Updates the listed entries and the main feed. Returns the removed and added entries that feeds may contain.
    fn keep_feed_entries<'a>(
        &mut self,
        changed: [&'a [Arc<Entry>]; 2],
        config: &Config,
    ) -> [Cow<'a, [Arc<Entry>]>; 2] {
        let [removed, added] = changed;
        let filter = &config.feed.main.filter;
        let is_in_main = |entry: &Entry| {
            entry.is_in_feeds()
                && (filter.is_empty() || entry.is_matched_by(filter, &config.site.language))
        };
        if !added.iter().all(|entry| is_in_main(entry)) {
            self.listed
                .get_or_insert_with(|| self.main.timeline.clone());
        }
        if let Some(listed) = &mut self.listed {
            listed.update_entries(removed, added);
        }
        let in_main = changed.map(|entries| select_entries(entries, is_in_main));
        let [removed, added] = &in_main;
        Arc::make_mut(&mut self.main)
            .timeline
            .update_entries(removed, added);
        changed.map(|entries| select_entries(entries, Entry::is_in_feeds))
    }
}

impl Feeds {
    /// Creates the feeds of a site without posts.
    pub(super) fn new(config: &Config) -> Feeds {
        let further = config.site.further_languages(&config.feed);
        let further: Vec<LanguageFeeds> = further
            .into_iter()
            .map(|language| LanguageFeeds::new(Some(language), config))
            .collect();
        Feeds {
            default: LanguageFeeds::new(None, config),
            all_entries: (!further.is_empty()).then(Timeline::default),
            further,
            custom: config
                .feeds
                .iter()
                .map(|settings| Arc::new(build_custom_feed(settings, config)))
                .collect(),
            list_version: Arc::new(()),
        }
    }

    /// Returns the feed of all posts, or of those in the default language if the site has several.
    pub fn main_feed(&self) -> &Arc<Feed> {
        &self.default.main
    }

    /// Returns the feed of all posts in a language, or in the default one if the language has no feed.
    pub fn main_feed_of_language(&self, language: &str) -> &Arc<Feed> {
        let further = self.find_further(language);
        &further.unwrap_or(&self.default).main
    }

    /// Returns all listed entries, in every language, newest first.
    pub fn all_entries(&self) -> &Timeline {
        let default = || self.default.listed_entries();
        self.all_entries.as_ref().unwrap_or_else(default)
    }

    /// Iterates over the languages that have feeds of their own, the default one first.
    pub fn languages(&self) -> impl Iterator<Item = &LanguageFeeds> {
        std::iter::once(&self.default).chain(&self.further)
    }

    /// Iterates over all feeds: of each language the main one, then those of categories, tags and authors, each sorted
    /// by slug; and the configured ones.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Feed>> {
        self.languages()
            .flat_map(|feeds| std::iter::once(&feeds.main).chain(feeds.taxonomy_feeds()))
            .chain(&self.custom)
    }

    /// Iterates over the feeds that are rendered eagerly: the main ones and the configured ones.
    pub fn eager_feeds(&self) -> impl Iterator<Item = &Arc<Feed>> {
        self.languages()
            .map(|feeds| &feeds.main)
            .chain(&self.custom)
    }

    /// Iterates over the configured feeds.
    pub fn custom_feeds(&self) -> impl Iterator<Item = &Arc<Feed>> {
        self.custom.iter()
    }

    /// Iterates over the feeds of categories, tags and authors.
    pub fn taxonomy_feeds(&self) -> impl Iterator<Item = &Arc<Feed>> {
        self.languages().flat_map(LanguageFeeds::taxonomy_feeds)
    }

    /// Returns the feed of a scope; `None` if it has no entries or does not exist.
    pub fn get_by_scope(&self, scope: &FeedScope) -> Option<&Arc<Feed>> {
        match scope.split_language() {
            (Some(language), scope) => {
                let mut further = self.further.iter();
                let feeds = further.find(|feeds| feeds.language_segment() == Some(language));
                feeds?.get_by_scope(scope)
            }
            (None, FeedScope::Custom(path)) => {
                let main = &self.default.main;
                let is_main = main.paths.iter().any(|(_, configured)| configured == path);
                let mut custom = self.custom.iter();
                is_main
                    .then_some(main)
                    .or_else(|| custom.find(|feed| feed.scope == *scope))
            }
            (None, scope) => self.default.get_by_scope(scope),
        }
    }

    /// Returns an identity that is replaced whenever a feed is added, removed or renamed.
    pub fn list_version(&self) -> &Arc<()> {
        &self.list_version
    }

    /// Finds the feeds of a further language: those with the same tag, or else with the same primary subtag.
    fn find_further(&self, language: &str) -> Option<&LanguageFeeds> {
        let further = &self.further;
        let position = find_language_position(further, language)?;
        further.get(position)
    }

    /// Removes and adds entries. Returns the taxonomy feeds whose first document changed.
    pub(super) fn update_entries(
        &mut self,
        removed: &[Arc<Entry>],
        added: &[Arc<Entry>],
        config: &Config,
    ) -> Vec<FeedScope> {
        if removed.is_empty() && added.is_empty() {
            return Vec::new();
        }
        for (own, settings) in self.custom.iter_mut().zip(&config.feeds) {
            let matching = |entries: &[Arc<Entry>]| -> Vec<Arc<Entry>> {
                entries
                    .iter()
                    .filter(|entry| entry.is_in_feeds())
                    .filter(|entry| entry.is_matched_by(&settings.filter, &config.site.language))
                    .filter(|entry| !settings.is_podcast || entry.is_playable())
                    .cloned()
                    .collect()
            };
            let (removed, added) = (matching(removed), matching(added));
            if !removed.is_empty() || !added.is_empty() {
                Arc::make_mut(own).timeline.update_entries(&removed, &added);
            }
        }
        let mut touched = Vec::new();
        let renamed = match &mut self.all_entries {
            None => self
                .default
                .update_entries(removed, added, config, &mut touched),
            Some(all_entries) => {
                all_entries.update_entries(removed, added);
                let removed = split_by_language(removed, &self.further);
                let added = split_by_language(added, &self.further);
                let languages = std::iter::once(&mut self.default).chain(&mut self.further);
                let mut renamed = false;
                for ((feeds, removed), added) in languages.zip(removed).zip(added) {
                    renamed |= feeds.update_entries(&removed, &added, config, &mut touched);
                }
                renamed
            }
        };
        if renamed {
            self.list_version = Arc::new(());
        }
        touched
    }
}

/// Splits entries by language: those of the default language, then those of each further one.
fn split_by_language(entries: &[Arc<Entry>], further: &[LanguageFeeds]) -> Vec<Vec<Arc<Entry>>> {
    let mut parts = vec![Vec::new(); further.len() + 1];
    for entry in entries {
        let language = entry.language_override();
        let position = language.and_then(|language| find_language_position(further, language));
        if let Some(part) = parts.get_mut(position.map_or(0, |position| position + 1)) {
            part.push(Arc::clone(entry));
        }
    }
    parts
}

/// Finds the feeds with this language tag, or else with its primary subtag.
fn find_language_position(further: &[LanguageFeeds], language: &str) -> Option<usize> {
    let position = |is_wanted: &dyn Fn(&str) -> bool| {
        further
            .iter()
            .position(|feeds| feeds.language().is_some_and(is_wanted))
    };
    position(&|tag| tag.eq_ignore_ascii_case(language)).or_else(|| {
        let primary = primary_subtag(language);
        position(&|tag| primary_subtag(tag).eq_ignore_ascii_case(primary))
    })
}

fn scope_in_language(language: Option<&str>, scope: FeedScope) -> FeedScope {
    match language {
        Some(language) => {
            FeedScope::InLanguage(SiteConfig::language_segment(language), Box::new(scope))
        }
        None => scope,
    }
}

/// Adds the language to a title, so that subscribers can tell the feeds of two languages apart.
fn title_in_language(title: &str, language: Option<&str>) -> String {
    match language {
        Some(language) => format!("{title} ({language})"),
        None => title.to_owned(),
    }
}

/// Groups removed and added entries by the slugs of their terms. If several labels of an entry
/// share a slug, the entry is counted once.
fn group_by_slug<'a>(
    kind: &Taxonomy,
    removed: &'a [Arc<Entry>],
    added: &'a [Arc<Entry>],
) -> BTreeMap<&'a str, TermChanges<'a>> {
    let mut changes: BTreeMap<&str, TermChanges<'_>> = BTreeMap::new();
    let push_once = |list: &mut Vec<Arc<Entry>>, entry: &Arc<Entry>| {
        if list.last().is_none_or(|last| !Arc::ptr_eq(last, entry)) {
            list.push(Arc::clone(entry));
        }
    };
    for entry in removed {
        for term in (kind.terms_of_entry)(entry) {
            push_once(&mut changes.entry(&term.slug).or_default().0, entry);
        }
    }
    for entry in added {
        for term in (kind.terms_of_entry)(entry) {
            push_once(&mut changes.entry(&term.slug).or_default().1, entry);
        }
    }
    changes
}

/// Builds the feed of a term, titled with the label of its newest entry; `None` without entries.
fn build_term_feed(
    kind: &Taxonomy,
    slug: &str,
    scope: FeedScope,
    language: Option<&str>,
    all: Timeline,
    config: &Config,
) -> Option<Feed> {
    let newest = all.newest_entry()?;
    let term = (kind.terms_of_entry)(newest)
        .iter()
        .find(|term| *term.slug == *slug)?;
    let site = title_in_language(&config.site.title, language);
    let label = term.label.to_string();
    let texts = FeedTexts {
        title: format!("{label} – {site}"),
        description: format!("Posts {} {label} from {site}", kind.preposition),
        label: Some(label),
    };
    Some(Feed {
        timeline: all,
        ..build_empty_feed(scope, language, texts, default_limits(config))
    })
}

fn default_limits(config: &Config) -> FeedLimits {
    FeedLimits {
        max_entries: config.feed.limit,
        content_mode: config.feed.content,
        max_bytes: config.feed.max_bytes,
    }
}

/// Builds a feed without entries, in all formats.
fn build_empty_feed(
    scope: FeedScope,
    language: Option<&str>,
    texts: FeedTexts,
    rule: FeedLimits,
) -> Feed {
    Feed {
        scope,
        language: language.map(str::to_owned),
        formats: FeedFormat::ALL.to_vec(),
        title: texts.title,
        label: texts.label,
        description: texts.description,
        podcast: None,
        paths: Vec::new(),
        timeline: Timeline::default(),
        limits: rule,
    }
}

/// Builds a configured feed, without entries.
fn build_custom_feed(settings: &CustomFeed, config: &Config) -> Feed {
    let site = &config.site;
    let names = settings.filter.including.display_terms();
    let podcast = config.podcast.as_ref().filter(|_| settings.is_podcast);
    let podcast_title = podcast.and_then(|podcast| podcast.title.clone());
    let own_title = settings.title.clone().or(podcast_title);
    let label = own_title.clone().unwrap_or_else(|| match names.as_str() {
        "" => settings.path.clone(),
        names => names.to_owned(),
    });
    let title = match (&own_title, names.is_empty()) {
        (Some(title), _) => title.clone(),
        (None, true) => site.title.clone(),
        (None, false) => format!("{names} – {}", site.title),
    };
    let podcast_description = podcast.and_then(|podcast| podcast.description.clone());
    let description = settings.description.clone().or(podcast_description);
    let rule = FeedLimits {
        max_entries: settings.limit,
        content_mode: settings.content,
        max_bytes: config.feed.max_bytes,
    };
    let texts = FeedTexts {
        title,
        label: Some(label),
        description: description.unwrap_or_else(|| site.description.clone()),
    };
    // The language of a feed that is limited to one.
    let languages = settings.filter.including.languages.as_slice();
    let language = languages.first().map(String::as_str);
    let language = language
        .filter(|language| languages.len() == 1 && !is_language_in(&site.language, language));
    Feed {
        formats: vec![settings.format],
        podcast: podcast.map(|podcast| Arc::new(podcast.channel.clone())),
        ..build_empty_feed(
            FeedScope::Custom(settings.path.clone()),
            language,
            texts,
            rule,
        )
    }
}
