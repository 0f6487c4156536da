//! An address, an id or a name into the post or the output that is meant.

use unicode_segmentation::UnicodeSegmentation as _;
use url::Url;

use super::Known;
use crate::artifact::{ArtifactKey, FeedScope, Page};
use crate::percent::normalize_path;
use crate::post::Post;

/// As many as one looks at.
const NEAREST: usize = 5;

/// The post of an address, an id, a former address, a card, or a part of a file's path.
pub(super) fn post<'a>(known: Known<'a>, question: &str) -> Option<(&'a Post, &'static str)> {
    let posts = known.posts;
    let find = |is: &dyn Fn(&Post) -> bool| posts.iter().copied().find(|post| is(post));
    let address = address(known, question);
    let path = address.as_ref().and_then(|url| normalize_path(url.path()));
    if let Some(url) = &address {
        let exact = find(&|post| *post.permalink.url == *url.as_str());
        if let Some(post) = winner(known, exact) {
            return Some((post, ""));
        }
    }
    if let Some(post) = find(&|post| post.id() == question) {
        return Some((post, "by its id"));
    }
    let path = path.as_deref();
    let trimmed = path.map(|path| path.trim_end_matches('/'));
    if let Some(trimmed) = trimmed.filter(|trimmed| !trimmed.is_empty()) {
        let near = find(&|post| post.permalink.path().trim_end_matches('/') == trimmed);
        if let Some(post) = winner(known, near) {
            return Some((post, "by the path of its address"));
        }
        let former = |post: &Post| {
            let aliases = post.aliases();
            aliases
                .iter()
                .any(|alias| alias.trim_end_matches('/') == trimmed)
        };
        if let Some(post) = find(&former) {
            return Some((post, "by a former address"));
        }
        let card = |post: &Post| {
            let path = post.permalink.path().to_owned();
            let keys = [
                ArtifactKey::CardPage(path.clone()),
                ArtifactKey::CardImage(path.clone()),
            ];
            let prefix = prefix(known);
            keys.iter().any(|key| {
                let path = key.path();
                trimmed == path.trim_end_matches('/')
                    || trimmed.strip_prefix(prefix.as_str()) == Some(path.trim_end_matches('/'))
            })
        };
        if let Some(post) = find(&card) {
            return Some((post, "by its card"));
        }
    }
    let mut named = posts.iter().copied().filter(|post| {
        let rest = post.path.strip_suffix(question);
        rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
    });
    match (named.next(), named.next()) {
        (Some(post), None) => Some((post, "by the end of its path")),
        _ => None,
    }
}

/// Of posts that claim one address, the one that has it.
fn winner<'a>(known: Known<'a>, post: Option<&'a Post>) -> Option<&'a Post> {
    let post = post?;
    let mut cards = known.judged.site.all_cards();
    let owner = cards.find(|card| *card.url == *post.permalink.url);
    let has_it = |other: &&&Post| {
        owner
            .as_ref()
            .is_some_and(|card| *card.source == *other.path)
    };
    known.posts.iter().find(has_it).copied().or(Some(post))
}

/// What is at an address of courant's own.
pub(super) fn output(known: Known<'_>, question: &str) -> Option<(String, String)> {
    let url = address(known, question)?;
    let path = normalize_path(url.path())?;
    let page = url
        .query()
        .and_then(Page::of_query)
        .unwrap_or(Page::Number(1));
    let site = &known.judged.site;
    let prefix = prefix(known);
    let is = |key: &ArtifactKey| {
        let own = key.path();
        path == own || path.strip_prefix(prefix.as_str()) == Some(own.as_str())
    };
    for feed in site.feeds.iter() {
        for format in &feed.formats {
            let key = feed.key(*format);
            if is(&key) {
                let page = feed.document(page)?;
                let what = format!(
                    "{} of {}: {} of {} entries",
                    format.name(),
                    scope(&feed.scope, &feed.title),
                    page.entries.len(),
                    feed.all().len()
                );
                return Some((page.page.url(&key, ""), what));
            }
        }
    }
    let mapped = site
        .entries()
        .iter()
        .filter(|entry| entry.in_sitemap())
        .count();
    let fixed = [
        (ArtifactKey::Home, "the page for people".to_owned()),
        (
            ArtifactKey::Sitemap,
            format!(
                "the sitemap: {mapped} posts and {} pages",
                site.settings.pages.len()
            ),
        ),
        (ArtifactKey::Robots, "the crawlers' rules".to_owned()),
        (
            ArtifactKey::Opml,
            format!("the outline of {} feeds", site.feeds.iter().count()),
        ),
        (
            ArtifactKey::CardPage("/".to_owned()),
            "the card of the site itself".to_owned(),
        ),
    ];
    let found = fixed.into_iter().find(|(key, _)| is(key));
    found.map(|(key, what)| (key.path(), what))
}

fn scope(scope: &FeedScope, title: &str) -> String {
    match scope {
        FeedScope::Site => "the whole site".to_owned(),
        FeedScope::Category(_) => format!("the category `{title}`"),
        FeedScope::Tag(_) => format!("the tag `{title}`"),
        FeedScope::Author(_) => format!("the author `{title}`"),
        FeedScope::Own(_) => format!("`[[feeds]]`, `{title}`"),
    }
}

/// The posts whose address, file or title is most like what was asked.
pub(super) fn nearest<'a>(known: Known<'a>, question: &str) -> Vec<&'a Post> {
    let asked = last_part(question);
    let mut near: Vec<(usize, &Post)> = known
        .posts
        .iter()
        .map(|post| {
            let file = post
                .path
                .rsplit_once('.')
                .map_or(&*post.path, |(stem, _)| stem);
            let likes = [
                last_part(post.permalink.path()),
                last_part(file),
                post.title.to_lowercase(),
            ];
            let distance = likes
                .iter()
                .map(|like| strsim::osa_distance(like, &asked))
                .min();
            (distance.unwrap_or(usize::MAX), *post)
        })
        .collect();
    near.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| a.1.path.cmp(&b.1.path)));
    let length = asked.graphemes(true).count();
    let is_near = |(distance, _): &(usize, &Post)| *distance * 3 <= length * 2;
    near.into_iter()
        .filter(is_near)
        .take(NEAREST)
        .map(|(_, post)| post)
        .collect()
}

fn last_part(text: &str) -> String {
    let text = text.split(['?', '#']).next().unwrap_or(text);
    let part = text
        .trim_end_matches('/')
        .rsplit('/')
        .next()
        .unwrap_or(text);
    let part = part.strip_suffix(".html").unwrap_or(part);
    let part = part.strip_suffix(".md").unwrap_or(part);
    part.to_lowercase()
}

/// A question as an address of the site, if it is one.
fn address(known: Known<'_>, question: &str) -> Option<Url> {
    match Url::parse(question) {
        Ok(url) => Some(url).filter(|url| matches!(url.scheme(), "http" | "https")),
        Err(_) if question.starts_with('/') => known.config.site.url.join(question).ok(),
        Err(_) => None,
    }
}

/// The path that all of courant's own addresses begin with.
fn prefix(known: Known<'_>) -> String {
    let url = Url::parse(&known.config.server.public_url).ok();
    url.map(|url| url.path().trim_end_matches('/').to_owned())
        .unwrap_or_default()
}
