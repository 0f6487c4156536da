//! The text of a body into the HTML that is published, by the few settings that decide it.

use url::Url;

use super::budget::{self, Excess};
use super::constructs::{self, Reduced};
use super::markdown::{self, Html};
use super::markup::{self, Markup};
use super::sanitize;
use crate::config::{Config, Shortcodes};
use crate::fingerprint;
use crate::post;
use crate::text::clean;

/// Raised whenever the same text gives other HTML than before, so that nothing takes the one for
/// the other.
const EDITION: u32 = 4;

/// All that the bodies of a site are read and rendered with, to be shared by them.
#[derive(Debug, Clone)]
pub struct Rendering {
    home: Home,
    shortcodes: Shortcodes,
}

/// What constructs of bodies say of the site.
#[derive(Debug, Clone)]
pub(super) struct Home {
    /// Its address.
    pub(super) url: Url,
    /// Its name.
    pub(super) title: String,
}

impl Home {
    pub(super) fn of(config: &Config) -> Home {
        Home {
            url: config.site.url.clone(),
            title: config.site.title.clone(),
        }
    }
}

impl Rendering {
    /// That of a configuration.
    pub fn new(config: &Config) -> Rendering {
        Rendering {
            home: Home::of(config),
            shortcodes: config.content.shortcodes,
        }
    }

    /// A body without constructs. One that exceeds a bound stays as it is, and is not rendered.
    pub(super) fn reduce<'a>(&self, text: &'a str, is_mdx: bool) -> Reduced<'a> {
        match self.shortcodes {
            _ if budget::check_markdown(text).is_err() => Reduced::unchanged(text),
            Shortcodes::Reduce => constructs::reduce(text, is_mdx, &self.home),
            Shortcodes::Keep => constructs::without_hidden(text, &self.home),
        }
    }

    /// Whether nothing in a body has to be reduced, or left out of it.
    pub(super) fn is_plain(&self, text: &str, is_mdx: bool) -> bool {
        match self.shortcodes {
            Shortcodes::Reduce => !constructs::may_have_any(text, is_mdx),
            Shortcodes::Keep => !constructs::may_hide_any(text),
        }
    }

    /// What relative addresses of a post are relative to.
    pub(super) fn base(&self, permalink: &str) -> Url {
        Url::parse(permalink).unwrap_or_else(|_| self.home.url.clone())
    }

    /// The HTML of a body; that of one beyond reason is empty.
    pub(super) fn content(&self, text: &str, is_mdx: bool, permalink: &str) -> post::Content {
        let reduced = self.reduce(text, is_mdx);
        let markup = markup(&reduced.text, &self.base(permalink)).unwrap_or_default();
        content(markup.html)
    }

    /// The name of what a body is rendered as, by all that decides it.
    pub(super) fn fingerprint(&self, text: &str, is_mdx: bool, permalink: &str) -> u128 {
        let is_plain = self.is_plain(text, is_mdx);
        let mut name = fingerprint::Quick::default();
        name.add(&EDITION.to_le_bytes());
        let keeps_templates = !is_plain && self.shortcodes == Shortcodes::Keep;
        name.add(&[
            u8::from(is_plain),
            u8::from(is_mdx),
            u8::from(keeps_templates),
        ]);
        let (url, title) = match is_plain {
            true => ("", ""),
            false => (self.home.url.as_str(), self.home.title.as_str()),
        };
        for part in [permalink, url, title] {
            name.add(&(part.len() as u64).to_le_bytes());
            name.add(part.as_bytes());
        }
        name.add(text.as_bytes());
        name.finish()
    }
}

/// Markdown as it is published, or the bound on its cost that it exceeds.
pub(super) fn markup(markdown: &str, base: &Url) -> Result<Markup, Excess> {
    budget::check_markdown(markdown)?;
    let Html {
        mut html,
        must_be_sanitized,
    } = markdown::render(markdown, base)?;
    let fits = match must_be_sanitized {
        true => budget::fits(&html),
        false => budget::nesting_fits(&html),
    };
    if !fits {
        return Err(Excess::Html);
    }
    if must_be_sanitized {
        html = sanitize::sanitize(&html, base);
    }
    // A relative address of a byte becomes one of two thousand.
    if html.len() > budget::MAX_HTML_BYTES {
        return Err(Excess::Size);
    }
    Ok(markup::read(&html))
}

/// The content that HTML of a body is.
pub(super) fn content(html: String) -> post::Content {
    // What is dropped is counted too; it seldom is there.
    let written = written(&html);
    post::Content {
        html: clean(html).trim().into(),
        written,
    }
}

/// The length of HTML as JSON or escaped XML has it, whichever is more.
fn written(html: &str) -> usize {
    let quotes = count(html, |byte| matches!(byte, b'"' | b'\''));
    let xml = 3 * count(html, |byte| matches!(byte, b'<' | b'>'))
        + 4 * count(html, |byte| byte == b'&')
        + 5 * quotes;
    let short = |byte| matches!(byte, b'"' | b'\\' | b'\n' | b'\r' | b'\t');
    let json = count(html, short) + 5 * count(html, |byte| byte < 0x20 && !short(byte));
    html.len() + xml.max(json)
}

/// How many bytes of a text are some, counted by blocks, which a machine does at once.
pub(super) fn count(text: &str, is: impl Fn(u8) -> bool) -> usize {
    let of_block = |block: &[u8]| {
        let count: u8 = block.iter().map(|byte| u8::from(is(*byte))).sum();
        usize::from(count)
    };
    text.as_bytes().chunks(128).map(of_block).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_is_that_of_the_longer_spelling() {
        assert_eq!(written("<a href=\"b\">&amp;</a>"), 21 + 4 * 3 + 4 + 2 * 5);
        assert_eq!(written("a\n\\\u{1}"), 4 + 1 + 1 + 5);
        assert_eq!(written(&"\"".repeat(1000)), 6000);
    }
}
