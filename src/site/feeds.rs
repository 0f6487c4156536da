//! Entries into all feeds: the site's own, one for each category, tag and author, and those of the
//! configuration.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::entry::{Entry, Term};
use super::feed::{Feed, Rule};
use super::timeline::Timeline;
use crate::artifact::{FeedFormat, FeedScope};
use crate::collection::Sorted;
use crate::config::{Config, FeedFilter, OwnFeed};
use crate::text::slug;

/// All feeds. A copy shares what is in them.
#[derive(Debug, Clone)]
pub struct Feeds {
    site: Arc<Feed>,
    groups: [Sorted<String, Arc<Feed>>; 3],
    own: Vec<Arc<Feed>>,
    names: Arc<()>,
}

/// A kind of groups: whose terms, and what of them.
struct Kind {
    terms: fn(&Entry) -> &[Term],
    scope: fn(String) -> FeedScope,
    what: &'static str,
}

const KINDS: [Kind; 3] = [
    Kind {
        terms: Entry::categories,
        scope: FeedScope::Category,
        what: "about",
    },
    Kind {
        terms: Entry::tags,
        scope: FeedScope::Tag,
        what: "tagged",
    },
    Kind {
        terms: Entry::author_terms,
        scope: FeedScope::Author,
        what: "by",
    },
];

/// What goes from a group of entries, and what comes.
type Change<'a> = (Vec<Arc<Entry>>, Vec<Arc<Entry>>);

impl Feeds {
    /// The feeds of a site without posts.
    pub(super) fn new(config: &Config) -> Feeds {
        let site = &config.site;
        let texts = (site.title.clone(), None, site.description.clone());
        Feeds {
            site: Arc::new(feed(FeedScope::Site, texts, rule(config))),
            groups: Default::default(),
            own: config
                .feeds
                .iter()
                .map(|own| Arc::new(of_config(own, config)))
                .collect(),
            names: Arc::new(()),
        }
    }

    /// The feed of all posts.
    pub fn main(&self) -> &Arc<Feed> {
        &self.site
    }

    /// All of them: the site's, the categories', the tags', the authors', each by slug, and those of
    /// the configuration.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Feed>> {
        let groups = self.groups.iter().flat_map(|group| group.values());
        std::iter::once(&self.site).chain(groups).chain(&self.own)
    }

    /// Those that are asked for most: the site's own, and those of the configuration.
    pub fn chosen(&self) -> impl Iterator<Item = &Arc<Feed>> {
        std::iter::once(&self.site).chain(&self.own)
    }

    /// Those of categories, tags and authors.
    pub fn of_terms(&self) -> impl Iterator<Item = &Arc<Feed>> {
        self.groups.iter().flat_map(|group| group.values())
    }

    /// The feed of a scope.
    pub fn get(&self, scope: &FeedScope) -> Option<&Arc<Feed>> {
        let [categories, tags, authors] = &self.groups;
        match scope {
            FeedScope::Site => Some(&self.site),
            FeedScope::Category(slug) => categories.get(slug),
            FeedScope::Tag(slug) => tags.get(slug),
            FeedScope::Author(slug) => authors.get(slug),
            FeedScope::Own(_) => self.own.iter().find(|feed| feed.scope == *scope),
        }
    }

    /// Another one whenever a feed comes or goes or is called something else.
    pub fn names(&self) -> &Arc<()> {
        &self.names
    }

    /// Takes entries out and puts others in. Returns the feeds of terms whose first document is not what
    /// it was.
    pub(super) fn change(
        &mut self,
        gone: &[Arc<Entry>],
        come: &[Arc<Entry>],
        config: &Config,
    ) -> Vec<FeedScope> {
        if gone.is_empty() && come.is_empty() {
            return Vec::new();
        }
        Arc::make_mut(&mut self.site).all.change(gone, come);
        for (own, settings) in self.own.iter_mut().zip(&config.feeds) {
            let chosen = |entries: &[Arc<Entry>]| -> Vec<Arc<Entry>> {
                let is_chosen =
                    |entry: &&Arc<Entry>| is_chosen(entry, &settings.filter, &config.site.language);
                entries.iter().filter(is_chosen).cloned().collect()
            };
            let (gone, come) = (chosen(gone), chosen(come));
            if !gone.is_empty() || !come.is_empty() {
                Arc::make_mut(own).all.change(&gone, &come);
            }
        }
        let mut touched = Vec::new();
        let mut renamed = false;
        for (kind, groups) in KINDS.iter().zip(&mut self.groups) {
            for (slug, (gone, come)) in changes(kind, gone, come) {
                let before = groups.get(slug).cloned();
                let mut all = before
                    .as_ref()
                    .map_or_else(Timeline::default, |feed| feed.all.clone());
                all.change(&gone, &come);
                let scope = (kind.scope)(slug.to_owned());
                let after = of_term(kind, slug, scope.clone(), all, config).map(Arc::new);
                renamed |= before.as_ref().map(|feed| &feed.label)
                    != after.as_ref().map(|feed| &feed.label);
                let is_same = match (&before, &after) {
                    (Some(before), Some(after)) => before.begins_as(after),
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
            self.names = Arc::new(());
        }
        touched
    }
}

/// What changes of each group of a kind. A slug that several labels of an entry share is one group.
fn changes<'a>(
    kind: &Kind,
    gone: &'a [Arc<Entry>],
    come: &'a [Arc<Entry>],
) -> BTreeMap<&'a str, Change<'a>> {
    let mut changes: BTreeMap<&str, Change<'_>> = BTreeMap::new();
    let add = |list: &mut Vec<Arc<Entry>>, entry: &Arc<Entry>| {
        if list.last().is_none_or(|last| !Arc::ptr_eq(last, entry)) {
            list.push(Arc::clone(entry));
        }
    };
    for entry in gone {
        for term in (kind.terms)(entry) {
            add(&mut changes.entry(&term.slug).or_default().0, entry);
        }
    }
    for entry in come {
        for term in (kind.terms)(entry) {
            add(&mut changes.entry(&term.slug).or_default().1, entry);
        }
    }
    changes
}

/// The feed of a term, under the label of its newest entry; none without entries.
fn of_term(
    kind: &Kind,
    slug: &str,
    scope: FeedScope,
    all: Timeline,
    config: &Config,
) -> Option<Feed> {
    let newest = all.first()?;
    let term = (kind.terms)(newest)
        .iter()
        .find(|term| *term.slug == *slug)?;
    let (label, site) = (term.label.to_string(), &config.site.title);
    let texts = (
        format!("{label} – {site}"),
        Some(label.clone()),
        format!("Posts {} {label} from {site}", kind.what),
    );
    Some(Feed {
        all,
        ..feed(scope, texts, rule(config))
    })
}

fn rule(config: &Config) -> Rule {
    Rule {
        limit: config.feed.limit,
        content: config.feed.content,
        max_bytes: config.feed.max_bytes,
    }
}

fn feed(
    scope: FeedScope,
    (title, label, description): (String, Option<String>, String),
    rule: Rule,
) -> Feed {
    Feed {
        scope,
        formats: FeedFormat::ALL.to_vec(),
        title,
        label,
        description,
        all: Timeline::default(),
        rule,
    }
}

fn of_config(own: &OwnFeed, config: &Config) -> Feed {
    let site = &config.site;
    let names = own.filter.names();
    let label = own.title.clone().unwrap_or_else(|| match names.as_str() {
        "" => own.path.clone(),
        names => names.to_owned(),
    });
    let title = match (&own.title, names.is_empty()) {
        (Some(title), _) => title.clone(),
        (None, true) => site.title.clone(),
        (None, false) => format!("{names} – {}", site.title),
    };
    let description = own.description.clone();
    let rule = Rule {
        limit: own.limit,
        content: own.content,
        max_bytes: config.feed.max_bytes,
    };
    let texts = (
        title,
        Some(label),
        description.unwrap_or_else(|| site.description.clone()),
    );
    Feed {
        formats: vec![own.format],
        ..feed(FeedScope::Own(own.path.clone()), texts, rule)
    }
}

/// Whether an entry has one of each list of a filter that is not empty.
fn is_chosen(entry: &Entry, filter: &FeedFilter, site_language: &str) -> bool {
    let has = |wanted: &[String], terms: &[Term]| {
        let mut wanted_slugs = wanted.iter().map(|label| slug(label));
        wanted.is_empty() || wanted_slugs.any(|slug| terms.iter().any(|term| *term.slug == *slug))
    };
    let language = entry.language().unwrap_or(site_language);
    let speaks = |tag: &String| {
        let begins = language
            .get(..tag.len())
            .is_some_and(|begin| begin.eq_ignore_ascii_case(tag));
        begins && matches!(language.as_bytes().get(tag.len()), None | Some(b'-'))
    };
    let is_in = |dir: &String| {
        let rest = entry.source().strip_prefix(dir.as_str());
        rest.is_some_and(|rest| dir.is_empty() || rest.starts_with('/'))
    };
    has(&filter.categories, entry.categories())
        && has(&filter.tags, entry.tags())
        && has(&filter.authors, entry.author_terms())
        && (filter.languages.is_empty() || filter.languages.iter().any(speaks))
        && (filter.directories.is_empty() || filter.directories.iter().any(is_in))
}
