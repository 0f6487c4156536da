//! `[feed]` and `[[feeds]]`: what all feeds are like, and which there are besides the built-in ones.

use std::collections::BTreeSet;

use super::FeedContent;
use super::cards::choice;
use super::raw::{Faults, Table, Written};
use crate::artifact::{ArtifactKey, FeedFormat};
use crate::percent::normalize_path;

/// Enough for a day's posts, and small enough to poll; JSON Feed and RSS readers keep the rest.
const LIMIT: usize = 20;
/// The strictest aggregators refuse more.
const MAX_BYTES: usize = 1_000_000;

/// `[feed]`: what all feeds are like.
#[derive(Debug, Clone, PartialEq)]
pub struct FeedDefaults {
    /// The most entries of a feed; `None` is all.
    pub limit: Option<usize>,
    /// Whether entries carry the whole post or its description.
    pub content: FeedContent,
    /// How long a reader may wait before it asks again, in minutes.
    pub ttl_minutes: Option<u64>,
    /// How large a feed may be, in bytes, before its oldest entries carry their description only.
    pub max_bytes: Option<usize>,
    /// Whether browsers are shown a page for people in place of a feed.
    pub page: bool,
}

/// `[[feeds]]`: one feed besides the built-in ones.
#[derive(Debug, Clone, PartialEq)]
pub struct OwnFeed {
    /// Its path below `server.public_url`, in its one spelling.
    pub path: String,
    /// Its format.
    pub format: FeedFormat,
    /// Its name; `None` is made of the filter.
    pub title: Option<String>,
    /// What it is about; `None` is that of the site.
    pub description: Option<String>,
    /// Which posts it holds.
    pub filter: FeedFilter,
    /// The most entries; `None` is all.
    pub limit: Option<usize>,
    /// Whether entries carry the whole post or its description.
    pub content: FeedContent,
}

/// Which posts a feed holds: those that have one of each list that is not empty.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FeedFilter {
    /// Categories, as labels or as slugs.
    pub categories: Vec<String>,
    /// Tags, as labels or as slugs.
    pub tags: Vec<String>,
    /// Authors, as names or as slugs.
    pub authors: Vec<String>,
    /// BCP 47 language tags.
    pub languages: Vec<String>,
    /// Directories below the content directory, without slashes at their ends.
    pub directories: Vec<String>,
}

impl FeedFilter {
    /// All that it asks for, for people.
    pub fn names(&self) -> String {
        let lists = [
            &self.categories,
            &self.tags,
            &self.authors,
            &self.languages,
            &self.directories,
        ];
        let names: Vec<&str> = lists.into_iter().flatten().map(String::as_str).collect();
        names.join(", ")
    }
}

const CONTENTS: [(&str, FeedContent); 2] = [
    ("full", FeedContent::Full),
    ("summary", FeedContent::Summary),
];

pub(super) fn defaults(mut table: Table<'_, '_>, faults: &Faults<'_>) -> FeedDefaults {
    let number = |written: Option<Written<usize>>, usual| {
        let number = written.map_or(usual, |written| written.value);
        (number > 0).then_some(number)
    };
    let limit = number(table.count("limit"), LIMIT);
    let content = choice(faults, table.string("content"), &CONTENTS);
    let ttl = table.count("ttl_minutes");
    let max_bytes = number(table.count("max_bytes"), MAX_BYTES);
    let page = table.boolean("page");
    table.finish();
    FeedDefaults {
        limit,
        content: content.unwrap_or(FeedContent::Full),
        ttl_minutes: ttl.map(|written| written.value as u64),
        max_bytes,
        page: page.is_none_or(|written| written.value),
    }
}

pub(super) fn all(
    tables: Vec<Table<'_, '_>>,
    faults: &Faults<'_>,
    defaults: &FeedDefaults,
) -> Vec<OwnFeed> {
    let mut taken = BTreeSet::new();
    tables
        .into_iter()
        .filter_map(|table| own(table, faults, defaults, &mut taken))
        .collect()
}

fn own(
    mut table: Table<'_, '_>,
    faults: &Faults<'_>,
    defaults: &FeedDefaults,
    taken: &mut BTreeSet<String>,
) -> Option<OwnFeed> {
    let written = table.string("path");
    if written.is_none() {
        table.missing(
            "path",
            "write `path = \"/news.xml\"`, where the feed is to be",
        );
    }
    let path = written
        .as_ref()
        .and_then(|written| path(faults, written, taken));
    let formats = FeedFormat::ALL.map(|format| (format.word(), format));
    let format = choice(faults, table.string("format"), &formats);
    let title = table.string("title").map(|written| written.value);
    let description = table.string("description").map(|written| written.value);
    let mut names = |key| table.string_or_strings(key).map(|written| written.value);
    let filter = FeedFilter {
        categories: names("category").unwrap_or_default(),
        tags: names("tag").unwrap_or_default(),
        authors: names("author").unwrap_or_default(),
        languages: names("language").unwrap_or_default(),
        directories: names("directory")
            .unwrap_or_default()
            .iter()
            .map(|dir| dir.trim_matches('/').to_owned())
            .collect(),
    };
    let limit = match table.count("limit") {
        Some(written) => (written.value > 0).then_some(written.value),
        None => defaults.limit,
    };
    let content = choice(faults, table.string("content"), &CONTENTS);
    table.finish();
    let path = path?;
    Some(OwnFeed {
        format: format.unwrap_or_else(|| FeedFormat::of_file_name(&path)),
        path,
        title,
        description,
        filter,
        limit,
        content: content.unwrap_or(defaults.content),
    })
}

/// The path of a feed, where no other output is.
fn path(
    faults: &Faults<'_>,
    written: &Written<String>,
    taken: &mut BTreeSet<String>,
) -> Option<String> {
    let text = written.value.trim();
    let plain = text.starts_with('/') && !text.ends_with('/') && !text.contains(['?', '#', '\\']);
    let spelled = Some(text).filter(|_| plain).and_then(normalize_path);
    let Some(spelled) = spelled else {
        faults.at(
            written,
            &format!("is no path of a file: `{text}`"),
            "write one such as `/news.xml` or `/feeds/rust.json`",
        );
        return None;
    };
    if ArtifactKey::is_reserved(&spelled) {
        faults.at(
            written,
            &format!("is where another output is: `{text}`"),
            "choose a path that courant does not serve by itself",
        );
        return None;
    }
    if !taken.insert(spelled.clone()) {
        faults.at(
            written,
            &format!("is that of another feed: `{text}`"),
            "give each feed a path of its own",
        );
        return None;
    }
    Some(spelled)
}
