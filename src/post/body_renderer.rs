//! Renders the body of a post to the HTML that is published.

use std::borrow::Cow;

use url::Url;

use crate::config::{Config, ShortcodeMode};
use crate::hash;
use crate::markdown::complexity::{self, ExceededLimit};
use crate::markdown::html_cleanup::ProcessedHtml;
use crate::markdown::html_source;
use crate::markdown::safe_html::{render_body, render_html};
use crate::model::artifact::OUTPUT_VERSION;
use crate::model::markup::Markup;
use crate::model::post;
use crate::shortcodes::site_vars::SiteVars;
use crate::shortcodes::{self, Stripped};
use crate::text::count_bytes;
use crate::text::strip_forbidden_chars;

/// Renders bodies with the settings of a site.
#[derive(Debug, Clone)]
pub struct BodyRenderer {
    site: SiteVars,
    shortcodes: ShortcodeMode,
}

impl BodyRenderer {
    /// Makes a renderer with the settings of a configuration.
    pub fn new(config: &Config) -> BodyRenderer {
        BodyRenderer {
            site: SiteVars::from_config(config),
            shortcodes: config.content.shortcodes,
        }
    }

    /// Replaces or removes the shortcodes of a body. A body that exceeds a limit is returned unchanged; rendering
    /// rejects it.
    pub(super) fn strip_shortcodes<'a>(&self, text: &'a str, markup: Markup) -> Stripped<'a> {
        match self.shortcodes {
            _ if complexity::check_markdown(text).is_err() => Stripped::from_unchanged(text),
            _ if markup == Markup::Html => self.strip_html_shortcodes(text),
            ShortcodeMode::Reduce => {
                shortcodes::strip_shortcodes(text, markup == Markup::Mdx, &self.site)
            }
            ShortcodeMode::Keep => shortcodes::strip_hidden_content(text, &self.site),
        }
    }

    /// Does the same for HTML, which has no Markdown code in which tags would stay.
    fn strip_html_shortcodes<'a>(&self, html: &str) -> Stripped<'a> {
        let source = html_source::escape_markdown_code(html);
        let Stripped { text, removed } = match self.shortcodes {
            ShortcodeMode::Reduce => shortcodes::strip_shortcodes(&source, false, &self.site),
            ShortcodeMode::Keep => shortcodes::strip_hidden_content(&source, &self.site),
        };
        Stripped {
            text: Cow::Owned(html_source::convert_replacements(&text)),
            removed,
        }
    }

    /// Returns true if a body has no shortcodes or hidden sections.
    pub(super) fn is_plain(&self, text: &str, markup: Markup) -> bool {
        match self.shortcodes {
            ShortcodeMode::Reduce => !shortcodes::may_have_shortcodes(text, markup == Markup::Mdx),
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
        markup: Markup,
        permalink: &str,
    ) -> post::BodyContent {
        let reduced = self.strip_shortcodes(text, markup);
        let base = self.base_url(permalink);
        let rendered = render_reduced(&reduced.text, markup, &base).unwrap_or_default();
        content_from_html(rendered.html)
    }

    /// Returns a hash of everything that determines the rendered HTML.
    pub(super) fn body_fingerprint(&self, text: &str, markup: Markup, permalink: &str) -> u128 {
        let is_plain = self.is_plain(text, markup);
        let mut name = hash::Xxh3Hasher::default();
        name.update(&OUTPUT_VERSION.to_le_bytes());
        let keeps_templates = !is_plain && self.shortcodes == ShortcodeMode::Keep;
        name.update(&[u8::from(is_plain), markup as u8, u8::from(keeps_templates)]);
        let (url, title) = match is_plain {
            true => ("", ""),
            false => (self.site.url.as_str(), self.site.title.as_str()),
        };
        for part in [permalink, url, title] {
            name.update(&(part.len() as u64).to_le_bytes());
            name.update(part.as_bytes());
        }
        name.update(text.as_bytes());
        name.finish()
    }
}

/// Renders a body without shortcodes.
pub(super) fn render_reduced(
    text: &str,
    markup: Markup,
    base: &Url,
) -> Result<ProcessedHtml, ExceededLimit> {
    match markup {
        Markup::Html => render_html(text, base),
        _ => render_body(text, base),
    }
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
    use super::*;

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
