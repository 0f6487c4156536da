//! What a post says: its name, and how to get it.
//!
//! Most bodies are in no output that is made ahead, and so are not kept. The name tells whether two
//! are the same without either.

use std::fmt::Debug;
use std::sync::Arc;

/// The body of a post. Two are equal when their names are.
#[derive(Debug, Clone)]
pub struct Body {
    /// Changes when the content does.
    pub fingerprint: u128,
    source: Arc<dyn Source>,
}

/// What a body says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// Sanitised HTML with absolute URLs.
    pub html: Arc<str>,
    /// The length of that in bytes, at most, as any feed format writes it.
    pub written: usize,
}

/// What gives a body's content. It may read a file, so it is not for threads that answer.
pub trait Source: Debug + Send + Sync {
    /// The content that the fingerprint, which is that of the body, was taken of.
    ///
    /// # Errors
    /// It can no longer be had: the file has other bytes by now.
    fn content(&self, fingerprint: u128) -> Result<Content, Lost>;

    /// Whether it holds what it needs, and reads no file.
    fn is_at_hand(&self) -> bool {
        true
    }

    /// How many bytes it holds that it could let go of.
    fn kept(&self) -> usize {
        0
    }

    /// Lets go of what it can read again.
    fn forget(&self) {}

    /// Reads what it needs, if it can still be had, and holds it until it is to forget it.
    fn keep(&self, _fingerprint: u128) {}
}

/// The content can no longer be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the text of the post is no longer what it was")]
pub struct Lost;

impl Body {
    /// A body whose content is got from `source`.
    pub fn new(fingerprint: u128, source: Arc<dyn Source>) -> Body {
        Body {
            fingerprint,
            source,
        }
    }

    /// A body whose content is at hand.
    pub fn ready(fingerprint: u128, content: Content) -> Body {
        Body::new(fingerprint, Arc::new(Ready(content)))
    }

    /// What is left of a body whose text is nowhere any more: nothing, under another name.
    pub fn lost(body: &Body) -> Body {
        let content = Content {
            html: Arc::from(""),
            written: 0,
        };
        Body::ready(!body.fingerprint, content)
    }

    /// What it says.
    ///
    /// # Errors
    /// See [`Source::content`].
    pub fn content(&self) -> Result<Content, Lost> {
        self.source.content(self.fingerprint)
    }

    /// Whether the content can be had whatever becomes of the file.
    pub fn is_at_hand(&self) -> bool {
        self.source.is_at_hand()
    }

    /// How many bytes it holds that [`Body::forget`] would free.
    pub fn kept(&self) -> usize {
        self.source.kept()
    }

    /// Lets go of the text, where it can be read again: getting the content reads the file then. So
    /// it is with everybody who shares the body.
    pub fn forget(&self) {
        self.source.forget();
    }

    /// Reads the text, if it can still be had, so that the content can be had whatever becomes of the file.
    pub fn keep(&self) {
        self.source.keep(self.fingerprint);
    }
}

impl PartialEq for Body {
    fn eq(&self, other: &Body) -> bool {
        self.fingerprint == other.fingerprint
    }
}

impl Eq for Body {}

impl std::hash::Hash for Body {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.fingerprint.hash(state);
    }
}

#[derive(Debug)]
struct Ready(Content);

impl Source for Ready {
    fn content(&self, _: u128) -> Result<Content, Lost> {
        Ok(self.0.clone())
    }
}
