//! Keeps the text of a post's body in memory, compressed with zstd, and renders it when an output needs it.
//!
//! Each text is compressed by itself. A dictionary of other posts would save a sixth to a third more, and costs its
//! own training, memory and a second form of each text after a reconfiguration.

use std::cell::RefCell;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use zstd::bulk::{Compressor, Decompressor};

use super::rendering::Rendering;
use crate::post::{Body, Content, Permalink, Source};

/// The zstd level. Level 3 saves two hundredths more for a fifth more time; those below 1 leave a third of what this one
/// takes away, in prose.
const LEVEL: i32 = 1;

/// Makes a body of this text, which is rendered each time that its content is asked for.
pub(super) fn body(
    text: &str,
    is_mdx: bool,
    permalink: &Permalink,
    rendering: &Arc<Rendering>,
) -> Body {
    let source = BodyText {
        rendering: Arc::clone(rendering),
        permalink: Arc::clone(&permalink.url),
        is_mdx,
        text: Mutex::new(Text::Plain(text.into())),
    };
    let fingerprint = rendering.fingerprint(text, is_mdx, &permalink.url);
    Body::new(fingerprint, Arc::new(source))
}

/// The text of a body, and what decides how it is rendered. There is one of each post, so it is small.
#[derive(Debug)]
struct BodyText {
    rendering: Arc<Rendering>,
    permalink: Arc<str>,
    is_mdx: bool,
    text: Mutex<Text>,
}

impl BodyText {
    fn text(&self) -> MutexGuard<'_, Text> {
        self.text.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Source for BodyText {
    fn content(&self) -> Content {
        let text = self.text().get();
        let render = || self.rendering.content(&text, self.is_mdx, &self.permalink);
        // A library that panics on one text must not take the others down.
        catch_unwind(AssertUnwindSafe(render)).unwrap_or_else(|_| {
            tracing::error!(url = %self.permalink, "the body cannot be rendered and is left out");
            Content::default()
        })
    }

    fn compress(&self) {
        let mut text = self.text();
        if let Text::Plain(plain) = &*text
            && let Some(compressed) = Text::compressed(plain)
        {
            *text = compressed;
        }
    }
}

#[derive(Debug)]
enum Text {
    /// One that is not compressed yet, or does not get smaller.
    Plain(Box<str>),
    Compressed {
        bytes: Box<[u8]>,
        /// Of the text, in bytes.
        length: usize,
    },
}

type Contexts = (Compressor<'static>, Decompressor<'static>);

/// Calls zstd with the contexts of this thread, which take longer to make than to use.
fn with_contexts<T>(call: impl FnOnce(&mut Contexts) -> io::Result<T>) -> io::Result<T> {
    thread_local! {
        static CONTEXTS: RefCell<Option<Contexts>> = const { RefCell::new(None) };
    }
    CONTEXTS.with_borrow_mut(|contexts| match contexts {
        Some(contexts) => call(contexts),
        None => call(contexts.insert((Compressor::new(LEVEL)?, Decompressor::new()?))),
    })
}

impl Text {
    fn compressed(text: &str) -> Option<Text> {
        let bytes = with_contexts(|(compressor, _)| compressor.compress(text.as_bytes())).ok()?;
        (bytes.len() < text.len()).then(|| Text::Compressed {
            // Copied into an allocation of its own size: the one it was made in has room for the worst case.
            bytes: Box::from(bytes.as_slice()),
            length: text.len(),
        })
    }

    fn get(&self) -> String {
        match self {
            Text::Plain(text) => text.as_ref().to_owned(),
            Text::Compressed { bytes, length } => {
                let text =
                    with_contexts(|(_, decompressor)| decompressor.decompress(bytes, *length));
                // It cannot fail on what was compressed here.
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
    use crate::content::{Depth, Parsed, parse};
    use std::path::Path;

    fn config(title: &str) -> Config {
        let toml = format!("[site]\nurl = \"https://e.org\"\ntitle = {title:?}\n");
        Config::parse(&toml, "config.toml", Path::new("")).unwrap()
    }

    #[test]
    fn stored_text_renders_as_it_would_at_once() {
        let long = "Some *text* and ![a](b.png). ".repeat(200);
        for body in ["", "a", "Some *text* and ![a](b.png)\r\n", &long] {
            let text = format!("---\r\ntitle: A\r\ndate: 2024-05-01\r\n---\r\n{body}");
            let [later, now] = [Depth::Outline, Depth::Publish].map(|depth| {
                match parse(text.as_bytes(), "a.md", &config("E"), depth) {
                    Parsed::Post { post, .. } => post,
                    other => panic!("{other:?}"),
                }
            });
            assert_eq!(later, now);
            assert_eq!(later.body.content(), now.body.content());
            later.body.compress();
            assert_eq!(later.body.content(), now.body.content());
        }
    }

    #[test]
    fn repetitive_text_takes_a_fraction_of_its_length() {
        let text = "The boats went out before the tide turned. ".repeat(100);
        let Some(Text::Compressed { bytes, .. }) = Text::compressed(&text) else {
            panic!("it is kept as it is");
        };
        assert!(bytes.len() < text.len() / 10, "{}", bytes.len());
        assert!(size_of::<BodyText>() <= 64, "{}", size_of::<BodyText>());
    }

    proptest! {
        #[test]
        fn any_text_is_given_back(part in "\\PC{0,200}", times in 0usize..50) {
            let text = part.repeat(times);
            if let Some(compressed) = Text::compressed(&text) {
                prop_assert_eq!(compressed.get(), text);
            }
        }
    }

    #[test]
    fn whatever_decides_the_html_is_in_the_fingerprint() {
        let rendering = Rendering::new(&config("E"));
        let titled = Rendering::new(&config("F"));
        let name = rendering.fingerprint("a {{ site.title }}", false, "https://e.org/a");
        assert_ne!(
            name,
            titled.fingerprint("a {{ site.title }}", false, "https://e.org/a")
        );
        assert_ne!(
            name,
            rendering.fingerprint("a {{ site.title }}", true, "https://e.org/a")
        );
        assert_ne!(
            name,
            rendering.fingerprint("a {{ site.title }}", false, "https://e.org/b")
        );
        let plain = rendering.fingerprint("a", false, "https://e.org/a");
        assert_eq!(plain, titled.fingerprint("a", false, "https://e.org/a"));
    }
}
