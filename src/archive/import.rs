//! Feeds, posts and a ledger of ids into the next ledger, and what is to be said about it.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, Utc};

use super::matching::{Candidate, Evidence, Matches, pair};
use super::{Archive, Item};
use crate::config::{Ids, Site};

/// A feed, and what its file is called.
#[derive(Debug, Clone)]
pub struct Source {
    /// The file, as the user named it.
    pub name: String,
    /// What is in it.
    pub archive: Archive,
}

/// How to import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Whether the feeds go before the ledger where the two differ.
    pub replace: bool,
    /// The most entries of the feeds that are served.
    pub limit: Option<usize>,
}

/// The next ledger, and how it came about.
#[derive(Debug, Clone)]
pub struct Import {
    /// The ledger.
    pub ids: Ids,
    /// How many posts are in it that were not.
    pub added: usize,
    /// How many posts have another id in it than they had.
    pub replaced: usize,
    /// How many posts were found, by what they were found by.
    pub found: BTreeMap<Evidence, usize>,
    /// How many of those have the id that they would have without the ledger.
    pub same: usize,
    /// Items that are no post, each once.
    pub strays: Vec<Item>,
    /// What could not be done, in the order in which it was met.
    pub conflicts: Vec<Conflict>,
    /// Files of public posts that are not in the feeds, which have older and newer ones: readers will
    /// see them as new.
    pub again: Vec<String>,
    /// How many public posts that will be served in the feeds are older than the oldest found, so that
    /// what readers know them by is not known here.
    pub beyond: usize,
}

/// Why an id is not in the ledger. Items are told as [`Item`]s, posts as their files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Conflict {
    /// Several items, or several posts, could be meant.
    Tie {
        /// The feed.
        source: String,
        /// What fits them all.
        by: Evidence,
        /// The items.
        items: Vec<Item>,
        /// The posts.
        posts: Vec<String>,
    },
    /// Items at several addresses share an id.
    Shared {
        /// The feed.
        source: String,
        /// The items.
        items: Vec<Item>,
    },
    /// A post has another id by now.
    Differs {
        /// The feed that has the other id.
        source: String,
        /// The post.
        post: String,
        /// The id it keeps.
        kept: String,
        /// The feed that has it; `None` is the ledger.
        kept_by: Option<String>,
        /// The other id.
        other: String,
    },
    /// Another post has the id by now.
    Taken {
        /// The post that goes without.
        post: String,
        /// The id.
        id: String,
        /// The post that has it.
        owner: String,
    },
}

/// An id for a post, and where it comes from.
struct Found<'a> {
    id: &'a str,
    source: &'a str,
    by: Evidence,
}

/// Finds the ids of posts in feeds, and adds them to a ledger. The first feed that has one for a post
/// goes before the others.
pub fn import(
    sources: &[Source],
    posts: &[Candidate<'_>],
    site: &Site,
    options: Options,
) -> Import {
    let mut posts = posts.to_vec();
    if options.replace {
        for post in &mut posts {
            post.known_id = None;
        }
    }
    let mut conflicts = Vec::new();
    let mut strays: Vec<&Item> = Vec::new();
    let mut found: BTreeMap<&str, Found<'_>> = BTreeMap::new();
    for source in sources {
        let items = &source.archive.items;
        let matches = pair(items, &posts, site);
        for pair in &matches.pairs {
            let (Some(item), Some(post)) = (items.get(pair.item), posts.get_mut(pair.post)) else {
                continue;
            };
            let before = found.get(post.path);
            if let Some(known) = post.known_id.filter(|known| *known != item.id) {
                conflicts.push(Conflict::Differs {
                    source: source.name.clone(),
                    post: post.path.to_owned(),
                    kept: known.to_owned(),
                    kept_by: before.map(|before| before.source.to_owned()),
                    other: item.id.clone(),
                });
                continue;
            }
            post.known_id = Some(&item.id);
            found.entry(post.path).or_insert(Found {
                id: &item.id,
                source: &source.name,
                by: pair.by,
            });
        }
        conflicts.extend(untold(source, &posts, &matches));
        strays.extend(matches.strays.iter().filter_map(|at| items.get(*at)));
    }
    let ids = merged(site, &mut found, &mut conflicts);
    let known: HashSet<&str> = ids.values().map(String::as_str).collect();
    let mut seen = HashSet::new();
    strays.retain(|item| !known.contains(item.id.as_str()) && seen.insert(&item.id));
    let strays = strays.into_iter().cloned().collect();

    let differs =
        |(path, id): &(&String, &String)| site.ids.get(path).is_some_and(|old| old != *id);
    let is_new = |(path, _): &(&String, &String)| site.ids.get(path).is_none();
    let is_same = |post: &&Candidate<'_>| {
        found
            .get(post.path)
            .is_some_and(|found| found.id == post.own_id)
    };
    let mut by = BTreeMap::new();
    for found in found.values() {
        *by.entry(found.by).or_default() += 1;
    }
    let span = span(&posts, &found);
    Import {
        added: ids.iter().filter(is_new).count(),
        replaced: ids.iter().filter(differs).count(),
        found: by,
        same: posts.iter().filter(is_same).count(),
        strays,
        conflicts,
        again: span.map_or_else(Vec::new, |span| again(&posts, &ids, span)),
        beyond: span.map_or(0, |(oldest, _)| beyond(&posts, &ids, oldest, options.limit)),
        ids: site.ids.with(ids),
    }
}

/// The ledger with what was found in it, but for ids that another post has. That a post without a line
/// has an id by itself needs no look: it would have been found by it.
fn merged(
    site: &Site,
    found: &mut BTreeMap<&str, Found<'_>>,
    conflicts: &mut Vec<Conflict>,
) -> BTreeMap<String, String> {
    let before = || site.ids.iter().map(|(path, id)| (path, id.id.as_str()));
    let mut ids: BTreeMap<&str, &str> = before()
        .filter(|(path, _)| !found.contains_key(path))
        .collect();
    let mut owners: HashMap<&str, &str> = ids.iter().map(|(path, id)| (*id, *path)).collect();
    found.retain(|path, found| {
        if let Some(owner) = owners.get(found.id) {
            conflicts.push(Conflict::Taken {
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
    // Who was to have another one keeps the old one, where nobody has taken it.
    for (path, id) in before() {
        if !ids.contains_key(path) && !owners.contains_key(id) {
            owners.insert(id, path);
            ids.insert(path, id);
        }
    }
    let owned = |(path, id): (&str, &str)| (path.to_owned(), id.to_owned());
    ids.into_iter().map(owned).collect()
}

/// What of one feed could not be told apart.
fn untold<'a>(
    source: &'a Source,
    posts: &'a [Candidate<'_>],
    matches: &'a Matches,
) -> impl Iterator<Item = Conflict> + 'a {
    let items = |places: &[usize]| -> Vec<Item> {
        let items = places.iter().filter_map(|at| source.archive.items.get(*at));
        items.cloned().collect()
    };
    let shared = matches.shared.iter().map(move |places| Conflict::Shared {
        source: source.name.clone(),
        items: items(places),
    });
    let ties = matches.ties.iter().map(move |tie| Conflict::Tie {
        source: source.name.clone(),
        by: tie.by,
        items: items(&tie.items),
        posts: tie
            .posts
            .iter()
            .filter_map(|at| posts.get(*at))
            .map(|post| post.path.to_owned())
            .collect(),
    });
    shared.chain(ties)
}

/// The dates of the oldest and the newest post of those that are in the feeds. Items that are no posts
/// do not count: a page that is always there would reach back to the beginning.
fn span(
    posts: &[Candidate<'_>],
    found: &BTreeMap<&str, Found<'_>>,
) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    let found = posts.iter().filter(|post| found.contains_key(post.path));
    let dates: Vec<_> = found.map(|post| post.published).collect();
    Some((*dates.iter().min()?, *dates.iter().max()?))
}

/// Public posts that are in no ledger, and neither the oldest nor the newest.
fn again(
    posts: &[Candidate<'_>],
    ids: &BTreeMap<String, String>,
    (oldest, newest): (DateTime<Utc>, DateTime<Utc>),
) -> Vec<String> {
    posts
        .iter()
        .filter(|post| post.is_public && !ids.contains_key(post.path))
        .filter(|post| oldest < post.published && post.published < newest)
        .map(|post| post.path.to_owned())
        .collect()
}

/// How many public posts in no ledger are as old as the oldest or older, of those that will be in the
/// feeds.
fn beyond(
    posts: &[Candidate<'_>],
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

    fn site(ledger: &[(&str, &str)]) -> Site {
        let toml = "[site]\nurl = \"https://e.org\"\ntitle = \"E\"";
        let mut site = crate::config::Config::parse(toml, "", Path::new(""))
            .unwrap()
            .site;
        let owned = |(path, id): &(&str, &str)| ((*path).to_owned(), (*id).to_owned());
        site.ids = site.ids.with(ledger.iter().map(owned).collect());
        site
    }

    fn on(day: u32) -> DateTime<Utc> {
        Utc.with_ymd_and_hms(2024, 5, day, 12, 0, 0).unwrap()
    }

    /// A post `a.md` at `https://e.org/a`, of a day in May.
    fn posts<'a>(names: &[(&'a str, u32)], site: &'a Site) -> Vec<Candidate<'a>> {
        let post = |(path, day): &(&'a str, u32)| {
            let url: &'static str = Box::leak(
                format!("https://e.org/{}", path.trim_end_matches(".md")).into_boxed_str(),
            );
            Candidate {
                path,
                own_id: url,
                known_id: site.ids.get(path),
                url,
                title: "",
                published: on(*day),
                is_public: true,
            }
        };
        names.iter().map(post).collect()
    }

    fn source(name: &str, items: &[(&str, &str)]) -> Source {
        let item = |(id, link): &(&str, &str)| Item {
            id: (*id).to_owned(),
            link: Some((*link).to_owned()),
            ..Item::default()
        };
        Source {
            name: name.to_owned(),
            archive: Archive {
                format: "RSS",
                items: items.iter().map(item).collect(),
                without_id: 0,
            },
        }
    }

    const KEEP: Options = Options {
        replace: false,
        limit: Some(20),
    };
    const REPLACE: Options = Options {
        replace: true,
        limit: Some(20),
    };

    fn ids(import: &Import) -> Vec<(&str, &str)> {
        let ids = import.ids.iter();
        ids.map(|(path, id)| (path, id.id.as_str())).collect()
    }

    #[test]
    fn what_is_in_the_ledger_stays_and_what_is_found_is_added() {
        let site = site(&[("a.md", "old-a"), ("z.md", "old-z")]);
        let posts = posts(&[("a.md", 1), ("b.md", 2)], &site);
        let feed = source("f", &[("new-a", "/a"), ("new-b", "/b"), ("c", "/c")]);
        let import = import(&[feed], &posts, &site, KEEP);
        assert_eq!(
            ids(&import),
            [("a.md", "old-a"), ("b.md", "new-b"), ("z.md", "old-z")]
        );
        assert_eq!((import.added, import.replaced, import.same), (1, 0, 0));
        assert_eq!(import.strays[0].id, "c");
        assert_eq!(
            import.conflicts,
            [Conflict::Differs {
                source: "f".into(),
                post: "a.md".into(),
                kept: "old-a".into(),
                kept_by: None,
                other: "new-a".into(),
            }]
        );
    }

    #[test]
    fn the_feed_goes_before_the_ledger_where_it_is_asked_to() {
        // Those of two posts were given to each other.
        let site = site(&[("a.md", "1"), ("b.md", "2"), ("c.md", "3")]);
        let posts = posts(&[("a.md", 1), ("b.md", 2), ("c.md", 3)], &site);
        let feed = source("f", &[("2", "/a"), ("1", "/b")]);
        let import = import(&[feed], &posts, &site, REPLACE);
        assert_eq!(ids(&import), [("a.md", "2"), ("b.md", "1"), ("c.md", "3")]);
        assert_eq!((import.added, import.replaced), (0, 2));
        assert_eq!(import.conflicts, []);
    }

    #[test]
    fn of_several_feeds_the_first_goes_before_the_others() {
        let site = site(&[]);
        let posts = posts(&[("a.md", 1), ("b.md", 2)], &site);
        let feeds = [
            source("first", &[("1", "/a")]),
            source("second", &[("1-other", "/a"), ("x", "/x")]),
            source("third", &[("1", "/b"), ("x", "/x")]),
            source("fourth", &[("2", "/b")]),
        ];
        let import = import(&feeds, &posts, &site, KEEP);
        // What the first says of an id goes before the link that the third has with it.
        assert_eq!(ids(&import), [("a.md", "1"), ("b.md", "2")]);
        assert_eq!(import.strays.len(), 1);
        assert_eq!(
            import.conflicts,
            [Conflict::Differs {
                source: "second".into(),
                post: "a.md".into(),
                kept: "1".into(),
                kept_by: Some("first".into()),
                other: "1-other".into(),
            }]
        );
    }

    #[test]
    fn an_id_of_a_line_that_stays_is_not_given_to_another_post() {
        let site = site(&[("gone.md", "1")]);
        let posts = posts(&[("a.md", 1)], &site);
        let import = import(&[source("f", &[("1", "/a")])], &posts, &site, REPLACE);
        assert_eq!(ids(&import), [("gone.md", "1")]);
        assert_eq!(
            import.conflicts,
            [Conflict::Taken {
                post: "a.md".into(),
                id: "1".into(),
                owner: "gone.md".into(),
            }]
        );
        assert!(import.found.is_empty() && import.strays.is_empty());
    }

    #[test]
    fn posts_that_readers_will_see_again_are_told() {
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
        // Always there, and none of the posts.
        feed.archive.items[2].published =
            Some(FixedOffset::east_opt(0).unwrap().timestamp_nanos(0));
        let import_of = |feed: &Source, limit| {
            let options = Options { limit, ..KEEP };
            import(std::slice::from_ref(feed), &posts, &site, options)
        };
        let all = import_of(&feed, None);
        assert_eq!((all.again.as_slice(), all.beyond), (&[] as &[String], 2));
        assert_eq!(import_of(&feed, Some(5)).beyond, 1);
        assert_eq!(import_of(&feed, Some(4)).beyond, 0);
        let short = source("f", &[("1", "/a"), ("6", "/f")]);
        assert_eq!(import_of(&short, None).again, ["b.md", "c.md"]);
        let nothing = import_of(&source("f", &[]), None);
        assert_eq!((nothing.again.len(), nothing.beyond), (0, 0));
    }

    proptest! {
        /// Few names, so that everything happens: the same id twice, the same link, the same title.
        #[test]
        fn no_id_is_given_twice_and_a_second_import_of_a_feed_changes_nothing(
            feeds in prop::collection::vec(
                prop::collection::vec(("[0-3ab]|https://e.org/[a-d]", "/[a-d]/?|https://x.org/[a-d].html", "[AB]?", 1u32..4), 0..6),
                0..3,
            ),
            ledger in prop::collection::btree_map("[a-d]\\.md", "[0-3]", 0..3),
            own in prop::collection::vec(("[0-3]|https://e.org/[a-d]", "/[a-d]", "[AB]?", 1u32..4, any::<bool>()), 4),
            replace in any::<bool>(),
        ) {
            let mut seen = HashSet::new();
            let ledger: BTreeMap<_, _> = ledger
                .into_iter()
                .filter(|(_, id)| seen.insert(id.clone()))
                .collect();
            let mut site = site(&[]);
            site.ids = site.ids.with(ledger.clone());
            let sources: Vec<_> = feeds
                .iter()
                .map(|items| {
                    let mut feed = source("f", &[]);
                    feed.archive.items = items
                        .iter()
                        .map(|(id, link, title, day)| Item {
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
            let candidates = |site: &'_ Site| -> Vec<(String, Option<String>)> {
                names
                    .iter()
                    .map(|name| ((*name).to_owned(), site.ids.get(name).map(str::to_owned)))
                    .collect()
            };
            let run = |site: &Site| {
                let known = candidates(site);
                let posts: Vec<_> = known
                    .iter()
                    .zip(&own)
                    .map(|((path, known_id), (id, url, title, day, public))| Candidate {
                        path,
                        own_id: id,
                        known_id: known_id.as_deref(),
                        url,
                        title,
                        published: on(**day),
                        is_public: **public,
                    })
                    .collect();
                for source in &sources {
                    let matches = pair(&source.archive.items, &posts, site);
                    let items: HashSet<_> = matches.pairs.iter().map(|pair| pair.item).collect();
                    let posts: HashSet<_> = matches.pairs.iter().map(|pair| pair.post).collect();
                    let ids: HashSet<_> = matches.pairs.iter().map(|pair| &source.archive.items[pair.item].id).collect();
                    let count = matches.pairs.len();
                    assert_eq!((items.len(), posts.len(), ids.len()), (count, count, count));
                }
                import(&sources, &posts, site, Options { replace, limit: None })
            };
            let first = run(&site);
            let ids: Vec<_> = first.ids.iter().map(|(_, id)| id.id.clone()).collect();
            let different: HashSet<_> = ids.iter().collect();
            prop_assert_eq!(different.len(), ids.len());
            if !replace {
                for (path, id) in &ledger {
                    prop_assert_eq!(first.ids.get(path), Some(id.as_str()));
                }
            }
            site.ids = first.ids.clone();
            let second = run(&site);
            if !replace && sources.len() < 2 {
                prop_assert_eq!(second.ids.text(), first.ids.text());
            }
        }
    }
}
