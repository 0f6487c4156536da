//! Keeps the text of a post's body in memory, compressed with zstd, and renders it when an output needs it.
//!
//! Each text is compressed by itself. A dictionary of other posts would save a sixth to a third more, and costs its
//! own training, memory and a second form of each text after a reconfiguration.

use std::cell::RefCell;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use zstd::bulk::{Compressor, Decompressor};

use super::body_renderer::BodyRenderer;
use crate::model::post::{BodyContent, BodySource, Permalink, PostBody, ResolvedLinks};
use crate::shortcodes::site_vars::PageVars;

/// zstd level. Level 3 saves 2 % more for 20 % more time. Levels below 1 save only two thirds as much of prose.
const ZSTD_LEVEL: i32 = 1;

/// Makes a body of this text. It is rendered each time its content is needed. `is_plain` is
/// [`BodyRenderer::is_plain`] of the text.
pub(super) fn new_deferred_body(
    text: &str,
    page: PageVars,
    permalink: &Permalink,
    rendering: &Arc<BodyRenderer>,
    is_plain: bool,
) -> PostBody {
    let fingerprint = rendering.body_fingerprint(text, &page, &permalink.url, is_plain);
    let source = BodyText {
        rendering: Arc::clone(rendering),
        permalink: Arc::clone(&permalink.url),
        page: (page != PageVars::default()).then(|| Box::new(page)),
        text: Mutex::new(StoredText::Plain(text.into())),
    };
    PostBody::new(fingerprint, Arc::new(source))
}

/// Text of a body, with its inputs for rendering. There is one for each post, so it is kept small.
#[derive(Debug)]
struct BodyText {
    rendering: Arc<BodyRenderer>,
    permalink: Arc<str>,
    /// Values of the post that the body uses. Most use none.
    page: Option<Box<PageVars>>,
    text: Mutex<StoredText>,
}

impl BodyText {
    fn lock_text(&self) -> MutexGuard<'_, StoredText> {
        self.text.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl BodySource for BodyText {
    fn render_content(&self, links: &ResolvedLinks) -> BodyContent {
        let text = self.lock_text().to_plain();
        let none = PageVars::default();
        let page = self.page.as_deref().unwrap_or(&none);
        let render = || {
            let permalink = &self.permalink;
            self.rendering.render_content(&text, page, permalink, links)
        };
        // A library that panics on one text must not take the others down.
        catch_unwind(AssertUnwindSafe(render)).unwrap_or_else(|_| {
            tracing::error!(url = %self.permalink, "rendering a body panicked, so it is left out");
            BodyContent::default()
        })
    }

    fn compress_source(&self) {
        let mut text = self.lock_text();
        if let StoredText::Plain(plain) = &*text
            && let Some(compressed) = StoredText::compress_text(plain)
        {
            *text = compressed;
        }
    }
}

#[derive(Debug)]
enum StoredText {
    /// Text that is not compressed yet, or would not get smaller.
    Plain(Box<str>),
    Compressed {
        bytes: Box<[u8]>,
        /// Length of the text, in bytes.
        length: usize,
    },
}

type ZstdContexts = (Compressor<'static>, Decompressor<'static>);

/// Calls zstd with the contexts of this thread. Creating them takes longer than using them.
fn with_zstd_contexts<T>(call: impl FnOnce(&mut ZstdContexts) -> io::Result<T>) -> io::Result<T> {
    thread_local! {
        static CONTEXTS: RefCell<Option<ZstdContexts>> = const { RefCell::new(None) };
    }
    CONTEXTS.with_borrow_mut(|contexts| match contexts {
        Some(contexts) => call(contexts),
        None => call(contexts.insert((Compressor::new(ZSTD_LEVEL)?, Decompressor::new()?))),
    })
}

impl StoredText {
    fn compress_text(text: &str) -> Option<StoredText> {
        let bytes =
            with_zstd_contexts(|(compressor, _)| compressor.compress(text.as_bytes())).ok()?;
        (bytes.len() < text.len()).then(|| StoredText::Compressed {
            // Copied, as the buffer was allocated for the worst case.
            bytes: Box::from(bytes.as_slice()),
            length: text.len(),
        })
    }

    fn to_plain(&self) -> String {
        match self {
            StoredText::Plain(text) => text.as_ref().to_owned(),
            StoredText::Compressed { bytes, length } => {
                let text =
                    with_zstd_contexts(|(_, decompressor)| decompressor.decompress(bytes, *length));
                // Cannot fail: the bytes were compressed here.
                String::from_utf8(text.unwrap_or_default()).unwrap_or_default()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::config::Config;
    use crate::model::markup::Markup;
    use crate::model::parse_mode::ParseMode;
    use crate::post::parse::{ParsedFile, parse_file};
    use std::path::Path;

    fn config(title: &str) -> Config {
        let toml = format!("[site]\nurl = \"https://e.org\"\ntitle = {title:?}\n");
        Config::parse(&toml, "config.toml", Path::new("")).unwrap()
    }

    #[test]
    fn deferred_and_immediate_rendering_agree() {
        let long = "Some *text* and ![a](b.png). ".repeat(200);
        for (path, body) in [
            ("a.md", ""),
            ("a.md", "a"),
            ("a.md", "Some *text* and ![a](b.png)\r\n"),
            ("a.md", &long),
            ("a.html", "<p>a *b*</p>\r\n    <img src=b.png>{% c %}"),
            ("a.adoc", "= A\r\n\r\nb"),
        ] {
            let text = format!("---\r\ntitle: A\r\ndate: 2024-05-01\r\n---\r\n{body}");
            let [later, now] =
                [ParseMode::Metadata, ParseMode::Full].map(|depth| {
                    match parse_file(text.as_bytes(), path, &config("E"), depth) {
                        ParsedFile::Post { post, .. } => post,
                        other => panic!("{other:?}"),
                    }
                });
            assert_eq!(later, now);
            assert_eq!(later.body.render_content(), now.body.render_content());
            later.body.compress_source();
            assert_eq!(later.body.render_content(), now.body.render_content());
        }
    }

    #[test]
    fn repetitive_text_compresses_well() {
        let text = "The boats went out before the tide turned. ".repeat(100);
        let Some(StoredText::Compressed { bytes, .. }) = StoredText::compress_text(&text) else {
            panic!("it is kept as it is");
        };
        assert!(bytes.len() < text.len() / 10, "{}", bytes.len());
        assert!(size_of::<BodyText>() <= 64, "{}", size_of::<BodyText>());
    }

    proptest! {
        #[test]
        fn any_text_is_given_back(part in "\\PC{0,200}", times in 0usize..50) {
            let text = part.repeat(times);
            if let Some(compressed) = StoredText::compress_text(&text) {
                prop_assert_eq!(compressed.to_plain(), text);
            }
        }
    }

    #[test]
    fn fingerprint_covers_all_inputs_of_the_html() {
        let rendering = BodyRenderer::new(&config("E"));
        let titled = BodyRenderer::new(&config("F"));
        let fingerprint = |rendering: &BodyRenderer, text: &str, markup: Markup, url: &str| {
            let page = PageVars {
                markup,
                ..PageVars::default()
            };
            rendering.body_fingerprint(text, &page, url, rendering.is_plain(text, page.markup))
        };
        let tagged = "a {{ site.title }}";
        let name = fingerprint(&rendering, tagged, Markup::Markdown, "https://e.org/a");
        for other in [
            fingerprint(&titled, tagged, Markup::Markdown, "https://e.org/a"),
            fingerprint(&rendering, tagged, Markup::Mdx, "https://e.org/a"),
            fingerprint(&rendering, tagged, Markup::Markdown, "https://e.org/b"),
        ] {
            assert_ne!(name, other);
        }
        let plain = fingerprint(&rendering, "a", Markup::Markdown, "https://e.org/a");
        assert_ne!(
            plain,
            fingerprint(&rendering, "a", Markup::Html, "https://e.org/a")
        );
        assert_eq!(
            plain,
            fingerprint(&titled, "a", Markup::Markdown, "https://e.org/a")
        );
    }
}
