//! Entries into feeds, in no format: the site's own, one for each category, tag and author, and those
//! of the configuration; and each of them into pages.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::entry::{Entry, Term};
use super::taxonomy;
use crate::artifact::{ArtifactKey, FeedFormat, FeedScope, Page};
use crate::config::{Config, FeedContent, FeedFilter, OwnFeed};
use crate::text::slug;

/// What a feed has besides its entries, in bytes, at most.
const CHANNEL: usize = 8_000;

/// One feed, or one page of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feed {
    /// Which posts it holds.
    pub scope: FeedScope,
    /// The formats that it is in.
    pub formats: Vec<FeedFormat>,
    /// Its name; the site's, and what of the site it holds.
    pub title: String,
    /// The category, tag or author that it is of.
    pub label: Option<String>,
    /// What it is about.
    pub description: String,
    /// The entries of this page, newest first.
    pub entries: Vec<Arc<Entry>>,
    /// Which of them, by their place, carry their content; the others their summary alone.
    full: Vec<bool>,
    /// The newest change of any of its entries; `None` without entries. Never the clock.
    pub updated: Option<DateTime<Utc>>,
    /// Which page it is.
    pub page: Page,
    /// All its entries, newest first.
    all: Arc<[Arc<Entry>]>,
    rule: Rule,
}

/// How a feed is cut into pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Rule {
    limit: Option<usize>,
    content: FeedContent,
    max_bytes: Option<usize>,
}

impl Feed {
    /// The name of the feed in a format.
    pub fn key(&self, format: FeedFormat) -> ArtifactKey {
        ArtifactKey::Feed(self.scope.clone(), format)
    }

    /// The format in which it is offered where one is enough.
    pub fn main_format(&self) -> FeedFormat {
        self.formats.first().copied().unwrap_or(FeedFormat::Rss)
    }

    /// Whether an entry, by its place on the page, carries its content.
    pub fn is_full(&self, place: usize) -> bool {
        self.full.get(place) == Some(&true)
    }

    /// How many entries a byte limit took the content of.
    pub fn shortened(&self) -> usize {
        match self.rule.content {
            FeedContent::Full => self.full.iter().filter(|is_full| !**is_full).count(),
            FeedContent::Summary => 0,
        }
    }

    /// All its entries, newest first.
    pub fn all(&self) -> &[Arc<Entry>] {
        &self.all
    }

    /// Whether the one document holds all that there is (RFC 5005 §2).
    pub fn is_complete(&self) -> bool {
        self.page == Page::Number(1) && self.entries.len() == self.all.len()
    }

    /// The page that its entry of this place, the newest being 0, is on.
    pub fn page_of(&self, place: usize) -> Page {
        let limit = self.rule.limit.unwrap_or(usize::MAX).max(1);
        Page::Number(place / limit + 1)
    }

    /// The document of the archive that its entry of this place is in, if any is.
    pub fn archive_of(&self, place: usize) -> Option<Page> {
        let limit = self.rule.limit.filter(|limit| *limit < self.all.len())?;
        let number = self.all.len().checked_sub(place + 1)? / limit + 1;
        let archives = self.all.len().div_ceil(limit) - 1;
        (number <= archives).then_some(Page::Archive(number))
    }

    /// Another page of it, if there is one.
    pub fn page(&self, page: Page) -> Option<Feed> {
        let entries = self.entries_of(page)?.to_vec();
        Some(self.with(entries, page))
    }

    /// The related pages (RFC 5005 §§3, 4) by their relation to this one.
    pub fn related(&self) -> Vec<(&'static str, Page)> {
        let Some(limit) = self.rule.limit.filter(|limit| *limit < self.all.len()) else {
            return Vec::new();
        };
        let last = self.all.len().div_ceil(limit);
        let archives = last - 1;
        let mut related = Vec::new();
        match self.page {
            Page::Number(number) => {
                related.push(("first", Page::Number(1)));
                if number > 1 {
                    related.push(("previous", Page::Number(number - 1)));
                }
                if number < last {
                    related.push(("next", Page::Number(number + 1)));
                }
                related.push(("last", Page::Number(last)));
                if number == 1 {
                    related.push(("prev-archive", Page::Archive(archives)));
                }
            }
            Page::Archive(number) => {
                related.push(("current", Page::Number(1)));
                if number > 1 {
                    related.push(("prev-archive", Page::Archive(number - 1)));
                }
                if number < archives {
                    related.push(("next-archive", Page::Archive(number + 1)));
                }
            }
        }
        related
    }

    fn entries_of(&self, page: Page) -> Option<&[Arc<Entry>]> {
        let total = self.all.len();
        let limit = self.rule.limit.unwrap_or(total).max(1);
        match page {
            Page::Number(1) => self.all.get(..limit.min(total)),
            Page::Number(number) => {
                let begin = number.checked_sub(1)?.checked_mul(limit)?;
                let end = begin.checked_add(limit)?.min(total);
                self.all.get(begin..end).filter(|page| !page.is_empty())
            }
            Page::Archive(number) => {
                // The newest document that is not full yet is none of the archive's.
                let archives = total.div_ceil(limit).checked_sub(1)?;
                let wanted = (1..=archives).contains(&number).then_some(number)?;
                let begin = total.checked_sub(wanted.checked_mul(limit)?)?;
                self.all.get(begin..begin + limit)
            }
        }
    }

    fn with(&self, entries: Vec<Arc<Entry>>, page: Page) -> Feed {
        Feed {
            full: full(&entries, self.rule),
            updated: entries.iter().map(|entry| entry.updated).max(),
            entries,
            page,
            ..self.clone()
        }
    }
}

/// Which entries may carry their content: the newest first, as long as there is room. One that has
/// none alone does not take it from the others.
fn full(entries: &[Arc<Entry>], rule: Rule) -> Vec<bool> {
    if rule.content == FeedContent::Summary {
        return vec![false; entries.len()];
    }
    let Some(most) = rule.max_bytes else {
        return vec![true; entries.len()];
    };
    let frames: usize = entries.iter().map(|entry| entry.written(false)).sum();
    let room = most.saturating_sub(CHANNEL + frames);
    let mut left = room;
    let fits = |entry: &Arc<Entry>| match left.checked_sub(entry.content().written) {
        Some(rest) => {
            left = rest;
            true
        }
        None => {
            // What is older is told in short too, unless this one would fit into no feed at all.
            if entry.content().written <= room {
                left = 0;
            }
            false
        }
    };
    entries.iter().map(fits).collect()
}

pub(super) fn all(entries: &[Arc<Entry>], config: &Config) -> Vec<Feed> {
    let site = &config.site;
    let rule = Rule {
        limit: config.feed.limit,
        content: config.feed.content,
        max_bytes: config.feed.max_bytes,
    };
    let draft = |scope, label: Option<String>, description, entries: &[Arc<Entry>]| {
        let title = match &label {
            Some(label) => format!("{label} – {}", site.title),
            None => site.title.clone(),
        };
        feed(scope, (title, label, description), entries, rule)
    };
    let mut feeds = vec![draft(
        FeedScope::Site,
        None,
        site.description.clone(),
        entries,
    )];
    let mut add = |groups: Groups<'_>, scope: fn(String) -> FeedScope, what: &str| {
        feeds.extend(groups.into_values().map(|(term, entries)| {
            let description = format!("Posts {what} {} from {}", term.label, site.title);
            draft(
                scope(term.slug.clone()),
                Some(term.label.clone()),
                description,
                &entries,
            )
        }));
    };
    let groups = |terms: fn(&Entry) -> &[Term]| taxonomy::group(entries, terms);
    add(
        groups(|entry| &entry.categories),
        FeedScope::Category,
        "about",
    );
    add(groups(|entry| &entry.tags), FeedScope::Tag, "tagged");
    add(groups(|entry| &entry.author_terms), FeedScope::Author, "by");
    feeds.extend(
        config
            .feeds
            .iter()
            .map(|own| of_config(own, entries, config)),
    );
    feeds
}

type Groups<'a> = BTreeMap<&'a str, (&'a Term, Vec<Arc<Entry>>)>;

fn feed(
    scope: FeedScope,
    (title, label, description): (String, Option<String>, String),
    entries: &[Arc<Entry>],
    rule: Rule,
) -> Feed {
    let all = Feed {
        scope,
        formats: FeedFormat::ALL.to_vec(),
        title,
        label,
        description,
        entries: Vec::new(),
        full: Vec::new(),
        updated: None,
        page: Page::Number(1),
        all: entries.into(),
        rule,
    };
    let newest = all.entries_of(Page::Number(1)).unwrap_or_default().to_vec();
    all.with(newest, Page::Number(1))
}

fn of_config(own: &OwnFeed, entries: &[Arc<Entry>], config: &Config) -> Feed {
    let site = &config.site;
    let chosen: Vec<_> = entries
        .iter()
        .filter(|entry| is_chosen(entry, &own.filter, &site.language))
        .cloned()
        .collect();
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
        ..feed(FeedScope::Own(own.path.clone()), texts, &chosen, rule)
    }
}

/// Whether an entry has one of each list of a filter that is not empty.
fn is_chosen(entry: &Entry, filter: &FeedFilter, site_language: &str) -> bool {
    let has = |wanted: &[String], terms: &[Term]| {
        let mut wanted_slugs = wanted.iter().map(|label| slug(label));
        wanted.is_empty() || wanted_slugs.any(|slug| terms.iter().any(|term| term.slug == slug))
    };
    let language = entry.language.as_deref().unwrap_or(site_language);
    let speaks = |tag: &String| {
        let begins = language
            .get(..tag.len())
            .is_some_and(|begin| begin.eq_ignore_ascii_case(tag));
        begins && matches!(language.as_bytes().get(tag.len()), None | Some(b'-'))
    };
    let is_in = |dir: &String| {
        let rest = entry.source.strip_prefix(dir.as_str());
        rest.is_some_and(|rest| dir.is_empty() || rest.starts_with('/'))
    };
    has(&filter.categories, &entry.categories)
        && has(&filter.tags, &entry.tags)
        && has(&filter.authors, &entry.author_terms)
        && (filter.languages.is_empty() || filter.languages.iter().any(speaks))
        && (filter.directories.is_empty() || filter.directories.iter().any(is_in))
}
