//! Matches the items of a former feed with posts.
//!
//! Each rule is applied to all items before the next, weaker rule. So a similar address cannot take
//! a post that a different item has exactly. If a rule matches several items or posts, none of them
//! is paired, also by later rules: with a wrong id feed readers would not show a post.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};

use super::feed_item::FeedItem;
use super::match_keys::{self, AddressKeys};
use crate::config::SiteConfig;

/// Post with the fields that items are matched by.
#[derive(Debug, Clone, Copy)]
pub struct PostCandidate<'a> {
    /// File, relative to the content directory.
    pub path: &'a str,
    /// Id that the post has without an id map.
    pub default_id: &'a str,
    /// Id from the id map, or from a feed that was imported before.
    pub known_id: Option<&'a str>,
    /// URL of the page.
    pub url: &'a str,
    /// Title.
    pub title: &'a str,
    /// Date of publication.
    pub published: DateTime<Utc>,
    /// True if the post is public. If a rule matches one public and several hidden posts, the
    /// public one is paired.
    pub is_public: bool,
}

/// Rule that matches an item with a post, the strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MatchRule {
    /// The item has the post's id.
    Id,
    /// The item's link is the post's address.
    Address,
    /// The link is the post's address on a former origin, or has its path on any origin.
    AddressOnOtherHost,
    /// The link is the post's address but for index files, extensions and tracking parameters.
    SimilarAddress,
    /// The id is the post's address, in one of these three ways.
    AddressInId,
    /// The item has the post's title and day, or has no date and a title that is unique.
    Title,
}

impl MatchRule {
    /// Returns the name, as it is shown after `by`.
    pub fn display_name(self) -> &'static str {
        match self {
            MatchRule::Id => "id",
            MatchRule::Address => "address",
            MatchRule::AddressOnOtherHost => "path, on another host",
            MatchRule::SimilarAddress => "address, spelled differently",
            MatchRule::AddressInId => "address, in the id",
            MatchRule::Title => "title and day",
        }
    }
}

/// Indexes of an item and its post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MatchedPair {
    /// Index of the item.
    pub item: usize,
    /// Index of the post.
    pub post: usize,
    /// Rule that matched them.
    pub rule: MatchRule,
}

/// Items and posts that one rule matches equally.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ambiguity {
    /// Indexes of the items.
    pub items: Vec<usize>,
    /// Indexes of the posts.
    pub posts: Vec<usize>,
    /// Rule that matches them all.
    pub rule: MatchRule,
}

/// Result of matching one feed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FeedMatches {
    /// Pairs. No item, post or id is in two of them.
    pub pairs: Vec<MatchedPair>,
    /// Ambiguous matches.
    pub ambiguities: Vec<Ambiguity>,
    /// Indexes of items that share an id and have different addresses.
    pub shared_ids: Vec<Vec<usize>>,
    /// Indexes of items that match no post.
    pub unmatched_items: Vec<usize>,
}

/// Function that selects one form of an address.
type AddressForm = fn(&AddressKeys) -> &Option<String>;

/// Finds the post of each item of one feed. A known id decides before all links.
pub fn match_items(
    items: &[FeedItem],
    posts: &[PostCandidate<'_>],
    site: &SiteConfig,
) -> FeedMatches {
    let links: Vec<_> = items
        .iter()
        .map(|item| AddressKeys::new(item.link.as_deref(), site))
        .collect();
    let mut matching = ItemMatcher::new(items, &links, posts);

    let ids = || items.iter().map(|item| Some(item.id.clone())).collect();
    let known = posts.iter().map(|post| post.known_id.map(str::to_owned));
    matching.match_by(MatchRule::Id, ids(), known.collect());
    let own = posts.iter().map(|post| Some(post.default_id.to_owned()));
    matching.match_by(MatchRule::Id, ids(), own.collect());

    let in_ids: Vec<_> = items
        .iter()
        // Only absolute URLs: any word would be an address relative to the site.
        .map(|item| Some(item.id.as_str()).filter(|id| id.contains("://")))
        .map(|id| AddressKeys::new(id, site))
        .collect();
    let of_posts: Vec<_> = posts
        .iter()
        .map(|post| AddressKeys::new(Some(post.url), site))
        .collect();
    let forms: [(MatchRule, AddressForm); 5] = [
        (MatchRule::Address, |address| &address.exact),
        (MatchRule::AddressOnOtherHost, |address| &address.rebased),
        (MatchRule::AddressOnOtherHost, |address| &address.path),
        (MatchRule::SimilarAddress, |address| {
            &address.rebased_simplified_path
        }),
        (MatchRule::SimilarAddress, |address| {
            &address.simplified_path
        }),
    ];
    let keys = |addresses: &[AddressKeys], form: AddressForm| {
        addresses
            .iter()
            .map(|address| form(address).clone())
            .collect()
    };
    for (by, form) in forms {
        matching.match_by(by, keys(&links, form), keys(&of_posts, form));
    }
    for (_, form) in forms {
        matching.match_by(
            MatchRule::AddressInId,
            keys(&in_ids, form),
            keys(&of_posts, form),
        );
    }
    match_by_title(&mut matching, items, posts, site);
    matching.into_matches()
}

fn match_by_title(
    matching: &mut ItemMatcher<'_>,
    items: &[FeedItem],
    posts: &[PostCandidate<'_>],
    site: &SiteConfig,
) {
    let of_posts: Vec<_> = posts
        .iter()
        .map(|post| match_keys::title_key(post.title))
        .collect();
    let forms: [fn(&str) -> Option<String>; 2] =
        [match_keys::title_key, match_keys::html_title_key];
    let of_items =
        forms.map(|form| -> Vec<_> { items.iter().map(|item| form(&item.title)).collect() });
    let join = |title: &Option<String>, day: &Option<String>| {
        Some(format!("{} {}", day.as_ref()?, title.as_ref()?))
    };
    let days_of_items: Vec<_> = items
        .iter()
        .map(|item| match_keys::item_days(item, site.timezone))
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
            matching.match_by(MatchRule::Title, keys, with_day.clone());
        }
    }
    // Without a date a title has to be unique, also among items and posts that are paired already.
    for titles in of_items {
        let seen = count_keys(titles.iter().chain(&of_posts));
        let keys = titles
            .iter()
            .zip(items)
            .map(|(title, item)| {
                let title = title.clone().filter(|_| item.published.is_none());
                title.filter(|title| seen.get(title).copied() == Some(2))
            })
            .collect();
        matching.match_by(MatchRule::Title, keys, of_posts.clone());
    }
}

fn count_keys<'a>(keys: impl Iterator<Item = &'a Option<String>>) -> HashMap<String, usize> {
    let mut counts = HashMap::new();
    for key in keys.flatten() {
        *counts.entry(key.clone()).or_default() += 1;
    }
    counts
}

/// State of matching: which items and posts are not yet paired or ambiguous.
struct ItemMatcher<'a> {
    posts: &'a [PostCandidate<'a>],
    open_items: Vec<bool>,
    open_posts: Vec<bool>,
    matches: FeedMatches,
}

impl<'a> ItemMatcher<'a> {
    /// Starts matching. Of items with one id only the first is matched; if their addresses differ,
    /// none is.
    fn new(
        items: &[FeedItem],
        links: &[AddressKeys],
        posts: &'a [PostCandidate<'a>],
    ) -> ItemMatcher<'a> {
        let mut by_id: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (at, item) in items.iter().enumerate() {
            by_id.entry(&item.id).or_default().push(at);
        }
        let mut open_items = vec![false; items.len()];
        let mut shared = Vec::new();
        for group in by_id.into_values() {
            let mut links = group.iter().filter_map(|at| links.get(*at));
            let first = links.next();
            if links.all(|link| {
                first.is_some_and(|first| first.simplified_path == link.simplified_path)
            }) {
                if let Some(open) = group.first().and_then(|at| open_items.get_mut(*at)) {
                    *open = true;
                }
            } else {
                shared.push(group);
            }
        }
        shared.sort();
        ItemMatcher {
            posts,
            open_items,
            open_posts: vec![true; posts.len()],
            matches: FeedMatches {
                shared_ids: shared,
                ..FeedMatches::default()
            },
        }
    }

    /// Pairs an item and a post if only they have a key. Keys of several are ambiguous.
    fn match_by(&mut self, by: MatchRule, items: Vec<Option<String>>, posts: Vec<Option<String>>) {
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
            mark_closed(&mut self.open_items, &items);
            mark_closed(&mut self.open_posts, &posts);
            match (items.as_slice(), posts.as_slice()) {
                ([item], [post]) => self.matches.pairs.push(MatchedPair {
                    item: *item,
                    post: *post,
                    rule: by,
                }),
                _ => self.matches.ambiguities.push(Ambiguity {
                    items,
                    posts,
                    rule: by,
                }),
            }
        }
    }

    fn into_matches(self) -> FeedMatches {
        let strays = self.open_items.iter().enumerate();
        let strays = strays.filter(|(_, open)| **open).map(|(at, _)| at);
        FeedMatches {
            unmatched_items: strays.collect(),
            ..self.matches
        }
    }
}

fn mark_closed(open: &mut [bool], places: &[usize]) {
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

    fn site() -> SiteConfig {
        let toml = "[site]\nurl = \"https://e.org\"\ntitle = \"E\"\nformer_urls = [\"https://old.example/news\"]\ntimezone = \"America/New_York\"";
        crate::config::Config::parse(toml, "", Path::new(""))
            .unwrap()
            .site
    }

    /// A post of the tenth of May 2024, at midnight of the site's zone.
    fn post(url: &'static str, title: &'static str) -> PostCandidate<'static> {
        PostCandidate {
            path: url,
            default_id: url,
            known_id: None,
            url,
            title,
            published: Utc.with_ymd_and_hms(2024, 5, 10, 4, 0, 0).unwrap(),
            is_public: true,
        }
    }

    fn item(id: &str, link: &str, title: &str, date: &str) -> FeedItem {
        FeedItem {
            id: id.into(),
            link: Some(link.to_owned()).filter(|link| !link.is_empty()),
            title: title.into(),
            published: DateTime::parse_from_rfc3339(date).ok(),
            updated: None,
        }
    }

    /// Returns the post and rule of each item, in the order of the items.
    fn matched_rules(
        items: &[FeedItem],
        posts: &[PostCandidate<'_>],
    ) -> Vec<Option<(usize, MatchRule)>> {
        let matches = match_items(items, posts, &site());
        let of = |at| {
            let pair = matches.pairs.iter().find(|pair| pair.item == at)?;
            Some((pair.post, pair.rule))
        };
        (0..items.len()).map(of).collect()
    }

    #[test]
    fn each_rule_is_enough_for_a_match() {
        let a = || vec![post("https://e.org/blog/a/", "It’s A & B")];
        let found = |items: FeedItem| matched_rules(&[items], &a()).remove(0).map(|(_, by)| by);
        for (id, link, expected) in [
            ("https://e.org/blog/a/", "", MatchRule::Id),
            ("1", "https://e.org/blog/a/", MatchRule::Address),
            ("1", "https://e.org/blog/%61/#x", MatchRule::Address),
            ("1", "/blog/a/", MatchRule::Address),
            ("1", "http://e.org/blog/a/", MatchRule::AddressOnOtherHost),
            (
                "1",
                "http://e.org:8000/blog/a/",
                MatchRule::AddressOnOtherHost,
            ),
            (
                "1",
                "https://elsewhere.example/blog/a/",
                MatchRule::AddressOnOtherHost,
            ),
            (
                "1",
                "https://old.example/news/blog/a/",
                MatchRule::AddressOnOtherHost,
            ),
            (
                "1",
                "https://old.example/news/blog/a.html",
                MatchRule::SimilarAddress,
            ),
            ("1", "https://e.org/blog/a", MatchRule::SimilarAddress),
            (
                "1",
                "https://e.org/blog/a/?utm_source=feed",
                MatchRule::SimilarAddress,
            ),
            (
                "https://e.org/blog/a",
                "https://e.org/?p=1",
                MatchRule::AddressInId,
            ),
            (
                "http://old.example/news/blog/a/index.html",
                "",
                MatchRule::AddressInId,
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
            let expected = is_it.then_some(MatchRule::Title);
            assert_eq!(
                found(item("1", "", title, date)),
                expected,
                "{title} {date}"
            );
        }
    }

    #[test]
    fn exact_match_has_priority_over_a_similar_one() {
        let posts = [post("https://e.org/a", "A")];
        let items = [
            item("1", "https://x.example/a", "A", "2024-05-10T12:00:00-04:00"),
            item("2", "https://e.org/a", "", ""),
        ];
        assert_eq!(
            matched_rules(&items, &posts),
            [None, Some((0, MatchRule::Address))]
        );
    }

    #[test]
    fn ambiguous_items_are_never_paired() {
        let two = [post("https://e.org/a", "A"), post("https://e.org/b", "A")];
        let day = "2024-05-10T12:00:00-04:00";
        let matches = match_items(&[item("1", "", "A", day)], &two, &site());
        assert_eq!(matches.pairs, []);
        assert_eq!(
            matches.ambiguities,
            [Ambiguity {
                items: vec![0],
                posts: vec![0, 1],
                rule: MatchRule::Title
            }]
        );
        assert!(matches.unmatched_items.is_empty());
        let versions = [
            item("a#1", "https://e.org/a", "A", day),
            item("a#2", "https://e.org/a", "Other", day),
        ];
        let matches = match_items(&versions, &two, &site());
        assert_eq!((matches.pairs.len(), matches.ambiguities.len()), (0, 1));
        // A title that is paired already still makes a second one ambiguous.
        let items = [
            item("1", "https://e.org/a", "A", ""),
            item("2", "", "A", ""),
        ];
        assert_eq!(
            matched_rules(&items, &two),
            [Some((0, MatchRule::Address)), None]
        );
    }

    #[test]
    fn public_post_is_preferred_to_hidden_ones() {
        let hidden = PostCandidate {
            path: "hidden.md",
            is_public: false,
            ..post("https://e.org/a", "A")
        };
        let items = [item("https://e.org/a", "", "", "")];
        let public = post("https://e.org/a", "A");
        assert_eq!(
            matched_rules(&items, &[hidden, public]),
            [Some((1, MatchRule::Id))]
        );
        assert_eq!(matched_rules(&items, &[hidden]), [Some((0, MatchRule::Id))]);
        assert_eq!(matched_rules(&items, &[hidden, hidden]), [None]);
    }

    #[test]
    fn shared_ids_match_no_post_and_duplicates_count_once() {
        let a = [post("https://e.org/a", "A")];
        let twice = [
            item("1", "https://e.org/a", "A", ""),
            item("1", "https://e.org/a/?utm_source=x", "A again", ""),
        ];
        let matches = match_items(&twice, &a, &site());
        assert_eq!((matches.pairs.len(), matches.unmatched_items.len()), (1, 0));
        let broken = [
            item("1", "https://e.org/a", "A", ""),
            item("2", "https://e.org/c", "C", ""),
            item("1", "https://e.org/b", "B", ""),
        ];
        let matches = match_items(&broken, &a, &site());
        assert_eq!(matches.shared_ids, [vec![0, 2]]);
        assert_eq!((matches.pairs.len(), matches.unmatched_items), (0, vec![1]));
    }

    #[test]
    fn known_id_has_priority() {
        let a = PostCandidate {
            known_id: Some("1"),
            ..post("https://e.org/a", "A")
        };
        let b = post("https://e.org/b", "B");
        let items = [item("1", "https://e.org/b", "B", "")];
        assert_eq!(matched_rules(&items, &[a, b]), [Some((0, MatchRule::Id))]);
    }
}
