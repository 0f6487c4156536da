//! Renders the body of a post to the HTML that is published.

use std::borrow::Cow;
use std::sync::Arc;

use url::Url;

use crate::config::{Config, ShortcodeMode};
use crate::hash;
use crate::markdown::complexity::{self, ExceededLimit};
use crate::markdown::html_cleanup::ProcessedHtml;
use crate::markdown::html_source;
use crate::markdown::safe_html::{render_body_with, render_html};
use crate::model::artifact::OUTPUT_VERSION;
use crate::model::markup::Markup;
use crate::model::post::{self, ResolvedLinks};
use crate::shortcodes::site_vars::{PageVars, SiteFiles, SiteVars};
use crate::shortcodes::{self, Stripped};
use crate::text::count_bytes;
use crate::text::strip_forbidden_chars;

/// Renders bodies with the settings of a site.
#[derive(Debug, Clone)]
pub struct BodyRenderer {
    site: SiteVars,
    /// Hash of the site's files.
    files_hash: u128,
    shortcodes: ShortcodeMode,
    /// True if `:smile:` is an emoji.
    has_emoji: bool,
}

impl BodyRenderer {
    /// Makes a renderer with the settings of a configuration, for posts that use no files of the site.
    pub fn new(config: &Config) -> BodyRenderer {
        BodyRenderer::with_site_files(config, Arc::default())
    }

    /// Makes a renderer with the settings of a configuration and the contents of the site's files.
    pub(crate) fn with_site_files(config: &Config, files: Arc<SiteFiles>) -> BodyRenderer {
        BodyRenderer {
            files_hash: hash::hash_value_u128(&*files),
            site: SiteVars::new(config, files),
            shortcodes: config.content.shortcodes,
            has_emoji: config.content.emoji,
        }
    }

    /// Replaces or removes the shortcodes of a body. A body that exceeds a limit is returned unchanged; rendering
    /// rejects it.
    pub(super) fn strip_shortcodes<'a>(&self, text: &'a str, page: &PageVars) -> Stripped<'a> {
        match self.shortcodes {
            _ if complexity::check_markdown(text).is_err() => Stripped::from_unchanged(text),
            _ if page.markup == Markup::Html => self.strip_html_shortcodes(text, page),
            ShortcodeMode::Reduce => shortcodes::strip_shortcodes(text, page, &self.site),
            ShortcodeMode::Keep => shortcodes::strip_hidden_content(text, &self.site),
        }
    }

    /// Does the same for HTML, which has no Markdown code in which tags would stay.
    fn strip_html_shortcodes<'a>(&self, html: &str, page: &PageVars) -> Stripped<'a> {
        let source = html_source::escape_markdown_code(html);
        let stripped = match self.shortcodes {
            ShortcodeMode::Reduce => shortcodes::strip_shortcodes(&source, page, &self.site),
            ShortcodeMode::Keep => shortcodes::strip_hidden_content(&source, &self.site),
        };
        Stripped {
            text: Cow::Owned(html_source::convert_replacements(&stripped.text)),
            removed: stripped.removed,
            is_mostly_removed: stripped.is_mostly_removed,
        }
    }

    /// Returns true if a body has no shortcodes or hidden sections.
    pub(super) fn is_plain(&self, text: &str, markup: Markup) -> bool {
        match self.shortcodes {
            ShortcodeMode::Reduce => !shortcodes::may_have_shortcodes(text, markup, &self.site),
            ShortcodeMode::Keep => !shortcodes::may_hide_content(text),
        }
    }

    /// Returns the base of relative URLs in a post.
    pub(super) fn base_url(&self, permalink: &str) -> Url {
        Url::parse(permalink).unwrap_or_else(|_| self.site.url.clone())
    }

    /// Renders a body. The HTML is empty if the body exceeds a limit.
    pub(super) fn render_content(
        &self,
        text: &str,
        page: &PageVars,
        permalink: &str,
        links: &ResolvedLinks,
    ) -> post::BodyContent {
        if let Some(summary) = &page.summary {
            return content_from_html(format_summary(summary, permalink));
        }
        let reduced = self.strip_shortcodes(text, page);
        let base = self.base_url(permalink);
        let rendered = self.render_reduced(&reduced.text, page.markup, &base, links);
        let rendered = rendered.unwrap_or_default();
        content_from_html(rendered.html)
    }

    /// Returns a hash of everything that determines the rendered HTML. `is_plain` is that of the text.
    pub(super) fn body_fingerprint(
        &self,
        text: &str,
        page: &PageVars,
        permalink: &str,
        is_plain: bool,
    ) -> u128 {
        let mut name = hash::Xxh3Hasher::default();
        name.update(&OUTPUT_VERSION.to_le_bytes());
        let keeps_templates = !is_plain && self.shortcodes == ShortcodeMode::Keep;
        name.update(&[
            u8::from(is_plain),
            page.markup as u8,
            u8::from(keeps_templates),
        ]);
        let (url, title, files) = match is_plain {
            true => ("", "", 0),
            false => (
                self.site.url.as_str(),
                self.site.title.as_str(),
                self.files_hash,
            ),
        };
        name.update(&files.to_le_bytes());
        let values = page
            .values
            .iter()
            .flat_map(|(name, value)| [name.as_str(), value]);
        let parts = [permalink, url, title].into_iter().chain(values);
        for part in parts.chain(page.summary.as_deref()) {
            name.update(&(part.len() as u64).to_le_bytes());
            name.update(part.as_bytes());
        }
        if self.has_emoji {
            name.update(b"emoji");
        }
        name.update(text.as_bytes());
        name.finish()
    }

    /// Renders a body without shortcodes.
    pub(super) fn render_reduced(
        &self,
        text: &str,
        markup: Markup,
        base: &Url,
        links: &ResolvedLinks,
    ) -> Result<ProcessedHtml, ExceededLimit> {
        match markup {
            Markup::Html => render_html(text, base, links),
            _ => render_body_with(text, base, links, self.has_emoji),
        }
    }
}

/// Writes the description of a post most of whose body is left out, and a link to the post.
pub(super) fn format_summary(summary: &str, permalink: &str) -> String {
    let [summary, url] = [summary, permalink].map(html_source::escape_text);
    format!("<p>{summary}</p>\n<p>Read on at <a href=\"{url}\">{url}</a></p>")
}

/// Makes the content of a feed entry from the HTML of a body.
pub(super) fn content_from_html(html: String) -> post::BodyContent {
    // Characters that `clean` drops are counted too, but are rare.
    let written = encoded_len(&html);
    post::BodyContent {
        html: strip_forbidden_chars(html).trim().into(),
        max_encoded_len: written,
    }
}

/// Returns the length of HTML when escaped for JSON or XML, whichever is longer.
fn encoded_len(html: &str) -> usize {
    let quotes = count_bytes(html, |byte| matches!(byte, b'"' | b'\''));
    let xml = 3 * count_bytes(html, |byte| matches!(byte, b'<' | b'>'))
        + 4 * count_bytes(html, |byte| byte == b'&')
        + 5 * quotes;
    let short = |byte| matches!(byte, b'"' | b'\\' | b'\n' | b'\r' | b'\t');
    let json = count_bytes(html, short) + 5 * count_bytes(html, |byte| byte < 0x20 && !short(byte));
    html.len() + xml.max(json)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn html_gets_no_blank_lines_for_kramdown() {
        let toml = "[site]\nurl = \"https://e.org\"\ntitle = \"E\"\n";
        let config = Config::parse(toml, "config.toml", Path::new("")).unwrap();
        let files = SiteFiles {
            uses_kramdown: true,
            ..SiteFiles::default()
        };
        let rendering = BodyRenderer::with_site_files(&config, Arc::new(files));
        let strip = |markup: Markup| {
            let page = PageVars {
                markup,
                ..PageVars::default()
            };
            let stripped = rendering.strip_shortcodes("<div>\na</div>\nb {% c %}\n", &page);
            stripped.text.into_owned()
        };
        assert_eq!(strip(Markup::Html), "<div>\na</div>\nb \n");
        assert_eq!(strip(Markup::Markdown), "<div>\na</div>\n\nb \n");
    }

    #[test]
    fn encoded_len_is_that_of_the_longer_encoding() {
        assert_eq!(
            encoded_len("<a href=\"b\">&amp;</a>"),
            21 + 4 * 3 + 4 + 2 * 5
        );
        assert_eq!(encoded_len("a\n\\\u{1}"), 4 + 1 + 1 + 5);
        assert_eq!(encoded_len(&"\"".repeat(1000)), 6000);
    }
}
