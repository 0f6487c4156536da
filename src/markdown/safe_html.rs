//! Renders Markdown to HTML that is safe to publish, within the limits on its cost.

use super::complexity::ExceededLimit;
use super::html_cleanup::ProcessedHtml;
use super::{RenderedHtml, complexity, excerpt_mark, html_cleanup, sanitize};
use crate::markdown;
use crate::model::post::ResolvedLinks;
use url::Url;

/// Renders Markdown to the HTML that is published.
///
/// # Errors
///
/// Returns the limit that the body exceeds.
pub(crate) fn render_body(markdown: &str, base: &Url) -> Result<ProcessedHtml, ExceededLimit> {
    render_body_with(markdown, base, &ResolvedLinks::default(), false)
}

/// Renders Markdown with links to posts. `has_emoji` is true if `:smile:` is an emoji.
///
/// # Errors
///
/// As [`render_body`].
pub(crate) fn render_body_with(
    markdown: &str,
    base: &Url,
    links: &ResolvedLinks,
    has_emoji: bool,
) -> Result<ProcessedHtml, ExceededLimit> {
    complexity::check_markdown(markdown)?;
    let RenderedHtml {
        html,
        must_be_sanitized,
    } = markdown::render_markdown(markdown, base, has_emoji)?;
    finish_html(html, must_be_sanitized, base, links)
}

/// Sanitizes HTML that a post is written in.
///
/// # Errors
///
/// Returns the limit that the body exceeds.
pub(crate) fn render_html(
    html: &str,
    base: &Url,
    links: &ResolvedLinks,
) -> Result<ProcessedHtml, ExceededLimit> {
    complexity::check_markdown(html)?;
    let marked = excerpt_mark::replace_mark(html);
    let html = marked.unwrap_or_else(|| html.to_owned());
    finish_html(html, true, base, links)
}

/// Checks the limits of HTML, sanitizes it if necessary, and prepares it for feed readers.
fn finish_html(
    mut html: String,
    must_be_sanitized: bool,
    base: &Url,
    links: &ResolvedLinks,
) -> Result<ProcessedHtml, ExceededLimit> {
    // The limits apply to what the sanitizer reads.
    let has_drawing = must_be_sanitized && html.contains("<svg");
    if must_be_sanitized {
        html = sanitize::unwrap_fallbacks(&html).into_owned();
    }
    let fits = match must_be_sanitized {
        true => complexity::can_be_sanitized(&html),
        false => complexity::has_allowed_nesting(&html),
    };
    if !fits {
        return Err(ExceededLimit::Html);
    }
    if must_be_sanitized {
        html = sanitize::sanitize_html(&html, base);
    }
    // A relative URL of one byte may become two thousand.
    if html.len() > complexity::MAX_HTML_BYTES {
        return Err(ExceededLimit::Size);
    }
    Ok(ProcessedHtml {
        has_drawing,
        ..html_cleanup::process_html_with_links(&html, base, links)
    })
}
