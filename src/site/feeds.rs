//! Keeps all feeds: the site's, one for each category, tag and author, and the configured ones.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::entry::Entry;
use super::feed::{Feed, FeedLimits};
use super::timeline::Timeline;
use crate::config::{Config, CustomFeed, FeedFilter};
use crate::model::artifact::{FeedFormat, FeedScope};
use crate::model::terms::Term;
use crate::persistent::PersistentSortedMap;
use crate::text::slugify_label;

/// All feeds. A clone is cheap and shares their contents.
#[derive(Debug, Clone)]
pub struct Feeds {
    site: Arc<Feed>,
    term_feeds: [PersistentSortedMap<String, Arc<Feed>>; 3],
    custom: Vec<Arc<Feed>>,
    list_version: Arc<()>,
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

impl Feeds {
    /// Creates the feeds of a site without posts.
    pub(super) fn new(config: &Config) -> Feeds {
        let site = &config.site;
        let texts = FeedTexts {
            title: site.title.clone(),
            label: None,
            description: site.description.clone(),
        };
        Feeds {
            site: Arc::new(build_empty_feed(
                FeedScope::Site,
                texts,
                default_limits(config),
            )),
            term_feeds: Default::default(),
            custom: config
                .feeds
                .iter()
                .map(|settings| Arc::new(build_custom_feed(settings, config)))
                .collect(),
            list_version: Arc::new(()),
        }
    }

    /// Returns the feed of all posts.
    pub fn main_feed(&self) -> &Arc<Feed> {
        &self.site
    }

    /// Iterates over all feeds: the site's, those of categories, tags and authors, each sorted by
    /// slug, and the configured ones.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Feed>> {
        let groups = self.term_feeds.iter().flat_map(|group| group.values());
        std::iter::once(&self.site)
            .chain(groups)
            .chain(&self.custom)
    }

    /// Iterates over the feeds that are rendered eagerly: the site's and the configured ones.
    pub fn eager_feeds(&self) -> impl Iterator<Item = &Arc<Feed>> {
        std::iter::once(&self.site).chain(&self.custom)
    }

    /// Iterates over the feeds of categories, tags and authors.
    pub fn taxonomy_feeds(&self) -> impl Iterator<Item = &Arc<Feed>> {
        self.term_feeds.iter().flat_map(|group| group.values())
    }

    /// Returns the feed of a scope; `None` if it has no entries or does not exist.
    pub fn get_by_scope(&self, scope: &FeedScope) -> Option<&Arc<Feed>> {
        let [categories, tags, authors] = &self.term_feeds;
        match scope {
            FeedScope::Site => Some(&self.site),
            FeedScope::Category(slug) => categories.get(slug),
            FeedScope::Tag(slug) => tags.get(slug),
            FeedScope::Author(slug) => authors.get(slug),
            FeedScope::Custom(_) => self.custom.iter().find(|feed| feed.scope == *scope),
        }
    }

    /// Returns an identity that is replaced whenever a feed is added, removed or renamed.
    pub fn list_version(&self) -> &Arc<()> {
        &self.list_version
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
        Arc::make_mut(&mut self.site)
            .timeline
            .update_entries(removed, added);
        for (own, settings) in self.custom.iter_mut().zip(&config.feeds) {
            let matching = |entries: &[Arc<Entry>]| -> Vec<Arc<Entry>> {
                entries
                    .iter()
                    .filter(|entry| matches_filter(entry, &settings.filter, &config.site.language))
                    .cloned()
                    .collect()
            };
            let (removed, added) = (matching(removed), matching(added));
            if !removed.is_empty() || !added.is_empty() {
                Arc::make_mut(own).timeline.update_entries(&removed, &added);
            }
        }
        let mut touched = Vec::new();
        let mut renamed = false;
        for (kind, groups) in TAXONOMIES.iter().zip(&mut self.term_feeds) {
            for (slug, (removed, added)) in group_by_slug(kind, removed, added) {
                let before = groups.get(slug).cloned();
                let mut all = before
                    .as_ref()
                    .map_or_else(Timeline::default, |feed| feed.timeline.clone());
                all.update_entries(&removed, &added);
                let scope = (kind.scope_of_slug)(slug.to_owned());
                let after = build_term_feed(kind, slug, scope.clone(), all, config).map(Arc::new);
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
        if renamed {
            self.list_version = Arc::new(());
        }
        touched
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
    all: Timeline,
    config: &Config,
) -> Option<Feed> {
    let newest = all.newest_entry()?;
    let term = (kind.terms_of_entry)(newest)
        .iter()
        .find(|term| *term.slug == *slug)?;
    let (label, site) = (term.label.to_string(), &config.site.title);
    let texts = FeedTexts {
        title: format!("{label} – {site}"),
        description: format!("Posts {} {label} from {site}", kind.preposition),
        label: Some(label),
    };
    Some(Feed {
        timeline: all,
        ..build_empty_feed(scope, texts, default_limits(config))
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
fn build_empty_feed(scope: FeedScope, texts: FeedTexts, rule: FeedLimits) -> Feed {
    Feed {
        scope,
        formats: FeedFormat::ALL.to_vec(),
        title: texts.title,
        label: texts.label,
        description: texts.description,
        timeline: Timeline::default(),
        limits: rule,
    }
}

/// Builds a configured feed, without entries.
fn build_custom_feed(settings: &CustomFeed, config: &Config) -> Feed {
    let site = &config.site;
    let names = settings.filter.display_terms();
    let label = settings
        .title
        .clone()
        .unwrap_or_else(|| match names.as_str() {
            "" => settings.path.clone(),
            names => names.to_owned(),
        });
    let title = match (&settings.title, names.is_empty()) {
        (Some(title), _) => title.clone(),
        (None, true) => site.title.clone(),
        (None, false) => format!("{names} – {}", site.title),
    };
    let description = settings.description.clone();
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
    Feed {
        formats: vec![settings.format],
        ..build_empty_feed(FeedScope::Custom(settings.path.clone()), texts, rule)
    }
}

/// Returns true if an entry matches every list of the filter that is not empty.
fn matches_filter(entry: &Entry, filter: &FeedFilter, site_language: &str) -> bool {
    let has = |wanted: &[String], terms: &[Term]| {
        let mut wanted_slugs = wanted.iter().map(|label| slugify_label(label));
        wanted.is_empty() || wanted_slugs.any(|slug| terms.iter().any(|term| *term.slug == *slug))
    };
    let language = entry.language_override().unwrap_or(site_language);
    let (languages, directories) = (&filter.languages, &filter.directories);
    has(&filter.categories, entry.categories())
        && has(&filter.tags, entry.tags())
        && has(&filter.authors, entry.author_terms())
        && (languages.is_empty() || languages.iter().any(|tag| is_language_in(language, tag)))
        && (directories.is_empty()
            || directories
                .iter()
                .any(|directory| is_in_directory(entry.source_path(), directory)))
}

/// Returns true if a language tag equals `range` or extends it: `de-AT` is in `de`.
fn is_language_in(language: &str, range: &str) -> bool {
    let has_prefix = language
        .get(..range.len())
        .is_some_and(|prefix| prefix.eq_ignore_ascii_case(range));
    has_prefix && matches!(language.as_bytes().get(range.len()), None | Some(b'-'))
}

/// Returns true if the file at `path` is below `directory`; the empty path contains all files.
fn is_in_directory(path: &str, directory: &str) -> bool {
    let rest = path.strip_prefix(directory);
    rest.is_some_and(|rest| directory.is_empty() || rest.starts_with('/'))
}
