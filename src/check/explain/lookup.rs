//! Finds the post or output that an address, an id or a name refers to.

use unicode_segmentation::UnicodeSegmentation as _;
use url::Url;

use super::inputs::ExplainContext;
use crate::model::artifact::{ArtifactKey, FeedPageId, FeedScope};
use crate::model::post::Post;
use crate::site::feeds::LanguageFeeds;
use crate::text::without_extension;
use crate::url_path::{last_segment, normalize_path};

/// Maximum number of suggested posts.
const MAX_SUGGESTIONS: usize = 5;

/// Finds a post by its address, id, former address, card or the end of its file's path.
pub(super) fn find_post<'a>(
    context: ExplainContext<'a>,
    question: &str,
) -> Option<(&'a Post, &'static str)> {
    let posts = context.posts;
    let find = |is: &dyn Fn(&Post) -> bool| posts.iter().copied().find(|post| is(post));
    let address = parse_address(context, question);
    let path = address.as_ref().and_then(|url| normalize_path(url.path()));
    if let Some(url) = &address {
        let exact = find(&|post| *post.permalink.url == *url.as_str());
        if let Some(post) = resolve_address_conflict(context, exact) {
            return Some((post, ""));
        }
    }
    if let Some(post) = find(&|post| post.id() == question) {
        return Some((post, "by its id"));
    }
    let path = path.as_deref();
    let trimmed = path.map(|path| path.trim_end_matches('/'));
    if let Some(trimmed) = trimmed.filter(|trimmed| !trimmed.is_empty()) {
        let near = find(&|post| post.permalink.url_path().trim_end_matches('/') == trimmed);
        if let Some(post) = resolve_address_conflict(context, near) {
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
            let path = post.permalink.url_path().to_owned();
            let keys = [
                ArtifactKey::CardPage(path.clone()),
                ArtifactKey::CardImage(path.clone()),
            ];
            let prefix = public_path_prefix(context);
            keys.iter().any(|key| {
                let path = key.url_path();
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

/// Returns the post that is published at the address, if several posts claim it.
fn resolve_address_conflict<'a>(
    context: ExplainContext<'a>,
    post: Option<&'a Post>,
) -> Option<&'a Post> {
    let post = post?;
    let mut cards = context.evaluation.site.build_all_cards();
    let owner = cards.find(|card| *card.url == *post.permalink.url);
    let Some(card) = owner else {
        return Some(post);
    };
    let mut posts = context.posts.iter().copied();
    posts
        .find(|post| *card.source_path == *post.path)
        .or(Some(post))
}

/// Describes the output at an address.
pub(super) fn find_output(context: ExplainContext<'_>, question: &str) -> Option<(String, String)> {
    let url = parse_address(context, question)?;
    let path = normalize_path(url.path())?;
    let site = &context.evaluation.site;
    let prefix = public_path_prefix(context);
    let is = |key: &ArtifactKey| {
        let own = key.url_path();
        path == own || path.strip_prefix(prefix.as_str()) == Some(own.as_str())
    };
    let page_in_query = url.query().and_then(FeedPageId::from_query);
    for feed in site.feeds.iter() {
        for format in &feed.formats {
            let key = feed.artifact_key(*format);
            let page = match is(&key) {
                true => Some(page_in_query.unwrap_or(FeedPageId::Number(1))),
                false => feed.further_pages().find(|page| is(&key.page_key(*page))),
            };
            if let Some(page) = page {
                let page = feed.document_at(page)?;
                let what = format!(
                    "{} of {}: {} of {} entries",
                    format.display_name(),
                    describe_scope(&feed.scope, &feed.title),
                    page.entries.len(),
                    feed.all_entries().len()
                );
                return Some((key.page_url(page.page, ""), what));
            }
        }
    }
    let mapped = site
        .listed_entries()
        .iter()
        .filter(|entry| entry.is_in_sitemap())
        .count();
    let home = |language: &LanguageFeeds| match language.language_segment() {
        None => (ArtifactKey::Home, "the home page".to_owned()),
        Some(language) => (
            ArtifactKey::LanguageHome(language.to_owned()),
            format!("the home page in the language `{language}`"),
        ),
    };
    let fixed = [
        (
            ArtifactKey::Sitemap,
            format!(
                "the sitemap: {mapped} posts and {} pages",
                site.settings.page_urls.len()
            ),
        ),
        (ArtifactKey::Robots, "the rules for crawlers".to_owned()),
        (
            ArtifactKey::Opml,
            format!("the OPML list of {} feeds", site.feeds.iter().count()),
        ),
        (
            ArtifactKey::CardPage("/".to_owned()),
            "the card of the site".to_owned(),
        ),
    ];
    let homes = site.feeds.languages().map(home);
    let indexnow_key = site.settings.indexnow_key.clone().into_iter();
    let indexnow_key = indexnow_key.map(|key| {
        let key = ArtifactKey::IndexNowKey(key);
        (key, "the key file of IndexNow".to_owned())
    });
    let news = site.news.as_ref().map(|news| {
        let what = format!(
            "the news sitemap: {} posts of the last two days",
            news.len()
        );
        (ArtifactKey::NewsSitemap, what)
    });
    let llms_txt = site.settings.has_llms_txt.then(|| {
        let what = "the list of the newest posts for agents".to_owned();
        (ArtifactKey::LlmsTxt, what)
    });
    let found = homes
        .chain(fixed)
        .chain(indexnow_key)
        .chain(news)
        .chain(llms_txt)
        .find(|(key, _)| is(key));
    let alias = || {
        let below = path.strip_prefix(prefix.as_str()).unwrap_or(&path);
        let mut aliases = site.settings.feed_aliases.iter();
        let to = aliases.find_map(|alias| alias.resolve(below))?;
        Some((
            below.to_owned(),
            format!("a former path of the feed `{to}`"),
        ))
    };
    found
        .map(|(key, what)| (key.url_path(), what))
        .or_else(alias)
}

fn describe_scope(scope: &FeedScope, title: &str) -> String {
    match scope {
        FeedScope::Site => "the whole site".to_owned(),
        FeedScope::Category(_) => format!("the category `{title}`"),
        FeedScope::Tag(_) => format!("the tag `{title}`"),
        FeedScope::Author(_) => format!("the author `{title}`"),
        FeedScope::Custom(_) => format!("`[[feeds]]`, `{title}`"),
        FeedScope::InLanguage(language, scope) => match &**scope {
            FeedScope::Site => format!("all posts in the language `{language}`"),
            scope => describe_scope(scope, title),
        },
    }
}

/// Lists the posts whose address, file or title is most similar to the question.
pub(super) fn find_similar_posts<'a>(context: ExplainContext<'a>, question: &str) -> Vec<&'a Post> {
    let asked = last_path_segment(question);
    let mut near: Vec<(usize, &Post)> = context
        .posts
        .iter()
        .map(|post| {
            let names = [
                last_path_segment(post.permalink.url_path()),
                last_path_segment(without_extension(&post.path)),
                post.title.to_lowercase(),
            ];
            let distance = names
                .iter()
                .map(|name| strsim::osa_distance(name, &asked))
                .min();
            (distance.unwrap_or(usize::MAX), *post)
        })
        .collect();
    near.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| a.1.path.cmp(&b.1.path)));
    let length = asked.graphemes(true).count();
    near.into_iter()
        .filter(|(distance, _)| *distance * 3 <= length * 2)
        .take(MAX_SUGGESTIONS)
        .map(|(_, post)| post)
        .collect()
}

fn last_path_segment(text: &str) -> String {
    let text = text.split(['?', '#']).next().unwrap_or(text);
    let part = last_segment(text);
    let part = part.strip_suffix(".md").unwrap_or(part);
    part.to_lowercase()
}

/// Parses a question as a URL or as a path on the site.
fn parse_address(context: ExplainContext<'_>, question: &str) -> Option<Url> {
    match Url::parse(question) {
        Ok(url) => Some(url).filter(|url| matches!(url.scheme(), "http" | "https")),
        Err(_) if question.starts_with('/') => context.config.site.url.join(question).ok(),
        Err(_) => None,
    }
}

/// Returns the path prefix of all outputs.
fn public_path_prefix(context: ExplainContext<'_>) -> String {
    let url = Url::parse(&context.config.server.public_url).ok();
    url.map(|url| url.path().trim_end_matches('/').to_owned())
        .unwrap_or_default()
}
