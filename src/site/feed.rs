//! Entries into feeds, in no format: the site's own, and one for each category and author.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::entry::{Entry, Term};
use super::taxonomy;
use crate::artifact::{ArtifactKey, FeedFormat, FeedScope};
use crate::config::{Config, FeedContent};

/// One feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feed {
    /// Which posts it holds.
    pub scope: FeedScope,
    /// Its name; the site's, and what of the site it holds.
    pub title: String,
    /// The category or author that it is of.
    pub label: Option<String>,
    /// What it is about.
    pub description: String,
    /// The newest entries, newest first.
    pub entries: Vec<Arc<Entry>>,
    /// The newest change of any of its entries; `None` without entries. Never the clock.
    pub updated: Option<DateTime<Utc>>,
    /// How much of an entry it carries.
    pub content: FeedContent,
}

impl Feed {
    /// The name of the feed in a format.
    pub fn key(&self, format: FeedFormat) -> ArtifactKey {
        ArtifactKey::Feed(self.scope.clone(), format)
    }
}

pub(super) fn all(entries: &[Arc<Entry>], config: &Config) -> Vec<Feed> {
    let site = &config.site;
    let mut feeds = vec![feed(
        FeedScope::Site,
        None,
        site.description.clone(),
        entries,
        config,
    )];
    let categories = taxonomy::group(entries, |entry| entry.categories.as_slice());
    feeds.extend(of_terms(categories, config, FeedScope::Category, |label| {
        format!("Posts about {label} from {}", site.title)
    }));
    let authors = taxonomy::group(entries, |entry| entry.author_terms.as_slice());
    feeds.extend(of_terms(authors, config, FeedScope::Author, |label| {
        format!("Posts by {label} from {}", site.title)
    }));
    feeds
}

fn of_terms(
    groups: BTreeMap<&str, (&Term, Vec<Arc<Entry>>)>,
    config: &Config,
    scope: fn(String) -> FeedScope,
    description: impl Fn(&str) -> String,
) -> Vec<Feed> {
    groups
        .into_values()
        .map(|(term, entries)| {
            feed(
                scope(term.slug.clone()),
                Some(term.label.clone()),
                description(&term.label),
                &entries,
                config,
            )
        })
        .collect()
}

fn feed(
    scope: FeedScope,
    label: Option<String>,
    description: String,
    entries: &[Arc<Entry>],
    config: &Config,
) -> Feed {
    let limit = config.feed.limit.unwrap_or(usize::MAX);
    let entries: Vec<_> = entries.iter().take(limit).cloned().collect();
    Feed {
        scope,
        title: match &label {
            Some(label) => format!("{label} – {}", config.site.title),
            None => config.site.title.clone(),
        },
        label,
        description,
        updated: entries.iter().map(|entry| entry.updated).max(),
        entries,
        content: config.feed.content,
    }
}
