//! Adds the ids of former feeds to the id map, and reports conflicts.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, Utc};

use super::feed_item::{FeedItem, ImportedFeed};
use super::matching::{FeedMatches, MatchRule, PostCandidate, match_items};
use crate::config::{IdMap, SiteConfig};

/// Former feed and the name of its file.
#[derive(Debug, Clone)]
pub struct NamedFeed {
    /// File, as the user named it.
    pub name: String,
    /// Items of the feed.
    pub feed: ImportedFeed,
}

/// Options of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImportOptions {
    /// True if ids in the feeds replace different ones in the id map.
    pub replace: bool,
    /// Maximum number of entries in courant's own feeds.
    pub feed_limit: Option<usize>,
}

/// New id map, and how it differs from the old one.
#[derive(Debug, Clone)]
pub struct ImportResult {
    /// New id map.
    pub ids: IdMap,
    /// Number of posts that are new in the id map.
    pub added: usize,
    /// Number of posts whose id in the id map changed.
    pub replaced: usize,
    /// Number of matched posts, by the rule that matched them.
    pub matched_by: BTreeMap<MatchRule, usize>,
    /// Number of matched posts whose id is the default id, which they have without an id map.
    pub default_ids: usize,
    /// Items that match no post, without duplicates.
    pub unmatched_items: Vec<FeedItem>,
    /// Ids that were not imported, in the order of the feeds.
    pub conflicts: Vec<IdConflict>,
    /// Files of public posts that are missing in the feeds, although the feeds have older and newer
    /// posts. Feed readers will show the missing posts as new.
    pub reappearing: Vec<String>,
    /// Number of public posts in courant's feeds that are older than the oldest matched one. The id
    /// by which feed readers know them is not known.
    pub older_than_feed: usize,
}

/// Reason why an id was not imported. Posts are named by their files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IdConflict {
    /// A rule matches several items, or several posts.
    Ambiguous {
        /// Name of the feed.
        source: String,
        /// Rule that matches them all.
        by: MatchRule,
        /// Matching items.
        items: Vec<FeedItem>,
        /// Matching posts.
        posts: Vec<String>,
    },
    /// Items with different addresses share an id.
    SharedId {
        /// Name of the feed.
        source: String,
        /// Matching items.
        items: Vec<FeedItem>,
    },
    /// The post has a different id already.
    DifferentId {
        /// Name of the feed with the rejected id.
        source: String,
        /// Post.
        post: String,
        /// Id that the post keeps.
        kept: String,
        /// Name of the feed with the kept id; `None` for the id map.
        kept_by: Option<String>,
        /// Rejected id.
        rejected: String,
    },
    /// A different post has the id already.
    IdTaken {
        /// Post that does not get the id.
        post: String,
        /// Id.
        id: String,
        /// Post that has the id.
        owner: String,
    },
}

/// Id for a post, and its origin.
struct FoundId<'a> {
    id: &'a str,
    source: &'a str,
    by: MatchRule,
}

/// Finds the ids of posts in feeds, and adds them to the id map. If several feeds have an id for a
/// post, the first one is used.
pub fn import_ids(
    sources: &[NamedFeed],
    posts: &[PostCandidate<'_>],
    site: &SiteConfig,
    options: ImportOptions,
) -> ImportResult {
    let mut posts = posts.to_vec();
    if options.replace {
        for post in &mut posts {
            post.known_id = None;
        }
    }
    let mut conflicts = Vec::new();
    let mut unmatched: Vec<&FeedItem> = Vec::new();
    let mut found: BTreeMap<&str, FoundId<'_>> = BTreeMap::new();
    for source in sources {
        let items = &source.feed.items;
        let matches = match_items(items, &posts, site);
        for pair in &matches.pairs {
            let (Some(item), Some(post)) = (items.get(pair.item), posts.get_mut(pair.post)) else {
                continue;
            };
            let earlier = found.get(post.path);
            if let Some(known) = post.known_id.filter(|known| *known != item.id) {
                conflicts.push(IdConflict::DifferentId {
                    source: source.name.clone(),
                    post: post.path.to_owned(),
                    kept: known.to_owned(),
                    kept_by: earlier.map(|before| before.source.to_owned()),
                    rejected: item.id.clone(),
                });
                continue;
            }
            post.known_id = Some(&item.id);
            found.entry(post.path).or_insert(FoundId {
                id: &item.id,
                source: &source.name,
                by: pair.rule,
            });
        }
        conflicts.extend(list_ambiguities(source, &posts, &matches));
        unmatched.extend(
            matches
                .unmatched_items
                .iter()
                .filter_map(|at| items.get(*at)),
        );
    }
    let ids = merge_ids(site, &mut found, &mut conflicts);
    let known: HashSet<&str> = ids.values().map(String::as_str).collect();
    let mut seen = HashSet::new();
    unmatched.retain(|item| !known.contains(item.id.as_str()) && seen.insert(&item.id));
    let unmatched = unmatched.into_iter().cloned().collect();

    let (mut added, mut replaced) = (0, 0);
    for (path, id) in &ids {
        match site.ids.get(path) {
            None => added += 1,
            Some(old) if old != id => replaced += 1,
            Some(_) => {}
        }
    }
    let default_id_count = posts
        .iter()
        .filter(|post| {
            found
                .get(post.path)
                .is_some_and(|found| found.id == post.default_id)
        })
        .count();
    let mut match_counts = BTreeMap::new();
    for found in found.values() {
        *match_counts.entry(found.by).or_default() += 1;
    }
    let date_range = matched_date_range(&posts, &found);
    ImportResult {
        added,
        replaced,
        matched_by: match_counts,
        default_ids: default_id_count,
        unmatched_items: unmatched,
        conflicts,
        reappearing: date_range.map_or_else(Vec::new, |(oldest, newest)| {
            list_reappearing(&posts, &ids, oldest, newest)
        }),
        older_than_feed: date_range.map_or(0, |(oldest, _)| {
            count_older_than_feed(&posts, &ids, oldest, options.feed_limit)
        }),
        ids: site.ids.with_ids(ids),
    }
}

/// Merges the found ids into the id map, except ids that a different post has. Default ids need no
/// check: matching prefers them.
fn merge_ids(
    site: &SiteConfig,
    found: &mut BTreeMap<&str, FoundId<'_>>,
    conflicts: &mut Vec<IdConflict>,
) -> BTreeMap<String, String> {
    let old_ids = || site.ids.iter().map(|(path, id)| (path, id.id.as_str()));
    let mut ids: BTreeMap<&str, &str> = old_ids()
        .filter(|(path, _)| !found.contains_key(path))
        .collect();
    let mut owners: HashMap<&str, &str> = ids.iter().map(|(path, id)| (*id, *path)).collect();
    found.retain(|path, found| {
        if let Some(owner) = owners.get(found.id) {
            conflicts.push(IdConflict::IdTaken {
                post: (*path).to_owned(),
                id: found.id.to_owned(),
                owner: (*owner).to_owned(),
            });
            return false;
        }
        owners.insert(found.id, path);
        ids.insert(path, found.id);
        true
    });
    // A post whose new id was rejected keeps its old one, unless a different post has taken that.
    for (path, id) in old_ids() {
        if !ids.contains_key(path) && !owners.contains_key(id) {
            owners.insert(id, path);
            ids.insert(path, id);
        }
    }
    ids.into_iter()
        .map(|(path, id)| (path.to_owned(), id.to_owned()))
        .collect()
}

/// Lists the ambiguous matches and shared ids of one feed.
fn list_ambiguities<'a>(
    source: &'a NamedFeed,
    posts: &'a [PostCandidate<'_>],
    matches: &'a FeedMatches,
) -> impl Iterator<Item = IdConflict> + 'a {
    let items = |indices: &[usize]| -> Vec<FeedItem> {
        let items = indices.iter().filter_map(|at| source.feed.items.get(*at));
        items.cloned().collect()
    };
    let shared = matches
        .shared_ids
        .iter()
        .map(move |indices| IdConflict::SharedId {
            source: source.name.clone(),
            items: items(indices),
        });
    let ambiguous = matches
        .ambiguities
        .iter()
        .map(move |ambiguity| IdConflict::Ambiguous {
            source: source.name.clone(),
            by: ambiguity.rule,
            items: items(&ambiguity.items),
            posts: ambiguity
                .posts
                .iter()
                .filter_map(|at| posts.get(*at))
                .map(|post| post.path.to_owned())
                .collect(),
        });
    shared.chain(ambiguous)
}

/// Returns the dates of the oldest and the newest matched post. Unmatched items do not count, as
/// they may be pages with very old dates.
fn matched_date_range(
    posts: &[PostCandidate<'_>],
    found: &BTreeMap<&str, FoundId<'_>>,
) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    let found = posts.iter().filter(|post| found.contains_key(post.path));
    let dates: Vec<_> = found.map(|post| post.published).collect();
    Some((*dates.iter().min()?, *dates.iter().max()?))
}

/// Lists the public posts between two dates that have no id in the id map.
fn list_reappearing(
    posts: &[PostCandidate<'_>],
    ids: &BTreeMap<String, String>,
    oldest: DateTime<Utc>,
    newest: DateTime<Utc>,
) -> Vec<String> {
    posts
        .iter()
        .filter(|post| post.is_public && !ids.contains_key(post.path))
        .filter(|post| oldest < post.published && post.published < newest)
        .map(|post| post.path.to_owned())
        .collect()
}

/// Counts the public posts in courant's feeds that have no id in the id map and are not newer than
/// `oldest`.
fn count_older_than_feed(
    posts: &[PostCandidate<'_>],
    ids: &BTreeMap<String, String>,
    oldest: DateTime<Utc>,
    limit: Option<usize>,
) -> usize {
    let mut public: Vec<_> = posts.iter().filter(|post| post.is_public).collect();
    public.sort_by_key(|post| std::cmp::Reverse(post.published));
    public
        .into_iter()
        .take(limit.unwrap_or(usize::MAX))
        .filter(|post| post.published <= oldest && !ids.contains_key(post.path))
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{DateTime, FixedOffset, TimeZone as _};
    use proptest::prelude::*;
    use std::path::Path;

    fn site(known_ids: &[(&str, &str)]) -> SiteConfig {
        let toml = "[site]\nurl = \"https://e.org\"\ntitle = \"E\"";
        let mut site = crate::config::Config::parse(toml, "", Path::new(""))
            .unwrap()
            .site;
        let owned = |(path, id): &(&str, &str)| ((*path).to_owned(), (*id).to_owned());
        site.ids = site.ids.with_ids(known_ids.iter().map(owned).collect());
        site
    }

    fn on(day: u32) -> DateTime<Utc> {
        Utc.with_ymd_and_hms(2024, 5, day, 12, 0, 0).unwrap()
    }

    /// Creates posts: `a.md` has the URL `https://e.org/a` and was published on this day in May.
    fn posts<'a>(names: &[(&'a str, u32)], site: &'a SiteConfig) -> Vec<PostCandidate<'a>> {
        let post = |(path, day): &(&'a str, u32)| {
            let url: &'static str = Box::leak(
                format!("https://e.org/{}", path.trim_end_matches(".md")).into_boxed_str(),
            );
            PostCandidate {
                path,
                default_id: url,
                known_id: site.ids.get(path),
                url,
                title: "",
                published: on(*day),
                is_public: true,
            }
        };
        names.iter().map(post).collect()
    }

    fn source(name: &str, items: &[(&str, &str)]) -> NamedFeed {
        let item = |(id, link): &(&str, &str)| FeedItem {
            id: (*id).to_owned(),
            link: Some((*link).to_owned()),
            ..FeedItem::default()
        };
        NamedFeed {
            name: name.to_owned(),
            feed: ImportedFeed {
                format: "RSS",
                items: items.iter().map(item).collect(),
                without_id: 0,
            },
        }
    }

    const KEEP: ImportOptions = ImportOptions {
        replace: false,
        feed_limit: Some(20),
    };
    const REPLACE: ImportOptions = ImportOptions {
        replace: true,
        feed_limit: Some(20),
    };

    fn ids(import: &ImportResult) -> Vec<(&str, &str)> {
        let ids = import.ids.iter();
        ids.map(|(path, id)| (path, id.id.as_str())).collect()
    }

    #[test]
    fn known_ids_stay_and_found_ids_are_added() {
        let site = site(&[("a.md", "old-a"), ("z.md", "old-z")]);
        let posts = posts(&[("a.md", 1), ("b.md", 2)], &site);
        let feed = source("f", &[("new-a", "/a"), ("new-b", "/b"), ("c", "/c")]);
        let import = import_ids(&[feed], &posts, &site, KEEP);
        assert_eq!(
            ids(&import),
            [("a.md", "old-a"), ("b.md", "new-b"), ("z.md", "old-z")]
        );
        assert_eq!(
            (import.added, import.replaced, import.default_ids),
            (1, 0, 0)
        );
        assert_eq!(import.unmatched_items[0].id, "c");
        assert_eq!(
            import.conflicts,
            [IdConflict::DifferentId {
                source: "f".into(),
                post: "a.md".into(),
                kept: "old-a".into(),
                kept_by: None,
                rejected: "new-a".into(),
            }]
        );
    }

    #[test]
    fn replace_prefers_the_feed_to_the_id_map() {
        // The ids of two posts are swapped.
        let site = site(&[("a.md", "1"), ("b.md", "2"), ("c.md", "3")]);
        let posts = posts(&[("a.md", 1), ("b.md", 2), ("c.md", 3)], &site);
        let feed = source("f", &[("2", "/a"), ("1", "/b")]);
        let import = import_ids(&[feed], &posts, &site, REPLACE);
        assert_eq!(ids(&import), [("a.md", "2"), ("b.md", "1"), ("c.md", "3")]);
        assert_eq!((import.added, import.replaced), (0, 2));
        assert_eq!(import.conflicts, []);
    }

    #[test]
    fn first_of_several_feeds_has_priority() {
        let site = site(&[]);
        let posts = posts(&[("a.md", 1), ("b.md", 2)], &site);
        let feeds = [
            source("first", &[("1", "/a")]),
            source("second", &[("1-other", "/a"), ("x", "/x")]),
            source("third", &[("1", "/b"), ("x", "/x")]),
            source("fourth", &[("2", "/b")]),
        ];
        let import = import_ids(&feeds, &posts, &site, KEEP);
        // The third feed gives the id to a different post, but the first feed has priority.
        assert_eq!(ids(&import), [("a.md", "1"), ("b.md", "2")]);
        assert_eq!(import.unmatched_items.len(), 1);
        assert_eq!(
            import.conflicts,
            [IdConflict::DifferentId {
                source: "second".into(),
                post: "a.md".into(),
                kept: "1".into(),
                kept_by: Some("first".into()),
                rejected: "1-other".into(),
            }]
        );
    }

    #[test]
    fn kept_id_is_not_given_to_a_second_post() {
        let site = site(&[("gone.md", "1")]);
        let posts = posts(&[("a.md", 1)], &site);
        let import = import_ids(&[source("f", &[("1", "/a")])], &posts, &site, REPLACE);
        assert_eq!(ids(&import), [("gone.md", "1")]);
        assert_eq!(
            import.conflicts,
            [IdConflict::IdTaken {
                post: "a.md".into(),
                id: "1".into(),
                owner: "gone.md".into(),
            }]
        );
        assert!(import.matched_by.is_empty() && import.unmatched_items.is_empty());
    }

    #[test]
    fn reappearing_posts_are_reported() {
        let site = site(&[("d.md", "known")]);
        let names = [
            ("a.md", 1),
            ("b.md", 2),
            ("c.md", 3),
            ("d.md", 4),
            ("e.md", 5),
            ("f.md", 6),
            ("g.md", 7),
        ];
        let mut posts = posts(&names, &site);
        posts[4].is_public = false;
        let mut feed = source("f", &[("3", "/c"), ("6", "/f"), ("page", "/about")]);
        // A page that is always in the feed and matches no post.
        feed.feed.items[2].published = Some(FixedOffset::east_opt(0).unwrap().timestamp_nanos(0));
        let import_of = |feed: &NamedFeed, limit| {
            let options = ImportOptions {
                feed_limit: limit,
                ..KEEP
            };
            import_ids(std::slice::from_ref(feed), &posts, &site, options)
        };
        let all = import_of(&feed, None);
        assert_eq!(
            (all.reappearing.as_slice(), all.older_than_feed),
            (&[] as &[String], 2)
        );
        assert_eq!(import_of(&feed, Some(5)).older_than_feed, 1);
        assert_eq!(import_of(&feed, Some(4)).older_than_feed, 0);
        let short = source("f", &[("1", "/a"), ("6", "/f")]);
        assert_eq!(import_of(&short, None).reappearing, ["b.md", "c.md"]);
        let nothing = import_of(&source("f", &[]), None);
        assert_eq!((nothing.reappearing.len(), nothing.older_than_feed), (0, 0));
    }

    proptest! {
        /// Uses few values, so that ids, links and titles collide often.
        #[test]
        fn ids_stay_unique_and_a_second_import_changes_nothing(
            feeds in prop::collection::vec(
                prop::collection::vec(("[0-3ab]|https://e.org/[a-d]", "/[a-d]/?|https://x.org/[a-d].html", "[AB]?", 1u32..4), 0..6),
                0..3,
            ),
            known_ids in prop::collection::btree_map("[a-d]\\.md", "[0-3]", 0..3),
            own in prop::collection::vec(("[0-3]|https://e.org/[a-d]", "/[a-d]", "[AB]?", 1u32..4, any::<bool>()), 4),
            replace in any::<bool>(),
        ) {
            let mut seen = HashSet::new();
            let known_ids: BTreeMap<_, _> = known_ids
                .into_iter()
                .filter(|(_, id)| seen.insert(id.clone()))
                .collect();
            let mut site = site(&[]);
            site.ids = site.ids.with_ids(known_ids.clone());
            let sources: Vec<_> = feeds
                .iter()
                .map(|items| {
                    let mut feed = source("f", &[]);
                    feed.feed.items = items
                        .iter()
                        .map(|(id, link, title, day)| FeedItem {
                            id: id.clone(),
                            link: Some(link.clone()),
                            title: title.clone(),
                            published: Some(on(*day).fixed_offset()).filter(|_| *day > 1),
                            updated: None,
                        })
                        .collect();
                    feed
                })
                .collect();
            let own: Vec<_> = own
                .iter()
                .map(|(id, path, title, day, public)| (id, format!("https://e.org{path}"), title, day, public))
                .collect();
            let names = ["a.md", "b.md", "c.md", "d.md"];
            let candidates = |site: &'_ SiteConfig| -> Vec<(String, Option<String>)> {
                names
                    .iter()
                    .map(|name| ((*name).to_owned(), site.ids.get(name).map(str::to_owned)))
                    .collect()
            };
            let run = |site: &SiteConfig| {
                let known = candidates(site);
                let posts: Vec<_> = known
                    .iter()
                    .zip(&own)
                    .map(|((path, known_id), (id, url, title, day, public))| PostCandidate {
                        path,
                        default_id: id,
                        known_id: known_id.as_deref(),
                        url,
                        title,
                        published: on(**day),
                        is_public: **public,
                    })
                    .collect();
                for source in &sources {
                    let matches = match_items(&source.feed.items, &posts, site);
                    let items: HashSet<_> = matches.pairs.iter().map(|pair| pair.item).collect();
                    let posts: HashSet<_> = matches.pairs.iter().map(|pair| pair.post).collect();
                    let ids: HashSet<_> = matches.pairs.iter().map(|pair| &source.feed.items[pair.item].id).collect();
                    let count = matches.pairs.len();
                    assert_eq!((items.len(), posts.len(), ids.len()), (count, count, count));
                }
                import_ids(&sources, &posts, site, ImportOptions { replace, feed_limit: None })
            };
            let first = run(&site);
            let ids: Vec<_> = first.ids.iter().map(|(_, id)| id.id.clone()).collect();
            let different: HashSet<_> = ids.iter().collect();
            prop_assert_eq!(different.len(), ids.len());
            if !replace {
                for (path, id) in &known_ids {
                    prop_assert_eq!(first.ids.get(path), Some(id.as_str()));
                }
            }
            site.ids = first.ids.clone();
            let second = run(&site);
            if !replace && sources.len() < 2 {
                prop_assert_eq!(second.ids.to_toml(), first.ids.to_toml());
            }
        }
    }
}
