//! Renders `llms.txt` (llmstxt.org): the site and its newest posts as Markdown, for agents.

use std::fmt::Write as _;
use std::sync::Arc;

use chrono::Datelike as _;

use crate::model::artifact::ArtifactKey;
use crate::site::Site;
use crate::site::entry::Entry;

/// Maximum number of posts. With usual titles and descriptions they have 200 KB, about what an agent can read.
const MAX_LLMS_POSTS: usize = 1_000;
/// Maximum bytes up to the last post.
const MAX_LLMS_BYTES: usize = 262_144;

/// Returns the newest posts that search engines may index.
pub(super) fn select_posts(site: &Site) -> Vec<Arc<Entry>> {
    let posts = site.listed_entries().iter();
    let indexable = posts.filter(|entry| entry.is_in_sitemap());
    indexable.take(MAX_LLMS_POSTS).cloned().collect()
}

/// Returns true if the site has the file, and a post is in it.
pub fn is_in_llms_txt(site: &Site, entry: &Entry) -> bool {
    site.settings.has_llms_txt && {
        let text = render_llms_txt(site, &select_posts(site));
        String::from_utf8_lossy(&text).contains(&format_target(entry.url()))
    }
}

/// Renders these posts, newest first, in a section for each year. The feeds and the sitemap have the rest.
pub(super) fn render_llms_txt(site: &Site, posts: &[Arc<Entry>]) -> Vec<u8> {
    let settings = &site.settings;
    let mut text = format!("# {}\n", escape_line(&settings.title));
    if settings.description != settings.title {
        let _ = write!(text, "\n> {}\n", escape_line(&settings.description));
    }
    let mut section = None;
    for entry in posts {
        let year = entry
            .published_at()
            .with_timezone(&settings.timezone)
            .year();
        let heading = match section.replace(year) == Some(year) {
            true => String::new(),
            false => format!("\n## {year}\n\n"),
        };
        let post = format_link(entry.title(), entry.url(), &entry.short_summary());
        if text.len() + heading.len() + post.len() > MAX_LLMS_BYTES {
            break;
        }
        text.push_str(&heading);
        text.push_str(&post);
    }
    // The format's name for a section that a reader may skip.
    text.push_str("\n## Optional\n\n");
    for feeds in site.feeds.languages() {
        let feed = feeds.main_feed();
        let url = feed
            .artifact_key(feed.preferred_format())
            .absolute_url(&settings.public_url);
        text.push_str(&format_link(&feed.title, &url, &feed.description));
    }
    let sitemap = ArtifactKey::Sitemap.absolute_url(&settings.public_url);
    text.push_str(&format_link("Sitemap", &sitemap, ""));
    text.into_bytes()
}

/// Formats an item of a list.
fn format_link(title: &str, url: &str, description: &str) -> String {
    let description = escape_line(description);
    let separator = if description.is_empty() { "" } else { ": " };
    let (title, target) = (escape_line(title), format_target(url));
    format!("- [{title}{target}{separator}{description}\n")
}

/// Formats the end of a link. A parenthesis would end the address, so it is encoded.
fn format_target(url: &str) -> String {
    format!("]({})", url.replace('(', "%28").replace(')', "%29"))
}

/// Escapes plain text for Markdown, on one line.
fn escape_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let line = words.join(" ");
    let mut escaped = String::with_capacity(line.len());
    for c in line.chars() {
        if matches!(
            c,
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '&' | '#' | '~'
        ) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}
