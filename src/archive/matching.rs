//! Items of a former feed and posts into pairs: which item is which post.
//!
//! Evidence is asked from the best to the least, of all items before the next is asked, so that an
//! address that is only near cannot take what another item has exactly. Where evidence fits several,
//! none of them is paired, then or later: a wrong id would keep a post from its readers.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};

use super::Item;
use super::evidence::{self, Address};
use crate::config::Site;

/// A post, as far as items are matched with it.
#[derive(Debug, Clone, Copy)]
pub struct Candidate<'a> {
    /// Its file below the content directory.
    pub path: &'a str,
    /// The id it has without a ledger.
    pub own_id: &'a str,
    /// The id that readers are known to know it by: what the ledger has, or a feed before this one.
    pub known_id: Option<&'a str>,
    /// Where it is read.
    pub url: &'a str,
    /// Its title.
    pub title: &'a str,
    /// The date it bears.
    pub published: DateTime<Utc>,
    /// Whether it is in the feeds today. Of several that evidence fits, the public one is meant.
    pub is_public: bool,
}

/// What an item and a post are paired by, the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Evidence {
    /// The item has the id that the post has.
    Id,
    /// Its link is the post's address.
    Address,
    /// Its link is the post's address on a former origin, or has its path on any other.
    AddressElsewhere,
    /// Its link is the post's address but for what sites write in several ways.
    AddressAlike,
    /// Its id is the post's address, in one of these three ways.
    IdAsAddress,
    /// It has the title and the day of the post, or has no day and a title that no other has.
    Title,
}

impl Evidence {
    /// What it is, after `by`.
    pub fn name(self) -> &'static str {
        match self {
            Evidence::Id => "id",
            Evidence::Address => "address",
            Evidence::AddressElsewhere => "path, on another host",
            Evidence::AddressAlike => "address, spelled otherwise",
            Evidence::IdAsAddress => "address, in the id",
            Evidence::Title => "title and day",
        }
    }
}

/// An item and the post that it is, by their places in what was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair {
    /// The item.
    pub item: usize,
    /// The post.
    pub post: usize,
    /// What says so.
    pub by: Evidence,
}

/// Items and posts that one piece of evidence fits alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tie {
    /// The items.
    pub items: Vec<usize>,
    /// The posts.
    pub posts: Vec<usize>,
    /// What fits them all.
    pub by: Evidence,
}

/// Which item is which post.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Matches {
    /// No item is in two of them, no post, and no id.
    pub pairs: Vec<Pair>,
    /// What could not be told apart.
    pub ties: Vec<Tie>,
    /// Items that share an id, and are read at different addresses.
    pub shared: Vec<Vec<usize>>,
    /// Items that are no post.
    pub strays: Vec<usize>,
}

/// One form of an address.
type Form = fn(&Address) -> &Option<String>;

/// Finds the post of each item of one feed. A known id is its post's, whatever the links say.
pub fn pair(items: &[Item], posts: &[Candidate<'_>], site: &Site) -> Matches {
    let links: Vec<_> = items
        .iter()
        .map(|item| Address::new(item.link.as_deref(), site))
        .collect();
    let mut matching = Matching::new(items, &links, posts);

    let ids = || items.iter().map(|item| Some(item.id.clone())).collect();
    let known = posts.iter().map(|post| post.known_id.map(str::to_owned));
    matching.ask(Evidence::Id, ids(), known.collect());
    let own = posts.iter().map(|post| Some(post.own_id.to_owned()));
    matching.ask(Evidence::Id, ids(), own.collect());

    let in_ids: Vec<_> = items
        .iter()
        // Only what is an address by itself: any word is one relative to the site.
        .map(|item| Some(item.id.as_str()).filter(|id| id.contains("://")))
        .map(|id| Address::new(id, site))
        .collect();
    let of_posts: Vec<_> = posts
        .iter()
        .map(|post| Address::new(Some(post.url), site))
        .collect();
    let forms: [(Evidence, Form); 5] = [
        (Evidence::Address, |address| &address.exact),
        (Evidence::AddressElsewhere, |address| &address.moved),
        (Evidence::AddressElsewhere, |address| &address.path),
        (Evidence::AddressAlike, |address| &address.moved_alike),
        (Evidence::AddressAlike, |address| &address.alike),
    ];
    let keys = |addresses: &[Address], form: Form| {
        addresses
            .iter()
            .map(|address| form(address).clone())
            .collect()
    };
    for (by, form) in forms {
        matching.ask(by, keys(&links, form), keys(&of_posts, form));
    }
    for (_, form) in forms {
        matching.ask(
            Evidence::IdAsAddress,
            keys(&in_ids, form),
            keys(&of_posts, form),
        );
    }
    by_title(&mut matching, items, posts, site);
    matching.finish()
}

fn by_title(matching: &mut Matching<'_>, items: &[Item], posts: &[Candidate<'_>], site: &Site) {
    let of_posts: Vec<_> = posts
        .iter()
        .map(|post| evidence::title(post.title))
        .collect();
    let forms: [fn(&str) -> Option<String>; 2] = [evidence::title, evidence::title_of_html];
    let of_items =
        forms.map(|form| -> Vec<_> { items.iter().map(|item| form(&item.title)).collect() });
    let join = |title: &Option<String>, day: &Option<String>| {
        Some(format!("{} {}", day.as_ref()?, title.as_ref()?))
    };
    let days_of_items: Vec<_> = items
        .iter()
        .map(|item| evidence::days(item, site.timezone))
        .collect();
    let with_day: Vec<_> = posts
        .iter()
        .zip(&of_posts)
        .map(|(post, title)| {
            let day = post.published.with_timezone(&site.timezone).date_naive();
            join(title, &Some(day.to_string()))
        })
        .collect();
    for titles in &of_items {
        for form in [0, 1] {
            let days = days_of_items.iter().map(|days| days.get(form));
            let keys = titles.iter().zip(days);
            let keys = keys.map(|(title, day)| join(title, day?)).collect();
            matching.ask(Evidence::Title, keys, with_day.clone());
        }
    }
    // Without a day a title has to be the only one of all, also of those that are paired by now.
    for titles in of_items {
        let seen = counts(titles.iter().chain(&of_posts));
        let is_alone = |title: &String| seen.get(title).copied() == Some(2);
        let keys = titles
            .iter()
            .zip(items)
            .map(|(title, item)| {
                let title = title.clone().filter(is_alone);
                title.filter(|_| item.published.is_none())
            })
            .collect();
        matching.ask(Evidence::Title, keys, of_posts.clone());
    }
}

fn counts<'a>(keys: impl Iterator<Item = &'a Option<String>>) -> HashMap<String, usize> {
    let mut counts = HashMap::new();
    for key in keys.flatten() {
        *counts.entry(key.clone()).or_default() += 1;
    }
    counts
}

/// What is still to be paired.
struct Matching<'a> {
    posts: &'a [Candidate<'a>],
    open_items: Vec<bool>,
    open_posts: Vec<bool>,
    matches: Matches,
}

impl<'a> Matching<'a> {
    /// Of items with one id the first stands for all, unless they are read at different addresses.
    fn new(items: &[Item], links: &[Address], posts: &'a [Candidate<'a>]) -> Matching<'a> {
        let mut by_id: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (at, item) in items.iter().enumerate() {
            by_id.entry(&item.id).or_default().push(at);
        }
        let mut open_items = vec![false; items.len()];
        let mut shared = Vec::new();
        for group in by_id.into_values() {
            let mut links = group.iter().filter_map(|at| links.get(*at));
            let first = links.next();
            if links.all(|link| first.is_some_and(|first| first.alike == link.alike)) {
                if let Some(open) = group.first().and_then(|at| open_items.get_mut(*at)) {
                    *open = true;
                }
            } else {
                shared.push(group);
            }
        }
        shared.sort();
        Matching {
            posts,
            open_items,
            open_posts: vec![true; posts.len()],
            matches: Matches {
                shared,
                ..Matches::default()
            },
        }
    }

    /// Pairs what has the same key, where one item and one post have it.
    fn ask(&mut self, by: Evidence, items: Vec<Option<String>>, posts: Vec<Option<String>>) {
        let mut groups: BTreeMap<String, (Vec<usize>, Vec<usize>)> = BTreeMap::new();
        let open = |open: &[bool], at: usize| open.get(at).copied().unwrap_or_default();
        for (at, key) in items.into_iter().enumerate() {
            if let (Some(key), true) = (key, open(&self.open_items, at)) {
                groups.entry(key).or_default().0.push(at);
            }
        }
        for (at, key) in posts.into_iter().enumerate() {
            if let (Some(key), true) = (key, open(&self.open_posts, at))
                && let Some(group) = groups.get_mut(&key)
            {
                group.1.push(at);
            }
        }
        for (items, posts) in groups.into_values() {
            let public: Vec<_> = posts
                .iter()
                .copied()
                .filter(|at| self.posts.get(*at).is_some_and(|post| post.is_public))
                .collect();
            let posts = if public.len() == 1 { public } else { posts };
            if posts.is_empty() {
                continue;
            }
            close(&mut self.open_items, &items);
            close(&mut self.open_posts, &posts);
            match (items.as_slice(), posts.as_slice()) {
                ([item], [post]) => self.matches.pairs.push(Pair {
                    item: *item,
                    post: *post,
                    by,
                }),
                _ => self.matches.ties.push(Tie { items, posts, by }),
            }
        }
    }

    fn finish(self) -> Matches {
        let strays = self.open_items.iter().enumerate();
        let strays = strays.filter(|(_, open)| **open).map(|(at, _)| at);
        Matches {
            strays: strays.collect(),
            ..self.matches
        }
    }
}

fn close(open: &mut [bool], places: &[usize]) {
    for place in places {
        if let Some(open) = open.get_mut(*place) {
            *open = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeZone as _;
    use std::path::Path;

    fn site() -> Site {
        let toml = "[site]\nurl = \"https://e.org\"\ntitle = \"E\"\nformer_urls = [\"https://old.example/news\"]\ntimezone = \"America/New_York\"";
        crate::config::Config::parse(toml, "", Path::new(""))
            .unwrap()
            .site
    }

    /// A post of the tenth of May 2024, at midnight of the site's zone.
    fn post(url: &'static str, title: &'static str) -> Candidate<'static> {
        Candidate {
            path: url,
            own_id: url,
            known_id: None,
            url,
            title,
            published: Utc.with_ymd_and_hms(2024, 5, 10, 4, 0, 0).unwrap(),
            is_public: true,
        }
    }

    fn item(id: &str, link: &str, title: &str, date: &str) -> Item {
        Item {
            id: id.into(),
            link: Some(link.to_owned()).filter(|link| !link.is_empty()),
            title: title.into(),
            published: DateTime::parse_from_rfc3339(date).ok(),
            updated: None,
        }
    }

    /// What the items of a feed are paired by, in the order of the items.
    fn by(items: &[Item], posts: &[Candidate<'_>]) -> Vec<Option<(usize, Evidence)>> {
        let matches = pair(items, posts, &site());
        let of = |at| {
            let pair = matches.pairs.iter().find(|pair| pair.item == at)?;
            Some((pair.post, pair.by))
        };
        (0..items.len()).map(of).collect()
    }

    #[test]
    fn each_piece_of_evidence_is_enough() {
        let a = || vec![post("https://e.org/blog/a/", "It’s A & B")];
        let found = |items: Item| by(&[items], &a()).remove(0).map(|(_, by)| by);
        for (id, link, expected) in [
            ("https://e.org/blog/a/", "", Evidence::Id),
            ("1", "https://e.org/blog/a/", Evidence::Address),
            ("1", "https://e.org/blog/%61/#x", Evidence::Address),
            ("1", "/blog/a/", Evidence::Address),
            ("1", "http://e.org/blog/a/", Evidence::AddressElsewhere),
            ("1", "http://e.org:8000/blog/a/", Evidence::AddressElsewhere),
            (
                "1",
                "https://elsewhere.example/blog/a/",
                Evidence::AddressElsewhere,
            ),
            (
                "1",
                "https://old.example/news/blog/a/",
                Evidence::AddressElsewhere,
            ),
            (
                "1",
                "https://old.example/news/blog/a.html",
                Evidence::AddressAlike,
            ),
            ("1", "https://e.org/blog/a", Evidence::AddressAlike),
            (
                "1",
                "https://e.org/blog/a/?utm_source=feed",
                Evidence::AddressAlike,
            ),
            (
                "https://e.org/blog/a",
                "https://e.org/?p=1",
                Evidence::IdAsAddress,
            ),
            (
                "http://old.example/news/blog/a/index.html",
                "",
                Evidence::IdAsAddress,
            ),
        ] {
            assert_eq!(found(item(id, link, "", "")), Some(expected), "{id} {link}");
        }
        for (id, link) in [
            ("1", ""),
            ("1", "https://e.org/"),
            ("blog/a/", ""),
            ("tag:e.org,2024:/blog/a/", "https://e.org/blog/A/"),
            ("1", "https://e.org/blog/a/?p=1"),
        ] {
            assert_eq!(found(item(id, link, "", "")), None, "{id} {link}");
        }
        for (title, date, is_it) in [
            ("it's a &amp; b", "2024-05-10T12:00:00-04:00", true),
            // The day as a generator writes it that takes dates for UTC.
            ("It's A &#38; B", "2024-05-10T00:00:00Z", true),
            ("It’s A & B", "2024-05-11T03:00:00Z", true),
            ("It’s A & B", "2024-05-11T05:00:00Z", false),
            ("It’s A & B", "", true),
            ("Another", "2024-05-10T12:00:00-04:00", false),
            ("", "2024-05-10T12:00:00-04:00", false),
        ] {
            let expected = is_it.then_some(Evidence::Title);
            assert_eq!(
                found(item("1", "", title, date)),
                expected,
                "{title} {date}"
            );
        }
    }

    #[test]
    fn what_is_near_does_not_take_what_another_item_has_exactly() {
        let posts = [post("https://e.org/a", "A")];
        let items = [
            item("1", "https://x.example/a", "A", "2024-05-10T12:00:00-04:00"),
            item("2", "https://e.org/a", "", ""),
        ];
        assert_eq!(by(&items, &posts), [None, Some((0, Evidence::Address))]);
    }

    #[test]
    fn what_cannot_be_told_apart_is_not_paired_then_or_later() {
        let two = [post("https://e.org/a", "A"), post("https://e.org/b", "A")];
        let day = "2024-05-10T12:00:00-04:00";
        let matches = pair(&[item("1", "", "A", day)], &two, &site());
        assert_eq!(matches.pairs, []);
        assert_eq!(
            matches.ties,
            [Tie {
                items: vec![0],
                posts: vec![0, 1],
                by: Evidence::Title
            }]
        );
        assert!(matches.strays.is_empty());
        let versions = [
            item("a#1", "https://e.org/a", "A", day),
            item("a#2", "https://e.org/a", "Other", day),
        ];
        let matches = pair(&versions, &two, &site());
        assert_eq!((matches.pairs.len(), matches.ties.len()), (0, 1));
        // A title is not the only one because the others with it are paired by now.
        let items = [
            item("1", "https://e.org/a", "A", ""),
            item("2", "", "A", ""),
        ];
        assert_eq!(by(&items, &two), [Some((0, Evidence::Address)), None]);
    }

    #[test]
    fn of_several_posts_the_public_one_is_meant() {
        let hidden = Candidate {
            path: "hidden.md",
            is_public: false,
            ..post("https://e.org/a", "A")
        };
        let items = [item("https://e.org/a", "", "", "")];
        let public = post("https://e.org/a", "A");
        assert_eq!(by(&items, &[hidden, public]), [Some((1, Evidence::Id))]);
        assert_eq!(by(&items, &[hidden]), [Some((0, Evidence::Id))]);
        assert_eq!(by(&items, &[hidden, hidden]), [None]);
    }

    #[test]
    fn an_id_of_several_items_is_nobodys_and_one_that_is_there_twice_is_one() {
        let a = [post("https://e.org/a", "A")];
        let twice = [
            item("1", "https://e.org/a", "A", ""),
            item("1", "https://e.org/a/?utm_source=x", "A again", ""),
        ];
        let matches = pair(&twice, &a, &site());
        assert_eq!((matches.pairs.len(), matches.strays.len()), (1, 0));
        let broken = [
            item("1", "https://e.org/a", "A", ""),
            item("2", "https://e.org/c", "C", ""),
            item("1", "https://e.org/b", "B", ""),
        ];
        let matches = pair(&broken, &a, &site());
        assert_eq!(matches.shared, [vec![0, 2]]);
        assert_eq!((matches.pairs.len(), matches.strays), (0, vec![1]));
    }

    #[test]
    fn a_known_id_goes_before_all_else() {
        let a = Candidate {
            known_id: Some("1"),
            ..post("https://e.org/a", "A")
        };
        let b = post("https://e.org/b", "B");
        let items = [item("1", "https://e.org/b", "B", "")];
        assert_eq!(by(&items, &[a, b]), [Some((0, Evidence::Id))]);
    }
}
