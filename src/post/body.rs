//! What a post says: its fingerprint, and the HTML when an output needs it.
//!
//! Most bodies are in no output that is rendered ahead, so their HTML is not kept. The fingerprint tells whether two
//! are the same without either.

use std::fmt::Debug;
use std::sync::Arc;

/// The body of a post. Two are equal when their fingerprints are.
#[derive(Debug, Clone)]
pub struct Body {
    /// Changes when the content does.
    pub fingerprint: u128,
    source: Arc<dyn Source>,
}

/// What a body says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Content {
    /// Sanitised HTML with absolute URLs.
    pub html: Arc<str>,
    /// The length of that in bytes, at most, as any feed format writes it.
    pub written: usize,
}

/// Renders the content of one body. It takes a while, so it is not for threads that answer requests.
pub trait Source: Debug + Send + Sync {
    /// The content that the fingerprint of the body stands for.
    fn content(&self) -> Content;

    /// Keeps what the content is rendered from in less memory. It takes some microseconds for each kilobyte.
    fn compress(&self) {}
}

impl Body {
    /// A body whose content is rendered by `source`.
    pub fn new(fingerprint: u128, source: Arc<dyn Source>) -> Body {
        Body {
            fingerprint,
            source,
        }
    }

    /// A body whose content is rendered already.
    pub fn ready(fingerprint: u128, content: Content) -> Body {
        Body::new(fingerprint, Arc::new(Ready(content)))
    }

    /// What it says.
    pub fn content(&self) -> Content {
        self.source.content()
    }

    /// Takes less memory from now on, and longer to render.
    pub fn compress(&self) {
        self.source.compress();
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
    fn content(&self) -> Content {
        self.0.clone()
    }
}
